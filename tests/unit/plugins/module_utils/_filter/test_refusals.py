# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each reason not to load a table: it is seen, it is not seen where there is none, and whoever knows better goes on."""

import json

import pytest

from ansible_collections.listening.ports.plugins.module_utils._filter import what_if
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._firewall.build import (
    ACCEPT, DROP, chain, dport, match, saddr, state
)
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._firewall.joined import capture, record
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._filter.situations import (
    NET, RELEASES, SSH, TRACKING, code, judged, live, planned, ssh, view
)

NEAR = dict(SSH, address='10.0.0.1', peer='10.0.0.7', interface='eth1')
DEVICE = {'kind': '', 'master': None, 'lower': None, 'port': None, 'wrapped': False, 'pids': []}
DOUBTFUL = chain('input', [[match({'meta': {'key': 'skuid'}}, 0), DROP]], hook='input')
ERRORS = [{'aspect': 'iptables', 'message': 'it has rules, but iptables-legacy-save is not installed to read them'}]


def goes_on(host, case, refused, **more):
    """Whoever names the code may go on; it is told all the same."""
    answer = judged(host, case, despite=(refused,), **more)
    assert [pair[0] for pair in answer['overridden']] == [refused]
    return answer['refusal'] is None


# own_connection

@pytest.mark.parametrize('release', RELEASES)
def test_the_own_connection_could_not_be_made_again(release):
    answer = judged(view(), 'web', release=release)
    assert answer['refusal'] == (
        'own_connection', 'your own connection (198.51.100.7 to port 22) could not be made again: no entry lets it in. '
                          'Add e.g. {name: ssh, port: 22, only_from: [198.51.100.7]}')
    assert judged(view(), 'ssh', release=release)['refusal'] == (
        'own_connection', 'your own connection (198.51.100.7 to port 22) could not be made again: tcp/22 is for '
                          '10.0.0.0/8, fd00::/8 only. Add 198.51.100.7 to its only_from')


@pytest.mark.parametrize('case', ['web', 'ssh'])
def test_nobody_goes_on_without_a_way_back(case):
    answer = judged(view(), case, despite=('own_connection',), confirm=0)
    assert answer['refusal'][0] == 'own_connection' and not answer['overridden']


def test_a_port_that_is_for_nobody():
    to_it = dict(SSH, port=5432)
    assert judged(view(connection=to_it), 'nobody', connection=to_it)['refusal'][1].endswith(
        'tcp/5432 is for nobody only. Add 198.51.100.7 to its only_from')


@pytest.mark.parametrize('release', RELEASES)
@pytest.mark.parametrize('connection', [
    NEAR,
    dict(SSH, address='2001:db8::10', peer='fd00::7'),
    dict(NEAR, interface=None),
    dict(SSH, address='127.0.0.1', peer='127.0.0.1', interface='lo'),
    dict(SSH, address='192.0.2.10', peer='192.0.2.10', interface=None),
], ids=['IPv4', 'IPv6', 'by any interface', 'loopback', 'from itself'])
def test_it_can_be_made_again(connection, release):
    assert code(view(connection=connection), 'ssh', connection=connection, release=release, confirm=0) is None


def test_link_local():
    """A neighbour by its own address: no network of the rules has it."""
    connection = dict(SSH, address='fe80::10', peer='fe80::7')
    assert code(view(connection=connection), 'ssh', connection=connection) == 'own_connection'
    assert code(view(connection=connection), 'published', connection=connection) is None


def test_without_a_connection_nothing_can_be_cut():
    assert code(view(connection=None), 'web', connection=None, confirm=0) is None


def test_what_the_client_addressed_counts():
    """A port that leads to sshd: rules are asked for the port that the client used, which one of them names."""
    lead = chain('prerouting', [[dport(8080), {'redirect': {'port': 22}}]], hook='prerouting', prio=-100, kind='nat',
                 table='nat')
    for peer, expected in (('198.51.100.7', 'own_connection'), ('10.0.0.7', None)):
        connection = dict(SSH, peer=peer, interface='eth1' if expected is None else 'eth0')
        host = view(live(lead), connection=connection, original=(peer, 50000, '192.0.2.10', 8080))
        assert code(host, 'published', connection=connection) == expected
        direct = view(live(lead), connection=connection)
        assert code(direct, 'published', connection=connection) is None


