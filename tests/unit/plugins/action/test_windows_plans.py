# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Actions on a Windows host, from what it sends: what is planned for it, what is stopped, why a service is missed."""

import json
from unittest import mock

import pytest

from ansible.errors import AnsibleActionFail
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.task import Task
from ansible.template import Templar
from ansible_collections.listening.ports.plugins.action import plan_listeners, stop_listener
from ansible_collections.listening.ports.tests.unit.plugins.action import asserting
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows import raw_hosts

WINRM = {'name': 'winrm', 'port': 5985, 'service': 'WinRM', 'state': 'optional'}
REST = {'name': 'the rest', 'port': 'any', 'state': 'optional', 'where': 'port != `1433` && port != `1434`'}
NO_ADMIN = {'name': 'no connection of administrators', 'port': 1434, 'state': 'forbidden'}
SQL = ['tcp/0.0.0.0:1433', 'tcp/[::]:1433', 'tcp/127.0.0.1:1434', 'tcp/[::1]:1434']
STOP = "Set-Service -Name 'MSSQLSERVER' -StartupType Disabled; Stop-Service -Name 'MSSQLSERVER'"


def sent(**other):
    """What a database server sends for a plan."""
    raw = raw_hosts.server_2019()
    raw['dependents'] = {row[0]: [] for row in raw['services'] if row[1]}
    raw['ancestors'] = [[7100, 'powershell.exe', raw_hosts.NOW], [7000, 'wsmprovhost.exe', raw_hosts.NOW],
                        [820, 'svchost.exe', raw_hosts.BOOT]]
    raw.update(other)
    return raw


class Host:
    """A host that sends this, and stops what it is asked to."""

    def __init__(self, raw=None, stopped=None):
        self.raw, self.stopped, self.asked, self.task = raw or sent(), stopped, [], Task()
        self.declared = [WINRM, REST, NO_ADMIN]
        self.connection = mock.MagicMock(transport='winrm')
        self.connection._shell._IS_WINDOWS = True

    def module(self, module_name, module_args, task_vars):
        name = module_name.rpartition('.')[2]
        self.asked.append((name, module_args, self.task.check_mode))
        if name == 'win_collect_listeners':
            return {'packed': raw_hosts.packed(self.raw)}
        assert name == 'win_stop_listener'
        services = [{'service': each['name'], 'status': 'stopped', 'reason': None, 'start': 2, 'error': None,
                     'others': []} for each in module_args['services']]
        return {'said': json.dumps({'services': services, 'listening': [], 'errors': []}), 'changed': True}

    def run(self, plugin, keywords=(), **arguments):
        self.task.args = arguments
        for name, value in dict(keywords).items():
            setattr(self.task, name, value)
        variables = {'inventory_hostname': 'db-1', 'expected_listeners': self.declared}
        loader = DataLoader()
        action = plugin.ActionModule(
            self.task, self.connection, mock.MagicMock(), loader, Templar(loader=loader, variables=variables), None)
        action._load_name = 'listening.ports.%s' % plugin.__name__.rpartition('.')[2]
        action._execute_module = self.module
        return action.run(task_vars=variables)


def test_a_plan_is_one_look_and_changes_nothing():
    host = Host()
    result = host.run(plan_listeners, actions=['close', 'firewall'])
    assert result['status'] == 'unchanged', result['msg']
    assert [(name, asked['plan'], asked['gather']) for name, asked, dummy in host.asked] == [
        ('win_collect_listeners', True, ['owners', 'firewall', 'connections'])]
    lefts = {(left['action'], left['listener']): left for left in result['plan']['left'] if left['listener'] in SQL}
    assert {key[1] for key in lefts if key[0] == 'close'} == set(SQL)
    for (does, listener), left in lefts.items():
        if does == 'close':
            assert (left['reason'], left['command']) == ('by_hand', STOP)
        else:
            assert left['reason'] in ('by_hand', 'loopback')
    assert lefts['firewall', SQL[0]]['command'] == (
        "New-NetFirewallRule -DisplayName 'listening.ports: tcp 1433' -Group 'listening.ports' -Direction Inbound "
        "-Action Block -Profile Any -Protocol TCP -LocalPort 1433 -Program 'C:\\Program Files\\Microsoft SQL Server\\"
        "MSSQL16.MSSQLSERVER\\MSSQL\\Binn\\sqlservr.exe'")


