# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What statements of nft do, as nft 1.0.6 and 1.1.3 print them; each of these was compared with packets."""

import pytest

from ansible_collections.listening.ports.plugins.module_utils._firewall.ruleset import load, nftables
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._firewall.build import (
    ACCEPT, DROP, ESTABLISHED, chain, decide, dport, evaluator, match, payload, saddr, snapshot
)

INPUT = {'hook': 'input'}
SADDR, DPORT = payload('ip', 'saddr'), payload('tcp', 'dport')
# objects that rules of these tests name
NAMED = [
    {kind: dict(about, family='inet', table='filter', name=name)}
    for kind, name, about in [
        ('set', 's', {'type': 'ipv4_addr', 'size': 65535, 'flags': ['timeout'], 'timeout': 60}),
        ('map', 'm', {'type': 'ipv4_addr', 'map': 'mark', 'size': 10}),
        ('quota', 'q', {'bytes': 1048576, 'used': 0, 'inv': False}),
        ('limit', 'l', {'rate': 5, 'per': 'second', 'burst': 5}),
    ]
]


def meta(key):
    return {'meta': {'key': key}}


def elements(*pairs):
    return {'set': [list(pair) if isinstance(pair, tuple) else pair for pair in pairs]}


def mapped(key, *pairs):
    return {'map': {'key': key, 'data': elements(*pairs)}}


def mangle(key, to):
    return {'mangle': {'key': key, 'value': to}}


def words(rules, policy='accept', named=(), **asked):
    """What becomes of a packet that meets these rules, after those of a connection."""
    base = chain('input', [ESTABLISHED] + rules, policy=policy, **INPUT)
    return decide(evaluator(NAMED + list(named), base), **asked)


def reasons(rules, policy='accept', named=(), **asked):
    base = chain('input', [ESTABLISHED] + rules, policy=policy, **INPUT)
    judge = evaluator(NAMED + list(named), base)
    outcome = judge.decide(asked.get('family', 4), asked.get('protocol', 'tcp'), 'eth0', '10.0.0.1', 22)
    return [reason for dummy, reason in outcome.undecided]


# what a statement reads of a packet has to be there

# a statement of each kind that can have an expression in it, and reads an IPv4 address there
READING = {
    'match': match(SADDR, '255.255.255.255', '<='),
    'vmap': None,
    'mangle': mangle(meta('mark'), {'jhash': {'mod': 2, 'expr': SADDR}}),
    'set': {'set': {'op': 'update', 'elem': SADDR, 'set': '@s'}},
    'map': {'map': {'op': 'update', 'elem': SADDR, 'data': 5, 'map': '@m'}},
    'meter': {'meter': {'key': SADDR, 'stmt': {'counter': None}, 'size': 65535, 'name': 'x'}},
    'counter': {'counter': mapped(SADDR, (elements, 'c'))},
    'quota': {'quota': mapped(SADDR, (elements, 'q'))},
    'limit': {'limit': mapped(SADDR, (elements, 'l'))},
    'ct count': None,
    'ct helper': {'ct helper': mapped(SADDR, (elements, 'h'))},
    'ct timeout': {'ct timeout': mapped(SADDR, (elements, 'h'))},
    'ct expectation': {'ct expectation': mapped(SADDR, (elements, 'h'))},
    'secmark': {'secmark': mapped(SADDR, (elements, 'h'))},
    'log': None,
    'last': None,
    'comment': None,
    'continue': None,
    'flow': None,
    'tunnel': {'tunnel': mapped(SADDR, (elements, 'h'))},
    'dup': {'dup': {'addr': mapped(SADDR, (elements, '10.9.9.9'))}},
    'reset': {'reset': {'ip option': {'name': 'lsrr'}}},
    'snat': {'snat': {'addr': mapped(SADDR, (elements, '10.9.9.9'))}},
    'masquerade': None,
}


def everything(statement):
    """The same statement, whose maps have an element for every address."""
    if statement is elements:
        return {'prefix': {'addr': '0.0.0.0', 'len': 0}}
    if isinstance(statement, list):
        return [everything(part) for part in statement]
    if isinstance(statement, dict):
        return {key: everything(value) for key, value in statement.items()}
    return statement


def test_there_is_a_sample_of_each_kind_that_reads():
    known = nftables.HARMLESS | nftables.CONDITIONS | {'vmap', 'mangle', 'snat', 'masquerade'}
    assert set(READING) == known


