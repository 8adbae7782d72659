# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who can reach a listener through devices that are above others, and in a VRF."""

import pytest

from ansible_collections.listening.ports.tests.unit.plugins.module_utils._firewall.build import (
    DROP, chain, dport, match, snapshot
)
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._firewall.joined import (
    ANYONE4, brief, exposed, record
)


def link(kind=None, master=None, lower=None, arp=True):
    return {'kind': kind, 'master': master, 'lower': lower, 'arp': arp}


def host(links, *parts, addresses=('a', 'b'), **more):
    net = {
        'addresses': {name: ['10.%d.0.1/16' % number] for number, name in enumerate(addresses)},
        'primary': {}, 'routes': [], 'sources': None, 'rules': False, 'route_localnet': [], 'rp_filter': {},
        'forwarding': {'ipv4': False, 'ipv6': False}, 'links': links}
    net['routes'] = [{'family': 4, 'to': '10.%d.0.0/16' % number, 'interface': name, 'via': None, 'type': 'unicast'}
                     for number, name in enumerate(addresses)]
    return dict(snapshot(*parts, net=dict(net, **more), tables=[], tools={'firewalld': 'absent', 'ufw': 'absent'}),
                port_names={}, elsewhere={})


def below(rule, device, hook='ingress'):
    return chain('c', [rule], hook, family='netdev', table='t', dev=device)


def paths(exposure):
    return sorted((path['interfaces'], path['verdict']) for path in exposure['paths'])


@pytest.mark.parametrize('links', [
    {'a': link('bridge'), 'b': link('bridge'), 'eth0': link(master='a'), 'eth1': link(master='b')},
    {'a': link('vlan', lower='eth0'), 'b': link('vlan', lower='eth1')},
])
def test_interfaces_above_different_devices_are_not_alike(links):
    exposure = exposed(host(links, below([dport(22), DROP], 'eth0')), record(port=22))
    assert paths(exposure) == [(['a'], 'blocked'), (['b'], 'allowed')]
    exposure = exposed(host(links, below([dport(22), DROP], ['eth0', 'eth1'])), record(port=22))
    assert paths(exposure) == [(['a', 'b'], 'blocked')]


def test_interfaces_that_know_no_arp_are_found_without():
    arp = chain('c', [[DROP]], 'input', family='arp', table='a')
    exposure = exposed(host({'b': link('wireguard', arp=False)}, arp), record(port=22))
    assert paths(exposure) == [(['a'], 'unknown'), (['b'], 'allowed')]


def test_tables_of_bridges_are_for_bridges():
    table = chain('c', [[dport(22), DROP]], 'input', family='bridge', table='t')
    links = {'a': link('bridge'), 'eth0': link(master='a')}
    assert paths(exposed(host(links, table), record(port=22))) == [(['a'], 'blocked'), (['b'], 'allowed')]
    assert paths(exposed(host({}, table), record(port=22))) == [(['a', 'b'], 'allowed')]


VRF = {'blue': link('vrf'), 'a': link(master='blue')}


@pytest.mark.parametrize('protocol, accepts, expected', [
    ('tcp', {'tcp': True, 'udp': False}, 'allowed'),
    ('tcp', {'tcp': False, 'udp': True}, None),
    ('tcp', {'tcp': None, 'udp': True}, 'unknown'),
    ('udp', {'tcp': False, 'udp': True}, 'allowed'),
    ('udplite', {'tcp': True, 'udp': False}, None),
    ('sctp', {'tcp': True, 'udp': True}, 'unknown'),
    ('tcp', None, 'unknown'),
])
def test_what_is_bound_to_nothing_and_a_vrf(protocol, accepts, expected):
    exposure = exposed(host(VRF, l3mdev_accept=accepts), record(protocol, port=22))
    verdicts = {name: path['verdict'] for path in exposure['paths'] for name in path['interfaces']}
    assert verdicts.pop('b') == 'allowed' and verdicts == ({'a': expected} if expected else {})
    assert exposure['caveats'] == ([] if expected else [
        'packets of a VRF, by a, do not get to a socket that is bound to no device (l3mdev_accept)'])


@pytest.mark.parametrize('interface', ['a', 'blue'])
def test_what_is_bound_to_a_vrf_hears_its_interfaces(interface):
    exposure = exposed(
        host(VRF, l3mdev_accept={'tcp': False, 'udp': False}), record(port=22, interface=interface))
    assert brief(exposure) == ('allowed', 'anyone', ANYONE4)
    assert [path['interfaces'] for path in exposure['paths']] == [['a']]


def test_rules_of_a_vrf():
    closed = chain('c', [[match({'meta': {'key': 'iifname'}}, 'blue'), DROP]], 'input')
    exposure = exposed(host(VRF, closed, l3mdev_accept={'tcp': True, 'udp': True}), record(port=22))
    assert paths(exposure) == [(['a'], 'blocked'), (['b'], 'allowed')]
