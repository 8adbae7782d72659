# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reasons not to load a table, against what becomes of a host where it is loaded all the same."""

import contextlib
import fcntl
import os
import shutil
import socket
import struct
import time

import pytest

from ansible_collections.listening.ports.plugins.module_utils._filter import (
    rules as _rules, surroundings, table, tunnels, what_if
)
from firewall import network
from firewall.test_what_if_by_chance import planned_document, run_command

pytestmark = [pytest.mark.root, pytest.mark.skipif(
    not all(map(shutil.which, ('ip', 'nft', 'unshare'))), reason='needs ip, nft and unshare')]
PATIENCE = 3                    # seconds for what has to get through
IMPATIENCE = 0.5                # and for what must not
SSH = 22
FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}


class Host:
    """A host that listens on a port, and clients."""

    def __init__(self):
        self.net = network.Network()
        self._stack = contextlib.ExitStack()
        self.listeners = {}
        with self.net.inside('host'):
            for family in (4, 6):
                made = self._stack.enter_context(socket.socket(FAMILIES[family]))
                made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                if family == 6:
                    made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                made.bind(('', SSH))
                made.listen(16)
                self.listeners[family] = made

    def close(self):
        self._stack.close()
        self.net.close()

    def load(self, text):
        with self.net.inside('host'):
            network.run('nft', '-f', '-', text=text)

    def connect(self, address, port=SSH, source='', seconds=PATIENCE):
        """A connection as the host has it; None where none is made in time."""
        family = 6 if ':' in address else 4
        with self.net.inside('client'):
            client = self._stack.enter_context(socket.socket(FAMILIES[family]))
            scope = socket.if_nametoindex('c0') if address.startswith('fe80:') else 0
        client.settimeout(seconds)
        more = (0, scope) if family == 6 else ()
        try:
            if source:
                client.bind((source, 0, *more))
            client.connect((address, port, *more))
        except OSError:
            return None
        served = self._stack.enter_context(self.listeners[family].accept()[0])
        served.settimeout(seconds)
        self.last = client, served
        (own, own_port), (peer, peer_port) = served.getsockname()[:2], served.getpeername()[:2]
        return {'address': own.partition('%')[0], 'port': own_port, 'peer': peer.partition('%')[0],
                'peer_port': peer_port, 'interface': 'h0', 'how': 'ancestor'}

    def judge(self, connection, options, others='reject', published=False, **more):
        """What is said of a table, and its text."""
        rules = _rules.parse(options)
        text = table.replacement(table.table(rules, others, published))
        with self.net.inside('host'):
            view, document = what_if.look(run_command, connection), planned_document(text)
            answer = what_if.judge(view, document, rules, others, connection, more.pop('confirm', 0), **more)
        return answer, text


@pytest.fixture
def host():
    made = Host()
    yield made
    made.close()


def code(answer):
    return answer['refusal'] and answer['refusal'][0]


NAT = 'table inet lead { chain prerouting { type nat hook prerouting priority -100; %s; }; }'


@pytest.mark.parametrize('nat, address', [
    ('tcp dport 2222 redirect to :22', '10.77.0.1'), ('tcp dport 2222 redirect to :22', 'fd77::1'),
    ('ip daddr 10.77.0.1 tcp dport 2222 dnat ip to 10.77.0.10:22', '10.77.0.1'),
    ('ip6 daddr fd77::1 tcp dport 2222 dnat ip6 to [fdc0::1]:22', 'fd77::1'),
])
def test_a_connection_that_was_led_to_another_port(host, nat, address):
    """The kernel is asked what the client addressed."""
    host.load(NAT % nat)
    connection = host.connect(address, 2222)
    assert connection['port'] == SSH
    with host.net.inside('host'):
        assert surroundings.original(connection) == (connection['peer'], connection['peer_port'], address, 2222)
    for port, expected in ((SSH, 'own_connection'), (2222, None)):
        answer, text = host.judge(connection, [{'ports': [port]}], published=True)
        assert code(answer) == expected, answer
        if expected:
            assert 'to port 2222' in answer['refusal'][1]
        host.load(text)
        assert (host.connect(address, 2222, seconds=IMPATIENCE if expected else PATIENCE) is None) == bool(expected)


def test_a_connection_that_was_not_led_anywhere(host):
    """Although rules lead others."""
    host.load(NAT % 'tcp dport 2222 redirect to :22')
    connection = host.connect('10.77.0.1')
    with host.net.inside('host'):
        assert surroundings.original(connection)[2:] == ('10.77.0.1', SSH)
    assert code(host.judge(connection, [{'ports': [SSH]}], published=True)[0]) is None
    assert code(host.judge(connection, [{'ports': [2222]}], published=True)[0]) == 'own_connection'


