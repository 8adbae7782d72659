# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who can reach which address of a host with several, where rules tell them apart."""

import time

import pytest

from ansible_collections.listening.ports.plugins.module_utils._firewall.exposure import describe
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._firewall.build import (
    ACCEPT, DROP, ESTABLISHED, chain, dport, match, payload, snapshot
)
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._firewall.joined import (
    ANYONE4, attach, brief, exposed, record
)

WAN, LAN = '198.51.100.1', '10.1.0.1'
ROUTER = {
    'addresses': {'wan': [WAN + '/24'], 'lan': [LAN + '/24'], 'lo': ['127.0.0.1/8']},
    'primary': {'wan': WAN, 'lan': LAN, 'lo': '127.0.0.1'},
    'routes': [
        {'family': 4, 'to': '0.0.0.0/0', 'interface': 'wan', 'via': '198.51.100.254', 'type': 'unicast'},
        {'family': 4, 'to': '198.51.100.0/24', 'interface': 'wan', 'via': None, 'type': 'unicast'},
        {'family': 4, 'to': '10.1.0.0/24', 'interface': 'lan', 'via': None, 'type': 'unicast'},
    ],
    'sources': {'wan': [['0.0.0.0/0', True]], 'lan': [['10.1.0.0/24', False]]},
    'route_localnet': [],
    'rp_filter': {},
    'forwarding': {'ipv4': True, 'ipv6': False},
    'rules': False,
}
BY_LAN = match({'meta': {'key': 'iifname'}}, 'lan')
WHOSE = {'fib': {'result': 'type', 'flags': ['daddr', 'iif']}}


def router(*parts, **more):
    return dict(
        snapshot(*parts, net=dict(ROUTER, **more), tables=[], tools={'firewalld': 'absent', 'ufw': 'absent'}),
        port_names={}, elsewhere={})


def guarded(*rules, **more):
    return router(chain('input', [ESTABLISHED, *rules], 'input', policy='drop'), **more)


def nat(*rules):
    return chain('prerouting', list(rules), 'prerouting', -100, kind='nat', family='ip', table='nat')


def paths(exposure):
    return [(path['interfaces'], path['addresses'], path['allowed']) for path in exposure['paths']]


@pytest.mark.parametrize('translation', [{'redirect': None}, {'redirect': {'port': 53}}, {'dnat': {'addr': LAN}}])
def test_what_is_led_to_the_same_port_of_another_address_reaches_a_wildcard(translation):
    listener = record('udp', port=53)
    rules = nat([BY_LAN, dport(53, 'udp'), translation])
    facts = attach(router(rules), listener)[0]
    assert brief(listener['exposure']) == ('allowed', 'anyone', ANYONE4)
    assert listener['exposure']['caveats'] == [] and facts['forwarded'] == facts['openings'] == []
    assert paths(listener['exposure']) == [(['lan'], None, ['10.1.0.0/24']), (['wan'], None, ANYONE4)]


def test_it_does_not_reach_another_port_and_not_another_address():
    elsewhere, bound = record('udp', port=5353), record('udp', WAN, 53)
    rule = [BY_LAN, dport({'set': [53, 5353]}, 'udp'), {'redirect': {'port': 53}}]
    facts = attach(router(nat(rule)), elsewhere, bound)[0]
    for listener in (elsewhere, bound):
        assert listener['exposure']['paths'][0]['verdict'] == 'blocked', listener['id']
        assert listener['exposure']['paths'][0]['interfaces'] == ['lan']
        assert 'redirects the port to %s:53' % LAN in listener['exposure']['caveats'][0]
    assert facts['forwarded'] == []         # nothing listens there


def test_a_listener_on_the_one_address_that_others_are_led_to():
    bound = record('udp', LAN, 53, process='dnsmasq')
    [endpoint] = attach(router(nat([BY_LAN, dport(53, 'udp'), {'redirect': None}])), bound)[0]['forwarded']
    assert (endpoint['id'], endpoint['to']) == ('udp/%s:53' % WAN, LAN + ':53')
    assert endpoint['owners'] == bound['owners'] and endpoint['exposure']['allowed'] == ['10.1.0.0/24']


