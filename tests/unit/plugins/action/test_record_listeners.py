# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""record_listeners, with answers of hosts that are made up."""

import json
import os
from unittest import mock

import pytest

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure, AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.task import Task
from ansible_collections.listening.ports.plugins.action.record_listeners import ActionModule
from ansible_collections.listening.ports.plugins.module_utils._wire import pack
from ansible_collections.listening.ports.plugins.plugin_utils._facts import clients, records
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import facts, gap, listener, owner


class Action(ActionModule):
    """The action on a host that gives a certain answer, or fails with an exception."""

    def __init__(self, answer, arguments, **keywords):
        task = Task()
        task.args = arguments
        for key, value in keywords.items():
            setattr(task, key, value)
        super().__init__(task, mock.MagicMock(), mock.MagicMock(), DataLoader(), None, None)
        self._load_name = 'listening.ports.record_listeners'
        self.answer = answer
        self.asked = []

    def _execute_module(self, **options):
        self.asked.append(options)
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


@pytest.fixture
def run(tmp_path):
    def run_it(answer, variables=(), keywords=None, **arguments):
        action = Action(answer, dict({'path': str(tmp_path), 'run_id': 'run1'}, **arguments), **(keywords or {}))
        result = action.run(task_vars=dict({'inventory_hostname': 'we/b'}, **dict(variables)))
        assert len(action.asked) == 1
        run_it.asked = action.asked[0]
        return result
    return run_it


def answer(*listeners, **other):
    return {'packed': pack(facts(*listeners, **other)), 'changed': False}


def test_what_the_host_sends_is_recorded(run, tmp_path):
    observed = facts(listener(owners=[]), gaps=[gap(message='a\nb')])
    result = run({'packed': pack(observed)})
    path = str(tmp_path / 'hosts' / 'we%2Fb.json')
    assert result == {
        'changed': False, 'path': path, 'run_id': 'run1', 'status': 'ok', 'gaps': observed['gaps'],
        'msg': '1 listener; owners not complete: a b; hint: become',
        'summary': {'listeners': 1, 'complete': observed['complete']}}
    entry = records.read(str(tmp_path), 'we/b')
    assert (entry['facts'], entry['status'], entry['message'], entry['run_id']) == (observed, 'ok', None, 'run1')
    with open(path, encoding='ascii') as stream:
        assert len(stream.read().splitlines()) == 1


def test_the_module_runs_once_with_the_options_that_are_its_own(run):
    run(answer(), gather='owners,raw', collector='procfs', max_sockets='5', max_fds=6)
    assert run.asked['module_name'] == 'listening.ports.collect_listeners'
    assert run.asked['module_args'] == {
        'gather': ['owners', 'raw'], 'collector': 'procfs', 'max_sockets': 5, 'max_fds': 6}


def test_facts_are_returned_on_request_only(run):
    assert 'ansible_facts' not in run(answer(listener()))
    assert run(answer(listener()), return_facts=True)['ansible_facts'] == {'ansible_listening_ports': facts(listener())}
    assert 'ansible_facts' not in run({'failed': True, 'msg': 'x'}, return_facts=True)


UNREACHABLE = [
    AnsibleConnectionFailure('Failed to connect:\n no\x1b[31m route {{ 7*7 }}'),
    {'unreachable': True, 'msg': 'Failed to connect:\n no\x1b[31m route {{ 7*7 }}'},
]


@pytest.mark.parametrize('returned', UNREACHABLE, ids=['exception', 'result'])
@pytest.mark.parametrize('fail', [True, False])
def test_an_unreachable_host_is_recorded_and_stays_unreachable(run, tmp_path, returned, fail):
    result = run(returned, fail=fail)
    message = 'Failed to connect: no\\x1b[31m route {{ 7*7 }}'
    assert (result['unreachable'], result['status'], result['msg']) == (True, 'unreachable', message)
    assert 'failed' not in result and 'summary' not in result
    entry = records.read(str(tmp_path), 'we/b')
    assert (entry['status'], entry['message'], entry['facts']) == ('unreachable', message, None)


