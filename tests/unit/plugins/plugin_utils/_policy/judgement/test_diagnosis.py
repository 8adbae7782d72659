# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of a unit that does not listen."""

import pathlib
import re

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._facts import check
from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import diagnosis as _diagnosis, message
from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement.parts import Own
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.diagnoses import diagnosis
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import facts, listener

IN_USE = 'nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)'
HIDDEN = 'what it listens on is unknown, because some listeners have hidden owners (run with become)'
NO_LOG = 'its log could not be read: there is no journal that this user may read (run with become)'
UNKNOWN = dict.fromkeys(('id', 'load', 'active', 'sub', 'enabled', 'result', 'exit'))
DEAD = {'active': 'inactive', 'sub': 'dead', 'result': 'success', 'exit': None}
RUNS = {'active': 'active', 'sub': 'running', 'result': 'success', 'exit': None}
WORDS = [
    # failed, and how
    ({'lines': [IN_USE, 'nginx: [emerg] still could not bind()']},
     'nginx.service has failed (exit code 1): "%s"' % IN_USE),
    (
        {'lines': ['still could not bind()', IN_USE.replace('98: Address already in use', '13: Permission denied')]},
        'nginx.service has failed (exit code 1): "nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)"',
    ),
    (
        {
            'lines': [
                'nginx: [emerg] invalid parameter "x" in /etc/nginx/nginx.conf:4',
                'nginx: configuration file /etc/nginx/nginx.conf test failed',
            ]
        },
        'nginx.service has failed (exit code 1): "nginx: [emerg] invalid parameter \'x\' in /etc/nginx/nginx.conf:4"',
    ),
    ({'exit': None}, 'nginx.service has failed (exit-code); its log says nothing further'),
    ({'result': 'signal', 'exit': 11}, 'nginx.service has failed (ended by SIGSEGV); its log says nothing further'),
    ({'result': 'signal', 'exit': 7}, 'nginx.service has failed (ended by signal 7); its log says nothing further'),
    ({'result': 'signal', 'exit': 9}, 'nginx.service has failed (ended by SIGKILL); its log says nothing further'),
    (
        {'result': 'core-dump', 'exit': 6},
        'nginx.service has failed (ended by SIGABRT, with a core dump); its log says nothing further',
    ),
    (
        {'result': 'oom-kill', 'exit': None},
        'nginx.service has failed (there was not enough memory); its log says nothing further',
    ),
    ({'result': 'timeout', 'exit': None}, 'nginx.service has failed (it took too long); its log says nothing further'),
    (
        {'result': 'timeout', 'exit': None, 'lines': ['nginx.service: start operation timed out. Terminating.']},
        'nginx.service has failed (it took too long): "start operation timed out. Terminating."',
    ),
    (
        {'result': 'watchdog', 'exit': None},
        'nginx.service has failed (its watchdog timed out); its log says nothing further',
    ),
    (
        {'result': 'start-limit-hit', 'exit': None},
        'nginx.service has failed (it was started too often); its log says nothing further',
    ),
    (
        {'result': 'resources', 'exit': None},
        'nginx.service has failed (its resources could not be set up); its log says nothing further',
    ),
    ({'result': 'of tomorrow', 'exit': None}, 'nginx.service has failed ("of tomorrow"); its log says nothing further'),
    ({'result': None, 'exit': None}, 'nginx.service has failed; its log says nothing further'),
    (
        {'active': 'activating', 'sub': 'auto-restart', 'exit': 3, 'lines': ['ready']},
        'nginx.service keeps exiting, and is waiting to be restarted (exit code 3); its log ends with: "ready"',
    ),
    (
        {'active': 'activating', 'sub': 'auto-restart', 'result': 'success', 'exit': 0},
        'nginx.service keeps exiting, and is waiting to be restarted (exit code 0); its log says nothing further',
    ),
    # what a service says for itself
    (
        {'lines': ['failed". To do: nothing. "', 'x']},
        'nginx.service has failed (exit code 1): "failed\'. To do: nothing. \'"',
    ),
    # never there
    (dict(DEAD, load='not-found'), 'nginx.service does not exist on this host'),
    (dict(DEAD, load='masked'), 'nginx.service is masked, so nothing can start it'),
    (
        {'load': 'masked'},
        'nginx.service is masked, so nothing can start it',
    ),  # it ran, failed, and was masked then
    (
        dict(DEAD, load='bad-setting', lines=['nginx.service: Service has no ExecStart=. Refusing.']),
        'nginx.service has a unit file that systemd does not accept: "Service has no ExecStart=. Refusing."',
    ),
    (dict(UNKNOWN, load='invalid', unit='a b'), '"a b" is not a valid unit name'),
    (dict(UNKNOWN, load='template', unit='app@'), 'app@ is a template, but the entry names no instance of it'),
    # not running
    (DEAD, 'nginx.service is not running'),
    (dict(DEAD, enabled='disabled'), 'nginx.service is not running, and is disabled, so it does not start at boot'),
    (dict(DEAD, exit=0), 'nginx.service is not running any more: it ended with exit code 0'),
    (
        dict(DEAD, lines=['Stopped nginx.service - A server.']),
        'nginx.service is not running; its log ends with: "Stopped nginx.service - A server."',
    ),
    (
        dict(
            DEAD,
            lines=['nginx.service was skipped because of an unmet condition check (ConditionPathExists=/etc/nginx).'],
        ),
        'nginx.service is not running: "nginx.service was skipped because of an unmet condition check '
        '(ConditionPathExists=/etc/nginx)."',
    ),
    (
        {'active': 'activating', 'sub': 'start-pre', 'result': 'success', 'exit': None},
        'nginx.service is still starting (start-pre); its log says nothing further',
    ),
    (
        {'active': 'deactivating', 'sub': 'stop-sigterm', 'result': 'success'},
        'nginx.service is deactivating (stop-sigterm)',
    ),
    # running, and not listening
    (RUNS, 'nginx.service is running, but owns no listener'),
    (
        dict(RUNS, lines=['Listening on unix:/run/x']),
        'nginx.service is running, but owns no listener; its log ends with: "Listening on unix:/run/x"',
    ),
    (
        dict(RUNS, lines=['bind: Permission denied', 'ready']),
        'nginx.service is running, but owns no listener: "bind: Permission denied"',
    ),
    (dict(RUNS, holds=None, unseen=[HIDDEN]), 'nginx.service is running; ' + HIDDEN),
    (
        dict(RUNS, unit='mysqld', id='mariadb.service', holds=True),
        'mysqld, which is mariadb.service, is running, but listens elsewhere',
    ),
    (
        dict(RUNS, unit='demo.service', id='demo.socket', sub='listening', lines=['It was changed']),
        'demo.socket, which starts demo.service, is active (listening), but owns no listener; its log ends with: '
        '"It was changed"',
    ),
    (dict(RUNS, unit='ssh.socket', id='ssh.socket', sub='listening', holds=None), 'ssh.socket is active (listening)'),
    (dict(RUNS, sub='exited'), 'nginx.service has finished (active, exited)'),
    # not looked at
    (
        dict(UNKNOWN, unseen=['systemd could not be asked: it is not running']),
        'nginx.service could not be inspected: systemd could not be asked: it is not running',
    ),
    (UNKNOWN, 'nginx.service could not be inspected: the host gives no reason'),
    ({'unseen': [NO_LOG]}, 'nginx.service has failed (exit code 1); ' + NO_LOG),
    ({'active': None, 'sub': None}, 'nginx.service is in an unknown state'),
]


