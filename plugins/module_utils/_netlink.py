# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Netlink messages, and what any part of this collection asks the kernel through them.

Sources: netlink(7), rtnetlink(7).
"""

import errno
import os
import socket
import struct

from ._addresses import scopes

SOCK_DIAG = 4                   # NETLINK_SOCK_DIAG
REQUEST_DUMP = 0x301            # NLM_F_REQUEST | NLM_F_ROOT | NLM_F_MATCH
MSG_ERROR, MSG_DONE = 2, 3

_HEADER = struct.Struct('=IHHII')                       # struct nlmsghdr
_ATTRIBUTE = struct.Struct('=HH')                       # struct nlattr


class NetlinkError(OSError):
    """The kernel, a seccomp filter or a policy refuses netlink; the message says so to the operator."""


def connect(protocol=SOCK_DIAG):
    """Open a netlink socket.

    :raises NetlinkError:
    """
    try:
        link = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol)
        link.settimeout(30)
        return link
    except (AttributeError, OSError) as exc:
        raise NetlinkError('netlink was refused: %s' % (getattr(exc, 'strerror', None) or exc)) from exc


def messages(link, question):
    """Send one dump request and yield the payloads of the answer as (buffer, start, end).

    :raises OSError: with the errno of the kernel's answer, or of the socket.
    """
    link.send(question)
    asked = struct.unpack_from('=I', question, 8)[0]
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


def local_addresses(index_name=socket.if_indextoname, connect=connect):
    """Ask for the addresses of this network namespace (RTM_GETADDR).

    :returns: list of str as ``192.0.2.1/24``, link-local ones as ``fe80::1%eth0/64``; None where they cannot be read.
    """
    names = Names(index_name)
    addresses = []
    try:
        link = connect(0)
        try:
            # nlmsghdr with struct ifaddrmsg: RTM_GETADDR
            question = struct.pack('=IHHIIBBBBI', 24, 22, REQUEST_DUMP, 1, 0, 0, 0, 0, 0, 0)
            for data, start, end in messages(link, question):
                prefix, index = struct.unpack_from('=xBxxI', data, start)
                known = {kind: data[first:last] for kind, first, last in attributes(data, start + 8, end)}
                address = known.get(2) or known.get(1)      # IFA_LOCAL is the own end of a point-to-point link
                if address and len(address) in (4, 16):
                    zone = '%' + names(index) if scopes.scope(address) == 'link' and len(address) == 16 else ''
                    addresses.append('%s%s/%d' % (scopes.text(address), zone, prefix))
        finally:
            link.close()
    except (OSError, struct.error):
        return None
    return sorted(set(addresses))
