# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares what other hosts reached with what the firewall of a host is said to let in.

What a host is said to let in comes from the host itself, what is reached from others. Where the two contradict each
other, one of them is wrong, or there is something between them.
"""

import functools
import ipaddress
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict

from ...module_utils._addresses import intervals
from .. import _listener, _long_sets
from .._harmless.terminal import name, sentence, visible
from .._listener import Listener
from .._shape import Exposure, Path
from .._words import some
from .plan import Address, Item, Plan, literal

Kind = Literal['contradiction', 'closed', 'filtered']
Stance = Literal['allowed', 'blocked']

KINDS: tuple[Kind, ...] = ('contradiction', 'closed', 'filtered')           # the most severe first
SEVERITIES: dict[Kind, str] = {'contradiction': 'high', 'closed': 'medium', 'filtered': 'low'}
UNSURE = ('unknown', 'unresolvable')                    # verdicts that say nothing about the target
_MOST = 5                                               # hosts and sources in a message


class Probe(TypedDict):
    """What came of one probe, as ``probe_listeners`` returns it.

    :ivar index: the position of the endpoint in the plan.
    """

    index: int
    endpoint: str
    protocol: str
    address: str | None
    port: int
    verdict: str
    reason: str
    local_address: str | None
    rtt_ms: float | None


class Finding(TypedDict):
    """A contradiction between the answers and a firewall; what several vantage hosts find is one of them."""

    kind: Kind
    severity: str
    fails: bool
    target: str
    listener: str
    endpoint: str
    verdict: str
    vantages: list[str]
    sources: list[str]
    message: str
    remedy: str


@dataclass
class Vantage:
    """A host that probes.

    :ivar probes: checked. :ivar reason: why there are none.
    """

    host: str
    probes: list[Probe] | None = None
    reason: str | None = None


@dataclass
class Cell:
    """What came of an item from a vantage host.

    :ivar verdicts: those of the probes, each once.
    :ivar local: whether the probes stayed on the vantage host: it is the target, or the address is one of its own.
    """

    verdicts: tuple[str, ...] = ()
    probes: list[Probe] = field(default_factory=list)
    local: bool = False

    @property
    def sure(self) -> bool:
        """Whether something is known of the target."""
        return any(verdict not in UNSURE for verdict in self.verdicts)


Table = Sequence[Sequence[Cell]]        # a row for each item, with a cell for each vantage host


def cells(plan: Plan, vantages: Sequence[Vantage]) -> list[list[Cell]]:
    """Collect what came of each item from each vantage host, in the order of both."""
    answers = []
    for vantage in vantages:
        by_index: dict[int, list[Probe]] = {}
        for probe in vantage.probes or ():
            by_index.setdefault(probe['index'], []).append(probe)
        answers.append(by_index)
    return [[_cell(item, vantage, by_index.get(item.index, [])) for vantage, by_index in zip(vantages, answers)]
            for item in plan.items]


def _cell(item: Item, vantage: Vantage, probes: list[Probe]) -> Cell:
    verdicts = tuple(dict.fromkeys(probe['verdict'] for probe in probes))
    return Cell(verdicts, probes, vantage.host == item.host or any(_is_itself(probe) for probe in probes))


def _is_itself(probe: Probe) -> bool:
    """Whether a probe stayed on the vantage host: its firewall may treat that as something else."""
    own, address = literal(probe['local_address'] or ''), literal(probe['address'] or '')
    return own is not None and address is not None and (own == address or own.is_loopback or address.is_loopback)


def stance(listener: Listener, source: str, target: str | None = None) -> tuple[Stance | None, str | None]:
    """Find what the firewall of a host is said to do with a source.

    :param source: an address. :param target: the address of the host that was asked for, as its paths may differ.
    :returns: the verdict, None where it is not known or not decided; and the rule that decides, where it is one.
    """
    exposure: Exposure | None = listener.get('exposure')
    address = literal(source)
    if not exposure or exposure['verdict'] == 'unknown' or address is None:
        return None, None
    address = getattr(address, 'ipv4_mapped', None) or address
    accepts = listener['accepts_ipv4' if address.version == 4 else 'accepts_ipv6']
    if not accepts:
        return None, None               # it is not this listener that answers
    paths = [path for path in exposure['paths'] if path['family'] == 'ipv%d' % address.version]
    parts: list[Exposure | Path] = [exposure, *paths]
    if any(path.get('addresses') for path in paths):
        # another one than these may be translated to any of them on the way
        paths = [path for path in paths if not path.get('addresses') or target in (path['addresses'] or ())]
        if not any(path.get('addresses') for path in paths):
            return None, None
        parts = [paths[0], *paths]
    if any(is_among(undecided['sources'], address) for part in parts for undecided in part['undecided']):
        return None, None
    let_in = [lets_in(part, address) for part in parts]
    if None in let_in:
        return None, None
    ways = parts[1:] or parts
    allowing = [part for part, lets_in in zip(parts[1:], let_in[1:]) if lets_in]
    if allowing or let_in[0]:
        return 'allowed', _only(part['decided_by'] for part in allowing or parts[:1])
    # where nobody is let in, the rule that decides is the one that blocks
    return 'blocked', _only(
        part['blocked_by'] or (None if part['allowed'] or part.get('allowed_sets') else part['decided_by'])
        for part in ways)


def lets_in(part: Mapping[str, Any], address: Address) -> bool | None:
    """Whether an exposure, a path of it, or what is like them, surely lets an address in.

    :returns: None where nobody knows the addresses of its long sets.
    """
    among = []
    for kind in _long_sets.NAMES:
        members = _long_sets.members(part, kind, address.version)
        if members is None:
            return None
        among.append(any(intervals.contains(spans, int(address)) for spans in members))
    return among[0] or not among[1] and is_among(part['allowed'], address)


def _only(rules: Iterable[str | None]) -> str | None:
    """Return the rule, where there is one for all ways in."""
    distinct = set(rules)
    return distinct.pop() if len(distinct) == 1 else None


def is_among(networks: Iterable[str], address: Address) -> bool:
    """Return whether an address is in one of these networks."""
    return any(address in network for network in map(_network, networks) if network is not None)


@functools.lru_cache(maxsize=4096)
def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


# What several vantage hosts found of one endpoint: each with its address, and the reason of its verdict.
_Seen = list[tuple[str, str, str]]


def findings(plan: Plan, vantages: Sequence[Vantage], table: Table, fail_on: Collection[str]) -> list[Finding]:
    """Find where the answers and the firewalls contradict each other.

    :param table: from ``cells``. :param fail_on: the kinds that fail the task.
    :returns: the most severe first.
    """
    groups: dict[tuple[int, str, str, str, str], tuple[Item, Probe, _Seen]] = {}
    for item, row in zip(plan.items, table):
        for vantage, cell in zip(vantages, row):
            for probe in () if cell.local else cell.probes:
                source = probe['local_address']
                if source is None:
                    continue
                verdict, rule = stance(item.listener, source, probe['address'])
                kind = _kind(verdict, probe['verdict'])
                if kind:
                    key = (KINDS.index(kind), item.host, item.listener['id'], probe['endpoint'], rule or '')
                    seen = groups.setdefault(key, (item, probe, []))[2]
                    seen.append((vantage.host, source, probe['reason']))
    return [_finding(KINDS[key[0]], *groups[key], rule=key[-1], fail_on=fail_on) for key in sorted(groups)]


def _kind(firewall: Stance | None, verdict: str) -> Kind | None:
    if firewall == 'blocked':
        return 'contradiction' if verdict == 'open' else None
    if firewall == 'allowed' and verdict in ('filtered', 'closed'):
        return 'filtered' if verdict == 'filtered' else 'closed'
    return None


_MESSAGES: dict[Kind, tuple[str, str]] = {
    'contradiction': (
        "%s: the host's firewall claims to block %s%s, but %s: something else forwards, or an address is translated on "
        'the way',
        'find out what answers there: a load balancer, a proxy, or a rule that the host does not know'),
    'closed': (
        "%s: the host's firewall allows %s%s, but %s: nothing listens there any more, or another host or a firewall "
        'answers',
        'check the host again, and whether the address is its own'),
    'filtered': (
        "%s: the host's firewall allows %s%s, but %s: it is filtered on the way",
        'check the firewalls and networks between the two, if it should be reachable'),
}
# What one vantage host did, and what several did.
_DID: dict[Kind, tuple[str, str]] = {
    'contradiction': ('can reach it', 'can reach it'),
    'closed': ('is refused', 'are refused'),
    'filtered': ('gets no further', 'get no further'),
}


def _finding(kind: Kind, item: Item, probe: Probe, seen: _Seen, rule: str, fail_on: Collection[str]) -> Finding:
    hosts, sources, reasons = (list(dict.fromkeys(column)) for column in zip(*seen))
    did = '%s %s at %s (%s)' % (
        some([visible(host, 100) for host in hosts], _MOST), _DID[kind][len(hosts) > 1],
        visible(probe['endpoint'].partition('/')[2], 300), sentence(reasons[0], 200))
    from_where = some([visible(source, 60) for source in sources], _MOST)
    because = ' (%s)' % sentence(rule, 300) if rule else ''
    text, remedy = _MESSAGES[kind]
    return {
        'kind': kind,
        'severity': SEVERITIES[kind],
        'fails': kind in fail_on,
        'target': item.host,
        'listener': _listener.identity(item.listener),
        'endpoint': visible(probe['endpoint'], 400),
        'verdict': probe['verdict'],
        'vantages': hosts,
        'sources': [visible(source, 100) for source in sources],
        'message': '%s %s' % (visible(item.host, 300), text % (_in_words(item.listener), from_where, because, did)),
        'remedy': remedy,
    }


def _in_words(listener: Listener) -> str:
    to = _listener.forwarded_to(listener)
    if to:              # of a translation, which has no owner
        return '%s to %s' % (_listener.endpoint(listener), name(to))
    return _listener.in_words(_listener.excerpt(listener))


def blind(vantages: Sequence[Vantage], table: Table) -> list[str]:
    """List the vantage hosts that answered, and found out nothing of any target."""
    hosts = []
    for column, vantage in enumerate(vantages):
        asked = [row[column] for row in table if row[column].probes or not row[column].local]
        if vantage.probes is not None and asked and not any(cell.sure for cell in asked):
            hosts.append(vantage.host)
    return hosts
