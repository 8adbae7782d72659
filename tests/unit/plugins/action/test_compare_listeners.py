# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""compare_listeners, on records that are made up."""

import json
import shutil
from unittest import mock

import pytest

from ansible.errors import AnsibleActionFail
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.task import Task
from ansible_collections.listening.ports.plugins.action import compare_listeners
from ansible_collections.listening.ports.plugins.plugin_utils import _draft
from ansible_collections.listening.ports.plugins.plugin_utils._drift import store
from ansible_collections.listening.ports.plugins.plugin_utils._facts import records
from ansible_collections.listening.ports.plugins.plugin_utils._report.console.screen import Terminal
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._drift.drifting import facts
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import RUN, record

WEB = 'tcp 0.0.0.0:80 nginx/root nginx.service'
EXTRA = 'tcp 0.0.0.0:7777 ex\x1btra/root extra.service'


class Run:
    """A directory of records, one of snapshots, and what is shown."""

    def __init__(self, folder):
        self.folder, self.records, self.drift, self.shown = folder, folder / 'records', folder / 'drift', []
        self.inventory = ['a', 'b']

    def record(self, name, *lines, **more):
        observed = facts(*lines, **{key: more.pop(key) for key in ('gaps', 'complete') if key in more})
        records.write(str(self.records), record(name, observed, **more))

    def __call__(self, play=None, check=False, diff=False, limit=None, batch=None, **arguments):
        task = Task()
        task.args = {'path': str(self.records), 'run_id': RUN, 'snapshots': str(self.drift), **arguments}
        task.check_mode, task.diff = check, diff
        play = list(play or self.inventory)
        terminal = Terminal(mock.Mock(display=lambda text, **options: self.shown.append(text)))
        action = compare_listeners.ActionModule(
            task, mock.MagicMock(), mock.MagicMock(), DataLoader(), None, None, terminal=terminal)
        action._load_name = 'listening.ports.compare_listeners'
        return action.run(task_vars={
            'groups': {'all': self.inventory, 'ungrouped': []}, 'ansible_play_hosts_all': play,
            'ansible_play_hosts': play, 'ansible_play_batch': batch or play,
            **({'ansible_limit': limit} if limit else {})})

    def snapshots(self):
        return sorted(path.name for path in self.drift.iterdir() if path.is_dir())

    def texts(self):
        """The files of hosts of the newest snapshot."""
        return {path.name: path.read_text(encoding='ascii')
                for path in (self.drift / self.snapshots()[-1] / 'hosts').iterdir()}


@pytest.fixture
def compare(tmp_path):
    run = Run(tmp_path)
    run.record('a', WEB)
    run.record('b', WEB)
    return run


def test_hosts_are_new_and_then_unchanged(compare):
    first = compare()
    assert not first.get('failed') and first['hosts'] == {'compared': 0, 'new': 2, 'unknown': 0, 'gone': 0}
    assert first['msg'] == 'Nothing was compared with their last snapshots; 2 hosts new.'
    assert first['snapshot'] == str(compare.drift / compare.snapshots()[0]) and first['changed'] is False
    texts = compare.texts()
    assert set(texts) == {'a.json', 'b.json'}
    second = compare()
    assert second['msg'] == 'No change on 2 hosts against their last snapshots.' and not second['failing']
    assert len(compare.snapshots()) == 2 and compare.texts() == texts
    assert compare.shown[-1].rstrip().endswith(second['msg'])


def test_changes_fail_and_are_told(compare):
    compare()
    compare.record('b', WEB, EXTRA)
    result = compare(diff=True)
    assert result['failed'] is True and result['failing'] is True and 'table' not in result
    assert result['msg'] == '1 change on 1 of 2 hosts against their last snapshots: 1 opened.'
    finding, = result['findings']
    assert finding['text'] == 'tcp/7777 extra.service: any (IPv4), user root' and finding['hosts'] == ['b']
    assert 'opened  b      tcp/7777  extra.service  any (IPv4), user root' in compare.shown[-1]
    head, *lines = compare.shown[-4].splitlines()
    assert head == '--- b (%s)' % compare.snapshots()[0] and lines[0] == '+++ b'
    assert [line[:31] for line in lines[1:] if '7777' in line] == ['+{"protocol": "tcp", "port": 77']
    assert compare()['counts']['opened'] == 0, 'it is told once'
    assert compare(fail=False).get('failed') is None


