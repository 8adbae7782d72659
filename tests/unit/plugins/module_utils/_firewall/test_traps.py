# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where evaluators of firewalls go wrong: each case was seen to be so in the kernel."""

import pytest

from ansible_collections.listening.ports.plugins.module_utils._addresses import intervals as iv
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._firewall.build import (
    ACCEPT, DROP, ESTABLISHED, NET, chain, decide, dport, evaluator, match, payload, saddr, state
)

INPUT = {'hook': 'input'}
DNAT_TO_DOCKER = {'dnat': {'family': 'ip', 'addr': '172.17.0.2', 'port': 80}}


# 1: what a listing hides

@pytest.mark.parametrize('how, stopped', [
    ({'type': 'icmp', 'expr': 'host-unreachable'}, [(4, 'tcp'), (4, 'udp')]),
    ({'type': 'icmpv6', 'expr': 'no-route'}, [(6, 'tcp'), (6, 'udp')]),
    ({'type': 'tcp reset'}, [(4, 'tcp'), (6, 'tcp')]),
    ({'type': 'icmpx', 'expr': 'port-unreachable'}, [(4, 'tcp'), (6, 'tcp'), (4, 'udp'), (6, 'udp')]),
    (None, [(4, 'tcp'), (6, 'tcp'), (4, 'udp'), (6, 'udp')]),
])
def test_reject_tells_family_or_protocol(how, stopped):
    judge = evaluator(chain('input', [ESTABLISHED, [{'reject': how}]], **INPUT))
    blocked = [(family, protocol) for protocol in ('tcp', 'udp') for family in (4, 6)
               if decide(judge, family=family, protocol=protocol) == 'blocked']
    assert sorted(blocked) == sorted(stopped)


# 2: rules about a header that the packet does not have

@pytest.mark.parametrize(
    'rule',
    [
        [dport(22, 'udp', '!='), DROP],
        [saddr('fd00::5', '!=', 'ip6'), DROP],
        [{'vmap': {'key': payload('udp', 'dport'), 'data': {'set': [['*', DROP]]}}}],
        [
            match(
                {'concat': [payload('ip6', 'saddr'), payload('tcp', 'dport')]},
                {'set': [{'concat': ['fd00::5', 22]}]},
                '!=',
            ),
            DROP,
        ],
    ],
)
def test_absent_header(rule):
    assert decide(evaluator(chain('input', [rule], **INPUT))) == 'allowed'


def test_vmap_with_default():
    rule = [{'vmap': {'key': payload('tcp', 'dport'), 'data': {'set': [[22, ACCEPT], ['*', DROP]]}}}]
    judge = evaluator(chain('input', [rule], **INPUT))
    assert [decide(judge, 22), decide(judge, 23)] == ['allowed', 'blocked']


# 3: chains of equal priority

def _mark(value):
    return {'mangle': {'key': {'meta': {'key': 'mark'}}, 'value': value}}


MARKED = match({'meta': {'key': 'mark'}}, 1)


def test_of_one_table_the_chain_made_last_runs_first():
    judge = evaluator(chain('first', [[MARKED, DROP]], **INPUT), chain('last', [[_mark(1)]], **INPUT))
    assert decide(judge) == 'blocked'
    judge = evaluator(chain('first', [[_mark(1)]], **INPUT), chain('last', [[MARKED, DROP]], **INPUT))
    assert decide(judge) == 'allowed'


def test_of_two_tables_the_order_is_not_known():
    judge = evaluator(
        chain('one', [[MARKED, DROP]], table='a', **INPUT), chain('other', [[_mark(1)]], table='b', **INPUT)
    )
    assert decide(judge) == 'undecided'
    judge = evaluator(
        chain('one', [[dport(22), DROP]], table='a', **INPUT), chain('other', [[_mark(1)]], table='b', **INPUT)
    )
    assert decide(judge) == 'blocked'


# 4: NAT

def _nat(rules, prio=-100, name='nat', **more):
    return chain(name, rules, hook='prerouting', prio=prio, kind='nat', **more)