FAILED = [
    (AnsibleError('Incorrect sudo password'), 'Incorrect sudo password'),
    ({'failed': True, 'msg': 'no\n collector'}, 'no collector'),
    ({'failed': True}, 'the module failed without a message'),
    ({'failed': True, 'exception': 'Traceback\n  File\nValueError: x\n'}, 'ValueError: x'),
    ({'failed': True, 'exception': mock.Mock(event=mock.Mock(msg='no\x1b attribute'))}, 'no\\x1b attribute'),
    ({'failed': True, 'exception': ''}, 'the module failed without a message'),
    ({'failed': True, 'msg': 'See stderr.', 'module_stderr': '/bin/sh: 1: python: not found\r\n'},
     'See stderr: /bin/sh: 1: python: not found'),
    ({'failed': True, 'msg': 'MODULE FAILURE',
      'module_stderr': 'Traceback\n' + '  File\n' * 100 + 'ValueError: \x1bx\n'},
     'MODULE FAILURE: ValueError: \\x1bx'),
    ({}, 'the packed facts are not text'),
    ({'packed': '{}'}, 'the packed facts are not valid: schema: is missing'),
    ({'packed': pack(facts(listener(port=70000)))},
     'the packed facts are not valid: listeners[0].port: has to be a whole number from 0 to 65535, not 70000'),
    ({'ansible_facts': {'ansible_listening_ports': facts()}}, 'the packed facts are not text'),
]


@pytest.mark.parametrize('returned, message', FAILED, ids=range(len(FAILED)))
def test_a_host_that_cannot_be_looked_at_is_recorded_and_fails(run, tmp_path, returned, message):
    result = run(returned)
    assert (result['failed'], result['status'], result['msg']) == (True, 'failed', message)
    entry = records.read(str(tmp_path), 'we/b')
    assert (entry['status'], entry['message'], entry['facts']) == ('failed', message, None)


@pytest.mark.parametrize('returned, message', FAILED[:3])
def test_whether_the_task_fails_is_a_choice(run, returned, message):
    result = run(returned, fail=False)
    assert (result.get('failed'), result['status'], result['msg']) == (None, 'failed', message)


def test_facts_that_a_host_adds_to_its_answer_do_not_get_into_the_play(run):
    returned = dict(answer(), ansible_facts={'expected_listeners': []}, add_host={'host_name': 'x'}, rc=1,
                    invocation={'x': 1})
    assert set(run(returned)) == {'changed', 'path', 'run_id', 'status', 'gaps', 'msg', 'summary'}


def test_the_interpreter_that_was_discovered_is_kept_for_the_tasks_that_follow(tmp_path):
    action = Action(answer(), {'path': str(tmp_path)})
    action._discovered_interpreter_key = 'discovered_interpreter_python'
    action._discovered_interpreter = '/usr/bin/python3'
    result = action.run(task_vars={'inventory_hostname': 'web'})
    assert result['ansible_facts'] == {'discovered_interpreter_python': '/usr/bin/python3'}


def test_warnings_are_passed_on_harmlessly(run):
    assert run(dict(answer(), warnings=['a\x1b', {'x': 1}]))['warnings'] == ['a\\x1b']


@pytest.mark.parametrize('name, declared', [
    ('expected_listeners', True), ('expected_listeners_web', True), ('nginx_expected_listeners', True),
    ('listener_waivers', True), ('listener_waivers_web', True), ('nginx_listener_waivers', True),
    ('expected', False), ('unexpected_listenersx', False), ('expected_listener', False), ('expected_listeners_', False),
    ('_expected_listeners', False), ('listener_unexpected', False),
])
def test_whether_anything_is_declared_is_recorded(run, tmp_path, name, declared):
    run(answer(), variables={name: []})
    assert records.read(str(tmp_path), 'we/b')['declared'] is declared


@pytest.mark.parametrize('keywords', [{'delegate_to': 'other'}, {'run_once': True}])
def test_other_hosts_are_refused(run, keywords):
    with pytest.raises(AnsibleActionFail, match='does not work with %s' % next(iter(keywords))):
        run(answer(), keywords=keywords)


