# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The end of a unit's log, from journalctl, without what looks like a secret.

Sources: systemd.journal-fields(7), journalctl(1).
"""

import glob
import json
import os
import re
import time

MOST_LINES = 5
JOURNALS = ('/var/log/journal/*/system.journal', '/run/log/journal/*/system.journal')
_MOST_CHARACTERS = 300          # of a line
_MOST_ENTRIES = 100             # to choose the lines from
_PATIENCE = 5                   # seconds for a command
_A_MOMENT = 50000               # microseconds: less than systemd waits before it starts a unit again
_WHOLE = 1000                   # characters of a line that are read
# words of lines that say why something does not run, in a log that goes on after it
_TELLING = re.compile(r"error|fail|fatal|emerg|panic|exception|denied|refus|invalid|in use|no such|can(?:no|')t"
                      r'|could not|unable|timed out|unmet', re.I)
_GONE = '[redacted]'
_SECRET = (r'(?:pass(?:word|wd|phrase|code)|(?<![a-z])pass(?![a-z])|pwd|secret|token|cookie|credential'
           r'|(?:api|access|private|encryption|signing|session)[_. -]?(?:key|id))')
_REASON = r'(?:no such|not |permission denied|operation not|invalid argument|connection|access denied|file exists)'
_VALUE = r'''("(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s&]+)'''
_REDACTED = [(re.compile(pattern, re.I), instead + _GONE) for pattern, instead in (
    (r'(-----BEGIN [A-Z ]*PRIVATE KEY-----).+', r'\1'),
    (r'^\s*[A-Za-z0-9+/=]{40,}\s*$', ''),                                # a line of such a key
    (r'((?:authorization|cookie)["\']?\s*[:=]\s*).+', r'\1'),           # a header, to its end
    (r'\b((?:bearer|basic|negotiate)\s+)[\w.~+/=-]{8,}', r'\1'),
    (r'(://)[^\s"\'<>]*(?=@)', r'\1'),                                   # a URL with a password
    (r'(?<![\w.-])[\w.-]+:[^\s:@/]+(?=@)', ''),                          # user:password@host without a scheme
    # name=value, name: value, "name": "value"
    (r'(%s[\w-]*["\']?\s*(?:[:=](?!\s)|[:=]\s+(?!%s)))%s' % (_SECRET, _REASON, _VALUE), r'\1'),
    (r'((?:^|\s)--?[\w-]*?%s[\w-]*\s+)%s' % (_SECRET, _VALUE), r'\1'),   # --name value
    (r'(%s\w*\s+(?:is|was)\s).+' % _SECRET, r'\1'),
    (r'\beyJ[\w-]{8,}[\w.-]*', ''),                                      # a JSON Web Token
    (r'([?&](?:key|sig|signature|code|auth)=)[^&\s"\']+', r'\1'),
)]
# differs between otherwise equal lines: the timestamp, which journald knows, and nginx's own numbers
_STAMP = re.compile(r'^\W?\d{4}[-/]\d\d[-/]\d\d[T ] ?\d{1,2}:\d\d:\d\d[.,]?\d*(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?\W?\s+'
                    r'|(?<=\] )\d+#\d+: ')
_LONG = re.compile(r'[A-Za-z0-9+_=-]{32,}')
# systemd's own words that add nothing to the state of the unit, or say that it waits for a file that is still empty
_OF_THE_MANAGER = re.compile(
    r': (?:Consumed .* CPU time|Failed with result|(?:Main|Control) process exited|Scheduled restart job'
    r'|Deactivated success|Failed to parse PID from file)'
    r'|^(?:Starting|Started|Stopping|Finished|Failed to start) ')


class Unseen(Exception):
    """Something could not be inspected; the message says why."""


class Commands:
    """Runs commands that share a time limit.

    :param run: callable, ``AnsibleModule.run_command`` or what takes its place; None where there is none.
    :param until: float, on the clock of ``time.monotonic``.
    """

    def __init__(self, run, until):
        self._run, self._until = run, until

    def output(self, words):
        """Run a command and return what it prints; raises Unseen."""
        left = min(int(self._until - time.monotonic()), _PATIENCE)
        if left < 1:
            raise Unseen('the time limit was reached')
        if not self._run:
            raise Unseen('%s cannot be run' % words[0])
        try:
            code, output, errors = self._run(
                ['timeout', str(left)] + words, expand_user_and_vars=False, handle_exceptions=False,
                environ_update={'LC_ALL': 'C', 'SYSTEMD_PAGER': '', 'SYSTEMD_COLORS': '0'})
        except (OSError, ValueError) as exc:
            raise Unseen(str(exc)) from exc
        if code == 124:
            raise Unseen('%s took longer than %d seconds' % (words[0], left))
        complaint = _text(errors).strip().split('\n')[0][:200]
        if code or (complaint and not output):
            raise Unseen(complaint or '%s ended with %d' % (words[0], code))
        return _text(output)


def remedy():
    """Advise what to do about something that was not seen: no words for root, since nobody sees more."""
    return ' (run with become)' if os.geteuid() else ''


def _text(output):
    return output.encode('utf-8', 'surrogateescape').decode('utf-8', 'backslashreplace')


def lines(unit, invocation, commands, journals=JOURNALS):
    """Read the last lines that a unit logged since its last start, or those of systemd about it.

    :param unit: str, the name of a unit.
    :param invocation: str, the id of that start; empty where systemd knows of none, None where it has no such ids.
    :param journals: sequence of str, patterns of the files of the journal.
    :returns: list of str, at most MOST_LINES. Of more, those that seem to report an error are preferred.
    :raises Unseen:
    """
    # anybody can log INVOCATION_ID= and UNIT=; fields with an underscore are journald's own
    wanted = ['--boot', 'UNIT=' + unit, '_UID=0'] + ([] if invocation == '' else ['+', '_SYSTEMD_UNIT=' + unit])
    if invocation:
        wanted += ['+', '_SYSTEMD_INVOCATION_ID=' + invocation, '+', 'INVOCATION_ID=' + invocation, '_UID=0']
    output = commands.output(['journalctl', '--no-pager', '--output=json', '--lines=%d' % _MOST_ENTRIES] + wanted)
    own, others = [], []
    for entry in _entries(output, invocation):
        # what is about to become the service logs as a part of systemd, and yet it is not that
        (others if entry.get('_PID') == '1' else own).extend(_message(entry))
    files = (path for pattern in journals for path in glob.glob(pattern))
    if not (own or others or any(os.access(path, os.R_OK) for path in files)):
        # with --output=json, journalctl does not say that
        raise Unseen('there is no journal%s%s' % (' that this user may read' if os.geteuid() else '', remedy()))
    return _chosen(own or [line for line in others if not _OF_THE_MANAGER.search(line)])


def _entries(output, invocation):
    """Yield the entries of one start, dict.

    Where a process ended before journald could inspect it, they do not say to which start they belong. Those behind the
    first that does belong to the same one, and so do those of a moment before: journald may read them before it reads
    that systemd has begun.
    """
    begun, before = not invocation, []
    for line in output.split('\n'):
        if not line.startswith('{'):
            continue
        try:
            entry = json.loads(line)
        except ValueError as exc:
            raise Unseen('journalctl does not write JSON') from exc
        start = entry.get('_SYSTEMD_INVOCATION_ID') or entry.get('INVOCATION_ID')
        if not begun and start is None:
            before.append(entry)
        elif not begun and start == invocation:
            begun = True
            for earlier in before:
                if _is_just_before(earlier, entry):
                    yield earlier
        if begun and (not invocation or start in (None, invocation)):
            yield entry


def _is_just_before(entry, other):
    try:
        return 0 <= int(other['__MONOTONIC_TIMESTAMP']) - int(entry['__MONOTONIC_TIMESTAMP']) < _A_MOMENT
    except (KeyError, TypeError, ValueError):
        return False


def _message(entry):
    """list of str: the lines of an entry."""
    message = entry.get('MESSAGE')
    if isinstance(message, list):
        try:
            message = bytes(message).decode('utf-8', 'backslashreplace')       # it is not UTF-8
        except (TypeError, ValueError):
            message = ' '.join(part for part in message if isinstance(part, str))       # the entry has several
    elif not isinstance(message, str):
        message = '(a message that is too long)'
    return [line for line in message.splitlines() if line.strip()]


def _chosen(texts):
    """Choose a few of these lines, each of them once, in their order."""
    texts = list(dict.fromkeys(reversed([redacted(_STAMP.sub('', text)) for text in texts])))[::-1]
    numbers = range(len(texts))
    chosen = [number for number in numbers if _TELLING.search(texts[number])][-MOST_LINES + 2:]
    rest = [number for number in numbers if number not in chosen]
    return [texts[number] for number in sorted(chosen + rest[len(chosen) - MOST_LINES:])]


def redacted(line):
    """Remove from a line what looks like a secret, and what makes it too long."""
    if len(line) > _WHOLE:
        line = line[:_WHOLE].rpartition(' ')[0] or _GONE        # half of a secret does not look like one
    for pattern, instead in _REDACTED:
        line = pattern.sub(instead, line)
    return _LONG.sub(_unless_a_word, line).strip()[:_MOST_CHARACTERS]


def _unless_a_word(match):
    """Keep a long word unless it has letters and digits: these are keys rather than names."""
    text = match.group()
    return _GONE if re.search('[0-9]', text) and re.search('[A-Za-z]', text) else text
