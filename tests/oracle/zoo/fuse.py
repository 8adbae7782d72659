# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""File systems that hang or are dead: FUSE without anybody who answers (include/uapi/linux/fuse.h)."""

import os
import struct
import threading

from zoo import linux
from zoo.truth import Absent

_LOOKUP, _FORGET, _GETATTR, _UNLINK, _OPEN, _READ, _STATFS, _RELEASE = 1, 2, 3, 10, 14, 15, 17, 18
_FLUSH, _INIT, _OPENDIR, _RELEASEDIR, _ACCESS, _BATCH_FORGET = 25, 26, 27, 29, 34, 42
_ENOENT, _ENOSYS = 2, 38
_ROOT, _FILE = 1, 2             # nodes


def attach(target, mode):
    """Mount a file system of which nobody has taken care yet; returns the file descriptor to do so with.

    :param target: str, a directory or a file.
    :param mode: int, the type of its root.
    :raises Absent: the machine has no FUSE.
    """
    try:
        handle = os.open('/dev/fuse', os.O_RDWR | os.O_CLOEXEC)
    except OSError as exc:
        raise Absent('/dev/fuse: %s' % exc.strerror) from None
    linux.mount('fuse', target, 'fuse', data='fd=%d,rootmode=%o,user_id=0,group_id=0,allow_other' % (handle, mode))
    return handle


def dead(target):
    """Mount over a file one whose daemon has died: it gives ENOTCONN, as those of lxcfs do then."""
    os.close(attach(target, 0o100444))


def hanging(target):
    """Mount a directory that never answers; returns what keeps it from being dead."""
    return attach(target, 0o40755)


class Program(threading.Thread):
    """A directory with one program, which can be run and removed, until it does not answer any more.

    It serves in a thread of a process that has to stay away from it.
    """

    def __init__(self, target, name, content):
        """:param name: bytes, and ``content`` bytes, those of the program."""
        threading.Thread.__init__(self, daemon=True)
        self._name, self._content, self._removed = name, content, False
        self._device = attach(target, 0o40755)
        self.stop = threading.Event()
        self.stopped = threading.Event()
        self.start()

    def run(self):
        while True:
            request = os.read(self._device, 1 << 20)
            if self.stop.is_set():
                self.stopped.set()
                threading.Event().wait()
            dummy, operation, unique, node = struct.unpack_from('=IIQQ', request)
            if operation in (_FORGET, _BATCH_FORGET):
                continue
            error, answer = self._answer(operation, node, request[40:])
            os.write(self._device, struct.pack('=IiQ', 16 + len(answer), -error, unique) + answer)

    def _answer(self, operation, node, body):
        """tuple: an errno, and what is answered."""
        if operation == _INIT:
            return 0, struct.pack('=IIIIHHIIHHI28x', 7, 31, 65536, 0, 16, 12, 65536, 1, 16, 0, 0)
        if operation == _LOOKUP:
            if body.rstrip(b'\0') != self._name or self._removed:
                return _ENOENT, b''
            return 0, struct.pack('=QQQQII', _FILE, 1, 0, 0, 0, 0) + self._attributes(_FILE)
        if operation == _GETATTR:
            return 0, struct.pack('=QII', 0, 0, 0) + self._attributes(node)
        if operation in (_OPEN, _OPENDIR):
            return 0, struct.pack('=QII', 1, 0, 0)
        if operation == _READ:
            dummy, offset, size = struct.unpack_from('=QQI', body)
            return 0, self._content[offset:offset + size]
        if operation == _UNLINK:
            self._removed = True
        elif operation == _STATFS:
            return 0, b'\0' * 80
        elif operation not in (_RELEASE, _FLUSH, _RELEASEDIR, _ACCESS):
            return _ENOSYS, b''
        return 0, b''

    def _attributes(self, node):
        size, mode = (0, 0o40755) if node == _ROOT else (len(self._content), 0o100755)
        return struct.pack('=QQQQQQIIIIIIIIII', node, size, 1, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)
