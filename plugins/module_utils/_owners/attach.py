# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives each listener its owners, its unit and its container."""

import contextlib
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
    def has_systemd():
        return os.path.isdir('/run/systemd/system')

    @staticmethod
    def bus():
        from .._systemd import bus
        return bus.Bus()


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
    _name_units(listeners, gaps, run, host)


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


def _name_units(listeners, gaps, run, host):
    """Fill in ``main``, ``service`` and ``activated_by``."""
    records = [listener['record'] for listener in listeners]
    owners = [owner for record in records for owner in record['owners']]
    units = {owner['unit'] for owner in owners
             if (owner['unit'] or '').endswith('.service') and '/' not in owner['unit']}
    main, sockets = {}, None
    activated = any(owner['pid'] == 1 for owner in owners)
    if (units or activated) and host.has_systemd():
        main, sockets = _ask(sorted(units), activated, gaps, run, host)
    for record in records:
        _name_unit(record, main, sockets)
    children = [record for record in records if {
        owner['main'] for owner in record['owners'] if owner['unit'] == record['service']} == {False}]
    if children:
        from .._systemd import kill_mode
        kill_mode.leave(children, gaps, run, host.bus)


def _ask(units, activated, gaps, run, host):
    """The main processes of units; and the socket units, where process 1 owns a listener and they can be read."""
    from .._systemd.bus import FAULTS
    try:
        with contextlib.closing(host.bus()) as bus:
            if activated:
                from .._systemd import socket_units
            return bus.main_processes(units), socket_units.ask(bus) if activated else None
    except FAULTS:
        from .._systemd import systemctl
        return systemctl.instead(units, gaps, run)


def _name_unit(record, main, sockets):
    serving = [owner for owner in record['owners'] if owner['pid'] != 1 or sockets is None]
    for owner in serving:
        first = main.get(owner['unit'])
        owner['main'] = owner['pid'] == first if first else None
    if len(serving) < len(record['owners']):
        record['activated_by'], record['service'] = sockets.find(record)
    services = {owner['unit'] for owner in serving if (owner['unit'] or '').endswith('.service')}
    if len(services) > 1:
        services = {owner['unit'] for owner in serving if owner['main']}
    if len(services) == 1:
        record['service'] = services.pop()
