# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""report_probes, on records and results that are made up."""

import json
import re
from unittest import mock

import pytest

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.task import Task
from ansible_collections.listening.ports.plugins.action import report_probes
from ansible_collections.listening.ports.plugins.plugin_utils._facts import records
from ansible_collections.listening.ports.plugins.plugin_utils._report.console.screen import Terminal
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import (
    RUN,
    exposure,
    facts,
    listener,
    record,
)

ENDPOINT = {'address': '10.0.0.5', 'port': 5432, 'protocol': 'tcp'}


class Variables(dict):
    """Variables of hosts, as hostvars has them."""

    def raw_get(self, name):
        return self[name]


def answer(verdict='open', **other):
    probe = {
        'index': 0,
        'endpoint': 'tcp/10.0.0.5:5432',
        'protocol': 'tcp',
        'address': '10.0.0.5',
        'port': 5432,
        'verdict': verdict,
        'reason': 'connected',
        'local_address': '10.0.0.7',
        'rtt_ms': 0.4,
    }
    return {'packed': json.dumps([dict(probe, **other)])}


@pytest.fixture
def report(tmp_path):
    shown = []
    terminal = Terminal(mock.MagicMock(display=lambda text, **options: shown.append(text)))
    records.write(str(tmp_path), record('db', facts(listener(port=5432))))
    records.write(str(tmp_path), record('broken', status='unreachable', message='no route'))
    variables = Variables({'db': {'ansible_host': '10.0.0.5'}, 'web': {'found': answer()}, 'broken': {}, 'later': {}})

    def run(limit=(), **arguments):
        task = Task()
        task.args = dict({'path': str(tmp_path), 'run_id': RUN, 'targets': ['db']}, **arguments)
        action = report_probes.ActionModule(
            task, mock.MagicMock(), mock.MagicMock(), DataLoader(), None, None, terminal=terminal
        )
        action._load_name = 'listening.ports.report_probes'
        return action.run(
            task_vars={
                'hostvars': variables,
                'ansible_play_hosts_all': [name for name in variables if name not in limit],
            }
        )

    run.variables, run.shown = variables, shown
    return run


def test_the_plan(report):
    assert report() == {'changed': False, 'endpoints': [ENDPOINT]}
    assert report.shown == []


@pytest.mark.parametrize('variables, wanted', [
    ({}, [{'host': 'db', 'family': 'ipv4'}]),
    ({'ansible_host': 'db.example.org'}, [{'host': 'db.example.org', 'family': 'ipv4'}]),
    ({'ansible_host': '192.0.2.9', 'probe_address': '10.0.0.6'}, [{'address': '10.0.0.6'}]),
    ({'probe_address': ['10.0.0.6', '10.0.0.7']}, [{'address': '10.0.0.6'}, {'address': '10.0.0.7'}]),
    ({'ansible_facts': {'ansible_local': {}, 'all_ipv4_addresses': []}}, [{'host': 'db', 'family': 'ipv4'}]),
])
def test_the_address_of_a_target(report, variables, wanted):
    report.variables['db'] = variables
    assert report()['endpoints'] == [dict(endpoint, port=5432, protocol='tcp') for endpoint in wanted]


def test_all_addresses_are_those_that_the_host_has(report):
    report.variables['db'] = {'probe_address': '10.0.0.6'}
    assert report(addresses='all')['endpoints'] == [], 'the facts have loopback and link-local ones alone'


@pytest.mark.parametrize(
    'variables, words',
    [
        (
            {'ansible_facts': {'probe_address': '192.0.2.1'}},
            'db has a fact named probe_address: a host must not decide where it is probed',
        ),
        ({'ansible_facts': {'host': '192.0.2.1'}}, 'db has a fact named ansible_host'),
        ({'probe_address': 'a b'}, 'probe_address of db has to be an address or a name, or a list of them'),
        ({'probe_address': {'a': 1}}, 'probe_address of db has to be'),
        ({'probe_address': ['10.0.0.5', 5]}, 'probe_address of db has to be'),
    ],
)
def test_addresses_that_make_no_sense(report, variables, words):
    report.variables['db'] = variables
    with pytest.raises(AnsibleActionFail, match=re.escape(words)):
        report()


