# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which settings may hold where packets come in."""

import pytest

from ansible_collections.listening.ports.plugins.module_utils._addresses import intervals as iv
from ansible_collections.listening.ports.plugins.plugin_utils._windows.network import network
from ansible_collections.listening.ports.plugins.plugin_utils._windows.policy import profiles
from ansible_collections.listening.ports.plugins.plugin_utils._windows.ways import Ways
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows.firewalls import (
    LAN, WAN, host, settings
)

UNKNOWN = 'which profile holds for the interface is not known'


def ways(raw):
    return Ways(network(raw), profiles(raw['firewall']))


def cases(raw, name='lan'):
    """The cases of an adapter: profile, and whether the firewall is off; why there are several; whether it is off."""
    arrival = ways(raw).arrival(name, 4, 1)
    return [(profile, case.off) for profile, case in arrival.cases], arrival.why, arrival.disabled


def without_networks(raw):
    return dict(raw, networks={})


def test_one_host_has_a_profile_for_each_adapter():
    assert cases(host()) == ([('domain', False)], '', False)
    assert cases(host(), 'wan') == ([('public', False)], '', False)


def test_what_an_arrival_knows():
    found = ways(host())
    arrival = found.arrival('wan', 6, 5)
    assert arrival[:5] == (6, 'wan', WAN, 'wireless', 5)
    assert arrival.subnets == iv.merged(iv.parse('2001:db8::/64')[1] + iv.parse('fe80::/64')[1])
    assert arrival.servers['dns'] == () and found.arrival('lan', 4, 5).servers['dns'] == iv.parse('10.1.0.53')[1]
    assert found.arrival('wan', 6, 5) is arrival and not arrival.teredo


def test_any_profile_may_hold_where_the_category_is_not_known():
    assert cases(without_networks(host())) == (
        [('domain', False), ('private', False), ('public', False)], UNKNOWN, False)


@pytest.mark.parametrize('stores, expected', [
    ({'gpo': {'DomainProfile': {'EnableFirewall': 0}}}, ([('domain', True)], '', False)),
    ({'gpo': {'DomainProfile': {'EnableFirewall': 0}}, 'mdm': {'DomainProfile': {'EnableFirewall': 1}}},
     ([('domain', True), ('domain', False)],
      'group policy and device management set EnableFirewall of the domain profile differently', False)),
    ({'local': {'DomainProfile': {'DisabledInterfaces': LAN}}}, ([('domain', False)], '', True)),
    ({'local': {'DomainProfile': {'DisabledInterfaces': WAN}}}, ([('domain', False)], '', False)),
    ({'local': {'DomainProfile': {'DisabledInterfaces': 'x'}}},
     ([('domain', False), ('domain', True)],
      'DisabledInterfaces of the domain profile has a value that is not understood', False)),
    ({'gpo': {'DomainProfile': {'DisabledInterfaces': LAN}}, 'mdm': {'DomainProfile': {'DisabledInterfaces': ''}}},
     ([('domain', True), ('domain', False)],
      'DisabledInterfaces of the domain profile is set twice, and differently', False)),
    ({'gpo': {'DomainProfile': {'DisabledInterfaces': LAN, 'EnableFirewall': 0}}}, ([('domain', True)], '', True)),
])
def test_settings_of_the_domain_profile(stores, expected):
    found, why, disabled = cases(settings(**stores))
    assert (sorted(found), why, disabled) == (sorted(expected[0]), *expected[1:])


def test_interfaces_are_disabled_in_one_of_the_profiles_that_may_hold():
    raw = without_networks(settings(local={'PublicProfile': {'DisabledInterfaces': LAN}}))
    assert cases(raw) == ([('domain', False), ('private', False), ('public', True)], UNKNOWN, False)
    every = dict.fromkeys(('DomainProfile', 'StandardProfile', 'PublicProfile'), {'DisabledInterfaces': LAN})
    assert cases(without_networks(settings(local=every)))[2] is True


@pytest.mark.parametrize('raw, expected', [
    (host(), 'drop'),
    (settings(local={'DomainProfile': {'EnableFirewall': 0}}), 'mixed'),
    (settings(local={'DomainProfile': {'DefaultInboundAction': 0}, 'PublicProfile': {'EnableFirewall': 0}}), 'accept'),
    (settings(local={'DomainProfile': {'DefaultInboundAction': 0, 'DoNotAllowExceptions': 1}}), 'drop'),
    (settings(local={'DomainProfile': {'EnableFirewall': 0, 'DoNotAllowExceptions': 1}}), 'mixed'),
    (settings(local={'PublicProfile': {'DisabledInterfaces': WAN}}), 'mixed'),
    (settings(local={'StandardProfile': {'EnableFirewall': 0}}), 'drop'),               # no interface has it
    (settings(local={'DomainProfile': {'EnableFirewall': 2}}), 'unknown'),
    (without_networks(host()), 'drop'),
    (without_networks(settings(local={'StandardProfile': {'EnableFirewall': 0}})), 'unknown'),
    (dict(host(), interfaces=[]), 'unknown'),
])
def test_the_default_over_connected_adapters(raw, expected):
    assert ways(raw).default() == expected