@pytest.mark.parametrize('statement', [
    everything(statement) for statement in READING.values() if statement
] + [
    mangle(payload('ip', 'ttl'), 64),
    mangle(payload('ip', 'dscp'), 'cs1'),
    mangle(meta('priority'), {'|': [payload('ip', 'length'), 1]}),
    mangle({'ct': {'key': 'mark'}}, {'&': [payload('ip', 'id'), 255]}),
    mangle({'tcp option': {'name': 'maxseg', 'field': 'size'}}, {'rt': {'key': 'mtu', 'family': 'ip'}}),
    {'set': {'op': 'add', 'elem': {'elem': {'val': SADDR, 'timeout': 5}}, 'set': '@s'}},
    {'set': {'op': 'delete', 'elem': {'concat': [meta('mark'), SADDR]}, 'set': '@s'}},
    {'set': {'op': 'update', 'elem': meta('mark'), 'set': '@s', 'stmt': [
        everything({'counter': mapped(SADDR, (elements, 'c'))})]}},
    {'ct helper': everything(mapped({'concat': [SADDR, meta('mark')]}, ({'concat': [elements, 0]}, 'h')))},
    match({'jhash': {'mod': 1, 'expr': SADDR}}, 0),
    match({'|': [SADDR, 1]}, 0, '!='),
], ids=str)
def test_ipv6_never_gets_past_a_statement_that_reads_ipv4(statement):
    stops, lets = [[statement, DROP]], [[statement, ACCEPT]]
    if 'snat' in statement:
        stops = lets = [[statement]]
    assert words(stops, family=6) == 'allowed' and words(lets, 'drop', family=6) == 'blocked'
    assert words(lets, 'drop') in ('allowed', 'undecided')


@pytest.mark.parametrize('statement, protocol', [
    (mangle(payload('udp', 'checksum'), 0), 'udp'),
    (mangle({'tcp option': {'name': 'maxseg', 'field': 'size'}}, 1400), 'tcp'),
    ({'reset': {'tcp option': {'name': 'sack-permitted'}}}, 'tcp'),
    ({'set': {'op': 'update', 'elem': payload('tcp', 'flags'), 'set': '@s'}}, 'tcp'),
    ({'counter': mapped(DPORT, (22, 'c'))}, 'tcp'),
])
def test_no_other_protocol_gets_past_a_statement_that_reads_one(statement, protocol):
    other = {'udp': 'tcp', 'tcp': 'udp'}[protocol]
    assert words([[statement, ACCEPT]], 'drop', protocol=protocol) == 'allowed'
    assert words([[statement, ACCEPT]], 'drop', protocol=other) == 'blocked'


@pytest.mark.parametrize('statement, family, protocol', [
    ({'tproxy': {'family': 'ip', 'port': 8080}}, 6, 'tcp'),
    ({'tproxy': {'family': 'ip6', 'addr': '::1', 'port': 8080}}, 4, 'tcp'),
    ({'synproxy': {'mss': 1460}}, 4, 'udp'),
    ({'reject': {'type': 'icmp', 'expr': 'host-unreachable'}}, 6, 'tcp'),
    ({'reject': {'type': 'tcp reset'}}, 4, 'udp'),
])
def test_what_takes_packets_of_one_kind_leaves_others(statement, family, protocol):
    assert words([[statement]], family=family, protocol=protocol) == 'allowed'


@pytest.mark.parametrize('statement, word', [
    (mangle({'ct': {'key': 'mark'}}, 5), 'allowed'),                # goes on without a connection
    (mangle(meta('mark'), {'ct': {'key': 'mark'}}), 'blocked'),
    (mangle(meta('mark'), {'ct': {'key': 'state'}}), 'allowed'),    # every packet has a state
    ({'set': {'op': 'add', 'elem': {'ct': {'key': 'mark'}}, 'set': '@s'}}, 'blocked'),
    (mangle({'ct': {'key': 'event'}}, 'new'), 'allowed'),
])
def test_a_connection_has_to_be_there_too(statement, word):
    untracked = chain('raw', [[{'notrack': None}]], hook='prerouting', prio=-300)
    base = chain('input', [[statement, ACCEPT]], policy='drop', **INPUT)
    assert decide(evaluator(NAMED, untracked, base), protocol='udp') == word


@pytest.mark.parametrize('family, word', [(4, 'allowed'), (6, 'undecided')])
def test_only_ipv4_does_without_a_checksum_of_udp(family, word):
    assert words([[mangle(payload('udp', 'checksum'), 0)]], protocol='udp', family=family) == word


# maps

MARK = mangle(meta('mark'), mapped(SADDR, ('10.7.0.2', 1), ('10.7.0.3', 2)))


@pytest.mark.parametrize('rule, policy, word', [
    ([MARK, ACCEPT], 'drop', ['10.7.0.2/31']),
    ([{'counter': mapped(DPORT, (80, 'c'))}, DROP], 'accept', 'allowed'),
    ([{'counter': mapped(DPORT, (22, 'c'))}, DROP], 'accept', 'blocked'),
    ([{'quota': mapped(SADDR, ('10.7.0.2', 'q'))}, ACCEPT], 'drop', ['10.7.0.2/32']),
    ([{'limit': mapped(SADDR, ('10.7.0.2', 'l'))}, ACCEPT], 'drop', ['10.7.0.2/32']),
    ([{'ct helper': mapped(DPORT, (21, 'ftp'))}, ACCEPT], 'drop', 'blocked'),
    ([mangle(payload('ip', 'dscp'), mapped(SADDR, ('10.7.0.2', 'cs1'))), ACCEPT], 'drop', ['10.7.0.2/32']),
    ([mangle(meta('mark'), {'|': [mapped(SADDR, ('10.7.0.2', 1)), 8]}), ACCEPT], 'drop', ['10.7.0.2/32']),
])
def test_without_an_element_the_rule_ends(rule, policy, word):
    assert words([rule], policy) == word


