# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chains of devices below an interface, of bridges, of ARP, and of VRFs.

Bridges are compared with packets in tests/oracle/firewall. What VRFs do was once tried with packets of Linux 6.1, as
few kernels of test machines have them; VLANs and bonds follow the sources named in ``links``.
"""

import pytest

from ansible_collections.listening.ports.plugins.module_utils._firewall.evaluate.links import WAYS, Links, Stage
from ansible_collections.listening.ports.plugins.module_utils._firewall.ruleset.model import Chain
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._firewall.build import (
    ACCEPT, DROP, ESTABLISHED, NET, chain, decide, dport, evaluator, match, payload, saddr, state
)

IIF = {'meta': {'key': 'iifname'}}
OIF = {'meta': {'key': 'oifname'}}
SPORT = match(payload('tcp', 'sport'), 22)


def link(kind=None, master=None, lower=None, arp=True):
    return {'kind': kind, 'master': master, 'lower': lower, 'arp': arp}


UPPER = {
    'bridge': {'top': link('bridge'), 'low': link(master='top')},
    'bond': {'top': link('bond'), 'low': link(master='top')},
    'team': {'top': link('team'), 'low': link(master='top')},
    'vlan': {'top': link('vlan', lower='low')},
    'macvlan': {'top': link('macvlan', lower='low')},
    'ipvlan': {'top': link('ipvlan', lower='low')},
    'bridge on a vlan': {'top': link('bridge'), 'low.5': link('vlan', 'top', 'low')},
    'vlan on a bond': {'top': link('vlan', lower='bond0'), 'bond0': link('bond'), 'low': link(master='bond0')},
}


def net(links, **more):
    return dict(NET, addresses={'top': ['10.0.0.1/24']}, routes=[
        {'family': 4, 'to': '0.0.0.0/0', 'interface': 'top', 'via': '10.0.0.254', 'type': 'unicast'}],
        primary={'top': '10.0.0.1'}, links=links, **more)


def of_device(rules, hook='ingress', device='low', policy='accept', **more):
    return chain('c', rules, hook, policy=policy, family='netdev', table='t', dev=device, **more)


def of_top(parts, links, **more):
    return decide(evaluator(*parts, net=net(links)), interface='top', **more)


@pytest.mark.parametrize('links', UPPER.values(), ids=list(UPPER))
@pytest.mark.parametrize('device, expected', [('low', 'blocked'), ('top', 'blocked'), ('other', 'allowed')])
def test_a_packet_passes_what_is_below(links, device, expected):
    assert of_top([of_device([[dport(22), DROP]], device=device)], links) == expected
    assert of_top([of_device([[SPORT, DROP]], 'egress', device)], links) == expected
    assert of_top([of_device([[dport(23), DROP]], device=device)], links) == 'allowed'


def test_only_some_clients_are_stopped_below():
    assert of_top([of_device([[saddr('128.0.0.0/1'), DROP]])], UPPER['bridge']) == ['0.0.0.0/1']
    to = match(payload('ip', 'daddr'), {'prefix': {'addr': '128.0.0.0', 'len': 1}})
    assert of_top([of_device([[to, DROP]], 'egress')], UPPER['bridge']) == ['0.0.0.0/1']


def test_one_of_several_ports_stops_packets():
    links = dict(UPPER['bridge'], tap0=link(master='top'))
    rules = [of_device([[dport(22), DROP]])]
    judge = evaluator(*rules, net=net(links))
    assert decide(judge, interface='top') == 'undecided'
    [(dummy, reason)] = judge.decide(4, 'tcp', 'top', '10.0.0.1', 22).undecided
    assert reason == 'it depends on the device below top by which packets come and go'
    assert of_top([of_device([[dport(22), DROP]], device=['low', 'tap0'])], links) == 'blocked'
    assert of_top([of_device([[dport(22), DROP]], device=['tap*', 'low'])], links) == 'blocked'


def test_nobody_knows_which_way_an_answer_leaves():
    routes = [{'family': 4, 'to': '0.0.0.0/0', 'interface': name, 'via': None, 'type': 'unicast'} for name in 'ab']
    parts = [of_device([[SPORT, DROP]], 'egress', 'a')]
    assert decide(evaluator(*parts, net=dict(NET, routes=routes, links={})), interface='a') == 'undecided'
    assert decide(evaluator(*parts, net=dict(NET, routes=routes[1:], links={})), interface='a') == 'allowed'
    assert decide(evaluator(*parts, net=dict(NET, routes=routes[:1], links={})), interface='b') == 'blocked'


def test_it_leaves_the_host_for_a_container_too():
    nat = chain('prerouting', [[dport(22), {'dnat': {'family': 'ip', 'addr': '172.17.0.2'}}]], 'prerouting', -100,
                kind='nat', family='ip', table='nat')
    links = {'docker0': link('bridge'), 'veth1': link(master='docker0')}
    for hook, device, rule, expected in (
        ('egress', 'veth1', dport(22), 'blocked'), ('ingress', 'veth1', SPORT, 'blocked'),
        ('egress', 'docker0', dport(22), 'blocked'), ('egress', 'eth0', dport(22), 'allowed'),
        ('egress', 'eth0', SPORT, ['172.17.0.0/16']), ('ingress', 'veth1', dport(22), 'allowed'),
    ):
        parts = [nat, of_device([[rule, DROP]], hook, device)]
        assert decide(evaluator(*parts, net=dict(NET, links=links))) == expected, (hook, device)


@pytest.mark.parametrize('links, expected', [(UPPER['vlan'], 'undecided'), (UPPER['bond'], 'allowed')])
def test_only_packets_of_a_vlan_have_its_number(links, expected):
    assert of_top([of_device([[match(payload('vlan', 'id'), 5), DROP]])], links) == expected


@pytest.mark.parametrize('links', [
    {'top': link('macsec', lower='low')},
    {'top': link('vlan', lower='mid'), 'mid': link('vlan', lower='low')},
    {'top': link('openvswitch'), 'ovs-system': link('openvswitch'), 'low': link(master='ovs-system')},
])
def test_what_packets_look_like_below_is_not_known(links):
    assert of_top([of_device([[dport(22), DROP]])], links) == 'undecided'
    assert of_top([of_device([[dport(22), DROP]], device='other')], links) == 'allowed'


def test_devices_above_each_other_for_ever():
    links = {'top': link('macvlan', lower='low'), 'low': link('macvlan', lower='top')}
    assert of_top([of_device([[dport(22), DROP]])], links) == 'blocked'
    assert of_top([of_device([[dport(23), DROP]])], links) == 'undecided'


def test_more_ways_than_are_followed():
    ports = {'p%d' % number: link(master='top') for number in range(WAYS + 1)}
    chains = [Chain('netdev', 't', name, hook='ingress', devices=[name]) for name in ports]
    ways = Links({'links': dict(ports, top=link('bridge'))}, chains).ways('top')
    assert len(ways) == WAYS + 1 and ways[-1] is None
    assert ways[0] == (Stage('device', 'p0', 'plain'), Stage('device', 'top', 'own'))
    parts = [of_device([], device=name) for name in ports]
    assert of_top(parts, dict(ports, top=link('bridge'))) == 'undecided'
    assert Links({'links': dict(ports, top=link('bridge'))}, []).ways('top') == [(Stage('device', 'top', 'own'),)]


# bridges


def bridge(rules, hook, policy='accept'):
    return chain('c', rules, hook, policy=policy, family='bridge', table='b')


@pytest.mark.parametrize('hook, rule, expected', [
    ('prerouting', [dport(22), DROP], 'blocked'),
    ('input', [dport(22), DROP], 'blocked'),
    ('input', [match(IIF, 'low'), DROP], 'blocked'),
    ('input', [match(IIF, 'top'), DROP], 'allowed'),
    ('forward', [dport(22), DROP], 'allowed'),
    ('output', [SPORT, DROP], 'blocked'),
    ('output', [match(OIF, 'low'), DROP], 'blocked'),
    ('postrouting', [SPORT, DROP], 'blocked'),
    ('input', [saddr('128.0.0.0/1'), DROP], ['0.0.0.0/1']),
    ('input', [match({'meta': {'key': 'ibrname'}}, 'top'), DROP], 'undecided'),
    ('input', [state('new'), DROP], 'undecided'),
    ('input', [match(payload('ether', 'saddr'), '02:00:00:00:00:01'), DROP], 'undecided'),
])
def test_tables_of_bridges(hook, rule, expected):
    assert of_top([bridge([rule], hook)], UPPER['bridge']) == expected
    assert of_top([bridge([rule], hook)], UPPER['bond']) == 'allowed'
    assert of_top([bridge([rule], hook)], UPPER['vlan']) == 'allowed'


def test_a_vlan_on_a_bridge_passes_its_tables():
    links = dict({name if name != 'top' else 'br0': link(kind['kind'], kind['master'] and 'br0')
                  for name, kind in UPPER['bridge'].items()}, top=link('vlan', lower='br0'))
    assert of_top([bridge([[dport(22), DROP]], 'input')], links) == 'blocked'


# ARP


def arp(rules, hook='input', policy='accept'):
    return chain('c', rules, hook, policy=policy, family='arp', table='a')


REQUEST = match(payload('arp', 'operation'), 'request')


@pytest.mark.parametrize('parts, is_found', [
    ([arp([], policy='drop')], False),
    ([arp([], 'output', policy='drop')], False),
    ([arp([[DROP]])], False),
    ([arp([[REQUEST, DROP]])], False),
    ([arp([[match(payload('arp', 'operation'), 'inrequest'), DROP]])], True),
    ([arp([[match(IIF, 'eth1'), DROP]])], True),
    ([arp([[ACCEPT]], policy='drop')], True),
    ([arp([[match(payload('arp', 'htype'), 1), match(payload('arp', 'ptype'), 'ip'), ACCEPT]], policy='drop')], True),
    ([arp([[match(payload('arp', 'saddr ip'), '10.0.0.254'), DROP]])], False),
    ([of_device([[match({'meta': {'key': 'protocol'}}, 'ip'), ACCEPT]], device='eth0', policy='drop')], False),
    ([of_device([[match({'meta': {'key': 'protocol'}}, 'arp'), DROP]], 'egress', 'eth0')], False),
    ([of_device([[dport(23), DROP]], device='eth0')], True),
    ([of_device([[match({'meta': {'key': 'protocol'}}, 'arp'), DROP]], device='eth1')], True),
    ([chain('i', [[match({'meta': {'key': 'nfproto'}}, 'ipv4'), ACCEPT]], 'ingress', policy='drop', dev='eth0')], True),
])
def test_who_is_not_found_is_not_reached(parts, is_found):
    judge = evaluator(*parts, net=dict(NET, links={}))
    outcome = judge.decide(4, 'tcp', 'eth0', '10.0.0.1', 22)
    assert decide(judge) == ('allowed' if is_found else 'undecided')
    assert is_found or outcome.undecided[0][1].startswith('neighbours ')
    assert decide(judge, interface='lo', address='127.0.0.1') == 'allowed'
    without = dict(NET, links={'eth0': link('wireguard', arp=False)})
    if parts[0][0]['chain']['family'] == 'arp':
        assert decide(evaluator(*parts, net=without)) == 'allowed'


def test_why_nobody_is_found():
    outcome = evaluator(arp([], policy='drop'), net=dict(NET, links={})).decide(4, 'tcp', 'eth0', '10.0.0.1', 22)
    assert [reason for dummy, reason in outcome.undecided] == [
        'neighbours find the host only by ARP entries made by hand: policy drop of chain arp a c']
    assert outcome.allowed_by is None


def test_who_is_blocked_anyway_stays_blocked():
    closed = chain('input', [ESTABLISHED, [saddr('10.0.0.0/8'), ACCEPT]], 'input', policy='drop')
    outcome = evaluator(arp([], policy='drop'), closed, net=dict(NET, links={})).decide(
        4, 'tcp', 'eth0', '10.0.0.1', 22)
    assert not outcome.allowed and outcome.blocked and len(outcome.undecided) == 1


# VRF: drivers/net/vrf.c, vrf_ip_rcv and vrf_ip_out

VRF = {'vrf0': link('vrf'), 'eth0': link(master='vrf0')}


def in_vrf(*parts, **more):
    return decide(evaluator(*parts, net=dict(NET, links=dict(VRF, **more), rules=True)))


@pytest.mark.parametrize('hook, rule, expected', [
    ('input', [match(IIF, 'eth0'), DROP], 'allowed'),
    ('input', [match(IIF, 'vrf0'), DROP], 'blocked'),
    ('prerouting', [match(IIF, 'eth0'), DROP], 'blocked'),
    ('prerouting', [match(IIF, 'vrf0'), DROP], 'blocked'),
    ('prerouting', [match(IIF, 'eth1'), DROP], 'allowed'),
    ('output', [match(OIF, 'vrf0'), DROP], 'blocked'),
    ('output', [match(OIF, 'eth0'), DROP], 'blocked'),
    ('output', [match(OIF, 'vrf0'), state('untracked'), DROP], 'undecided'),    # since Linux 5.16
    ('postrouting', [match(OIF, 'vrf0'), DROP], 'blocked'),
])
def test_a_packet_of_a_vrf_changes_its_interface(hook, rule, expected):
    assert in_vrf(chain('c', [rule], hook)) == expected


def test_who_lets_in_a_vrf():
    by_slave, by_master = ([ESTABLISHED, [match(IIF, name), ACCEPT]] for name in ('eth0', 'vrf0'))
    assert in_vrf(chain('c', by_slave, 'input', policy='drop')) == 'blocked'
    assert in_vrf(chain('c', by_master, 'input', policy='drop')) == 'allowed'
    assert in_vrf(chain('c', [[match(IIF, 'eth0'), ACCEPT]], 'prerouting', -300, policy='drop')) == 'blocked'


def test_it_is_translated_once_in_a_vrf():
    nat = chain('p', [[dport(22), {'redirect': {'port': 2222}}], [dport(2222), {'redirect': {'port': 3333}}]],
                'prerouting', -100, kind='nat', family='ip', table='nat')
    after = chain('c', [[match(IIF, 'vrf0'), dport(2222), ACCEPT], [match(IIF, 'vrf0'), DROP]], 'prerouting', -150)
    assert in_vrf(nat, chain('i', [ESTABLISHED, [dport(2222), ACCEPT]], 'input', policy='drop')) == 'allowed'
    # the second time it comes with the translated port to what runs before the translation
    assert in_vrf(nat, after) == 'allowed'


def test_of_a_vrf_with_several_interfaces_the_way_back_is_not_known():
    parts = chain('c', [[match(OIF, 'eth0'), SPORT, DROP]], 'output')
    assert in_vrf(parts) == 'blocked'
    assert in_vrf(parts, eth1=link(master='vrf0')) == 'undecided'
