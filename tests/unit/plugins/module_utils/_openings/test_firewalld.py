# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""firewalld: what three of its versions print, and which zone an opening belongs to."""

import pytest

from ansible_collections.listening.ports.plugins.module_utils._filter.rules import Rule
from ansible_collections.listening.ports.plugins.module_utils._openings import firewalld
from ansible_collections.listening.ports.plugins.module_utils._openings.backend import Missing
from ansible_collections.listening.ports.plugins.module_utils._openings.pieces import spans
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._openings.fake_firewalls import (
    CAPTURES, Firewalls)

RULES = {
    'rule port port="8080" protocol="tcp" accept',
    'rule family="ipv4" source address="10.1.2.3/32" port port="8000-8010" protocol="tcp" accept',
    'rule family="ipv6" source address="fd00::/8" port port="8000" protocol="udp" accept',
    'rule family="ipv6" source address="fd00::1/128" port port="53" protocol="udp" accept',
    'rule port port="77" protocol="sctp" accept',
}


@pytest.mark.parametrize('release', ['trixie', 'bookworm', 'bullseye'])     # firewalld 2.3, 1.3, 0.9
def test_zones_as_they_are_printed(release):
    runtime = firewalld.zones((CAPTURES / ('firewalld_%s.txt' % release)).read_text(encoding='utf-8'))
    assert sorted(runtime) == ['block', 'dmz', 'drop', 'external', 'home', 'internal', 'public', 'trusted', 'work']
    assert runtime['public'] == ('default', set(), set(), RULES)
    assert runtime['work'] == ('default', {'lan0'}, set(), set())
    assert runtime['internal'] == ('default', set(), {'10.5.0.0/16'}, set())       # and a hardware address
    assert runtime['drop'] == ('DROP', set(), {'10.6.0.0/16', 'fd06::/16'}, set())
    assert [runtime[zone].target for zone in ('block', 'trusted')] == ['%%REJECT%%', 'ACCEPT']
    permanent = firewalld.zones((CAPTURES / ('firewalld_%s_permanent.txt' % release)).read_text(encoding='utf-8'))
    assert permanent['public'].rules == {
        'rule priority="-5" port port="8014" protocol="tcp" drop', 'rule port port="8080" protocol="tcp" accept',
        'rule family="ipv4" source address="10.1.2.3/32" port port="8000-8010" protocol="tcp" accept'}
    assert permanent['work'].interfaces == permanent['drop'].sources == set()


@pytest.fixture
def host(tmp_path, monkeypatch):
    monkeypatch.setenv('PATH', str(tmp_path))
    return Firewalls(str(tmp_path))


@pytest.fixture
def firewall(host):
    made = firewalld.Firewalld(host.run)
    made.look()
    return made


def words(firewall, ports, sources, interface=None, protocol='tcp'):
    pieces, left = firewall.pieces(Rule(protocol, spans(ports), sources, None), interface)
    return [str(piece) for piece in pieces], left


@pytest.mark.parametrize('interface, zone', [
    (None, 'public'), ('eth0', 'public'), ('lan0', 'work'), ('wg7', 'work'), ('wlan0', 'public')])
def test_the_zone_of_an_interface(firewall, interface, zone):
    assert words(firewall, ['80', '90-99'], None, interface) == (
        ['tcp/80 for everybody in zone %s of firewalld' % zone,
         'tcp/90-99 for everybody in zone %s of firewalld' % zone], [])


@pytest.mark.parametrize('sources, expected, left', [
    (('10.1.0.0/16',), ['10.1.0.0/16 in zone public'], []),
    # in a zone by their addresses: there
    (('10.5.1.0/24', 'fd05::/16'), ['10.5.1.0/24 in zone internal', 'fd05::/16 in zone public'], []),
    (('10.0.0.0/8',), ['10.5.0.0/16 in zone internal', '10.0.0.0/8 in zone public'], ['10.6.0.0/16']),
    (('10.6.1.0/24', 'fd06::/16'), [], ['10.6.1.0/24', 'fd06::/16']),
    # who is let in by all ports
    (('10.7.0.1/32',), [], []),
])
def test_sources_that_have_a_zone_of_their_own(firewall, sources, expected, left):
    pieces, refused = words(firewall, ['80'], sources)
    assert pieces == ['tcp/80 for %s of firewalld' % text for text in expected]
    assert [entry[:2] for entry in refused] == [(source, 'source_zone') for source in left]
    assert all('%s is in zone drop of firewalld' % entry[0] in entry[2] for entry in refused)


def test_rules_are_added_and_removed_in_one_call_of_each_zone(host, firewall):
    pieces, dummy = firewall.pieces(Rule('udp', spans(['53', '80']), ('10.1.0.0/16', '10.5.0.0/16'), None), None)
    assert not any(firewall.has(piece, place) for piece in pieces for place in firewall.places)
    assert firewall.add(pieces, 'permanent') is None
    assert len(host.told) == 2 and all(' --permanent ' in command for command in host.told)
    assert len(host.rules['permanent']['public']) == len(host.rules['permanent']['internal']) == 2
    firewall.look()
    assert [[firewall.has(piece, place) for place in firewall.places] for piece in pieces] == [[False, True]] * 4
    assert firewall.remove(pieces[:1], 'permanent') is None
    firewall.look()
    assert [firewall.has(piece, 'permanent') for piece in pieces] == [False, True, True, True]
    assert not any('--reload' in command for command in host.asked)


def test_what_was_refused_is_not_there(host, firewall):
    pieces, dummy = firewall.pieces(Rule('tcp', spans(['80', '90']), None, None), None)
    host.refuses.add('90')
    assert firewall.add(pieces, 'runtime') is None      # so says its exit code
    firewall.look()
    assert [firewall.has(piece, 'runtime') for piece in pieces] == [True, False]


def test_it_does_not_run(host):
    host.runs = False
    with pytest.raises(Missing) as info:
        firewalld.Firewalld(host.run).look()
    assert (info.value.code, str(info.value)) == ('firewalld_not_running', 'firewalld does not run')


def test_it_does_not_answer(host):
    with pytest.raises(Missing) as info:
        firewalld.Firewalld(lambda words, **dummy: (13, '', 'Error: DBusException\n')).look()
    assert (info.value.code, str(info.value)) == (
        'firewalld_fails', 'firewalld does not answer (firewall-cmd: Error: DBusException)')
