# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who gets to sockets that are reached, or not, by something else than the rules for their port: real packets tell."""

import shutil

import pytest

pytestmark = [pytest.mark.root, pytest.mark.skipif(
    not all(map(shutil.which, ('ip', 'nft'))), reason='needs ip and nft')]
NEAR, FAR = '10.77.0.2', '10.78.0.2'        # clients behind h0 and h1


@pytest.fixture
def lab():
    from firewall import sockets
    made = sockets.Lab()
    yield made
    made.close()


def compare(lab, protocol, address, flows, expected):
    """The product's verdict and what the kernel does, of clients that send to (source, destination, port)."""
    from firewall import sockets
    listening, (bound, port) = address if isinstance(address, tuple) else (None, (address, flows[0][2]))
    listening = listening or lab.listen(protocol, bound, port)
    judged = sockets.exposure(lab.facts(), protocol, bound, port)
    words = {source: sockets.verdict(judged, source) for source, dummy, dummy2 in flows}
    reached = {flow: lab.is_reached(listening, *flow) for flow in flows}
    for flow, is_reached in reached.items():
        assert words[flow[0]] in ('undecided', 'allowed' if is_reached else 'blocked'), (flow, judged)
    assert [words[source] for source, dummy, dummy2 in flows] == expected, judged
    return judged


def rules(lab, *lines):
    """Rules for what comes in, all else is dropped."""
    lab.nft('table inet t {\nchain i {\ntype filter hook input priority 0; policy drop;\n%s}\n}\n' % ''.join(
        '%s accept\n' % line for line in lines))


@pytest.mark.parametrize('bound', ['10.78.0.1', '0.0.0.0'])
def test_address_that_stayed_on_a_port_of_a_bridge(lab, bound):
    lab.host('ip link add b0 type bridge', 'ip link set b0 up', 'ip link set h1 master b0')
    rules(lab, 'meta l4proto icmpv6', 'ip daddr 10.78.0.1')
    lab.client('ip neigh del 10.78.0.1 dev c1')
    compare(lab, 'tcp', bound, [(FAR, '10.78.0.1', 8443)], ['allowed'])


@pytest.mark.parametrize('table', ['local', 'main', '100'])
def test_prefix_that_is_local_by_a_route(lab, table):
    lab.host('ip route add local 203.0.113.0/24 dev lo table %s' % table, 'ip rule add to 203.0.113.0/24 lookup 100')
    lab.client('ip route add 203.0.113.0/24 via 10.77.0.1')
    compare(lab, 'tcp', '203.0.113.7', [(NEAR, '203.0.113.7', 8443)], ['allowed'])
    compare(lab, 'tcp', '203.0.112.7', [(NEAR, '203.0.112.7', 8443)], ['blocked'])


def test_prefix_that_is_local_for_marked_packets(lab):
    lab.host('ip route add local default dev lo table 100', 'ip rule add fwmark 1 lookup 100')
    lab.client('ip route add 203.0.113.0/24 via 10.77.0.1')
    compare(lab, 'tcp', '203.0.113.7', [(NEAR, '203.0.113.7', 8443)], ['undecided'])
    lab.nft('table ip m {\nchain p {\ntype filter hook prerouting priority -150;\ntcp dport 8444 mark set 1\n}\n}\n')
    compare(lab, 'tcp', '203.0.113.7', [(NEAR, '203.0.113.7', 8444)], ['undecided'])


def test_all_that_a_wildcard_hears_of_a_local_prefix(lab):
    lab.host('ip route add local 203.0.113.0/24 dev lo')
    lab.client('ip route add 203.0.113.0/24 via 10.77.0.1')
    rules(lab, 'ip daddr 203.0.113.128-203.0.113.130 ip saddr 10.77.0.0/24')
    compare(lab, 'tcp', '0.0.0.0', [(NEAR, '203.0.113.129', 8443), (FAR, '10.78.0.1', 8443)], ['allowed', 'blocked'])


@pytest.mark.parametrize('bound', ['10.77.0.255', '0.0.0.0'])
def test_broadcast_of_a_subnet(lab, bound):
    rules(lab, 'ip daddr 10.77.0.255 ip saddr 10.77.0.0/24')
    flows = [(NEAR, '10.77.0.255', 8443), (FAR, '10.77.0.255', 8443)]
    judged = compare(lab, 'udp', bound, flows, ['allowed', 'blocked'])
    assert judged['level'] == 'private'


