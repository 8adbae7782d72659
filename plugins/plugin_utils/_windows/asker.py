# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks the Windows firewall for what joins listeners with ways in, as ``exposure.alike.Asker`` asks that of Linux.

Rules ask who listens, so there is one asker for all listeners that no rule tells apart, and one for a port that nobody
in particular has.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator, Sequence

from ...module_utils._addresses import intervals as iv
from ...module_utils._firewall.evaluate.links import Links
from ...module_utils._firewall.exposure.alike import Timeout, parts
from ...module_utils._firewall.exposure.way_in import disjoint
from . import addresses
from .decide import Firewall, stranger
from .model import Holder, Outcome, Spans
from .ways import Ways

Holders = Callable[[str, int], Sequence[Holder]]
_PROTOCOLS = ('tcp', 'udp')
_SHARED = 'it depends on which of the processes with this port gets the packet'


class Answer:
    """What becomes of the clients of a port, in the words of all hosts: nothing is translated."""

    __slots__ = ('allowed', 'undecided', 'allowed_by', 'blocked_by', 'caveats')
    translated_by = None

    def __init__(self, outcome: Outcome):
        self.allowed, self.undecided, self.allowed_by, self.blocked_by, self.caveats = outcome


class Questions:
    """What all askers of a host have in common.

    :param seconds: for all questions.
    """

    def __init__(self, firewall: Firewall, ways: Ways, seconds: float):
        self.firewall, self.ways = firewall, ways
        self.links = Links({}, ())
        self._until = time.monotonic() + seconds
        self._local = [rule.local for rule in firewall.rules if rule.local]
        self._classes: dict[tuple[int, int], Hashable] = {}

    def local_class(self, family: int, address: int) -> Hashable:
        """Return what two addresses of the host have in common if no rule tells them apart."""
        key = family, address
        if key not in self._classes:
            self._classes[key] = tuple([addresses.holds(local, family, address) for local in self._local])
        return self._classes[key]

    def ask(self, holders: Sequence[Holder], interface: str, family: int, address: int, doubt: str = '') -> Answer:
        """Ask for clients of some holders of one port. Raises Timeout.

        :param doubt: why those who are let in may yet be kept out, or ''.
        """
        if time.monotonic() > self._until:
            raise Timeout
        arrival = self.ways.arrival(interface, family, address)
        outcome = together([self.firewall.answer(holder, arrival) for holder in holders])
        if doubt and outcome.allowed:
            outcome = Outcome(iv.EMPTY, [(outcome.allowed, doubt), *outcome.undecided], None, *outcome[3:])
        return Answer(outcome)


class Nobody:
    """Asks nothing: for listeners that no question is about."""

    proxies: Sequence[object] = ()
    links = Links({}, ())


class Asker:
    """Asks for ports that some holders have.

    :param holders: returns the holders of a port of ``tcp`` or ``udp``.
    :param doubt: why those who are let in may yet be kept out, or ''.
    :ivar links: Links. :ivar proxies: there are none. :ivar translates: nothing is translated.
    """

    proxies: Sequence[object] = ()
    translates = False

    def __init__(self, questions: Questions, holders: Holders, doubt: str = ''):
        self._questions, self._holders, self._doubt, self.links = questions, holders, doubt, questions.links
        self._known: dict[Hashable, tuple[Answer, int, int]] = {}
        self._named: dict[str, Spans] | None = None

    def port_class(self, protocol: str, port: int) -> Hashable:
        """Return what two ports have in common if no rule tells them apart."""
        return self._questions.firewall.port_class(protocol, port)

    def address_class(self, family: int, address: int) -> Hashable:
        """Return what two addresses of the host have in common if no rule tells them apart."""
        return self._questions.local_class(family, address)

    def interface_class(self, name: str) -> Hashable:
        """Return what two interfaces have in common: each has a profile and networks of its own."""
        return name

    def relation(self, family: int, address: int, interface: str) -> Hashable:
        """Return what rules can tell of an address and the interface that packets to it come in by: nothing."""
        return ()

    def different(self, family: int, low: int, high: int) -> list[int]:
        """List an address for each part of a network that is local by a route: Windows has no such."""
        return [low]

    def ask(self, family: int, protocol: str, interface: str, address: int, port: int) -> tuple[Answer, int, int]:
        """(answer, address, port): one way to a port, and what was asked in its place. Raises Timeout."""
        key = family, protocol, interface, self.port_class(protocol, port), self.address_class(family, address)
        if key not in self._known:
            answer = self._questions.ask(self._holders(protocol, port), interface, family, address, self._doubt)
            self._known[key] = answer, address, port
        return self._known[key]

    def pieces(self, kind: str, family: int, protocol: str) -> Iterator[tuple[int, int]]:
        """Yield the ports that rules let clients in to, whoever has them, as (low, high) of which all are alike.

        :param kind: ``filter``; of ``translate`` there are none.
        """
        if self._named is None:
            spans: dict[str, list[tuple[int, int]]] = {name: [] for name in _PROTOCOLS}
            for opening in self._questions.firewall.openings():
                spans[opening.protocol] += opening.ports
            self._named = {name: iv.isect(iv.merged(some), ((1, 65535),)) for name, some in spans.items()}
        if kind == 'filter' and self._named.get(protocol):
            yield from parts(self._questions.firewall.alike(protocol)[0], self._named[protocol])

    def unnamed(self, protocol: str) -> int | None:
        """Return a port like most others; None of protocols that rules are not for."""
        if protocol not in _PROTOCOLS:
            return None
        starts, kinds = self._questions.firewall.alike(protocol)
        sizes: dict[Hashable, int] = {}
        ends = [*starts[1:], 65536]
        for start, end, kind in zip(starts, ends, kinds):
            sizes[kind] = sizes.get(kind, 0) + end - start
        return max((sizes[kind], end - 1) for end, kind in zip(ends, kinds) if 1 < end <= 65536)[1]


def strangers(questions: Questions) -> Asker:
    """Return what asks for ports that nobody in particular has."""
    return Asker(questions, lambda protocol, port: (stranger(protocol, port),))


def together(outcomes: Sequence[Outcome]) -> Outcome:
    """Join the outcomes of several holders of one port, of which any may get the packet."""
    first = outcomes[0]
    if all(outcome is first for outcome in outcomes):
        return first
    allowed, maybe = first.allowed, first.allowed
    doubts: list[tuple[Spans, str]] = []
    for outcome in outcomes:
        allowed, maybe = iv.isect(allowed, outcome.allowed), iv.union(maybe, outcome.allowed)
        doubts += outcome.undecided
    undecided = list(disjoint([*doubts, (maybe, _SHARED)], allowed))
    return Outcome(allowed, undecided, first.allowed_by if allowed else None, first.blocked_by,
                   tuple(dict.fromkeys(text for outcome in outcomes for text in outcome.caveats)))
