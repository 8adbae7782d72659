# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nobody declared: of which kind it is, and what its kind is worth."""

from collections.abc import Mapping
from typing import Any

from ..._listener import Listener, is_led_elsewhere, unlisted
from ..._shape import Owner
from ..conditions.three_valued import both, either
from ..language.options import IGNORE

# What keeps an address that was leased: RFC 2131, 4.1 and RFC 8415, 7.2.
_DHCP = {('udp', 68), ('udp', 546)}
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
_TEMPORARY = ('/tmp/', '/var/tmp/', '/dev/shm/', '/run/user/')

# What makes a listener dubious: its executable, its owner that is not known, or that not all of its owners are.
FILE, OWNER, OWNERS = DUBIOUS = 'file', 'owner', 'owners'

# class: the switch that says what it is worth
SWITCHES = {
    'unexpected': 'listener_unexpected',
    'loopback': 'listener_unexpected_loopback',
    'ephemeral': 'listener_unexpected_ephemeral_udp',
}


def is_let_be(listener: Listener, switches: Mapping[str, Any], is_new: bool) -> bool | None:
    """Whether what nobody declares may listen all the same; None where its owners are hidden.

    :param is_new: whether it was not there a moment before: an ephemeral socket is then somebody's client.
    """
    if listener['namespace'] is not None:
        return True             # nobody can reach it by this one
    group = kind(listener)
    if group == 'ephemeral' and (is_new or not dubious(listener) and switches[SWITCHES[group]] == IGNORE):
        return True
    return True if group != 'ephemeral' and switches[SWITCHES[group]] == IGNORE else is_known(listener)


def is_known(listener: Listener) -> bool | None:
    """Whether the network manager owns it, for DHCP."""
    if (listener['protocol'], listener['port']) not in _DHCP or is_led_elsewhere(listener):
        return False
    if listener['held_by'] != 'processes':
        return None if listener['held_by'] == 'unknown' else False
    known = both(_manages(owner) for owner in listener['owners'])
    return both((known, None)) if unlisted(listener) else known


def _manages(owner: Owner) -> bool | None:
    """Whether an owner is a network manager.

    Anybody can take the name; the executable is what the administrator has installed.
    """
    if owner['exe'] is None:
        return None
    return not is_dubious_file(owner) and owner['exe'].rpartition('/')[2] in _NETWORK_MANAGERS


def is_dubious_file(owner: Owner) -> bool:
    """Whether the executable is gone, or lies where everybody may write."""
    exe = owner['exe'] or owner.get('exe_inside')
    return bool(owner['exe_deleted']) or (exe is not None and exe.startswith(_TEMPORARY))


def kind(listener: Listener) -> str:
    """Find its class: ``unexpected``, ``loopback`` or ``ephemeral``."""
    if listener['ephemeral']:
        return 'ephemeral'
    return 'loopback' if listener['scope'] == 'loopback' else 'unexpected'


def dubious(listener: Listener) -> str | None:
    """Find why an ephemeral UDP socket is more than somebody's client: it is reachable by all, and owned by nobody who
    can be named.

    :returns: one of DUBIOUS, or None where it is not.
    """
    if listener['scope'] != 'any':
        return None
    if listener['held_by'] == 'unknown':
        return OWNER
    if either(is_dubious_file(owner) for owner in listener['owners']):
        return FILE
    return OWNERS if unlisted(listener) else None