def test_a_mark_of_a_map():
    assert words([[MARK], [match(meta('mark'), 2), ACCEPT]], 'drop') == ['10.7.0.3/32']
    either = mangle(meta('mark'), mapped({'numgen': {'mode': 'inc', 'mod': 2, 'offset': 0}}, (0, 1), (1, 2)))
    assert words([[either], [match(meta('mark'), {'set': [1, 2]}), ACCEPT]], 'drop') == 'allowed'
    assert words([[either], [match(meta('mark'), 2), ACCEPT]], 'drop') == 'undecided'


def test_a_map_that_rules_fill():
    named = [{'map': {'family': 'inet', 'table': 'filter', 'name': 'f', 'type': 'ipv4_addr', 'map': 'mark'}}]
    fills = [{'map': {'op': 'add', 'elem': SADDR, 'data': 5, 'map': '@f'}}]
    looks = [mangle(meta('mark'), {'map': {'key': SADDR, 'data': '@f'}}), ACCEPT]
    assert words([fills, looks], 'drop', named) == 'undecided'
    assert words([['update @f { ip saddr : 0x00000005 }'], looks], 'drop', named) == 'undecided'   # as nft 1.0.6 has it
    assert words([['update @f { ip saddr : 0x00000005 }', DROP]], named=named) == 'undecided'


# elements that come and go, and such with a limit

def named_set(*some, **more):
    about = dict({'family': 'inet', 'table': 'filter', 'name': 'e', 'type': 'ipv4_addr', 'elem': list(some)}, **more)
    return [{'set': about}]


def limited(value, over=True):
    return {'elem': {'val': value, 'limit': {'rate': 1, 'burst': 5, 'per': 'hour', 'inv': over}}}


@pytest.mark.parametrize('rules, policy, word', [
    ([[saddr('@e'), DROP]], 'accept', 'allowed'),
    ([[saddr('@e'), ACCEPT]], 'drop', 'undecided'),             # who sends more gets in
    ([[{'vmap': {'key': SADDR, 'data': {'set': [[limited('10.7.0.2'), DROP]]}}}]], 'accept', 'allowed'),
    ([[saddr('@e', '!='), DROP]], 'accept', ['10.7.0.2/32']),
])
def test_an_element_matches_while_its_limit_does(rules, policy, word):
    base = chain('input', [ESTABLISHED] + rules, policy=policy, **INPUT)
    outcome = evaluator(named_set(limited('10.7.0.2')), base).decide(4, 'tcp', 'eth0', '10.0.0.1', 22)
    found = 'undecided' if outcome.undecided else decide(evaluator(named_set(limited('10.7.0.2')), base))
    assert found == word
    if word == 'allowed':
        assert 'rate limit' in outcome.caveats[0]


def test_an_element_below_its_limit():
    assert words([[saddr('@e'), ACCEPT]], 'drop', named_set(limited('10.7.0.2', False))) == ['10.7.0.2/32']


def test_what_rules_remove():
    deletes = {'set': {'op': 'delete', 'elem': SADDR, 'set': '@e'}}
    takes = [saddr('@e'), deletes]
    assert words([takes, [saddr('@e'), DROP]], named=named_set('10.7.0.2')) == 'undecided'
    assert words([takes + [ACCEPT]], 'drop', named_set('10.7.0.2')) == 'undecided'
    assert words([[deletes], [saddr('@e'), DROP]], named=named_set('10.7.0.2')) == 'allowed'


ADDS = {'set': {'op': 'add', 'elem': SADDR, 'set': '@e'}}


def lasts(seconds):
    return {'set': {'op': 'add', 'elem': {'elem': {'val': SADDR, 'timeout': seconds}}, 'set': '@e'}}


@pytest.mark.parametrize('rules, word', [
    ([[ADDS], [saddr('@e'), DROP]], 'blocked'),
    ([[ADDS], [saddr('@e', '!='), DROP]], 'allowed'),
    ([[saddr('@e'), DROP], [ADDS]], 'undecided'),           # others of the client's packets came before
    ([[saddr('@e'), DROP]], 'allowed'),
    ([[lasts(60)], [saddr('@e'), DROP]], 'blocked'),
    ([[lasts(1)], [saddr('@e'), DROP]], 'undecided'),
    ([[dict(ADDS, set=dict(ADDS['set'], stmt=[{'limit': {'rate': 5, 'per': 'second', 'inv': True}}]))],
      [saddr('@e'), DROP]], 'allowed'),
    ([[dict(ADDS, set=dict(ADDS['set'], stmt=[{'counter': None}]))], [saddr('@e'), DROP]], 'blocked'),
    ([[ADDS], [saddr('@e'), DROP], [dict(ADDS, set=dict(ADDS['set'], op='delete'))]], 'undecided'),
])
def test_what_a_conversation_leaves_in_a_set_is_met_by_its_packets(rules, word):
    assert words(rules, named=named_set()) == word


