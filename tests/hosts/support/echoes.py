# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers on many ports, so that who is heard knows who spoke: run as a program on a host.

    echoes.py NAME tcp|udp:PORT[-PORT] ...

Each port is listened on with IPv4 and with IPv6, but where another has it. What is sent to it is answered with the
name,
and the protocol and port that it came in by: ``box tcp/80``.
"""

import errno
import selectors
import socket
import sys
from typing import NoReturn

KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
ANY = {socket.AF_INET: "0.0.0.0", socket.AF_INET6: "::"}


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
    for protocol, port in wanted(words):
        answer = ("%s %s/%d" % (name, protocol, port)).encode()
        for family in ANY:
            try:
                waiting.register(listen(protocol, port, family), selectors.EVENT_READ, (protocol, answer))
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
