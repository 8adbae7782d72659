# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which addresses hosts of the inventory have as clients."""

import ipaddress

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._harmless.terminal import visible
from ansible_collections.listening.ports.plugins.plugin_utils._policy.conditions import named
from ansible_collections.listening.ports.plugins.plugin_utils._policy.conditions.named import Member
from ansible_collections.listening.ports.plugins.plugin_utils._policy.conditions.sources import Sources
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language.refusal import Refused

PRIVATE = Sources(['private'], '')
NOTHING = named.reached_by('web-1')


def texts(member):
    """The addresses of a member, as ipaddress writes them."""
    return [str(net) for version, spans in zip((4, 6), member.spans) for low, high in spans
            for net in ipaddress.summarize_address_range(
                *(ipaddress.IPv4Address(end) if version == 4 else ipaddress.IPv6Address(end) for end in (low, high)))]


@pytest.mark.parametrize('value, found', [
    ('group:web', ('group', 'web')), ('host:db-1', ('host', 'db-1')), ('group:', ('group', '')),
    ('host:a:b', ('host', 'a:b')), ('groups:web', None), ('2001:db8::1', None), ('web', None), (5, None),
])
def test_what_names_clients(value, found):
    assert named.parts(value) == found


def test_names_are_found_in_what_nobody_has_checked():
    entries = [{'clients': 'group:web', 'only_from': ['host:a', 'private', 5, None]}, {'clients': {'group:x': 1}},
               'group:no', None, {'port': 'group:no'}, {'only_from': ('group:web', 'group:b')}]
    assert named.wanted(entries) == ['group:web', 'host:a', 'group:b']


def test_declared_addresses():
    member = named.declared(['10.0.0.5', '10.0.0.4', '192.0.2.0/24', '2001:db8::/64'], 'web-1')
    assert texts(member) == ['10.0.0.4/31', '192.0.2.0/24', '2001:db8::/64']
    assert (member.addresses, member.recorded, member.unknown, member.fault) == (4, False, None, None)
    assert texts(named.declared('10.0.0.5', 'web-1')) == ['10.0.0.5/32']


@pytest.mark.parametrize('value, words', [
    ('web.example.com', 'is neither an address nor a network'), (['10.0.0.300'], "'10.0.0.300' is neither"),
    ('10.0.0.1/8', 'did you mean 10.0.0.0/8?'), ([], 'it has to have 1 to 1000 addresses, not 0'), (5, '5 is neither'),
    (None, 'nothing is neither'), ({'a': 1}, 'a mapping is neither'), ('127.0.0.1', 'no host reaches another one'),
    ('0.0.0.0/0', 'no host reaches another one'), ('::/0', 'no host'), ('fe80::1', 'no host'), ('ff02::1', 'no host'),
    ('::ffff:10.0.0.5', 'no host'),
    ('169.254.7.7', 'no host'), ('224.0.0.1', 'no host'), ('::1', 'no host'), ('\x1b[31m', 'is neither'),
    (['10.0.0.1'] * 1001, 'not 1001'),
])
def test_what_no_host_can_have_is_refused(value, words):
    member = named.declared(value, 'web\x1b1')
    assert words in member.fault and 'listening_ports_addresses of web' in member.fault
    assert visible(member.fault, 1000) == member.fault
    with pytest.raises(Refused, match='listening_ports_addresses'):
        named.united({'web': member}, 'db')


@pytest.mark.parametrize('name, found', [
    ('10.0.0.5', ['10.0.0.5/32']), ('2001:db8::5', ['2001:db8::5/128']), ('::ffff:10.0.0.5', ['10.0.0.5/32']),
    ('web.example.com', None), ('127.0.0.1', None), ('fe80::1%eth0', None), ('', None), (None, None), (7, None),
    ('10.0.0.0/24', None), ('0.0.0.0', None),
])
def test_the_address_that_a_host_is_reached_by(name, found):
    member = named.reached_by(name)
    assert (texts(member) or None) == found
    assert (member.unknown is None) == bool(found)


def test_recorded_addresses():
    own = ['10.0.0.5/24', '127.0.0.1/8', '::1/128', 'fe80::1%eth0/64', 'fd00::5/64']
    member = named.recorded(own, PRIVATE, NOTHING)
    assert texts(member) == ['10.0.0.5/32', 'fd00::5/128']
    assert (member.addresses, member.recorded) == (2, True)
    beside = named.recorded(['10.0.0.5/24'], PRIVATE, named.reached_by('203.0.113.7'))
    assert texts(beside) == ['10.0.0.5/32', '203.0.113.7/32'] and beside.recorded


def test_a_record_is_believed_within_some_networks():
    member = named.recorded(['10.0.0.5/24', '203.0.113.66/24'], PRIVATE, NOTHING)
    assert member.unknown == 'its record has the address 203.0.113.66, which is in none of listener_client_networks'
    assert texts(member) == []
    wide = Sources(['private', '203.0.113.0/24'], '')
    assert texts(named.recorded(['10.0.0.5/24', '203.0.113.66/24'], wide, NOTHING)) == [
        '10.0.0.5/32', '203.0.113.66/32']
    # what is declared as well is no matter of belief
    assert texts(named.recorded(['203.0.113.66/24'], PRIVATE, named.reached_by('203.0.113.66'))) == ['203.0.113.66/32']


def test_a_record_without_addresses_of_clients():
    for some in ([], ['127.0.0.1/8', 'fe80::1%eth0/64'], ['nonsense']):
        assert named.recorded(some, PRIVATE, NOTHING) == Member(unknown='its record has no address that others see')


def test_the_judged_host_says_nothing_of_its_own_addresses():
    own = named.recorded(['10.0.0.66/24'], PRIVATE, NOTHING)
    other = named.declared('10.0.0.7', 'db-2')
    both = named.united({'db-1': own, 'db-2': other}, 'db-1')
    assert both.spans[4] == other.spans[0] and (both.count, both.unknown, both.reasons) == (1, 0, ())
    assert named.united({'db-1': NOTHING, 'db-2': other}, 'db-1').unknown == 0
    assert named.united({'db-1': own, 'db-2': other}, 'web').count == 2
    declared = named.declared('10.0.0.5', 'db-1')
    assert named.united({'db-1': declared, 'db-2': other}, 'db-1').count == 2


def test_what_a_name_stands_for_is_shown():
    one = named.united({'a': named.declared('10.0.0.7', 'a')}, 'db')
    assert one.label('host:a') == 'host:a (1 address)'
    more = named.united({'a': named.declared(['10.0.0.7', '10.0.0.9'], 'a'), 'b\x1b': NOTHING}, 'db')
    assert more.label('group:web') == 'group:web (2 addresses, 1 host unknown)'
    assert more.reasons == ('b\\x1b: no address of it is declared',)


def test_sources_have_all_that_they_are_made_of():
    given = {'group:web': named.united({'a': named.declared('10.0.0.7', 'a'), 'b': NOTHING}, 'db'),
             'group:no': Refused('there is no such group')}
    sources = Sources(['group:web', '10.0.0.6'], 'clients', given)
    assert sources.spans[4] == ((int(ipaddress.IPv4Address('10.0.0.6')), int(ipaddress.IPv4Address('10.0.0.7'))),)
    assert sources.words == ['group:web (1 address, 1 host unknown)', '10.0.0.6']
    assert sources.unknown == ('b: no address of it is declared',)
    with pytest.raises(Refused, match='there is no such group') as refused:
        Sources(['group:no'], 'clients', given)
    assert refused.value.option == 'clients'
    with pytest.raises(Refused, match='is not a network'):
        Sources(['group:other'], 'clients', given)
