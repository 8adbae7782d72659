# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the target code are made of: netlink messages, process trees, listeners.

The layouts are written down here once more, from the kernel's headers and not from the code under test.
"""

import base64
import io
import json
import os
import socket
import struct
import zlib

from ansible_collections.listening.ports.plugins.module_utils._gaps import Gaps
from ansible_collections.listening.ports.plugins.module_utils._sockets.base import Socket

DONE, ERROR = 3, 2
TCP, UDP, RAW, UDPLITE, SCTP, DCCP = 6, 17, 255, 136, 132, 33


def ip(text):
    """bytes: the address in network order."""
    return socket.inet_pton(socket.AF_INET6 if ':' in text else socket.AF_INET, text)


def _padded(raw):
    return raw + b'\0' * (-len(raw) % 4)


def message(kind, body=b'', length=None):
    """bytes: a netlink message; ``Link`` fills in the sequence number of the question."""
    return _padded(struct.pack('=IHHII', 16 + len(body) if length is None else length, kind, 2, 0, 0) + body)


def done(code=0):
    """bytes: the end of a dump, with the error that ended it."""
    return message(DONE, struct.pack('=i', -code))


def error(code):
    """bytes: NLMSG_ERROR, which is an acknowledgement where the code is 0; the question follows in it."""
    return message(ERROR, struct.pack('=i', -code) + b'\xee' * 16)


def attribute(kind, value, length=None):
    """bytes: struct nlattr with its value."""
    return _padded(struct.pack('=HH', 4 + len(value) if length is None else length, kind) + value)


def inet_diag(address, port, state=10, interface=0, pending=0, limit=0, uid=0, inode=1, attributes=b'', peer=b''):
    """bytes: a message with struct inet_diag_msg. Old kernels leave garbage behind an IPv4 address."""
    family = socket.AF_INET6 if len(address) == 16 else socket.AF_INET
    return message(20, struct.pack('=BBBB', family, state, 0, 0) + struct.pack('>HH', port, 0)
                   + address.ljust(16, b'\xee') + peer.ljust(16, b'\xdd')
                   + struct.pack('=IIIIIIII', interface, 7, 7, 99, pending, limit, uid, inode) + attributes)


def sockaddr(address, port=0):
    """bytes: struct sockaddr_storage."""
    if len(address) == 4:
        raw = struct.pack('=H', socket.AF_INET) + struct.pack('>H', port) + address
    else:
        raw = struct.pack('=H', socket.AF_INET6) + struct.pack('>HI', port, 0) + address
    return raw.ljust(128, b'\0')


class Link:
    """A netlink socket that plays back what a kernel sends.

    :param answers: for each question a list of datagrams: bytes, (bytes, flags), or an exception to raise.
    """

    def __init__(self, *answers):
        self._answers = list(answers)
        self._queue = []
        self.questions = []
        self.closed = False

    def answer(self, question):
        return self._answers.pop(0)

    def send(self, question):
        self.questions.append(question)
        for datagram in self.answer(question):
            if isinstance(datagram, Exception):
                self._queue.append(datagram)
            else:
                data, flags = datagram if isinstance(datagram, tuple) else (datagram, 0)
                self._queue.append((self.numbered(data, question[8:12]), flags))

    @staticmethod
    def numbered(data, sequence):
        """bytes: messages, as answers to the question with this number, which is bytes too."""
        data = bytearray(data)
        offset = 0
        while offset + 16 <= len(data):
            data[offset + 8:offset + 12] = sequence
            length = struct.unpack_from('=I', data, offset)[0]
            if length < 16:
                break
            offset += (length + 3) & ~3
        return bytes(data)

    def recvmsg(self, size, *dummy):
        assert self._queue, 'a real socket would wait here for ever'
        first = self._queue.pop(0)
        if isinstance(first, Exception):
            raise first
        return first[0], [], first[1], (0, 0)

    def settimeout(self, seconds):
        assert seconds > 0

    def close(self):
        self.closed = True


def connects(*answers):
    """A stand-in for ``_netlink.connect``: one link for each question, which gets one of the answers."""
    links = [Link(list(answer) + [done()]) for answer in answers]
    opened = []

    def open_link(protocol):
        opened.append(protocol)
        return links[len(opened) - 1]
    open_link.links, open_link.opened = links, opened
    return open_link


class Kernel(Link):
    """Answers dump requests of inet_diag.

    :param sockets: dict, (family, IP protocol) to a list of datagrams without the end.
    :param refused: dict, IP protocol to the errno that it is refused with; what is in neither has no sockets.
    """

    def __init__(self, sockets=None, refused=None):
        Link.__init__(self)
        self._sockets = sockets or {}
        self._refused = refused or {}

    def answer(self, question):
        family, protocol = struct.unpack_from('BB', question, 16)
        code = self._refused.get(protocol) or self._refused.get('all')
        if code:
            return [error(code)]
        return self._sockets.get((family, protocol), []) + [done()]


def gaps_of(gaps):
    """dict, (aspect, code) to count."""
    return {(gap['aspect'], gap['code']): gap['count'] for gap in gaps.found}


def system(**others):
    """dict: the host's surroundings as the fact record has them."""
    return dict({'local_addresses': [], 'ephemeral_ports': [32768, 60999], 'reserved_ports': [],
                 'unprivileged_port_start': 1024}, **others)


