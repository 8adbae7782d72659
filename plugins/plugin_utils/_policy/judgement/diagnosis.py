# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a unit does not listen, for who is woken by it. Private to this collection.

All text is that of a host, but for the few words of systemd that are known here.
"""

import re

from ... import _listener, _words
from ..._harmless.terminal import name, sentence

_RESULTS = {
    'timeout': 'it took too long', 'watchdog': 'it gave no sign of life', 'oom-kill': 'there was not enough memory',
    'start-limit-hit': 'it was started too often', 'resources': 'what it needs could not be set up',
    'protocol': 'it never said that it was ready', 'exec-condition': 'a condition of it was not met',
}
# Those that have the same number on every Linux.
_SIGNALS = {1: 'SIGHUP', 2: 'SIGINT', 3: 'SIGQUIT', 4: 'SIGILL', 5: 'SIGTRAP', 6: 'SIGABRT', 8: 'SIGFPE', 9: 'SIGKILL',
            11: 'SIGSEGV', 13: 'SIGPIPE', 14: 'SIGALRM', 15: 'SIGTERM'}
_ABSENT = {
    'not-found': 'does not exist on this host', 'masked': 'is masked, so that nothing can start it',
    'invalid': 'is not the name of a unit of the system',
    'template': 'is a template, and the entry names no instance of it',
}
_BROKEN = ('bad-setting', 'error')
_MOST = 300         # characters of a line
# What a log says of why a port cannot be had, and of other failures. The last line of those that say most is told.
_TELLING = (
    re.compile(r'address (?:already )?in use|permission denied|cannot assign requested address|no such file'
               r'|eaddrinuse|eacces\b|eaddrnotavail', re.I),
    # what is wrong, before that something is
    re.compile(r'\[(?:emerg|alert|crit)\]|fatal|panic|syntax error|unexpected|unrecognized|not recognized'
               r'|(?:invalid|unknown|bad|duplicate) \S|[a-z]error: |[a-z]exception: ', re.I),
    re.compile(r"error|fail|fatal|emerg|panic|exception|denied|refus|invalid|no such|can(?:no|')t|could not"
               r'|unable|timed out|unmet', re.I),
)


def in_words(diagnosis):
    """One or two sentences, without the last stop, that are harmless to print.

    :param diagnosis: dict, as ``_packed.check`` lets it pass.
    """
    unit, known = name(diagnosis['unit'], 256), diagnosis['id']
    if known and known not in (diagnosis['unit'], diagnosis['unit'] + '.service'):
        unit += ', which is %s,' % name(known, 256)
    elif known:
        unit = name(known, 256)
    parts = ['%s %s' % (unit, _state(diagnosis))] if diagnosis['load'] else []
    unseen = [sentence(reason, _MOST) for reason in diagnosis['unseen']]
    if not parts:
        return '%s could not be looked at: %s' % (unit, '; '.join(unseen) or 'the host does not say why')
    if diagnosis['lines']:
        line, telling = _line(diagnosis['lines'])
        if known and line.startswith(known + ': '):
            line = line[len(known) + 2:]        # as systemd begins what it says of a unit
        parts.append('%s%s' % (': ' if telling else '; its log ends with: ', sentence(line, _MOST)))
    elif not unseen and diagnosis['load'] not in _ABSENT and diagnosis['active'] in ('failed', 'activating'):
        parts.append('; its log says no more')
    return ''.join(parts + ['; %s' % reason for reason in unseen])


def elsewhere(units, listeners):
    """What units that miss a listener hold instead: text as that of ``in_words``, or None where they hold nothing.

    :param units: list of str.
    :param listeners: iterable of dict, all that the host has.
    """
    listeners = list(listeners)
    for unit in units:
        held = [each for each in listeners if unit in (each['service'], each['activated_by'])]
        if held:
            return '%s is running, and listens on %s' % (name(unit, 256), _words.some(map(_listener.endpoint, held)))
    return None


def _state(diagnosis):
    load, active, sub = (diagnosis[key] for key in ('load', 'active', 'sub'))
    if load in _ABSENT:
        return _ABSENT[load]
    if load in _BROKEN:
        return 'has a unit file that systemd does not accept'
    shown = ' (%s)' % name(sub, 100) if sub and sub != active else ''
    if active == 'failed':
        return 'has failed%s' % _why(diagnosis)
    if active == 'activating' and (sub or '').startswith('auto-restart'):
        return 'ends again and again, and waits for its next start%s' % _why(diagnosis)
    if active == 'activating':
        return 'is still starting%s' % shown
    if active == 'inactive':
        ended = ' any more: it ended with exit code %d' % diagnosis['exit'] if diagnosis['exit'] is not None else ''
        boot = ', and is disabled, so that no boot starts it' if diagnosis['enabled'] == 'disabled' else ''
        return 'is not running%s%s' % (ended, boot)
    if active == 'active' and sub == 'exited':
        return 'has done its work and ended (active, exited)'
    if active == 'active':
        holds = {False: ', and holds no listener', True: ', and listens elsewhere', None: ''}[diagnosis['holds']]
        return ('is running' if sub == 'running' else 'is active' + shown) + holds
    return 'is %s%s' % (name(active, 100) if active else 'in a state that is not known', shown)


def _why(diagnosis):
    """The result of the last run, in parentheses."""
    result, number = diagnosis['result'], diagnosis['exit']
    if result in ('signal', 'core-dump') and number is not None:
        dump = ', with a core dump' if result == 'core-dump' else ''
        return ' (ended by %s%s)' % (_SIGNALS.get(number, 'signal %d' % number), dump)
    if number is not None:
        return ' (exit code %d)' % number
    return ' (%s)' % (_RESULTS.get(result) or name(result, 100)) if result and result != 'success' else ''


def _line(lines):
    """The line that says most, and whether it tells of a failure."""
    for pattern in _TELLING:
        found = [line for line in lines if pattern.search(line)]
        if found:
            return found[-1], True
    return lines[-1], False
