# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""systemd's units, over its private socket: ``systemctl show`` takes ten times as long.

Sources: D-Bus Specification, org.freedesktop.systemd1(5).
"""

import binascii
import io
import os
import socket
import stat
import struct
import sys
import time

NAME = 'org.freedesktop.systemd1'
_CALL, _RETURN, _ERROR = 1, 2, 3
_ORDER = ord('l' if sys.byteorder == 'little' else 'B')
_MOST = 1 << 24                 # bytes of a part of an answer
_PLAIN = frozenset('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789')
FAULTS = (OSError, ValueError, IndexError, struct.error)        # only root may ask, or the answer is not understood


class _Answers(io.RawIOBase):
    """What comes from a manager until a time: one that hangs, or sends a byte at a time, is not waited for longer."""

    def __init__(self, link, until):
        io.RawIOBase.__init__(self)
        self._link, self._until = link, until

    def readable(self):
        return True

    def readinto(self, buffer):
        # of what has come already, nothing has to be waited for
        self._link.settimeout(max(self._until - time.monotonic(), 0.001))
        return self._link.recv_into(buffer)


class Bus:
    """A connection to a manager; what it raises is among FAULTS."""

    def __init__(self, path='/run/systemd/private', patience=10):
        """Connect.

        :param patience: number of seconds, for all that is asked.
        """
        self._link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._link.settimeout(patience)
            self._link.connect(path)
            self._stream = io.BufferedReader(_Answers(self._link, time.monotonic() + patience))
            user = binascii.hexlify(str(os.geteuid()).encode())
            self._link.sendall(b'\0AUTH EXTERNAL ' + user + b'\r\nBEGIN\r\n')
            if not self._stream.readline(_MOST).startswith(b'OK '):
                raise ValueError('this user is not accepted')
        except FAULTS:
            self._link.close()
            raise

    def close(self):
        self._link.close()

    def main_processes(self, units):
        """Ask for the main processes: dict, service to pid, 0 where systemd knows none."""
        return {unit: struct.unpack_from('=I', body, 4)[0]
                for unit, body in zip(units, self.get(units, 'Service', 'MainPID')) if body}

    def get(self, units, interface, name):
        """Get a property of each unit: list of bytes, a variant each; empty for a unit that has none."""
        interface = text('%s.%s' % (NAME, interface))
        body = interface + b'\0' * (-len(interface) % 4) + text(name)
        return self.call([('/org/freedesktop/systemd1/unit/' + _escaped(unit), 'org.freedesktop.DBus.Properties', 'Get',
                           'ss', body) for unit in units])

    def call(self, calls):
        """Call methods, one after the other.

        :param calls: list of tuple (object path, interface, member, signature, body).
        :returns: list of bytes, the bodies of the answers; empty for errors.
        """
        for serial, (path, interface, member, signature, body) in enumerate(calls, 1):
            fields = b''
            for code, kind, value in ((1, b'o', path), (2, b's', interface), (3, b's', member), (6, b's', NAME)):
                fields += b'\0' * (-len(fields) % 8) + bytes((code, 1)) + kind + b'\0' + text(value)
            fields += b'\0' * (-len(fields) % 8) + b'\x08\x01g\0'
            fields += bytes((len(signature),)) + signature.encode() + b'\0'
            self._link.sendall(struct.pack('=BBBBIII', _ORDER, _CALL, 0, 1, len(body), serial, len(fields))
                               + fields + b'\0' * (-len(fields) % 8) + body)
        answers = []
        while len(answers) < len(calls):
            order, kind, _flags, _version, size, _serial, length = struct.unpack('=BBBBIII', self._stream.read(16))
            if max(size, length) > _MOST:
                raise ValueError('an answer that is too long')
            self._stream.read((length + 7) & ~7)
            body = self._stream.read(size)
            if order != _ORDER or len(body) != size:
                raise ValueError('an answer of an unexpected form')
            if kind in (_RETURN, _ERROR):       # they come in the order of the calls
                answers.append(body if kind == _RETURN else b'')
        return answers


def of_user(uid, root='/run/user', mounts=None, patience=2):
    """Connect to the manager of a user, who owns all that is on the way to it.

    :param uid: int.
    :param root: str, the directory with the directories of all users.
    :param mounts: list as ``_mounts.read`` has it, if not that of this process.
    :param patience: number of seconds.
    :returns: Bus.
    """
    from .. import _mounts
    path = '%s/%d/systemd/private' % (root, uid)
    handle = _mounts.reach(_mounts.read('/proc/self') if mounts is None else mounts, path.encode())
    try:
        if not stat.S_ISSOCK(os.fstat(handle).st_mode):
            raise ValueError('there is no socket')
        return Bus('/proc/self/fd/%d' % handle, patience)
    finally:
        os.close(handle)


def _escaped(unit):
    """str: a unit as systemd writes it in an object path."""
    return ''.join(char if char in _PLAIN else ''.join('_%02x' % byte for byte in char.encode()) for char in unit)


def text(value):
    """bytes: a string as it stands in a message."""
    raw = value.encode()
    return struct.pack('=I', len(raw)) + raw + b'\0'
