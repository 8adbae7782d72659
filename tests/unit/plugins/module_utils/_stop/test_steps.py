# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each step does, answers and leaves behind, also where something is in the way or ends it in the middle."""

import errno

import pytest

from ansible_collections.listening.ports.plugins.module_utils._notes import Busy
from ansible_collections.listening.ports.plugins.module_utils._sockets.base import CollectorError
from ansible_collections.listening.ports.plugins.module_utils._stop import steps
from ansible_collections.listening.ports.plugins.module_utils._stop.decide import Decision
from ansible_collections.listening.ports.plugins.module_utils._stop.view import Unseen
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._stop.services import (
    FIRST, FRONT, HANGS, ID, OTHER_ID, SOCKET, WEB, Killed, Services, Unit, ended, row
)

NEW, OTHER = '8f3c1a2b', '99999999'
NOBODY = [], []
ALL = [WEB, SOCKET], [SOCKET]


@pytest.fixture
def host(tmp_path):
    return Services(tmp_path)


def step(host, name='begin', token=NEW, check=False, **options):
    """Do a step: the answer."""
    given = {'step': name, 'token': token, 'remote': True, 'ssh_connection': None, 'listeners': [ID],
             'processes': False, 'mask': False, 'confirm': 60, 'protected': [], 'despite': [], 'units': [],
             'closed': []}
    given.update(options)
    answer = steps.run(host, given, check)
    assert answer.get('failed', False) is (answer['status'] in ('busy', 'refused', 'reverted', 'failed'))
    assert answer['msg'] and '..' not in answer['msg'] and not answer['msg'].endswith(('. ', '.'))
    return answer


def begun(host, **options):
    """Begin a trial, and log in again."""
    answer = step(host, **options)
    assert answer['status'] == 'trial', answer
    host.later(2)
    host.logged_in_again()
    return answer


def outcomes(answer):
    return [(row['listener'], row['status'], row['reason']) for row in answer['listeners']]


# the whole way


def test_a_trial_that_a_new_login_keeps(host):
    answer = step(host)
    assert (answer['status'], answer['changed'], answer['seconds']) == ('trial', True, 60)
    assert answer['connection'] == FIRST.about and answer['units'] == [SOCKET, WEB]
    assert outcomes(answer) == [(ID, 'closed', None)]
    assert [call.split()[:2] for call in host.called] == [['systemd-run', '--quiet'], ['systemctl', 'stop']]
    assert host.called[-1] == 'systemctl stop -- web.socket web.service'
    assert host.timer[1] == [SOCKET, WEB] and host.states() == ([], [SOCKET])
    host.later(5)
    host.logged_in_again()
    answer = step(host, 'keep')
    assert (answer['status'], answer['changed'], answer['code']) == ('kept', True, None)
    assert outcomes(answer) == [(ID, 'closed', None)] and answer['units'] == [SOCKET, WEB]
    assert host.timer is None and host.states() == NOBODY
    host.later(3600)
    assert host.states() == NOBODY
    host.boot()
    assert host.states() == NOBODY


def test_a_trial_that_nobody_keeps_ends_by_itself(host):
    step(host)
    host.later(60)
    assert host.states() == ALL
    answer = step(host, 'sweep')
    assert (answer['status'], answer['changed']) == ('reverted', False)
    assert outcomes(answer) == [(ID, 'left', 'reverted')]
    assert host.states() == ALL and host.notes.noted(steps.NOTE) is None
    assert step(host, 'sweep')['status'] == 'reverted'


def test_what_the_host_decides_with(host):
    step(host, check=True, protected=['x*'], despite=['upheld'])
    (connection, options), = host.seen
    assert connection == FIRST and (options['protected'], options['despite']) == (['x*'], ['upheld'])


def test_nothing_to_stop_is_no_change(host):
    host.decision = Decision((), (), [row(status='left')], ())
    for check in (False, True):
        answer = step(host, check=check)
        assert (answer['status'], answer['changed'], answer['code']) == ('unchanged', False, None)
        assert outcomes(answer) == [(ID, 'left', 'protected')]
    assert host.called == [] and 'seconds' not in answer


