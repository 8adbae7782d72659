# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an error of a socket says of the other side, and what only of this one.

An errno alone does not tell a host that refuses (RST) from a firewall that does (ICMP port unreachable). Linux keeps
the ICMP message in the error queue of the socket, for UDP since 2.2 and for a TCP connection on its way since 6.0
(ip(7), IP_RECVERR).
"""

import errno
import os
import socket
import struct
import sys

OPEN, CLOSED, FILTERED, SILENT = 'open', 'closed', 'filtered', 'open|filtered'
UNRESOLVABLE, UNKNOWN = 'unresolvable', 'unknown'
VERDICTS = (OPEN, CLOSED, FILTERED, SILENT, UNRESOLVABLE, UNKNOWN)

# linux/in.h, linux/in6.h, linux/socket.h, linux/errqueue.h
_RECVERR = {socket.AF_INET: (socket.IPPROTO_IP, 11), socket.AF_INET6: (getattr(socket, 'IPPROTO_IPV6', 41), 25)}
_MSG_ERRQUEUE = 0x2000
_ERROR = struct.Struct('@IBBBBII')      # struct sock_extended_err; behind it the address of who sent the message
_ICMP, _ICMP6 = 2, 3                    # its origin

# RFC 792, RFC 1812 5.2.7.1 and RFC 4443
_PORT = ((_ICMP, 3, 3), (_ICMP6, 1, 4))
_HOST = ((_ICMP, 3, 1), (_ICMP6, 1, 3))
_WORDS = {
    (_ICMP, 3, 0): 'network unreachable', (_ICMP, 3, 1): 'host unreachable', (_ICMP, 3, 2): 'protocol unreachable',
    (_ICMP, 3, 3): 'port unreachable', (_ICMP, 3, 9): 'network prohibited', (_ICMP, 3, 10): 'host prohibited',
    (_ICMP, 3, 13): 'administratively prohibited', (_ICMP, 11, 0): 'time exceeded',
    (_ICMP6, 1, 0): 'no route', (_ICMP6, 1, 1): 'administratively prohibited', (_ICMP6, 1, 2): 'beyond scope',
    (_ICMP6, 1, 3): 'address unreachable', (_ICMP6, 1, 4): 'port unreachable',
    (_ICMP6, 1, 5): 'source address failed policy', (_ICMP6, 1, 6): 'route rejected', (_ICMP6, 3, 0): 'time exceeded',
}
# The errnos that ICMP gives to a connection on its way, where the message itself is not available
# (net/ipv4/icmp.c, icmp_err_convert; net/ipv6/icmp.c)
_BY_ICMP = frozenset(getattr(errno, name) for name in (
    'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENOPROTOOPT', 'EACCES', 'EPROTO', 'ENONET') if hasattr(errno, name))
_EXPLAINED = {
    errno.EACCES: 'a firewall or route of this host forbids it', errno.EPERM: 'a firewall of this host forbids it',
    errno.ENETUNREACH: 'this host has no route to it', errno.EHOSTUNREACH: 'this host has no route to it',
    errno.EADDRNOTAVAIL: 'this host does not have the source address, or has no port left',
    errno.EAFNOSUPPORT: 'this host does not support the address family',
    errno.EMFILE: 'this process may not open more files', errno.ENFILE: 'this host may not open more files',
    errno.EINVAL: 'the address needs an interface, such as %eth0, or the source does not fit',
}


def listen_to_icmp(sock):
    """Ask the kernel to keep ICMP messages; does nothing where it does not know how to."""
    if sys.platform.startswith('linux'):
        level, option = _RECVERR[sock.family]
        try:
            sock.setsockopt(level, option, 1)
        except OSError:         # then there is just an errno
            pass


def icmp(sock):
    """Read the last ICMP message to a socket.

    :returns: tuple of (origin, type, code), and the address of who sent it or None; None where there is no message.
    """
    last = None
    for dummy in range(4):
        try:
            ancillary = sock.recvmsg(0, 512, _MSG_ERRQUEUE)[1] if sys.platform.startswith('linux') else ()
        except OSError:
            break
        for level, option, data in ancillary:
            if (level, option) == _RECVERR[sock.family] and len(data) >= _ERROR.size:
                origin, kind, code = _ERROR.unpack_from(data)[1:4]
                if origin in (_ICMP, _ICMP6):
                    last = (origin, kind, code), _sender(data[_ERROR.size:])
        if not ancillary:
            break
    return last


def _sender(data):
    """str or None: the address in a sockaddr_in or sockaddr_in6."""
    if len(data) < 8:
        return None
    family = struct.unpack_from('@H', data)[0]
    if family == socket.AF_INET:
        return socket.inet_ntop(family, data[4:8])
    return socket.inet_ntop(family, data[8:24]) if family == socket.AF_INET6 and len(data) >= 24 else None


def of_icmp(message, protocol, target, local):
    """Judge an ICMP message.

    :param message: tuple, see ``icmp``.
    :param target, local: str, the addresses of both sides.
    :returns: tuple (verdict, reason).
    """
    kind, sender = message
    words = 'ICMP %s' % _WORDS.get(kind, 'type %d code %d' % kind[1:])
    if sender == target and kind in _PORT and protocol == 'udp':
        return CLOSED, words
    if sender == local and sender != target:
        # the kernel's own message, when nobody answers to ARP or neighbour solicitations
        if kind in _HOST:
            return FILTERED, 'no host has that address on the link'
        return UNKNOWN, 'this host itself refused it: %s' % words
    return FILTERED, words if sender in (None, target) else '%s from %s' % (words, sender)


def of_answer(number, protocol):
    """Judge an errno that came after the packet was sent: (verdict, reason)."""
    if number == errno.ECONNREFUSED:
        return CLOSED, 'refused' if protocol == 'tcp' else 'ICMP port unreachable'
    if protocol == 'tcp' and number in (errno.ECONNRESET, errno.EPIPE):
        return OPEN, 'connected, and reset'
    if number == errno.ETIMEDOUT:
        return FILTERED, 'no answer'
    if number in _BY_ICMP:
        return FILTERED, 'ICMP unreachable (%s)' % name(number)
    return UNKNOWN, '%s (%s)' % (os.strerror(number), name(number))


def local(number):
    """Explain an errno that came before anything was sent: it says nothing of the other side."""
    return '%s (%s)' % (_EXPLAINED.get(number) or os.strerror(number), name(number))


def name(number):
    """Name an errno, such as ``ECONNREFUSED``."""
    return errno.errorcode.get(number, 'errno %d' % number)
