# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The TCP connection through which this process was started, of which its environment knows nothing any more.

sudo takes ``SSH_CONNECTION`` away, and a multiplexed connection may be older than whatever runs over it. The socket
that a process above this one has is the connection itself, and the kernel tells since when that process runs.

Sources: proc(5), sock_diag(7), time_namespaces(7), cgroups(7), rtnetlink(7), ssh(1) on ``SSH_CONNECTION``,
pam_systemd(8) on the scopes of sessions.
"""

import os
import re
import socket
import struct
import time
from collections import namedtuple

from . import _netlink
from ._addresses import scopes

_FOUR = ('address', 'port', 'peer', 'peer_port')


class Connection(namedtuple('Connection', _FOUR + ('pid', 'started', 'interface', 'how'))):
    """A connection.

    :ivar address, port, peer, peer_port: its ends.
    :ivar pid: int, the process that has had it for longest; started: int, since when it runs, in ticks since the boot.
    :ivar interface: str, where answers leave; None if that is not known.
    :ivar how: str, how it was found: ``ancestor``, ``session`` or ``environment``.
    """

    __slots__ = ()

    @property
    def ends(self):
        """list: what tells it apart from all others."""
        return [getattr(self, name) for name in _FOUR]

    @property
    def about(self):
        """dict: what others are told of it."""
        return {name: getattr(self, name) for name in _FOUR + ('interface', 'how')}


_PROC = '/proc'
# the start of struct inet_diag_msg, and where it has the inode
_DIAG, _INODE, _INODE_AT = struct.Struct('>xBxxHH16s16s'), struct.Struct('=I'), 68
_ESTABLISHED, _LISTENS = '01', '0A'                     # include/net/tcp_states.h
_SOCKET = re.compile(r'socket:\[([0-9]+)\]\Z')
_SESSION = re.compile(r'/(?:[^/]+/)*session-[^/]+\.scope(?=/|\Z)')
_GETROUTE, _REQUEST = 26, 1                             # RTM_GETROUTE, NLM_F_REQUEST
_DESTINATION, _SOURCE, _LEAVES = 1, 2, 4                # RTA_DST, RTA_SRC, RTA_OIF
_MOST_DESCRIPTORS = 2000000
_CLOCK_BOOTTIME = 7             # time.CLOCK_BOOTTIME, from Python 3.7 on: by it the kernel tells when processes started


def now():
    """int: a tick that no process which runs by now was started in, or after."""
    return int(time.clock_gettime(_CLOCK_BOOTTIME) * os.sysconf('SC_CLK_TCK')) + 1


def fault_of_login(connection, ends, ticks, event):
    """Find why a connection does not prove that somebody can still log in: a sentence, or None where it does.

    :param connection: Connection, or None.
    :param ends: list, those of the connection that began a change.
    :param ticks: int, ``now`` when the change had its effect.
    :param event: str, what the change is called, such as ``the new rules``.
    """
    if not connection:
        return 'the connection by which Ansible came cannot be found on the host, so it proves no new login'
    if connection.ends == ends:
        return 'this is the connection that was there before %s, and proves no new login' % event
    if connection.started <= ticks:
        return 'this connection belongs to process %d, which is older than %s, and proves no new login' % (
            connection.pid, event)
    return None


def find(told=None, proc=_PROC, groups='/sys/fs/cgroup', pid=None, route=None):
    """Find the connection in use.

    What an ancestor has counts most, then what others of the login session have: a job that was sent to the background
    has lost its ancestors.

    :param told: str, ``SSH_CONNECTION`` of whoever logged in, for want of anything better.
    :param groups: str, where the control groups are mounted.
    :param pid: int, the process that was started through it; None for this one.
    :param route: callable as ``interface``.
    :returns: Connection, or None where there is none.
    """
    pid = pid or os.getpid()
    connections, ports = _sockets(proc)
    if not connections:
        return None
    ancestors = _ancestors(pid, proc)
    for how, processes in (('ancestor', lambda: ancestors), ('session', lambda: _session(pid, proc, groups))):
        known = [(process, sockets_of(process, proc)) for process in processes()]
        for dummy, inodes in known:
            for inode in inodes:
                if connections.get(inode, (None, None))[1] in ports:      # it was accepted, and not made, here
                    owners = [process for process, others in known if inode in others]
                    return _connection(connections[inode], owners, how, proc, route)
    inode = _named(told, connections) if told else None
    if inode is None:
        return None
    from ._owners.walk import walk
    owners = walk([int(inode)], _MOST_DESCRIPTORS, proc).owners.get(int(inode), ())
    return _connection(connections[inode], owners, 'environment', proc, route) if owners else None


def _connection(four, pids, how, proc, route):
    """Complete a connection with the process that has had it for longest, of several: that one tells how old it is."""
    since = sorted((status[1], pid) for pid, status in ((pid, status_of(pid, proc)) for pid in pids) if status)
    if not since:
        return None
    started, pid = since[0]
    return Connection(*four, pid=pid, started=started, interface=(route or interface)(four[0], four[2], proc), how=how)


def _sockets(proc):
    """Read the TCP sockets of this network namespace.

    :returns: tuple of dict, inode (str) to the ends of an established connection, and set of int, the ports to which
        something listens.
    """
    if proc == _PROC:
        try:
            return _by_netlink()
        except (OSError, ValueError, struct.error):     # refused, or not understood
            pass
    return _by_tables(proc)


def _by_netlink(connect=_netlink.connect):
    """Ask the kernel, which is much cheaper than its tables. Raises OSError, ValueError, struct.error."""
    from ._sockets import inet_diag
    connections, ports = {}, set()
    link = connect()
    try:
        for family in scopes.FAMILIES.values():
            size = 4 if family == socket.AF_INET else 16
            question = inet_diag.request(family, socket.IPPROTO_TCP, 1 << int(_ESTABLISHED, 16) | 1 << inet_diag.LISTEN)
            for data, start, dummy in _netlink.messages(link, question):
                state, port, peer_port, own, peer = _DIAG.unpack_from(data, start)
                if state == inet_diag.LISTEN:
                    ports.add(port)
                else:
                    inode = _INODE.unpack_from(data, start + _INODE_AT)[0]
                    connections[str(inode)] = _plain_of(own[:size]), port, _plain_of(peer[:size]), peer_port
    finally:
        link.close()
    return connections, ports


def _by_tables(proc):
    """Read the tables of proc(5)."""
    connections, ports = {}, set()
    for name in ('tcp', 'tcp6'):
        try:
            with open('%s/self/net/%s' % (proc, name)) as stream:
                next(stream, None)
                for line in stream:
                    words = line.split(None, 10)
                    if words[3] == _ESTABLISHED:
                        connections[words[9]] = _end(words[1]) + _end(words[2])
                    elif words[3] == _LISTENS:
                        ports.add(_end(words[1])[1])
        except FileNotFoundError:               # without IPv6
            continue
    return connections, ports


def _end(text):
    """tuple: the address and the port in a field such as ``0100007F:0016``."""
    address, dummy, port = text.partition(':')
    # each word of the address is printed as a number in the byte order of the machine
    raw = b''.join(struct.pack('=I', int(address[at:at + 8], 16)) for at in range(0, len(address), 8))
    return _plain_of(raw), int(port, 16)


def _plain_of(raw):
    """str: an address, which may be one of IPv4 in the form of IPv6."""
    return scopes.text(raw[12:] if scopes.is_mapped(raw) else raw)


def _named(told, connections):
    """str: the inode of the connection that ``SSH_CONNECTION`` names, as ``peer peer_port address port``, or None."""
    words = told.split()
    if len(words) != 4 or not (words[1].isdecimal() and words[3].isdecimal()):
        return None
    wanted = _plain(words[2]), int(words[3]), _plain(words[0]), int(words[1])
    return next((inode for inode, four in connections.items() if four == wanted), None)


def _plain(address):
    """str: an address as the kernel's are written here, without the name of a device."""
    address = address.partition('%')[0]
    try:
        raw = socket.inet_pton(socket.AF_INET6 if ':' in address else socket.AF_INET, address)
    except (OSError, ValueError):
        return address
    return _plain_of(raw)


