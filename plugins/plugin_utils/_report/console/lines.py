# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines, and the words that all parts of a report for people use."""

from collections.abc import Sequence

from ..._harmless.terminal import visible

Line = tuple[str, str]          # its text, and its kind

# The kinds of lines.
HEAD, WIDE, BAD, GOOD, PLAIN = 'head', 'wide', 'bad', 'good', 'plain'
_COLORS = {HEAD: '1', WIDE: '33', BAD: '31', GOOD: '32'}      # SGR, ECMA-48


def paint(line: str, kind: str) -> str:
    """Return the line in its colour."""
    return '\x1b[%sm%s\x1b[0m' % (_COLORS[kind], line) if kind in _COLORS and line else line


def some(names: Sequence[str], most: int = 5) -> str:
    """Name hosts: all of a few, else how many there are and the first ones."""
    shown = ', '.join(visible(name) for name in names[:most])
    return shown if len(names) <= most else '%d hosts (%s, …)' % (len(names), shown)


def counted(names: Sequence[str], most: int = 5) -> str:
    """Name hosts with their number: ``web-1``, ``2 hosts (web-1, web-2)``."""
    shown = some(names, most)
    return shown if len(names) == 1 or len(names) > most else '%d hosts (%s)' % (len(names), shown)


def below(lines: list[Line]) -> list[Line]:
    """Return lines with an empty one above them, where there are any."""
    return [('', PLAIN), *lines] if lines else []
