# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One listener that is not declared: who has it, how it is bound, who reaches it, and why somebody should look at it.

Whether an entry fits a listener is asked of those who judge.
"""

from __future__ import annotations

import functools
from collections.abc import Hashable, Sequence
from typing import NamedTuple, cast

from .. import _identity
from .._identity import Holder
from .._listener import Listener, identity, is_unknown_behind, serving
from .._policy.conditions import reach
from .._policy.conditions.sources import Sources
from .._policy.declaration.entry import Entry
from .._policy.judgement import defaults, judge
from .._shape import Complete, Facts
from . import yaml

# Why something is not declared, but written for somebody to look at.
FILE = 'its executable was deleted, or lies where everybody may write'
OWNER = 'its owner is not known'
BESIDE = 'another entry that is not of this port alone has it'
# Why somebody should look at what is declared.
NO_SERVICE = 'no service has it'
NO_CONTAINER = 'no container is known behind it'
NOT_TOLD_APART = 'who has it cannot be declared'

MOST_SOURCES = 8
WORDS = ('local', 'link', 'private')    # the narrowest first: each is in the next one
_MOST_KNOWN = 10000                     # kinds of listeners of which what they become is remembered
_INTERFACE = frozenset('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-')
# of a holder: the option that names it
_OPTIONS = {_identity.CONTAINER: 'container', _identity.SERVICE: 'service', _identity.EXECUTABLE: 'exe',
            _identity.PROCESS: 'process'}

Port = tuple[str, int]                  # protocol and number


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


class _Common(NamedTuple):
    """What pieces of all listeners that are alike have in common, see ``Piece``."""

    holder: Holder
    bind: str | None
    sources: tuple[str, ...] | None
    review: str | None
    doubt: str | None


@functools.lru_cache(maxsize=16)
def _known(dummy: Wanted, *dummies: tuple[str, bool | None]) -> dict[Hashable, _Common]:
    """Keep what was worked out of listeners that are alike, by all else that it depends on."""
    return {}


class Pieces:
    """Makes pieces of the listeners of a host.

    :ivar complete: what of the host was observed completely.
    """

    def __init__(self, facts: Facts, wanted: Wanted, alike: Sequence[Hashable | None]) -> None:
        """Take a host; see ``things.seen``."""
        self.complete = judge.observed(facts)
        self._system, self._wanted = facts['system'], wanted
        self._alike = {id(listener): likeness for listener, likeness in zip(facts['listeners'], alike)}
        self._known = _known(wanted, *cast('dict[str, bool | None]', self.complete).items())
        if len(self._known) > _MOST_KNOWN:
            self._known.clear()

    def of(self, listener: Listener) -> Piece:
        """Make a piece of a listener."""
        likeness = self._alike.get(id(listener))        # one that was changed meanwhile is another object
        common = None if likeness is None else self._known.get(likeness)
        if common is None:
            common = _common(listener, self.complete, self._wanted)
            if likeness is not None:
                self._known[likeness] = common
        return Piece(
            identity(listener), common.holder, listener['protocol'], listener['port'],
            _identity.span(listener, self._system), common.bind, common.sources, common.review, common.doubt)


def fits(holder: Holder, listener: Listener, complete: Complete) -> bool | None:
    """Whether an entry that says who holds a listener fits; None where that is not known."""
    entry = _entry(holder)
    return None if entry is None else entry.held(listener, complete)


def _common(listener: Listener, complete: Complete, wanted: Wanted) -> _Common:
    holder = next(holder for holder in _identity.holders(listener) if fits(holder, listener, complete) is True)
    review = _doubt(listener)
    doubt = None if wanted.doubtful else review
    if not review and holder == _identity.NOBODY:
        review = NO_CONTAINER if is_unknown_behind(listener) else NOT_TOLD_APART
    elif not review and holder.kind not in _identity.LASTING:
        review = NO_SERVICE
    bind, is_bound = _bind(listener)
    return _Common(
        holder, bind, _sources(listener) if wanted.exposure else None, review if is_bound else NOT_TOLD_APART, doubt)


def _doubt(listener: Listener) -> str | None:
    """Find why a listener is not to be declared."""
    if defaults.has_dubious_file(listener, serving(listener)):
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
    words = ('local',) if level == 'none' else (level,) if level in WORDS else tuple(sorted(exposure['allowed']))
    if level == 'anyone' or not words or len(words) > MOST_SOURCES:
        return None
    return words if reach.upper(_limit(words), listener) is True else None