def status_of(pid, proc):
    """tuple of int: the parent of a process, and when it was started, in ticks since the boot; None if it is gone."""
    try:
        with open('%s/%d/stat' % (proc, pid), 'rb') as stream:
            # the name may hold blanks and parentheses: it ends at the last ')'
            words = stream.read().rpartition(b')')[2].split()
        return int(words[1]), int(words[19])
    except (OSError, ValueError, IndexError):
        return None


def _ancestors(pid, proc):
    """list of int: this process, its parent, and so on."""
    pids = []
    while pid and pid not in pids:
        status = status_of(pid, proc)
        if not status:
            break
        pids.append(pid)
        pid = status[0]
    return pids


def _session(pid, proc, groups):
    """list of int: the processes of the login session of this process, empty where it is in none."""
    try:
        with open('%s/%d/cgroup' % (proc, pid)) as stream:
            lines = stream.read().splitlines()
    except OSError:
        return []
    for line in lines:
        number, dummy, rest = line.partition(':')
        controllers, dummy, group = rest.partition(':')
        scope = _SESSION.match(group)
        if not scope or '/..' in group or (number != '0' and controllers != 'name=systemd'):
            continue
        for mounted in ('', '/unified') if number == '0' else ('/systemd',):
            try:
                with open('%s%s%s/cgroup.procs' % (groups, mounted, scope.group(0))) as stream:
                    return sorted(int(word) for word in stream.read().split())
            except (OSError, ValueError):
                continue
    return []


