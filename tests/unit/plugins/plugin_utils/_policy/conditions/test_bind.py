# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a listener is bound, against what an entry says."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._policy.conditions.bind import Bind
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language.refusal import Refused
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building

OBSERVED = {'binding': True}


@pytest.mark.parametrize('values, line, holds', [
    (['any'], 'tcp 0.0.0.0:1 x', True), (['loopback'], 'tcp 127.0.0.1:1 x', True),
    (['loopback'], 'tcp 0.0.0.0:1 x', False),
    (['private', 'loopback'], 'tcp 10.0.0.5:1 x', True), (['global'], 'tcp 10.0.0.5:1 x', False),
    (['10.0.0.0/8'], 'tcp 10.0.0.5:1 x', True), (['10.0.0.0/8'], 'tcp 192.168.0.1:1 x', False),
    (['10.0.0.5'], 'tcp [::ffff:10.0.0.5]:1 x', True), (['::ffff:10.0.0.5'], 'tcp 10.0.0.5:1 x', True),
    # a wildcard is every address, and no network but the whole one holds it
    (['10.0.0.0/8'], 'tcp 0.0.0.0:1 x', False), (['0.0.0.0'], 'tcp 0.0.0.0:1 x', True),
    (['0.0.0.0/0'], 'tcp 0.0.0.0:1 x', True), (['0.0.0.0/0'], 'tcp [::]:1 x', False), (['::/0'], 'tcp [::]:1 x', True),
    (['::/0'], 'tcp [::]:1 x dual', False), (['::/0', '0.0.0.0/0'], 'tcp [::]:1 x dual', True),
    (['::'], 'tcp [::]:1 x dual', True), (['::/0'], 'tcp [::]:1 x dual=?', None),
    (['eth0'], 'tcp 0.0.0.0%eth0:1 x', True), (['eth1'], 'tcp 0.0.0.0%eth0:1 x', False),
    (['eth0'], 'tcp 0.0.0.0:1 x', False), (['eth0'], 'tcp 10.0.0.5:1 x', None), (['lo'], 'tcp 127.0.0.1:1 x', True),
    (['eth0', '10.0.0.5'], 'tcp 10.0.0.5:1 x', True),
])
def test_whether_it_is_bound_within(values, line, holds):
    assert Bind(values, 'bind').holds(building.listener(line), OBSERVED) is holds


@pytest.mark.parametrize('complete', [{'binding': False}, {'binding': None}, {}])
def test_an_interface_that_was_not_observed(complete):
    assert Bind(['eth0'], 'bind').holds(building.listener('tcp 0.0.0.0:1 x'), complete) is None
    assert Bind(['any', 'eth0'], 'bind').holds(building.listener('tcp 0.0.0.0:1 x'), complete) is True


@pytest.mark.parametrize('value', [
    'loopbak', 'web.example.com', '10.0.0', '10.0.0.1/8', 'a name', 'eth0/24', '', '12345',
    'an-interface-of-too-many-characters',
    # scopes, addresses and sentences are no names of interfaces with spaces
    'Loopback only', 'any Address', 'Private or loopback', 'All interfaces', 'Privte network', ' eth0', 'Ethernet 2 ',
    'Ethernet  2', '10.0.0 X', 'Ethernet 10.0.0', 'Ethernet 2, Wi-Fi', 'My web.example.com', 'Ethernet\t2', 'E 2/24',
    '{{ Ethernet }} 2', 'Ethernet %s' % ('2' * 248), 'Ethernet\n2', '2 3'])
def test_what_can_be_none_of_these_is_refused(value):
    with pytest.raises(Refused):
        Bind([value], 'bind')


@pytest.mark.parametrize('value', [
    'eth0', 'wg-office', 'br_1', 'enp0s31f6', 'eth0.100', 'lo', 'Ethernet 2', 'vEthernet (nat)',
    'vEthernet (Default Switch)',
    'Local Area Connection* 2', 'Loopback Pseudo-Interface 1', 'Private Ethernet', 'Po\u0142\u0105czenie lokalne',
    'Ethernet %s' % ('2' * 247), 'Management-Network-01', 'NIC1.100 uplink'])
def test_names_of_interfaces(value):
    assert str(Bind([value, 'any'], 'bind')) == '%s or any' % value


def on_windows(line):
    return dict(building.listener(line), platform='windows')


@pytest.mark.parametrize('values, interface, holds', [
    (['Ethernet 2'], 'Ethernet 2', True), (['ETHERNET 2'], 'Ethernet 2', True), (['Ethernet 2'], 'ethernet 2', True),
    (['Ethernet 2'], 'Ethernet 3', False), (['lo', 'vEthernet (nat)'], 'vEthernet (NAT)', True),
])
def test_interfaces_of_windows_are_equal_in_any_case(values, interface, holds):
    link = dict(on_windows('tcp [fe80::1%eth0]:1 x'), interface=interface)
    assert Bind(values, 'bind').holds(link, OBSERVED) is holds
    if interface.lower() in map(str.lower, values) and interface not in values:
        assert Bind(values, 'bind').holds(dict(link, platform=None), OBSERVED) is False


@pytest.mark.parametrize('values, line, holds', [
    (['Loopback Pseudo-Interface 1'], 'tcp 127.0.0.1:1 x', True), (['lo'], 'tcp 127.0.0.1:1 x', False),
    (['Ethernet 2'], 'tcp 127.0.0.1:1 x', False), (['Ethernet 2'], 'tcp 10.0.0.5:1 x', None),
    (['Ethernet 2'], 'tcp 0.0.0.0:1 x', False), (['loopback'], 'tcp [::1]:1 x', True),
])
def test_which_interface_of_windows_has_an_address(values, line, holds):
    assert Bind(values, 'bind').holds(on_windows(line), OBSERVED) is holds
