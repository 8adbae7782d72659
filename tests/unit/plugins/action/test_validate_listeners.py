# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""validate_listeners, on inventories that are made up."""

from unittest import mock

import pytest

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.task import Task
from ansible.template import Templar
from ansible_collections.listening.ports.plugins.action import validate_listeners
from ansible_collections.listening.ports.plugins.plugin_utils._report.console.screen import Terminal

try:
    from ansible.template import trust_as_template
except ImportError:             # before ansible-core 2.19 all text may be evaluated
    def trust_as_template(value):
        return value

WEB = [{'name': 'web', 'port': 80}]


class HostVars(dict):
    """The variables of all hosts, as they are written."""

    __UNSAFE__ = True  # which keeps ansible-core 2.16 from evaluating all of it, as the type of the real one does

    def raw_get(self, name):
        if isinstance(self[name], Exception):
            raise self[name]
        return dict(self[name], inventory_hostname=name)


@pytest.fixture
def printed():
    return []


@pytest.fixture
def validate(printed):
    terminal = Terminal(mock.Mock(display=lambda text, **options: printed.append((text, options))))

    def run(hosts, play=None, options=None, **variables):
        task = mock.Mock(spec=Task, async_val=0, check_mode=False, args=options or {})
        task.get_variable_manager.return_value = mock.Mock(_nonpersistent_fact_cache={})
        task_vars = dict(
            {'hostvars': HostVars(hosts), 'ansible_play_hosts_all': list(play or hosts), 'only_mine': 1}, **variables
        )
        templar = Templar(loader=DataLoader(), variables=task_vars)
        action = validate_listeners.ActionModule(
            task, mock.MagicMock(), mock.MagicMock(), DataLoader(), templar, None, terminal=terminal
        )
        action._load_name = 'listening.ports.validate_listeners'
        result = action.run(task_vars=task_vars)
        assert templar.available_variables == task_vars
        return result
    return run


def test_all_is_in_order(validate, printed):
    result = validate({'a': {'expected_listeners': WEB}, 'b': {'expected_listeners': []}})
    assert result == {
        'changed': False,
        'hosts': {'in_order': 2, 'refused': 0, 'undeclared': 0},
        'refused': [],
        'warned': [],
        'msg': 'The declarations of all 2 hosts are in order.',
    }
    assert printed[0][0] == 'The declarations of all 2 hosts are in order.\n\n'


def test_mistakes_are_grouped_over_hosts(validate, printed):
    bad = {'expected_listeners_x': [{'name': 'db', 'prot': 5432}]}
    result = validate({'a': bad, 'b': {'expected_listeners': WEB, 'expected_listener': []}, 'c': bad, 'd': {}})
    assert result['failed'] is True and result['hosts'] == {'in_order': 1, 'refused': 2, 'undeclared': 1}
    texts = [group['message'] for group in result['refused']]
    assert 'expected_listeners_x, entry db, option prot: there is no such option; did you mean port?' in texts
    assert all(group['hosts'] == ['a', 'c'] and group['hosts_total'] == 2 for group in result['refused'])
    assert [group['hosts'] for group in result['warned']] == [['b']]
    assert result['msg'].startswith('The declaration of 2 hosts (a, c) is refused: expected_listeners_x, entry db')
    assert '  2 hosts (a, c): expected_listeners_x, entry db' in printed[0][0]
    assert printed[0][0].endswith(
        'Nothing is declared for d.\n4 hosts: 1 in order, 2 refused, 1 without a declaration.\n\n'
    )


def test_each_host_has_its_own_variables(validate):
    entries = [{'name': 'web', 'port': trust_as_template('{{ number }}')}]
    result = validate(
        {
            'a': {'expected_listeners': entries, 'number': 80},
            'b': {'expected_listeners': entries, 'number': 'high'},
            'c': {'expected_listeners': entries},
        }
    )
    assert [(group['hosts'], group['message'].split(':')[0]) for group in result['refused']] == [
        (['b'], 'expected_listeners, entry web, option port'), (['c'], 'expected_listeners, entry web')]
    assert 'number' in result['refused'][1]['message'], 'it is not defined for c'


def test_variables_of_the_host_that_runs_the_task_are_not_those_of_others(validate):
    result = validate({'a': {'expected_listeners': [{'port': trust_as_template('{{ only_mine }}')}]}})
    assert result['failed'] is True and 'only_mine' in result['refused'][0]['message']


