# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of a unit's log: which lines are told, and what is left out of them."""

import json
import os
import subprocess
import time

import pytest

from ansible_collections.listening.ports.plugins.module_utils._systemd import journal as _journal
from ansible_collections.listening.ports.plugins.module_utils._systemd.journal import Commands, Unseen, redacted

ID = '0123456789abcdef0123456789abcdef'
IN_USE = 'nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)'


def entry(message, pid=100, **fields):
    """One line of journalctl."""
    return json.dumps(dict({'MESSAGE': message, '_PID': str(pid), '_SYSTEMD_INVOCATION_ID': ID}, **fields),
                      ensure_ascii=False)


class Journal:
    """Runs journalctl, in that it says what it is told to say."""

    def __init__(self, tmp_path):
        self.answer, self.faults, self.asked = (0, '', ''), [], []
        self.file = tmp_path / 'system.journal'
        self.file.write_text('')
        self.files = (str(tmp_path / '*.journal'),)

    def run(self, words, environ_update, expand_user_and_vars, handle_exceptions):
        assert not expand_user_and_vars and not handle_exceptions
        self.asked.append(words)
        for fault in self.faults:
            raise fault
        return self.answer

    def lines(self, *entries, **options):
        """What becomes of these entries."""
        if entries:
            self.answer = (0, ''.join(line + '\n' for line in entries), '')
        commands = Commands(self.run, time.monotonic() + options.get('left', 10))
        return _journal.lines('nginx.service', options.get('invocation', ID), commands, self.files)


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path)


@pytest.mark.parametrize('invocation, wanted', [
    # what has no underscore in front of its name can be logged by anybody: then root has to be who did
    (ID, ['--boot', 'UNIT=nginx.service', '_UID=0', '+', '_SYSTEMD_UNIT=nginx.service', '+',
          '_SYSTEMD_INVOCATION_ID=' + ID, '+',
          'INVOCATION_ID=' + ID, '_UID=0']),
    ('', ['--boot', 'UNIT=nginx.service', '_UID=0']),
    (None, ['--boot', 'UNIT=nginx.service', '_UID=0', '+', '_SYSTEMD_UNIT=nginx.service']),
])
def test_what_is_asked_for(journal, invocation, wanted):
    journal.lines(invocation=invocation)
    [words] = journal.asked
    assert words == ['timeout', '5', 'journalctl', '--no-pager', '--output=json', '--lines=100'] + wanted


def test_lines_of_another_start_are_left_out(journal):
    other = '1' + ID[1:]
    entries = [
        entry('of nobody'), entry('old', _SYSTEMD_INVOCATION_ID=other), entry('new'),
        entry('old too', 1, INVOCATION_ID=other),
        entry('new too'),               # its process had ended before journald could look at it
        entry('about to start', INVOCATION_ID=ID)]
    for number in (0, 3, 4, 5):
        entries[number] = entries[number].replace('"_SYSTEMD_INVOCATION_ID": "%s"' % ID, '"_COMM": "x"')
    assert journal.lines(*entries) == ['new', 'new too', 'about to start']
    assert journal.lines(*entries, invocation='') == ['of nobody', 'old', 'new', 'new too', 'about to start']
    assert journal.lines(*entries[:2]) == []


@pytest.mark.parametrize('read, started, is_told', [
    ('1000000', '1000170', True), ('1000000', '1049999', True), ('1000000', '1050000', False),
    ('1000000', '999999', False), ('x', '1000000', False),
    ('1000000', [], False), (None, None, False)])
def test_what_journald_reads_before_it_reads_of_the_start(journal, read, started, is_told):
    """Its process had ended by then, so that it says nothing of the start.

    An earlier start may have left such lines too.
    """
    early = entry('cannot read', __MONOTONIC_TIMESTAMP=read).replace('"_SYSTEMD_INVOCATION_ID": "%s", ' % ID, '')
    assert ID not in early
    start = entry('Started app.', 1, INVOCATION_ID=ID, __MONOTONIC_TIMESTAMP=started)
    assert journal.lines(entry('old', _SYSTEMD_INVOCATION_ID='1' + ID[1:]), early, start) == ['cannot read'] * is_told
    assert journal.lines(early) == []


