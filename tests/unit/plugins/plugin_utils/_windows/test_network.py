# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which adapters a Windows host has, and who can send by each."""

import pytest

from ansible_collections.listening.ports.plugins.module_utils._addresses import intervals as iv
from ansible_collections.listening.ports.plugins.plugin_utils._windows.network import Unknown, network
from ansible_collections.listening.ports.plugins.plugin_utils._windows.raw import Error, Model
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows.firewalls import (
    LAN, WAN, host, interface, route
)

VPN = '{00000000-0000-0000-0000-00000000000c}'


def with_interfaces(*more):
    raw = host()
    raw['interfaces'] = [*raw['interfaces'], *more]
    return raw


def spans(*texts):
    return iv.merged(span for text in texts for span in iv.parse(text)[1])


def test_addresses_and_networks_behind():
    found = network(host())
    assert found.net['addresses'] == {
        'lan': ['10.1.0.1/24', 'fe80::a/64'], 'wan': ['198.51.100.1/24', '2001:db8::1/64', 'fe80::b/64'],
        'lo': ['127.0.0.1/8', '::1/128']}
    assert found.net['sources'] == {
        'lan': [['10.1.0.0/24', False], ['fe80::/64', False]],
        'wan': [['0.0.0.0/0', True], ['198.51.100.0/24', False], ['2001:db8::/64', False], ['::/0', True],
                ['fe80::/64', False]]}
    assert found.net['weak'] == {family: {'lan': False, 'wan': False} for family in ('ipv4', 'ipv6')}
    assert found.loopback == {'Loopback Pseudo-Interface 1'} and found.down == frozenset()


def test_what_an_adapter_is():
    lan, wan = (network(host()).adapters[name] for name in ('lan', 'wan'))
    assert (lan.guid, lan.kind, lan.profile, lan.teredo) == (LAN, 'lan', 'domain', False)
    assert (wan.guid, wan.kind, wan.profile, wan.teredo) == (WAN, 'wireless', 'public', False)
    assert lan.subnets == {4: spans('10.1.0.0/24'), 6: spans('fe80::/64')}
    assert wan.subnets == {4: spans('198.51.100.0/24'), 6: spans('2001:db8::/64', 'fe80::/64')}


def test_what_all_adapters_have():
    found = network(with_interfaces(interface(
        'vpn', VPN, 12, ['172.16.0.1/32'], dns=['172.16.0.53', 'fec0::1%1'], dhcp=['172.16.0.67'], index6=None)))
    assert found.on_link[4] == spans('10.1.0.0/24', '198.51.100.0/24', '172.16.0.1/32', '198.51.100.1', '224.0.0.0/4')
    assert found.servers[4] == {
        'dns': spans('10.1.0.53', '172.16.0.53'), 'dhcp': spans('172.16.0.67'), 'wins': (),
        'defaultgateway': spans('198.51.100.254')}
    assert found.servers[6]['dns'] == spans('fec0::1')
    assert found.adapters['vpn'].subnets[6] == ()


@pytest.mark.parametrize('kind, expected', [
    (6, 'lan'), (71, 'wireless'), (23, 'remoteaccess'), (243, 'mobilebband'), (131, None), (53, None)])
def test_what_rules_call_a_type(kind, expected):
    assert network(with_interfaces(interface('x', VPN, 12, [], kind=kind))).adapters['x'].kind == expected


@pytest.mark.parametrize('kind, address, expected', [
    (131, '2001:0:53aa:64c::1/64', True), (131, '2001:db8::1/64', False), (6, '2001:0:53aa:64c::1/64', False),
    (131, '10.0.0.1/24', False)])
def test_teredo(kind, address, expected):
    assert network(with_interfaces(interface('x', VPN, 12, [address], kind=kind))).adapters['x'].teredo is expected


def test_an_adapter_that_is_not_connected_is_no_way_in():
    found = network(with_interfaces(interface('x', VPN, 12, ['192.0.2.1/24'], up=False, dns=['192.0.2.53'])))
    assert 'x' not in found.adapters and 'x' not in found.net['addresses'] and found.down == {'x'}
    assert iv.isect(found.on_link[4], spans('192.0.2.0/24')) == ()
    assert iv.isect(found.servers[4]['dns'], spans('192.0.2.53')) == ()