def test_others_block_it_already():
    """Then a trial could not be kept either, and the remedy is not in these rules."""
    stop = chain('input', [[dport(22), DROP]], hook='input')
    code_of, message = judged(view(live(stop)), 'published')['refusal']
    assert code_of == 'own_connection' and 'with the rules that hold now as well' in message
    assert 'nftables inet filter input handle 10' in message


def test_the_own_table_is_asked_alone_where_others_cannot_be_read():
    assert code(view(live(errors=ERRORS)), 'published') is None         # with a trial it may be tried
    doubtful = view(live(DOUBTFUL))
    assert code(doubtful, 'published') is None
    assert code(doubtful, 'web') == 'own_connection'                    # which no rule of others can mend


def test_a_vrf():
    """By the VRF as well as by the interface in it."""
    links = {'eth0': {'kind': None, 'master': 'vrf1', 'lower': None, 'arp': True},
             'vrf1': {'kind': 'vrf', 'master': None, 'lower': None, 'arp': True}}
    host = view(live(net=dict(NET, links=links)))
    for interface in ('eth0', 'vrf1'):
        assert code(host, 'web', connection=dict(SSH, interface=interface)) == 'own_connection'
        assert code(host, 'published', connection=dict(SSH, interface=interface), confirm=0) is None


def test_the_port_of_a_bridge():
    links = {'eth9': {'kind': None, 'master': 'eth0', 'lower': None, 'arp': True},
             'eth0': {'kind': 'bridge', 'master': None, 'lower': None, 'arp': True}}
    host = view(live(net=dict(NET, links=links)))
    assert code(host, 'published', connection=dict(SSH, interface='eth9'), confirm=0) is None
    assert code(host, 'web', connection=dict(SSH, interface='eth9')) == 'own_connection'


# undecided

def test_undecided_only_without_a_trial():
    host = view(live(DOUBTFUL))
    assert code(host, 'published', confirm=60) is None
    refused, message = judged(host, 'published', confirm=0)['refusal']
    assert refused == 'undecided'
    assert message.startswith('whether you get in again cannot be told (') and 'with a trial it may be tried' in message
    assert goes_on(host, 'published', 'undecided', confirm=0)


@pytest.mark.parametrize('host', [
    view(live(errors=ERRORS)),
    view(live(net=None, errors=[{'aspect': 'net', 'message': 'the settings of the interfaces cannot be read'}])),
    view(original=None),
    view(live(nft='{"nftables": [')),
], ids=['unreadable rules', 'unreadable routes', 'unknown translation', 'no output of nft'])
def test_what_could_not_be_seen_is_undecided(host):
    assert code(host, 'published', confirm=0) == 'undecided'
    assert code(host, 'published', confirm=60) is None


def test_interfaces_that_differ():
    """Rules of others let it in by one interface only, and it is not known by which one it comes."""
    stop = chain('input', [[match({'meta': {'key': 'iifname'}}, 'eth1'), dport(22), DROP]], hook='input')
    host = view(live(stop))
    assert code(host, 'published', connection=dict(SSH, interface=None), confirm=0) == 'undecided'
    assert code(host, 'published', connection=SSH, confirm=0) is None


# protected_source

@pytest.mark.parametrize('release', RELEASES)
def test_protected_sources(release):
    host, given = view(None, [ssh(), record(port=80)], NEAR), {'protected_sources': ('192.0.2.9/32',)}
    assert judged(host, 'ssh', connection=NEAR, release=release, **given)['refusal'] == (
        'protected_source', '192.0.2.9 (protected) would lose tcp/22, tcp/80')
    assert code(host, 'web', connection=None, release=release, **given) == 'protected_source'
    assert goes_on(host, 'web', 'protected_source', connection=None, release=release, **given)


