# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has changed between two looks at one host.

A look that saw less is not a change: what one of the two was blind to is not compared, and that is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .. import _identity
from .._identity import NOBODY
from .snapshot import Line, Snapshot, knows_family, merged, without_family

OPENED, CLOSED, CHANGED, UNKNOWN, MOVED = 'opened', 'closed', 'changed', 'unknown', 'moved'
# Why it is not known whether something was opened or closed.
BEFORE = 'the earlier look did not see all sockets, so it may have been there'
NOW = 'this look did not see all sockets, so it may still be there'
# What can differ.
BOUND, HOLDER, USERS, EXECUTABLE, REACH, TARGET, PORT = (
    'bound', 'holder', 'users', 'executable', 'reached_by', 'to', 'port')
DELETED = 'deleted'

# The aspects that a comparison needs from both looks; what is opened and closed depends on the sockets alone.
_COMPARED = ('binding', 'owners', 'units', 'firewall', 'namespaces')


class Part(NamedTuple):
    """What of a thing is another one now.

    :ivar what: one of the above. :ivar before: words, as in a ``Line``; ``after`` those of now.
    """

    what: str
    before: tuple[str, ...]
    after: tuple[str, ...]


class Change(NamedTuple):
    """One thing with all that is different about it.

    :ivar kind: what became of it.
    :ivar line: how it is now; how it was, where it is not there any more.
    :ivar earlier: how it was, where it is still there.
    :ivar reason: why more is not known.
    """

    kind: str
    line: Line
    parts: tuple[Part, ...] = ()
    earlier: Line | None = None
    reason: str | None = None


class Compared(NamedTuple):
    """What has become of a host.

    :ivar blind: the aspects that were not compared, because one of the two looks did not see all of them.
    """

    changes: tuple[Change, ...]
    blind: tuple[str, ...]


def compare(old: Snapshot, new: Snapshot) -> Compared:
    """Find what has changed."""
    view = _View(old, new)
    groups: dict[tuple[str, str, int | None], tuple[list[Line], list[Line]]] = {}
    for number, snapshot in enumerate((old, new)):
        for line in snapshot.lines:
            groups.setdefault(line.key, ([], []))[number].append(line)
    changes: list[Change] = []
    for before, after in groups.values():
        if before != after:     # which most are not
            changes += view.differences(before, after)
    return Compared(tuple(sorted(_moved(changes), key=lambda change: (change.line.order, change.kind))), view.blind)


class _View:
    """What both looks have seen."""

    def __init__(self, old: Snapshot, new: Snapshot) -> None:
        self._all_before, self._all_now = old.sees('sockets'), new.sees('sockets')
        self._both = {aspect for aspect in _COMPARED if old.sees(aspect) and new.sees(aspect)}
        # an aspect that neither of them was asked for is missed by nobody
        self.blind = tuple(aspect for aspect in _COMPARED if aspect not in self._both and (
            aspect in old.complete or aspect in new.complete))
        self._knows_holder = 'owners' in self._both and 'units' not in self.blind

    def differences(self, before: list[Line], after: list[Line]) -> Iterable[Change]:
        """Find what has changed on one port.

        :param before: the lines of it; ``after`` those of now.
        """
        either = [*before, *after]
        if either[0].namespace and 'namespaces' not in self._both:
            return
        knows_holder = self._knows_holder
        if any(line.published for line in either) and 'firewall' not in self._both:
            # rules say what is published, and whose it is
            if not before or not after:
                return
            knows_holder = False
        if not knows_holder:
            before, after = _one(before), _one(after)
        for old, new in _pairs(before, after, knows_holder):
            if old and new:
                parts = tuple(self._parts(old, new, knows_holder))
                if parts:
                    yield Change(CHANGED, new, parts, old)
            elif new:
                yield self._one_sided(new, True)
            elif old:
                yield self._one_sided(old, False)

    def _one_sided(self, line: Line, is_new: bool) -> Change:
        if line.port is None and line.holder.kind in _identity.LASTING:
            # a service that asks somebody something has such a port as long as it waits for the answer
            return Change(MOVED, line)
        if is_new:
            return Change(OPENED, line) if self._all_before else Change(UNKNOWN, line, reason=BEFORE)
        return Change(CLOSED, line) if self._all_now else Change(UNKNOWN, line, reason=NOW)

    def _parts(self, old: Line, new: Line, knows_holder: bool) -> Iterable[Part]:
        """Find what is different about somebody on a port."""
        bound = old.bound, new.bound
        if 'binding' not in self._both or not all(map(knows_family, bound)):
            bound = without_family(bound[0]), without_family(bound[1])
        if bound[0] != bound[1]:
            yield Part(BOUND, *bound)
        if knows_holder and old.holder != new.holder:
            yield Part(HOLDER, (old.holder.kind, *old.holder.names), (new.holder.kind, *new.holder.names))
        if 'owners' in self._both:
            if old.users and new.users and old.users != new.users:
                yield Part(USERS, old.users, new.users)
            if new.deleted and not old.deleted:
                yield Part(EXECUTABLE, (), (DELETED,))
        if 'firewall' in self._both:
            if old.reached_by and new.reached_by and old.reached_by != new.reached_by:
                yield Part(REACH, old.reached_by, new.reached_by)
            if old.to != new.to:
                yield Part(TARGET, old.to, new.to)


def _one(lines: list[Line]) -> list[Line]:
    return [merged(lines)] if lines else []


def _pairs(before: Sequence[Line], after: Sequence[Line],
           knows_holder: bool) -> Iterable[tuple[Line | None, Line | None]]:
    """Find what was what: the same holder, or one that has come in the place of the only other one."""
    if not knows_holder:
        yield (before[0] if before else None), (after[0] if after else None)
        return
    old, new = ({line.holder: line for line in lines} for lines in (before, after))
    gone = [line for holder, line in old.items() if holder not in new]
    come = [line for holder, line in new.items() if holder not in old]
    yield from ((old[holder], line) for holder, line in new.items() if holder in old)
    if len(gone) == len(come) == 1 and gone[0].port is not None:
        yield gone[0], come[0]
        return
    yield from ((line, None) for line in gone)
    yield from ((None, line) for line in come)


def _moved(changes: Iterable[Change]) -> list[Change]:
    """Unite what was closed and what was opened, where somebody has only got another port of those that pass."""
    kept: list[Change] = []
    closed: dict[Line, list[Change]] = {}
    for change in sorted(changes, key=lambda change: change.line.order):
        key = _roving(change.line)
        if change.kind == CLOSED and key:
            closed.setdefault(key, []).append(change)
        else:
            kept.append(change)
    result = []
    for change in kept:
        key = _roving(change.line)
        if change.kind == OPENED and key and closed.get(key):
            earlier = closed[key].pop(0).line
            result.append(Change(MOVED, change.line, (Part(
                PORT, (str(earlier.port),), (str(change.line.port),)),), earlier))
        else:
            result.append(change)
    return [*result, *(change for some in closed.values() for change in some)]


def _roving(line: Line) -> Line | None:
    """Return what has to be the same of a line that only has another port; None where that port does not pass."""
    return line._replace(port=None) if line.passing and line.holder != NOBODY else None
