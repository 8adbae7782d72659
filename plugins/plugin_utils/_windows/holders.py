# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who listens, as rules of the firewall ask: the process that bound a socket, and nobody behind http.sys."""

from __future__ import annotations

from .model import SYSTEM, Holder
from .names import SYSTEM_PID, SYSTEM_SID, fold, program
from .owners import Owners
from .raw import Raw, Socket
from .sockets import listening


def holders(raw: Raw) -> dict[str, tuple[Holder, ...]]:
    """Return who holds each listener, by its id: several where several programs share an address and port.

    Of a process that may not be the one that bound the socket, nothing is known.
    """
    owners = Owners(raw)
    known: dict[tuple[object, ...], Holder] = {}
    found: dict[str, tuple[Holder, ...]] = {}
    for listener in listening(raw):
        protocol, port = listener.protocol, listener.port
        some: dict[Holder, None] = {}
        for socket in listener.sockets:
            key = (protocol, port, socket.pid, owners.doubt(socket) is None)
            if key not in known:
                known[key] = _holder(protocol, socket, owners)
            some[known[key]] = None
        found[listener.id] = tuple(some)
    return found


def _holder(protocol: str, socket: Socket, owners: Owners) -> Holder:
    if socket.pid == SYSTEM_PID:
        return Holder(protocol, socket.port, SYSTEM, (), '', SYSTEM_SID)
    process = owners.process(socket.pid)
    if process is None or owners.doubt(socket):
        return Holder(protocol, socket.port, None, None, None, None)
    services = owners.services(socket.pid)
    return Holder(
        protocol, socket.port, program(process.pid, process.path),
        None if services is None else tuple(sorted(
            (fold(one.name), None if one.sid_type is None else bool(one.sid_type)) for one in services)),
        process.package, process.user)
