# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Damaged rulesets: whatever a host prints, there is an outcome."""

import copy
import json
import random

import pytest

from ansible_collections.listening.ports.plugins.module_utils._firewall.evaluate import evaluator
from ansible_collections.listening.ports.plugins.module_utils._firewall.ruleset import load
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._firewall.build import (
    ACCEPT, DROP, ESTABLISHED, chain, decide, dport, match, payload, saddr, snapshot, state
)

JUNK = (
    None,
    True,
    -1,
    2**70,
    '',
    '@',
    '@bl',
    '*',
    'accept',
    '10.0.0.1/99',
    [],
    {},
    [[]],
    {'set': []},
    {'range': [5, 1]},
    {'prefix': {}},
    {'concat': []},
    {'a': 1, 'b': 2},
    'x' * 300,
    {'jump': {'target': 'more'}},
    {'elem': {'val': {'elem': {'val': 1}}}},
    1.5,
)
FIRST = snapshot(
    [
        {'table': {'family': 'inet', 'name': 'filter', 'handle': 1}},
        {
            'set': {
                'family': 'inet',
                'table': 'filter',
                'name': 'bl',
                'type': 'ipv4_addr',
                'flags': ['interval'],
                'elem': [
                    '10.1.1.1',
                    {'prefix': {'addr': '10.2.0.0', 'len': 16}},
                    {'elem': {'val': '10.3.3.3', 'timeout': 60}},
                ],
            }
        },
    ],
    chain(
        'input',
        [
            ESTABLISHED,
            [saddr('@bl'), DROP],
            [dport({'set': [22, {'range': [80, 90]}]}), {'jump': {'target': 'more'}}],
            [
                {
                    'vmap': {
                        'key': payload('tcp', 'dport'),
                        'data': {'set': [[22, ACCEPT], [23, {'goto': {'target': 'more'}}]]},
                    }
                }
            ],
            [
                match({'&': [payload('tcp', 'flags'), ['syn', 'ack']]}, 'syn'),
                {'limit': {'rate': 5, 'burst': 5, 'per': 'second'}},
                DROP,
            ],
            [{'mangle': {'key': {'meta': {'key': 'mark'}}, 'value': {'|': [{'meta': {'key': 'mark'}}, 5]}}}],
            [
                match(
                    {'concat': [payload('ip', 'saddr'), payload('tcp', 'dport')]},
                    {'set': [{'concat': ['10.0.0.7', 22]}]},
                ),
                ACCEPT,
            ],
        ],
        hook='input',
        policy='drop',
    ),
    chain(
        'more',
        [
            [state('new'), match({'fib': {'result': 'oif', 'flags': ['saddr', 'iif']}}, False), ACCEPT],
            [{'reject': {'type': 'tcp reset'}}],
        ],
    ),
    chain(
        'nat',
        [[dport(8080), {'dnat': {'family': 'ip', 'addr': '172.17.0.2', 'port': 80}}]],
        hook='prerouting',
        kind='nat',
        prio=-100,
    ),
)
LINES = (
    '*filter\n:INPUT DROP [0:0]\n:u - [0:0]\n-A INPUT -p tcp -m tcp --dport 22 -m conntrack --ctstate NEW -j u\n'
    '-A INPUT -s 10.0.0.0/8 ! -i eth1 -m multiport --dports 1:5,9 -m mark --mark 0x1/0x3 -j ACCEPT\n'
    '-A u -m addrtype --dst-type LOCAL -m comment --comment "a \\"b\\"" -j MARK --set-xmark 0x1/0x3\nCOMMIT\n'
    '*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -m tcp --dport 81 -j DNAT '
    '--to-destination 172.17.0.2:80\nCOMMIT\n'
)


def _places(value, places):
    """All (container, key) below a value."""
    for key in range(len(value)) if isinstance(value, list) else list(value):
        places.append((value, key))
        if isinstance(value[key], (dict, list)):
            _places(value[key], places)
    return places


def _outcomes(taken):
    judge = evaluator.Evaluator(load.load(taken), taken['net'])
    return [decide(judge, port, family=family, protocol=protocol, damaged=True)
            for port in (22, 8080) for family in (4, 6) for protocol in ('tcp', 'udp')]


@pytest.mark.parametrize('seed', range(400))
def test_damaged_json(seed):
    chance = random.Random(seed)
    taken = dict(FIRST, nft=copy.deepcopy(FIRST['nft']))
    for dummy in range(chance.choice((1, 1, 2, 4))):
        container, key = chance.choice(_places(taken['nft'], []))
        if isinstance(container, dict) and chance.random() < 0.2:
            del container[key]
        else:
            container[key] = copy.deepcopy(chance.choice(JUNK))
    assert len(_outcomes(json.loads(json.dumps(taken)))) == 8


@pytest.mark.parametrize('seed', range(200))
def test_damaged_lines(seed):
    chance = random.Random(seed)
    words = LINES.split(' ')
    for dummy in range(chance.choice((1, 1, 2, 4))):
        words[chance.randrange(len(words))] = chance.choice(
            (
                '',
                '!',
                '-',
                '--',
                '-m',
                '-j',
                '"',
                '\\',
                '10.0.0.0/99',
                '-5',
                'x',
                '0x',
                '*',
                ':',
                '\n',
                '-A',
                '99999999',
            )
        )
    assert (
        len(
            _outcomes(
                {'nft': None, 'saves': {'ip/legacy': ' '.join(words)}, 'ipset': None, 'net': FIRST['net'], 'errors': []}
            )
        )
        == 8
    )
