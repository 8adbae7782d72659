# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who came to listeners, against the connections that ss shows in the same network."""

import ipaddress
import os
import random
import shutil
import socket
import subprocess

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


@pytest.mark.skipif(not shutil.which('nft'), reason='needs nft')
def test_clients_of_what_is_led_elsewhere_are_those_that_connected(lab):
    """To a container, to another port of the host itself, and through neither: the connections are the oracle."""
    from ansible_collections.listening.ports.plugins.module_utils import _facts
    from ansible_collections.listening.ports.plugins.module_utils._firewall.exposure.attach import attach
    lab.nft('table inet n {\nchain p {\ntype nat hook prerouting priority -100;\n'
            'ip daddr 10.77.0.1 tcp dport 80 dnat ip to 10.99.0.2:8081\n'
            'ip6 daddr fd77::1 tcp dport 80 dnat ip6 to [fd99::2]:8081\ntcp dport 81 redirect to :8082\n}\n}\n')
    with lab.net.inside('container'):
        box = socket.create_server(('', 8081), family=socket.AF_INET6, dualstack_ipv6=True)
    own = lab.listen('tcp', '0.0.0.0', 8082, transparent=False)
    kept = []
    with lab.net.inside('client'):
        for server, source, address, port in (
                (box, '10.77.0.2', '10.77.0.1', 80), (box, '10.77.0.2', '10.77.0.1', 80),
                (box, '172.16.9.9', '10.77.0.1', 80), (box, 'fd77::3', 'fd77::1', 80),
                (own, '10.77.0.3', '10.77.0.1', 81), (own, '10.78.0.2', '10.78.0.1', 8082)):
            kept += accepted(server, source, address, port)
    with lab.net.inside('host'):
        facts = _facts.collect(gather=['connections', 'firewall'], run=run_in, judge=attach)
    led = {(item['address'], item['port']): {**item['clients']['ipv4'], **item['clients']['ipv6']}
           for item in facts['led_elsewhere']}
    assert led == {('10.77.0.1', 80): {'10.77.0.2/32': 2, '172.16.9.9/32': 1}, ('fd77::1', 80): {'fd77::3/128': 1},
                   ('10.77.0.1', 81): {'10.77.0.3/32': 1}}
    forwarded = {(record['address'], record['port']) for record in facts['forwarded']}
    assert {('10.77.0.1', 80), ('fd77::1', 80)} <= forwarded, forwarded
    [socket_of] = [record for record in facts['listeners'] if record['id'] == 'tcp/0.0.0.0:8082']
    assert socket_of['clients']['ipv4'] == {'10.77.0.3/32': 1, '10.78.0.2/32': 1}
    for end in [*kept, box]:
        end.close()


def run_in(words, environ_update=None, **dummy):
    """Runs a command as modules do."""
    done = subprocess.run(words, env=dict(os.environ, **(environ_update or {})), capture_output=True, text=True,
                          check=False)
    return done.returncode, done.stdout, done.stderr
