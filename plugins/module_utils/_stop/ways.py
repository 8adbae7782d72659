# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a listener is closed, by what is known of itself: units that are stopped, processes that are ended.

Or else it is left: the first reason that holds, in the order of ``of``.
"""

import posixpath
import re

from . import by_hand, protected
from .arguments import DESPITE

# Names of programs that start their children again
_PM2 = 'PM2'
_SUPERVISORS = ('supervisord', _PM2, 'runsv', 's6-supervise', 'supervise', 'circusd', 'dinit', 'perpd', 'monit',
                'forever', 'god', 'horust', 'immortal')
_SUPER_SERVERS = ('inetd', 'xinetd', 'openbsd-inetd', 'inetutils-inetd', 'rlinetd')
_CRON = ('cron.service', 'crond.service', 'cronie.service', 'anacron.service', 'atd.service', 'fcron.service')
INIT = 1
_ELSEWHERE = re.compile(r'[a-z0-9]+/(?:\[[^\]]*\]|[^:]*):[0-9]+@')


def in_order(units):
    """list of str: units, sorted; sockets, timers and paths before services."""
    return sorted(units, key=lambda unit: (unit.endswith('.service'), unit))


class Left(Exception):
    """A listener is left.

    :ivar reason: str, of ``decide.REASONS``. :ivar about: dict, what a sentence on it needs.
    :ivar command: str, what a person could run instead, or None.
    """

    def __init__(self, reason, command=None, **about):
        super().__init__(reason)
        self.reason, self.command, self.about = reason, command, about


class Way:
    """How a listener is closed: by stopping units, or ending processes, or both, as it has owners of both kinds.

    :ivar stopped: frozenset of str, units. :ivar gone: frozenset of str, units that go with them.
    :ivar pids: tuple of int.
    """

    def __init__(self, graph, stopped, pids):
        self.stopped, self.pids = frozenset(stopped), tuple(pids)
        self.gone = frozenset(graph.going(self.stopped)) if graph else frozenset()


class Ways:
    """Finds ways.

    :param view: ``view.View``.
    :param options: dict, those of ``arguments.ARGUMENTS``.
    :ivar despite: list of str, reasons that do not count.
    :ivar in_use: set of str, the units that the connection in use depends on.
    """

    def __init__(self, view, options):
        self.view, self.graph, self.options = view, view.units, options
        self.despite = [code for code in options['despite'] if code in DESPITE]
        self.records = {record['id']: record for record in view.listeners}
        self.in_use = {name for pid in view.lineage for name in [self.unit_of(pid)] if name}

    def of(self, name):
        """Find how a listener is closed, as far as nothing else is looked at.

        :param name: str, its id.
        :returns: Way. Raises Left.
        """
        if _ELSEWHERE.match(name):
            raise Left('namespace')
        if self.view.unseen:
            raise Left('hidden', why=list(self.view.unseen))
        record = self.records.get(name)
        if record is None:
            raise Left('gone')
        if record['namespace'] is not None:
            raise Left('namespace')
        self._unless_in_use(record)
        owners = self._owners(record)
        units = self._units_of(record, owners)
        by_unit, stand_in = self._to_stop(units), by_hand.is_stand_in(owners)
        if not stand_in:
            self._unless_protected(by_unit, owners)
        for unit in map(self.graph.get, by_unit) if by_unit else ():
            if unit.RefuseManualStop or (unit.runs and not unit.comes_back):
                raise Left('refuses', unit=unit.Id, by='stop' if unit.RefuseManualStop else 'start')
        self._unless_by_hand(record, owners, stand_in)
        if record['held_by'] != 'processes' or len(record['owners']) < record['owners_total']:
            raise Left('hidden', why=[])
        bare = [owner for owner in owners if not self._is_units_own(owner)]
        if self.graph is None and any(owner['unit'] for owner in owners):
            raise Left('no_systemd')
        for owner in bare:
            self._unless_spared(owner, record['activated_by'])
        return Way(self.graph, by_unit, [owner['pid'] for owner in bare])

    def _owners(self, record):
        """list of dict: the owners to be stopped, that is all but systemd where it has the listener for a socket unit.

        One that has ended since it was looked at needs nothing. Raises Left if that leaves none.
        """
        owners = [owner for owner in record['owners'] if not self._is_socket_unit(owner, record)]
        alive = [owner for owner in owners if owner['pid'] in self.view.processes]
        if any(self.view.processes[owner['pid']].name != owner['process'] for owner in alive) or (owners and not alive):
            raise Left('hidden', why=['its owners changed while they were looked at'])
        return alive

    def _to_stop(self, units):
        """list of str, sorted."""
        return sorted({other for unit in units for other in self.graph.to_stop(unit)}) if units else []

    def _units_of(self, record, owners):
        """set of str: the units whose stop ends it: its socket unit, and those that its owners are of."""
        if self.graph is None:
            return set()
        units = {owner['unit'] for owner in owners if self._is_units_own(owner)}
        socket = record['activated_by']
        if socket and self.graph.get(socket):
            units.add(socket)
        return units

    def _is_socket_unit(self, owner, record):
        """bool: it is systemd itself, which has the listener for a socket unit."""
        socket = record['activated_by']
        return owner['pid'] == INIT and bool(socket) and self.graph is not None and bool(self.graph.get(socket))

    def unit_of(self, pid):
        """str: the unit that a process is in, if systemd says so too; None if there is none."""
        process = self.view.processes.get(pid)
        unit = self.graph.get(process.unit) if process and process.unit and self.graph else None
        return unit.Id if unit and unit.has(process.groups) else None

    def _is_units_own(self, owner):
        """bool: stopping its unit ends this owner, and is what is meant to end it."""
        name = self.unit_of(owner['pid'])
        unit = self.graph.get(name) if name else None
        if unit is None or not name.endswith('.service') or not unit.comes_back:
            return False
        if unit.is_sysv and not unit.MainPID:
            return True
        if owner['pid'] == unit.MainPID:
            return True
        if unit.spares:
            return False
        main = self.view.processes.get(unit.MainPID)
        # without a main process there is nothing that it could be strange to
        return not unit.MainPID or (main is not None and self.view.processes[owner['pid']].session == main.session)

    def _unless_in_use(self, record):
        connection, lineage = self.view.connection, self.view.lineage
        if connection and record['protocol'] == 'tcp' and record['port'] == connection['port']:
            raise Left('in_use', by='port', port=record['port'])
        for owner in record['owners']:
            if owner['pid'] in lineage:
                raise Left('in_use', by='process', process=owner['process'], pid=owner['pid'])

    def _unless_protected(self, units, owners):
        """Raise Left if a unit is one that the connection in use needs, or if something is protected."""
        for unit in units:
            if unit in self.in_use:
                raise Left('in_use', by='unit', unit=unit)
        for owner in owners:
            if owner['pid'] == INIT:            # whoever insists
                raise Left('protected', why='init', name=owner['process'])
        if 'protected' in self.despite:
            return
        protection = self._protection(units, owners)
        if protection:
            raise Left('protected', why=protection.why, name=protection.name)

    def _protection(self, units, owners):
        patterns, nfs = self.options['protected'], self.view.nfs
        for name in units:
            unit = self.graph.get(name)
            protection = protected.of_unit(unit.names if unit else (name,), patterns, nfs)
            if protection:
                return protection
        for owner in owners:
            unit, process = owner['unit'] or '', owner['process']
            if '/' in unit:                     # what a user runs there tells nothing
                protection = protected.as_asked((process, owner['exe']), patterns)
            else:
                protection = protected.of_process(process, owner['exe'], patterns, nfs)
            protection = protection or protected.of_unit([unit], patterns, nfs)
            if protection:
                return protection
        return None

    def _unless_by_hand(self, record, owners, stand_in):
        """Raise Left where a person has to do it, with the command."""
        if record['held_by'] == 'kernel':
            maker = self.view.makers.get(record['id'], '')
            raise Left('kernel', by_hand.of_kernel(maker), **({'made_by': maker} if maker else {}))
        container = next((owner['container'] for owner in owners if owner['container']), None)
        container = container or (by_hand.published_for(owners) if stand_in else None)
        if container:
            raise Left('container', by_hand.of_container(container), container=container)
        if stand_in:
            raise Left('container', by_hand.of_published(record['port'], owners))
        for owner in owners:
            server = posixpath.basename(owner['exe'] or '')
            if server in _SUPER_SERVERS:
                raise Left('inetd', by_hand.of_inetd(server, record), server=server)
        for owner in owners if 'supervised' not in self.despite else ():
            by = self._supervisor(self.view.processes[owner['pid']])
            if by:
                raise Left('supervised', by=by.name, pid=by.pid)

    def _supervisor(self, process):
        """Process: what starts a process again when it ends: the nearest above it, in its session or just above that.

        PM2 may have sockets itself for what it starts.
        """
        seen, above = set(), process
        while above and above.pid not in seen:
            seen.add(above.pid)
            name = (above.name.split() or [''])[0]
            if name in _SUPERVISORS and (above is not process or name == _PM2):
                return above
            if above.session != process.session:
                break
            above = self.view.processes.get(above.parent)
        return None

    def _unless_spared(self, owner, socket):
        """Raise Left unless a process that no unit stops is to be ended."""
        unit = owner['unit'] or ''
        user, slash, name = unit.partition('/')
        if slash and user.startswith('user@'):
            is_manager = name == 'init.scope'
            if is_manager or not self.options['processes']:
                unit = socket if is_manager and socket else unit
                raise Left('user_unit', by_hand.of_user_unit(unit, owner['user']), unit=unit.partition('/')[2],
                           user=owner['user'])
        elif not self.options['processes']:
            raise Left('process', why=self._why(unit), process=owner['process'], pid=owner['pid'],
                       **({'unit': unit} if unit else {}))

    def _why(self, name):
        """str: why no unit stops a process that is in one, if it is in one."""
        unit = self.graph.get(name) if self.graph and name else None
        if name.endswith('.scope'):
            return 'session' if name.startswith('session-') else 'scope'
        if name in _CRON:
            return 'cron'
        if unit is None or not name.endswith('.service'):
            return 'none'
        if not unit.comes_back:
            return 'transient'
        return 'spared' if unit.spares else 'stray'

    def is_lost(self, name):
        """bool: a unit that runs must not stop: it is protected, by its name or by its main process, or stays away."""
        unit = self.graph.get(name)
        if unit is None or not unit.runs:
            return False
        main = self.view.processes.get(unit.MainPID)
        return bool(not unit.comes_back or protected.of_unit(unit.names, self.options['protected'], self.view.nfs)
                    or (main and protected.of_process(main.name, main.exe, self.options['protected'], self.view.nfs)))
