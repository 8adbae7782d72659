# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings: what is not as declared, or not known, and what to do. Private to this collection."""

import hashlib
from dataclasses import dataclass, field

from ... import _listener
from ..declaration import naming
from ..language.options import SEVERITIES

KEYS = ('kind', 'severity', 'entry', 'declared_in', 'listener', 'expected', 'found', 'message', 'remedy', 'fingerprint', 'fails')
# Where neither the entry nor a switch says otherwise.
_SEVERITY = {'forbidden': 'critical', 'unexpected': 'high', 'wrong_owner': 'high', 'missing': 'high', 'unknown': 'high',
             'wrong_bind': 'medium', 'overexposed': 'medium', 'unreachable': 'medium', 'unhealthy': 'medium',
             'waiver_expired': 'info', 'entry_unused': 'info', 'waiver_unused': 'info'}
_WORST = dict(_SEVERITY, overexposed='critical')      # for all that is known, to everybody


@dataclass
class Finding:
    """One finding.

    :ivar kind: str, of KINDS in _options.
    :ivar severity: str, of SEVERITIES.
    :ivar entry: str or None, the entry's name or number.
    :ivar declared_in: str or None, its variable.
    :ivar listener: str or None, the id of the listener.
    :ivar message: str, to be read behind the name of the host; harmless to print, as are expected, found and remedy.
    :ivar fingerprint: str, the same in the next run: without pids, times and temporary addresses.
    :ivar fails: bool, whether the host fails because of it.
    :ivar record: dict or None, the fact of the listener; not part of as_dict().
    :ivar ports: tuple of Item, what is missing.
    :ivar about: tuple of str, the labels of all entries that it is about, and ``entries`` these.
    :ivar ways: tuple of tuple (kind, entries): what it says, and whatever else it may be for what was not observed.
    :ivar worst: str, the severity of the worst that it may be; by it, and not by what is shown, it is decided whether it fails.
    :ivar group: str or None, with which others it is told in one line.
    :ivar notes: list of str, such as of a waiver that has expired.
    """

    kind: str
    message: str
    severity: str
    entry: str | None = None
    declared_in: str | None = None
    listener: str | None = None
    expected: str | None = None
    found: str | None = None
    remedy: str | None = None
    fingerprint: str = ''
    fails: bool = True
    record: dict | None = None
    ports: tuple = ()
    about: tuple = ()
    entries: tuple = ()
    ways: tuple = ()
    worst: str | None = None
    group: str | None = None
    notes: list = field(default_factory=list)

    def as_dict(self):
        """What a result, a record and a report hold of it."""
        found = {key: getattr(self, key) for key in KEYS}
        if self.notes:
            found['message'] = '%s (%s)' % (self.message, '; '.join(self.notes))
        return found

    @property
    def rank(self):
        """What findings are sorted by: failing first, then the most severe."""
        return (not self.fails, SEVERITIES.index(self.severity), self.kind, self.listener or '', self.entry or '', self.message)


def finding(kind, message, entries=(), listener=None, severity=None, usual=None, expected=None, remedy=None, ports=(), instead=(), **more):
    """A Finding.

    :param entries: sequence of Entry that it is about, the one to be shown first.
    :param listener: dict or None.
    :param usual: str or None, the severity where an entry does not say otherwise, if it is not that of the kind.
    :param instead: sequence of Violation, what it may be in place of what it says.
    """
    entries = tuple(dict.fromkeys(entries))
    entry = entries[0] if entries else None
    ways = ((kind, entries), *((each.kind, each.entries) for each in instead))
    involved = tuple(dict.fromkeys(each for dummy, some in ways for each in some))
    return Finding(
        kind, message, severity or _severest(ways, usual),
        entry=naming.label(entry) if entry else None, declared_in=entry.variable if entry else None,
        listener=_listener.identity(listener) if listener else None, expected=expected,
        found=_listener.in_words(listener) if listener else None, remedy=remedy, record=listener, ports=tuple(ports),
        about=tuple(dict.fromkeys(each.label for each in involved)), entries=involved, ways=ways,
        fingerprint=_fingerprint(kind, entry, listener, ports), **more)


def _severest(ways, usual):
    """The severity of the worst that it may be, by the most severe of the entries: one that shrugs does not speak for others."""
    found = []
    for kind, entries in ways:
        default = usual or _SEVERITY[kind]
        found += [entry.severity or default for entry in entries] or [default]
        usual = None            # which is of what it says, and of nothing else
    return min(found, key=SEVERITIES.index)


def worst(violations):
    """The severity of the worst of these: str, or None of none."""
    found = [entry.severity or _WORST[each.kind] for each in violations for entry in each.entries]
    found += [_WORST[each.kind] for each in violations if not each.entries]
    return min(found, key=SEVERITIES.index, default=None)


def _fingerprint(kind, entry, listener, ports):
    parts = [kind, entry and entry.variable, entry and entry.label]
    if listener:
        # a port of the ephemeral range is another one after each start, and addresses come and go but for the wildcard and loopback
        parts += [listener['protocol'], 'ephemeral' if listener['ephemeral'] else listener['port'], listener['namespace'], listener['scope'],
                  listener['service'] or sorted({owner['process'] or '' for owner in listener['owners']})]
    else:
        parts += [str(port) for port in ports]
    return hashlib.sha256(repr(parts).encode('utf-8', 'backslashreplace')).hexdigest()[:16]
