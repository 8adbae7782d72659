# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""port_filter on the controller: what it asks the host, when it logs in anew, and what it says of what came of it."""

import pytest

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure, AnsibleError
from ansible_collections.listening.ports.plugins.action import port_filter
from ansible_collections.listening.ports.tests.unit.plugins.action import stepping
from ansible_collections.listening.ports.tests.unit.plugins.action.stepping import NO_ROUTE, SAID, WORKS

RULES = [{'protocol': 'tcp', 'ports': [8001], 'sources': []}]
EFFECT = {'listener': 'tcp/0.0.0.0:8001', 'protocol': 'tcp', 'port': 8001, 'published': False,
          'loses': ['0.0.0.0/0'], 'gains': [], 'before': ['0.0.0.0/0', '::/0'], 'after': [], 'connections': 2}
CONNECTION = {'address': '10.0.0.7', 'port': 22, 'peer': '10.0.0.1', 'peer_port': 40000, 'interface': 'eth0',
              'how': 'ancestor'}
LOOKED = {'changed': True, 'msg': 'ok', 'diff': {'before': '', 'after': 'table x'}, 'effects': [EFFECT],
          'connection': CONNECTION, 'persistent': True}
TRIAL = dict(LOOKED, status='trial', seconds=60)
# what steps after the first do not know is empty
REST = {'diff': None, 'effects': [], 'connection': dict(CONNECTION, peer_port=50000), 'persistent': True}
KEPT = dict(REST, status='kept', changed=True, msg='kept')
STALE = dict(REST, status='refused', code='not_fresh', changed=False, failed=True,
             msg='the connection in use is older than the rules.')
REVERTED = dict(REST, status='reverted', changed=False, failed=True, msg='the trial has ended')
HIDDEN = dict(LOOKED, status='refused', code='connection_hidden', changed=False, failed=True, connection=None)


class Host(stepping.Host):
    """One that does the steps of a filter."""

    def __init__(self, begin=(), keep=(), sweep=(), **more):
        super().__init__('apply_port_filter', {'begin': begin, 'keep': keep, 'sweep': sweep}, **more)


def run(host, keywords=(), variables=(), **arguments):
    """The result of the action on that host."""
    return stepping.act(port_filter, host, {'rules': RULES, **arguments}, keywords, variables)


def test_rules_that_a_new_login_confirms_are_kept():
    host = Host([TRIAL], [dict(KEPT, persistent=False)])
    result = run(host)
    assert (result.status, result.changed, result.failed, result.msg) == ('kept', True, False, 'web-1: kept')
    assert (result.effects, result.diff, result.connection) == ([EFFECT], LOOKED['diff'], CONNECTION)
    assert result.persistent is False and not hasattr(result, 'seconds')
    # the first command after a login is a bare one
    assert [text for text, _after in host.done] == ['begin', 'login', 'true', 'keep']


def test_what_the_host_is_asked():
    host = Host([TRIAL], [KEPT])
    run(host, others='reject', protected_sources='192.0.2.1', despite=['kubelet'])
    begin, keep = host.asked
    assert begin == {
        'state': 'present', 'rules': RULES, 'others': 'reject', 'published': None, 'confirm': 60,
        'protected_sources': ['192.0.2.1'], 'despite': ['kubelet'], 'step': 'begin', 'remote': True,
        'token': begin['token']}
    assert keep == dict(begin, step='keep')
    assert len(begin['token']) == 8 and int(begin['token'], 16) >= 0
    other = Host([TRIAL], [KEPT])
    run(other)
    assert other.asked[0]['token'] != begin['token']


@pytest.mark.parametrize('transport, remote', [('ssh', True), ('paramiko', True), ('local', False), ('docker', False)])
def test_the_host_is_told_whether_rules_can_cut_the_way_to_it(transport, remote):
    host = Host([dict(LOOKED, status='unchanged', changed=False)], transport=transport)
    run(host)
    assert host.asked[0]['remote'] is remote


@pytest.mark.parametrize('status, changed, failed', [
    ('unchanged', False, False), ('planned', True, False), ('kept', True, False), ('refused', False, True),
    ('busy', False, True), ('failed', False, True), ('reverted', False, True)])
def test_where_there_is_no_trial_nobody_logs_in(status, changed, failed):
    host = Host([dict(LOOKED, status=status, changed=changed, code='kubelet' if status == 'refused' else None)])
    result = run(host)
    assert (result.status, result.changed, result.failed, result.msg) == (status, changed, failed, 'web-1: ok')
    assert host.done == [('begin', 0)] and result.effects == [EFFECT]


def test_logins_fail_until_one_gets_through():
    host = Host([TRIAL], [KEPT], logins=[NO_ROUTE, AnsibleError('Timeout waiting for privilege escalation prompt'),
                                         OSError('gone'), dict(WORKS, rc=1, stderr='sudo: no'), WORKS])
    assert run(host).status == 'kept'
    assert [after for text, after in host.done if text == 'login'] == [0, 1, 3, 6, 9]
    assert host.steps == 'begin keep'


