# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns listeners into the rows of a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from ... import _long_sets
from ..._harmless.terminal import name, visible
from ..._listener import Listener, endpoints, forwarded_to, is_led_elsewhere, to_show, unlisted
from ..._shape import PROTOCOLS, SCOPES, Facts, Owner
from ..model import Host

_SCOPE_ORDER = {scope: number for number, scope in enumerate(SCOPES)}
_PROTOCOL_ORDER = {protocol: number for number, protocol in enumerate(PROTOCOLS)}
# Who reaches it, the widest first: what is not known may be anyone.
LEVELS = ('anyone', 'unknown', 'listed', 'private', 'link', 'local', 'none')
_LEVEL_ORDER = {level: number for number, level in enumerate(LEVELS)}
_LEVEL_OF_SCOPE = {'any': 'anyone', 'global': 'anyone', 'private': 'private', 'link': 'link', 'loopback': 'local'}
_WIDE_LEVELS = ('anyone', 'unknown', 'listed')
_FAMILIES = {True: ' (v4+6)', None: ' (v4?+6)', False: ''}      # of an IPv6 socket, by whether it accepts IPv4
_MAX_NAMES = 3                  # in one cell
_MOST_KNOWN = 20000


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


class _Alike:
    """Listeners that share a row: of all but the first no more is kept than how they differ.

    :ivar bound: their endpoints.
    """

    def __init__(self, seen: _Seen) -> None:
        self.first = seen
        self.hosts: dict[str, None] = {}
        self.bound: dict[str, None] = {}
        self.spread = _Spread(seen.listener)

    def row(self) -> Row:
        """Return the row."""
        several = '(%d addresses):%d' % (len(self.bound), self.first.listener['port'])
        endpoint = next(iter(self.bound)) if len(self.bound) == 1 else several
        return _row(list(self.hosts), self.first, self.spread, endpoint)


class Rows:
    """Makes rows of the listeners of hosts."""

    def __init__(self, shared: bool) -> None:
        """Begin without any.

        :param shared: whether all hosts on which the same thing listens the same way, whatever their addresses are,
            share a row; else each host has its own.
        """
        self._shared = shared
        self._rows: list[Row] = []
        self._alike: dict[tuple[Any, ...], _Alike] = {}
        # what was seen already, by all that tells, so that it need not be made text once more
        self._known: dict[tuple[Any, ...], _Alike] = {}

    def add(self, host: Host, facts: Facts | None) -> None:
        """Take the listeners of a host."""
        if not facts:
            return
        gathered = _gathered(facts)
        for listener in endpoints(facts):
            seen = _Seen(host.name, listener, gathered)
            if self._shared:
                self._share(seen)
            else:
                self._rows.append(_row([host.name], seen, _Spread(listener), _endpoint(listener)))

    def sorted(self) -> list[Row]:
        """Return all rows, the widest first; those of a host are together where hosts share none."""
        if self._shared:
            rows = [alike.row() for alike in self._alike.values()]
            return sorted(rows, key=lambda row: (*row.order, -len(row.hosts), row.owners, row.unit))
        return sorted(self._rows, key=lambda row: (row.order[0], row.hosts[0], *row.order[1:]))

    def _share(self, seen: _Seen) -> None:
        key = _told(seen)
        alike = self._known.get(key)
        if alike is None:
            alike = self._alike.setdefault(_likeness(seen), _Alike(seen))
            alike.spread.add(seen.listener)
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[key] = alike
        alike.hosts[seen.host] = None
        alike.bound[_endpoint(seen.listener)] = None


def row(listener: Listener, gathered: bool) -> Row:
    """Return the row of a listener on whatever hosts have it, without the number of its processes.

    :param gathered: whether owners were asked for.
    """
    return _row([], _Seen('', listener, gathered), None, _endpoint(listener))


def told(listener: Listener, gathered: bool) -> tuple[Any, ...]:
    """Return all of a listener that ``row`` shows, without making text of it."""
    return _told(_Seen('', listener, gathered))


def level(listener: Listener) -> str:
    """Return who reaches it; as far as its address lets them, where rules were not judged."""
    exposure = listener.get('exposure')
    return exposure['level'] if exposure else _LEVEL_OF_SCOPE[listener['scope']]


def _gathered(facts: Facts) -> bool:
    """Whether owners were asked for."""
    return facts['complete']['owners'] is not None