@pytest.mark.parametrize('more, word', [
    ({'size': 2}, ['10.7.0.2/31']),
    ({'size': 3}, 'allowed'),
    ({}, 'allowed'),
])
def test_a_full_set_ends_the_rule(more, word):
    adds = [{'set': {'op': 'add', 'elem': SADDR, 'set': '@e'}}, ACCEPT]
    assert words([adds], 'drop', named_set('10.7.0.2', '10.7.0.3', **more)) == word


def test_a_full_set_of_which_elements_vanish():
    adds = [{'set': {'op': 'add', 'elem': SADDR, 'set': '@e'}}, ACCEPT]
    about = named_set('10.7.0.2', size=1, timeout=60, flags=['timeout'])
    assert words([adds], 'drop', about) == 'partly'
    assert '@e is full' in reasons([adds], 'drop', about)[0]


def test_the_limit_of_a_set_is_that_of_its_elements():
    about = named_set(stmt=[{'limit': {'rate': 1, 'burst': 5, 'per': 'hour', 'inv': True}}], size=10)
    assert words([[{'set': {'op': 'add', 'elem': SADDR, 'set': '@e'}}, DROP]], named=about) == 'allowed'


# tables, chains and sets with flags

@pytest.mark.parametrize('flags, more, word', [
    (None, {}, 'blocked'),
    ([], {'flags': 'c1'}, 'blocked'),                                   # nft 1.0.6 prints anything
    ([['inet', 'filter', 1]], {}, 'allowed'),
    ([['inet', 'filter', 3]], {'flags': ['owner']}, 'allowed'),
    ([['inet', 'filter', 6]], {}, 'blocked'),
    ([['inet', 'filter', 8]], {}, 'undecided'),
    ([['ip', 'filter', 1]], {}, 'blocked'),
    (None, {'flags': 'dormant'}, 'allowed'),
    (None, {'flags': ['owner', 'dormant']}, 'allowed'),
    (None, {'flags': 'c1'}, 'undecided'),
])
def test_flags_of_a_table(flags, more, word):
    table = [{'table': dict({'family': 'inet', 'name': 'filter'}, **more)}]
    assert decide(evaluator(table, chain('input', [], policy='drop', **INPUT), table_flags=flags)) == word


def test_an_unknown_flag_is_told():
    table = [{'table': {'family': 'inet', 'name': 'filter'}}]
    ruleset = load.load(snapshot(table, table_flags=[['inet', 'filter', 8]]))
    assert ruleset.doubts == ['the flag 0x8 of table inet filter is not understood']
    ruleset = load.load(snapshot(chain('input', [], flags=['sleeping'], **INPUT)))
    assert ruleset.doubts == ['the flag sleeping of chain inet filter input is not understood']
    assert words([[saddr('@e'), DROP]], named=named_set('10.7.0.2', flags=['strange'])) == 'undecided'


# what is never there, what always is

def icmp(name):
    return match(payload('icmp', 'type'), name)


@pytest.mark.parametrize('condition', [
    match({'exthdr': {'name': 'hbh'}}, False),
    match({'exthdr': {'name': 'hbh'}}, True),
    icmp('echo-request'),
    icmp({'set': ['echo-request', 'timestamp-request', 'made-up']}),
    match(payload('icmpv6', 'type'), {'set': ['nd-neighbor-solicit', 'made-up']}),
    match(payload('icmp', 'code'), 'net-unreachable'),
    match(payload('ip', 'protocol'), 'vrrp'),
    match(payload('ip', 'protocol'), {'set': ['ospf', 'esp', 112]}),
    match(meta('l4proto'), {'set': ['vrrp', 'made-up']}),
    match(payload('ip6', 'nexthdr'), 'made-up'),
    match(payload('esp', 'spi'), {'range': ['what', 'ever']}),
    match(payload('arp', 'operation'), 'request'),
    match(payload('vlan', 'id'), 10),
    match(payload('ip6', 'dscp'), 'cs1'),
    match(payload('udp', 'length'), {'made': 'up'}),
    match(payload('ether', 'type'), 'arp'),
    match(payload('dccp', 'type'), 'request'),
    {'ct count': {'val': 0}},
])
def test_what_no_such_packet_meets(condition):
    assert words([[condition, DROP]]) == 'allowed' and words([[condition, ACCEPT]], 'drop') == 'blocked'


