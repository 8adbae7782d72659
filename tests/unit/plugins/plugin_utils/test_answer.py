# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of modules: what is known of them, whatever else they say."""

import json

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils import _answer

EVIL = '\x1b[31m\u202e{{ 7*7 }}\x9b2J'
SAFE = '\\x1b[31m\\u202e{{ 7*7 }}\\x9b2J'


def test_an_answer_is_read():
    assert _answer.read('{"packed": "x", "changed": false}\n') == {'packed': 'x', 'changed': False}


@pytest.mark.parametrize('printed', ['Welcome\n{"a": 1}', 'x\ny\n  {"a": 1}\n\n', '{\n"a": 1\n}', '{"a": 1}\n'])
def test_what_is_printed_before_an_answer_does_not_matter(printed):
    assert _answer.read(printed) == {'a': 1}


def test_what_is_printed_after_an_answer_is_told():
    answer = _answer.known(_answer.read('{"a": 1, "warnings": ["x"]}\n%s\n::error::x' % EVIL), ())
    assert answer == {'warnings': ['the module printed more than its answer: %s :\\x3aerror::x' % SAFE]}


@pytest.mark.parametrize('printed', ['', 'hello', '[]', 'null', '"x"', '5', '{"a": ', '{"a": 1', '[' * 90000,
                                     '{"x": %s}' % ('9' * 5000), '{"x": %s1%s}' % ('[' * 90000, ']' * 90000), '}\n{'])
def test_what_is_no_answer(printed):
    assert _answer.read(printed) is None


def test_nothing_but_what_is_known_is_passed_on():
    answer = {
        'packed': EVIL, 'changed': True, 'ansible_facts': {'audit_fail': 'no'}, 'add_host': {'host_name': 'x'},
        'add_group': 'x', 'diff': {'before': EVIL}, 'invocation': {'module_args': EVIL},
        'deprecations': [{'msg': EVIL}],
        'results': [{'failed': True}], '_ansible_no_log': True, '_ansible_verbose_override': True, 'censored': EVIL,
        'ansible_job_id': '1', 'ansible_stats': {'data': {}}, 'skipped': True, 'rc': 1, 'stdout': EVIL,
    }
    assert _answer.known(answer, ['packed']) == {'packed': EVIL}
    assert _answer.known(answer, []) == {}


@pytest.mark.parametrize('given, expected', [
    (EVIL, SAFE), ('a\n::error::b', 'a\n:\\x3aerror::b'), (['x'], None), (None, None), (5, None),
    ({'__ansible_type': 'TrustedAsTemplate', 'value': EVIL}, SAFE),
    ({'__ansible_type': 'ErrorSummary', 'event': {'msg': EVIL}}, SAFE), ({'event': 5}, None),
])
@pytest.mark.parametrize('key', ['msg', 'exception', 'module_stdout', 'module_stderr'])
def test_texts_are_harmless(key, given, expected):
    assert _answer.known({key: given}, ()) == {key: expected}


@pytest.mark.parametrize('given, expected', [
    ([EVIL], [SAFE]), (['a\nb', 5, None, {'x': 1}, {'event': {'msg': 'c'}}], ['a b', 'c']), ('text', []), (5, []),
    ([str(number) for number in range(100)], [str(number) for number in range(20)]),
    (['x' * 5000], ['x' * 300 + '…']),
])
def test_warnings_are_few_short_and_harmless(given, expected):
    assert _answer.known({'warnings': given}, ()) == {'warnings': expected}


@pytest.mark.parametrize('given', [True, 'yes', 'false', 1, [0]])
def test_whoever_says_something_of_a_failure_has_failed(given):
    assert _answer.known({'failed': given, 'unreachable': given}, ()) == {'failed': True, 'unreachable': True}
    assert _answer.known({'failed': False, 'unreachable': 0}, ()) == {'failed': False, 'unreachable': False}


def test_much_text_is_cut_short_and_keeps_its_end():
    lines = _answer.harmless('\n'.join('%d %s' % (number, 'x' * 9000) for number in range(5000))).split('\n')
    assert len(lines) == 100 and lines[-1].startswith('4999 ') and all(len(line) < 2100 for line in lines)
    assert json.dumps(_answer.harmless('\ud800'))
