# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is planned for hosts, by real policies: which rules, what is left, and opened."""

import copy
import json
import random

import hypothesis
import pytest

from ansible_collections.listening.ports.plugins.module_utils._addresses import intervals
from ansible_collections.listening.ports.plugins.module_utils._filter import rules as _rules
from ansible_collections.listening.ports.plugins.plugin_utils._enforce import plan
from ansible_collections.listening.ports.plugins.plugin_utils._enforce.plan import ALLOW, BLOCK
from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import judge
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._enforce.planning import (
    OPEN,
    SSH,
    WEB,
    host,
    planned,
    random_host,
    reasons,
)
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building, strategies


def test_what_nobody_declares_is_reached_by_nobody():
    made = planned([SSH], host(
        'tcp 0.0.0.0:22 sshd from=10.0.0.0/8', 'tcp 0.0.0.0:5432 postgres postgresql.service ' + OPEN,
        'udp 0.0.0.0:111 rpcbind rpcbind.service by=rpcbind.socket ' + OPEN))
    assert made.filter == {'others': 'accept', 'published': False, 'rules': [
        {'protocol': 'tcp', 'ports': [5432], 'sources': [], 'comment': 'unexpected'},
        {'protocol': 'udp', 'ports': [111], 'sources': [], 'comment': 'unexpected'}]}
    assert (made.left, made.open, made.close) == ([], [], [])
    assert set(made.as_dict()) == {'filter', 'left', 'open', 'keep', 'close', 'hash'}


def test_what_is_forbidden_is_reached_by_nobody_and_what_is_overexposed_by_its_clients():
    made = planned([SSH, {'name': 'no telnet', 'port': '23/tcp', 'state': 'forbidden'}], host(
        'tcp 0.0.0.0:22 sshd ' + OPEN, 'tcp [::]:22 sshd from=nobody', 'tcp 0.0.0.0:23 inetd ' + OPEN))
    assert made.filter['rules'] == [
        {'protocol': 'tcp', 'ports': [22], 'sources': ['10.0.0.0/8'], 'comment': 'entry ssh'},
        {'protocol': 'tcp', 'ports': [23], 'sources': [], 'comment': 'entry no telnet'}]
    assert not made.left


def test_of_several_limits_all_are_kept():
    narrow = {'name': 'narrow', 'port': 22, 'only_from': ['10.1.0.0/16', '192.0.2.0/24']}
    made = planned([SSH, narrow], host('tcp 0.0.0.0:22 sshd ' + OPEN))
    assert [rule['sources'] for rule in made.filter['rules']] == [['10.1.0.0/16']]
    other = {'name': 'other', 'port': 22, 'only_from': '192.0.2.0/24'}
    made = planned([SSH, other], host('tcp 0.0.0.0:22 sshd ' + OPEN))
    assert made.filter['rules'] == [] and reasons(made) == [('tcp/0.0.0.0:22', 'conflict')]
    assert 'ssh, other' in made.left[0]['message'] or 'other, ssh' in made.left[0]['message']


def test_what_is_only_for_the_host_itself_is_closed_to_all_others():
    made = planned([{'name': 'db', 'port': 5432, 'only_from': 'local'}], host('tcp 0.0.0.0:5432 postgres ' + OPEN))
    assert [rule['sources'] for rule in made.filter['rules']] == [[]]


def test_a_port_on_which_another_is_as_declared_is_not_touched():
    web = {'name': 'web', 'port': 8080, 'bind': '10.0.0.5', 'process': 'nginx'}
    made = planned([SSH, web, {'name': 'p', 'port': 9, 'state': 'forbidden', 'process': 'nc'}], host(
        'tcp 10.0.0.5:8080 nginx ' + OPEN, 'tcp 10.0.0.6:9 nc[5] stray.service ' + OPEN,
        'tcp 10.0.0.5:9 inetd ' + OPEN))
    # what else is on the port is to be filtered, too
    assert [rule['ports'] for rule in made.filter['rules']] == [[9]]
    declared = {'name': 'discard', 'port': 9, 'process': 'inetd'}
    made = planned([SSH, web, declared, {'name': 'p', 'port': 9, 'state': 'forbidden', 'process': 'nc'}], host(
        'tcp 10.0.0.6:9 nc[5] stray.service ' + OPEN, 'tcp 10.0.0.5:9 inetd ' + OPEN))
    assert made.filter['rules'] == [] and reasons(made) == [('tcp/10.0.0.6:9', 'shared_port')]
    [left] = made.left
    assert left['command'] == 'systemctl stop stray.service'
    assert 'tcp 10.0.0.6:9 nc pid 5' in left['message'] and 'tcp 10.0.0.5:9 inetd' in left['message']


