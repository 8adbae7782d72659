# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns listeners into the rows of a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ... import _long_sets
from ..._harmless.terminal import name, visible
from ..._listener import Listener, endpoints, forwarded_to, is_led_elsewhere, to_show, unlisted
from ..._shape import PROTOCOLS, SCOPES, Facts, Owner
from ..model import Report

_SCOPE_ORDER = {scope: number for number, scope in enumerate(SCOPES)}
_PROTOCOL_ORDER = {protocol: number for number, protocol in enumerate(PROTOCOLS)}
# Who reaches it, the widest first: what is not known may be anyone.
LEVELS = ('anyone', 'unknown', 'listed', 'private', 'link', 'local', 'none')
_LEVEL_ORDER = {level: number for number, level in enumerate(LEVELS)}
_LEVEL_OF_SCOPE = {'any': 'anyone', 'global': 'anyone', 'private': 'private', 'link': 'link', 'loopback': 'local'}
_WIDE_LEVELS = ('anyone', 'unknown', 'listed')
_FAMILIES = {True: ' (v4+6)', None: ' (v4?+6)', False: ''}      # of an IPv6 socket, by whether it accepts IPv4
_MAX_NAMES = 3                  # in one cell


@dataclass
class Row:
    """One line of the table; all text is harmless to print.

    :ivar hosts: the hosts that it is about, as they are called in the inventory.
    :ivar order: sorts the widest scope first.
    :ivar wide: whether peers beyond the private networks may be let in, by the address and, where it was observed, by
        the firewall.
    :ivar level: who reaches it; empty where the firewall was not observed.
    """

    hosts: list[str]
    order: tuple[Any, ...]
    wide: bool
    protocol: str
    endpoint: str
    service: str
    owners: str
    unit: str
    scope: str
    level: str


class _Seen(NamedTuple):
    """A listener on a host. ``gathered`` is whether owners were asked for there."""

    host: str
    listener: Listener
    gathered: bool


def each(report: Report) -> list[Row]:
    """Return a row for each listener of each host, sorted."""
    rows = [_row([host.name], [_Seen(host.name, listener, _gathered(facts))], _endpoint(listener))
            for host, facts in report.observed for listener in endpoints(facts)]
    return sorted(rows, key=lambda row: (row.order[0], row.hosts[0], *row.order[1:]))


def grouped(report: Report) -> list[Row]:
    """Return a row for all hosts on which the same thing listens the same way, whatever their addresses are, sorted."""
    groups: dict[tuple[Any, ...], list[_Seen]] = {}
    for host, facts in report.observed:
        for listener in endpoints(facts):
            seen = _Seen(host.name, listener, _gathered(facts))
            groups.setdefault(_likeness(seen), []).append(seen)
    rows = []
    for alike in groups.values():
        bound = {_endpoint(seen.listener) for seen in alike}
        several = '(%d addresses):%d' % (len(bound), alike[0].listener['port'])
        hosts = list(dict.fromkeys(seen.host for seen in alike))
        rows.append(_row(hosts, alike, bound.pop() if len(bound) == 1 else several))
    return sorted(rows, key=lambda row: (*row.order, -len(row.hosts), row.owners, row.unit))


def _gathered(facts: Facts) -> bool:
    """Whether owners were asked for."""
    return facts['complete']['owners'] is not None


def _likeness(seen: _Seen) -> tuple[Any, ...]:
    """Return what listeners have in common that share a row."""
    listener = seen.listener
    specific = listener['scope'] not in ('any', 'loopback')
    return (listener['protocol'], listener['port'], listener['scope'], listener['family'],
            None if specific else (listener['address'], listener['interface']), listener['accepts_ipv4'],
            _service(listener), _namespace(listener), _owners([seen], count=False), _unit(seen), _level(listener),
            forwarded_to(listener))


def _row(hosts: list[str], alike: Sequence[_Seen], endpoint: str) -> Row:
    listener = alike[0].listener
    scope, namespace = listener['scope'], listener['namespace']
    exposure = listener.get('exposure')
    level = exposure['level'] if exposure else _LEVEL_OF_SCOPE[scope]
    order = ((namespace is not None, _LEVEL_ORDER[level], _SCOPE_ORDER[scope]), _PROTOCOL_ORDER[listener['protocol']],
             listener['port'], listener['family'], listener['address'], listener['interface'] or '', namespace or '')
    return Row(
        hosts, order, wide=namespace is None and level in _WIDE_LEVELS, protocol=listener['protocol'],
        endpoint=endpoint, service=_service(listener), owners=_owners(alike), unit=_unit(alike[0]),
        scope=scope + _namespace(listener), level=_level(listener))


