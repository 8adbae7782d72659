# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides what is stopped so that listeners end, and nothing beside them. It asks nobody: it is given a View.

What nobody asked to close stays, and so does what is left for any reason. Nothing that stays is served by what is
stopped, or goes with it.
"""

from collections import namedtuple

from . import again
from .ways import INIT, Left, Ways, in_order

# Why a listener is left; DESPITE of ``arguments`` has those that do not count for whoever knows better
REASONS = (
    'gone',                     # it does not listen any more
    'in_use',                   # the connection in use depends on it
    'protected',
    'refuses',                  # its unit may not be stopped, or not be started, by hand
    'kernel',
    'container',
    'inetd',
    'namespace',                # it is in another network namespace
    'hidden',                   # who owns it, or something that stays, is not known
    'serves_others',            # what serves it serves something that stays, too
    'bystanders',               # what stops with it serves something that stays, is protected, or does not come back
    'upheld',                   # another unit starts it at once
    'supervised',               # so does its parent
    'user_unit',                # of the systemd of a user
    'process',                  # no unit stops it, and ending processes was not asked for
    'no_systemd',
)


class Decision(namedtuple('Decision', 'stop back rows processes')):
    """What is to be done.

    :ivar stop: tuple of str, all units of one ``systemctl stop``.
    :ivar back: tuple of str, the units to be started again if this is not kept: of those that stop, and of those that
        go with them, the ones that run.
    :ivar rows: list of dict, one for each listener that was asked for, as the module answers.
    :ivar processes: tuple of Ended, those that no unit stops.
    """

    __slots__ = ()


_MOST_OWNERS = 64               # that a row names

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


class _Decider:

    def __init__(self, view, options):
        self.view, self.graph, self.options = view, view.units, options
        self.alone = Ways(view, options)
        self.asked = list(dict.fromkeys(options['listeners']))
        self.served = self._served()
        self.ways = {}

    def _served(self):
        """dict, unit to the set of the ids of the listeners that end with it."""
        served = {}
        for record in self.view.listeners:
            units = {owner['unit'] for owner in record['owners']} | {record['activated_by']}
            for name in self.graph.ids(filter(None, units)) if self.graph else ():
                served.setdefault(name, set()).add(record['id'])
        return served

    def decision(self):
        rows, ways = {}, self.ways
        for name in self.asked:
            try:
                ways[name] = self.alone.of(name)
            except Left as left:
                rows[name] = self._left(name, left)
        left = True
        while left:
            # what is left stays, which may be why others are left
            left = self._left_by_others()
            for name in left:
                rows[name] = self._left(name, left[name])
                del ways[name]
        gone = self._gone()
        rows.update((name, self._closed(name, gone)) for name in ways)
        stopped = in_order(self._stopped())
        back = self.graph.running(stopped + in_order(gone.difference(stopped))) if stopped else ()
        return Decision(tuple(stopped), back, [rows[name] for name in self.asked], self._ended())

    def _stopped(self, but=None):
        """set of str: all units that are stopped, but for one listener."""
        return {unit for name, way in self.ways.items() if name != but for unit in way.stopped}

    def _gone(self, but=None):
        """set of str: all units that are stopped, and those that go with them, but for one listener."""
        stopped = self._stopped(but)
        return stopped.union(self.graph.going(stopped)) if stopped else stopped

    def _ended(self):
        """tuple of Ended."""
        ended = []
        for pid in sorted({pid for way in self.ways.values() for pid in way.pids}):
            process = self.view.processes[pid]
            listeners = sorted(name for name, way in self.ways.items() if pid in way.pids)
            inodes = sorted({inode for name in listeners for inode in self.view.inodes.get(name, ())})
            ended.append(Ended(pid, process.started, process.link, tuple(inodes), tuple(listeners)))
        return tuple(ended)

    def _left_by_others(self):
        """dict, id to Left: what cannot be closed because something else stays."""
        left, gone = {}, self._gone()
        for name, way in self.ways.items():
            try:
                self._unless_it_serves(way)
                # several together may be all that needs a further unit
                self._unless_bystanders(way, way.gone.union(gone - self._gone(name)) if way.stopped else ())
                for unit in sorted(way.stopped) if 'upheld' not in self.alone.despite else ():
                    by = self.graph.upholders(unit, gone)
                    if by:
                        raise Left('upheld', unit=unit, by=list(by))
            except Left as reason:
                left[name] = reason
        return left

    def _unless_it_serves(self, way):
        if 'serves_others' in self.alone.despite:
            return
        for unit in sorted(way.stopped):
            others = self.served.get(unit, set()).difference(self.ways)
            if others:
                raise Left('serves_others', unit=unit, others=sorted(others))
        for pid in way.pids:
            others = [record['id'] for record in self.view.listeners if record['id'] not in self.ways
                      and any(owner['pid'] == pid for owner in record['owners'])]
            if others:
                raise Left('serves_others', process=self.view.processes[pid].name, pid=pid, others=sorted(others))

    def _unless_bystanders(self, way, gone):
        for unit in sorted(gone):
            if unit in self.alone.in_use:
                raise Left('in_use', by='unit', unit=unit)
        if 'bystanders' in self.alone.despite:
            return
        others = [unit for unit in sorted(set(gone).difference(self._stopped()))
                  if self.served.get(unit, set()).difference(self.ways) or self.alone.is_lost(unit)]
        if others:
            raise Left('bystanders', unit=in_order(way.stopped)[-1], others=others)

    # Rows

    def _at_rest(self, gone):
        """set of str: those of these units that start nothing any more. What only goes with others stays enabled."""
        stopped = self._stopped()
        return {name for name in gone
                if name in stopped or not any(unit.is_enabled for unit in [self.graph.get(name)] if unit)}

    def _closed(self, name, gone):
        way = self.ways[name]
        with_it = in_order(gone - self._gone(name) - way.stopped | way.gone - self._stopped())
        pids = [owner['pid'] for owner in self.alone.records[name]['owners'] if owner['pid'] != INIT]
        others = self._others(way, with_it)
        return dict(
            self._row(name), status='closed', about={'others': others} if others else {}, units=in_order(way.stopped),
            bystanders=list(self.graph.running(with_it)) if with_it else [],
            again=again.ways_back(self.view, way.stopped, self._at_rest(gone), pids, self.options['mask']))

    def _others(self, way, with_it):
        """list of str: the ids of listeners that nobody asked to close, and that end with this way all the same.

        :param with_it: list of str, the units that stop because of it, be it together with others.
        """
        ended = {name for unit in way.stopped.union(way.gone, with_it) for name in self.served.get(unit, ())}
        ended.update(record['id'] for record in self.view.listeners
                     if any(owner['pid'] in way.pids for owner in record['owners']))
        return sorted(ended.difference(self.ways))

    def _left(self, name, left):
        return dict(self._row(name), reason=left.reason, about=left.about, command=left.command)

    def _row(self, name):
        record = self.alone.records.get(name)
        return {
            'listener': name, 'status': 'left', 'reason': None, 'about': {}, 'units': [], 'bystanders': [],
            'again': [], 'command': None,
            'processes': [{'pid': owner['pid'], 'process': owner['process'], 'exe': owner['exe']}
                          for owner in (record['owners'][:_MOST_OWNERS] if record else ())],
        }
