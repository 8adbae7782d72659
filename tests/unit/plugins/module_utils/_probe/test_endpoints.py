# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endpoints as people write them, and the questions that are sent to them."""

import socket
import struct

import pytest

from ansible_collections.listening.ports.plugins.module_utils._probe import endpoints
from ansible_collections.listening.ports.plugins.module_utils._probe.endpoints import EndpointError, parse, payload

FOUR, SIX = socket.AF_INET, socket.AF_INET6


def as_tuple(endpoint):
    return endpoint.protocol, endpoint.host, endpoint.device, endpoint.port, endpoint.family, endpoint.is_name


@pytest.mark.parametrize('value, wanted', [
    ('tcp/10.0.0.5:443', ('tcp', '10.0.0.5', None, 443, FOUR, False)),
    ('10.0.0.5:443', ('tcp', '10.0.0.5', None, 443, FOUR, False)),
    ('udp/[2001:DB8:0::1]:53', ('udp', '2001:db8::1', None, 53, SIX, False)),
    ('tcp/[fe80::1%eth0.7]:22', ('tcp', 'fe80::1', 'eth0.7', 22, SIX, False)),
    ('tcp/[::ffff:192.0.2.1]:1', ('tcp', '::ffff:192.0.2.1', None, 1, SIX, False)),
    ('tcp/db.example.org:5432', ('tcp', 'db.example.org', None, 5432, None, True)),
    ('tcp/db_1.example.org.:65535', ('tcp', 'db_1.example.org.', None, 65535, None, True)),
    ('tcp/localhost:08', ('tcp', 'localhost', None, 8, None, True)),
    ({'address': '10.0.0.5', 'port': '443'}, ('tcp', '10.0.0.5', None, 443, FOUR, False)),
    ({'host': 'db', 'port': 53, 'protocol': 'udp', 'family': 'ipv6', 'payload': None},
     ('udp', 'db', None, 53, SIX, True)),
    ({'host': None, 'address': '::1', 'port': 53, 'family': 'ipv6'}, ('tcp', '::1', None, 53, SIX, False)),
])
def test_endpoints(value, wanted):
    assert as_tuple(parse(value, 'endpoints[0]')) == wanted


@pytest.mark.parametrize('value, word', [
    ('', 'is not an endpoint'), ('tcp/10.0.0.5', 'is not an endpoint'), ('tcp/10.0.0.5:', 'is not an endpoint'),
    ('tcp/a:1:2', 'has to be in brackets'),
    ('tcp/::1:22', 'an IPv6 address has to be in brackets'),
    ('tcp/[10.0.0.1]:22', 'only IPv6 addresses are in brackets'),
    ('tcp/[::1%]:22', 'is not an interface'), ('tcp/[::1%a/b]:22', 'is not an interface'),
    ('tcp/[::1%averyverylongname]:22', 'is not an interface'),
    ('tcp/10.0.0.1%eth0:22', 'is not an interface for an IPv6 address'),
    ('sctp/10.0.0.5:443', "protocol has to be tcp or udp, not 'sctp'"),
    ('tcp/10.0.0.5:0', 'port has to be a number from 1 to 65535'), ('tcp/10.0.0.5:65536', '65536'),
    ('tcp/10.0.0.5:ssh', 'is not an endpoint'),
    ('tcp/0.0.0.0:22', 'is the wildcard'), ('tcp/[::]:22', 'is the wildcard'),
    ('udp/224.0.0.251:5353', 'not the address of one host'),
    ('udp/[ff02::fb]:5353', 'not the address of one host'), ('udp/255.255.255.255:67', 'not the address of one host'),
    # what inet_aton would take for an address
    ('tcp/127.1:22', 'neither an address nor the name'), ('tcp/2130706433:22', 'neither'),
    ('tcp/0x7f000001:22', 'neither'), ('tcp/1.2.3.0x4:22', 'neither'),
    ('tcp/a b:22', 'neither'), ('tcp/a..b:22', 'neither'), ('tcp/%s:22' % ('a' * 64), 'neither'),
    ('tcp/%s:22' % '.'.join(['a' * 50] * 6), 'neither'),
    ('tcp/a\x1b[1mb:22', 'is not an endpoint'), (u'tcp/d\xe4mon:22', 'neither'), ('tcp/{{ 7*7 }}:22', 'neither'),
    ('tcp/a\0:22', 'neither'), ('tcp/a;reboot:22', 'neither'),
    (22, '22 is not an endpoint'), (None, 'None is not an endpoint'), (True, 'True is not an endpoint'),
    (['tcp/a:1'], 'a list is not an endpoint'),
    ({}, 'it needs either address or host'), ({'address': 'a', 'host': 'b', 'port': 1}, 'either address or host'),
    ({'host': 'a'}, 'it has no port'),
    ({'host': 'a', 'port': True}, 'port has to be'), ({'host': 'a', 'port': 1.5}, 'port has to be'),
    ({'host': 'a', 'port': [1]}, 'not a list'),
    ({'host': 'a', 'port': u'\u0661'}, 'port has to be'), ({'host': 5, 'port': 1}, 'the address has to be text'),
    ({'host': 'a', 'port': 1, 'prot': 'tcp'}, "no option 'prot'"),
    ({'host': 'a', 'port': 1, 'family': 'ip'}, 'family has to be'),
    ({'host': '::1', 'port': 1, 'family': 'ipv4'}, '::1 is not an ipv4 address'),
    ({'host': 'a', 'port': 1, 'payload': '00'}, 'only for udp'),
    ({'host': 'a', 'port': 1, 'protocol': 'udp', 'payload': '0'}, 'in hexadecimal'),
    ({'host': 'a', 'port': 1, 'protocol': 'udp', 'payload': 'xx'}, 'in hexadecimal'),
    ({'host': 'a', 'port': 1, 'protocol': 'udp', 'payload': 5}, 'in hexadecimal'),
    ({'host': 'a', 'port': 1, 'protocol': 'udp', 'payload': '00' * 1401},
     'payload has 1401 bytes; at most 1400 are allowed'),
])
def test_what_makes_no_sense(value, word):
    with pytest.raises(EndpointError) as info:
        parse(value, 'endpoints[7]')
    text = str(info.value)
    assert text.startswith('endpoints[7]: ') and word in text and text.isprintable() and max(map(ord, text)) < 128
    assert len(text) < 300