def listener(protocol='tcp', address='0.0.0.0', port=80, inodes=(1,), interface=None, namespace=None, v6only=None):
    """dict with ``record`` and ``sockets``, as the collectors hand them to the holders."""
    raw = ip(address)
    sockets = []
    for inode in inodes:
        sock = Socket(protocol, raw, port, interface, v6only, inode, 0)
        sock.namespace = namespace
        sockets.append(sock)
    ipv6 = len(raw) == 16
    bound = address + ('%' + interface if interface else '')
    record = {
        'id': '%s/%s:%d%s' % (protocol, '[%s]' % bound if ipv6 else bound, port, '@' + namespace if namespace else ''),
        'protocol': protocol, 'family': 'ipv6' if ipv6 else 'ipv4', 'address': address, 'port': port,
        'interface': interface, 'accepts_ipv4': not ipv6 if v6only is None else not v6only, 'accepts_ipv6': ipv6,
        'scope': 'any', 'port_name': None, 'ephemeral': False, 'backlog': None, 'namespace': namespace, 'service': None,
        'activated_by': None, 'held_by': 'unknown', 'socket_uid': 0, 'owners': [], 'owners_total': 0,
    }
    return {'record': record, 'sockets': sockets}


def answer(value):
    """The value, or raises it where it is an exception."""
    if isinstance(value, Exception):
        raise value
    return value


def opener(files):
    """A stand-in for open() in one module: what is not in files does not exist, an exception in them is raised.

    :param files: dict, path to bytes or to an exception.
    """
    def fake(path, mode='r', **dummy):
        content = files.get(path, FileNotFoundError(2, os.strerror(2)))
        if isinstance(content, Exception):
            raise content
        raw = io.BytesIO(content)
        return raw if 'b' in mode else io.TextIOWrapper(raw, 'ascii')
    return fake


def new_gaps(root=True):
    """No gaps yet."""
    return Gaps(root)


def unpack(text):
    """The facts in the one string of a module."""
    if text.startswith('z:'):
        text = zlib.decompress(base64.b64decode(text[2:])).decode('ascii')
    return json.loads(text)


class Proc:
    """A directory that looks like /proc, with process 1 and this process in it (proc(5))."""

    BOOT = 1700000000

    def __init__(self, root):
        self.path = str(root)
        os.makedirs(self.path, exist_ok=True)
        self.add(1, b'systemd', cgroup=b'0::/init.scope\n')
        self.add(os.getpid(), b'python')
        os.symlink(str(os.getpid()), os.path.join(self.path, 'self'))

    def _write(self, name, content):
        path = os.path.join(self.path, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as stream:
            stream.write(content)

    def add(self, pid, comm=b'daemon', sockets=(), files=0, state=b'S', uids=(0, 0), started=0, exe=None,
            cgroup=b'0::/system.slice/daemon.service\n', threads=None, tasks=7, root=None, command=None, parent=1,
            mounts=b'21 1 8:1 / / rw shared:1 - ext4 /dev/sda1 rw\n', spaces=('mnt:[1]', 'user:[2]')):
        """Add a process.

        :param sockets: inodes that it holds.
        :param files: int, other open files.
        :param threads: dict, thread to the inodes in a table of its own; else there is one thread with the same table.
        :param tasks: int, the number of threads that it says it has.
        :param started: int, seconds after the boot.
        :param mounts: bytes, its mountinfo; ``spaces`` the names of its mount and user namespace.
        """
        ticks = os.sysconf('SC_CLK_TCK')
        fields = [state] + [b'%d' % number for number in range(4, 53)]      # by its number, from the third on
        fields[14 - 3], fields[15 - 3] = b'%d' % (3 * ticks), b'%d' % (ticks // 2)
        fields[4 - 3], fields[20 - 3], fields[24 - 3] = b'%d' % parent, b'%d' % tasks, b'100'
        fields[22 - 3] = b'%d' % (started * ticks)
        self._write('%d/stat' % pid, b'%d (%s) ' % (pid, comm) + b' '.join(fields) + b'\n')
        self._write('%d/status' % pid, b'Name:\tx\nUid:\t%d\t%d\t%d\t%d\nGid:\t5\t5\t5\t5\n' % (uids + (77, 77)))
        if cgroup is not None:
            self._write('%d/cgroup' % pid, cgroup)
        if command is not None:
            self._write('%d/cmdline' % pid, command)
        self.descriptors('%d/fd' % pid, sockets, files)
        for thread, inodes in (threads or {pid: sockets}).items():
            self.descriptors('%d/task/%d/fd' % (pid, thread), inodes, files)
        self._write('%d/mountinfo' % pid, mounts)
        os.mkdir('%s/%d/ns' % (self.path, pid))
        for kind, name in zip(('mnt', 'user'), spaces):
            os.symlink(name, '%s/%d/ns/%s' % (self.path, pid, kind))
        os.symlink(root or '/', '%s/%d/root' % (self.path, pid))
        if exe is not None:
            os.symlink(exe, ('%s/%d/exe' % (self.path, pid)).encode())

    def descriptors(self, table, sockets, files):
        directory = os.path.join(self.path, table)
        os.makedirs(directory)
        targets = ['/dev/null'] * files + ['socket:[%d]' % inode for inode in sockets]
        for number, target in enumerate(targets):
            os.symlink(target, '%s/%d' % (directory, number))
