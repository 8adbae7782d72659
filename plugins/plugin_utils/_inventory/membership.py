# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides in which groups a host is, from its facts.

Facts are checked as far as they are used here: to check all of them takes longer than everything else. They may come
from anywhere, and whatever is in them is a name of a group, or a fault.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

from .._facts.check_firewall import ports as _check_ports
from .._policy.conditions.ports import Item
from .._policy.language.options import PROTOCOLS
from .._schema import Fault
from .._shape import LEVELS, SCOPES
from .._windows.listeners import without_extension
from .._windows.names import fold
from . import names

MOST_PORTS = 256                # of a range that a host forwards: each of them is a group

_RAW = 'raw'                    # its ports are numbers of protocols
_LONGEST = 20000                # characters of a text, as ``check`` has it
_MOST_OWNERS = 64
_MOST_KNOWN = 65536              # kinds of endpoints that are remembered
_LOOPBACK = 'loopback'
_NAMES = ('protocol', 'port', 'scope', 'ephemeral', 'namespace')
_FIELDS: Callable[[Any], tuple[Any, ...]] = itemgetter(*_NAMES[:4])
_PROTOCOLS, _SCOPES, _LEVELS = frozenset((*PROTOCOLS, _RAW)), frozenset(SCOPES), frozenset(LEVELS)
_OF_HOLDERS = frozenset((names.SERVICE, names.PROCESS, names.CONTAINER))


# Its groups for where it listens, and whether there are some for who serves it
_Met = tuple[tuple[str, ...], bool]
_NOTHING: _Met = ((), False)


