# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""assert_listeners, with answers of hosts that are made up: what it asks, when it looks again, what it returns."""

from unittest import mock

import pytest

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure, AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible_collections.listening.ports.plugins.plugin_utils._facts import records
from ansible_collections.listening.ports.plugins.plugin_utils._report import model
from ansible_collections.listening.ports.tests.unit.plugins.action.asserting import Run, seen
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import exposure, gap, listener, owner

SSH = {'name': 'ssh', 'port': 22, 'process': 'sshd'}
WEB = {'name': 'web', 'port': 80, 'process': 'nginx'}
SSHD = listener(port=22, owners=[owner(812, 'sshd', 'root')])
NGINX = listener()
CLIENT = listener(port=40000, protocol='udp', ephemeral=True, backlog=None, owners=[owner(600, 'chronyd', 'chrony')])
BOTH = {'expected_listeners': [SSH, WEB]}


@pytest.fixture
def run():
    return Run()


def test_a_host_that_is_as_declared(run):
    result = run(seen(SSHD, NGINX), variables=BOTH)
    assert result.pop('policy') == {
        'summary': mock.ANY,
        'hash': mock.ANY,
        'variables': ['expected_listeners'],
        'entries': 2,
        'waivers': 0,
    }
    summary = result.pop('summary')
    assert (summary['listeners'], summary['complete']['sockets']) == (2, True)
    message = result.pop('msg').splitlines()
    assert message[0] == 'web-1 is as declared: 2 listeners.' and message[1].startswith(
        'policy: 1 variable, 2 entries, sha256 '
    )
    assert result == {
        'changed': False,
        'failing': False,
        'status': 'ok',
        'verdict': 'as_declared',
        'passes': True,
        'findings': [],
        'findings_total': 0,
        'counts': {},
        'waived': 0,
    }


def test_the_module_runs_once_with_the_options_that_are_its_own(run):
    run(seen(SSHD, NGINX), variables=BOTH, gather='owners,raw', collector='procfs', max_sockets='5', max_fds=6)
    assert run.looks == 1 and run.clock.slept == []
    assert run.asked[0]['module_name'] == 'listening.ports.collect_listeners'
    assert run.asked[0]['module_args'] == {
        'gather': ['owners', 'raw'], 'collector': 'procfs', 'max_sockets': 5, 'max_fds': 6}


def test_a_host_that_is_not_as_declared(run):
    result = run(seen(SSHD, listener(port=8080)), variables=BOTH)
    assert (result['failed'], result['failing'], result['changed'], result['status']) == (True, True, False, 'ok')
    assert result['counts'] == {'missing': 1, 'unexpected': 1}
    assert [finding['kind'] for finding in result['findings']] == ['missing', 'unexpected']
    assert result['msg'].splitlines()[0] == 'web-1 is not as declared: 2 findings.'
    assert 'warnings' not in result


def test_whether_the_task_fails_is_a_choice(run):
    result = run(seen(SSHD), variables=BOTH, fail=False)
    assert 'failed' not in result and result['failing'] is True


def test_findings_are_capped_with_a_count(run):
    many = [listener(port=port) for port in range(1000, 1100)]
    result = run(seen(*many), variables={'expected_listeners': []}, max_findings=7)
    assert (len(result['findings']), result['findings_total'], result['counts']) == (7, 100, {'unexpected': 100})
    assert 'And 93 more.' in result['msg'].splitlines() and len(result['msg'].splitlines()) == 10


def test_facts_are_returned_on_request_only(run):
    assert 'ansible_facts' not in run(seen(SSHD, NGINX), variables=BOTH)
    result = run(seen(SSHD, NGINX), variables=BOTH, return_facts=True)
    assert result['ansible_facts'] == {'ansible_listening_ports': seen(SSHD, NGINX)}
    assert 'ansible_facts' not in run({'failed': True, 'msg': 'x'}, variables=BOTH, return_facts=True)


