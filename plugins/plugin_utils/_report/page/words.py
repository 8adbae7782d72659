# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The signs and words of a page, and the order in which it shows verdicts."""

from .kinds import LEVELS
from .matrix import CANNOT_BE_JUDGED, FAILS, MISSING, WARNS

# The worst first: each with its sign, a shape of its own, and its words.
VERDICTS = {
    'violates': ('◆', 'not as declared'),
    'refused': ('?', 'invalid declaration'),
    'unknown': ('?', 'not known'),
    'pending': ('…', 'still to come'),
    'listed': ('–', 'only listed'),
    'as_declared': ('✓', 'as declared'),
}
ORDER = {verdict: number for number, verdict in enumerate(VERDICTS)}

_WORDS_OF_LEVELS = {
    'anyone': 'anyone',
    'unknown': 'not known by whom',
    'listed': 'listed networks',
    'private': 'private networks',
    'link': 'neighbours',
    'local': 'this host only',
    'none': 'nobody',
}
OF_LEVELS = tuple(_WORDS_OF_LEVELS[level] for level in LEVELS)

_WORDS_OF_MARKS = {WARNS: 'warns', CANNOT_BE_JUDGED: 'cannot be judged', MISSING: 'missing', FAILS: 'fails'}
OF_MARKS = ('', *(_WORDS_OF_MARKS[mark] for mark in sorted(_WORDS_OF_MARKS)))


def of_cell(level: int, mark: int) -> str:
    """Say what a cell shows, for whoever does not see it."""
    words = [OF_LEVELS[level]] if level >= 0 else []
    return ', '.join([*words, OF_MARKS[mark]] if mark else words)


def time(text: str) -> str:
    """Show a time of a record."""
    return text.replace('T', ' ').replace('Z', ' UTC')
