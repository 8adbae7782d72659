# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says why a unit, or a service of Windows, does not listen."""

from ...._harmless.terminal import name, sentence
from ...._listener import endpoint_in_words
from ...._windows import exit_codes
from ...._words import some_of
from .. import parts as _parts
from . import words


# What systemd calls the result of the last run of a unit.
_RESULTS = {
    'timeout': 'it took too long', 'watchdog': 'its watchdog timed out', 'oom-kill': 'there was not enough memory',
    'start-limit-hit': 'it was started too often', 'resources': 'its resources could not be set up',
    'protocol': 'it never reported that it was ready', 'exec-condition': 'one of its conditions was not met',
}
# Those that have the same number on every Linux.
_SIGNALS = {1: 'SIGHUP', 2: 'SIGINT', 3: 'SIGQUIT', 4: 'SIGILL', 5: 'SIGTRAP', 6: 'SIGABRT', 8: 'SIGFPE', 9: 'SIGKILL',
            11: 'SIGSEGV', 13: 'SIGPIPE', 14: 'SIGALRM', 15: 'SIGTERM'}
_ABSENT = {
    'not-found': 'does not exist on this host', 'masked': 'is masked, so nothing can start it',
    'invalid': 'is not a valid unit name',
    'template': 'is a template, but the entry names no instance of it',
}
_BROKEN = ('bad-setting', 'error')


def diagnosis(known: _parts.Diagnosis) -> str:
    """Show why a unit does not listen, for those who are woken by it: one or two sentences, without the last stop."""
    unit, full_name = name(known['unit'], 256), known['id']
    if full_name and full_name.endswith('.socket') and not known['unit'].endswith('.socket'):
        unit = '%s, which starts %s,' % (name(full_name, 256), unit)
    elif full_name and full_name != known['unit'] and not _is_suffix(full_name, known['unit']):
        unit += ', which is %s,' % name(full_name, 256)
    elif full_name:
        unit = name(full_name, 256)
    if not known['load']:
        return '%s could not be inspected: %s' % (
            unit, '; '.join(sentence(reason, 300) for reason in known['unseen']) or 'the host gives no reason')
    parts = ['%s %s' % (unit, _state(known))]
    if known['line']:
        parts.append('%s%s' % (': ' if known['telling'] else '; its log ends with: ', words.of_host(known['line'])))
    elif not known['unseen'] and known['load'] not in _ABSENT and known['active'] in ('failed', 'activating'):
        parts.append('; its log says nothing further')
    return ''.join([*parts, *('; %s' % sentence(reason, 300) for reason in known['unseen'])])


def _is_suffix(full_name: str, unit: str) -> bool:
    """Whether names differ by ``.service`` at most: units have it, and services of Windows, in any case, have not."""
    folded = full_name.casefold()
    return full_name == unit + '.service' or unit.casefold() in (folded, folded + '.service')


def _state(known: _parts.Diagnosis) -> str:
    load, active, sub = known['load'], known['active'], known['sub']
    if load in _ABSENT:
        return _ABSENT[load]
    if load in _BROKEN:
        return 'has a unit file that systemd does not accept'
    if sub == 'stopped':        # no unit is, but services of Windows are
        return _stopped(known)
    details = ' (%s)' % name(sub, 100) if sub and sub != active else ''
    if active == 'failed':
        return 'has failed%s' % _result(known)
    if active == 'activating' and (sub or '').startswith('auto-restart'):
        return 'keeps exiting, and is waiting to be restarted%s' % _result(known)
    if active == 'activating':
        return 'is still starting%s' % details
    if active == 'inactive':
        ended = ' any more: it ended with exit code %d' % known['exit'] if known['exit'] is not None else ''
        boot = ', and is disabled, so it does not start at boot' if known['enabled'] == 'disabled' else ''
        return 'is not running%s%s' % (ended, boot)
    if active == 'active' and sub == 'exited':
        return 'has finished (active, exited)'
    if active == 'active':
        holds = {False: ', but owns no listener', True: ', but listens elsewhere', None: ''}[known['holds']]
        return ('is running' if sub == 'running' else 'is active' + details) + holds
    return 'is %s%s' % (name(active, 100) if active else 'in an unknown state', details)


def _stopped(known: _parts.Diagnosis) -> str:
    """Show why a service of Windows is stopped, and what keeps it so."""
    result = known['result']
    if result == 'never-started':
        state = 'has not been started since the last boot'
    else:
        state = 'has failed%s' % _result(known) if known['active'] == 'failed' else 'is stopped, without an error'
    keeps = {'disabled': 'its start type is disabled, so nothing can start it',
             'manual': 'its start type is manual, so it does not start at boot'}.get(known['enabled'] or '')
    return '%s%s' % (state, ', and %s' % keeps if keeps else '')


def _result(known: _parts.Diagnosis) -> str:
    """Show the result of the last run, in parentheses."""
    result, code = known['result'], known['exit']
    if result in ('win32', 'specific') and code is not None:
        return ' (%serror %s)' % ('its own ' if result == 'specific' else '', exit_codes.with_words(
            code, is_own=result == 'specific', form='%s: %s'))
    if result in ('signal', 'core-dump') and code is not None:
        dump = ', with a core dump' if result == 'core-dump' else ''
        return ' (ended by %s%s)' % (_SIGNALS.get(code, 'signal %d' % code), dump)
    if code is not None:
        return ' (exit code %d)' % code
    return ' (%s)' % (_RESULTS.get(result) or name(result, 100)) if result and result != 'success' else ''


def elsewhere(known: _parts.Elsewhere) -> str:
    """Show where a unit listens instead."""
    return '%s is running, but listens on %s' % (
        name(known['unit'], 256),
        some_of(known['listeners'], endpoint_in_words),
    )