@pytest.mark.parametrize('other, is_shared', [
    ('tcp 127.0.0.1:8080 app', False),                      # which no rule keeps anybody from
    ('tcp 10.0.0.5:8080@blue app', False), ('udp 0.0.0.0:8080 app', False), ('tcp 10.0.0.5:8080 app', True)])
def test_which_others_share_a_port(other, is_shared):
    declare = [SSH, {'name': 'bad', 'port': '8080/tcp', 'state': 'forbidden', 'process': 'nc'},
               {'name': 'app', 'ports': ['8080/tcp', '8080/udp'], 'process': 'app', 'state': 'optional'}]
    made = planned(declare, host('tcp 10.0.0.6:8080 nc ' + OPEN, other))
    assert ('shared_port' in [reason for dummy, reason in reasons(made)]) is is_shared
    assert bool(made.filter['rules']) is not is_shared


def test_published_ports_are_filtered_by_the_port_that_clients_address():
    made = planned([SSH], host(
        'tcp 0.0.0.0:8080 docker-proxy ' + OPEN, forwarded=['tcp 0.0.0.0:8080 to=172.17.0.2:80']))
    assert made.filter == {'others': 'accept', 'published': True, 'rules': [
        {'protocol': 'tcp', 'ports': [8080], 'sources': [], 'comment': 'unexpected'}]}
    facts = host(forwarded=['tcp 0.0.0.0:8000 to=172.17.0.2:80'])
    facts['forwarded'][0]['ports'] = '8000-8010'
    assert [rule['ports'] for rule in planned([SSH], facts).filter['rules']] == [['8000-8010']]


@pytest.mark.parametrize('line, reason', [
    ('tcp 0.0.0.0:1 hidden ' + OPEN, 'unknown_owner'), ('udplite 0.0.0.0:1 app ' + OPEN, 'protocol'),
    ('udp 0.0.0.0:40000 nc exe=/tmp/nc ' + OPEN, 'ephemeral')])
def test_what_cannot_be_filtered_is_left(line, reason):
    made = planned([SSH], host(line))
    assert made.filter['rules'] == [] and [reason for dummy, reason in reasons(made)] == [reason]
    assert all(left['reason'] in plan.LEFT and left['message'] for left in made.left)


@pytest.mark.parametrize('line', ['udp 0.0.0.0:40000 chronyd ' + OPEN, 'tcp 127.0.0.1:6379 redis'])
def test_clients_and_loopback_are_nobodys_business(line):
    made = planned([SSH], host(line))
    assert made.filter['rules'] == [] and made.left == []


def test_what_is_forbidden_on_loopback_has_to_be_stopped():
    made = planned([SSH, {'port': '25/tcp', 'state': 'forbidden'}], host('tcp 127.0.0.1:25 exim exim.service'))
    assert made.filter['rules'] == [] and made.left == [{
        'action': 'firewall', 'listener': 'tcp/127.0.0.1:25', 'reason': 'loopback',
        'command': 'systemctl stop exim.service', 'message':
        'tcp 127.0.0.1:25 exim pid 100 (exim.service): the host itself reaches it, and that is not filtered'}]


def test_what_is_limited_to_interfaces_is_left():
    made = planned([SSH, {'port': 80, 'via': 'eth1'}], host(
        'tcp 0.0.0.0:80 nginx from=anyone through=eth0:allowed,eth1:allowed'))
    assert made.filter['rules'] == [] and reasons(made) == [('tcp/0.0.0.0:80', 'interface')]


@pytest.mark.parametrize('waiver', [{'port': 9999}, {'port': 9999, 'kinds': 'unexpected'}])
def test_what_is_waived_is_not_filtered(waiver):
    declare = {'expected_listeners': [SSH], 'listener_waivers': [dict(waiver, expires='never', name='soon')]}
    facts = host('tcp 0.0.0.0:9999 old ' + OPEN, 'tcp 0.0.0.0:9998 old ' + OPEN)
    assert [rule['ports'] for rule in planned(declare, facts).filter['rules']] == [[9998]]
    # nor refused with all else
    let_in = {'protocol': 'tcp', 'ports': [9999], 'comment': 'waiver soon'}
    assert let_in in planned(declare, facts, ALLOW).filter['rules']


