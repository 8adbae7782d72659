# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why nothing is known of a firewall, and what is only a caveat."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._windows import doubts, policy
from ansible_collections.listening.ports.plugins.plugin_utils._windows.gaps import CODES
from ansible_collections.listening.ports.plugins.plugin_utils._windows.raw import Error, Process
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows.firewalls import (
    CLOSED, LAN, OPEN, WAN, firewall, host, service, settings
)

PACKAGED = Process(7, 1, 'app.exe', 'C:\\app.exe', 1, 'S-1-5-21-1', 'S-1-15-2-1', 0, None, None)
PLAIN = PACKAGED._replace(package='')
HIDDEN = PACKAGED._replace(package=None)
VIEW = {'current': 5, 'modify': 0, 'profiles': {'1': CLOSED, '2': CLOSED, '4': CLOSED}}


def unknown(raw):
    found = policy.profiles(raw['firewall']) if 'firewall' in raw else {}
    return doubts.unknown(raw, found)


def codes(raw):
    found = unknown(raw)
    assert all(doubt.code in CODES['firewall'] and doubt.message and len(doubt.message) < 2000 for doubt in found)
    return [doubt.code for doubt in found]


def os(**more):
    return dict(host()['os'], **more)


def stores(**more):
    return firewall(stores=dict(host()['firewall']['stores'], **more))


def test_a_firewall_of_which_all_is_known():
    assert unknown(host()) == []


@pytest.mark.parametrize('raw, expected', [
    (host(os=os(elevated=False)), ['not_admin']),
    (host(os=os(elevated=None)), ['not_admin']),
    (stores(local=None), ['unread']), (stores(gpo=None), ['unread']), (stores(mdm=None), ['unread']),
    (stores(static=None), ['unread']), (stores(configurable=None), ['unread']),
    (stores(appiso=None), []),
    (firewall(stores={}), ['unread']),
    (firewall(profiles={'local': None, 'gpo': {}, 'mdm': {}}), ['unread']),
    (firewall(profiles={'local': {}, 'mdm': {}}), ['unread']),
    (firewall(effective=None), ['unread']),
    (firewall(products=None), ['unread']),
    (firewall(products=['Other Firewall']), ['other_product']),
    (host(errors=[Error('firewall.stores.local', 234, 'more data')]), ['unread']),
    (host(errors=[Error('firewall.providers', 5, 'x'), Error('firewall.consec', 5, 'x'), Error('rpc', 1, 'x')]), []),
    (host(services=None), ['service']),
    (host(services=[]), ['service']),
    (host(services=[service('MpsSvc'), service('bfe', 1)]), ['service']),
    (host(services=[service('mpssvc', 1), service('BFE')]), ['service']),
    (stores(local=[['r%d' % number, 'v2.30|'] for number in range(20001)]), ['budget']),
    (stores(local=[['r', 'v2.30|']] * 20000), []),
])
def test_what_makes_all_unknown(raw, expected):
    assert codes(raw) == expected


def test_without_the_firewall_nothing_is_known():
    raw = host()
    del raw['firewall'], raw['os'], raw['services']
    assert codes(raw) == ['not_admin', 'unread', 'service']


@pytest.mark.parametrize('process, expected', [(PACKAGED, ['unread']), (PLAIN, []), (HIDDEN, [])])
def test_rules_for_packages_are_missed_where_a_package_listens(process, expected):
    raw = stores(appiso=None)
    raw['processes'] = [process]
    assert codes(raw) == expected


def test_what_could_not_be_read_is_named():
    [doubt] = unknown(stores(gpo=None, static=None))
    assert doubt.message == 'the gpo store of rules, the static store of rules could not be read'


