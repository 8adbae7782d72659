# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides what is stopped so that listeners end, and nothing beside them. It asks nobody: it is given a View.

What nobody asked to close stays, and so does what is left for any reason. Nothing that stays is served by what is
stopped, or goes with it.
"""

import re
from collections import namedtuple

from . import again, by_hand, protected
from .arguments import DESPITE

# Why a listener is left. DESPITE has those that do not count for whoever knows better
REASONS = (
    'gone',                     # it does not listen any more
    'in_use',                   # the connection in use depends on it
    'protected',
    'refuses',                  # its unit may not be stopped by hand
    'kernel',
    'container',
    'inetd',
    'namespace',                # it is in another network namespace
    'hidden',                   # who owns it, or something that stays, is not known
    'serves_others',            # what serves it serves something that stays, too
    'bystanders',               # what stops with it serves something that stays, or is protected
    'upheld',                   # another unit starts it at once
    'supervised',               # so does its parent
    'user_unit',                # of the systemd of a user
    'process',                  # no unit stops it, and ending processes was not asked for
    'no_systemd',
)
# Names of programs that start their children again
_SUPERVISORS = ('supervisord', 'PM2', 'runsv', 's6-supervise', 'supervise', 'circusd', 'dinit', 'perpd', 'monit',
                'forever', 'god', 'horust', 'immortal')
_SUPER_SERVERS = ('inetd', 'xinetd', 'openbsd-inetd', 'inetutils-inetd', 'rlinetd')
_CRON = ('cron.service', 'crond.service', 'cronie.service', 'anacron.service', 'atd.service', 'fcron.service')
_INIT = 1
_ELSEWHERE = re.compile(r'[a-z0-9]+/(?:\[[^\]]*\]|[^:]*):[0-9]+@')


class Decision(namedtuple('Decision', 'stop back rows processes')):
    """What is to be done.

    :ivar stop: tuple of str, all units of one ``systemctl stop``.
    :ivar back: tuple of str, the units to be started again if this is not kept: of those that stop, and of those that
        go with them, the ones that run.
    :ivar rows: list of dict, one for each listener that was asked for, as the module answers.
    :ivar processes: tuple of Ended, those that no unit stops.
    """

    __slots__ = ()


# A process to be ended: exe is its link in proc(5) as it is, started in ticks since the boot, inodes those of its
# sockets that listen, listeners their ids
Ended = namedtuple('Ended', 'pid started exe inodes listeners')


def decide(view, options):
    """Decide.

    :param view: ``view.View``.
    :param options: dict, those of ``arguments.ARGUMENTS``.
    :returns: Decision.
    """
    return _Decider(view, options).decision()


class _Left(Exception):
    """A listener is left."""

    def __init__(self, reason, command=None, **about):
        super(_Left, self).__init__(reason)
        self.reason, self.command, self.about = reason, command, about


class _Way(object):
    """How a listener is closed: by stopping units, or ending processes, or both, as it has owners of both kinds.

    :ivar stopped: frozenset of str, units. :ivar gone: frozenset of str, units that go with them.
    :ivar pids: tuple of int.
    """

    def __init__(self, graph, stopped, pids):
        self.stopped, self.pids = frozenset(stopped), tuple(pids)
        self.gone = frozenset(graph.going(self.stopped)) if graph else frozenset()


class _Decider(object):

    def __init__(self, view, options):
        self.view, self.graph, self.options = view, view.units, options
        self.despite = [code for code in options['despite'] if code in DESPITE]
        self.records = {record['id']: record for record in view.listeners}
        self.asked = list(dict.fromkeys(options['listeners']))
        self.served = self._served()
        self.kept_units = {name for pid in view.lineage for name in [self._unit_of(pid)] if name}

    def _served(self):
        """dict, unit to the set of the ids of the listeners that end with it."""
        served = {}
        for record in self.view.listeners:
            units = {owner['unit'] for owner in record['owners']} | {record['activated_by']}
            for name in self.graph.ids(filter(None, units)) if self.graph else ():
                served.setdefault(name, set()).add(record['id'])
        return served

    def decision(self):
        ways, rows = {}, {}
        for name in self.asked:
            try:
                ways[name] = self._way(name)
            except _Left as left:
                rows[name] = self._row(name, left)
        while True:
            left = self._left_by_others(ways)
            if not left:
                break
            for name in left:
                rows[name] = self._row(name, left[name])
                del ways[name]
        for name, way in ways.items():
            rows[name] = self._closed(name, way, ways)
        stopped = sorted({unit for way in ways.values() for unit in way.stopped},
                         key=lambda unit: (unit.endswith('.service'), unit))
        gone = sorted({unit for way in ways.values() for unit in way.gone}.difference(stopped))
        back = [unit for unit in self.graph.running(stopped + gone) if not unit.endswith('.scope')] if stopped else []
        return Decision(tuple(stopped), tuple(back), [rows[name] for name in self.asked], self._ended(ways))

    def _ended(self, ways):
        """tuple of Ended."""
        ended = []
        for pid in sorted({pid for way in ways.values() for pid in way.pids}):
            process = self.view.processes[pid]
            listeners = sorted(name for name, way in ways.items() if pid in way.pids)
            inodes = sorted({inode for name in listeners for inode in self.view.inodes.get(name, ())})
            ended.append(Ended(pid, process.started, process.link, tuple(inodes), tuple(listeners)))
        return tuple(ended)

    # What a listener by itself says

    def _way(self, name):
        """How to close a listener. Raises _Left."""
        if _ELSEWHERE.match(name):
            raise _Left('namespace')
        if self.view.unseen:
            raise _Left('hidden', why=list(self.view.unseen))
        record = self.records.get(name)
        if record is None:
            raise _Left('gone')
        if record['namespace'] is not None:
            raise _Left('namespace')
        self._unless_in_use(record)
        owners = [owner for owner in record['owners'] if not self._is_socket_unit(owner, record)]
        units = self._units_of(record, owners)
        by_unit, stand_in = self._stopped(units), by_hand.is_stand_in(owners)
        if not stand_in:
            self._unless_protected(by_unit, owners)
        for unit in by_unit:
            if self.graph.get(unit).RefuseManualStop:
                raise _Left('refuses', unit=unit)
        self._unless_by_hand(record, owners, stand_in)
        if record['held_by'] != 'processes' or len(record['owners']) < record['owners_total']:
            raise _Left('hidden', why=[])
        bare = [owner for owner in owners if not self._is_units_own(owner)]
        if self.graph is None and any(owner['unit'] for owner in owners):
            raise _Left('no_systemd')
        for owner in bare:
            self._unless_spared(owner)
        return _Way(self.graph, by_unit, [owner['pid'] for owner in bare])

    def _stopped(self, units):
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
        return owner['pid'] == _INIT and bool(socket) and self.graph is not None and bool(self.graph.get(socket))

    def _unit_of(self, pid):
        """str: the service that a process is in, if systemd says so too; None if there is none."""
        process = self.view.processes.get(pid)
        unit = self.graph.get(process.unit) if process and process.unit and self.graph else None
        return unit.Id if unit and unit.has(process.groups) else None

    def _is_units_own(self, owner):
        """bool: stopping its unit ends this owner, and is what is meant to end it."""
        name = self._unit_of(owner['pid'])
        unit = self.graph.get(name) if name else None
        if unit is None or not name.endswith('.service') or unit.Transient:
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
            raise _Left('in_use', by='port', port=record['port'])
        for owner in record['owners']:
            if owner['pid'] in lineage:
                raise _Left('in_use', by='process', process=owner['process'], pid=owner['pid'])

    def _unless_protected(self, units, owners):
        """Raise _Left if a unit is one that the connection in use needs, or if something is protected."""
        for unit in units:
            if unit in self.kept_units:
                raise _Left('in_use', by='unit', unit=unit)
        for owner in owners:
            if owner['pid'] == _INIT:           # whoever insists
                raise _Left('protected', why='init', name=owner['process'])
        if 'protected' in self.despite:
            return
        protection = self._protection(units, owners)
        if protection:
            raise _Left('protected', why=protection.why, name=protection.name)

    def _protection(self, units, owners):
        patterns, nfs = self.options['protected'], self.view.nfs
        for name in units:
            unit = self.graph.get(name)
            protection = protected.of_unit(unit.names if unit else (name,), patterns, nfs)
            if protection:
                return protection
        for owner in owners:
            protection = protected.of_process(owner['process'], owner['exe'], patterns, nfs) or (
                protected.of_unit([owner['unit']], patterns, nfs) if owner['unit'] else None)
            if protection:
                return protection
        return None

    def _unless_by_hand(self, record, owners, stand_in):
        """Raise _Left where a person has to do it, with the command."""
        if record['held_by'] == 'kernel':
            maker = self.view.makers.get(record['id'], '')
            raise _Left('kernel', by_hand.of_kernel(maker), **({'made_by': maker} if maker else {}))
        container = next((owner['container'] for owner in owners if owner['container']), None)
        if container:
            raise _Left('container', by_hand.of_container(container), container=container)
        if stand_in:
            raise _Left('container', by_hand.of_published(record['port'], owners))
        server = next((owner['process'] for owner in owners if owner['process'] in _SUPER_SERVERS), None)
        if server:
            raise _Left('inetd', by_hand.of_inetd(server, record), server=server)
        for owner in owners:
            parent = self.view.processes.get(self.view.processes[owner['pid']].parent) if (
                owner['pid'] in self.view.processes) else None
            name = parent.name.split()[0] if parent and parent.name.split() else ''
            if name in _SUPERVISORS and 'supervised' not in self.despite:
                raise _Left('supervised', by=name, pid=parent.pid)

    def _unless_spared(self, owner):
        """Raise _Left unless a process that no unit stops is to be ended."""
        unit = owner['unit'] or ''
        user, slash, name = unit.partition('/')
        if owner['pid'] not in self.view.processes:
            raise _Left('gone')                 # it has ended since
        if slash and user.startswith('user@'):
            if not self.options['processes'] or name == 'init.scope':
                raise _Left('user_unit', by_hand.of_user_unit(unit, owner['user']), unit=name, user=owner['user'])
        elif not self.options['processes']:
            raise _Left('process', why=self._why(unit), process=owner['process'], pid=owner['pid'],
                        **({'unit': unit} if unit else {}))

    def _why(self, unit):
        known = self.graph.get(unit) if self.graph and unit else None
        if unit.endswith('.scope'):
            return 'session' if unit.startswith('session-') else 'scope'
        if unit in _CRON:
            return 'cron'
        if known is not None and known.Transient:
            return 'transient'
        return 'spared' if unit.endswith('.service') and known is not None else 'none'

    # What others say

    def _left_by_others(self, ways):
        """dict, id to _Left: what cannot be closed because something else stays."""
        left = {}
        stopped = {unit for way in ways.values() for unit in way.stopped}
        gone = stopped.union(*(way.gone for way in ways.values()))
        for name, way in ways.items():
            try:
                self._unless_it_serves(way, ways)
                self._unless_bystanders(way, ways, stopped)
                if 'upheld' not in self.despite:
                    for unit in sorted(way.stopped):
                        by = self.graph.upholders(unit, gone)
                        if by:
                            raise _Left('upheld', unit=unit, by=list(by))
            except _Left as reason:
                left[name] = reason
        return left

    def _unless_it_serves(self, way, ways):
        if 'serves_others' in self.despite:
            return
        for unit in sorted(way.stopped):
            others = self.served.get(unit, set()).difference(ways)
            if others:
                raise _Left('serves_others', unit=unit, others=sorted(others))
        for pid in way.pids:
            others = [record['id'] for record in self.view.listeners if record['id'] not in ways
                      and any(owner['pid'] == pid for owner in record['owners'])]
            if others:
                raise _Left('serves_others', process=self.view.processes[pid].name, pid=pid, others=sorted(others))

    def _unless_bystanders(self, way, ways, stopped):
        for unit in sorted(way.gone):
            if unit in self.kept_units:
                raise _Left('in_use', by='unit', unit=unit)
        if 'bystanders' in self.despite:
            return
        first = next((unit for unit in sorted(way.stopped) if unit.endswith('.service')), None)
        others = [unit for unit in sorted(way.gone.difference(stopped))
                  if self.served.get(unit, set()).difference(ways) or self._is_protected(unit)]
        if others:
            raise _Left('bystanders', unit=first or sorted(way.stopped)[0], others=others)

    def _is_protected(self, name):
        """bool: a unit that runs is protected, by its name or by its main process."""
        unit = self.graph.get(name)
        if unit is None or not unit.runs:
            return False
        main = self.view.processes.get(unit.MainPID)
        return bool(protected.of_unit(unit.names, self.options['protected'], self.view.nfs)
                    or (main and protected.of_process(main.name, main.exe, self.options['protected'], self.view.nfs)))

    # Rows

    def _closed(self, name, way, ways):
        stopped = {unit for other in ways.values() for unit in other.stopped}
        gone = stopped.union(*(other.gone for other in ways.values()))
        return dict(
            self._bare_row(name), status='closed',
            units=sorted(way.stopped, key=lambda unit: (unit.endswith('.service'), unit)),
            bystanders=list(self.graph.running(sorted(way.gone.difference(stopped)))) if way.gone else [],
            again=again.found(self.view, way, gone, self.options['mask']))

    def _row(self, name, left):
        return dict(self._bare_row(name), status='left', reason=left.reason, about=left.about, command=left.command)

    def _bare_row(self, name):
        record = self.records.get(name)
        return {
            'listener': name, 'status': 'left', 'reason': None, 'about': {}, 'units': [], 'bystanders': [],
            'again': [], 'command': None,
            'processes': [{'pid': owner['pid'], 'process': owner['process'], 'exe': owner['exe']}
                          for owner in (record['owners'] if record else ())],
        }
