# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""listener_facts and probe_listeners on the controller: what they pass on of the answers of hosts."""

import time
from unittest import mock

import pytest

from ansible.errors import AnsibleActionFail
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.task import Task
from ansible_collections.listening.ports.plugins.action import listener_facts, probe_listeners
from ansible_collections.listening.ports.plugins.plugin_utils._facts import firewall
from ansible_collections.listening.ports.plugins.plugin_utils._facts.unpack import unpack
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows import raw_hosts
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import facts, listener

MORE = {'add_host': {'host_name': 'x'}, 'diff': {'before': '\x1b'}, 'deprecations': ['\x1b'], 'invocation': {},
        'results': [{'failed': True}], '_ansible_no_log': True, 'changed': True}
PROBE = {'index': 0, 'endpoint': 'tcp/10.0.0.5:22', 'name': 'db.example.org', 'protocol': 'tcp',
         'address': '10.0.0.5', 'port': 22,
         'verdict': 'open', 'reason': 'connected', 'local_address': None, 'rtt_ms': 0.4}


def run(module, answer, async_val=0, discovered=None, windows=False, **arguments):
    task = Task()
    task.args, task.async_val = arguments, async_val
    action = module.ActionModule(task, mock.MagicMock(), mock.MagicMock(), DataLoader(), None, None)
    action._load_name = 'listening.ports.%s' % module.__name__.rpartition('.')[2]
    action._connection._shell.tmpdir = None
    action._connection._shell._IS_WINDOWS = windows
    if discovered:
        action._discovered_interpreter_key, action._discovered_interpreter = discovered
    with mock.patch.object(action, '_execute_module', side_effect=answer if callable(answer) else [answer]) as asked:
        result = action.run(task_vars={'inventory_hostname': 'web'})
    return result, asked.call_args.kwargs if asked.called else None


def test_facts_and_nothing_else_are_passed_on():
    observed = facts(listener())
    given = {'ansible_listening_ports': dict(observed, odd=1), 'audit_fail': 'no', 'ansible_hostname': 'x'}
    result, asked = run(listener_facts, dict(MORE, ansible_facts=given), gather='owners', look_timeout=7)
    assert result == {'changed': False, 'ansible_facts': {'ansible_listening_ports': observed}}
    assert asked['module_name'] == 'listening.ports.listener_facts'
    assert asked['module_args'] == {
        'gather': ['owners'], 'collector': 'auto', 'max_sockets': 100000, 'max_fds': 2000000, 'diagnose': []}


def test_the_interpreter_that_was_found_is_known():
    result, dummy = run(listener_facts, {'ansible_facts': {'ansible_listening_ports': facts()}},
                        discovered=('discovered_interpreter_python', '/usr/bin/python3'))
    assert result['ansible_facts'] == {
        'ansible_listening_ports': facts(), 'discovered_interpreter_python': '/usr/bin/python3'}


@pytest.mark.parametrize('given', [None, [], {}, {'ansible_listening_ports': {}}, {'ansible_listening_ports': 'x'}])
def test_facts_that_are_none_fail(given):
    result, dummy = run(listener_facts, {'ansible_facts': given})
    assert result['failed'] is True and result['msg'].startswith('the facts of the host are not valid: ')
    assert 'ansible_facts' not in result


@pytest.mark.parametrize('module', [listener_facts, probe_listeners])
@pytest.mark.parametrize('state', ['failed', 'unreachable'])
def test_failures_say_why_and_nothing_else(module, state):
    arguments = {'endpoints': ['tcp/10.0.0.5:22']} if module is probe_listeners else {}
    answer = dict(MORE, **{state: True}, msg='a\x1b[31m', warnings=['w\x1b'], probes='\x1b', counts='\x1b')
    result, dummy = run(module, answer, **arguments)
    assert result == {'changed': False, state: True, 'msg': 'a\\x1b[31m', 'warnings': ['w\\x1b']}


def test_a_job_in_the_background_is_started():
    answer = dict(MORE, ansible_job_id='j1', started=1, finished=0, results_file='/x')
    result, asked = run(listener_facts, answer, async_val=60)
    assert result == {'changed': False, 'ansible_job_id': 'j1', 'started': 1, 'finished': 0, 'results_file': '/x'}
    assert asked['wrap_async'] is True


def test_no_module_in_python_is_sent_to_a_windows_host():
    result, asked = run(probe_listeners, AssertionError('the host was contacted'), windows=True,
                        endpoints=['tcp/10.0.0.5:22'])
    assert asked is None
    assert result == {'changed': False, 'failed': True, 'msg': 'probe_listeners does not work on Windows hosts'}