@pytest.mark.parametrize('arguments, message', [
    ({'run_id': 'any'}, 'run_id has to be'),
    ({'run_id': '../x'}, 'run_id has to be'),
    ({'run_id': 'x' * 65}, 'run_id has to be'),
    ({'run_id': 'x\n'}, 'run_id has to be'),
    ({'gather': ['firewalls']}, 'value of gather must be one or more of'),
    ({'result': 'facts'}, 'Unsupported parameters'),
])
def test_options_that_are_wrong_are_refused_before_the_host_is_asked(run, arguments, message):
    with pytest.raises(AnsibleActionFail, match=message):
        run(AssertionError(), **arguments)


def test_a_record_that_cannot_be_written_fails_the_task_and_hides_nothing(run, tmp_path):
    (tmp_path / 'file').write_text('')
    result = run(AnsibleError('Incorrect sudo password'), path=str(tmp_path / 'file'), fail=False)
    assert result['failed'] is True
    assert 'cannot be written' in result['msg'] and result['msg'].endswith('; Incorrect sudo password')


def test_an_error_of_our_own_is_not_taken_for_one_of_the_host(run):
    with pytest.raises(ZeroDivisionError):
        run(ZeroDivisionError())


def test_names_of_hosts_processes_stay_as_they_are_in_the_record(run, tmp_path):
    run(answer(listener(owners=[owner(process='a\x1b{{ 7*7 }}\u202e')])))
    recorded = records.read(str(tmp_path), 'we/b')['facts']['listeners'][0]
    assert recorded['owners'][0]['process'] == 'a\x1b{{ 7*7 }}\u202e'
    with open(os.path.join(str(tmp_path), 'hosts', 'we%2Fb.json'), encoding='ascii') as stream:
        assert json.load(stream)['host'] == 'we/b'


def test_a_directory_that_others_may_write_to_is_refused_unless_that_is_meant(run, tmp_path):
    (tmp_path / 'squat').mkdir()
    (tmp_path / 'squat').chmod(0o777)
    result = run(answer(), path=str(tmp_path / 'squat'))
    assert result['failed'] is True and 'is not safe from forgery: everybody may write to it' in result['msg']
    assert not os.path.exists(tmp_path / 'squat/hosts/we%2Fb.json')
    assert 'failed' not in run(answer(), path=str(tmp_path / 'squat'), shared=True)


def test_a_directory_that_can_be_replaced_is_warned_about(run, tmp_path):
    (tmp_path / 'open').mkdir()
    (tmp_path / 'open').chmod(0o777)
    result = run(answer(), path=str(tmp_path / 'open/mine'))
    assert any('can be replaced with others, because of the directory %s: everybody may' % (tmp_path / 'open') in text
               for text in result['warnings'])
    assert 'warnings' not in run(answer(), path=str(tmp_path / 'open/mine'), shared=True)


CAME = {'ipv4': {'10.0.0.5/32': 2}, 'ipv6': {}, 'itself': 0}


def looked(**complete):
    """What a host sends that was asked for connections."""
    observed = facts(listener(clients=CAME, connections={'established': 2}))
    observed['complete'].update({'connections': True, **complete})
    return {'packed': pack(observed)}


def test_who_came_is_kept_over_runs(run, tmp_path):
    for name in ('run1', 'run2', 'run2'):
        assert run(looked(), gather=['owners', 'connections'], run_id=name)['status'] == 'ok'
    with clients.opened(str(tmp_path)) as read:
        [visited] = read('we/b')['listeners'].values()
    assert visited['runs'] == 2 and visited['ipv4']['10.0.0.5/32']['runs'] == 2
    run(answer(listener()))
    run({'unreachable': True, 'msg': 'no'})
    with clients.opened(str(tmp_path)) as read:
        assert read('we/b')['listeners'] == {'tcp/0.0.0.0:80': visited}


def test_without_a_look_for_clients_nothing_is_kept(run, tmp_path):
    run(answer(listener()))
    assert os.listdir(tmp_path) == ['hosts']


def test_what_cannot_be_kept_fails_the_task(run, tmp_path):
    run(looked(), run_id='run1')
    (tmp_path / 'clients/we%2Fb.json').write_text('nonsense', encoding='utf-8')
    result = run(looked(), run_id='run2')
    assert result['failed'] and result['msg'].startswith('the file clients/we%2Fb.json is not valid: not JSON')
    assert records.read(str(tmp_path), 'we/b')['run_id'] == 'run2'
