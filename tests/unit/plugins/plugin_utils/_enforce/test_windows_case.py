# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Windows host that is planned for, and on which services are stopped: what it is asked, and what is returned."""

import copy
import json
from unittest import mock

import pytest

from ansible.errors import AnsibleConnectionFailure
from ansible_collections.listening.ports.plugins.plugin_utils._enforce import (
    confirmed,
    outcomes,
    windows_case,
    windows_plan,
)
from ansible_collections.listening.ports.plugins.plugin_utils._facts import live
from ansible_collections.listening.ports.plugins.plugin_utils._report.console import enforcement
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils import samples
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows import stopping
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows.stopping import (
    ADMIN,
    AGENT,
    ALL,
    TOMCAT,
    WSMAN,
)

STOP = "Set-Service -Name '%s' -StartupType Disabled; Stop-Service -Name '%s'"
WINRM = {'name': 'winrm', 'port': 5985, 'service': 'WinRM'}
ANYONE = ['0.0.0.0/0', '::/0']


class Action:
    """An action whose host is looked at, and stops services or gives another answer."""

    def __init__(self, *listeners, sent=None, answer=None, check=False, look=None, transport='winrm', gaps=()):
        facts = stopping.facts(*listeners, gaps=gaps)
        for each in facts['listeners']:
            each['exposure'] = samples.exposure('allowed', ANYONE, decided_by='allow rule "x" of the local store')
        facts['complete'].update(firewall=not [gap for gap in gaps if gap['aspect'] == 'firewall'], connections=True)
        facts['forwarded'], facts['system']['local_addresses'] = [], ['10.0.0.5/24']
        facts['firewall'] = {'backends': ['windows'], 'default': 'drop', 'rules': 9,
                             'sources': {'ipv4': ['0.0.0.0/0'], 'ipv6': []}}
        self.look = look or live.Looked('ok', None, facts, snapshot={'windows': sent or stopping.raw()})
        self.answer, self.asked, self.gathered = answer, [], []
        self._connection = mock.MagicMock(transport=transport)
        self._task = mock.MagicMock(check_mode=check)

    def ask(self, module, arguments, task_vars, keys, seconds=0):
        self.asked.append((module, arguments))
        if isinstance(self.answer, BaseException):
            raise self.answer
        if self.answer is not None:
            return self.answer
        services = [{'service': each['name'], 'status': 'stopped', 'reason': None, 'start': 2, 'error': None,
                     'others': []} for each in arguments['services']]
        return {'said': json.dumps({'services': services, 'listening': [], 'errors': []}), 'changed': True}


@pytest.fixture(autouse=True)
def looked(monkeypatch):
    def look(action, options, task_vars, result, without_own=False, plan=False):
        assert plan and without_own and options['collector'] == 'auto' and options['look_timeout']
        action.gathered.append(options['gather'])
        return action.look
    monkeypatch.setattr(windows_case.live, 'look', look)


def close(action, *listeners, windows='experimental', **options):
    result = {}
    windows_case.close(action, {'listeners': [each['id'] for each in listeners], 'protected': [], 'windows': windows,
                                **options}, {'inventory_hostname': 'win-1'}, result)
    return result


def plan(action, *declared, within=None, **options):
    result = {}
    options = {'actions': ['close', 'firewall'], 'close_kinds': ['unexpected', 'forbidden'], 'close_protected': [],
               'close_windows': 'never', 'mode': 'block_unexpected', **options}
    windows_plan.run(action, 'win-1', building.policy([WINRM, *declared]), within and confirmed.Confirmed(within),
                     options, {}, result)
    return result


def test_services_are_stopped():
    action = Action(*ALL)
    result = close(action, TOMCAT, ADMIN, stopping.RDP)
    assert (result['status'], result['changed'], result['units'], result['connection']) == (
        'kept', True, ['Tomcat9'], None)
    assert 'failed' not in result and 'code' not in result
    assert result['msg'].splitlines() == [
        'win-1: 2 listeners are closed, 1 is left.',
        '1. tcp 0.0.0.0:3389 is left: TermService has a part in logins.',
        '2. tcp 0.0.0.0:8080 is closed: Tomcat9 is stopped and disabled.',
        '3. tcp 127.0.0.1:8005 is closed: Tomcat9 is stopped and disabled.',
        "To have it back: Set-Service -Name 'Tomcat9' -StartupType Automatic; Start-Service -Name 'Tomcat9'"]
    [(module, asked)] = action.asked
    assert module == 'win_stop_listener' and asked['remote'] is True and action.gathered == [['owners']]
    assert [service['name'] for service in asked['services']] == ['Tomcat9']
    assert close(Action(*ALL, transport='local'), AGENT)['status'] == 'kept'


