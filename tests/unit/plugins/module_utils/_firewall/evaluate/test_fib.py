# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What rules ask of routes, in all forms that hosts print; the expectations are those of packets."""

import pytest

from ansible_collections.listening.ports.plugins.module_utils._addresses import intervals as iv
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._firewall.build import (
    ACCEPT, DROP, NET, chain, evaluator, match
)

NETWORKS = dict(
    NET,
    addresses={'h0': ['10.0.0.1/24'], 'h1': ['10.1.0.1/24'], 'lo': ['127.0.0.1/8']},
    routes=[
        {'family': 4, 'to': '0.0.0.0/0', 'interface': 'h0', 'via': '10.0.0.254', 'type': 'unicast'},
        {'family': 4, 'to': '10.1.0.0/24', 'interface': 'h1', 'via': None, 'type': 'unicast'},
        {'family': 4, 'to': '10.9.0.0/24', 'interface': 'h0', 'via': None, 'type': 'unicast'},
        {'family': 4, 'to': '10.9.0.0/24', 'interface': 'h1', 'via': None, 'type': 'unicast'},
    ],
    links={},
)


def of(left, right, source, interface='h0', address='10.0.0.1', **more):
    rules = chain('c', [[match(left, right), DROP]], 'prerouting', -150)
    nat = chain('n', [[match({'payload': {'protocol': 'ip', 'field': 'daddr'}}, '10.0.0.77'),
                       {'dnat': {'family': 'ip', 'addr': '10.1.0.7'}}]], 'prerouting', -100, kind='nat', family='ip')
    outcome = evaluator(rules, nat, net=dict(NETWORKS, **more)).decide(4, 'tcp', interface, address, 22)
    number = iv.number(source)
    return 'allowed' if iv.contains(outcome.allowed, number) else \
        'blocked' if iv.contains(outcome.blocked, number) else 'undecided'


def fib(result, *flags):
    return {'fib': {'result': result, 'flags': list(flags)}}


BACK = ('saddr', 'iif')


@pytest.mark.parametrize('left, right, by_h0, by_h1', [
    (fib('oif', *BACK), False, 'allowed', 'blocked'),
    (fib('check', *BACK), False, 'allowed', 'blocked'),
    (fib('oif', *BACK), True, 'blocked', 'allowed'),
    (fib('oif', *BACK), 'h0', 'blocked', 'allowed'),
    (fib('oif', *BACK), 'h1', 'allowed', 'allowed'),
    (fib('oifname', *BACK), 'h*', 'blocked', 'allowed'),
    (fib('oif', 'saddr'), 'h0', 'blocked', 'blocked'),
    (fib('oif', 'saddr'), 'h1', 'allowed', 'allowed'),
    (fib('oif', 'saddr'), False, 'allowed', 'allowed'),
    (fib('oif', 'saddr', 'mark', 'iif'), False, 'allowed', 'blocked'),
    (fib('type', 'saddr'), 'unicast', 'blocked', 'blocked'),
    (fib('type', 'daddr'), 'local', 'blocked', 'blocked'),
    (fib('type', 'daddr', 'iif'), 'local', 'blocked', 'allowed'),
    (fib('oif', 'daddr'), True, 'allowed', 'allowed'),              # to the host itself there is no route
    (fib('oif', 'daddr'), False, 'blocked', 'blocked'),
    (fib('oif', 'daddr'), 'lo', 'allowed', 'allowed'),
    (fib('oif', 'daddr', 'iif'), False, 'blocked', 'blocked'),
])
def test_a_client_behind_h0(left, right, by_h0, by_h1):
    assert (of(left, right, '192.0.2.1'), of(left, right, '192.0.2.1', 'h1')) == (by_h0, by_h1)


@pytest.mark.parametrize('left, right, expected', [
    (fib('oif', *BACK), 'h0', 'undecided'), (fib('oif', 'saddr'), 'h0', 'undecided'),
    (fib('oif', *BACK), False, 'undecided')])
def test_a_client_behind_several(left, right, expected):
    assert of(left, right, '10.9.0.1') == expected


@pytest.mark.parametrize('address, left, right, expected', [
    ('10.0.0.77', fib('oif', 'daddr'), 'h0', 'blocked'),            # before it is translated
    ('10.0.0.77', fib('oif', 'daddr', 'iif'), True, 'blocked'),
    ('10.0.0.77', fib('oif', 'daddr', 'iif'), 'h0', 'blocked'),
    ('10.0.0.255', fib('oif', 'daddr'), True, 'undecided'),
])
def test_destinations_that_are_not_the_hosts(address, left, right, expected):
    assert of(left, right, '192.0.2.1', address=address) == expected


@pytest.mark.parametrize('left', [fib('oif', *BACK), fib('oif', 'saddr'), fib('type', 'saddr')])
def test_routes_that_cannot_be_followed(left):
    assert of(left, 'h0' if left['fib']['result'] == 'oif' else 'unicast', '192.0.2.1', rules=True) == 'undecided'
    assert of(fib('oif', 'daddr'), True, '192.0.2.1', address='10.0.0.77', rules=True) == 'undecided'


def test_what_nothing_is_known_of():
    rules = chain('c', [[match(fib('oif', 'saddr', 'daddr'), 'h0'), ACCEPT]], 'prerouting', policy='drop')
    assert evaluator(rules, net=NETWORKS).decide(4, 'tcp', 'h0', '10.0.0.1', 22).undecided
