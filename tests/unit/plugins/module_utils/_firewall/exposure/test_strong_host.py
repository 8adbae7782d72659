# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which interfaces hear packets to an address of the host, in the weak and the strong host model."""

import pytest

from ansible_collections.listening.ports.plugins.module_utils._addresses import intervals as iv
from ansible_collections.listening.ports.plugins.module_utils._firewall.evaluate.links import Links
from ansible_collections.listening.ports.plugins.module_utils._firewall.exposure.listeners import Joiner
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._firewall.joined import record

NET = {
    'addresses': {'wan': ['198.51.100.1/24', '2001:db8::1/64', 'fe80::1/64'], 'lan': ['10.1.0.1/24', 'fe80::2/64'],
                  'lo': ['127.0.0.1/8', '::1/128']},
    'sources': {'wan': [['0.0.0.0/0', True], ['198.51.100.0/24', False], ['::/0', True], ['fe80::/64', False]],
                'lan': [['10.1.0.0/24', False], ['fe80::/64', False]]},
    'route_localnet': [], 'rp_filter': {}, 'routes': [], 'rules': False,
}
STRONG = {'ipv4': {'wan': False, 'lan': False}, 'ipv6': {'wan': False, 'lan': False}}


class Outcome:
    """Everybody is let in, or only to some addresses."""

    translated_by = allowed_by = blocked_by = None
    undecided, caveats = (), ()

    def __init__(self, allowed):
        self.allowed = allowed


class Asker:
    """Lets everybody in; tells no address from another, or each."""

    proxies = ()

    def __init__(self, each=False, only=None):
        self.links, self._each, self._only, self.asked = Links({}, ()), each, only, []

    def port_class(self, protocol, port):
        return port

    def address_class(self, family, address):
        return address if self._each else None

    def interface_class(self, name):
        return name

    def relation(self, family, address, interface):
        return ()

    def ask(self, family, protocol, interface, address, port):
        text = iv.address(address, family)
        self.asked.append((interface, text))
        return Outcome(iv.full(family) if self._only in (None, text) else iv.EMPTY), address, port


def joiner(weak=None, asker=None, **more):
    return Joiner(dict(NET, **({} if weak is None else {'weak': weak}), **more), asker or Asker())


def ways_in(exposure):
    """{interface: what is allowed, or the reason why that is not known}"""
    return {name: path['allowed'] or [part['reason'] for part in path['undecided']]
            for path in exposure['paths'] for name in path['interfaces']}


def weak(**more):
    return {family: dict(names, **more) for family, names in STRONG.items()}


@pytest.mark.parametrize('model, expected', [
    (None, {'wan': ['0.0.0.0/0'], 'lan': ['10.1.0.0/24']}),
    (STRONG, {'lan': ['10.1.0.0/24']}),
    (weak(wan=True), {'wan': ['0.0.0.0/0'], 'lan': ['10.1.0.0/24']}),
    (weak(lan=True), {'lan': ['10.1.0.0/24']}),         # it is the interface by which packets come in that counts
    (weak(wan=None), {'wan': ['whether the interface takes packets for addresses of other interfaces is not known'],
                      'lan': ['10.1.0.0/24']}),
    ({'ipv4': {}, 'ipv6': {}}, {
        'wan': ['whether the interface takes packets for addresses of other interfaces is not known'],
        'lan': ['10.1.0.0/24']}),
], ids=['weak host', 'strong host', 'receives weakly', 'another receives weakly', 'not known', 'no interface known'])
def test_an_address_of_one_interface(model, expected):
    assert ways_in(joiner(model).exposure(record(address='10.1.0.1'))) == expected


def test_the_model_of_a_family_is_its_own():
    mixed = {'ipv4': {'wan': True, 'lan': True}, 'ipv6': {'wan': False, 'lan': False}}
    assert set(ways_in(joiner(mixed).exposure(record(address='10.1.0.1')))) == {'wan', 'lan'}
    six = record(address='2001:db8::1', v6only=True)
    assert set(ways_in(joiner(mixed).exposure(six))) == {'wan'}