def test_nat_runs_at_its_own_priority_and_once():
    redirect = [[dport(22), {'redirect': {'port': 2222}}], [dport(2222), {'redirect': {'port': 3333}}]]
    filters = chain('pre', [[dport(22), DROP]], hook='prerouting', prio=-50)
    judge = evaluator(_nat(redirect, prio=10), filters)
    assert decide(judge) == 'allowed'                    # the chain at -50 sees port 2222 already
    outcome = judge.decide(4, 'tcp', 'eth0', '10.0.0.1', 22)
    assert outcome.delivered == ('10.0.0.1', 2222)       # the first translation ends NAT
    assert outcome.translated_by == 'nftables inet filter nat handle 10: tcp dport 22 redirect to :2222'


def test_the_first_nat_chain_that_translates_is_the_last():
    judge = evaluator(_nat([[dport(22), {'redirect': {'port': 1111}}]], prio=-90, name='late'),
                      _nat([[dport(22), {'redirect': {'port': 2222}}]], prio=-110, name='early'))
    assert judge.decide(4, 'tcp', 'eth0', '10.0.0.1', 22).delivered == ('10.0.0.1', 2222)


# 5: redirect

def test_redirect_goes_to_the_primary_address_and_input_sees_the_new_port():
    judge = evaluator(_nat([[dport(22), {'redirect': {'port': 2222}}]]), chain('input', [
        ESTABLISHED, [match(payload('ip', 'daddr'), '10.0.0.1'), dport(2222), ACCEPT]], policy='drop', **INPUT))
    assert decide(judge, address='10.0.0.9') == 'allowed'
    assert judge.decide(4, 'tcp', 'eth0', '10.0.0.9', 22).delivered == ('10.0.0.1', 2222)
    assert decide(judge, 2222, address='10.0.0.9') == 'blocked'


# 6: ct status

def test_status_dnat_needs_a_change():
    rules = [ESTABLISHED, [match({'ct': {'key': 'status'}}, 'dnat', 'in'), ACCEPT]]
    for port, word in ((22, 'blocked'), (2222, 'allowed')):
        judge = evaluator(
            _nat([[dport(22), {'redirect': {'port': port}}]]), chain('input', rules, policy='drop', **INPUT)
        )
        assert decide(judge) == word


# 7: without connection tracking

def test_before_connection_tracking_the_state_is_invalid():
    early = {'hook': 'prerouting', 'prio': -300}
    assert decide(evaluator(chain('raw', [[state('invalid'), DROP]], **early))) == 'blocked'
    assert decide(evaluator(chain('raw', [[state('new'), DROP]], **early))) == 'allowed'
    assert decide(evaluator(chain('raw', [[match({'ct': {'key': 'mark'}}, 5, '!='), DROP]], **early))) == 'allowed'


@pytest.mark.parametrize('protocol, answers', [('udp', 'new'), ('tcp', 'invalid')])
def test_notrack(protocol, answers):
    raw = chain('raw', [[dport(53, protocol), {'notrack': None}]], hook='prerouting', prio=-300)
    assert (
        decide(evaluator(raw, chain('input', [[state('untracked'), DROP]], **INPUT)), 53, protocol=protocol)
        == 'blocked'
    )
    assert (
        decide(evaluator(raw, chain('output', [[state(answers), DROP]], hook='output')), 53, protocol=protocol)
        == 'blocked'
    )
    assert (
        decide(evaluator(raw, chain('output', [[state('established'), DROP]], hook='output')), 53, protocol=protocol)
        == 'allowed'
    )


# 8: marks

def test_marks_belong_to_some_of_the_clients():
    judge = evaluator(
        chain('pre', [[saddr('10.0.0.0/8'), _mark(1)], [saddr('10.1.0.0/16'), _mark(2)]], hook='prerouting', prio=-150),
        chain('input', [ESTABLISHED, [MARKED, ACCEPT]], policy='drop', **INPUT),
    )
    outcome = judge.decide(4, 'tcp', 'eth0', '10.0.0.1', 22)
    assert outcome.allowed == ((10 << 24, (10 << 24) + 0xffff), ((10 << 24) + 0x20000, (11 << 24) - 1))


