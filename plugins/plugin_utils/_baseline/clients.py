# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits entries to who came, where enough looks say so: nobody who came on any host of an entry is cut off by it.

An entry stays as it is where somebody may have come who was not seen, and where nobody came: silence closes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ...module_utils._addresses import aggregate
from ...module_utils._addresses.networks import ANYONE as ANYONE_AT_ALL
from ...module_utils._addresses.networks import LOOPBACK
from .._listener import endpoints, forwarded_to, identity
from .._long_sets import resolved
from .._policy.conditions import reach, sources
from .._policy.conditions.sources import Spans
from .._shape import Facts, History
from .._words import number
from .cover import Declared, Fleet, Limit, Place
from .pieces import Piece
from .things import Thing

# Why an entry is not limited to who came.
PROTOCOL = 'who comes is told of TCP alone'
FORWARDED = 'not all that come through a port that is led elsewhere are seen'
PASSING = 'its ports change'
UNKNOWN = 'who can reach it today is not known'
NOBODY = 'nobody came'
ITSELF = 'nobody came but the host itself'
ANYONE = 'clients came from too many networks'
NOBODY_ELSE = 'nobody else is let in today'
_UNSEEN = '%s of its group not observed'
_FEW = 'looked for clients in %s on %s so far, of %d and %d that are asked for'

_MOST = 16                      # networks of a family in an entry
_MOST_CUTS = 4                  # networks that are named
_NAMES = {4: 'ipv4', 6: 'ipv6'}
_Networks = frozenset[tuple[int, int]]      # as in ``aggregate``


class Asked(NamedTuple):
    """In how many runs, and on how many days, somebody has to have looked for who comes."""

    runs: int
    days: int


class Seen(NamedTuple):
    """Who came to a listener of a host.

    :ivar runs: in how many runs somebody looked for that; ``days`` on how many days.
    :ivar networks: by family. :ivar itself: whether the host itself came.
    :ivar let_in: who reaches it today, by family; None where that is not known.
    :ivar reason: why it can never be limited to who came; empty where it can.
    """

    runs: int = 0
    days: int = 0
    networks: Mapping[int, _Networks] = {4: frozenset(), 6: frozenset()}
    itself: bool = False
    let_in: Mapping[int, Spans] | None = None
    reason: str = ''


def of_host(facts: Facts, history: History | None) -> dict[str, Seen]:
    """Find who came to what is on a host, by ids that are harmless to print.

    :param facts: checked. :param history: who came in all runs, checked.
    """
    known = history['listeners'] if history else {}
    result: dict[str, Seen] = {}
    for endpoint in endpoints(facts):
        if endpoint['protocol'] == 'raw' or endpoint['namespace'] is not None:
            continue
        listener = resolved(endpoint, facts)
        reason = ''
        if listener['protocol'] != 'tcp':
            reason = PROTOCOL
        elif forwarded_to(listener) is not None:
            reason = FORWARDED if facts.get('led_elsewhere') is None else ''
        elif listener.get('behind') is not None:
            reason = FORWARDED          # whoever holds the port of a container sees some of its clients
        seen = Seen(let_in=reach.let_in(listener), reason=reason)
        visited = known.get(listener['id'])
        if visited and not reason:
            seen = seen._replace(runs=visited['runs'], days=visited['days'], itself=visited['itself'], networks={
                4: frozenset(aggregate.of_text(text, 4) for text in visited['ipv4']),
                6: frozenset(aggregate.of_text(text, 6) for text in visited['ipv6'])})
        result[identity(listener)] = seen
    return result


