# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who can reach listeners by rulesets that real tools made."""

import gc
import json

import pytest

from ansible_collections.listening.ports.plugins.module_utils._addresses import intervals as iv
from ansible_collections.listening.ports.plugins.module_utils._firewall.evaluate import evaluator
from ansible_collections.listening.ports.plugins.module_utils._firewall.exposure import (
    alike as _alike, attach as _attach, describe, survey
)
from ansible_collections.listening.ports.plugins.module_utils._firewall.ruleset import load
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._firewall.build import (
    ACCEPT, NET, chain, match, payload, saddr, snapshot
)
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._firewall.joined import (
    ANYONE4, ANYONE6, attach, brief, capture, dual, exposed, record
)
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import gaps_of

ADMINS = ['10.0.0.0/8', '198.51.100.7/32']


@pytest.mark.parametrize('name', ['native', 'iptables_nft', 'iptables_legacy', 'mixed'])
@pytest.mark.parametrize(
    'protocol, port, expected',
    [
        ('tcp', 80, ('allowed', 'anyone', ANYONE4)),
        ('tcp', 443, ('allowed', 'anyone', ANYONE4)),
        ('tcp', 8010, ('allowed', 'anyone', ANYONE4)),
        ('tcp', 8011, ('blocked', 'none', [])),
        ('udp', 53, ('allowed', 'anyone', ANYONE4)),
        ('tcp', 53, ('blocked', 'none', [])),
        ('sctp', 80, ('blocked', 'none', [])),
    ],
)
def test_same_rules_in_all_tools(name, protocol, port, expected):
    if name == 'mixed' and port == 80:      # the other backend drops it
        expected = ('blocked', 'none', [])
    assert brief(exposed(name, record(protocol, port=port))) == expected


@pytest.mark.parametrize(
    'name, allowed',
    [
        ('native', ADMINS),
        ('iptables_nft', ADMINS[:1]),
        ('iptables_legacy', ADMINS[:1]),
        ('ipset_nft', ADMINS),
        ('ipset_legacy', ADMINS),
    ],
)
def test_sources(name, allowed):
    exposure = exposed(name, record(port=22))
    assert (exposure['verdict'], exposure['allowed'], exposure['undecided']) == ('partly', allowed, [])
    assert exposure['level'] == ('listed' if len(allowed) > 1 else 'private')


def test_deciding_rule_is_told():
    assert exposed('native', record(port=9000))['decided_by'].startswith('nftables inet filter services handle ')
    assert exposed('iptables_legacy', record(port=9000))['decided_by'] == \
        'iptables filter INPUT 8: -A INPUT -j REJECT --reject-with icmp-port-unreachable'
    assert exposed('open', record())['decided_by'] is None


@pytest.mark.parametrize(
    'name, port, lets_in, keeps_out',
    [
        (
            'iptables_legacy',
            22,
            'iptables filter INPUT 4: -A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 22 ',
            'iptables filter INPUT 8: -A INPUT -j REJECT',
        ),
        ('iptables_legacy', 80, 'iptables filter INPUT 5: -A INPUT -p tcp -m multiport --dports 80,443,', None),
        (
            'iptables_legacy',
            9000,
            'iptables filter INPUT 8: -A INPUT -j REJECT',
            'iptables filter INPUT 8: -A INPUT -j REJECT',
        ),
        ('open', 22, None, None),
    ],
)
def test_what_lets_in_and_what_keeps_the_others_out(name, port, lets_in, keeps_out):
    exposure = exposed(name, record(port=port))
    for part in [exposure] + exposure['paths']:
        for text, begin in ((part['decided_by'], lets_in), (part['blocked_by'], keeps_out)):
            assert text == begin if begin is None else text.startswith(begin)


def test_nobody_is_kept_out_who_cannot_come():
    snapshot = capture('iptables_legacy')
    snapshot['net']['sources'] = {'eth0': [['10.1.0.0/16', False]]}
    exposure = exposed(snapshot, record(port=22))
    assert (exposure['verdict'], exposure['blocked_by']) == ('allowed', None) and exposure['decided_by'].startswith(
        'iptables filter INPUT 4: '
    )
    snapshot['net']['sources'] = {'eth0': [['192.0.2.0/24', False]]}
    exposure = exposed(snapshot, record(port=22))
    assert exposure['verdict'] == 'blocked'
    assert exposure['decided_by'] == exposure['blocked_by']
    assert exposure['decided_by'].startswith('iptables filter INPUT 8: ')


