# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of routing beside rules that ask for the way back, as VPNs make them."""

import pytest

from ansible_collections.listening.ports.plugins.module_utils._addresses import intervals as iv
from ansible_collections.listening.ports.plugins.module_utils._firewall.evaluate import policy
from ansible_collections.listening.ports.plugins.module_utils._firewall.evaluate.routes import Net
from ansible_collections.listening.ports.plugins.module_utils._firewall.ruleset import load
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._firewall.build import (
    ACCEPT, DROP, NET, chain, decide, evaluator, match, snapshot
)


def rule(priority, table=0, family=4, **more):
    usual = {'kind': 'table', 'to': None, 'mark': None, 'inverted': False, 'suppressed': -1}
    return dict(usual, priority=priority, table=table, family=family, **more)


def route(to, interface=None, kind='unicast'):
    return {'family': 4, 'to': to, 'interface': interface, 'via': None, 'type': kind}


USUAL = [rule(0, 255), rule(32766, 254), rule(32767, 253)]
BYPASS = [0x80000, 0xff0000]
TAILSCALE = {
    'rules': True,
    'policy': [*USUAL, rule(5210, 254, mark=BYPASS), rule(5230, 253, mark=BYPASS),
               rule(5250, kind='stop', mark=BYPASS), rule(5270, 52)],
    'tables': {'52': [route('100.64.0.9/32', 'tailscale0'), route('10.9.0.0/16', 'tailscale0'),
                      route('10.9.1.0/24', kind='throw')]},
}
WIREGUARD = {
    'rules': True,
    'policy': [*USUAL, rule(32764, 254, suppressed=0), rule(32765, 51820, mark=[0xca6c, 0xffffffff], inverted=True)],
    'tables': {'51820': [route('0.0.0.0/0', 'wg0')]},
}
SPOOFED = match({'fib': {'result': 'oif', 'flags': ['saddr', 'iif']}}, False)
RPFILTER = chain('c', [[SPOOFED, DROP]], 'prerouting', -300)


def host(policy_of, *parts, **more):
    addresses = dict(NET['addresses'], tailscale0=['100.64.0.1/32'], wg0=['10.66.0.1/32'])
    return evaluator(*parts, net=dict(NET, addresses=addresses, links={}, **policy_of, **more))


def of(judge, source, interface='eth0'):
    """What becomes of one client."""
    outcome = judge.decide(4, 'tcp', interface, '10.0.0.1', 22)
    number = iv.number(source)
    return 'allowed' if iv.contains(outcome.allowed, number) else \
        'blocked' if iv.contains(outcome.blocked, number) else 'undecided'


@pytest.mark.parametrize('source, interface, expected', [
    ('192.0.2.1', 'eth0', 'allowed'),
    ('192.0.2.1', 'tailscale0', 'blocked'),
    ('100.64.0.9', 'eth0', 'blocked'),
    ('100.64.0.9', 'tailscale0', 'allowed'),
    ('10.9.2.1', 'tailscale0', 'allowed'),
    ('10.9.1.1', 'tailscale0', 'blocked'),          # thrown back to the usual tables
    ('10.9.1.1', 'eth0', 'allowed'),
])
def test_tailscale(source, interface, expected):
    assert of(host(TAILSCALE, RPFILTER), source, interface) == expected
    # what the rules of Tailscale mark is not what its routes look for
    other = {'|': [{'&': [{'meta': {'key': 'mark'}}, 0xff00ffff]}, 0x40000]}
    marking = chain('f', [[{'mangle': {'key': {'meta': {'key': 'mark'}}, 'value': other}}, ACCEPT]], 'forward')
    assert of(host(TAILSCALE, RPFILTER, marking), source, interface) == expected


@pytest.mark.parametrize('source, interface, expected', [
    ('192.0.2.1', 'wg0', 'allowed'),
    ('192.0.2.1', 'eth0', 'blocked'),
    ('172.17.0.9', 'docker0', 'allowed'),           # longer than what is suppressed
    ('172.17.0.9', 'wg0', 'blocked'),
])
def test_wireguard(source, interface, expected):
    assert of(host(WIREGUARD, RPFILTER), source, interface) == expected


def test_what_is_suppressed():
    routes = [route('0.0.0.0/0', 'wg0'), route('10.0.0.0/8', kind='blackhole'), route('192.0.2.0/24', 'wg0')]
    net = Net(dict(NET, rules=True, policy=[*USUAL, rule(9, 52, suppressed=8)], tables={'52': routes}))
    ways = [net.outward(4, iv.number(address)) for address in ('203.0.113.1', '10.0.0.1', '192.0.2.1')]
    assert ways == [['eth0'], [], ['wg0']]


