# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules and chains, out of netlink messages."""

import struct

import pytest

from ansible_collections.listening.ports.plugins.module_utils._firewall.snapshot import raw_rules
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import (
    attribute, connects, message
)


def expression(name, attributes=b''):
    return attribute(1 | 0x8000, attribute(1, name + b'\0') + attribute(2 | 0x8000, attributes))


def rule(family, *expressions):
    return message(10 << 8 | 6, bytes([family, 0, 0, 0]) + attribute(1, b'filter\0') + attribute(2, b'INPUT\0')
                   + attribute(4 | 0x8000, b''.join(expressions)))


def big(value):
    return struct.pack('>I', value)


def payload(base):
    return expression(b'payload', attribute(1, big(1)) + attribute(2, big(base)))


def cmp(op):
    return expression(b'cmp', attribute(1, big(1)) + attribute(2, big(op)))


@pytest.mark.parametrize('expressions, strange, ports', [
    ([expression(b'meta'), cmp(0), expression(b'match'), expression(b'counter'), expression(b'target')], False, False),
    ([payload(1), expression(b'bitwise'), cmp(1), expression(b'immediate')], False, False),
    ([payload(2), cmp(5), cmp(3)], False, True),                    # a range of ports
    ([payload(1), cmp(5), cmp(3)], True, False),                    # a range of addresses
    ([payload(1), expression(b'lookup')], True, False),
    ([expression(b'ct'), cmp(0)], True, False),
    ([expression(b'payload', attribute(5, big(1)))], True, False),  # it writes
])
def test_rules_that_iptables_cannot_have_written(expressions, strange, ports):
    assert raw_rules.foreign(connects([rule(2, *expressions)])) == (
        {('ip', 'filter', 'INPUT')} if strange else set(),
        ports,
    )


def meta(key):
    return expression(b'meta', attribute(1, big(1)) + attribute(2, big(key)))


def equal(value, op=0):
    return expression(b'cmp', attribute(1, big(1)) + attribute(2, big(op)) + attribute(3 | 0x8000, attribute(1, value)))


def reject(kind):
    return expression(b'reject', attribute(1, big(kind)) + attribute(2, b'\0'))


@pytest.mark.parametrize('family, expressions, expected', [
    (1, [meta(15), equal(b'\x02'), meta(16), equal(b'\x06'), reject(1)], 'ipv4'),
    (1, [meta(16), equal(b'\x06'), meta(15), equal(b'\x0a'), payload(2), equal(b'\0\x16'), reject(1)], 'ipv6'),
    (1, [meta(16), equal(b'\x06'), reject(1)], None),                       # for both
    (1, [meta(15), equal(b'\x02', 1), reject(1)], None),                    # !=, which nft shows
    (1, [meta(15), equal(b'\x02'), reject(0)], None),                       # ICMP, which is of one of them
    (1, [meta(15), equal(b'\x02'), expression(b'immediate')], None),
    (2, [meta(15), equal(b'\x02'), reject(1)], None),                       # a table of IPv4
])
def test_conditions_that_nft_leaves_out(family, expressions, expected):
    raw = message(10 << 8 | 6, bytes([family, 0, 0, 0]) + attribute(1, b't\0') + attribute(2, b'c\0')
                  + attribute(3, struct.pack('>Q', 70)) + attribute(4 | 0x8000, b''.join(expressions)))
    assert raw_rules.unshown(connects([raw])) == ([['inet', 't', 'c', 70, expected]] if expected else [])


def test_devices_of_chains():
    def chain_of(family, name, hook):
        body = attribute(1, b't\0') + attribute(3, name) + (attribute(4 | 0x8000, hook) if hook else b'')
        return message(10 << 8 | 3, bytes([family, 0, 0, 0]) + body)
    hook = attribute(1, big(0)) + attribute(2, big(0))
    several = attribute(4 | 0x8000, attribute(1, b'eth0\0') + attribute(1, b'eth1\0') + attribute(2, b'tap\0'))
    opened = connects([
        chain_of(5, b'a\0', hook + attribute(3, b'eth0\0')), chain_of(1, b'b\0', hook + several),
        chain_of(1, b'c\0', hook), chain_of(1, b'd\0', b'')])
    assert raw_rules.devices(opened) == [['netdev', 't', 'a', ['eth0']], ['inet', 't', 'b', ['eth0', 'eth1', 'tap*']]]
    assert opened.opened == [12] and struct.unpack_from('=IH', opened.links[0].questions[0]) == (20, 0xa04)