def test_what_goes_with_it_is_started_again_too_and_stays_enabled(host):
    host.units[FRONT] = Unit(FRONT)
    host.decision = Decision((SOCKET, WEB), (FRONT, SOCKET, WEB), [row(bystanders=[FRONT])], ())
    host.faults['systemctl stop -- web'] = lambda words: setattr(host.units[FRONT], 'runs', False)
    begun(host)
    assert host.states()[0] == [] and host.timer[1] == [FRONT, SOCKET, WEB]
    step(host, 'keep')
    assert host.states() == ([], [FRONT])


# without a trial


@pytest.mark.parametrize('in_use, options', [(None, {'remote': False}), (FIRST, {'confirm': 0}),
                                             (FIRST, {'confirm': 0, 'remote': False})])
def test_what_nobody_waits_for_is_kept_at_once(host, in_use, options):
    host.in_use = in_use
    answer = step(host, **options)
    assert (answer['status'], answer['changed']) == ('kept', True)
    assert outcomes(answer) == [(ID, 'closed', None)] and host.states() == NOBODY
    assert not [call for call in host.called if call.startswith('systemd-run')]


def test_a_local_run_that_has_a_connection_wants_a_trial_too(host):
    assert step(host, remote=False)['status'] == 'trial'


# check mode


def test_check_mode_decides_and_does_nothing(host, tmp_path):
    answer = step(host, check=True)
    assert (answer['status'], answer['changed']) == ('planned', True)
    assert outcomes(answer) == [(ID, 'closed', None)] and answer['units'] == [SOCKET, WEB]
    assert host.called == [] and host.states() == ALL and not (tmp_path / 'run/listening-ports').exists()
    for name in ('keep', 'sweep'):
        assert 'check mode' in step(host, name, check=True)['msg']


# a new login


def test_a_connection_that_is_not_new_keeps_nothing(host):
    step(host)
    host.later(3)
    for in_use, words in ((FIRST, 'was there before the stop'), (None, 'cannot be found'),
                          (FIRST._replace(peer_port=9, started=99000), 'older than the stop')):
        host.in_use = in_use
        answer = step(host, 'keep')
        assert (answer['status'], answer['code'], answer['changed']) == ('refused', 'not_fresh', False)
        assert words in answer['msg'] and answer['listeners'] == []
        assert host.timer and host.states() == ([], [SOCKET])
    host.logged_in_again()
    assert step(host, 'keep')['status'] == 'kept'


def test_a_login_while_units_were_still_being_stopped_is_not_new(host):
    host.faults['systemctl stop'] = lambda words: host.later(20)
    answer = step(host)
    assert (answer['status'], answer['seconds']) == ('trial', 40)
    host.in_use = FIRST._replace(peer_port=9, pid=800, started=101000)
    assert step(host, 'keep')['code'] == 'not_fresh'


def test_a_login_that_is_too_late_keeps_nothing(host):
    begun(host)
    host.later(60)
    answer = step(host, 'keep')
    assert (answer['status'], answer['changed']) == ('reverted', False) and host.states() == ALL


def test_a_reboot_ends_a_trial(host):
    begun(host)
    host.boot()
    host.logged_in_again()
    for name in ('keep', 'sweep'):
        answer = step(host, name)
        assert answer['status'] == 'reverted' and 'a boot ended it' in answer['msg']
    assert host.states() == ALL


@pytest.mark.parametrize('name', ['keep', 'sweep'])
def test_after_a_reboot_nobody_knows_whether_what_does_not_listen_was_kept(host, name):
    """The answer to a keep may be lost with the host, and a boot loses the notes."""
    begun(host)
    assert step(host, 'keep')['status'] == 'kept'
    host.boot()
    host.logged_in_again()
    answer = step(host, name)
    assert (answer['status'], answer['changed'], answer['listeners']) == ('failed', False, [])
    assert answer['msg'] == (
        'nothing of the trial is left: a boot ended it, or another run did; %s is not listening, and whether a new '
        'login has kept that is not known' % ID)
    assert host.states() == NOBODY


TRIED = {'units': [SOCKET, WEB], 'closed': [ID]}


