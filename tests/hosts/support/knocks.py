# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who answers on many ports at once: run as a program in the network that they are to be reached from.

    knocks.py SECONDS < [[PROTOCOL, SOURCE-ADDRESS, ADDRESS, PORT], ...]

Prints a list in the same order: what was answered, or null. An answer is data that came back: a connection that is
accepted and then
silent is none, for a firewall that lets in its first packet alone makes such connections.
"""

import errno
import json
import selectors
import socket
import sys
import time

KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
# ICMP says so, see probe.py, or the port is closed
REFUSED = (errno.ECONNREFUSED, errno.ECONNRESET, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EACCES, errno.EPIPE,
           errno.ENOTCONN)
AT_ONCE = 512


def knock(protocol: str, source: str, address: str, port: int) -> socket.socket:
    """A socket that is on its way there. Raises OSError where this side cannot send at all: that says nothing of the
    other.
    """
    made = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, KINDS[protocol])
    made.setblocking(False)
    made.bind((source, 0))
    code = made.connect_ex((address, port))
    if code not in (0, errno.EINPROGRESS):
        raise OSError(code, "%s from %s to %s" % (protocol, source, address))
    return made


def ask(flows: list[tuple[str, str, str, int]], seconds: float) -> list[str | None]:
    """list of str or None: the answers to flows, a list of (protocol, source, address, port)."""
    answers: list[str | None] = [None] * len(flows)
    waiting = selectors.DefaultSelector()
    for index, flow in enumerate(flows):
        waiting.register(knock(*flow), selectors.EVENT_WRITE, index)
    until = time.monotonic() + seconds
    while waiting.get_map() and time.monotonic() < until:
        for key, events in waiting.select(max(until - time.monotonic(), 0)):
            connection = key.fileobj
            assert isinstance(connection, socket.socket)
            try:
                if events & selectors.EVENT_WRITE:
                    connection.send(b"\n")
                    waiting.modify(connection, selectors.EVENT_READ, key.data)
                    continue
                answers[key.data] = connection.recv(100).decode(errors="replace").strip() or None
            except BlockingIOError:  # woken by what the kernel takes for a passing error, and still on its way
                time.sleep(0.01)
                continue
            except OSError as exc:
                if exc.errno not in REFUSED:
                    raise
            waiting.unregister(connection)
            connection.close()
    for key in list(waiting.get_map().values()):
        assert isinstance(key.fileobj, socket.socket)
        key.fileobj.close()
    return answers


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    answers: list[str | None] = []
    for start in range(0, len(asked), AT_ONCE):
        answers += ask(asked[start:start + AT_ONCE], float(sys.argv[1]))
    print(json.dumps(answers))
