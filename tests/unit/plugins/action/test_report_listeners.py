# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""report_listeners, on records that are made up."""

import json
import os
import shutil
import subprocess
from unittest import mock

import pytest

from ansible.errors import AnsibleActionFail
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.task import Task
from ansible_collections.listening.ports.plugins.action import report_listeners
from ansible_collections.listening.ports.plugins.plugin_utils._facts import records
from ansible_collections.listening.ports.plugins.plugin_utils._reach import answer
from ansible_collections.listening.ports.plugins.plugin_utils._report.console.screen import Terminal
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._reach.reaching import (
    EVERYBODY, host as on_network, listens, sent
)
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.formats import reading
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.judgements import (
    SUMMARY, finding, judgement
)
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import (
    RUN, facts, gap, listener, record
)


class Printed:
    """What would have been displayed."""

    def __init__(self):
        self.calls = []

    def display(self, text, **options):
        self.calls.append((text, options))

    @property
    def screen(self):
        return ''.join(text for text, options in self.calls if not options.get('log_only'))

    @property
    def log(self):
        return ''.join(text for text, options in self.calls if not options.get('screen_only'))


@pytest.fixture
def printed():
    return Printed()


@pytest.fixture
def report(tmp_path, printed):
    records.write(str(tmp_path), record('web'))
    records.write(str(tmp_path), record('db', facts(listener(port=5432, owners=[]), gaps=[gap()])))

    def run(play=('web', 'db'), batch=None, alive=None, limit=None, terminal=None, variables=None, **arguments):
        task = Task()
        task.args = dict({'path': str(tmp_path), 'run_id': RUN}, **arguments)
        action = report_listeners.ActionModule(task, mock.MagicMock(), mock.MagicMock(), DataLoader(), None, None,
                                               terminal=terminal or Terminal(printed))
        action._load_name = 'listening.ports.report_listeners'
        return action.run(task_vars={
            'ansible_play_hosts_all': list(play), 'ansible_play_hosts': list(play if alive is None else alive),
            'ansible_play_batch': list((alive or play) if batch is None else batch),
            **({'ansible_limit': limit} if limit else {}), **(variables or {})})
    return run


def test_the_table_is_printed_and_returned(report, printed):
    result = report()
    table = result.pop('table')
    assert result == {'changed': False, 'run_id': RUN, 'complete': True, 'listeners': 2, 'dest': {}, 'hosts': {
        'ok': 1, 'partial': 1, 'unreachable': 0, 'failed': 0, 'missing': 0, 'pending': 0}, 'verdicts': {
            'as_declared': 0, 'violates': 0, 'unknown': 0, 'refused': 0, 'listed': 2, 'pending': 0}}
    assert '\n    1  tcp    0.0.0.0:5432' in table and table.endswith('2 hosts: 1 observed completely, 1 partly.')
    assert printed.screen == printed.log == table + '\n\n'


def test_stats_are_counts_and_name_nothing(report, tmp_path):
    records.write(str(tmp_path), record('app', facts(listener(port=6000)), declared=True,
                                        judgement=judgement(finding('x'), finding('y', severity='low'))))
    result = report(play=['web', 'db', 'app', 'gone'], stats=True)
    stats = result['ansible_stats']
    counts = stats['data'].pop('listening_ports')
    assert stats == {'data': {}, 'per_host': False, 'aggregate': False}
    assert counts.pop('findings') == {'critical': 0, 'high': 1, 'medium': 0, 'low': 1, 'info': 0}
    assert counts == {key: result[key] for key in ('run_id', 'complete', 'hosts', 'verdicts', 'listeners')}
    assert counts['complete'] is False and counts['hosts']['missing'] == 1
    assert not any(word in repr(stats) + repr(counts) for word in ('web', 'gone', '6000', 'root'))


@pytest.fixture
def reaching(tmp_path):
    """Records of hosts of which some reach others."""
    only_ssh = [sent([[22, 22]]), sent([[1, 21], [23, 65535]], allowed=())]
    for name, known in (
            ('db', on_network(listens('10.0.0.7/32'), listens(EVERYBODY, port=22), addresses=['10.0.0.5/24'])),
            ('web', on_network(addresses=['10.0.0.7/24'])),
            ('app', on_network(addresses=['10.0.0.8/24'], outgoing=only_ssh))):
        records.write(str(tmp_path), record(name, known))
    records.write(str(tmp_path), record('broken', status='unreachable', message='no <i>route</i>'))
    return ['db', 'web', 'app', 'broken']