@pytest.mark.parametrize('sources, expected', [(['fe80::/10'], None), (['fd77::/64'], 'own_connection')])
def test_link_local(host, sources, expected):
    own, source = 'fe80::7:1', 'fe80::7:2'
    for place, device, address in (('host', 'h0', own), ('client', 'c0', source)):
        with host.net.inside(place):
            network.run('ip', 'address', 'add', address + '/64', 'dev', device, 'nodad')
    connection = host.connect(own, source=source)
    assert connection['peer'] == source
    answer, text = host.judge(connection, [{'ports': [SSH], 'sources': sources}])
    assert code(answer) == expected
    host.load(text)
    assert (host.connect(own, source=source, seconds=IMPATIENCE if expected else PATIENCE) is None) == bool(expected)


def test_rules_of_others_that_nobody_can_judge(host):
    """Whoever owns the socket: with a trial it may be tried, and the own table is asked alone."""
    host.load('table inet others { chain input { type filter hook input priority 0; policy accept;\n'
              'tcp dport 22 meta skuid 12345 drop; }; }')
    connection = host.connect('10.77.0.1')
    assert connection
    assert code(host.judge(connection, [{'ports': [SSH]}], confirm=60)[0]) is None
    assert code(host.judge(connection, [{'ports': [SSH]}], confirm=0)[0]) == 'undecided'
    assert code(host.judge(connection, [{'ports': [80]}], confirm=60)[0]) == 'own_connection'


# trials

@pytest.mark.parametrize('seconds, old', [(600, None), (1, 'holds again')])
def test_trials_in_force(host, seconds, old):
    """What a trial closes is closed before, and gained: or, when it is over, it is not."""
    first = table.table(_rules.parse([{'ports': [80], 'sources': []}]), 'accept', False)
    host.load(first)
    with host.net.inside('host'):
        live = table.live(network.run('nft', '-s', 'list', 'table', 'inet', 'listening_ports'))
    host.load(table.trial(_rules.parse([{'ports': [SSH], 'sources': []}]), 'accept', False, '8f3c1a2b', seconds, live))
    assert host.connect('10.77.0.1', seconds=IMPATIENCE) is None
    if old:
        time.sleep(seconds + 0.5)
    assert (host.connect('10.77.0.1', seconds=PATIENCE if old else IMPATIENCE) is None) == (old is None)
    answer, text = host.judge(None, [{'ports': [80], 'sources': []}], others='accept')
    gained = {effect['listener'] for effect in answer['effects'] if effect['gains']}
    assert gained == (set() if old else {'tcp/0.0.0.0:22', 'tcp/[::]:22'})
    host.load(text)
    assert host.connect('10.77.0.1')


# protected sources

@pytest.mark.parametrize('protected, expected', [('10.77.0.3', 'protected_source'), ('10.77.0.2', None)])
def test_protected_sources(host, protected, expected):
    connection = host.connect('10.77.0.1', source='10.77.0.2')
    assert host.connect('10.77.0.1', source=protected)
    answer, text = host.judge(connection, [{'ports': [SSH], 'sources': ['10.77.0.2']}], protected_sources=(protected,))
    assert code(answer) == expected
    host.load(text)
    assert (host.connect('10.77.0.1', source=protected, seconds=IMPATIENCE if expected else PATIENCE) is None) == \
        bool(expected)


# what is not tracked

def is_answered(host, port):
    """bool: an answer to what the host sends by UDP gets back to it."""
    with contextlib.ExitStack() as stack:
        with host.net.inside('client'):
            server = stack.enter_context(socket.socket(type=socket.SOCK_DGRAM))
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind(('10.77.0.2', port))
        with host.net.inside('host'):
            asker = stack.enter_context(socket.socket(type=socket.SOCK_DGRAM))
            asker.bind(('10.77.0.1', 0))
        for made in (server, asker):
            made.settimeout(IMPATIENCE)
        asker.sendto(b'?', ('10.77.0.2', port))
        server.sendto(b'!', server.recvfrom(9)[1])
        try:
            return asker.recv(9) == b'!'
        except OSError:                 # in time, or it is told that nobody takes it
            return False


@pytest.mark.parametrize('rule, expected', [
    ('udp dport 53 notrack', 'notrack'), ('oif "lo" notrack', None), ('tcp dport 53 notrack', None)])