@pytest.mark.parametrize('name', ['keep', 'sweep'])
@pytest.mark.parametrize('is_kept', [True, False])
def test_after_a_reboot_that_starts_nothing_of_a_trial_the_login_that_asks_has_proved_it(host, name, is_kept):
    """Whether it was kept before the boot is not known, and does not matter: neither runs, nor would."""
    if is_kept:
        begun(host)
        assert step(host, 'keep')['status'] == 'kept'
    else:
        host.units[SOCKET].state = 'disabled'
        begun(host)
    host.boot()
    host.logged_in_again()
    answer = step(host, name, **TRIED)
    assert (answer['status'], answer['changed'], answer['units']) == ('kept', True, [SOCKET, WEB])
    assert answer['msg'] == 'web.service, web.socket are stopped and disabled'
    assert answer['warnings'] == [
        'a boot has ended the trial, or another run has. web.service, web.socket are not running, and no boot changes '
        'that: it is kept, since this login came without']
    assert host.states() == NOBODY


def test_after_a_reboot_that_starts_nothing_of_a_trial_it_is_masked_as_asked(host):
    host.units[SOCKET].state = 'disabled'
    begun(host, mask=True)
    host.boot()
    assert step(host, 'sweep', mask=True, **TRIED)['status'] == 'kept'
    assert [unit.state for unit in host.units.values()] == ['masked', 'masked']


@pytest.mark.parametrize('name', ['keep', 'sweep'])
def test_after_a_reboot_what_a_boot_has_not_started_yet_is_waited_for(host, name):
    begun(host)
    host.boot()
    host.units[SOCKET].runs = host.units[WEB].runs = False
    answer = step(host, name, **TRIED)
    assert (answer['status'], answer['changed']) == ('reverted', False)
    assert answer['msg'] == (
        'nothing of the trial is left: a boot ended it, or another run did. web.socket is running again; web.service '
        'is not, and no boot changes that')
    assert host.called[-1] == 'systemctl start -- web.socket' and host.states() == ([SOCKET], [SOCKET])


def test_after_a_reboot_what_is_about_to_be_started_by_others_is_not_kept(host):
    host.units[SOCKET].state = 'static'
    begun(host)
    host.boot()
    for unit in host.units.values():
        unit.job = '17'
    answer = step(host, 'sweep', **TRIED)
    assert answer['status'] == 'reverted' and answer['msg'].endswith('web.service, web.socket are running again')
    assert host.states() == ([WEB, SOCKET], [])


@pytest.mark.parametrize('more', [
    {}, {'units': ['web.service', 'away.service']}, {'units': ['*.service']}, {'units': ['']}, {'units': ['-all']}])
def test_after_a_reboot_units_that_systemd_does_not_know_tell_nothing(host, more):
    begun(host)
    step(host, 'keep')
    host.boot()
    answer = step(host, 'sweep', closed=[ID], **more)
    assert answer['status'] == 'failed' and answer['msg'].endswith('that is not known')


def test_after_a_reboot_a_port_that_something_else_has_is_not_closed(host):
    host.units[SOCKET].state = 'disabled'
    begun(host)
    host.boot()
    host.serving[OTHER_ID] = 900
    answer = step(host, 'sweep', units=[SOCKET, WEB], closed=[ID, OTHER_ID], listeners=[ID, OTHER_ID])
    assert answer['status'] == 'failed' and '%s is not listening' % ID in answer['msg']


def test_to_keep_again_is_to_find_out_that_it_was_kept(host):
    """The answer was lost."""
    begun(host)
    first = step(host, 'keep')
    del host.called[:]
    for name in ('keep', 'sweep'):
        again = step(host, name)
        assert {key: again[key] for key in ('status', 'changed', 'code', 'msg', 'units', 'listeners')} == {
            key: first[key] for key in ('status', 'changed', 'code', 'msg', 'units', 'listeners')}
    assert host.called == []


# several runs


