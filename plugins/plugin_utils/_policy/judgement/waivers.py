# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings that somebody has waived for a time."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ..._harmless.terminal import cut_short
from ..._listener import unobserved
from ..conditions.three_valued import both
from .finding import Finding, finding
from .parts import EXPIRED, WaiverExpired

if TYPE_CHECKING:
    from ..._shape import Complete
    from ..conditions.ports import Item
    from ..declaration.entry import Waiver


def waives(waiver: Waiver, finding: Finding, complete: Complete) -> bool:
    """Whether a waiver surely matches a finding; of what is not known it matches nothing."""
    for kind, entries in finding.ways:
        if kind not in waiver.kinds:
            return False
        if waiver.entry and not (entries and all(waiver.entry.fit(entry.label) for entry in entries)):
            return False
    of_listener: tuple[Any, ...] = (
        waiver.namespace,
        waiver.conditions,
        waiver.service,
        waiver.bind,
        waiver.where,
        waiver.family,
    )
    if not waiver.items and not any(of_listener):
        return True
    listener = finding.record
    if listener is None:
        return (
            not any(of_listener) and bool(finding.ports) and all(_covered(item, waiver.items) for item in finding.ports)
        )
    fits = not waiver.items or waiver.item_of(listener) is not None
    return (
        both(
            (
                waiver.speaks_of(listener, fits, unobserved(listener, complete) if waiver.where else ()),
                waiver.held(listener, complete),
                waiver.bound_well(listener, complete),
            )
        )
        is True
    )


def _covered(item: Item, items: Iterable[Item]) -> bool:
    return any(item.protocol == other.protocol and other.low <= item.low and item.high <= other.high for other in items)


class Waiving:
    """The waivers of a host on one day, and what became of them.

    :ivar waived: findings, each with the waiver of it.
    :ivar used: the waivers that match a finding.
    """

    def __init__(self, waivers: Iterable[Waiver], today: datetime.date, warn_days: int, complete: Complete) -> None:
        """Take the waivers of a host.

        :param warn_days: how many days before its end a waiver is reported.
        :param complete: the aspects of the facts.
        """
        self._waivers = sorted(waivers, key=lambda waiver: (waiver.variable or '', waiver.label))
        self._today, self._warn_days, self._complete = today, warn_days, complete
        self.waived: list[tuple[Finding, Waiver]] = []
        self.used: list[Waiver] = []
        self._late: list[Waiver] = []
        self._soon: list[Waiver] = []

    def keep(self, finding: Finding) -> bool:
        """Whether a finding stands; an expired waiver leaves a note on it."""
        late: list[Waiver] = []
        valid: list[Waiver] = []
        for waiver in self._waivers:
            if not waives(waiver, finding, self._complete):
                continue
            if waiver not in self.used:
                self.used.append(waiver)
            (late if waiver.expires and self._today > waiver.expires else valid).append(waiver)
        if not valid:
            for waiver in late:
                if waiver not in self._late:
                    self._late.append(waiver)
                finding.notes.append(
                    {'note': EXPIRED, 'waiver': cut_short(waiver.label, 200), 'expires': str(waiver.expires)}
                )
            return True
        longest = max(valid, key=lambda waiver: waiver.expires or datetime.date.max)
        days = self._days_of(longest)
        if days is not None and days <= self._warn_days and longest not in self._soon:
            self._soon.append(longest)
        self.waived.append((finding, longest))
        return False

    def _days_of(self, waiver: Waiver) -> int | None:
        """Count the days until a waiver expires."""
        return (waiver.expires - self._today).days if waiver.expires else None

    def findings(self) -> Iterator[Finding]:
        """Make findings of the waivers themselves: that one has expired, or soon will."""
        for waiver in self._late:
            yield _expired(waiver, None)
        for waiver in self._soon:
            yield _expired(waiver, self._days_of(waiver))


def _expired(waiver: Waiver, days: int | None) -> Finding:
    parts: WaiverExpired = {
        'waiver': cut_short(waiver.label, 200), 'variable': waiver.variable and cut_short(waiver.variable, 200),
        'owner': waiver.owner and cut_short(waiver.owner, 200), 'expires': str(waiver.expires), 'days': days}
    expired = finding('waiver_expired', parts, ports=(waiver.label,), fails=False)
    expired.declared_in = waiver.variable
    return expired