def test_nothing_is_stopped_unless_somebody_asks_for_it():
    action = Action(*ALL)
    result = close(action, AGENT, stopping.RDP, windows='never')
    assert (result['status'], result['code'], result['failed'], result['changed']) == (
        'refused', 'by_hand', True, False)
    assert result['msg'].splitlines() == [
        'win-1: nothing was stopped: on Windows hosts nothing is stopped unless close_windows is experimental.',
        '2 listeners are left.',
        '1. tcp 0.0.0.0:10050 is left: on Windows hosts it is stopped by hand, unless close_windows is experimental. '
        'To do: %s.' % (STOP % ('Agent', 'Agent')),
        '2. tcp 0.0.0.0:3389 is left: TermService has a part in logins.']
    assert not action.asked
    for check, listeners in ((True, [AGENT]), (False, [stopping.RDP]), (False, [])):
        result = close(Action(*ALL, check=check), *listeners, windows='never')
        assert result['status'] == 'unchanged' and 'failed' not in result


def test_check_mode_asks_the_host_and_changes_nothing():
    result = close(Action(*ALL, check=True), AGENT)
    assert (result['status'], result['changed']) == ('planned', True)
    assert result['msg'].splitlines()[0] == 'win-1: 1 listener would be closed.'
    assert 'To have it back' not in result['msg']


def test_nothing_to_stop():
    action = Action(WSMAN)
    result = close(action, AGENT)
    assert result['status'] == 'unchanged' and not action.asked
    assert result['msg'].splitlines()[0] == 'win-1: 1 listener is closed.'


@pytest.mark.parametrize('answer, words', [
    ({'failed': True, 'msg': 'no C# here'}, 'win-1: no C# here'),
    ({'changed': True}, 'win-1: the module failed without a message'),
    ({'said': '{}'}, 'win-1: the answer of the host is not valid: services: is missing'),
    ({'said': '{"services": []}'}, 'win-1: the answer of the host is not valid: services: has to be about the services '
                                   'that were named, once each'),
    (AnsibleConnectionFailure('gone\x1b'), 'win-1: gone\\x1b'),
])
def test_an_answer_that_is_none(answer, words):
    result = close(Action(*ALL, answer=answer), AGENT)
    assert (result['status'], result['failed'], result['msg']) == ('failed', True, words)


def test_a_host_that_cannot_be_looked_at():
    for status, key in (('failed', 'failed'), ('unreachable', 'unreachable')):
        action = Action(look=live.Looked(status, 'no reason', None))
        assert close(action, AGENT) == {key: True, 'status': 'failed', 'msg': 'win-1: no reason'}
        result = plan(action)
        assert result[key] and result['status'] == status
        assert result['msg'] == 'win-1 could not be observed: no reason'


def test_a_host_that_answers_as_others_do():
    for snapshot in (None, {}, {'nftables': ''}):
        action = Action(look=live.Looked('ok', None, stopping.facts(), snapshot=snapshot))
        assert close(action, AGENT)['msg'] == 'win-1: the host did not send what a Windows host sends'
        assert plan(action)['status'] == 'failed' and not action.asked


def test_what_could_not_be_stopped_fails():
    said = {'services': [{'service': 'Agent', 'status': 'left', 'reason': 'not_stopped', 'start': 2, 'error': 1061,
                          'others': []}], 'listening': [], 'errors': []}
    result = close(Action(*ALL, answer={'said': json.dumps(said)}), AGENT)
    assert (result['status'], result['code'], result['changed'], result['failed']) == (
        'failed', 'not_stopped', False, True)
    said['services'][0].update(status='stopped', reason=None)
    for listening, code in ((None, 'not_looked'), ([['tcp4/00000000/10050', 61]], 'listens')):
        said['listening'] = listening
        result = close(Action(*ALL, answer={'said': json.dumps(said)}), AGENT)
        assert (result['status'], result['code'], result['changed'], result['failed']) == ('failed', code, True, True)
    assert 'still listens, although Agent is stopped' in result['msg']


