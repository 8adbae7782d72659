# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services that do not end what they started. Private to this collection, may change.

Source: systemd.kill(5), KillMode=.
"""

import contextlib

from . import bus as _bus, systemctl

_SPARING = ('process', 'none')


def leave(records, gaps, run):
    """Name no service where to stop it would not end the holders: they are children of cron, or of a container engine.

    :param records: list of dict, listeners whose service is known to have a main process that does not hold them.
    """
    spared = _spared(sorted({record['service'] for record in records}), gaps, run)
    for record in records:
        if record['service'] in spared:
            record['service'] = None


def _spared(services, gaps, run):
    """set of str: the services that leave all but their main process running when they are stopped.

    :param services: list of str, system units.
    """
    try:
        with contextlib.closing(_bus.Bus()) as bus:
            # a variant with a string: its signature, its length, its bytes and a zero
            modes = [body[8:-1].decode('ascii', 'replace') for body in bus.get(services, 'Service', 'KillMode')]
    except _bus.FAULTS:
        try:
            known = systemctl.values(services, 'KillMode', run)
        except systemctl.SystemdError as exc:
            gaps.add('units', 'systemctl', 'systemctl did not answer (%s): which services end their children is not known' % exc)
            return set(services)
        modes = [known.get(service) for service in services]
    return {service for service, mode in zip(services, modes) if mode in _SPARING}
