# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers who is let in to a listener, by the rules and settings of the Windows firewall.

Each question is put once for all holders, and for all arrivals, that no rule tells apart.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple

from ...module_utils._addresses import intervals as iv
from ...module_utils._firewall.evaluate.reasons import most
from . import addresses, conditions, words
from .index import Index
from .model import STORES, Arrival, Holder, Machine, Outcome, Spans
from .rules import NEWER, Rule
from .tiers import WITH_IPSEC, Case, Match, judge

_MOST_NAMED = 3                     # rules in a caveat
_MOST_REASONS = 50                  # of one answer
_MORE = 'more rules leave it open than are told'
_NEWER = 'of a version that is newer than those known here'
_ANY_PROGRAM = 'c:\\(any program)'
_Deciders = Sequence[tuple[Spans, 'Rule | str']]


class Opening(NamedTuple):
    """A rule that lets clients in to ports whichever program has them.

    :ivar protocol: ``tcp`` or ``udp``. :ivar ports: that it surely or perhaps is for.
    """

    rule: Rule
    protocol: str
    ports: Spans


def stranger(protocol: str, port: int) -> Holder:
    """Return a holder that no rule is for in particular: a program without a service, package or known user."""
    return Holder(protocol, port, _ANY_PROGRAM, (), '', None)


class Firewall:
    """The rules of one host.

    :param rules: in any order: the answers are the same.
    """

    def __init__(self, rules: Iterable[Rule], machine: Machine):
        self.rules = sorted(rules, key=lambda rule: (STORES.index(rule.store), rule.id, rule.text))
        self._machine, self._index = machine, Index(self.rules, machine)
        self._with_local = [rule.local for rule in self.rules if rule.local]
        self._interfaces = {value.lower().strip('{}') for rule in self.rules for value in rule.values.get('if', ())}
        self._matching: dict[Hashable, tuple[list[tuple[int, tuple[str, ...]]], list[Rule]]] = {}
        self._arrivals: dict[int, tuple[Arrival, int]] = {}         # which keeps the ids of these taken
        self._classes: dict[Hashable, int] = {}
        self._where: dict[tuple[int, int], tuple[tuple[str, ...], addresses.Sources] | None] = {}
        self._answers: dict[tuple[Hashable, int], Outcome] = {}

    def port_class(self, protocol: str, port: int) -> int:
        """Return what two ports of ``tcp`` or ``udp`` have in common if no rule tells them apart."""
        return self._index.port_class(protocol, port)

    def alike(self, protocol: str) -> tuple[Sequence[int], Sequence[int]]:
        """Return the ports at which another kind begins, and the ``port_class`` from each of them on."""
        return self._index.alike(protocol)

    def holder_class(self, holder: Holder) -> Hashable:
        """Return what two holders have in common, their ports among it, if no rule tells them apart."""
        return self._index.holder_class(holder)

    def arrival_class(self, arrival: Arrival) -> int:
        """Return what two arrivals have in common if no rule tells them apart."""
        if id(arrival) not in self._arrivals:
            key = (arrival.family, arrival.kind, arrival.guid if arrival.guid.strip('{}') in self._interfaces else '',
                   tuple(addresses.holds(local, arrival.family, arrival.address) for local in self._with_local),
                   arrival.cases, arrival.why, arrival.disabled, arrival.subnets, arrival.all_subnets,
                   tuple(sorted(arrival.servers.items())), arrival.teredo)
            self._arrivals[id(arrival)] = arrival, self._classes.setdefault(key, len(self._classes))
        return self._arrivals[id(arrival)][1]

    def openings(self) -> list[Opening]:
        """List the rules that let clients in to ports, whichever program has them."""
        return [Opening(rule, protocol, resolved.maybe) for rule, protocol, resolved in self._index.openings()]

    def answer(self, holder: Holder, arrival: Arrival) -> Outcome:
        """Answer who is let in to a holder."""
        key = self.holder_class(holder), self.arrival_class(arrival)
        if key not in self._answers:
            self._answers[key] = self._answer(*key, holder, arrival)
        return self._answers[key]

    def _answer(self, alike: Hashable, at: int, holder: Holder, arrival: Arrival) -> Outcome:
        if alike not in self._matching:
            self._matching[alike] = self._match(holder)
        matches = []
        for number, reasons in self._matching[alike][0]:
            if (number, at) not in self._where:
                self._where[number, at] = self._place(self.rules[number], arrival)
            place = self._where[number, at]
            if place:
                matches.append(_match(self.rules[number], reasons, *place))
        return _joined([judge(matches, arrival, *case) for case in arrival.cases], arrival,
                       _caveats(matches) + _of_services(self._matching[alike][1]))

    def _match(self, holder: Holder) -> tuple[list[tuple[int, tuple[str, ...]]], list[Rule]]:
        """Find the rules that may match a holder, with why they may not; and those that do not for ``Svc=*`` alone."""
        found, misses = [], []
        for number in self._index.candidates(holder):
            asked = self._index.wanted[number]
            reasons = conditions.who(asked, holder)
            if reasons is not None:
                found.append((number, reasons))
            elif '*' in asked.services and holder.services == () and asked.rule.action == 'allow':
                if conditions.who(conditions.of_any_service(asked), holder) is not None:
                    misses.append(asked.rule)
        return found, misses

    def _place(self, rule: Rule, arrival: Arrival) -> tuple[tuple[str, ...], addresses.Sources] | None:
        reasons = conditions.where(rule, arrival, self._machine)
        if reasons is None:
            return None
        # LOM: conditions of clients do not count, unless it blocks ([MS-FASP] 2.2.35)
        named = None if rule.local_only and rule.action != 'block' else rule.remote
        return reasons, addresses.resolve(named, arrival)


