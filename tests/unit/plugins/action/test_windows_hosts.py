# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows hosts: their facts are judged like those of others, and no module in Python is sent there."""

import json

import pytest

from ansible.errors import AnsibleActionFail
from ansible_collections.listening.ports.tests.unit.plugins.action import (
    asserting, test_plan_listeners as plan, test_port_filter as filtering, test_port_openings as openings
)
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows import raw_hosts
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows.on_windows import (
    facts, listener, owner
)

LISTENERS = (
    listener(8080, [owner(exe='C:\\nginx\\nginx.exe')]),
    listener(8081, [owner('Tomcat9.exe', 'C:\\Program Files\\Apache\\Tomcat9.exe', unit='Tomcat9')], service='Tomcat9'),
    listener(8082, [owner('x.exe', unit='Zabbix.Agent')], service='Zabbix.Agent'),
    listener(8083, [owner(None, 'C:\\app\\app.exe', 'CORP\\svc')]),
    listener(8084, [owner('y.exe')], 'fe80::1', interface='Ethernet 2', scope='link'),
)
FITTING = [
    {'name': 'a program without its extension', 'port': 8080, 'process': 'nginx'},
    {'name': 'another case', 'port': 8081, 'process': 'tomcat9.exe', 'service': 'tomcat9',
     'exe': 'c:\\program files\\apache\\tomcat9.exe'},
    {'name': 'a service with a dot', 'port': 8082, 'service': 'zabbix.agent'},
    {'name': 'the name of an executable', 'port': 8083, 'process': 'app.exe'},
    {'name': 'an interface', 'port': 8084, 'bind': 'Ethernet 2'},
]


def asserted(path, expected, **options):
    return asserting.Run()(
        variables={'listener_default_unexpected': 'fail'}, facts=str(path), max_age=0, fail=False, expected=expected,
        **options)


@pytest.fixture
def recorded(tmp_path):
    """A file with the facts of a Windows host."""
    path = tmp_path / 'facts.json'
    path.write_text(json.dumps(facts(*LISTENERS)), encoding='ascii')
    return path


def test_names_are_those_of_windows(recorded):
    result = asserted(recorded, FITTING)
    assert result['failing'] is False and result['findings'] == [], result['msg']


def test_half_a_service_is_another_one(recorded):
    half = [dict(entry, service='Zabbix') if entry['port'] == 8082 else entry for entry in FITTING]
    [finding] = asserted(recorded, half)['findings']
    assert (finding['kind'], finding['listener']) == ('wrong_owner', 'tcp/0.0.0.0:8082')
    assert finding['message'].startswith('tcp 0.0.0.0:8082 is owned by x.exe pid 100 (Zabbix.Agent) ')
    assert finding['remedy'] == (
        'find out why it uses the port; stop the service Zabbix.Agent (Stop-Service Zabbix.Agent), or declare it')


def test_the_same_facts_of_another_host_are_not_folded(tmp_path):
    made = facts(*LISTENERS, is_windows=False)
    path = tmp_path / 'facts.json'
    path.write_text(json.dumps(made), encoding='ascii')
    wrong = {finding['listener'] for finding in asserted(path, FITTING)['findings']}
    assert wrong == {'tcp/0.0.0.0:8080', 'tcp/0.0.0.0:8081', 'tcp/0.0.0.0:8082', 'tcp/0.0.0.0:8083'}


@pytest.mark.parametrize('tested, name', [
    (filtering, 'port_filter'), (openings, 'port_openings')])
@pytest.mark.parametrize('keywords', [{}, {'check_mode': True}])
def test_nothing_is_changed_on_a_windows_host(tested, name, keywords):
    host = tested.Host([AssertionError('the host was contacted')])
    host.connection._shell._IS_WINDOWS = True
    with pytest.raises(AnsibleActionFail, match='^%s does not work on Windows hosts yet$' % name):
        tested.run(host, keywords)
    assert host.done == []


def test_a_plan_is_made_of_what_the_windows_host_sends():
    host = plan.Host(AssertionError('the host was contacted'), AssertionError('the host was contacted'))
    host.answers['win_collect_listeners'] = {'packed': raw_hosts.packed(raw_hosts.server_2016())}
    host.connection._shell._IS_WINDOWS = True
    result = plan.run(host)
    assert not result.get('failed') and 'tcp 0.0.0.0:3389 svchost.exe pid 1056 ' in result['msg'], result['msg']
    assert list(host.asked) == ['win_collect_listeners'] and host.asked['win_collect_listeners']['plan'] is True
