# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""report_enforcement, on results that are made up."""

import re
from unittest import mock

import pytest

from ansible.errors import AnsibleActionFail
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.task import Task
from ansible_collections.listening.ports.plugins.action import report_enforcement
from ansible_collections.listening.ports.plugins.plugin_utils._report.console.screen import Terminal
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.enforced import STOPPED, closed, planned

AGAIN = planned('unchanged', (), (), ())
REFUSED = {'failed': True, 'msg': 'bad: it has no entry'}
NAMES = {'planned': 'p', 'closed': 'c', 'again': 'a', 'filtered': 'f', 'opened': 'o', 'audited': 'j', 'failed': 'x'}


class Variables(dict):
    """Variables of hosts, as hostvars has them."""

    def raw_get(self, name):
        return self[name]


@pytest.fixture
def report():
    shown = []
    terminal = Terminal(mock.MagicMock(display=lambda text, **options: shown.append(text)))
    variables = Variables({'web-1': {'p': planned()}, 'web-2': {'p': AGAIN}, 'bad': {'p': REFUSED}})

    def run(stage='plan', check_mode=False, hosts=None, **arguments):
        task = Task()
        task.args = {'stage': stage, 'hosts': list(variables) if hosts is None else hosts,
                     **(NAMES if stage != 'plan' else {'planned': 'p'}), **arguments}
        task.check_mode = check_mode
        if hosts is ...:
            del task.args['hosts']
        action = report_enforcement.ActionModule(
            task, mock.MagicMock(), mock.MagicMock(), DataLoader(), None, None, terminal=terminal)
        action._load_name = 'listening.ports.report_enforcement'
        return action.run(task_vars={'hostvars': variables, 'inventory_hostname': 'web-1',
                                     'ansible_play_hosts_all': list(variables)})

    run.variables, run.shown = variables, shown
    return run


def test_the_plan(report):
    result = report()
    assert (result['act'], result['unplanned']) == (['web-1'], ['bad'])
    assert 'failed' not in result
    assert result['msg'] == ('1 of 3 hosts would be changed: 1 to close, 1 to filter, 1 left; 1 host could not be '
                             'planned for.')
    assert report.shown[0] == result['table'] + '\n\n'
    assert 'stop stray.service, stray.socket' in result['table']


def test_odd_names_are_matched_by_patterns(report):
    names = ['web-2', 'db.example.org', 'fd00::1', 'a,b', '!all', '&x', 'web[1:3]', 'all:*', '{{ 7*7 }}', 'a\nb', '~.*']
    for name in names:
        report.variables[name] = {'p': planned()}
    patterns = report(hosts=names)['patterns']
    assert patterns[:3] == ['web-2', 'db.example.org', '~^fd00..1$']
    for name, pattern in zip(names[2:], patterns[2:]):
        assert re.fullmatch(r'~\^[\w.-]+\$', pattern) and re.compile(pattern[1:], re.DOTALL).match(name)


def test_nobody_planned_fails(report):
    result = report(hosts=['bad'])
    assert result['failed'] and result['act'] == []
    assert result['msg'] == 'Nothing was changed, since no host could be planned for. bad: it has no entry'
    assert 'table' not in result


def test_the_width(report):
    assert max(map(len, report(width=50)['table'].split('\n'))) <= 50
    with pytest.raises(AnsibleActionFail, match='width has to be at least 1, not 0'):
        report(width=0)


def test_no_host_has_failed(report):
    result = report('so_far')
    assert (result['stop'], result['failed_hosts'], report.shown) == (False, [], [])


def test_a_host_has_failed(report):
    report.variables['web-1']['c'] = {'failed': True, 'msg': 'web-1: it could not log in again'}
    report.variables['web-2']['x'] = 'boom'
    result = report('so_far')
    assert (result['stop'], result['failed_hosts']) == (True, ['web-1', 'web-2'])
    assert report.shown[0].startswith(
        'Nothing more is done to any host, since 2 hosts (web-1, web-2) failed: web-1: it could not log in again.')
    assert 'failed' not in result


def test_what_came_of_it(report):
    report.variables['web-1'].update(c=closed(STOPPED), a=AGAIN, j={'passes': True, 'msg': 'web-1 is as declared'})
    report.variables['web-2'].update(j={'passes': False, 'msg': 'web-2 is not as declared: 1 finding.'})
    report.variables['late'] = {'p': planned()}
    report.variables['half'] = {'p': planned(), 'c': closed(STOPPED)}
    report.variables['broken'] = {'p': planned(), 'c': closed(status='reverted', failed=True, msg='broken: no login')}
    result = report('done')
    assert result['states'] == {'web-1': 'done', 'web-2': 'same', 'bad': 'unplanned', 'late': 'untouched',
                                'half': 'partly', 'broken': 'failed'}
    assert result['failing'] == {
        'web-2': 'web-2 is not as declared: 1 finding.',
        'bad': 'bad: nothing was done to it, as it could not be planned for: it has no entry',
        'late': 'late: nothing was done to it, as another host failed',
        'half': 'half: what had to be closed was, and nothing was filtered, as another host failed',
        'broken': 'broken: no login'}
    assert 'failed' not in result
    assert result['msg'].startswith('6 hosts: 1 done, ')


def test_check_mode(report):
    report.variables['web-1'].update(c=closed(STOPPED, status='planned'), a=planned())
    assert report('done', check_mode=True, hosts=['web-1'])['msg'] == (
        '1 host: 1 would be changed. Nothing was changed.')


@pytest.mark.parametrize('fact', ['enforce_confirm', 'enforce_actions', 'enforce_serial', 'p'])
@pytest.mark.parametrize('host', ['web-1', 'web-2'])
def test_a_host_has_no_say_in_it(report, fact, host):
    report.variables[host]['ansible_facts'] = {fact: 'yes'}
    with pytest.raises(AnsibleActionFail, match=re.escape('%s has a fact named %s: a host must not' % (host, fact))):
        report()


def test_hosts_that_nobody_knows(report):
    with pytest.raises(AnsibleActionFail, match='not in the inventory: nobody'):
        report(hosts=['nobody'])
    with pytest.raises(AnsibleActionFail, match='hosts is empty'):
        report(hosts=[])


def test_all_hosts_of_the_play_are_meant_by_themselves(report):
    report.variables['{{ 7*7 }}'] = {'p': planned()}
    assert report(hosts=...)['act'] == ['web-1', '{{ 7*7 }}']