def test_lines_of_the_unit_go_before_those_about_it(journal):
    entries = [entry('Starting nginx.service...', 1), entry(IN_USE),
               entry("nginx.service: Failed with result 'exit-code'.", 1)]
    assert journal.lines(*entries) == [IN_USE]
    entries[1] = entry('nginx.service: Failed to load environment files: No such file or directory', 1)
    assert journal.lines(*entries) == ['nginx.service: Failed to load environment files: No such file or directory']


def test_nothing_is_told_of_what_the_state_says_already(journal):
    assert journal.lines(*[entry(text, 1) for text in (
        'Starting nginx.service...', 'Started nginx.service - A web server.',
        'nginx.service: Main process exited, code=killed, status=9/KILL',
        'nginx.service: Failed to parse PID from file /run/nginx.pid: Invalid argument',
        "nginx.service: Failed with result 'signal'.",
        'nginx.service: Consumed 41ms CPU time, 2.1M memory peak.',
        'nginx.service: Scheduled restart job, restart counter is at 2.',
        'Failed to start nginx.service - A web server.')]) == []


def test_each_line_once_and_in_order(journal):
    assert journal.lines(*map(entry, ('a', 'b', 'a', 'c', 'b'))) == ['a', 'c', 'b']


@pytest.mark.parametrize('stamp', [
    '2026/11/21 07:25:58 ', '2026-11-21 07:25:58.123 UTC ', '[2026-11-21T07:25:58,123+01:00] ', '2026-11-21T07:25:58Z ',
    '2026-11-21  7:25:58 '])
def test_what_differs_by_its_time_alone_is_one_line(journal, stamp):
    assert journal.lines(entry(stamp + '[emerg] 10#10: bind()'),
                         entry(stamp.replace(':58', ':59') + '[emerg] 11#11: bind()')) == ['[emerg] bind()']
    assert journal.lines(entry('at ' + stamp + 'it ended')) == ['at ' + stamp + 'it ended']


def test_five_lines_and_those_that_tell_go_before_others(journal):
    assert journal.lines(*map(entry, 'abcdefg')) == ['c', 'd', 'e', 'f', 'g']
    trace = ['at line %d' % number for number in range(20)]
    assert journal.lines(*map(entry, ['start', 'java.net.BindException: Address already in use'] + trace)) == [
        'java.net.BindException: Address already in use'] + trace[-4:]
    errors = ['error %d' % number for number in range(9)]
    assert journal.lines(*map(entry, errors + trace)) == errors[-3:] + trace[-2:]
    assert journal.lines(*map(entry, errors)) == errors[-5:]


def test_messages_of_any_form(journal):
    assert journal.lines(entry('two\nlines\n\n'), entry([110, 111, 255]), entry(['several', 'of it']), entry(None),
                         '{"_PID": "5"}',
                         entry('a\u2028b')) == ['no\\xff', 'several of it', '(a message that is too long)', 'a', 'b']
    assert journal.lines(entry('x', '1', SYSLOG_IDENTIFIER='nginx'), entry('y')) == ['y']


def test_nothing_was_logged(journal):
    assert journal.lines() == []
    assert journal.lines('-- No entries --') == []


@pytest.mark.parametrize('user, reason', [
    (0, '^there is no journal$'), (1000, r'^there is no journal that this user may read \(run with become\)$')])
def test_a_log_that_cannot_be_read_is_not_an_empty_one(journal, monkeypatch, user, reason):
    """journalctl says nothing of it and ends with 0, for its output is for programs."""
    journal.file.unlink()
    monkeypatch.setattr(os, 'geteuid', lambda: user)
    with pytest.raises(Unseen, match=reason):
        journal.lines()
    assert journal.lines(entry('mine')) == ['mine']