@pytest.mark.parametrize('rule', [
    [match(WHOSE, 'local'), dport(22), ACCEPT],
    [match({'concat': [WHOSE, payload('tcp', 'dport')]}, {'set': [{'concat': ['local', 22]}]}), ACCEPT],
])
def test_addresses_of_the_interface_that_a_packet_comes_by(rule):
    listener = record(port=22)
    attach(guarded(rule), listener)
    assert brief(listener['exposure']) == ('allowed', 'anyone', ANYONE4)
    assert sorted(paths(listener['exposure'])) == [
        (['lan'], [LAN], ['10.1.0.0/24']), (['lan'], [WAN], []), (['wan'], [LAN], []), (['wan'], [WAN], ANYONE4)]


def test_the_same_by_iptables():
    saves = {'ip/legacy': '*filter\n:INPUT DROP [0:0]\n-A INPUT -m addrtype --dst-type LOCAL --limit-iface-in -j ACCEPT'
                          '\nCOMMIT\n'}
    listener = record(port=22)
    attach(dict(router(), saves=saves), listener)
    assert brief(listener['exposure'])[:2] == ('allowed', 'anyone')
    assert (['lan'], [WAN], []) in paths(listener['exposure'])


@pytest.mark.parametrize('address, expected', [
    ('0.0.0.0', ('partly', 'private', ['10.0.0.0/8'])),
    (LAN, ('partly', 'private', ['10.0.0.0/8'])),
    (WAN, ('blocked', 'none', [])),
])
def test_rules_about_one_address(address, expected):
    source = match(payload('ip', 'saddr'), {'prefix': {'addr': '10.0.0.0', 'len': 8}})
    rule = [match(payload('ip', 'daddr'), LAN), source, ACCEPT]
    exposure = exposed(guarded(rule, sources=None), record('tcp', address, 22))
    assert brief(exposure) == expected
    if address == '0.0.0.0':
        assert paths(exposure) == [(['lan', 'wan'], [WAN], []), (['lan', 'wan'], [LAN], ['10.0.0.0/8'])]
        assert [bool(path['blocked_by']) for path in exposure['paths']] == [True, True]
    else:
        assert [path['addresses'] for path in exposure['paths']] == [None]


def test_nobody_is_kept_out_who_gets_in_by_another_address():
    exposure = exposed(guarded([match(payload('ip', 'daddr'), LAN), ACCEPT]), record(port=22))
    assert (exposure['verdict'], exposure['blocked_by']) == ('allowed', None)
    assert [path['verdict'] for path in exposure['paths']] == ['blocked', 'allowed']


def test_undecided_at_one_address_is_decided_by_another():
    hour = match({'meta': {'key': 'hour'}}, '12:00')
    rules = [[match(payload('ip', 'daddr'), LAN), hour, ACCEPT], [match(payload('ip', 'daddr'), WAN), ACCEPT]]
    exposure = exposed(guarded(*rules), record(port=22))
    assert (exposure['verdict'], exposure['undecided']) == ('allowed', [])
    assert sorted(path['verdict'] for path in exposure['paths']) == ['allowed', 'unknown']


def test_what_no_rule_tells_apart_has_one_path():
    exposure = exposed(guarded([dport(22), ACCEPT]), record(port=22))
    assert [path['addresses'] for path in exposure['paths']] == [None]


def test_link_local_addresses_are_no_group_for_fewer_senders_alone():
    addresses = {'wan': ['2001:db8::1/64', 'fe80::1/64']}
    rule = [match(payload('ip6', 'saddr'), {'prefix': {'addr': '2001:db8::', 'len': 32}}), dport(22), ACCEPT]
    exposure = exposed(
        router(chain('input', [ESTABLISHED, rule], 'input', policy='drop'), addresses=addresses, sources=None),
        record(address='::', port=22, v6only=True))
    assert [path['addresses'] for path in exposure['paths']] == [None]


