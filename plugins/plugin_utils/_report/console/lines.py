# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines, and the words that all parts of a report for people use."""

from collections.abc import Iterable, Sequence

from ..._harmless.terminal import cut, width, wrapped
from ..naming import FEW, Naming

Line = tuple[str, str]          # its text, and its kind

# The kinds of lines.
HEAD, WIDE, BAD, GOOD, PLAIN = 'head', 'wide', 'bad', 'good', 'plain'
FIXED = 'fixed'                 # what is to be copied: never broken, and not coloured
MANY_HOSTS = 20                 # from more than these on, hosts with the same row share a line
_LEAST = 40                     # columns of a terminal below which lines are not broken
_FURTHER = '      '
_NO_GROUPS = Naming()
_COLORS = {HEAD: '1', WIDE: '33', BAD: '31', GOOD: '32'}      # SGR, ECMA-48


def paint(line: str, kind: str) -> str:
    """Return the line in its colour."""
    return '\x1b[%sm%s\x1b[0m' % (_COLORS[kind], line) if kind in _COLORS and line else line


def some(names: Sequence[str], most: int = FEW) -> str:
    """Name hosts: all of a few, else how many there are and the first ones."""
    return _NO_GROUPS.some(names, most)


def counted(names: Sequence[str], most: int = FEW) -> str:
    """Name hosts with their number: ``web-1``, ``2 hosts (web-1, web-2)``."""
    return _NO_GROUPS.counted(names, most)


def below(lines: list[Line]) -> list[Line]:
    """Return lines with an empty one above them, where there are any."""
    return [('', PLAIN), *lines] if lines else []


def broken(text: str, kind: str, columns: int | None, indent: str = '  ', further: str = _FURTHER) -> list[Line]:
    """Break a sentence into lines that fit the terminal, where there is one; a word that does not fit is cut.

    :param indent: what the first line begins with; ``further`` what the others begin with.
    """
    if columns is None or columns < _LEAST or width(text) <= columns:
        return [(text, kind)]
    lines, line = [], ''
    for word in wrapped(text.removeprefix(indent)).split(' '):
        longer = '%s %s' % (line, word) if line else indent + word
        if line and width(longer) > columns:
            lines.append(line)
            longer = further + word
        line = longer
    return [(cut(each, columns), kind) for each in [*lines, line]]


def fitting(lines: Iterable[Line], columns: int | None) -> list[Line]:
    """Break all lines that do not fit the terminal, but for those that are to be copied."""
    shown: list[Line] = []
    for text, kind in lines:
        indent = text[:len(text) - len(text.lstrip(' '))]
        shown += [(text, PLAIN)] if kind == FIXED else broken(text, kind, columns, indent, indent + '    ')
    return shown