def test_what_a_host_adds_to_its_answer_does_not_get_into_the_play(run):
    hostile = {
        'packed': '{}',
        'ansible_facts': {'expected_listeners': []},
        'add_host': {},
        'rc': 1,
        'warnings': ['a\x1b', {'x': 1}],
    }
    result = run(hostile, variables=BOTH)
    assert set(result) == {'changed', 'failed', 'failing', 'msg', 'passes', 'policy', 'status', 'verdict', 'warnings'}
    assert result['msg'] == 'web-1 could not be judged: the packed facts are not valid: schema: is missing'
    assert result['warnings'] == ['a\\x1b']


UNREACHABLE = [
    AnsibleConnectionFailure('no\x1b route {{ 7*7 }}'),
    {'unreachable': True, 'msg': 'no\x1b route {{ 7*7 }}'},
]


@pytest.mark.parametrize('answer', UNREACHABLE, ids=['exception', 'result'])
@pytest.mark.parametrize('fail', [True, False])
def test_an_unreachable_host_is_unreachable(run, answer, fail):
    result = run(answer, variables=BOTH, fail=fail, wait_for=100)
    assert (result['unreachable'], result['failing'], result['status']) == (True, True, 'unreachable')
    assert 'failed' not in result and 'findings' not in result
    assert result['msg'] == 'web-1 is unreachable, after 1.0 s and 1 check: no\\x1b route {{ 7*7 }}'
    assert run.looks == 1


@pytest.mark.parametrize('answer, message', [
    (AnsibleError('Incorrect sudo password'), 'Incorrect sudo password'),
    ({'failed': True, 'msg': 'no\n collector'}, 'no collector'),
    ({}, 'the packed facts are not text'),
])
def test_a_host_that_cannot_be_looked_at_fails_and_is_not_asked_again(run, answer, message):
    result = run(answer, variables=BOTH, wait_for=100)
    assert (result['failed'], result['failing'], result['status']) == (True, True, 'failed')
    assert result['msg'] == 'web-1 could not be judged, after 1.0 s and 1 check: ' + message
    assert run.looks == 1
    assert 'failed' not in run(answer, variables=BOTH, fail=False)


def test_clients_are_looked_at_once_more(run):
    result = run(seen(SSHD, NGINX, CLIENT), seen(SSHD, NGINX), variables=BOTH)
    assert (result['findings'], run.looks, run.clock.slept) == ([], 2, [1])


def test_another_client_is_not_the_same_one(run):
    other = listener(port=41000, protocol='udp', ephemeral=True, backlog=None, owners=[owner(600, 'chronyd', 'chrony')])
    result = run(seen(SSHD, NGINX, CLIENT), seen(SSHD, NGINX, other), variables=BOTH)
    assert (result['findings'], run.looks) == ([], 2)


def test_what_is_still_there_is_a_finding_that_warns(run):
    result = run(seen(SSHD, NGINX, CLIENT), variables=BOTH)
    assert (run.looks, run.clock.slept, result['failing'], 'failed' in result) == (2, [1], False, False)
    assert [finding['fails'] for finding in result['findings']] == [False]
    finding = result['findings'][0]
    assert 'udp 0.0.0.0:40000 chronyd pid 600' in finding['message']
    assert result['warnings'] == [
        'web-1: unexpected, low, does not fail: %s. To do: %s.' % (finding['message'], finding['remedy'])
    ]


def test_a_second_look_that_fails_is_no_first_one_that_succeeded(run):
    result = run(seen(SSHD, NGINX, CLIENT), AnsibleError('gone'), variables=BOTH)
    assert (result['failed'], result['status'], 'findings' in result) == (True, 'failed', False)


FORWARDED = dict(listener(port=30080, owners=[], exposure=exposure('allowed', ['0.0.0.0/0'])), to='10.88.0.4:8080',
                 ports='30080', decided_by='a rule', proxy=None, container=None)
NODEPORT = {'name': 'nodeport', 'port': 30080}


