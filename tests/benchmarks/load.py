# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A load of listeners, established connections and processes, built in the network namespace of the caller.

Run as a program it builds the load, prints one line of JSON when the load is up, and holds it until standard input is
closed. Start it in namespaces of its own (``sandbox.in_namespaces``): all ports are bound as they come.
"""

import argparse
import gc
import json
import os
import resource
import signal
import socket
import sys
import time
from typing import Callable, NoReturn, TypedDict

FIRST_PORT = 10000  # below the ephemeral range (32768-60999), so that a connection never takes a listener's port
KINDS = ("tcp4", "tcp6", "tcp4", "udp4")  # one in four is UDP: near what machines in the field show
ADDRESSES = {"tcp4": ("127.0.0.1", "0.0.0.0"), "tcp6": ("::1", "::"), "udp4": ("127.0.0.1", "0.0.0.0")}
REPORT_EVERY = 100  # connections between two words of progress


class Share(TypedDict):
    """What one process of a load opens: listeners (kind, address, port), and so many connections."""

    listeners: list[tuple[str, str, int]]
    connections: int


def plan(listeners: int, connections: int, processes: int) -> list[Share]:
    """Split the load into one share per process.

    Raises ValueError when the load cannot be built: no process, or connections without a TCP listener.
    """
    if processes < 1 or listeners < 0 or connections < 0:
        raise ValueError("a load needs at least one process and no negative number")
    plans = [Share(listeners=[], connections=0) for _unused in range(processes)]
    for number in range(listeners):
        process, turn = number % processes, number // processes
        kind = KINDS[(process + turn) % len(KINDS)]
        address = ADDRESSES[kind][(number // 3) % 2]
        plans[process]["listeners"].append((kind, address, FIRST_PORT + number))
    servers = [each for each in plans if any(kind == "tcp4" for kind, _address, _port in each["listeners"])]
    if connections and not servers:
        raise ValueError("connections need a TCP listener")
    for number in range(connections):
        servers[number % len(servers)]["connections"] += 1
    return plans


def hold(number: int, share: Share, progress: int) -> NoReturn:
    """Be one process of the load: open the sockets of ``share``, then wait for a signal. Never returns."""
    with open("/proc/self/comm", "w", encoding="ascii") as stream:
        stream.write("load-%d" % number)
    kept: list[socket.socket] = []
    servers: list[tuple[socket.socket, int]] = []
    for kind, address, port in share["listeners"]:
        family = socket.AF_INET6 if kind == "tcp6" else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM if kind == "udp4" else socket.SOCK_STREAM)
        sock.bind((address, port))
        if kind != "udp4":
            sock.listen(128)
        if kind == "tcp4":
            servers.append((sock, port))
        kept.append(sock)
    os.write(progress, b"%d\n" % len(kept))
    fresh = 0
    for turn in range(share["connections"]):
        server, port = servers[turn % len(servers)]
        kept.append(socket.create_connection(("127.0.0.1", port)))
        kept.append(server.accept()[0])
        fresh += 1
        if fresh == REPORT_EVERY or turn == share["connections"] - 1:
            os.write(progress, b"%d\n" % fresh)
            fresh = 0
    os.close(progress)
    while True:
        signal.pause()


def build(listeners: int, connections: int, processes: int,
          show: Callable[[int, int], object] | None = None) -> list[int]:
    """Fork the processes of a load and return their pids once every socket is open.

    ``show(done, total)`` is called while sockets are opened. Raises RuntimeError when a process of the load fails.
    """
    plans = plan(listeners, connections, processes)
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    reading, writing = os.pipe()
    gc.collect()
    gc.freeze()  # keeps the pages of the parent shared with its children
    pids = []
    for number, share in enumerate(plans):
        pid = os.fork()
        if not pid:
            try:
                os.close(reading)
                hold(number, share, writing)
            except BaseException as error:
                sys.stderr.write("load: process %d: %s\n" % (number, error))
                sys.stderr.flush()
                os._exit(1)
        pids.append(pid)
    os.close(writing)
    done, total = 0, listeners + connections
    with os.fdopen(reading, "rb", buffering=0) as stream:
        rest = b""
        while True:
            chunk = stream.read(65536)
            if not chunk:
                break
            lines = (rest + chunk).split(b"\n")
            rest = lines.pop()
            done += sum(int(line) for line in lines)
            if show:
                show(done, total)
    if done != total:
        raise RuntimeError("the load is incomplete: %d of %d listeners and connections" % (done, total))
    return pids


def progress_line(done: int, total: int) -> None:
    """Show progress on standard error, on one line that is written over."""
    if sys.stderr.isatty():
        sys.stderr.write("\r  load: %d of %d listeners and connections" % (done, total))
        sys.stderr.write("\n" if done == total else "")
        sys.stderr.flush()


def main() -> None:
    """Build a load, say so, and hold it until standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("listeners", type=int)
    parser.add_argument("connections", type=int)
    parser.add_argument("processes", type=int)
    args = parser.parse_args()
    start = time.monotonic()
    pids = build(args.listeners, args.connections, args.processes, progress_line)
    print(json.dumps({"seconds": time.monotonic() - start, "processes": len(pids)}), flush=True)
    sys.stdin.buffer.read()
    for pid in pids:
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
