# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts and lists in words."""

from collections.abc import Callable, Iterable
from typing import Any, TypedDict

MOST = 4            # pids, names, listeners in a sentence


class Several(TypedDict):
    """The first of several things, and how many there are: what ``some`` shows of them."""

    first: list[Any]
    total: int


def several(things: Iterable[Any], most: int = MOST) -> Several:
    """Keep the first of several things, and count them."""
    everything = list(things)
    return {'first': everything[:most], 'total': len(everything)}


def number(count: int, noun: str, plural: str | None = None) -> str:
    """Count something: ``1 entry``, ``2 entries``.

    :param plural: the plural of the noun, where it is not the noun with an ``s``.
    """
    return '%d %s' % (count, noun if count == 1 else plural or noun + 's')


def some(words: Iterable[str], most: int = MOST, joint: str = ', ') -> str:
    """List the first words, and count the rest: ``80, 443 and 3 more``."""
    words = list(words)
    if len(words) <= most:
        return joint.join(words)
    return '%s and %d more' % (', '.join(words[:most]), len(words) - most)


def some_of(things: Several, word: Callable[[Any], str] = str, most: int = MOST, joint: str = ', ') -> str:
    """List the first of several things, and count the rest.

    :param word: makes the word for one of them.
    """
    if things['total'] <= min(most, len(things['first'])):
        return joint.join(map(word, things['first']))
    first = things['first'][:most]
    return '%s and %d more' % (', '.join(map(word, first)), things['total'] - len(first))
