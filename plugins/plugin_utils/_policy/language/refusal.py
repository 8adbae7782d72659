# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a declaration, in words that lead to the place."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from ..._harmless.terminal import visible


class Refused(ValueError):
    """One fault of a declaration.

    :ivar reason: what is wrong, and what would be right.
    :ivar option: the option of the entry, or None.
    :ivar variable: the variable that has it; empty for an argument of a task.
    :ivar entry: the entry in it, or None: its name, or ``#3`` for the third one.
    """

    def __init__(self, reason: str, option: str | None = None, variable: str = '', entry: str | None = None) -> None:
        super().__init__(reason)
        self.reason, self.option, self.variable, self.entry = reason, option, variable, entry

    def at(self, variable: str, entry: str) -> Refused:
        """Add the place, once it is known, and return this fault."""
        self.variable, self.entry = variable, entry
        return self

    def __str__(self) -> str:
        place = [visible(self.variable, 200)] if self.variable else []
        if self.entry:
            place.append('entry %s' % visible(self.entry, 200))
        if self.option:
            place.append('option %s' % visible(self.option, 100))
        return '%s: %s' % (', '.join(place), self.reason) if place else self.reason


class Refusals(ValueError):
    """All faults of a declaration.

    :ivar items: the faults, at least one.
    """

    def __init__(self, items: Sequence[Refused]) -> None:
        super().__init__(items)
        self.items = items

    def __str__(self) -> str:
        if len(self.items) == 1:
            return 'The declaration is refused: %s' % self.items[0]
        return 'The declaration is refused for %d reasons: %s' % (
            len(self.items), '; '.join('(%d) %s' % (number + 1, item) for number, item in enumerate(self.items)))


def shown(value: object, most: int = 60) -> str:
    """Show a value of a declaration, for a message."""
    text = 'nothing' if value is None else repr(value) if isinstance(value, str) else _plain(value)
    return visible(text, most)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return 'true' if value else 'false'
    if isinstance(value, int) and abs(value) > 2 ** 63:
        return 'a huge number'
    if isinstance(value, (int, float)):
        return repr(value)
    for kind, words in ((dict, 'a mapping'), (list, 'a list'), (tuple, 'a list')):
        if isinstance(value, kind):
            return words
    return 'a value of another type (%s)' % type(value).__name__


def meant(word: object, known: Iterable[object]) -> str:
    """Ask who mistyped a word for the word that was meant; an empty text where no known word is near."""
    if not isinstance(word, str):
        return ''
    near = difflib.get_close_matches(word[:100].lower(), [str(name) for name in known], n=1, cutoff=0.6)
    return '; did you mean %s?' % near[0] if near else ''
