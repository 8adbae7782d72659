# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has changed on many hosts: each change once, with all hosts that have it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from .._words import number
from . import changes, text
from .changes import CHANGED, CLOSED, MOVED, OPENED, UNKNOWN, Change, Compared
from .snapshot import Snapshot

NEW, GONE, NOT_COMPARED = 'new', 'gone', 'not_compared'
# In the order in which they are shown.
KINDS = (OPENED, CHANGED, CLOSED, UNKNOWN, GONE, NEW, MOVED, NOT_COMPARED)
IGNORED = (MOVED, NEW, NOT_COMPARED)        # unless somebody says otherwise
CHANGES = (OPENED, CHANGED, CLOSED)
# What became of a host.
COMPARED = 'compared'
STATES = (COMPARED, NEW, UNKNOWN, GONE)

WHY_GONE = 'it is not in the inventory any more'
_BLIND = {
    'binding': 'devices and families that listeners are bound to',
    'owners': 'who holds listeners',
    'units': 'units that hold listeners',
    'firewall': 'who reaches listeners',
    'namespaces': 'listeners in other network namespaces',
}


@dataclass
class Host:
    """A host of a comparison.

    :ivar state: one of STATES.
    :ivar reason: why nothing is known of it, harmless to print.
    :ivar against: the snapshot that it was compared with.
    :ivar blind: aspects that were not compared.
    """

    name: str
    state: str
    reason: str | None = None
    against: str | None = None
    blind: tuple[str, ...] = ()


@dataclass
class Finding:
    """Something that was found, and on which hosts.

    :ivar kind: one of KINDS.
    :ivar change: on the first of the hosts; None of what is about a whole host.
    :ivar reason: what it is where it is no change, harmless to print.
    """

    kind: str
    change: Change | None
    reason: str = ''
    hosts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All of it in one line, harmless to print."""
        return text.sentence(self.change) if self.change else self.reason


class Comparison:
    """What became of hosts.

    :ivar against: what they are compared with, harmless to print.
    :ivar ignored: the kinds of findings that do not count.
    :ivar hosts: those of which something was said, in that order.
    :ivar counts: how many findings there are of each kind, each once for each of its hosts.
    """

    def __init__(self, against: str, ignored: Collection[str] = IGNORED) -> None:
        self.against, self.ignored = against, frozenset(ignored)
        self.hosts: list[Host] = []
        self._counts: Counter[str] = Counter()
        self._findings: dict[Any, Finding] = {}
        self._changed: set[str] = set()

    # What is said of hosts

    def compared(self, name: str, against: str, found: Compared) -> None:
        """Say what has changed on a host.

        :param against: the snapshot that it was compared with.
        """
        self.hosts.append(Host(name, COMPARED, against=against, blind=found.blind))
        for change in found.changes:
            self._add(change.kind, name, change)
            if change.kind in CHANGES:
                self._changed.add(name)
        for aspect in found.blind:
            self._add(NOT_COMPARED, name, None, '%s: one of the two looks did not see all of them' % _BLIND[aspect])

    def new(self, name: str, snapshot: Snapshot) -> None:
        """Say that there is nothing to compare a host with: all that is there is listed."""
        self.hosts.append(Host(name, NEW))
        for line in snapshot.lines:
            self._add(NEW, name, Change(NEW, line))
        if not snapshot.lines:
            self._add(NEW, name, None, 'nothing listens')

    def unknown(self, name: str, reason: str) -> None:
        """Say why nothing is known of a host, harmless to print."""
        self.hosts.append(Host(name, UNKNOWN, reason))
        self._add(UNKNOWN, name, None, reason)

    def gone(self, name: str) -> None:
        """Say that a host is not there any more."""
        self.hosts.append(Host(name, GONE, WHY_GONE))
        self._add(GONE, name, None, WHY_GONE)

    def _add(self, kind: str, host: str, change: Change | None, reason: str = '') -> None:
        if change and kind == MOVED:
            # each host has another port
            change = change._replace(line=change.line._replace(port=None), parts=(), earlier=None)
        key = kind, reason, change and _alike(change)
        self._findings.setdefault(key, Finding(kind, change, reason)).hosts.append(host)
        self._counts[kind] += 1

    # What there is to tell

    @property
    def findings(self) -> list[Finding]:
        """All of them, by kind, and of one kind those of most hosts first."""
        return sorted(self._findings.values(), key=lambda finding: (
            KINDS.index(finding.kind), -len(finding.hosts), finding.change.line.order if finding.change else (),
            finding.text))

    @property
    def counts(self) -> dict[str, int]:
        """How many findings there are of each kind."""
        return {kind: self._counts[kind] for kind in KINDS}

    @property
    def states(self) -> dict[str, int]:
        """How many hosts there are of each state."""
        states = Counter(host.state for host in self.hosts)
        return {state: states[state] for state in STATES}

    @property
    def failing(self) -> bool:
        """Whether something was found that is not ignored."""
        return any(count and kind not in self.ignored for kind, count in self._counts.items())

    def fails(self, finding: Finding) -> bool:
        """Whether a finding is not ignored."""
        return finding.kind not in self.ignored

    @property
    def good(self) -> bool | None:
        """Whether all is as it was; None where that is not known of all hosts."""
        if self.failing:
            return False
        quiet = not any(self._counts[kind] for kind in KINDS if kind != MOVED)
        return True if quiet and self.states[COMPARED] else None

    @property
    def summary(self) -> str:
        """The answer in one line."""
        states, counts = self.states, self.counts
        told = []
        total = sum(counts[kind] for kind in CHANGES)
        if total:
            told.append('%s on %d of %s against %s: %s' % (
                number(total, 'change'), len(self._changed), number(states[COMPARED], 'host'), self.against,
                ', '.join('%d %s' % (counts[kind], kind) for kind in CHANGES if counts[kind])))
        elif states[COMPARED]:
            told.append('No change on %s against %s' % (number(states[COMPARED], 'host'), self.against))
        else:
            told.append('Nothing was compared with %s' % self.against)
        return '%s.' % '; '.join([*told, *self._rest()])

    def _rest(self) -> Iterable[str]:
        states, counts = self.states, self.counts
        things = counts[UNKNOWN] - states[UNKNOWN]
        if states[UNKNOWN]:
            yield '%s unknown' % number(states[UNKNOWN], 'host')
        if things:
            yield '%s unknown' % number(things, 'listener')
        for state in (GONE, NEW):
            if states[state]:
                yield '%s %s' % (number(states[state], 'host'), state)
        if counts[MOVED]:
            yield '%s moved' % number(counts[MOVED], 'listener')
        blind = sum(bool(host.blind) for host in self.hosts)
        if blind:
            yield 'not all could be compared on %s' % number(blind, 'host')


def _alike(change: Change) -> Any:
    """Return what changes have in common that are told as one."""
    line = change.line
    if change.kind == changes.CHANGED:      # whatever else there is about it
        return line.key, line.holder, change.parts
    return line, change.reason