def test_default_deny_lets_in_whom_entries_name():
    declare = [SSH, WEB, {'name': 'pool', 'ports': ['8000-8010'], 'clients': ['10.0.0.0/8'], 'state': 'optional'},
               {'name': 'dns', 'port': '53/udp', 'clients': 'anyone', 'family': 'ipv4'},
               {'name': 'db', 'port': 5432, 'bind': 'loopback'},
               {'name': 'no telnet', 'port': '23/tcp', 'state': 'forbidden'}, {'port': 1900, 'state': 'ignored'}]
    made = planned(declare, host('tcp 0.0.0.0:22 sshd ' + OPEN, 'tcp 0.0.0.0:23 inetd ' + OPEN), ALLOW)
    assert made.filter == {'others': 'reject', 'published': True, 'rules': [
        {'protocol': 'tcp', 'ports': [22, '8000-8010'], 'sources': ['10.0.0.0/8'], 'comment': 'entry pool, entry ssh'},
        {'protocol': 'tcp', 'ports': [443], 'comment': 'entry web'},
        {'protocol': 'udp', 'ports': [53], 'sources': ['0.0.0.0/0'], 'comment': 'entry dns'}]}
    assert not [left for left in made.left if left['reason'] != 'unreachable']


def test_of_any_port_those_that_match_now_are_let_in():
    declare = [SSH, {'name': 'app', 'ports': ['any/tcp', 'any/udp'], 'process': 'app', 'clients': '10.0.0.0/8'}]
    made = planned(declare, host(
        'tcp 0.0.0.0:7000 app ' + OPEN, 'udp 0.0.0.0:7001 app ' + OPEN, 'tcp 127.0.0.1:7002 app',
        'udp 0.0.0.0:40000 app ' + OPEN, 'tcp 0.0.0.0:7003 other ' + OPEN), ALLOW)
    assert [(rule['protocol'], rule['ports']) for rule in made.filter['rules']] == [
        ('tcp', [22, 7000]), ('udp', [7001])]


def test_what_shares_a_port_with_what_is_let_in_is_left():
    declare = [SSH, {'name': 'no', 'port': '22/tcp', 'process': 'nc', 'state': 'forbidden'}]
    made = planned(declare, host('tcp 10.0.0.5:22 sshd ' + OPEN, 'tcp 10.0.0.6:22 nc ' + OPEN,
                                 'tcp 0.0.0.0:80 hidden ' + OPEN), ALLOW)
    assert reasons(made) == [('tcp/10.0.0.6:22', 'shared_port')]


@pytest.mark.parametrize('declare, mode, message', [
    ([], BLOCK, 'it has no entry that applies to this host'),
    ([dict(SSH, when=False)], ALLOW, 'it has no entry that applies to this host'),
    ([{'port': '23/tcp', 'state': 'forbidden'}], ALLOW, 'has to have an entry by which somebody is let in'),
    ([SSH, {'name': 'x', 'port': 80}], ALLOW, 'it has to say who may reach it'),
    ([SSH, {'name': 'x', 'port': 80, 'via': 'eth0'}], ALLOW, 'it has to say who may reach it'),
    ([SSH, {'name': 'x', 'port': 80, 'bind': ['loopback', 'eth0']}], ALLOW, 'it has to say who may reach it')])
def test_what_is_refused_before_the_host_is_contacted(declare, mode, message):
    [refused] = plan.refusals(building.policy(declare), mode)
    assert message in refused.reason


@pytest.mark.parametrize('entry', [
    {'bind': 'loopback'}, {'bind': ['127.0.0.0/8', '::1']}, {'bind': 'lo'}, {'namespace': 'blue'},
    {'clients': 'local'}])
def test_what_only_the_host_reaches_need_not_be_limited(entry):
    assert not list(plan.refusals(building.policy([SSH, dict(entry, port=80)]), ALLOW))


@pytest.mark.parametrize('facts, aspect', [
    (host('tcp 0.0.0.0:1 a', gaps=['sockets']), 'sockets'), (host('tcp 0.0.0.0:1 a', gaps=['firewall']), 'firewall'),
    (host('tcp 0.0.0.0:1 a', complete=None), 'firewall')])
@pytest.mark.parametrize('mode', [BLOCK, ALLOW])
def test_a_host_that_was_not_seen_as_a_whole_is_left(facts, aspect, mode):
    made = planned([SSH], facts, mode)
    assert made.filter is None and reasons(made) == [(None, 'incomplete')]
    assert 'not all of the %s' % aspect in made.left[0]['message']


