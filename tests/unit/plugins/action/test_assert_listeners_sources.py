# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts that assert_listeners does not gather itself: whose they are, of what age, and whether they are some at all."""

import json
import os
import time

import pytest

from ansible import constants as C
from ansible.errors import AnsibleActionFail
from ansible_collections.listening.ports.plugins.plugin_utils._facts import clients, recorded, records
from ansible_collections.listening.ports.tests.unit.plugins.action.asserting import NOW, Run
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import facts, listener, record

DECLARED = {'expected_listeners': [{'name': 'web', 'port': 80}]}
DAY = 86400


@pytest.fixture
def run():
    return Run()


def stamp(age):
    return time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(NOW - age))


def put(tmp_path, entry):
    return records.write(str(tmp_path), dict(record('web-1'), **entry))


@pytest.mark.parametrize('whole', [True, False], ids=['directory', 'file'])
@pytest.mark.parametrize(
    'age, arguments', [(5, {}), (DAY - 60, {}), (3 * DAY, {'max_age': 0}), (3 * DAY, {'max_age': 4 * DAY}), (-200, {})]
)
def test_a_record_that_is_young_enough(run, tmp_path, whole, age, arguments):
    path = put(tmp_path, {'recorded_at': stamp(age)})
    result = run(variables=DECLARED, facts=str(tmp_path) if whole else path, **arguments)
    assert (result['failing'], result['status'], result['summary']['listeners'], run.looks) == (False, 'ok', 1, 0)
    assert result['msg'].splitlines()[0] == 'web-1 is as declared: 1 listener.'


@pytest.mark.parametrize(
    'age, arguments, message',
    [
        (
            DAY + 60,
            {},
            'the record is too old: it was made at %s, 1 d ago, and max_age is 1 d; '
            'max_age: 0 accepts facts of any age',
        ),
        (
            93725,
            {},
            'the record is too old: it was made at %s, 1 d 2 h ago, and max_age is 1 d; '
            'max_age: 0 accepts facts of any age',
        ),
        (
            600,
            {'max_age': 61},
            'the record is too old: it was made at %s, 10 min ago, and max_age is 1 min 1 s; '
            'max_age: 0 accepts facts of any age',
        ),
        (-400, {}, 'the record is from the future, %s: the clock here, or where it was made, is wrong'),
    ],
)
def test_a_record_that_is_not_of_its_time(run, tmp_path, age, arguments, message):
    when = stamp(age)
    put(tmp_path, {'recorded_at': when})
    result = run(variables=DECLARED, facts=str(tmp_path), **arguments)
    assert (result['failed'], result['failing'], result['status'], 'findings' in result) == (
        True,
        True,
        'failed',
        False,
    )
    assert result['msg'] == 'web-1 could not be judged: ' + message % when


def test_the_clock_of_a_host_has_no_say(run, tmp_path):
    """The host says that its facts are of tomorrow, or of long ago."""
    for gathered_at in (stamp(-DAY), '1970-01-01T00:00:00Z'):
        put(tmp_path, {'recorded_at': stamp(60), 'facts': facts(listener(), gathered_at=gathered_at)})
        assert run(variables=DECLARED, facts=str(tmp_path))['failing'] is False
        put(tmp_path, {'recorded_at': stamp(2 * DAY), 'facts': facts(listener(), gathered_at=gathered_at)})
        assert run(variables=DECLARED, facts=str(tmp_path))['failing'] is True


@pytest.mark.parametrize(
    'other, status, message',
    [
        (
            {'status': 'unreachable', 'facts': None, 'message': 'no\x1b route'},
            'unreachable',
            'is unreachable: when it was recorded, at %s: no\\x1b route',
        ),
        (
            {'status': 'failed', 'facts': None, 'message': None},
            'failed',
            'could not be judged: when it was recorded, at %s: no reason was given',
        ),
    ],
)
def test_a_record_of_a_host_that_was_not_seen(run, tmp_path, other, status, message):
    when = stamp(60)
    put(tmp_path, dict(other, recorded_at=when))
    result = run(variables=DECLARED, facts=str(tmp_path))
    assert (result['failed'], result['failing'], result['status']) == (True, True, status)
    assert 'unreachable' not in result, 'nobody tried to reach it'
    assert result['msg'] == 'web-1 ' + message % when


