# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which settings hold for a profile, by what several stores say: the laws of [MS-FASP] 2.2.38."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._windows import policy
from ansible_collections.listening.ports.plugins.plugin_utils._windows.model import PROFILES, Settings
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows import firewalls
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows.firewalls import LAN, WAN

EVERY = frozenset(('local', 'gpo', 'mdm', 'static', 'configurable', 'appiso'))
DEFAULT = Settings(off=False, shielded=False, default_allow=False, stores=EVERY)
DIFFERENT = 'group policy and device management set %s of the %s profile differently'


def of(**stores):
    return policy.profiles(firewalls.settings(**stores)['firewall'])


def held(**stores):
    """The settings of the domain profile, as what differs from the defaults; and why there are several."""
    found = of(**stores)['domain']
    return [{name: value for name, value in settings._asdict().items() if value != getattr(DEFAULT, name)}
            for settings in found.settings], found.why


def domain(**values):
    return {'DomainProfile': values}


def test_nothing_is_set():
    """Absent is the normal case: the firewall is on, blocks, and counts local rules."""
    assert of() == dict.fromkeys(PROFILES, policy.Profile((DEFAULT,), '', (frozenset(),)))


@pytest.mark.parametrize('name, off, differs', [
    ('EnableFirewall', 0, {'off': True}), ('DefaultInboundAction', 0, {'default_allow': True})])
@pytest.mark.parametrize('stores, expected', [
    ({'local': 0}, 'off'), ({'gpo': 0}, 'off'), ({'mdm': 0}, 'off'),
    ({'local': 0, 'gpo': 1}, 'on'), ({'local': 1, 'gpo': 0}, 'off'),
    ({'local': 0, 'mdm': 1}, 'on'), ({'local': 1, 'mdm': 0}, 'off'),
    ({'local': 0, 'gpo': 1, 'mdm': 1}, 'on'), ({'gpo': 1, 'mdm': 0}, 'either'), ({'gpo': 0, 'mdm': 1}, 'either'),
])
def test_policy_wins_where_it_is_set(name, off, differs, stores, expected):
    settings, why = held(**{store: domain(**{name: value}) for store, value in stores.items()})
    possible = {'off': [differs], 'on': [{}], 'either': [differs, {}]}[expected]
    assert sorted(settings, key=len) == sorted(possible, key=len)
    assert why == (DIFFERENT % (name, 'domain') if expected == 'either' else '')


@pytest.mark.parametrize('stores, expected', [
    ({'local': 1}, True), ({'gpo': 1}, True), ({'mdm': 1}, True), ({'local': 1, 'gpo': 0}, True),
    ({'local': 0, 'gpo': 1}, True), ({'gpo': 0, 'mdm': 1}, True), ({'local': 0, 'gpo': 0, 'mdm': 0}, False),
    ({}, False),
])
def test_exceptions_are_forbidden_where_anybody_forbids_them(stores, expected):
    settings, why = held(**{store: domain(DoNotAllowExceptions=value) for store, value in stores.items()})
    assert settings == [{'shielded': True} if expected else {}] and why == ''


@pytest.mark.parametrize('stores, without, doubted', [
    ({'local': 0}, set(), ()),                                          # a local value means nothing
    ({'gpo': 1, 'local': 0}, set(), ()),
    ({'gpo': 0}, {'local', 'mdm'}, ('mdm',)),
    ({'gpo': 0, 'mdm': 0}, {'local', 'mdm'}, ('mdm',)),
    ({'mdm': 0}, {'local'}, ()),
    ({'mdm': 1}, set(), ()),
    ({'gpo': 1, 'mdm': 0}, {'local'}, ('local',)),
    ({'gpo': 0, 'mdm': 1}, {'local', 'mdm'}, ('local', 'mdm')),
    ({'gpo': 2}, {'local', 'mdm'}, ('local', 'mdm')),
    ({'gpo': '0'}, {'local', 'mdm'}, ('local', 'mdm')),
])
def test_which_stores_count(stores, without, doubted):
    found = of(**{store: domain(AllowLocalPolicyMerge=value) for store, value in stores.items()})
    [settings] = found['domain'].settings
    assert settings.stores == EVERY - without and tuple(store for store, why in settings.doubted) == doubted
    assert all(why for store, why in settings.doubted)


def test_profiles_without_local_rules():
    found = of(gpo={'DomainProfile': {'AllowLocalPolicyMerge': 0}, 'PublicProfile': {'AllowLocalPolicyMerge': 2}})
    assert policy.without_local(found, PROFILES) == ['domain']
    assert policy.without_local(found, ['private', 'public']) == []


@pytest.mark.parametrize('below, name', [
    ('AuthorizedApplications', 'local_programs'), ('GloballyOpenPorts', 'local_ports')])
@pytest.mark.parametrize('stores, expected', [
    ({'local': 0}, False), ({'gpo': 0, 'local': 1}, False), ({'gpo': 1, 'local': 0}, True)])
def test_local_rules_for_a_program_or_a_port_alone(below, name, stores, expected):
    settings, why = held(**{
        store: {'DomainProfile\\' + below: {'AllowUserPrefMerge': value}} for store, value in stores.items()})
    assert settings == [{} if expected else {name: False}] and why == ''


