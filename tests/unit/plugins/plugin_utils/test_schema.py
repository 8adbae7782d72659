# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of many values at once: they find what is found where each is looked at alone, and say the same."""

import copy
import random
import re

import hypothesis
import pytest
from hypothesis import strategies as st

from ansible_collections.listening.ports.plugins.plugin_utils import _schema
from ansible_collections.listening.ports.plugins.plugin_utils._facts import check
from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import fleet
from ansible_collections.listening.ports.plugins.plugin_utils._schema import Fault
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils import samples, test_shape
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import strategies
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.spoiling import spoilt

TEXT, NUMBER = _schema.text(3), _schema.integer(0, 5)
PAIR = _schema.mapping({'a': TEXT}, {'b': _schema.nullable(NUMBER)})
CHECKS = {
    'text': TEXT,
    'text or null': _schema.nullable(TEXT),
    'a pattern': _schema.matching(re.compile('[ab]+'), 'a or b'),
    'a time': _schema.time,
    'a choice': _schema.choice('a', 'b'),
    'a choice or null': _schema.nullable(_schema.choice('a', 'b')),
    'a whole number': NUMBER,
    'a number': _schema.number,
    'a number or null': _schema.nullable(_schema.number),
    'a boolean': _schema.boolean,
    'a boolean or null': _schema.nullable(_schema.boolean),
    'a list': _schema.items(TEXT, 2),
    'a list of few': _schema.items(_schema.nullable(NUMBER), 2, 1),
    'lists of lists': _schema.items(_schema.items(TEXT, 2), 2),
    'a row': _schema.row('is no row', TEXT, NUMBER),
    'a mapping': PAIR,
    'a mapping or null': _schema.nullable(PAIR),
    'a mapping of mappings': _schema.mapping({'a': PAIR}),
    'nothing but options': _schema.mapping({}, {'a': TEXT, 'b': TEXT}),
    'a table': _schema.table(TEXT, NUMBER, 2),
    'a check of its own': check.check_firewall.network,
}
# Close to what is accepted, and what Python takes for the same though it is not
VALUES = (
    'a', 'b', 'ab', '', 'abcd', 'é', '\ud800', 'ab\udfff', 'c', '2026-11-20T10:00:00Z', '2026-11-20T10:00:00',
    0, 1, 5, 6, -1, 2**70, True, False, 0.0, 1.0, 2.5, -0.5, float('inf'), float('nan'), 1e300, None,
    [], ['a'], ['a', 'b'], ['a', 'b', 'c'], ['abcd'], [None], [1], [1, None], ['a', 1], ['a', True], ['a', 1, 2],
    [['a']], [[], ['a', 'b']], [['abcd']], {}, {'a': 'a'}, {'a': 'a', 'b': None}, {'a': 'a', 'b': 1},
    {'a': 'a', 'b': True}, {'b': 1}, {'a': None}, {'a': 'a', 'c': 'x'}, {'a': 'a', 'b': 1, 'c': 'x'}, {'a': {'a': 'a'}},
    {'a': {'a': 'a', 'c': 1}}, {'a': 1}, {'a': 1, 'b': 2}, {'a': 1, 'b': 2, 'c': 3}, {'abcd': 1}, {'a': []},
    '10.0.0.0/8', '10.0.0.1/8', '10.0.0.1',
)


def outcome(check_of, value):
    """What becomes of a copy of a value: what is left of it, or the fault."""
    value = copy.deepcopy(value)
    try:
        assert check_of(value) is value
    except Fault as fault:
        return 'fault: %s' % fault
    return repr(value)              # by which 1, 1.0 and True differ, as do keys in another order


@pytest.fixture
def alone(monkeypatch):
    """The same outcome, where each element is looked at alone."""
    def looking(check_of, value):
        with monkeypatch.context() as patched:
            patched.setattr(_schema, '_FEW', float('inf'))
            return outcome(check_of, value)
    return looking


@pytest.mark.parametrize('name', CHECKS)
def test_many_values_at_once(name, alone):
    many = _schema.items(CHECKS[name], 100)
    accepted = [value for value in VALUES if alone(CHECKS[name], value) == repr(value)]

    @hypothesis.given(st.lists(st.sampled_from(accepted), min_size=5, max_size=8),
                      st.lists(st.tuples(st.integers(0, 8), st.sampled_from(VALUES)), max_size=2))
    def check_it(values, others):
        for place, other in others:
            values.insert(place, other)
        assert outcome(many, values) == alone(many, values)
    strategies.run(check_it)


@pytest.mark.parametrize('name', CHECKS)
def test_each_value_among_others(name, alone):
    accepted = [value for value in VALUES if alone(CHECKS[name], value) == repr(value)]
    many = _schema.items(CHECKS[name], 100)
    assert accepted
    for value in VALUES:
        values = [*accepted * 4, value, *accepted]
        assert outcome(many, values) == alone(many, values), value


def whole_facts():
    """Facts with all keys that there may be, and with many listeners, which have not all of them."""
    made = test_shape.whole()
    made['listeners'] += [samples.listener(port=port, exposure=samples.exposure('allowed', ['0.0.0.0/0']))
                          for port in range(1, 8)]
    made['listeners'] += [samples.listener('::1', port, owners=[samples.owner(), samples.owner(7, command=['x'])])
                          for port in range(1, 5)]
    made['gaps'] *= 6
    return made


def whole_judgement():
    """A judgement with all keys that there may be, and many of all."""
    made = test_shape.whole_judgement()
    made.update({name: made[name] * 6 for name in ('findings', 'entries', 'waivers', 'waived_findings')})
    made['met']['entries'] *= 6
    return made


@pytest.mark.parametrize('made, check_of', [(whole_facts(), check.check), (whole_judgement(), fleet.check)])
def test_what_strangers_have_spoilt(made, check_of, alone):
    """One thing, or two, in data that is fine: it is refused for the same reason, and the same is left of it."""
    choose = random.Random(strategies.SEED)
    refused = 0
    assert outcome(check_of, made) == alone(check_of, made) == repr(made)
    for dummy in range(400):
        value = spoilt(made, choose)
        if choose.random() < 0.3:
            value = spoilt(value, choose)
        found = outcome(check_of, value)
        assert found == alone(check_of, value)
        refused += found.startswith('fault')
    assert refused > 100


def test_what_is_fine_is_not_looked_at_one_by_one():
    seen = []

    def own(value):
        seen.append(value)
        return value
    many = _schema.items(_schema.mapping({'a': own, 'b': _schema.items(own, 5)}), 1000)
    values = [{'a': 'x', 'b': ['y', 'z']} for dummy in range(500)]
    assert many(values) is values
    assert sorted(seen) == ['x', 'y', 'z']          # each text once
