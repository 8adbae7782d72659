# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes text of strangers fit for a terminal and for the log of a CI system.

What is allowed is listed, not what is known to do harm: printable ASCII; letters, numbers, punctuation and symbols of
scripts that are written from left to right; up to two combining marks on a character. Everything else is written as
``\\x1b``, ``\\n`` or ``\\u202e``.
"""

import re
import shlex
import unicodedata
from collections.abc import Iterator

_NAMED = {'\n': '\\n', '\r': '\\r', '\t': '\\t'}
_CATEGORIES = frozenset('LNPS')
_DIRECTIONS = frozenset(('L', 'EN', 'ES', 'ET', 'CS', 'ON'))       # letters from right to left would reorder the line
# Letters and symbols without a picture (UAX #44, Default_Ignorable_Code_Point; the empty Braille pattern).
_BLANK = frozenset('\u115f\u1160\u2800\u3164\uffa0')
_MARKS = 2
_HALF = re.compile('[\ud800-\udfff]')
# What CI systems take for commands: ``::error::`` where a line begins, ``##[error]`` and ``##vso[`` anywhere in it.
_COMMAND = re.compile(r'^(\s*:):|#(?=#)')
_UNIT = re.compile(r'[A-Za-z0-9_.:\\@][A-Za-z0-9_.:\\@/-]{0,254}')
_INSIDE = re.compile(r'(?<=\s):(?=:[a-z-]+[ :])')
_PLAIN_NAME = re.compile(r'[\w.@:/+\\-]+')


def visible(text: str, limit: int = 1000) -> str:
    """Return one line that shows the text and does nothing else.

    :param limit: characters of the text to show, followed by an ellipsis where there are more.
    """
    shown = text[:limit]
    if not (shown.isascii() and shown.isprintable()):
        shown = ''.join(_characters(shown))
    if ':' in shown or '#' in shown:
        shown = _COMMAND.sub(lambda match: match.group(1) + '\\x3a' if match.group(1) else '\\x23', shown)
    return shown if len(text) <= limit else shown + '…'


def cut_short(text: str, limit: int) -> str:
    """Keep of a text what ``visible`` shows of it, for later; and one character more, from which it will see that the
    text is longer.

    Half of a surrogate pair, which JSON does not take, becomes what is shown of it.

    :param limit: the characters that will be shown.
    """
    kept = text[:limit + 1]
    return kept if kept.isascii() else _HALF.sub(lambda half: _escape(half.group()), kept)


def name(text: str, limit: int = 200) -> str:
    """Do the same for a name inside a line: it is quoted where its characters could be taken for those of the line."""
    shown = visible(text, limit)
    return shown if _PLAIN_NAME.fullmatch(text) else '"%s"' % shown.replace('"', '\\x22')


def operand(text: str) -> str | None:
    """Show the name of a unit or a container as it can be given to a command; None for a text that is none.

    Whoever follows an advice copies it to a shell. The characters are those of names of units, see systemd.unit(5).
    """
    return shlex.quote(text) if _UNIT.fullmatch(text) else None


def sentence(text: str, limit: int = 1000) -> str:
    """Do the same for a message: white space, line ends among it, becomes single spaces."""
    return visible(' '.join(text.split()), limit)


def wrapped(text: str) -> str:
    """Make harmless text fit to be broken into lines, as Ansible does with warnings: none is a command of CI."""
    return _INSIDE.sub('\\\\x3a', text)


def _characters(text: str) -> Iterator[str]:
    marks = _MARKS
    for char in text:
        if ' ' <= char <= '~':
            yield char
            marks = 0
        elif _is_shown(char):
            yield char
            marks = 0
        elif unicodedata.category(char) in ('Mn', 'Mc') and marks < _MARKS and not _is_selector(char):
            yield char
            marks += 1
        else:
            yield _escape(char)
            marks = _MARKS


def _is_shown(char: str) -> bool:
    return (unicodedata.category(char)[0] in _CATEGORIES and unicodedata.bidirectional(char) in _DIRECTIONS
            and char not in _BLANK)


def _is_selector(char: str) -> bool:
    """Whether a mark shows nothing: variation selectors, the grapheme joiner, inherent vowels of Khmer."""
    return char in '\u034f\u17b4\u17b5\u180b\u180c\u180d\u180f' or '\ufe00' <= char <= '\ufe0f' or char >= '\U000e0000'


def _escape(char: str) -> str:
    number = ord(char)
    if char in _NAMED:
        return _NAMED[char]
    return '\\x%02x' % number if number < 0x100 else '\\u%04x' % number if number < 0x10000 else '\\U%08x' % number


def width(text: str) -> int:
    """Count the columns that text from ``visible`` takes on a terminal (UAX #11; marks take none)."""
    if text.isascii():
        return len(text)
    return sum(_width(char) for char in text)


def _width(char: str) -> int:
    if unicodedata.category(char) in ('Mn', 'Mc'):
        return 0
    return 2 if unicodedata.east_asian_width(char) in 'WF' else 1


def cut(text: str, columns: int) -> str:
    """Return as much of the text as fits into so many columns, with an ellipsis where something is left out."""
    if width(text) <= columns:
        return text
    taken = ''
    room = columns - 1
    for char in text:
        room -= _width(char)
        if room < 0:
            break
        taken += char
    return taken.rstrip() + '…'
