# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all collectors yield and raise; there is one per file."""


class CollectorError(Exception):
    """A collector could not look. The message says why, in words for the operator."""


class BudgetError(Exception):
    """A walk reached its budget and stopped: what it has so far is not everything."""


class Socket:
    """A socket that waits for peers, as the kernel describes it.

    :ivar protocol: str, ``tcp``, ``udp``, ``udplite``, ``sctp``, ``dccp`` or ``raw``.
    :ivar address: bytes, the local address in network order, 4 (IPv4) or 16 (IPv6).
    :ivar port: int, the local port; of a raw socket, the IP protocol number.
    :ivar interface: str or None, the bound device or the scope of a link-local address.
    :ivar v6only: bool or None (not known); of IPv4 sockets None.
    :ivar inode: int, the number in ``socket:[...]``; 0 where the collector has none.
    :ivar uid: int or None, who created the socket.
    :ivar backlog: tuple (pending, limit) of connections to be accepted, or None where there is no such queue.
    :ivar pid: int or None, an owner where the collector names one by itself.
    :ivar namespace: str or None, the network namespace where it is not that of this process.
    """

    __slots__ = ('protocol', 'address', 'port', 'interface', 'v6only', 'inode', 'uid', 'backlog', 'pid', 'namespace')

    def __init__(self, protocol, address, port, interface=None, v6only=None, inode=0, uid=None, backlog=None, pid=None):
        self.protocol, self.address, self.port, self.interface = protocol, address, port, interface
        self.v6only, self.inode, self.uid, self.backlog = v6only, inode, uid, backlog
        self.pid, self.namespace = pid, None
