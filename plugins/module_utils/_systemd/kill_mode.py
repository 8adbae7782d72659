# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services that do not end what they started.

Source: systemd.kill(5), KillMode=.
"""

import contextlib

from . import systemctl
from .bus import FAULTS

_SPARING = ('process', 'none')


def leave(records, gaps, run, connect):
    """Name no service where stopping it would not end the owners: children of cron, or of a container engine.

    :param records: list of dict, listeners whose service is known to have a main process that does not own them.
    :param connect: callable as ``bus.Bus``.
    """
    spared = _spared(sorted({record['service'] for record in records}), gaps, run, connect)
    for record in records:
        if record['service'] in spared:
            record['service'] = None


def _spared(services, gaps, run, connect):
    """set of str: the services that leave all but their main process running when they are stopped."""
    try:
        with contextlib.closing(connect()) as bus:
            # a variant with a string: its signature, its length, its bytes and a zero
            modes = [body[8:-1].decode('ascii', 'replace') for body in bus.get(services, 'Service', 'KillMode')]
    except FAULTS:
        try:
            known = systemctl.values(services, 'KillMode', run)
        except systemctl.SystemdError as exc:
            gaps.add('units', 'systemctl',
                     'systemctl did not answer (%s): it is unknown which services end their children' % exc)
            return set(services)
        modes = [known.get(service) for service in services]
    return {service for service, mode in zip(services, modes) if mode in _SPARING}
