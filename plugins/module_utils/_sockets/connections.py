# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections of listeners: those of TCP counted by state, and from which networks they come."""

import socket
import struct

from .. import _netlink
from .._addresses import aggregate
from .._addresses.scopes import FAMILIES, MAPPED, is_mapped, scope
from .base import CollectorError

# include/net/tcp_states.h; 12 is a handshake whose socket does not exist yet
STATES = {
    1: 'established', 2: 'syn_sent', 3: 'syn_recv', 4: 'fin_wait1', 5: 'fin_wait2', 6: 'time_wait', 7: 'close',
    8: 'close_wait', 9: 'last_ack', 11: 'closing', 12: 'syn_recv',
}
ALWAYS = ('established', 'close_wait', 'time_wait')
CAME = frozenset((1, 4, 5, 6, 8, 9, 11))                # states of connections that were established
_NUMBERS = {'tcp': 6, 'udp': 17}
_MESSAGE = struct.Struct('>xBxxH2x16s16sI')             # the start of struct inet_diag_msg
_INDEX = struct.Struct('=I')
_TABLE_INDEX = 40                                       # offset of idiag_if in it


def count(listeners, used, budget, gaps, local=None, sources=None):
    """Fill in ``connections`` and ``clients``, None for what has none or was not inspected.

    ``connections`` are counts by state, of TCP alone. ``clients`` are the networks of ``ipv4`` and ``ipv6`` from which
    connections came that were established, with their number, and how many are of the host ``itself``. Of UDP they are
    those that a socket is connected to: who sends to the others the kernel does not tell, and that is None.

    :param listeners: list of dict with ``record`` and ``sockets``.
    :param used: str, the collector in use.
    :param budget: int, connections to read at most.
    :param local: list of str, the addresses of the host as ``_netlink.local_addresses`` has them, or None.
    :param sources: dict, collector to a callable, from ``tcp`` or ``udp`` to connections as ``tally`` takes them.
    """
    own = {'tcp': [], 'udp': []}
    for listener in listeners:
        record = listener['record']
        record['connections'] = record['clients'] = None
        if record['protocol'] in own and record['namespace'] is None:
            own[record['protocol']].append(listener)
        elif record['protocol'] == 'tcp':
            gaps.add('connections', 'other_namespaces', 'connections of other network namespaces are not counted')
    if local is None:
        gaps.add('connections', 'own_addresses', 'the addresses of the host could not be read, so that it may be among '
                 'its own clients')
    source = (sources or {'netlink': by_netlink, 'procfs': by_procfs, 'psutil': _by_psutil})[used]
    for protocol, some in own.items():
        if protocol == 'tcp' or some:
            budget -= _count(some, lambda known=protocol: source(known), budget, gaps, Own(local or ()))


def _count(own, source, budget, gaps, is_own):
    """Count the connections of one protocol: int, how many were read."""
    try:
        counts, peers, complete, read = tally(_Finder(own), source(), budget)
    except (CollectorError, OSError, ValueError, IndexError, struct.error) as exc:
        gaps.add('connections', 'unreadable', 'connections could not be read: %s' % exc)
        return 0
    if not complete:
        gaps.add('connections', 'connection_budget', 'only the first %d connections were counted' % read)
    for listener in own:
        record = listener['record']
        known = peers.get(record['id'], {})
        if record['protocol'] == 'tcp':
            record['connections'] = dict(dict.fromkeys(ALWAYS, 0), **counts.get(record['id'], {}))
        if known or record['protocol'] == 'tcp':
            record['clients'] = clients(known, is_own)
    return read