def test_the_hint_of_a_gap_is_passed_on():
    facts = host('tcp 0.0.0.0:1 a', gaps=['firewall'])
    facts['gaps'][0]['hint'] = 'become'
    assert planned([SSH], facts).left[0]['command'] == 'become'


def test_what_was_opened_stays_open_for_whom_an_entry_names():
    entries = [SSH, WEB, {'name': 'app', 'port': '8000-8010', 'clients': ['10.0.0.0/8', 'fd00::/8'], 'family': 'ipv6'},
               {'name': 'dns', 'port': '53/udp', 'clients': ['10.0.0.0/8'], 'state': 'optional'},
               {'name': 'old', 'port': 23, 'state': 'forbidden'}]
    facts = host('tcp 0.0.0.0:443 nginx ' + OPEN)
    keep = planned(entries, facts, opens=True).keep
    assert keep == [{'protocol': 'tcp', 'ports': [443]},
                    {'protocol': 'tcp', 'ports': ['8000-8010'], 'sources': ['fd00::/8']},
                    {'protocol': 'udp', 'ports': [53], 'sources': ['10.0.0.0/8']}]
    # who does not open takes nothing back, nor does who has not seen all
    assert planned(entries, facts).keep is None
    assert planned(entries, host('tcp 0.0.0.0:1 a', gaps=['firewall']), opens=True).keep is None
    # what is opened for an entry is what stays open for it
    facts = host('tcp [::]:8000 app from=nobody through=eth0:blocked', firewall={'backends': ['firewalld']})
    for path in facts['listeners'][0]['exposure']['paths']:
        path['blocked_by'] = 'a rule of firewalld'
    made = planned([dict(entries[2], port=8000)], facts, opens=True)
    assert [opening['sources'] for opening in made.open] == [made.keep[0]['sources']] == [['fd00::/8']]


@pytest.mark.parametrize('backend, blocked_by, interfaces', [
    ('firewalld', 'nftables inet firewalld filter_INPUT handle 7: reject with icmpx', ['eth0', 'eth1']),
    ('ufw', 'nftables ip filter ufw-user-input handle 9: drop', [None]),
    ('ufw', 'policy drop of chain ip filter INPUT', [None]), ('ufw', 'policy drop of chain ip6 filter INPUT', [None]),
    ('ufw', 'policy drop of chain iptables filter INPUT', [None]),
    ('ufw', 'policy drop of chain ip6tables filter INPUT', [None])])
def test_what_others_block_is_opened_in_firewalld_and_ufw(backend, blocked_by, interfaces):
    line = 'tcp 0.0.0.0:443 nginx from=nobody through=eth0:blocked,eth1:blocked'
    facts = host(line, firewall={'backends': [backend]})
    for path in facts['listeners'][0]['exposure']['paths']:
        path['blocked_by'] = blocked_by
    made = planned([WEB], facts, opens=True)
    assert made.left == [] and made.open == [
        {'protocol': 'tcp', 'ports': ['443'], 'sources': None, 'backend': backend, 'interface': interface,
         'listener': 'tcp/0.0.0.0:443'} for interface in interfaces]
    closed = planned([WEB], facts)
    assert closed.open == [] and reasons(closed) == [('tcp/0.0.0.0:443', 'unreachable')]
    assert {'ufw': 'ufw allow', 'firewalld': 'firewall-cmd'}[backend] in closed.left[0]['command']
    # whatever a rule is called, nothing is opened in what is not there
    facts['firewall']['backends'] = ['nftables']
    assert planned([WEB], facts, opens=True).open == []


@pytest.mark.parametrize('blocked_by', [
    'policy drop of chain inet filter input', 'iptables filter DENY 3: -j DROP', None])
def test_what_another_firewall_blocks_is_left(blocked_by):
    facts = host('tcp 0.0.0.0:443 nginx from=nobody through=eth0:blocked', firewall={'backends': ['firewalld', 'ufw']})
    for path in facts['listeners'][0]['exposure']['paths']:
        path['blocked_by'] = blocked_by
    made = planned([WEB], facts, opens=True)
    assert made.open == [] and reasons(made) == [('tcp/0.0.0.0:443', 'unreachable')]


def test_what_is_not_known_is_left():
    made = planned([SSH, {'name': 'web', 'port': 80, 'process': 'nginx'}], host('tcp 0.0.0.0:80 hidden ' + OPEN))
    assert made.filter['rules'] == [] and [left['reason'] for left in made.left] == ['unknown']


