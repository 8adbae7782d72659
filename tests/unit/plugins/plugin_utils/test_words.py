# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts and lists in words."""

import pytest
from ansible_collections.listening.ports.plugins.plugin_utils._words import number, some


@pytest.mark.parametrize('count, words, text', [
    (0, ['host'], '0 hosts'),
    (1, ['host'], '1 host'),
    (2, ['host'], '2 hosts'),
    (1, ['entry', 'entries'], '1 entry'),
    (2, ['entry', 'entries'], '2 entries'),
])
def test_a_count(count, words, text):
    assert number(count, *words) == text


@pytest.mark.parametrize('words, options, text', [
    ([], {}, ''),
    (['a'], {}, 'a'),
    (['a', 'b', 'c', 'd'], {}, 'a, b, c, d'),
    (['a', 'b', 'c', 'd', 'e'], {}, 'a, b, c, d and 1 more'),
    (['a', 'b', 'c'], {'most': 1}, 'a and 2 more'),
    (['a', 'b'], {'joint': ' and '}, 'a and b'),
    (iter(['a', 'b']), {}, 'a, b'),
])
def test_a_list_names_the_first_ones_and_counts_the_rest(words, options, text):
    assert some(words, **options) == text