def _likeness(seen: _Seen) -> tuple[Any, ...]:
    """Return what listeners have in common that share a row."""
    listener = seen.listener
    return (listener['protocol'], listener['port'], listener['scope'], listener['family'],
            None if _is_specific(listener) else (listener['address'], listener['interface']), listener['accepts_ipv4'],
            _service(listener), _namespace(listener), _owners(seen), _unit(seen), _level(listener),
            forwarded_to(listener))


def _told(seen: _Seen) -> tuple[Any, ...]:
    """Return all of a listener that is in its row or its likeness, but for an address that is no part of these."""
    listener = seen.listener
    exposure = listener.get('exposure')
    return (
        seen.gathered, listener['protocol'], listener['port'], listener['scope'], listener['family'],
        None if _is_specific(listener) else (listener['address'], listener['interface']), listener['accepts_ipv4'],
        listener['service'], listener['activated_by'], listener['namespace'], listener['port_name'],
        listener['ephemeral'], listener['held_by'], listener['socket_uid'], listener['owners_total'],
        *[(owner['process'], owner['exe'], owner.get('exe_inside'), owner['exe_deleted'], owner['user'], owner['uid'],
           owner['unit'], owner['container'], owner['pid'] == 1) for owner in listener['owners']],
        forwarded_to(listener), repr(listener.get('behind')),
        exposure and (exposure['level'], tuple(exposure['allowed']), repr(exposure.get('allowed_sets'))))


def _is_specific(listener: Listener) -> bool:
    """Whether it listens on an address that other hosts do not have."""
    return listener['scope'] not in ('any', 'loopback')


def _row(hosts: list[str], seen: _Seen, spread: _Spread | None, endpoint: str) -> Row:
    listener = seen.listener
    scope, namespace = listener['scope'], listener['namespace']
    reached_by = level(listener)
    order = ((namespace is not None, _LEVEL_ORDER[reached_by], _SCOPE_ORDER[scope]),
             _PROTOCOL_ORDER[listener['protocol']], listener['port'], listener['family'], listener['address'],
             listener['interface'] or '', namespace or '')
    return Row(
        hosts, order, wide=namespace is None and reached_by in _WIDE_LEVELS, protocol=listener['protocol'],
        endpoint=endpoint, service=_service(listener), owners=_owners(seen, spread), unit=_unit(seen),
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


def _owners(seen: _Seen, spread: _Spread | None = None) -> str:
    """Show who owns listeners that differ at most in the number of their processes.

    :param seen: the first one of them.
    :param spread: how they differ; without it no numbers are shown.
    """
    first = seen.listener
    if first['held_by'] == 'kernel':
        return '[kernel]'
    if not first['owners']:
        if not seen.gathered or is_led_elsewhere(first):
            return '-'
        uid = first['socket_uid']
        return '? (uid %s)' % uid if uid is not None and not (spread and spread.other_uids) else '?'
    processes = _processes(first)
    parts = []
    for process, (dummy, users) in list(processes.items())[:_MAX_NAMES]:
        low, high = spread.numbers[process] if spread else (1, 1)
        times = '' if high == 1 else ' ×%d' % low if low == high else ' ×%d–%d' % (low, high)
        parts.append('%s%s (%s)' % (process, times, ', '.join(users)))
    if len(processes) > _MAX_NAMES:
        parts.append('+%d more' % (len(processes) - _MAX_NAMES))
    if spread and spread.hidden:
        parts.append('+%d processes' % spread.hidden)
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


class _Spread:
    """How listeners differ that share a row.

    :ivar numbers: the smallest and the largest number of each process of the first one.
    :ivar hidden: the most processes that are not listed.
    :ivar other_uids: whether their sockets are of several users.
    """

    def __init__(self, first: Listener) -> None:
        self.numbers = {name: (process.number, process.number) for name, process in _processes(first).items()}
        self.hidden = unlisted(first)
        self.other_uids = False
        self._uid = first['socket_uid']

    def add(self, listener: Listener) -> None:
        """Take another one."""
        for process, (number, dummy) in _processes(listener).items():
            if process in self.numbers:
                low, high = self.numbers[process]
                self.numbers[process] = min(low, number), max(high, number)
        self.hidden = max(self.hidden, unlisted(listener))
        self.other_uids = self.other_uids or listener['socket_uid'] != self._uid


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
