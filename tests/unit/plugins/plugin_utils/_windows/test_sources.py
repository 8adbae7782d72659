# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which sources could be read."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._windows.raw import Error
from ansible_collections.listening.ports.plugins.plugin_utils._windows.sources import errors, in_words, why_not


def raw(*rows, **sources):
    """What a host sent."""
    return {'errors': [Error(*row) for row in rows], **sources}


def test_what_was_read():
    assert why_not(raw(http='', rpc=[], excluded={'tcp4': ''}), 'http') is None
    assert why_not(raw(rpc=[]), 'rpc') is None
    assert why_not(raw(excluded={'tcp4': ''}), 'excluded.tcp4') is None


def test_what_was_not_sent():
    for source in ('http', 'rpc', 'excluded.tcp4', 'excluded.tcp6', 'http.x'):
        assert why_not(raw(http=None, excluded={'tcp6': None}), source) == 'the host sent nothing'


def test_what_failed():
    """Also where something was read."""
    assert why_not(raw(('http', 5, 'netsh'), http=None), 'http') == 'error 5 (netsh)'
    assert why_not(raw(('http', 5, ''), http='x'), 'http') == 'error 5'
    assert why_not(raw(('excluded.tcp4', 2, 'a\n b')), 'excluded') == 'error 2 (a b)'
    assert why_not(raw(('httpx', 5, ''), http=''), 'http') is None
    assert why_not(raw(*[('http', number, '') for number in range(9)]), 'http') == 'error 0; error 1; error 2'
    assert [error.number for error in errors(raw(('a', 1, ''), ('a.b', 2, ''), ('ab', 3, '')), 'a')] == [1, 2]


@pytest.mark.parametrize('number, text', [
    (1168, 'error 1168'), (0x80070005, 'error 0x80070005'), (-2147024891, 'error 0x80070005'), (-1, 'error 0xffffffff'),
    (2 ** 62, 'error 0x00000000')])
def test_numbers(number, text):
    assert in_words(Error('x', number, '')) == text


def test_long_text_is_cut():
    assert len(in_words(Error('x', 5, 'x' * 5000))) < 250
