# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Composes the declaration that hosts satisfy, from what of them is not declared: texts of files, which it proves."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from . import clients, names, pieces, things, yaml
from .cover import Declared, File, Fleet, Limit, Place, cover
from .pieces import Piece, Port
from .proof import Host, Proof
from .things import Thing, Way

_ABSENT = 'was not there when this was written'
_REVIEW = '  # REVIEW: %s'
_ROUNDS = 5             # in which hosts may be left out


class Shelf(Protocol):
    """Where files are."""

    def variable(self, file: File) -> str:
        """Return the variable for a new file."""

    def has(self, file: File, line: str) -> bool:
        """Whether a file that is there, beside a new one, has this line."""


@dataclass
class Text:
    """A file to be written.

    :ivar entries: how many it has, without those in comments; ``comments`` counts these.
    """

    file: File
    text: str
    entries: int
    comments: int


@dataclass
class Composed:
    """What is to be written.

    :ivar unproved: hosts that would not be as declared, with what would be found on each, harmless to print.
    :ivar doubtful: what is not declared: each listener, harmless to print, with the reason and its hosts.
    :ivar listeners: how many listeners are declared.
    :ivar limits: what became of entries that were to be limited to who came: their files, names and limits.
    """

    files: list[Text] = field(default_factory=list)
    unproved: dict[str, list[str]] = field(default_factory=dict)
    doubtful: list[tuple[str, str, list[str]]] = field(default_factory=list)
    listeners: int = 0
    limits: list[tuple[File, str, Limit]] = field(default_factory=list)


def compose(hosts: Sequence[Host], groups: Mapping[str, Sequence[str]], shelf: Shelf, head: Callable[[int], list[str]],
            now: datetime.datetime, asked: clients.Asked | None = None) -> Composed:
    """Compose the files, and prove them.

    A host on which something would be found is left out, whatever the reason is: nothing is declared for others because
    of it.

    :param groups: the groups that may be used, and all of their hosts.
    :param head: makes the comments at the top of each file, of the number of hosts.
    :param now: the time in UTC.
    :param asked: how often somebody has to have looked for who comes, to limit entries to that; None not to.
    """
    unproved: dict[str, list[str]] = {}
    left = list(hosts)
    for dummy in range(_ROUNDS):
        fleet = Fleet([host.name for host in left], groups)
        came = clients.Clients(fleet, asked) if asked else None
        declared = _declared(left, fleet, groups, came)
        files = _texts(declared, shelf, head(len(left)))
        proof = Proof({text.file: text.text for text in files}, now)
        members = {text.file: set(_members(text.file, groups)) for text in files}
        failed: dict[str, list[str]] = {}
        for host in left if files else ():
            faults = proof.faults(host, [file for file, names_of in members.items() if host.name in names_of],
                                  came.ids(host.name, host.seen.pieces) if came else ())
            if faults:
                failed[host.name] = faults
        if not failed:
            return Composed(files, unproved, _doubtful(left), sum(len(host.seen.pieces) for host in left), [
                (place.file, entry.name, place.limit)
                for entry in declared for place in entry.places if place.limit])
        unproved.update(failed)
        left = [host for host in left if host.name not in failed]
    return Composed([], {**unproved, **{host.name: ['not proved in time'] for host in left}})


def _members(file: File, groups: Mapping[str, Sequence[str]]) -> Sequence[str]:
    return groups[file.name] if file.kind == 'group' else [file.name]


def _declared(hosts: Sequence[Host], fleet: Fleet, groups: Mapping[str, Sequence[str]],
              came: clients.Clients | None) -> list[Declared]:
    sound = _ways(hosts, lambda host: host.seen.pieces)
    declared = cover(fleet, sound, _Bars(fleet, hosts))
    if came:
        for host in hosts:
            came.add(host.name, host.seen.pieces, host.came)
        declared = came.limit(declared)
    if not declared:
        return []
    covered = {thing: entry.hosts for entry in declared for thing in entry.things}
    doubtful = _ways(hosts, lambda host: host.seen.doubtful)
    open_ones = {thing: {way: mask & ~covered.get(thing, 0) for way, mask in ways.items()}
                 for thing, ways in doubtful.items()}
    open_ones = {thing: {way: mask for way, mask in ways.items() if mask} for thing, ways in open_ones.items()}
    declared += cover(fleet, {thing: ways for thing, ways in open_ones.items() if ways}, lambda thing, hosts: False,
                      is_comment=True)
    taken = {entry.name for host in hosts for entry in host.policy.all_entries if entry.name}
    names.name(declared, lambda file: set(_members(file, groups)), taken)
    return declared


