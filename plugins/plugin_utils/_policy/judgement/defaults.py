# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nobody declared: of which kind it is, and what its kind is worth."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..._listener import Listener, is_led_elsewhere, unlisted
from ..._shape import Complete, Owner
from ..._windows.listeners import is_here
from ..._windows.names import fold, fold_path
from ..conditions import reach
from ..conditions.three_valued import both
from ..language.options import IGNORE, if_blocked

# What keeps an address that was leased: RFC 2131, 4.1 and RFC 8415, 7.2.
DHCP = {('udp', 68), ('udp', 546)}
_NETWORK_MANAGERS = frozenset(
    (
        'systemd-networkd',
        'systemd-network',
        'NetworkManager',
        'dhclient',
        'dhcpcd',
        'udhcpc',
        'connmand',
        'wickedd-dhcp4',
        'wickedd-dhcp6',
        'netplan',
    )
)
# Where whoever has no privileges may put an executable; and where nobody else but the administrator does.
_TEMPORARY = ('/tmp/', '/var/tmp/', '/dev/shm/', '/run/user/', '/run/shm/')
_OF_USERS = (*_TEMPORARY, '/home/', '/root/')
_OF_SYSTEM = ('/usr/', '/bin/', '/sbin/', '/lib/', '/lib64/', '/snap/', '/nix/store/', '/gnu/store/')
# The same of Windows, folded: of users, and where services, too, put what is temporary
_TEMPORARY_ON_WINDOWS = re.compile(
    r'[a-z]:\\(?:(?:windows\\)?te?mp|users\\public|\$recycle\.bin)\\.*|.*\\appdata\\local\\te?mp\\.*', re.DOTALL)
_INSTALLED_ON_WINDOWS = re.compile(r'[a-z]:\\(?:windows|program files(?: \(x86\))?)\\.*', re.DOTALL)
_HOST_OF_SERVICES = re.compile(r'[a-z]:\\windows\\system32\\svchost\.exe')
_DHCP_ON_WINDOWS = 'dhcp'
_FIRST_OF_PEOPLE = 1000             # uids below are of the system: UID_MIN in login.defs(5)

# What makes a listener dubious: its executable, its owner that is not known, or that not all of its owners are.
FILE, OWNER, OWNERS = DUBIOUS = 'file', 'owner', 'owners'

# class: the switch that says what it is worth
SWITCHES = {
    'unexpected': 'listener_unexpected',
    'blocked': 'listener_unexpected_blocked',
    'loopback': 'listener_unexpected_loopback',
    'ephemeral': 'listener_unexpected_ephemeral_udp',
}


def worth(group: str, switches: Mapping[str, Any]) -> str:
    """Find what a class is worth: ``fail``, ``warn`` or ``ignore``."""
    return if_blocked(switches) if group == 'blocked' else str(switches[SWITCHES[group]])


def is_let_be(listener: Listener, complete: Complete, switches: Mapping[str, Any], is_new: bool) -> bool | None:
    """Whether what nobody declares may listen all the same; None where its owners are hidden.

    :param complete: the aspects of the facts.
    :param is_new: whether it was not there a moment before: an ephemeral socket is then somebody's client.
    """
    if listener['namespace'] is not None:
        return True             # nobody can reach it by this one
    group = kind(listener, complete)
    is_ignored = worth(group, switches) == IGNORE
    if group != 'ephemeral':
        return True if is_ignored else is_known(listener)
    if is_new and _is_of_installed_clients(listener):
        return True
    why = dubious(listener)
    return True if is_ignored and (not why or is_new and why != FILE) else is_known(listener)


def _is_of_installed_clients(listener: Listener) -> bool:
    """Whether a socket that was not there a moment before is that of a program that waits for an answer.

    Whoever listens on another port each second has such sockets, too. So this is only about programs that are
    installed; of any other one it is told, as of what stays.
    """
    if listener['held_by'] == 'kernel':
        return True
    is_installed = _is_installed_on_windows if is_here(listener) else _is_installed
    return listener['held_by'] == 'processes' and not unlisted(listener) and all(map(is_installed, listener['owners']))


