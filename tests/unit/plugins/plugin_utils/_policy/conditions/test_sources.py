# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of addresses of a declaration."""

import ipaddress

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._policy.conditions import sources
from ansible_collections.listening.ports.plugins.plugin_utils._policy.conditions.sources import Sources
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language.refusal import Refused


def nets(*texts):
    return [ipaddress.ip_network(text) for text in texts]


@pytest.mark.parametrize('values, net, holds', [
    (['10.0.0.0/8'], '10.1.0.0/16', True), (['10.0.0.0/8'], '0.0.0.0/0', False), (['10.0.0.0/8'], '::/0', False),
    # neighbours are one set
    (['10.0.0.0/9', '10.128.0.0/9'], '10.0.0.0/8', True), (['10.0.0.0/9'], '10.0.0.0/8', False),
    (['local'], '127.0.0.1/32', True), (['link'], 'fe80::/64', True), (['link'], '10.0.0.0/8', False),
    (['private'], '100.64.0.0/10', True), (['private'], '192.0.2.1/32', False), (['anyone'], '::/0', True),
    (['192.0.2.1'], '192.0.2.1/32', True),
])
def test_whether_a_network_lies_within(values, net, holds):
    assert Sources(values, 'clients').holds(nets(net)) is holds


def test_what_is_left_of_a_set():
    some = Sources(['10.0.0.0/30', '2001:db8::/127'], 'clients')
    assert some.families() == [4, 6]
    left = some.left(nets('10.0.0.1/32', '::/0'))
    first = int(ipaddress.ip_address('10.0.0.0'))
    assert list(left[4]) == [(first, first), (first + 2, first + 3)] and not left[6]
    assert list(sources.within(left[4], ['10.0.0.2/31', '10.0.0.2/32'])) == [(first + 2, first + 3)]
    assert not sources.within(left[4], [])


@pytest.mark.parametrize('parts, whole, covered', [
    (('10.0.0.0/9', '10.128.0.0/9'), '10.0.0.0/8', True), (('10.0.0.0/9',), '10.0.0.0/8', False),
    ((), '10.0.0.0/8', False),
    (('::/0',), '10.0.0.0/8', False),
])
def test_whether_networks_cover_another_one(parts, whole, covered):
    assert sources.covers(nets(*parts), *nets(whole)) is covered


@pytest.mark.parametrize('value', ['10.0.0.1/8', 'web.example.com', 'anyon', '', 5, None, '10.0.0.0/33'])
def test_what_is_neither_a_word_nor_a_network_is_refused(value):
    with pytest.raises(Refused):
        Sources([value], 'clients')


def test_only_bits_behind_the_prefix_are_refused_of_a_network():
    assert sources.network('eth0', 'bind') is None
    with pytest.raises(Refused, match=r'did you mean 10\.0\.0\.0/8\?'):
        sources.network('10.0.0.1/8', 'bind')