def test_what_is_ignored_and_what_fails_nothing(compare):
    compare()
    compare.record('b', WEB, EXTRA)
    result = compare(check=True, ignore=['opened'])
    assert not result['failing'] and result['counts']['opened'] == 1
    result = compare(check=True, fail=False)
    assert result['failing'] and not result.get('failed') and 'opened' in result['table']


def test_a_host_that_was_not_observed_is_unknown_and_compared_with_the_last_time_later(compare):
    compare()
    before = compare.texts()
    compare.record('b', status='unreachable', message='No ro\x1bute')
    result = compare()
    assert result['failed'] and result['hosts']['unknown'] == 1
    assert result['findings'][0]['text'] == 'unreachable: No ro\\x1bute'
    assert set(compare.texts()) == {'a.json'}
    compare.record('b', WEB, EXTRA)
    result = compare()
    assert result['counts']['opened'] == 1
    assert compare.texts()['a.json'] == before['a.json']
    shutil.rmtree(compare.records / 'hosts')
    (compare.records / 'hosts').mkdir(0o700)
    count = len(compare.snapshots())
    result = compare()
    assert result['hosts']['unknown'] == 2 and result['snapshot'] is None and result['failed']
    assert len(compare.snapshots()) == count, 'nothing was seen'


def test_a_record_of_another_run_is_none(compare):
    compare()
    compare.record('b', WEB, run_id='other')
    assert compare()['findings'][0]['text'].startswith('missing: not recorded in this run')
    assert compare(run_id='any')['hosts']['compared'] == 2


def test_hosts_that_are_gone_are_told_once_and_not_with_limit(compare):
    compare()
    compare.inventory = ['a']
    assert compare(limit='a')['hosts']['gone'] == 0
    assert compare(hosts=['a'])['hosts']['gone'] == 0
    result = compare()
    assert result['failed'] and result['findings'][0]['hosts'] == ['b'] and result['counts']['gone'] == 1
    assert compare()['counts']['gone'] == 0
    compare.inventory = ['a', 'b']
    assert compare(play=['a'])['counts']['gone'] == 0, 'it is in the inventory, and not in the play'


def test_a_snapshot_that_is_broken_makes_its_host_unknown(compare):
    compare()
    (compare.drift / compare.snapshots()[0] / 'hosts/a.json').write_bytes(b'{}')
    result = compare()
    assert result['failed'] and result['hosts'] == {'compared': 1, 'new': 0, 'unknown': 1, 'gone': 0}
    assert 'hosts/a.json is not valid' in result['findings'][0]['text']


def test_check_mode_compares_and_keeps_nothing(compare):
    assert compare(check=True, against='last') if compare.drift.exists() else True
    compare()
    for dummy in range(2):
        compare.record('b', WEB, EXTRA)
        result = compare(check=True, keep=1, formats=['json'])
        assert result['counts']['opened'] == 1 and result['snapshot'] is None and len(compare.snapshots()) == 1
        assert (compare.drift / 'drift.json').exists()


def test_check_mode_makes_no_directory(compare):
    result = compare(check=True)
    assert result['hosts']['new'] == 2 and not compare.drift.exists()


def test_only_some_snapshots_are_kept(compare):
    for dummy in range(4):
        compare(keep=2)
    assert len(compare.snapshots()) == 2


def test_nothing_is_removed_where_nothing_was_written(compare):
    for dummy in range(3):
        compare()
    before = compare.snapshots()
    with mock.patch.object(store.Draft, 'keep', side_effect=OSError(28, 'No space left on device')), pytest.raises(
            AnsibleActionFail, match='No space left on device'):
        compare(keep=1)
    assert compare.snapshots() == before


def test_files_of_all_formats(compare):
    compare()
    compare.record('b', WEB, EXTRA)
    result = compare(formats=['json', 'junit', 'markdown'], dest=str(compare.folder / 'out'), fail=False)
    assert {name: path.rpartition('/')[2] for name, path in result['dest'].items()} == {
        'json': 'drift.json', 'junit': 'drift.junit.xml', 'markdown': 'drift.md'}
    data = json.loads((compare.folder / 'out/drift.json').read_text(encoding='ascii'))
    assert data['findings'] == result['findings'] and data['snapshot'] == result['snapshot']
    assert {path.stat().st_mode & 0o777 for path in (compare.folder / 'out').iterdir()} == {0o600}


