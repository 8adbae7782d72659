# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings that somebody has waived for a time. Private to this collection."""

import datetime

from ..._harmless.terminal import cut_short
from ..._listener import unobserved
from ..conditions.three_valued import both
from .finding import finding
from .parts import EXPIRED, WaiverExpired


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
                found.notes.append({'note': EXPIRED, 'waiver': cut_short(waiver.label, 200), 'expires': str(waiver.expires)})
            return True
        longest = max(valid, key=lambda waiver: waiver.expires or datetime.date.max)
        if longest.expires and (longest.expires - self._today).days <= self._warn_days and longest not in self._soon:
            self._soon.append(longest)
        self.waived.append((found, longest))
        return False

    def findings(self):
        """Make findings of the waivers themselves: that one has expired, or soon will."""
        for waiver in self._late:
            yield _about(waiver, None)
        for waiver in self._soon:
            yield _about(waiver, (waiver.expires - self._today).days)


def _about(waiver, days):
    parts: WaiverExpired = {
        'waiver': cut_short(waiver.label, 200), 'variable': waiver.variable and cut_short(waiver.variable, 200),
        'owner': waiver.owner and cut_short(waiver.owner, 200), 'expires': str(waiver.expires), 'days': days}
    expired = finding('waiver_expired', parts, ports=(waiver.label,), fails=False)
    expired.declared_in = waiver.variable
    return expired
