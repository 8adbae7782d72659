# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""report_reach, on records and results that are made up."""

import json
import re
from unittest import mock

import pytest

from ansible.errors import AnsibleActionFail
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.task import Task
from ansible_collections.listening.ports.plugins.action import report_reach
from ansible_collections.listening.ports.plugins.plugin_utils._facts import records
from ansible_collections.listening.ports.plugins.plugin_utils._report.console.screen import Terminal
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._reach.reaching import (
    EVERYBODY, host, listens, sent
)
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import RUN, record

PROBE = {'index': 0, 'endpoint': 'tcp/10.0.0.5:22', 'protocol': 'tcp', 'address': '10.0.0.5', 'port': 22,
         'verdict': 'filtered', 'reason': 'timed out', 'local_address': '10.0.0.7', 'rtt_ms': None}


class Variables(dict):
    """Variables of hosts, as hostvars has them."""

    def raw_get(self, name):
        return self[name]


@pytest.fixture
def report(tmp_path):
    terminal = Terminal(mock.MagicMock())
    only_ssh = [sent([[22, 22]]), sent([[1, 21], [23, 65535]], allowed=())]
    for name, facts in (
            ('db', host(listens('10.0.0.7/32'), listens(EVERYBODY, port=22))),
            ('web', host(addresses=['10.0.0.7/24'])),
            ('app', host(addresses=['10.0.0.8/24'], outgoing=only_ssh))):
        records.write(str(tmp_path), record(name, facts))
    records.write(str(tmp_path), record('broken', status='unreachable', message='no route'))
    variables = Variables({name: {'ansible_host': name} for name in ('db', 'web', 'app', 'broken')})

    def run(**arguments):
        task = Task()
        task.args = {'path': str(tmp_path), 'run_id': RUN, 'targets': ['db'], 'sources': ['web', 'app'], **arguments}
        action = report_reach.ActionModule(
            task, mock.MagicMock(), mock.MagicMock(), DataLoader(), None, None, terminal=terminal)
        action._load_name = 'listening.ports.report_reach'
        return action.run(task_vars={'hostvars': variables, 'ansible_play_hosts_all': list(variables), 'groups': {}})
    run.variables = variables
    return run


def test_answers(report):
    result = report()
    assert result['counts'] == {'yes': 3, 'no': 1, 'unknown': 0}
    assert result['complete'] and not result['failing'] and 'failed' not in result and result['answers_total'] == 2
    assert {row['listener']: row['reached_by'] for row in result['answers']} == {
        'tcp/0.0.0.0:5432': ['web'], 'tcp/0.0.0.0:22': ['web', 'app']}
    assert result['answers'][0]['not_reached_by'] == [{'hosts': ['app'], 'because': 'blocked by db'}]
    assert re.search(r'(?m)^db: tcp 0\.0\.0\.0:5432 nginx .*\n  reached by    web\n  not by        app: blocked by db$',
                     result['table'])
    assert result['msg'] == '4 pairs of a host and a listener: 3 can, 1 cannot, 0 not known.'


def test_ports(report):
    assert [row['listener'] for row in report(ports=['22'])['answers']] == ['tcp/0.0.0.0:22']
    assert report(ports=['20-30/tcp', '5432/udp'])['answers_total'] == 1
    assert report(ports=['ssh', 5432])['answers_total'] == 2
    result = report(ports=['23'])
    assert result['failed']
    assert result['msg'] == 'Nothing that others could reach listens on these ports of these hosts.'


@pytest.mark.parametrize('arguments, words', [
    ({'ports': ['no-such-service']}, "option ports: 'no-such-service' is neither a port nor a service name"),
    ({'ports': ['0']}, 'option ports: 0 is not a port; ports are 1 to 65535'),
    ({'ports': ['30-20']}, "option ports: the range '30-20' is empty"),
    ({'targets': []}, 'targets is empty: nobody would be asked'),
    ({'sources': []}, 'sources is empty: nobody would be asked'),
    ({'sources': ['wbe']}, 'not in the inventory: wbe'),
])
def test_nonsense(report, arguments, words):
    with pytest.raises(AnsibleActionFail, match=re.escape(words)):
        report(**arguments)


def test_too_many_questions(report, monkeypatch):
    monkeypatch.setattr(report_reach.answer, 'MOST_QUESTIONS', 1)
    with pytest.raises(AnsibleActionFail, match='too many questions .*: name fewer targets, sources or ports'):
        report()


def test_a_host_of_which_nothing_is_known_fails_the_report(report):
    result = report(sources=['web', 'broken'])
    assert result['failed'] and not result['complete']
    assert result['msg'] == 'Not everything is known: broken: unreachable: no route'
    assert result['answers'][0]['unknown'] == [{'hosts': ['broken'], 'because': 'unreachable: no route'}]
    assert 'failed' not in report(sources=['web', 'broken'], fail=False)


def test_probes(report):
    assert report(plan=True) == {'changed': False, 'endpoints': [
        {'address': '10.0.0.5', 'port': port, 'protocol': 'tcp'} for port in (5432, 22)]}
    report.variables['web']['found'] = {'packed': json.dumps([dict(PROBE, index=1)])}
    result = report(sources=['web'], probes='found')
    assert result['failed'] and [one['kind'] for one in result['contradictions']] == ['not_reached']
    assert result['msg'] == result['contradictions'][0]['message']


def test_a_source_that_could_not_probe_is_named(report):
    report.variables['web']['found'] = {'failed': True, 'msg': 'no Python'}
    result = report(sources=['web'], probes='found')
    assert result['failed'] and result['msg'] == 'Not everything is known: web could not probe: failed: no Python'


def test_addresses(report):
    report.variables['db'] = {'ansible_host': '192.0.2.5'}
    assert {endpoint['address'] for endpoint in report(plan=True)['endpoints']} == {'192.0.2.5'}
    assert {endpoint['address'] for endpoint in report(plan=True, addresses='all')['endpoints']} == {'10.0.0.5'}