def test_which_hosts_reach_what(report, reaching, tmp_path):
    result = report(hosts=reaching, reach=True, formats=['table', 'json', 'html', 'markdown'])
    document = json.loads((tmp_path / 'report.json').read_text())['reach']
    assert document['counts'] == {'yes': 3, 'no': 1, 'unknown': 2} and document['refused'] is None
    first, ssh = sorted(document['answers'], key=lambda answer: answer['listener'], reverse=True)
    assert [answer['reached_by'] for answer in (first, ssh)] in ([['web'], ['web', 'app']], [['web', 'app'], ['web']])
    assert first['target'] == 'db' and document['answers_total'] == 2
    assert [group['hosts'] for group in first['unknown']] == [['broken']]
    summary = '6 pairs of a host and a listener: 3 can, 1 cannot, 2 not known.'
    assert 'Which hosts reach what: %s' % summary in result['table']
    page, markdown = ((tmp_path / name).read_text() for name in ('report.html', 'report.md'))
    assert summary in page and '<h2>Which hosts reach what</h2>' in page
    assert 'blocked by db' in page and '<i>route' not in page and '&lt;i&gt;route' in page
    assert 'Which hosts reach what' in markdown and '| `2 hosts (web, app)` | `broken` |' in markdown


def test_nobody_is_asked_who_reaches_what_unless_that_is_wanted(report, reaching, tmp_path):
    assert 'reach what' not in report(hosts=reaching, formats=['table', 'json', 'html', 'markdown'])['table']
    assert 'reach' not in json.loads((tmp_path / 'report.json').read_text())
    assert not any('reach what' in (tmp_path / name).read_text() for name in ('report.html', 'report.md'))


@pytest.mark.parametrize('most', [1, 7, 8])
def test_too_many_questions_are_not_a_no(report, reaching, tmp_path, monkeypatch, most):
    # two listeners and four hosts are eight questions, and more where a listener is asked for at several addresses
    records.write(str(tmp_path), record('db', on_network(
        listens('10.0.0.7/32'), listens(EVERYBODY, port=22), addresses=['10.0.0.5/24', '10.0.1.5/24'])))
    monkeypatch.setattr(answer, 'MOST_QUESTIONS', most)
    result = report(hosts=reaching, reach=True, formats=['table', 'json', 'html', 'markdown'])
    document = json.loads((tmp_path / 'report.json').read_text())['reach']
    assert document['answers'] == [] and not any(document['counts'].values())
    assert ('4 endpoints' if most == 8 else '2 listeners') + ' and 4 hosts are too many' in document['refused']
    assert 'Nobody was asked who reaches what' in result['table'] and 'playbook reach' in document['refused']
    assert all('Nobody was asked' in (tmp_path / name).read_text() for name in ('report.html', 'report.md'))


def test_json_goes_to_a_file_and_without_table_nothing_is_printed(report, printed, tmp_path):
    result = report(formats='json')
    path = str(tmp_path / 'report.json')
    assert result['dest'] == {'json': path} and printed.calls == []
    with open(path, encoding='ascii') as stream:
        assert [host['host'] for host in json.load(stream)['hosts']] == ['web', 'db']
    assert os.stat(path).st_mode & 0o777 == 0o600


def test_dest_is_another_directory(report, printed, tmp_path):
    path = str(tmp_path / 'new' / 'report.json')
    assert report(formats=['table', 'json'], dest=str(tmp_path / 'new'))['dest'] == {'json': path}
    assert os.path.exists(path)
    assert 'Written: %s\n' % path in printed.screen


def test_hosts_are_those_of_the_play_or_the_ones_that_are_named(report):
    assert report(play=['web', 'gone'])['hosts']['missing'] == 1
    assert report(play=['gone'], hosts=['web'])['hosts'] == dict.fromkeys(
        ('partial', 'unreachable', 'failed', 'missing', 'pending'), 0) | {'ok': 1}
    assert report(play=['web', 'db'], batch=['web'], hosts=['db', 'gone'])['hosts']['missing'] == 1


def test_of_no_host_nothing_is_known(report):
    result = report(hosts=[])
    assert result['complete'] is False and 'No host could be observed' in result['table']


