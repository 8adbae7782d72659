# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The judgement of one host: its facts, what is declared for it, and the time, to findings. Private to this collection."""

from dataclasses import dataclass, field

from ....module_utils._gaps import FOREIGN
from ..._listener import endpoints
from ..language.options import SEVERITIES
from . import causes, defaults, presence as _presence, violations
from .claims import Look, Verdict, Violation, forbids, meetings, verdict
from .parts import Own
from .waivers import Waiving


@dataclass
class Result:
    """What is found.

    :ivar findings: list of Finding, failing ones first, then the most severe.
    :ivar used: list of Entry, those that a listener met.
    :ivar used_waivers: list of Waiver.
    :ivar waived: list of tuple (Finding, Waiver).
    :ivar judged: int, listeners that were judged; ``passed`` of them as declared, ``others`` only listed.
    :ivar second_look: bool, whether ephemeral sockets should be looked at once more before anybody is woken for them.
    """

    findings: list = field(default_factory=list)
    used: list = field(default_factory=list)
    used_waivers: list = field(default_factory=list)
    waived: list = field(default_factory=list)
    judged: int = 0
    passed: int = 0
    others: int = 0
    second_look: bool = False

    @property
    def failing(self):
        """Whether the host is not as declared, as far as that is to fail it."""
        return any(each.fails for each in self.findings)


def judge(facts, policy, now, earlier=None):
    """Hold facts against a policy.

    :param facts: dict, as ``_packed.check`` returns them.
    :param policy: _policy.Policy.
    :param now: datetime.datetime in UTC, by the controller's clock.
    :param earlier: dict or None, facts of a moment before: an ephemeral UDP socket that is not in both is nobody's business.
    :returns: Result.
    """
    result = Result()
    complete = facts['complete']
    before = None if earlier is None else {listener['id'] for listener in earlier['listeners']}
    met, by_port, raw, unknown, own = {}, {}, [], [], Own(facts['system'])
    foreign = any(gap['aspect'] == 'sockets' and gap['code'] in FOREIGN for gap in facts['gaps'])
    for listener in sorted(endpoints(facts), key=_order):
        if listener['protocol'] == 'raw' or foreign:
            result.others += 1
            continue
        look = Look(listener, complete, policy.switches, before is not None and listener['id'] not in before)
        by_port.setdefault((listener['protocol'], listener['port']), []).append(listener)
        everything, exact, ranged, ignored, forbidden = meetings(policy.index, look)
        for meeting in everything:
            met.setdefault(id(meeting.entry), []).append(meeting)
        sure, perhaps, why = forbids(forbidden)
        said = None if sure else verdict(look, exact, ranged, ignored)
        if listener['namespace'] is not None and said == Verdict(True) and not perhaps:
            result.others += 1      # that of another network namespace nobody can reach by this one
            continue
        result.judged += 1
        if sure:
            raw.append(violations.forbidden(listener, sure, perhaps))
            continue
        if perhaps:
            entries = tuple(meeting.entry for meeting in perhaps)
            unknown.append((listener, entries, why, [Violation('forbidden', entries)]))
        if said.causes:
            unknown.append((listener, said.entries, said.causes, said.perhaps))
        raw += violations.violations(listener, said, own)
        if said.value and not perhaps:
            result.passed += 1
    _requirements(facts, policy, met, by_port, raw, unknown, own)
    unknown += _unseen(policy, complete)

    waiving = Waiving(policy.waivers, now.date(), policy.switches['listener_waiver_warn_days'], complete)
    kept = [each for each in raw if waiving.keep(each)]
    unsure = [each for each in (causes.unsure(*one) for one in unknown) if waiving.keep(each)]
    result.second_look = before is None and any(each.group == 'ephemeral' for each in kept)
    findings = causes.grouped(kept, policy.switches) + causes.causes(unsure, facts['gaps'], policy.switches) + list(waiving.findings())
    lowest = SEVERITIES.index(policy.switches['listener_fail_severity'])
    for each in findings:
        each.fails = each.fails and SEVERITIES.index(each.worst or each.severity) <= lowest
    result.findings = sorted(findings, key=lambda each: each.rank)
    result.used = [entry for entry in policy.entries if any(meeting.spoken and meeting.held for meeting in met.get(id(entry), ()))]
    result.used_waivers, result.waived = waiving.used, waiving.waived
    return result


def _order(listener):
    """By port, so that what is found, and in which words, does not depend on the order of the facts."""
    return listener['protocol'], listener['port'], listener['id']


def _unseen(policy, complete):
    """What may listen where nobody could look: whatever is found elsewhere, that nothing else listens is not known."""
    forbidden = [entry for entry in policy.entries if entry.state == 'forbidden']
    if not complete['sockets']:
        if any(policy.switches[switch] != defaults.IGNORE for switch in defaults.SWITCHES.values()):
            yield None, (), frozenset(('sockets',)), [Violation('unexpected')]
        if forbidden:
            yield None, forbidden, frozenset(('sockets',)), [Violation('forbidden', forbidden)]
    elsewhere = [entry for entry in forbidden if _presence.unlooked(entry, complete) == 'namespaces']
    if elsewhere:
        yield None, elsewhere, frozenset(('namespaces',)), [Violation('forbidden', elsewhere)]


def _requirements(facts, policy, met, by_port, raw, unknown, own):
    """What has to be there, and has to be reached."""
    complete = facts['complete']
    wrong = [each for each in raw if each.kind in ('wrong_owner', 'wrong_bind')]
    for entry in policy.entries:
        meetings_of = met.get(id(entry), [])
        if entry.state == 'required':
            presence = _presence.Presence(entry, meetings_of, complete)
            there, absent, unsure = presence.missing()
            if there is False:
                found = _presence.missing(entry, absent, by_port, wrong, facts.get('diagnoses') or {}, own, presence.there)
                if found:
                    raw.append(found)
            if there is not True and unsure:        # beside what is surely missing too, which may be waived
                unknown.append(_unsure_presence(entry, unsure, meetings_of, complete))
        if entry.state in ('required', 'optional'):
            reached, found = _presence.unreachable(entry, meetings_of, facts, own)
            if reached is False:
                raw.append(found)
            elif reached is None:
                unknown.append((found[0].listener, (entry,), frozenset(('exposure',)).union(
                    *(meeting.causes() for meeting in found if _presence.is_there(meeting) is None)), [Violation('unreachable', (entry,))]))


def _unsure_presence(entry, unsure, meetings_of, complete):
    """Why it is not known whether something is there: what may be it, or that not all was seen."""
    perhaps = [meeting for meeting in meetings_of if meeting.item in unsure and _presence.is_there(meeting) is None]
    if perhaps:
        return perhaps[0].listener, (entry,), frozenset().union(*(meeting.causes() for meeting in perhaps)), [Violation('missing', (entry,))]
    return None, (entry,), frozenset((_presence.unlooked(entry, complete),)), [Violation('missing', (entry,))]
