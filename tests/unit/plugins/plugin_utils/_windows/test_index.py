# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which rules are found for a listener, which listeners are alike, and what is open whoever listens."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._windows import decide, model, names
from ansible_collections.listening.ports.plugins.plugin_utils._windows.index import Index
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows import hosts
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows.hosts import (
    PACKAGE, SVCHOST, holder, rule)

RULES = {
    'package': rule('AppPkgId=' + PACKAGE),
    'family': rule('PFN=App_1'),
    'service': rule('Svc=DHCP', 'App=%SystemRoot%\\System32\\svchost.exe'),
    'program': rule('App=C:\\app\\server.exe', 'Protocol=6'),
    'kernel': rule('App=System'),
    'odd program': rule('App=C:\\PROGRA~1\\x.exe'),
    'port': rule('Protocol=6', 'LPort=443'),
    'ports': rule('Protocol=6', 'LPort=1-1000'),
    'all services': rule('Svc=*'),
    'all': rule(),
}
ALWAYS = {'odd program', 'ports', 'all services', 'all'}


@pytest.mark.parametrize('who, expected', [
    ({}, {'program'}),
    ({'port': 443}, {'program', 'port'}),
    ({'port': 443, 'protocol': 'udp'}, {'program'}),
    ({'program': 'd:\\app\\server.exe'}, {'program'}),
    ({'program': 'c:\\x.exe'}, set()),
    ({'program': model.SYSTEM}, {'kernel'}),
    ({'program': SVCHOST, 'services': (('dhcp', True), ('x', None))}, {'service'}),
    ({'program': None}, {'program', 'kernel'}),
    ({'program': '\\\\share\\x.exe'}, {'program', 'kernel'}),
    ({'services': None}, {'program', 'service'}),
    ({'package': PACKAGE}, {'program', 'package'}),
    ({'package': names.package_sid('app_1').lower()}, {'program', 'family'}),
    ({'package': None}, {'program', 'package', 'family'}),
])
def test_rules_that_can_be_meant(who, expected):
    index = Index(list(RULES.values()), hosts.machine())
    found = index.candidates(holder(**who))
    assert found == sorted(found)
    assert {list(RULES)[number] for number in found} == expected | ALWAYS


@pytest.mark.parametrize('one, other, expected', [
    ({}, {'user': 'S-1-5-18'}, True), ({}, {'port': 79}, True), ({}, {'port': 1001}, False),
    ({'port': 1001}, {'port': 65535}, True), ({}, {'protocol': 'udp'}, False), ({'port': 443}, {'port': 442}, False),
    ({}, {'program': 'c:\\x.exe'}, False), ({'program': 'c:\\y.exe'}, {'program': 'c:\\x.exe'}, True),
    ({'program': None}, {'program': 'c:\\x.exe'}, False), ({'program': model.SYSTEM}, {'program': 'c:\\x.exe'}, False),
    ({'program': '\\\\a\\x.exe'}, {'program': '\\\\b\\x.exe'}, True), ({'program': '\\\\a\\x.exe'}, {}, False),
    ({'services': (('x', True),)}, {'services': (('y', True),)}, True), ({'services': (('x', True),)}, {}, False),
    ({'services': (('x', True),)}, {'services': (('y', None),)}, False),
    ({'services': (('dhcp', True),)}, {'services': (('y', True),)}, False),
    ({'services': None}, {}, False), ({'package': 'S-1-15-2-8'}, {'package': 'S-1-15-2-9'}, True),
    ({'package': 'S-1-15-2-8'}, {'package': PACKAGE}, False), ({'package': None}, {}, False)])
def test_holders_that_are_alike(one, other, expected):
    index = Index(list(RULES.values()), hosts.machine())
    assert (index.holder_class(holder(**one)) == index.holder_class(holder(**other))) is expected
    assert (index.holder_class(holder(**other)) == index.holder_class(holder(**one))) is expected


