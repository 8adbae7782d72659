# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives listeners of a Windows host their exposure, and finds what is forwarded or open.

It is to a Windows host what ``module_utils/_firewall/exposure/attach`` is to others, and joins ways in with verdicts in
the same way. What comes from the host itself never passes the firewall.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from ...module_utils._firewall.exposure import senders
from ...module_utils._firewall.exposure.alike import Timeout
from ...module_utils._firewall.exposure.attach import PATIENCE, bounded, note_budget
from ...module_utils._firewall.exposure.listeners import Joiner, Unclear, families, unknown_of
from ...module_utils._firewall.exposure.survey import Survey
from ...module_utils._gaps import Gaps
from .._shape import Listener
from . import doubts, machine, policy, rules, sources
from .asker import Asker, Holders, Nobody, Questions, strangers
from .decide import Firewall
from .forwards import forwards
from .gaps import CODES
from .holders import holders
from .led import Leading, forwarded
from .model import Holder
from .network import LOOPBACK, Network, Unknown, network
from .raw import Raw
from .ways import Ways

OUTGOING = 'what programs can connect to is not observed on Windows'
_PACKAGE = 'whether a packaged app listens is not known'
_GROUPS = 'rules for some addresses of the host may let others send to multicast groups, which are not judged'
_CATEGORIES = 'the categories of networks could not be read'
_MODELS = 'which interfaces take packets for addresses of others could not be read'
_PROXIES = 'whether port proxies lead to it could not be read'
_NOWHERE: dict[str, Any] = {
    'addresses': {}, 'sources': {}, 'weak': {'ipv4': {}, 'ipv6': {}}, 'routes': [], 'rules': False,
    'route_localnet': [], 'rp_filter': {}}


def attach(records: list[Listener], raw: Raw, gaps: Gaps, patience: float = PATIENCE,
           outward: bool = False) -> dict[str, Any]:
    """Give each listener its ``exposure``.

    :param records: the listeners, changed in place.
    :param raw: checked; the records are made of it.
    :param patience: seconds for all questions; what is not asked by then is unknown.
    :param outward: whether it was asked for what the host lets its programs connect to: nothing is known of that.
    :returns: ``forwarded``, ``openings`` and ``firewall``, and ``outgoing`` where that was asked for.
    """
    gaps.codes = CODES      # whoever has rules judged need not know of which system they are
    found = policy.profiles(raw.get('firewall') or {})
    reasons = doubts.unknown(raw, found)
    surroundings = None
    try:
        surroundings = network(raw)
    except Unknown as exc:
        reasons.append(doubts.Doubt('unreadable', str(exc)))
    for doubt in reasons:
        gaps.add('firewall', doubt.code, doubt.message)
    for source, message in (('networks', _CATEGORIES), ('models', _MODELS)):
        if sources.why_not(raw, source):
            gaps.add('firewall', 'unreadable', message)
    host = _Host(records, raw, surroundings)
    if reasons or surroundings is None:
        result = host.unknown(reasons[0].message)
    else:
        result = host.judged(surroundings, found, patience, gaps)
    if outward:
        gaps.add('outgoing', 'unsupported', OUTGOING)
        result['outgoing'] = []
    return result