def _ways(hosts: Sequence[Host], pieces_of: Callable[[Host], Sequence[Piece]]) -> dict[Thing, dict[Way, int]]:
    """Collect the ways in which hosts have things, with the hosts of each."""
    passing = things.roving(map(pieces_of, hosts))
    ways: dict[Thing, dict[Way, int]] = {}
    for number, host in enumerate(hosts):
        for thing, way in things.things(pieces_of(host), passing).items():
            masks = ways.setdefault(thing, {})
            masks[way] = masks.get(way, 0) | 1 << number
    return ways


class _Bars:
    """Whether an entry must not be declared for hosts that do not have what it is about: it could judge others."""

    def __init__(self, fleet: Fleet, hosts: Sequence[Host]) -> None:
        self._fleet = fleet
        self._policies = {host.name: host.policy for host in hosts if host.policy.all_entries}
        self._declared = fleet.mask(self._policies)
        self._occupied: dict[Port, int] = {}
        self._held: dict[Port, int] = {}
        for number, host in enumerate(hosts):
            for key in host.seen.occupied:
                self._occupied[key] = self._occupied.get(key, 0) | 1 << number
            for piece in host.seen.pieces:
                self._held[piece.key] = self._held.get(piece.key, 0) | 1 << number

    def __call__(self, thing: Thing, hosts: int) -> bool:
        """Answer for a thing and hosts that do not have it."""
        port = thing.port
        if port is None or not hosts:
            return False
        if hosts & self._occupied.get(port, 0):
            return True
        # a service or a container is surely another one; the same program may be run by both
        if not thing.is_told_apart and hosts & self._held.get(port, 0):
            return True
        return any(self._policies[name].index.of(*port) for name in self._fleet.hosts(hosts & self._declared))


def _texts(declared: Iterable[Declared], shelf: Shelf, head: list[str]) -> list[Text]:
    """Write the files of entries."""
    contents: dict[File, list[tuple[Place, Declared]]] = {}
    for entry in declared:
        for place in entry.places:
            contents.setdefault(place.file, []).append((place, entry))
    texts = []
    for file in sorted(contents, key=lambda file: (file.kind == 'host', file.name != 'all', file.name)):
        lines: list[tuple[str, bool]] = []
        count = comments = 0
        for place, entry in sorted(contents[file], key=_order):
            line = _line(place, entry)
            if entry.is_comment and shelf.has(file, '# %s' % line):
                continue
            if place.is_absence and (_ABSENT, True) not in lines:
                lines.append((_ABSENT, True))
            if place.limit:
                lines.append((clients.words(place.limit), True))
            lines.append((line, entry.is_comment))
            count += not entry.is_comment
            comments += entry.is_comment
        if lines:
            texts.append(Text(file, yaml.text(head, shelf.variable(file), lines), count, comments))
    return texts


def _order(item: tuple[Place, Declared]) -> tuple[Any, ...]:
    place, entry = item
    return place.is_absence, entry.is_comment, not place.way.is_required, names.order(entry.things), entry.name


def _line(place: Place, entry: Declared) -> str:
    ports = names.ports(entry.things)
    options: dict[str, yaml.Value] = {'name': entry.name}
    options.update({'ports': ports} if len(ports) > 1 else {'port': ports[0]})
    options.update(pieces.options(entry.holder))
    way = place.way
    if way.bind:
        options['bind'] = way.bind[0] if len(way.bind) == 1 else way.bind
    if way.sources:
        options['only_from'] = way.sources
    if place.is_absence or not way.is_required:
        options['state'] = 'optional'
    if place.takes_place:
        options['override'] = True
    reviews = '' if place.is_absence else ', '.join(way.reviews)
    return yaml.entry(options) + (_REVIEW % reviews if reviews else '')


def _doubtful(hosts: Sequence[Host]) -> list[tuple[str, str, list[str]]]:
    found: dict[tuple[str, str], list[str]] = {}
    for host in hosts:
        for piece in host.seen.doubtful:
            found.setdefault((piece.id, piece.doubt or ''), []).append(host.name)
    return [(listener, reason, names_of) for (listener, reason), names_of in sorted(found.items())]
