# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What listens, against what others can reach: which endpoints to probe, and what the answers say. Private to this collection, may change.

What a host is said to let in comes from the host itself, what is reached from others. Where the two contradict each other, one of them is wrong,
or there is something between them.
"""

import functools
import ipaddress
from collections import Counter
from dataclasses import dataclass, field

from .. import _listener
from .._harmless.terminal import name, sentence, visible

KINDS = ('contradiction', 'closed', 'filtered')         # the most severe first
SEVERITIES = {'contradiction': 'high', 'closed': 'medium', 'filtered': 'low'}
UNSURE = ('unknown', 'unresolvable')                    # verdicts that say nothing about the target
MOST_OF_A_TARGET = 2000                                 # endpoints: a host that lies does not make others scan a network
_FAMILIES = (('ipv4', 4, 'accepts_ipv4'), ('ipv6', 6, 'accepts_ipv6'))


@dataclass
class Target:
    """A host whose listeners are probed.

    :ivar facts: dict or None. :ivar reason: str or None, why there are none, harmless to print.
    :ivar addresses: list of str, addresses or names that others reach it by. None: all that it says it has.
    """

    host: str
    facts: dict | None = None
    reason: str | None = None
    addresses: list | None = None


@dataclass
class Vantage:
    """A host that probes.

    :ivar probes: list of dict or None, as ``probe_listeners`` returns them, checked. :ivar reason: str or None, why there are none.
    """

    host: str
    probes: list | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Item:
    """A listener at one address. ``index`` is the place of the endpoint in the plan."""

    host: str
    listener: dict = field(hash=False)
    index: int = 0


@dataclass
class Plan:
    """What there is to probe.

    :ivar items: list of Item. :ivar endpoints: list of dict for ``probe_listeners``, none of them twice.
    :ivar left_out: dict, host to Counter of reasons why listeners are not probed.
    """

    items: list
    endpoints: list
    left_out: dict


@dataclass
class Cell:
    """What came of an item from a vantage host.

    :ivar verdicts: tuple of str, those of the probes, each once. :ivar probes: list of dict.
    :ivar local: bool, the probes did not leave the vantage host: it is the target, or the address is one of its own.
    """

    verdicts: tuple = ()
    probes: list = field(default_factory=list)
    local: bool = False

    @property
    def sure(self):
        """Whether something is known of the target."""
        return any(verdict not in UNSURE for verdict in self.verdicts)


def plan(targets):
    """Plan for all listeners of all targets that others can reach by their address.

    :param targets: list of Target; those without facts have nothing to probe.
    """
    items, endpoints, known, left_out = [], [], {}, {}
    for target in targets:
        if not target.facts:
            continue
        addresses = _own(target.facts) if target.addresses is None else target.addresses
        why, mine = Counter(), 0
        for listener in [*target.facts['listeners'], *target.facts.get('forwarded', ())]:
            reason = _why_not(listener)
            found = [] if reason else _endpoints(listener, addresses)
            if not reason and not found:
                reason = 'no address to reach them by is known'
            elif mine + len(found) > MOST_OF_A_TARGET:
                reason = 'there are more than %d' % MOST_OF_A_TARGET
            if reason:
                why[reason] += 1
                continue
            mine += len(found)
            for one in found:
                key = tuple(sorted(one.items()))
                if key not in known:
                    known[key] = len(endpoints)
                    endpoints.append(one)
                items.append(Item(target.host, listener, known[key]))
        left_out[target.host] = why
    return Plan(items, endpoints, left_out)


def _why_not(listener):
    """str or None: why a listener is not probed."""
    if listener['protocol'] not in ('tcp', 'udp'):
        return 'neither TCP nor UDP'
    if listener['namespace']:
        return 'in another network namespace'
    if listener['scope'] == 'loopback':
        return 'bound to the loopback'
    if listener['ephemeral']:
        return 'UDP sockets of clients'
    address = ipaddress.ip_address(listener['address'])
    if address.is_multicast or listener['address'] == '255.255.255.255':
        return 'bound to an address of many hosts'
    if listener['scope'] == 'link':
        return 'link-local'
    return 'without a port' if not listener['port'] else None


def _endpoints(listener, addresses):
    """Where to reach a listener: list of dict."""
    address = ipaddress.ip_address(listener['address'])
    if not address.is_unspecified:
        return [{'address': listener['address'], 'port': listener['port'], 'protocol': listener['protocol']}]
    found = []
    for text in addresses:
        literal = _literal(text)
        taken = [family for family, version, key in _FAMILIES if listener[key] is not False and (literal is None or literal.version == version)]
        if not taken:
            continue
        one = {'port': listener['port'], 'protocol': listener['protocol'], 'host' if literal is None else 'address': text}
        if literal is None and len(taken) == 1:
            one['family'] = taken[0]
        found.append(one)
    return found


def _own(facts):
    """The addresses that a host says it has, and that others can reach it by."""
    found = []
    for text in facts['system']['local_addresses'] or ():
        address = _literal(text.partition('/')[0])
        if address and not (address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified):
            found.append(str(address))
    return list(dict.fromkeys(found))


def _literal(text):
    try:
        return ipaddress.ip_address(text.partition('%')[0])
    except ValueError:
        return None


def cells(plan, vantages):
    """What came of each item from each vantage host: list of list of Cell, in the order of both."""
    answers = []
    for vantage in vantages:
        mine = {}
        for probe in vantage.probes or ():
            mine.setdefault(probe['index'], []).append(probe)
        answers.append(mine)
    return [[_cell(item, vantage, mine.get(item.index, [])) for vantage, mine in zip(vantages, answers)] for item in plan.items]


def _cell(item, vantage, probes):
    verdicts = tuple(dict.fromkeys(probe['verdict'] for probe in probes))
    return Cell(verdicts, probes, vantage.host == item.host or any(_is_itself(probe) for probe in probes))


def _is_itself(probe):
    """Whether a probe did not leave the vantage host: its firewall may treat that as something else."""
    own, address = (_literal(probe[key] or '') for key in ('local_address', 'address'))
    return own is not None and address is not None and (own == address or own.is_loopback or address.is_loopback)


def stance(listener, source):
    """What the firewall of a host is said to do with a source.

    :param listener: dict, of the facts. :param source: str, an address.
    :returns: tuple of ``allowed``, ``blocked`` or None where it is not known or not decided, and the rule that decides, or None.
    """
    exposure = listener.get('exposure')
    address = _literal(source)
    if not exposure or exposure['verdict'] == 'unknown' or address is None:
        return None, None
    address = getattr(address, 'ipv4_mapped', None) or address
    accepts = listener['accepts_ipv4' if address.version == 4 else 'accepts_ipv6']
    if not accepts:
        return None, None               # it is not this listener that answers
    paths = [path for path in exposure.get('paths') or () if path['family'] == 'ipv%d' % address.version]
    if any(_holds(one['sources'], address) for part in [exposure, *paths] for one in part['undecided']):
        return None, None
    allowing = [path for path in paths if _holds(path['allowed'], address)]
    if allowing or _holds(exposure['allowed'], address):
        return 'allowed', _only(path['decided_by'] for path in allowing or [exposure])
    # where nobody is let in, the rule that decides is the one that blocks
    return 'blocked', _only(part.get('blocked_by') or (None if part['allowed'] else part['decided_by']) for part in paths or [exposure])


def _only(rules):
    """str or None: the rule, where there is one for all ways in."""
    rules = set(rules)
    return rules.pop() if len(rules) == 1 else None


def _holds(texts, address):
    return any(address in _network(text) for text in texts)


@functools.lru_cache(maxsize=4096)
def _network(text):
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return ()


def findings(plan, vantages, table, fail_on):
    """Where the answers and the firewalls contradict each other.

    :param table: list of list of Cell, from ``cells``. :param fail_on: collection of str, of KINDS.
    :returns: list of dict, the most severe first; what several vantage hosts find is one of them.
    """
    groups = {}
    for item, row in zip(plan.items, table):
        for vantage, cell in zip(vantages, row):
            if cell.local:
                continue
            for probe in cell.probes:
                if probe['local_address'] is None:
                    continue
                said, rule = stance(item.listener, probe['local_address'])
                kind = _kind(said, probe['verdict'])
                if kind:
                    key = (KINDS.index(kind), item.host, item.listener['id'], probe['endpoint'], rule or '')
                    groups.setdefault(key, (item, probe, []))[2].append((vantage.host, probe['local_address'], probe['reason']))
    return [_finding(KINDS[key[0]], item, probe, seen, key[-1], fail_on) for key, (item, probe, seen) in sorted(groups.items(), key=lambda one: one[0])]


def _kind(said, verdict):
    if said == 'blocked':
        return 'contradiction' if verdict == 'open' else None
    if said == 'allowed':
        return {'filtered': 'filtered', 'closed': 'closed'}.get(verdict)
    return None


_MESSAGES = {
    'contradiction': ('%s: the firewall of the host says that it blocks %s%s, and %s: something else forwards, or an address is translated on the way',
                      'find out what answers there; a load balancer, a proxy or a rule that the host does not know of'),
    'closed': ('%s: the firewall of the host lets %s in%s, and %s: nobody listens there any more, or another host or a firewall answers',
               'look at the host once more, and whether the address is its own'),
    'filtered': ('%s: the firewall of the host lets %s in%s, and %s: it is filtered on the way',
                 'look at the firewalls and networks between the two, if it is to be reached'),
}
_DID = {'contradiction': 'can reach it', 'closed': 'is refused', 'filtered': 'gets no further'}


def _finding(kind, item, probe, seen, rule, fail_on):
    hosts = list(dict.fromkeys(host for host, dummy, dummy in seen))
    sources = list(dict.fromkeys(source for dummy, source, dummy in seen))
    reasons = list(dict.fromkeys(reason for dummy, dummy, reason in seen))
    who = ', '.join(visible(host, 100) for host in hosts[:5]) + (' and %d more' % (len(hosts) - 5) if len(hosts) > 5 else '')
    did = '%s %s at %s (%s)' % (who, _DID[kind] if len(hosts) == 1 else _plural(_DID[kind]), visible(probe['endpoint'].partition('/')[2], 300),
                                sentence(reasons[0], 200))
    from_where = ', '.join(visible(source, 60) for source in sources[:5]) + (' and %d more' % (len(sources) - 5) if len(sources) > 5 else '')
    because = ' (%s)' % sentence(rule, 300) if rule else ''
    text, remedy = _MESSAGES[kind]
    return {'kind': kind, 'severity': SEVERITIES[kind], 'fails': kind in fail_on, 'target': item.host, 'listener': _listener.identity(item.listener),
            'endpoint': visible(probe['endpoint'], 400), 'verdict': probe['verdict'], 'vantages': hosts,
            'sources': [visible(source, 100) for source in sources],
            'message': '%s %s' % (visible(item.host, 300), text % (_in_words(item.listener), from_where, because, did)), 'remedy': remedy}


def _plural(words):
    return {'can reach it': 'can reach it', 'is refused': 'are refused', 'gets no further': 'get no further'}[words]


def _in_words(listener):
    if listener.get('to'):              # of a translation, which nobody holds
        return '%s to %s' % (_listener.endpoint(listener), name(listener['to']))
    return _listener.in_words(listener)


def blind(vantages, table):
    """Vantage hosts that answered, and found out nothing of any target: list of str."""
    found = []
    for column, vantage in enumerate(vantages):
        asked = [row[column] for row in table if row[column].probes or not row[column].local]
        if vantage.probes is not None and asked and not any(cell.sure for cell in asked):
            found.append(vantage.host)
    return found
