# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Few networks that cover many addresses."""

import ipaddress
import random

import pytest

from ansible_collections.listening.ports.plugins.module_utils._addresses import aggregate
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import ip


def network(text):
    family = 6 if ':' in text else 4
    return family, aggregate.of_text(text if '/' in text else '%s/%d' % (text, aggregate.BITS[family]), family)


def counted(texts, most=aggregate.MOST):
    """What becomes of networks, each counted once."""
    pairs = [network(text) for text in texts]
    [family] = {family for family, dummy in pairs}
    counts = aggregate.counted({known: 1 for dummy, known in pairs}, family, most)
    return {aggregate.text(known, family): number for known, number in counts.items()}


def of(prefix, numbers):
    return [prefix % number for number in numbers]


@pytest.mark.parametrize('texts, expected', [
    (['10.0.0.5'], {'10.0.0.5/32': 1}),
    (of('10.0.0.%d', range(8)), {'10.0.0.%d/32' % number: 1 for number in range(8)}),
    (of('10.0.0.%d', range(9)), {'10.0.0.0/24': 9}),
    (of('10.0.0.%d', range(9)) + ['10.0.1.7'], {'10.0.0.0/24': 9, '10.0.1.7/32': 1}),
    (of('2001:db8::%x', range(4)), {str(ipaddress.ip_network('2001:db8::%x' % number)): 1 for number in range(4)}),
    (of('2001:db8::%x', range(5)), {'2001:db8::/64': 5}),
    # what is inside of another one is of it
    (['10.0.0.5', '10.0.0.0/24', '10.0.0.0/8', '11.0.0.0/24'], {'10.0.0.0/8': 3, '11.0.0.0/24': 1}),
    (['0.0.0.0/0', '10.0.0.5'], {'0.0.0.0/0': 2}),
])
def test_what_is_kept(texts, expected):
    assert counted(texts) == expected
    assert counted(reversed(texts)) == expected


@pytest.mark.parametrize('texts, most, expected', [
    # the fullest first, and no more of them than has to be
    (['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.1.1', '10.0.1.2', '10.9.9.9'], 4,
     {'10.0.0.0/24': 3, '10.0.1.1/32': 1, '10.0.1.2/32': 1, '10.9.9.9/32': 1}),
    (['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.1.1', '10.0.1.2', '10.9.9.9'], 3,
     {'10.0.0.0/24': 3, '10.0.1.0/24': 2, '10.9.9.9/32': 1}),
    (['10.0.0.1', '10.0.1.1', '10.9.9.9', '192.0.2.1'], 3, {'10.0.0.0/16': 2, '10.9.9.9/32': 1, '192.0.2.1/32': 1}),
    (['10.0.0.1', '10.0.1.1', '10.9.9.9', '192.0.2.1'], 2, {'10.0.0.0/8': 3, '192.0.2.1/32': 1}),
    (['10.0.0.1', '192.0.2.1'], 1, {'0.0.0.0/0': 2}),
    (['2001:db8::1', '2001:db8:0:1::1', '2001:db9::1'], 2, {'2001:db8::/48': 2, '2001:db9::1/128': 1}),
    (['2001:db8::1', '2001:db8:1::1', '2001:db9::1'], 2, {'2001:db8::/32': 2, '2001:db9::1/128': 1}),
    (['2001:db8::1', '2a00::1'], 1, {'::/0': 2}),
])
def test_of_many(texts, most, expected):
    assert counted(texts, most) == expected
    assert counted(reversed(texts), most) == expected


@pytest.mark.parametrize('family', [4, 6])
@pytest.mark.parametrize('seed', range(150))
def test_whatever_comes_is_covered_by_few_networks(family, seed):
    """The standard library's networks are the oracle; addresses that are near each other and far are mixed."""
    chance = random.Random('%d %d' % (family, seed))
    bits, most = aggregate.BITS[family], chance.choice([1, 2, 16, 64])
    roots = [chance.getrandbits(bits) for dummy in range(chance.randrange(1, 6))]
    networks = set()
    for dummy in range(chance.randrange(1, 400)):
        low = chance.choice(roots) ^ chance.getrandbits(chance.choice([2, 8, 12, bits // 2, bits]))
        networks.add(aggregate.within(low, bits if chance.random() < 0.9 else chance.randrange(bits + 1), family))
    covers = aggregate.covers(networks, family, most)
    assert set(covers) == networks
    kept = [ipaddress.ip_network(aggregate.text(cover, family)) for cover in set(covers.values())]
    assert len(kept) <= most
    for known, cover in covers.items():
        inside, around = [ipaddress.ip_network(aggregate.text(one, family)) for one in (known, cover)]
        assert around[0] <= inside[0] and inside[-1] <= around[-1]
    assert not any(one != other and one.overlaps(other) for one in kept for other in kept)
    # in whatever order, and once more
    assert aggregate.covers(chance.sample(sorted(networks), len(networks)), family, most) == covers
    assert all(cover == known for known, cover in aggregate.covers(set(covers.values()), family, most).items())
    assert sum(aggregate.counted(dict.fromkeys(networks, 3), family, most).values()) == 3 * len(networks)


@pytest.mark.parametrize('address, family, expected', [
    ('192.0.2.1', 4, '192.0.2.1/32'), ('2001:db8::1', 6, '2001:db8::1/128')])
def test_address(address, family, expected):
    found, known = aggregate.of_address(ip(address))
    assert (found, aggregate.text(known, found)) == (family, expected)


@pytest.mark.parametrize('text', ['0.0.0.0/0', '10.0.0.0/8', '192.0.2.1/32', '::/0', '2001:db8::/64', 'fe80::1/128'])
def test_text_and_back(text):
    family, known = network(text)
    assert aggregate.text(known, family) == text


@pytest.mark.parametrize('text, family', [
    ('10.0.0.0', 4), ('10.0.0.0/', 4), ('10.0.0.1/8', 4), ('10.0.0.0/33', 4), ('10.0.0.0/-1', 4), ('10.0.0.0/08', 4),
    ('10.0.0.0/8', 6), ('2001:db8::/64', 4), ('2001:db8::/032', 6), ('2001:db8::1/64', 6), ('::/129', 6), ('x/8', 4),
    ('10.0.0.0/٨', 4), ('\ud800/8', 4), ('', 4), ('10.0.0.0/%s' % ('9' * 5000), 4), ('a\0/8', 4)])
def test_no_network(text, family):
    with pytest.raises(ValueError):
        aggregate.of_text(text, family)
