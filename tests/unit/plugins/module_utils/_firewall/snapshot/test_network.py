# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses and routes, out of netlink messages."""

import struct

import pytest

from ansible_collections.listening.ports.plugins.module_utils._firewall.snapshot import network as _network
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import (
    attribute, connects, ip, message
)

UP, DADFAILED, NOARP = 1, 8, 0x80


def number(value):
    return struct.pack('=I', value)


def link(index, name, flags=UP, kind=None, master=None, below=None, elsewhere=None):
    body = struct.pack('=BxHiII', 0, 1, index, flags, 0) + attribute(3, name + b'\0')
    body += attribute(18, attribute(1, kind + b'\0')) if kind else b''
    for kind_of, value in ((10, master), (5, below), (37, elsewhere)):
        body += attribute(kind_of, number(value)) if value is not None else b''
    return message(16, body)


def address(text, index, prefix=24, flags=0, peer=None):
    raw = ip(text)
    body = struct.pack('=BBBBI', 10 if len(raw) == 16 else 2, prefix, flags, 0, index)
    return message(20, body + (attribute(1, ip(peer)) + attribute(2, raw) if peer else attribute(1, raw)))


def route(to, prefix, index=None, via=None, table=254, kind=1, flags=0, metric=None, hops=(), far=False):
    raw = ip(to)
    body = struct.pack(
        '=BBBBBBBBI', 10 if len(raw) == 16 else 2, prefix, 0, 0, table if table < 256 else 0, 0, 0, kind, flags
    )
    body += attribute(1, raw) if prefix else b''
    body += attribute(4, number(index)) if index else b''
    body += attribute(5, ip(via)) if via else b''
    body += attribute(18, b'\x0a\0' + ip('fe80::1')) if far else b''
    body += attribute(15, number(table)) + (attribute(6, number(metric)) if metric else b'')
    if hops:
        body += attribute(
            9, b''.join(struct.pack('=HBBI', 16, 0, 0, interface) + attribute(5, ip(gateway))
                        for interface, gateway in hops)
        )
    return message(24, body)


def routing_rule(priority, table, family=2, source=0, extra=b'', to=0, action=1, flags=0):
    return message(32, struct.pack('=BBBBBBBBI', family, to, source, 0, table, 0, 0, action, flags)
                   + attribute(15, number(table)) + attribute(6, number(priority)) + extra)


def network(links=(), addresses=(), routes=(), rules=()):
    return _network.network(connects(links, addresses, routes, rules))


def test_addresses():
    links = [
        link(1, b'lo'),
        link(2, b'eth0'),
        link(3, b'down', 0),
        link(4, b'br0', kind=b'bridge'),
        link(5, b'port', master=4),
        link(6, b'vrf0', kind=b'vrf'),
        link(7, b'inside', master=6),
        link(8, b'tun'),
    ]
    addresses = [
        address('127.0.0.1', 1, 8),
        address('192.0.2.1', 2),
        address('192.0.2.2', 2),
        address('2001:db8::1', 2, 64),
        address('fe80::2', 2, 64, DADFAILED),
        address('10.0.0.3', 3),
        address('10.0.0.4', 4),
        address('10.0.0.5', 5),
        address('10.0.0.7', 7),
        address('10.8.0.2', 8, 32, peer='10.8.0.1'),
        address('10.0.0.9', 99),
    ]
    net = network(links, addresses)
    assert net['addresses'] == {
        'lo': ['127.0.0.1/8'], 'eth0': ['192.0.2.1/24', '192.0.2.2/24', '2001:db8::1/64'], 'br0': ['10.0.0.4/24'],
        'inside': ['10.0.0.7/24'], 'tun': ['10.8.0.2/32']}
    assert net['primary'] == {
        'lo': '127.0.0.1',
        'eth0': '192.0.2.1',
        'br0': '10.0.0.4',
        'inside': '10.0.0.7',
        'tun': '10.8.0.2',
    }


