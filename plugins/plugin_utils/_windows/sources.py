# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which sources of a Windows host could be read, and why not.

Nothing is taken for empty that could not be read: whoever uses a source asks here, too.
"""

from __future__ import annotations

from .raw import Error, Raw

_MOST_TEXT = 200                # characters of what an exception says
_MOST_ERRORS = 3                # of one source


def errors(raw: Raw, source: str) -> list[Error]:
    """List the errors of a source, such as ``http``, and of its parts, such as ``excluded.tcp4``."""
    return [error for error in raw['errors'] if error.source == source or error.source.startswith(source + '.')]


def why_not(raw: Raw, source: str) -> str | None:
    """Say why a source was not read, or not all of it.

    :param source: a key of Raw, or of a mapping in it, such as ``excluded.tcp4``.
    :returns: a reason in words, with text of the host in it; None where all was read.
    """
    found = errors(raw, source)
    if found:
        return '; '.join(map(in_words, found[:_MOST_ERRORS]))
    value: object = raw
    for key in source.split('.'):
        value = value.get(key) if isinstance(value, dict) else None
    return 'the host sent nothing' if value is None else None


def in_words(error: Error) -> str:
    """Say which error it is: ``error 5``, or the number of an exception, and what Windows says of it."""
    number = error.number % 2 ** 32
    text = 'error %s' % (number if 0 <= error.number < 2 ** 16 else '0x%08x' % number)
    said = ' '.join(error.text.split())[:_MOST_TEXT]
    return '%s (%s)' % (text, said) if said else text
