# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says what closes a port, and breaks nothing that is declared."""

from ...._harmless.terminal import operand
from ...._listener import FORWARDED, PUBLISHED, Excerpt
from ...._windows import listeners as windows
from ..parts import Parts
from . import words


def unit_of(listener: Excerpt) -> str:
    """Show the unit of a listener in an advice, which has no names in it but those that a command can be given."""
    return words.operand_of(listener, listener['unit']) or 'it'


def _units(listener: Excerpt) -> str | None:
    """Show what has to be stopped, as it can be given to a command; None where nothing can."""
    operands = [words.operand_of(listener, unit) for unit in listener.get('stop') or filter(None, [listener['unit']])]
    named = [unit for unit in operands if unit]
    if not named or None in operands:
        return None
    if not words.is_on_windows(listener):
        return ' and '.join(named)
    service = 'the service %s' % ' and '.join(named)
    # whoever copies a command that stops one of these may lose the host
    if windows.may_be_needed(listener['unit'] or ''):
        return '%s where the host can do without it' % service
    return '%s (Stop-Service %s)' % (service, ', '.join(named))


def _to_turn_off(listener: Excerpt) -> str | None:
    """Show what ends a listener of Windows that no service has; None where it is that of a process."""
    if listener['around'] == windows.HTTP_SYS:
        return 'end the process for which http.sys listens (netsh http show servicestate lists them)'
    processes = [owners['process'] or '' for owners in listener['owners']]
    if processes and all(map(windows.is_of_windows, processes)):
        return 'turn off the feature of Windows that listens there, or restrict it with the firewall'
    return None


def to_stop(parts: Parts) -> str:
    """Show what closes the port, and breaks nothing that is declared."""
    listener, needed, reason = parts['listener'], parts.get('needed'), parts['listener'].get('reason')
    units = _units(listener)
    if needed and needed['total']:
        unit = words.operand_of(listener, listener['unit']) or 'its service'
        how = 'switch it off in the configuration of %s (stopping that would break %s)' % (
            unit, words.places_of(needed))
    elif units:
        how = 'stop %s' % units
    elif reason == FORWARDED:
        return 'remove the rule that forwards it'
    elif reason == PUBLISHED:
        how = 'stop the container that it is published for'
    elif words.is_on_windows(listener):
        how = _to_turn_off(listener) or 'stop it'
    elif listener['spared'] and listener['around'] and operand(listener['around']):
        how = 'stop it (stopping %s would not close it)' % operand(listener['around'])
    else:
        how = 'stop it'
    return '%s%s' % (how, ', unless you are connected through it' if listener['way_in'] else '')
