# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns listeners into the rows of a table, one host after the other.

What is the same on many hosts has one row, and so has what one owner binds to several addresses, or to several ports of
the ephemeral range. A row keeps what it shows, and not the listeners.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Any, NamedTuple

from ... import _long_sets
from ..._facts.likeness import Likeness
from ..._harmless.terminal import name, visible
from ..._listener import (
    SAME_EVERYWHERE,
    WIDEST_FIRST,
    Listener,
    forwarded_to,
    is_led_elsewhere,
    reach,
    roves,
    to_show,
    unlisted,
)
from ..._shape import PROTOCOLS, SCOPES, Facts, Owner
from ..listening import listening
from ..model import Host

_SCOPE_ORDER: dict[str, int] = {scope: number for number, scope in enumerate(SCOPES)}
_PROTOCOL_ORDER: dict[str, int] = {protocol: number for number, protocol in enumerate(PROTOCOLS)}
_LEVEL_ORDER = {level: number for number, level in enumerate(WIDEST_FIRST)}
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
    :ivar inside: whether nobody reaches it but the host itself.
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
    inside: bool


class _Essence(NamedTuple):
    """What listeners have in common that share a row of one host: all that it shows but the addresses.

    :ivar port: None for a port that is another one after each start.
    :ivar owners: tells owners apart, whatever their numbers are; it is shown where there are none to name.
    """

    protocol: str
    port: int | None
    scope: str
    namespace: str | None
    service: str
    owners: str
    unit: str
    level: str
    target: str | None


class _Bound(NamedTuple):
    """What a listener is bound to, without the port."""

    family: str
    address: str
    interface: str | None
    accepts_ipv4: bool | None


_OF_BOUND = itemgetter(*_Bound._fields)


@dataclass(slots=True)
class _Known:
    """What was worked out of a listener, and is the same for all that are alike, or told by the same.

    :ivar processes: how many there are of each name.
    :ivar wide: whether anyone may reach it; ``judged`` whether that is by what a firewall lets in.
    :ivar alone: the row of those that are alike, where their hosts have nothing else that belongs to it.
    """

    essence: _Essence
    processes: dict[str, int]
    unlisted: int
    wide: bool
    judged: bool
    alone: _Shared | None = None


_Met = tuple[Listener, _Known, 'Likeness | None']


@dataclass
class _Shared:
    """Listeners that share a row.

    :ivar first: the first of them, of which everything is shown that is the same for all.
    :ivar bound: what each host binds to; None once it differs from host to host.
    :ivar processes: how many there are of each name at least, and at most.
    :ivar unlisted: processes that the facts do not list, at most.
    """

    essence: _Essence
    first: Listener
    gathered: bool
    bound: list[_Bound] | None
    hosts: list[str] = field(default_factory=list)
    addresses: set[_Bound] = field(default_factory=set)
    ports: set[int] = field(default_factory=set)
    uids: set[int | None] = field(default_factory=set)
    processes: dict[str, list[int]] = field(default_factory=dict)
    unlisted: int = 0

    def again(self, host: str, listener: Listener) -> None:
        """Add the only listener of a host that is like one which was added: its address and its port may be others."""
        self.hosts.append(host)
        if self.essence.scope not in SAME_EVERYWHERE:
            bound = _bound(listener)
            if self.bound is not None and self.bound != [bound]:
                self.bound = None
            if self.bound is None:
                self.addresses.add(bound)
        if self.essence.port is None:
            self.ports.add(listener['port'])

    def add(self, host: str, bound: list[_Bound], listeners: Iterable[_Met]) -> None:
        """Add the listeners of a host."""
        self.hosts.append(host)
        if bound != self.bound:
            self.bound = None
        if self.bound is None or not self.addresses:
            self.addresses.update(bound)
        for listener, known, dummy in listeners:
            self.ports.add(listener['port'])
            self.uids.add(listener['socket_uid'])
            if known.unlisted > self.unlisted:
                self.unlisted = known.unlisted
            for process, times in known.processes.items():
                least_and_most = self.processes.get(process)
                if least_and_most is None:
                    self.processes[process] = [times, times]
                elif not least_and_most[0] <= times <= least_and_most[1]:
                    least_and_most[:] = min(least_and_most[0], times), max(least_and_most[1], times)


