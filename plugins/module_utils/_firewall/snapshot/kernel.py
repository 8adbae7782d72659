# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel says by netlink: how to ask for it, and the tables of nftables.

Sources: rtnetlink(7), include/uapi/linux/netfilter/nf_tables.h.
"""

import contextlib
import os
import struct

from ... import _netlink

NETFILTER = 12                                         # NETLINK_NETFILTER
NFTABLES = 10 << 8                                      # NFNL_SUBSYS_NFTABLES
FAMILIES = {1: 'inet', 2: 'ip', 3: 'arp', 5: 'netdev', 7: 'bridge', 10: 'ip6'}
IP_FAMILIES = {2: 4, 10: 6}                             # AF_INET, AF_INET6
# FRA_PRIORITY, FRA_SUPPRESS_PREFIXLEN, FRA_TABLE, FRA_PROTOCOL: what rules of routing have on every host
USUAL_OF_RULES = {6, 14, 15, 21}
_GETTABLE = NFTABLES | 1


def dump(protocol, kind, body, connect):
    """Yield what the kernel answers, as (data, start, end). Raises OSError."""
    with contextlib.closing(connect(protocol)) as link:
        yield from _netlink.messages(
            link, struct.pack('=IHHII', 16 + len(body), kind, _netlink.REQUEST_DUMP, 1, 0) + body
        )


def parts_of(data, start=0, end=None):
    """dict: the attributes in a part of a message, by their numbers."""
    end = len(data) if end is None else end
    return {kind: data[first:last] for kind, first, last in _netlink.attributes(data, start, end)}


def text_of(raw):
    """str: the name in an attribute."""
    return raw.rstrip(b'\0').decode('utf-8', 'backslashreplace')


def tables(connect=_netlink.connect):
    """list of (family, name, flags): the tables of nf_tables. Raises OSError with the kernel's errno."""
    result = []
    for data, start, end in dump(NETFILTER, _GETTABLE, bytes(4), connect):
        parts = parts_of(data, start + 4, end)
        flags, = struct.unpack('>I', parts.get(2, bytes(4)))            # NFTA_TABLE_FLAGS
        result.append((FAMILIES.get(data[start], 'family %d' % data[start]), text_of(parts.get(1, b'')), flags))
    return result


def is_absent(module='nf_tables', sys='/sys', lib='/lib/modules'):
    """bool: surely nothing of a module exists, as the kernel has not loaded it; to ask would load it."""
    if os.path.isdir('%s/module/%s' % (sys, module)):
        return False
    try:
        with open('%s/%s/modules.builtin' % (lib, os.uname().release)) as stream:
            return '/%s.ko' % module not in stream.read()
    except (OSError, ValueError):
        return False
