# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a host is not declared yet, as things that can be: somebody on a port.

Whether something is declared, and whether an entry fits a listener, is asked of those who judge.
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from .. import _hints, _identity
from .._harmless.terminal import sentence
from .._identity import Holder
from .._listener import Listener, endpoints, identity, is_unknown_behind, serving
from .._long_sets import resolved
from .._policy.conditions import reach
from .._policy.conditions.sources import Sources
from .._policy.declaration.entry import Entry
from .._policy.declaration.policy import Policy
from .._policy.judgement import defaults, judge
from .._shape import Complete, Facts, System
from . import yaml

# Why something is not declared, but written for somebody to look at.
FILE = 'its executable was deleted, or lies where everybody may write'
OWNER = 'its owner is not known'
BESIDE = 'another entry that is not of this port alone has it'
# Why somebody should look at what is declared.
NO_SERVICE = 'no service has it'
NO_CONTAINER = 'no container is known behind it'
NOT_TOLD_APART = 'who has it cannot be declared'

_MOST_SOURCES = 8
_WORDS = ('local', 'link', 'private')   # the narrowest first: each is in the next one
_INTERFACE = frozenset('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-')
# of a holder: the option that names it
_OPTIONS = {_identity.CONTAINER: 'container', _identity.SERVICE: 'service', _identity.EXECUTABLE: 'exe',
            _identity.PROCESS: 'process'}

Port = tuple[str, int]                  # protocol and number


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


class Piece(NamedTuple):
    """A listener that is not declared, as far as it becomes a thing.

    :ivar id: harmless to print.
    :ivar span: the range of passing ports that it is in; None where it is in none.
    :ivar bind: as in an entry; None for all addresses.
    :ivar sources: who reaches it; None without a limit, nothing where that is the host itself anyway.
    :ivar doubt: why it is not declared; None where it is.
    """

    id: str
    holder: Holder
    protocol: str
    port: int
    span: tuple[int, int] | None
    bind: str | None
    sources: tuple[str, ...] | None
    review: str | None = None
    doubt: str | None = None

    @property
    def key(self) -> Port:
        """Its protocol and port."""
        return self.protocol, self.port


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


class Wanted(NamedTuple):
    """What is to be declared.

    :ivar loopback: whether that is also what only the host itself can reach.
    :ivar exposure: whether entries say who may reach it.
    :ivar doubtful: whether that is also what is doubtful.
    """

    loopback: bool = True
    exposure: bool = True
    doubtful: bool = False


def options(holder: Holder) -> dict[str, yaml.Value]:
    """Return what of an entry says who holds it."""
    if holder.kind == _identity.KERNEL:
        return {'process': '[kernel]'}
    if holder.kind == _identity.UNKNOWN:
        return {}
    patterns = [_pattern(holder, name) for name in holder.names]
    made: dict[str, yaml.Value] = {_OPTIONS[holder.kind]: _one_or_many(patterns)}
    if holder.users:
        made['user'] = _one_or_many([yaml.glob(user) for user in holder.users])
    return made


def _pattern(holder: Holder, name: str) -> str:
    if holder.kind == _identity.SERVICE:
        return yaml.glob(name.removesuffix('.service'))
    is_engine = holder.kind == _identity.CONTAINER and name.endswith(':')
    return yaml.glob(name) + ('*' if is_engine else '')


def _one_or_many(values: Sequence[str]) -> str | tuple[str, ...]:
    return values[0] if len(values) == 1 else tuple(values)


@functools.lru_cache(maxsize=16384)
def _entry(holder: Holder) -> Entry | None:
    """Return an entry that says who holds a listener, as the policy reads it; None where it refuses that."""
    given = {option: list(value) if isinstance(value, tuple) else value for option, value in options(holder).items()}
    try:
        yaml.entry(options(holder))
    except yaml.Unwritable:
        return None
    return Entry.read({'port': 'any', **given}, '', '')[0]


@functools.lru_cache(maxsize=4096)
def _limit(words: tuple[str, ...]) -> Sources:
    return Sources(words, 'only_from')