class Rows:
    """The rows of all hosts that were added.

    :ivar listeners: how many listeners these have; ``forwarded`` ports that lead elsewhere, which nobody holds;
        ``wide`` those of both that anyone may reach.
    :ivar judged_by_firewall: whether ``wide`` is by what firewalls let in, and not by the bound address alone.
    """

    def __init__(self) -> None:
        self._shared: dict[tuple[int, tuple[Any, ...]], _Shared] = {}
        self._known: dict[object, _Known] = {}
        self._together: dict[tuple[Likeness | None, ...], _Shared] = {}
        self._essences: dict[_Essence, _Essence] = {}
        self.listeners = self.forwarded = self.wide = 0
        self.judged_by_firewall = True

    def add(self, host: Host, facts: Facts | None) -> None:
        """Take the listeners of a host."""
        if not facts:
            return
        gathered = facts['complete']['owners'] is not None
        # by the identity of their essence: of those that are equal there is one
        alike: dict[int, list[_Met]] = {}
        every = listening(facts)
        for listener, told, likeness in every:
            known = self._known.get(likeness or told) or self._look_at(listener, told, likeness, gathered)
            alike.setdefault(id(known.essence), []).append((listener, known, likeness))
            self.wide += known.wide
            self.judged_by_firewall &= known.judged
        self.listeners += len(facts['listeners'])
        self.forwarded += len(every) - len(facts['listeners'])
        for listeners in alike.values():
            if len(listeners) == 1:
                self._add_one(host.name, listeners, gathered)
            else:
                self._add_some(host.name, listeners, gathered)

    def _add_one(self, host: str, listeners: list[_Met], gathered: bool) -> None:
        """Add a listener with nothing else on its host that belongs to its row."""
        listener, known, likeness = listeners[0]
        if known.alone:
            known.alone.again(host, listener)
        else:
            shared = self._add(host, listeners, [_bound(listener)], gathered)
            known.alone = shared if likeness else None

    def _add_some(self, host: str, listeners: list[_Met], gathered: bool) -> None:
        """Add listeners of a host that share a row."""
        likenesses = tuple([likeness for dummy, dummy_known, likeness in listeners])
        together = self._together.get(likenesses)
        if together:            # all of it is known but that this host has it, too
            together.hosts.append(host)
            return
        bound = sorted({_bound(listener) for listener, *dummy in listeners}, key=_order_of_bound)
        shared = self._add(host, listeners, bound, gathered)
        essence = shared.essence
        if None not in likenesses and essence.scope in SAME_EVERYWHERE and essence.port is not None:
            if len(self._together) >= _MOST_KNOWN:
                self._together.clear()
            self._together[likenesses] = shared

    def _add(self, host: str, listeners: list[_Met], bound: list[_Bound], gathered: bool) -> _Shared:
        essence = listeners[0][1].essence
        key = id(essence), _shape(essence, bound)
        shared = self._shared.get(key)
        if shared is None:
            first = min((listener for listener, *dummy in listeners), key=lambda each: _order_of_bound(_bound(each)))
            shared = self._shared[key] = _Shared(essence, first, gathered, bound)
        shared.add(host, bound, listeners)
        return shared

    def _look_at(self, listener: Listener, told: object, likeness: Likeness | None, gathered: bool) -> _Known:
        """Return what is known of a listener, and keep it; text is made of it once."""
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        known = self._known.get(told)
        if known is None:
            essence = _essence(listener, gathered)
            known = self._known[told] = _Known(
                self._essences.setdefault(essence, essence),
                {process: number for process, (number, dummy) in _processes(listener).items()}, unlisted(listener),
                listener['namespace'] is None and level(listener) == 'anyone', bool(listener.get('exposure')))
        if likeness:
            known = self._known[likeness] = replace(known, alone=None)
        return known

    def __iter__(self) -> Iterator[Row]:
        """Go through the rows, the widest scope first."""
        rows = map(_row, self._shared.values())
        return iter(sorted(rows, key=lambda row: (*row.order, -len(row.hosts), row.owners, row.unit)))


def row(listener: Listener, gathered: bool) -> Row:
    """Return the row of a listener on whatever hosts have it, without the number of its processes.

    :param gathered: whether owners were asked for.
    """
    shared = _Shared(_essence(listener, gathered), listener, gathered, [_bound(listener)])
    shared.ports.add(listener['port'])
    shared.uids.add(listener['socket_uid'])
    return _row(shared)


def _essence(listener: Listener, gathered: bool) -> _Essence:
    return _Essence(
        listener['protocol'], None if roves(listener) else listener['port'], listener['scope'], listener['namespace'],
        _service(listener), _names(listener, gathered), _unit(listener, gathered), _level(listener),
        forwarded_to(listener))


def _bound(listener: Listener) -> _Bound:
    return _Bound._make(_OF_BOUND(listener))


def _order_of_bound(bound: _Bound) -> tuple[str, str, str, str]:
    return bound.family, bound.address, bound.interface or '', str(bound.accepts_ipv4)


