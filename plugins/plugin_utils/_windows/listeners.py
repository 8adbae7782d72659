# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a listener of a Windows host has that others lack: names in any case, and http.sys, which listens for others.

Whether a host is a Windows host is what its facts say, never what a path looks like: no name of another host is folded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from .._shape import Endpoint, Facts, Owner
from . import by_hand, protected
from .names import SYSTEM_PID, base, fold

HTTP_SYS = 'http.sys'                   # the driver, where it listens for processes that have a queue of requests of it
NEVER_TOLD = ('port_name', 'socket_uid')    # fields of a listener of which Windows says nothing
PLATFORM = 'platform'                   # the key that ``marked`` adds
_WINDOWS = 'windows'
_SYSTEM_USER = 'nt authority\\system'
_EXTENSION = '.exe'
# What has the connection of Ansible: the service, or the process of a server that is no service
_WAYS_IN = frozenset(('winrm', 'sshd'))
_PROCESSES_IN = frozenset(('sshd', 'wsmprovhost', 'winrshost'))
_WINRM = (5985, 5986)                   # where http.sys listens for WinRM, as long as nobody has changed that
# Programs without which Windows does not run, without .exe
_OF_WINDOWS = frozenset(('system', 'smss', 'csrss', 'wininit', 'services', 'lsass', 'lsaiso'))
_LOOPBACK = 'loopback pseudo-interface '            # behind it: its number
_PLAIN = re.compile(r'[A-Za-z0-9_][A-Za-z0-9_.-]{0,255}')         # names that PowerShell takes without quotes


def is_windows(facts: Facts) -> bool:
    """Whether facts are those of a Windows host."""
    return facts['system'].get('platform') == _WINDOWS or facts['collector'] == _WINDOWS


def marked(listeners: Sequence[Any]) -> list[Any]:
    """Copy the listeners of a Windows host, so that each says where it is."""
    return [{**listener, PLATFORM: _WINDOWS} for listener in listeners]


def is_here(listener: Mapping[str, Any]) -> bool:
    """Whether a listener that may be ``marked`` is that of a Windows host."""
    return listener.get(PLATFORM) == _WINDOWS


def is_driver(owner: Owner) -> bool:
    """Whether an owner is the kernel, with all of its drivers."""
    return owner['pid'] == SYSTEM_PID


def is_of_system(listener: Endpoint) -> bool:
    """Whether all of its owners are known, and have the rights of the system."""
    owners = listener['owners']
    return len(owners) == listener['owners_total'] and bool(owners) and all(
        fold(owner['user'] or '') == _SYSTEM_USER for owner in owners)


def is_way_in(listener: Endpoint) -> bool:
    """Whether Ansible itself may have come through it: WinRM, or an SSH server."""
    if fold(listener['service'] or '') in _WAYS_IN:
        return True
    if listener['service'] is None and listener['protocol'] == 'tcp' and listener['port'] in _WINRM:
        return True
    return any(without_extension(fold(owner['process'] or '')) in _PROCESSES_IN for owner in listener['owners'])


def programs(owner: Owner) -> list[str]:
    """List the names of the program that a process runs, folded; none where nothing is known of it."""
    return [fold(name) for name in (owner['process'], base(owner['exe'] or '')) if name]


def without_extension(program: str) -> str:
    """Take off the folded name of a program what other systems do not add to it."""
    return program.removesuffix(_EXTENSION) or program


def may_be_needed(service: str) -> bool:
    """Whether a host, or a way to it, may need a service, whatever listens for it: one that is never stopped here."""
    return protected.of_service(service) is not None


def is_of_windows(process: str) -> bool:
    """Whether a process has the name of one without which Windows does not run."""
    return without_extension(fold(process)) in _OF_WINDOWS


def is_loopback(interface: str) -> bool:
    """Whether an interface is that of loopback."""
    name = fold(interface)
    return name.startswith(_LOOPBACK) and name[len(_LOOPBACK):].isdigit()


def operand(service: str) -> str | None:
    """Show the name of a service as PowerShell takes it; None for one that nobody should be told to copy."""
    if _PLAIN.fullmatch(service):
        return service
    return by_hand.quoted(service) if by_hand.stop(service) else None
