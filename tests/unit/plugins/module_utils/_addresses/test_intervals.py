# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of numbers against Python's own sets and its ipaddress."""

import ipaddress
import random

import pytest

from ansible_collections.listening.ports.plugins.module_utils._addresses import intervals as iv


def _spans(numbers):
    return iv.merged((number, number) for number in numbers)


@pytest.mark.parametrize('seed', range(60))
def test_operations_agree_with_sets(seed):
    chance = random.Random(seed)
    left, other = (set(chance.sample(range(200), chance.choice((0, 1, 3, 40, 120)))) for dummy in range(2))
    first, second = _spans(left), _spans(other)
    assert iv.union(first, second) == _spans(left | other)
    assert iv.isect(first, second) == _spans(left & other)
    assert iv.minus(first, second) == _spans(left - other)
    assert iv.complement(first, 0, 199) == _spans(set(range(200)) - left)
    assert iv.size(first) == len(left)
    assert [iv.contains(first, number) for number in range(200)] == [number in left for number in range(200)]


@pytest.mark.parametrize('seed', range(40))
def test_sets_of_very_different_sizes(seed):
    chance = random.Random(seed)
    for dummy in range(50):
        many, few = (
            iv.merged((low, low + chance.randrange(5)) for low in chance.sample(range(300), count))
            for count in (60, chance.randrange(1, 7))
        )
        numbers = [{number for low, high in spans for number in range(low, high + 1)} for spans in (many, few)]
        assert iv.isect(many, few) == iv.isect(few, many) == _spans(numbers[0] & numbers[1])
        assert iv.minus(many, few) == _spans(numbers[0] - numbers[1])
        assert iv.minus(few, many) == _spans(numbers[1] - numbers[0])
        assert iv.united([many, few, iv.EMPTY]) == _spans(numbers[0] | numbers[1])


@pytest.mark.parametrize('seed', range(6))
def test_very_long_sets(seed):
    chance = random.Random(seed)
    left, other = (set(chance.sample(range(1, 20000), chance.choice((900, 9000)))) for dummy in range(2))
    first, second = _spans(left), _spans(other)
    assert iv.merged(list(reversed(first)) + list(second)) == _spans(left | other)
    assert iv.minus(first, second) == _spans(left - other)
    assert iv.complement(first, 0, 20000) == _spans(set(range(20001)) - left)
    assert iv.size(first) == len(left)
    for family in (4, 6):
        assert iv.of_text(iv.text(first, family), family) == first
        texts = [iv.address(number, family) for number in sorted(left)]
        assert iv.numbers(texts, family) == sorted(left)


@pytest.mark.parametrize('texts, family', [
    (['10.0.0.1', 'x'], 4), (['::1'], 4), (['10.0.0.1'], 6), ([5], 4), ([''], 6)])
def test_texts_of_another_family_are_no_numbers(texts, family):
    with pytest.raises(ValueError, match='not an address'):
        iv.numbers(texts, family)


@pytest.mark.parametrize('text, expected', [
    ('10.0.0.1', (4, ['10.0.0.1/32'])),
    ('10.1.2.3/8', (4, ['10.0.0.0/8'])),
    ('0.0.0.0/0', (4, ['0.0.0.0/0'])),
    ('10.0.0.1-10.0.0.6', (4, ['10.0.0.1/32', '10.0.0.2/31', '10.0.0.4/31', '10.0.0.6/32'])),
    ('::/0', (6, ['::/0'])),
    ('fe80::1/64', (6, ['fe80::/64'])),
    ('fd00::fffe-fd00::1:1', (6, ['fd00::fffe/127', 'fd00::1:0/127'])),
])
def test_parse_and_networks(text, expected):
    family, spans = iv.parse(text)
    assert (family, iv.networks(spans, family)) == expected


@pytest.mark.parametrize(
    'text',
    [
        '',
        '10',
        '10.0.0',
        '10.0.0.256',
        '10.0.0.0/33',
        '10.0.0.0/-1',
        '::/129',
        'x',
        '10.0.0.9-10.0.0.1',
        '10.0.0.1-::1',
    ],
)
def test_parse_of_anything_else(text):
    with pytest.raises(ValueError):
        iv.parse(text)


@pytest.mark.parametrize('seed', range(20))
def test_networks_are_the_fewest(seed):
    chance = random.Random(seed)
    low = chance.randrange(2 ** 32)
    high = min(low + chance.randrange(2 ** chance.randint(1, 31)), 2 ** 32 - 1)
    expected = ipaddress.summarize_address_range(ipaddress.ip_address(low), ipaddress.ip_address(high))
    assert iv.networks(((low, high),), 4) == [str(network) for network in expected]
