# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The output of systemctl show."""

import os
import subprocess

import pytest

from ansible_collections.listening.ports.plugins.module_utils._systemd import systemctl

NEW = """\
MainPID=812
Id=ssh.service

Id=ssh.socket
Triggers=ssh.service
Listen=0.0.0.0:22 (Stream)
Listen=[::]:22 (Stream)

Id=dns.socket
Triggers=dns.service
Listen=127.0.0.1:53 (Stream)
Listen=127.0.0.1:53 (Datagram)
Listen=/run/dns with blanks.sock (Stream)
"""
OLD = """\
Id=ssh.socket
Triggers=ssh.service
ListenStream=[::]:22
ListenDatagram=0.0.0.0:5353

MainPID=0
Id=ssh.service
"""


@pytest.mark.parametrize('text, main, sockets', [
    ('', {}, {}),
    ('\n\n\n', {}, {}),
    (NEW, {'ssh.service': 812}, {
        ('Stream', '0.0.0.0:22'): ('ssh.socket', 'ssh.service'),
        ('Stream', '[::]:22'): ('ssh.socket', 'ssh.service'),
        ('Stream', '127.0.0.1:53'): ('dns.socket', 'dns.service'),
        ('Datagram', '127.0.0.1:53'): ('dns.socket', 'dns.service'),
        ('Stream', '/run/dns with blanks.sock'): ('dns.socket', 'dns.service'),
    }),
    (OLD, {'ssh.service': 0}, {
        ('Stream', '[::]:22'): ('ssh.socket', 'ssh.service'),
        ('Datagram', '0.0.0.0:5353'): ('ssh.socket', 'ssh.service'),
    }),
    # one instance for each connection: nothing is triggered
    ('Id=ssh.socket\nTriggers=\nListen=[::]:22 (Stream)\n', {}, {('Stream', '[::]:22'): ('ssh.socket', None)}),
    ('Id=ssh.socket\nListen=[::]:22 (Stream)\n', {}, {('Stream', '[::]:22'): ('ssh.socket', None)}),
    ('Id=a.socket\nTriggers=a.service b.service\nListen=[::]:1 (Stream)\n', {},
     {('Stream', '[::]:1'): ('a.socket', 'a.service')}),
    ('Id=foo@1.socket\nTriggers=foo@1.service\nListen=[::]:1 (Stream)\n\nId=foo@2.socket\nTriggers=foo@2.service\n'
     'Listen=[::]:2 (Stream)\n', {}, {
         ('Stream', '[::]:1'): ('foo@1.socket', 'foo@1.service'),
         ('Stream', '[::]:2'): ('foo@2.socket', 'foo@2.service')}),
    ('MainPID=5\n', {}, {}),
    ('Id=x.service\nMainPID=none\n', {}, {}),
    ('Id=x.service\nMainPID=5\nOther=Id=y.service\n', {'x.service': 5}, {}),
])
def test_parse(text, main, sockets):
    assert systemctl.parse(text) == (main, sockets)


def test_ask_is_one_call_with_units_that_cannot_be_options():
    calls = []

    def run(arguments, **options):
        calls.append(arguments)
        return 0, NEW, ''

    assert systemctl.ask({'b.service', '--a.service'}, run)[0] == {'ssh.service': 812}
    [arguments] = calls
    assert arguments[0] == 'timeout' and 0 < float(arguments[1]) <= 30
    assert arguments[2:5] == ['systemctl', 'show', '--no-pager']
    assert arguments[arguments.index('--'):] == ['--', '--a.service', 'b.service', '*.socket']
    wanted = [argument for argument in arguments if argument.startswith('--property=')][0].split('=')[1].split(',')
    assert {'Id', 'MainPID', 'Triggers', 'Accept', 'Listen', 'ListenStream', 'ListenDatagram'} == set(wanted)


def test_values():
    def run(arguments, **options):
        assert arguments[arguments.index('--'):] == ['--', 'a.service', 'b.service']
        assert '--property=Id,KillMode' in arguments
        return 0, 'Id=a.service\nKillMode=process\n\nId=b.service\nKillMode=mixed\n', ''
    assert systemctl.values(['a.service', 'b.service'], 'KillMode', run) == {'a.service': 'process',
                                                                             'b.service': 'mixed'}


def test_ask_takes_bytes_that_are_no_text():
    def run(dummy, **options):
        return 0, b'Id=\xff.service\nMainPID=5\n'.decode('utf-8', 'surrogateescape'), ''
    assert systemctl.ask([], run)[0] == {'\\xff.service': 5}


@pytest.mark.parametrize('exception',
                         [FileNotFoundError(2, 'timeout'), PermissionError(13, 'timeout'), ValueError('NUL')])
def test_ask_tells_a_failure(exception):
    def run(dummy, **options):
        raise exception
    with pytest.raises(systemctl.SystemdError):
        systemctl.ask([], run)


def test_ask_without_a_way_to():
    with pytest.raises(systemctl.SystemdError):
        systemctl.ask([], None)


def run_command(arguments, environ_update, expand_user_and_vars, handle_exceptions):
    """As that of AnsibleModule, which is not there under every Python."""
    assert not expand_user_and_vars and not handle_exceptions
    done = subprocess.run(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False, env=dict(os.environ, **environ_update))
    return done.returncode, done.stdout.decode('utf-8', 'surrogateescape'), ''


def program(directory, monkeypatch, text):
    path = directory / 'systemctl'
    path.write_text('#!/bin/sh\n' + text)
    path.chmod(0o755)
    monkeypatch.setenv('PATH', '%s:/usr/bin:/bin' % directory)


def test_run_is_not_led_astray_by_the_environment(tmp_path, monkeypatch):
    program(tmp_path, monkeypatch,
            'echo "Id=$LC_ALL/$SYSTEMD_PAGER/$SYSTEMD_COLORS"; echo MainPID=9; echo no >&2; cat\n')
    for name in ('LC_ALL', 'SYSTEMD_PAGER', 'SYSTEMD_COLORS'):
        monkeypatch.setenv(name, 'de_DE')
    assert systemctl.ask([], run_command)[0] == {'C//0': 9}


def test_run_fails(tmp_path, monkeypatch):
    program(tmp_path, monkeypatch, 'echo Id=x.service; exit 1\n')
    with pytest.raises(systemctl.SystemdError, match='ended with 1'):
        systemctl.ask([], run_command)


def test_run_without_systemctl(tmp_path, monkeypatch):
    monkeypatch.setenv('PATH', str(tmp_path))
    with pytest.raises(systemctl.SystemdError):
        systemctl.ask([], run_command)


def test_run_hangs(tmp_path, monkeypatch):
    program(tmp_path, monkeypatch, 'exec sleep 60\n')
    with pytest.raises(systemctl.SystemdError, match='longer than 0.2 seconds'):
        systemctl.ask([], run_command, 0.2)
