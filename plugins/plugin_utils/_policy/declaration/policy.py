# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All entries and waivers of a host, ready to judge."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from ... import _words
from ..._harmless.terminal import visible
from ..conditions.ports import Item
from ..language.options import SETTINGS, SWITCHES, if_blocked
from ..language.refusal import Refusals, Refused, meant, shown
from . import naming, settings
from .entry import Condition, Entry, Waiver
from .merge import Declared

_Read = TypeVar('_Read', bound=Condition)


class Index:
    """Entries by the ports that they match."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._exact: dict[tuple[str, int], list[tuple[Entry, Item]]] = {}
        self._ranges: dict[str, list[tuple[Entry, Item]]] = {}
        # in one order, so that of several the same one is reported first wherever they are declared
        for entry in sorted(entries, key=lambda entry: (entry.variable or '', entry.label)):
            for item in entry.items:
                if item.exact:
                    self._exact.setdefault((item.protocol, item.low), []).append((entry, item))
                else:
                    self._ranges.setdefault(item.protocol, []).append((entry, item))

    def of(self, protocol: str, port: int) -> Sequence[tuple[Entry, Item]]:
        """List all pairs of entry and item that match a port."""
        exact = self._exact.get((protocol, port), ())
        ranges = self._ranges.get(protocol)
        return [*exact, *(pair for pair in ranges if pair[1].low <= port <= pair[1].high)] if ranges else exact


class Policy:
    """What is declared for one host.

    :ivar entries: the entries that apply to it; ``all_entries`` are also those that do not.
    :ivar waivers: the waivers that apply to it.
    :ivar switches: the values of SWITCHES.
    :ivar hash: the same for the same declaration.
    :ivar variables: the names of the variables that declare something.
    :ivar warnings: what is allowed and probably not meant.
    """

    def __init__(self, declared: Declared, switches: dict[str, Any], entries: list[Entry],
                 waivers: list[Waiver]) -> None:
        self.entries = [entry for entry in entries if entry.when]
        self.waivers = [waiver for waiver in waivers if waiver.when]
        self.all_entries, self.switches, self.warnings = entries, switches, list(declared.warnings)
        self.index = Index(self.entries)
        parts: list[object] = [declared.entries, declared.waivers, switches]
        found_by = {name: value for name, value in declared.switches.items() if name in SETTINGS}
        self.hash = hashlib.sha256(json.dumps(
            [*parts, found_by] if found_by else parts, sort_keys=True, default=str).encode()).hexdigest()
        self.variables = list(declared.variables)

    @classmethod
    def of(cls, declared: Declared) -> Policy:
        """Make the policy of what was collected.

        :raises Refusals: something is wrong with it; these are all faults.
        """
        faults = list(declared.refusals)
        entries = _read(functools.partial(Entry.read, named=declared.named), declared.entries, faults)
        waivers = _read(Waiver.read, declared.waivers, faults)
        entries = _by_name(entries, 'entries', faults)
        waivers = _by_name(waivers, 'waivers', faults)
        if not faults:
            faults += _contradictions(entries)
        switches = _switches(declared.switches, faults)
        faults += settings.read(declared.switches)[1]
        if faults:
            raise Refusals(faults)
        return cls(declared, switches, entries, waivers)

    @property
    def summary(self) -> str:
        """One line that identifies the declaration."""
        parts = [_words.number(len(self.variables), 'variable'), _words.number(len(self.entries), 'entry', 'entries')]
        if self.waivers:
            parts.append(_words.number(len(self.waivers), 'waiver'))
        return 'policy: %s, sha256 %s' % (', '.join(parts), self.hash[:12])

    @property
    def unknown_clients(self) -> list[str]:
        """Which entries cannot be judged as not all addresses of their clients are known, in sentences."""
        return ['%s: not all addresses of the clients are known (%s)' % (
            naming.place(entry), _words.some(entry.sources.unknown))
            for entry in self.entries if entry.sources and entry.sources.unknown]

    @property
    def needs_firewall(self) -> bool:
        """Whether an entry, a waiver or a switch depends on who can reach something."""
        if if_blocked(self.switches) != self.switches['listener_unexpected']:
            return True
        conditions: list[Condition] = [*self.entries, *self.waivers]
        return any(entry.sources or entry.via for entry in self.entries) or any(
            expression.uses(('exposure',)) for condition in conditions for expression in condition.expressions)


def _read(read: Callable[[object, str, str], tuple[_Read | None, list[Refused]]],
          declared: Iterable[tuple[str, int, object]], faults: list[Refused]) -> list[_Read]:
    """Read entries or waivers; the faults of those that are refused are added to ``faults``."""
    accepted = []
    for variable, index, value in declared:
        name = value.get('name') if isinstance(value, dict) else None
        label = str(name) if isinstance(name, str) and name.strip() else '#%d' % (index + 1)
        entry, refused = read(value, variable, label)
        faults += [fault.at(variable, label) for fault in refused]
        if entry:
            entry.index = index
            accepted.append(entry)
    return accepted


def _by_name(entries: Iterable[_Read], what: str, faults: list[Refused]) -> list[_Read]:
    """Keep those that count where several have one name: the one that overrides."""
    groups: dict[object, list[_Read]] = {}
    for entry in entries:
        groups.setdefault(entry.name or (entry.variable, entry.label), []).append(entry)
    for name, group in groups.items():
        over = [entry for entry in group if entry.override]
        if len(group) > 1 and len(over) != 1:
            places = ' and '.join(visible(entry.variable or 'the task', 200) for entry in group)
            if over:
                reason = '%d %s of this name have override: %s; only one may' % (len(over), what, places)
            else:
                reason = ('there are %d %s of this name: %s; give them different names, or set override: true '
                          'in one of them'
                          % (len(group), what, places))
            faults.append(Refused(reason, 'name', group[-1].variable, group[-1].label))
            groups[name] = group[:1]
        else:
            groups[name] = over or group
    return [entry for group in groups.values() for entry in group]


def _contradictions(entries: Iterable[Entry]) -> Iterator[Refused]:
    """Find entries that no host can meet."""
    entries = list(entries)
    required: dict[tuple[str, int], Entry] = {}
    for entry in entries:
        if entry.state == 'required' and entry.when and entry.need is None:
            for item in entry.items:
                if item.exact:
                    required.setdefault((item.protocol, item.low), entry)
    for entry in entries:
        if entry.state != 'forbidden' or not entry.when or entry.conditional:
            continue
        for item in entry.items:
            keys = [(item.protocol, item.low)] if item.exact else sorted(required)
            others = (required[protocol, port] for protocol, port in keys if (protocol, port) in required
                      and protocol == item.protocol and item.low <= port <= item.high)
            other = next((other for other in others if not other.namespace), None)
            if other:
                yield Refused('%s is forbidden here and required by %s' % (item, naming.place(other)),
                              'state', entry.variable, entry.label)
                break


def _switches(given: Mapping[str, object], faults: list[Refused]) -> dict[str, Any]:
    """Check the switches that are set; others have their defaults."""
    switches: dict[str, Any] = {name: default for name, (default, dummy) in SWITCHES.items()}
    for name, value in given.items():
        if name in SETTINGS:
            continue
        if name not in SWITCHES:
            faults.append(Refused('there is no such switch%s' % meant(name, SWITCHES), None, name))
            continue
        words = SWITCHES[name][1]
        if words and isinstance(value, str) and value in words:
            switches[name] = str(value)
        elif words:
            faults.append(Refused('has to be one of %s, not %s%s' % (
                ', '.join(words), shown(value), meant(value, words)), None, name))
        else:
            switches[name] = settings.days(value)
            if switches[name] is None:
                faults.append(Refused('has to be a number of days from 0 to %d, not %s' % (
                    settings.MOST_DAYS, shown(value)), None, name))
    return switches