def test_the_first_connection_is_over_none():
    assert words([[{'ct count': {'val': 0, 'inv': True}}, DROP]]) == 'blocked'


@pytest.mark.parametrize('left, right, shown', [
    (meta('iifgroup'), 'default', 'iifgroup'),
    (meta('skuid'), 9000, 'meta skuid'),
    (meta('priority'), '1:2', 'meta priority'),
    ({'rt': {'key': 'classid'}}, '5', 'rt classid'),
    (payload('ip', 'dscp'), 'cs1', 'ip dscp'),
    (payload('ether', 'saddr'), '02:00:00:00:00:01', 'ether saddr'),
    ({'tcp option': {'name': 'window', 'field': 'count'}}, {'range': [1, 5]}, 'tcp option window count'),
    ({'payload': {'base': 'nh', 'offset': 0, 'len': 8}}, 69, '@nh 0,8'),
    ({'payload': {'tunnel': 'vxlan', 'protocol': 'ip', 'field': 'saddr'}}, '10.0.0.1', 'ip saddr'),
    (meta('hour'), {'range': ['00:00', '12:00']}, 'meta hour'),
    ({'socket': {'key': 'transparent'}}, 1, 'socket transparent'),
    ({'&': [payload('ip', 'dscp'), 'af11']}, 'cs1', 'ip dscp'),
    ({'|': [SADDR, 5]}, 5, 'ip saddr | 5'),
    ({'symhash': {'mod': 2}}, 1, 'a hash'),
    ({'jhash': {'mod': 1000, 'expr': SADDR}}, 1, 'a hash'),
])
def test_what_cannot_be_known_is_undecided_in_the_words_of_nft(left, right, shown):
    for operator in ('==', '!=', '<'):
        rule = [match(left, right, operator), DROP]
        assert words([rule]) == 'undecided'
        assert all(shown in reason and '{\'' not in reason for reason in reasons([rule]))


@pytest.mark.parametrize('left, tcp, udp', [
    ({'tcp option': {'name': 'maxseg'}}, 'undecided', 'blocked'),
    ({'sctp chunk': {'name': 'data'}}, 'blocked', 'blocked'),
    ({'tcp option': {'base': 255, 'offset': 0, 'len': 8}}, 'undecided', 'undecided'),
    ({'tcp option': {'base': 255, 'offset': 8, 'len': 8}}, 'undecided', 'allowed'),
    ({'tcp option': {'name': 'window', 'field': 'count'}}, 'undecided', 'allowed'),
    ({'ip option': {'name': 'lsrr'}}, 'undecided', 'undecided'),
])
def test_an_option_can_be_missing_in_what_has_no_options(left, tcp, udp):
    missing = [match(left, False), DROP]
    assert (words([missing]), words([missing], protocol='udp')) == (tcp, udp)


@pytest.mark.parametrize('condition, word', [
    (match({'&': [meta('mark'), 255]}, 2, '<'), 'allowed'),
    (match({'&': [meta('mark'), 255]}, 1, '>='), 'blocked'),
    (match({'&': [payload('tcp', 'dport'), 3]}, 2, '>'), 'blocked'),
    (match({'&': [payload('tcp', 'dport'), 3]}, {'set': [2, 3]}), 'allowed'),
    (match({'&': [payload('tcp', 'dport'), 3]}, {'set': [2, 3]}, '!='), 'blocked'),
    (match(meta('mark'), {'prefix': {'addr': 0, 'len': 24}}), 'allowed'),
    (match(meta('mark'), {'prefix': {'addr': 256, 'len': 24}}), 'blocked'),
    (match(meta('mark'), {'prefix': {'addr': 5, 'len': 24}}), 'undecided'),
    (match({'fib': {'flags': 'saddr', 'result': 'oif'}}, 'docker0'), 'partly'),
    ({'limit': {'rate': 1, 'rate_unit': 'bytes', 'per': 'second', 'burst': 5, 'burst_unit': 'bytes'}}, 'undecided'),
    ({'limit': {'rate': 1, 'rate_unit': 'mbytes', 'per': 'second', 'burst': 0, 'burst_unit': 'bytes'}}, 'allowed'),
    ({'limit': {'rate': 1, 'per': 'minute', 'burst': 1}}, 'undecided'),
    ({'limit': {'rate': 1, 'per': 'second', 'burst': 1}}, 'allowed'),
    ({'limit': {'rate': 1, 'per': 'minute', 'burst': 5}}, 'allowed'),
    ({'quota': {'val': 25, 'val_unit': 'bytes'}}, 'undecided'),
    ({'quota': {'val': 25, 'val_unit': 'mbytes'}}, 'allowed'),
])
def test_conditions(condition, word):
    base = chain('input', [[condition, ACCEPT]], policy='drop', **INPUT)
    assert decide(evaluator(base)) == word


# limits