def in_words(known):
    """What a finding says of it."""
    return message.diagnosis(_diagnosis.diagnosis(known, Own({'local_addresses': ['10.0.0.5/24']})))


def elsewhere(units, listeners):
    known = _diagnosis.elsewhere(units, listeners)
    return known and message.elsewhere(known)


@pytest.mark.parametrize('fields, words', WORDS, ids=[words for dummy, words in WORDS])
def test_in_words(fields, words):
    known = diagnosis(**fields)
    assert check.check(facts(diagnoses={known['unit']: known}))
    assert in_words(known) == words


@pytest.mark.parametrize(
    'lines, expected',
    [
        # what says why a port cannot be had, though others say more loudly that it cannot
        (
            [
                '(98)Address already in use: AH00072: make_sock: could not bind to address [::]:80',
                'no listening sockets available, shutting down',
                'AH00015: Unable to open logs',
            ],
            '(98)Address already in use: AH00072: make_sock: could not bind to address [::]:80',
        ),
        (
            ['Traceback (most recent call last):', 'OSError: [Errno 98] Address already in use', 'failed'],
            'OSError: [Errno 98] Address already in use',
        ),
        (
            ['listen EADDRINUSE: address already in use :::3000', 'Emitted error event'],
            'listen EADDRINUSE: address already in use :::3000',
        ),
        (
            ['bind() to 0.0.0.0:80 failed (13: Permission denied)', 'giving up'],
            'bind() to 0.0.0.0:80 failed (13: Permission denied)',
        ),
        (['Cannot assign requested address', 'bye'], 'Cannot assign requested address'),
        (['first error', 'second error', 'bye'], 'second error'),
        # what is wrong, though it is said last that something is
        (
            [
                'AH00526: Syntax error on line 5 of /etc/apache2/apache2.conf:',
                "Invalid command 'Lisen', perhaps misspelled",
                "Action 'start' failed.",
                'The Apache error log may have more information.',
            ],
            "Invalid command 'Lisen', perhaps misspelled",
        ),
        (['Traceback (most recent call last):', 'KeyError: 1', 'worker failed to boot'], 'KeyError: 1'),
    ],
)
def test_the_line_that_tells_most(lines, expected):
    assert in_words(diagnosis(lines=lines)) == 'nginx.service has failed (exit code 1): "%s"' % expected


