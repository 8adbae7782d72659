# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides about one profile: sets of clients in tiers, without an order inside a tier ([MS-FASP] 2.2.34 and 2.2.38).

Service hardening comes first, then rules that bypass all blocks, then blocks, then allows, then the default. Each rule
takes some clients surely, and some perhaps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

from ...module_utils._addresses import intervals as iv
from . import words
from .model import HARDENING, Arrival, Settings, Spans
from .rules import Rule

_What = TypeVar('_What')
WITH_IPSEC = 'only for clients that IPsec has authenticated'
_ALONE = 'are for %s alone, and such do not count in the %s profile (AllowUserPrefMerge is 0)'
_OFF = 'whether service hardening holds while the firewall is off is not known'


class Match(NamedTuple):
    """A rule that matches a listener where packets come in, perhaps.

    :ivar reasons: why it may not. :ivar sure: clients that it takes if it matches; ``maybe`` those that it may take,
        all of the former among them. :ivar why: why it may take more than ``sure``.
    """

    rule: Rule
    reasons: tuple[str, ...]
    sure: Spans
    maybe: Spans
    why: str


class Case(NamedTuple):
    """What holds in one profile.

    :ivar allowed: clients that surely come in. :ivar maybe: that surely or perhaps do.
    :ivar reasons: (set, why that is not known), of which the first one counts.
    :ivar allows: (set, Rule or words) that let clients in; ``blocks`` what keeps them out.
    :ivar idle: (rule, why, set) of those that would let clients in, and do not count.
    """

    allowed: Spans
    maybe: Spans
    reasons: Sequence[tuple[Spans, str]]
    allows: Sequence[tuple[Spans, Rule | str]]
    blocks: Sequence[tuple[Spans, Rule | str]]
    idle: Sequence[tuple[Rule, str, Spans]]


class Tier:
    """What rules of one tier take.

    :ivar deciders: (set, rule) of what they surely take. :ivar doubts: (set, reason) of what they may take.
    """

    def __init__(self) -> None:
        self.deciders: list[tuple[Spans, Rule | str]] = []
        self.doubts: list[tuple[Spans, str]] = []

    def add(self, match: Match, reason: str = '') -> None:
        """Add what a rule takes; nothing surely, if there is a reason."""
        reason = reason or (match.reasons[0] if match.reasons else '')
        sure = iv.EMPTY if reason else match.sure
        if sure:
            self.deciders.append((sure, match.rule))
        rest = iv.minus(match.maybe, sure)
        if rest:
            self.doubts.append((rest, '%s: %s' % (reason or match.why, words.title(match.rule))))

    @property
    def sure(self) -> Spans:
        """Those that are surely taken."""
        result: Spans = iv.united([spans for spans, dummy in self.deciders])
        return result

    @property
    def maybe(self) -> Spans:
        """Those that are surely or perhaps taken."""
        result: Spans = iv.united([self.sure, *(spans for spans, dummy in self.doubts)])
        return result


class Tiers:
    """The tiers of one profile: H of hardening, and those of the policy."""

    def __init__(self) -> None:
        self.spared, self.stopped, self.bypass, self.block, self.allow = (Tier() for dummy in range(5))

    def add(self, match: Match, doubt: str) -> None:
        """Sort a rule in. What it does is not known where its action is not."""
        rule = match.rule
        allow, block = (self.spared, self.stopped) if rule.store in HARDENING else (self.allow, self.block)
        if not rule.action:
            for tier in (allow if rule.store in HARDENING else self.bypass, block):
                tier.add(match, match.reasons[0])
        elif rule.action == 'block':
            block.add(match, doubt or (WITH_IPSEC if rule.secured else ''))
        elif rule.action == 'bypass':
            (allow if rule.store in HARDENING else self.bypass).add(match, WITH_IPSEC)
        elif rule.secured:      # "allowed only if it has been authenticated by IPsec; otherwise, blocked"
            allow.add(match, WITH_IPSEC)
            block.add(match, WITH_IPSEC)
        else:
            allow.add(match, doubt)


def judge(matches: Sequence[Match], arrival: Arrival, profile: str, settings: Settings) -> Case:
    """Judge who comes in."""
    tiers, idle = Tiers(), []
    doubted = dict(settings.doubted)
    for match in matches:
        if profile not in match.rule.profiles:
            continue
        why = _idle(match.rule, profile, settings, doubted)
        if not why:
            tiers.add(match, doubted.get(match.rule.store, ''))
        elif match.rule.action == 'allow':
            idle.append((match.rule, why, match.maybe))
    everyone: Spans = iv.full(arrival.family)
    stopped = iv.minus(tiers.stopped.sure, tiers.spared.maybe)
    perhaps_stopped = iv.minus(tiers.stopped.maybe, tiers.spared.sure)
    hardening = tiers.stopped.doubts + tiers.spared.doubts
    default = words.default(profile, settings)
    if settings.off or arrival.disabled:
        by = default if settings.off else 'the firewall is off for the interface'
        return Case(iv.minus(everyone, perhaps_stopped), everyone, [*hardening, (perhaps_stopped, _OFF)],
                    [(everyone, by)], (), idle)
    if settings.shielded:
        return Case(iv.EMPTY, iv.EMPTY, (), (), [(everyone, default)], idle)
    blocked, allowed = tiers.block.sure, tiers.allow.sure
    may_allow = tiers.allow.maybe
    allows, blocks = tiers.allow.deciders, tiers.block.deciders + _within(tiers.stopped.deciders, stopped)
    if settings.default_allow:
        allowed = may_allow = everyone
        allows = [*allows, (everyone, default)]
    else:
        rest = iv.minus(everyone, iv.united([allowed, blocked, stopped]))
        blocks = [*blocks, (rest, default)]
    passes = iv.minus(allowed, tiers.block.maybe)
    may_pass = iv.union(iv.minus(may_allow, blocked), tiers.bypass.maybe)
    reasons = [*_within(tiers.bypass.doubts, blocked), *_within(tiers.block.doubts + hardening, allowed),
               *tiers.allow.doubts, *tiers.bypass.doubts, *hardening]
    return Case(iv.minus(passes, perhaps_stopped), iv.minus(may_pass, stopped), reasons, allows, blocks, idle)


def _within(pairs: Sequence[tuple[Spans, _What]], spans: Spans) -> list[tuple[Spans, _What]]:
    return [(iv.isect(some, spans), what) for some, what in pairs]


def _idle(rule: Rule, profile: str, settings: Settings, doubted: dict[str, str]) -> str:
    """Return why a rule does not count in a profile, as ``do not ...``, or ''. Those of service hardening always do."""
    if rule.ignored:
        return 'have a version that Windows does not read'
    if rule.store in HARDENING:
        return ''
    if rule.store not in settings.stores and rule.store not in doubted:
        return 'do not count in the %s profile%s' % (
            profile, ' (AllowLocalPolicyMerge is 0)' if rule.store == 'local' else '')
    if rule.merged == 'program' and not settings.local_programs:
        return _ALONE % ('a program', profile)
    if rule.merged == 'port' and not settings.local_ports:
        return _ALONE % ('a port', profile)
    return ''