def test_notrack(host, rule, expected):
    host.load('table inet raw { chain output { type filter hook output priority -300; %s; }; }' % rule)
    connection = host.connect('10.77.0.1')
    assert is_answered(host, 53)
    answer, text = host.judge(connection, [{'ports': [SSH]}])
    assert code(answer) == expected
    assert code(host.judge(connection, [{'ports': [SSH]}], others='accept')[0]) is None
    host.load(text)
    assert is_answered(host, 53) == (expected is None)


# tracking

def count(host):
    with host.net.inside('host'):
        return surroundings.tracking()['tracked']


def test_who_tracks(host):
    """A connection that was open before is in the table as soon as a rule asks for its state and it goes on."""
    connection = host.connect('10.77.0.1')
    assert not count(host)
    answer, text = host.judge(connection, [{'ports': [SSH]}])
    # it begins, and forwards for others
    assert [warning for warning in answer['warnings'] if 'track connections' in warning]
    host.load(table.replacement(table.table(_rules.parse([{'ports': [80], 'sources': []}]), 'accept', False)))
    client, served = host.last
    served.send(b'?')
    assert client.recv(9) == b'?'
    assert not count(host)                          # TCP alone needs no tracking
    host.load(text)
    served.send(b'?')
    assert client.recv(9) == b'?'
    assert count(host)
    answer = host.judge(connection, [{'ports': [SSH]}, {'protocol': 'udp', 'ports': [53]}])[0]
    assert not [warning for warning in answer['warnings'] if 'track connections' in warning]


def test_open_sockets_are_counted(host):
    with host.net.inside('host'):
        before = surroundings.tracking()['sockets']
    for _number in range(5):
        assert host.connect('10.77.0.1')
    assert host.connect('fd77::1')
    with host.net.inside('host'):
        assert surroundings.tracking()['sockets'] == before + 6


# tunnels

def vxlan(net, place, device, own, peer, address):
    with net.inside(place):
        network.run('ip', 'link', 'add', 'vx0', 'type', 'vxlan', 'id', '7', 'dstport', '4789', 'dev', device, 'local',
                    own, 'remote', peer)
        network.run('ip', 'address', 'add', address, 'dev', 'vx0')
        network.run('ip', 'link', 'set', 'vx0', 'up')


@pytest.mark.parametrize('options, expected', [
    ([{'ports': [SSH]}], 'tunnel'), ([{'ports': [SSH]}, {'protocol': 'udp', 'ports': [4789]}], None)])
def test_a_tunnel(host, options, expected):
    try:
        vxlan(host.net, 'host', 'h0', '10.77.0.1', '10.77.0.2', '10.88.0.1/24')
    except RuntimeError:
        pytest.skip('this kernel has no VXLAN')
    vxlan(host.net, 'client', 'c0', '10.77.0.2', '10.77.0.1', '10.88.0.2/24')
    connection = dict(host.connect('10.88.0.1'), interface='vx0')
    answer, text = host.judge(connection, options)
    assert code(answer) == expected
    if expected:
        assert 'comes through vx0 (vxlan)' in answer['refusal'][1] and 'udp/4789' in answer['refusal'][1]
    host.load(text)
    # each connection in it is a new flow for the host
    assert (host.connect('10.88.0.1', seconds=IMPATIENCE if expected else PATIENCE) is None) == bool(expected)


def test_who_makes_a_tunnel(host):
    """This process does, and listens by UDP."""
    with contextlib.ExitStack() as stack:
        with host.net.inside('host'):
            try:
                handle = os.open('/dev/net/tun', os.O_RDWR | os.O_CLOEXEC)
            except OSError:
                pytest.skip('there is no /dev/net/tun')
            stack.callback(os.close, handle)
            # TUNSETIFF, IFF_TUN | IFF_NO_PI
            fcntl.ioctl(handle, 0x400454ca, struct.pack('16sH22x', b'tun7', 0x1001))
            network.run('ip', 'address', 'add', '10.89.0.1/24', 'dev', 'tun7')
            network.run('ip', 'link', 'set', 'tun7', 'up')
            made = stack.enter_context(socket.socket(type=socket.SOCK_DGRAM))
            made.bind(('', 1194))
            devices = tunnels.look()
        assert devices['tun7']['kind'] == 'tun' and os.getpid() in devices['tun7']['pids']
        assert devices['h0']['kind'] == 'veth' and devices['h0']['pids'] == []
        connection = dict(host.connect('10.77.0.1'), interface='tun7')
        answer = host.judge(connection, [{'ports': [SSH]}])[0]
        assert code(answer) == 'tunnel' and 'udp/1194' in answer['refusal'][1]
        assert code(host.judge(connection, [{'ports': [SSH]}, {'protocol': 'udp', 'ports': [1194]}])[0]) is None
