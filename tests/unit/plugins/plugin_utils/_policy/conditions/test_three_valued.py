# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logic with three values, by its whole tables."""

import itertools

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._policy.conditions.three_valued import both, either

ORDER = [False, None, True]


@pytest.mark.parametrize('values', [values for size in range(4) for values in itertools.product(ORDER, repeat=size)])
def test_the_lowest_and_the_highest(values):
    places = [ORDER.index(value) for value in values]
    assert both(iter(values)) is ORDER[min(places, default=2)]
    assert either(iter(values)) is ORDER[max(places, default=0)]
