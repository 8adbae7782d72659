# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A timer of systemd that starts again what was stopped, whatever becomes of the run that has stopped it.

There is one for a host, by its name. A boot forgets it, and starts what is enabled. Before it starts anything it leaves
a mark: who stops the timer and finds none knows that nothing was started.

What it runs has to survive that systemd reads its unit again, as it does whenever anybody enables a unit. systemd 252
writes "$" and ";" in a form that it does not read back as what they were. So there are none.

Sources: systemd-run(1), systemd.timer(5), systemd.service(5) on command lines.
"""

import contextlib

from .._notes import RUN
from .._systemd.control import TookTooLong, control
from .._systemd.systemctl import SystemdError

NAME = 'listening-ports-undo'
TIMER, SERVICE = NAME + '.timer', NAME + '.service'
_MARK = 'undone'
_PATIENCE = 15                  # seconds
# For a shell. What has "-" before it in a unit keeps nothing from being started where it fails
_LEAVE_MARK = 'echo {} > %s'


class Exists(SystemdError):
    """There is such a timer already."""


class Undo:
    """The timer.

    :param run: callable that runs a command, as ``AnsibleModule.run_command``.
    :param find: callable, from the name of a program to its path, or None.
    :param notes: ``_notes.Notes``.
    :param manager: ``properties.Manager``.
    """

    def __init__(self, run, find, notes, manager):
        self._run, self._find, self._notes, self._manager = run, find, notes, manager

    def is_armed(self):
        """bool: it waits, or is at work. Raises SystemdError."""
        known = self._manager.ask([TIMER, SERVICE], ['ActiveState'])
        states = {values.get('Id'): values.get('ActiveState') for values in known}
        if set(states) != {TIMER, SERVICE}:
            raise SystemdError('systemctl does not show %s' % TIMER)
        return any(state not in ('inactive', 'failed') for state in states.values())

    def has_begun(self):
        """bool: it has begun to start units."""
        return self._notes.noted(_MARK) is not None

    def arm(self, units, seconds):
        """Have units started by and by.

        :param units: list of str.
        :param seconds: int, from now on.
        :raises Exists: there is one, which is not of this run.
        :raises SystemdError: it cannot be set. :raises OSError: the mark of an earlier one cannot be removed.
        """
        starter = self._find('systemctl')
        shell = self._find('sh')
        if not starter or not shell:
            raise SystemdError('%s is not there' % ('sh' if starter else 'systemctl'))
        self._notes.forget(_MARK)
        try:
            control(self._run, self._find, [
                '--quiet', '--collect', '--unit=' + NAME, '--on-active=%d' % seconds,
                '--timer-property=AccuracySec=100ms', '--description=Start again what stop_listener has stopped',
                '--property=ExecStartPre=-%s -c "%s"' % (shell, _LEAVE_MARK % ('%s/%s.json' % (RUN, _MARK))),
                '--', starter, 'start', '--'] + list(units),
                _PATIENCE, 'systemd-run')
        except TookTooLong:
            with contextlib.suppress(SystemdError):     # then it starts what runs already
                self.disarm()
            raise
        except SystemdError as exc:
            if self.is_armed():
                raise Exists(str(exc)) from exc
            raise
        if not self.is_armed():
            raise SystemdError('systemd-run has set no timer')

    def disarm(self):
        """Have nothing started any more. Raises SystemdError where that is not sure."""
        try:
            control(self._run, self._find, ['stop', '--', TIMER, SERVICE], _PATIENCE)
        except SystemdError:
            if self.is_armed():
                raise
