# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What nobody declared: of which kind it is, and what its kind is worth. Private to this collection."""

from ..._listener import unlisted
from ..conditions.three_valued import both, either

# What keeps an address that was leased: RFC 2131, 4.1 and RFC 8415, 7.2.
_DHCP = {('udp', 68), ('udp', 546)}
_NETWORK_MANAGERS = frozenset(('systemd-networkd', 'systemd-network', 'NetworkManager', 'dhclient', 'dhcpcd', 'udhcpc', 'connmand', 'wickedd-dhcp4',
                               'wickedd-dhcp6', 'netplan'))
_TEMPORARY = ('/tmp/', '/var/tmp/', '/dev/shm/', '/run/user/')

IGNORE = 'ignore'
# What makes a listener dubious: its executable, its owner that is not known, or that not all of its owners are.
FILE, OWNER, OWNERS = DUBIOUS = 'file', 'owner', 'owners'

# class: the switch that says what it is worth
SWITCHES = {'unexpected': 'listener_unexpected', 'loopback': 'listener_unexpected_loopback', 'ephemeral': 'listener_unexpected_ephemeral_udp'}


def is_let_be(listener, switches, is_new):
    """Whether what nobody declares may listen all the same: True, False or None for holders that are hidden.

    :param is_new: bool, whether it was not there a moment before: an ephemeral socket is then somebody's client.
    """
    if listener['namespace'] is not None:
        return True             # nobody can reach it by this one
    group = kind(listener)
    if group == 'ephemeral' and (is_new or not dubious(listener) and switches[SWITCHES[group]] == IGNORE):
        return True
    return True if group != 'ephemeral' and switches[SWITCHES[group]] == IGNORE else is_known(listener)


def is_known(listener):
    """Whether the network manager holds it for DHCP: True, False or None."""
    if (listener['protocol'], listener['port']) not in _DHCP:
        return False
    if listener['held_by'] != 'processes':
        return None if listener['held_by'] == 'unknown' else False
    found = both(_manages(owner) for owner in listener['owners'])
    return both((found, None)) if unlisted(listener) else found


def _manages(owner):
    """Anybody can take the name; the executable is what the administrator has installed."""
    if owner['exe'] is None:
        return None
    return not is_dubious_file(owner) and owner['exe'].rpartition('/')[2] in _NETWORK_MANAGERS


def is_dubious_file(owner):
    """Whether the executable is gone, or lies where everybody may write."""
    exe = owner['exe']
    return bool(owner['exe_deleted']) or (exe is not None and exe.startswith(_TEMPORARY))


def kind(listener):
    """Its class: ``unexpected``, ``loopback`` or ``ephemeral``."""
    if listener['ephemeral']:
        return 'ephemeral'
    return 'loopback' if listener['scope'] == 'loopback' else 'unexpected'


def dubious(listener):
    """Why an ephemeral UDP socket is more than somebody's client: reachable by all, and owned by nobody who can be named.

    :returns: str of DUBIOUS, or None.
    """
    if listener['scope'] != 'any':
        return None
    if listener['held_by'] == 'unknown':
        return OWNER
    if either(is_dubious_file(owner) for owner in listener['owners']):
        return FILE
    return OWNERS if unlisted(listener) else None
