# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of addresses of a declaration."""

import ipaddress

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._policy.conditions import sources
from ansible_collections.listening.ports.plugins.plugin_utils._policy.conditions.sources import Sources
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language.refusal import Refused


def of(*texts, family=4):
    return sources.of_facts(texts, family)


@pytest.mark.parametrize('values, net, holds', [
    (['10.0.0.0/8'], '10.1.0.0/16', True), (['10.0.0.0/8'], '0.0.0.0/0', False), (['10.0.0.0/8'], '::/0', False),
    # neighbours are one set
    (['10.0.0.0/9', '10.128.0.0/9'], '10.0.0.0/8', True), (['10.0.0.0/9'], '10.0.0.0/8', False),
    (['local'], '127.0.0.1/32', True), (['link'], 'fe80::/64', True), (['link'], '10.0.0.0/8', False),
    (['private'], '100.64.0.0/10', True), (['private'], '192.0.2.1/32', False), (['anyone'], '::/0', True),
    (['192.0.2.1'], '192.0.2.1/32', True),
])
def test_whether_a_network_lies_within(values, net, holds):
    family = 6 if ':' in net else 4
    assert bool(sources.minus(of(net, family=family), Sources(values, 'clients').spans[family])) is not holds


def test_sets_of_facts():
    some = Sources(['10.0.0.0/30', '2001:db8::/127'], 'clients')
    assert some.families() == [4, 6]
    first = int(ipaddress.ip_address('10.0.0.0'))
    left = sources.minus(some.spans[4], of('10.0.0.1/32', '::/0'))
    assert left == ((first, first), (first + 2, first + 3))
    assert sources.common(left, of('10.0.0.2/31', '10.0.0.2/32')) == ((first + 2, first + 3),)
    assert sources.common(left, of()) == ()
    assert sources.union(of('10.0.0.0/32'), of('10.0.0.1/32'), ()) == of('10.0.0.0/31')
    assert sources.in_words(left, 4, 8) == ['10.0.0.0/32', '10.0.0.2/31']
    assert sources.in_words(left, 4, 1) == ['10.0.0.0/32']
    assert sources.everybody(6) == of('::/0', family=6)


@pytest.mark.parametrize('value', ['10.0.0.1/8', 'web.example.com', 'anyon', '', 5, None, '10.0.0.0/33'])
def test_what_is_neither_a_word_nor_a_network_is_refused(value):
    with pytest.raises(Refused):
        Sources([value], 'clients')


def test_only_bits_behind_the_prefix_are_refused_of_a_network():
    assert sources.network('eth0', 'bind') is None
    with pytest.raises(Refused, match=r'did you mean 10\.0\.0\.0/8\?'):
        sources.network('10.0.0.1/8', 'bind')