def many(count):
    return {'wan': [WAN + '/24'] + ['10.%d.%d.1/24' % divmod(number, 250) for number in range(count)]}


def test_more_addresses_than_are_listed():
    exposure = exposed(guarded([match(payload('ip', 'daddr'), WAN), ACCEPT], addresses=many(300)), record(port=22))
    assert [len(path['addresses']) for path in exposure['paths']] == [1, describe.MOST_ADDRESSES]
    assert exposure['caveats'] == ['of paths with many addresses of the host, 100 of these are listed']


def test_more_groups_of_addresses_than_are_listed():
    rules = [[match(payload('ip', 'daddr'), '10.0.%d.1' % number), match(payload('ip', 'saddr'), '192.0.2.%d' % number),
              ACCEPT] for number in range(describe.MOST_PARTS + 1)]
    exposure = exposed(guarded(*rules, addresses=many(200), sources=None), record(port=22))
    assert exposure['verdict'] == 'partly' and len(exposure['paths']) == 1
    assert exposure['caveats'] == [
        'some addresses of the host are reached by others than the rest, too many to list their paths']


@pytest.mark.parametrize('rule', [[dport(22), ACCEPT], [match(WHOSE, 'local'), ACCEPT]])
def test_a_host_with_thousands_of_interfaces_is_judged_in_time(rule):
    """Or it is undecided with a reason: never is each address tried at each interface."""
    addresses = {'veth%d' % number: ['10.%d.%d.1/24' % divmod(number, 250)] for number in range(5000)}
    listener = record(port=22)
    started = time.process_time()
    attach(guarded(rule, addresses=addresses, sources=None, primary={}), listener, patience=2)
    assert time.process_time() - started < 20
    assert listener['exposure']['level'] in ('anyone', 'unknown')


def test_drop_of_one_address_is_no_drop_of_all():
    exposure = exposed(router(chain('input', [[match(payload('ip', 'daddr'), WAN), DROP]], 'input')), record(port=22))
    assert exposure['level'] == 'anyone' and (['lan', 'wan'], [WAN], []) in paths(exposure)


LONG = {'set': [LAN, *('203.0.113.%d' % number for number in range(0, 200, 2))]}


@pytest.mark.parametrize('rule, reached', [
    ([match(payload('ip', 'daddr'), LONG), dport(22), ACCEPT], LAN),
    ([match(payload('ip', 'daddr'), LONG, '!='), dport(22), ACCEPT], WAN),
])
def test_very_long_sets_tell_addresses_of_the_host_apart(rule, reached):
    listener = record(port=22)
    attach(guarded(rule), listener)
    assert {path['verdict'] for path in listener['exposure']['paths'] if reached in (path['addresses'] or ())} == \
        {'allowed'}
    assert {path['verdict'] for path in listener['exposure']['paths'] if reached not in (path['addresses'] or ())} == \
        {'blocked'}


def test_very_long_sets_part_prefixes_that_are_local_by_a_route():
    """AnyIP: an address of the prefix is in the set, and the next one is not."""
    listener = record(port=22)
    attach(guarded([match(payload('ip', 'daddr'), LONG), dport(22), ACCEPT],
                   local=[['203.0.113.0/24', None, True]]), listener)
    assert listener['exposure']['verdict'] == 'allowed'
    listener = record(address='203.0.113.8', port=22)
    other = record(address='203.0.113.9', port=22)
    attach(guarded([match(payload('ip', 'daddr'), LONG), dport(22), ACCEPT],
                   local=[['203.0.113.0/24', None, True]]), listener, other)
    assert (listener['exposure']['verdict'], other['exposure']['verdict']) == ('allowed', 'blocked')