def test_a_file_that_cannot_be_written_fails(compare):
    (compare.folder / 'file').write_text('', encoding='utf-8')
    with pytest.raises(AnsibleActionFail, match='drift.json cannot be written: '):
        compare(formats=['json'], dest=str(compare.folder / 'file'))
    with mock.patch.object(_draft, 'write', side_effect=OSError(28, 'No space left on device')), pytest.raises(
            AnsibleActionFail, match='No space left'):
        compare()


def test_the_baseline_is_kept_and_compared_with(compare):
    with pytest.raises(AnsibleActionFail, match='there is no baseline in .*: the playbook listening.ports.baseline'):
        compare(against='baseline')
    compare(baseline=True, check=True)
    assert not (compare.drift / 'baseline').exists()
    compare.record('c', status='unreachable', message='no')
    result = compare(baseline=True, play=['a', 'b', 'c'])
    assert result['msg'] == 'Kept the baseline of 2 hosts.' and compare.snapshots() == ['baseline']
    assert compare(against='baseline')['msg'] == 'No change on 2 hosts against the baseline.'
    compare.record('b', WEB, EXTRA)
    for dummy in range(2):
        assert compare(against='baseline', keep=1)['counts']['opened'] == 1, 'as long as it is there'
    assert 'baseline' in compare.snapshots()
    compare(baseline=True, hosts=['b'])
    assert compare(against='baseline')['counts']['opened'] == 0
    shutil.rmtree(compare.records / 'hosts')
    (compare.records / 'hosts').mkdir(0o700)
    with pytest.raises(AnsibleActionFail, match='No host was observed'):
        compare(baseline=True)


def test_a_snapshot_and_records_can_be_named(compare):
    first = compare()['snapshot']
    shutil.copytree(compare.records, compare.folder / 'old')
    compare.record('b', WEB, EXTRA)
    compare()
    for path in (first, str(compare.folder / 'old')):
        assert compare(against=path)['counts']['opened'] == 1
    with pytest.raises(AnsibleActionFail, match='they would be compared with themselves'):
        compare(against=str(compare.records))


def test_batches_are_compared_with_the_last_one(compare):
    compare.record('b', WEB, run_id='earlier')
    result = compare(batch=['a'])
    assert result['msg'] == '1 host of later batches to come: they are compared with the last one.'
    assert not compare.drift.exists()
    compare.record('b', WEB)
    assert compare(batch=['b'])['hosts']['new'] == 2


def test_directories_that_others_may_write_to_are_refused(compare):
    compare()
    compare.drift.chmod(0o777)
    with pytest.raises(AnsibleActionFail, match='not safe from forgery'):
        compare()
    assert compare(shared=True)['hosts']['compared'] == 2
    compare.drift.chmod(0o700)
    compare.folder.chmod(0o777)
    assert any('can be replaced with others' in text for text in compare()['warnings'])


@pytest.mark.parametrize('arguments, message', [
    ({'path': '/nowhere/at/all'}, '/nowhere/at/all is not a directory: nothing was recorded there'),
    ({'run_id': 'a b'}, 'run_id has to be'), ({'keep': 0}, 'keep has to be at least 1'),
    ({'hosts': []}, 'No host is named'),
    ({'ignore': ['everything']}, 'ignore must be one or more of'),
    ({'formats': ['pdf']}, 'formats must be one or more'),
    ({'against': '/nowhere/at/all'}, 'there are no records in /nowhere/at/all')])
def test_options_that_are_wrong_are_refused(compare, arguments, message):
    with pytest.raises(AnsibleActionFail, match=message):
        compare(**arguments)


def test_a_file_that_cannot_be_written_fails_after_the_table(tmp_path):
    run = Run(tmp_path)
    run.record('a', WEB)
    run.record('b', WEB)
    (tmp_path / 'file').write_text('', encoding='ascii')
    with pytest.raises(AnsibleActionFail, match='file/below/drift.json cannot be written: Not a directory'):
        run(formats=['table', 'json'], dest=str(tmp_path / 'file/below'))
    assert run.shown and len(run.snapshots()) == 1