def test_what_is_planned_is_stopped():
    host = Host()
    planned = host.run(plan_listeners, actions=['close'], close_windows='experimental')
    assert (planned['status'], sorted(planned['plan']['close'])) == ('planned', sorted(SQL))
    result = host.run(stop_listener, listeners=planned['plan']['close'], windows='experimental')
    assert (result['status'], result['changed'], result['units']) == ('kept', True, ['MSSQLSERVER'])
    name, asked, dummy = host.asked[-1]
    assert name == 'win_stop_listener' and asked['remote'] is True
    [service] = asked['services']
    assert (service['name'], service['pid'], len(service['endpoints'])) == ('MSSQLSERVER', 3012, 4)
    assert result['msg'].endswith(
        "To have it back: Set-Service -Name 'MSSQLSERVER' -StartupType Automatic; Start-Service -Name 'MSSQLSERVER'")


def test_nothing_is_stopped_by_default():
    host = Host()
    result = host.run(stop_listener, listeners=SQL)
    assert (result['status'], result['failed'], result['changed']) == ('refused', True, False)
    assert [name for name, dummy, dummy in host.asked] == ['win_collect_listeners']


def test_the_module_knows_check_mode():
    host = Host()
    result = host.run(stop_listener, {'check_mode': True}, listeners=SQL, windows='experimental')
    assert result['status'] == 'planned' and all(check for dummy, dummy, check in host.asked)


@pytest.mark.parametrize('keywords', [{'run_once': True}, {'delegate_to': 'other'}, {'async_val': 10}])
def test_keywords_are_refused_as_elsewhere(keywords):
    with pytest.raises(AnsibleActionFail):
        Host().run(stop_listener, keywords, listeners=SQL, windows='experimental')


@pytest.mark.parametrize('other, reason', [
    ({'dependents': None}, 'hidden'), ({'ancestors': None}, 'in_use'),
    ({'dependents': {'MSSQLSERVER': ['SQLSERVERAGENT']}}, 'dependents')])
def test_nothing_is_stopped_on_a_doubt(other, reason):
    host = Host(sent(**other))
    result = host.run(stop_listener, listeners=SQL, windows='experimental')
    assert {row['reason'] for row in result['listeners']} == {reason}
    assert (result['status'], len(host.asked)) == ('unchanged', 1)


def test_why_a_service_is_missed(monkeypatch):
    """The host is asked about it once the declaration says that it should listen."""
    monkeypatch.setattr(asserting.Action, 'is_windows', True)
    raw = raw_hosts.server_2019()
    raw['services'] = [row for row in raw['services'] if row[0] != 'Spooler']
    raw['services'].append(['Backup', 0, 0x10, 1, 2, 1, 10048, 0])
    raw['displays'] = {'Backup': 'Backup agent'}
    raw['events'] = {'Backup': [[7023, raw_hosts.NOW, ['Backup agent', '%%10048']]]}
    run = asserting.Run()
    expected = [{'name': 'backup', 'port': 10000, 'service': 'backup'}]
    result = run({'packed': raw_hosts.packed(raw)}, expected=expected, fail=False)
    [finding] = [finding for finding in result['findings'] if finding['kind'] == 'missing']
    assert run.asked[-1]['module_args']['diagnose'] == ['backup.service']
    assert finding['message'].endswith(
        'Backup has failed (error 10048: the address is already in use): "it ended with error 10048"')


def test_no_rule_is_proposed_where_the_firewall_is_off():
    """The words by which that is known are those that are told of who can reach a listener."""
    raw = sent()
    raw['networks'] = {raw_hosts.ETHERNET: 0}
    for profile in raw['firewall']['profiles']['local'].values():
        profile['EnableFirewall'] = 0
    raw['firewall']['effective']['profiles'] = {bit: [False, False, 0, []] for bit in '124'}
    raw['firewall']['effective']['current'] = 4
    result = Host(raw).run(plan_listeners, actions=['firewall'])
    lefts = [left for left in result['plan']['left'] if left['listener'] == SQL[0]]
    assert [(left['reason'], left['command']) for left in lefts] == [('off', None)], result['msg']
    assert lefts[0]['message'].endswith('no rule keeps others from it: the firewall is off in the public profile')


def test_clients_that_the_default_keeps_out():
    raw = sent()
    raw['firewall']['stores']['local'] = [row for row in raw['firewall']['stores']['local'] if '1433' not in row[1]]
    host = Host(raw)
    host.declared = [WINRM, REST, {'name': 'sql', 'port': 1433, 'clients': ['10.0.3.0/24']}]
    result = host.run(plan_listeners, actions=['firewall'])
    lefts = [left for left in result['plan']['left'] if left['reason'] == 'unreachable']
    assert lefts, result['msg']
    for left in lefts:
        assert "-Action Allow -Profile Any -Protocol TCP -LocalPort 1433 -RemoteAddress 10.0.3.0/24 -Program 'C:" in (
            left['command'])
