# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The judgement of one host: from its facts, what is declared for it, and the time, to findings."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from ....module_utils._gaps import FOREIGN, UNDECIDED
from ..._listener import Listener, endpoints, stop
from ..._long_sets import resolved
from ..._shape import Complete, Facts
from ..._windows.listeners import is_windows
from ..._windows.names import fold
from ..._words import Several, several
from ..language.options import IGNORE, SEVERITIES
from . import causes, defaults, presence as _presence, violations
from .claims import Look, Meeting, Verdict, Violation, forbids, meetings, verdict
from .finding import Finding
from .parts import OnWindows, Own, place
from .waivers import Waiving

if TYPE_CHECKING:
    from ..declaration.entry import Entry, Waiver
    from ..declaration.policy import Policy


# Kinds of findings whose advice is of the system, and not of a listener alone
_OF_SYSTEM = ('missing', 'unknown')
_ON_WINDOWS: OnWindows = {'platform': 'windows'}


class Decided(NamedTuple):
    """What was decided of one listener.

    :ivar entries: the entries that claim it, or forbid it.
    """

    listener: Listener
    entries: tuple[Entry, ...]


@dataclass
class Result:
    """What is found.

    :ivar findings: failing ones first, then the most severe.
    :ivar used: the entries that a listener met.
    :ivar used_waivers: the waivers that waived something, or would have before they expired.
    :ivar waived: findings, each with the waiver of it.
    :ivar decided: what was decided of each listener that was judged.
    :ivar each: the findings about one listener or entry each, before those that belong together are united; what is
        not known is not among them.
    :ivar judged: how many listeners were judged; ``passed`` of them are as declared, ``others`` are only listed.
    :ivar second_look: whether ephemeral sockets should be looked at once more before anybody is woken for them.
    """

    findings: list[Finding] = field(default_factory=list)
    used: list[Entry] = field(default_factory=list)
    used_waivers: list[Waiver] = field(default_factory=list)
    waived: list[tuple[Finding, Waiver]] = field(default_factory=list)
    decided: list[Decided] = field(default_factory=list)
    each: list[Finding] = field(default_factory=list)
    judged: int = 0
    passed: int = 0
    others: int = 0
    second_look: bool = False

    @property
    def failing(self) -> bool:
        """Whether the host fails: the one place that decides it."""
        return any(finding.fails for finding in self.findings)

    @property
    def may_be_forwarded(self) -> bool:
        """Whether something is missing that the host may forward, and nobody has looked at that."""
        return any(finding.kind == 'missing' and finding.parts['forwards_unseen'] for finding in self.findings)


class Doubt(NamedTuple):
    """What is not known of a listener, or of entries.

    :ivar perhaps: what it may be.
    """

    listener: Listener | None
    entries: Sequence[Entry]
    causes: frozenset[str]
    perhaps: Sequence[Violation]


def observed(facts: Facts) -> Complete:
    """Say what was observed completely: the firewall too if all that it leaves open is who can reach some listeners."""
    complete = facts['complete']
    if complete.get('firewall') is False and all(
            gap['code'] == UNDECIDED for gap in facts['gaps'] if gap['aspect'] == 'firewall'):
        return {**complete, 'firewall': True}
    return complete


class _Case:
    """What comes up while the listeners of a host, and then its entries, are judged."""

    def __init__(self, facts: Facts, policy: Policy) -> None:
        self.facts, self.policy, self.own = facts, policy, Own(facts['system'])
        self.complete = observed(facts)
        self.is_on_windows = is_windows(facts)
        self.met: dict[int, list[Meeting]] = {}         # by the id() of the entry
        self.by_port: dict[tuple[str, int], list[Listener]] = {}
        self.findings: list[Finding] = []
        self.doubts: list[Doubt] = []

    def met_by(self, entry: Entry) -> list[Meeting]:
        """List the meetings of an entry."""
        return self.met.get(id(entry), [])


