# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a probe tries: endpoints as people write them, and what is sent to them."""

import binascii
import re
import socket
import struct

from .._addresses.scopes import FAMILIES

PROTOCOLS = ('tcp', 'udp')
MOST_PAYLOAD = 1400             # bytes: what one packet holds on nearly every way

_KEYS = ('address', 'host', 'port', 'protocol', 'family', 'payload')
_TEXT = re.compile(r'(?:(?P<protocol>[a-z]+)/)?(?:\[(?P<six>[^\[\]]+)\]|(?P<host>[^\[\]/]+)):(?P<port>[0-9]{1,9})')
# RFC 1123 2.1, with the underscores of names in use; the last label is not a number: libraries take that as an address
_NAME = re.compile(r'(?=.{1,253}\.?$)(?:[A-Za-z0-9_-]{1,63}\.)*(?!0[xX]|[0-9]+\.?$)[A-Za-z0-9_-]{1,63}\.?')
_DEVICE = re.compile(r'[A-Za-z0-9_.:@+-]{1,15}')        # IFNAMSIZ


class EndpointError(ValueError):
    """An endpoint is not valid; the message names the place."""


class Endpoint:
    """One endpoint.

    :ivar host: str, an address in its usual form, or a name.
    :ivar device: str or None, the scope of the address.
    :ivar family: of FAMILIES, the family of the address, of a name that which is wanted, or None for both.
    :ivar payload: bytes or None, what is sent over UDP instead of the usual.
    """

    __slots__ = ('protocol', 'host', 'device', 'port', 'family', 'is_name', 'payload')

    def __init__(self, protocol, host, device, port, family, is_name, payload):
        self.protocol, self.host, self.device, self.port = protocol, host, device, port
        self.family, self.is_name, self.payload = family, is_name, payload


def parse(value, place):
    """Parse what a user wrote.

    :param value: str such as ``tcp/[2001:db8::1]:443``, or dict.
    :param place: str, what a message calls it, such as ``endpoints[3]``.
    :returns: Endpoint.
    :raises EndpointError:
    """
    if isinstance(value, dict):
        return _from_dict(value, place)
    match = _TEXT.fullmatch(value) if isinstance(value, str) else None
    if not match:
        raise EndpointError('%s: %s is not an endpoint; use text such as tcp/192.0.2.1:443, udp/[2001:db8::1]:53 or '
                            'tcp/db.example.org:5432, or a mapping with address and port' % (place, _shown(value)))
    protocol, six, host, port = match.groups()
    if six and ':' not in six:
        raise EndpointError('%s: only IPv6 addresses are in brackets, and %s is not one' % (place, _shown(six)))
    if host and ':' in host:
        raise EndpointError('%s: an IPv6 address has to be in brackets, as in tcp/[2001:db8::1]:443' % place)
    return _made(place, protocol or 'tcp', six or host, port, None, None)


def _from_dict(value, place):
    unknown = [key for key in value if key not in _KEYS]
    if unknown:
        raise EndpointError(
            '%s: there is no option %s; the options are %s' % (place, _shown(unknown[0]), ', '.join(_KEYS)))
    hosts = [value[key] for key in ('address', 'host') if value.get(key) is not None]
    if len(hosts) != 1:
        raise EndpointError('%s: it needs either address or host' % place)
    if value.get('port') is None:
        raise EndpointError('%s: it has no port' % place)
    protocol = value.get('protocol') or 'tcp'
    return _made(place, protocol, hosts[0], value['port'], value.get('family'), value.get('payload'))


def _made(place, protocol, host, port, family, payload):
    if protocol not in PROTOCOLS:
        raise EndpointError('%s: protocol has to be tcp or udp, not %s' % (place, _shown(protocol)))
    if family not in (None, 'ipv4', 'ipv6'):
        raise EndpointError('%s: family has to be ipv4 or ipv6, not %s' % (place, _shown(family)))
    is_number = isinstance(port, int) and not isinstance(port, bool)
    number = int(port) if is_number or isinstance(port, str) and re.fullmatch('[0-9]{1,9}', port) else 0
    if not 1 <= number <= 65535:
        raise EndpointError('%s: port has to be a number from 1 to 65535, not %s' % (place, _shown(port)))
    known, address, device = _address(host, place)
    if known and family and known != family:
        raise EndpointError('%s: %s is not an %s address' % (place, address, family))
    if not known and not _NAME.fullmatch(host):
        raise EndpointError('%s: %s is neither an address nor the name of a host' % (place, _shown(host)))
    return Endpoint(protocol, address if known else host, device, number, FAMILIES.get(known or family), not known,
                    _payload(payload, protocol, place))


