# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was observed: usable, nothing, or not usable; and what is checked of it."""

import calendar
import json
import os
import time

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from ansible_collections.listening.ports.plugins.plugin_utils._drift import snapshot, store
from ansible_collections.listening.ports.plugins.plugin_utils._facts import records
from ansible_collections.listening.ports.plugins.plugin_utils._facts.records import RecordError
from ansible_collections.listening.ports.plugins.plugin_utils._inventory.membership import Grouping
from ansible_collections.listening.ports.plugins.plugin_utils._inventory.observed import Observed, Reader
from ansible_collections.listening.ports.plugins.plugin_utils._schema import Fault
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report import hostile
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import (
    exposure, facts, gap, listener, owner, record
)

RECORDED = calendar.timegm((2026, 11, 20, 10, 0, 1))        # as samples have it


def reader(age=0, **options):
    return Reader(clock=lambda: RECORDED + age, **options)


def written(folder, *entries):
    for entry in entries:
        records.write(str(folder), entry)
    return str(folder)


def put(folder, name, content):
    """A file in the place of a record, as it is."""
    (folder / 'hosts').mkdir(exist_ok=True)
    path = folder / 'hosts' / name
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())


def one(folder, host='web', **options):
    [observed] = reader(**options).of_records(str(folder), [host])
    return observed


def test_a_record_is_usable(tmp_path):
    directory = written(tmp_path, record('web'), record('db', facts(gaps=[gap('sockets')])),
                        record('dead', status='unreachable', message='no route'))
    web, database, dead, missing = reader().of_records(directory, ['web', 'db', 'dead', 'gone'])
    assert [each.verdict for each in (web, database, dead)] == ['listed', 'unknown', 'unknown']
    assert [len(each.facts['listeners']) for each in (web, database)] == [1, 0]
    assert dead == Observed('dead', None, 'unknown') and dead.is_usable
    assert missing == Observed('gone') and not missing.is_usable and missing.reason is None


@pytest.mark.parametrize('findings, failing, refused, expected', [
    ([], False, None, 'as_declared'), ([('unexpected', True)], True, None, 'violates'),
    ([('unknown', True)], True, None, 'unknown'), ([('unexpected', False)], False, None, 'as_declared'),
    ([], True, 'port is missing', 'refused'),
])
def test_the_verdict_is_that_of_reports(tmp_path, findings, failing, refused, expected):
    entry = record('web')
    entry['judgement'] = {'findings': [{'kind': kind, 'fails': fails, 'more': []} for kind, fails in findings],
                          'failing': failing, 'refused': refused, 'more': 1}
    assert one(written(tmp_path, entry)).verdict == expected


@pytest.mark.parametrize('age, max_age, usable', [
    (0, 10, True), (10, 10, True), (11, 10, False), (10 ** 9, 0, True), (-299, 10, True), (-301, 10, False),
])
def test_an_old_record_is_not(tmp_path, age, max_age, usable):
    observed = one(written(tmp_path, record('web')), age=age, max_age=max_age)
    assert observed.is_usable is usable
    assert usable or observed.reason.startswith('the record is ')


def test_nor_is_one_of_no_time(tmp_path):
    directory = written(tmp_path, record('web', recorded_at='2026-13-41T10:00:00Z'))
    assert one(directory, max_age=10).reason == 'the record has an invalid time, 2026-13-41T10:00:00Z'


@pytest.mark.parametrize('change', [
    {'schema': 99}, {'host': 7}, {'recorded_at': 'yesterday'}, {'status': 'fine'}, {'facts': None}, {'facts': []},
    {'facts': {}}, {'judgement': []}, {'judgement': {'findings': [], 'failing': 1, 'refused': None}},
    {'judgement': {'findings': [{}], 'failing': True, 'refused': None}}, {'status': 'failed'}, {'host': 'other'},
    {'facts': {**facts(), 'listeners': None}}, {'facts': {**facts(), 'complete': {'sockets': None}}},
])
@pytest.mark.parametrize('is_whole', [False, True])
def test_what_is_no_record_is_not(tmp_path, change, is_whole):
    put(tmp_path, 'web.json', {**record('web'), **change})
    observed = one(tmp_path, is_whole=is_whole)
    assert observed.host == 'web' and not observed.is_usable and observed.reason


@pytest.mark.parametrize('content', [b'', b'{', b'[1]', b'7', b'\xff', b'NaN', b'[' * 100000, b'null'])
def test_nor_is_what_is_no_json(tmp_path, content):
    put(tmp_path, 'web.json', content)
    observed = one(tmp_path)
    assert not observed.is_usable and (observed.reason or content == b'null')
    [again] = reader().of_all_records(str(tmp_path)) if content != b'null' else [observed]
    assert not again.is_usable


