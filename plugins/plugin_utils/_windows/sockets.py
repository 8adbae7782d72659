# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sockets of a Windows host, those with the same id together."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Literal, NamedTuple

from ...module_utils._addresses import scopes
from .._shape import Scope
from .raw import Raw, Socket

_TABLES: Mapping[str, tuple[Literal['tcp', 'udp'], int]] = {
    'tcp4': ('tcp', 4), 'tcp6': ('tcp', 6), 'udp4': ('udp', 4), 'udp6': ('udp', 6)}


class Address(NamedTuple):
    """An address. :ivar number: its bytes. :ivar text: as RFC 5952 has it. :ivar scope: how far it reaches."""

    number: bytes
    text: str
    scope: Scope


class Listening(NamedTuple):
    """All sockets with one protocol, address, interface and port.

    :ivar family: 4 or 6. :ivar interface: the alias of that of a link-local address, or its number where it has none
        that is known.
    """

    id: str
    table: str
    protocol: Literal['tcp', 'udp']
    family: int
    address: Address
    port: int
    interface: str | None
    sockets: list[Socket]


@functools.lru_cache(maxsize=4096)
def address(digits: str) -> Address:
    """Return the address that a row has in hexadecimal digits."""
    number = bytes.fromhex(digits)
    return Address(number, scopes.text(number), scopes.scope(number))


def aliases(raw: Raw) -> Mapping[int, str]:
    """Return the aliases of interfaces by their index for IPv6, which is what scope ids are."""
    return {interface['index6']: interface['name'] for interface in raw.get('interfaces') or ()
            if interface['index6'] is not None and interface['name']}


def listening(raw: Raw) -> list[Listening]:
    """List what listens, in the order of facts: by protocol, port, family, address and interface.

    Sockets without a port are left out: they are being bound, and do not listen yet.
    """
    known = aliases(raw)
    found: dict[tuple[str, str, int, str | None], list[Socket]] = {}
    rows = (raw.get('tcp4'), raw.get('tcp6'), raw.get('udp4'), raw.get('udp6'))
    for table, some in zip(_TABLES, rows, strict=True):
        for socket in some or ():
            if socket.port:
                scope = known.get(socket.scope, str(socket.scope)) if socket.scope else None
                found.setdefault((table, socket.address, socket.port, scope), []).append(socket)
    made = []
    for (table, digits, port, interface), sockets in found.items():
        bound = address(digits)
        text = '%s%%%s' % (bound.text, interface) if interface else bound.text
        protocol, family = _TABLES[table]
        made.append(Listening(
            '%s/%s:%d' % (protocol, '[%s]' % text if family == 6 else text, port),
            table, protocol, family, bound, port, interface, sockets))
    made.sort(key=lambda one: (one.protocol, one.port, one.family, one.address.text, one.interface or ''))
    return made
