# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots are whole or not there, nobody else's, and removed only where a newer one is kept."""

import json
import os
import stat

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils import _draft
from ansible_collections.listening.ports.plugins.plugin_utils._drift import snapshot, store
from ansible_collections.listening.ports.plugins.plugin_utils._facts.records import RecordError
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._drift.drifting import taken

WEB = 'tcp 0.0.0.0:80 nginx/root nginx.service'


def at(hour):
    return '2026-11-20T%02d:00:00Z' % hour


def put(folder, hour, *hosts, gone=(), run='run1'):
    """Keep a snapshot; returns its name."""
    with store.store(str(folder)) as kept:
        draft = kept.begin()
        for host in hosts:
            draft.add(taken(WEB, host=host))
        return draft.keep(store.Index(run, at(hour), {
            host: {'state': 'ok', 'recorded_at': at(hour)} for host in hosts}, gone))


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_snapshot_is_a_directory_with_a_file_for_each_host(tmp_path):
    name = put(tmp_path / 'drift', 7, 'web', 'a/b')
    assert name == '20261120T070000Z-run1' and names(tmp_path / 'drift') == [name]
    folder = tmp_path / 'drift' / name
    assert names(folder) == ['hosts', 'snapshot.json'] and names(folder / 'hosts') == ['a%2Fb.json', 'web.json']
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob('*.json')} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / 'drift', folder, folder / 'hosts')} == {0o700}
    with store.store(str(tmp_path / 'drift')) as kept:
        there = kept.folder(name)
        assert there.of('web') == taken(WEB, host='web') and there.of('a/b').host == 'a/b' and there.of('c') is None
        assert there.index() == ('run1', at(7), {
            host: {'state': 'ok', 'recorded_at': at(7)} for host in ('a/b', 'web')}, [])
    assert (folder / 'hosts/web.json').read_bytes() == snapshot.encode(taken(WEB, host='web'))


def test_two_of_one_second_have_two_names(tmp_path):
    assert [put(tmp_path, 7, 'web') for dummy in range(3)] == [
        '20261120T070000Z-run1', '20261120T070000Z-run1.2', '20261120T070000Z-run1.3']


def test_what_is_not_kept_leaves_no_trace(tmp_path, monkeypatch):
    with store.store(str(tmp_path)) as kept:
        draft = kept.begin()
        draft.add(taken(WEB))
        assert kept.names() == [] and len(names(tmp_path)) == 1
        draft.drop()
        assert names(tmp_path) == []
        draft = kept.begin()
        draft.add(taken(WEB))

        def full(*dummy, **more):
            raise OSError(28, 'No space left on device')
        monkeypatch.setattr(_draft, 'write', full)
        with pytest.raises(OSError):
            draft.keep(store.Index('run1', at(7), {}))
        draft.drop()
        assert names(tmp_path) == []


def test_the_newest_are_kept_and_those_with_the_last_of_a_host(tmp_path):
    first, second = put(tmp_path, 1, 'web', 'db'), put(tmp_path, 2, 'web')
    rest = [put(tmp_path, hour, 'web') for hour in (3, 4, 5)]
    with store.store(str(tmp_path)) as kept:
        assert kept.prune(2, {'web', 'db'}) == [rest[0], second]
        assert names(tmp_path) == [first, rest[1], rest[2]]
        assert kept.prune(2, {'web'}) == [first], 'the host is not there any more'
        assert kept.prune(2, {'web'}) == []


def test_nothing_but_snapshots_is_removed_and_no_link_is_followed(tmp_path):
    outside = tmp_path / 'outside'
    precious = put(outside, 1, 'web')
    drift = tmp_path / 'drift'
    last = put(drift, 9, 'web')
    (drift / '20200101T000000Z-link').symlink_to(outside / precious)
    (drift / 'baseline').mkdir()
    (drift / 'mine').mkdir()
    (drift / 'report.json').write_text('{}', encoding='utf-8')
    (drift / '20200101T000000Z-file').write_text('{}', encoding='utf-8')
    old = put(drift, 2, 'web')
    (drift / old / 'hosts/link.json').symlink_to(outside / precious / 'snapshot.json')
    (drift / old / 'hosts/folder').symlink_to(outside / precious)
    with store.store(str(drift)) as kept:
        assert kept.prune(1, {'web'}) == [old]
    assert names(drift) == sorted([last, 'baseline', 'mine', 'report.json', '20200101T000000Z-file',
                                   '20200101T000000Z-link'])
    assert names(outside / precious) == ['hosts',
                                         'snapshot.json'] and names(outside / precious / 'hosts') == ['web.json']


