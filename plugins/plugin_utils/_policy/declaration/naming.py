# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What entries and waivers are called, and what they expect, in words that are harmless to print."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..._harmless.terminal import visible
from ..._words import some

if TYPE_CHECKING:
    from .entry import Condition


def label(entry: Condition) -> str:
    """Show what an entry is called: its name, or its number in its variable."""
    return visible(entry.label, 200)


def place(entry: Condition) -> str:
    """Show an entry and where it is: ``entry ssh of expected_listeners``."""
    return 'entry %s%s' % (label(entry), ' of %s' % visible(entry.variable, 200) if entry.variable else '')


def places(entries: Iterable[Condition]) -> str:
    """Show where several entries are."""
    return some([place(entry) for entry in entries], joint=' and ')


def who(entry: Condition) -> str:
    """Show which owner an entry expects: ``process nginx, user www-data``."""
    return ', '.join('%s %s' % (option, visible(text, 200)) for option, text in entry.who.items()) or 'something'


def where(entry: Condition) -> str:
    """Show at which addresses an entry expects its listeners."""
    if not entry.bound:
        return 'any address'
    # the scope "any" is the wildcard, and not whichever address
    return visible(' or '.join('every address' if scope == 'any' else scope for scope in entry.bound), 300)
