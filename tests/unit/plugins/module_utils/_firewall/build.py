# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rulesets in the form that nft -j prints, and words for outcomes."""

from ansible_collections.listening.ports.plugins.module_utils._addresses import intervals as iv
from ansible_collections.listening.ports.plugins.module_utils._firewall.evaluate import evaluator as _evaluator
from ansible_collections.listening.ports.plugins.module_utils._firewall.ruleset import load

NET = {
    'addresses': {
        'eth0': ['10.0.0.1/24', '10.0.0.9/24', 'fd00::1/64'],
        'docker0': ['172.17.0.1/16'],
        'lo': ['127.0.0.1/8', '::1/128'],
    },
    'primary': {'eth0': '10.0.0.1', 'docker0': '172.17.0.1', 'lo': '127.0.0.1'},
    'routes': [
        {'family': 4, 'to': '0.0.0.0/0', 'interface': 'eth0', 'via': '10.0.0.254', 'type': 'unicast'},
        {'family': 4, 'to': '172.17.0.0/16', 'interface': 'docker0', 'via': None, 'type': 'unicast'},
        {'family': 6, 'to': '::/0', 'interface': 'eth0', 'via': 'fd00::2', 'type': 'unicast'},
    ],
    'route_localnet': [],
    'rp_filter': {},
    'forwarding': {'ipv4': True, 'ipv6': True},
    'rules': False,
}
ACCEPT, DROP = {'accept': None}, {'drop': None}
EVERYONE = {4: ['0.0.0.0/0'], 6: ['::/0']}


def match(left, right, op='=='):
    return {'match': {'op': op, 'left': left, 'right': right}}


def payload(protocol, field):
    return {'payload': {'protocol': protocol, 'field': field}}


def dport(right, protocol='tcp', op='=='):
    return match(payload(protocol, 'dport'), right, op)


def saddr(right, op='==', protocol='ip'):
    if isinstance(right, str) and '/' in right:
        base, length = right.split('/')
        right = {'prefix': {'addr': base, 'len': int(length)}}
    return match(payload(protocol, 'saddr'), right, op)


def state(*names, **more):
    return match({'ct': {'key': 'state'}}, list(names) if len(names) > 1 else names[0], more.get('op', 'in'))


ESTABLISHED = [state('established', 'related'), ACCEPT]


def chain(name, rules, hook=None, prio=0, policy='accept', kind='filter', family='inet', table='filter', **more):
    """list of objects: a chain with its rules."""
    head = dict({'family': family, 'table': table, 'name': name, 'handle': 1}, **more)
    if hook:
        head.update(type=kind, hook=hook, prio=prio, policy=policy)
    return [{'chain': head}] + [
        {'rule': {'family': family, 'table': table, 'chain': name, 'handle': 10 + number, 'expr': rule}}
        for number, rule in enumerate(rules)
    ]


def snapshot(*parts, **more):
    objects = [{'metainfo': {'json_schema_version': 1}}] + [item for part in parts for item in part]
    return dict({'nft': {'nftables': objects}, 'saves': {}, 'ipset': None, 'net': NET, 'errors': []}, **more)


def evaluator(*parts, **more):
    budget = more.pop('budget', _evaluator.BUDGET)
    taken = snapshot(*parts, **more)
    return _evaluator.Evaluator(load.load(taken), taken['net'], budget=budget)


def decide(judge, port=22, family=4, protocol='tcp', interface='eth0', address=None, damaged=False):
    """The outcome in words: ``allowed``, ``blocked``, ``undecided`` for everyone, or the allowed networks.

    Rules that no tool prints, ``damaged``, may be undecided for that alone.
    """
    outcome = judge.decide(family, protocol, interface, address or {4: '10.0.0.1', 6: 'fd00::1'}[family], port)
    spans = [outcome.allowed, outcome.blocked] + [sources for sources, dummy in outcome.undecided]
    assert sum(map(iv.size, spans)) == iv.LAST[family] + 1, 'the sets of an outcome part all addresses'
    assert all(
        reason and (damaged or not reason.startswith(_evaluator.DEFECT)) for dummy, reason in outcome.undecided
    ), outcome.undecided
    if outcome.undecided:
        return 'undecided' if not outcome.allowed and not outcome.blocked else 'partly'
    if not outcome.allowed:
        return 'blocked'
    return 'allowed' if not outcome.blocked else iv.networks(outcome.allowed, family)
