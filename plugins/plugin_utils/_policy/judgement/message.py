# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes sentences of a finding's parts. All that a finding says is written in ``sentences``, kind by kind.

What comes out is harmless to print, whatever the host or the declaration has written: each text goes through
``visible``, ``name`` or ``sentence``. Parts may come from a record, of which ``parts_schema`` checks the form and
nobody the truth.
"""

from collections.abc import Callable
from typing import Any

from ..._harmless.terminal import visible
from ..._listener import endpoint_in_words, in_words
from ..._words import some_of
from . import parts as _parts
from .parts import EXPIRED, Parts
from .sentences import declarations, listeners, missing, unknown
from .sentences.units import diagnosis, elsewhere

# Of why a unit does not listen, others want to know, too.
__all__ = ('diagnosis', 'elsewhere', 'expected', 'found', 'of', 'plain', 'remedy')


def of(kind: str, parts: Parts) -> str:
    """Make the message of a finding: what is wrong, and in parentheses what has to be known beside it."""
    notes = [_note(note) for note in parts['notes']]
    if parts['also']['total']:
        notes.append('the same on %s' % some_of(parts['also'], _also))
    return '%s (%s)' % (plain(kind, parts), '; '.join(notes)) if notes else plain(kind, parts)


def plain(kind: str, parts: Parts) -> str:
    """Make the message of a finding without notes."""
    return _MESSAGES[kind](parts)


def remedy(kind: str, parts: Parts) -> str | None:
    """Show what to do about a finding."""
    return _REMEDIES[kind](parts)


def expected(kind: str, parts: Parts) -> str | None:
    """Show what is declared."""
    return _EXPECTED[kind](parts) if kind in _EXPECTED else None


def found(parts: Parts) -> str | None:
    """Show what listens instead."""
    if parts.get('listener'):
        also = parts['also']
        return some_of(
            {'first': [parts['listener'], *(other['listener'] for other in also['first'])], 'total': 1 + also['total']},
            in_words,
        )
    return some_of(parts['listeners'], in_words) if 'group' in parts else None


# Notes

def _note(note: _parts.Note) -> str:
    if note['note'] == EXPIRED:
        return 'the waiver %s expired on %s' % (visible(note['waiver'] or '', 200), visible(note['expires'] or '', 20))
    return 'it is required'


def _also(other: _parts.Also) -> str:
    return endpoint_in_words(other['listener']) if other['together'] else in_words(other['listener'])


_MESSAGES: dict[str, Callable[[Any], str]] = {
    'forbidden': listeners.forbidden,
    'unexpected': listeners.unexpected,
    'wrong_owner': listeners.wrong_owner,
    'wrong_bind': listeners.wrong_bind,
    'overexposed': listeners.overexposed,
    'unhealthy': listeners.unhealthy,
    'missing': missing.missing,
    'unreachable': listeners.unreachable,
    'unknown': unknown.unknown,
    'waiver_expired': declarations.waiver_expired,
    'entry_unused': declarations.entry_unused,
    'waiver_unused': declarations.waiver_unused,
}
_EXPECTED: dict[str, Callable[[Any], str]] = {
    'forbidden': listeners.forbidden_expected,
    'unexpected': listeners.unexpected_expected,
    'wrong_owner': listeners.wrong_owner_expected,
    'wrong_bind': listeners.wrong_bind_expected,
    'overexposed': listeners.overexposed_expected,
    'unhealthy': listeners.unhealthy_expected,
    'missing': missing.missing_expected,
    'unreachable': listeners.unreachable_expected,
    'unknown': unknown.unknown_expected,
}
_REMEDIES: dict[str, Callable[[Any], str]] = {
    'forbidden': listeners.forbidden_remedy,
    'unexpected': listeners.unexpected_remedy,
    'wrong_owner': listeners.wrong_owner_remedy,
    'wrong_bind': listeners.wrong_bind_remedy,
    'overexposed': listeners.overexposed_remedy,
    'unhealthy': listeners.unhealthy_remedy,
    'missing': missing.missing_remedy,
    'unreachable': listeners.unreachable_remedy,
    'unknown': unknown.unknown_remedy,
    'waiver_expired': declarations.waiver_expired_remedy,
    'entry_unused': declarations.unused_remedy,
    'waiver_unused': declarations.unused_remedy,
}