def test_source():
    assert endpoints.source('fe80::1%eth0') == (SIX, 'fe80::1', 'eth0')
    assert endpoints.source('192.0.2.1') == (FOUR, '192.0.2.1', None)
    for text in ('web-1', '', '10.0.0.0/8'):
        with pytest.raises(EndpointError, match='^source: .* is not an address$'):
            endpoints.source(text)


def sent(port):
    return payload(parse({'address': '10.0.0.1', 'port': port, 'protocol': 'udp'}, 'here'))


def test_a_question_of_dns():
    number, flags, questions, answers, authorities, others = struct.unpack_from('!6H', sent(53))
    # a standard query that asks nobody to look further
    assert (flags, questions, answers, authorities, others) == (0, 1, 0, 0, 0)
    assert sent(53)[12:] == b'\0\0\x02\0\x01', 'the root, NS, IN'


def test_a_question_of_time():
    assert len(sent(123)) == 48 and bytearray(sent(123))[0] == 0b00100011, 'no warning, version 4, client'


def test_a_question_to_the_port_mapper():
    fields = struct.unpack('!10I', sent(111))
    assert fields[1:6] == (0, 2, 100000, 2, 0), 'a call, RPC 2, port mapper, version 2, NULL'
    assert fields[6:] == (0, 0, 0, 0), 'by nobody'


def test_a_question_of_stun():
    kind, length, cookie = struct.unpack_from('!HHI', sent(3478))
    assert (kind, length, cookie, len(sent(3478))) == (1, 0, 0x2112a442, 20)


def test_a_question_of_quic():
    first, version, size = struct.unpack_from('!BIB', sent(443))
    # a long header, and a version that is reserved for asking (RFC 9000 15)
    assert first & 0xc0 == 0xc0 and version & 0x0f0f0f0f == 0x0a0a0a0a
    # as large as a server wants it (RFC 9000 14.1)
    assert size >= 8 and bytearray(sent(443))[6 + size] <= 20 and len(sent(443)) == 1200


def parts(data):
    """BER: list of (tag, value), constructed ones taken apart."""
    items, data = [], bytearray(data)
    while data:
        tag, size = data[0], data[1]
        assert size < 128 and len(data) >= 2 + size
        value = bytes(data[2:2 + size])
        items.append((tag, parts(value) if tag in (0x30, 0xa0) else value))
        del data[:2 + size]
    return items


def test_a_question_of_snmp():
    (tag, message), = parts(sent(161))
    version, header, security, scoped = message
    assert (tag, version) == (0x30, (2, b'\3'))
    # reportable, with the user-based model
    assert [question[0] for question in header[1]] == [2, 2, 4, 2]
    assert header[1][2:] == [(4, b'\4'), (2, b'\3')]
    user, = parts(security[1])
    assert user[1][0] == (4, b'') and user[1][3:] == [(4, b'')] * 3, 'no engine, no user, no authentication'
    assert scoped[1][2][0] == 0xa0 and scoped[1][2][1][3] == (0x30, []), 'get nothing'


def test_to_all_others_nothing():
    assert sent(9999) == b'' and sent(69) == b''
    assert payload(parse({'address': '10.0.0.1', 'port': 53, 'protocol': 'udp', 'payload': ''}, 'here')) == b''
