# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all actions do before their own work."""

from unittest import mock

import pytest

from ansible.errors import AnsibleActionFail
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.task import Task
from ansible_collections.listening.ports.plugins.plugin_utils import _action
from ansible_collections.listening.ports.plugins.plugin_utils._report.console.screen import Terminal


class Working(_action.Report):
    """An action that returns what it was given."""

    ARGUMENTS = {'width': {'type': 'int'}, 'run_id': {'type': 'str'}, 'count': {'type': 'int', 'default': 3}}

    def work(self, options, task_vars, result):
        self.refuse_other_hosts(': it is of one host')
        result.update(options=options, variables=task_vars, width=self.width(options))


def run(terminal=None, keywords=None, task_vars=None, **arguments):
    task = Task()
    task.args = arguments
    for key, value in (keywords or {}).items():
        setattr(task, key, value)
    action = Working(task, mock.MagicMock(), mock.MagicMock(), DataLoader(), None, None, terminal=terminal)
    action._load_name = 'listening.ports.working'
    return action.run(task_vars=task_vars)


def test_options_are_checked_and_nothing_is_changed():
    variables = {'inventory_hostname': 'web'}
    result = run(terminal=Terminal(mock.Mock()), task_vars=variables, count='5')
    assert result == {
        'changed': False,
        'options': {'width': None, 'run_id': None, 'count': 5},
        'variables': variables,
        'width': None,
    }


@pytest.mark.parametrize('arguments', [{'count': 'x'}, {'other': 1}])
def test_options_that_are_wrong_are_refused(arguments):
    with pytest.raises(AnsibleActionFail):
        run(**arguments)


@pytest.mark.parametrize('keyword, value', [('delegate_to', 'db'), ('run_once', True)])
def test_other_hosts_are_refused(keyword, value):
    with pytest.raises(AnsibleActionFail, match='test_action does not work with %s: it is of one host' % keyword):
        run(keywords={keyword: value})


def test_a_width_that_is_given_comes_before_that_of_the_terminal():
    terminal = Terminal(mock.Mock(), width=80)
    assert run(terminal)['width'] == 80 and run(terminal, width=100)['width'] == 100
    with pytest.raises(AnsibleActionFail, match='width has to be at least 1, not 0'):
        run(terminal, width=0)


def test_the_terminal_is_that_of_ansible_unless_another_one_is_given():
    action = Working(Task(), mock.MagicMock(), mock.MagicMock(), DataLoader(), None, None)
    assert action.terminal == Terminal.of_ansible()


def test_run_id():
    default = _action.run_id({'run_id': None})
    assert default == _action.run_id({'run_id': ''}) and default.isalnum()
    assert _action.run_id({'run_id': 'nightly.7'}) == 'nightly.7'
    assert _action.run_id({'run_id': 'any'}, may_be_any=True) == 'any'


@pytest.mark.parametrize('name, may_be_any', [('any', False), ('a b', False), ('a b', True), ('x' * 65, True)])
def test_names_that_are_no_run_id(name, may_be_any):
    with pytest.raises(AnsibleActionFail) as caught:
        _action.run_id({'run_id': name}, may_be_any)
    assert str(caught.value).endswith('and underscores' if may_be_any else ', and not "any"')


def test_known_hosts():
    variables = {'hostvars': {'a': {}, 'b': {}}}
    assert _action.known_hosts(['b', 'a', 'b'], variables) == ['b', 'a']
    with pytest.raises(AnsibleActionFail, match='not in the inventory: 2 hosts'):
        _action.known_hosts(['c', 'a', 'd', 'c'], variables)


def test_a_host_has_no_say_in_how_it_is_audited():
    variables = {'inventory_hostname': 'we\x1bb', 'ansible_facts': {'audit_fail': 'no'}}
    with pytest.raises(AnsibleActionFail) as caught:
        run(task_vars=variables)
    assert str(caught.value).startswith('we\\x1bb: it has a fact named audit_fail, by which it would decide')
    assert run(task_vars={'inventory_hostname': 'web', 'ansible_facts': {'fail': 'no'}})['options']