def test_the_record_of_another_host_and_none_at_all(run, tmp_path):
    path = records.write(str(tmp_path), record('web-2', recorded_at=stamp(60)))
    for where, message in (
        (path, 'the file %s belongs to another host' % path),
        (str(tmp_path), 'there is no record of it in %s' % tmp_path),
        (str(tmp_path / 'x.json'), 'there is no file %s' % (tmp_path / 'x.json')),
        ('lives', 'there is no file %s/lives' % os.getcwd()),
    ):
        result = run(variables=DECLARED, facts=where, max_age=0)
        assert (result['failing'], result['msg']) == (True, 'web-1 could not be judged: ' + message)


@pytest.mark.parametrize(
    'wrapped',
    [
        lambda observed: observed,
        lambda observed: {'ansible_facts': {'ansible_listening_ports': observed}},
        lambda observed: {'ansible_listening_ports': observed},
        lambda observed: {'listening_ports': observed, 'os_family': 'Debian'},
        lambda observed: {'changed': False, 'ansible_facts': {'listening_ports': observed}},
    ],
)
def test_facts_in_a_file_have_no_age(run, tmp_path, wrapped):
    (tmp_path / 'facts.json').write_text(json.dumps(wrapped(facts(listener()))))
    path = str(tmp_path / 'facts.json')
    assert run(variables=DECLARED, facts=path, max_age=0)['failing'] is False
    refused = run(variables=DECLARED, facts=path)
    assert (refused['failing'], refused['msg']) == (
        True,
        (
            'web-1 could not be judged: the age of the facts in %s is unknown: they are not a record, which would '
            'have the time of the controller; '
            'max_age: 0 accepts facts of any age' % path
        ),
    )


@pytest.mark.parametrize(
    'content, message',
    [
        ('', 'is not valid: not JSON'),
        ('[]', 'holds neither a record nor facts: has to be a mapping'),
        ('{}', 'holds neither a record nor facts'),
        ('[' * 100000, 'is not valid: nested too deeply'),
        ('{"recorded_at": 5}', 'is not valid: schema: is missing'),
        ('{"ansible_facts": 5}', 'holds neither a record nor facts'),
        (
            json.dumps(facts(listener(port=70000))),
            'holds neither a record nor facts: listeners[0].port: has to be a whole number',
        ),
    ],
)
def test_what_is_in_a_file_is_checked(run, tmp_path, content, message):
    (tmp_path / 'facts.json').write_text(content)
    result = run(variables=DECLARED, facts=str(tmp_path / 'facts.json'), max_age=0)
    assert result['failing'] is True and message in result['msg']


def test_a_pipe_in_the_place_of_a_file_stops_nobody(run, tmp_path):
    os.mkfifo(tmp_path / 'pipe')
    assert 'not a regular file' in run(variables=DECLARED, facts=str(tmp_path / 'pipe'), max_age=0)['msg']


def test_a_record_that_is_judged_again_keeps_its_time(run, tmp_path):
    when = stamp(3 * DAY)
    put(tmp_path / 'old', {'recorded_at': when})
    run(variables=DECLARED, facts=str(tmp_path / 'old'), max_age=0, path=str(tmp_path / 'new'))
    entry = records.read(str(tmp_path / 'new'), 'web-1')
    assert (entry['recorded_at'], entry['judgement']['failing']) == (when, False)


def test_recorded_facts_are_judged_anywhere(run, tmp_path):
    put(tmp_path, {'recorded_at': stamp(5)})
    assert run(variables=DECLARED, facts=str(tmp_path), keywords={'delegate_to': 'other'})['failing'] is False


@pytest.mark.parametrize('source', ['live', 'cached', 'none', 'recorded'])
def test_one_host_is_not_judged_for_all(run, tmp_path, source):
    put(tmp_path, {'recorded_at': stamp(5)})
    with pytest.raises(AnsibleActionFail, match='does not work with run_once: one host of the play would be judged'):
        run(variables=DECLARED, facts=str(tmp_path) if source == 'recorded' else source, keywords={'run_once': True})
    assert run.asked == []


def kept(observed):
    return dict(DECLARED, ansible_facts={'listening_ports': observed})


def test_facts_of_this_run_are_not_older_than_the_run(run):
    run.seconds_of_run = lambda: 100
    assert run(variables=kept(facts(listener())), facts='cached')['failing'] is False
    assert run(variables=kept(facts(listener())), facts='cached', max_age=100)['failing'] is False
    result = run(variables=kept(facts(listener())), facts='cached', max_age=99)
    assert (result['failing'], result['msg']) == (True, (
        'web-1 could not be judged: the cached facts may be as old as this run, 1 min 40 s, and max_age is 1 min 39 s; '
        'max_age: 0 accepts facts of any age'))
    assert run(variables=kept(facts(listener())), facts='cached', max_age=0)['failing'] is False


