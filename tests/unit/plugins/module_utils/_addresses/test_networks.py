# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The named networks are what ``scopes`` says of their addresses, and what the standard library knows."""

import ipaddress

import pytest

from ansible_collections.listening.ports.plugins.module_utils._addresses import intervals as iv, networks, scopes

NAMED = {'loopback': networks.LOOPBACK, 'link': networks.LINK, 'private': networks.PRIVATE}


def scope(address, family):
    return scopes.scope(address.to_bytes(4 if family == 4 else 16, 'big'))


@pytest.mark.parametrize('name, text', [(name, text) for name, texts in NAMED.items() for text in texts])
def test_addresses_of_a_network_have_its_scope_and_those_around_it_do_not(name, text):
    family, ((low, high),) = iv.parse(text)
    assert {scope(address, family) for address in (low, (low + high) // 2, high)} == {name}
    mine = networks.sets(NAMED[name])[family]
    multicast = networks.sets(networks.MULTICAST)[family]       # has scopes of its own
    for address, dummy in iv.minus(((low - 1, low - 1), (high + 1, high + 1)), multicast):
        assert iv.contains(mine, address) == (scope(address, family) == name)


def test_networks_of_different_names_do_not_overlap():
    for family in networks.FAMILIES:
        sets = [networks.sets(texts)[family] for texts in NAMED.values()]
        assert iv.size(iv.united(sets)) == sum(map(iv.size, sets))


@pytest.mark.parametrize('texts, of_standard_library', [
    (networks.LOOPBACK, 'is_loopback'), (networks.LINK, 'is_link_local'), (networks.MULTICAST, 'is_multicast')])
def test_the_standard_library_agrees(texts, of_standard_library):
    assert all(getattr(ipaddress.ip_network(text), of_standard_library) for text in texts)


def test_sets():
    assert networks.sets(('10.0.0.0/8', '::1/128'), ['11.0.0.0/8', '10.1.0.0/16']) == {
        4: ((10 << 24, (12 << 24) - 1),), 6: ((1, 1),)}
    assert networks.sets(networks.ANYONE) == {family: iv.full(family) for family in networks.FAMILIES}
    assert networks.sets() == {4: (), 6: ()}