@pytest.mark.parametrize('match', ['meta pkttype broadcast', 'fib daddr type broadcast', 'ip daddr 255.255.255.255'])
def test_limited_broadcast(lab, match):
    rules(lab, match)
    compare(lab, 'udp', '0.0.0.0', [(NEAR, '255.255.255.255', 8443)], ['allowed'])


@pytest.mark.parametrize('bound, match', [('239.1.2.3', 'udp dport 8443'), ('0.0.0.0', 'ip daddr 239.1.2.3')])
def test_group_that_was_joined(lab, bound, match):
    rules(lab, match)
    lab.client('ip route add 239.0.0.0/8 dev c0', 'ip route add 239.0.0.0/8 dev c1 metric 9')
    listening = lab.listen('udp', bound, 8443, group='10.77.0.1 239.1.2.3')
    address = listening, (bound, 8443)
    compare(lab, 'udp', address, [(NEAR, '239.1.2.3', 8443)], ['allowed'])
    assert not lab.is_reached(listening, FAR, '239.1.2.3', 8443)    # of an interface by which nobody has joined


def test_group_that_nobody_joined(lab):
    lab.client('ip route add 239.0.0.0/8 dev c0')
    compare(lab, 'udp', '239.1.2.3', [(NEAR, '239.1.2.3', 8443)], ['blocked'])


def test_connections_are_not_made_to_many_hosts(lab):
    compare(lab, 'tcp', '10.77.0.255', [(NEAR, '10.77.0.255', 8443)], ['blocked'])


@pytest.mark.parametrize('bound, to', [
    ('127.0.0.1', '127.0.0.1:12345'), ('0.0.0.0', ':12345'), ('10.78.0.1', '10.78.0.1:12345')])
def test_packets_that_are_handed_to_a_proxy(lab, bound, to):
    lab.host('ip route add local default dev lo table 100', 'ip rule add fwmark 1 lookup 100')
    lab.client('ip route add 203.0.113.0/24 via 10.77.0.1')
    lab.nft('table ip m {\nchain p {\ntype filter hook prerouting priority -150;\n'
            'ip saddr 10.77.0.0/24 tcp dport 80 tproxy to %s meta mark set 1 accept\n}\n}\n' % to)
    rules(lab, 'tcp dport 80')
    listening = lab.listen('tcp', bound, 12345)
    flows = [(NEAR, '203.0.113.7', 80), (FAR, '10.78.0.1', 12345)]
    judged = compare(lab, 'tcp', (listening, (bound, 12345)), flows, ['undecided', 'blocked'])
    assert judged['level'] == 'unknown' and 'tproxy' in judged['undecided'][0]['reason']
    assert lab.is_reached(listening, *flows[0])


@pytest.mark.parametrize('rule, port', [
    ('tcp dport 80 dnat to 127.0.0.1:8443', 80), ('tcp dport 8000-9000 dnat to 127.0.0.1', 8443)])
def test_translation_to_loopback(lab, rule, port):
    lab.host('echo 1 > /proc/sys/net/ipv4/conf/h0/route_localnet')
    lab.nft('table ip n {\nchain p {\ntype nat hook prerouting priority -100;\n%s\n}\n}\n' % rule)
    rules(lab, 'ct status dnat ip saddr 10.77.0.2')
    listening = lab.listen('tcp', '127.0.0.1', 8443)
    flows = [(NEAR, '10.77.0.1', port), ('10.77.0.3', '10.77.0.1', port), (FAR, '10.78.0.1', port)]
    judged = compare(lab, 'tcp', (listening, ('127.0.0.1', 8443)), flows, ['allowed', 'blocked', 'blocked'])
    assert judged['level'] == 'private'


@pytest.mark.parametrize('direction, policy, word', [
    ('in', 'src 10.77.0.0/31 dst 0.0.0.0/0 proto tcp dport 8443 action block', 'allowed'),
    ('in', 'src 10.77.0.0/24 dst 0.0.0.0/0 proto tcp dport 8443 action block', 'blocked'),
    ('in', 'src 10.77.0.0/24 dst 0.0.0.0/0 tmpl proto esp mode transport', 'undecided'),
    ('out', 'src 0.0.0.0/0 dst 10.77.0.2/32 proto tcp sport 8443 action block', 'blocked')])
def test_policies_of_ipsec(lab, direction, policy, word):
    lab.host('ip xfrm policy add dir %s %s' % (direction, policy))
    flows = [(NEAR, '10.77.0.1', 8443), (FAR, '10.78.0.1', 8443)]
    compare(lab, 'tcp', '0.0.0.0', flows, [word, 'allowed'])
