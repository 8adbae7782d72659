# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Devices out of netlink messages, and the ports that tunnels need to be made anew."""

import os
import struct

import pytest

from ansible_collections.listening.ports.plugins.module_utils._filter import rules, tunnels
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._firewall.joined import record
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import (
    Link, attribute, done, error, message
)

NAME, LINK, MASTER, LINKINFO, NETNSID, KIND, DATA = 3, 5, 10, 18, 37, 1, 2       # if_link.h: IFLA_, IFLA_INFO_
GETFAMILY, FAMILY_ID, WIREGUARD = 3, 1, 37


def number(value):
    return struct.pack('=I', value)


def device(index, name, kind=None, data=b'', **attributes):
    """A message about a device, with attributes by their names above."""
    body = struct.pack('=BxHiII', 0, 1, index, 0, 0) + attribute(NAME, name.encode() + b'\0')
    for key, value in attributes.items():
        body += attribute({'link': LINK, 'master': MASTER, 'netnsid': NETNSID}[key], number(value))
    if kind:
        body += attribute(LINKINFO, attribute(KIND, kind.encode() + b'\0') + (attribute(DATA, data) if data else b''))
    return message(16, body)


class Sockets:
    """A stand-in for connect(): what is sent to each protocol is answered from a list."""

    def __init__(self, **answers):
        self._answers = {0: answers['links'], 16: answers.get('generic', [])}
        self.opened = []

    def __call__(self, protocol):
        answers = self._answers[protocol]
        link = Link(*(answers if protocol else [answers + [done()]]))
        self.opened.append(link)
        return link


def looked(tmp_path, *links, **more):
    sockets = Sockets(links=list(links), **more)
    result = tunnels.look(str(tmp_path), sockets)
    assert all(link.closed for link in sockets.opened)
    return result


def test_devices(tmp_path):
    devices = looked(
        tmp_path,
        device(1, 'lo'), device(2, 'eth0', master=5), device(3, 'vlan7', 'vlan', link=2),
        device(4, 'vxlan0', 'vxlan', attribute(15, struct.pack('>H', 4789)), link=2), device(5, 'br0', 'bridge'),
        device(6, 'gre1', 'gre', attribute(14, struct.pack('=H', 0))),
        device(7, 'gre2', 'gre', attribute(14, struct.pack('=H', 1))),
        device(8, 'veth0', 'veth', link=2, netnsid=0),
        device(9, 'gnv', 'geneve', attribute(5, struct.pack('>H', 6081))))
    told = {name: {key: value for key, value in about.items() if value} for name, about in devices.items()}
    assert told == {
        'lo': {}, 'eth0': {'master': 'br0'}, 'vlan7': {'kind': 'vlan', 'lower': 'eth0'},
        'vxlan0': {'kind': 'vxlan', 'port': 4789, 'lower': 'eth0'}, 'br0': {'kind': 'bridge'}, 'gre1': {'kind': 'gre'},
        'gre2': {'kind': 'gre', 'wrapped': True}, 'veth0': {'kind': 'veth'}, 'gnv': {'kind': 'geneve', 'port': 6081}}


@pytest.mark.parametrize('answers, port', [
    ([[message(16, bytes(4) + attribute(FAMILY_ID, struct.pack('=H', WIREGUARD))), error(0)],
      [message(WIREGUARD, bytes(4) + attribute(6, struct.pack('=H', 51820)) + attribute(2, b'wg0\0')), done()]], 51820),
    ([[message(16, bytes(4) + attribute(FAMILY_ID, struct.pack('=H', WIREGUARD))), error(0)],
      [message(WIREGUARD, bytes(4) + attribute(6, struct.pack('=H', 0))), done()]], None),
    ([[message(16, bytes(4) + attribute(FAMILY_ID, struct.pack('=H', WIREGUARD))), error(0)], [error(1)]], None),
    ([[error(2)], [error(22)]], None),
], ids=['port', 'down', 'not root', 'unknown'])
def test_wireguard(tmp_path, answers, port):
    devices = looked(tmp_path, device(1, 'wg0', 'wireguard'), generic=answers)
    assert devices['wg0']['port'] == port


def test_what_cannot_be_read(tmp_path):
    assert tunnels.look(str(tmp_path), Sockets(links=[error(1)])) is None
    assert tunnels.look(str(tmp_path), Sockets(links=[message(16, b'\0')])) is None