def test_a_host_that_dropped_out_of_the_play_stays_in_the_report(report):
    result = report(play=['web', 'gone'], alive=['web'])
    assert result['hosts'] == {'ok': 1, 'partial': 0, 'unreachable': 0, 'failed': 0, 'missing': 1, 'pending': 0}
    assert 'gone: there is no record of it' in result['table']


def test_a_batch_shows_its_own_hosts_and_the_last_one_all(report, tmp_path):
    result = report(play=['web', 'db', 'later'], batch=['db'])
    assert result['hosts']['pending'] == 1 and result['complete'] is False
    assert 'listener on db,' in result['table'] and '0.0.0.0:80' not in result['table']
    assert result['table'].endswith('3 hosts: 1 observed completely, 1 partly, 1 still to come.')
    records.write(str(tmp_path), record('later'))
    result = report(play=['web', 'db', 'later'], batch=['later'])
    assert result['hosts']['pending'] == 0 and result['complete'] is True
    assert '3 listeners on 3 hosts,' in result['table']


def test_files_are_written_when_the_hosts_so_far_have_doubled_and_at_the_end(report, printed, tmp_path):
    names = ['h%d' % number for number in range(7)]
    written = []
    for number, name in enumerate(names, 1):
        records.write(str(tmp_path), record(name))
        result = report(play=names, batch=[name], formats=['table', 'json'])
        if result['dest']:
            with open(result['dest']['json'], encoding='ascii') as stream:
                written.append((number, len(json.load(stream)['hosts'])))
        else:       # the records of earlier batches are not read again, and nobody is forgotten
            assert result['table'].endswith('%d in earlier batches.' % (number - 1))
            assert sum(result['hosts'].values()) == 1 + len(names) - number
    assert written == [(1, 7), (2, 7), (4, 7), (7, 7)]


def test_a_batch_shows_its_hosts_that_have_failed_though_ansible_names_them_no_more(report):
    result = report(play=['web', 'db', 'later'], alive=['web', 'later'], batch=[])
    assert result['hosts']['pending'] == 1 and ' on db, ' in result['table']
    result = report(play=['web', 'db', 'later'], alive=['later'], batch=[])
    assert result['hosts']['pending'] == 1 and ' on 2 hosts' in result['table']
    result = report(play=['web', 'db'], alive=[], batch=[])
    assert result['hosts']['pending'] == 0 and ' on 2 hosts' in result['table']


def test_the_last_batch_shows_all_although_a_host_of_an_earlier_one_left_no_record(report):
    result = report(play=['web', 'gone', 'db'], alive=['web', 'db'], batch=['db'])
    assert result['hosts']['pending'] == 0 and '2 listeners on 2 of 3 hosts' in result['table']


def test_records_of_another_run_do_not_count(report):
    assert report(run_id='other')['hosts']['missing'] == 2
    assert report(run_id='any')['hosts']['missing'] == 0


def test_findings_are_behind_the_table(report, tmp_path):
    records.write(str(tmp_path), record('web', judgement=judgement(finding('rpcbind listens')), declared=True))
    result = report()
    assert result['verdicts'] == {
        'as_declared': 0,
        'violates': 1,
        'unknown': 0,
        'refused': 0,
        'listed': 1,
        'pending': 0,
    }
    assert result['table'].split('\n')[-5:] == [
        'Findings:', '  high      web: rpcbind listens', '            To do: stop it', SUMMARY,
        '2 hosts: 1 violates, 1 only listed (no declaration).']


def test_of_some_hosts_it_is_not_said_what_is_unused(report, tmp_path):
    idle = {'entries': [['expected_listeners', 'ntp']], 'waivers': []}
    records.write(str(tmp_path), record('web', judgement=judgement(idle=idle), declared=True))
    assert 'The entry ntp of expected_listeners matched nothing' in report()['table']
    assert 'The entry ntp' not in report(limit='web')['table']
    assert 'The entry ntp' in report(limit='web', hosts=['web', 'db'])['table'], 'who names the hosts has them all'
    assert 'The entry ntp' not in report(play=['web', 'db', 'later'], batch=['web'])['table']


@pytest.mark.parametrize('wanted, auto, colored', [
    ('auto', False, False), ('auto', True, True), ('always', False, True), ('never', True, False)])
def test_colours(report, printed, wanted, auto, colored):
    result = report(terminal=Terminal(printed, colored=auto), color=wanted)
    assert ('\x1b' in printed.screen) is colored
    assert '\x1b' not in printed.log + result['table']


