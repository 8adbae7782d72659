# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections of TCP listeners, counted by state."""

import socket
import struct

from .. import _netlink
from .._addresses.scopes import FAMILIES, MAPPED
from .base import CollectorError

# include/net/tcp_states.h; 12 is a handshake whose socket does not exist yet
STATES = {
    1: 'established', 2: 'syn_sent', 3: 'syn_recv', 4: 'fin_wait1', 5: 'fin_wait2', 6: 'time_wait', 7: 'close',
    8: 'close_wait', 9: 'last_ack', 11: 'closing', 12: 'syn_recv',
}
ALWAYS = ('established', 'close_wait', 'time_wait')
_MESSAGE = struct.Struct('>xBxxH2x16s16xI')             # the start of struct inet_diag_msg
_INDEX = struct.Struct('=I')
_TABLE_INDEX = 40                                       # offset of idiag_if in it


def count(listeners, used, budget, gaps, sources=None):
    """Fill in ``connections``: a dict of counts for TCP, None for what has no connections or was not inspected.

    :param listeners: list of dict with ``record`` and ``sockets``.
    :param used: str, the collector in use.
    :param budget: int, connections to read at most.
    :param sources: dict, collector to a callable that yields connections as ``tally`` takes them.
    """
    own = []
    for listener in listeners:
        record = listener['record']
        record['connections'] = None
        if record['protocol'] == 'tcp':
            if record['namespace'] is None:
                own.append(listener)
            else:
                gaps.add('connections', 'other_namespaces', 'connections of other network namespaces are not counted')
    source = (sources or {'netlink': by_netlink, 'procfs': by_procfs, 'psutil': _by_psutil})[used]
    try:
        counts, complete = tally(_Finder(own), source(), budget)
    except (CollectorError, OSError, ValueError, IndexError, struct.error) as exc:
        gaps.add('connections', 'unreadable', 'connections could not be read: %s' % exc)
        return
    if not complete:
        gaps.add('connections', 'connection_budget', 'only the first %d connections were counted' % budget)
    for listener in own:
        known = counts.get(listener['record']['id'], {})
        states = dict.fromkeys(ALWAYS, 0)
        states.update(known)
        listener['record']['connections'] = states


def tally(find, connections, budget):
    """Count connections by listener and state.

    :param find: callable, from (address, port, device) to the id of a listener or None.
    :param connections: iterable of (state as int, address as bytes, port as int, device as str or None).
    :returns: tuple of a dict, id to dict of counts, and a bool: all were read.
    """
    counts = {}
    for state, address, port, device in connections:
        budget -= 1
        if budget < 0:
            return counts, False
        key = find(address, port, device)
        if key is not None:
            states = counts.setdefault(key, {})
            name = STATES.get(state, 'state_%d' % state)
            states[name] = states.get(name, 0) + 1
    return counts, True


class _Finder:
    """The listener that a connection came in through: that of its address before a wildcard, a device before none."""

    def __init__(self, listeners):
        self._exact = {}
        for listener in listeners:
            record, sock = listener['record'], listener['sockets'][0]
            keys = [sock.address]
            if not any(sock.address) and len(sock.address) == 16 and record['accepts_ipv4'] is not False:
                keys.append(b'\0\0\0\0 by IPv6')
            for key in keys:
                self._exact[key, sock.port, sock.interface] = record['id']
        self._ports = {port for dummy, port, device in self._exact}
        self._known = {}

    def __call__(self, address, port, device):
        if port not in self._ports:
            return None
        key = address, port, device
        if key not in self._known:
            self._known[key] = self._find(*key)
        return self._known[key]

    def _find(self, address, port, device):
        wildcards = [b'\0' * len(address)]
        plain = address
        if address.startswith(MAPPED) and len(address) == 16:
            plain = address[12:]
        if len(plain) == 4:
            wildcards = [MAPPED + b'\0\0\0\0', b'\0\0\0\0', b'\0\0\0\0 by IPv6']
        candidates = [address, plain] + ([MAPPED + plain] if len(plain) == 4 else []) + wildcards
        for bound in ([device] if device else []) + [None]:
            for candidate in candidates:
                listener = self._exact.get((candidate, port, bound))
                if listener:
                    return listener
        return None


def _by_psutil():
    from . import by_psutil
    return by_psutil.connections()


def by_netlink(connect=_netlink.connect, names=None):
    """Yield the connections that the kernel shows through netlink."""
    from . import inet_diag
    names = names or _netlink.Names()
    states = 0x1fff & ~(1 << inet_diag.LISTEN) & ~1
    link = connect()
    try:
        for family in FAMILIES.values():
            for data, start, _end in _netlink.messages(link, inet_diag.request(family, 6, states)):
                state, port, address, _index = _MESSAGE.unpack_from(data, start)
                index = _INDEX.unpack_from(data, start + _TABLE_INDEX)[0]
                yield (state, address[:4] if family == socket.AF_INET else address, port,
                       names(index) if index else None)
    finally:
        link.close()


def by_procfs(tables='/proc/self/net'):
    """Yield the connections in the tables of a directory such as ``/proc/net``."""
    for name in ('tcp', 'tcp6'):
        try:
            with open('%s/%s' % (tables, name)) as stream:
                next(stream, None)
                for line in stream:
                    words = line.split(None, 4)
                    if words[3] != '0A':
                        address, port = words[1].split(':')
                        raw = b''.join(struct.pack('=I', int(address[at:at + 8], 16))
                                       for at in range(0, len(address), 8))
                        yield int(words[3], 16), raw, int(port, 16), None
        except FileNotFoundError:
            if name == 'tcp':
                raise