@pytest.mark.parametrize('check', [False, True])
def test_a_second_run_during_a_trial_leaves_it_alone(host, check):
    step(host)
    host.later(18)
    answer = step(host, token=OTHER, check=check)
    assert (answer['status'], answer['code'], answer['seconds'], answer['changed']) == ('busy', 'busy', 42, False)
    assert '42 s more. Nothing was stopped' in answer['msg'] and answer['listeners'] == []
    for name in ('keep', 'sweep'):
        assert step(host, name, token=OTHER)['seconds'] == 42
    assert step(host, 'sweep')['seconds'] == 42         # too early
    host.logged_in_again()
    assert step(host, 'keep')['status'] == 'kept'


def test_a_timer_of_which_nothing_is_known_is_left_alone(host):
    host.timer = host.time + 9, [WEB]
    answer = step(host)
    assert (answer['status'], answer['code']) == ('busy', 'busy') and 'seconds' not in answer
    assert host.states() == ALL and host.timer


def test_a_timer_that_somebody_sets_at_the_same_moment_wins(host):
    host.faults['systemd-run'] = lambda words: setattr(host, 'timer', (host.time + 9, [FRONT]))
    answer = step(host)
    assert (answer['status'], answer['code']) == ('busy', 'busy')
    assert host.states() == ALL and host.timer[1] == [FRONT]


def test_a_run_beside_another_is_busy(host):
    with host.notes.locked():
        answer = step(host)
    assert (answer['status'], answer['code']) == ('busy', 'busy') and host.called == []
    with pytest.raises(Busy), host.notes.locked(), host.notes.locked():
        pass


def test_a_trial_in_the_place_of_another_that_was_kept(host):
    begun(host)
    step(host, 'keep')
    host.units[WEB].runs = True
    assert step(host, token=OTHER)['status'] == 'trial'
    assert step(host, 'keep')['status'] == 'busy'


# what is in the way


@pytest.mark.parametrize('fault, words', [
    ((1, '', 'Failed to connect to bus: Connection refused\n'), 'Connection refused'),
    (HANGS, 'did not end within 15 s'),
    ((0, '', ''), 'systemd-run has set no timer'),
])
def test_without_a_timer_nothing_is_stopped(host, fault, words):
    host.faults['systemd-run'] = fault
    answer = step(host)
    assert (answer['status'], answer['code'], answer['changed']) == ('refused', 'no_undo', False)
    assert words in answer['msg'] and answer['msg'].endswith('Nothing was stopped')
    assert host.states() == ALL and host.notes.noted(steps.NOTE) is None
    assert not [call for call in host.called if call.startswith('systemctl stop -- web')]


def test_a_host_without_systemd_run(host):
    host.programs.remove('systemd-run')
    answer = step(host)
    assert (answer['status'], answer['code']) == ('refused', 'no_undo') and 'systemd-run is not there' in answer['msg']
    assert host.states() == ALL


def test_a_timer_that_was_set_although_it_took_too_long_is_taken_back(host):
    def slow(words):
        host._systemd_run(words[1:])
        return HANGS
    host.faults['systemd-run'] = slow
    assert step(host)['code'] == 'no_undo'
    assert host.timer is None and host.states() == ALL


def test_notes_that_cannot_be_written_stop_nothing(host):
    def full(handle):
        raise OSError(errno.ENOSPC, 'No space left on device')
    host.notes._fsync = full
    answer = step(host)
    assert answer['status'] == 'failed' and 'No space left on device. Nothing was stopped' in answer['msg']
    assert host.called == [] and host.states() == ALL


def test_notes_that_cannot_be_completed_give_all_back(host):
    def full(handle):
        if host.states()[0] == []:
            raise OSError(errno.ENOSPC, 'No space left on device')
    host.notes._fsync = full
    answer = step(host)
    assert (answer['status'], answer['changed']) == ('failed', False)
    assert answer['msg'] == 'No space left on device. What was stopped is started again, and nothing was disabled'
    assert host.states() == ALL and host.timer is None


def test_only_root_does_anything(host):
    host.is_root_here = False
    answer = step(host)
    assert (answer['status'], answer['code']) == ('refused', 'no_root') and host.seen == []