def test_protected_sources_that_lose_nothing():
    host = view(listeners=[record(port=80)])
    assert code(host, 'web', connection=None, protected_sources=('0.0.0.0/0', '::/0')) is None
    assert code(view(listeners=[ssh()]), 'ssh', connection=None, protected_sources=('10.9.9.9/32', 'fd00::/16')) is None


def test_who_could_not_reach_it_loses_nothing():
    stop = chain('input', [[saddr('192.0.2.9'), DROP]], hook='input')
    host = view(live(stop), [ssh()])
    assert code(host, 'ssh', connection=None, protected_sources=('192.0.2.9/32',)) is None
    assert code(host, 'ssh', connection=None, protected_sources=('192.0.2.8/32',)) == 'protected_source'


def test_the_network_of_which_a_part_loses():
    answer = judged(view(listeners=[ssh()]), 'ssh', connection=None, protected_sources=('9.0.0.0-10.9.9.9',))
    assert answer['refusal'] == ('protected_source', '9.0.0.0 (protected) would lose tcp/22')


def test_many_ports():
    host = view(listeners=[record(port=port) for port in range(1, 9)])
    assert judged(host, 'ssh', connection=None, protected_sources=('192.0.2.9/32',))['refusal'][1] == (
        '192.0.2.9 (protected) would lose tcp/1, tcp/2, tcp/3 and 5 more')


def test_protected_sources_of_a_published_port():
    taken = capture('docker_nft')
    host = view(dict(taken, nft=json.dumps(taken['nft']), port_names={}))
    assert judged(host, 'published', connection=None, protected_sources=('198.51.100.0/24',))['refusal'] == (
        'protected_source', '198.51.100.0 (protected) would lose tcp/8050')


def test_protected_sources_of_whom_it_is_not_known():
    """What rules of others do is not known; the own table alone tells whether it costs anything."""
    doubtful = view(live(DOUBTFUL), [record(port=80)])
    for host in (doubtful, view(live(errors=ERRORS), [record(port=80)])):
        refusal = judged(host, 'ssh', connection=None, protected_sources=('192.0.2.9/32',))['refusal']
        assert refusal[0] == 'protected_source'
    assert code(doubtful, 'web', connection=None, protected_sources=('192.0.2.9/32',)) is None
    message = judged(view(live(errors=ERRORS), [record(port=80)]), 'web', connection=None,
                     protected_sources=('192.0.2.9/32',))['refusal'][1]
    assert message == 'whether 192.0.2.9 (protected) would lose tcp/80 cannot be told: %s' % ERRORS[0]['message']


def test_protected_sources_of_a_host_that_was_not_seen_in_full():
    """There may be listeners, or published ports, that nobody has asked for."""
    given = {'connection': None, 'protected_sources': ('192.0.2.9/32',)}
    for host, reason in ((view(unseen=['max_sockets was reached']), 'max_sockets was reached'),
                         (view(live(errors=ERRORS)), ERRORS[0]['message'])):
        answer = judged(host, 'ssh', **given)
        assert answer['refusal'] == (
            'protected_source', 'whether protected sources would lose something cannot be told: %s' % reason)
        assert answer['warnings'] == ['who loses or gains access could not be worked out in full: %s' % reason]
        assert goes_on(host, 'ssh', 'protected_source', **given)
        assert code(host, 'ssh', connection=None) is None


def test_the_own_connection_is_told_first():
    host = view(listeners=[ssh()], kubelet='kubelet')
    answer = judged(host, 'web', protected_sources=('192.0.2.9/32',), despite=('protected_source', 'kubelet'))
    assert answer['refusal'][0] == 'own_connection'
    assert [pair[0] for pair in answer['overridden']] == ['protected_source', 'kubelet']
    assert code(host, 'web', connection=None, protected_sources=('192.0.2.9/32',)) == 'protected_source'
    assert code(host, 'web', connection=None, protected_sources=('192.0.2.9/32',), despite=('protected_source',)) == \
        'kubelet'


