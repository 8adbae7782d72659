# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives each listener its owners, its unit and its container."""

import os

from . import walk as _walk


class Host:
    """What owners are found with. What a default run does not need is loaded when it is asked for the first time."""

    walk = staticmethod(_walk.walk)
    processes = _walk.Processes

    @staticmethod
    def kernel(namespaces):
        from . import kernel
        return kernel.endpoints(namespaces)

    @staticmethod
    def paths():
        from . import kernel
        return kernel.paths()

    @staticmethod
    def rings(inodes, budget):
        from . import rings
        return rings.find(inodes, budget)

    @staticmethod
    def has_systemd():
        return os.path.isdir('/run/systemd/system')

    @staticmethod
    def bus():
        from .._systemd import bus
        return bus.Bus()

    @staticmethod
    def bus_of_user(uid):
        from .._systemd import of_user
        return of_user.connect(uid)


def attach(listeners, gather, used, budget, gaps, run=None, host=Host):
    """Fill in ``owners``, ``held_by``, ``service`` and ``activated_by``.

    :param listeners: list of dict with ``record`` and ``sockets``.
    :param gather: set of str, the subsets.
    :param used: str, the collector; psutil names an owner by itself.
    :param budget: int, file descriptors to inspect at most.
    :param gaps: ``_gaps.Gaps``.
    :param run: callable that runs a command, as ``AnsibleModule.run_command``, or None.
    :param host: Host, or what stands in for it.
    """
    if used == 'psutil':
        from . import by_psutil
        by_psutil.attach(listeners, gather, gaps)
        return
    details = None
    if gather & {'resources', 'command'}:
        from .details import Reader
        details = Reader(gather, gaps)
    processes = host.processes(details=details)
    walk = host.walk({sock.inode for listener in listeners for sock in listener['sockets']}, budget)
    unowned = _fill(listeners, walk.owners, processes)
    if unowned or not walk.whole or processes.unreadable:
        from . import second_look
        if unowned:
            unowned = second_look.look_again(
                unowned, walk, budget, lambda rest: _fill(rest, walk.owners, processes), host)
        second_look.note(unowned, walk, processes.unreadable, gaps)
    records = [listener['record'] for listener in listeners]
    if any(owner['unit'] or owner['pid'] == 1 for record in records for owner in record['owners']):
        from . import units
        units.name(records, gaps, run, host)


def _fill(listeners, owners, processes):
    """Put the owners into the records; returns the listeners with a socket that nobody seems to own."""
    unowned = []
    for listener in listeners:
        pids, missing = set(), False
        for sock in listener['sockets']:
            alive = [pid for pid in owners.get(sock.inode, ()) if processes.get(pid)]
            missing = missing or not alive
            pids.update(alive)
        record = listener['record']
        record['owners'] = [dict(processes.get(pid)) for pid in sorted(pids)[:_walk.MAX_OWNERS]]
        record['owners_total'] = len(pids)
        record['held_by'] = 'processes' if pids else 'unknown'
        if missing:
            unowned.append(listener)
    return unowned
