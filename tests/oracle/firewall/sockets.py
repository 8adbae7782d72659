# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Single sockets of a host in circumstances that are not of its rules, and who gets to them in truth."""

import contextlib
import socket
import subprocess
import time

from firewall import network

from ansible_collections.listening.ports.plugins.module_utils._addresses import intervals as iv
from ansible_collections.listening.ports.plugins.module_utils._facts import collect
from ansible_collections.listening.ports.plugins.module_utils._firewall.exposure import attach

TRANSPARENT = {socket.AF_INET: (socket.SOL_IP, 19), socket.AF_INET6: (41, 75)}
KINDS = {'tcp': socket.SOCK_STREAM, 'udp': socket.SOCK_DGRAM}


def _run_command(words, environ_update=None, before_communicate_callback=None, **dummy):
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env={'PATH': network.PATH, **(environ_update or {})})
    if before_communicate_callback:
        before_communicate_callback(process)
    output, errors = process.communicate()
    return process.returncode, output, errors


class Lab:
    """Namespaces, and sockets in the one of the host."""

    def __init__(self):
        self.net, self._open = network.Network(), contextlib.ExitStack()

    def close(self):
        self._open.close()
        self.net.close()

    def host(self, *lines):
        """Run lines of a shell on the host."""
        with self.net.inside('host'):
            for line in lines:
                network.run('sh', '-c', line)

    def nft(self, text):
        with self.net.inside('host'):
            network.run('nft', '-f', '-', text=text)

    def client(self, *lines):
        with self.net.inside('client'):
            for line in lines:
                network.run('sh', '-c', line)

    def listen(self, protocol, address, port, group=None, transparent=True):
        """A socket of the host.

        :param group: str, index and address of a multicast group to join: ``10.77.0.1 239.1.2.3`` (ip(7)).
        """
        family = socket.AF_INET6 if ':' in address else socket.AF_INET
        with self.net.inside('host'):
            made = self._open.enter_context(socket.socket(family, KINDS[protocol]))
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if transparent:
                made.setsockopt(*TRANSPARENT[family], 1)
            if group:
                near, many = (socket.inet_aton(text) for text in group.split())
                made.setsockopt(socket.SOL_IP, socket.IP_ADD_MEMBERSHIP, many + near)
            made.bind((address, port))
            if protocol == 'tcp':
                made.listen(64)
        made.setblocking(False)
        return made

    def facts(self):
        """What the product says of the host."""
        with self.net.inside('host'):
            return collect(gather=('firewall',), run=_run_command, judge=attach.attach)

    def is_reached(self, listening, source, address, port):
        """bool: something that is sent from an address of the client, to an address and port, gets to a socket."""
        family, kind = listening.family, listening.type
        with self.net.inside('client'), socket.socket(family, kind) as made:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            device = b'c0' if any(source in some for some in network.CLIENTS['h0'].values()) else b'c1'
            made.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device)
            made.bind((source, 0))
            made.setblocking(False)
            with contextlib.suppress(OSError):      # it is on its way, or none leads there
                made.connect((address, port))
            for dummy in range(20):
                with contextlib.suppress(OSError):
                    if kind == socket.SOCK_DGRAM:
                        made.send(b'?')
                time.sleep(0.02)
                try:
                    if kind == socket.SOCK_DGRAM:
                        return listening.recv(10) == b'?'
                    listening.accept()[0].close()
                    return True
                except BlockingIOError:
                    pass
        return False


def exposure(facts, protocol, address, port):
    """dict: that of the only listener there."""
    [record] = [record for record in facts['listeners']
                if (record['protocol'], record['address'], record['port']) == (protocol, address, port)]
    return record['exposure']


def verdict(judged, source):
    """str: ``allowed``, ``undecided`` or ``blocked``, of a client."""
    def has(texts):
        return any(iv.contains(iv.parse(text)[1], iv.number(source)) for text in texts
                   if (':' in text) == (':' in source))
    if has(judged['allowed']):
        return 'allowed'
    return 'undecided' if any(has(part['sources']) for part in judged['undecided']) else 'blocked'