def test_a_plan_says_what_a_person_does():
    action = Action(AGENT, WSMAN)
    result = plan(action)
    assert (result['status'], result['plan']['close'], result['plan']['filter'], result['refusal']) == (
        'unchanged', [], None, None)
    assert result['msg'].splitlines() == [
        'win-1: nothing is done by itself; 2 things left to do by hand.',
        'Left as it is:',
        '  by_hand: tcp 0.0.0.0:10050 agent.exe pid 61 (Agent): on Windows hosts it is stopped by hand, unless '
        'close_windows is experimental. To do: %s.' % (STOP % ('Agent', 'Agent')),
        '  by_hand: tcp 0.0.0.0:10050 agent.exe pid 61 (Agent): a rule that blocks comes before all that let others in '
        '(allow rule "x" of the local store); on Windows hosts nothing of the firewall is ever written. To do: '
        "New-NetFirewallRule -DisplayName 'listening.ports: tcp 10050' -Group 'listening.ports' -Direction Inbound "
        "-Action Block -Profile Any -Protocol TCP -LocalPort 10050 -Program 'C:\\Agent\\agent.exe'."]
    assert action.gathered == [['owners', 'firewall', 'connections']] and not action.asked
    plan(action, actions=['close'])
    assert action.gathered[1] == ['owners', 'connections']


def test_a_plan_to_stop():
    result = plan(Action(AGENT, stopping.RDP, WSMAN), close_windows='experimental')
    assert (result['status'], result['plan']['close']) == ('planned', [AGENT['id']])
    assert [(left['action'], left['listener'], left['reason']) for left in result['plan']['left']] == [
        ('close', stopping.RDP['id'], 'protected'), ('firewall', stopping.RDP['id'], 'by_hand')]
    assert result['msg'].splitlines()[:3] == [
        'win-1: 1 listener to close.', 'Stops:',
        '  tcp 0.0.0.0:10050 agent.exe pid 61 (Agent): Agent would be stopped and disabled.']
    # no more than was confirmed is stopped later, and what was is not planned again
    again = plan(Action(TOMCAT, ADMIN, AGENT, WSMAN), close_windows='experimental', within=result['plan'])
    assert again['plan']['close'] == [AGENT['id']]
    assert {left['listener'] for left in again['plan']['left'] if left['reason'] == 'appeared'} == {TOMCAT['id']}
    assert plan(Action(WSMAN), close_windows='experimental', within=result['plan'])['status'] == 'unchanged'


def test_patterns_of_a_plan():
    result = plan(Action(AGENT, WSMAN), actions=['close'], close_windows='experimental', close_protected=['agent*'])
    assert (result['status'], result['plan']['left'][0]['reason']) == ('unchanged', 'protected')


@pytest.mark.parametrize('gap, actions', [
    (samples.gap('sockets', 'unreadable'), ['close']), (samples.gap('owners', 'owners_hidden'), ['close']),
    (samples.gap('firewall', 'service', message='the service mpssvc is not running'), ['firewall']),
])
def test_nothing_is_planned_for_what_was_not_seen(gap, actions):
    result = plan(Action(AGENT, WSMAN, gaps=[gap]), actions=actions)
    assert (result['status'], result['failed'], result['plan']['close']) == ('incomplete', True, [])
    assert gap['message'] in result['msg']


def test_nothing_has_to_be_done():
    result = plan(Action(WSMAN))
    assert (result['status'], result['msg']) == ('unchanged', 'win-1: nothing has to be done (close).')
    assert plan(Action(WSMAN), actions=['firewall'])['msg'] == 'win-1: nothing has to be done.'


def test_the_table_has_windows_hosts_too():
    made = {'planned': {'changed': False, **plan(Action(AGENT, WSMAN))}}
    result = outcomes.planned('win-1', outcomes.Registered(**made))
    assert result.state == outcomes.SAME and result.by_hand == 2
    text = [line for line, dummy in enforcement.plan_lines([result], 160).lines]
    assert text[1].split() == ['LISTENER', 'WHAT', 'WHO', 'OPEN', 'WHY']
    assert [line.split()[0] for line in text[2:4]] == [AGENT['id']] * 2
    assert all('by_hand' in line for line in text[2:4])
    assert 'To do: %s' % (STOP % ('Agent', 'Agent')) in ' '.join(line.strip() for line in text)
    assert text[-1] == 'Nothing would be done; 2 things left to do by hand.'
    done = outcomes.done('win-1', outcomes.Registered(**made, audited={'passes': False, 'msg': 'win-1: 1 deviation'}))
    assert enforcement.done_lines([done], 160).last == (
        '1 host: 1 with nothing to do, 1 not as declared, 2 things left to do by hand.')


def test_a_plan_changes_nothing_of_what_was_seen():
    action = Action(AGENT, WSMAN)
    before = copy.deepcopy(action.look)
    plan(action)
    assert action.look == before