@pytest.mark.parametrize('answer, reason', [
    ((1, '', 'No journal files were opened due to insufficient permissions.\nmore\n'),
     '^No journal files were opened due to insufficient permissions.$'),
    ((0, '', 'Hint: You are currently not seeing messages from other users and the system.\n'),
     '^Hint: You are currently not seeing'),
    ((127, '', "timeout: failed to run command 'journalctl': No such file or directory\n"),
     "^timeout: failed to run command 'journalctl'"),
    ((124, '{"MESSAGE": "x"}', ''), '^journalctl took longer than 5 seconds$'),
    ((3, '{"MESSAGE": "x"}', ''), '^journalctl ended with 3$'),
    ((0, '{"MESSAGE": \n', ''), '^journalctl does not write JSON$'),
])
def test_why_a_log_could_not_be_read(journal, answer, reason):
    journal.answer = answer
    with pytest.raises(Unseen, match=reason):
        journal.lines()


@pytest.mark.parametrize('fault, reason', [
    (FileNotFoundError(2, 'No such file or directory', 'timeout'), 'No such file'),
    (ValueError('embedded null byte'), 'null byte'),
])
def test_a_command_that_cannot_be_run(journal, fault, reason):
    journal.faults.append(fault)
    with pytest.raises(Unseen, match=reason):
        journal.lines()


def test_output_that_is_no_text(journal):
    journal.answer = (1, '', b'\xff!\n'.decode('utf-8', 'surrogateescape'))
    with pytest.raises(Unseen, match=r'^\\xff!$'):
        journal.lines()


def test_time_is_limited(journal):
    journal.lines(left=3.5)
    assert journal.asked[0][:2] == ['timeout', '3']
    with pytest.raises(Unseen, match='the time limit was reached'):
        journal.lines(left=0.9)
    assert len(journal.asked) == 1


def test_without_a_way_to_run_a_command():
    with pytest.raises(Unseen, match='journalctl cannot be run'):
        _journal.lines('nginx.service', ID, Commands(None, time.monotonic() + 10))


def really_run(words, environ_update, **dummy):
    """As AnsibleModule.run_command, which is not there under every Python."""
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                          env=dict(os.environ, **environ_update))
    return done.returncode, done.stdout.decode('utf-8', 'surrogateescape'), done.stderr.decode('utf-8',
                                                                                               'surrogateescape')


@pytest.mark.parametrize('script, reason', [
    ('exec sleep 60', 'journalctl took longer than 1 seconds'),
    ('echo "$LC_ALL, really" >&2', '^C, really$'),
])
def test_real_programs(tmp_path, monkeypatch, script, reason):
    path = tmp_path / 'journalctl'
    path.write_text('#!/bin/sh\n' + script)
    path.chmod(0o755)
    monkeypatch.setenv('PATH', '%s:/usr/bin:/bin' % tmp_path)
    monkeypatch.setenv('LC_ALL', 'de_DE')
    with pytest.raises(Unseen, match=reason):
        _journal.lines('nginx.service', ID, Commands(really_run, time.monotonic() + 1.9))


def test_a_program_that_is_not_there(tmp_path, monkeypatch):
    (tmp_path / 'timeout').symlink_to('/usr/bin/timeout')
    monkeypatch.setenv('PATH', str(tmp_path))
    with pytest.raises(Unseen, match='journalctl.*No such file'):
        _journal.lines('nginx.service', ID, Commands(really_run, time.monotonic() + 10))


