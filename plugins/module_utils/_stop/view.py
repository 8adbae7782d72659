# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at a host for ``decide``: who listens, who owns that, what systemd knows of them. Reads only.

Sources: proc(5), cgroups(7), sd_booted(3).
"""

import contextlib
import glob
import os
from collections import namedtuple

from .. import _facts, _mounts
from .._owners import walk
from .._systemd import properties, systemctl
from . import again
from .graph import PROPERTIES, Graph, Lacking, is_unit, made
from .keeping import Keeping

_FIELDS = ('listeners', 'inodes', 'processes', 'units', 'lineage', 'connection', 'unseen', 'makers', 'nfs', 'again')
# gaps of these aspects with which something may listen, or own a listener, that was not seen
_BLIND = {'sockets': None, 'owners': ('owners_hidden', 'fd_budget', 'proc_unreadable', 'process_unreadable', 'psutil')}
_MOST_UNITS, _AT_ONCE, _ROUNDS = 5000, 200, 50
_MOST_DESCRIPTORS = 2000000
_MOST_COMMAND, _MOST_WORDS = 4096, 20
_MOST_BYTES = 1 << 20           # of a file
_UNIT_LINKS = '/etc/systemd/system/*.wants/*', '/etc/systemd/system/*.requires/*'
_ALIASES = '/etc/systemd/system/*.service'
_DBUS = '/usr/share/dbus-1/system-services/*.service', '/etc/dbus-1/system-services/*.service'
_TABLES = '/etc/crontab', '/etc/cron.d/*', '/var/spool/cron/crontabs/*', '/var/spool/cron/*'


class Unseen(Exception):
    """The host does not show what it has to; the message says what."""


class View(namedtuple('View', _FIELDS)):
    """What a decision is made of.

    :ivar listeners: list of dict, as the facts have them.
    :ivar inodes: dict, id of a listener to tuple of int, its sockets.
    :ivar processes: dict, pid to Process, all that run.
    :ivar units: ``graph.Graph``; None where systemd does not run.
    :ivar lineage: frozenset of int, the processes above this one and above the connection in use, but for the first.
    :ivar connection: dict, the connection in use, or None.
    :ivar unseen: tuple of str, why there may be more than is known.
    :ivar makers: dict, id of a listener of the kernel to what made it.
    :ivar nfs: bool, NFS is mounted.
    :ivar again: ``again.Ways``.
    """

    __slots__ = ()


# started: in ticks since the boot. exe: as the facts have it; link: as proc(5) has it; groups: its control groups;
# command: the beginning of its command line, words. These, and the unit, are known of owners and of the lineage only
Process = namedtuple('Process', 'pid parent session started name exe link unit groups command')


def look(run, connection, proc='/proc', wanted=None, booted='/run/systemd/system', manager=None):
    """Look at a host.

    :param run: callable that runs a command, as ``AnsibleModule.run_command``.
    :param connection: ``_connection.Connection``, the one in use, or None.
    :param proc: str, the root of proc(5).
    :param wanted: iterable of str, ids of listeners, whose units are to be known; None for all.
    :param booted: str, a directory that is there while systemd runs.
    :param manager: ``properties.Manager``; None for another connection to it.
    :returns: View.
    :raises Unseen: systemd runs, and does not say what it has to; or /proc cannot be read.
    """
    host = Keeping()
    facts = _facts.collect(gather=('owners',), run=run, host=host)
    return of(facts, host.inodes, manager or properties.Manager(run, booted), connection, proc, wanted, booted)


def of(facts, inodes, manager, connection, proc='/proc', wanted=None, booted='/run/systemd/system'):
    """Look at what belongs to facts that were gathered this moment, with owners: View. See ``look``.

    :param facts: dict, of ``_facts.collect``; owners that they do not list are added.
    :param inodes: dict, of ``keeping.Keeping``.
    :param manager: ``properties.Manager``.
    """
    records = facts['listeners']
    try:
        processes = _processes(proc)
    except OSError as exc:
        raise Unseen('the processes of the host cannot be listed: %s' % exc) from exc
    if any(len(record['owners']) < record['owners_total'] for record in records):
        _complete(records, inodes, proc)
    lineage = _lineage([os.getpid()] + ([connection.pid] if connection else []), processes)
    owners = {owner['pid']: owner for record in records for owner in record['owners']}
    for pid in set(owners).union(lineage):
        if pid in processes:
            processes[pid] = _completed(processes[pid], owners.get(pid), proc)
    units = None
    if os.path.isdir(booted):
        # what others than these are called, facts know from systemd
        wanted_units = {unit for record in records if wanted is None or record['id'] in wanted
                        for unit in [record['activated_by'], record['service']]
                        + [owner['unit'] for owner in record['owners']]}
        units = _units(_valid(processes[pid].unit for pid in lineage), _valid(wanted_units), manager)
        _complete_mains(units, processes, proc)
    makers = {}
    if any(record['held_by'] == 'kernel' for record in records):
        from .._owners import kernel
        known = kernel.makers({None})
        makers = {record['id']: known.get((None, record['protocol'], record['family'], record['port']), 'mptcp')
                  for record in records if record['held_by'] == 'kernel'}
    nfs = any(kind in (b'nfs', b'nfs4') for dummy, dummy2, dummy3, kind in _mounts.read(proc + '/self'))
    return View(records, inodes, processes, units, lineage, connection and connection.about,
                tuple(_blind(facts['gaps'])), makers, nfs, _again())


def _blind(gaps):
    """Yield str: what hides listeners or owners."""
    for gap in gaps:
        if gap['aspect'] in _BLIND and gap['code'] in (_BLIND[gap['aspect']] or (gap['code'],)):
            yield gap['message']


def _valid(names):
    return sorted(name for name in names if name and is_unit(name))


# Processes

def _processes(proc):
    """dict, pid to Process, without what only some are asked for. Raises OSError."""
    processes = {}
    for number in filter(str.isdigit, os.listdir(proc)):
        raw = _read('%s/%s/stat' % (proc, number))
        if raw is None:
            continue                            # it has ended
        # the name may hold blanks and parentheses: it ends at the last ')'
        name, dummy, rest = raw.partition(b'(')[2].rpartition(b')')
        words = rest.split()
        if len(words) > 19:
            processes[int(number)] = Process(int(number), int(words[1]), int(words[3]), int(words[19]), _text(name),
                                             None, None, None, (), ())
    return processes


def _lineage(pids, processes):
    """frozenset of int: these processes and those above them, but for the first of all, which is above everything."""
    lineage, queue = set(), list(pids)
    while queue:
        pid = queue.pop()
        if pid in processes and pid > 1 and pid not in lineage:
            lineage.add(pid)
            queue.append(processes[pid].parent)
    return frozenset(lineage)


def _completed(process, owner, proc):
    """Process: with what owners are asked for."""
    base = '%s/%d' % (proc, process.pid)
    text = _text(_read(base + '/cgroup') or b'')
    groups = tuple(line.split(':', 2)[2] for line in text.splitlines() if line.count(':') > 1)
    try:
        link = os.fsdecode(os.readlink(os.fsencode(base + '/exe')))
    except OSError:
        link = None
    if owner:
        words = _text((_read(base + '/cmdline') or b'')[:_MOST_COMMAND]).split('\0')
        return process._replace(exe=owner['exe'], link=link, unit=owner['unit'], groups=groups,
                                command=tuple(words[:_MOST_WORDS]))
    from .._systemd import cgroups
    return process._replace(link=link, unit=cgroups.describe(text)[0], groups=groups)


def _complete(records, inodes, proc):
    """List all owners of listeners that have more than facts list."""
    crowds = [record for record in records if len(record['owners']) < record['owners_total']]
    result = walk.walk({inode for record in crowds for inode in inodes[record['id']]}, _MOST_DESCRIPTORS, proc)
    if not result.whole:
        return                                  # they stay hidden
    processes = walk.Processes(proc)
    for record in crowds:
        pids = {pid for inode in inodes[record['id']] for pid in result.owners.get(inode, ())}
        known = {owner['pid'] for owner in record['owners']}
        more = [owner for owner in map(processes.get, sorted(pids - known)) if owner]
        record['owners'] += more
        record['owners_total'] = len(record['owners'])


def _complete_mains(units, processes, proc):
    """Add to the main processes of units what they run."""
    known = walk.Processes(proc)
    for pid in units.main_processes():
        if pid in processes and not processes[pid].groups:
            exe = known.executable('%s/%d' % (proc, pid))['exe']
            processes[pid] = processes[pid]._replace(exe=exe)


# Units

def _units(names, wanted, manager):
    """Graph of units, and of what decides about those that are wanted. Raises Unseen."""
    graph = Graph()
    names = sorted(set(names).union(wanted))
    known = 0
    for dummy in range(_ROUNDS):
        if not names:
            return graph
        known += len(names)
        if known > _MOST_UNITS:
            raise Unseen('more than %d units of systemd depend on each other' % _MOST_UNITS)
        for at in range(0, len(names), _AT_ONCE):
            graph.add(_ask(names[at:at + _AT_ONCE], manager))
        lacking = [name for name in names if not graph.get(name)]
        if lacking:
            raise Unseen('systemctl does not show %s' % lacking[0])
        names = graph.missing(wanted)
    raise Unseen('the units of systemd depend on each other without an end')


def _ask(names, manager):
    """list of Unit. Raises Unseen."""
    try:
        units = [made(known) for known in manager.ask(names, PROPERTIES)]
    except systemctl.SystemdError as exc:
        raise Unseen('systemctl did not answer: %s' % exc) from exc
    except Lacking as exc:
        raise Unseen(str(exc)) from exc
    if len(units) != len(names):
        raise Unseen('systemctl shows %d of %d units' % (len(units), len(names)))
    for name, unit in zip(names, units):
        if name not in unit.names:
            raise Unseen('systemctl shows %s instead of %s' % (unit.Id, name))
    return units


# What starts things again

def _again():
    links = {(os.path.basename(os.path.dirname(path)).rpartition('.')[0], os.path.basename(path))
             for pattern in _UNIT_LINKS for path in glob.glob(pattern)}
    texts = [_text(_read(path) or b'') for pattern in _DBUS for path in glob.glob(pattern)]
    tables = [(path, _text(_read(path) or b'')) for pattern in _TABLES for path in glob.glob(pattern)
              if os.path.isfile(path)]
    aliases = set()
    for path in filter(os.path.islink, glob.glob(_ALIASES)):
        with contextlib.suppress(OSError):      # it is gone
            aliases.add((os.path.basename(path), os.path.basename(os.readlink(path))))
    return again.Ways(again.of_dbus(texts), again.of_cron(tables), frozenset(links), frozenset(aliases))


def _text(raw):
    return raw.decode('utf-8', 'backslashreplace')


def _read(path):
    """bytes: the beginning of a file; None where it cannot be read."""
    with contextlib.suppress(OSError):
        with open(path, 'rb') as stream:
            return stream.read(_MOST_BYTES)
    return None