def judge(facts: Facts, policy: Policy, now: datetime.datetime, earlier: Facts | None = None) -> Result:
    """Check facts against a policy.

    :param facts: those of the host, checked.
    :param now: the time in UTC, by the controller's clock.
    :param earlier: facts of a moment before: an ephemeral UDP socket that is not in both is nobody's business.
    """
    result, case = Result(), _Case(facts, policy)
    before = None if earlier is None else {listener['id'] for listener in earlier['listeners']}
    foreign = any(gap['aspect'] == 'sockets' and gap['code'] in FOREIGN for gap in facts['gaps'])
    for listener in sorted((resolved(listener, facts) for listener in endpoints(facts)), key=_order):
        if listener['protocol'] == 'raw' or foreign:
            result.others += 1
        else:
            _judge_listener(
                Look(listener, case.complete, policy.switches, before is not None and listener['id'] not in before),
                case,
                result,
            )
    _judge_requirements(case)
    case.doubts += _unseen(policy, case.complete)

    of_listeners = [finding for finding in case.findings if finding.record]
    needs = _needs(case) if of_listeners else {}
    for finding in of_listeners:
        finding.needed = _needed(finding, needs, case.is_on_windows)
    waiving = Waiving(policy.waivers, now.date(), policy.switches['listener_waiver_warn_days'], case.complete)
    kept = [finding for finding in case.findings if waiving.keep(finding)]
    unsure = [finding for finding in (causes.unsure(*doubt) for doubt in case.doubts) if waiving.keep(finding)]
    result.each = list(kept)
    result.second_look = before is None and any(finding.group == 'ephemeral' for finding in kept)
    findings = [
        *causes.grouped(kept, policy.switches, before),
        *causes.causes(unsure, facts['gaps'], policy.switches),
        *waiving.findings(),
    ]
    if case.is_on_windows:
        for finding in findings:
            if finding.kind in _OF_SYSTEM:
                finding.parts = {**finding.parts, **_ON_WINDOWS}
    lowest = SEVERITIES.index(policy.switches['listener_fail_severity'])
    for finding in findings:
        finding.fails = finding.fails and SEVERITIES.index(finding.worst or finding.severity) <= lowest
    result.findings = sorted(findings, key=lambda finding: finding.rank)
    result.used = [
        entry for entry in policy.entries if any(meeting.spoken and meeting.held for meeting in case.met_by(entry))
    ]
    result.used_waivers, result.waived = waiving.used, waiving.waived
    return result


def _order(listener: Listener) -> tuple[str, int, str]:
    """By port, so that what is found, and in which words, does not depend on the order of the facts."""
    return listener['protocol'], listener['port'], listener['id']


def _judge_listener(look: Look, case: _Case, result: Result) -> None:
    """Find what is wrong with one listener, and what is not known of it."""
    listener = look.listener
    case.by_port.setdefault((listener['protocol'], listener['port']), []).append(listener)
    everything, exact, ranged, ignored, forbidden = meetings(case.policy.index, look)
    for meeting in everything:
        case.met.setdefault(id(meeting.entry), []).append(meeting)
    sure, perhaps, why = forbids(forbidden)
    if sure:
        result.judged += 1
        result.decided.append(Decided(listener, tuple(meeting.entry for meeting in sure)))
        case.findings.append(violations.forbidden(listener, sure, perhaps))
        return
    decided = verdict(look, exact, ranged, ignored)
    if listener['namespace'] is not None and decided == Verdict(True) and not perhaps:
        result.others += 1      # that of another network namespace nobody can reach by this one
        return
    result.judged += 1
    result.decided.append(Decided(listener, decided.entries))
    if perhaps:
        entries = tuple(meeting.entry for meeting in perhaps)
        case.doubts.append(Doubt(listener, entries, why, [Violation('forbidden', entries)]))
    if decided.causes:
        case.doubts.append(Doubt(listener, decided.entries, decided.causes, decided.perhaps))
    case.findings += violations.violations(listener, decided, case.own, case.complete)
    if decided.value and not perhaps:
        result.passed += 1


def _unseen(policy: Policy, complete: Complete) -> Iterator[Doubt]:
    """Find what may listen where nobody could look: that nothing does is not known, whatever is found elsewhere."""
    forbidden = tuple(entry for entry in policy.entries if entry.state == 'forbidden')
    if not complete['sockets']:
        if any(defaults.worth(group, policy.switches) != IGNORE for group in defaults.SWITCHES):
            yield Doubt(None, (), frozenset(('sockets',)), [Violation('unexpected')])
        if forbidden:
            yield Doubt(None, forbidden, frozenset(('sockets',)), [Violation('forbidden', forbidden)])
    elsewhere = tuple(entry for entry in forbidden if _presence.unlooked(entry, complete) == 'namespaces')
    if elsewhere:
        yield Doubt(None, elsewhere, frozenset(('namespaces',)), [Violation('forbidden', elsewhere)])


