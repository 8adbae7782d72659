# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""stop_listener on the controller: what it asks the host, and what it says of what came of it."""

import pytest

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible_collections.listening.ports.plugins.action import stop_listener
from ansible_collections.listening.ports.tests.unit.plugins.action import stepping
from ansible_collections.listening.ports.tests.unit.plugins.action.stepping import NO_ROUTE, SAID, WORKS

WEB, OLD = 'tcp/0.0.0.0:8080', 'tcp/0.0.0.0:9000'
LISTENERS = [WEB, OLD]
CONNECTION = {'address': '10.0.0.7', 'port': 22, 'peer': '10.0.0.1', 'peer_port': 40000, 'interface': 'eth0',
              'how': 'ancestor'}
ROW = {'listener': WEB, 'status': 'closed', 'reason': None, 'about': {}, 'units': ['web.socket', 'web.service'],
       'bystanders': ['front.service'], 'again': [], 'command': None,
       'processes': [{'pid': 7, 'process': 'web', 'exe': '/usr/bin/web'}]}
LEFT = dict(ROW, listener=OLD, status='left', reason='process', units=[], bystanders=[], processes=[],
            about={'why': 'session', 'process': 'old', 'pid': 9})
LOOKED = {'changed': True, 'msg': 'ok', 'code': None, 'connection': CONNECTION, 'units': ['web.socket', 'web.service'],
          'listeners': [ROW, LEFT]}
TRIAL = dict(LOOKED, status='trial', seconds=60)
REST = {'connection': dict(CONNECTION, peer_port=50000), 'units': ['web.socket', 'web.service']}
KEPT = dict(REST, status='kept', changed=True, msg='kept', listeners=[ROW, LEFT])
STALE = dict(REST, status='refused', code='not_fresh', changed=False, failed=True, listeners=[],
             msg='the connection in use is older than the stop.')
REVERTED = dict(REST, status='reverted', changed=False, failed=True, msg='the trial has ended', listeners=[])
NOTHING = dict(LOOKED, status='unchanged', changed=False, units=[], connection=None)
HIDDEN = dict(LOOKED, status='refused', code='connection_hidden', changed=False, failed=True, connection=None,
              units=[], listeners=[])
CLOSED_LINE = ('tcp 0.0.0.0:8080 is closed: web.socket and web.service are stopped and disabled; with it stops '
               'front.service, which cannot do without.')
LEFT_LINE = ('tcp 0.0.0.0:9000 is left: old (9) is in a login session, and ending processes was not asked for.')


class Host(stepping.Host):
    """One that does the steps of a stop."""

    def __init__(self, begin=(), keep=(), sweep=(), **more):
        super().__init__('apply_stop_listener', {'begin': begin, 'keep': keep, 'sweep': sweep}, **more)


def run(host, keywords=(), variables=(), **arguments):
    """The result of the action on that host."""
    return stepping.act(stop_listener, host, {'listeners': LISTENERS, **arguments}, keywords, variables)


def outcomes(result):
    """What came of each listener."""
    return [(row['listener'], row['status'], row['reason']) for row in result.listeners]


def test_a_stop_that_a_new_login_confirms_is_kept():
    host = Host([TRIAL], [KEPT])
    result = run(host)
    assert (result.status, result.changed, result.failed) == ('kept', True, False)
    assert result.msg == '\n'.join([
        'web-1: 1 listener is closed, 1 is left.', '1. %s' % LEFT_LINE, '2. %s' % CLOSED_LINE,
        'To have it back: systemctl enable --now -- web.socket web.service'])
    assert (result.listeners, result.units, result.connection) == ([ROW, LEFT], KEPT['units'], CONNECTION)
    assert not hasattr(result, 'seconds')
    # the first command after a login is a bare one
    assert [text for text, _after in host.done] == ['begin', 'login', 'true', 'keep']


def test_what_the_host_is_asked():
    host = Host([TRIAL], [KEPT])
    run(host, processes=True, mask=True, protected='vpn-*', despite=['upheld'])
    begin, keep = host.asked
    assert begin == {
        'listeners': LISTENERS, 'processes': True, 'mask': True, 'confirm': 60, 'protected': ['vpn-*'],
        'despite': ['upheld'], 'step': 'begin', 'remote': True, 'token': begin['token']}
    assert keep == dict(begin, step='keep', units=['web.socket', 'web.service'], closed=['tcp/0.0.0.0:8080'])
    assert len(begin['token']) == 8 and int(begin['token'], 16) >= 0