def _is_installed_on_windows(owner: Owner) -> bool:
    path = fold_path(owner['exe'] or '')
    return bool(_INSTALLED_ON_WINDOWS.fullmatch(path)) and not _TEMPORARY_ON_WINDOWS.fullmatch(path)


def _is_installed(owner: Owner) -> bool:
    """Whether the executable lies where only an administrator installs some, on the host or in an image of his."""
    container = owner['container']
    exe = owner['exe'] or (owner.get('exe_inside') if container and '/' not in container else None)
    return exe is not None and not owner['exe_deleted'] and not exe.startswith(_OF_USERS)


def is_known(listener: Listener) -> bool | None:
    """Whether the network manager owns it, for DHCP."""
    if (listener['protocol'], listener['port']) not in DHCP or is_led_elsewhere(listener):
        return False
    if listener['held_by'] != 'processes':
        return None if listener['held_by'] == 'unknown' else False
    if is_here(listener):
        known = both(_is_host_of_services(owner) for owner in listener['owners'])
        known = known if fold(listener['service'] or '') == _DHCP_ON_WINDOWS else False
    else:
        known = both(_manages(owner) for owner in listener['owners'])
    return both((known, None)) if unlisted(listener) else known


def _manages(owner: Owner) -> bool | None:
    """Whether an owner is a network manager.

    Anybody can take the name, and put an executable of that name somewhere; what the system has installed, a user can
    start, too.
    """
    exe, uid = owner['exe'], owner['uid']
    if uid is not None and uid >= _FIRST_OF_PEOPLE or owner['exe_deleted'] or owner.get('exe_inside'):
        return False
    if exe is not None and not (exe.startswith(_OF_SYSTEM) and exe.rpartition('/')[2] in _NETWORK_MANAGERS):
        return False
    return None if exe is None or uid is None else True


def _is_host_of_services(owner: Owner) -> bool | None:
    return None if owner['exe'] is None else bool(_HOST_OF_SERVICES.fullmatch(fold_path(owner['exe'])))


def has_dubious_file(listener: Listener, owners: Iterable[Owner]) -> bool:
    """Whether the executable of some owners of a listener is gone, or lies where everybody may write."""
    return any(map(_is_dubious_on_windows if is_here(listener) else _is_dubious, owners))


def _is_dubious_on_windows(owner: Owner) -> bool:
    return bool(owner['exe_deleted'] or _TEMPORARY_ON_WINDOWS.fullmatch(fold_path(owner['exe'] or '')))


def _is_dubious(owner: Owner) -> bool:
    exe = owner['exe'] or owner.get('exe_inside')
    return bool(owner['exe_deleted']) or (exe is not None and exe.startswith(_TEMPORARY))


def kind(listener: Listener, complete: Complete) -> str:
    """Find its class: ``unexpected``, ``blocked``, ``loopback`` or ``ephemeral``.

    :param complete: the aspects of the facts: of rules that were not all seen, none is told to keep everybody out.
    """
    if listener['ephemeral']:
        return 'ephemeral'
    if listener['scope'] == 'loopback':
        return 'loopback'
    return 'blocked' if complete.get('firewall') is True and reach.is_blocked(listener) else 'unexpected'


def dubious(listener: Listener) -> str | None:
    """Find why an ephemeral UDP socket is more than somebody's client: it is reachable by all, and owned by nobody who
    can be named.

    :returns: one of DUBIOUS, or None where it is not.
    """
    if listener['scope'] != 'any':
        return None
    if listener['held_by'] == 'unknown':
        return OWNER
    if has_dubious_file(listener, listener['owners']):
        return FILE
    return OWNERS if unlisted(listener) else None
