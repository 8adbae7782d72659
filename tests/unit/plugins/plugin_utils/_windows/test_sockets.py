# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sockets of a Windows host become listeners."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._windows import check
from ansible_collections.listening.ports.plugins.plugin_utils._windows.sockets import address, aliases, listening
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows import raw_hosts as hosts

LINK = 'fe80' + '0' * 27 + '1'


def ids(*sockets, interfaces=True):
    """The ids of what listens; each socket as for ``Builder.socket``."""
    host = hosts.Builder()
    for protocol, port, more in sockets:
        host.socket(protocol, port, 8, **more)
    raw = host.build()
    if not interfaces:
        raw['interfaces'] = None
    return [one.id for one in listening(check.check(raw))]


@pytest.mark.parametrize('protocol, v4, v6, scope, wanted', [
    ('tcp', '00000000', None, 0, 'tcp/0.0.0.0:80'),
    ('udp', '0a000308', None, 0, 'udp/10.0.3.8:80'),
    ('tcp', None, '0' * 32, 0, 'tcp/[::]:80'),
    ('tcp', None, LINK, 5, 'tcp/[fe80::1%Ethernet]:80'),
    ('tcp', None, LINK, 77, 'tcp/[fe80::1%77]:80'),
    ('tcp', None, '0' * 20 + 'ffffc0000201', 0, 'tcp/[::ffff:192.0.2.1]:80'),
])
def test_ids(protocol, v4, v6, scope, wanted):
    assert ids((protocol, 80, {'v4': v4, 'v6': v6, 'scope': scope})) == [wanted]


def test_a_socket_that_is_being_bound_does_not_listen():
    assert ids(('tcp', 0, {}), ('udp', 1, {'v6': None})) == ['udp/0.0.0.0:1']


def test_sockets_with_one_address_are_one_listener():
    assert ids(('udp', 5353, {'v6': None}), ('udp', 5353, {'v6': None})) == ['udp/0.0.0.0:5353']


def test_interfaces_tell_addresses_apart():
    on_both = [('udp', 80, {'v4': None, 'v6': LINK, 'scope': scope}) for scope in (5, 1)]
    assert ids(*on_both) == ['udp/[fe80::1%Ethernet]:80', 'udp/[fe80::1%Loopback Pseudo-Interface 1]:80']


def test_without_interfaces_they_have_numbers():
    assert ids(('udp', 80, {'v4': None, 'v6': LINK, 'scope': 5}), interfaces=False) == ['udp/[fe80::1%5]:80']


def test_order():
    assert ids(('udp', 53, {}), ('tcp', 443, {}), ('tcp', 80, {})) == [
        'tcp/0.0.0.0:80', 'tcp/[::]:80', 'tcp/0.0.0.0:443', 'tcp/[::]:443', 'udp/0.0.0.0:53', 'udp/[::]:53']


def test_aliases():
    raw = hosts.Builder().build()
    raw['interfaces'][0]['index6'] = None
    raw['interfaces'][1]['name'] = ''
    assert aliases(check.check(raw)) == {}


def test_addresses():
    assert address('7f000001') == (b'\x7f\0\0\1', '127.0.0.1', 'loopback')
    assert address('0a000001').scope == 'private'
    assert address(LINK)[1:] == ('fe80::1', 'link')