def test_answers_leave_by_the_table_of_the_vpn():
    by_vpn = chain('o', [[match({'meta': {'key': 'oifname'}}, 'wg0'), DROP]], 'output')
    assert [of(host(WIREGUARD, by_vpn), source) for source in ('192.0.2.1', '172.17.0.9')] == ['blocked', 'allowed']


@pytest.mark.parametrize('value', [0xca6c, {'numgen': {'mode': 'inc', 'mod': 2, 'offset': 0}}])
def test_rules_that_set_such_a_mark(value):
    marking = chain('m', [[{'mangle': {'key': {'meta': {'key': 'mark'}}, 'value': value}}]], 'prerouting', -310)
    assert of(host(WIREGUARD, RPFILTER, marking), '192.0.2.1') == 'undecided'
    assert of(host({'rules': True, 'policy': [*USUAL, rule(9, 52)], 'tables': {}}, RPFILTER, marking),
              '192.0.2.1') == 'allowed'


@pytest.mark.parametrize('more', [
    {'policy': [*USUAL, rule(9, 52, kind='odd')], 'tables': {}},
    {'policy': [*USUAL, rule(9, 52)], 'tables': None},
    {'policy': [*USUAL, rule(9, 52)],
     'tables': {'52': [route('10.%d.%d.0/24' % divmod(n, 250), 'a') for n in range(policy.MANY + 1)]}},
    {},
])
def test_what_cannot_be_followed(more):
    assert of(host(dict(more, rules=True), RPFILTER), '192.0.2.1') == 'undecided'


def test_rules_for_some_destinations():
    more = {'rules': True, 'tables': {'52': [route('0.0.0.0/0', 'wg0')]}}
    judge = host(dict(more, policy=[*USUAL, rule(9, 52, to='192.0.2.0/24')]), RPFILTER)
    assert [of(judge, source) for source in ('192.0.2.1', '192.0.3.1')] == ['blocked', 'allowed']
    judge = host(dict(more, policy=[*USUAL, rule(9, kind='stop', to='192.0.2.0/24')]), RPFILTER)
    assert [of(judge, source) for source in ('192.0.2.1', '192.0.3.1')] == ['undecided', 'allowed']


def test_rules_of_vrfs_concern_nobody_else():
    links = {'vrf0': {'kind': 'vrf', 'master': None, 'lower': None, 'arp': True},
             'docker0': {'kind': None, 'master': 'vrf0', 'lower': None, 'arp': True}}
    judge = evaluator(RPFILTER, net=dict(
        NET, links=links, rules=True, policy=[*USUAL, rule(1000, kind='vrf')], tables={}))
    assert decide(judge) == 'partly' and of(judge, '192.0.2.1') == 'allowed'
    assert of(judge, '192.0.2.1', 'docker0') == 'undecided'


def test_the_other_family_has_rules_of_its_own():
    net = Net(dict(NET, rules=True, policy=[*USUAL, *[dict(other, family=6) for other in USUAL],
                                            rule(9, 52, 6, kind='odd')], tables={}))
    assert (net.is_unclear(4), net.is_unclear(6)) == (False, True)


@pytest.mark.parametrize('values, expected', [
    ([1], {0, 1}),
    ([{'|': [{'meta': {'key': 'mark'}}, 4]}, 2], {0, 2, 4, 6}),
    ([{'ct': {'key': 'mark'}}], {0}),
    ([{'numgen': {'mode': 'inc', 'mod': 2, 'offset': 0}}], None),
    (list(range(100)), None),
])
def test_marks_that_packets_can_get(values, expected):
    rules = [[{'mangle': {'key': {'meta': {'key': 'mark'}}, 'value': value}}] for value in values]
    assert policy.marks(load.load(snapshot(chain('m', rules, 'prerouting'))).bases) == expected


def test_marks_that_come_back_with_the_connection():
    rules = [[{'mangle': {'key': {'ct': {'key': 'mark'}}, 'value': 7}}],
             [{'mangle': {'key': {'meta': {'key': 'mark'}}, 'value': {'ct': {'key': 'mark'}}}}]]
    assert policy.marks(load.load(snapshot(chain('m', rules, 'prerouting'))).bases) == {0, 7}
