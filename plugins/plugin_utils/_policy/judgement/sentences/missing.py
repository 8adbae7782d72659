# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says what has to listen and does not."""

from ...._harmless.terminal import visible
from ...._listener import in_words
from ...._windows import exit_codes
from ...._words import some_of
from .. import parts as _parts
from . import units, words


def missing(parts: _parts.Missing) -> str:
    owner, in_the_way = _owner_and_address(parts), parts['in_the_way']
    message = '%s%s has to listen on %s (%s)' % (
        words.capital(owner),
        ',' if parts['where'] else '',
        _ports(parts),
        words.place_of(parts),
    )
    if in_the_way['total']:
        message += ', but the port is already in use by %s' % some_of(in_the_way, in_words)
    elif parts['present']:
        message += ', but only %d of %d %s' % (
            parts['present'], parts['need'] or 0, 'does' if parts['present'] == 1 else 'do')
    else:
        message += ', but nothing does'
    if _is_set_aside(parts):
        message += ', and no program can: Windows has set %s aside (error %d)' % (
            some_of(parts['set_aside'], lambda port: visible(port, 100)), exit_codes.SET_ASIDE)
    if parts['diagnosis']:
        return '%s. %s' % (message, units.diagnosis(parts['diagnosis']))
    return '%s. %s' % (message, units.elsewhere(parts['elsewhere'])) if parts['elsewhere'] else message


def _owner_and_address(parts: _parts.Missing) -> str:
    return words.who(parts['who']) + (', bound to %s' % words.where(parts['where']) if parts['where'] else '')


def _ports(parts: _parts.Missing) -> str:
    """Show ports: ``tcp/80, one of tcp/8000-8010``; or of what is needed in part, ``2 of tcp/81, tcp/82, tcp/83``."""
    need = parts['need']
    text = some_of(
        parts['ports'], lambda port: '%s%s' % ('one of ' if port['one_of'] else '', visible(port['item'], 100)), 8
    )
    return '%s of %s' % ('one' if need == 1 else need, text) if need else text


def missing_expected(parts: _parts.Missing) -> str:
    return '%s on %s' % (_owner_and_address(parts), _ports(parts))


def _is_set_aside(parts: _parts.Missing) -> bool:
    """Whether Windows gives some of the ports to no program; records of earlier versions do not say."""
    return bool(parts.get('set_aside') and parts['set_aside']['total'])


def missing_remedy(parts: _parts.Missing) -> str:
    if parts['in_the_way']['total']:
        return 'free the port, or declare its current owner'
    if _is_set_aside(parts):
        return ('choose another port, or restart what Windows has set it aside for, and reserve it before (netsh int '
                'ipv4 show excludedportrange lists the ranges, add excludedportrange reserves one)')
    how = 'make it listen there, or give the entry state: optional'
    if parts.get('forwards_unseen'):
        how += '; if the host forwards the port, gather the firewall %s (option gather)' % (
            'as an administrator' if words.is_on_windows(parts) else 'with become')
    return how