LIMIT = {'limit': {'rate': 10, 'burst': 5, 'per': 'minute'}}
OVER = {'limit': {'rate': 10, 'burst': 5, 'per': 'minute', 'inv': True}}
JUMP = {'jump': {'target': 'sub'}}


@pytest.mark.parametrize('rule, policy, sub, word', [
    ([LIMIT, ACCEPT], 'drop', [], 'allowed'),
    ([LIMIT, DROP], 'accept', [], 'undecided'),         # the packets above it get in
    ([OVER, DROP], 'accept', [], 'allowed'),
    ([OVER, ACCEPT], 'drop', [], 'undecided'),
    ([LIMIT, JUMP], 'accept', [[DROP]], 'undecided'),
    ([LIMIT, JUMP], 'drop', [[ACCEPT]], 'allowed'),
    ([OVER, JUMP], 'accept', [[DROP]], 'allowed'),
    ([OVER, JUMP], 'drop', [[ACCEPT]], 'undecided'),
    ([LIMIT, DROP], 'drop', [], 'blocked'),
    ([OVER, ACCEPT], 'accept', [], 'allowed'),
    ([LIMIT, {'log': None}], 'drop', [], 'blocked'),
])
def test_nobody_is_blocked_who_gets_in_by_sending_more(rule, policy, sub, word):
    base = chain('input', [rule], policy=policy, **INPUT)
    judge = evaluator(chain('sub', sub), base)
    assert decide(judge) == word
    outcome = judge.decide(4, 'tcp', 'eth0', '10.0.0.1', 22)
    if word == 'undecided':
        assert outcome.undecided[0][1].startswith('depends on the traffic (rate limit): nftables inet')
        assert 'limit rate' in outcome.undecided[0][1]
    assert bool(outcome.caveats) is (rule[1] is not rule[-1] or 'log' not in rule[1])


# flowtables

FLOW = {'flow': {'op': 'add', 'flowtable': '@f'}}


@pytest.mark.parametrize('rules, policy, word', [
    ([[FLOW, ACCEPT]], 'drop', 'blocked'),
    ([[FLOW, DROP]], 'accept', 'undecided'),
    ([[FLOW], [ACCEPT]], 'drop', 'allowed'),
    ([ESTABLISHED, [FLOW, DROP]], 'accept', 'allowed'),
])
def test_a_rule_ends_at_a_flow_that_is_not_established(rules, policy, word):
    assert decide(evaluator(chain('input', rules, policy=policy, **INPUT))) == word


# translations

NAT = {'hook': 'prerouting', 'kind': 'nat', 'prio': -100, 'family': 'ip'}
REJECTS = {'hook': 'input', 'policy': 'drop', 'family': 'ip'}


def delivered(statement, port=80, address='10.0.0.9', **more):
    """list of (address, port), where a packet to this port goes to."""
    judge = evaluator(chain('nat', [[statement]], **dict(NAT, **more)))
    return judge.decide(4, 'tcp', 'eth0', address, port).delivered


PORTS = mapped(DPORT, (80, 8080), (443, 8081))


@pytest.mark.parametrize('statement, port, expected', [
    ({'dnat': {'addr': mapped(DPORT, (80, '172.17.0.2'), (443, '172.17.0.3')), 'port': PORTS}}, 80,
     ('172.17.0.2', 8080)),
    ({'dnat': {'addr': mapped(DPORT, (80, '172.17.0.2'), (443, '172.17.0.3')), 'port': PORTS}}, 443,
     ('172.17.0.3', 8081)),
    ({'dnat': {'addr': mapped(DPORT, (80, '172.17.0.2')), 'port': PORTS}}, 443, None),
    ({'dnat': {'addr': '172.17.0.2', 'port': PORTS}}, 443, ('172.17.0.2', 8081)),
    ({'redirect': {'port': PORTS}}, 443, ('10.0.0.1', 8081)),
    ({'redirect': {'port': PORTS}}, 22, None),
    ({'dnat': {'addr': {'prefix': {'addr': '172.17.0.0', 'len': 24}}, 'flags': 'netmap', 'type_flags': 'prefix'}}, 80,
     ('172.17.0.9', 80)),
    ({'dnat': {'family': 'ip', 'flags': 'netmap', 'type_flags': 'prefix', 'addr': mapped(payload('ip', 'daddr'), (
        {'prefix': {'addr': '10.0.0.0', 'len': 24}}, {'prefix': {'addr': '172.17.0.0', 'len': 24}}))}}, 80,
     ('172.17.0.9', 80)),
    ({'dnat': {'addr': mapped({'concat': [payload('ip', 'daddr'), DPORT]}, (
        {'concat': ['10.0.0.9', 80]}, {'concat': ['172.17.0.2', 81]}))}}, 80, ('172.17.0.2', 81)),
])
def test_where_translations_by_maps_lead(statement, port, expected):
    assert delivered(statement, port) == expected