def sockets_of(pid, proc):
    """list of str: the inodes of the sockets of a process, that of its first file descriptor first.

    sshd(8) has the connection before whatever it forwards.
    """
    base = '%s/%d/fd' % (proc, pid)
    inodes = []
    try:
        for name in sorted((name for name in os.listdir(base) if name.isdigit()), key=int):
            try:
                match = _SOCKET.match(os.readlink('%s/%s' % (base, name)))
            except OSError:                     # closed since it was listed
                continue
            if match:
                inodes.append(match.group(1))
    except OSError:
        pass
    return inodes


def interface(address, peer, proc='/proc', connect=_netlink.connect, index_name=socket.if_indextoname):
    """Find the device by which the answers to a peer leave, which for a tunnel is the tunnel; None if that fails."""
    family = socket.AF_INET6 if ':' in peer else socket.AF_INET
    own, other = socket.inet_pton(family, address), socket.inet_pton(family, peer)
    if scopes.scope(other) == 'link' and len(other) == 16:
        return _of_link(own, proc)
    attributes = b''.join(struct.pack('=HH', 4 + len(raw), kind) + raw
                          for kind, raw in ((_DESTINATION, other), (_SOURCE, own)))
    bits = 8 * len(other)
    question = struct.pack('=IHHIIBBBBBBBBI', 28 + len(attributes), _GETROUTE, _REQUEST, 1, 0, family, bits, bits,
                           0, 0, 0, 0, 0, 0) + attributes
    try:
        link = connect(0)
        try:
            for data, start, end in _netlink.messages(link, question):
                for kind, first, dummy in _netlink.attributes(data, start + 12, end):
                    if kind == _LEAVES:
                        return index_name(struct.unpack_from('=I', data, first)[0])
                break                           # the only answer
        finally:
            link.close()
    except (OSError, struct.error):
        pass
    return None


def _of_link(own, proc):
    """str: the device that has a link-local address; None if that cannot be told."""
    wanted = ''.join('%02x' % byte for byte in own)
    try:
        with open(proc + '/self/net/if_inet6') as stream:
            names = [words[5] for words in map(str.split, stream) if words[0] == wanted]
    except (OSError, IndexError):
        return None
    return names[0] if len(names) == 1 else None
