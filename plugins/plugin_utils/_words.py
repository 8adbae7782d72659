# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Counts and lists in words."""

from collections.abc import Iterable

MOST = 4            # pids, names, listeners in a sentence


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
