# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is judged by who can reach it, beside the cases: where the facts of the firewall as a whole count."""

import datetime

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import judge
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building

NOW = datetime.datetime(2026, 11, 20, 9)


def judged(lines, entries, **facts):
    return judge.judge(dict(building.facts(lines), **facts), building.policy({'expected_listeners': entries}), NOW)


@pytest.mark.parametrize('entry, wanted', [
    ({'port': 1}, False), ({'port': 1, 'bind': 'private', 'process': 'x'}, False),
    ({'port': 1, 'ensure': 'backlog.pending < `5`'}, False),
    ({'port': 1, 'only_from': 'private'}, True), ({'port': 1, 'clients': 'anyone'}, True),
    ({'port': 1, 'via': 'eth0'}, True),
    ({'port': 1, 'ensure': "exposure.level == 'none'"}, True), ({'port': 1, 'where': "exposure.level != 'none'"}, True),
    ({'port': 1, 'ensure': 'length(keys(@)) > `1`'}, True), ({'port': 1, 'only_from': 'private', 'when': False}, False),
])
def test_whether_a_policy_speaks_of_who_can_reach_something(entry, wanted):
    assert building.policy({'expected_listeners': [entry]}).needs_firewall is wanted


@pytest.mark.parametrize('switches, wanted', [
    ({}, False), ({'listener_unexpected_blocked': 'warn'}, True), ({'listener_unexpected_blocked': 'ignore'}, True),
    ({'listener_unexpected': 'warn'}, False),
    ({'listener_unexpected': 'warn', 'listener_unexpected_blocked': 'warn'}, False),
    ({'listener_unexpected': 'ignore', 'listener_unexpected_blocked': 'warn'}, False)])
def test_a_switch_needs_the_firewall_where_it_makes_a_difference(switches, wanted):
    assert building.policy(dict(switches, expected_listeners=[])).needs_firewall is wanted


def test_a_waiver_can_speak_of_it_too():
    waivers = [{'port': 1, 'expires': 'never', 'where': "exposure.level == 'none'"}]
    assert building.policy({'expected_listeners': [], 'listener_waivers': waivers}).needs_firewall


def test_clients_that_no_route_leads_to_are_not_shut_out_by_a_rule():
    line = 'tcp [::]:80 nginx dual from=0.0.0.0/0,2001:db8::/64'
    entries = [{'name': 'web', 'port': 80, 'clients': 'anyone'}]
    routes = {'ipv4': ['0.0.0.0/0'], 'ipv6': ['2001:db8::/64']}
    assert [finding.kind for finding in judged([line], entries).findings] == ['unreachable']
    assert not judged([line], entries, firewall={'sources': routes}).findings
    closed = judged(['tcp [::]:80 nginx dual from=0.0.0.0/0'], entries, firewall={'sources': routes}).findings
    assert [(finding.kind, '2001:db8::/64' in finding.message) for finding in closed] == [('unreachable', True)]
    assert [finding.kind for finding in judged([line], entries, firewall={'sources': None}).findings] == ['unreachable']


def test_the_rule_that_keeps_clients_out_is_named():
    entries = [{'name': 'web', 'port': 80, 'clients': '192.168.0.0/16'}]
    findings = judged(['tcp 0.0.0.0:80 nginx from=10.0.0.0/8 rule=policy-drop'], entries).findings
    message = next(finding.message for finding in findings if finding.kind == 'unreachable')
    assert message == (
        'tcp 0.0.0.0:80 nginx pid 100 cannot be reached by 192.168.0.0/16, '
        'declared as its clients (entry web of expected_listeners): the host blocks them: "policy-drop"')


def test_why_it_is_not_known_is_told_in_the_words_of_the_host():
    entries = [{'name': 'web', 'port': 80, 'only_from': '192.168.0.0/16'}]
    findings = judged(['tcp 0.0.0.0:80 nginx maybe=10.0.0.0/8'], entries).findings
    assert [finding.kind for finding in findings] == ['unknown']
    assert 'the firewall cannot be judged for all possible clients (a rule of a module)' in findings[0].message


def test_a_gap_says_why_the_firewall_was_not_looked_at():
    entries = [{'name': 'web', 'port': 80, 'only_from': 'private'}]
    gap = {'aspect': 'firewall', 'code': 'unreadable', 'count': None, 'message': 'nft: not root', 'hint': 'become'}
    findings = judged(['tcp 0.0.0.0:80 nginx firewall=unknown'], entries, gaps=[gap]).findings
    assert 'the firewall was not observed (nft: not root)' in findings[0].message
    assert findings[0].remedy == 'run with become'
    gap.update(message='nft took longer than 19 seconds', hint=None)
    findings = judged(['tcp 0.0.0.0:80 nginx firewall=unknown'], entries, gaps=[gap]).findings
    # not to gather it: it was asked for
    assert findings[0].remedy == 'make its rules readable, or leave out clients, only_from and via'