def test_each_address_of_a_translated_network_goes_its_own_way():
    to = {'dnat': {'addr': {'prefix': {'addr': '172.17.0.0', 'len': 24}}, 'flags': 'netmap'}}
    judge = evaluator(chain('nat', [[to]], **NAT))
    assert [judge.decide(4, 'tcp', 'eth0', address, 80).delivered for address in ('10.0.0.1', '10.0.0.9')] == [
        ('172.17.0.1', 80), ('172.17.0.9', 80)]


def test_whether_an_address_that_stays_the_same_is_translated_is_up_to_the_kernel():
    """nft_nat.c leaves 12 of the 16 bytes of an address of IPv4 as they are, and all are compared."""
    net = {'prefix': {'addr': '10.0.0.0', 'len': 24}}
    translated = [match({'ct': {'key': 'status'}}, 'dnat', 'in'), ACCEPT]
    one = {'addr': '10.0.0.9'}
    for to, address, word in (({'addr': net, 'flags': 'netmap'}, '10.0.0.9', 'undecided'),
                              (one, '10.0.0.9', 'blocked'), (one, '10.0.0.1', 'allowed')):
        judge = evaluator(chain('nat', [[{'dnat': to}]], **NAT)
                          + chain('input', [ESTABLISHED, translated], **REJECTS))
        assert decide(judge, address=address) == word, (to, address)


NETWORK = {'prefix': {'addr': '172.17.0.0', 'len': 24}}


@pytest.mark.parametrize('address', [
    NETWORK,
    {'range': ['172.17.0.0', '172.17.0.255']},
    mapped(payload('ip', 'daddr'), ({'prefix': {'addr': '10.0.0.0', 'len': 24}}, NETWORK)),
])
def test_of_a_network_without_the_flag_the_kernel_chooses_an_address(address):
    outcome = evaluator(chain('nat', [[{'dnat': {'addr': address}}]], **NAT)).decide(4, 'tcp', 'eth0', '10.0.0.9', 80)
    assert 'the kernel chooses the destination' in outcome.undecided[0][1]
    assert not outcome.allowed


@pytest.mark.parametrize('statement', [
    {'dnat': {'addr': {'unheard': 'of'}}},
    {'dnat': {'addr': '172.17.0.2', 'port': {'unheard': 'of'}}},
    {'dnat': {'addr': mapped(DPORT, (80, {'unheard': 'of'}))}},
    {'redirect': {'port': {'unheard': 'of'}}},
])
def test_a_translation_that_is_not_understood_may_lead_anywhere(statement):
    """Input drops everything: who is let in is let through to somebody else."""
    nat, base = chain('nat', [[statement]], **NAT), chain('input', [], **REJECTS)
    outcome = evaluator(nat, base).decide(4, 'tcp', 'eth0', '10.0.0.1', 80)
    assert outcome.undecided and not outcome.allowed
    assert outcome.undecided[0][1].startswith('the ') and 'unheard of is not understood' in outcome.undecided[0][1]


@pytest.mark.parametrize('rule, word', [
    ([{'vmap': {'key': payload('ip', 'dscp'), 'data': elements(('cs0', DROP), ('cs1', ACCEPT))}}], 'undecided'),
    ([{'vmap': {'key': payload('ether', 'saddr'), 'data': elements(('02:00:00:00:00:01', DROP))}}], 'undecided'),
    ([{'vmap': {'key': payload('ether', 'saddr'), 'data': elements(('02:00:00:00:00:01', ACCEPT))}}], 'allowed'),
    ([{'vmap': {'key': payload('icmp', 'type'), 'data': elements(('echo-request', DROP))}}], 'allowed'),
])
def test_a_map_of_verdicts_by_what_cannot_be_known(rule, word):
    assert words([rule]) == word


def test_packets_that_become_those_of_another_host():
    other = mangle(meta('pkttype'), 'other')
    early = chain('early', [[dport(22), other]], hook='ingress', family='netdev', table='n', dev='eth0')
    assert decide(evaluator(early)) == 'blocked' and decide(evaluator(early), port=23) == 'allowed'
    assert words([[mangle(meta('pkttype'), 'host')]]) == 'allowed'
    assert words([[other]]) == 'undecided'


@pytest.mark.parametrize('statement, word', [
    (mangle(payload('ip', 'ttl'), 64), 'allowed'),
    (mangle(payload('ip', 'ttl'), 1), 'undecided'),
    (mangle(payload('ip', 'daddr'), '10.0.0.9'), 'undecided'),
    (mangle(payload('tcp', 'checksum'), 0), 'undecided'),
    (mangle(meta('unheard'), 5), 'undecided'),
])
def test_changes_of_packets(statement, word):
    assert words([[statement]]) == word


def segment(right, operator='=='):
    return match({'tcp option': {'name': 'maxseg', 'field': 'size'}}, right, operator)