# tunnel

WG = {'eth0': dict(DEVICE), 'wg0': dict(DEVICE, kind='wireguard', port=51820)}
BY_WG = dict(NEAR, interface='wg0')
NET_WG = dict(NET, addresses=dict(NET['addresses'], wg0=['10.99.0.1/24']))


def test_a_tunnel_whose_port_would_be_closed():
    host = view(live(net=NET_WG), connection=BY_WG, devices=WG)
    assert judged(host, 'ssh', connection=BY_WG)['refusal'] == (
        'tunnel', 'your connection (10.0.0.7 to port 22) comes through wg0 (wireguard), which works until its peer has '
                  'to begin anew. No entry lets udp/51820 in: add one')
    assert goes_on(host, 'ssh', 'tunnel', connection=BY_WG)


@pytest.mark.parametrize('case, port, expected', [
    ('published', 51820, 'tunnel'), ('nobody', 51820, None), ('published', None, 'tunnel'), ('nobody', None, None)])
def test_tunnels_matter_where_their_port_is_closed(case, port, expected):
    devices = {'wg0': dict(WG['wg0'], port=port)}
    host = view(live(net=NET_WG), connection=BY_WG, devices=devices)
    assert code(host, case, connection=BY_WG) == expected


def test_a_list_of_what_is_closed_may_close_a_tunnel():
    devices = {'vpn0': dict(WG['wg0'], port=5432, kind='tun', pids=[7])}
    connection = dict(BY_WG, interface='vpn0')
    host = view(live(net=NET_WG), [record(port=5432, process='openvpn', pid=7)], connection, devices=devices)
    refusal = judged(host, 'nobody', connection=connection)['refusal']
    assert refusal[0] == 'tunnel' and 'tcp/5432' in refusal[1]


def test_a_tunnel_whose_port_stays_open():
    devices = {'wg0': dict(WG['wg0'], port=53)}
    connection = dict(BY_WG, port=443)
    assert code(view(live(net=NET_WG), connection=connection, devices=devices), 'web', connection=connection) is None


def test_no_tunnel():
    assert code(view(connection=NEAR, devices=WG), 'ssh', connection=NEAR) is None


def test_devices_that_cannot_be_read():
    refusal = judged(view(connection=NEAR, devices=None), 'ssh', connection=NEAR)['refusal']
    assert refusal[0] == 'tunnel' and 'the devices of this host cannot be read' in refusal[1]


def test_the_interface_is_not_known():
    connection = dict(BY_WG, interface=None)
    host = view(live(net=NET_WG), connection=connection, devices=WG)
    assert ' may come through wg0 ' in judged(host, 'ssh', connection=connection)['refusal'][1]


# kubelet

def test_kubelet():
    host = view(connection=NEAR, kubelet='k3s-server')
    refusal = judged(host, 'ssh', connection=NEAR)['refusal']
    assert refusal[0] == 'kubelet' and refusal[1].startswith('k3s-server runs here: ')
    assert goes_on(host, 'ssh', 'kubelet', connection=NEAR)
    assert code(host, 'nobody', connection=NEAR) is None
    assert code(view(connection=NEAR), 'ssh', connection=NEAR) is None


# notrack

def raw(*matches):
    return chain('prerouting', [[*matches, {'notrack': None}]], hook='prerouting', prio=-300, table='raw')


@pytest.mark.parametrize('matches', [
    [], [dport(53, 'udp')], [match({'meta': {'key': 'l4proto'}}, {'set': ['tcp', 'udp']})],
    [match({'meta': {'key': 'iifname'}}, 'lo', '!=')], [match({'meta': {'key': 'iifname'}}, 'lo*')],
])
def test_notrack(matches):
    host = view(live(raw(*matches)), connection=NEAR)
    refusal = judged(host, 'ssh', connection=NEAR)['refusal']
    assert refusal[0] == 'notrack' and 'nftables inet raw prerouting handle 10' in refusal[1]
    assert goes_on(host, 'ssh', 'notrack', connection=NEAR)
    assert code(host, 'nobody', connection=NEAR) is None