KEPT = [
    IN_USE, 'bind() to 0.0.0.0:80 failed (13: Permission denied)',
    '(98)Address already in use: AH00072: make_sock: could not bind to address [::]:80',
    'Failed at step EXEC spawning /usr/lib/x86_64-linux-gnu/perl5/5.40/auto/some/very/long/path: No such file or '
    'directory',
    'nouser.service: Failed to determine user credentials: No such process',
    'open /etc/ssl/private/key.pem: permission denied',
    'password authentication failed for user "app"', 'the compass: north',
    'listen on http://0.0.0.0:80/x, tcp://[::]:80',
    '2026-11-20 10:00:00 user@host: hello',
    'FATAL: could not create any TCP/IP sockets', 'LOG: invalid secret: not found',
    'a-very-long-name-of-a-thing-without-digits',
]
HUNTER = 'hunter2'
SECRETS = [
    ('password=%s', 'password=[redacted]'),
    ('DB_PASSWORD=%s and more', 'DB_PASSWORD=[redacted] and more'),
    ('mypasswd: %s', 'mypasswd: [redacted]'),
    ("pass='%s and more' next", 'pass=[redacted] next'),
    ('{"user": "a", "password": "%s \\" x", "b": 1}', '{"user": "a", "password": [redacted], "b": 1}'),
    ('{"token":"%s"', '{"token":[redacted]'),
    ('client_secret = %s;x', 'client_secret = [redacted]'),
    ('API-Key: %s', 'API-Key: [redacted]'),
    ('apikey=%s&user=a', 'apikey=[redacted]&user=a'),
    ('exec: app --db-password %s --verbose', 'exec: app --db-password [redacted] --verbose'),
    ('--token=%s', '--token=[redacted]'),
    ('GET /x?sig=%s&y=1', 'GET /x?sig=[redacted]&y=1'),
    ('dial postgres://app:%s@db:5432/x: refused', 'dial postgres://[redacted]@db:5432/x: refused'),
    ('https://%s@example.org/x.git', 'https://[redacted]@example.org/x.git'),
    ('amqp://a:p@ss/%s@mq', 'amqp://[redacted]@mq'),
    ('app:%s@tcp(127.0.0.1:3306)/x', '[redacted]@tcp(127.0.0.1:3306)/x'),
    ('Authorization: Basic %s and more', 'Authorization: [redacted]'),
    ('"Set-Cookie": id=%s; Path=/', '"Set-Cookie": [redacted]'),
    ('used Bearer %s.abc, twice', 'used Bearer [redacted], twice'),
    ('A temporary password is generated for root@localhost: %s', 'A temporary password is [redacted]'),
    ('-----BEGIN RSA PRIVATE KEY-----%s', '-----BEGIN RSA PRIVATE KEY-----[redacted]'),
    ('MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj/AgEAAoIBAQC%s', '[redacted]'),
    ('key 0123456789abcdef0123456789abcdef%s', 'key [redacted]'),
    ('got eyJhbGciOiJIUzI1NiJ9.%s.abc', 'got [redacted]'),
]


@pytest.mark.parametrize('line', KEPT)
def test_what_tells_why_is_kept(line):
    assert redacted(line) == line


@pytest.mark.parametrize('line, shown', SECRETS, ids=[shown for dummy, shown in SECRETS])
def test_what_looks_like_a_secret_is_left_out(line, shown):
    assert redacted(line % HUNTER) == shown


def test_lines_are_not_longer_than_300_characters():
    assert redacted('x.' * 499) == 'x.' * 150
    assert redacted('  spaces  ') == 'spaces'
    assert redacted('bind ' * 1000) == ('bind ' * 1000)[:300]


def test_the_half_of_a_secret_is_not_told():
    """Where a line is cut before it is looked at, its last word would not look like one."""
    line = ' '.join(['1' + 'a' * 89] * 10) + ' https://user:' + HUNTER * 10 + '@example.org'
    assert 'hunter' in line[:1000] and redacted(line) == ' '.join(['[redacted]'] * 10)
    assert redacted('https://user:' + HUNTER * 200 + '@example.org') == '[redacted]'


@pytest.mark.parametrize('part', ['token', '-token ', '://', 'a:', '"', 'password="\\', 'a', 'a.', '@', 'pass ',
                                  'password is ', 'eyJ', '  --x'])
def test_no_line_takes_long(part):
    start = time.process_time()
    for number in range(5):
        redacted(part * (1000 // len(part)))
    assert time.process_time() - start < 0.25
