# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gives each listener its holders, its unit and its container. Private to this collection, may change."""

import contextlib
import os

from . import walk as _walk


def attach(listeners, gather, used, budget, gaps, run=None):
    """Fill in ``owners``, ``held_by``, ``service`` and ``activated_by``.

    :param listeners: list of dict with ``record`` and ``sockets``.
    :param used: str, the collector; psutil names a holder by itself.
    :param budget: int, file descriptors to look at, at the most.
    """
    if used == 'psutil':
        from .._sockets import by_psutil
        by_psutil.attach(listeners, gather, gaps)
        return
    processes = _walk.Processes()
    if gather & {'resources', 'command'}:
        from . import details
        processes = _walk.Processes(details=details.Reader(gather, gaps))
    walk = _walk.walk({one.inode for listener in listeners for one in listener['sockets']}, budget)
    alone = _fill(listeners, walk.holders, processes)
    if alone or not walk.whole or processes.unreadable:
        from . import second_look
        if alone:
            alone = second_look.look_again(alone, walk, budget, lambda rest: _fill(rest, walk.holders, processes))
        second_look.note(alone, walk, processes.unreadable, gaps)
    _name_units(listeners, gaps, run)


def _fill(listeners, holders, processes):
    """Put the owners into the records; returns the listeners with a socket that nobody seems to hold."""
    alone = []
    for listener in listeners:
        found, missing = set(), False
        for one in listener['sockets']:
            alive = [pid for pid in holders.get(one.inode, ()) if processes.get(pid)]
            missing = missing or not alive
            found.update(alive)
        record = listener['record']
        record['owners'] = [dict(processes.get(pid)) for pid in sorted(found)[:_walk.MAX_OWNERS]]
        record['owners_total'] = len(found)
        record['held_by'] = 'processes' if found else 'unknown'
        if missing:
            alone.append(listener)
    return alone


def _name_units(listeners, gaps, run):
    """Fill in ``main``, ``service`` and ``activated_by``."""
    owners = [owner for listener in listeners for owner in listener['record']['owners']]
    units = {owner['unit'] for owner in owners if (owner['unit'] or '').endswith('.service') and '/' not in owner['unit']}
    main, sockets = {}, None
    held = any(owner['pid'] == 1 for owner in owners)
    if (units or held) and os.path.isdir('/run/systemd/system'):
        main, sockets = _ask(sorted(units), held, gaps, run)
    records = [listener['record'] for listener in listeners]
    for record in records:
        _name_unit(record, main, sockets)
    children = [one for one in records if {each['main'] for each in one['owners'] if each['unit'] == one['service']} == {False}]
    if children:
        from .._systemd import kill_mode
        kill_mode.leave(children, gaps, run)


def _ask(units, held, gaps, run):
    """The main processes of units; and the socket units, where process 1 holds a listener and they can be had."""
    from .._systemd import bus as _bus
    try:
        with contextlib.closing(_bus.Bus()) as bus:
            if held:
                from .._systemd import socket_units
            return bus.main_processes(units), socket_units.ask(bus) if held else None
    except _bus.FAULTS:
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