def test_facts_of_a_windows_host_are_made_of_what_it_sends():
    packed = raw_hosts.packed(raw_hosts.server_2016())
    result, asked = run(listener_facts, dict(MORE, packed=packed), windows=True, gather=['owners', 'firewall'],
                        max_sockets=7, look_timeout=7)
    assert result == {'changed': False, 'ansible_facts': {
        'ansible_listening_ports': firewall.judge(unpack(packed))}}
    assert (asked['module_name'], 'wrap_async' in asked) == ('listening.ports.win_collect_listeners', False)
    assert asked['module_args'] == {
        'gather': ['owners', 'firewall'], 'collector': 'auto', 'max_sockets': 7, 'max_fds': 2000000}


def test_services_of_a_windows_host_are_diagnosed_where_that_was_asked_for():
    packed = raw_hosts.packed(raw_hosts.server_2016())
    dummy, asked = run(listener_facts, {'packed': packed}, windows=True, diagnose=['Spooler'])
    assert asked['module_args']['diagnose'] == ['Spooler']


@pytest.mark.parametrize('answer, message', [
    ({}, 'the packed facts are not text'),
    ({'packed': 'w:AAAA'}, 'the packed facts are not valid: damaged, or not packed by this collection'),
    ({'failed': True, 'msg': 'collector is procfs, and a Windows host has none but auto'},
     'collector is procfs, and a Windows host has none but auto'),
])
def test_a_windows_host_that_sends_no_facts_fails(answer, message):
    result, dummy = run(listener_facts, answer, windows=True)
    assert result == {'changed': False, 'failed': True, 'msg': message}


def test_a_windows_host_that_does_not_answer_is_unreachable():
    result, dummy = run(listener_facts, lambda **options: time.sleep(60), windows=True, look_timeout=0.2)
    assert result == {'changed': False, 'unreachable': True, 'msg': 'no answer within 0.2 s'}


def test_no_job_is_started_on_a_windows_host():
    with pytest.raises(AnsibleActionFail, match='^listener_facts does not work with async on Windows hosts: '):
        run(listener_facts, AssertionError('the host was contacted'), windows=True, async_val=60)


def test_options_are_checked_here():
    for arguments in ({'look_timeout': -1}, {'gather': 'all'}, {'port': 1}):
        with pytest.raises(AnsibleActionFail):
            run(listener_facts, {}, **arguments)
    with pytest.raises(AnsibleActionFail, match='endpoints'):
        run(probe_listeners, {})


def test_a_host_that_does_not_answer_is_unreachable():
    began = time.monotonic()
    result, dummy = run(listener_facts, lambda **options: time.sleep(60), look_timeout=0.2)
    assert result == {'changed': False, 'unreachable': True, 'msg': 'no answer within 0.2 s'}
    assert time.monotonic() - began < 30


def test_probes_and_nothing_else_are_passed_on():
    answer = dict(MORE, counts={'open': 1, 'x': 1}, elapsed=0.5, probes=[dict(PROBE, odd=1)], ansible_facts={'a': 1})
    result, asked = run(probe_listeners, answer, endpoints=['tcp/10.0.0.5:22'])
    assert result == {'changed': False, 'counts': {'open': 1}, 'elapsed': 0.5, 'probes': [PROBE]}
    assert asked['module_name'] == 'listening.ports.probe_listeners'
    assert asked['module_args']['total_timeout'] == 60 and asked['module_args']['result'] == 'probes'
    packed, dummy = run(probe_listeners, {'counts': {}, 'elapsed': 1, 'packed': '[]'}, endpoints=[], result='packed')
    assert packed == {'changed': False, 'counts': {}, 'elapsed': 1, 'packed': '[]'}


@pytest.mark.parametrize('answer', [
    {}, {'counts': {}, 'elapsed': 1}, {'counts': {}, 'elapsed': 1, 'packed': []},
    {'counts': [], 'elapsed': 1, 'packed': ''},
    {'counts': {'open': 'x'}, 'elapsed': 1, 'packed': ''}, {'counts': {}, 'elapsed': '\x1b', 'packed': ''},
    {'counts': {}, 'elapsed': 1, 'probes': [{'index': 0}]}, {'counts': {}, 'elapsed': 1, 'probes': [], 'packed': ''},
])
def test_probes_that_are_none_fail(answer):
    result, dummy = run(probe_listeners, answer, endpoints=[])
    assert result['failed'] is True and result['msg'].startswith('the answer of the host is not valid: ')
