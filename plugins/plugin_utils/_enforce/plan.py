# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to be done to a host so that it is as declared: rules for its ports, and what they cannot do.

What is to be closed is not decided here, see ``close``: the rules are for what stays. It is planned as if the rules
that are made of a plan were not there. Else what they block could not be reached any more, would need no rule, and the
next plan would open it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...module_utils._filter import rules as _rules
from ...module_utils._filter.names import PROTOCOLS
from ...module_utils._openings import command
from .._harmless.terminal import operand, visible
from .._listener import Listener, is_led_elsewhere, stop
from .._policy.conditions import sources as _sources
from .._policy.declaration.entry import Entry
from .._policy.declaration.policy import Policy
from .._policy.judgement import defaults
from .._policy.judgement.finding import Finding
from .._policy.judgement.judge import Decided, Result
from .._policy.language.refusal import Refused
from .._shape import Facts
from .._words import some
from . import openable
from .confirmed import Confirmed
from .lefts import FIREWALL, INCOMPLETE, Left, left as _noted, shown, unseen
from .ports import EVERYBODY, NOBODY, Ports, Who, is_unknown, let_in, ports_of, rule, within

BLOCK, ALLOW = MODES = ('block_unexpected', 'allow_expected')
OTHERS = {BLOCK: 'accept', ALLOW: 'reject'}     # what becomes of ports that no rule names
# Why something is left as it is.
LEFT = ('incomplete', 'shared_port', 'unknown_owner', 'ephemeral', 'loopback', 'namespace', 'protocol', 'interface',
        'conflict', 'unreachable', 'unknown', 'name', 'appeared', 'clients')
_NEEDED = {'sockets': (), 'firewall': ()}
_FILTERED = ('unexpected', 'forbidden', 'overexposed')      # kinds of findings that a filter can do something about
_REFUSED = ('unknown_owner', 'ephemeral')                   # is refused where all is refused that no rule lets in
_ALLOWING = ('required', 'optional')
_MOST = 65535
_APPEARED = 'it was not there when the plan was confirmed, or others were kept from it: plan anew'


@dataclass
class Plan:
    """What has to be done to a host.

    :ivar mode: of MODES; None where nothing is to be filtered.
    :ivar rules: options of ``port_filter``; None where nothing may be filtered, as not all of the host was seen.
    :ivar published: whether they are about what the host forwards, too.
    :ivar left: what is left as it is: dicts of ``action``, ``listener``, ``reason`` (of LEFT, or a reason of
        ``stop_listener``), ``message`` and ``command``.
    :ivar open: what ``port_openings`` has to open.
    :ivar keep: what it may leave open of what it has opened earlier; None where it is not to take anything back.
    :ivar close: the ids of listeners that are to be stopped.
    :ivar filtered: the listeners that rules of BLOCK are for, each with who may reach it.
    :ivar of_unknown: whether it would be another one if the addresses of all clients were known.
    """

    mode: str | None
    rules: list[dict[str, Any]] | None = None
    published: bool = False
    left: list[Left] = field(default_factory=list)
    open: list[dict[str, Any]] = field(default_factory=list)
    keep: list[dict[str, Any]] | None = None
    close: list[str] = field(default_factory=list)
    filtered: list[tuple[Listener, Who]] = field(default_factory=list)
    of_unknown: bool = False

    @property
    def filter(self) -> dict[str, Any] | None:
        """The options of ``port_filter``."""
        if self.rules is None:
            return None
        return {'rules': self.rules, 'others': OTHERS[self.mode or BLOCK], 'published': self.published}

    @property
    def hash(self) -> str:
        """The same for plans by which the same is done."""
        done = [self.filter, self.open, self.keep, self.close]
        return hashlib.sha256(json.dumps(done, sort_keys=True).encode()).hexdigest()[:16]

    def as_dict(self) -> dict[str, Any]:
        """Return what a result holds of it."""
        return {'filter': self.filter, 'left': self.left, 'open': self.open, 'keep': self.keep,
                'close': self.close, 'hash': self.hash}

    @property
    def is_incomplete(self) -> bool:
        """Whether nothing is planned, as not all of the host was seen."""
        return any(left['reason'] == INCOMPLETE for left in self.left)

    def leave(self, lefts: Iterable[Left]) -> None:
        """Note what is left as it is besides."""
        self.left = sorted([*self.left, *lefts], key=lambda left: (
            left['listener'] or '', left['action'], left['reason'], left['message']))