def test_of_masked_units_the_way_back_is_longer():
    assert run(Host([TRIAL], [KEPT]), mask=True).msg.endswith(
        '\nTo have it back: systemctl unmask -- web.socket web.service && '
        'systemctl enable --now -- web.socket web.service')


def test_in_check_mode_all_of_it_would_be():
    host = Host([dict(LOOKED, status='planned')])
    result = run(host, {'check_mode': True})
    assert (result.status, result.changed, result.failed) == ('planned', True, False)
    assert result.msg == '\n'.join([
        'web-1: 1 listener would be closed, 1 would be left.',
        '1. tcp 0.0.0.0:9000 would be left: old (9) is in a login session, and ending processes was not asked for.',
        '2. tcp 0.0.0.0:8080 would be closed: web.socket and web.service would be stopped and disabled; with it would '
        'stop front.service, which cannot do without.'])
    assert host.steps == 'begin'


@pytest.mark.parametrize('status, changed, failed, words', [
    ('unchanged', False, False, '1 listener is closed, 1 is left.'), ('kept', True, False, '1 listener is closed'),
    ('refused', False, True, 'ok'), ('busy', False, True, 'ok'), ('failed', False, True, 'ok'),
    ('failed', True, True, 'ok'), ('reverted', False, True, 'ok'), ('refused', True, True, 'ok')])
def test_where_there_is_no_trial_nobody_logs_in(status, changed, failed, words):
    host = Host([dict(LOOKED, status=status, changed=changed, code='busy' if status == 'busy' else None)])
    result = run(host)
    assert (result.status, result.changed, result.failed) == (status, changed and status != 'refused', failed)
    assert result.msg.startswith('web-1: ' + words)
    assert host.done == [('begin', 0)]


def test_what_is_gone_counts_as_closed():
    gone = [dict(ROW, listener=name, status='left', reason='gone', units=[], bystanders=[]) for name in LISTENERS]
    result = run(Host([dict(NOTHING, listeners=gone)]))
    assert (result.status, result.changed) == ('unchanged', False)
    assert result.msg == ('web-1: 2 listeners are closed.\n'
                          '1. tcp 0.0.0.0:8080 is closed: nothing listens there any more.\n'
                          '2. tcp 0.0.0.0:9000 is closed: nothing listens there any more.')


def test_nothing_to_close():
    result = run(Host([dict(NOTHING, listeners=[], msg='nothing has to be stopped')]), listeners=[])
    assert (result.status, result.msg, result.failed) == ('unchanged', 'web-1: nothing has to be stopped', False)


@pytest.mark.parametrize('status, about, words', [
    ('survived', {}, 'tcp 0.0.0.0:8080 still listens, although web.socket and web.service are stopped: web (7).'),
    ('respawned', {'by': 'guard.service', 'pid': 7}, 'tcp 0.0.0.0:8080 listens again: web (7), started by '
                                                     'guard.service.')])
@pytest.mark.parametrize('said', ['kept', 'failed'])
def test_what_still_listens_fails_whatever_the_host_makes_of_it(said, status, about, words):
    still = dict(ROW, status=status, about=about)
    host = Host([TRIAL], [dict(KEPT, status=said, failed=said == 'failed', listeners=[still, LEFT])])
    result = run(host)
    assert (result.status, result.failed, result.changed) == ('failed', True, True)
    assert result.msg == '\n'.join([
        'web-1: 1 listener still listens, 1 is left.', '1. ' + words, '2. ' + LEFT_LINE,
        'To have it back: systemctl enable --now -- web.socket web.service'])
    assert host.steps == 'begin keep'       # once is enough


def test_what_was_stopped_and_is_not_disabled_is_said_first():
    wrong = 'web.service is enabled after "systemctl disable"'
    host = Host([TRIAL], [dict(KEPT, status='failed', failed=True, code='not_disabled', msg=wrong)])
    result = run(host)
    assert (result.status, result.failed, result.changed, result.code) == ('failed', True, True, 'not_disabled')
    assert result.msg == '\n'.join([
        'web-1: %s.' % wrong, '1 listener is closed, 1 is left.', '1. %s' % LEFT_LINE, '2. %s' % CLOSED_LINE,
        'To have it back: systemctl enable --now -- web.socket web.service'])
    assert host.steps == 'begin keep'       # the host has done what it could


