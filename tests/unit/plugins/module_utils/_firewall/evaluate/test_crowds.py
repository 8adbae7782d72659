# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Very long sets, against each address by itself."""

import random

import pytest

from ansible_collections.listening.ports.plugins.module_utils._addresses import intervals as iv
from ansible_collections.listening.ports.plugins.module_utils._firewall.evaluate import crowds
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._firewall.build import (
    ACCEPT, DROP, ESTABLISHED, NET, chain, decide, evaluator, match, payload, saddr
)

INPUT = {'hook': 'input', 'prio': 0}
BASE = {4: 5 << 24, 6: 0x2001 << 112}
FIELD = {4: 'ip', 6: 'ip6'}


def a_set(name, elements, family=4):
    kind = 'ipv%d_addr' % family
    return [{'set': {'family': 'inet', 'table': 'filter', 'name': name, 'type': kind, 'elem': elements}}]


def element(span, family):
    low, high = (iv.address(number, family) for number in span)
    return low if low == high else {'range': [low, high]}


def spans_by_chance(chance, family, count):
    """A set of about so many spans, none far from the others."""
    lows = chance.sample(range(0, 4000, 2), count)
    return iv.merged((BASE[family] + low, BASE[family] + low + chance.choice((0, 0, 1, 5))) for low in lows)


def test_a_set_of_a_country():
    geo = [{'prefix': {'addr': '5.%d.%d.0' % (number >> 7, number % 128 * 2), 'len': 24}} for number in range(6000)]
    geo.append({'prefix': {'addr': '10.77.0.0', 'len': 25}})
    judge = evaluator(a_set('geo', geo), chain('input', [ESTABLISHED, [saddr('@geo'), ACCEPT]], policy='drop', **INPUT))
    allowed = judge.decide(4, 'tcp', 'eth0', '10.0.0.1', 22).allowed
    assert iv.size(allowed) == 6000 * 256 + 128 and iv.contains(allowed, iv.number('10.77.0.5'))
    assert not iv.contains(allowed, iv.number('5.0.1.0'))
    negated = evaluator(a_set('geo', geo), chain('input', [ESTABLISHED, [saddr('@geo', '!='), DROP]], **INPUT))
    assert negated.decide(4, 'tcp', 'eth0', '10.0.0.1', 22).allowed == allowed
    blocked = evaluator(a_set('geo', geo), chain('input', [ESTABLISHED, [saddr('@geo'), DROP]], **INPUT))
    outcome = blocked.decide(4, 'tcp', 'eth0', '10.0.0.1', 22)
    assert outcome.blocked == allowed and outcome.allowed == iv.minus(iv.full(4), allowed) and not outcome.undecided


@pytest.mark.parametrize('family', [4, 6])
@pytest.mark.parametrize('seed', range(12))
def test_every_address_meets_the_first_rule_that_has_it(seed, family):
    chance = random.Random(seed * 10 + family)
    named = {'s%d' % number: spans_by_chance(chance, family, chance.choice((20, 100, 400))) for number in range(3)}
    objects = [each for name, spans in named.items()
               for each in a_set(name, [element(span, family) for span in spans], family)]
    rules, expected = [ESTABLISHED], []
    for dummy in range(chance.randrange(2, 7)):
        kind, negated = chance.random(), chance.random() < 0.2
        verdict = chance.choice((ACCEPT, DROP))
        if kind < 0.5:
            name = chance.choice(sorted(named))
            spans, right = named[name], '@' + name
        elif kind < 0.7:
            spans = spans_by_chance(chance, family, 90)
            right = {'set': [element(span, family) for span in spans]}
        else:
            low = BASE[family] + chance.randrange(4000)
            spans = ((low, low + chance.choice((0, 40, 1000))),)
            right = element(spans[0], family)
        if kind < 0.1:      # a map of verdicts
            pairs = [[element(span, family), verdict] for span in spans]
            rules.append([{'vmap': {'key': payload(FIELD[family], 'saddr'), 'data': {'set': pairs}}}])
            negated = False
        else:
            rules.append([saddr(right, '!=' if negated else '==', FIELD[family]), verdict])
        expected.append((spans, negated, verdict is ACCEPT))
    policy = chance.choice(('accept', 'drop'))
    judge = evaluator(objects, chain('input', rules, policy=policy, **INPUT))
    decide(judge, family=family)                # the three sets part all addresses
    outcome = judge.decide(family, 'tcp', 'eth0', {4: '10.0.0.1', 6: 'fd00::1'}[family], 22)
    assert not outcome.undecided
    for address in [BASE[family] + number for number in range(-2, 4010)]:
        first = next((word for spans, negated, word in expected if iv.contains(spans, address) != negated),
                     policy == 'accept')
        assert iv.contains(outcome.allowed, address) is first, iv.address(address, family)


def test_routes_part_a_long_set():
    # who is behind docker0 is kept out, by the interface of the answer
    net = dict(NET, routes=[*NET['routes'], {
        'family': 4, 'to': '5.0.4.0/22', 'interface': 'docker0', 'via': None, 'type': 'unicast'}])
    members = [iv.address(BASE[4] + number * 16, 4) for number in range(1000)]
    out = chain('output', [[match({'meta': {'key': 'oifname'}}, 'docker0'), DROP]], hook='output', prio=0)
    judge = evaluator(a_set('s', members), chain('input', [ESTABLISHED, [saddr('@s'), ACCEPT]], policy='drop', **INPUT),
                      out, net=net)
    outcome = judge.decide(4, 'tcp', 'eth0', '10.0.0.1', 22)
    near = iv.parse('5.0.4.0/22')[1]
    assert outcome.allowed == iv.minus(iv.merged((iv.number(text),) * 2 for text in members), near)
    assert not outcome.undecided


def test_a_set_that_parts_a_crowd_is_unclear_in_it():
    long = iv.merged((number * 4, number * 4 + 1) for number in range(100))
    some = crowds.Crowds(4, [long], [(4, 'set s', long, 120)])
    whole = some.told(((0, 1000),))
    assert some.real(whole) == ((0, 1000),) and some.told(long) != long and some.real(some.told(long)) == long
    half = ((0, 100),)
    assert some.real(some.told(half)) == iv.minus(half, long)           # at least
    assert some.real(some.touched(half)) == iv.union(half, long)        # at most
    [crowd] = some.within(some.everyone)
    assert (crowd.names, crowd.count, crowd.members) == (['set s'], 120, long)
    assert some.outside(some.told(half)) == [crowd] and not some.outside(whole)
    assert some.trimmed(((4, 5), (6, 6))) == ((6, 6),) and some.trimmed(some.told(long)) == some.told(long)
    assert some.beyond(some.told(long), half) and not some.beyond(some.told(long), ((0, 1000),))
    assert some.is_most(some.told(long), ((0, 399),)) is False and some.is_most(some.told(long), ((0, 398),)) is True


def test_without_long_sets_nothing_is_told_in_another_way():
    none, spans = crowds.NONE[4], ((1, 2),)
    assert not none and none.everyone == iv.full(4)
    assert none.told(spans) == none.touched(spans) == none.real(spans) == none.trimmed(spans) == spans
