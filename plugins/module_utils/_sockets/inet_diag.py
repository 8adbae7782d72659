# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Listening sockets through NETLINK_SOCK_DIAG.

The kernel is asked for listening (TCP) and unconnected (UDP) sockets only, so the cost follows the number of
listeners and not the number of connections. Sources: sock_diag(7), include/uapi/linux/inet_diag.h.
An MPTCP listener is in the TCP table with the inode of its MPTCP socket, hence needs no question of its own.
"""

import itertools
import socket
import struct

from .._addresses.scopes import FAMILIES
from .._netlink import REQUEST_DUMP, attributes, messages
from .base import BudgetError, CollectorError, Socket

SOCK_DIAG_BY_FAMILY = 20
V6ONLY, LOCALS = 11, 12         # INET_DIAG_SKV6ONLY, INET_DIAG_LOCALS
CLOSE, LISTEN = 7, 10           # include/net/tcp_states.h

# protocol: (IPPROTO, state that waits for peers, has an accept queue, name in /proc/net/protocols)
PROTOCOLS = {
    'tcp': (6, LISTEN, True, 'TCP'),
    'udp': (17, CLOSE, False, 'UDP'),
    'udplite': (136, CLOSE, False, 'UDP-Lite'),
    'sctp': (132, LISTEN, True, 'SCTP'),
    'dccp': (33, LISTEN, True, 'DCCP'),
    'raw': (255, CLOSE, False, 'RAW'),
}

_numbers = itertools.count(1)                           # of the questions
_REQUEST = struct.Struct('=IHHIIBBBBI48x')              # nlmsghdr, struct inet_diag_req_v2
_MESSAGE = struct.Struct('=BBxx2s2x16s16xI8x4xIIII')    # struct inet_diag_msg


def request(family, number, states):
    """bytes: the dump request for one address family, IP protocol number and set of states (a bit each)."""
    return _REQUEST.pack(
        _REQUEST.size, SOCK_DIAG_BY_FAMILY, REQUEST_DUMP, next(_numbers), 0, family, number, 0, 0, states)


def parse(protocol, data, start, end, names):
    """Parse a ``struct inet_diag_msg`` with its attributes.

    :returns: list of Socket, as SCTP endpoints have several addresses.
    """
    family, state, port, address, index, rqueue, wqueue, uid, inode = _MESSAGE.unpack_from(data, start)
    v6only = None
    addresses = []
    if end - start > _MESSAGE.size:
        for kind, first, last in attributes(data, start + _MESSAGE.size, end):
            if kind == V6ONLY and last > first:
                v6only = bool(data[first])
            elif kind == LOCALS:
                # an array of struct sockaddr_storage
                addresses = [data[at + 8:at + 24] if data[at] == socket.AF_INET6 or data[at + 1] == socket.AF_INET6
                             else data[at + 4:at + 8] for at in range(first, last - 127, 128)]
    if family == socket.AF_INET:
        address = address[:4]
        v6only = None
    return [
        Socket(protocol, raw, port[0] << 8 | port[1], names(index) if index else None, v6only, inode, uid,
               (rqueue, wqueue) if PROTOCOLS[protocol][2] else None)
        for raw in addresses or [address]
    ]


def collect(link, protocol, budget, names):
    """Read the sockets of one protocol that wait for peers.

    :returns: list of Socket, of the network namespace in which the link was made.
    :raises CollectorError: the kernel did not answer for this protocol.
    :raises BudgetError: with the list so far as its argument.
    """
    number, state = PROTOCOLS[protocol][:2]
    sockets = []
    for family in FAMILIES.values():
        try:
            for data, start, end in messages(link, request(family, number, 1 << state)):
                sockets.extend(parse(protocol, data, start, end, names))
                if len(sockets) > budget:
                    raise BudgetError(sockets[:budget])
        except OSError as exc:
            raise CollectorError('netlink did not answer for %s: %s' % (protocol, exc.strerror or exc)) from exc
    return sockets
