# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text and scope of IP addresses, from their bytes in network order.

The standard library's ``ipaddress`` would do, but importing it costs a target more than all of this file.
"""

import socket

FAMILIES = {'ipv4': socket.AF_INET, 'ipv6': socket.AF_INET6}
MAPPED = b'\0' * 10 + b'\xff\xff'   # RFC 4291, 2.5.5.2: an IPv4 address inside an IPv6 socket


def text(raw):
    """Write an address of 4 (IPv4) or 16 (IPv6) bytes as RFC 5952 does; ValueError for any other length."""
    return socket.inet_ntop(socket.AF_INET6 if len(raw) == 16 else socket.AF_INET, raw)


def is_mapped(raw):
    """bool: the bytes are an IPv4 address in IPv6 form (``::ffff:192.0.2.1``)."""
    return len(raw) == 16 and raw.startswith(MAPPED)


def scope(raw, interface=None):
    """Classify how far an address reaches by itself.

    Private are RFC 1918, RFC 6598 (carrier NAT) and RFC 4193; link-local are RFC 3927 and RFC 4291;
    multicast follows its own scope (RFC 4291 2.7, RFC 2365). Of a wildcard, a socket bound to the
    loopback device hears only that device.

    :param raw: bytes, 4 or 16, in network order.
    :param interface: str or None, the device that the socket is bound to.
    :returns: str, ``loopback``, ``link``, ``private``, ``global`` or ``any``.
    """
    if is_mapped(raw):
        raw = raw[12:]
    if not any(raw):
        return 'loopback' if interface == 'lo' else 'any'
    return _scope4(raw) if len(raw) == 4 else _scope6(raw)


def _scope4(raw):
    first, second = raw[0], raw[1]
    if first == 127:
        return 'loopback'
    if (first == 169 and second == 254) or raw[:3] == b'\xe0\0\0' or raw == b'\xff' * 4:
        return 'link'
    if (first == 10 or (first == 172 and second & 0xf0 == 16) or (first == 192 and second == 168)
            or (first == 100 and second & 0xc0 == 64) or first == 239):
        return 'private'
    return 'global'


def _scope6(raw):
    first, second = raw[0], raw[1]
    if raw == b'\0' * 15 + b'\1':
        return 'loopback'
    if first == 0xff:
        reach = second & 0x0f
        return 'loopback' if reach == 1 else 'link' if reach == 2 else 'global' if reach > 8 else 'private'
    if first == 0xfe and second & 0xc0 == 0x80:
        return 'link'
    if first & 0xfe == 0xfc or (first == 0xfe and second & 0xc0 == 0xc0):
        return 'private'
    return 'global'