class Grouping:
    """What groups are to be made of.

    :ivar wide: whether a range of ports was too long to make a group of each port.
    """

    def __init__(self, kinds: Collection[str], items: Sequence[Item] | None = None, loopback: bool = False) -> None:
        """Choose.

        :param kinds: of ``names.KINDS``.
        :param items: the ports that matter; None for all.
        :param loopback: whether what is bound to loopback counts.
        """
        self.wide = False
        self._kinds, self._items, self._loopback = frozenset(kinds), items, loopback
        self._known: dict[Any, _Met] = {}
        self._of_holders = bool(_OF_HOLDERS & self._kinds)

    def of(self, facts: Mapping[str, Any]) -> set[str]:
        """Return the groups of a host.

        :param facts: decoded; nothing has to be checked.
        :raises Fault: what is needed of them is not as facts are.
        """
        made: set[str] = set()
        is_on_windows = is_of_windows(facts)
        for key in ('listeners', 'forwarded'):
            endpoints = facts.get(key, [])
            if not isinstance(endpoints, list):
                raise Fault('has to be a list', key)
            for index, endpoint in enumerate(endpoints):
                try:
                    made.update(self.of_endpoint(endpoint, is_on_windows))
                except Fault as fault:
                    raise fault.below('%s[%d]' % (key, index)) from None
        made.discard('')        # of what is not known
        return made

    def of_endpoint(self, endpoint: Any, is_on_windows: bool = False) -> Collection[str]:
        """Return the groups of a host with this endpoint; an empty text stands for what is not known.

        :param is_on_windows: whether that is a Windows host, see ``is_of_windows``.
        :raises Fault: what is needed of it is not as facts are.
        """
        groups, is_served = self._met(endpoint)
        return {*groups, *self._holders(endpoint, is_on_windows)} if is_served else groups

    def of_verdict(self, verdict: str) -> set[str]:
        """Return the groups of a host by what became of it."""
        return {names.of(names.VERDICT, verdict)} if names.VERDICT in self._kinds else set()

    def _met(self, endpoint: Any) -> _Met:
        """Return what an endpoint makes groups of. Raises Fault."""
        try:
            fields = _FIELDS(endpoint)
            exposure = endpoint.get('exposure')
            key = fields, None if exposure is None else exposure['level'] or '', endpoint.get('ports')
            # to Python 1, 1.0 and true are the same
            is_plain = fields[1].__class__ is int and fields[3].__class__ is bool and endpoint['namespace'] is None
            met = self._known[key] if is_plain else None
        except (AttributeError, KeyError, TypeError):       # it is the first of its kind, or not an endpoint
            met = None
        return met or self._meet(endpoint)

    def _meet(self, endpoint: Any) -> _Met:
        """Check an endpoint that is the first of its kind, and remember what it makes groups of. Raises Fault."""
        if not isinstance(endpoint, dict):
            raise Fault('has to be a mapping')
        for name in _NAMES:
            if name not in endpoint:
                raise Fault('is missing', name)
        exposure = endpoint.get('exposure')
        if exposure is not None and (not isinstance(exposure, dict) or not exposure.get('level')):
            raise Fault('has to be a mapping with a level, or null', 'exposure')
        level, span = exposure['level'] if exposure else None, endpoint.get('ports')
        _text(endpoint['namespace'], 'namespace')
        protocol, port, scope, is_ephemeral = _FIELDS(endpoint)
        met = self._decide(protocol, port, scope, is_ephemeral, endpoint['namespace'], level, span)
        if endpoint['namespace'] is None:
            if len(self._known) > _MOST_KNOWN:
                self._known.clear()
            self._known[_FIELDS(endpoint), level, span] = met
        return met

    def _decide(self, protocol: Any, port: Any, scope: Any, is_ephemeral: Any, namespace: Any, level: Any,
                span: Any) -> _Met:
        """Return what an endpoint with these fields makes groups of. Raises Fault."""
        _one_of(protocol, _PROTOCOLS, 'protocol')
        _one_of(scope, _SCOPES, 'scope')
        if not isinstance(port, int) or isinstance(port, bool) or not 0 <= port <= 65535:
            raise Fault('has to be a port', 'port')
        if not isinstance(is_ephemeral, bool):
            raise Fault('has to be true or false', 'ephemeral')
        low_high = None if span is None else _span(span)
        if level is None:           # no firewall was inspected: then that is known of loopback alone
            level = 'local' if scope == _LOOPBACK else 'unknown'
        _one_of(level, _LEVELS, 'exposure.level')
        if protocol == _RAW or (scope == _LOOPBACK and not self._loopback):
            return _NOTHING
        counted = self._ports(protocol, low_high or (port, port), is_ephemeral)
        if counted is None:
            return _NOTHING
        made = []
        is_here = namespace is None     # what listens in another one is not reached at an address of the host
        if is_here and names.EXPOSED in self._kinds:
            made.append(names.of(names.EXPOSED, level))
        if is_here and names.LISTENS in self._kinds:
            made += [names.of(names.LISTENS, '%s_%d' % (protocol, number)) for number in counted]
        return tuple(made), self._of_holders and not (is_ephemeral and self._items is None)

    def _ports(self, protocol: str, span: tuple[int, int], is_ephemeral: bool) -> Sequence[int] | None:
        """Return the ports of an endpoint that make a group; None where none of its ports matters."""
        low, high = span
        if self._items is None:
            if is_ephemeral:            # another port after each start
                return ()
            spans: list[tuple[int, int]] = [(low, high)]
        else:
            spans = [(max(low, item.low), min(high, item.high)) for item in self._items if item.protocol == protocol]
            spans = [(first, last) for first, last in spans if first <= last]
            if not spans:
                return None
        if low == high:
            return (low,)
        numbers: set[int] = set()
        for first, last in spans:
            if last - first >= MOST_PORTS:
                self.wide = True
            else:
                numbers.update(range(first, last + 1))
        return sorted(numbers)

    def _holders(self, endpoint: Mapping[str, Any], is_on_windows: bool) -> Iterator[str]:
        """Yield the groups for who serves an endpoint; an empty text for what is not known. Raises Fault."""
        kinds = self._kinds
        if names.SERVICE in kinds:
            yield names.of(names.SERVICE, _text(endpoint.get('service'), 'service').removesuffix('.service'))
        if names.CONTAINER in kinds:
            yield names.of(names.CONTAINER, _text(endpoint.get('container'), 'container'))
        if names.PROCESS in kinds or names.CONTAINER in kinds:
            for owner in _owners(endpoint.get('owners')):
                for kind in (names.PROCESS, names.CONTAINER):
                    if kind in kinds:
                        text = _text(owner.get(kind), 'owners')
                        is_program = is_on_windows and kind == names.PROCESS
                        yield names.of(kind, without_extension(fold(text)) if is_program else text)


def is_of_windows(facts: Mapping[str, Any]) -> bool:
    """Whether facts, which nobody has checked, say that they are of a Windows host."""
    system = facts.get('system')
    return facts.get('collector') == 'windows' or isinstance(system, dict) and system.get('platform') == 'windows'


def _one_of(value: Any, allowed: Collection[str], key: str) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise Fault('has to be one of %s' % ', '.join(sorted(allowed)), key)
    return value


def _span(value: Any) -> tuple[int, int]:
    """Read ports that are forwarded alike: ``8000-8010``. Raises Fault."""
    try:
        first, _dash, last = str(_check_ports(value)).partition('-')
    except Fault as fault:
        raise fault.below('ports') from None
    low, high = int(first), int(last or first)
    if not low <= high <= 65535:
        raise Fault('is not a range of ports', 'ports')
    return low, high


def _text(value: Any, key: str) -> str:
    if value is None:
        return ''
    if not isinstance(value, str) or len(value) > _LONGEST:
        raise Fault('has to be text of at most %d characters, or null' % _LONGEST, key)
    return value


def _owners(value: Any) -> Iterable[Mapping[str, Any]]:
    if not isinstance(value, list) or len(value) > _MOST_OWNERS or not all(isinstance(owner, dict) for owner in value):
        raise Fault('has to be a list of at most %d mappings' % _MOST_OWNERS, 'owners')
    return value
