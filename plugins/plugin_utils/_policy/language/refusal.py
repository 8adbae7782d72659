# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a declaration, in words that lead to the place. Private to this collection."""

import difflib

from ..._harmless.terminal import visible


class Refused(ValueError):
    """One fault of a declaration.

    :ivar variable: str, the variable that holds it; empty for an argument of a task.
    :ivar entry: str or None, the entry in it: its name, or ``#3`` for the third one.
    :ivar option: str or None, the option of the entry.
    :ivar reason: str, what is wrong, and what would be right.
    """

    def __init__(self, reason, option=None, variable='', entry=None):
        super().__init__(reason)
        self.reason, self.option, self.variable, self.entry = reason, option, variable, entry

    def at(self, variable, entry):
        """This fault, once it is known in which entry it is."""
        self.variable, self.entry = variable, entry
        return self

    def __str__(self):
        place = [visible(self.variable, 200)] if self.variable else []
        if self.entry:
            place.append('entry %s' % visible(self.entry, 200))
        if self.option:
            place.append('option %s' % visible(self.option, 100))
        return '%s: %s' % (', '.join(place), self.reason) if place else self.reason


class Refusals(ValueError):
    """All faults of a declaration.

    :ivar items: list of Refused, at least one.
    """

    def __init__(self, items):
        super().__init__(items)
        self.items = items

    def __str__(self):
        if len(self.items) == 1:
            return 'The declaration is refused: %s' % self.items[0]
        return 'The declaration is refused for %d reasons: %s' % (
            len(self.items), '; '.join('(%d) %s' % (number + 1, item) for number, item in enumerate(self.items)))


def shown(value, most=60):
    """str: a value of a declaration, for a message."""
    text = 'nothing' if value is None else repr(value) if isinstance(value, str) else _plain(value)
    return visible(text, most)


def _plain(value):
    if isinstance(value, bool):
        return 'true' if value else 'false'
    if isinstance(value, int) and abs(value) > 2 ** 63:
        return 'a huge number'
    if isinstance(value, (int, float)):
        return repr(value)
    kinds = ((dict, 'a mapping'), (list, 'a list'), (tuple, 'a list'))
    return next((words for kind, words in kinds if isinstance(value, kind)), 'a value of another type (%s)' % type(value).__name__)


def meant(word, known):
    """str: a question to who mistyped a word, or nothing where no known word is near."""
    if not isinstance(word, str):
        return ''
    near = difflib.get_close_matches(word[:100].lower(), [str(one) for one in known], n=1, cutoff=0.6)
    return '; did you mean %s?' % near[0] if near else ''
