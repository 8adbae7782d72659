# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who came to listeners, against the connections that ss shows in the same network."""

import ipaddress
import random
import shutil
import socket

import pytest

pytestmark = [pytest.mark.root, pytest.mark.skipif(
    not all(map(shutil.which, ('ip', 'ss', 'unshare'))), reason='needs ip, ss and unshare')]
# by ss: those that were established
CAME = {'ESTAB', 'FIN-WAIT-1', 'FIN-WAIT-2', 'TIME-WAIT', 'CLOSE-WAIT', 'LAST-ACK', 'CLOSING'}
PORTS = {8001: '0.0.0.0', 8002: '::', 8003: '10.77.0.1', 8004: 'fd77::1'}
SEEDS = (11, 12, 13)


@pytest.fixture
def lab():
    from firewall import sockets
    made = sockets.Lab()
    yield made
    made.close()


def addresses(chance):
    """Addresses of clients, of both families: some near each other, and some far."""
    nets = ['10.77.%d.' % chance.randrange(3, 250) for dummy in range(4)]
    nets6 = ['fd77:0:0:%x::' % chance.randrange(1, 9999) for dummy in range(3)]
    made = {net + str(chance.randrange(2, 255)) for net in nets for dummy in range(chance.choice([1, 3, 12]))}
    made6 = {net + '%x' % chance.randrange(2, 9999) for net in nets6 for dummy in range(chance.choice([1, 2, 7]))}
    return sorted(made), sorted(made6)


def covering(clients, shown):
    """Hold the networks of facts against the peers that ss shows."""
    peers = [ipaddress.ip_address(peer) for peer in shown]
    peers = [getattr(peer, 'ipv4_mapped', None) or peer for peer in peers]
    own = [ipaddress.ip_address(text) for text in ('10.77.0.1', '10.78.0.1', 'fd77::1', 'fd78::1')]
    itself = [peer for peer in peers if peer.is_loopback or peer in own]
    assert clients['itself'] == len(itself)
    nets = {ipaddress.ip_network(text): count for name in ('ipv4', 'ipv6') for text, count in clients[name].items()}
    counted = dict.fromkeys(nets, 0)
    for peer in [peer for peer in peers if peer not in itself]:
        [net] = [net for net in nets if peer in net]        # in one of them, and in one alone
        counted[net] += 1
    assert counted == nets
    # single addresses, unless there are many of one network
    for net in nets:
        inside = len({peer for peer in peers if peer in net})
        few = 8 if net.version == 4 else 4
        assert inside > few if net.prefixlen < net.max_prefixlen else inside == 1
    return nets


@pytest.mark.parametrize('collector', ['netlink', 'procfs'])
@pytest.mark.parametrize('seed', SEEDS)
def test_clients_are_those_that_ss_shows(lab, collector, seed):
    from ansible_collections.listening.ports.plugins.module_utils import _facts
    from zoo import oracle_ss
    chance = random.Random(seed)
    some, some6 = addresses(chance)
    lab.client(*['ip address add %s/16 dev c0' % address for address in some],
               *['ip address add %s/48 dev c0 nodad' % address for address in some6])
    lab.host('ip route add 10.77.0.0/16 dev h0', 'ip route add fd77::/48 dev h0')
    servers = {port: lab.listen('tcp', address, port, transparent=False) for port, address in PORTS.items()}
    datagrams = lab.listen('udp', '10.77.0.1', 8005, transparent=False)
    kept = []
    with lab.net.inside('host'):
        datagrams.connect((some[0], 4711))
        wildcard = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        wildcard.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        wildcard.bind(('0.0.0.0', 8005))
        kept.append(wildcard)
        for peer in ('127.0.0.1', '10.77.0.1'):         # of the host itself, one through loopback and one not
            kept += accepted(servers[8001], peer, peer, 8001)
    with lab.net.inside('client'):
        for port, address in PORTS.items():
            for source in some if address != 'fd77::1' else ():
                kept += accepted(servers[port], source, '10.77.0.1', port)
            for source in some6 if address in ('::', 'fd77::1') else ():
                kept += accepted(servers[port], source, 'fd77::1', port)
    for end in chance.sample(kept, len(kept) // 3):     # one end alone, and so they are in many states
        chance.choice([end.close, lambda end=end: end.shutdown(socket.SHUT_WR)])() if end is not wildcard else None
    with lab.net.inside('host'):
        facts = _facts.collect(gather=['connections'], collector=collector)
        rows = [row for row in oracle_ss.parse(oracle_ss.run('--all')) if row['protocol'] == 'tcp']
    assert facts['complete']['connections'] is True
    found = 0
    for record in facts['listeners']:
        if record['port'] == 8005:
            assert record['clients'] == {'ipv4': {some[0] + '/32': 1}, 'ipv6': {}, 'itself': 0}
            continue
        shown = [row['peer'][0] for row in rows if row['port'] == record['port'] and row['state'] in CAME]
        assert len(shown) > 3
        found += len(covering(record['clients'], shown))
    assert found > 10
    for end in kept:
        end.close()


def accepted(server, source, address, port):
    """Both ends of a connection."""
    family = socket.AF_INET6 if ':' in source else socket.AF_INET
    client = socket.socket(family, socket.SOCK_STREAM)
    client.settimeout(10)
    client.bind((source, 0))
    client.connect((address, port))
    server.setblocking(True)
    server.settimeout(10)
    return [client, server.accept()[0]]
