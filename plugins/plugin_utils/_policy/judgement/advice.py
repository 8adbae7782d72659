# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Declarations that are allowed, and that cannot work or mean something else than they seem to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ... import _words
from ..._harmless.terminal import visible
from ..._windows.listeners import is_windows
from ..declaration import naming

if TYPE_CHECKING:
    from ..._shape import Facts, System
    from ..conditions.ports import Item
    from ..declaration.entry import Entry
    from .judge import Result

_STATES = ('required', 'optional')
_RESERVE = 'add it to net.ipv4.ip_local_reserved_ports'


def advice(entries: Sequence[Entry], facts: Facts, result: Result) -> list[str]:
    """List what whoever wrote a declaration should know of it, harmless to print.

    :param facts: those of the host, and ``result`` the judgement of it.
    """
    system, is_on_windows = facts['system'], is_windows(facts)
    # every user of Windows may bind to every port
    of_privilege = [] if is_on_windows else _of_privilege(entries, system, result)
    return _of_ranges(entries) + _of_ephemeral(entries, system, is_on_windows) + of_privilege


def _of_ranges(entries: Sequence[Entry]) -> list[str]:
    """Find ports of an entry that lie in the range of another one: there the one that names the port decides, alone."""
    advices = []
    named = [entry for entry in entries if entry.state in _STATES]
    for wide in named:
        ranges = [item for item in wide.items if not item.exact]
        if not ranges:
            continue
        for narrow in named:
            inside = [item for item in narrow.items if item.exact and any(
                item.protocol == other.protocol and other.low <= item.low <= other.high for other in ranges)]
            # of every port everybody speaks, and who writes "any" knows that
            if (
                inside
                and narrow is not wide
                and _may_meet(narrow, wide)
                and not any(str(item).endswith('any') for item in ranges)
            ):
                advices.append('%s is inside the range of %s; for that port the specific entry wins' % (
                    _ports(narrow, inside), naming.place(wide)))
    return advices


def _may_meet(entry: Entry, other: Entry) -> bool:
    """Whether two entries can speak of one listener, as far as namespace and family tell."""
    return bool(entry.namespace) == bool(other.namespace) and (
        not entry.family or not other.family or entry.family == other.family
    )


def _of_ephemeral(entries: Iterable[Entry], system: System, is_on_windows: bool) -> list[str]:
    """Find ports that the system may give to a client before the service starts.

    See ip_local_port_range in ip-sysctl of the kernel, and excludedportrange of netsh.
    """
    span = system.get('ephemeral_ports')
    if not span:
        return []
    first, last = span
    # no client is given what Windows has set aside by itself
    reserved = [*(system.get('reserved_ports') or ()), *(system.get('excluded_ports') or ())]
    advices = []
    for entry in entries:
        if entry.state != 'required' or entry.need is not None or entry.namespace:
            continue
        inside = [item for item in entry.items if item.exact and first <= item.low <= last
                  and not any(low <= item.low <= high for low, high in reserved)]
        if inside:
            advices.append(
                '%s is in the range of client ports, %d to %d: a client may be using it when the service starts; '
                '%s' % (_ports(entry, inside), first, last, _to_exclude(inside) if is_on_windows else _RESERVE)
            )
    return advices


def _to_exclude(items: Iterable[Item]) -> str:
    """Show how to keep ports from the clients of a Windows host."""
    kinds = dict.fromkeys(('udp' if item.protocol.startswith('udp') else 'tcp', item.low) for item in items)
    return 'exclude it as an administrator: %s' % _words.some(
        'netsh int ipv4 add excludedportrange protocol=%s startport=%d numberofports=1' % kind for kind in kinds)


def _of_privilege(entries: Iterable[Entry], system: System, result: Result) -> list[str]:
    """Find missing ports that a user needs a privilege for.

    See ip_unprivileged_port_start in ip-sysctl of the kernel, and CAP_NET_BIND_SERVICE in capabilities(7).
    """
    first = system.get('unprivileged_port_start')
    missing = {
        (finding.declared_in, finding.entry): finding for finding in result.findings if finding.kind == 'missing'
    }
    advices = []
    for entry in entries:
        absent = missing.get((entry.variable, naming.label(entry)))
        users = dict(entry.conditions).get('user')
        if not first or not absent or entry.namespace or not users or users.fit('root') or users.fit('0'):
            continue
        inside = [item for item in absent.ports if item.exact and item.low < first]
        if inside:
            advices.append('%s is below %d; user %s cannot bind to it without CAP_NET_BIND_SERVICE' % (
                _ports(entry, inside), first, visible(str(users), 200)))
    return advices


def _ports(entry: Entry, items: Iterable[Item]) -> str:
    return '%s of %s' % (_words.some(map(str, items)), naming.place(entry))