def test_what_a_host_makes_up_is_harmless():
    facts = host('tcp 10.0.0.6:22 x stray.service ' + OPEN, 'tcp 10.0.0.5:22 sshd ' + OPEN)
    stray = facts['listeners'][0]
    stray['owners'][0].update(process='\x1b[31mx\n::error::', unit='a;reboot.service')
    stray['service'] = 'a;reboot.service'
    made = planned([{'port': 22, 'process': 'sshd', 'clients': 'anyone'},
                    {'port': '22/tcp', 'state': 'forbidden', 'where': "address == '10.0.0.6'"}], facts)
    assert '\x1b' not in json.dumps(made.as_dict()) and '\n' not in made.left[0]['message']
    assert 'reboot' not in str(made.left[0]['command'])


def test_the_hash_is_about_what_is_done():
    facts = host('tcp 0.0.0.0:5432 postgres[7] ' + OPEN)
    again = host('tcp 0.0.0.0:5432 postgres[8] ' + OPEN)
    other = host('tcp 0.0.0.0:5433 postgres[7] ' + OPEN)
    assert planned([SSH], facts).hash == planned([SSH], again).hash != planned([SSH], other).hash
    assert planned([SSH, WEB], facts, ALLOW).hash != planned([SSH, WEB], facts).hash


def _who(sources):
    return _rules.spans(None if sources is None else tuple(sources))


def _rule_of(rules, listener):
    """The sources of the rule for the port of a listener, or False."""
    for rule in rules:
        for low, high in rule.ports:
            if rule.protocol == listener['protocol'] and low <= listener['port'] <= high:
                return rule
    return None


def _filtered(facts, rules):
    """The facts, if these rules were in force, and the evaluator saw them."""
    facts = copy.deepcopy(facts)
    for listener in facts['listeners']:
        rule, exposure = _rule_of(rules, listener), listener.get('exposure')
        if not rule or not exposure or listener['scope'] == 'loopback':
            continue
        allowed = []
        for family in (4, 6):
            texts = [text for text in exposure['allowed'] if (':' in text) == (family == 6)]
            spans = intervals.merged([span for text in texts for span in intervals.parse(text)[1]])
            allowed += intervals.networks(intervals.isect(spans, _who(rule.sources)[family]), family)
        exposure.update(allowed=allowed, verdict='partly' if allowed else 'blocked',
                        level='listed' if allowed else 'none')
    return facts


def test_properties():
    """Nobody whom the declaration means loses access, what is wrong is filtered or left, and order is nothing."""
    @hypothesis.given(strategies.CHOICES)
    def check(choose):
        facts, variables = random_host(choose), strategies.declaration(choose, most_waivers=1)
        policy = building.policy(variables)
        if list(plan.refusals(policy, BLOCK)):
            return
        judged = judge.judge(facts, policy, building.NOW)
        made = plan.plan(facts, policy, judged)
        rules = _rules.parse(made.filter['rules'])
        left = {item['listener'] for item in made.left}
        for decided in judged.decided:
            listener = decided.listener
            kinds = {finding.kind for finding in judged.each if finding.record is listener}
            rule = _rule_of(rules, listener)
            if listener['scope'] == 'loopback' or listener['namespace'] is not None:
                continue
            if rule and not kinds & {'unexpected', 'forbidden'}:
                assert not any(finding.record is listener for finding, dummy in judged.waived)
                limits = [entry.sources for entry in decided.entries if entry.sources]
                assert limits
                for family in (4, 6):
                    meant = intervals.full(family)
                    for sources in limits:
                        meant = intervals.isect(meant, sources.spans[family])
                    itself = intervals.merged(intervals.parse('127.0.0.0/8' if family == 4 else '::1')[1])
                    assert not intervals.minus(intervals.minus(meant, itself), _who(rule.sources)[family])
            elif not rule and kinds & {'forbidden', 'overexposed'}:
                assert listener['id'] in left
        shuffled = dict(facts, listeners=random.Random(1).sample(facts['listeners'], len(facts['listeners'])))
        again = plan.plan(shuffled, policy, judge.judge(shuffled, policy, building.NOW))
        assert again.as_dict() == made.as_dict()
        # with these rules in force nobody is reached who should not be, but for what is left
        after = judge.judge(_filtered(facts, rules), policy, building.NOW)
        for finding in after.each:
            if finding.kind == 'overexposed':
                assert finding.record['id'] in left
    strategies.run(check)