def test_address_that_stayed_on_a_port():
    links = [link(1, b'lo'), link(2, b'eth0', master=3), link(3, b'bond0', kind=b'bond', master=4),
             link(4, b'br0', kind=b'bridge'), link(5, b'dead', master=6), link(6, b'br1', 0, kind=b'bridge')]
    net = network(
        links, [address('192.0.2.1', 2), address('192.0.2.2', 5), address('127.0.0.1', 1, 8)],
        [route('192.0.2.1', 32, 2, table=255, kind=2), route('192.0.2.255', 32, 2, table=255, kind=3),
         route('192.0.2.0', 24, 2), route('198.51.100.0', 24, 1, kind=2),
         route('203.0.113.0', 24, 1, table=100, kind=2)],
        [routing_rule(0, 255), routing_rule(9, 100, extra=attribute(1, ip('203.0.113.0')), to=24),
         routing_rule(32766, 254)])
    # its packets come in by the bridge, and answers to them leave by itself
    assert net['addresses'] == {'br0': [], 'lo': ['127.0.0.1/8']}
    assert net['primary'] == {'lo': '127.0.0.1'}
    assert [route['interface'] for route in net['routes']] == ['eth0', 'eth0', 'lo']
    assert net['sources'] == {'br0': [['192.0.2.0/24', False]]}
    assert net['broadcast'] == [['192.0.2.255', 'eth0']]
    assert net['local'] == [
        ['203.0.113.0/24', 'lo', True], ['198.51.100.0/24', 'lo', True], ['192.0.2.1/32', 'eth0', True]]
    assert net['rules'] is True


@pytest.mark.parametrize('more, is_sure', [
    ({}, True), ({'extra': attribute(14, struct.pack('=i', 24))}, False), ({'action': 6}, None), ({'flags': 2}, False),
    ({'extra': attribute(10, number(1))}, False), ({'source': 8}, False)])
def test_rules_that_lead_to_a_local_prefix(more, is_sure):
    rules = [routing_rule(0, 255), routing_rule(9, 100, **more), routing_rule(32766, 254)]
    net = network([link(1, b'lo')], routes=[route('203.0.113.0', 24, 1, table=100, kind=2)], rules=rules)
    assert net['local'] == ([] if is_sure is None else [['203.0.113.0/24', 'lo', is_sure]])


def test_links():
    links = [
        link(1, b'lo'), link(2, b'eth0'), link(3, b'br0', kind=b'bridge'), link(4, b'port', master=3),
        link(5, b'eth0.5', kind=b'vlan', below=2), link(6, b'mv0', kind=b'macvlan', below=2, elsewhere=0),
        link(7, b'veth', kind=b'veth', below=2), link(8, b'wg0', UP | NOARP, kind=b'wireguard'),
        link(9, b'down', 0, master=3), link(10, b'vrf0', kind=b'vrf'), link(11, b'inside', master=10),
        link(12, b'vx', kind=b'vxlan', below=2), link(13, b'high', kind=b'vlan', below=9)]
    net = network(links, [address('10.0.0.%d' % index, index) for index in range(1, 14)])
    assert net['links'] == {
        'br0': {'kind': 'bridge', 'master': None, 'lower': None, 'arp': True},
        'port': {'kind': None, 'master': 'br0', 'lower': None, 'arp': True},
        'eth0.5': {'kind': 'vlan', 'master': None, 'lower': 'eth0', 'arp': True},
        'wg0': {'kind': 'wireguard', 'master': None, 'lower': None, 'arp': False},
        'vrf0': {'kind': 'vrf', 'master': None, 'lower': None, 'arp': True},
        'inside': {'kind': None, 'master': 'vrf0', 'lower': None, 'arp': True}}
    assert not {'port', 'down'} & set(net['addresses']) and {'inside', 'mv0'} <= set(net['addresses'])


def test_routes():
    links = [link(1, b'lo'), link(2, b'eth0'), link(3, b'wlan0'), link(4, b'down', 0)]
    net = network(
        links,
        routes=[
            route('0.0.0.0', 0, 3, '10.0.0.1', metric=600),
            route('0.0.0.0', 0, 2, '192.0.2.254', metric=100),
            route('192.0.2.0', 24, 2),
            route('192.0.2.1', 32, 2, table=255, kind=2),
            route('192.0.2.255', 32, 2, table=255, kind=3),
            route('10.9.0.0', 16, kind=7),
            route('10.8.0.0', 16, 4),
            route('10.7.0.0', 16, 3, table=1000),
            route('10.6.0.0', 16, hops=[(2, '192.0.2.7'), (3, '10.0.0.7')]),
            route('10.5.0.0', 16, 2, flags=0x200),
            route('10.4.0.0', 16, 2, far=True),
            route('fe80::', 64, 2),
            route('fe80::', 64, 3),
            route('::', 0, 2, 'fe80::1'),
        ],
    )

    def expected(family, to, interface, via=None, kind='unicast'):
        return {'family': family, 'to': to, 'interface': interface, 'via': via, 'type': kind}
    assert net['routes'] == [
        expected(4, '0.0.0.0/0', 'eth0', '192.0.2.254'),
        expected(4, '192.0.2.0/24', 'eth0'),
        expected(4, '192.0.2.1/32', 'eth0', kind='local'),
        expected(4, '10.9.0.0/16', None, kind='unreachable'),
        expected(4, '10.6.0.0/16', 'eth0', '192.0.2.7'),
        expected(4, '10.6.0.0/16', 'wlan0', '10.0.0.7'),
        expected(4, '10.4.0.0/16', 'eth0'),
        expected(6, 'fe80::/64', 'eth0'),
        expected(6, 'fe80::/64', 'wlan0'),
        expected(6, '::/0', 'eth0', 'fe80::1'),
    ]
    assert net['sources'] == {
        'eth0': [
            ['0.0.0.0/0', True],
            ['10.4.0.0/16', True],
            ['10.6.0.0/16', True],
            ['192.0.2.0/24', False],
            ['::/0', True],
            ['fe80::/64', False],
        ],
        'wlan0': [['0.0.0.0/0', True], ['10.6.0.0/16', True], ['10.7.0.0/16', False], ['fe80::/64', False]],
    }