def test_who_makes_a_tunnel(tmp_path):
    """Processes that have the device open; what else they have open is nothing to go by."""
    for pid, files in {'7': {'3': '/dev/net/tun', '4': '/dev/null'}, '8': {'3': 'socket:[1]'}, '9': None}.items():
        (tmp_path / pid / 'fdinfo').mkdir(parents=True)
        for handle, target in (files or {}).items():
            (tmp_path / pid / 'fd').mkdir(exist_ok=True)
            os.symlink(target, str(tmp_path / pid / 'fd' / handle))
            (tmp_path / pid / 'fdinfo' / handle).write_text('pos:\t0\niff:\ttun0\n' if handle == '3' else 'pos:\t0\n')
    (tmp_path / '7' / 'fd' / '5').symlink_to('/dev/net/tun')       # closed meanwhile
    devices = looked(tmp_path, device(1, 'tun0', 'tun'), device(2, 'tun1', 'tun'))
    assert {name: about['pids'] for name, about in devices.items()} == {'tun0': [7], 'tun1': []}


# what it means

def about(kind='', **more):
    return dict({'kind': kind, 'master': None, 'lower': None, 'port': None, 'wrapped': False, 'pids': []}, **more)


def needed(device_, listeners=(), allowed=(), policies=()):
    """The ports that are missing: None: it is not known which, False: none."""
    options = [{'protocol': protocol, 'ports': [port]} for protocol, port in allowed]
    closed = tunnels.closed(['x0'], {'x0': device_}, list(listeners), rules.parse(options), list(policies))
    return closed[0][2] if closed else False


IKE = [record('udp', port=500), record('udp', port=4500)]
VPN = record('udp', port=1194, process='openvpn', pid=7)
PROTECT = {'action': 'protect'}


@pytest.mark.parametrize('device_, listeners, policies, ports', [
    (about('wireguard', port=51820), [], [], [('udp', 51820)]),
    (about('wireguard'), [], [], None),
    (about('vxlan', port=4789), [], [], [('udp', 4789)]),
    (about('geneve', port=6081), [], [], [('udp', 6081)]),
    (about('vxlan'), [], [], None),
    (about('tun', pids=[7]), [VPN, record(port=22, process='sshd', pid=8)], [], [('udp', 1194)]),
    (about('tun', pids=[7]), [record('tcp', '127.0.0.1', 7505, process='openvpn', pid=7)], [], False),     # a client
    (about('tun'), [VPN], [], None),
    (about('ovpn', pids=[7]), [VPN], [], [('udp', 1194)]),
    (about('vti'), IKE, [], [('udp', 500), ('udp', 4500)]),
    (about('xfrm'), IKE[:1], [], [('udp', 500)]),
    (about('vti6'), [], [], False),
    (about('gre'), IKE, [], False),
    (about('gre'), IKE, [PROTECT], [('udp', 500), ('udp', 4500)]),
    (about('gre', wrapped=True), [], [], None),
    (about('ipip'), [], [PROTECT], False),
    (about('ppp'), [record('udp', port=1701)], [], [('udp', 1701)]),
    (about('ppp'), [], [], False),
    (about('bridge'), IKE, [PROTECT], False),
    (about(''), IKE, [PROTECT], False),
])
def test_ports_of_tunnels(device_, listeners, policies, ports):
    assert needed(device_, listeners, policies=policies) == ports
    if ports:
        assert needed(device_, listeners, ports, policies) is False
        assert needed(device_, listeners, ports[1:], policies) == ports[:1]


def test_rules_that_let_nobody_in_name_no_port():
    closed = tunnels.closed(['x0'], {'x0': about('vxlan', port=4789)}, [],
                            rules.parse([{'protocol': 'udp', 'ports': [4789], 'sources': []}]), [])
    assert closed == [('x0', 'vxlan', [('udp', 4789)])]


def test_tunnels_below_and_behind_a_device():
    """A VLAN over a tunnel; a bridge with one among its ports, and with a machine of its own."""
    devices = {'vlan7': about('vlan', lower='vx'), 'vx': about('vxlan', port=4789), 'br0': about('bridge'),
               'tap1': about('tun', master='br0', pids=[7]), 'vx2': about('vxlan', port=4790, master='br0')}
    machine = [record('tcp', port=5900, process='qemu', pid=7)]
    assert tunnels.closed(['vlan7'], devices, [], (), []) == [('vx', 'vxlan', [('udp', 4789)])]
    assert tunnels.closed(['br0'], devices, machine, (), []) == [('vx2', 'vxlan', [('udp', 4790)])]
    bridged_vpn = dict(devices, vx2=about('vxlan', port=4790))
    assert tunnels.closed(['br0'], bridged_vpn, [VPN], (), []) == [('tap1', 'tun', [('udp', 1194)])]


def test_devices_in_a_circle_or_unknown():
    circle = {'a': about('bridge', lower='b'), 'b': about('vlan', lower='a')}
    assert tunnels.closed(['a', 'gone'], circle, [], (), []) == []