def test_what_one_family_shuts_out_is_told_beside_what_the_other_lets_in():
    exposure = exposed('iptables_nft', dual(22))
    # there are no rules for IPv6
    assert exposure['paths'][0]['decided_by'] is exposure['paths'][0]['blocked_by'] is None
    assert exposure['decided_by'] == exposure['paths'][1]['decided_by'] and exposure['decided_by'].startswith(
        'iptables filter INPUT 4: '
    )
    assert exposure['blocked_by'] == exposure['paths'][1]['blocked_by'] and exposure['blocked_by'].startswith(
        'iptables filter INPUT '
    )


@pytest.mark.parametrize(
    'routes, expected',
    [
        (
            {
                'eth0': [['10.0.0.0/9', False], ['10.128.0.0/9', True], ['2001:db8::/64', False]],
                'lo': [['127.0.0.0/8', False]],
                'gone': [['192.0.2.0/24', True]],
            },
            {'ipv4': ['10.0.0.0/8'], 'ipv6': ['2001:db8::/64']},
        ),
        ({'eth0': [['ff00::/8', False], ['0.0.0.0/0', True]]}, {'ipv4': ['0.0.0.0/0'], 'ipv6': []}),
        (
            {'eth0': [['10.%d.%d.0/25' % (number // 256, number % 256), False] for number in range(2000)]},
            {'ipv4': ['10.%d.%d.0/25' % (number // 256, number % 256) for number in range(2000)], 'ipv6': []},
        ),
        ({'eth0': [['10.%d.%d.0/25' % (number // 256, number % 256), False] for number in range(2001)]}, None),
        (None, None),
    ],
)
def test_who_can_send_at_all(routes, expected):
    snapshot = capture('open')
    snapshot['net']['sources'] = routes
    assert attach(snapshot)[0]['firewall']['sources'] == expected


def test_who_can_send_is_known_though_the_rules_are_not():
    snapshot = capture('open')
    snapshot['errors'].append({'aspect': 'nft', 'message': 'nft: not root'})
    assert attach(snapshot)[0]['firewall']['sources'] == {'ipv4': ANYONE4, 'ipv6': ANYONE6}
    snapshot['net'] = None
    assert attach(snapshot)[0]['firewall']['sources'] is None


@pytest.mark.parametrize('enabled', [True, False])
def test_the_collector_of_garbage_is_as_it_was(enabled, monkeypatch):
    before, during = gc.isenabled(), []

    def broken(*dummy):
        during.append(gc.isenabled())
        raise RuntimeError
    monkeypatch.setattr(survey.Survey, 'ask', broken)
    (gc.enable if enabled else gc.disable)()
    try:
        with pytest.raises(RuntimeError):
            attach('open')
        assert (gc.isenabled(), during) == (enabled, [False])
    finally:
        (gc.enable if before else gc.disable)()


def test_paths():
    exposure = exposed('iptables_nft', dual(22))
    assert brief(exposure) == ('partly', 'anyone', ['::/0', '10.0.0.0/8'])
    assert [(path['family'], path['interfaces'], path['verdict'], path['allowed']) for path in exposure['paths']] == [
        ('ipv6', ['eth0'], 'allowed', ANYONE6), ('ipv4', ['eth0'], 'partly', ['10.0.0.0/8'])]
    assert set(exposure) == {'verdict', 'level', 'allowed', 'undecided', 'decided_by', 'blocked_by', 'caveats', 'paths'}
    assert all(
        set(path) == set(exposure) - {'level', 'paths'} | {'interfaces', 'addresses', 'family'}
        for path in exposure['paths']
    )


def test_interfaces_that_rules_do_not_tell_apart_are_one_path():
    [path] = exposed('podman', record(address='192.0.2.10'))['paths']
    assert (path['interfaces'], path['allowed']) == (['eth0', 'podman0'], ANYONE4)


@pytest.mark.parametrize('listener, families', [
    (record(), {'ipv4'}), (record(address='::', v6only=True), {'ipv6'}), (dual(), {'ipv4', 'ipv6'}),
    (record(address='192.0.2.10'), {'ipv4'}), (record(address='2001:db8::10'), {'ipv6'})])
def test_families(listener, families):
    assert {path['family'] for path in exposed('open', listener)['paths']} == families


def test_mapped_address_is_of_ipv4():
    listener = record(address='::ffff:192.0.2.10')
    listener.update(accepts_ipv4=True, accepts_ipv6=False)
    assert brief(exposed('native', listener)) == ('allowed', 'anyone', ANYONE4)


def test_not_known_whether_it_takes_ipv4():
    listener = dual(22)
    listener['accepts_ipv4'] = None
    exposure = exposed('native', listener)
    assert (exposure['verdict'], exposure['level'], exposure['allowed']) == ('unknown', 'unknown', [])
    assert exposure['undecided'] == [{'sources': ADMINS, 'reason': 'whether the socket accepts IPv4 is unknown'}]


@pytest.mark.parametrize('listener', [
    record(address='127.0.0.1'), record(address='127.3.0.1'), record(address='::1'), record(interface='lo')])
def test_loopback(listener):
    exposure = exposed('open', listener)
    assert (brief(exposure), exposure['paths'], exposure['decided_by']) == (
        ('blocked', 'local', []),
        [],
        'bound to loopback',
    )


def test_loopback_that_is_let_in():
    snapshot = capture('route_localnet')
    exposure = exposed(snapshot, record(address='127.0.0.1', port=80))
    assert brief(exposure) == ('allowed', 'listed', ['192.0.2.0/24'])
    assert exposure['caveats'] == ['route_localnet lets packets to 127.0.0.0/8 in by eth0']
    assert brief(exposed(snapshot, record(address='127.0.0.1', port=81))) == ('blocked', 'local', [])
    assert brief(exposed(snapshot, record(address='::1', port=80))) == ('blocked', 'local', [])


def test_address_that_the_host_does_not_have():
    exposure = exposed('open', record(address='10.9.9.9'))
    assert (brief(exposure), exposure['caveats']) == (
        ('blocked', 'none', []),
        ['the host does not have the address 10.9.9.9'],
    )


def local(*rows):
    """A snapshot in which nothing is filtered, and these are local by routes: [CIDR, interface, bool: surely]."""
    snapshot = capture('open')
    snapshot['net']['local'] = [list(row) for row in rows]
    return snapshot


@pytest.mark.parametrize('address, row', [
    ('198.51.100.9', ('198.51.100.0/24', 'lo', True)),          # AnyIP
    ('10.9.9.9', ('10.9.9.9/32', 'lan0', True)),                # an address that stayed on a port of a bridge
    ('2001:db8:f::9', ('2001:db8:f::/48', 'lo', True)),
])
def test_address_that_a_route_makes_local(address, row):
    exposure = exposed(local(row), record(address=address))
    assert brief(exposure) == ('allowed', 'anyone', ANYONE6 if ':' in address else ANYONE4)
    assert exposure['caveats'] == []
    assert brief(exposed(local(), record(address=address))) == ('blocked', 'none', [])


def test_address_that_rules_of_routing_may_make_local():
    exposure = exposed(local(('198.51.100.0/24', 'lo', False)), record(address='198.51.100.9'))
    assert (brief(exposure), exposure['undecided'][0]['reason']) == (
        ('unknown', 'unknown', []), 'rules of routing decide which packets to 198.51.100.9 are for this host')
    assert brief(exposed(local(('198.51.100.0/24', 'lo', False)), record(address='198.51.101.9')))[1] == 'none'


NEAR = {'eth0': [['10.0.0.0/24', False], ['0.0.0.0/0', True]]}


def to(address):
    return match(payload('ip', 'daddr'), address)


def of_type(kind):
    return match({'fib': {'result': 'type', 'flags': ['daddr']}}, kind)


def dropping(*rules, **net):
    """A snapshot in which nothing gets in but by these matches."""
    net = dict(NET, sources=NEAR, **net)
    rules = [[rule, ACCEPT] for rule in rules]
    return snapshot(chain('in', rules, hook='input', policy='drop'), tools={}, tables=[], net=net)


@pytest.mark.parametrize('text', ['198.51.100.9', '10.9.9.9'])
def test_what_listens_everywhere_is_reached_at_what_a_route_makes_local(text):
    taken = dropping(to(text))
    assert brief(exposed(taken, record())) == ('blocked', 'none', [])
    taken = dropping(to(text), local=[['198.51.100.0/24', 'lo', True], ['10.9.9.9/32', 'lan0', True]])
    assert brief(exposed(taken, record())) == ('allowed', 'anyone', ANYONE4)


@pytest.mark.parametrize('address, expected', [
    ('10.0.0.255', ('allowed', 'anyone', ANYONE4)),             # a router may pass it on
    ('255.255.255.255', ('allowed', 'private', ['10.0.0.0/24'])),
    ('224.0.0.251', ('allowed', 'private', ['10.0.0.0/24'])),
    ('239.1.2.3', ('allowed', 'anyone', ANYONE4)),
    ('239.9.9.9', ('blocked', 'none', [])),                     # nobody has joined it
])
def test_bound_to_a_broadcast_or_a_group(address, expected):
    groups = {'eth0': ['224.0.0.251', '239.1.2.3'], 'lo': ['239.9.9.9']}
    taken = snapshot(net=dict(NET, sources=NEAR, groups=groups), tools={}, tables=[])
    assert brief(exposed(taken, record('udp', address))) == expected
    assert brief(exposed(taken, record(address=address))) == ('blocked', 'none', [])       # no connection leads there
    assert exposed(dropping(groups=groups), record('udp', address))['level'] == 'none'


def test_groups_of_ipv6():
    net = dict(NET, sources={'eth0': [['fe80::/64', False], ['fd00::/64', False], ['::/0', True]]},
               groups={'eth0': ['ff02::fb', 'ff05::2', 'ff01::1']})
    taken = snapshot(net=net, tools={}, tables=[])
    assert brief(exposed(taken, record('udp', 'ff02::fb'))) == ('allowed', 'private', ['fd00::/64', 'fe80::/64'])
    assert brief(exposed(taken, record('udp', 'ff05::2'))) == ('allowed', 'anyone', ANYONE6)
    assert brief(exposed(taken, record('udp', 'ff02::77'))) == ('blocked', 'none', [])
    assert brief(exposed(taken, record('udp', 'ff01::1'))) == ('blocked', 'local', [])


@pytest.mark.parametrize('rule', [
    to('10.0.0.255'), to('224.0.0.251'), of_type('broadcast'), of_type('multicast'),
    match({'meta': {'key': 'pkttype'}}, {'set': ['broadcast', 'multicast']})])
def test_what_is_bound_to_every_address_hears_broadcasts_and_groups(rule):
    taken = dropping(rule, groups={'eth0': ['224.0.0.251']})
    assert '10.0.0.0/24' in exposed(taken, record('udp', port=5353))['allowed'] or \
        exposed(taken, record('udp', port=5353))['allowed'] == ANYONE4
    for other in (record('tcp', port=5353), record('udp', '10.0.0.1', port=5353)):
        assert exposed(taken, other)['level'] == 'none'


@pytest.mark.parametrize('listener, reason', [
    (record(interface='vrf0'), 'it is bound to vrf0, whose addresses and routes are unknown'),
    (record('raw', port=1), 'raw sockets are not judged')])
def test_not_judged(listener, reason):
    exposure = exposed('open', listener)
    assert (exposure['verdict'], exposure['level'], exposure['allowed']) == ('unknown', 'unknown', [])
    assert exposure['undecided'] == [{'sources': ANYONE6 if ':' in listener['address'] else ANYONE4, 'reason': reason}]


def test_other_namespaces_are_not_judged():
    listener, own = record(namespace='docker:0123456789ab'), record()
    attach('open', listener, own)
    assert listener['exposure'] is None and own['exposure']['verdict'] == 'allowed'


@pytest.mark.parametrize('aspect', ['nft', 'iptables', 'ipset', 'net'])
@pytest.mark.parametrize('message, hint', [
    ('nft: not root', 'become'),
    ('the output of nft could not be parsed', None),
])
def test_what_could_not_be_read_leaves_all_unknown(aspect, message, hint):
    snapshot = capture('open')
    snapshot['errors'].append({'aspect': aspect, 'message': message})
    if aspect == 'net':
        snapshot['net'] = None
    listener, bound = dual(), record(address='127.0.0.1')
    facts, gaps = attach(snapshot, listener, bound)
    assert listener['exposure'] == {
        'verdict': 'unknown',
        'level': 'unknown',
        'allowed': [],
        'decided_by': None,
        'blocked_by': None,
        'caveats': [],
        'paths': [],
        'undecided': [{'sources': ['::/0', '0.0.0.0/0'], 'reason': message}],
    }
    assert bound['exposure']['level'] == 'unknown'
    assert (facts['forwarded'], facts['openings'], facts['firewall']['default']) == ([], [], 'unknown')
    assert [(gap['aspect'], gap['code'], gap['message'], gap['hint']) for gap in gaps.found] == [
        ('firewall', 'unreadable', message, hint)
    ]


@pytest.mark.parametrize(
    'text',
    [
        '',
        'no JSON',
        '[' * 100000,
        '{"nftables": [3]}',
        '{"nftables": [{"rule": 3}]}',
        '[]',
        '{}',
        '{"nftables": 3}',
        '3',
    ],
)
def test_text_of_nft_that_is_not_understood(text):
    listener = record()
    dummy, gaps = attach(dict(capture('open'), nft=text), listener)
    assert listener['exposure']['undecided'][0]['reason'] == 'the output of nft could not be parsed'
    assert gaps_of(gaps) == {('firewall', 'unreadable'): None}


def test_text_of_nft_is_the_same_as_what_it_stands_for():
    snapshot, listener, other = capture('native'), record(port=22), record(port=22)
    assert attach(dict(snapshot, nft=json.dumps(snapshot['nft'])), listener)[0] == attach(snapshot, other)[0]
    assert listener == other and listener['exposure']['verdict'] == 'partly'


def test_rules_that_break_the_loader():
    snapshot = capture('native')
    for item in snapshot['nft']['nftables']:
        if 'rule' in item:
            item['rule']['chain'] = 'gone'
    listener = record()
    dummy, gaps = attach(snapshot, listener)
    assert listener['exposure']['verdict'] == 'unknown' and gaps_of(gaps) == {('firewall', 'unclear'): None}


def test_what_is_not_decided_is_a_gap():
    snapshot = capture('native')
    rules = [item['rule'] for item in snapshot['nft']['nftables'] if item.get('rule', {}).get('chain') == 'input']
    rules[0]['expr'] = [
        {'match': {'op': '==', 'left': {'payload': {'protocol': 'tcp', 'field': 'dport'}},
                   'right': {'set': [{'range': [1, 4]}]}}},
        {'match': {'op': '==', 'left': {'meta': {'key': 'hour'}}, 'right': '12:00'}}, {'accept': None}]
    raw, known = record('raw', port=1), record(port=443)
    unknown = [record(port=port) for port in (1, 2, 3, 4)]
    dummy, gaps = attach(snapshot, raw, known, *unknown)
    [gap] = gaps.found
    assert (gap['aspect'], gap['code'], gap['count']) == ('firewall', 'undecided', 4)
    reason = unknown[0]['exposure']['undecided'][0]['reason']
    assert gap['message'] == \
        'who can reach tcp/0.0.0.0:1, tcp/0.0.0.0:2, tcp/0.0.0.0:3, ... is not decided: %s' % reason
    assert not attach('native', raw, known)[1].found


def test_nobody_comes_by_an_interface_without_routes():
    snapshot = capture('docker_nft')
    snapshot['net']['sources'] = {'docker0': [['172.17.0.0/16', False]]}
    assert brief(exposed(snapshot, record(port=22))) == ('allowed', 'private', ['172.17.0.0/16'])


def test_too_many_routes_leave_everybody_possible():
    snapshot = capture('open')
    snapshot['net'].update(routes=None, sources=None)
    assert brief(exposed(snapshot, record())) == ('allowed', 'anyone', ANYONE4)


def test_strict_filter_of_reverse_paths():
    snapshot = capture('docker_nft')
    snapshot['net']['rp_filter'] = {'eth0': 1, 'docker0': 1}
    exposure = exposed(snapshot, record(port=22))
    by_name = {path['interfaces'][0]: path['allowed'] for path in exposure['paths']}
    assert by_name['docker0'] == ['172.17.0.0/16'] and '172.17.0.0/16' not in by_name['eth0']
    behind = iv.isect(iv.merged(iv.parse(net)[1][0] for net in by_name['eth0']), iv.parse('172.17.0.0/16')[1])
    assert not iv.contains(behind, iv.number('172.17.0.2')) and by_name['eth0'] != ANYONE4


def test_own_addresses_make_no_holes_in_networks():
    """No packet comes from them, and a rule that drops those that claim to, as rpfilter does, makes many of one."""
    snapshot = capture('open')
    assert snapshot['net']['addresses']['eth0'][0] == '192.0.2.10/24'
    networks = {}
    for source in ('192.0.2.10', '192.0.2.9'):
        snapshot['nft'] = {'nftables': chain('input', [[saddr(source), {'drop': None}]], 'input')}
        networks[source] = exposed(snapshot, record())['allowed']
    assert networks['192.0.2.10'] == ['0.0.0.0/0'] and len(networks['192.0.2.9']) == 32


def opened(snapshot, *records):
    return [
        (opening['protocol'], opening['family'], opening['ports'], opening['interfaces'], opening['sources'])
        for opening in attach(snapshot, *records)[0]['openings']
    ]


def test_openings():
    openings = opened('native', record(port=80), record(port=8005), record(port=443, address='127.0.0.1'))
    assert [opening for opening in openings if opening[1] == 'ipv4'] == [
        ('tcp', 'ipv4', '22', ['eth0'], ADMINS),
        ('tcp', 'ipv4', '443', ['eth0'], ANYONE4),
        ('tcp', 'ipv4', '8000-8004', ['eth0'], ANYONE4),
        ('tcp', 'ipv4', '8006-8010', ['eth0'], ANYONE4),
        ('tcp', 'ipv4', '9000', ['eth0'], ANYONE4),
        ('udp', 'ipv4', '53', ['eth0'], ANYONE4),
    ]
    assert ('tcp', 'ipv6', '80', ['eth0'], ANYONE6) in openings and ('tcp', 'ipv6', '22', ['eth0'], []) not in openings


def test_openings_name_their_rule():
    rules = {opening['ports']: opening['decided_by'] for opening in attach('native')[0]['openings']}
    assert (
        rules['9000'].startswith('nftables inet filter services handle ')
        and 'tcp dport { 8000-8010, 9000 } accept' in rules['9000']
    )


def test_nothing_is_an_opening_where_everything_is_open():
    assert opened('open') == [] and opened('docker_nft') == []


def test_who_may_reach_any_port_is_an_opening():
    snapshot = capture('native')
    rules = [item['rule'] for item in snapshot['nft']['nftables'] if item.get('rule', {}).get('chain') == 'input']
    rules[0]['expr'] = [{'match': {'op': '==', 'left': {'payload': {'protocol': 'ip', 'field': 'saddr'}},
                                   'right': {'prefix': {'addr': '10.1.0.0', 'len': 16}}}}, {'accept': None}]
    facts, dummy = attach(snapshot)
    assert [
        (opening['protocol'], opening['ports'], opening['sources'])
        for opening in facts['openings']
        if opening['ports'] == '1-65535'
    ] == [('tcp', '1-65535', ['10.1.0.0/16']), ('udp', '1-65535', ['10.1.0.0/16'])]
    assert facts['firewall']['default'] == 'mixed'


def test_lists_of_a_hostile_host_are_short():
    snapshot = capture('native')
    rules = [item['rule'] for item in snapshot['nft']['nftables'] if item.get('rule', {}).get('chain') == 'input']
    odd = [
        {
            'rule': dict(
                rules[0],
                handle=100 + number,
                expr=[
                    {
                        'match': {
                            'op': '==',
                            'left': {'payload': {'protocol': 'ip', 'field': 'saddr'}},
                            'right': '10.%d.%d.1' % (number // 256, number % 256),
                        }
                    },
                    {'match': {'op': '==', 'left': {'meta': {'key': 'hour'}}, 'right': 'x' * 5000}},
                    {'accept': None},
                ],
            )
        }
        for number in range(700)
    ]
    snapshot['nft']['nftables'] += odd
    for rule in rules:
        rule['expr'] = [{'counter': None}]
    exposure = exposed(snapshot, record(port=1))
    assert (exposure['verdict'], exposure['allowed']) == ('unknown', []) and 0 < len(
        exposure['undecided']
    ) <= describe.MOST_REASONS + 1
    assert all(
        len(part['sources']) <= 4 * describe.MOST_NETWORKS and len(part['reason']) < 1000
        for part in exposure['undecided']
    )


def test_too_many_openings(monkeypatch):
    monkeypatch.setattr(_attach, 'MOST_OPENINGS', 2)
    facts, gaps = attach('native')
    assert len(facts['openings']) == 2 and gaps_of(gaps)['firewall', 'openings'] > 5


def test_too_many_ports_to_ask_for(monkeypatch):
    monkeypatch.setattr(survey, 'LEAST_QUESTIONS', 1)
    monkeypatch.setattr(survey, 'STEPS', 1)
    facts, gaps = attach('native')
    assert facts['openings'] and gaps_of(gaps)['firewall', 'openings'] > 2


def test_no_time():
    listener = record()
    facts, gaps = attach('native', listener, patience=-1)
    assert listener['exposure']['undecided'] == [{'sources': ANYONE4, 'reason': 'there was no time left to judge it'}]
    assert (facts['firewall']['default'], list(gaps_of(gaps))) == (
        'unknown', [('firewall', 'budget'), ('firewall', 'undecided')])


@pytest.mark.parametrize(
    'name, backends, default',
    [
        ('open', [], 'accept'),
        ('native', ['nftables'], 'drop'),
        ('iptables_nft', ['iptables-nft'], 'mixed'),
        ('iptables_legacy', ['iptables-legacy'], 'mixed'),
        ('mixed', ['nftables', 'iptables-nft', 'iptables-legacy'], 'drop'),
        ('ufw_like', ['iptables-nft', 'ufw'], 'mixed'),
        ('podman', ['nftables'], 'accept'),
    ],
)
def test_firewall(name, backends, default):
    firewall = attach(name)[0]['firewall']
    assert (firewall['backends'], firewall['default']) == (backends, default)
    assert (firewall['rules'] > 0) == bool(backends)


def test_questions_are_shared(monkeypatch):
    asked = []
    ask = evaluator.Evaluator.ask
    monkeypatch.setattr(evaluator.Evaluator, 'ask', lambda self, **what: asked.append(what) or ask(self, **what))
    attach('open', *[record(port=port) for port in range(1, 101)])
    assert len(asked) <= 4                      # of each family and of TCP and UDP
    del asked[:]
    attach('native', *[record(port=port) for port in range(8000, 8011)])
    assert len([question for question in asked if question['family'] == 4 and 8000 <= question['port'] <= 8010]) == 1


def test_ports_that_rules_treat_alike():
    ruleset = load.load(capture('native'))
    asker = _alike.Asker(ruleset, None, 1, {})
    alike = asker.port_class
    assert alike('tcp', 80) == alike('tcp', 443) != alike('tcp', 25) and alike('tcp', 8000) == alike(
        'tcp', 8010
    ) == alike('tcp', 9000)
    assert alike('tcp', 7999) == alike('tcp', 1) == alike('tcp', asker.unnamed('tcp')) and alike('udp', 80) == alike(
        'udp', 81
    ) != alike('udp', 53)
    assert list(asker.pieces('filter', 4, 'tcp')) == [(22, 22), (80, 80), (443, 443), (8000, 8010), (9000, 9000)]
    assert list(asker.pieces('filter', 6, 'tcp')) == [(80, 80), (443, 443), (8000, 8010), (9000, 9000)]


def proxying(*conditions, where=None, hook='prerouting', **net):
    """A snapshot in which nothing gets in, but a rule hands packets to a proxy."""
    rule = [*conditions, {'tproxy': where or {'family': 'ip', 'addr': '127.0.0.1', 'port': 3129}}, ACCEPT]
    chains = chain('pre', [rule], hook=hook, prio=-150, table='t') + chain('in', [], hook='input', policy='drop')
    sources = {'eth0': [*NEAR['eth0'], ['::/0', True]], 'docker0': []}
    return snapshot(chains, tools={}, tables=[], net=dict(NET, sources=sources, **net))


WEB = match(payload('tcp', 'dport'), 80)


@pytest.mark.parametrize('where, listener, level', [
    (None, record(address='127.0.0.1', port=3129), 'unknown'),
    (None, record(address='0.0.0.0', port=3129), 'unknown'),
    (None, dual(3129), 'unknown'),
    (None, record(address='127.0.0.2', port=3129), 'local'),
    (None, record(address='127.0.0.1', port=80), 'local'),
    (None, record(address='10.0.0.1', port=3129), 'none'),
    (None, record('udp', '127.0.0.1', 3129), 'local'),              # the rule is for TCP
    (None, record('sctp', '127.0.0.1', 3129), 'local'),
    (None, record(address='::1', port=3129), 'local'),
    ({'port': 3129}, record(address='0.0.0.0', port=3129), 'unknown'),
    ({'port': 3129}, record(address='10.0.0.1', port=3129), 'unknown'),
    ({'port': 3129}, record(address='127.0.0.1', port=3129), 'local'),  # it goes to an address of the interface
    ({'family': 'ip6', 'addr': '::1'}, record(address='::1', port=80), 'unknown'),
    ({'family': 'ip', 'addr': '127.0.0.1', 'port': {'map': {}}}, record(address='127.0.0.1', port=77), 'unknown'),
    ({'family': 'ip', 'addr': 'x', 'port': 1}, record(address='127.0.0.1', port=77), 'unknown'),
])
def test_what_a_proxy_is_handed(where, listener, level):
    exposure = exposed(proxying(WEB, where=where), listener)
    assert (exposure['level'], exposure['allowed']) == (level, [])
    if level == 'unknown':
        assert exposure['undecided'][0]['reason'].startswith('redirected to a proxy (tproxy): nftables inet t pre ')
        assert exposure['decided_by'] != 'bound to loopback'


@pytest.mark.parametrize('condition, sources', [
    (saddr('10.1.0.0/16'), ['10.1.0.0/16']),
    (saddr('10.1.0.0/16', op='!='), ['0.0.0.0/0']),                 # of many networks
    (match({'meta': {'key': 'iifname'}}, 'docker0'), []),           # nobody is behind it
    (match({'meta': {'key': 'iifname'}}, 'eth0'), ['0.0.0.0/0']),
    (match({'meta': {'key': 'nfproto'}}, 'ipv6'), []),
    (match({'meta': {'key': 'mark'}}, 7), ['0.0.0.0/0']),
])
def test_who_may_be_handed_to_a_proxy(condition, sources):
    exposure = exposed(proxying(condition, WEB), record(address='127.0.0.1', port=3129))
    listed = [text for part in exposure['undecided'] for text in part['sources']]
    assert listed == sources or sources == ['0.0.0.0/0'] and len(listed) > 9 and '32.0.0.0/3' in listed


def test_a_proxy_that_lets_in_everybody_anyway():
    taken = proxying(WEB)
    taken['nft']['nftables'] = [part for part in taken['nft']['nftables'] if part.get('chain', {}).get('name') != 'in']
    exposure = exposed(taken, record(port=3129))
    assert (exposure['verdict'], exposure['level']) == ('allowed', 'anyone')


@pytest.mark.parametrize('line, level', [
    ('TPROXY --on-port 3129 --on-ip 127.0.0.1 --tproxy-mark 0x1/0x1', 'unknown'),
    ('TPROXY --on-port 3129 --on-ip 0.0.0.0 --tproxy-mark 0x1/0x1', 'local'),
    ('TPROXY --on-port 3130 --on-ip 127.0.0.1 --tproxy-mark 0x1/0x1', 'local'),
    ('TPROXY --on-port 0 --on-ip 127.0.0.1 --tproxy-mark 0x1/0x1', 'unknown'),
])
def test_proxies_of_iptables(line, level):
    text = '*mangle\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp -m tcp --dport 80 -j %s\nCOMMIT\n' % line
    taken = dropping()
    exposure = exposed(dict(taken, saves={'ip/legacy': text}), record(address='127.0.0.1', port=3129))
    assert exposure['level'] == level


def translating(target, **more):
    """A snapshot in which translated packets alone get in."""
    translated = match({'ct': {'key': 'status'}}, 'dnat', 'in')
    chains = chain('in', [[translated, saddr('10.0.0.0/24'), ACCEPT]], hook='input', policy='drop')
    chains += chain('pre', [[WEB, {'dnat': dict({'family': 'ip', 'addr': '127.0.0.1'}, **target)}]],
                    hook='prerouting', prio=-100, kind='nat', table='n')
    net = dict(NET, sources=dict(NEAR, docker0=NEAR['eth0']), **more)
    return snapshot(chains, tools={}, tables=[], net=net, port_names={})


@pytest.mark.parametrize('target, address, port, level', [
    ({'port': 8080}, '127.0.0.1', 8080, 'private'), ({}, '127.0.0.1', 80, 'private'),
    ({'port': 8080}, '127.0.0.1', 80, 'local'), ({'port': 8080}, '127.0.0.2', 8080, 'local'),
    ({'port': 8080}, '::1', 8080, 'local'), ({'port': {'range': [8000, 9000]}}, '127.0.0.1', 8080, 'unknown')])
def test_loopback_that_translations_lead_to(target, address, port, level):
    listener = record(address=address, port=port)
    # of one of two interfaces that no rule tells apart
    assert exposed(translating(target, route_localnet=['eth0']), listener)['level'] == level
    assert exposed(translating(target), listener)['level'] == 'local'


def test_no_time_to_ask_what_translations_lead_to():
    listener, other = record(address='127.0.0.1', port=8080), record(address='10.0.0.1', port=7)
    attach(translating({'port': 8080}, route_localnet=['eth0']), listener, other, patience=-1)
    assert listener['exposure']['undecided'][0]['reason'] == 'there was no time left to judge it'
    attach(dropping(), listener, patience=-1)
    assert listener['exposure']['level'] == 'local'


def test_programs_that_choose_sockets():
    """Whatever rules say, it is another socket that may get the packets."""
    net = dict(NET, sources=NEAR, sk_lookup=True)
    taken = snapshot(net=net, tools={}, tables=[])
    for listener in (record(), record('udp'), record(address='127.0.0.1'), record(address='::1')):
        exposure = exposed(taken, listener)
        assert (exposure['level'], exposure['undecided'][0]['reason']) == (
            'unknown', 'a BPF program (sk_lookup) chooses the sockets that get packets')
    assert exposed(taken, record('sctp'))['level'] == 'anyone'
    for value in (False, None):
        assert exposed(snapshot(net=dict(net, sk_lookup=value), tools={}, tables=[]), record())['level'] == 'anyone'