@pytest.mark.parametrize('gpo, private, public', [
    ({'StandardProfile': {'EnableFirewall': 0}}, True, True),
    ({'StandardProfile': {'EnableFirewall': 0}, 'PrivateProfile': {}}, False, False),
    ({'StandardProfile': {'EnableFirewall': 0}, 'PublicProfile': {}}, False, False),
    ({'StandardProfile': {'EnableFirewall': 0}, 'PublicProfile\\Logging': {}}, False, False),
    ({'StandardProfile': {'EnableFirewall': 0}, 'DomainProfile': {}}, True, True),
    ({'PrivateProfile': {'EnableFirewall': 0}}, True, False),
    ({'PublicProfile': {'EnableFirewall': 0}}, False, True),
])
def test_the_standard_profile_of_group_policy_counts_where_no_newer_one_is_there(gpo, private, public):
    found = of(gpo=gpo)
    assert [found[profile].settings[0].off for profile in PROFILES] == [False, private, public]


def test_the_standard_profile_of_the_local_store_is_the_private_one():
    found = of(local={'StandardProfile': {'EnableFirewall': 0}, 'PrivateProfile': {'DefaultInboundAction': 0}})
    assert [found[profile].settings[0].off for profile in PROFILES] == [False, True, False]
    assert not found['private'].settings[0].default_allow


@pytest.mark.parametrize('keys, off', [
    ({'PrivateProfile': 0}, {True}), ({'StandardProfile': 0}, {True}),
    ({'PrivateProfile': 0, 'StandardProfile': 0}, {True}), ({'PrivateProfile': 0, 'StandardProfile': 1}, {True, False}),
])
def test_device_management_may_call_the_private_profile_by_either_name(keys, off):
    found = of(mdm={key: {'EnableFirewall': value} for key, value in keys.items()})['private']
    assert {settings.off for settings in found.settings} == off and bool(found.why) == (len(off) > 1)


def test_the_standard_profile_has_no_option_for_local_rules():
    [settings] = of(gpo={'StandardProfile': {'AllowLocalPolicyMerge': 0}})['public'].settings
    assert dict(settings.doubted)['local'].startswith('AllowLocalPolicyMerge is off in the standard profile')


@pytest.mark.parametrize('value', [2, -1, '1', 'off', ''])
@pytest.mark.parametrize('name, differs', [
    ('EnableFirewall', {'off': True}), ('DefaultInboundAction', {'default_allow': True}),
    ('DoNotAllowExceptions', {'shielded': True})])
def test_a_value_that_is_not_understood_may_mean_either(name, differs, value):
    settings, why = held(local=domain(**{name: value}))
    assert len(settings) == 2 and {} in settings and differs in settings
    assert why == '%s of the domain profile has a value that is not understood' % name


def test_keys_and_names_have_no_case():
    assert held(gpo={'DOMAINprofile': {'enablefirewall': 0}}) == ([{'off': True}], '')
    settings, why = held(local={'DomainProfile': {'EnableFirewall': 0}, 'domainprofile': {'EnableFirewall': 1}})
    assert len(settings) == 2 and 'not understood' in why


@pytest.mark.parametrize('stores, expected, why', [
    ({'local': ''}, [set()], ''),
    ({'local': LAN}, [{LAN}], ''),
    ({'local': '%s,%s' % (LAN.upper(), WAN)}, [{LAN, WAN}], ''),
    ({'local': '%s; %s ' % (LAN, WAN)}, [{LAN, WAN}], ''),
    ({'local': LAN, 'gpo': WAN}, [{WAN}], ''),
    ({'local': LAN, 'gpo': ''}, [set()], ''),
    ({'gpo': LAN, 'mdm': WAN}, [{LAN}, {WAN}],
     'DisabledInterfaces of the domain profile is set twice, and differently'),
    ({'local': 'Ethernet'}, [None], 'DisabledInterfaces of the domain profile has a value that is not understood'),
    ({'local': LAN + 'x'}, [None], 'DisabledInterfaces of the domain profile has a value that is not understood'),
    ({'local': 1}, [None], 'DisabledInterfaces of the domain profile has a value that is not understood'),
])
def test_interfaces_that_the_firewall_is_off_for(stores, expected, why):
    found = of(**{store: domain(DisabledInterfaces=value) for store, value in stores.items()})['domain']
    assert [None if guids is None else set(guids) for guids in found.disabled] == expected and found.why == why


def test_options_that_are_all_unclear_have_a_bounded_number_of_settings():
    odd = dict.fromkeys(('EnableFirewall', 'DoNotAllowExceptions', 'DefaultInboundAction'), 7)
    below = {'DomainProfile\\' + key: {'AllowUserPrefMerge': 7}
             for key in ('AuthorizedApplications', 'GloballyOpenPorts')}
    found = of(local={'DomainProfile': odd, **below})['domain']
    assert len(found.settings) == 32 and len(found.why.split('; ')) == 4


def test_a_store_that_could_not_be_read_counts_as_one_without_settings():
    assert of(local=None, gpo=None, mdm=None) == of()