@pytest.mark.parametrize('part, one, other', [
    ('LUAuth=D:(A;;CC;;;SY)', {'user': 'S-1-5-18'}, {'user': 'S-1-5-19'}),
    ('LUOwn=S-1-5-21-1-2-3-4', {'user': 'S-1-5-18'}, {'user': 'S-1-5-19'}),
    ('LUAuth=D:(A;;CC;;;S-1-5-80-1-2-3-4-5)', {'services': (('x', True),)}, {'services': (('y', True),)}),
    ('Svc=*', {'services': (('x', True),)}, {'services': (('x', False),)})])
def test_what_some_rules_ask_tells_holders_apart(part, one, other):
    without, index = Index([rule('Svc=none')], hosts.machine()), Index([rule(part)], hosts.machine())
    assert without.holder_class(holder(**one)) == without.holder_class(holder(**other))
    assert index.holder_class(holder(**one)) != index.holder_class(holder(**other))


def test_ports_that_keywords_mean_are_told_apart():
    firewall = hosts.firewall(rule('Protocol=6', 'LPort=RPC'), rule('Protocol=17', 'LPort=mDNS'))
    kinds = {firewall.port_class('tcp', port) for port in (80, 49664, 50000)}
    assert len(kinds) == 3
    assert firewall.port_class('tcp', 80) == firewall.port_class('tcp', 49151)
    assert firewall.port_class('udp', 5353) != firewall.port_class('udp', 5352) == firewall.port_class('udp', 49664)


def test_two_rules_with_the_same_ports_do_not_cancel_out():
    firewall = hosts.firewall(rule('Protocol=6', 'LPort=80'), rule('Protocol=6', 'LPort=80', 'RA4=10.0.0.1'))
    assert firewall.port_class('tcp', 80) != firewall.port_class('tcp', 81)


def test_the_ends_of_all_ports():
    firewall = hosts.firewall(rule('Protocol=6', 'LPort=0-65535'), rule('Protocol=6', 'LPort=65535'))
    assert firewall.port_class('tcp', 0) == firewall.port_class('tcp', 65534) != firewall.port_class('tcp', 65535)
    assert hosts.firewall().port_class('udp', 65535) == hosts.firewall().port_class('tcp', 0)


def test_openings_are_ports_that_any_program_may_use():
    firewall = hosts.firewall(
        rule('Protocol=6', 'LPort=80', 'LPort=8000-8010', name='web'), rule('Protocol=17', 'LPort=mDNS', name='mdns'),
        rule('Protocol=6', 'LPort=81', 'App=C:\\x.exe'), rule('Protocol=6', 'LPort=82', 'Svc=*'),
        rule('Protocol=6', 'LPort=83', 'AppPkgId=' + PACKAGE), rule('Protocol=6', 'LPort=84', 'PFN=App_1'),
        rule('Protocol=6', 'LPort=85', action='Block'), rule('Protocol=6'), rule('Protocol=6', 'LPort=Ply2Disc'),
        rule('Protocol=6', 'LPort=86', store='static'))
    assert [(each.rule.id, each.protocol, each.ports) for each in firewall.openings()] == [
        ('mdns', 'udp', ((5353, 5353),)), ('web', 'tcp', ((80, 80), (8000, 8010)))]


def test_a_stranger_gets_what_any_program_gets():
    firewall = hosts.firewall(rule('Protocol=6', 'LPort=80'), rule('Protocol=6', 'LPort=81', 'App=C:\\x.exe'),
                              rule('Protocol=6', 'LPort=82', 'Svc=*'), rule('Protocol=6', 'LPort=83', 'Svc=dhcp'))
    assert [bool(firewall.answer(decide.stranger('tcp', port), hosts.arrival()).allowed) for port in range(80, 84)] == [
        True, False, False, False]
    assert not any(firewall.answer(decide.stranger('tcp', port), hosts.arrival()).undecided for port in range(80, 84))
