# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile text on its way to a terminal."""

import sys
import unicodedata

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._harmless.terminal import (
    cut, name, operand, sentence, visible, width, wrapped
)

SHOWN = [
    ('', ''),
    ('sshd', 'sshd'),
    ('a b', 'a b'),
    ('{{ 7*7 }}', '{{ 7*7 }}'),
    ('C:\\x', 'C:\\x'),
    ('\x1b[31mred', '\\x1b[31mred'),
    ('\x9b31m', '\\x9b31m'),
    ('a\nb\r\tc', 'a\\nb\\r\\tc'),
    ('\0\x7f', '\\x00\\x7f'),
    ('\x1b]8;;http://evil\x1b\\click\x1b]8;;\x1b\\', '\\x1b]8;;http://evil\\x1b\\click\\x1b]8;;\\x1b\\'),
    ('\u202egpj.exe', '\\u202egpj.exe'),
    ('\u2066a\u2069', '\\u2066a\\u2069'),
    ('a\u200bb\u200d\ufeff', 'a\\u200bb\\u200d\\ufeff'),
    ('a\xa0b\u3000c', 'a\\xa0b\\u3000c'),
    ('\u2028\u2029', '\\u2028\\u2029'),
    ('\xad', '\\xad'),
    ('\u3164\u115f\u2800', '\\u3164\\u115f\\u2800'),
    ('a\ufe0f\U000e0100', 'a\\ufe0f\\U000e0100'),
    ('\U000e0041', '\\U000e0041'),
    ('\ud800', '\\ud800'),
    ('\ue000', '\\ue000'),
    ('שלום', '\\u05e9\\u05dc\\u05d5\\u05dd'),
    ('Grüße, Привет, 日本語, ✓', 'Grüße, Привет, 日本語, ✓'),
    ('e\u0301', 'e\u0301'),
    ('\u0301', '\\u0301'),
    ('a' + '\u0301' * 4, 'a\u0301\u0301\\u0301\\u0301'),
    ('::error::x', ':\\x3aerror::x'),
    ('  ::set-output', '  :\\x3aset-output'),
    ('tcp [::]:80', 'tcp [::]:80'),
    ('##[error]x', '\\x23#[error]x'),
    ('a ##vso[task]', 'a \\x23#vso[task]'),
    ('###[', '\\x23\\x23#['),
    ('section_start:1:a\r\x1b[0K', 'section_start:1:a\\r\\x1b[0K'),
]


@pytest.mark.parametrize('text, wanted', SHOWN, ids=[ascii(text) for text, dummy in SHOWN])
def test_text_shows_and_does_nothing_else(text, wanted):
    assert visible(text) == wanted


def test_no_character_at_all_gets_through_that_is_not_printed_where_it_stands():
    for number in range(sys.maxunicode + 1):
        shown = visible('a' + chr(number))
        assert shown.isprintable()
        for char in shown[1:]:
            assert unicodedata.bidirectional(char) in ('L', 'EN', 'ES', 'ET', 'CS', 'ON', 'NSM', 'WS')
        assert width(shown) >= 1


def test_no_text_begins_a_command_of_a_ci_system():
    for text in ('::', ' ::a', '\n::a', '##', '#\x1b#'):
        shown = visible(text)
        assert not shown.lstrip().startswith('::')
        assert '##[' not in visible(text + '[') and '##vso' not in visible(text + 'vso')


def test_long_text_ends_in_an_ellipsis():
    assert visible('x' * 11, 10) == 'x' * 10 + '…'
    assert visible('x' * 10, 10) == 'x' * 10


@pytest.mark.parametrize('text, wanted', [
    ('nginx', 'nginx'),
    ('user@1000.service/foo.service', 'user@1000.service/foo.service'),
    ('dev-disk-by\\x2dlabel.swap', 'dev-disk-by\\x2dlabel.swap'),
    ('docker:0123456789ab', 'docker:0123456789ab'),
    ('nginx: worker', '"nginx: worker"'),
    ('[kernel]', '"[kernel]"'),
    ('sshd (root)', '"sshd (root)"'),
    ('a", "b', '"a\\x22, \\x22b"'),
    ('a  ssh.service  loopback', '"a  ssh.service  loopback"'),
    ('a, b', '"a, b"'),
    ('?', '"?"'),
    ('-', '-'),
    ('', '""'),
    ('a\n', '"a\\n"'),
])
def test_a_name_cannot_be_taken_for_more_than_a_name(text, wanted):
    assert name(text) == wanted


@pytest.mark.parametrize('text, wanted', [
    ('nginx.service', 'nginx.service'),
    ('postgresql@17-main.service', 'postgresql@17-main.service'),
    ('docker:1a2b', 'docker:1a2b'),
    ('dev-disk-by\\x2duuid.swap', "'dev-disk-by\\x2duuid.swap'"),    # a shell would drop the backslash
    ('x; $(touch HACKED);y.service', None),
    ('$(id).service', None),
    ('`id`.service', None),
    ('a b.service', None),
    ('a\nb.service', None),
    ('--now', None),                                                 # an option
    ('-.slice', None),
    ('a' * 256, None),
    ('\u0430.service', None),                                       # a letter that looks like another one
    ('', None),
])
def test_what_a_command_can_be_given(text, wanted):
    assert operand(text) == wanted


def test_a_sentence_is_one_line():
    assert sentence(' ssh: connect\r\n  to \x1bhost ') == 'ssh: connect to \\x1bhost'


@pytest.mark.parametrize('text, columns', [('', 0), ('abc', 3), ('日本', 4), ('e\u0301', 1), ('×…←', 3)])
def test_width(text, columns):
    assert width(text) == columns


@pytest.mark.parametrize('text, columns, wanted', [
    ('abc', 3, 'abc'),
    ('abcd', 3, 'ab…'),
    ('日本語', 5, '日本…'),
    ('日本語', 4, '日…'),
    ('ab cd', 4, 'ab…'),
    ('e\u0301e\u0301e\u0301', 2, 'e\u0301…'),
    ('abc', 1, '…'),
])
def test_cut(text, columns, wanted):
    assert cut(text, columns) == wanted
    assert width(wanted) <= columns


@pytest.mark.parametrize('text, expected', [
    ('a ::error::b', 'a \\x3a:error::b'), ('a ::set-output name=x::y', 'a \\x3a:set-output name=x::y'),
    ('tcp [::]:22 from ::/0 and ::1', 'tcp [::]:22 from ::/0 and ::1'), ('a::b ::', 'a::b ::'),
])
def test_no_line_of_what_is_wrapped_is_a_command(text, expected):
    assert wrapped(text) == expected