@dataclass
class Clients:
    """Who came to the things of all hosts.

    :ivar asked: what is enough.
    :ivar limited: things, and the hosts on which they are limited to who came.
    """

    fleet: Fleet
    asked: Asked
    limited: dict[Thing, int] = field(default_factory=dict)
    _of: dict[Thing, list[tuple[int, Seen]]] = field(default_factory=dict)

    def add(self, host: str, pieces: Iterable[Piece], seen: Mapping[str, Seen]) -> None:
        """Add who came to the listeners of a host."""
        bit = self.fleet.mask([host])
        for piece in pieces:
            thing = Thing(piece.holder, piece.protocol, str(piece.port))
            self._of.setdefault(thing, []).append((bit, seen.get(piece.id) or Seen()))

    def limit(self, declared: Iterable[Declared]) -> list[Declared]:
        """Limit entries to who came: what of an entry has other limits then becomes another one."""
        result: dict[tuple[int, tuple[Place, ...]], Declared] = {}
        for position, entry in enumerate(declared):
            for thing in entry.things:
                places = tuple(self._placed(thing, place, entry.places) for place in entry.places)
                result.setdefault((position, places), Declared(
                    entry.holder, places, entry.hosts, entry.is_comment)).things.append(thing)
        return list(result.values())

    def ids(self, host: str, pieces: Iterable[Piece]) -> set[str]:
        """List the listeners of a host that are limited to who came: today others may reach them."""
        bit = self.fleet.mask([host])
        return {piece.id for piece in pieces
                if bit & self.limited.get(Thing(piece.holder, piece.protocol, str(piece.port)), 0)}

    def _placed(self, thing: Thing, place: Place, places: Sequence[Place]) -> Place:
        if place.is_absence:
            return place
        readers = self.fleet.of(place.file)
        if not place.takes_place:
            for other in places:
                readers &= ~(self.fleet.of(other.file) if other.takes_place else 0)
        limit = self._limit(thing, readers)
        if limit is None or limit.reason:
            return place._replace(limit=limit)
        self.limited[thing] = self.limited.get(thing, 0) | readers
        return place._replace(way=place.way._replace(sources=limit.sources), limit=limit)

    def _limit(self, thing: Thing, readers: int) -> Limit | None:
        """Find who came on these hosts; None where the host alone reaches it anyway."""
        if thing.port is None:
            return Limit(PASSING if thing.protocol == 'tcp' else PROTOCOL)
        some = [seen for bit, seen in self._of.get(thing, ()) if bit & readers]
        let_in = [seen.let_in for seen in some]
        if all(spans is not None and not any(spans.values()) for spans in let_in):
            return None
        reason = next((seen.reason for seen in some if seen.reason), None)
        unseen = (readers & ~self.fleet.known).bit_count()
        if reason or None in let_in or unseen:
            return Limit(reason or (UNKNOWN if None in let_in else _UNSEEN % number(unseen, 'host')))
        runs, days = min(seen.runs for seen in some), min(seen.days for seen in some)
        if runs < self.asked.runs or days < self.asked.days:
            return Limit(_FEW % (number(runs, 'run'), number(days, 'day'), *self.asked), runs, days)
        networks = {family: _few(some, family) for family in _NAMES}
        if not any(networks.values()):
            return Limit(ITSELF if any(seen.itself for seen in some) else NOBODY, runs, days)
        if any(length == 0 for nets in networks.values() for dummy, length in nets):
            return Limit(ANYONE, runs, days)
        cuts = [text for family in _NAMES
                for text in _cuts(family, [spans.get(family, ()) for spans in let_in if spans], networks[family])]
        if not cuts:
            return Limit(NOBODY_ELSE, runs, days)
        return Limit('', runs, days, tuple(
            text.removesuffix('/%d' % aggregate.BITS[family]) for family in _NAMES
            for text in (aggregate.text(net, family) for net in networks[family])), tuple(cuts))


def _few(some: Iterable[Seen], family: int) -> list[tuple[int, int]]:
    """Unite who came, in few networks."""
    every = {net for seen in some for net in seen.networks[family]}
    return sorted(set(aggregate.covers(every, family, _MOST).values()))


def _cuts(family: int, let_in: Iterable[Spans], networks: Iterable[tuple[int, int]]) -> Iterator[str]:
    """Yield networks that are let in today, of which somebody would not be."""
    came = sources.of_facts([aggregate.text(net, family) for net in networks], family)
    itself = sources.of_facts(LOOPBACK, family)
    others = sources.minus(sources.union(*let_in), came)
    if others:
        # everybody is everybody, though no packet comes from an address of loopback
        for span in sources.union(itself, *let_in):
            if sources.minus(sources.common((span,), others), itself):
                yield from sources.in_words((span,), family, _MOST_CUTS)


def words(limit: Limit) -> str:
    """Say what became of an entry, for a comment beside it."""
    if limit.reason:
        return 'not limited to who came: %s' % limit.reason
    more = len(limit.cuts) - _MOST_CUTS
    others = 'others of %s%s' % (', '.join(limit.cuts[:_MOST_CUTS]), ' and %d more' % more if more > 0 else '')
    if not set(ANYONE_AT_ALL).isdisjoint(limit.cuts):
        others = 'everybody else'
    return 'limited to who came in %s on %s; cuts off %s' % (
        number(limit.runs, 'run'), number(limit.days, 'day'), others)