def test_what_is_missing_is_looked_for_among_what_the_host_forwards(run):
    with_rules = seen(SSHD, forwarded=[FORWARDED])
    with_rules['complete']['firewall'] = True
    result = run(seen(SSHD), with_rules, variables={'expected_listeners': [SSH, NODEPORT]})
    assert (result['findings'], result['failing'], run.looks, run.clock.slept) == ([], False, 2, [])
    assert [asked['module_args']['gather'] for asked in run.asked] == [['owners'], ['owners', 'firewall']]


@pytest.mark.parametrize('entry, given', [
    (dict(NODEPORT, service='shop'), {}), (dict(NODEPORT, bind='loopback'), {}), (NODEPORT, {'gather': ['owners']})])
def test_nor_is_the_firewall_asked_where_that_cannot_be_or_is_not_wanted(run, entry, given):
    result = run(seen(SSHD), variables={'expected_listeners': [SSH, entry]}, diagnose=False, **given)
    assert ([finding['kind'] for finding in result['findings']], run.looks) == (['missing'], 1)


def test_what_is_missing_all_the_same_is_missing(run):
    result = run(seen(SSHD), variables={'expected_listeners': [SSH, NODEPORT]})
    assert ([finding['kind'] for finding in result['findings']], run.looks) == (['missing'], 2)
    assert 'gather the firewall with become' in result['findings'][0]['remedy']


def test_it_waits_until_the_host_is_as_declared(run):
    result = run(seen(SSHD), seen(SSHD), seen(SSHD, NGINX), variables=BOTH, wait_for=30)
    assert (result['failing'], result['attempts'], result['waited'], run.clock.slept) == (False, 3, 7.0, [2, 2])
    assert result['msg'].splitlines()[0] == 'web-1 is as declared: 2 listeners, after 7.0 s and 3 checks.'


def test_it_waits_in_vain_and_no_longer_than_it_may(run):
    result = run(seen(SSHD), variables=BOTH, wait_for=10, poll=4)
    assert (result['failed'], result['attempts'], result['waited'], run.clock.slept) == (True, 3, 11.0, [4, 4])
    assert result['msg'].splitlines()[0] == 'web-1 is not as declared: 1 finding, still so after 11.0 s and 3 checks.'
    assert 'tcp/80' in result['msg'].splitlines()[1]


def test_the_last_look_is_at_the_end(run):
    run(seen(SSHD), variables=BOTH, wait_for=4, poll=60)
    assert run.clock.slept == [3] and run.looks == 2


def test_there_is_a_bound_to_what_it_asks(run):
    result = run(seen(SSHD), variables=BOTH, wait_for=100000, poll=1)
    assert result['attempts'] == run.looks <= 301


def test_a_wait_ends_with_a_host_that_goes_away(run):
    result = run(seen(SSHD), AnsibleConnectionFailure('gone'), variables=BOTH, wait_for=100)
    assert (result['unreachable'], result['attempts']) == (True, 2)
    assert result['msg'] == 'web-1 is unreachable, after 4.0 s and 2 checks: gone'


def test_while_it_waits_clients_are_looked_at_twice_as_well(run):
    result = run(seen(CLIENT), seen(SSHD, NGINX, CLIENT), variables=BOTH, wait_for=30)
    assert (run.looks, run.clock.slept, result['failing']) == (2, [2], False)


def test_only_some_entries(run):
    variables = {
        'expected_listeners': [SSH, WEB, {'name': 'other', 'port': 80, 'process': 'apache2', 'state': 'optional'}]
    }
    result = run(
        seen(SSHD, listener(owners=[owner(5, 'apache2')]), listener(port=8080), CLIENT),
        variables=variables,
        entries=['other', 'ss?'],
    )
    assert (result['findings'], result['failing'], run.looks) == ([], False, 1)
    assert result['msg'].splitlines()[0] == 'web-1 is as declared, judged by entries ssh, other: 4 listeners.'
    result = run(seen(listener(port=8080)), variables=variables, entries='ssh', max_findings=5)
    assert [(finding['kind'], finding['entry']) for finding in result['findings']] == [('missing', 'ssh')]
    assert result['msg'].splitlines()[0] == 'web-1 is not as declared, judged by entry ssh: 1 finding.'