def refusals(policy: Policy, mode: str | None) -> Iterator[Refused]:
    """Find why nothing may be done by a declaration, whatever there is on the host.

    :param mode: None where nothing is to be filtered.
    """
    if not policy.entries:
        yield Refused('it has no entry that applies to this host, so everything that listens on it would be cut off')
    elif mode == ALLOW:
        allowing = [entry for entry in policy.entries if entry.state in _ALLOWING]
        if not allowing:
            yield Refused('with %s it has to have an entry by which somebody is let in' % ALLOW)
        for entry in allowing:
            if entry.sources is None and not entry.namespace and not (entry.bind and entry.bind.is_loopback):
                yield Refused('with %s it has to say who may reach it: give clients or only_from (anyone for '
                              'everybody), or bind: loopback' % ALLOW, 'clients', entry.variable, entry.label)


def plan(facts: Facts, policy: Policy, result: Result, mode: str = BLOCK, opens: bool = False,
         confirmed: Confirmed | None = None) -> Plan:
    """Plan what has to be done to a host by rules for its ports.

    :param facts: with the exposure of each listener, judged without the own table.
    :param policy: one that has no ``refusals``.
    :param result: the judgement of these facts by it.
    :param opens: whether what others block is to be opened in firewalld or ufw.
    :param confirmed: the plan that has all that may be planned, of the same mode.
    """
    planned = Plan(mode)
    planned.left += missing(facts)
    if planned.left:
        return planned
    host = _Host(facts, policy, result, confirmed)
    rules = host.block(planned) if mode == BLOCK else host.allow(planned)
    planned.rules = _rules.options(_rules.parse(rules))
    host.leave(planned, opens)
    planned.of_unknown = any(is_unknown(entry) and entry.state in _ALLOWING for entry in policy.entries)
    if opens:
        kept = confirmed.kept(host.clients()) if confirmed else host.clients()
        planned.keep = None if kept is None else _rules.options(_rules.parse(kept))
    planned.leave(())
    return planned


def missing(facts: Facts) -> list[Left]:
    """List what of a host was not seen and has to be, before anything is cut off."""
    return list(unseen(FIREWALL, facts, _NEEDED, 'nothing is filtered'))


def kept(policy: Policy) -> Plan:
    """Plan nothing for a host that has a filter, since a new one could open what clients of unknown addresses reach.

    :param policy: one that has such clients.
    """
    planned = Plan(None)
    planned.left.append(_left(
        None, INCOMPLETE, 'the filter that is there stays as it is, since another one could cut clients off, or let '
        'others in: %s' % _of_unknown([entry for entry in policy.entries if is_unknown(entry)]), None))
    return planned


