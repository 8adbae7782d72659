# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which listeners are to be closed, by real policies."""

import hypothesis
import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._enforce import close, plan
from ansible_collections.listening.ports.plugins.plugin_utils._enforce.confirmed import Confirmed
from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import judge
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils import samples
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building, strategies

SSH = {'name': 'ssh', 'port': 22, 'state': 'optional'}
NO_TELNET = {'name': 'no telnet', 'port': '23/tcp', 'state': 'forbidden'}
BLOCKED = 'from=nobody through=eth0:blocked'


def host(*lines, gaps=(), **complete):
    return building.facts(lines, gaps, complete)


def wanted(declare, facts, kinds=close.KINDS):
    policy, bare = building.policy(declare), close.without_firewall(facts)
    assert not close.missing(bare)
    return close.wanted(bare, policy, judge.judge(bare, policy, building.NOW), kinds)


def reasons(made):
    return [(left['listener'], left['reason']) for left in made.left]


def test_what_nobody_declares_and_what_is_forbidden_is_closed():
    made = wanted([SSH, NO_TELNET], host(
        'tcp 0.0.0.0:22 sshd', 'tcp 0.0.0.0:23 inetd', 'tcp 0.0.0.0:8080 web web.service', 'tcp [::]:8080 web',
        'udp 0.0.0.0:111 rpcbind'))
    assert made.ids == ['tcp/0.0.0.0:23', 'tcp/0.0.0.0:8080', 'tcp/[::]:8080', 'udp/0.0.0.0:111']
    assert made.left == []


@pytest.mark.parametrize('kinds, ids', [
    (['unexpected'], ['tcp/0.0.0.0:8080']), (['forbidden'], ['tcp/0.0.0.0:23']), ([], [])])
def test_only_kinds_that_were_asked_for_are_closed(kinds, ids):
    assert wanted([SSH, NO_TELNET], host('tcp 0.0.0.0:23 inetd', 'tcp 0.0.0.0:8080 web'), kinds).ids == ids


@pytest.mark.parametrize('entry', [
    {'only_from': '10.0.0.0/8'}, {'process': 'other'}, {'bind': 'loopback'}, {'ensure': "backlog.limit > `1000`"}])
def test_what_is_declared_otherwise_is_not_closed(entry):
    line = 'tcp 0.0.0.0:8080 web from=anyone through=eth0:allowed'
    assert wanted([SSH, dict(entry, port=8080)], host(line, firewall=True)).ids == []


@pytest.mark.parametrize('waiver', [{'port': 8080}, {'port': 8080, 'kinds': 'unexpected'}])
def test_what_is_waived_is_not_closed(waiver):
    declare = {'expected_listeners': [SSH], 'listener_waivers': [dict(waiver, expires='never', name='soon')]}
    made = wanted(declare, host('tcp 0.0.0.0:8080 web', 'tcp 0.0.0.0:8081 web'))
    assert made.ids == ['tcp/0.0.0.0:8081'] and made.left == []
    # until then
    declare['listener_waivers'][0]['expires'] = '2026-11-01'
    assert wanted(declare, host('tcp 0.0.0.0:8080 web')).ids == ['tcp/0.0.0.0:8080']


@pytest.mark.parametrize('switches, ids', [
    ({}, ['tcp/0.0.0.0:80']),
    ({'listener_unexpected': 'warn'}, []), ({'listener_unexpected': 'ignore'}, []),
    ({'listener_unexpected_loopback': 'fail'}, ['tcp/0.0.0.0:80', 'tcp/127.0.0.1:6379']),
    ({'listener_unexpected_ephemeral_udp': 'fail'}, ['tcp/0.0.0.0:80', 'udp/0.0.0.0:40000']),
    ({'listener_fail_severity': 'critical'}, [])])
def test_only_what_an_audit_would_fail_for_is_closed(switches, ids):
    facts = host('tcp 0.0.0.0:80 web', 'tcp 127.0.0.1:6379 redis', 'udp 0.0.0.0:40000 chronyd')
    made = wanted({'expected_listeners': [SSH], **switches}, facts)
    assert made.ids == ids and made.left == []


@pytest.mark.parametrize('worth', ['fail', 'warn', 'ignore'])
def test_whether_a_firewall_blocks_it_does_not_matter(worth):
    facts = host('tcp 0.0.0.0:80 web ' + BLOCKED, firewall=True)
    declare = {'expected_listeners': [SSH], 'listener_unexpected_blocked': worth}
    assert wanted(declare, facts).ids == ['tcp/0.0.0.0:80']
    # and it is the same where nobody looked
    assert wanted(declare, host('tcp 0.0.0.0:80 web')).ids == ['tcp/0.0.0.0:80']


def test_a_dubious_client_is_left():
    made = wanted([SSH], host('udp 0.0.0.0:40000 nc exe=/tmp/nc'))
    assert made.ids == [] and reasons(made) == [('udp/0.0.0.0:40000', 'ephemeral')]


def test_what_is_forbidden_is_closed_wherever_it_listens():
    declare = [SSH, {'ports': ['25/tcp', '40000/udp', '53/tcp'], 'state': 'forbidden'}]
    made = wanted(declare, host('tcp 127.0.0.1:25 exim', 'udp 0.0.0.0:40000 nc', 'tcp 10.0.0.5:53@blue dns'))
    assert made.ids == ['tcp/127.0.0.1:25', 'udp/0.0.0.0:40000']
    declare[1]['namespace'] = '*'
    made = wanted(declare, host('tcp 10.0.0.5:53@blue dns'))
    assert made.ids == ['tcp/10.0.0.5:53@blue']         # which the host leaves


