# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares how hosts are judged before and after a change of the declaration, by the same records.

What differs is due to the declaration alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from ..._policy.judgement.verdict import REFUSED
from .. import groups as _groups
from ..groups import Group
from ..host import Host
from ..naming import Naming

ABSENT = 'absent'       # what a host was that is new in the inventory

# What becomes of a host: it passed and fails now; it failed, and has a failing finding more; it passes now; something
# else about it differs; nothing does; or nobody knows, for it has no usable record.
FAILS, MORE, PASSES, OTHERWISE, SAME, UNJUDGED = OUTCOMES = (
    'fails', 'more', 'passes', 'otherwise', 'same', 'unjudged')


class Turn(NamedTuple):
    """Hosts with another verdict than before.

    :ivar before: the verdict, or ``ABSENT``; ``after`` the one now.
    :ivar is_bad: whether an audit passed them, and does not any more.
    """

    before: str
    after: str
    is_bad: bool
    hosts: list[str]


@dataclass
class Impact:
    """What a change of the declaration makes of hosts.

    :ivar outcomes: the hosts of each of ``OUTCOMES``; each host is in one.
    :ivar turns: the worst first.
    :ivar new: findings that hosts did not have before; ``gone`` those that they have no more.
    :ivar unjudged: hosts that were not judged, by the reason, which is harmless to print.
    :ivar removed: hosts that are not in the inventory any more.
    :ivar oldest: when the oldest record was made that counts; ``newest`` the newest.
    """

    outcomes: dict[str, list[str]] = field(default_factory=lambda: {outcome: [] for outcome in OUTCOMES})
    turns: list[Turn] = field(default_factory=list)
    new: list[Group] = field(default_factory=list)
    gone: list[Group] = field(default_factory=list)
    unjudged: dict[str, list[str]] = field(default_factory=dict)
    removed: list[str] = field(default_factory=list)
    oldest: str | None = None
    newest: str | None = None
    naming: Naming = field(default_factory=Naming)

    @property
    def total(self) -> int:
        """How many hosts it is about."""
        return sum(map(len, self.outcomes.values()))

    @property
    def judged(self) -> int:
        """How many of them were judged."""
        return self.total - len(self.outcomes[UNJUDGED])

    @property
    def fails(self) -> bool:
        """Whether an audit would fail hosts for something for which it did not before."""
        return bool(self.outcomes[FAILS] or self.outcomes[MORE])


def compare(pairs: Iterable[tuple[Host | None, Host]], removed: Sequence[str] = (),
            inventory: Mapping[str, Sequence[str]] | None = None) -> Impact:
    """Compare hosts.

    :param pairs: each host as it was judged before, None where it was not in the inventory, and as it is now.
    :param removed: hosts that are not in the inventory any more.
    :param inventory: the hosts of each group, by which many hosts are named.
    """
    pairs = list(pairs)
    impact = Impact(removed=list(removed), naming=Naming((after.name for dummy, after in pairs), inventory))
    new, gone = [], []
    turns: dict[tuple[str, str, bool], list[str]] = {}
    for before, after in pairs:
        more, less = _without(after, before), _without(before, after) if before else None
        outcome = _outcome(before, after, more, less)
        impact.outcomes[outcome].append(after.name)
        if outcome == UNJUDGED:
            impact.unjudged.setdefault(after.reason or 'no reason is known', []).append(after.name)
            continue
        was = before.verdict if before else ABSENT
        if was != after.verdict:
            turns.setdefault((was, after.verdict, outcome == FAILS), []).append(after.name)
        new.append(more)
        gone += [less] if less else []
    impact.turns = sorted((Turn(*what, hosts) for what, hosts in turns.items()),
                          key=lambda turn: (not turn.is_bad, -len(turn.hosts), turn))
    impact.new, impact.gone = (_groups.groups(hosts, ()) for hosts in (new, gone))
    times = sorted(after.recorded_at for dummy, after in pairs if after.is_seen and after.recorded_at)
    if times:
        impact.oldest, impact.newest = times[0], times[-1]
    return impact


def passes(host: Host) -> bool:
    """Whether an audit passes a host."""
    return host.has_all_sockets and not (host.judgement and host.judgement['failing'])


def _outcome(before: Host | None, after: Host, more: Host, less: Host | None) -> str:
    if not after.is_seen and after.verdict != REFUSED:
        return UNJUDGED
    was_fine = before is None or passes(before)
    if not passes(after):
        if was_fine or (before and after.verdict == REFUSED != before.verdict):
            return FAILS
        if any(finding['fails'] for finding in _findings(more)):
            return MORE
    elif not was_fine:
        return PASSES
    differs = before is None or before.verdict != after.verdict
    return OTHERWISE if differs or any(map(_findings, filter(None, (more, less)))) else SAME


def _without(host: Host, other: Host | None) -> Host:
    """Return a host with those of its findings alone that another one does not have."""
    if not host.judgement:
        return host
    known = set(map(_key, _findings(other))) if other else set()
    findings = [finding for finding in _findings(host) if _key(finding) not in known]
    return replace(host, judgement={**host.judgement, 'findings': findings})


def _findings(host: Host) -> Sequence[Mapping[str, Any]]:
    return host.judgement['findings'] if host.judgement else ()


def _key(finding: Mapping[str, Any]) -> tuple[Any, ...]:
    return finding['kind'], finding['severity'], finding['fails'], finding['fingerprint']


def reasons(impact: Impact) -> Iterator[tuple[str, list[str]]]:
    """Yield why hosts were not judged, those of most hosts first."""
    yield from sorted(impact.unjudged.items(), key=lambda item: (-len(item[1]), item[0]))