class _Host:
    """One host: its listeners, who may reach them, and what is wrong with them."""

    def __init__(self, facts: Facts, policy: Policy, result: Result, confirmed: Confirmed | None) -> None:
        self._facts, self._policy, self._result, self._confirmed = facts, policy, result, confirmed
        self._waived = {id(finding.record) for finding, dummy in result.waived if finding.record}
        self._findings: dict[int, list[Finding]] = {}
        for finding in result.each:
            if finding.record is not None:
                self._findings.setdefault(id(finding.record), []).append(finding)

    def block(self, planned: Plan) -> list[dict[str, Any]]:
        """List rules by which nobody reaches what is wrong, or only who may. Others keep their access."""
        rules = []
        for decided in self._result.decided:
            finding, obstacle = self._to_filter(decided)
            if not finding:
                continue
            listener, wanted = decided.listener, self._wanted(decided)
            if obstacle:
                planned.left.append(_left(listener, *obstacle, _to_stop(finding, listener)))
                continue
            others = [other.listener for other in self._result.decided
                      if other is not decided and self._shares(other, decided) and not within(
                          self._wanted(other), wanted)]
            if others:
                planned.left.append(_left(
                    listener, 'shared_port', 'its port is not filtered, since that would cut off who may reach %s'
                    % some(map(shown, others), 3), _to_stop(finding, listener)))
                continue
            if self._confirmed and not self._confirmed.keeps_out(ports_of(listener), wanted, 'to' in listener):
                planned.left.append(_left(listener, 'appeared', _APPEARED, _to_stop(finding, listener)))
                continue
            planned.published |= 'to' in listener
            planned.filtered.append((listener, wanted))
            rules.append(rule(ports_of(listener), wanted, _about(finding)))
        return rules

    def _to_filter(self, decided: Decided) -> tuple[Finding | None, tuple[str, str] | None]:
        """Find why a listener is to be filtered, and why it cannot be: a reason and a message."""
        listener = decided.listener
        finding = next((finding for finding in self._findings.get(id(listener), ()) if finding.kind in _FILTERED), None)
        if finding is None or id(listener) in self._waived or _is_harmless(finding, listener):
            return None, None
        obstacle = _obstacle(finding, listener)
        unknown = [entry for entry in decided.entries if is_unknown(entry)]
        if obstacle is None and finding.kind == 'overexposed' and unknown:
            obstacle = 'clients', _unfiltered(unknown)
        if obstacle is None and finding.kind == 'overexposed' and not any(self._wanted(decided).values()):
            limiting = [entry for entry in decided.entries if entry.sources]
            if len(limiting) > 1:
                obstacle = 'conflict', 'no address may reach it by all of its entries: %s' % some(
                    [visible(entry.label, 200) for entry in limiting])
        return finding, obstacle

    def _wanted(self, decided: Decided) -> Who:
        """Find who may reach a listener by the declaration; everybody where nothing is said."""
        listener = decided.listener
        kinds = {finding.kind for finding in self._findings.get(id(listener), ())}
        if id(listener) in self._waived:
            return EVERYBODY
        if kinds & {'unexpected', 'forbidden'}:
            return NOBODY
        wanted = dict(EVERYBODY)
        for entry in decided.entries:
            if entry.sources and not is_unknown(entry):
                wanted = {family: _sources.common(spans, entry.sources.spans[family])
                          for family, spans in wanted.items()}
        return wanted

    @staticmethod
    def _shares(other: Decided, decided: Decided) -> bool:
        """Whether a rule about a listener is about another one as well, that somebody else reaches."""
        return (other.listener['namespace'] is None and other.listener['scope'] != 'loopback'
                and ports_of(other.listener).overlaps(ports_of(decided.listener)))

    def allow(self, planned: Plan) -> list[dict[str, Any]]:
        """List rules by which those reach the host that the declaration names, and what is waived is reached."""
        planned.published = True        # what is published tomorrow is not declared either
        rules = []
        for entry in self._policy.entries:
            rules += self._rules_of(entry)
            if is_unknown(entry) and entry.state in _ALLOWING and not entry.namespace:
                planned.left.append(_left(None, 'clients', 'entry %s: %s' % (
                    visible(entry.label, 200), _unfiltered([entry])), None))
        for finding, waiver in self._result.waived:
            listener = finding.record
            if (listener and finding.kind in _FILTERED and not _obstacle(finding, listener)
                    and not _is_harmless(finding, listener)):
                rules.append(rule(ports_of(listener), EVERYBODY, 'waiver %s' % waiver.label))
        if self._confirmed:
            rules += self._still_let_in(planned, rules, self._confirmed)
        self._leave_let_in(planned, rules)
        return rules

    def _still_let_in(self, planned: Plan, rules: Sequence[dict[str, Any]],
                      confirmed: Confirmed) -> Iterator[dict[str, Any]]:
        """Yield rules by which those reach what listens whom the confirmed plan lets in, and these rules do not."""
        for decided in self._result.decided:
            listener, ports = decided.listener, ports_of(decided.listener)
            if (listener['namespace'] is not None or listener['scope'] == 'loopback'
                    or ports.protocol not in PROTOCOLS):
                continue
            lost = confirmed.lets_in_more(ports, rules)
            if any(lost.values()):
                planned.left.append(_left(listener, 'appeared', 'who reaches it by the plan that was confirmed, and '
                                          'would not any more, still does: plan anew', None))
                yield rule(ports, lost, 'confirmed plan')

    def clients(self) -> list[dict[str, Any]]:
        """List rules by which those reach the host who have to."""
        return [{name: value for name, value in option.items() if name != 'comment'}
                for entry in self._policy.entries if entry.clients for option in self._rules_of(entry)]

    def _rules_of(self, entry: Entry) -> list[dict[str, Any]]:
        """List rules by which those reach the host whom an entry names."""
        if entry.state not in _ALLOWING or entry.namespace or entry.sources is None:
            return []
        ports = [ports for item in entry.items for ports in self._ports_of(entry, Ports(*item[:3]))]
        return [rule(some_ports, let_in(entry), 'entry %s' % entry.label)
                for some_ports in ports if some_ports.protocol in PROTOCOLS]

    def _ports_of(self, entry: Entry, ports: Ports) -> Iterator[Ports]:
        """Yield the ports that an entry lets somebody reach: of any port those that it has a listener on now."""
        if (ports.low, ports.high) != (1, _MOST):
            yield ports
            return
        for decided in self._result.decided:
            listener = decided.listener
            kinds = {finding.kind for finding in self._findings.get(id(listener), ())}
            if (entry in decided.entries and not kinds & {'forbidden', 'wrong_owner', 'wrong_bind'}
                    and listener['protocol'] == ports.protocol and listener['scope'] != 'loopback'
                    and not listener['ephemeral']):
                yield ports_of(listener)

    def _leave_let_in(self, planned: Plan, rules: Sequence[dict[str, Any]]) -> None:
        """Note which listeners somebody still reaches that nobody should, as others may have a port of theirs."""
        reached = [Ports(rule.protocol, low, high) for rule in _rules.parse(rules) if rule.sources != ()
                   for low, high in rule.ports]
        for decided in self._result.decided:
            listener = decided.listener
            finding, obstacle = self._to_filter(decided)
            if not finding:
                continue
            if obstacle and obstacle[0] not in _REFUSED:
                planned.left.append(_left(listener, *obstacle, _to_stop(finding, listener)))
            elif finding.kind != 'overexposed' and any(map(ports_of(listener).overlaps, reached)):
                planned.left.append(_left(
                    listener, 'shared_port', 'it can be reached on a port to which an entry or a waiver lets somebody '
                    'in', _to_stop(finding, listener)))

    def leave(self, planned: Plan, opens: bool) -> None:
        """Note what no filter does: what would have to be opened, and what is not known."""
        for finding in self._result.each:
            listener = finding.record
            if listener is None:
                continue
            if finding.kind == 'unreachable':
                self._leave_unreachable(planned, finding, listener, opens)
        planned.left += [_left(None, 'unknown', finding.message, finding.remedy)
                         for finding in self._result.findings if finding.kind == 'unknown']
        planned.open.sort(key=lambda opening: json.dumps(opening, sort_keys=True))

    def _leave_unreachable(self, planned: Plan, finding: Finding, listener: Listener, opens: bool) -> None:
        openings = list(openable.openings(self._facts, finding, listener))
        if self._confirmed and not all(map(self._confirmed.opens, openings)):
            opens = False
        if opens:
            planned.open += [opening for opening in openings if opening not in planned.open]
        if not (opens and openings):
            commands = [command.command(opening) for opening in openings]
            planned.left.append(_left(
                listener, 'unreachable', finding.message, ' && '.join(text for text in commands if text) or None))