def _level(listener: Listener) -> str:
    """Show who reaches it; of a list, long sets by their names and the first networks."""
    exposure = listener.get('exposure')
    if not exposure:
        return ''
    level = exposure['level']
    if level != 'listed':
        return level
    sets = [visible(words, 100) for words in _long_sets.in_words(exposure.get('allowed_sets') or ())]
    return _first([*sets, *map(name, exposure['allowed'])]) or level


def _endpoint(listener: Listener) -> str:
    address = listener['address']
    if listener['interface']:
        address = '%s%%%s' % (address, name(listener['interface']))
    target = forwarded_to(listener)
    to = ' → %s' % name(target) if target else ''
    if listener['family'] == 'ipv4':
        return '%s:%d%s' % (address, listener['port'], to)
    return '[%s]:%d%s%s' % (address, listener['port'], _FAMILIES[listener['accepts_ipv4']], to)


def _service(listener: Listener) -> str:
    """Show the name of the port."""
    if listener['protocol'] == 'raw':
        return 'IP proto %d' % listener['port']
    if listener['port_name']:
        return name(listener['port_name'])
    return '(ephemeral)' if listener['ephemeral'] else '-'


def _namespace(listener: Listener) -> str:
    return ' in %s' % name(listener['namespace']) if listener['namespace'] else ''


def _process(owner: Owner) -> str:
    """Show the name of a process; where the kernel has cut it at 15 characters, as the executable has it."""
    process, exe = owner['process'], owner['exe'] or owner.get('exe_inside')
    base = exe.rpartition('/')[2] if exe else None
    if process and base and len(process) == 15 and base.startswith(process):
        process = base
    shown = name(process) if process else '?'
    return shown + ' [exe deleted]' if owner['exe_deleted'] else shown


def _user(owner: Owner) -> str:
    if owner['user']:
        return name(owner['user'])
    return '?' if owner['uid'] is None else 'uid %d' % owner['uid']


def _owners(alike: Sequence[_Seen], count: bool = True) -> str:
    """Show who owns listeners that differ at most in the number of their processes.

    :param count: whether to show these numbers.
    """
    listeners = [seen.listener for seen in alike]
    first = listeners[0]
    if first['held_by'] == 'kernel':
        return '[kernel]'
    if not first['owners']:
        if not alike[0].gathered or is_led_elsewhere(first):
            return '-'
        uid = first['socket_uid']
        known = uid is not None and all(listener['socket_uid'] == uid for listener in listeners)
        return '? (uid %s)' % uid if known else '?'
    processes = [_processes(listener) for listener in listeners]
    parts = []
    for process, (dummy, users) in list(processes[0].items())[:_MAX_NAMES]:
        numbers = {of_one[process].number for of_one in processes if process in of_one}
        low, high = min(numbers), max(numbers)
        times = '' if high == 1 or not count else ' ×%d' % low if low == high else ' ×%d–%d' % (low, high)
        parts.append('%s%s (%s)' % (process, times, ', '.join(users)))
    if len(processes[0]) > _MAX_NAMES:
        parts.append('+%d more' % (len(processes[0]) - _MAX_NAMES))
    hidden = max(map(unlisted, listeners))
    if hidden and count:
        parts.append('+%d processes' % hidden)
    return ', '.join(parts)


class _Processes(NamedTuple):
    """Processes of one name: how many there are, and the users that they run as."""

    number: int
    users: list[str]


def _processes(listener: Listener) -> dict[str, _Processes]:
    """Count the owners by their name, the most frequent first."""
    users_of: dict[str, list[str]] = {}
    for owner in to_show(listener):
        users_of.setdefault(_process(owner), []).append(_user(owner))
    counted = {process: _Processes(len(users), list(dict.fromkeys(users))) for process, users in users_of.items()}
    return dict(sorted(counted.items(), key=lambda item: (-item[1].number, item[0])))


def _unit(seen: _Seen) -> str:
    """Show the container, else the unit to stop and what activates it, else the units that the owners are in."""
    listener = seen.listener
    containers = _distinct(owner['container'] for owner in to_show(listener))
    if containers:
        return containers
    if listener['service'] or listener['activated_by']:
        return ' ← '.join(name(unit) for unit in (listener['service'], listener['activated_by']) if unit)
    units = _distinct(owner['unit'] for owner in listener['owners'])
    if units:
        return units
    is_hidden = listener['held_by'] == 'unknown' and not is_led_elsewhere(listener)
    return '?' if seen.gathered and is_hidden else '-'


def _distinct(values: Iterable[str | None]) -> str:
    return _first(name(value) for value in values if value)


def _first(texts: Iterable[str]) -> str:
    """Show the first of these texts, each once, and count the rest."""
    shown = list(dict.fromkeys(texts))
    more = len(shown) - _MAX_NAMES
    return ', '.join([*shown[:_MAX_NAMES], *(['+%d more' % more] if more > 0 else [])])