def test_the_width_is_that_of_the_terminal_unless_it_is_given(report, printed):
    wide = report()['table']
    terminal = Terminal(printed, width=40)
    narrow = report(terminal=terminal)['table']
    assert 'SERVICE' in wide and 'SERVICE' not in narrow
    assert report(terminal=terminal, width=200)['table'] == wide


@pytest.mark.parametrize('stderr', [False, True])
def test_what_is_shown_can_leave_standard_output_alone(report, printed, stderr):
    report(terminal=Terminal(printed, to_stderr=stderr))
    assert printed.calls[0][1]['stderr'] is stderr


def test_a_long_table_is_printed_whole_and_returned_in_part(report, printed, tmp_path):
    many = [listener(port=port) for port in range(1, 1001)]
    for host in ('web', 'db', 'more'):
        records.write(str(tmp_path), record(host, facts(*(dict(each, port_name=host) for each in many))))
    result = report(play=['web', 'db', 'more'])
    assert len(printed.screen.splitlines()) > 3000
    assert len(result['table']) <= 64 * 1024 + 100
    shown, rest = result['table'].rsplit('\n', 1)
    assert rest == '… and %d more lines' % (len(printed.screen.rstrip('\n').split('\n')) - len(shown.split('\n')))


@pytest.mark.parametrize('arguments, message', [
    ({'run_id': 'a b'}, 'run_id has to be'),
    ({'width': 0}, 'width has to be at least 1, not 0'),
    ({'formats': ['pdf']}, 'value of formats must be one or more of'),
    ({'path': '/nowhere/at/all'}, '/nowhere/at/all is not a directory: nothing was recorded there'),
    ({'dest': '/dev/null', 'formats': ['json']}, 'cannot be written'),
])
def test_options_that_are_wrong_are_refused(report, arguments, message):
    with pytest.raises(AnsibleActionFail, match=message):
        report(**arguments)


def test_records_that_others_may_write_to_are_not_reported_unless_that_is_meant(report, tmp_path):
    (tmp_path / 'hosts').chmod(0o777)
    result = report()
    assert result['hosts']['failed'] == 2 and 'is not safe from forgery: everybody may write to it' in result['table']
    assert report(shared=True)['hosts']['failed'] == 0


@pytest.mark.parametrize('below, run_id', [(False, RUN), (True, RUN), (False, 'any')])
def test_sarif_points_to_files_below_the_root_of_the_sources(report, tmp_path, monkeypatch, below, run_id):
    """The inventory where nothing else is known; it may be a link, and ``any`` run may be of other files."""
    monkeypatch.chdir('/')
    place = tmp_path / 'sources/inventories'
    place.mkdir(parents=True)
    (tmp_path / 'sources/.git').mkdir()
    (tmp_path / 'sources/.git/HEAD').write_text('ref: refs/heads/main\n')
    (place / 'hosts').write_text('web\n')
    (tmp_path / 'link').symlink_to(place)
    report(('web', 'gone'), formats=['sarif'], run_id=run_id, dest=str(tmp_path / 'out'),
           variables={'inventory_dir': str(tmp_path / 'link'), 'inventory_file': str(tmp_path / 'link/hosts')},
           **({'source_root': str(tmp_path / 'link')} if below else {}))
    made = reading.Sarif((tmp_path / 'out/report.sarif').read_bytes())
    [gone] = made.of_kind('not_observed')
    assert gone['properties']['hosts'] == ['gone']
    assert reading.place_of(gone) == ('hosts' if below else 'inventories/hosts', 1)


@pytest.mark.skipif(not shutil.which('git'), reason='no git')
def test_the_sources_are_those_of_the_working_directory_where_the_inventory_is_in_no_repository(
        report, tmp_path, monkeypatch):
    """As where a controller writes the inventory to a folder of its own, beside the project."""
    project = tmp_path / 'project'
    for words in (['init', '-q', project], ['-C', project, '-c', 'user.name=a', '-c', 'user.email=a@example.com',
                                            'commit', '-q', '--allow-empty', '-m', 'first']):
        subprocess.run(['git', *words], check=True)
    (tmp_path / 'inventory').mkdir()
    monkeypatch.chdir(project)
    report(formats=['json'], variables={'inventory_dir': str(tmp_path / 'inventory')})
    evidence = json.loads((tmp_path / 'report.json').read_text())['evidence']
    assert evidence['source_root'] == os.path.realpath(project) and len(evidence['revision']) == 40