def test_drafts_of_runs_that_were_killed_are_removed_after_a_day(tmp_path):
    put(tmp_path, 9, 'web')
    for name in ('.draft-old', '.draft-new'):
        (tmp_path / name / 'hosts').mkdir(parents=True)
    os.utime(tmp_path / '.draft-old', (1, 1))
    with store.store(str(tmp_path)) as kept:
        kept.prune(1, {'web'})
    assert names(tmp_path) == ['.draft-new', '20261120T090000Z-run1']


@pytest.mark.parametrize('place', ['.', 'NAME', 'NAME/hosts'])
def test_what_others_may_write_to_is_refused(tmp_path, place):
    name = put(tmp_path, 7, 'web')
    (tmp_path / place.replace('NAME', name)).chmod(0o777)
    with pytest.raises(RecordError, match='not safe from forgery: everybody may write to it'):
        with store.store(str(tmp_path)) as kept:
            kept.folder(name)
    with store.store(str(tmp_path), shared=True) as kept:
        assert kept.folder(name).of('web')


def test_a_file_that_others_may_write_to_is_refused(tmp_path):
    name = put(tmp_path, 7, 'web')
    (tmp_path / name / 'hosts/web.json').chmod(0o666)
    with store.store(str(tmp_path)) as kept, pytest.raises(RecordError, match='not safe from forgery'):
        kept.folder(name).of('web')


def test_a_link_in_the_place_of_a_snapshot_is_refused(tmp_path):
    name = put(tmp_path / 'drift', 7, 'web')
    (tmp_path / 'drift/20261120T080000Z-run2').symlink_to(name)
    with store.store(str(tmp_path / 'drift')) as kept, pytest.raises(RecordError, match='there is no snapshot in'):
        kept.folder('20261120T080000Z-run2')


@pytest.mark.parametrize('content, reason', [
    (b'{', 'not JSON'), (b'{}', 'is missing'), (b'null', 'has to be a mapping'),
    (json.dumps({'schema': 1, 'host': 'other', 'complete': {'sockets': True}, 'listeners': []}).encode(),
     'another one')])
def test_what_is_no_snapshot_of_the_host_is_refused(tmp_path, content, reason):
    name = put(tmp_path, 7, 'web')
    (tmp_path / name / 'hosts/web.json').write_bytes(content)
    with store.store(str(tmp_path)) as kept, pytest.raises(RecordError,
                                                           match='the snapshot %s/hosts/web.json is not valid: .*%s'
                                                           % (name, reason)):
        kept.folder(name).of('web')


def test_an_index_that_is_none_is_refused(tmp_path):
    name = put(tmp_path, 7, 'web')
    (tmp_path / name / 'snapshot.json').write_bytes(b'{"schema": 9}')
    with store.store(str(tmp_path)) as kept, pytest.raises(RecordError, match='snapshot.json is not valid: schema'):
        kept.folder(name).index()


def test_the_baseline_of_other_hosts_stays(tmp_path):
    def index(hour, *hosts):
        return store.Index('run%d' % hour, at(hour), {host: {'state': 'ok', 'recorded_at': at(hour)} for host in hosts})

    with store.store(str(tmp_path)) as kept:
        with pytest.raises(RecordError,
                           match='there is no baseline in .*: the playbook listening.ports.baseline writes it'):
            kept.baseline()
        kept.replace({host: snapshot.encode(taken(WEB, host=host)) for host in ('web', 'db')}, index(1, 'web', 'db'))
        kept.replace({'web': snapshot.encode(taken(host='web'))}, index(2, 'web'))
        with kept.baseline() as folder:
            assert folder.of('web') == taken(host='web') and folder.of('db') == taken(WEB, host='db')
            assert {host: state['recorded_at'] for host, state in folder.index().hosts.items()} == {
                'web': at(2), 'db': at(1)}
        assert kept.prune(1, {'web'}) == [] and names(tmp_path) == ['baseline']
    (tmp_path / 'baseline').rename(tmp_path / 'elsewhere')
    (tmp_path / 'baseline').symlink_to('elsewhere')
    with store.store(str(tmp_path)) as kept, pytest.raises(OSError):
        kept.replace({'web': b''}, index(3, 'web'))


def test_a_directory_that_is_not_there_is_made_or_not(tmp_path):
    with store.store(str(tmp_path / 'x'), makes=False) as kept:
        assert kept.names() == [] and not (tmp_path / 'x').exists()
        with pytest.raises(RecordError, match='there is no baseline in'):
            kept.baseline()
    with store.store(str(tmp_path / 'x')) as kept:
        assert kept.names() == []
