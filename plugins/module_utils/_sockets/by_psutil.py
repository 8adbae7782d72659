# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Listening sockets from psutil, on every Unix but Linux, and on request.

psutil names one owner of a socket. It shows no device, no queue, and not whether an IPv6 wildcard accepts IPv4 too.
"""

import socket
import sys

from .._addresses.scopes import FAMILIES
from .._gaps import BECOME
from .base import CollectorError, Socket

_STATES = {'ESTABLISHED': 1, 'SYN_SENT': 2, 'SYN_RECV': 3, 'FIN_WAIT1': 4, 'FIN_WAIT2': 5, 'TIME_WAIT': 6, 'CLOSE': 7,
           'CLOSE_WAIT': 8, 'LAST_ACK': 9, 'CLOSING': 11}


def load():
    """Import psutil.

    :raises CollectorError: it is not installed.
    """
    try:
        import psutil
    except ImportError:
        raise CollectorError('the Python library psutil is not installed for %s' % sys.executable) from None
    return psutil


def _rows():
    """Read the Internet sockets of the system, as psutil has them.

    :raises CollectorError: psutil is not installed, or the system refuses.
    """
    psutil = load()
    try:
        return psutil.net_connections(kind='inet')
    except (psutil.Error, OSError) as exc:
        raise CollectorError('psutil could not read the sockets: %s' % (str(exc) or type(exc).__name__)) from exc


def _unseen():
    """list of str: protocols with sockets on this Linux host that psutil does not know."""
    try:
        with open('/proc/self/net/protocols') as stream:
            rows = [line.split() for line in stream]
    except OSError:                             # another system
        return []
    wanted = ('UDP-Lite', 'UDPLITEv6', 'SCTP', 'SCTPv6', 'DCCP', 'DCCPv6')
    return [row[0] for row in rows if row and row[0] in wanted and row[2] != '0']


def _raw(row):
    return _raw_of(row.family, row.laddr)


def _raw_of(family, end):
    return socket.inet_pton(family, end[0].partition('%')[0])


def collect(gather, budget, gaps):
    """Read the sockets that wait for peers.

    :returns: list of Socket, with ``pid``.
    :raises CollectorError: psutil is not installed.
    """
    load()
    gaps.add('binding', 'psutil', 'psutil does not provide the bound device, whether an IPv6 wildcard accepts IPv4 '
             'too, or the accept queue')
    unseen = _unseen() + (['raw'] if 'raw' in gather else [])
    if unseen:
        gaps.add('sockets', 'psutil', 'psutil sees TCP and UDP only, not %s' % ', '.join(unseen))
    if 'namespaces' in gather:
        gaps.add('namespaces', 'psutil', 'psutil sees no other network namespaces')
    try:
        rows = _rows()
    except CollectorError as exc:
        gaps.add('sockets', 'unreadable', str(exc), hint=None if gaps.root else BECOME)
        return []
    sockets = []
    for row in rows:
        protocol = 'tcp' if row.type == socket.SOCK_STREAM else 'udp'
        if not row.laddr or (row.status != 'LISTEN' if protocol == 'tcp' else row.raddr):
            continue
        if len(sockets) >= budget:
            gaps.add('sockets', 'socket_budget', 'only the first %d sockets were read' % budget)
            break
        zone = row.laddr[0].partition('%')[2] or None
        sockets.append(Socket(protocol, _raw(row), row.laddr[1], zone, pid=row.pid))
    return sockets


def connections(protocol):
    """Yield (state, address, port, None, address of the peer) for each connection; of UDP of sockets that have one.

    :raises CollectorError: the system refuses.
    """
    for row in _rows():
        if protocol == 'tcp' and row.type == socket.SOCK_STREAM and row.status in _STATES and row.laddr:
            state = _STATES[row.status]
        elif protocol == 'udp' and row.type == socket.SOCK_DGRAM and row.laddr and row.raddr:
            state = _STATES['ESTABLISHED']
        else:
            continue
        yield state, _raw(row), row.laddr[1], None, _raw_of(row.family, row.raddr) if row.raddr else b'\0' * 4


def local_addresses():
    """List the addresses of the host, as ``_netlink.local_addresses`` does, without their networks; None if unknown."""
    psutil = load()
    try:
        found = {entry.address for entries in psutil.net_if_addrs().values() for entry in entries
                 if entry.family in FAMILIES.values()}
    except (psutil.Error, OSError):
        return None
    return sorted('%s/%d' % (address, 128 if ':' in address else 32) for address in found)
