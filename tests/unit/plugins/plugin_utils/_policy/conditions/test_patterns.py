# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Patterns against names, whoever has chosen these."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._policy.conditions.patterns import Globs, is_glob


@pytest.mark.parametrize('values, text, fits', [
    (['nginx'], 'nginx', True), (['nginx'], 'nginx2', False), (['nginx'], 'NGINX', False), (['nginx'], '', False),
    (['nginx', 'java'], 'java', True), (['ngin?'], 'nginx', True), (['ngin?'], 'ngin', False),
    (['[jn]*'], 'java', True),
    (['*'], '', True), (['*'], 'a\nb', True), (['a*c'], 'a\x1bc', True),
    # names are never patterns
    (['nginx'], '*', False), (['nginx'], 'ngin[x]', False), ([33], '33', True),
    # of a name that is not known nothing is known
    (['nginx'], None, None), (['*'], None, None),
    # the kernel is no process: none can call itself so, be it by the characters in the brackets
    (['[kernel]'], 'kernel', False), (['[kernel]'], 'k', False), (['[kernel]', 'k*'], 'kworker', True),
])
def test_whether_a_pattern_fits(values, text, fits):
    assert Globs(values).fit(text) is fits


@pytest.mark.parametrize('values, kernel', [
    (['[kernel]'], True), (['nginx', '[kernel]'], True), (['kernel', '*'], False)])
def test_the_kernel_is_meant_by_its_own_word_alone(values, kernel):
    assert Globs(values).kernel is kernel


def test_patterns_are_shown_as_they_are_written():
    assert str(Globs(['nginx', 'ja*', 33])) == 'nginx or ja* or 33'


@pytest.mark.parametrize('text, expected', [
    ('nginx.service', False), ('app@1', False), ('app@*', True), ('a?', True), ('[a', True)])
def test_what_is_a_glob(text, expected):
    assert is_glob(text) is expected
