# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Very long sets of addresses in exposures."""

import pytest

from ansible_collections.listening.ports.plugins.module_utils._addresses import intervals as iv
from ansible_collections.listening.ports.plugins.plugin_utils import _long_sets
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils import samples


def part(name='set geo', key='ipv4-1', elements=6001, family='ipv4', **other):
    return dict({'set': name, 'family': family, 'elements': elements, 'key': key}, **other)


@pytest.mark.parametrize('text, family, expected', [
    ('', 'ipv4', []), ('10.0.0.1 10.0.0.4-10.0.0.7', 'ipv4', ['10.0.0.1/32', '10.0.0.4/30']),
    ('2001:db8::-2001:db8::ff', 'ipv6', ['2001:db8::/120']),
    ('10.0.0.1', 'ipv6', None), ('::1', 'ipv4', None), ('10.0.0.9-10.0.0.1', 'ipv4', None),
    ('10.0.0.0/8', 'ipv4', None), ('10.0.0.1,10.0.0.2', 'ipv4', None), ('localhost', 'ipv4', None),
    ('10.0.0.1  10.0.0.2', 'ipv4', None), ('10.0.0.1-', 'ipv4', ['10.0.0.1/32']), (None, 'ipv4', None)])
def test_the_text_of_a_set(text, family, expected):
    spans = _long_sets.of(part(family=family, addresses=text))
    assert (spans if spans is None else iv.networks(spans, int(family[3]))) == expected


def test_a_listener_gets_the_addresses_of_its_sets():
    plain = samples.listener(exposure=samples.exposure('partly', ['10.0.0.0/8']))
    facts = samples.facts(plain, firewall={'sets': {'ipv4-1': '192.0.2.1'}})
    assert _long_sets.resolved(plain, facts) is plain
    exposure = samples.exposure(
        'partly', paths=[{'verdict': 'partly', 'allowed_sets': [part()]}], allowed_sets=[part()],
        except_sets=[part(key='ipv4-2')])
    listener = samples.listener(exposure=exposure)
    whole = _long_sets.resolved(listener, facts)
    assert listener['exposure'] == exposure and 'addresses' not in exposure['allowed_sets'][0]
    assert whole['exposure']['allowed_sets'] == whole['exposure']['paths'][0]['allowed_sets'] == [
        part(addresses='192.0.2.1')]
    number = iv.number('192.0.2.1')
    assert _long_sets.members(whole['exposure'], 'allowed_sets', 4) == [((number, number),)]
    assert _long_sets.members(whole['exposure'], 'allowed_sets', 6) == []
    assert _long_sets.members(whole['exposure'], 'except_sets', 4) is None          # nobody has its addresses
    assert _long_sets.members(listener['exposure'], 'allowed_sets', 4) is None
    nothing = _long_sets.resolved(listener, samples.facts(listener))
    assert _long_sets.members(nothing['exposure'], 'allowed_sets', 4) is None


def test_sets_in_words():
    parts = [part(elements=6000), part('ipset bad', elements=1), part(elements=1), part(None, elements=100)]
    assert _long_sets.in_words(parts) == [
        '6001 networks of set geo', '1 network of ipset bad', '100 networks of a set without a name']
