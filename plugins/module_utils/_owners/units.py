# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which unit of systemd a listener belongs to.

A user has a manager of his own, in ``user@1000.service/init.scope``, and may call its units whatever he likes: all of
their names begin with ``user@1000.service/``, so that none is taken for a unit of the system.
"""

import contextlib
import re

_MANAGER = re.compile(r'(user@([0-9]+)\.service)/init\.scope\Z')
_MOST_USERS = 8                 # whose managers are asked: a user may keep his from answering


def name(records, gaps, run, host):
    """Fill in ``main``, ``service`` and ``activated_by``.

    :param records: list of dict, listeners with their owners.
    :param gaps: ``_gaps.Gaps``.
    :param run: callable that runs a command, as ``AnsibleModule.run_command``, or None.
    :param host: ``attach.Host``, or what stands in for it.
    """
    owners = [owner for record in records for owner in record['owners']]
    units = {owner['unit'] for owner in owners
             if (owner['unit'] or '').endswith('.service') and '/' not in owner['unit']}
    main, sockets = {}, {}
    activated = any(owner['pid'] == 1 for owner in owners)
    if (units or activated) and host.has_systemd():
        main, sockets[''] = _ask(sorted(units), activated, gaps, run, host)
    users = sorted({match.groups() for match in map(_is_manager, owners) if match})
    for manager, uid in users[:_MOST_USERS]:
        sockets[manager] = _ask_user(int(uid), host)
    for record in records:
        _name_unit(record, main, sockets)
    children = [record for record in records if {
        owner['main'] for owner in record['owners'] if owner['unit'] == record['service']} == {False}]
    if children:
        from .._systemd import kill_mode
        kill_mode.leave(children, gaps, run, host.bus)


def _is_manager(owner):
    return _MANAGER.match(owner['unit'] or '')


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


def _ask_user(uid, host):
    """The socket units of a user; None where his manager does not answer, which is no gap: he decides on it."""
    from .._systemd.bus import FAULTS
    from .._systemd import socket_units
    try:
        with contextlib.closing(host.bus_of_user(uid)) as bus:
            return socket_units.ask(bus)
    except FAULTS:
        return None


def _name_unit(record, main, sockets):
    """Name the socket unit of the manager that owns it, and the one service of those that serve it."""
    managing = {}
    for owner in record['owners']:
        match = _is_manager(owner)
        manager = match.group(1) if match else ''
        # process 1 that was not asked, or is none of systemd, is an owner like others
        units = sockets.get(manager) if match or owner['pid'] == 1 else None
        if units is not None:
            unit, service = units.find(record)
            if unit or not match:
                managing[owner['pid']] = [text and (manager and manager + '/') + text for text in (unit, service)]
    serving = [owner for owner in record['owners'] if owner['pid'] not in managing]
    for owner in serving:
        first = main.get(owner['unit'])
        owner['main'] = owner['pid'] == first if first else None
    if managing:
        record['activated_by'], record['service'] = managing[min(managing)]
    services = {owner['unit'] for owner in serving if (owner['unit'] or '').endswith('.service')}
    if len(services) > 1:
        services = {owner['unit'] for owner in serving if owner['main']}
    if not services and not managing:
        # of a manager whose units are not known
        services = {owner['unit'] for owner in serving} if all(map(_is_manager, serving)) else ()
    if len(services) == 1:
        record['service'] = services.pop()
