# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the groups, and the hosts, in whose files things are declared: those with which the fewest lines are needed.

Of a thing, the way in which most hosts have it goes to groups without a host in common, else to hosts: two entries of
one thing would be one too many. Other ways take its place, by its name. Sets of hosts are numbers, a bit for each host.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from .. import _identity
from .things import Thing, Way

# What an exception costs, in lines: an entry with more of them than this is none of the group.
_EXCEPTION = 1.5
_EVERYBODY = 'all'


class File(NamedTuple):
    """Where something is declared: ``group`` or ``host``, and its name."""

    kind: str
    name: str


class Group(NamedTuple):
    """A group of the inventory that may be used, and the hosts of it."""

    name: str
    hosts: int


class Limit(NamedTuple):
    """What became of an entry that was to be limited to who came. All text is ours, and numbers.

    :ivar reason: why it is not; empty where it is.
    :ivar runs: in how many runs at least somebody looked for who comes, on each host; ``days`` on how many days.
    :ivar sources: who came, as in ``only_from``. :ivar cuts: networks that are let in today, of which others are not.
    """

    reason: str
    runs: int = 0
    days: int = 0
    sources: tuple[str, ...] = ()
    cuts: tuple[str, ...] = ()


class Place(NamedTuple):
    """An entry in one file.

    :ivar takes_place: whether it takes the place of the one that the group has.
    :ivar is_absence: whether it says that what the group has is not on this host.
    :ivar limit: who came, where the entry is limited to that, or why it is not.
    """

    file: File
    way: Way
    takes_place: bool = False
    is_absence: bool = False
    limit: Limit | None = None


@dataclass
class Declared:
    """Things of one holder that are declared alike, as one entry wherever that is.

    :ivar places: where, the first ones without taking the place of others.
    :ivar hosts: all that it is declared for.
    :ivar is_comment: whether it is only a comment.
    """

    holder: _identity.Holder
    places: tuple[Place, ...]
    hosts: int
    is_comment: bool = False
    things: list[Thing] = field(default_factory=list)
    name: str = ''


class Fleet:
    """The hosts, and the groups that may be used for them.

    :ivar names: of the hosts, in the order of their bits.
    :ivar known: the hosts of which it is known what listens on them; others read the same files.
    """

    def __init__(self, names: Sequence[str], groups: Mapping[str, Iterable[str]]) -> None:
        """Take the hosts.

        :param names: of those that are known.
        :param groups: the hosts of each.
        """
        self.known = (1 << len(names)) - 1
        self.names = list(dict.fromkeys([*names, *(host for hosts in groups.values() for host in hosts)]))
        self._bits = {name: 1 << number for number, name in enumerate(self.names)}
        self.groups = [Group(name, self.mask(hosts)) for name, hosts in groups.items()]
        self._by_name = {group.name: group.hosts for group in self.groups}

    def mask(self, names: Iterable[str]) -> int:
        """Return the set of these hosts."""
        mask = 0
        for name in names:
            mask |= self._bits[name]
        return mask

    def hosts(self, mask: int) -> Iterator[str]:
        """List the hosts of a set."""
        while mask:
            lowest = mask & -mask
            yield self.names[lowest.bit_length() - 1]
            mask ^= lowest

    def of(self, file: File) -> int:
        """Return the hosts that read a file."""
        return self._by_name[file.name] if file.kind == 'group' else self._bits[file.name]


def cover(fleet: Fleet, ways_of: Mapping[Thing, Mapping[Way, int]], bars: Callable[[Thing, int], bool],
          is_comment: bool = False) -> list[Declared]:
    """Find places for things.

    :param ways_of: of each thing the ways that it is there, and the hosts for each.
    :param bars: whether an entry of a thing must not be declared for these hosts, which do not have it.
    :param is_comment: whether these are only to be comments.
    """
    alike: dict[tuple[object, ...], Declared] = {}
    for thing, ways in ways_of.items():
        places, hosts = _places(fleet, thing, ways, bars, is_comment)
        # of a range no other port is in the same entry: how many of them are needed would not be the same
        key = (thing.holder, places, thing.port is None and thing)
        alike.setdefault(key, Declared(thing.holder, places, hosts, is_comment)).things.append(thing)
    return list(alike.values())


def _places(
    fleet: Fleet, thing: Thing, ways: Mapping[Way, int], bars: Callable[[Thing, int], bool], is_comment: bool
) -> tuple[tuple[Place, ...], int]:
    """Find the places of one thing, and the hosts that these are of."""
    (usual, hosts), *others = sorted(ways.items(), key=lambda item: (-item[1].bit_count(), item[0]))
    having = hosts
    for dummy, mask in others:
        having |= mask
    unlike = fleet.known & ~having
    groups, left = _chosen(fleet.groups, hosts, unlike, lambda missing: bars(thing, missing))
    covered = 0
    for group in groups:
        covered |= group.hosts
    places = [Place(File('group', group.name), usual) for group in groups]
    places += [Place(File('host', name), usual) for name in fleet.hosts(left)]
    taken = 0
    for way, mask in others:
        # groups of which all hosts have it in this way, and all of them in the place of another one, or none
        fitting = [group for group in fleet.groups if not group.hosts & (fleet.known & ~mask | taken)
                   and group.hosts & covered in (0, group.hosts)]
        groups, left = _chosen(fitting, mask, unlike, lambda missing: False)
        for group in groups:
            taken |= group.hosts
        places += [Place(File('group', group.name), way, bool(group.hosts & covered)) for group in groups]
        places += [Place(File('host', name), way, bool(fleet.mask([name]) & covered)) for name in fleet.hosts(left)]
    absent = covered & unlike
    if usual.is_required and not is_comment:
        places += [Place(File('host', name), usual, True, True) for name in fleet.hosts(absent)]
    return tuple(places), having | covered


def _chosen(
    groups: Iterable[Group], hosts: int, unlike: int, bars: Callable[[int], bool]
) -> tuple[list[Group], int]:
    """Choose groups without a host in common, each time the one that saves most lines; and return the hosts left over.

    :param unlike: hosts that do not have the thing in any way.
    :param bars: whether hosts of a group without it rule out the group.
    """
    chosen: list[Group] = []
    left, taken = hosts, 0
    candidates = [group for group in groups if group.hosts & hosts]
    while left and candidates:
        ranked = []
        for group in candidates:
            gain, missing = (group.hosts & left).bit_count(), (group.hosts & unlike).bit_count()
            saved = gain - 1 - _EXCEPTION * missing
            if saved > 0 and gain > missing and not group.hosts & taken:
                ranked.append((-saved, group.hosts.bit_count(), group.name != _EVERYBODY, group.name, group))
        best = next((row[-1] for row in sorted(ranked) if not bars(row[-1].hosts & unlike)), None)
        if best is None:
            break
        chosen.append(best)
        candidates.remove(best)
        left &= ~best.hosts
        taken |= best.hosts
    return chosen, left
