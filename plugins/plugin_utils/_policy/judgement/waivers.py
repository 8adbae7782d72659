# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings that somebody has waived for a time. Private to this collection."""

import datetime

from ... import _words
from ..._harmless.terminal import visible
from ..._listener import unobserved
from ..conditions.three_valued import both
from ..declaration import naming
from .finding import finding


def waives(waiver, found, complete):
    """Whether a waiver speaks of a finding: surely, for what is not known it never does."""
    for kind, entries in found.ways:
        if kind not in waiver.kinds:
            return False
        if waiver.entry and not (entries and all(waiver.entry.fit(entry.label) for entry in entries)):
            return False
    of_listener = (waiver.namespace, waiver.conditions, waiver.service, waiver.bind, waiver.where, waiver.family)
    if not waiver.items and not any(of_listener):
        return True
    record = found.record
    if record is None:
        return not any(of_listener) and bool(found.ports) and all(_covered(item, waiver.items) for item in found.ports)
    fits = not waiver.items or waiver.item_of(record) is not None
    return both((waiver.speaks_of(record, fits, unobserved(record, complete) if waiver.where else ()), waiver.held(record, complete),
                 waiver.bound_well(record, complete))) is True


def _covered(item, items):
    return any(item.protocol == other.protocol and other.low <= item.low and item.high <= other.high for other in items)


class Waiving:
    """The waivers of a host on one day, and what became of them."""

    def __init__(self, waivers, today, warn_days, complete):
        waivers = sorted(waivers, key=lambda waiver: (waiver.variable or '', waiver.label))
        self._waivers, self._today, self._warn_days, self._complete = waivers, today, warn_days, complete
        self.waived, self.used, self._late, self._soon = [], [], [], []

    def keep(self, found):
        """Whether a finding stands; an expired waiver leaves a note on it."""
        late, valid = [], []
        for waiver in self._waivers:
            if not waives(waiver, found, self._complete):
                continue
            if waiver not in self.used:
                self.used.append(waiver)
            (late if waiver.expires and self._today > waiver.expires else valid).append(waiver)
        if not valid:
            for waiver in late:
                if waiver not in self._late:
                    self._late.append(waiver)
                found.notes.append('the waiver %s expired on %s' % (naming.label(waiver), waiver.expires))
            return True
        longest = max(valid, key=lambda waiver: waiver.expires or datetime.date.max)
        if longest.expires and (longest.expires - self._today).days <= self._warn_days and longest not in self._soon:
            self._soon.append(longest)
        self.waived.append((found, longest))
        return False

    def findings(self):
        """What there is to say of the waivers themselves."""
        for waiver in self._late:
            yield self._about(waiver, 'expired on %s' % waiver.expires, 'mend what it waived, or renew it')
        for waiver in self._soon:
            days = (waiver.expires - self._today).days
            yield self._about(waiver, 'expires %s, on %s' % ('today' if not days else 'in %s' % _words.number(days, 'day'), waiver.expires),
                              'mend what it waives, or renew it')

    @staticmethod
    def _about(waiver, what, remedy):
        by = ', for which %s answers,' % visible(waiver.owner, 200) if waiver.owner else ''
        message = 'The waiver %s of %s%s %s' % (naming.label(waiver), visible(waiver.variable or 'the task', 200), by, what)
        found = finding('waiver_expired', message, ports=(waiver.label,), remedy=remedy, fails=False)
        found.declared_in = waiver.variable
        return found
