# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sockets of other network namespaces.

Sources: namespaces(7), setns(2), ip-netns(8).
"""

import ctypes
import os
import socket
import threading

from .. import _netlink
from .._gaps import BECOME
from .._systemd import cgroups

CLONE_NEWNET = 0x40000000
NAMED = ('/run/netns', '/var/run/netns', '/run/docker/netns')


def discover(gaps, proc='/proc', named=NAMED):
    """Find all network namespaces but that of this process, each once.

    :returns: dict, name (str) to the tuple of a path that opens it and the pid (str) of a process in it, or None.
        A namespace is called by the path that holds it, else by the container of its processes, else
        ``net:[inode]``.
    """
    own = os.stat(proc + '/self/ns/net')
    seen = {(own.st_dev, own.st_ino)}
    spaces = {}
    processes, refused = _processes(proc)
    for directory in named:
        try:
            names = sorted(os.listdir(directory))
        except FileNotFoundError:
            continue
        except OSError as exc:
            gaps.add('namespaces', 'unreadable', '%s cannot be read: %s' % (directory, exc.strerror), hint=BECOME)
            continue
        for name in names:
            path = '%s/%s' % (directory, name)
            try:
                status = os.stat(path)
            except OSError as exc:
                gaps.add('namespaces', 'unreadable', '%s cannot be read: %s' % (path, exc.strerror), hint=BECOME)
                continue
            key = status.st_dev, status.st_ino
            if key not in seen and status.st_dev == own.st_dev:     # else a file without a namespace on it
                seen.add(key)
                first = processes.get(key)
                spaces[_unused(spaces, _container(proc, first) or _text(path), key)] = path, first
    for key, pid in processes.items():
        if key not in seen:
            name = _container(proc, pid) or 'net:[%d]' % key[1]
            spaces[_unused(spaces, name, key)] = '%s/%s/ns/net' % (proc, pid), pid
    if refused:
        gaps.add('namespaces', 'hidden', 'the network namespaces of %d processes could not be read' % refused, refused)
    return spaces


def _unused(spaces, name, key):
    """The name, or where a container has several namespaces, the name with the inode."""
    return '%s net:[%d]' % (name, key[1]) if name in spaces else name


def _text(path):
    return os.fsencode(path).decode('utf-8', 'backslashreplace')


def _processes(proc):
    """dict, (device, inode) of a network namespace to the lowest pid in it; and how many processes hide theirs."""
    lowest = {}
    refused = 0
    for pid in sorted((name for name in os.listdir(proc) if name.isdigit()), key=int):
        try:
            status = os.stat('%s/%s/ns/net' % (proc, pid))
            lowest.setdefault((status.st_dev, status.st_ino), pid)
        except PermissionError:
            refused += 1
        except OSError:
            pass
    return lowest, refused


def _container(proc, pid):
    if pid is None:
        return None
    try:
        with open('%s/%s/cgroup' % (proc, pid), 'rb') as stream:
            return cgroups.describe(stream.read().decode('utf-8', 'backslashreplace'))[1]
    except OSError:
        return None


def enter(handle):
    """Move this thread into the network namespace of a file descriptor; OSError where that is refused."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(handle, CLONE_NEWNET):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


class Visit(threading.Thread):
    """Opens sockets inside a namespace: only a thread of its own goes there, so that nothing else ever runs there.

    :ivar link: netlink socket made there, or None.
    :ivar probe: another socket made there, or None.
    :ivar error: str or None, why there is no link.
    """

    def __init__(self, path, enter=enter, connect=_netlink.connect):
        threading.Thread.__init__(self)
        self._path, self._enter, self._connect = path, enter, connect
        self.error = self.link = self.probe = None

    def run(self):
        try:
            handle = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                self._enter(handle)
            finally:
                os.close(handle)
            self.probe = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self.link = self._connect()
        except OSError as exc:
            self.error = exc.strerror or str(exc)


def device_name(probe, index):
    """Ask for the name of a device in the namespace of a socket (netdevice(7), SIOCGIFNAME).

    :raises OSError: there is no such device.
    """
    import fcntl
    import struct
    answer = fcntl.ioctl(probe, 0x8910, struct.pack('=16si20x', b'', index))
    return answer[:16].split(b'\0', 1)[0].decode('utf-8', 'backslashreplace')


def collect(reader, gaps, discover=discover, visit=Visit):
    """Read the sockets of all other network namespaces, each with the name of its own.

    :param reader: ``linux.Reader``, which reads the tables of one namespace.
    :param discover: callable as ``discover``.
    :param visit: callable as ``Visit``.
    :returns: list of Socket.
    """
    everything = []
    try:
        others = discover(gaps)
    except OSError as exc:
        gaps.add('namespaces', 'unreadable', '/proc cannot be used: %s' % exc.strerror)
        return everything
    for name, (path, pid) in sorted(others.items()):
        sockets = _read(reader, visit(path), path, pid, name, gaps)
        for sock in sockets:
            sock.namespace = name
        everything += sockets
    return everything


def _read(reader, visit, path, pid, name, gaps):
    visit.start()
    visit.join()
    try:
        if visit.link and reader.collector != 'procfs':
            names = _netlink.Names(lambda index: device_name(visit.probe, index))
            return reader.read(visit.link, names, '/proc/%s/net' % (pid or 'self'), 'namespaces')
        if not os.path.exists(path):
            return []                           # it has ended meanwhile
        if pid:
            return reader.read(None, None, '/proc/%s/net' % pid, 'namespaces')
        gaps.add('namespaces', 'refused', '%s could not be entered: %s' % (
            name, visit.error or 'the procfs collector needs a process in it'))
        return []
    finally:
        for sock in (visit.link, visit.probe):
            if sock:
                sock.close()