def test_a_listener_may_be_what_another_entry_lets_it_be(run):
    """The entries that are not asked about still count."""
    variables = {'expected_listeners': [WEB, {'name': 'apache', 'port': 80, 'process': 'apache2', 'state': 'optional'}]}
    result = run(seen(listener(owners=[owner(5, 'apache2')])), variables=variables, entries=['apache'])
    assert result['findings'] == []
    result = run(seen(listener(owners=[owner(5, 'apache2')])), variables=variables, entries=['web'])
    assert [finding['kind'] for finding in result['findings']] == ['missing']


def test_a_finding_about_several_entries_is_one_about_each(run):
    variables = {
        'expected_listeners': [
            WEB,
            {'name': 'apache', 'port': 80, 'process': 'apache2'},
            {'name': 'proxy', 'port': 8080, 'user': 'x'},
        ]
    }
    result = run(seen(listener(owners=[owner(5, 'thief')])), variables=variables, entries=['apache'])
    assert [(finding['kind'], finding['listener']) for finding in result['findings']] == [
        ('wrong_owner', 'tcp/0.0.0.0:80')
    ]
    hidden = [listener(owners=[]), listener(port=8080, owners=[])]
    for chosen in ('web', 'proxy'):
        result = run(seen(*hidden, gaps=[gap()]), variables=variables, entries=[chosen])
        assert [finding['kind'] for finding in result['findings']] == ['unknown']
    result = run(seen(*hidden[:1], gaps=[gap()]), variables={'expected_listeners': [WEB, SSH]}, entries=['ssh'])
    assert [finding['kind'] for finding in result['findings']] == ['missing']


WRITTEN = """expected_listeners:
  - {name: ssh, port: 22, process: sshd}
  - name: web
    port: 80
  - {name: ntp, port: 123/udp, state: optional}
listener_waivers:
  - {name: old, port: 8080, expires: never}
"""


