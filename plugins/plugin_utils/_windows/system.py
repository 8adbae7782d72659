# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The surroundings of the listeners of a Windows host: its addresses, and the ports that are set aside."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from .._shape import System
from . import netsh
from .check import TABLES
from .netsh import Span
from .raw import Raw
from .sockets import aliases


def system(raw: Raw) -> System:
    """Return what facts have as ``system``.

    Windows keeps ports apart by protocol and family, and facts do not: a port is excluded where one of these is.
    """
    ranges = sorted(dynamic(raw).values())
    reserved, others = _excluded(raw)
    return {
        'local_addresses': local_addresses(raw),
        'ephemeral_ports': [ranges[0][0], max(last for _first, last in ranges)] if ranges else None,
        'reserved_ports': reserved,
        'unprivileged_port_start': 0,
        'platform': 'windows',
        'excluded_ports': others,
    }


def dynamic(raw: Raw) -> dict[str, Span]:
    """Return the dynamic ports of each table, without those that could not be read."""
    read = {table: netsh.dynamic(text) for table, text in (raw.get('dynamic') or {}).items() if text}
    return {table: span for table, span in read.items() if span}


def _excluded(raw: Raw) -> tuple[list[list[int]] | None, list[list[int]] | None]:
    """List the ranges that somebody excluded, and those that Windows did; None where not all could be read."""
    texts = raw.get('excluded') or {}
    read = [netsh.excluded(texts.get(table) or '') for table in TABLES]
    whole = [one for one in read if one is not None]
    if len(whole) < len(TABLES):
        return None, None
    return (_merged(span for one in whole for span in one.administered),
            _merged(span for one in whole for span in one.others))


def _merged(spans: Iterable[Span]) -> list[list[int]]:
    """Join ranges that overlap."""
    made: list[list[int]] = []
    for low, high in sorted(spans):
        if made and low <= made[-1][1]:
            made[-1][1] = max(high, made[-1][1])
        else:
            made.append([low, high])
    return made


def local_addresses(raw: Raw) -> list[str] | None:
    """List the addresses of interfaces that are up, such as ``fe80::1%Ethernet 2/64``; None where they are not known.

    What is not an address is left out.
    """
    interfaces = raw.get('interfaces')
    if interfaces is None:
        return None
    names = aliases(raw)
    made = []
    for interface in interfaces:
        for text in interface['addresses'] if interface['up'] else ():
            bare, _slash, length = text.partition('/')
            bare, _percent, zone = bare.partition('%')
            try:
                parsed = ipaddress.ip_interface('%s/%s' % (bare, length) if length else bare)
            except ValueError:
                continue
            alias = names.get(int(zone), zone) if zone.isascii() and zone.isdigit() and len(zone) < 11 else zone
            made.append('%s%s/%d' % (parsed.ip, '%' + alias if alias else '', parsed.network.prefixlen))
    return made