def _match(rule: Rule, of_holder: tuple[str, ...], of_arrival: tuple[str, ...], sources: addresses.Sources) -> Match:
    return Match(rule, rule.unclear + of_holder + of_arrival, *sources)


def _joined(cases: Sequence[Case], arrival: Arrival, caveats: Sequence[str]) -> Outcome:
    """Join the profiles that may hold: what is not the same in all of them is not known."""
    everyone: Spans = iv.full(arrival.family)
    allowed, maybe, always = cases[0].allowed, cases[0].maybe, iv.minus(cases[0].maybe, cases[0].allowed)
    for case in cases[1:]:
        allowed, maybe = iv.isect(allowed, case.allowed), iv.union(maybe, case.maybe)
        always = iv.isect(always, iv.minus(case.maybe, case.allowed))
    rest = iv.minus(maybe, allowed)
    # what is not known in any of the profiles has a reason of its own
    reasons = [(iv.isect(spans, always), reason) for spans, reason in cases[0].reasons]
    undecided = _explained(rest, reasons, arrival.why)
    blocked = iv.minus(everyone, maybe)
    idle: dict[str, dict[str, Rule]] = {}
    for rule, why, spans in [each for case in cases for each in case.idle]:
        if iv.minus(spans, allowed):
            idle.setdefault(why, {})[words.title(rule)] = rule
    near = ['rules that would let clients in %s: %s' % (why, _named(list(rules.values())))
            for why, rules in idle.items()]
    return Outcome(allowed, undecided, _most(cases[0].allows, allowed, True), _most(cases[0].blocks, blocked, False),
                   [*near, *caveats])


def _explained(rest: Spans, reasons: Sequence[tuple[Spans, str]], why: str) -> list[tuple[Spans, str]]:
    """Part what is not known by the reasons for that, of which the first counts.

    :param why: the reason for all that has no other. A host may have thousands of reasons, of which few are told.
    """
    found: dict[str, Spans] = {}
    for spans, reason in reasons:
        part = iv.isect(spans, rest)
        if part and len(found) == _MOST_REASONS and reason not in found:
            return [*_parts(found), (rest, _MORE)]
        if part:
            found[reason] = iv.union(found.get(reason, iv.EMPTY), part)
            rest = iv.minus(rest, part)
    return [*_parts(found), *([(rest, why)] if rest else [])]


def _parts(found: Mapping[str, Spans]) -> list[tuple[Spans, str]]:
    return [(spans, reason) for reason, spans in found.items()]


def _most(deciders: _Deciders, within: Spans, rules_first: bool) -> str | None:
    """Return in words what decides about most of a set: the first of those that decide about as many.

    :param rules_first: whether the default is told only where no rule decides.
    """
    decider = None
    if rules_first:
        decider = most([pair for pair in deciders if isinstance(pair[1], Rule)][::-1], within)[1]
    decider = decider or most(deciders[::-1], within)[1]
    return words.full(decider) if isinstance(decider, Rule) else decider


def _caveats(matches: Sequence[Match]) -> list[str]:
    """List what is to be known of rules that match."""
    secured = [match.rule for match in matches if match.rule.secured and match.rule.action != 'block']
    newer = [match.rule for match in matches if NEWER in match.rule.unclear]
    return ['%s: %s' % (why, _named(some)) for why, some in ((WITH_IPSEC, secured), (_NEWER, newer)) if some]


def _of_services(rules: Sequence[Rule]) -> list[str]:
    return ['for services only (Svc=*), and this is a plain program: %s' % _named(rules)] if rules else []


def _named(rules: Sequence[Rule]) -> str:
    names = [words.title(rule) for rule in rules[:_MOST_NAMED]]
    return ', '.join(names) + (' and %d more' % (len(rules) - _MOST_NAMED) if len(rules) > _MOST_NAMED else '')