@pytest.mark.parametrize('raw, expected', [
    (settings(local={'DomainProfile': {'EnableFirewall': 0}}), 'EnableFirewall of the domain profile'),
    (settings({'1': OPEN}), 'EnableFirewall of the domain profile'),
    (settings({'2': [True, True, 0, []]}), 'DoNotAllowExceptions of the private profile'),
    (settings({'4': [True, False, 1, []]}), 'DefaultInboundAction of the public profile'),
    (settings({'4': [True, False, 0, ['wan']]}), 'DisabledInterfaces of the public profile'),
    (settings(local={'PublicProfile': {'DisabledInterfaces': WAN}}), 'DisabledInterfaces of the public profile'),
    (settings({'4': [True, False, 0, ['lan']]}, local={'PublicProfile': {'DisabledInterfaces': WAN}}),
     'DisabledInterfaces of the public profile'),
    (settings({'4': [True]}), 'the public profile'),
    (firewall(effective=dict(VIEW, profiles={'1': CLOSED, '4': CLOSED})), 'the private profile'),
    (settings(gpo={'DomainProfile': {'AllowLocalPolicyMerge': 0}, 'PublicProfile': {'AllowLocalPolicyMerge': 0}}),
     'AllowLocalPolicyMerge'),
])
def test_the_registry_and_the_running_firewall_differ(raw, expected):
    assert unknown(raw) == [('stale', 'the registry and the running firewall differ in ' + expected)]


@pytest.mark.parametrize('raw', [
    settings({'1': OPEN}, local={'DomainProfile': {'EnableFirewall': 0}}),
    settings({'2': [True, True, 0, []]}, gpo={'PrivateProfile': {'DoNotAllowExceptions': 1}}),
    settings({'1': [True, False, 1, []]}, gpo={'DomainProfile': {'DefaultInboundAction': 0}}),
    settings({'4': [True, False, 0, ['WAN']]}, local={'PublicProfile': {'DisabledInterfaces': WAN.upper()}}),
    # of an adapter that is not there any more, the running firewall has no name
    settings({'4': [True, False, 0, ['lan']]}, local={'PublicProfile': {
        'DisabledInterfaces': '%s,%s' % (LAN, LAN.replace('a', 'f'))}}),
    settings({'1': [True, False, 0, None]}),
    settings({'1': OPEN}, gpo={'DomainProfile': {'EnableFirewall': 1}}, mdm={'DomainProfile': {'EnableFirewall': 0}}),
    settings({'1': [True, False, 0, ['lan']]}, local={'DomainProfile': {'DisabledInterfaces': 'lan'}}),
    # one of the two current profiles counts local rules; or Windows says that none does
    settings(gpo={'DomainProfile': {'AllowLocalPolicyMerge': 0}}),
    settings(modify=1, gpo=dict.fromkeys(('DomainProfile', 'PublicProfile'), {'AllowLocalPolicyMerge': 0})),
])
def test_the_registry_and_the_running_firewall_agree(raw):
    assert unknown(raw) == []


@pytest.mark.parametrize('raw, expected', [
    (host(), []),
    (firewall(providers=['Windows Defender Firewall']), []),
    (firewall(providers=['Microsoft Corporation', 'A', 'B', 'C', 'D']),
     ['other products may filter packets: A, B, C, ...']),
    (firewall(providers=None), ['whether other products filter packets could not be read']),
    (firewall(consec={'local': 0, 'gpo': 2}), ['rules of connection security may demand IPsec, which is not judged']),
    (firewall(consec=None), ['whether there are rules of connection security could not be read']),
    (host(services=[service('vmms')]),
     ['Hyper-V is running, whose switches and virtual machines have rules of their own']),
    (host(services=[service('vmms', 1)]), []),
])
def test_caveats(raw, expected):
    assert doubts.caveats(raw) == expected


def test_names_of_the_host_are_bounded():
    long = 'x' * 10000
    [doubt] = unknown(firewall(products=[long] * 50))
    assert len(doubt.message) < 500 and doubt.message.endswith(', ...')
    assert len(doubts.caveats(firewall(providers=[long] * 50))[0]) < 500
