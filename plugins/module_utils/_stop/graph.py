# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units of systemd and what ties them: what goes with a unit that is stopped, what starts it, what keeps it up.

It is made of the text of ``systemctl show``, and asks nobody.

Sources: systemd.unit(5), org.freedesktop.systemd1(5); unit_dependency_to_atom in src/core/unit-dependency-atom.c of
systemd.
"""

import re
from collections import namedtuple

# As the first is stopped, these are: the dependencies by which a stop spreads
_SPREADS = ('RequiredBy', 'BoundBy', 'ConsistsOf', 'PropagatesStopTo')
_NEEDS = ('Requires', 'Requisite', 'BindsTo', 'Wants', 'Upholds')
_NEEDED_BY = ('RequiredBy', 'RequisiteOf', 'BoundBy', 'WantedBy', 'UpheldBy')
_PULLED_BY = ('RequiredBy', 'WantedBy')
_LISTS = tuple(sorted(set(_SPREADS + _NEEDS + _NEEDED_BY + ('Names', 'Triggers', 'TriggeredBy'))))
_TEXTS = ('Id', 'LoadState', 'ActiveState', 'UnitFileState', 'FragmentPath', 'SourcePath', 'ControlGroup', 'KillMode',
          'BusName')
_FLAGS = ('Transient', 'RefuseManualStart', 'RefuseManualStop', 'StopWhenUnneeded', 'Accept')
PROPERTIES = _TEXTS + _FLAGS + _LISTS + ('MainPID',)
# all that any release of systemd shows of every unit: without these, it was not understood
_EVERY = ('Id', 'LoadState', 'ActiveState', 'RequiredBy', 'BoundBy', 'ConsistsOf', 'TriggeredBy', 'Triggers')

_NAME = re.compile(r'(?=.{1,255}\Z)(?!@)[A-Za-z0-9:_.\\@-]+'
                   r'\.(?:service|socket|timer|path|scope|slice|mount|automount|swap|target|device)\Z')
_RUNS = ('active', 'activating', 'reloading', 'refreshing', 'deactivating', 'maintenance')
_SYSV = '/etc/init.d/'
_SPARING = ('process', 'none')


class Lacking(ValueError):
    """The text does not say what it has to; the message says what is missing."""


def is_unit(name):
    """bool: systemd may have a unit of this name. Templates are none, and neither is what a glob would match."""
    return bool(_NAME.match(name)) and not name.rpartition('.')[0].endswith('@')


class Unit(namedtuple('Unit', PROPERTIES)):
    """A unit, with its properties as systemd calls them: str, bool, tuple of str; ``MainPID`` int."""

    __slots__ = ()

    @property
    def names(self):
        """tuple of str: what it is called, its own name first."""
        return (self.Id,) + tuple(name for name in self.Names if name != self.Id)

    @property
    def runs(self):
        """bool: to stop it ends something."""
        return self.ActiveState in _RUNS

    @property
    def comes_back(self):
        """bool: ``systemctl start`` has it run again once it has stopped: its file is there, and nothing forbids it."""
        return self.LoadState == 'loaded' and not (self.Transient or self.RefuseManualStart)

    @property
    def starts(self):
        """bool: it runs, or a boot starts it."""
        return self.runs or self.is_enabled

    @property
    def is_enabled(self):
        """bool: a boot starts it, by links that ``systemctl disable`` removes."""
        return self.UnitFileState in ('enabled', 'enabled-runtime')

    @property
    def is_sysv(self):
        """bool: it is made of a script in /etc/init.d."""
        return self.SourcePath.startswith(_SYSV)

    @property
    def spares(self):
        """bool: stopping it ends no more than its main process."""
        return self.KillMode in _SPARING

    def has(self, groups):
        """bool: one of the control groups of a process is its own, or is below that."""
        own = self.ControlGroup
        return bool(own.strip('/')) and any(group == own or group.startswith(own + '/') for group in groups)


def made(known):
    """Make a Unit of PROPERTIES in the words of ``systemctl show``.

    :param known: dict, name to str.
    :raises Lacking: a property that every unit has is missing.
    """
    missing = [name for name in _EVERY if name not in known or (name == 'Id' and not known['Id'])]
    if missing:
        raise Lacking('systemctl does not show %s of %s' % (missing[0], known.get('Id') or 'a unit'))
    values = {name: known.get(name, '') for name in _TEXTS}
    values.update((name, known.get(name) == 'yes') for name in _FLAGS)
    values.update((name, tuple(map(_plain, known.get(name, '').split()))) for name in _LISTS)
    main = known.get('MainPID', '')
    return Unit(MainPID=int(main) if main.isdigit() else 0, **values)


def _plain(name):
    """str: a name of a list, in which a newer systemctl quotes what has a backslash, as for a shell."""
    return name[1:-1].replace('\\\\', '\\') if name[:1] == name[-1:] == '"' else name


class Graph:
    """The units that are known, by all of their names."""

    def __init__(self, units=()):
        self._units = {}
        self.add(units)

    def add(self, units):
        for unit in units:
            for name in unit.names:
                self._units[name] = unit

    def get(self, name):
        """Unit of a name, or None."""
        return self._units.get(name)

    def main_processes(self):
        """set of int."""
        return {unit.MainPID for unit in self._units.values() if unit.MainPID}

    def ids(self, names):
        """tuple of str: what systemd calls these units, each once, sorted; those that are not known as they are."""
        return tuple(sorted({self._units[name].Id if name in self._units else name for name in names}))

    def missing(self, starts):
        """Find whom to ask for next, until nothing is missing: units that decide about these starts.

        :param starts: iterable of str.
        :returns: list of str, sorted.
        """
        wanted = set(starts)
        for start in starts:
            stopped = self.to_stop(start)
            gone = self.going(stopped)
            wanted.update(stopped + gone)
            for unit in self._known(stopped + gone):
                wanted.update(unit.TriggeredBy + unit.Triggers + self._related(unit, _NEEDED_BY + _NEEDS))
                for other in self._known(self._related(unit, _NEEDS)):
                    if other.StopWhenUnneeded:
                        wanted.update(self._related(other, _NEEDED_BY))
        return sorted(name for name in wanted if is_unit(name) and name not in self._units)

    def to_stop(self, name):
        """Find what has to be stopped at once so that a unit is gone and stays so.

        These are the unit, what a socket starts, and whatever starts one of these and nothing else, as far as that runs
        or a boot starts it.

        :returns: tuple of str, sorted.
        """
        stopped = set()
        for unit in self._known([name]):
            stopped.update((unit.Id,) if unit.Accept else (unit.Id,) + self._started(unit))
        before = None
        while stopped != before:
            before = set(stopped)
            for unit in self._known(before):
                stopped.update(other.Id for other in self._known(unit.TriggeredBy)
                               if other.starts and not other.Accept and set(self._started(other)) <= stopped)
        return tuple(sorted(stopped))

    def _started(self, unit):
        """tuple of str: what a unit starts, but for instances of the moment."""
        return () if unit.Accept else self.ids(unit.Triggers)

    def going(self, stopped):
        """Find what stops with these units: what requires one, all the way, and what nobody else needs.

        Those that do not run lead on to others all the same.

        :returns: tuple of str, sorted, without these themselves.
        """
        gone, queue = set(self.ids(stopped)), list(self.ids(stopped))
        while queue:
            for unit in self._known([queue.pop()]):
                others = self.ids(self._related(unit, _SPREADS)) + self._unneeded(unit, gone)
                queue += [other for other in others if other not in gone]
                gone.update(others)
            if not queue:
                # several together may be all that needed a further one
                queue = sorted({other for unit in self._known(gone) for other in self._unneeded(unit, gone)} - gone)
                gone.update(queue)
        return tuple(sorted(gone.difference(self.ids(stopped))))

    def _unneeded(self, unit, gone):
        """tuple of str: what systemd stops as soon as none of these runs any more, StopWhenUnneeded=."""
        return tuple(
            other.Id for other in self._known(self._related(unit, _NEEDS)) if other.StopWhenUnneeded and not any(
                needing.runs and needing.Id not in gone for needing in self._known(self._related(other, _NEEDED_BY))))

    def running(self, names):
        """tuple of str: those of these units that run."""
        return tuple(name for name in names if any(unit.runs for unit in self._known([name])))

    def upholders(self, name, gone):
        """tuple of str: the units that run, and start this one as soon as it has stopped, but for those that go too."""
        return tuple(sorted(other.Id for unit in self._known([name]) for other in self._known(unit.UpheldBy)
                            if other.runs and other.Id not in gone))

    def triggers(self, name, gone):
        """list of Unit: what starts this unit, and stays."""
        return self._staying(name, ('TriggeredBy',), gone)

    def pullers(self, name, gone):
        """list of Unit: what has this unit started as it starts itself, and stays."""
        return self._staying(name, _PULLED_BY, gone)

    def _staying(self, name, properties, gone):
        return [other for unit in self._known([name]) for other in self._known(self._related(unit, properties))
                if other.starts and other.Id not in gone]

    def _known(self, names):
        return [self._units[name] for name in names if name in self._units]

    @staticmethod
    def _related(unit, properties):
        return tuple(name for prop in properties for name in getattr(unit, prop))