@pytest.mark.parametrize('matches', [
    [match({'meta': {'key': 'iifname'}}, 'lo')], [match({'meta': {'key': 'oif'}}, 'lo')], [dport(80)],
    [match({'meta': {'key': 'l4proto'}}, {'set': ['tcp', 'icmp']})],
])
def test_notrack_of_what_is_not_asked_for(matches):
    host = view(live(raw(*matches)), connection=NEAR)
    assert code(host, 'ssh', connection=NEAR) is None


def test_notrack_of_iptables():
    text = '*raw\n:PREROUTING ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n' \
           '-A PREROUTING -p udp -m udp --dport 53 -j CT --notrack\nCOMMIT\n'
    assert code(view(live(saves={'ip/legacy': text}), connection=NEAR), 'ssh', connection=NEAR) == 'notrack'


# tracking

BUSY = dict(TRACKING, sockets=71000)
WORDS = 'the new rules make the kernel track connections, which nothing on this host uses yet: '


def test_tracking_would_be_filled():
    host = view(connection=NEAR, tracking=BUSY)
    assert judged(host, 'ssh', connection=NEAR)['refusal'] == (
        'tracking', WORDS + '71,000 sockets are open, and there is room to track 262,144. When the table of '
                            'connections is full, packets of everybody are dropped, long after this run. Raise '
                            'net.netfilter.nf_conntrack_max first')
    assert goes_on(host, 'ssh', 'tracking', connection=NEAR)


@pytest.mark.parametrize('case, tracking, parts, expected', [
    ('ssh', dict(BUSY, tracked=None), (), 'tracking'),              # the kernel has no table of connections yet
    ('ssh', dict(BUSY, sockets=65536), (), 'tracking'),             # a quarter
    ('ssh', dict(BUSY, sockets=65535), (), None),
    ('ssh', dict(BUSY, tracked=1), (), None),                       # the one in use: it is used already
    ('nobody', BUSY, (), None),                                     # TCP alone needs none
    ('ssh', BUSY, (chain('input', [[state('established'), ACCEPT]], hook='input'),), None),     # a rule asks for it
    ('ssh', BUSY, (chain('postrouting', [[{'masquerade': None}]], hook='postrouting', prio=100, kind='nat'),), None),
    ('ssh', BUSY, (chain('input', [[dport(22), ACCEPT]], hook='input'),), 'tracking'),
    ('ssh', dict(TRACKING, sockets=None), (), 'tracking'),
    ('ssh', dict(TRACKING, most=None), (), 'tracking'),
])
def test_when_tracking_begins(case, tracking, parts, expected):
    assert code(view(live(*parts), connection=NEAR, tracking=tracking), case, connection=NEAR) == expected


@pytest.mark.parametrize('tracking, expected', [
    (dict(TRACKING, forwards=True), 1), (dict(TRACKING, forwards=True, tracked=9), 0), (TRACKING, 0)])
def test_what_is_passed_on_is_tracked_too(tracking, expected):
    answer = judged(view(connection=NEAR, tracking=tracking), 'ssh', connection=NEAR)
    assert len(answer['warnings']) == expected and answer['refusal'] is None
    assert not judged(view(connection=NEAR, tracking=tracking), 'nobody', connection=NEAR)['warnings']


def test_unreadable_rules_may_track():
    """What could not be read proves nothing: only a connection in the table does."""
    host = view(live(errors=ERRORS), connection=NEAR, tracking=BUSY)
    assert code(host, 'ssh', connection=NEAR) == 'tracking'


def test_a_listing_that_is_none():
    with pytest.raises(ValueError):
        what_if.judge(view(), planned('ssh')[:-5], (), 'reject', None, 60)