class _Host:
    """The listeners of one host.

    :param surroundings: None where they are not known.
    """

    def __init__(self, records: list[Listener], raw: Raw, surroundings: Network | None):
        self._records, self._raw, self._surroundings = records, raw, surroundings
        self._rules = sum((raw.get('firewall') or {}).get('counts', {}).values())
        self._forwards = forwards(raw, records)
        self._leading = Leading(self._forwards, records)
        self._is_unread = sources.why_not(raw, 'portproxy') is not None

    def _result(self, default: str) -> dict[str, Any]:
        net = self._surroundings and self._surroundings.net
        return {
            'forwarded': forwarded(self._forwards, {record['id']: record['exposure'] for record in self._records}),
            'openings': [],
            'firewall': {'backends': ['windows'], 'default': default, 'rules': self._rules,
                         'sources': senders.sources(net)}}

    def unknown(self, reason: str) -> dict[str, Any]:
        """Say of each listener to which anybody from outside may get that nothing is known."""
        joiner = Joiner(self._surroundings.net if self._surroundings else _NOWHERE, Nobody())
        for record in self._records:
            local = None if self._leading.to(record, joiner) else self._local(joiner, record)
            record['exposure'] = local or unknown_of(record, reason)
        return self._result('unknown')

    def judged(self, surroundings: Network, found: Mapping[str, policy.Profile], patience: float,
               gaps: Gaps) -> dict[str, Any]:
        """Ask the firewall for each listener, and for ports that rules name."""
        raw = self._raw
        firewall = Firewall(
            rules.of_stores(raw['firewall']['stores']),
            machine.machine(raw, any(adapter.teredo for adapter in surroundings.adapters.values())))
        ways = Ways(surroundings, found)
        questions = Questions(firewall, ways, patience)
        asker = strangers(questions)
        joiner = Joiner(surroundings.net, asker)
        self._ask(joiner, questions, doubts.caveats(raw))
        survey = Survey(joiner, asker, self._records, {}, len(firewall.rules))
        try:
            survey.ask()
        except Timeout:
            note_budget(gaps, patience)
        result = self._result(ways.default())
        return {**result, **bounded(self._records, result['forwarded'], survey.openings(), survey.skipped, gaps)}

    def _ask(self, joiner: Joiner, questions: Questions, caveats: Sequence[str]) -> None:
        """Give each listener its exposure."""
        joiners = self._joiners(joiner, questions)
        of_groups = any(rule.local and 'udp' in rule.protocols for rule in questions.firewall.rules)
        for record in self._records:
            try:
                ways, notes = self._leading.ways(record, joiners, joiner)
            except Timeout:
                record['exposure'] = unknown_of(record, 'there was no time left to judge it')
                continue
            except Unclear as exc:
                record['exposure'] = unknown_of(record, str(exc))
                continue
            local = self._local(joiner, record, ways)
            exposure: Any = local or joiners[record['id']].exposure(record, more=ways)
            if ways or not local:
                notes += caveats
                notes += [_GROUPS] if of_groups and record['protocol'] == 'udp' else []
            exposure['caveats'] = sorted({*exposure['caveats'], *notes})
            record['exposure'] = exposure

    def _joiners(self, joiner: Joiner, questions: Questions) -> dict[str, Joiner]:
        """Return what to ask for each listener, by its id: the same for those that no rule tells apart.

        Rules for packages are not read where no process is known to be in one. They can only keep clients out: of a
        process that may be in one it is in doubt whether clients are let in.
        """
        held, unread = holders(self._raw), self._raw['firewall']['stores'].get('appiso') is None
        known: dict[Hashable, Joiner] = {}
        found = {}
        for record in self._records:
            some = held.get(record['id']) or (Holder(record['protocol'], record['port'], None, None, None, None),)
            doubt = _PACKAGE if unread and any(holder.package is None for holder in some) else ''
            key = doubt, *map(questions.firewall.holder_class, some)
            if key not in known:
                known[key] = joiner.asking(Asker(questions, _having(some), doubt))
            found[record['id']] = known[key]
        return found

    def _local(self, joiner: Joiner, record: Listener, ways: Sequence[Any] = ()) -> Any:
        """Return the exposure of a listener that does not depend on rules; None of others.

        :param ways: those by which clients are led there.
        """
        interface = record['interface']
        if self._is_unread and record['protocol'] == 'tcp':
            return unknown_of(record, _PROXIES)
        loopback = all(joiner.is_loopback(family, address) for family, address, dummy in families(record))
        if loopback or self._surroundings and interface in self._surroundings.loopback:
            return joiner.exposure(dict(record, interface=LOOPBACK), more=ways)
        if self._surroundings and interface in self._surroundings.down:
            return dict(joiner.describer.exposure([]), caveats=['%s is not connected' % interface])
        return None


def _having(some: Sequence[Holder]) -> Holders:
    """Return what says that any port has these holders."""
    return lambda protocol, port: some
