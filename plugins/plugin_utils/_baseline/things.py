# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a host is not declared yet, as things that can be: somebody on a port.

Whether something is declared, and whether an entry fits a listener, is asked of those who judge.
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from .. import _hints, _identity
from .._harmless.terminal import sentence
from .._identity import Holder
from .._listener import Listener, endpoints, identity
from .._long_sets import resolved
from .._policy.declaration.policy import Policy
from .._policy.judgement import defaults, judge
from .._shape import Complete, Facts
from .pieces import BESIDE, MOST_SOURCES, NOT_TOLD_APART, WORDS, Piece, Pieces, Port, Wanted, fits


class Thing(NamedTuple):
    """Somebody on a port, or in a range of them: what an entry declares.

    :ivar ports: a number, or ``32768-60999``.
    """

    holder: Holder
    protocol: str
    ports: str

    @property
    def port(self) -> Port | None:
        """Its port; None of a range."""
        return (self.protocol, int(self.ports)) if self.ports.isdigit() else None

    @property
    def is_told_apart(self) -> bool:
        """Whether nobody who is called otherwise can be who has it."""
        return self.holder.kind in _identity.LASTING


class Way(NamedTuple):
    """How a thing is there: what differs between hosts that have it.

    :ivar bind: as in an entry; nothing where it is bound to all addresses.
    :ivar sources: as in ``only_from``; nothing without a limit.
    :ivar is_required: whether it has to be there.
    :ivar reviews: why somebody should look at it.
    """

    bind: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    is_required: bool = True
    reviews: tuple[str, ...] = ()


@dataclass
class Seen:
    """What of a host is not declared.

    :ivar pieces: its listeners to declare; ``doubtful`` those that are not.
    :ivar left: the ids of others that an audit will report all the same, harmless to print.
    :ivar occupied: the ports on which an entry for other hosts could judge a listener of this one.
    :ivar before: kind and fingerprint of what is found already; ``unknown`` the ids of what cannot be judged already.
    """

    pieces: list[Piece] = field(default_factory=list)
    doubtful: list[Piece] = field(default_factory=list)
    left: set[str] = field(default_factory=set)
    occupied: set[Port] = field(default_factory=set)
    before: set[tuple[str, str]] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)


def seen(facts: Facts, policy: Policy, now: datetime.datetime, wanted: Wanted,
         alike: Sequence[Hashable | None] = ()) -> Seen:
    """Find what is not declared.

    :param facts: those of the host, checked, its sockets and owners complete.
    :param policy: what is declared for it already.
    :param now: the time in UTC.
    :param alike: of each listener what it has in common with those that are like it on other hosts, as
        ``_facts.likeness`` defines it; nothing where that is not known.
    """
    result, pieces_of = Seen(), Pieces(facts, wanted, alike)
    complete = pieces_of.complete
    by_port: dict[Port, list[Listener]] = {}
    for endpoint in endpoints(facts):
        if endpoint['protocol'] != 'raw' and endpoint['namespace'] is None:
            by_port.setdefault((endpoint['protocol'], endpoint['port']), []).append(resolved(endpoint, facts))
    declared = _declared(facts, policy, now, result)
    for key in sorted(by_port):
        listeners = sorted(by_port[key], key=lambda listener: listener['id'])
        strays = [listener for listener in listeners if listener['id'] not in declared
                  and defaults.is_let_be(listener, complete, policy.switches, False) is not True]
        counted = [listener for listener in strays if wanted.loopback or listener['scope'] != 'loopback']
        if not counted:
            result.left.update(map(identity, strays))
            result.occupied.add(key)
            continue
        if any(listener['id'] in declared for listener in listeners):
            # an entry of a port decides alone: what a range lets be would be judged by it
            result.doubtful += [pieces_of.of(listener)._replace(doubt=BESIDE) for listener in strays]
            result.occupied.add(key)
            continue
        pieces = _told_apart(listeners, pieces_of)
        result.doubtful += [piece for piece in pieces if piece.doubt]
        result.pieces += [piece for piece in pieces if not piece.doubt]
        if any(_may_be_anybody(piece, complete) for piece in pieces if not piece.doubt):
            result.occupied.add(key)
    return result


def _may_be_anybody(piece: Piece, complete: Complete) -> bool:
    """Whether entries may fit a listener that name somebody else."""
    return piece.holder == _identity.NOBODY or (
        complete.get('units') is False and piece.holder.kind not in (_identity.SERVICE, _identity.KERNEL))