def test_variables_that_cannot_be_read(report):
    class Broken(dict):
        def get(self, name, default=None):
            raise AnsibleError('%s is undefined\x1b[1m' % name)
    report.variables['db'] = Broken()
    with pytest.raises(AnsibleActionFail, match=r'the address of db cannot be read: .*is undefined\\x1b'):
        report()


def test_the_report(report):
    result = report(vantages=['web'], probes='found')
    table = result.pop('table')
    assert result == {
        'changed': False,
        'findings': [],
        'findings_total': 0,
        'failing': False,
        'complete': True,
        'counts': {'open': 1},
        'msg': '1 endpoint: 1 open; no firewall is known to compare it with.',
    }
    assert (
        re.search('^db +tcp +10.0.0.5:5432 +nginx +- +open$', table, re.MULTILINE) and report.shown[0] == table + '\n\n'
    )


@pytest.mark.parametrize(
    'arguments, fails',
    [({}, True), ({'fail': False}, False), ({'fail_on': []}, False), ({'fail_on': ['closed', 'filtered']}, False)],
)
def test_a_contradiction_fails(report, tmp_path, arguments, fails):
    records.write(str(tmp_path), record('db', facts(listener(port=5432, exposure=exposure()))))
    result = report(vantages=['web'], probes='found', **arguments)
    assert result.get('failed', False) is fails and result['failing'] is (arguments.get('fail_on') is None)
    assert result['findings'][0]['kind'] == 'contradiction' and ('table' in result) is not fails
    assert result['msg'].startswith('db tcp 0.0.0.0:5432 nginx pid 100: the host') is result['failing']


@pytest.mark.parametrize(
    'arguments, limit, words',
    [
        ({'targets': ['db', 'broken']}, (), 'target broken: unreachable: no route'),
        ({'targets': ['db', 'later']}, (), 'target later: there is no record of it'),
        (
            {'targets': ['db', 'later']},
            ('later',),
            'target later: there is no record of it; it is not in this play (is it excluded by --limit?)',
        ),
        ({'vantages': ['web', 'later']}, (), 'vantage host later: it did not probe anything'),
        (
            {'vantages': ['web', 'later']},
            ('later',),
            'vantage host later: failed: it is not in this play (is it excluded by --limit?)',
        ),
    ],
)
def test_what_is_missing_fails(report, arguments, limit, words):
    result = report(limit=limit, **dict({'vantages': ['web'], 'probes': 'found'}, **arguments))
    assert result['failed'] and result['failing'] and result['complete'] is False
    assert result['msg'] == 'Not everything could be probed: %s' % words and '  %s\n' % words in report.shown[0]
    assert 'failed' not in report(
        limit=limit, **dict({'vantages': ['web'], 'probes': 'found', 'fail': False}, **arguments)
    )


def test_results_of_an_earlier_run_of_a_host_that_is_not_in_the_play_do_not_count(report):
    assert report(limit=['web'], vantages=['web'], probes='found')['complete'] is False


@pytest.mark.parametrize(
    'returned', [answer('unknown', reason='no time left'), {'unreachable': True, 'msg': 'gone'}, {'skipped': True}]
)
def test_vantage_hosts_that_find_out_nothing(report, returned):
    report.variables['web'] = {'found': returned}
    assert report(vantages=['web'], probes='found')['failed']


def test_the_newest_records_of_any_run(report):
    assert report(run_id='any')['endpoints'] == [ENDPOINT]
    assert report(run_id='another')['endpoints'] == []


@pytest.mark.parametrize('arguments, words', [
    ({'targets': []}, 'targets is empty: nothing would be probed'),
    ({'probes': 'found'}, 'vantages is empty: nothing would be probed'),
    ({'targets': ['db', 'ghost\x1b']}, 'not in the inventory: ghost\\x1b'),
    ({'vantages': ['ghost'], 'probes': 'found'}, 'not in the inventory: ghost'),
    ({'run_id': 'a b'}, 'run_id has to be 1 to 64 letters'),
    ({'width': 0}, 'width has to be at least 1, not 0'),
    ({'fail_on': ['open']}, 'value of fail_on must be one or more of: contradiction, closed, filtered'),
])
def test_options_that_are_wrong(report, arguments, words):
    with pytest.raises(AnsibleActionFail, match=re.escape(words)):
        report(**arguments)