# 9: addrtype

@pytest.mark.parametrize('family, word', [(4, 'blocked'), (6, 'allowed')])
def test_addrtype_unicast(family, word):
    text = '*filter\n:INPUT DROP [0:0]\n-A INPUT -m addrtype --dst-type UNICAST -j ACCEPT\nCOMMIT\n'
    judge = evaluator(saves={'ip/legacy': text, 'ip6/legacy': text})
    assert decide(judge, family=family) == word


# 10: every packet counts

def test_both_directions_and_later_packets_count():
    accept_new = [state('new'), ACCEPT]
    assert decide(evaluator(chain('input', [accept_new], policy='drop', **INPUT))) == 'blocked'
    assert (
        evaluator(chain('input', [accept_new], policy='drop', **INPUT)).decide(4, 'tcp', 'eth0', '10.0.0.1', 22).leg
        == 'established'
    )
    assert decide(evaluator(chain('input', [accept_new], policy='drop', **INPUT)), protocol='udp') == 'allowed'
    assert decide(evaluator(chain('input', [accept_new, ESTABLISHED], policy='drop', **INPUT))) == 'allowed'
    judge = evaluator(chain('output', [[match(payload('tcp', 'sport'), 22), DROP]], hook='output'))
    assert decide(judge) == 'blocked'
    outcome = judge.decide(4, 'tcp', 'eth0', '10.0.0.1', 22)
    assert (outcome.leg, outcome.decided_by) == ('reply', 'nftables inet filter output handle 10: tcp sport 22 drop')


# 11: families, and versions of nft

def test_dnat_of_one_family():
    judge = evaluator(_nat([[dport(8080), DNAT_TO_DOCKER]]))
    assert judge.decide(4, 'tcp', 'eth0', '10.0.0.1', 8080).delivered == ('172.17.0.2', 80)
    assert judge.decide(6, 'tcp', 'eth0', 'fd00::1', 8080).delivered is None


def _dnat_by(*pairs, **key):
    addresses = {'map': {'key': key.get('key', payload('ip', 'saddr')), 'data': {'set': list(map(list, pairs))}}}
    return {'dnat': {'family': 'ip', 'addr': addresses}}


def test_dnat_of_all_clients_that_are_not_in_the_map():
    judge = evaluator(_nat([[dport(22), _dnat_by(('192.0.2.7', '10.0.0.9'), ('*', '172.17.0.2'))]]),
                      chain('input', [], policy='drop', **INPUT))
    outcome = judge.decide(4, 'tcp', 'eth0', '10.0.0.1', 22)
    assert iv.networks(outcome.blocked, 4) == ['192.0.2.7/32']
    assert [iv.address(address, 4) for dummy, address, dummy2 in outcome.destinations] == ['172.17.0.2']


def test_the_mark_by_which_a_chain_of_the_same_priority_translates():
    """Which of the two chains comes first is not known, and only after the mark is set is there a translation."""
    marks = chain('marks', [[_mark(1)]], hook='prerouting', kind='nat', prio=-100, table='one')
    translates = chain('leads', [[_dnat_by([1, '172.17.0.2'], key={'meta': {'key': 'mark'}})]],
                       hook='prerouting', kind='nat', prio=-100, table='other')
    judge = evaluator(marks, translates, chain('input', [], policy='drop', **INPUT))
    assert decide(judge) == 'undecided'


@pytest.mark.parametrize('statement', [
    {'dnat': {'family': 'ip', 'addr': {'unheard': 'of'}}},
    {'dnat': {'addr': '10.9.0.1', 'port': {'unheard': 'of'}}},
    {'redirect': {'port': {'map': {'key': payload('tcp', 'dport'), 'data': {'set': [[22, {'unheard': 'of'}]]}}}}},
    {'redirect': {'port': {'map': {'key': payload('tcp', 'dport'), 'data': '@filled'}}}},
    {'vmap': {'key': payload('ip', 'saddr'), 'data': {'set': [[{'unheard': 'of'}, DROP]]}}},
    {'vmap': {'key': payload('ip', 'saddr'), 'data': '@filled'}}])
