# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All entries and waivers of a host, ready to judge. Private to this collection."""

import hashlib
import json

from ... import _words
from ..._harmless.terminal import visible
from ..language import options, values
from ..language.refusal import Refusals, Refused, meant, shown
from . import naming
from .entry import Entry, Waiver

_FAIL, _WARN, _IGNORE = 'fail', 'warn', 'ignore'
# switch: (default, words)
SWITCHES = {
    'listener_unexpected': (_FAIL, (_FAIL, _WARN, _IGNORE)),
    'listener_unexpected_loopback': (_WARN, (_FAIL, _WARN, _IGNORE)),
    'listener_unexpected_ephemeral_udp': (_WARN, (_FAIL, _WARN, _IGNORE)),
    'listener_unknown': (_FAIL, (_FAIL, _WARN)),
    'listener_fail_severity': ('low', options.SEVERITIES[:-1]),
    'listener_waiver_warn_days': (14, None),
}
_MOST_DAYS = 3650


class Index:
    """Entries by the ports that they speak of."""

    def __init__(self, entries):
        self._exact, self._ranges = {}, {}
        # in one order, so that of several the same one is told of first wherever they are declared
        for entry in sorted(entries, key=lambda entry: (entry.variable or '', entry.label)):
            for item in entry.items:
                if item.exact:
                    self._exact.setdefault((item.protocol, item.low), []).append((entry, item))
                else:
                    self._ranges.setdefault(item.protocol, []).append((entry, item))

    def of(self, protocol, port):
        """All pairs of entry and item that speak of a port."""
        found = self._exact.get((protocol, port), ())
        ranges = self._ranges.get(protocol)
        return [*found, *(pair for pair in ranges if pair[1].low <= port <= pair[1].high)] if ranges else found


class Policy:
    """What is declared for one host.

    :ivar entries: list of Entry, those that hold for it.
    :ivar waivers: list of Waiver.
    :ivar switches: dict, of SWITCHES.
    :ivar hash: str, the same for the same declaration.
    :ivar warnings: list of str, what is allowed and probably not meant.
    """

    def __init__(self, declared, switches, entries, waivers):
        self.entries = [entry for entry in entries if entry.when]
        self.waivers = [waiver for waiver in waivers if waiver.when]
        self.all_entries, self.switches, self.warnings = entries, switches, list(declared.warnings)
        self.index = Index(self.entries)
        self.hash = hashlib.sha256(json.dumps(
            [declared.entries, declared.waivers, switches], sort_keys=True, default=str).encode()).hexdigest()
        self.variables = list(declared.variables)

    @property
    def summary(self):
        """One line that tells which declaration was judged by."""
        parts = [_words.number(len(self.variables), 'variable'), _words.number(len(self.entries), 'entry', 'entries')]
        if self.waivers:
            parts.append(_words.number(len(self.waivers), 'waiver'))
        return 'policy: %s, sha256 %s' % (', '.join(parts), self.hash[:12])

    @property
    def needs_firewall(self):
        """Whether an entry or a waiver speaks of who can reach something."""
        return any(entry.sources or entry.via for entry in self.entries) or any(
            expression and not expression.fields.isdisjoint(('exposure', '*'))
            for one in (*self.entries, *self.waivers) for expression in (one.where, getattr(one, 'ensure', None)))


def compile(declared, switches):
    """Make a Policy of what was collected.

    :param declared: _merge.Declared.
    :param switches: mapping, switches that are set; others have their defaults.
    :raises Refusals:
    """
    faults = list(declared.refusals)
    entries = _made(Entry, declared.entries, faults)
    waivers = _made(Waiver, declared.waivers, faults)
    entries = _by_name(entries, 'entries', faults)
    waivers = _by_name(waivers, 'waivers', faults)
    if not faults:
        faults += _contradictions(entries)
    known = _switches(switches, faults)
    if faults:
        raise Refusals(faults)
    return Policy(declared, known, entries, waivers)


def _made(make, raw, faults):
    found = []
    for variable, index, value in raw:
        name = value.get('name') if isinstance(value, dict) else None
        label = str(name) if isinstance(name, str) and name.strip() else '#%d' % (index + 1)
        one = make(value, variable, label)
        faults += [fault.at(variable, label) for fault in one.faults]
        if not one.faults:
            found.append(one)
    return found


def _by_name(some, what, faults):
    """Those that count where several have one name: the one that overrides."""
    groups = {}
    for one in some:
        groups.setdefault(one.name or (one.variable, one.label), []).append(one)
    for name, group in groups.items():
        over = [one for one in group if one.override]
        if len(group) > 1 and len(over) != 1:
            places = ' and '.join(visible(one.variable or 'the task', 200) for one in group)
            if over:
                reason = '%d %s of this name override the others: %s; one may' % (len(over), what, places)
            else:
                reason = 'there are %d %s of this name: %s; give them different names, or one of them override: true' % (len(group), what, places)
            faults.append(Refused(reason, 'name', group[-1].variable, name))
            groups[name] = group[:1]
        else:
            groups[name] = over or group
    return [one for group in groups.values() for one in group]


def _contradictions(entries):
    """Entries that no host can meet."""
    required = {}
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
            other = next((required[key] for key in keys if key in required and key[0] == item.protocol and item.low <= key[1] <= item.high
                          and not required[key].namespace), None)
            if other:
                yield Refused('%s is forbidden here and required by %s' % (item, naming.place(other)),
                              'state', entry.variable, entry.label)
                break


def _switches(given, faults):
    found = {name: default for name, (default, dummy) in SWITCHES.items()}
    for name, value in given.items():
        if name not in SWITCHES:
            faults.append(Refused('there is no such switch%s' % meant(name, SWITCHES), None, name))
            continue
        words = SWITCHES[name][1]
        if words and isinstance(value, str) and value in words:
            found[name] = str(value)
        elif words:
            faults.append(Refused('has to be one of %s, not %s%s' % (', '.join(words), shown(value), meant(value, words)), None, name))
        else:
            found[name] = _days(value)
            if found[name] is None:
                faults.append(Refused('has to be a number of days from 0 to %d, not %s' % (_MOST_DAYS, shown(value)), None, name))
    return found


def _days(value):
    found = values.number(value)
    return found if found is not None and 0 <= found <= _MOST_DAYS else None
