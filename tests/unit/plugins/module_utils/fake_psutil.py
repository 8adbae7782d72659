# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""psutil, on a system where it is not installed."""

import collections
import contextlib
import socket
import sys
import types

Address = collections.namedtuple('Address', 'family address')
Row = collections.namedtuple('Row', 'family type laddr raddr status pid')
V4, V6, TCP, UDP = socket.AF_INET, socket.AF_INET6, socket.SOCK_STREAM, socket.SOCK_DGRAM


class Error(Exception):
    pass


class AccessDenied(Error):
    pass


class NoSuchProcess(Error):
    pass


class ZombieProcess(NoSuchProcess):
    pass


def row(address='192.0.2.1', port=80, kind=TCP, status='LISTEN', peer=(), pid=1):
    return Row(V6 if ':' in address else V4, kind, (address, port), peer, status, pid)


class Process:
    """psutil.Process of a table in the fake; what is an exception there is raised."""

    def __init__(self, known):
        self._known = known

    def oneshot(self):
        return contextlib.ExitStack()

    def __getattr__(self, name):
        value = self._known[name]

        def call():
            if isinstance(value, Exception):
                raise value
            return value
        return call


def install(monkeypatch):
    """Install a psutil, and return it: with ``rows`` and ``processes`` to be filled in."""
    fake = types.ModuleType('psutil')
    for error in (Error, AccessDenied, NoSuchProcess, ZombieProcess):
        setattr(fake, error.__name__, error)
    fake.rows, fake.processes, fake.asked, fake.addresses = [], {}, [], {}

    def net_connections(kind):
        fake.asked.append(kind)
        if isinstance(fake.rows, Exception):
            raise fake.rows
        return fake.rows

    def process(pid):
        if pid not in fake.processes:
            raise NoSuchProcess(pid)
        if isinstance(fake.processes[pid], Exception):
            raise fake.processes[pid]
        return Process(fake.processes[pid])

    def net_if_addrs():
        if isinstance(fake.addresses, Exception):
            raise fake.addresses
        link = Address(-1, '00:00:5e:00:53:01')
        return {name: [link] + [Address(V6 if ':' in address else V4, address) for address in some]
                for name, some in fake.addresses.items()}

    fake.net_connections, fake.Process, fake.net_if_addrs = net_connections, process, net_if_addrs
    monkeypatch.setitem(sys.modules, 'psutil', fake)
    return fake
