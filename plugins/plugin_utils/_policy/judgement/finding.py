# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings: what is not as declared, or not known. Their parts are made sentences by ``message``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..._harmless.terminal import visible
from ..._listener import Listener, identity
from ..._words import Several, several
from ..language.options import SEVERITIES
from . import alike, message
from .parts import Note, Parts

if TYPE_CHECKING:
    from ..declaration.entry import Entry
    from .claims import Violation

KEYS = (
    'kind',
    'severity',
    'entry',
    'declared_in',
    'listener',
    'expected',
    'found',
    'message',
    'remedy',
    'fingerprint',
    'fails',
)
MOST_NAMED = 100        # ports, and listeners, of a finding in a record
# Where neither the entry nor a switch says otherwise.
USUAL_SEVERITY = {
    'forbidden': 'critical', 'unexpected': 'high', 'wrong_owner': 'high', 'missing': 'high', 'unknown': 'high',
    'wrong_bind': 'medium', 'overexposed': 'medium', 'unreachable': 'medium', 'unhealthy': 'medium',
    'waiver_expired': 'info', 'entry_unused': 'info', 'waiver_unused': 'info'}
_WORST = dict(USUAL_SEVERITY, overexposed='critical')      # for all that is known, to everybody


@dataclass(eq=False)
class Finding:
    """One finding.

    :ivar kind: one of KINDS in ``options``.
    :ivar severity: one of SEVERITIES.
    :ivar parts: what it consists of, of the class in ``parts`` that its kind has.
    :ivar entry: the name or the number of its entry, harmless to print.
    :ivar declared_in: the variable that declares this.
    :ivar listener: the id of the listener, harmless to print.
    :ivar fingerprint: the same in the next run: without pids, times and temporary addresses.
    :ivar fails: whether the host fails because of it.
    :ivar record: the listener.
    :ivar ports: the items that are missing; of an unknown the cause.
    :ivar about: the labels of all entries that it is about, and ``entries`` these.
    :ivar ways: pairs of kind and entries: what it says, and whatever else it may be for what was not observed.
    :ivar worst: the severity of the worst that it may be; by it, and not by what is shown, it is decided whether it
        fails.
    :ivar group: with which others it is reported in one.
    :ivar notes: such as that a waiver has expired.
    :ivar also: other listeners that it is about.
    :ivar needed: the entries that need what serves the listener.
    :ivar ids: the ids of all listeners that it is about, where these are several.
    """

    kind: str
    severity: str
    parts: Parts
    entry: str | None = None
    declared_in: str | None = None
    listener: str | None = None
    fingerprint: str = ''
    fails: bool = True
    record: Listener | None = None
    ports: tuple[Any, ...] = ()
    about: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()
    ways: tuple[tuple[str, tuple[Entry, ...]], ...] = ()
    worst: str | None = None
    group: str | None = None
    notes: list[Note] = field(default_factory=list)
    also: Several = field(default_factory=lambda: several(()))
    needed: Several = field(default_factory=lambda: several(()))
    ids: tuple[str, ...] = ()

    @property
    def all_parts(self) -> Parts:
        """Its parts, with what was added to it."""
        return {**self.parts, 'notes': self.notes, 'also': self.also, 'needed': self.needed}

    @property
    def message(self) -> str:
        """What it says, to be read behind the name of the host."""
        return message.of(self.kind, self.all_parts)

    @property
    def remedy(self) -> str | None:
        """What to do about it."""
        return message.remedy(self.kind, self.all_parts)

    @property
    def expected(self) -> str | None:
        """What is declared."""
        return message.expected(self.kind, self.parts)

    @property
    def found(self) -> str | None:
        """What there is."""
        return message.found(self.all_parts)

    @cached_property
    def _plain(self) -> str:
        return message.plain(self.kind, self.parts)

    def as_dict(self) -> dict[str, Any]:
        """What a result holds of it."""
        return {key: getattr(self, key) for key in KEYS}

    def as_record(self) -> dict[str, Any]:
        """What a record holds of it: the same, its parts, and the key of those that are the same on other hosts; the
        ports that are missing, and the listeners where these are several."""
        parts = self.all_parts
        ports = [str(port) for port in self.ports[:MOST_NAMED]] if self.kind == 'missing' else []
        return {**self.as_dict(), 'parts': parts, 'same': alike.key(self.kind, parts), 'ports': ports,
                'listeners': list(self.ids[:MOST_NAMED])}

    @property
    def order(self) -> tuple[bool, int, str, str, str]:
        """What findings are sorted by: failing first, then the most severe."""
        return not self.fails, SEVERITIES.index(self.severity), self.kind, self.listener or '', self.entry or ''

    @property
    def rank(self) -> tuple[tuple[bool, int, str, str, str], str]:
        """The same, and then what they say."""
        return self.order, self._plain


def finding(
    kind: str,
    parts: Parts,
    entries: Iterable[Entry] = (),
    listener: Listener | None = None,
    *,
    severity: str | None = None,
    usual: str | None = None,
    ports: Iterable[Any] = (),
    instead: Sequence[Violation] = (),
    fails: bool = True,
) -> Finding:
    """Make a Finding.

    :param entries: those that it is about, the one to be shown first.
    :param usual: the severity where an entry does not say otherwise, if it is not that of the kind.
    :param instead: what it may be in place of what it says.
    """
    entries = tuple(dict.fromkeys(entries))
    entry = entries[0] if entries else None
    ways = ((kind, entries), *((violation.kind, violation.entries) for violation in instead))
    involved = tuple(dict.fromkeys(entry for dummy, entries_of_way in ways for entry in entries_of_way))
    ports = tuple(ports)
    return Finding(
        kind, severity or _severest(ways, usual), parts,
        entry=visible(entry.label, 200) if entry else None, declared_in=entry.variable if entry else None,
        listener=identity(listener) if listener else None, record=listener, ports=ports,
        about=tuple(dict.fromkeys(entry.label for entry in involved)), entries=involved, ways=ways,
        fingerprint=_fingerprint(kind, entry, listener, ports), fails=fails)


def _severest(ways: Iterable[tuple[str, tuple[Entry, ...]]], usual: str | None) -> str:
    """Find the severity of the worst that it may be. Of several entries the most severe decides."""
    severities: list[str] = []
    for kind, entries in ways:
        default = usual or USUAL_SEVERITY[kind]
        severities += [entry.severity or default for entry in entries] or [default]
        usual = None            # which is of what it says, and of nothing else
    return min(severities, key=SEVERITIES.index)


def worst(violations: Iterable[Violation]) -> str | None:
    """Find the severity of the worst of these; None of none."""
    severities: list[str] = []
    for violation in violations:
        severities += [entry.severity or _WORST[violation.kind] for entry in violation.entries] or [
            _WORST[violation.kind]
        ]
    return min(severities, key=SEVERITIES.index, default=None)


def _fingerprint(kind: str, entry: Entry | None, listener: Listener | None, ports: Iterable[Any]) -> str:
    parts = [kind, entry and entry.variable, entry and entry.label]
    if listener:
        # a port of the ephemeral range is another one after each start, and addresses come and go but for the wildcard
        # and loopback
        parts += [
            listener['protocol'],
            'ephemeral' if listener['ephemeral'] else listener['port'],
            listener['namespace'],
            listener['scope'],
            listener['service'] or sorted({owner['process'] or '' for owner in listener['owners']}),
        ]
    else:
        parts += [str(port) for port in ports]
    return hashlib.sha256(repr(parts).encode('utf-8', 'backslashreplace')).hexdigest()[:16]