def _shape(essence: _Essence, bound: Sequence[_Bound]) -> tuple[Any, ...]:
    """Return what hosts have in common that bind the same way: the same address where it means the same on all hosts,
    else the same families.

    :param bound: sorted.
    """
    if essence.scope in SAME_EVERYWHERE:
        return tuple(bound)
    return tuple(dict.fromkeys(address.family for address in bound))


def _row(shared: _Shared) -> Row:
    listener, essence = shared.first, shared.essence
    reached_by = level(listener)
    order = ((essence.namespace is not None, _LEVEL_ORDER[reached_by], _SCOPE_ORDER[essence.scope]),
             _PROTOCOL_ORDER[essence.protocol], min(shared.ports), listener['family'], listener['address'],
             listener['interface'] or '', essence.namespace or '')
    return Row(
        shared.hosts, order, wide=essence.namespace is None and reached_by in _WIDE_LEVELS, protocol=essence.protocol,
        endpoint=_endpoint(shared), service=essence.service, owners=_owners(shared), unit=essence.unit,
        scope=essence.scope + _namespace(listener), level=essence.level,
        inside=reached_by in ('local', 'none'))


def level(listener: Listener) -> str:
    """Return who reaches it, one of ``WIDEST_FIRST``: by the firewall, or else by the address alone."""
    exposure = listener.get('exposure')
    return reach(listener['scope'], exposure['level'] if exposure else None)


def _endpoint(shared: _Shared) -> str:
    """Show address and port: one address, two that all hosts have, or how many there are."""
    port = '%d' % min(shared.ports) if len(shared.ports) == 1 else '(%d ports)' % len(shared.ports)
    target = shared.essence.target
    to = ' → %s' % name(target) if target else ''
    if shared.bound is None or len(shared.bound) > 2:
        return '(%d addresses):%s%s' % (len(shared.addresses), port, to)
    first, *others = shared.bound
    more = ''.join(' +%s%s' % (_address(bound), _accepts(bound)) for bound in others)
    return '%s:%s%s%s%s' % (_address(first), port, _accepts(first), more, to)


def _address(bound: _Bound) -> str:
    address = '%s%%%s' % (bound.address, name(bound.interface)) if bound.interface else bound.address
    return address if bound.family == 'ipv4' else '[%s]' % address


def _accepts(bound: _Bound) -> str:
    return '' if bound.family == 'ipv4' else _FAMILIES[bound.accepts_ipv4]


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


def _names(listener: Listener, gathered: bool) -> str:
    """Show the owners without numbers, by which listeners that share a row are told from others."""
    if listener['held_by'] == 'kernel':
        return '[kernel]'
    if not listener['owners']:
        # who hides is told by the user, as far as that is known
        return '?' if gathered and not is_led_elsewhere(listener) else '-'
    return repr({process: users for process, (dummy, users) in sorted(_processes(listener).items())})


def _owners(shared: _Shared) -> str:
    """Show who owns listeners that differ at most in the number of their processes."""
    first = shared.first
    if not first['owners'] or first['held_by'] == 'kernel':
        hidden = shared.essence.owners == '?' and len(shared.uids) == 1 and first['socket_uid'] is not None
        return '? (uid %s)' % first['socket_uid'] if hidden else shared.essence.owners
    processes = _processes(first)
    parts = []
    for process, (dummy, users) in list(processes.items())[:_MAX_NAMES]:
        low, high = shared.processes.get(process, (1, 1))
        times = '' if high == 1 else ' ×%d' % low if low == high else ' ×%d–%d' % (low, high)
        parts.append('%s%s (%s)' % (process, times, ', '.join(users)))
    if len(processes) > _MAX_NAMES:
        parts.append('+%d more' % (len(processes) - _MAX_NAMES))
    if shared.unlisted:
        parts.append('+%d processes' % shared.unlisted)
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


def _unit(listener: Listener, gathered: bool) -> str:
    """Show the container, else the unit to stop and what activates it, else the units that the owners are in."""
    containers = _distinct(owner['container'] for owner in to_show(listener))
    if containers:
        return containers
    if listener['service'] or listener['activated_by']:
        return ' ← '.join(name(unit) for unit in (listener['service'], listener['activated_by']) if unit)
    units = _distinct(owner['unit'] for owner in listener['owners'])
    if units:
        return units
    is_hidden = listener['held_by'] == 'unknown' and not is_led_elsewhere(listener)
    return '?' if gathered and is_hidden else '-'


def _distinct(values: Iterable[str | None]) -> str:
    return _first(name(value) for value in values if value)


def _first(texts: Iterable[str]) -> str:
    """Show the first of these texts, each once, and count the rest."""
    shown = list(dict.fromkeys(texts))
    more = len(shown) - _MAX_NAMES
    return ', '.join([*shown[:_MAX_NAMES], *(['+%d more' % more] if more > 0 else [])])