def test_too_many_routes(monkeypatch):
    monkeypatch.setattr(_network, '_MOST_ROUTES', 1)
    net = network([link(2, b'eth0')], routes=[route('10.1.0.0', 16, 2), route('10.2.0.0', 16, 2)])
    assert (net['routes'], net['sources']) == (None, None)


@pytest.mark.parametrize('rules, special', [
    ([routing_rule(0, 255), routing_rule(32766, 254), routing_rule(32767, 253), routing_rule(0, 255, 10)], False),
    ([routing_rule(100, 254)], True),
    ([routing_rule(32766, 254, source=8)], True),
    ([routing_rule(32766, 254, extra=attribute(10, number(1)))], True),     # of a mark
    ([routing_rule(100, 254, 128)], False),                                  # of multicast
])
def test_rules_of_routing(rules, special):
    assert network(rules=rules)['rules'] is special


def test_rules_of_routing_and_their_tables():
    rules = [
        routing_rule(0, 255),
        routing_rule(10, 52, extra=attribute(10, number(0x80000)) + attribute(16, number(0xff0000))),
        routing_rule(20, 254, extra=attribute(14, struct.pack('=i', 0))),
        routing_rule(30, 53, flags=2, extra=attribute(10, number(0xca6c))),
        routing_rule(40, 0, action=7),
        routing_rule(50, 0, action=3),                                  # nop
        routing_rule(60, 0, extra=attribute(19, b'\1')),                # of VRFs
        routing_rule(70, 54, extra=attribute(1, ip('10.0.0.0')), to=8),
        routing_rule(80, 54, source=8),
        routing_rule(90, 54, flags=2, extra=attribute(1, ip('10.0.0.0')), to=8),
        routing_rule(32766, 254),
    ]
    routes = [route('10.7.0.0', 16, 2, table=52), route('10.8.0.0', 16, 2, table=999), route('10.0.0.0', 8, 2)]
    net = network([link(2, b'eth0')], routes=routes, rules=rules)
    usual = {'family': 4, 'to': None, 'mark': None, 'inverted': False, 'suppressed': -1, 'kind': 'table'}
    assert net['policy'] == [
        dict(usual, priority=0, table=255),
        dict(usual, priority=10, table=52, mark=[0x80000, 0xff0000]),
        dict(usual, priority=20, table=254, suppressed=0),
        dict(usual, priority=30, table=53, mark=[0xca6c, 0xffffffff], inverted=True),
        dict(usual, priority=40, table=0, kind='stop'),
        dict(usual, priority=60, table=0, kind='vrf'),
        dict(usual, priority=70, table=54, to='10.0.0.0/8'),
        dict(usual, priority=80, table=54, kind='odd'),
        dict(usual, priority=90, table=54, to='10.0.0.0/8', inverted=True, kind='odd'),
        dict(usual, priority=32766, table=254),
    ]
    assert [entry['to'] for entry in net['routes']] == ['10.0.0.0/8']
    assert net['tables'] == {
        '52': [{'family': 4, 'to': '10.7.0.0/16', 'interface': 'eth0', 'via': None, 'type': 'unicast'}]}


def test_more_routes_of_other_tables_than_are_read(monkeypatch):
    monkeypatch.setattr(_network, '_MOST_OTHERS', 1)
    routes = [route('10.%d.0.0' % count, 16, 2, table=52) for count in range(3)] + [route('10.0.0.0', 8, 2)]
    net = network([link(2, b'eth0')], routes=routes, rules=[routing_rule(10, 52)])
    assert net['tables'] is None and len(net['routes']) == 1
