# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files with records: written whole or not at all, read with distrust."""

import contextlib
import json
import os
import resource
import stat

import pytest

from ansible_collections.listening.ports.plugins.module_utils._subsets import ASPECTS
from ansible_collections.listening.ports.plugins.plugin_utils._facts import records
from ansible_collections.listening.ports.plugins.plugin_utils._facts.records import RecordError
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import (
    RUN, facts, gap, listener, record
)


def mode(path):
    return stat.S_IMODE(os.lstat(path).st_mode)


@pytest.mark.parametrize('host, wanted', [
    ('web-1.example.org', 'web-1.example.org.json'),
    ('.', '%2E.json'),
    ('..', '%2E..json'),
    ('.hidden', '%2Ehidden.json'),
    ('a/b', 'a%2Fb.json'),
    ('/etc/passwd', '%2Fetc%2Fpasswd.json'),
    ('../../x', '%2E.%2F..%2Fx.json'),
    ('a b\n', 'a%20b%0A.json'),
    ('a\0', 'a%00.json'),
    ('a%2Fb', 'a%252Fb.json'),
    ('fe80::1%eth0', 'fe80%3A%3A1%25eth0.json'),
    ('wéb', 'w%C3%A9b.json'),
    ('', '%2Ejson'),
])
def test_a_host_is_a_file_name(host, wanted):
    assert records.file_name(host) == wanted


@pytest.mark.parametrize('host', ['x' * 5000, 'é' * 300, '%' * 100, 'x' * 196, 'x' * 195])
def test_long_names_stay_within_what_a_file_system_takes_and_apart_from_each_other(host):
    name = records.file_name(host)
    assert len(name) <= 200 and name.endswith('.json') and '/' not in name
    assert name != records.file_name(host + 'x') != records.file_name(host + 'y')


def test_what_is_written_is_read_back(tmp_path):
    directory = str(tmp_path / 'new' / 'audit')
    entry = record('../web 1', facts(listener(), gaps=[gap()]))
    path = records.write(directory, entry)
    assert path == '%s/hosts/%%2E.%%2Fweb%%201.json' % directory
    assert records.read(directory, '../web 1') == entry
    assert mode(path) == 0o600
    assert mode(directory) == 0o700
    assert mode(directory + '/hosts') == 0o700
    assert os.listdir(directory + '/hosts') == [os.path.basename(path)]
    assert not (tmp_path / 'new' / 'web 1.json').exists()


def test_a_newer_record_replaces_the_older_one(tmp_path):
    records.write(str(tmp_path), record('web'))
    records.write(str(tmp_path), record('web', status='unreachable', message='no route'))
    assert records.read(str(tmp_path), 'web')['status'] == 'unreachable'


def test_hosts_whose_names_look_alike_do_not_share_a_record(tmp_path):
    for host in ('a/b', 'a%2Fb', 'a%252Fb'):
        records.write(str(tmp_path), record(host, message=host))
    assert [records.read(str(tmp_path), host)['message'] for host in ('a/b', 'a%2Fb', 'a%252Fb')] == [
        'a/b', 'a%2Fb', 'a%252Fb']


def test_a_link_in_the_place_of_a_record_is_replaced_and_not_followed(tmp_path):
    victim = tmp_path / 'victim'
    victim.write_text('precious')
    os.mkdir(tmp_path / 'hosts')
    os.symlink(victim, tmp_path / 'hosts' / 'web.json')
    records.write(str(tmp_path), record('web'))
    assert victim.read_text() == 'precious'
    assert not os.path.islink(tmp_path / 'hosts' / 'web.json')


def test_a_link_in_the_place_of_the_directory_is_refused(tmp_path):
    elsewhere = tmp_path / 'elsewhere'
    elsewhere.mkdir()
    os.symlink(elsewhere, tmp_path / 'hosts')
    with pytest.raises(RecordError, match='cannot be written'):
        records.write(str(tmp_path), record('web'))
    assert os.listdir(elsewhere) == []
    (elsewhere / 'web.json').write_text(json.dumps(record('web')))
    with pytest.raises(RecordError, match='cannot be read'):
        records.read(str(tmp_path), 'web')


