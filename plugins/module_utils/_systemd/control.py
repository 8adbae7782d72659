# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Has systemd do something, by systemctl and systemd-run. What only looks is in ``systemctl``.

Sources: systemctl(1), systemd-run(1), timeout(1).
"""

from .systemctl import SystemdError

PATIENCE = 30                   # seconds for one call
_LONGEST = 300                  # characters of what a program complains about
# timeout(1) kills its group, and itself with it: what is polite may be ignored, and stay behind
TOO_LONG = (-9, 137)
_LONGEST_CALL = 120


class TookTooLong(SystemdError):
    """The call was given up. Systemd may still be at it."""


def control(run, find, words, patience=PATIENCE, program='systemctl'):
    """Run a program of systemd. A manager that hangs would keep it waiting for minutes, so its time is limited.

    :param run: callable that runs a command, as ``AnsibleModule.run_command``.
    :param find: callable, from the name of a program to its path, or None.
    :param words: list of str, after the name of the program.
    :param patience: number of seconds.
    :raises SystemdError: it is missing, or failed.
    """
    path = find(program)
    if not path:
        raise SystemdError('%s is not there, although systemd has booted this host' % program)
    seconds = max(1, int(patience))
    code, dummy, errors = run(
        ['timeout', '-s', 'KILL', str(seconds), path] + list(words), expand_user_and_vars=False,
        handle_exceptions=False, environ_update={'LC_ALL': 'C', 'SYSTEMD_COLORS': '0'})
    call = ' '.join([program] + list(words))
    if len(call) > _LONGEST_CALL:
        call = ' '.join([program] + [word for word in words[:1] if not word.startswith('-')])
    if code in TOO_LONG:
        raise TookTooLong('%s did not end within %d s, and was ended' % (call, seconds))
    if code:
        raise SystemdError('%s: %s' % (call, clean(errors)))


def clean(errors):
    """str: what a program complains about, in one line."""
    text = ' '.join(errors.encode('utf-8', 'surrogateescape').decode('utf-8', 'replace').split())
    return text[:_LONGEST] or 'it does not say why'