def tally(find, connections, budget):
    """Count connections by listener and state, and by where they come from.

    :param find: callable, from (address, port, device) to the id of a listener or None.
    :param connections: iterable of (state as int, address as bytes, port as int, device as str or None, address of the
        peer as bytes).
    :returns: tuple of two dict, id to dict of counts, and id to dict of counts by (peer, address, device) of those that
        were established; a bool: all were read; and how many were.
    """
    counts, peers, read = {}, {}, 0
    for state, address, port, device, peer in connections:
        if read >= budget:
            return counts, peers, False, read
        read += 1
        key = find(address, port, device)
        if key is not None:
            states = counts.setdefault(key, {})
            name = STATES.get(state, 'state_%d' % state)
            states[name] = states.get(name, 0) + 1
            if state in CAME:
                known, came = peers.setdefault(key, {}), (peer, address, device)
                known[came] = known.get(came, 0) + 1
    return counts, peers, True, read


def clients(peers, is_own):
    """Unite who is at the other end of connections.

    :param peers: dict of counts by (peer, address, device).
    :param is_own: callable, from these to bool: the peer is the host itself.
    :returns: dict with ``ipv4``, ``ipv6`` and ``itself``.
    """
    counts, itself = {4: {}, 6: {}}, 0
    for (peer, address, device), number in peers.items():
        if is_own(peer, address, device):
            itself += number
            continue
        family, network = aggregate.of_address(_plain(peer))
        counts[family][network] = counts[family].get(network, 0) + number
    made = {'itself': itself}
    for family, name in ((4, 'ipv4'), (6, 'ipv6')):
        united = aggregate.counted(counts[family], family)
        made[name] = {aggregate.text(network, family): united[network] for network in sorted(united)}
    return made


def _plain(raw):
    return raw[12:] if is_mapped(raw) else raw


class Own:
    """Whether a peer is the host itself; an address of a link is so on its device alone."""

    def __init__(self, local):
        self._known = set()
        for text in local:
            address, dummy, device = text.rpartition('/')[0].partition('%')
            raw = socket.inet_pton(socket.AF_INET6 if ':' in address else socket.AF_INET, address)
            self._known.add((raw, device or None))

    def __call__(self, peer, address, device):
        peer = _plain(peer)
        reach = scope(peer)
        return (reach == 'loopback' or peer == _plain(address)
                or (peer, device if reach == 'link' and len(peer) == 16 else None) in self._known)


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


def _by_psutil(protocol):
    from . import by_psutil
    return by_psutil.connections(protocol)


def by_netlink(protocol='tcp', connect=_netlink.connect, names=None):
    """Yield the connections that the kernel shows through netlink; of UDP the sockets that are connected."""
    from . import inet_diag
    names = names or _netlink.Names()
    states = 0x1fff & ~(1 << inet_diag.LISTEN) & ~1 if protocol == 'tcp' else 1 << 1
    link = connect()
    try:
        for family in FAMILIES.values():
            size = 4 if family == socket.AF_INET else 16
            for data, start, _end in _netlink.messages(link, inet_diag.request(family, _NUMBERS[protocol], states)):
                state, port, address, peer, _index = _MESSAGE.unpack_from(data, start)
                index = _INDEX.unpack_from(data, start + _TABLE_INDEX)[0]
                yield state, address[:size], port, names(index) if index else None, peer[:size]
    finally:
        link.close()


def by_procfs(protocol='tcp', tables='/proc/self/net'):
    """Yield the connections in the tables of a directory such as ``/proc/net``."""
    for name in (protocol, protocol + '6'):
        try:
            with open('%s/%s' % (tables, name)) as stream:
                next(stream, None)
                for line in stream:
                    words = line.split(None, 4)
                    if words[3] != '0A' if protocol == 'tcp' else words[3] == '01':
                        address, port = words[1].split(':')
                        yield (int(words[3], 16), _raw(address), int(port, 16), None,
                               _raw(words[2].partition(':')[0]))
        except FileNotFoundError:
            if name == protocol:
                raise


def _raw(digits):
    # each word of the address is printed as a number in the byte order of the machine
    return b''.join(struct.pack('=I', int(digits[at:at + 8], 16)) for at in range(0, len(digits), 8))