def test_nor_is_a_link_or_what_others_may_write(tmp_path):
    written(tmp_path, record('web'), record('db'), record('app'))
    (tmp_path / 'hosts/link.json').symlink_to('web.json')
    os.chmod(tmp_path / 'hosts/db.json', 0o666)
    link, database, app = reader().of_records(str(tmp_path), ['link', 'db', 'app'])
    assert 'symbolic link' in link.reason and 'everybody may write to it' in database.reason and app.is_usable
    os.chmod(tmp_path / 'hosts', 0o777)
    with pytest.raises(RecordError, match='not safe from forgery'):
        list(reader().of_records(str(tmp_path), ['app']))


@pytest.mark.parametrize('name', ['nowhere', 'empty'])
def test_where_nothing_was_recorded_that_is_said(tmp_path, name):
    (tmp_path / 'empty').mkdir()
    for read in (lambda: reader().of_records(str(tmp_path / name), ['web']),
                 lambda: reader().of_all_records(str(tmp_path / name))):
        with pytest.raises(RecordError, match='there are no records in .*: No such file'):
            list(read())


def test_all_records_are_read_by_the_names_in_them(tmp_path):
    directory = written(tmp_path, record('web'), record('a/b'), record('fe80::1%eth0'), record('-x'),
                        record('{{ x }}'), record('wéb-1'))
    put(tmp_path, 'copy.json', record('web'))
    put(tmp_path, '.draft-1.json', record('draft'))
    put(tmp_path, 'notes.txt', b'x')
    found = {observed.host: observed.is_usable for observed in reader().of_all_records(directory)}
    assert found == {'web': True, 'fe80::1%eth0': True, 'wéb-1': True, 'copy.json': False, 'a%2Fb.json': False,
                     '-x.json': False, '%7B%7B%20x%20%7D%7D.json': False}


def test_what_is_not_used_is_not_checked_unless_all_is(tmp_path):
    """Of a listener its parts are checked where groups are made; whoever writes expressions gets whole facts."""
    entry = record('web')
    entry['facts']['listeners'][0]['backlog'] = 'huge'
    put(tmp_path, 'web.json', entry)
    assert one(tmp_path).is_usable
    assert 'backlog' in one(tmp_path, is_whole=True).reason
    whole = one(written(tmp_path, record('web')), is_whole=True)
    assert whole.facts == facts(listener())


@pytest.mark.parametrize('key', ['ansible_listening_ports', 'listening_ports'])
def test_facts_of_a_cache(key):
    kept = {'ansible_distribution': 'Debian', key: facts(listener())}
    observed = reader(max_age=60).of_facts('web', kept)
    assert observed.facts['listeners'][0]['port'] == 80 and observed.verdict is None and observed.is_usable
    assert reader(age=100, max_age=60).of_facts('web', kept).reason.startswith('the cached set of facts is too old')
    assert 'is from the future' in reader(age=-1000, max_age=60).of_facts('web', kept).reason


@pytest.mark.parametrize('kept', [None, {}, [], 7, 'x', {'ansible_listening_ports': None}])
def test_a_cache_without_facts(kept):
    assert reader().of_facts('web', kept) == Observed('web')


@pytest.mark.parametrize('found', ['{{ lookup("pipe", "id") }}', [], {}, 7, {**facts(), 'listeners': {}}])
@pytest.mark.parametrize('is_whole', [False, True])
def test_a_cache_with_something_else(found, is_whole):
    observed = reader(is_whole=is_whole).of_facts('web', {'ansible_listening_ports': found})
    assert not observed.is_usable and observed.reason.startswith('the cached facts are not valid: ')


JSON = st.recursive(st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.sampled_from(hostile.NAMES)),
                    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
                    max_leaves=6)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(record('web'))), JSON, st.booleans())
def test_no_record_raises(tmp_path, key, value, is_whole):
    put(tmp_path, 'web.json', json.dumps({**record('web'), key: value}).encode())
    before = time.time()
    observed = one(tmp_path, is_whole=is_whole, max_age=60)
    assert observed.is_usable is (observed.reason is None)
    assert observed.reason is None or observed.reason.isprintable()
    assert time.time() - before < 10


# Snapshots


def kept(folder, *entries, at='2026-11-20T10:00:01Z'):
    """A snapshot of the hosts of these records."""
    with store.store(str(folder)) as drift:
        draft = drift.begin()
        for entry in entries:
            draft.add(snapshot.of_facts(entry['host'], entry['facts']))
        states = {entry['host']: {'state': 'ok', 'recorded_at': at} for entry in entries}
        return str(folder / draft.keep(store.Index('run1', at, states)))