@pytest.mark.parametrize('check', [False, True])
def test_a_connection_that_is_hidden_may_be_what_is_stopped(host, check):
    host.in_use = None
    answer = step(host, check=check)
    assert (answer['status'], answer['code']) == ('refused', 'connection_hidden')
    assert answer['listeners'] == [] and host.states() == ALL
    host.decision = Decision((), (), [row(status='left')], ())
    assert step(host, check=check)['status'] == 'unchanged'


@pytest.mark.parametrize('exc', [Unseen('systemctl did not answer'), CollectorError('no netlink'),
                                 OSError(errno.EIO, 'Input/output error')])
def test_a_host_that_does_not_show_what_it_has_to(host, exc):
    host.decision = exc
    answer = step(host)
    assert answer['status'] == 'failed' and answer['msg'].endswith('. Nothing was stopped')


@pytest.mark.parametrize('options', [{'confirm': 3}, {'listeners': ['x']}, {'token': 'x'}])
def test_options_that_mean_nothing(host, options):
    assert step(host, **options)['status'] == 'failed' and host.seen == []


# stopping that fails


def half(host, answer):
    """A systemctl that stops the socket alone."""
    def stop(words):
        if WEB in words:
            host.units[SOCKET].runs = False
            return answer
        return None
    return stop


@pytest.mark.parametrize('fault, words', [
    ((1, '', 'Job for web.service canceled.\n'), 'Job for web.service canceled.'),
    (HANGS, 'did not end within 55 s, and was ended'),
])
def test_what_was_stopped_half_is_started_again(host, fault, words):
    host.faults['systemctl stop'] = half(host, fault)
    answer = step(host)
    assert (answer['status'], answer['changed'], answer['listeners']) == ('failed', False, [])
    assert words in answer['msg'] and 'What was stopped is started again, and nothing was disabled' in answer['msg']
    assert host.states() == ALL and host.timer is None and host.notes.noted(steps.NOTE) is None


def test_what_cannot_be_started_again_at_once_is_left_to_the_timer(host):
    host.faults['systemctl stop'] = half(host, HANGS)
    host.faults['systemctl start'] = lambda words: HANGS if host.timer else None
    answer = step(host)
    assert answer['status'] == 'failed' and 'systemd does that in 60 s' in answer['msg']
    assert host.timer and step(host, token=OTHER)['status'] == 'busy'
    host.later(60)
    assert host.states() == ALL
    host.faults.clear()
    assert step(host, token=OTHER)['status'] == 'trial'


def test_without_a_trial_a_stop_that_fails_is_taken_back_too(host):
    host.faults['systemctl stop'] = half(host, (1, '', 'no'))
    answer = step(host, confirm=0)
    assert answer['status'] == 'failed' and host.states() == ALL
    host.faults['systemctl start'] = 1, '', 'Access denied'
    answer = step(host, confirm=0)
    assert 'Do that: systemctl start -- web.socket web.service' in answer['msg']


def test_a_stop_that_eats_up_the_trial_is_taken_back(host):
    host.faults['systemctl stop -- web'] = lambda words: host.later(9.5)
    answer = step(host, confirm=10)
    assert answer['status'] == 'failed' and 'took so long' in answer['msg'] and host.states() == ALL


def test_the_time_for_stopping_leaves_some_for_the_login(host):
    """Whatever is asked, and however long systemd would wait."""
    for confirm, seconds in ((10, 5), (60, 55), (3600, 100)):
        host.faults['systemctl stop -- web'] = HANGS
        assert 'within %d s' % seconds in step(host, confirm=confirm)['msg']


def test_units_that_the_timer_started_while_they_were_stopped(host):
    def stop(words):
        host._systemctl(words[1:])
        host.later(61)
        return 0, '', ''
    host.faults['systemctl stop -- web'] = stop
    answer = step(host)
    assert answer['status'] == 'failed' and 'started again meanwhile' in answer['msg'] and host.states() == ALL


# keeping that fails


def test_a_timer_that_cannot_be_stopped_starts_the_units_again(host):
    begun(host)
    host.faults['systemctl stop -- listening'] = HANGS
    answer = step(host, 'keep')
    assert answer['status'] == 'failed' and 'Systemd starts the units again, unless' in answer['msg']
    assert host.states() == ([], [SOCKET])
    del host.faults['systemctl stop -- listening']
    assert step(host, 'keep')['status'] == 'kept'


