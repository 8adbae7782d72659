# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sockets of other network namespaces.

Sources: namespaces(7), setns(2), ip-netns(8).
"""

import ctypes
import os
import socket
import struct
import threading

from .. import _mounts, _netlink
from .._gaps import BECOME
from .._systemd import cgroups

CLONE_NEWNET = 0x40000000
NAMED = ('/run/netns', '/var/run/netns', '/run/docker/netns')
_RTM_GETNSID, _NSID, _FD = 90, 1, 3                     # NETNSA_NSID, NETNSA_FD in linux/net_namespace.h
INITIAL = 'pid:[4026531836]'                            # PROC_PID_INIT_INO in linux/proc_ns.h
_REQUEST_ACK = 5                                        # NLM_F_REQUEST | NLM_F_ACK


def discover(gaps, proc='/proc', named=NAMED):
    """Find all network namespaces but that of this process, each once.

    One lives as long as a process or a thread is in it, or a file descriptor or a mount holds it, in whichever mount
    namespace that is.

    :returns: dict, name (str) to the tuple of a path that opens it and what is in it below /proc, a pid or a thread as
        ``12/task/34``, or None. A namespace is called by the path that holds it, else by the container of what is in it
        or holds it, else ``net:[inode]``.
    """
    own = os.stat(proc + '/self/ns/net')
    seen = {(own.st_dev, own.st_ino)}
    spaces = {}
    pids = sorted((name for name in os.listdir(proc) if name.isdigit()), key=int)
    processes, refused = _processes(proc, pids)
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
            seen.add(key)
            spaces[_unused(spaces, _container(proc, pid) or _numbered(key), key)] = '%s/%s/ns/net' % (proc, pid), pid
    for inode, path, holder, name in _held(proc, pids, gaps):
        key = own.st_dev, inode
        if key not in seen:
            seen.add(key)
            spaces[_unused(spaces, name or _container(proc, holder) or _numbered(key), key)] = path, None
    if refused:
        gaps.add('namespaces', 'hidden', 'the network namespaces of %d processes could not be read' % refused, refused)
    return spaces


def _numbered(key):
    return 'net:[%d]' % key[1]


def _held(proc, pids, gaps):
    """Yield what holds a namespace without being in it: its inode, a path that opens it, whose that is, and a name."""
    for pid in pids:
        table = '%s/%s/fd' % (proc, pid)
        for name in _listed(table):
            inode = _inode(_link('%s/%s' % (table, name)))
            if inode:
                yield inode, '%s/%s' % (table, name), pid, None
    looked_at = set()
    own = _link(proc + '/self/ns/mnt'), _link(proc + '/self/root')
    for pid in ['self'] + pids:
        base = '%s/%s' % (proc, pid)
        # of another root the kernel shows only what is mounted below that
        view = _link(base + '/ns/mnt'), _link(base + '/root')
        if view in looked_at:
            continue
        looked_at.add(view)
        mounts = _mounts.read(base)
        for point, _device, root, kind in mounts:
            inode = _inode(root.decode('ascii', 'replace')) if kind == b'nsfs' else None
            if not inode:
                continue
            if _mounts.is_local(mounts, point):
                path = os.fsdecode(point)
                yield (inode, path, None, _text(path)) if view == own else (inode, base + '/root' + path, pid, None)
            else:
                gaps.add('namespaces', 'unreadable', 'net:[%d] is mounted where process %s sees it, on a file system '
                         'that may not answer' % (inode, pid))


def _listed(directory):
    try:
        return os.listdir(directory)
    except OSError:             # it has ended, or is refused, which the namespace that it is in has been, too
        return ()


def _link(path):
    try:
        return os.readlink(path)
    except OSError:
        return None


def _inode(text):
    """int: the inode of a network namespace, where a text is its name in nsfs."""
    return int(text[5:-1]) if text and text.startswith('net:[') and text[5:-1].isdigit() else None


def unlisted(spaces, connect=_netlink.connect, proc='/proc'):
    """Count the namespaces that this one has a number for, and that are none of those found.

    The kernel numbers those that a device of this one has its other end in, whatever keeps them. In a container, that
    is the one of the machine around it as well, which nothing tells from others.

    :param spaces: iterable of str, paths that open those found.
    :returns: int, 0 where the kernel does not tell, and in a container.
    """
    if _link(proc + '/self/ns/pid') != INITIAL:
        return 0
    try:
        link = connect(0)
        try:
            numbers = set(_numbers(link, _netlink.REQUEST_DUMP))
            for path in ['/proc/self/ns/net', *spaces] if numbers else ():
                try:
                    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                except OSError:
                    continue                    # it has ended meanwhile
                try:
                    numbers.difference_update(_numbers(link, _REQUEST_ACK, struct.pack('=HHI', 8, _FD, handle)))
                finally:
                    os.close(handle)
            return len(numbers)
        finally:
            link.close()
    except (OSError, struct.error):
        return 0


def _numbers(link, flags, attributes=b''):
    """Yield the numbers in the answer to RTM_GETNSID (rtnetlink(7), net/core/net_namespace.c in the kernel)."""
    question = struct.pack('=IHHIIB3x', 20 + len(attributes), _RTM_GETNSID, flags, 1, 0, 0) + attributes
    for data, start, end in _netlink.messages(link, question):
        for kind, first, last in _netlink.attributes(data, start + 4, end):
            if kind == _NSID and last - first == 4:
                yield struct.unpack_from('=i', data, first)[0]


def _unused(spaces, name, key):
    """The name, or where a container has several namespaces, the name with the inode."""
    return '%s net:[%d]' % (name, key[1]) if name in spaces else name


def _text(path):
    return os.fsencode(path).decode('utf-8', 'backslashreplace')


def _processes(proc, pids):
    """Find what is in namespaces.

    :returns: tuple of a dict, (device, inode) of a network namespace to the lowest pid in it, or else a thread; and how
        many processes hide theirs.
    """
    lowest = {}
    refused = 0
    for pid in pids:
        try:
            status = os.stat('%s/%s/ns/net' % (proc, pid))
            lowest.setdefault((status.st_dev, status.st_ino), pid)
        except PermissionError:
            refused += 1
        except OSError:
            pass
    for pid in pids:
        threads = _listed('%s/%s/task' % (proc, pid))
        for thread in threads if len(threads) > 1 else ():
            try:
                status = os.stat('%s/%s/task/%s/ns/net' % (proc, pid, thread))
                lowest.setdefault((status.st_dev, status.st_ino), '%s/task/%s' % (pid, thread))
            except OSError:                     # it has ended; or is refused, as its process is
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
    answer = fcntl.ioctl(probe, 0x8910, struct.pack('=16si20x', b'', index))
    return answer[:16].split(b'\0', 1)[0].decode('utf-8', 'backslashreplace')


def collect(reader, gaps, discover=discover, visit=Visit, count=unlisted):
    """Read the sockets of all other network namespaces, each with the name of its own.

    :param reader: ``linux.Reader``, which reads the tables of one namespace.
    :param discover: callable as ``discover``.
    :param visit: callable as ``Visit``.
    :param count: callable as ``unlisted``.
    :returns: list of Socket.
    """
    everything = []
    try:
        others = discover(gaps)
    except OSError as exc:
        gaps.add('namespaces', 'unreadable', '/proc cannot be used: %s' % exc.strerror)
        return everything
    missing = count([path for path, _pid in others.values()])
    if missing:
        gaps.add('namespaces', 'unlisted', '%d network namespaces that devices lead to were not found: nothing but a '
                 'socket holds them' % missing, missing)
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
