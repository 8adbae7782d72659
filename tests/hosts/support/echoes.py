# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers on many ports, so that who is heard knows who spoke: run as a program on a host.

    echoes.py NAME tcp|udp:PORT[-PORT]|passed ...

Each port is listened on with IPv4 and with IPv6, but where another has it; ``passed`` are the sockets that systemd
hands over. What is sent to it is answered with the name, and the protocol and port that it came in by: ``box tcp/80``.
"""

import errno
import os
import selectors
import socket
import sys
from typing import NoReturn

KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
ANY = {socket.AF_INET: "0.0.0.0", socket.AF_INET6: "::"}
PASSED = "passed"
FIRST_PASSED = 3  # sd_listen_fds(3)


def listen(protocol: str, port: int, family: socket.AddressFamily) -> socket.socket:
    """A socket on that port of all addresses of the family."""
    made = socket.socket(family, KINDS[protocol])
    if family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    if protocol == "tcp":
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((ANY[family], port))
    if protocol == "tcp":
        made.listen(128)
    made.setblocking(False)
    return made


def passed() -> list[tuple[str, socket.socket]]:
    """The sockets that systemd listens on: list of (protocol, socket)."""
    names = {kind: protocol for protocol, kind in KINDS.items()}
    held = [socket.socket(fileno=FIRST_PASSED + number) for number in range(int(os.environ["LISTEN_FDS"]))]
    for each in held:
        each.setblocking(False)
    return [(names[each.type], each) for each in held]


def wanted(words: list[str]) -> list[tuple[str, int]]:
    """list of (protocol, port)."""
    endpoints = []
    for word in words:
        protocol, ports = word.split(":")
        first, _dash, last = ports.partition("-")
        endpoints += [(protocol, port) for port in range(int(first), int(last or first) + 1)]
    return endpoints


def serve(name: str, words: list[str]) -> NoReturn:
    """Answers for ever. A client answered is a client forgotten."""
    waiting = selectors.DefaultSelector()

    def register(protocol: str, port: int, made: socket.socket) -> None:
        answer = ("%s %s/%d" % (name, protocol, port)).encode()
        waiting.register(made, selectors.EVENT_READ, (protocol, answer))

    for protocol, made in passed() if PASSED in words else ():
        register(protocol, made.getsockname()[1], made)
    for protocol, port in wanted([word for word in words if word != PASSED]):
        for family in ANY:
            try:
                register(protocol, port, listen(protocol, port, family))
            except OSError as exc:
                if exc.errno != errno.EADDRINUSE:
                    raise
    while True:
        for key, _events in waiting.select():
            kind, answer = key.data
            ready = key.fileobj
            assert isinstance(ready, socket.socket)
            try:
                if kind == "tcp":
                    client, _address = ready.accept()
                    client.setblocking(False)
                    waiting.register(client, selectors.EVENT_READ, ("client", answer))
                elif kind == "udp":
                    _question, address = ready.recvfrom(9)
                    ready.sendto(answer, address)
                else:
                    waiting.unregister(ready)
                    with ready:
                        if ready.recv(9):
                            ready.send(answer)
            except OSError:  # it is gone, or cannot be answered
                pass


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2:])
