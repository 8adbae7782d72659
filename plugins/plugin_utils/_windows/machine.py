# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What rules of the firewall ask of a host: its version, variables, and the ports that keywords stand for."""

from __future__ import annotations

import re

from . import netsh, system
from .model import Machine
from .names import fold
from .raw import Raw
from .sources import why_not

_VERSION = re.compile(r'[0-9]{1,9}(?:\.[0-9]{1,9}){1,3}', re.ASCII)
_IPHTTPS = '/iphttps'
_TEREDO = 'iphlpsvc'            # the service that has the sockets of Teredo


def machine(raw: Raw, teredo: bool) -> Machine:
    """Find what rules ask of a host.

    :param teredo: whether a Teredo interface is connected.
    """
    version = raw['os']['version']
    urls = netsh.queues(raw.get('http') or '') if why_not(raw, 'http') is None else None
    rpc = raw.get('rpc') if why_not(raw, 'rpc') is None else None
    environment = raw['firewall'].get('environment') or {}
    return Machine(
        tuple(map(int, version.split('.'))) if _VERSION.fullmatch(version) else None,
        {name.strip('%').lower(): value for name, value in environment.items()},
        None if rpc is None else frozenset(rpc),
        system.dynamic(raw).get('tcp4'),
        None if urls is None else frozenset(
            url.port for queue in urls for url in queue.urls
            if url.https and url.path.lower().rstrip('/') == _IPHTTPS),
        frozenset(_of_service(raw, _TEREDO)) if teredo else frozenset())


def _of_service(raw: Raw, name: str) -> list[int]:
    """List the UDP ports of the process of a service."""
    pids = {service.pid for service in raw.get('services') or () if fold(service.name) == name and service.pid}
    sockets = [*(raw.get('udp4') or ()), *(raw.get('udp6') or ())]
    return [socket.port for socket in sockets if socket.pid in pids]
