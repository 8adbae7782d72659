# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages of D-Bus, bodies of what systemd answers, and a manager, written down from the specification once more."""

import contextlib
import socket
import struct
import sys
import threading

ORDER = b'l' if sys.byteorder == 'little' else b'B'
RETURN, ERROR, SIGNAL = 2, 3, 4


def pad(data, size):
    """bytes: the data up to a multiple of the size."""
    return data + b'\0' * (-len(data) % size)


def string(text):
    """bytes: a string."""
    raw = text.encode('utf-8')
    return struct.pack('=I', len(raw)) + raw + b'\0'


def message(kind, body=b'', order=ORDER):
    """bytes: a message with the header field that says what it answers."""
    fields = b'\x05\x01u\0' + struct.pack('=I', 1)
    return pad(struct.pack('=cBBBIII', order, kind, 1, 1, len(body), 9, len(fields)) + fields, 8) + body


def array(data, gap=b''):
    """bytes: an array."""
    return struct.pack('=I', len(data)) + gap + data


def number(value):
    """bytes: a variant with a number."""
    return b'\x01u\0\0' + struct.pack('=I', value)


def boolean(value):
    """bytes: a variant with a boolean."""
    return b'\x01b\0\0' + struct.pack('=I', value)


def listens(*pairs):
    """bytes: a variant ``a(ss)``."""
    data = b''
    for kind, address in pairs:
        data = pad(data, 8) + pad(string(kind), 4) + string(address)
    return b'\x05a(ss)\0\0' + array(data, b'\0' * 4)


def triggers(*units):
    """bytes: a variant ``as``."""
    data = b''
    for unit in units:
        data = pad(data, 4) + string(unit)
    return b'\x02as\0' + array(data)


def listed(*units):
    """bytes: an array of ``(ssssssouso)``."""
    data = b''
    for unit in units:
        data = pad(data, 8)
        for text in (unit, 'A unit', 'loaded', 'active', 'listening', '', '/org/freedesktop/systemd1/unit/x'):
            data = pad(data, 4) + string(text)
        data = pad(data, 4) + struct.pack('=I', 0)
        for text in ('', '/'):
            data = pad(data, 4) + string(text)
    return array(data, b'\0' * 4)


class Manager(threading.Thread):
    """Listens where systemd would, and answers each call with the next of its answers."""

    def __init__(self, path, answers, greeting=b'OK 0123456789abcdef\r\n'):
        threading.Thread.__init__(self, daemon=True)
        self.path, self.answers, self.greeting = str(path), list(answers), greeting
        self.calls = []
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(self.path)
        self.socket.listen(1)
        self.start()

    def run(self):
        link = self.socket.accept()[0]
        with contextlib.closing(link), link.makefile('rb') as stream:
            self.user = stream.readline()
            assert stream.readline() == b'BEGIN\r\n'
            link.sendall(self.greeting)
            while self.answers:
                head = stream.read(16)
                if len(head) < 16:
                    return
                size, _serial, length = struct.unpack('=III', head[4:])
                self.calls.append((stream.read((length + 7) & ~7), stream.read(size)))
                link.sendall(self.answers.pop(0))


_FORMATS = {'y': 'B', 'n': 'h', 'q': 'H', 'i': 'i', 'u': 'I', 'b': 'I', 'x': 'q', 't': 'Q', 'd': 'd'}


def marshal(kind, value, data=b''):
    """bytes: the data, and a value of this type behind it; one of a variant is a pair of a type and a value.

    Members of structures are of types with one character.
    """
    code = kind[0]
    if code in _FORMATS:
        return pad(data, struct.calcsize('=' + _FORMATS[code])) + struct.pack('=' + _FORMATS[code], value)
    if code in 'so':
        return pad(data, 4) + string(value)
    if code == 'v':
        return marshal(*value, data=data + bytes((len(value[0]),)) + value[0].encode() + b'\0')
    if code in '({':
        data = pad(data, 8)
        for member, part in zip(kind[1:-1], value):
            data = marshal(member, part, data)
        return data
    assert code == 'a'
    data = pad(data, 4)
    of = kind[1]
    begins = pad(data + b'\0' * 4, 8 if of in '({' else struct.calcsize('=' + _FORMATS[of]) if of in _FORMATS else
                 1 if of == 'v' else 4)
    whole = begins
    for part in value:
        whole = marshal(kind[1:], part, whole)
    return whole[:len(data)] + struct.pack('=I', len(whole) - len(begins)) + whole[len(data) + 4:]