def test_a_record_says_where_the_entries_of_findings_are(run, tmp_path, monkeypatch):
    """And those of which nobody may turn out to have a use."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'web.yml').write_text(WRITTEN)
    run(seen(SSHD), variables=DataLoader().load_from_file(str(tmp_path / 'web.yml')), path=str(tmp_path), fail=False)
    entry = records.read(str(tmp_path), 'web-1')
    assert entry['judgement']['places'] == {
        'expected_listeners': {'path': 'web.yml', 'line': 1, 'entries': {'web': 3, 'ntp': 5}},
        'listener_waivers': {'path': 'web.yml', 'line': 6, 'entries': {'old': 7}},
    }


def test_a_record_says_where_a_declaration_is_refused(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'web.yml').write_text(WRITTEN.replace('80', '80000'))
    run(variables=DataLoader().load_from_file(str(tmp_path / 'web.yml')), path=str(tmp_path), fail=False)
    judgement = records.read(str(tmp_path), 'web-1')['judgement']
    assert judgement['refused'] and judgement['places']['expected_listeners'] == {
        'path': 'web.yml', 'line': 1, 'entries': {'web': 3}}


def test_options_of_the_task_are_not_where_variables_of_that_name_are(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / 'web.yml').write_text('expected: [{name: web, port: 80}]\n')
    variables = DataLoader().load_from_file(str(tmp_path / 'web.yml'))
    run(seen(SSHD), variables=variables, expected=[SSH, WEB], path=str(tmp_path), fail=False)
    judgement = records.read(str(tmp_path), 'web-1')['judgement']
    assert judgement['policy']['variables'] == ['expected'] and judgement['places'] == {}


@pytest.mark.parametrize(
    'variables, message',
    [
        (
            {'expected_listeners': [dict(SSH, prot='tcp')]},
            'expected_listeners, entry ssh, option prot: there is no such option; did you mean port?',
        ),
        (
            {'expected_listeners': [SSH], 'listener_unexpected': 'no'},
            'listener_unexpected: has to be one of fail, warn, ignore',
        ),
        (
            {'expected_listeners': [SSH], 'ansible_facts': {'expected_listeners': []}},
            'expected_listeners: the host has a fact of this name',
        ),
        (
            {'ansible_expected_listeners': [], 'ansible_facts': {'expected_listeners': []}},
            'ansible_expected_listeners: the host has a fact',
        ),
        (
            {},
            'This host has no declaration. Set expected_listeners in its group_vars or host_vars, '
            'even to an empty list',
        ),
    ],
)
def test_a_declaration_is_refused_before_the_host_is_contacted(run, variables, message):
    for fail in (True, False):
        result = run(variables=variables, fail=fail)
        assert run.looks == 0
        assert (result.get('failed', False), result['failing'], result['status']) == (fail, True, 'refused')
        assert result['msg'].startswith('web-1: ') and message in result['msg']


def test_a_message_of_many_faults_is_no_novel(run):
    result = run(variables={'expected_listeners': [{'name': 'x' * 5000, 'port': 0}] * 500})
    assert len(result['msg']) < 20000 and result['msg'].splitlines()[-1].startswith('And ')


def test_what_does_not_have_to_be_declared(run):
    result = run(seen(SSHD, gaps=[gap(message='a\x1b')]), declaration='optional')
    assert (result['failing'], result['status'], 'policy' in result, 'findings' in result) == (
        False,
        'ok',
        False,
        False,
    )
    assert result['msg'] == 'web-1: 1 listener; owners not complete: a\\x1b; hint: become; it has no declaration'
    assert run.looks == 1
    assert run(declaration='optional', entries=['ssh'])['status'] == 'refused'


def test_the_declaration_alone(run):
    result = run(variables=BOTH, facts='none')
    assert (result['failing'], result['status'], 'failed' in result, run.looks) == (False, 'ok', False, 0)
    assert result['msg'].startswith('web-1: the declaration is in order; policy: 1 variable, 2 entries, sha256 ')


def test_arguments_take_the_place_of_variables(run):
    variables = dict(BOTH, listener_waivers=[{'port': 8080, 'expires': 'never'}])
    result = run(seen(NGINX, listener(port=8080)), variables=variables, expected=[WEB])
    assert (result['findings'], result['waived'], result['policy']['variables']) == (
        [],
        1,
        ['listener_waivers', 'expected'],
    )
    assert 'Waived: 1 finding.' in result['msg'].splitlines()
    result = run(seen(NGINX, listener(port=8080)), variables=variables, expected=[WEB], waivers=[])
    assert [(finding['kind'], finding['listener']) for finding in result['findings']] == [
        ('unexpected', 'tcp/0.0.0.0:8080')
    ]
    assert run(seen(), variables=BOTH, expected=[])['failing'] is False


def test_units_of_what_has_to_be_there_are_asked_about_within_the_look(run):
    entries = [
        {'name': 'web', 'port': 80, 'service': ['nginx', 'apache2.service']},
        {'name': 'a', 'port': 1, 'service': 'x', 'state': 'optional'},
        {'name': 'b', 'port': 2, 'service': 'y*'},
        {'name': 'c', 'port': 3, 'service': 'z', 'when': False},
    ]
    run(seen(), variables={'expected_listeners': entries})
    assert run.asked[0]['module_args']['diagnose'] == ['apache2.service', 'nginx.service']
    run(seen(), variables={'expected_listeners': entries}, entries=['b'])
    assert 'diagnose' not in run.asked[0]['module_args']
    run(seen(), variables={'expected_listeners': entries}, diagnose=False)
    assert 'diagnose' not in run.asked[0]['module_args']
    many = [{'name': str(port), 'port': port, 'service': 'unit%d' % port} for port in range(1, 2000)]
    run(seen(), variables={'expected_listeners': many})
    assert len(run.asked[0]['module_args']['diagnose']) == 1000


DIAGNOSIS = {
    'unit': 'nginx.service',
    'id': 'nginx.service',
    'load': 'loaded',
    'active': 'failed',
    'sub': 'failed',
    'enabled': 'enabled',
    'result': 'exit-code',
    'exit': 1,
    'holds': False,
    'lines': ['bind() failed\x1b[1m {{ 7*7 }}'],
    'unseen': [],
}


def test_what_is_missing_is_diagnosed(run):
    variables = {'expected_listeners': [{'name': 'web', 'port': 80, 'service': 'nginx'}]}
    result = run(seen(diagnoses={'nginx.service': DIAGNOSIS}), variables=variables)
    assert 'bind() failed\\x1b[1m {{ 7*7 }}' in result['msg']


def test_while_it_waits_nothing_is_diagnosed_but_at_the_end(run):
    variables = {'expected_listeners': [{'name': 'web', 'port': 80, 'service': 'nginx'}]}
    run(seen(), variables=variables, wait_for=10, poll=4)
    assert [asked['module_args'].get('diagnose') for asked in run.asked] == [None, None, ['nginx.service']]
    # the look before the last one may end when the time is over
    run(seen(), variables=variables, wait_for=7, poll=5)
    assert [asked['module_args'].get('diagnose') for asked in run.asked] == [None, None, ['nginx.service']]


def test_declared_against_found_is_shown_in_diff_mode(run):
    result = run(seen(SSHD, listener(port=8080)), variables=BOTH, keywords={'diff': True})
    missing, unexpected = (finding['expected'] for finding in result['findings'])
    assert result['diff'] == {
        'before_header': 'declared for web-1',
        'after_header': 'found on web-1',
        'before': '%s\ntcp 0.0.0.0:8080: %s\n' % (missing, unexpected),
        'after': 'nothing\ntcp 0.0.0.0:8080 nginx pid 100\n',
    }
    assert result['msg'].splitlines()[3:-1] == [
        '--- declared for web-1', '+++ found on web-1', '-' + missing, '+nothing',
        '-tcp 0.0.0.0:8080: ' + unexpected, '+tcp 0.0.0.0:8080 nginx pid 100']
    assert run(seen(SSHD), variables=BOTH, keywords={'diff': True}, max_findings=1)['diff']['before'] == missing + '\n'
    same = run(seen(SSHD, NGINX), variables=BOTH, keywords={'diff': True})
    assert same['diff']['before'] == same['diff']['after'] == '' and '---' not in same['msg']
    assert 'diff' not in run(seen(SSHD), variables=BOTH, keywords={'diff': False})


def test_what_is_not_known_is_no_difference(run):
    result = run(seen(SSHD, listener(owners=[]), gaps=[gap()]), variables=BOTH, keywords={'diff': True})
    assert (result['counts'], result['diff']['before'], result['diff']['after']) == ({'unknown': 1}, '', '')


def test_a_record_has_the_judgement(run, tmp_path):
    result = run(seen(SSHD, CLIENT), variables=BOTH, path=str(tmp_path), run_id='run1', fail=False)
    assert (result['path'], result['run_id']) == (str(tmp_path / 'hosts/web-1.json'), 'run1')
    entry = records.read(str(tmp_path), 'web-1')
    assert (entry['status'], entry['declared'], entry['run_id']) == ('ok', True, 'run1')
    judgement = entry['judgement']
    assert (judgement['failing'], judgement['refused'], judgement['findings_total']) == (True, None, 2)
    assert [
        {key: finding[key] for key in finding if key not in ('parts', 'same', 'ports', 'listeners')}
        for finding in judgement['findings']
    ] == result['findings']
    assert [finding['parts']['entry'] for finding in judgement['findings'] if finding['kind'] == 'missing'] == ['web']
    assert [finding['ports'] for finding in judgement['findings'] if finding['kind'] == 'missing'] == [['tcp/80']]
    assert judgement['met']['entries'] == [['expected_listeners', 'ssh']]
    assert judgement['entries'] == [
        ['expected_listeners', 'ssh', 'required', 'met'], ['expected_listeners', 'web', 'required', 'failed']]
    assert 'warnings' not in result, 'the report shows what fails nothing'


def test_a_record_of_a_declaration_that_is_refused(run, tmp_path):
    result = run(variables={'expected_listeners': [{'name': 'ssh'}], 'listener_waivers': []}, path=str(tmp_path))
    entry = records.read(str(tmp_path), 'web-1')
    assert (entry['status'], entry['facts'], entry['declared']) == ('failed', None, True)
    assert entry['judgement']['refused'] == entry['message'] == result['msg'].partition(': ')[2]
    assert entry['judgement']['policy']['variables'] == ['expected_listeners', 'listener_waivers']


@pytest.mark.parametrize(
    'answer, status', [(AnsibleConnectionFailure('x'), 'unreachable'), (AnsibleError('x'), 'failed')]
)
def test_a_record_of_a_host_that_was_not_seen_has_none(run, tmp_path, answer, status):
    run(seen(), answer, variables=BOTH, path=str(tmp_path), wait_for=50)
    entry = records.read(str(tmp_path), 'web-1')
    assert (entry['status'], entry['message'], entry['judgement']) == (status, 'x', None)


def test_a_record_where_nothing_is_declared_has_none(run, tmp_path):
    run(seen(SSHD), path=str(tmp_path), declaration='optional')
    entry = records.read(str(tmp_path), 'web-1')
    assert (entry['status'], entry['declared'], entry['judgement']) == ('ok', False, None)


def test_a_record_that_cannot_be_written_fails_the_task_and_hides_nothing(run, tmp_path):
    (tmp_path / 'file').write_text('')
    result = run(seen(SSHD), variables=BOTH, path=str(tmp_path / 'file'), fail=False)
    assert (result['failed'], result['failing'], 'path' in result) == (True, True, False)
    assert (
        'cannot be written' in result['msg'].splitlines()[0]
        and 'web-1 is not as declared: 1 finding.' in result['msg'].splitlines()
    )


def test_warnings_name_the_host_unless_many_hosts_are_recorded(run, tmp_path):
    variables = dict(BOTH, expected_listener=[])
    warning = 'the variable expected_listener declares nothing; did you mean expected_listeners?'
    assert run(seen(SSHD, NGINX), variables=variables)['warnings'] == ['web-1: ' + warning]
    assert run(seen(SSHD, NGINX), variables=variables, path=str(tmp_path))['warnings'] == [warning]


def test_text_of_hosts_is_shown_and_does_nothing(run):
    evil = owner(process='{{ 7*7 }}\x1b]8;;\u202e\n::error::')
    result = run(seen(listener(owners=[evil])), variables={'inventory_hostname': 'a\x1bb', 'expected_listeners': []},
                 keywords={'diff': True})
    shown = repr((result['msg'], result['findings'], result['diff']))
    assert '{{ 7*7 }}\\\\x1b]8;;\\\\u202e\\\\n::error::' in shown
    for text in [result['msg'], *result['diff'].values(), *result['findings'][0].values()]:
        assert not isinstance(text, str) or text.replace('\n', '').isprintable()
    assert result['msg'].startswith('a\\x1bb is not as declared')


@pytest.mark.parametrize('keywords, message', [
    ({'delegate_to': 'other'}, 'does not work with delegate_to'), ({'run_once': True}, 'does not work with run_once'),
    ({'async_val': 10}, 'does not work with async'),
])
def test_other_hosts_and_the_background_are_refused(run, keywords, message):
    with pytest.raises(AnsibleActionFail, match=message):
        run(variables=BOTH, keywords=keywords)
    assert run.asked == []


@pytest.mark.parametrize(
    'arguments, message',
    [
        ({'run_id': '../x'}, 'run_id has to be'),
        ({'gather': ['firewalls']}, 'value of gather must be one or more of'),
        ({'result': 'facts'}, 'Unsupported parameters'),
        ({'entries': []}, 'entries is empty'),
        ({'poll': 0}, 'poll has to be at least 1'),
        ({'wait_for': -1}, 'wait_for has to be at least 0'),
        ({'max_age': -1}, 'max_age has to be at least 0'),
        ({'max_findings': 0}, 'max_findings has to be at least 1'),
        ({'facts': 'cached', 'wait_for': 1}, 'wait_for cannot be combined with'),
        ({'path': '/x', 'entries': ['a']}, 'path cannot be combined with entries'),
        ({'path': '/x', 'facts': 'cached'}, 'path cannot be combined with facts: cached'),
        ({'path': '/x', 'facts': 'none'}, 'path cannot be combined with facts: none'),
    ],
)
def test_options_that_are_wrong_are_refused_before_the_host_is_asked(run, arguments, message):
    with pytest.raises(AnsibleActionFail, match=message):
        run(variables=BOTH, fail=False, **arguments)
    assert run.asked == []


def test_an_error_of_our_own_is_not_taken_for_one_of_the_host(run):
    with pytest.raises(ZeroDivisionError):
        run(ZeroDivisionError(), variables=BOTH)


def test_the_interpreter_that_was_discovered_is_kept_for_the_tasks_that_follow(run):
    run.discovered = 'discovered_interpreter_python', '/usr/bin/python3'
    assert run(seen(SSHD, NGINX), variables=BOTH)['ansible_facts'] == {
        'discovered_interpreter_python': '/usr/bin/python3'
    }


def reported(path):
    """The host, as a report has it."""
    [(host, dummy)] = model.read(str(path), ['web-1'], 'run1')
    return host


@pytest.mark.parametrize('answer, variables, verdict', [
    (seen(SSHD, NGINX), BOTH, 'as_declared'),
    (seen(SSHD), BOTH, 'violates'),
    (seen(SSHD, NGINX, gaps=[gap('sockets')]), BOTH, 'unknown'),
    (seen(SSHD), {}, 'listed'),
    (seen(SSHD, gaps=[gap('sockets')]), {}, 'unknown'),
    ({'failed': True, 'msg': 'x'}, BOTH, 'unknown'),
    ({'unreachable': True, 'msg': 'x'}, {}, 'unknown'),
])
def test_the_verdict_is_that_of_a_report(run, tmp_path, answer, variables, verdict):
    result = run(answer, variables=variables, declaration='optional', path=str(tmp_path), run_id='run1')
    assert result['verdict'] == reported(tmp_path).verdict == verdict
    assert result['passes'] is (verdict in ('as_declared', 'listed'))


def test_the_verdict_on_a_refused_declaration_is_that_of_a_report(run, tmp_path):
    result = run(variables={'expected_listeners': [{}]}, path=str(tmp_path), run_id='run1')
    assert result['passes'] is False
    assert result['verdict'] == reported(tmp_path).verdict == 'refused'


def test_a_host_without_a_record_is_unknown(run):
    result = run(seen(SSHD, NGINX), variables=BOTH, path='/dev/null')
    assert (result['verdict'], result['passes'], result['failing'], result['failed']) == ('unknown', False, True, True)


def test_what_is_unknown_and_only_warned_about_passes(run):
    variables = dict(BOTH, listener_unknown='warn')
    result = run(seen(SSHD, listener(port=80, owners=[]), gaps=[gap()]), variables=variables)
    assert (result['verdict'], result['passes'], result['failing']) == ('unknown', True, False)
    result = run(seen(SSHD, NGINX, gaps=[gap('sockets')]), variables=variables)
    assert (result['verdict'], result['passes'], result['failing']) == ('unknown', False, False)