def test_what_rules_leave_open_is_no_firewall_that_was_not_looked_at():
    gap = {'aspect': 'firewall', 'code': 'undecided', 'count': 1, 'message': 'who can reach x is not decided: why',
           'hint': None}
    entries = [{'name': 'web', 'port': 80, 'only_from': '192.168.0.0/16'}, {'name': 'gone', 'port': 81}]
    complete = dict(building.facts([])['complete'], firewall=False, namespaces=True)
    unknown, missing = sorted(
        judged(['tcp 0.0.0.0:80 nginx maybe=10.0.0.0/8'], entries, gaps=[gap], complete=complete).findings,
        key=lambda finding: finding.kind, reverse=True)
    assert 'the firewall cannot be judged for all possible clients (a rule of a module)' in unknown.message
    assert missing.kind == 'missing' and not missing.parts['forwards_unseen']
    unseen = judged([], entries[1:], gaps=[dict(gap, code='budget'), gap], complete=complete).findings
    assert unseen[0].parts['forwards_unseen']


@pytest.mark.parametrize('entry, kinds', [
    ({'only_from': 'local'}, ['overexposed']), ({'only_from': '192.0.2.0/24'}, []), ({'clients': '192.0.2.0/24'}, []),
    ({'clients': '192.0.2.0/23'}, ['unreachable']), ({'clients': 'local'}, ['overexposed']),
])
def test_loopback_that_others_are_let_in_to(entry, kinds):
    """By route_localnet, to which the address that something is bound to says nothing."""
    findings = judged(['tcp 127.0.0.1:80 nginx from=192.0.2.0/24'], [dict(entry, name='web', port=80)]).findings
    assert [finding.kind for finding in findings] == kinds


@pytest.mark.parametrize('line', ['tcp 127.0.0.1:80 nginx', 'tcp 127.0.0.1:80 nginx firewall=unknown'])
def test_loopback_that_nobody_else_is_let_in_to(line):
    assert not judged([line], [{'name': 'web', 'port': 80, 'only_from': 'local'}]).findings


@pytest.mark.parametrize('line, entry, whom', [
    ('from=10.0.0.0/8,192.0.2.0/24', {'only_from': '10.0.0.0/9'}, 'by 10.0.0.0/8, 192.0.2.0/24, but'),
    ('from=0.0.0.0/0', {'only_from': 'private'}, 'by anyone, but'),
    ('from=' + ','.join('192.0.2.%d/32' % (2 * number) for number in range(6)), {'only_from': 'private'},
     'by 192.0.2.0/32, 192.0.2.2/32, 192.0.2.4/32, 192.0.2.6/32 and 2 more, but'),
    ('from=10.0.0.0/8 through=eth0:allowed,eth1:allowed,eth2:blocked', {'via': 'eth0'}, 'through eth1, but'),
])
def test_who_can_reach_it_too_is_named(line, entry, whom):
    findings = judged(['tcp 0.0.0.0:80 nginx ' + line], [dict(entry, name='web', port=80)]).findings
    assert [finding.kind for finding in findings] == ['overexposed']
    assert 'can be reached ' + whom in findings[0].message


# Very long sets, which exposures have by their name

GEO = '192.0.2.0-192.0.2.255 198.51.100.7'


def long_set(key='ipv4-1', elements=6001, name='set geo'):
    return {'set': name, 'family': 'ipv4', 'elements': elements, 'key': key}


def behind(entry, sets=None, allowed='', **exposure):
    """What is found of a listener that a firewall with long sets lets in, the kinds of it, and what is said of it."""
    facts = building.facts(['tcp 0.0.0.0:443 nginx from=%s rule=geo' % (allowed or '203.0.113.0/24')])
    judgement = facts['listeners'][0]['exposure']
    judgement.update(exposure)
    if not allowed:
        judgement['allowed'] = []
    judgement['level'] = 'listed'
    facts['firewall'] = {'sets': {'ipv4-1': GEO} if sets is None else sets}
    policy = building.policy({'expected_listeners': [dict(entry, name='web', port=443, family='ipv4')]})
    findings = judge.judge(facts, policy, NOW).findings
    return [finding.kind for finding in findings], ' '.join(finding.message for finding in findings)


@pytest.mark.parametrize('entry, kinds', [
    ({'only_from': '192.168.0.0/16'}, ['overexposed']),
    ({'only_from': ['192.0.2.0/24', '198.51.100.0/24']}, []),
    ({'only_from': ['192.0.2.0/24', '198.51.100.7']}, []),
    ({'only_from': '192.0.2.0/24'}, ['overexposed']),           # all of it but one
    ({'clients': ['192.0.2.0/24', '198.51.100.7']}, []),
    ({'clients': '192.0.2.0/25'}, ['overexposed']),             # more than these
    ({'clients': ['192.0.2.0/24', '198.51.100.6/31']}, ['unreachable']),
    ({'clients': '203.0.113.0/24'}, ['overexposed', 'unreachable']),
])
def test_who_is_in_a_long_set_is_let_in(entry, kinds):
    assert behind(entry, allowed_sets=[long_set()])[0] == kinds