def _is_harmless(finding: Finding, listener: Listener) -> bool:
    """Whether nobody is to be kept from what nobody declares: it is on loopback, or waits for answers."""
    return finding.group == 'loopback' or finding.group == 'ephemeral' and not defaults.dubious(listener)


def _obstacle(finding: Finding, listener: Listener) -> tuple[str, str] | None:
    """Find why a listener cannot be filtered: a reason and a message; None where it can be."""
    if listener['namespace'] is not None:
        return 'namespace', 'it is in another network namespace, to which the rules of the host do not apply'
    if finding.group == 'ephemeral':
        return 'ephemeral', ('its port is of those on which programs wait for answers, and may be another one the next '
                             'time: find out what it is')
    if listener['protocol'] not in PROTOCOLS:
        return 'protocol', 'ports of %s are not filtered' % listener['protocol']
    if listener['scope'] == 'loopback':
        return 'loopback', 'the host itself reaches it, and that is not filtered'
    if finding.kind == 'unexpected' and listener['held_by'] == 'unknown' and not is_led_elsewhere(listener):
        return 'unknown_owner', 'its owner is not known, so nobody can say what would be cut off'
    if finding.kind == 'overexposed' and all(limit['limit'] == 'via' for limit in finding.parts['limits']['first']):
        return 'interface', 'an entry limits it to interfaces, and rules for ports know only addresses'
    return None


def _unfiltered(entries: Iterable[Entry]) -> str:
    """Say that nobody is kept from the ports of entries, as not all of their clients are known."""
    return 'its ports are not filtered, since that could cut clients off: %s' % _of_unknown(entries)


def _of_unknown(entries: Iterable[Entry]) -> str:
    reasons = [reason for entry in entries if entry.sources for reason in entry.sources.unknown]
    return 'not all addresses of them are known (%s)' % some(dict.fromkeys(reasons), 3, '; ')


def _about(finding: Finding) -> str:
    return 'entry %s' % finding.entries[0].label if finding.entries else finding.kind


def _left(listener: Listener | None, reason: str, message: str, done_by: str | None) -> Left:
    return _noted(FIREWALL, listener, reason, message, done_by)


def _to_stop(finding: Finding, listener: Listener) -> str | None:
    """Word the command that ends what should not listen; None where that is not a unit of systemd."""
    if finding.kind == 'overexposed':
        return None
    units = [operand(unit) if unit.endswith(('.service', '.socket')) and '/' not in unit else None
             for unit in stop(listener).units]
    return 'systemctl stop %s' % ' '.join(unit for unit in units if unit) if units and None not in units else None