def test_a_timer_that_fires_at_the_moment_of_the_keep_wins(host):
    begun(host)
    host.faults['systemctl stop -- listening'] = lambda words: host.later(60)
    assert step(host, 'keep')['status'] == 'reverted'
    assert host.states() == ALL


def test_a_timer_that_was_stopped_half_way_is_made_up_for(host):
    """It had started the socket."""
    begun(host)

    def stop(words):
        host.notes.note('undone', {})
        host.units[SOCKET].runs = True
        host.timer = None
        return 0, '', ''
    host.faults['systemctl stop -- listening'] = stop
    assert step(host, 'keep')['status'] == 'reverted'
    assert host.states() == ALL


@pytest.mark.parametrize('fault, words', [
    ((1, '', 'Access denied\n'), 'a boot may start them (systemctl disable --quiet -- web.socket: Access denied)'),
    ((0, '', ''), 'web.socket is enabled even after'), (HANGS, 'did not end within 30 s')])
def test_what_cannot_be_disabled_stays_stopped_and_is_told(host, fault, words):
    begun(host)
    host.faults['systemctl disable'] = fault
    answer = step(host, 'keep')
    assert (answer['status'], answer['code'], answer['changed']) == ('failed', 'not_disabled', True)
    assert words in answer['msg'] and answer['msg'].endswith('web.service, web.socket are stopped')
    assert outcomes(answer) == [(ID, 'closed', None)] and host.states() == ([], [SOCKET])


@pytest.mark.parametrize('name', ['keep', 'sweep'])
def test_units_that_cannot_be_started_again_are_told(host, name):
    begun(host)
    host.timer = None               # by somebody else
    host.faults['systemctl start'] = 1, '', 'Job for web.service failed.\n'
    answer = step(host, name)
    assert answer['status'] == 'failed' and 'systemctl status -- web.socket web.service' in answer['msg']
    del host.faults['systemctl start']
    assert step(host, name)['status'] == 'reverted' and host.states() == ALL


def test_a_unit_that_starts_and_ends_at_once_is_not_back(host):
    begun(host)
    host.timer = None
    host.faults['systemctl start'] = 0, '', ''
    answer = step(host, 'sweep')
    assert answer['status'] == 'failed' and 'web.service, web.socket are not started again' in answer['msg']


# ended in the middle


@pytest.mark.parametrize('killed_after, phase', [(1, 'armed'), (2, 'armed')])
def test_a_module_that_is_killed_before_the_trial_leaves_all_to_the_timer(host, killed_after, phase):
    host.killed_after = killed_after
    with pytest.raises(Killed):
        step(host)
    assert host.notes.noted(steps.NOTE)['phase'] == phase and host.timer
    host.logged_in_again()
    assert 'not known when' in step(host, 'keep')['msg']
    host.later(60)
    assert host.states() == ALL
    assert step(host, token=OTHER)['status'] == 'trial'


@pytest.mark.parametrize('again', ['keep', 'sweep'])
@pytest.mark.parametrize('killed_after', [3, 4])
def test_a_keep_that_is_killed_is_completed_by_whoever_asks_again(host, killed_after, again):
    begun(host)
    host.killed_after = killed_after
    with pytest.raises(Killed):
        step(host, 'keep')
    host.killed_after = None
    assert host.states()[0] == [] and host.timer is None
    host.in_use = FIRST             # a new login was proved
    assert step(host, again)['status'] == 'kept'
    assert host.states() == NOBODY


