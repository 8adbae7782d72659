# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Listening sockets from the tables in /proc/net, where netlink is refused.

Sources: proc(5), net/ipv4/tcp_ipv4.c and net/sctp/proc.c in the kernel.
"""

import socket
import struct

from .base import BudgetError, CollectorError, Socket

_STATES = {'tcp': '0A', 'udp': '07', 'udplite': '07', 'raw': '07'}


def instead(protocol, tables, budget, reason, gaps):
    """Like ``collect``, and note what these tables lack.

    :param reason: str, why netlink was not used.
    """
    try:
        sockets = collect(protocol, tables, budget)
    except CollectorError as exc:
        raise CollectorError('%s (%s)' % (exc, reason)) from exc
    gaps.add('binding', 'procfs', '%s; /proc/net does not provide the bound device, whether an IPv6 wildcard accepts '
             'IPv4 too, or the limit of the accept queue' % reason)
    return sockets


def collect(protocol, tables, budget):
    """Read the sockets of one protocol that wait for peers.

    :param tables: str, such as ``/proc/net``.
    :param budget: int, sockets (connections count, the tables list them too) to read at most.
    :returns: list of Socket.
    :raises CollectorError: a table that must be there cannot be read.
    :raises BudgetError: with the list so far as its argument.
    """
    if protocol == 'dccp':
        raise CollectorError('/proc/net has no table for dccp')
    names = ['sctp/eps'] if protocol == 'sctp' else [protocol, protocol + '6']
    sockets = []
    for name in names:
        try:
            with open('%s/%s' % (tables, name)) as stream:
                next(stream, None)
                for line in stream:
                    budget -= 1
                    if budget < 0:
                        raise BudgetError(sockets)
                    sockets.extend(parse_endpoint(line) if protocol == 'sctp' else parse(protocol, line))
        except FileNotFoundError as exc:
            if not name.endswith('6'):          # without IPv6 there is no such table
                raise CollectorError('%s/%s cannot be read: %s' % (tables, name, exc.strerror)) from exc
        except (OSError, ValueError, IndexError, struct.error) as exc:
            reason = getattr(exc, 'strerror', None) or exc
            raise CollectorError('%s/%s cannot be read: %s' % (tables, name, reason)) from exc
    return sockets


def parse(protocol, line):
    """Parse a line of ``tcp``, ``udp6``, ...: a list of one Socket, or of none where it is a connection."""
    words = line.split()
    if words[3] != _STATES[protocol]:
        return []
    address, port = words[1].split(':')
    if len(address) not in (8, 32):
        raise ValueError('an address of %d digits' % len(address))
    # each word of the address is printed as a number in the byte order of the machine
    raw = b''.join(struct.pack('=I', int(address[at:at + 8], 16)) for at in range(0, len(address), 8))
    backlog = (int(words[4].split(':')[1], 16), None) if protocol == 'tcp' else None
    return [Socket(protocol, raw, int(port, 16), inode=int(words[9]), uid=int(words[7]), backlog=backlog)]


def parse_endpoint(line):
    """Parse a line of ``sctp/eps``: a list with a Socket for each local address, if the endpoint listens."""
    words = line.split()
    if words[3] != '10':                        # SCTP_SS_LISTENING
        return []
    if not words[8:]:
        raise ValueError('an endpoint without an address')
    return [
        Socket('sctp', socket.inet_pton(socket.AF_INET6 if ':' in address else socket.AF_INET, address),
               int(words[5]), inode=int(words[7]), uid=int(words[6]))
        for address in words[8:]
    ]