def seen(facts: Facts, policy: Policy, now: datetime.datetime, wanted: Wanted) -> Seen:
    """Find what is not declared.

    :param facts: those of the host, checked, its sockets and owners complete.
    :param policy: what is declared for it already.
    :param now: the time in UTC.
    """
    result = Seen()
    complete = judge.observed(facts)
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
            result.doubtful += [_piece(listener, facts['system'], complete, wanted)._replace(doubt=BESIDE)
                                for listener in strays]
            result.occupied.add(key)
            continue
        pieces = _told_apart(listeners, facts['system'], complete, wanted)
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


def _told_apart(listeners: Sequence[Listener], system: System, complete: Complete, wanted: Wanted) -> list[Piece]:
    """Make pieces of the listeners on one port.

    Each is to fit its own entry, and surely not that of another one: where that is not so, nobody is named.
    """
    pieces = [_piece(listener, system, complete, wanted) for listener in listeners]
    sound = [(piece, listener) for piece, listener in zip(pieces, listeners, strict=True) if not piece.doubt]
    different = {piece.holder for piece, dummy in sound}
    if len(different) > 1 and any(
            _fits(holder, listener, complete) is not (piece.holder == holder)
            for holder in different for piece, listener in sound):
        return [piece if piece.doubt else piece._replace(holder=_identity.NOBODY, review=NOT_TOLD_APART)
                for piece in pieces]
    return pieces


def _fits(holder: Holder, listener: Listener, complete: Complete) -> bool | None:
    entry = _entry(holder)
    return None if entry is None else entry.held(listener, complete)


def _piece(listener: Listener, system: System, complete: Complete, wanted: Wanted) -> Piece:
    holder = next(holder for holder in _identity.holders(listener) if _fits(holder, listener, complete) is True)
    review = _doubt(listener)
    doubt = None if wanted.doubtful else review
    if not review and holder == _identity.NOBODY:
        review = NO_CONTAINER if is_unknown_behind(listener) else NOT_TOLD_APART
    elif not review and holder.kind not in _identity.LASTING:
        review = NO_SERVICE
    bind, is_bound = _bind(listener)
    return Piece(
        identity(listener), holder, listener['protocol'], listener['port'], _identity.span(listener, system),
        bind, _sources(listener) if wanted.exposure else None, review if is_bound else NOT_TOLD_APART, doubt)


def _doubt(listener: Listener) -> str | None:
    """Find why a listener is not to be declared."""
    if any(map(defaults.is_dubious_file, serving(listener))):
        return FILE
    return OWNER if listener['held_by'] == 'unknown' and not is_unknown_behind(listener) else None


def _bind(listener: Listener) -> tuple[str | None, bool]:
    """Return where it is bound, as in an entry, and whether that could be said."""
    if listener['scope'] != 'any':
        return listener['scope'], True
    interface = listener['interface']
    if interface is None:
        return None, True
    # what the policy takes for a name of an interface; others have names that only a host makes up
    is_plain = _INTERFACE.issuperset(interface) and Entry.read({'port': 1, 'bind': interface}, '', '')[0] is not None
    return (interface, True) if is_plain else (None, False)


def _sources(listener: Listener) -> tuple[str, ...] | None:
    exposure = listener.get('exposure')
    level = exposure['level'] if exposure else None
    if listener['scope'] == 'loopback' and level in (None, 'local', 'none'):
        return ()
    if not exposure or level == 'unknown' or exposure['undecided']:
        return None
    words = ('local',) if level == 'none' else (level,) if level in _WORDS else tuple(sorted(exposure['allowed']))
    if level == 'anyone' or not words or len(words) > _MOST_SOURCES:
        return None
    return words if reach.upper(_limit(words), listener) is True else None


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
    binds = {piece.bind for piece in pieces}
    limits = [piece.sources for piece in pieces]
    nets = {word for limit in limits for word in limit or ()}
    widest = max((_WORDS.index(word) for word in nets if word in _WORDS), default=-1)
    sources = tuple(sorted(nets - set(_WORDS[:max(widest, 0)])))
    return Way(
        () if None in binds else tuple(sorted(bind for bind in binds if bind)),
        () if None in limits or len(sources) > _MOST_SOURCES else sources,
        thing.port is not None and thing.holder.kind in _identity.LASTING,
        tuple(dict.fromkeys(piece.review for piece in pieces if piece.review)))


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