@pytest.mark.parametrize('mask', [False, True])
def test_a_keep_that_is_killed_is_completed_by_the_next_run(host, mask):
    """Else units would be stopped that a boot starts."""
    begun(host, mask=mask)
    host.killed_after = 3
    with pytest.raises(Killed):
        step(host, 'keep', mask=mask)
    host.killed_after, host.decision = None, Decision((), (), [dict(row(status='left'), reason='gone')], ())
    answer = step(host, token=OTHER, check=True)
    assert (answer['status'], answer['changed']) == ('planned', True) and 'would be put right' in answer['warnings'][0]
    assert host.states() == ([], [SOCKET])
    answer = step(host, token=OTHER)
    assert (answer['status'], answer['changed']) == ('kept', True) and 'that is put right' in answer['warnings'][0]
    assert host.states() == NOBODY and host.units[SOCKET].state == ('masked' if mask else 'disabled')
    assert step(host, token=OTHER)['status'] == 'unchanged'


def test_a_keep_that_is_killed_before_it_has_stopped_the_timer_is_no_keep(host):
    begun(host)

    def killed(words):
        raise Killed()
    host.faults['systemctl stop -- listening'] = killed
    with pytest.raises(Killed):
        step(host, 'keep')
    host.faults.clear()
    host.later(60)
    assert host.states() == ALL
    assert step(host, 'sweep')['status'] == 'reverted'
    assert host.states() == ALL


def test_what_an_administrator_stopped_since_a_trial_ended_stays_stopped(host):
    """Nobody swept up after it."""
    step(host)
    host.later(60)
    host.units[WEB].runs = host.units[SOCKET].runs = False
    host.decision = Decision((), (), [dict(row(status='left'), reason='gone')], ())
    answer = step(host, token=OTHER)
    assert (answer['status'], answer['warnings']) == ('unchanged', []) and host.states()[0] == []


def test_a_trial_whose_timer_somebody_stopped_is_put_right_by_the_next_run(host):
    step(host)
    host.timer = None
    answer = step(host, token=OTHER)
    assert answer['status'] == 'trial' and 'somebody has stopped the timer' in answer['warnings'][0]


# what listens all the same


def test_a_process_that_survives_is_told(host):
    host.faults['systemctl stop -- web'] = lambda words: host.serving.update({ID: 700})
    begun(host)
    answer = step(host, 'keep')
    assert (answer['status'], answer['code'], answer['changed']) == ('failed', 'listens', True)
    assert outcomes(answer) == [(ID, 'survived', None)] and host.states() == NOBODY
    assert answer['listeners'][0]['processes'] == [{'pid': 700, 'process': 'web', 'exe': '/usr/bin/web'}]


def test_what_listens_and_hides_who_it_is_survives(host):
    host.faults['systemctl stop -- web'] = lambda words: host.serving.update({ID: 0})
    begun(host)
    assert outcomes(step(host, 'keep')) == [(ID, 'survived', None)]


@pytest.mark.parametrize('owner, by', [(FRONT, FRONT), (701, 'sh')])
def test_what_comes_back_is_told_and_by_whom(host, owner, by):
    host.units[FRONT] = Unit(FRONT, pid=701)
    begun(host)
    host.serving[ID] = owner
    answer = step(host, 'keep')
    assert outcomes(answer) == [(ID, 'respawned', None)] and answer['code'] == 'listens'
    assert answer['listeners'][0]['about'] == {'by': by} and answer['listeners'][0]['processes'][0]['pid'] == 701


def test_a_unit_that_something_starts_again_is_not_left_half_disabled(host):
    begun(host)
    host.units[SOCKET].runs = host.units[WEB].runs = True
    host.units[WEB].pid = 702
    answer = step(host, 'keep')
    assert outcomes(answer) == [(ID, 'respawned', None)] and host.states() == ALL
    assert 'left enabled' in answer['warnings'][0]


def test_what_comes_back_within_two_seconds_is_seen(host):
    host.faults['systemctl disable'] = lambda words: setattr(host, 'due', host.time + 1.5)
    sleep = host.sleep

    def later(seconds):
        sleep(seconds)
        if getattr(host, 'due', host.time + 1) <= host.time:
            host.serving[ID] = 703
    host.sleep = later
    begun(host)
    assert outcomes(step(host, 'keep')) == [(ID, 'respawned', None)]