@contextlib.contextmanager
def no_room():
    """No file can get any content."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.fixture
def older(tmp_path):
    """The directory of a record, which may not get lost."""
    records.write(str(tmp_path), record('web', message='older'))
    yield tmp_path
    assert records.read(str(tmp_path), 'web')['message'] == 'older'
    assert os.listdir(tmp_path / 'hosts') == ['web.json']


def test_a_write_that_fails_leaves_the_older_record_and_nothing_else(older):
    with pytest.raises(RecordError, match='File too large'), no_room():
        records.write(str(older), record('web', message='newer'))


def test_a_replacement_that_fails_leaves_the_older_record_and_nothing_else(older, monkeypatch):
    def refuse(*dummy, **dummies):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(os, 'replace', refuse)
    with pytest.raises(RecordError, match='No space left on device'):
        records.write(str(older), record('web', message='newer'))


def test_a_file_in_the_place_of_the_directory_is_an_error(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(RecordError, match='cannot be written'):
        records.write(str(tmp_path / 'file'), record('web'))


def test_no_record_is_none(tmp_path):
    assert records.read(str(tmp_path), 'web') is None
    assert records.read(str(tmp_path / 'absent'), 'web') is None


def put(tmp_path, content, name='web.json'):
    (tmp_path / 'hosts').mkdir()
    (tmp_path / 'hosts' / name).write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())


@pytest.mark.parametrize('content, message', [
    (b'', 'not JSON'),
    (b'{}', 'schema: is missing'),
    (b'[]', 'has to be a mapping'),
    (b'\xff', 'not UTF-8'),
    (b'[' * 100000, 'nested too deeply'),
    (record('other'), 'belongs to another host'),
    (record('web', status='done'), 'status: has to be one of ok, failed, unreachable'),
    (record('web', run_id='../x'), 'run_id: has to be the id of a run'),
    (record('web', recorded_at='now'), 'recorded_at: has to be a time'),
    (record('web', status='failed', facts=facts()), 'status and facts contradict each other'),
    (record('web', status='ok', facts=None), 'status and facts contradict each other'),
    (record('web', facts(listener(port=70000))), 'facts.listeners[0].port: has to be a whole number'),
    (record('web', facts(complete=dict.fromkeys(ASPECTS))), 'facts.complete.sockets'),
    (record('web', declared='yes'), 'declared: has to be true or false'),
    (record('web', schema=3), 'schema: has to be a whole number from 1 to 2, not 3'),
])
def test_a_record_that_is_none_is_refused_with_the_reason(tmp_path, content, message):
    put(tmp_path, content)
    with pytest.raises(RecordError) as caught:
        records.read(str(tmp_path), 'web')
    assert 'hosts/web.json' in str(caught.value) and message in str(caught.value)


def test_what_is_no_file_is_refused(tmp_path):
    (tmp_path / 'hosts').mkdir()
    os.symlink('/etc/hostname', tmp_path / 'hosts' / 'link.json')
    os.mkfifo(tmp_path / 'hosts' / 'pipe.json')
    (tmp_path / 'hosts' / 'folder.json').mkdir()
    for host, message in (
            ('link', 'it is a symbolic link'), ('pipe', 'not a regular file'), ('folder', 'not a regular file')):
        with pytest.raises(RecordError, match=message):
            records.read(str(tmp_path), host)


def test_a_huge_file_is_not_read(tmp_path):
    put(tmp_path, b'')
    os.truncate(tmp_path / 'hosts' / 'web.json', 1 << 40)
    with pytest.raises(RecordError, match='more than'):
        records.read(str(tmp_path), 'web')


def test_who_is_to_come_is_known_from_the_beginning_of_records(tmp_path):
    path = str(tmp_path)
    assert records.to_come(str(tmp_path / 'nowhere'), ['web'], RUN) == set()
    for name, run in (('now', RUN), ('old', 'run0'), ('"run_id":"run0"', RUN), ('x' * 4096, 'run0')):
        records.write(path, record(name, run_id=run))
    (tmp_path / 'hosts/broken.json').write_text('{')
    (tmp_path / 'hosts/link.json').symlink_to('old.json')
    os.mkfifo(tmp_path / 'hosts/pipe.json')
    names = ['now', 'old', 'absent', 'broken', 'link', 'pipe', '"run_id":"run0"', 'x' * 4096]
    assert records.to_come(path, names, RUN) == {'old', 'absent'}
    assert records.to_come(path, names, 'any') == {'absent'}
    (tmp_path / 'hosts').chmod(0o777)
    assert records.to_come(path, names, RUN) == set()
    assert records.to_come(path, names, RUN, shared=True) == {'old', 'absent'}


def test_the_id_of_a_run():
    first = records.run_id('/home/me/.ansible/tmp/ansible-local-1a')
    assert records.RUN_ID.fullmatch(first) and len(first) == 12
    assert first == records.run_id('/other/place/ansible-local-1a')
    assert first != records.run_id('/home/me/.ansible/tmp/ansible-local-1b')


def test_a_record_is_of_now():
    entry = records.record('web', 'run1', '2.21.0', 'ok', facts=facts())
    assert set(entry) == set(record('web'))
    assert records._check(json.loads(json.dumps(entry))) == entry


FINDING = {
    'kind': 'missing',
    'severity': 'high',
    'entry': 'web',
    'declared_in': 'expected_listeners',
    'listener': None,
    'expected': 'x',
    'found': None,
    'message': 'x',
    'remedy': None,
    'fingerprint': '0123456789abcdef',
    'fails': True,
    'parts': None,
    'same': None,
}
NOTHING = {'entries': [], 'waivers': []}


def judgement(**other):
    """A judgement as a record has it."""
    made = {
        'policy': {'summary': 'policy: 1 variable', 'hash': 'a' * 64, 'variables': ['expected_listeners']},
        'findings': [FINDING],
        'findings_total': 1,
        'failing': True,
        'refused': None,
        'waived': 0,
        'met': NOTHING,
        'idle': dict(NOTHING, entries=[['expected_listeners', '#1']]),
    }
    return dict(made, **other)


def test_a_judgement_is_read_back(tmp_path):
    for kept in (judgement(), records.refused('x\ny', ['expected_listeners']), None):
        records.write(str(tmp_path), record('web', judgement=kept))
        assert records.read(str(tmp_path), 'web')['judgement'] == kept


def test_a_judgement_of_schema_1_has_no_parts(tmp_path):
    older = {key: value for key, value in FINDING.items() if key not in ('parts', 'same')}
    for written in (older, dict(older, parts={'listener': 5}, same='0' * 16)):
        records.write(str(tmp_path), record('web', schema=1, judgement=judgement(findings=[written])))
        assert records.read(str(tmp_path), 'web')['judgement'] == judgement()


def test_a_record_of_before_there_were_judgements_has_none(tmp_path):
    older = record('web')
    del older['judgement']
    put(tmp_path, older)
    assert records.read(str(tmp_path), 'web')['judgement'] is None


@pytest.mark.parametrize(
    'wrong, message',
    [
        ([], 'judgement: has to be a mapping'),
        ({}, 'judgement.policy: is missing'),
        (judgement(policy=None), 'judgement.policy: has to be a mapping'),
        (
            judgement(policy={'summary': 'x', 'hash': 'x', 'variables': []}),
            'judgement.policy.hash: has to be 64 hexadecimal digits',
        ),
        (
            judgement(policy={'summary': 'x', 'hash': '', 'variables': [1]}),
            'judgement.policy.variables[0]: has to be text',
        ),
        (judgement(findings=[dict(FINDING, kind='fine')]), 'judgement.findings[0].kind: has to be one of'),
        (judgement(findings=[dict(FINDING, severity='fatal')]), 'judgement.findings[0].severity: has to be one of'),
        (judgement(findings=[dict(FINDING, message=None)]), 'judgement.findings[0].message: has to be text'),
        (
            judgement(findings=[dict(FINDING, message='x' * 20001)]),
            'judgement.findings[0].message: is longer than 20000',
        ),
        (
            judgement(findings=[dict(FINDING, fingerprint='../x')]),
            'judgement.findings[0].fingerprint: has to be 16 hexadecimal digits',
        ),
        (judgement(findings=[dict(FINDING, fails='no')]), 'judgement.findings[0].fails: has to be true or false'),
        (
            judgement(findings=[{key: value for key, value in FINDING.items() if key != 'parts'}]),
            'judgement.findings[0].parts: is missing',
        ),
        (judgement(findings=[dict(FINDING, parts={}, same='0' * 16)]), 'judgement.findings[0].parts.entry: is missing'),
        (
            judgement(findings=[FINDING] * 1001, findings_total=1001),
            'judgement.findings: has 1001 elements, not 0 to 1000',
        ),
        (judgement(findings_total=0), 'judgement.findings_total is less than there are findings'),
        (judgement(failing=0), 'judgement.failing: has to be true or false'),
        (judgement(refused=True), 'judgement.refused: has to be text'),
        (judgement(waived=-1), 'judgement.waived: has to be a whole number'),
        (judgement(met={'entries': [['x']], 'waivers': []}), 'judgement.met.entries[0]: has 1 elements'),
        (judgement(idle={'entries': []}), 'judgement.idle.waivers: is missing'),
    ],
)
def test_a_judgement_that_is_none_is_refused(tmp_path, wrong, message):
    put(tmp_path, record('web', judgement=wrong))
    with pytest.raises(RecordError) as caught:
        records.read(str(tmp_path), 'web')
    assert message in str(caught.value)


def test_a_record_of_what_was_seen_before_has_the_time_of_then():
    assert (
        records.record('web', 'run1', '2.21.0', 'ok', facts=facts(), recorded_at='2026-11-20T10:00:01Z')['recorded_at']
        == '2026-11-20T10:00:01Z'
    )


def test_a_file_is_read_wherever_it_is(tmp_path):
    path = records.write(str(tmp_path), record('web'))
    link = tmp_path / 'link.json'
    link.symlink_to(path)
    for name in (path, str(link)):
        entry, observed = records.read_file(name, 'web')
        assert (entry['host'], observed) == ('web', facts(listener()))
        with pytest.raises(RecordError, match='belongs to another host'):
            records.read_file(name, 'other')
    for name, message in ((tmp_path / 'absent', 'there is no file'), (tmp_path / 'a\x1bb', 'there is no file .*a.x1bb'),
                          (tmp_path / 'absent/too', 'there is no file'), (link / 'x', 'cannot be read')):
        with pytest.raises(RecordError, match=message):
            records.read_file(str(name), 'web')


@pytest.mark.parametrize('below', ['', 'hosts'])
@pytest.mark.parametrize('harm', [0o777, 0o707])
def test_a_directory_that_others_may_write_to_is_refused_unless_that_is_meant(tmp_path, below, harm):
    records.write(str(tmp_path), record('web'))
    os.chmod(tmp_path / below, harm)
    with pytest.raises(RecordError, match='is not safe from forgery: everybody may write to it.*shared: true'):
        records.read(str(tmp_path), 'web')
    with pytest.raises(RecordError, match='is not safe from forgery'):
        records.write(str(tmp_path), record('web'))
    assert records.read(str(tmp_path), 'web', shared=True)['host'] == 'web'
    records.write(str(tmp_path), record('db'), shared=True)
    os.chmod(tmp_path / below, 0o1777)          # others can add to it, and what they add is theirs
    assert records.read(str(tmp_path), 'db')['host'] == 'db'


def test_a_record_that_others_may_write_to_is_refused_unless_that_is_meant(tmp_path):
    path = records.write(str(tmp_path), record('web'))
    os.chmod(path, 0o666)
    with pytest.raises(RecordError, match=r'^the record hosts/web\.json is not safe from forgery: everybody may write'):
        records.read(str(tmp_path), 'web')
    with pytest.raises(RecordError, match='is not safe from forgery'):
        records.read_file(path, 'web')
    assert records.read(str(tmp_path), 'web', shared=True) == records.read_file(path, 'web', shared=True)[0]


@pytest.mark.skipif(os.geteuid() != 0, reason='only root can give files away')
@pytest.mark.parametrize('taken', ['.', 'hosts', 'hosts/web.json'])
def test_what_belongs_to_somebody_else_is_refused(tmp_path, monkeypatch, taken):
    monkeypatch.delenv('SUDO_UID', raising=False)
    records.write(str(tmp_path), record('web'))
    os.chown(tmp_path / taken, 65534, 65534)
    with pytest.raises(RecordError, match=r'is not safe from forgery: it belongs to .*uid 65534'):
        records.read(str(tmp_path), 'web')
    if taken != 'hosts/web.json':       # a record of somebody else is replaced
        with pytest.raises(RecordError, match=r'is not safe from forgery: it belongs to .*uid 65534'):
            records.write(str(tmp_path), record('web'))
    assert records.read(str(tmp_path), 'web', shared=True)['host'] == 'web'