def _judge_requirements(case: _Case) -> None:
    """Find what has to be there and is not, and what has to be reached and cannot be."""
    wrong = [finding for finding in case.findings if finding.kind in ('wrong_owner', 'wrong_bind')]
    diagnoses = case.facts.get('diagnoses') or {}
    # psutil runs where there are no rules that this collection reads
    forwards_unseen = case.complete.get('firewall') is not True and case.facts['collector'] != 'psutil'
    for entry in case.policy.entries:
        of_entry = case.met_by(entry)
        if entry.state == 'required':
            presence = _presence.Presence(entry, of_entry, case.complete)
            is_there, absent, unsure = presence.missing()
            if is_there is False:
                missing = _presence.missing(
                    entry, absent, case.by_port, wrong, diagnoses, case.own, presence.present, forwards_unseen,
                    case.facts['system'].get('excluded_ports') or (), case.is_on_windows
                )
                if missing:
                    case.findings.append(missing)
            if is_there is not True and unsure:  # beside what is surely missing too, which may be waived
                case.doubts.append(
                    _doubtful_presence(
                        entry, [meeting for meeting in of_entry if meeting.item in unsure], case.complete
                    )
                )
        if entry.state in ('required', 'optional'):
            for reached in _presence.unreachable(entry, of_entry, case.facts, case.own):
                if isinstance(reached, Finding):
                    case.findings.append(reached)
                    continue
                why = frozenset((_presence.cause_of_reach(entry),)).union(
                    *(meeting.causes() for meeting in reached if _presence.is_there(meeting) is None)
                )
                case.doubts.append(Doubt(reached[0].listener, (entry,), why, [Violation('unreachable', (entry,))]))


def _needs(case: _Case) -> dict[str, list[Entry]]:
    """List the entries that somebody would break who stops a unit or a container, by its name, see ``_name``."""
    needs: dict[str, dict[int, Entry]] = {}
    units_of: dict[int, tuple[str, ...]] = {}           # by the id() of the listener
    for entry in case.policy.entries:
        if entry.state not in ('required', 'optional'):
            continue
        units: set[str] = set()
        for meeting in case.met_by(entry):
            if _presence.is_there(meeting) is True:
                listener = meeting.listener
                if id(listener) not in units_of:
                    units_of[id(listener)] = stop(listener).units
                units.update(units_of[id(listener)])
        named = entry.named_services if case.is_on_windows else entry.services
        for unit in (*units, *(named if entry.state == 'required' else ())):
            needs.setdefault(_name(unit, case.is_on_windows), {})[id(entry)] = entry
    return {unit: list(entries.values()) for unit, entries in needs.items()}


def _name(unit: str, is_on_windows: bool) -> str:
    """Return the name of a unit, so that names of one unit are equal."""
    return fold(unit) if is_on_windows else unit


def _needed(finding: Finding, needs: Mapping[str, Sequence[Entry]], is_on_windows: bool) -> Several:
    """List the entries, but for those that a finding is about, that need what is to be stopped against it."""
    units = stop(finding.record).units if finding.record else ()
    others = {id(entry): entry for unit in units for entry in needs.get(_name(unit, is_on_windows), ())
              if entry not in finding.entries}
    named = sorted(others.values(), key=lambda entry: (entry.variable or '', entry.label))
    return several(map(place, named), 2)


def _doubtful_presence(entry: Entry, of_unsure: Sequence[Meeting], complete: Complete) -> Doubt:
    """Find why it is not known whether something is there: because of what may be it, or because not all was seen."""
    missing = [Violation('missing', (entry,))]
    perhaps = [meeting for meeting in of_unsure if _presence.is_there(meeting) is None]
    if perhaps:
        return Doubt(
            perhaps[0].listener, (entry,), frozenset[str]().union(*(meeting.causes() for meeting in perhaps)), missing
        )
    unlooked = _presence.unlooked(entry, complete)
    return Doubt(None, (entry,), frozenset((unlooked,) if unlooked else ()), missing)
