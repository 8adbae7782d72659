# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a hive of the registry of Windows, as a file: keys and their text values, no more than rules need.

The layout is that which several free programs have found out: a block of 4,096 bytes, then cells, each with its size
before it. A key is a cell ``nk``, a value ``vk``; lists of keys are ``lf``, ``lh``, ``li``, and ``ri`` lists of those.
"""

import lzma
import pathlib
import struct

_BASE = 4096
_NONE = 0xFFFFFFFF
_TEXT = 1                           # REG_SZ


class Hive:
    """A hive. :param path: of the file, which may be compressed by xz."""

    def __init__(self, path):
        data = pathlib.Path(path).read_bytes()
        self._data = lzma.decompress(data) if path.suffix == '.xz' else data
        if self._data[:4] != b'regf':
            raise ValueError('not a hive')
        self._root = struct.unpack_from('<I', self._data, 36)[0]

    def _cell(self, offset):
        start = _BASE + offset
        size = abs(struct.unpack_from('<i', self._data, start)[0])
        return self._data[start + 4:start + size]

    def _keys(self, offset):
        """Yield the offsets of the keys in a list."""
        cell = self._cell(offset)
        kind, count = cell[:2], struct.unpack_from('<H', cell, 2)[0]
        step = 8 if kind in (b'lf', b'lh') else 4
        for number in range(count):
            entry = struct.unpack_from('<I', cell, 4 + number * step)[0]
            if kind == b'ri':
                yield from self._keys(entry)
            else:
                yield entry

    def key(self, path):
        """Return the cell of a key, by names with a backslash between them; None where it is not there."""
        cell = self._cell(self._root)
        for name in path.split('\\'):
            count, offset = struct.unpack_from('<I', cell, 20)[0], struct.unpack_from('<I', cell, 28)[0]
            cells = map(self._cell, self._keys(offset) if count and offset != _NONE else ())
            cell = next((each for each in cells if self._name(each, 72, 76, 2, 0x20).lower() == name.lower()), None)
            if cell is None:
                return None
        return cell

    @staticmethod
    def _name(cell, length_at, text_at, flags_at, ascii_flag):
        text = cell[text_at:text_at + struct.unpack_from('<H', cell, length_at)[0]]
        flags = struct.unpack_from('<H', cell, flags_at)[0]
        return text.decode('latin-1' if flags & ascii_flag else 'utf-16-le')

    def texts(self, path):
        """List (name, text) of the values of a key that are text; None where the key is not there."""
        key = self.key(path)
        if key is None:
            return None
        count, offset = struct.unpack_from('<II', key, 36)
        listed = self._cell(offset) if count else b''
        found = []
        for number in range(count):
            cell = self._cell(struct.unpack_from('<I', listed, 4 * number)[0])
            size, at, kind = struct.unpack_from('<III', cell, 4)
            if kind == _TEXT:
                found.append((self._name(cell, 2, 20, 16, 1), self._text(size, at)))
        return found

    def _text(self, size, at):
        if size & 0x80000000:               # up to four bytes are where else the offset is
            return ''
        data = self._cell(at)
        if data[:2] == b'db':               # a list of segments, of 16,344 bytes each
            count, offset = struct.unpack_from('<HI', data, 2)
            parts = struct.unpack_from('<%dI' % count, self._cell(offset))
            data = b''.join(self._cell(part)[:16344] for part in parts)
        return data[:size].decode('utf-16-le', 'surrogatepass').rstrip('\0')

    def number(self, path, name):
        """Return a value of a key that is a number."""
        key = self.key(path)
        count, offset = struct.unpack_from('<II', key, 36)
        for cell in map(self._cell, struct.unpack_from('<%dI' % count, self._cell(offset))):
            if self._name(cell, 2, 20, 16, 1) == name:
                return struct.unpack_from('<I', cell, 8)[0]
        raise LookupError(name)