@pytest.mark.parametrize('entry', [{'only_from': '192.0.2.0/24'}, {'clients': '192.0.2.0/24'}])
@pytest.mark.parametrize('sets', [{}, {'ipv4-2': GEO}, {'ipv4-1': 'a set'}, {'ipv4-1': '2001:db8::1'}])
@pytest.mark.parametrize('name', ['allowed_sets', 'except_sets'])
def test_of_a_set_that_nobody_knows_nothing_is_said(entry, sets, name):
    assert behind(entry, sets, allowed='192.0.2.0/24', **{name: [long_set()]})[0] == ['unknown']


def test_a_long_set_is_named():
    dummy, message = behind({'only_from': 'private'}, allowed_sets=[long_set()])
    assert 'can be reached by the 6001 networks of set geo, but entry web' in message
    dummy, message = behind({'only_from': 'private'}, allowed='203.0.113.0/24', allowed_sets=[long_set()])
    assert 'can be reached by 203.0.113.0/24, the 6001 networks of set geo, but' in message
    dummy, message = behind({'only_from': '192.0.2.0/24'}, allowed_sets=[long_set()])
    assert 'can be reached by the 1 network of set geo, but' in message
    dummy, message = behind({'only_from': 'private'}, allowed_sets=[long_set(name=None)])
    assert 'can be reached by 192.0.2.0/24, 198.51.100.7/32, but' in message
    parts = [long_set(), long_set('ipv4-2', 10)]
    dummy, message = behind({'only_from': 'private'}, {'ipv4-1': GEO, 'ipv4-2': '203.0.113.1'}, allowed_sets=parts)
    assert 'can be reached by the 6011 networks of set geo, but' in message


@pytest.mark.parametrize('entry, kinds', [
    ({'clients': '192.0.2.0/25'}, ['overexposed', 'unreachable']), ({'clients': 'anyone'}, ['unreachable']),
    ({'clients': '203.0.113.0/24'}, ['overexposed']), ({'only_from': 'anyone'}, []),
    ({'clients': ['10.0.0.0/8', '192.0.2.3']}, ['overexposed', 'unreachable']),
])
def test_who_is_in_a_long_set_that_is_kept_out(entry, kinds):
    assert sorted(behind(entry, allowed='0.0.0.0/0', except_sets=[long_set()])[0]) == kinds


def test_a_long_set_that_is_kept_out_is_named():
    dummy, message = behind({'clients': 'anyone'}, allowed='0.0.0.0/0', except_sets=[long_set()])
    assert 'cannot be reached by the 6001 networks of set geo, declared as its clients' in message


def test_where_everybody_is_kept_out_it_says_so():
    kinds, message = behind({'clients': 'anyone'}, allowed='')
    assert kinds == ['unreachable'] and 'cannot be reached by anyone, declared as its clients' in message


@pytest.mark.parametrize('lines, kinds', [
    (['tcp 0.0.0.0:80 nginx from=0.0.0.0/0', 'tcp 0.0.0.0:443 nginx from=0.0.0.0/0'], []),
    (['tcp 0.0.0.0:80 nginx from=0.0.0.0/0', 'tcp 0.0.0.0:443 nginx from=10.0.0.0/8'], ['unreachable tcp/443']),
    (['tcp 0.0.0.0:80 nginx from=10.0.0.0/8', 'tcp 0.0.0.0:443 nginx from=0.0.0.0/0'], ['unreachable tcp/80']),
    (['tcp 0.0.0.0:80 nginx from=10.0.0.0/8', 'tcp 0.0.0.0:443 nginx from=10.0.0.0/8'],
     ['unreachable tcp/80', 'unreachable tcp/443']),
    (['tcp 0.0.0.0:80 nginx from=0.0.0.0/0', 'tcp 0.0.0.0:443 nginx maybe=0.0.0.0/0'], ['unknown tcp/443']),
    # two listeners on one port: who is let in to one of them is served
    (['tcp 192.0.2.1:80 nginx from=10.0.0.0/8', 'tcp 192.0.2.2:80 nginx from=0.0.0.0/0',
      'tcp 0.0.0.0:443 nginx from=0.0.0.0/0'], []),
])
def test_clients_have_to_reach_each_port_of_an_entry(lines, kinds):
    entries = [{'name': 'web', 'ports': [80, 443], 'clients': 'anyone', 'family': 'ipv4'}]
    findings = judged(lines, entries).findings
    assert sorted('%s %s/%d' % (finding.kind, finding.record['protocol'], finding.record['port'])
                  for finding in findings) == sorted(kinds)
