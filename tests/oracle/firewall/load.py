# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that connect without a pause, and servers for them, as processes of their own.

``serve`` has an argument for each port, such as ``tcp/80``; ``knock`` one for each endpoint, such as
``tcp,10.77.0.2,10.77.0.1,80``. Both end with their input; ``knock`` then prints what it saw as JSON.
"""

import json
import select
import socket
import struct
import sys
import threading

PATIENCE = 5                    # seconds, longer than a SYN needs to be sent again


def serve(words):
    """Answer at these ports until the input ends."""
    for word in words:
        protocol, port = word.split('/')
        for family in (socket.AF_INET, socket.AF_INET6):
            made = socket.socket(family, socket.SOCK_STREAM if protocol == 'tcp' else socket.SOCK_DGRAM)
            if family == socket.AF_INET6:
                made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            made.bind(('', int(port)))
            if protocol == 'tcp':
                made.listen(1000)
            threading.Thread(target=_accept if protocol == 'tcp' else _echo, args=(made,), daemon=True).start()
    print('ready', flush=True)
    sys.stdin.read()


def _accept(made):
    while True:
        made.accept()[0].close()


def _echo(made):
    while True:
        data, peer = made.recvfrom(100)
        made.sendto(data, peer)


def knock(words):
    """Connect to these endpoints, one after the other and again and again, until the input ends."""
    endpoints = [word.split(',') for word in words]
    counts = {word: [0, 0, []] for word in words}         # got in, did not, and some of the reasons
    print('ready', flush=True)
    while not select.select([sys.stdin], [], [], 0)[0]:
        for word, endpoint in zip(words, endpoints):
            reason = attempt(*endpoint)
            counts[word][reason is not None] += 1
            if reason and len(counts[word][2]) < 3:
                counts[word][2].append(reason)
    print(json.dumps(counts), flush=True)


def attempt(protocol, source, address, port):
    """None where this connects, else why not."""
    family = socket.AF_INET6 if ':' in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM if protocol == 'tcp' else socket.SOCK_DGRAM) as made:
        made.settimeout(PATIENCE)
        try:
            # no port of a connection that has ended is kept
            made.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            made.bind((source, 0))
            made.connect((address, int(port)))
            if protocol == 'udp':
                made.send(b'?')
                made.recv(10)
        except OSError as exc:
            return str(exc)
    return None


if __name__ == '__main__':
    {'serve': serve, 'knock': knock}[sys.argv[1]](sys.argv[2:])
