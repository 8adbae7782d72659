# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Listening sockets by NETLINK_SOCK_DIAG. Private to this collection, may change.

The kernel is asked for listening (TCP) and unconnected (UDP) sockets only, so the cost follows the number of
listeners and not the number of connections. Sources: sock_diag(7), netlink(7), include/uapi/linux/inet_diag.h.
An MPTCP listener is in the TCP table with the inode of its MPTCP socket, hence needs no question of its own.
"""

import errno
import itertools
import os
import socket
import struct

from .._addresses import scopes
from .base import BudgetError, CollectorError, Socket

SOCK_DIAG = 4                   # NETLINK_SOCK_DIAG
SOCK_DIAG_BY_FAMILY = 20
REQUEST_DUMP = 0x301            # NLM_F_REQUEST | NLM_F_ROOT | NLM_F_MATCH
MSG_ERROR, MSG_DONE = 2, 3
V6ONLY, LOCALS = 11, 12         # INET_DIAG_SKV6ONLY, INET_DIAG_LOCALS
CLOSE, LISTEN = 7, 10             # include/net/tcp_states.h

# protocol: (IPPROTO, state that waits for peers, has an accept queue, name in /proc/net/protocols)
PROTOCOLS = {
    'tcp': (6, LISTEN, True, 'TCP'),
    'udp': (17, CLOSE, False, 'UDP'),
    'udplite': (136, CLOSE, False, 'UDP-Lite'),
    'sctp': (132, LISTEN, True, 'SCTP'),
    'dccp': (33, LISTEN, True, 'DCCP'),
    'raw': (255, CLOSE, False, 'RAW'),
}
FAMILIES = (socket.AF_INET, socket.AF_INET6)

_numbers = itertools.count(1)                           # of the questions
_HEADER = struct.Struct('=IHHII')                       # struct nlmsghdr
_REQUEST = struct.Struct('=IHHIIBBBBI48x')              # nlmsghdr, struct inet_diag_req_v2
_MESSAGE = struct.Struct('=BBxx2s2x16s16xI8x4xIIII')    # struct inet_diag_msg
_ATTRIBUTE = struct.Struct('=HH')                       # struct nlattr


def connect(protocol=SOCK_DIAG):
    """A netlink socket; CollectorError where the kernel, a seccomp filter or a policy refuses."""
    try:
        link = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol)
        link.settimeout(30)
        return link
    except (AttributeError, OSError) as exc:
        raise CollectorError('netlink was refused: %s' % (getattr(exc, 'strerror', None) or exc)) from exc


def messages(link, request):
    """Send one dump request and yield the payloads of the answer as (buffer, start, end).

    :raises OSError: with the errno of the kernel's answer, or of the socket.
    """
    link.send(request)
    asked = struct.unpack_from('=I', request, 8)[0]
    while True:
        data, _ancillary, flags, _peer = link.recvmsg(65536)
        if flags & socket.MSG_TRUNC:
            raise OSError(errno.EMSGSIZE, os.strerror(errno.EMSGSIZE))
        offset = 0
        while offset < len(data):
            length, kind, _flags, answered, _port = _HEADER.unpack_from(data.ljust(offset + 16, b'\0'), offset)
            start, end = offset + 16, offset + length
            if length < 16 or end > len(data):
                raise OSError(errno.EBADMSG, os.strerror(errno.EBADMSG))
            offset += (length + 3) & ~3
            if answered != asked:               # what comes late of a question that was given up
                continue
            if kind in (MSG_ERROR, MSG_DONE):
                # a DONE carries the dump's own error, if there was one
                code = struct.unpack_from('=i', data, start)[0] if length >= 20 else 0
                if code < 0:
                    raise OSError(-code, os.strerror(-code))
                return
            yield data, start, end


def attributes(data, offset, end):
    """Yield (type, start, end) of the netlink attributes in data[offset:end]."""
    while offset + 4 <= end:
        length, kind = _ATTRIBUTE.unpack_from(data, offset)
        if length < 4:
            return
        yield kind & 0x3fff, offset + 4, offset + length
        offset += (length + 3) & ~3


def request(family, number, states):
    """bytes: the dump request for one address family, IP protocol number and set of states (a bit each)."""
    return _REQUEST.pack(_REQUEST.size, SOCK_DIAG_BY_FAMILY, REQUEST_DUMP, next(_numbers), 0, family, number, 0, 0, states)


def parse(protocol, data, start, end, names):
    """One ``struct inet_diag_msg`` with its attributes, as a list of L{Socket}: SCTP endpoints have many addresses."""
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
        Socket(protocol, one, port[0] << 8 | port[1], names(index) if index else None, v6only, inode, uid,
               (rqueue, wqueue) if PROTOCOLS[protocol][2] else None)
        for one in addresses or [address]
    ]


class Names:
    """From the index of a device (int) to its name (str), asked for once each."""

    def __init__(self, ask=socket.if_indextoname):
        self._ask, self._known = ask, {}

    def __call__(self, index):
        if index not in self._known:
            try:
                self._known[index] = os.fsencode(self._ask(index)).decode('utf-8', 'backslashreplace')
            except OSError:                         # the device has gone, the socket has not
                self._known[index] = 'if%d' % index
        return self._known[index]


def collect(link, protocol, budget, names, families=FAMILIES):
    """The sockets of one protocol that wait for peers.

    :returns: list of L{Socket}, of the network namespace in which the link was made.
    :raises CollectorError: the kernel did not answer for this protocol.
    :raises BudgetError: with the list so far as its argument.
    """
    number, state = PROTOCOLS[protocol][:2]
    found = []
    for family in families:
        try:
            for data, start, end in messages(link, request(family, number, 1 << state)):
                found.extend(parse(protocol, data, start, end, names))
                if len(found) > budget:
                    raise BudgetError(found[:budget])
        except OSError as exc:
            raise CollectorError('netlink did not answer for %s: %s' % (protocol, exc.strerror or exc)) from exc
    return found


def local_addresses(index_name=socket.if_indextoname):
    """The addresses of this network namespace, by RTM_GETADDR (rtnetlink(7)).

    :returns: list of str as ``192.0.2.1/24``, link-local ones as ``fe80::1%eth0/64``; None where they cannot be read.
    """
    names = Names(index_name)
    found = []
    try:
        link = connect(0)
        try:
            # nlmsghdr with struct ifaddrmsg: RTM_GETADDR
            question = struct.pack('=IHHIIBBBBI', 24, 22, REQUEST_DUMP, 1, 0, 0, 0, 0, 0, 0)
            for data, start, end in messages(link, question):
                prefix, index = struct.unpack_from('=xBxxI', data, start)
                raw = {kind: data[first:last] for kind, first, last in attributes(data, start + 8, end) if kind in (1, 2)}
                address = raw.get(2) or raw.get(1)      # IFA_LOCAL is the own end of a point-to-point link
                if address and len(address) in (4, 16):
                    zone = '%' + names(index) if scopes.scope(address) == 'link' and len(address) == 16 else ''
                    found.append('%s%s/%d' % (scopes.text(address), zone, prefix))
        finally:
            link.close()
    except (CollectorError, OSError, struct.error):
        return None
    return sorted(set(found))
