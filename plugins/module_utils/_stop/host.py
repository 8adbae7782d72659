# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that stopping asks of a host and does to it, for the steps to decide what and when.

Source: systemctl(1).
"""

import os
import time

from .._notes import Notes
from .._systemd import properties, systemctl
from .._systemd.control import PATIENCE, control
from .._systemd.systemctl import SystemdError
from .undo import Undo

_RESTS = ('inactive', 'failed')
ENABLED, RUNTIME, SYSV = 'enabled', 'enabled-runtime', 'sysv'
_MASKED = ('masked', 'masked-runtime')
_LOADED = frozenset(('loaded', 'masked'))
_SCRIPTS = '/etc/init.d/'
_SOCKETS, _OWNERS = (), ('owners',)


class Host:
    """A host.

    :param run: callable that runs a command, as ``AnsibleModule.run_command``.
    :param find: callable, from the name of a program to its path, or None.
    :param notes: ``_notes.Notes``, of tests.
    :ivar notes: Notes. :ivar undo: Undo.
    :cvar ticks: int, of which there are so many in a second, see ``now``.
    """

    ticks = os.sysconf('SC_CLK_TCK')
    clock, sleep = staticmethod(time.monotonic), staticmethod(time.sleep)

    def __init__(self, run, find, notes=None):
        self._run, self._find, self.notes = run, find, notes or Notes()
        self._manager = properties.Manager(run, self.notes.booted)
        self.undo = Undo(run, find, self.notes, self._manager)

    @staticmethod
    def is_root():
        """bool: this is root."""
        return os.geteuid() == 0

    @staticmethod
    def connection(told):
        """Connection in use, or None, see ``_connection.find``."""
        from .. import _connection
        return _connection.find(told)

    @staticmethod
    def now():
        """int: a tick of the clock of the kernel's processes, see ``_connection.now``."""
        from .. import _connection
        return _connection.now()

    # what is there

    def decide(self, connection, options):
        """Look, and decide: ``decide.Decision``.

        :param connection: Connection in use, or None.
        :raises Unseen, CollectorError: the host does not show what it has to.
        """
        from .decide import decide
        from .view import look
        return decide(look(self._run, connection, wanted=frozenset(options['listeners']), booted=self.notes.booted,
                           manager=self._manager), options)

    def listening(self):
        """set of str: the ids of all that listens. Raises CollectorError."""
        return {record['id'] for record in self._facts(_SOCKETS)}

    def listeners(self):
        """dict: id of a listener to what facts say of it. Raises CollectorError."""
        return {record['id']: record for record in self._facts(_OWNERS)}

    def _facts(self, gather):
        from .. import _facts
        return _facts.collect(gather, run=self._run)['listeners']

    @staticmethod
    def parent(pid):
        """str: what the parent of a process is called; None if that is not known."""
        from .._connection import status_of
        status = status_of(pid, '/proc')
        try:
            with open('/proc/%d/comm' % (status[0] if status else 0), 'rb') as stream:
                return stream.read(64).decode('utf-8', 'backslashreplace').rstrip('\n') or None
        except OSError:
            return None

    # systemd

    def running(self, units):
        """list of str: those of these units that run. Raises SystemdError."""
        states = systemctl.values(units, 'ActiveState', self._run) if units else {}
        return [unit for unit in units if states.get(unit, 'inactive') not in _RESTS]

    def enabled(self, units):
        """dict: those of these units that a boot starts by themselves to ENABLED, RUNTIME or SYSV.

        :raises SystemdError: systemctl does not tell.
        """
        states = systemctl.values(units, 'UnitFileState', self._run) if units else {}
        generated = [unit for unit in units if states.get(unit) == 'generated']
        sources = systemctl.values(generated, 'SourcePath', self._run) if generated else {}
        kinds = {unit: states[unit] for unit in units if states.get(unit) in (ENABLED, RUNTIME)}
        kinds.update((unit, SYSV) for unit in generated
                     if (sources.get(unit) or '').startswith(_SCRIPTS) and self._is_enabled(unit))
        return kinds

    def masked(self, units):
        """set of str: those of these units that nothing can start. Raises SystemdError."""
        states = systemctl.values(units, 'UnitFileState', self._run) if units else {}
        return {unit for unit in units if states.get(unit) in _MASKED}

    def are_loaded(self, units):
        """bool: systemd knows all of these units. Raises SystemdError."""
        return set(systemctl.values(units, 'LoadState', self._run).values()) <= _LOADED if units else True

    def awaited(self, units):
        """list of str: those of these units that systemd is about to start, or to stop. Raises SystemdError."""
        jobs = systemctl.values(units, 'Job', self._run) if units else {}
        return [unit for unit in units if jobs.get(unit) not in (None, '', '0')]

    def file_of(self, unit):
        """str: the path of the file of a unit, perhaps empty. Raises SystemdError."""
        return systemctl.values([unit], 'FragmentPath', self._run).get(unit) or ''

    def stop(self, units, patience):
        """Stop units at once, and wait until they are. Raises SystemdError."""
        control(self._run, self._find, ['stop', '--'] + list(units), patience)

    def start(self, units, patience=PATIENCE):
        """Start units, and wait until they run. Raises SystemdError."""
        control(self._run, self._find, ['start', '--'] + list(units), patience)

    def disable(self, unit, kind):
        """Have a boot start a unit no more, which is enabled in a way. Raises SystemdError."""
        control(self._run, self._find, ['disable', '--quiet'] + ['--runtime'] * (kind == RUNTIME) + ['--', unit])

    def mask(self, unit):
        """Have nothing start a unit any more. Raises SystemdError."""
        control(self._run, self._find, ['mask', '--quiet', '--', unit])

    def _is_enabled(self, unit):
        """bool: a boot starts a unit, also by a script."""
        try:
            control(self._run, self._find, ['is-enabled', '--quiet', '--', unit])
        except SystemdError:
            return False
        return True

    # processes

    @staticmethod
    def end(processes):
        """End processes, see ``processes.end``.

        :param processes: list of dict, fields of ``processes.Bare``.
        """
        from .processes import Bare, end
        return end([Bare(bare['pid'], bare['started'], bare['exe'], tuple(bare['inodes'])) for bare in processes])