def test_names_are_complete():
    assert in_words(diagnosis('nginx', **DEAD)) == 'nginx.service is not running'


@pytest.mark.parametrize('key', ['unit', 'id', 'load', 'active', 'sub', 'result', 'lines', 'unseen'])
@pytest.mark.parametrize('evil', ['\x1b[31m', '\n::error::x', '\u202e', '##[error]x', '{{ 7*7 }}\r', 'x' * 5000])
def test_whatever_a_host_says_is_harmless_to_print(key, evil):
    known = diagnosis(exit=None)
    known[key] = [evil + ' error'] if key in ('lines', 'unseen') else evil
    words = in_words(known)
    assert words.isprintable() and '\n' not in words and '##' not in words and len(words) < 1000


def test_elsewhere():
    listeners = [listener('0.0.0.0', 8080, service='nginx.service'), listener('::', 8080, service='nginx.service'),
                 listener('127.0.0.1', 22, service='ssh.service', activated_by='ssh.socket')]
    assert (
        elsewhere(['nginx.service'], iter(listeners))
        == 'nginx.service is running, but listens on tcp 0.0.0.0:8080, tcp [::]:8080'
    )
    assert elsewhere(['no.service', 'ssh.socket'], listeners) == (
        'ssh.socket is running, but listens on tcp 127.0.0.1:22'
    )
    assert elsewhere(['no.service'], listeners) is None
    assert elsewhere([], listeners) is None


def test_the_guide_shows_what_is_told():
    guide = pathlib.Path(__file__).parents[6] / 'docs/docsite/rst/guide_wait_for.rst'
    shown = re.findall(r'^   \* - ``(.+)``$', guide.read_text(encoding='utf-8'), re.MULTILINE)
    possible = {words for dummy, words in WORDS}
    possible.add(elsewhere(['nginx.service'], [listener('0.0.0.0', 8081, service='nginx.service')]))
    assert len(shown) > 10 and set(shown) <= possible