def test_a_connection_that_the_host_takes_for_an_old_one_is_made_once_more():
    host = Host([TRIAL], [STALE, KEPT])
    result = run(host)
    assert (result.status, result.failed, result.changed) == ('kept', False, True) and not getattr(result, 'code', None)
    assert [text for text, _after in host.done] == ['begin', 'login', 'true', 'keep', 'login', 'true', 'keep']


def test_an_answer_that_is_none_is_asked_for_again():
    broken = {'failed': True, 'msg': 'MODULE FAILURE', 'module_stdout': 'Killed'}
    host = Host([TRIAL], [broken, AnsibleConnectionFailure('lost'), {'status': 'odd'}, KEPT])
    assert run(host).status == 'kept'
    assert host.steps == 'begin keep keep keep keep'


def test_rules_that_cut_the_way_in_are_gone_when_the_trial_is_over():
    host = Host([TRIAL], [KEPT], [REVERTED], logins=[NO_ROUTE] * 21 + [WORKS])
    result = run(host)
    assert (result.status, result.failed, result.changed) == ('reverted', True, False)
    assert result.msg == ('web-1: could not log in again within 60 s (No route to host). The rules are as they were; '
                          'tcp 22 answers again')
    attempts = [after for text, after in host.done if text == 'true']
    assert host.steps == 'begin sweep'
    # no attempt begins in the last second of the trial, and none to sweep before it is over
    assert len(attempts) == 22 and max(attempts[:-1]) < 59 and attempts[-1] == 61


def test_ssh_need_not_say_why_there_is_no_login():
    silent = AnsibleConnectionFailure('Failed to connect to the host via ssh: ')
    assert run(Host([TRIAL], [KEPT], [REVERTED], logins=[silent] * 21 + [WORKS])).msg.startswith(
        'web-1: could not log in again within 60 s (ssh does not say why). The rules')


def test_a_host_that_does_not_answer_with_the_old_rules_either():
    result = run(Host([TRIAL], logins=[NO_ROUTE]))
    assert (result.status, result.failed) == ('reverted', True)
    assert result.msg == (
        'web-1: could not log in again within 60 s (No route to host), and it does not answer with the old rules '
        'either (No route to host): it is not the filter. The trial is over, and the rules are as they were')


def test_a_host_that_lets_in_and_never_answers_may_have_kept_them():
    result = run(Host([TRIAL], [AnsibleConnectionFailure('lost')], [AnsibleConnectionFailure('lost')]))
    assert (result.status, result.failed, result.changed) == ('failed', True, False)
    assert result.msg == (
        'web-1: logged in again, and got no answer within 60 s (lost), nor when the trial was over (lost): it is not '
        'the filter. Whether the host has kept the new rules is not known; they are as they were if it has not. Run '
        'this again')


def test_a_host_that_did_not_answer_in_time_and_was_reached_all_the_time():
    result = run(Host([TRIAL], [AnsibleConnectionFailure('lost')], [REVERTED]))
    assert (result.status, result.msg) == (
        'reverted', 'web-1: logged in again, and got no answer within 60 s (lost). The rules are as they were')


def test_a_connection_that_is_never_new_is_no_confirmation():
    host = Host([TRIAL], [STALE], [REVERTED])
    result = run(host)
    # it answered all the time
    assert result.msg == ('web-1: could not log in again within 60 s (the connection in use is older than the rules). '
                          'The rules are as they were')
    assert (result.status, result.failed, result.changed) == ('reverted', True, False)
    assert host.steps.endswith('keep sweep')


def test_what_the_end_of_the_trial_cuts_off_is_not_the_reason():
    host = Host([dict(TRIAL, seconds=10)], [STALE, {'unreachable': True, 'msg': 'no answer within 7 s'}], [REVERTED],
                takes=4)
    assert run(host).msg == ('web-1: could not log in again within 10 s (the connection in use is older than the '
                             'rules). The rules are as they were')
    host = Host([dict(TRIAL, seconds=10)], [{'unreachable': True, 'msg': 'no answer within 9 s'}], [REVERTED], takes=9)
    assert '(no answer within 9 s)' in run(host).msg


def test_a_trial_that_ended_early_is_not_waited_for():
    host = Host([TRIAL], [REVERTED], [REVERTED])
    result = run(host)
    assert result.msg == 'web-1: a new login came too late (the trial has ended). The rules are as they were'
    assert host.steps == 'begin keep sweep' and host.clock.passed < 5


def test_another_run_has_taken_the_place():
    host = Host([TRIAL], [{'status': 'busy', 'seconds': 50, 'changed': False, 'failed': True, 'msg': 'another run'}])
    result = run(host)
    assert (result.status, result.failed, result.changed, result.msg) == ('busy', True, False, 'web-1: another run')
    assert host.steps == 'begin keep'


def test_rules_that_were_kept_without_an_answer_are_kept():
    host = Host([TRIAL], [AnsibleConnectionFailure('lost')], [KEPT])
    result = run(host)
    assert (result.status, result.failed, result.changed) == ('kept', False, True)