@pytest.mark.parametrize('model, asked', [
    (None, {('wan', '198.51.100.1'), ('wan', '10.1.0.1'), ('lan', '10.1.0.1'), ('lan', '198.51.100.1')}),
    (STRONG, {('wan', '198.51.100.1'), ('lan', '10.1.0.1')}),
    (weak(lan=True), {('wan', '198.51.100.1'), ('lan', '10.1.0.1'), ('lan', '198.51.100.1')}),
])
def test_a_wildcard_hears_the_addresses_of_each_interface(model, asked):
    asker = Asker(each=True)
    assert ways_in(joiner(model, asker).exposure(record())) == {'wan': ['0.0.0.0/0'], 'lan': ['10.1.0.0/24']}
    assert set(asker.asked) == asked


@pytest.mark.parametrize('model, expected', [
    (None, {'wan': ['0.0.0.0/0'], 'lan': ['10.1.0.0/24']}),
    (STRONG, {'wan': [], 'lan': ['10.1.0.0/24']}),
    (weak(wan=None), {
        'wan': ['whether the interface takes packets for addresses of other interfaces is not known'],
        'lan': ['10.1.0.0/24']}),
])
def test_rules_let_in_to_one_address_only(model, expected):
    """A way in by the address of another interface is one of a weak host, and in doubt where that is not known."""
    exposure = joiner(model, Asker(each=True, only='10.1.0.1')).exposure(record())
    found = {}
    for path in exposure['paths']:
        for name in path['interfaces']:
            found.setdefault(name, []).extend(path['allowed'] or [part['reason'] for part in path['undecided']])
    assert found == expected


def test_an_address_that_an_interface_may_take_is_told_apart_from_its_own():
    """Although no rule tells them apart."""
    class Classes(Asker):
        def address_class(self, family, address):
            return iv.address(address, family) == '198.51.100.2'

        def ask(self, family, protocol, interface, address, port):
            is_open = not self.address_class(family, address)
            return Outcome(iv.full(family) if is_open else iv.EMPTY), address, port

    addresses = dict(NET['addresses'], wan=['198.51.100.1/24', '198.51.100.2/24'])
    exposure = joiner(weak(wan=None), Classes(), addresses=addresses).exposure(record())
    found = {tuple(path['addresses']): path['verdict'] for path in exposure['paths'] if path['interfaces'] == ['wan']}
    assert found == {('198.51.100.1',): 'allowed', ('198.51.100.2',): 'blocked', ('10.1.0.1',): 'unknown'}


def test_link_local_addresses_are_heard_by_their_interface_in_any_model():
    bound = record(address='fe80::2', interface='lan', v6only=True)
    for model in (None, STRONG, weak(lan=True, wan=True)):
        assert set(ways_in(joiner(model).exposure(bound))) == {'lan'}
    asker = Asker(each=True)
    joiner(weak(lan=True, wan=True), asker).exposure(record(address='::', v6only=True))
    assert ('wan', 'fe80::2') not in asker.asked and ('lan', '2001:db8::1') in asker.asked


def test_broadcasts_of_a_network_are_heard_by_its_interface():
    for model, heard in ((None, {('wan', '10.1.0.255'), ('lan', '10.1.0.255')}), (STRONG, {('lan', '10.1.0.255')})):
        asker = Asker(each=True)
        joiner(model, asker).exposure(record('udp'))
        assert {pair for pair in asker.asked if pair[1] == '10.1.0.255'} == heard
        assert {('wan', '255.255.255.255'), ('lan', '255.255.255.255')} < set(asker.asked)


def test_which_groups_a_strong_host_has_joined_is_not_known():
    group = record('udp', '239.1.2.3')
    assert joiner(groups={'lan': ['239.1.2.3']}).exposure(group)['verdict'] == 'allowed'
    assert joiner().exposure(group)['caveats'] == ['no interface has joined the group 239.1.2.3']
    exposure = joiner(STRONG).exposure(group)
    assert exposure['verdict'] == exposure['level'] == 'unknown'
    assert exposure['undecided'][0]['reason'] == 'which multicast groups the host has joined is not known'


def test_an_address_that_no_interface_has():
    for model in (None, STRONG, weak(wan=None)):
        exposure = joiner(model).exposure(record(address='192.0.2.7'))
        assert exposure['paths'] == [] and exposure['caveats'] == ['the host does not have the address 192.0.2.7']


def test_another_asker_is_asked_afresh():
    first, second = Asker(), Asker(only='nobody')
    one = joiner(STRONG, first)
    other = one.asking(second)
    assert one.exposure(record())['verdict'] == 'allowed' and other.exposure(record())['verdict'] == 'blocked'
    assert one.exposure(record())['verdict'] == 'allowed'
    assert set(first.asked) == set(second.asked) and one.describer is other.describer
