# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What sentences on findings share: entries, owners, addresses, and text of hosts. All of it is harmless to print."""

from collections.abc import Callable, Mapping
from typing import Any

from ...._harmless.terminal import operand, visible
from ...._listener import Excerpt, in_words, users_in_words
from ...._windows import listeners as windows
from ...._words import Several, some_of
from .. import parts as _parts


def place_of(place: _parts.Place) -> str:
    """Show an entry and where it is: ``entry ssh of expected_listeners``."""
    return 'entry %s%s' % (
        visible(place['entry'], 200),
        ' of %s' % visible(place['variable'], 200) if place['variable'] else '',
    )


def places_of(places: Several) -> str:
    """Show several entries, and where they are."""
    return some_of(places, place_of, joint=' and ')


def entries_do(verb: str, places: Several) -> str:
    """Show entries and what they do: ``entry ssh of expected_listeners expects``."""
    return '%s %s%s' % (places_of(places), verb, 's' if places['total'] == 1 else '')


def variable_of(variable: str | None) -> str:
    """Show the variable that declares something."""
    return visible(variable or 'the task', 200)


def who(options: Mapping[str, str]) -> str:
    """Show which owner an entry expects: ``process nginx, user www-data``."""
    return ', '.join('%s %s' % (option, visible(text, 200)) for option, text in options.items()) or 'something'


def where(scopes: list[str]) -> str:
    """Show at which addresses an entry expects its listeners."""
    # the scope "any" is the wildcard, and not whichever address
    return (
        visible(' or '.join('every address' if scope == 'any' else scope for scope in scopes), 300)
        if scopes
        else 'any address'
    )


def source_of(source: str) -> str:
    """Show a network, or a word for some, inside of a sentence: where a line begins, ``::/0`` would be escaped."""
    return visible('.' + source, 100)[1:]


def any_of(choices: Several, word: Callable[[Any], str]) -> str:
    """Show what is possible, each thing once."""
    return ' or '.join(dict.fromkeys(map(word, choices['first'])))


def of_users(listener: Excerpt) -> str:
    """Show the users of the owners, behind these; nothing where none is known."""
    users = users_in_words(listener)
    return ' (user %s)' % users if users else ''


def operand_of(listener: Excerpt, unit: str | None) -> str | None:
    """Show a unit of a listener as it can be given to a command of its host; None where it cannot, or there is none."""
    return (windows.operand if is_on_windows(listener) else operand)(unit or '')


def is_on_windows(parts: Mapping[str, Any]) -> bool:
    """Whether a listener, or a finding, is that of a Windows host."""
    return parts.get('platform') == 'windows'


def listens(listener: Excerpt) -> str:
    """Show what it does; what is forwarded elsewhere has nothing that listens here."""
    is_forwarded = listener.get('to') is not None and listener['held_by'] == 'unknown'
    return '%s %s' % (in_words(listener), 'is open' if is_forwarded else 'listens')


def of_host(text: _parts.Text) -> str:
    """Show a rule, or a line of a log, between quotes that nothing in it ends: others than we have written it."""
    return '"%s"' % visible(''.join(text['pieces']), 300).replace('"', "'")


def capital(text: str) -> str:
    """Begin a sentence."""
    return text[:1].upper() + text[1:]