def test_a_step_that_did_not_come_to_its_end_is_asked_for_again():
    stuck = dict(REST, status='failed', failed=True, msg='systemctl hangs', listeners=[], units=[])
    host = Host([TRIAL], [stuck, KEPT])
    assert run(host).status == 'kept' and host.steps == 'begin keep keep'


def test_what_is_said_of_a_listener_last_counts():
    host = Host([TRIAL], [dict(KEPT, listeners=[dict(LEFT, status='closed', reason=None)])])
    assert outcomes(run(host)) == [(WEB, 'closed', None), (OLD, 'closed', None)]


def test_a_login_that_needs_what_was_stopped():
    host = Host([TRIAL], [KEPT], [REVERTED], logins=[dict(WORKS, rc=1, stderr='Access denied')] * 21 + [WORKS])
    result = run(host)
    assert (result.status, result.failed, result.changed) == ('reverted', True, False)
    assert result.msg == ('web-1: could not log in again within 60 s (Access denied). web.socket, web.service '
                          'and front.service are started again; tcp 22 answers again')
    assert host.steps == 'begin sweep'
    # what was closed is open again, and what was left is left for its own reason
    assert outcomes(result) == [(WEB, 'left', 'reverted'), (OLD, 'left', 'process')]


def test_a_boot_that_starts_not_all_of_what_was_stopped():
    host = Host([TRIAL], [AnsibleConnectionFailure('lost')], [dict(REVERTED, units=['web.socket'])])
    result = run(host)
    assert result.msg == (
        'web-1: logged in again, and got no answer within 60 s (lost). web.socket and front.service are started again; '
        'web.service is not, as a boot does not start that')
    assert outcomes(result) == [(WEB, 'left', 'reverted'), (OLD, 'left', 'process')]


def test_a_boot_that_starts_nothing_of_it_and_a_login_without_it():
    result = run(Host([TRIAL], [dict(KEPT, listeners=[], warnings=['a boot has ended the trial'])]))
    assert (result.status, result.changed, result.failed) == ('kept', True, False)
    assert result.msg.splitlines()[2] == '2. %s' % CLOSED_LINE
    assert result.warnings == ['a boot has ended the trial']


def test_units_that_take_long_to_start_are_waited_for():
    busy = dict(REST, status='busy', seconds=2, changed=False, failed=True, msg='not yet', listeners=[])
    host = Host([TRIAL], [STALE], [busy, busy, REVERTED])
    assert run(host).status == 'reverted' and host.steps.endswith('sweep sweep sweep')


def test_a_host_that_does_not_say_that_all_runs_again():
    fails = dict(REST, status='failed', changed=False, failed=True, msg='web.service does not start.', listeners=[])
    result = run(Host([TRIAL], [STALE], [fails]))
    assert (result.status, result.failed) == ('failed', True)
    assert result.msg == (
        'web-1: could not log in again within 60 s (the connection in use is older than the stop). Whether web.socket, '
        'web.service and front.service are started again is not known (web.service does not start): see "systemctl '
        'status web.socket web.service front.service" on the host')
    assert outcomes(result) == [(WEB, 'left', 'unknown'), (OLD, 'left', 'process')]


def test_a_host_that_does_not_answer_after_the_trial_either():
    result = run(Host([TRIAL], logins=[NO_ROUTE]))
    assert (result.status, result.failed) == ('failed', True)
    assert result.msg == (
        'web-1: could not log in again within 60 s (No route to host), nor when the trial was over (No route to host). '
        'By then the host was to start web.socket, web.service and front.service again: see at its console whether it '
        'is up, and "systemctl status web.socket web.service front.service" there')
    assert outcomes(result)[0] == (WEB, 'left', 'unknown')


def test_a_host_that_lets_in_and_never_answers_may_have_kept_it():
    result = run(Host([TRIAL], [AnsibleConnectionFailure('lost')], [AnsibleConnectionFailure('lost')]))
    assert (result.status, result.failed) == ('failed', True)
    assert result.msg == (
        'web-1: logged in again, and got no answer within 60 s (lost), nor when the trial was over (lost). Whether the '
        'host keeps it is not known: if it does not, web.socket, web.service and front.service are started again. Run '
        'this again')