def test_what_cannot_be_swept_is_said():
    host = Host([TRIAL], [STALE], [{'status': 'failed', 'changed': False, 'failed': True, 'msg': 'nft is missing.'}])
    result = run(host)
    assert result.status == 'reverted' and result.msg == (
        'web-1: could not log in again within 60 s (the connection in use is older than the rules). The rules are as '
        'they were. What is left of the trial does nothing, and could not be removed (nft is missing)')


def test_the_trial_is_as_long_as_the_host_says():
    host = Host([dict(TRIAL, seconds=7)], [STALE], [REVERTED], takes=2)
    result = run(host, confirm=10)
    assert 'within 7 s' in result.msg
    keeps = [after for text, after in host.done if text == 'keep']
    assert keeps == [2, 5]          # the begin took 2 s, and the trial ends after 9 s


def test_a_host_is_not_waited_for_longer_than_it_was_asked_to_take():
    host = Host([dict(TRIAL, seconds=10 ** 9)], [STALE], [REVERTED], takes=2)
    assert 'within 10 s' in run(host, confirm=10).msg and host.clock.passed < 60


def test_sshd_is_asked_for_the_connection_that_the_host_does_not_find():
    host = Host([HIDDEN, TRIAL], [KEPT])
    result = run(host)
    assert (result.status, result.failed) == ('kept', False) and not getattr(result, 'code', None)
    assert host.steps == 'begin SSH_CONNECTION begin SSH_CONNECTION keep'
    assert [asked.get('ssh_connection') for asked in host.asked] == [None, SAID, SAID]


@pytest.mark.parametrize('said', ['', '10.0.0.1', SAID + ' x', '10.0.0.1 40000 $(reboot) 22'])
def test_what_is_no_connection_is_not_passed_on(said):
    host = Host([HIDDEN], said=[said])
    result = run(host)
    assert (result.status, result.code, result.failed) == ('refused', 'connection_hidden', True)
    assert host.steps == 'begin SSH_CONNECTION'


def test_of_ipv6_with_a_zone_too():
    said = 'fe80::1%eth0 40000 fe80::2%eth0 22'
    host = Host([HIDDEN, TRIAL], [KEPT], said=[said])
    run(host)
    assert host.asked[1]['ssh_connection'] == said


def test_a_connection_that_is_none_is_not_asked_for():
    host = Host([HIDDEN], transport='docker')
    assert run(host).status == 'refused' and host.steps == 'begin'


def test_a_host_that_does_not_answer_to_begin_with():
    for lost in (AnsibleConnectionFailure('lost'), {'unreachable': True, 'msg': 'lost'}):
        result = run(Host([lost]))
        assert (result.unreachable, result.status, result.changed) == (True, 'failed', False)
        assert result.msg == ('web-1: lost. If it has begun to try the rules, they end by themselves within 60 s, and '
                              'the rules are as they were.')
    assert run(Host([lost]), keywords={'check_mode': True}).msg == 'web-1: lost.'
    assert run(Host([lost]), confirm=0).msg == 'web-1: lost.'


@pytest.mark.parametrize('answer, reason', [
    ({'failed': True, 'msg': 'no python'}, 'no python'),
    (AnsibleError('Missing sudo password'), 'Missing sudo password'),
    ({'status': 'odd'}, 'the answer of the host is not valid: status: has to be one of trial, unchanged, planned, '
                        "kept, reverted, refused, busy, failed, not 'odd'"),
    (dict(LOOKED, status='trial'), 'the answer of the host is not valid: has to have seconds and connection'),
])
def test_an_answer_that_is_none_fails(answer, reason):
    result = run(Host([answer]))
    assert (result.failed, result.unreachable, result.status) == (True, False, 'failed')
    assert result.msg.startswith('web-1: %s. If it has begun' % reason)


def test_warnings_of_each_step_are_told_once():
    host = Host([dict(TRIAL, warnings=['a', 'b'])], [dict(KEPT, warnings=['b', 'c'])])
    assert run(host).warnings == ['a', 'b', 'c']


@pytest.mark.parametrize('keywords, words', [
    ({'async_val': 60}, 'async'), ({'run_once': True}, 'run_once: one host'),
    ({'delegate_to': 'web-2'}, 'delegate_to: the rules')])
def test_what_would_prove_the_wrong_thing_is_refused(keywords, words):
    host = Host([TRIAL])
    with pytest.raises(AnsibleActionFail, match='does not work with %s' % words):
        run(host, keywords)
    assert host.done == []


@pytest.mark.parametrize('arguments', [
    {'confirm': 9}, {'confirm': -1}, {'confirm': 3601}, {'rules': None}, {'state': 'open'}, {'others': 'drop'},
    {'rules': 'tcp'}, {'port': 22}, {'token': '00000000'}, {'step': 'keep'}, {'remote': False}])
def test_options_are_checked_before_the_host_is_contacted(arguments):
    host = Host([TRIAL])
    with pytest.raises(AnsibleActionFail):
        run(host, **arguments)
    assert host.done == []


def test_a_host_does_not_decide_what_is_filtered():
    host = Host([TRIAL])
    with pytest.raises(AnsibleActionFail, match='firewall_mode'):
        run(host, variables={'ansible_facts': {'firewall_mode': 'block_unexpected'}})
    assert host.done == []
