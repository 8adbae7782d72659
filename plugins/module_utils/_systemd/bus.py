# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""systemd's units, over its private socket: ``systemctl show`` takes ten times as long.

Sources: D-Bus Specification, org.freedesktop.systemd1(5).
"""

import binascii
import os
import socket
import struct
import sys

NAME = 'org.freedesktop.systemd1'
_CALL, _RETURN, _ERROR = 1, 2, 3
_ORDER = ord('l' if sys.byteorder == 'little' else 'B')
_MOST = 1 << 24                 # bytes of a part of an answer
_PLAIN = frozenset('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789')
FAULTS = (OSError, ValueError, IndexError, struct.error)        # only root may ask, or the answer is not understood


class Bus:
    """A connection to the system manager; what it raises is among FAULTS."""

    def __init__(self, path='/run/systemd/private'):
        self._link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._stream = self._answers()
            self._link.connect(path)
            user = binascii.hexlify(str(os.geteuid()).encode())
            self._link.sendall(b'\0AUTH EXTERNAL ' + user + b'\r\nBEGIN\r\n')
            if not self._stream.readline(_MOST).startswith(b'OK '):
                raise ValueError('this user is not accepted')
        except FAULTS:
            self._link.close()
            raise

    def _answers(self):
        """Set the time to wait, and return a binary stream of what is answered."""
        self._link.settimeout(10)
        return self._link.makefile('rb')

    def close(self):
        self._link.close()

    def main_processes(self, units):
        """Ask for the main processes: dict, service to pid, 0 where systemd knows none."""
        return {unit: struct.unpack_from('=I', body, 4)[0]
                for unit, body in zip(units, self.get(units, 'Service', 'MainPID')) if body}

    def get(self, units, interface, name):
        """Get a property of each unit: list of bytes, a variant each; empty for a unit that has none."""
        interface = text('%s.%s' % (NAME, interface))
        return self._of_each(units, 'Get', 'ss', interface + b'\0' * (-len(interface) % 4) + text(name))

    def get_all(self, units, interface):
        """Get the properties of each unit: list of bytes, an array ``a{sv}`` each."""
        return self._of_each(units, 'GetAll', 's', text('%s.%s' % (NAME, interface)))

    def _of_each(self, units, member, signature, body):
        return self.call([('/org/freedesktop/systemd1/unit/' + _escaped(unit), 'org.freedesktop.DBus.Properties',
                           member, signature, body) for unit in units])

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


def _escaped(unit):
    """str: a unit as systemd writes it in an object path."""
    return ''.join(char if char in _PLAIN else ''.join('_%02x' % byte for byte in char.encode()) for char in unit)


def text(value):
    """bytes: a string as it stands in a message."""
    raw = value.encode()
    return struct.pack('=I', len(raw)) + raw + b'\0'


def take(body, at):
    """Read a string in a message: its text, and the offset of what follows it."""
    at = (at + 3) & ~3
    end = at + 4 + struct.unpack_from('=I', body, at)[0]
    if end >= len(body):
        raise ValueError('a message that is cut short')
    return body[at + 4:end].decode('utf-8', 'backslashreplace'), end + 1
