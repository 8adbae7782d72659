# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Exit codes of services in words."""

import re

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._windows import exit_codes


@pytest.mark.parametrize('code, words', [
    (10048, 'the address is already in use'),
    (10013, 'Windows denied access to the port, which is set aside or held exclusively'),
    (1069, 'it could not log on with its account'),
    (0x80072740, 'the address is already in use'),          # HRESULT_FROM_WIN32(10048)
    (0x80070005, 'access was denied'),
    (0xC0000005, 'it crashed: access violation'),
    (4711, None),
    (0x80072, None),
    (2 ** 32 - 1, None),
    (0, None),
])
def test_words(code, words):
    assert exit_codes.words(code) == words


@pytest.mark.parametrize('code, number', [
    (0, '0'), (10048, '10048'), (65535, '65535'), (65536, '0x00010000'), (0xC0000005, '0xC0000005'),
    (2 ** 32 - 1, '0xFFFFFFFF')])
def test_number(code, number):
    assert exit_codes.number(code) == number


def test_words_are_the_end_of_a_sentence():
    for words in exit_codes.WORDS.values():
        assert re.fullmatch(r"[a-z'A-Z0-9.,: -]+[a-z]", words) and words.split()[0] in (
            'a', 'an', 'access', 'it', 'its', 'nobody', 'the', 'there', 'too', 'Windows')
    assert list(exit_codes.WORDS) == sorted(exit_codes.WORDS)
    for code in (exit_codes.NEVER_STARTED, exit_codes.SET_ASIDE):
        assert exit_codes.words(code)
    assert exit_codes.words(exit_codes.SPECIFIC) is None        # the other code has the reason


@pytest.mark.parametrize('code, is_own, text', [
    (10048, False, '10048 (the address is already in use)'), (10048, True, '10048 (the address is already in use)'),
    (5, False, '5 (access was denied)'), (5, True, '5'), (4711, False, '4711'), (0xC0000005, True, '0xC0000005')])
def test_with_words(code, is_own, text):
    assert exit_codes.with_words(code, is_own) == text
    assert exit_codes.with_words(code, is_own, form='%s: %s') == text.replace(' (', ': ').rstrip(')')