def test_what_nobody_seems_to_own_is_left_and_the_rest_is_closed():
    facts = host('tcp 0.0.0.0:2049 hidden', 'tcp 0.0.0.0:80 web')
    facts['complete']['owners'] = False
    facts['gaps'] = [samples.gap('owners', 'owners_not_found')]
    made = wanted([SSH], facts)
    assert made.ids == ['tcp/0.0.0.0:80'] and reasons(made) == [('tcp/0.0.0.0:2049', 'unknown_owner')]
    assert 'its owner is not known' in made.left[0]['message']


@pytest.mark.parametrize('aspect, code, is_missing', [
    ('sockets', 'budget', True), ('owners', 'owners_hidden', True), ('owners', 'fd_budget', True),
    ('owners', 'owners_not_found', False), ('units', 'systemctl', False), ('firewall', 'unreadable', False),
    ('binding', 'procfs', False)])
def test_nothing_is_closed_where_not_all_of_the_host_is_known(aspect, code, is_missing):
    facts = host('tcp 0.0.0.0:80 web')
    facts['complete'][aspect] = False
    facts['gaps'] = [samples.gap(aspect, code, message='so it is', hint='become')]
    missing = close.missing(facts)
    assert bool(missing) is is_missing
    for left in missing:
        assert (left['action'], left['listener'], left['reason'], left['command'], left['message']) == (
            'close', None, 'incomplete', 'become',
            'nothing is stopped, since not all of the %s could be observed: so it is' % aspect)


def test_of_two_gaps_one_is_enough():
    facts = host('tcp 0.0.0.0:80 web')
    facts['complete']['owners'] = False
    facts['gaps'] = [samples.gap('owners', 'owners_not_found'), samples.gap('owners', 'fd_budget')]
    assert close.missing(facts)
    facts['complete']['owners'], facts['gaps'] = None, []
    assert 'nobody looked' in close.missing(facts)[0]['message']


def test_an_id_that_no_command_is_given_is_left():
    facts = host('tcp 0.0.0.0:80 web')
    facts['listeners'][0].update(id='tcp/0.0.0.0%\x1b[31m:80', interface='\x1b[31m')
    made = wanted([SSH], facts)
    assert made.ids == [] and [reason for dummy, reason in reasons(made)] == ['name']
    assert '\x1b' not in str(made.left)


def test_what_is_not_known_is_left():
    made = wanted([SSH, {'port': '80/tcp', 'service': 'web.service', 'state': 'optional'}], host(
        'tcp 0.0.0.0:80 web', gaps=['units']))
    assert made.ids == [] and [reason for dummy, reason in reasons(made)] == ['unknown']
    # what only the firewall could say has nothing to do with it
    made = wanted([SSH, {'port': 443, 'only_from': '10.0.0.0/8'}], host('tcp 0.0.0.0:443 nginx'))
    assert made.ids == [] and made.left == []


def test_within_a_plan_nothing_is_closed_that_it_does_not_have():
    earlier = plan.Plan(None, close=['tcp/0.0.0.0:80', 'tcp/0.0.0.0:7'])
    earlier.leave([{'action': 'close', 'listener': 'tcp/0.0.0.0:81', 'reason': 'protected', 'message': 'vpn\x1b',
                    'command': None},
                   {'action': 'firewall', 'listener': 'tcp/0.0.0.0:82', 'reason': 'shared_port', 'message': 'x',
                    'command': None}])
    made = wanted([SSH], host(*('tcp 0.0.0.0:%d web' % port for port in (80, 81, 82))))
    made = close.within(made, Confirmed(earlier.as_dict()))
    assert made.ids == ['tcp/0.0.0.0:80']
    assert reasons(made) == [('tcp/0.0.0.0:81', 'protected'), ('tcp/0.0.0.0:82', 'appeared')]
    assert made.left[0]['message'] == 'vpn\\x1b' and 'plan anew' in made.left[1]['message']


def test_properties():
    """What is closed is what an audit fails for, and after it was closed nothing is to be closed."""
    closing = []

    @hypothesis.given(strategies.CHOICES)
    def check(choose):
        facts, variables = strategies.host(choose), strategies.declaration(choose, most_waivers=1)
        policy = building.policy(variables)
        bare = close.without_firewall(facts)
        if close.missing(bare) or not policy.entries:
            return
        judged = judge.judge(bare, policy, building.NOW)
        made = close.wanted(bare, policy, judged, close.KINDS)
        failing = {finding.record['id'] for finding in judged.each
                   if finding.kind in close.KINDS and finding.record['held_by'] != 'unknown'}
        assert set(made.ids) <= failing
        assert len(set(made.ids)) == len(made.ids)
        closing.append(bool(made.ids))
        again = close.without(bare, made.ids)
        after = judge.judge(again, policy, building.NOW)
        rest = close.wanted(again, policy, after, close.KINDS)
        assert rest.ids == []
        assert {(left['listener'], left['reason']) for left in rest.left if left['listener']} == {
            (left['listener'], left['reason']) for left in made.left if left['listener']}
        # what may listen is not closed
        declared = {decided.listener['id'] for decided in judged.decided} - {
            finding.record['id'] for finding in judged.each if finding.record}
        assert not declared & set(made.ids)
    strategies.run(check)
    assert sum(closing) > strategies.EXAMPLES / 10