def test_a_stop_that_was_kept_without_an_answer_is_kept():
    result = run(Host([TRIAL], [AnsibleConnectionFailure('lost')], [KEPT]))
    assert (result.status, result.failed, result.changed) == ('kept', False, True)


def test_a_connection_that_the_host_takes_for_an_old_one_is_made_once_more():
    host = Host([TRIAL], [STALE, KEPT])
    result = run(host)
    assert (result.status, result.failed, result.changed) == ('kept', False, True) and not getattr(result, 'code', None)


def test_another_run_has_taken_the_place():
    busy = dict(REST, status='busy', code='busy', seconds=50, changed=False, failed=True, msg='another run',
                listeners=[])
    result = run(Host([TRIAL], [busy]))
    assert (result.status, result.failed, result.changed, result.msg) == ('busy', True, False, 'web-1: another run')


def test_sshd_is_asked_for_the_connection_that_the_host_does_not_find():
    host = Host([HIDDEN, TRIAL], [KEPT])
    assert run(host).status == 'kept'
    assert [asked.get('ssh_connection') for asked in host.asked] == [None, SAID, SAID]


def test_a_host_that_does_not_answer_to_begin_with():
    lost = AnsibleConnectionFailure('lost')
    result = run(Host([lost]))
    assert (result.unreachable, result.status, result.changed) == (True, 'failed', False)
    assert result.msg == ('web-1: lost. If it has begun to stop units, they are started again by themselves within '
                          '60 s.')
    assert run(Host([lost]), keywords={'check_mode': True}).msg == 'web-1: lost.'
    assert run(Host([lost]), confirm=0).msg == 'web-1: lost.'


@pytest.mark.parametrize('answer, reason', [
    ({'failed': True, 'msg': 'no python'}, 'no python'),
    (dict(LOOKED, status='trial'), 'the answer of the host is not valid: has to have seconds'),
    (dict(TRIAL, listeners=[dict(ROW, listener='tcp/0.0.0.0:22'), LEFT]), 'the answer of the host is not valid: '
                                                                          'listeners: has to be about the listeners'),
])
def test_an_answer_that_is_none_fails(answer, reason):
    result = run(Host([answer]))
    assert (result.failed, result.unreachable, result.status) == (True, False, 'failed')
    assert result.msg.startswith('web-1: %s' % reason)


@pytest.mark.parametrize('status', ['unchanged', 'planned', 'kept'])
def test_a_host_that_says_nothing_of_a_listener_has_not_closed_it(status):
    result = run(Host([dict(LOOKED, status=status, listeners=[ROW])]))
    assert (result.status, result.failed) == ('failed', True)
    assert result.msg == 'web-1: the host does not say what became of tcp/0.0.0.0:9000'


@pytest.mark.parametrize('keywords, words', [
    ({'async_val': 60}, 'async: what is stopped'), ({'run_once': True}, 'run_once: listeners of one host'),
    ({'delegate_to': 'web-2'}, 'delegate_to: what listens')])
def test_what_would_prove_the_wrong_thing_is_refused(keywords, words):
    host = Host([TRIAL])
    with pytest.raises(AnsibleActionFail, match='stop_listener does not work with %s' % words):
        run(host, keywords)
    assert host.done == []


@pytest.mark.parametrize('arguments', [
    {'confirm': 9}, {'confirm': -1}, {'confirm': 3601}, {'listeners': None}, {'listeners': ['80']},
    {'listeners': ['tcp/0.0.0.0:80; reboot']}, {'listeners': {}}, {'despite': ['in_use']}, {'protected': ['']},
    {'units': ['a.service']}, {'token': '00000000'}, {'step': 'keep'}, {'remote': False}])
def test_options_are_checked_before_the_host_is_contacted(arguments):
    host = Host([TRIAL])
    with pytest.raises(AnsibleActionFail):
        run(host, **arguments)
    assert host.done == []


def test_a_host_does_not_decide_what_is_closed():
    host = Host([TRIAL])
    with pytest.raises(AnsibleActionFail, match='close_kinds'):
        run(host, variables={'ansible_facts': {'close_kinds': ['forbidden']}})
    assert host.done == []
