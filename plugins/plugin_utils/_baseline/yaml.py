# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a declaration as YAML of which no name of a host can be more than a name.

What is plain is so by an allow-list, and so are paths and accounts of Windows, in single quotes; all else is a string
in double quotes, of ASCII. In none are two braces side by side: what Ansible, or the policy, takes for a template
cannot be written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Union

Value = Union[int, bool, str, Sequence[Union[int, str]]]

_PLAIN = re.compile(r'[A-Za-z_/][A-Za-z0-9_.@/+-]*(?: [A-Za-z0-9_.@/+-]+)*')
# 53/udp, 32768-60999 and 10.0.0.0/8
_NUMBERS = re.compile(r'[1-9][0-9]*(?:-[1-9][0-9]*)?/[a-z]+|[1-9][0-9]*-[1-9][0-9]*|[0-9]+(?:\.[0-9]+){3}(?:/[0-9]+)?')
# C:\Program Files\app.exe and NT AUTHORITY\SYSTEM, of which single quotes leave each character as it is
_OF_WINDOWS = re.compile(r'(?:[A-Za-z]:)?[A-Za-z0-9_.@/+()$ -]*(?:\\[A-Za-z0-9_.@/+()$ -]+)+')
# What YAML 1.1 takes for something else than text: https://yaml.org/type/
_WORDS = frozenset(('y', 'n', 'yes', 'no', 'true', 'false', 'on', 'off', 'null'))
# Printable ASCII, but for quotes and backslashes, and for what begins a command of a CI system that shows the file.
_RAW = re.compile(r'[ !$-\[\]-~]')
# as the policy has them, and the brace, which would make a template
_SPECIAL = re.compile(r'[*?\[{]')
_HALF = re.compile('[\ud800-\udfff\0]')


class Unwritable(ValueError):
    """A name that cannot be written."""


def glob(text: str) -> str:
    """Return a glob that fits this text; of half a character, or a NUL, any one character."""
    return _HALF.sub('?', _SPECIAL.sub(r'[\g<0>]', text))


def scalar(value: int | str) -> str:
    """Write a number or a text. Raises Unwritable."""
    if isinstance(value, bool):
        return 'true' if value else 'false'
    if isinstance(value, int):
        return '%d' % value
    if (_PLAIN.fullmatch(value) and value.lower() not in _WORDS) or _NUMBERS.fullmatch(value):
        return value
    if _OF_WINDOWS.fullmatch(value):
        return "'%s'" % value
    if _HALF.search(value) or '{' in value.replace('[{]', ''):
        raise Unwritable(value)
    return '"%s"' % ''.join(map(_character, value))


def _character(char: str) -> str:
    if _RAW.fullmatch(char):
        return char
    number = ord(char)
    return '\\x%02x' % number if number < 0x100 else '\\u%04x' % number if number < 0x10000 else '\\U%08x' % number


def _value(value: Value) -> str:
    if isinstance(value, (str, int)):
        return scalar(value)
    return '[%s]' % ', '.join(map(scalar, value))


def entry(options: Mapping[str, Value]) -> str:
    """Write an entry, in one line. Raises Unwritable."""
    return '- {%s}' % ', '.join('%s: %s' % (option, _value(value)) for option, value in options.items())


def text(head: Iterable[str], variable: str, lines: Iterable[tuple[str, bool]]) -> str:
    """Write a file.

    :param head: comments.
    :param lines: an entry, or a comment, and whether it is a comment; words of ours alone may be in comments, and
        entries.
    """
    body = list(lines)
    written = ['# %s' % line for line in head]
    declares = not all(is_comment for dummy, is_comment in body)
    written += ['---', '%s%s:' % ('' if declares else '# ', variable)]
    written += ['  # %s' % line if is_comment else '  %s' % line for line, is_comment in body]
    return '\n'.join(written) + '\n'
