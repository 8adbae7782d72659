# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sockets of other network namespaces. Private to this collection, may change.

Sources: namespaces(7), setns(2), ip-netns(8).
"""

import ctypes
import os
import socket
import threading

from .._systemd import cgroups
from . import inet_diag
from .base import CollectorError

CLONE_NEWNET = 0x40000000
NAMED = ('/run/netns', '/var/run/netns', '/run/docker/netns')


def discover(gaps, proc='/proc', named=NAMED):
    """All network namespaces but that of this process, each once.

    :returns: dict, name (str) to the tuple of a path that opens it and the pid (str) of a process in it, or None.
        A namespace is called by the path that holds it, else by the container of its processes, else ``net:[inode]``.
    """
    own = os.stat(proc + '/self/ns/net')
    seen = {(own.st_dev, own.st_ino)}
    found = {}
    processes, refused = _processes(proc)
    for directory in named:
        try:
            names = sorted(os.listdir(directory))
        except FileNotFoundError:
            continue
        except OSError as exc:
            gaps.add('namespaces', 'unreadable', '%s cannot be read: %s' % (directory, exc.strerror), hint='become')
            continue
        for name in names:
            path = '%s/%s' % (directory, name)
            try:
                status = os.stat(path)
            except OSError as exc:
                gaps.add('namespaces', 'unreadable', '%s cannot be read: %s' % (path, exc.strerror), hint='become')
                continue
            key = status.st_dev, status.st_ino
            if key not in seen and status.st_dev == own.st_dev:     # else a file without a namespace on it
                seen.add(key)
                first = processes.get(key)
                found[_unused(found, _container(proc, first) or _text(path), key)] = path, first
    for key, pid in processes.items():
        if key not in seen:
            name = _container(proc, pid) or 'net:[%d]' % key[1]
            found[_unused(found, name, key)] = '%s/%s/ns/net' % (proc, pid), pid
    if refused:
        gaps.add('namespaces', 'hidden', 'the network namespaces of %d processes could not be read' % refused, refused,
                 'CAP_SYS_PTRACE' if os.geteuid() == 0 else 'become')
    return found


def _unused(found, name, key):
    """The name, or where a container has several namespaces, the name with the inode."""
    return '%s net:[%d]' % (name, key[1]) if name in found else name


def _text(path):
    return os.fsencode(path).decode('utf-8', 'backslashreplace')


def _processes(proc):
    """dict, (device, inode) of a network namespace to the lowest pid in it; and how many processes refused to tell."""
    found = {}
    refused = 0
    for pid in sorted((name for name in os.listdir(proc) if name.isdigit()), key=int):
        try:
            status = os.stat('%s/%s/ns/net' % (proc, pid))
            found.setdefault((status.st_dev, status.st_ino), pid)
        except PermissionError:
            refused += 1
        except OSError:
            pass
    return found, refused


def _container(proc, pid):
    if pid is None:
        return None
    try:
        with open('%s/%s/cgroup' % (proc, pid), 'rb') as stream:
            return cgroups.describe(stream.read().decode('utf-8', 'backslashreplace'))[1]
    except OSError:
        return None


class _Visit(threading.Thread):
    """Opens sockets inside a namespace: only a thread of its own goes there, so that nothing else ever runs there."""

    def __init__(self, path):
        threading.Thread.__init__(self)
        self._path = path
        self.error = self.link = self.probe = None

    def run(self):
        libc = ctypes.CDLL(None, use_errno=True)
        try:
            handle = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                if libc.setns(handle, CLONE_NEWNET):
                    code = ctypes.get_errno()
                    raise OSError(code, os.strerror(code))
            finally:
                os.close(handle)
            self.probe = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self.link = inet_diag.connect()
        except OSError as exc:
            self.error = exc.strerror
        except CollectorError as exc:
            self.error = str(exc)


def device_name(probe, index):
    """The name of a device in the namespace of a socket (netdevice(7), SIOCGIFNAME).

    :raises OSError: there is no such device.
    """
    import fcntl
    import struct
    answer = fcntl.ioctl(probe, 0x8910, struct.pack('=16si20x', b'', index))
    return answer[:16].split(b'\0', 1)[0].decode('utf-8', 'backslashreplace')


def collect(reader, gaps):
    """The sockets of all other network namespaces, each with the name of its own.

    :param reader: ``_facts.Reader``, which reads the tables of one namespace.
    :returns: list of Socket.
    """
    found = []
    try:
        others = discover(gaps)
    except OSError as exc:
        gaps.add('namespaces', 'unreadable', '/proc cannot be used: %s' % exc.strerror)
        return found
    for name, (path, pid) in sorted(others.items()):
        sockets = _read(reader, path, pid, name, gaps)
        for one in sockets:
            one.namespace = name
        found += sockets
    return found


def _read(reader, path, pid, name, gaps):
    visit = _Visit(path)
    visit.start()
    visit.join()
    try:
        if visit.link and reader.collector != 'procfs':
            names = inet_diag.Names(lambda index: device_name(visit.probe, index))
            return reader.read(visit.link, names, '/proc/%s/net' % pid if pid else '/proc/net', 'namespaces')
        if not os.path.exists(path):
            return []                           # it has ended meanwhile
        if pid:
            return reader.read(None, None, '/proc/%s/net' % pid, 'namespaces')
        gaps.add('namespaces', 'refused', '%s could not be entered: %s' % (
            name, visit.error or 'the procfs collector needs a process in it'), hint='become')
        return []
    finally:
        for one in (visit.link, visit.probe):
            if one:
                one.close()