def _declared(facts: Facts, policy: Policy, now: datetime.datetime, result: Seen) -> set[str]:
    """Return the ids of listeners that an entry or a waiver speaks of, and note what is found already."""
    if not policy.entries and not policy.waivers:
        return set()
    judged = judge.judge(facts, policy, now)
    for finding in judged.findings:
        if finding.kind == 'unknown':
            result.unknown.update(finding.ids or [finding.listener or ''])
    waived = {finding.record['id'] for finding, dummy in judged.waived
              if finding.record and finding.kind == 'unexpected'}
    declared = waived | {decided.listener['id'] for decided in judged.decided if decided.entries}
    result.before = {
        (finding.kind, finding.fingerprint) for finding in judged.each
        if finding.kind != 'unexpected' or finding.record and finding.record['id'] in declared}
    return declared


def _told_apart(listeners: Sequence[Listener], pieces_of: Pieces) -> list[Piece]:
    """Make pieces of the listeners on one port.

    Each is to fit its own entry, and surely not that of another one: where that is not so, nobody is named.
    """
    pieces = [pieces_of.of(listener) for listener in listeners]
    if len(pieces) == 1:
        return pieces
    sound = [(piece, listener) for piece, listener in zip(pieces, listeners, strict=True) if not piece.doubt]
    different = {piece.holder for piece, dummy in sound}
    if len(different) > 1 and any(
            fits(holder, listener, pieces_of.complete) is not (piece.holder == holder)
            for holder in different for piece, listener in sound):
        return [piece if piece.doubt else piece._replace(holder=_identity.NOBODY, review=NOT_TOLD_APART)
                for piece in pieces]
    return pieces


# Many pieces


def roving(hosts: Iterable[Iterable[Piece]]) -> set[tuple[Holder, str, int]]:
    """Find what has another port after each start: in the range of passing ports, and on few hosts the same one.

    :param hosts: the pieces of each.
    """
    having: dict[tuple[Holder, str], int] = {}
    same: dict[tuple[Holder, str, int], int] = {}
    for pieces in hosts:
        passing = [piece for piece in pieces if piece.span and piece.holder != _identity.NOBODY]
        for key in {(piece.holder, piece.protocol) for piece in passing}:
            having[key] = having.get(key, 0) + 1
        for port in {(piece.holder, piece.protocol, piece.port) for piece in passing}:
            same[port] = same.get(port, 0) + 1
    return {(holder, protocol, port) for (holder, protocol, port), count in same.items()
            if not _is_settled(holder, protocol, count, having[holder, protocol])}


def _is_settled(holder: Holder, protocol: str, count: int, hosts: int) -> bool:
    if hosts == 1:          # nobody to compare with; clients wait for answers in UDP
        return holder.kind in _identity.LASTING and protocol not in ('udp', 'udplite')
    return count > 1 and count * 2 >= hosts


def things(pieces: Sequence[Piece], passing: set[tuple[Holder, str, int]]) -> dict[Thing, Way]:
    """Unite the pieces of a host.

    :param passing: what ``roving`` returns.
    """
    settled = {piece.key for piece in pieces if (piece.holder, *piece.key) not in passing}
    parts: dict[Thing, list[Piece]] = {}
    for piece in pieces:
        span = piece.span if piece.key not in settled else None
        ports = '%d-%d' % span if span else str(piece.port)
        parts.setdefault(Thing(piece.holder, piece.protocol, ports), []).append(piece)
    return {thing: _way(thing, some) for thing, some in parts.items()}


def _way(thing: Thing, pieces: Sequence[Piece]) -> Way:
    return _united(thing.port is not None and thing.holder.kind in _identity.LASTING,
                   *[(piece.bind, piece.sources, piece.review) for piece in pieces])


@functools.lru_cache(maxsize=4096)
def _united(is_required: bool, *ways: tuple[str | None, tuple[str, ...] | None, str | None]) -> Way:
    """Unite bind, sources and review of pieces: those of most hosts are the same."""
    binds = {bind for bind, dummy, dummy2 in ways}
    limits = [sources for dummy, sources, dummy2 in ways]
    nets = {word for limit in limits for word in limit or ()}
    widest = max((WORDS.index(word) for word in nets if word in WORDS), default=-1)
    sources = tuple(sorted(nets - set(WORDS[:max(widest, 0)])))
    return Way(
        () if None in binds else tuple(sorted(bind for bind in binds if bind)),
        () if None in limits or len(sources) > MOST_SOURCES else sources,
        is_required, tuple(dict.fromkeys(review for dummy, dummy2, review in ways if review)))


def unseen(facts: Facts) -> str | None:
    """Return why nothing can be declared of what was observed of a host: what was not seen would be missing from it."""
    missing = [aspect for aspect in ('sockets', 'owners') if facts['complete'].get(aspect) is not True]
    if not missing:
        return None
    gaps = [gap for gap in facts['gaps'] if gap['aspect'] in missing]
    if not gaps:
        return 'its %s were not gathered' % ' and '.join(missing)
    hint = next((gap['hint'] for gap in gaps if gap['hint']), None)
    return 'not all of its %s were observed: %s%s' % (
        ' and '.join(missing), sentence(gaps[0]['message'], 300), _hints.behind(hint))