def test_what_decides_and_is_not_understood_may_do_anything(statement):
    filled = [{'map': {'family': 'inet', 'table': 'filter', 'name': 'filled', 'type': 'ipv4_addr', 'map': 'verdict'}}]
    fills = chain(
        'fills',
        [[{'map': {'op': 'update', 'elem': payload('ip', 'saddr'), 'data': DROP, 'map': '@filled'}}]],
        hook='output',
    )
    assert decide(evaluator(filled, fills, _nat([[dport(22), statement]]))) == 'undecided'


def test_a_condition_that_is_not_understood_leaves_the_verdict_of_its_rule():
    rule = [match(payload('tcp', 'dport'), {'unheard': 'of'}), ACCEPT]
    assert decide(evaluator(chain('input', [rule], **INPUT))) == 'allowed'
    assert decide(evaluator(chain('input', [rule], policy='drop', **INPUT))) == 'undecided'


@pytest.mark.parametrize('flags', [['syn', 'ack'], {'|': ['syn', 'ack']}, {'|': [{'|': ['syn']}, 'ack']}, 18])
def test_flags_of_any_version(flags):
    rule = [match({'&': [payload('tcp', 'flags'), flags]}, 'syn'), DROP]
    assert decide(evaluator(chain('input', [rule], **INPUT))) == 'blocked'


def test_order_of_objects_does_not_matter():
    parts = chain('input', [ESTABLISHED, [dport('@ports'), {'jump': {'target': 'more'}}]], policy='drop', **INPUT) \
        + chain('more', [[saddr('10.0.0.0/8'), ACCEPT]])
    parts.append({'set': {'family': 'inet', 'table': 'filter', 'name': 'ports', 'type': 'inet_service', 'elem': [22]}})
    rules = [part for part in parts if 'rule' in part]
    others = [part for part in parts if 'rule' not in part]
    assert decide(evaluator(parts)) == decide(evaluator(rules, others[::-1])) == ['10.0.0.0/8']


def test_forwarding_of_what_docker_publishes():
    nat = _nat([[dport(8080), DNAT_TO_DOCKER]])
    forward = chain('forward', [ESTABLISHED, [match({'meta': {'key': 'oifname'}}, 'docker0'), dport(80), ACCEPT], [
        match({'meta': {'key': 'iifname'}}, 'docker0'), ACCEPT]], hook='forward', policy='drop')
    closed = chain('input', [], policy='drop', **INPUT)
    assert decide(evaluator(nat, forward, closed), 8080) == 'allowed'
    off = dict(NET, forwarding={'ipv4': False, 'ipv6': False})
    assert decide(evaluator(nat, forward, closed, net=off), 8080) == 'blocked'
    unknown = dict(NET, forwarding={'ipv4': None, 'ipv6': None})
    assert decide(evaluator(nat, forward, closed, net=unknown), 8080) == 'undecided'


# IPv6 needs neighbour discovery, loopback goes out before it comes in

def test_neighbour_discovery():
    judge = evaluator(chain('input', [ESTABLISHED, [dport(22), ACCEPT]], policy='drop', **INPUT))
    assert decide(judge, family=6) == 'allowed'
    assert judge.decide(6, 'tcp', 'eth0', 'fd00::1', 22).caveats == [
        'neighbours on eth0 cannot find the host: policy drop of chain inet filter input']
    types = match(payload('icmpv6', 'type'), {'set': ['nd-neighbor-solicit', 'nd-neighbor-advert']})
    good = evaluator(chain('input', [ESTABLISHED, [types, ACCEPT], [dport(22), ACCEPT]], policy='drop', **INPUT))
    assert good.decide(6, 'tcp', 'eth0', 'fd00::1', 22).caveats == []
    assert good.neighbours('eth0') is None


