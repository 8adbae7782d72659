# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each host is compared with."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._drift import earlier, store
from ansible_collections.listening.ports.plugins.plugin_utils._facts import records
from ansible_collections.listening.ports.plugins.plugin_utils._facts.records import RecordError
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._drift.drifting import facts, taken
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import record

WEB = 'tcp 0.0.0.0:80 nginx/root nginx.service'


def put(folder, hour, *made, gone=(), unseen=()):
    time = '2026-11-20T%02d:00:00Z' % hour
    with store.store(str(folder)) as kept:
        draft = kept.begin()
        for each in made:
            draft.add(each)
        states = {host: {'state': 'ok', 'recorded_at': time} for host in (*(each.host for each in made), *unseen)}
        return draft.keep(store.Index('r', time, states, gone))


def found(folder, against, new=None, current='/nowhere'):
    with store.store(str(folder)) as kept, earlier.opened(against, kept, str(current)) as before:
        there = before.of('web', new or taken(WEB))
        return there and there.name


def gone(folder, against, *inventory):
    with store.store(str(folder)) as kept, earlier.opened(against, kept, '/nowhere') as before:
        return before.gone(set(inventory))


def test_last_is_the_newest_in_which_the_host_was_seen(tmp_path):
    assert found(tmp_path, 'last') is None
    first = put(tmp_path, 1, taken(WEB))
    put(tmp_path, 2, taken(WEB, host='db'), unseen=['web'])
    assert found(tmp_path, 'last') == first
    assert found(tmp_path, 'last', taken(WEB)) != put(tmp_path, 3, taken(WEB)) or found(tmp_path, 'last') > first


def test_a_look_that_saw_less_hides_nothing(tmp_path):
    """What changed while nobody could see it is told by the next look that can."""
    whole = put(tmp_path, 1, taken(WEB))
    part = put(tmp_path, 2, taken('tcp 0.0.0.0:80 hidden', gaps=['owners']))
    assert found(tmp_path, 'last') == whole
    assert found(tmp_path, 'last', taken('tcp 0.0.0.0:80 hidden', gaps=['owners'])) == part
    assert found(tmp_path, 'last', taken(WEB, complete={'firewall': True})) == part, 'no look saw that much'


def test_hosts_are_gone_once(tmp_path):
    put(tmp_path, 1, taken(host='web'), taken(host='db'), unseen=['dead'])
    assert gone(tmp_path, 'last', 'web') == ['db', 'dead'] and gone(tmp_path, 'last', 'web', 'db', 'dead') == []
    put(tmp_path, 2, taken(host='web'), gone=['db', 'dead'])
    assert gone(tmp_path, 'last', 'web') == []
    put(tmp_path, 3, taken(host='db'))
    assert gone(tmp_path, 'last', 'web') == ['db'], 'it was back'


def test_a_snapshot_and_records_can_be_named(tmp_path):
    name = put(tmp_path / 'drift', 1, taken(WEB), taken(host='db'), unseen=['dead'])
    one = str(tmp_path / 'drift' / name)
    assert found(tmp_path / 'other', one) == one and gone(tmp_path / 'other', one, 'web') == ['db']
    assert found(tmp_path / 'other', one, taken(host='x')) == one
    for entry in (record('web', facts(WEB)), record('db'), record('dead', status='unreachable', message='no')):
        records.write(str(tmp_path / 'records'), entry)
    kept = str(tmp_path / 'records')
    assert found(tmp_path / 'other', kept) == 'records in %s' % kept and gone(tmp_path / 'other', kept, 'web') == ['db']
    records.write(kept, record('web', status='unreachable', message='no'))
    assert found(tmp_path / 'other', kept) is None


@pytest.mark.parametrize('against, reason', [
    ('baseline', 'there is no baseline in'), ('/nowhere/at/all', 'there are no records in /nowhere/at/all'),
    ('RECORDS', 'they would be compared with themselves')])
def test_nothing_to_compare_with_is_no_success(tmp_path, against, reason):
    records.write(str(tmp_path / 'records'), record('web'))
    (tmp_path / 'link').symlink_to('records')
    for path in ('records', 'link'):
        with pytest.raises(RecordError, match=reason):
            found(tmp_path / 'drift', against.replace('RECORDS', str(tmp_path / path)), current=tmp_path / 'records')


def test_what_others_may_write_to_is_refused(tmp_path):
    name = put(tmp_path / 'drift', 1, taken(WEB))
    records.write(str(tmp_path / 'records'), record('web', facts(WEB)))
    for path in (tmp_path / 'drift' / name, tmp_path / 'records'):
        path.chmod(0o777)
        with pytest.raises(RecordError, match='not safe from forgery'):
            found(tmp_path / 'other', str(path))