@pytest.mark.parametrize('rule, policy, protocol, word', [
    ([segment({'range': [1, 500]}), DROP], 'accept', 'tcp', 'allowed'),
    ([segment({'range': [1, 500]}), DROP], 'accept', 'udp', 'allowed'),
    ([segment({'range': [536, 65535]}, '!='), DROP], 'accept', 'tcp', 'allowed'),
    ([segment(536, '<'), DROP], 'accept', 'tcp', 'allowed'),
    ([segment({'range': [1, 500]}), ACCEPT], 'drop', 'tcp', 'undecided'),       # who asks for so little gets in
    ([segment({'range': [1, 500]}), ACCEPT], 'drop', 'udp', 'blocked'),
    ([segment(1460), DROP], 'accept', 'tcp', 'undecided'),
    ([segment(1, '>='), ACCEPT], 'drop', 'tcp', 'allowed'),
])
def test_segments_of_a_size_that_hardly_anybody_asks_for(rule, policy, protocol, word):
    assert words([rule], policy, protocol=protocol) == word


def test_what_is_assumed_of_segments_is_said():
    base = chain('input', [ESTABLISHED, [segment({'range': [1, 500]}), DROP]], **INPUT)
    outcome = evaluator(base).decide(4, 'tcp', 'eth0', '10.0.0.1', 22)
    assert outcome.caveats == [
        'segment size, judged for a client with an usual one: nftables inet filter input handle 11: '
        'tcp option maxseg size 1-500 drop']


def test_a_part_that_nft_prints_as_text_is_told_in_one_line():
    assert reasons([['jump {\n\tip saddr 10.0.0.1\n}']])[0].startswith('jump { ip saddr 10.0.0.1 } is not understood')


# what nft would never print

@pytest.mark.parametrize('damage', [
    {'nftables': [{'rule': {}}]},
    {'nftables': [{'chain': {'family': 'inet'}}]},
    {'nftables': [{'rule': {'family': 'inet', 'table': 'x', 'chain': 'none', 'expr': []}}]},
    {'nftables': [{'set': {'family': ['inet']}}]},
])
def test_what_is_damaged_is_told_without_words_of_python(damage):
    ruleset = load.load(dict(snapshot(), nft=damage))
    assert ruleset.doubts == ['the output of nft could not be parsed']


@pytest.mark.parametrize('statement', [
    {'match': {'op': '==', 'left': SADDR, 'right': {'unheard': {'of': [1, 2]}}}},
    {'match': {'op': '~', 'left': SADDR, 'right': 5}},
    {'match': {'op': '==', 'left': SADDR}},
    {'match': None},
    {'dnat': {'addr': {'unheard': {'of': 1}}}},
    {'vmap': {'key': SADDR, 'data': {'set': [[{'unheard': 1}, DROP]]}}},
    {'unheard': {'of': [1, {'more': None}]}},
    {'jump': {}},
    {'limit': 'nobody'},
    {'set': {'op': 'add', 'elem': SADDR, 'set': '@nobody'}},
    {'mangle': {'key': {'meta': {'key': 'unheard'}}, 'value': {'of': ['this']}}},
    'unheard of',
    5,
    None,
    ['a', {'list': 1}],
], ids=str)
def test_no_reason_is_in_words_of_python(statement):
    rules = [[statement, DROP], [match(meta('mark'), 5), DROP]]
    assert words(rules) == 'undecided'
    for reason in reasons(rules):
        assert not any(word in reason for word in ("{'", 'None', 'Error', "['", 'object at'))


# what a packet leaves behind that is stopped

def connection(key, right, op='=='):
    return match({'ct': {'key': key}}, right, op)


@pytest.mark.parametrize('first, later, word', [
    # the answer was let out, and the packet after it is stopped and marks its connection: sent again, it gets in
    ([connection('mark', 1), ACCEPT], [mangle({'ct': {'key': 'mark'}}, 1), DROP], 'undecided'),
    ([connection('mark', 2), ACCEPT], [mangle({'ct': {'key': 'mark'}}, 1), DROP], 'blocked'),
    ([connection('mark', 1), DROP], [mangle({'ct': {'key': 'mark'}}, 1), DROP], 'blocked'),
    ([connection('mark', 1), ACCEPT], [mangle(meta('mark'), 1), DROP], 'blocked'),
])
def test_a_packet_that_is_sent_again_meets_the_mark_of_its_connection(first, later, word):
    stopped = [connection('status', 'seen-reply', 'in'), *later]
    assert decide(evaluator(chain('input', [first, stopped], hook='input'))) == word


def test_the_mark_of_a_connection_goes_with_its_first_packet():
    """Before that packet has come through, there is no connection to keep it: net/netfilter/nf_conntrack_core.c."""
    rules = [[connection('mark', 1), ACCEPT], [mangle({'ct': {'key': 'mark'}}, 1), DROP]]
    assert decide(evaluator(chain('input', rules, hook='input'))) == 'blocked'
