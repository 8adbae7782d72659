# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text and scope of addresses."""

import pytest

from ansible_collections.listening.ports.plugins.module_utils._addresses import scopes
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import ip


@pytest.mark.parametrize('raw, expected', [
    (b'\0\0\0\0', '0.0.0.0'),
    (b'\xc0\0\x02\x01', '192.0.2.1'),
    (b'\0' * 16, '::'),
    (b'\0' * 15 + b'\1', '::1'),
    (b'\x20\x01\x0d\xb8' + b'\0' * 11 + b'\x0a', '2001:db8::a'),
    (b'\0' * 10 + b'\xff\xff\xc0\0\x02\x01', '::ffff:192.0.2.1'),
])
def test_text(raw, expected):
    assert scopes.text(raw) == expected


@pytest.mark.parametrize('raw', [b'', b'\1', b'\1' * 3, b'\1' * 5, b'\1' * 15, b'\1' * 17])
def test_text_of_no_address(raw):
    with pytest.raises(ValueError):
        scopes.text(raw)


@pytest.mark.parametrize('address, expected', [
    ('::ffff:192.0.2.1', True),
    ('::ffff:0.0.0.0', True),
    ('::192.0.2.1', False),
    ('::', False),
    ('::fffe:c000:201', False),
    ('192.0.2.1', False),
])
def test_is_mapped(address, expected):
    assert scopes.is_mapped(ip(address)) is expected


SCOPES = [
    # wildcards
    ('0.0.0.0', 'any'), ('::', 'any'), ('::ffff:0.0.0.0', 'any'),
    # loopback and its neighbours
    ('126.255.255.255', 'global'), ('127.0.0.0', 'loopback'), ('127.0.0.53', 'loopback'),
    ('127.255.255.255', 'loopback'), ('128.0.0.0', 'global'), ('0.0.0.1', 'global'),
    ('::1', 'loopback'), ('::2', 'global'), ('1::1', 'global'), ('::ffff:127.0.0.1', 'loopback'),
    # RFC 1918
    ('9.255.255.255', 'global'), ('10.0.0.0', 'private'), ('10.255.255.255', 'private'), ('11.0.0.0', 'global'),
    ('172.15.255.255', 'global'), ('172.16.0.0', 'private'), ('172.31.255.255', 'private'), ('172.32.0.0', 'global'),
    ('192.167.255.255', 'global'), ('192.168.0.0', 'private'), ('192.168.255.255', 'private'),
    ('192.169.0.0', 'global'),
    ('::ffff:10.1.2.3', 'private'), ('::ffff:192.0.2.1', 'global'),
    # RFC 6598
    ('100.63.255.255', 'global'), ('100.64.0.0', 'private'), ('100.127.255.255', 'private'), ('100.128.0.0', 'global'),
    # RFC 3927
    ('169.253.255.255', 'global'), ('169.254.0.0', 'link'), ('169.254.255.255', 'link'), ('169.255.0.0', 'global'),
    ('::ffff:169.254.1.1', 'link'),
    # multicast of IPv4: RFC 5771, RFC 2365
    ('223.255.255.255', 'global'), ('224.0.0.0', 'link'), ('224.0.0.251', 'link'), ('224.0.0.255', 'link'),
    ('224.0.1.0', 'global'), ('224.1.0.0', 'global'), ('238.255.255.255', 'global'), ('239.0.0.0', 'private'),
    ('239.255.255.250', 'private'), ('240.0.0.0', 'global'),
    # multicast of IPv6 by its scope: RFC 4291, RFC 7346
    ('ff01::1', 'loopback'), ('ff02::fb', 'link'), ('ff12::1', 'link'), ('ff03::1', 'private'),
    ('ff05::1:3', 'private'),
    ('ff08::1', 'private'), ('ff0e::1', 'global'), ('ff3e::1', 'global'), ('ff0f::1', 'global'),
    # RFC 4291: link-local and the old site-local
    ('fe7f::1', 'global'), ('fe80::', 'link'), ('fe80::1', 'link'), ('febf:ffff::1', 'link'), ('fec0::1', 'private'),
    ('feff::1', 'private'),
    # RFC 4193
    ('fbff:ffff::1', 'global'), ('fc00::', 'private'), ('fdff:ffff::1', 'private'), ('fe00::1', 'global'),
    ('2001:db8::1', 'global'), ('64:ff9b::1', 'global'),
]


@pytest.mark.parametrize('address, expected', SCOPES)
def test_scope(address, expected):
    assert scopes.scope(ip(address)) == expected


def test_scope_of_the_limited_broadcast():
    # RFC 919: no router forwards it
    assert scopes.scope(ip('255.255.255.255')) == 'link'


@pytest.mark.parametrize('address, interface, expected', [
    ('0.0.0.0', 'lo', 'loopback'),
    ('::', 'lo', 'loopback'),
    ('::ffff:0.0.0.0', 'lo', 'loopback'),
    ('0.0.0.0', 'eth0', 'any'),
    ('::', 'lo0', 'any'),
    ('fe80::1', 'eth0', 'link'),
    ('192.0.2.1', 'eth0', 'global'),
    ('127.0.0.53', 'lo', 'loopback'),
])
def test_scope_on_a_device(address, interface, expected):
    assert scopes.scope(ip(address), interface) == expected
