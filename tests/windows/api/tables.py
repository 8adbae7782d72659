# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes tables as IP Helper returns them, from the declarations of tcpmib.h, udpmib.h and netioapi.h."""

import ipaddress
import pathlib
import struct
from typing import Iterable, NamedTuple

AF_INET, AF_INET6 = 2, 23


class Socket(NamedTuple):
    """A row. ``scope`` is written as it is, in the order of the host."""

    address: str
    port: int
    pid: int
    bound: int = 0
    scope: int = 0


def _port(port: int) -> bytes:
    return struct.pack("!H", port) + b"\xee\xee"        # Windows leaves anything in the upper half


def _ip(address: str) -> bytes:
    return ipaddress.ip_address(address).packed


def _listener(table: str, row: Socket) -> bytes:
    info = b"\xaa" * 128                                # OwningModuleInfo, ULONGLONG[16]
    address, port, scope = _ip(row.address), _port(row.port), struct.pack("<I", row.scope)
    if table == "tcp4":     # MIB_TCPROW_OWNER_MODULE: state, address, port, remote address and port, pid, time
        return struct.pack("<I4s4s4s4sIq", 2, address, port, b"\0" * 4, b"\0" * 4, row.pid, row.bound) + info
    if table == "tcp6":     # MIB_TCP6ROW_OWNER_MODULE: address, scope, port, the same of the remote, state, pid, time
        return struct.pack("<16s4s4s16sI4sIIq", address, scope, port, b"\0" * 16, 0, b"\0" * 4, 2, row.pid,
                           row.bound) + info
    if table == "udp4":     # MIB_UDPROW_OWNER_MODULE: address, port, pid, time, flags
        return struct.pack("<4s4sI4xqI4x", address, port, row.pid, row.bound, 1) + info
    # MIB_UDP6ROW_OWNER_MODULE: address, scope, port, pid, time, flags
    return struct.pack("<16s4s4sI4xqI4x", address, scope, port, row.pid, row.bound, 1) + info


def listeners(folder: pathlib.Path, table: str, rows: Iterable[Socket]) -> None:
    """The table of what listens: ``tcp4``, ``tcp6``, ``udp4`` or ``udp6``."""
    written = [_listener(table, row) for row in rows]
    (folder / ("%s.bin" % table)).write_bytes(struct.pack("<I4x", len(written)) + b"".join(written))


def connections(folder: pathlib.Path, family: int, rows: Iterable[tuple[str, int, str, int, int]]) -> None:
    """The table of all of TCP. Rows: address, port, the same of the remote, MIB_TCP_STATE."""
    written = []
    for address, port, remote, remote_port, state in rows:
        if family == 4:         # MIB_TCPROW_OWNER_PID
            written.append(struct.pack("<I4s4s4s4sI", state, _ip(address), _port(port), _ip(remote),
                                       _port(remote_port), 944))
        else:                   # MIB_TCP6ROW_OWNER_PID
            written.append(struct.pack("<16sI4s16sI4sII", _ip(address), 0, _port(port), _ip(remote), 0,
                                       _port(remote_port), state, 944))
    (folder / ("all%d.bin" % family)).write_bytes(struct.pack("<I", len(written)) + b"".join(written))


def models(folder: pathlib.Path, rows: Iterable[tuple[int, int, bool, bool]]) -> None:
    """MIB_IPINTERFACE_TABLE. Rows: index, family, WeakHostReceive, ForwardingEnabled."""
    written = []
    for index, family, weak, forwarding in rows:
        # Family, InterfaceLuid, InterfaceIndex, MaxReassemblySize, InterfaceIdentifier, two intervals,
        # AdvertisingEnabled, ForwardingEnabled, WeakHostSend, WeakHostReceive
        row = struct.pack("<H6xQIIQIIBBBB", family, 1 << 40, index, 65535, 7, 200, 600, 1 - forwarding, forwarding,
                          1 - weak, weak)
        written.append(row.ljust(168, b"\xaa"))
    (folder / "models.bin").write_bytes(struct.pack("<I4x", len(written)) + b"".join(written))


def routes(folder: pathlib.Path, rows: Iterable[tuple[str, int, str]]) -> None:
    """MIB_IPFORWARD_TABLE2. Rows: network, index of the interface, next hop."""
    written = []
    for to, index, via in rows:
        network = ipaddress.ip_network(to)
        # InterfaceLuid, InterfaceIndex, DestinationPrefix (28 bytes, and its length), NextHop
        row = struct.pack("<QI28sB3x28s", 1 << 40, index, _inet(network.network_address), network.prefixlen,
                          _inet(ipaddress.ip_address(via)))
        written.append(row.ljust(104, b"\xaa"))
    (folder / "routes.bin").write_bytes(struct.pack("<I4x", len(written)) + b"".join(written))


def _inet(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bytes:
    """A SOCKADDR_INET."""
    if address.version == 4:
        return struct.pack("<HH4s", AF_INET, 0, address.packed).ljust(28, b"\0")
    return struct.pack("<HHI16sI", AF_INET6, 0, 0, address.packed, 0)