def test_a_host_that_cannot_be_looked_at_afterwards_is_not_said_to_be_right(host):
    begun(host)

    def fails():
        raise CollectorError('no netlink')
    host.listeners = fails
    answer = step(host, 'keep')
    assert (answer['status'], answer['code'], answer['changed']) == ('failed', 'not_looked', True)
    assert 'could not be looked at: no netlink' in answer['msg'] and host.states() == NOBODY


# masks, scripts, processes


def test_units_are_masked_where_that_is_asked(host):
    begun(host, mask=True)
    answer = step(host, 'keep', mask=True)
    assert answer['status'] == 'kept' and answer['warnings'] == []
    assert [host.units[name].state for name in (SOCKET, WEB)] == ['masked', 'masked']


def test_a_unit_that_cannot_be_masked_is_told(host):
    host.units[WEB].file = '/etc/systemd/system/web.service'
    begun(host, mask=True)
    answer = step(host, 'keep', mask=True)
    assert answer['status'] == 'kept'
    assert answer['warnings'] == ['web.service cannot be masked: its file is in /etc/systemd/system']
    assert host.units[SOCKET].state == 'masked'


@pytest.mark.parametrize('fault, words', [((0, '', ''), 'systemd does not say why'), (HANGS, 'did not end')])
def test_a_mask_is_looked_at_afterwards(host, fault, words):
    begun(host, mask=True)
    host.faults['systemctl mask'] = fault
    warnings = step(host, 'keep', mask=True)['warnings']
    assert len(warnings) == 2 and all(words in text for text in warnings)


def test_a_script_is_disabled_too(tmp_path):
    host = Services(tmp_path, [Unit(WEB, state='generated', source='/etc/init.d/web'),
                               Unit(FRONT, state='generated', source='/etc/fstab')])
    host.decision = Decision((FRONT, WEB), (FRONT, WEB), [row(units=[FRONT, WEB])], ())
    begun(host)
    host.faults['systemctl is-enabled'] = lambda words: (0 if host.units[WEB].state == 'generated' else 1, '', '')
    assert step(host, 'keep')['status'] == 'kept'
    assert [call for call in host.called if 'disable' in call] == ['systemctl disable --quiet -- web.service']


def test_a_unit_that_is_enabled_until_the_next_boot_too(host):
    host.units[SOCKET].state = 'enabled-runtime'
    begun(host)
    step(host, 'keep')
    assert [call for call in host.called if 'disable' in call] == [
        'systemctl disable --quiet --runtime -- web.socket']


def test_processes_are_ended_last(host):
    host.serving[OTHER_ID] = 900
    host.decision = Decision((SOCKET, WEB), (SOCKET, WEB), [row(), row(OTHER_ID, (), 900)], (ended(),))
    begun(host, processes=True)
    assert host.ended == []
    answer = step(host, 'keep', processes=True)
    assert answer['status'] == 'kept' and host.ended == [900]
    assert outcomes(answer) == [(ID, 'closed', None), (OTHER_ID, 'closed', None)]


def test_processes_of_a_trial_that_is_not_kept_live(host):
    host.serving[OTHER_ID] = 900
    host.decision = Decision((SOCKET, WEB), (SOCKET, WEB), [row(), row(OTHER_ID, (), 900)], (ended(),))
    begun(host, processes=True)
    host.later(60)
    assert step(host, 'keep', processes=True)['status'] == 'reverted' and host.ended == []


@pytest.mark.parametrize('booted', [True, False])
def test_processes_alone_need_neither_trial_nor_systemd(tmp_path, booted):
    host = Services(tmp_path, booted=booted)
    host.serving = {OTHER_ID: 900}
    host.decision = Decision((), (), [row(OTHER_ID, (), 900)], (ended(),))
    answer = step(host, processes=True)
    assert (answer['status'], answer['changed'], host.ended) == ('kept', True, [900])
    assert host.called == [] and outcomes(answer) == [(OTHER_ID, 'closed', None)]


def test_a_process_that_cannot_be_ended_survives(host):
    host.serving = {OTHER_ID: 900}
    host.decision = Decision((), (), [row(OTHER_ID, (), 900)], (ended(),))
    host.end = lambda processes: None
    assert outcomes(step(host, processes=True)) == [(OTHER_ID, 'survived', None)]