def test_loopback_passes_output_first_and_is_not_translated_on_its_way_in():
    redirect = _nat([[dport(22), {'redirect': {'port': 2222}}]])
    closed = chain(
        'input', [ESTABLISHED, [match({'meta': {'key': 'iif'}}, 'lo'), dport(22), ACCEPT]], policy='drop', **INPUT
    )
    judge = evaluator(redirect, closed)
    assert decide(judge, interface='lo', address='127.0.0.1') == 'allowed'
    assert decide(judge) == 'blocked'
    out = chain('output', [[match({'meta': {'key': 'oif'}}, 'lo'), dport(22), DROP]], hook='output')
    assert decide(evaluator(out), interface='lo', address='127.0.0.1') == 'blocked'
    assert decide(evaluator(out)) == 'allowed'


def test_loopback_addresses_are_not_reached_from_outside():
    nat = _nat([[dport(22), {'dnat': {'family': 'ip', 'addr': '127.0.0.1'}}]])
    assert decide(evaluator(nat)) == 'blocked'
    assert 'route_localnet' in evaluator(nat).decide(4, 'tcp', 'eth0', '10.0.0.1', 22).decided_by
    assert decide(evaluator(nat, net=dict(NET, route_localnet=['eth0']))) == 'allowed'


def test_bridges():
    table = chain('input', [[DROP]], hook='input', family='bridge', table='b')
    assert decide(evaluator(table)) == 'undecided'
    assert decide(evaluator(table, net=dict(NET, links={}))) == 'allowed'


def test_many_nat_chains_of_one_priority_in_different_tables():
    chains = [
        _nat([[dport(22), {'redirect': {'port': port}}]], table='t%d' % port) for port in (1111, 2222, 3333, 4444)
    ]
    assert decide(evaluator(*chains)) == 'undecided'
    assert (
        decide(evaluator(*chains[:2], chain('input', [ESTABLISHED, [dport(1111), ACCEPT]], policy='drop', **INPUT)))
        == 'undecided'
    )


@pytest.mark.parametrize('port, expected', [(10, 'blocked'), (55, ['10.0.0.0/8']), (90, 'blocked')])
@pytest.mark.parametrize('first, second', [((1, 80), (50, 100)), ((50, 100), (1, 80))])
def test_a_rule_that_names_the_port_twice(first, second, port, expected):
    rule = [dport({'range': list(first)}), dport({'range': list(second)}, 'th'), saddr('10.0.0.0/8'), ACCEPT]
    assert decide(evaluator(chain('input', [ESTABLISHED, rule], 'input', policy='drop')), port) == expected


def test_outcome_names_both_what_lets_in_and_what_stops():
    judge = evaluator(
        chain(
            'input',
            [ESTABLISHED, [saddr('10.1.0.0/16'), ACCEPT], [saddr('10.0.0.0/8'), dport(22), ACCEPT]],
            'input',
            policy='drop',
        )
    )
    outcome = judge.decide(4, 'tcp', 'eth0', '10.0.0.1', 22)
    assert outcome.allowed_by == 'nftables inet filter input handle 12: ip saddr 10.0.0.0/8 tcp dport 22 accept'
    assert outcome.decided_by == outcome.blocked_by == 'policy drop of chain inet filter input'
    outcome = judge.decide(4, 'tcp', 'eth0', '10.0.0.1', 23)
    assert outcome.allowed_by == 'nftables inet filter input handle 11: ip saddr 10.1.0.0/16 accept'
    outcome = evaluator(chain('input', [[saddr('10.0.0.0/8'), DROP]], 'input')).decide(4, 'tcp', 'eth0', '10.0.0.1', 22)
    assert outcome.decided_by == outcome.allowed_by == 'policy accept of chain inet filter input'
    assert outcome.blocked_by == 'nftables inet filter input handle 10: ip saddr 10.0.0.0/8 drop'