def test_an_adapter_without_a_network_has_no_known_profile():
    assert network(with_interfaces(interface('x', VPN, 12, []))).adapters['x'].profile is None
    raw = host(networks=None)
    assert {adapter.profile for adapter in network(raw).adapters.values()} == {None}
    raw = host(networks={LAN.upper(): 1, WAN: 7})
    raw['firewall']['effective']['current'] = 7
    assert {name: adapter.profile for name, adapter in network(raw).adapters.items()} == {'lan': 'private', 'wan': None}


def test_a_profile_that_the_firewall_does_not_have_is_not_known():
    raw = host()
    raw['firewall']['effective']['current'] = 4
    assert {name: adapter.profile for name, adapter in network(raw).adapters.items()} == {'lan': None, 'wan': 'public'}
    raw['firewall']['effective'] = None
    assert network(raw).adapters['lan'].profile == 'domain'


@pytest.mark.parametrize('models, expected', [
    ([Model(10, 2, True, False)], {'lan': True, 'wan': None}),
    ([Model(10, 2, False, True), Model(11, 2, False, False)], {'lan': True, 'wan': False}),
    ([Model(10, 23, True, True), Model(99, 2, True, True), Model(10, 4, True, True)], {'lan': None, 'wan': None}),
    ([], {'lan': None, 'wan': None}), (None, {'lan': None, 'wan': None}),
])
def test_the_host_model_of_each_interface(models, expected):
    assert network(host(models=models)).net['weak']['ipv4'] == expected


@pytest.mark.parametrize('routes, expected', [
    ([], {}),
    ([route('0a010001', 32, 10), route('0a0100ff', 32, 10), route('ffffffff', 32, 10), route('e0000000', 4, 10)], {}),
    ([route('ff' + '0' * 30, 8, 10)], {}),
    ([route('c0000200', 24, 99)], {}),                          # of an adapter that is not connected
    ([route('0a020000', 16, 10, '0a0100fe'), route('0a020000', 16, 10)], {'lan': [['10.2.0.0/16', False]]}),
    ([route('0a020000', 16, 10), route('0a020000', 16, 10, '0a0100fe')], {'lan': [['10.2.0.0/16', False]]}),
    ([route('0a020304', 16, 10, '0a0100fe')], {'lan': [['10.2.0.0/16', True]]}),
])
def test_which_routes_lead_to_clients(routes, expected):
    assert network(host(routes=routes)).net['sources'] == expected


def test_too_many_routes_are_not_told():
    assert network(host(routes=[route('0a020000', 16, 10)] * 20001)).net['sources'] is None


@pytest.mark.parametrize('more, reason', [
    ({'interfaces': None}, 'the interfaces could not be read'),
    ({'routes': None}, 'the routes could not be read'),
    ({'interfaces': None, 'routes': None}, 'the interfaces and the routes could not be read'),
    # an adapter without its index has no routes, so that nobody seems to be behind it
    ({'errors': [Error('interfaces', 1168, 'x')]}, r'the interfaces could not be read: error 1168 \(x\)'),
    ({'interfaces': [interface('x', LAN, 1, []), interface('x', WAN, 2, [])]},
     'the names of the interfaces are not understood'),
    ({'interfaces': [interface('lo', LAN, 1, [])]}, 'the names of the interfaces are not understood'),
    ({'interfaces': [interface('x', LAN, 1, ['10.0.0.1'])]}, 'an address of an interface is not understood'),
    ({'interfaces': [interface('x', LAN, 1, ['10.0.0.1/33'])]}, 'an address of an interface is not understood'),
    ({'interfaces': [interface('x', LAN, 1, ['nowhere/8'])]}, 'an address of an interface is not understood'),
    ({'interfaces': [interface('x', LAN, 1, [], dns=['nowhere'])]}, 'the address of a server is not understood'),
    ({'routes': [route('0a010000', 33, 10)]}, 'a route is not understood'),
    ({'routes': [route('0a010000', 24, 10)._replace(family=23)]}, 'a route is not understood'),
    ({'routes': [route('0a010000', 24, 10)._replace(family=4)]}, 'a route is not understood'),
])
def test_what_is_not_understood_is_unknown(more, reason):
    with pytest.raises(Unknown, match=reason):
        network(host(**more))