def test_other_hosts_and_the_play_can_be_spoken_of(validate):
    entries = [
        {'port': trust_as_template("{{ hostvars['b'].number }}")},
        {'port': trust_as_template('{{ ansible_play_hosts_all | length }}')},
    ]
    result = validate({'a': {'expected_listeners': entries}, 'b': {'number': 81}})
    assert not result['refused'] and result['hosts']['in_order'] == 1


def test_a_fact_of_that_name_is_refused(validate):
    result = validate({'a': {'expected_listeners': [], 'ansible_facts': {'expected_listeners': []}}})
    assert 'the host has a fact of this name' in result['refused'][0]['message']


def test_a_switch_alone_that_is_a_fact_is_refused(validate):
    result = validate({'a': {'listener_unexpected': 'ignore', 'ansible_facts': {'listener_unexpected': 'ignore'}}})
    assert result['hosts'] == {'in_order': 0, 'refused': 1, 'undeclared': 0} and result['failed'] is True


def test_variables_that_cannot_be_read(validate):
    result = validate({'a': AnsibleError('decryption\x1b failed'), 'b': {'expected_listeners': WEB}})
    assert result['refused'] == [
        {'hosts': ['a'], 'hosts_total': 1, 'message': 'its variables cannot be read: decryption\\x1b failed'}
    ]
    assert result['failed'] is True


@pytest.mark.parametrize('hosts', [{'a': {}, 'b': {'listener_unexpected': 'warn'}}, {}])
def test_of_no_declaration_nothing_was_checked(validate, hosts):
    result = validate(hosts, play=list(hosts))
    assert result['failed'] is True and result[
        'msg'
    ] == 'None of these hosts (%d) has a declaration, so nothing was checked' % len(hosts)


def test_it_does_not_fail_where_that_is_not_wanted(validate):
    for hosts in ({'a': {'expected_listeners': [{}]}}, {'a': {}}):
        result = validate(hosts, options={'fail': False})
        assert 'failed' not in result and ('refused' in result['msg'] or 'has a declaration' in result['msg'])


def test_hosts_are_those_of_the_play_or_the_ones_that_are_named(validate):
    hosts = {'a': {'expected_listeners': WEB}, 'b': {'expected_listeners': [{}]}}
    assert validate(hosts, play=['a'])['hosts'] == {'in_order': 1, 'refused': 0, 'undeclared': 0}
    assert validate(hosts, play=['a'], options={'hosts': ['b', 'b']})['hosts'] == {
        'in_order': 0,
        'refused': 1,
        'undeclared': 0,
    }
    with pytest.raises(AnsibleActionFail, match='not in the inventory: 2 hosts'):
        validate(hosts, options={'hosts': ['c', 'a', 'd']})


def test_the_result_has_some_of_thousands(validate):
    result = validate(
        {'h%d' % number: {'expected_listeners': [{'name': 'e%d' % (number % 150)}]} for number in range(3000)}
    )
    assert result['hosts']['refused'] == 3000 and len(result['refused']) == 100
    assert all(group['hosts_total'] == 20 for group in result['refused'])
    same = validate({'h%d' % number: {'expected_listeners': [{'name': 'e'}]} for number in range(50)})['refused'][0]
    assert (len(same['hosts']), same['hosts_total']) == (20, 50)


def test_each_host_has_to_have_a_declaration_where_that_is_demanded(validate):
    hosts = {'a': {'expected_listeners': WEB}, 'b': {}, 'c': {'expected_listeners': []}}
    assert 'failed' not in validate(hosts)
    result = validate(hosts, options={'declaration': 'required'})
    assert result['failed'] is True
    assert result['msg'] == 'Nothing is declared for b, and a declaration is required'
    assert 'failed' not in validate(hosts, play=['a', 'c'], options={'declaration': 'required'})


def test_facts_that_would_steer_an_audit_are_faults(validate):
    result = validate({'a': {'expected_listeners': WEB}, 'b': {'ansible_facts': {'audit_fail': False}}})
    assert result['hosts'] == {'in_order': 1, 'refused': 1, 'undeclared': 0}
    assert result['refused'][0]['message'].startswith('it has a fact named audit_fail, by which it would decide')