def test_a_snapshot_has_as_much_as_groups_need(tmp_path):
    listeners = [
        listener(port=6379, service='redis.service', exposure=exposure('partly', ['10.0.0.0/8'])),
        listener('127.0.0.1', 25), listener(port=53, protocol='udp', exposure=exposure('allowed', ['0.0.0.0/0'])),
        listener(port=40000, protocol='udp', ephemeral=True, owners=[owner(unit='x.service')], service='x.service')]
    place = kept(tmp_path, record('web', facts(*listeners)), record('db', facts()))
    web, database, gone = reader().of_records(place, ['web', 'db', 'gone'])
    assert web.is_brief and web.verdict is None and gone == Observed('gone') and database.facts == {'listeners': []}
    for loopback in (False, True):
        grouping = Grouping(('listens', 'exposed', 'service'), None, loopback)
        assert grouping.of(web.facts) == grouping.of(facts(*listeners))
    assert [each.host for each in reader().of_all_records(place)] == ['db', 'web']


def test_a_snapshot_is_as_old_as_what_was_recorded(tmp_path):
    place = kept(tmp_path, record('web'))
    assert one(place, age=10, max_age=10).is_usable
    old = one(place, age=11, max_age=10)
    assert not old.is_usable and old.reason.startswith('the snapshot is ')
    path = tmp_path / place / 'snapshot.json'
    path.write_bytes(store.Index('r', '2026-11-20T10:00:01Z', {}).encode())
    assert one(place, max_age=10).reason == 'the snapshot does not say when it was recorded'
    path.write_bytes(b'{}')
    with pytest.raises(RecordError, match='snapshot.json is not valid'):
        one(place)


def test_what_is_no_snapshot_of_the_host_is_not_usable(tmp_path):
    place = kept(tmp_path, record('web'), record('db'), record(hostile.NAMES[0]))
    hosts = tmp_path / place / 'hosts'
    (hosts / 'web.json').write_bytes((hosts / 'db.json').read_bytes())
    (hosts / 'db.json').chmod(0o666)
    web, database = reader().of_records(place, ['web', 'db'])
    assert 'host: is another one' in web.reason and 'not safe from forgery' in database.reason
    assert not any(each.is_usable for each in reader().of_all_records(place))
    (tmp_path / place).chmod(0o777)
    with pytest.raises(RecordError, match='not safe from forgery'):
        list(reader().of_records(place, ['web']))


def test_the_groups_of_listeners_are_made_while_records_are_read(tmp_path):
    """Then the listeners themselves are not there any more: nobody checked them."""
    hosts = {'web%d' % number: [listener(port=80, owners=[owner(pid=number)]), listener(port=9000 + number)]
             for number in range(9)}
    directory = written(tmp_path, *(record(name, facts(*listeners)) for name, listeners in hosts.items()))
    put(tmp_path, 'odd.json', record('odd', facts({**listener(), 'port': 70000})))
    put(tmp_path, 'spaced.json', json.dumps(record('spaced', facts(listener(port=80))), indent=1).encode())
    grouping = Grouping(('listens', 'service'))
    found = {observed.host: observed for observed in reader(ask=grouping.of_endpoint).of_all_records(directory)}
    for number in range(9):
        observed = found['web%d' % number]
        assert observed.made == {'listens_tcp_80', 'listens_tcp_%d' % (9000 + number)}
        assert observed.facts['listeners'] == [] and grouping.of(observed.facts) == set()
    assert found['spaced'].made == frozenset() and grouping.of(found['spaced'].facts) == {'listens_tcp_80'}
    with pytest.raises(Fault, match=r'listeners\[0\].port'):
        grouping.of(found['odd'].facts)


def test_programs_of_windows_are_called_as_there_whoever_is_read_before(tmp_path):
    by = {'platform': 'windows', **facts()['system']}
    web = [listener(port=80, owners=[owner(process='Web.exe')])]
    hosts = {'a': facts(*web), 'b': facts(*web, collector='windows'), 'c': facts(*web), 'd': facts(*web, system=by)}
    directory = written(tmp_path, *(record(name, given) for name, given in hosts.items()))
    grouping = Grouping(('process',))
    assert {observed.host: grouping.of(observed.facts) | observed.made
            for observed in reader(ask=grouping.of_endpoint).of_all_records(directory)} == {
        'a': {'process_web_exe'}, 'b': {'process_web'}, 'c': {'process_web_exe'}, 'd': {'process_web'}}


def test_where_all_of_the_facts_are_used_nothing_is_left_out(tmp_path):
    directory = written(tmp_path, record('web', facts(listener(port=80))), record('db', facts(listener(port=80))))
    for observed in reader(is_whole=True, ask=Grouping(('listens',)).of_endpoint).of_records(directory, ['web', 'db']):
        assert observed.made == frozenset() and [each['port'] for each in observed.facts['listeners']] == [80]
