# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says what is wrong with a declaration: what has expired, and what is not needed any more."""

from ...._harmless.terminal import visible
from ...._words import number
from .. import parts as _parts
from . import words


# waiver_expired

def waiver_expired(parts: _parts.WaiverExpired) -> str:
    days, expires = parts['days'], visible(parts['expires'], 20)
    if days is None:
        when = 'expired on %s' % expires
    else:
        when = 'expires %s, on %s' % ('in %s' % number(days, 'day') if days else 'today', expires)
    by = ' (owner: %s)' % visible(parts['owner'], 200) if parts['owner'] else ''
    return 'The waiver %s of %s%s %s' % (visible(parts['waiver'], 200), words.variable_of(parts['variable']), by, when)


def waiver_expired_remedy(parts: _parts.WaiverExpired) -> str:
    return 'fix what it %s, or renew it' % ('waived' if parts['days'] is None else 'waives')


# entry_unused and waiver_unused

def entry_unused(parts: _parts.Unused) -> str:
    return _matched_nothing('entry', 'matched nothing', parts)


def waiver_unused(parts: _parts.Unused) -> str:
    return _matched_nothing('waiver', 'waived nothing', parts)


def _matched_nothing(noun: str, did: str, parts: _parts.Unused) -> str:
    hosts = parts['hosts']
    where = (
        'on the host that was judged by it' if hosts == 1 else 'on any of the %d hosts that were judged by it' % hosts
    )
    return 'The %s %s of %s %s %s' % (
        noun, visible(parts['label'], 200), words.variable_of(parts['variable']), did, where)


def unused_remedy(parts: _parts.Unused) -> str:
    return 'remove it, unless it is for something temporary'