def test_a_run_of_unknown_age_is_not_taken_for_young(run):
    run.seconds_of_run = lambda: None
    assert 'is unknown' in run(variables=kept(facts(listener())), facts='cached')['msg']
    assert run(variables=kept(facts(listener())), facts='cached', max_age=0)['failing'] is False


def test_the_age_of_the_run_is_that_of_the_process_that_started_this_one():
    seconds = recorded.seconds_of_run()
    assert seconds is not None and 0 <= seconds < time.clock_gettime(time.CLOCK_BOOTTIME)
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(writing, b'%d' % recorded.seconds_of_run())
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    with open('/proc/self/stat', encoding='utf-8') as stream:
        started = int(stream.read().rpartition(')')[2].split()[19]) / os.sysconf('SC_CLK_TCK')
    assert abs(int(os.read(reading, 100)) - (time.clock_gettime(time.CLOCK_BOOTTIME) - started)) < 60


@pytest.mark.parametrize('plugin', ['jsonfile', 'ansible.builtin.jsonfile', 'community.general.redis'])
def test_a_fact_cache_does_not_say_how_old_facts_are(run, monkeypatch, plugin):
    run.seconds_of_run = lambda: 1
    monkeypatch.setattr(C, 'CACHE_PLUGIN', plugin)
    result = run(variables=kept(facts(listener(), gathered_at=stamp(1))), facts='cached', max_age=10 ** 9)
    assert result['failing'] is True
    assert 'the age of the cached facts is unknown: the fact cache %s does not record when' % plugin in result['msg']
    assert run(variables=kept(facts(listener())), facts='cached', max_age=0)['failing'] is False


@pytest.mark.parametrize('plugin', ['memory', 'ansible.builtin.memory'])
def test_a_cache_in_memory_is_of_this_run(run, monkeypatch, plugin):
    run.seconds_of_run = lambda: 1
    monkeypatch.setattr(C, 'CACHE_PLUGIN', plugin)
    assert run(variables=kept(facts(listener())), facts='cached')['failing'] is False


@pytest.mark.parametrize(
    'cached, message',
    [
        (None, 'there are no facts about its listeners: gather them with listening.ports.listener_facts'),
        ('{}', 'the packed facts are not valid: has to be a mapping, not'),
        ({}, 'the packed facts are not valid: schema: is missing'),
        (facts(listener(port=-1)), 'listeners[0].port: has to be a whole number'),
        ({'x': object()}, 'the cached facts are not valid'),
        ([float('nan')], 'the packed facts are not valid: not JSON: NaN is not a number'),
    ],
)
def test_what_is_cached_is_checked(run, cached, message):
    result = run(variables=kept(cached), facts='cached', max_age=0)
    assert result['failing'] is True and message in result['msg']
    assert run.looks == 0


def test_what_is_cached_is_left_as_it_is(run):
    cached = dict(facts(listener()), added_later=5)
    run(variables=kept(cached), facts='cached', max_age=0)
    assert cached == dict(facts(listener()), added_later=5)


@pytest.mark.parametrize('name', ['', 'hosts', 'hosts/web-1.json'])
def test_records_that_others_may_write_to_are_not_judged_unless_that_is_meant(run, tmp_path, name):
    put(tmp_path, {'recorded_at': stamp(5)})
    (tmp_path / name).chmod(0o777)
    result = run(variables=DECLARED, facts=str(tmp_path))
    assert result['failed'] is True and result['status'] == 'failed'
    assert 'is not safe from forgery: everybody may write to it' in result['msg']
    assert run(variables=DECLARED, facts=str(tmp_path), shared=True)['failing'] is False


def test_who_came_is_kept_of_a_look_and_not_of_what_somebody_recorded(run, tmp_path):
    came = facts(listener(clients={'ipv4': {'10.0.0.5/32': 1}, 'ipv6': {}, 'itself': 0}))
    came['complete']['connections'] = True
    put(tmp_path / 'earlier', {'recorded_at': stamp(60), 'facts': came})
    kept_in = tmp_path / 'kept'
    assert run(variables=DECLARED, facts=str(tmp_path / 'earlier'), path=str(kept_in), run_id='r1')['path']
    assert [path.name for path in kept_in.iterdir()] == ['hosts']
    assert run(came, variables=DECLARED, path=str(kept_in), run_id='r2')['path']
    with clients.opened(str(kept_in)) as read:
        assert read('web-1')['listeners']['tcp/0.0.0.0:80']['runs'] == 1