def _address(host, place):
    """Split an address: (family, address in its usual form, device); three times None for what is not an address."""
    if not isinstance(host, str):
        raise EndpointError('%s: the address has to be text, not %s' % (place, _shown(host)))
    bare, percent, device = host.partition('%')
    for family in sorted(FAMILIES):
        try:
            raw = socket.inet_pton(FAMILIES[family], bare)
        except (OSError, ValueError):   # ValueError: a zero byte
            continue
        if percent and (family == 'ipv4' or not _DEVICE.fullmatch(device)):
            raise EndpointError('%s: %s is not an interface for an IPv6 address' % (place, _shown(percent + device)))
        if not any(raw):
            raise EndpointError('%s: %s is the wildcard; give a concrete address' % (place, bare))
        if raw[0] == 0xff and len(raw) == 16 or len(raw) == 4 and (224 <= raw[0] < 240 or raw == b'\xff' * 4):
            raise EndpointError('%s: %s is not the address of one host' % (place, bare))
        return family, socket.inet_ntop(FAMILIES[family], raw), device or None
    return None, None, None


def source(text):
    """Parse a local address: (family of FAMILIES, address, device); EndpointError for anything else."""
    family, address, device = _address(text, 'source')
    if not family:
        raise EndpointError('source: %s is not an address' % _shown(text))
    return FAMILIES[family], address, device


def _payload(text, protocol, place):
    if text is None:
        return None
    if protocol != 'udp':
        raise EndpointError('%s: payload is only for udp' % place)
    try:
        raw = binascii.unhexlify(re.sub(r'\s', '', text)) if isinstance(text, str) else None
    except ValueError:
        raw = None
    if raw is None:
        raise EndpointError(
            '%s: payload has to be bytes in hexadecimal, such as "0a ff", not %s' % (place, _shown(text)))
    if len(raw) > MOST_PAYLOAD:
        raise EndpointError('%s: payload has %d bytes; at most %d are allowed' % (place, len(raw), MOST_PAYLOAD))
    return raw


def _shown(value):
    return ascii(value)[:80] if isinstance(value, (str, int, float)) or value is None else 'a %s' % type(value).__name__


def _rpc():
    """Call the NULL procedure of the port mapper, version 2 (RFC 5531 9, RFC 1833 3.2)."""
    return struct.pack('!10I', 0x6c707274, 0, 2, 100000, 2, 0, 0, 0, 0, 0)


def _quic():
    """Ask for the versions of a server.

    A long header of a version that nobody has, of the size of a first packet (RFC 8999, RFC 9000 6).
    """
    return (struct.pack('!BIB8sB8s', 0xc0, 0x1a2a3a4a, 8, b'listenin', 8, b'gports-1')).ljust(1200, b'\0')


# Questions that change nothing and that every server of the protocol answers. Their texts are fixed: they carry nothing
# of the host.
_QUESTIONS = {
    # the servers of the root, not recursive (RFC 1035 4.1)
    53: lambda: struct.pack('!6H', 0x6c70, 0, 1, 0, 0, 0) + b'\0' + struct.pack('!2H', 2, 1),
    111: _rpc,
    # a client of version 4 (RFC 5905 7.3)
    123: lambda: b'\x23' + b'\0' * 39 + b'\x6c\x70\x72\x74\0\0\0\1',
    # the engine of SNMP version 3, with no user (RFC 3414 4)
    161: lambda: binascii.unhexlify('303a020103300f02024a69020300ffe30401040201030410300e0400020100020100040004000400'
                                    '301204000400a00c020237f00201000201003000'),
    443: _quic,
    # a binding request of STUN (RFC 8489 5)
    3478: lambda: struct.pack('!HHI12s', 1, 0, 0x2112a442, b'listening.po'),
}


def payload(endpoint):
    """Choose what to send over UDP: bytes. To a port without a known protocol, an empty datagram."""
    if endpoint.payload is not None:
        return endpoint.payload
    return _QUESTIONS[endpoint.port]() if endpoint.port in _QUESTIONS else b''
