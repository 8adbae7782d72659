# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decides in which groups a host is, from its facts.

Facts are checked as far as they are used here: to check all of them takes longer than everything else. They may come
from anywhere, and whatever is in them is a name of a group, or a fault.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from .._facts.check_firewall import ports as _check_ports
from .._policy.conditions.ports import Item
from .._policy.language.options import PROTOCOLS
from .._schema import Fault
from .._shape import LEVELS, SCOPES
from . import names

MOST_PORTS = 256                # of a range that a host forwards: each of them is a group

_RAW = 'raw'                    # its ports are numbers of protocols
_LONGEST = 20000                # characters of a text, as ``check`` has it
_MOST_OWNERS = 64
_LOOPBACK = 'loopback'
_PROTOCOLS, _SCOPES, _LEVELS = frozenset((*PROTOCOLS, _RAW)), frozenset(SCOPES), frozenset(LEVELS)
_OF_HOLDERS = frozenset((names.SERVICE, names.PROCESS, names.CONTAINER))


class Grouping:
    """What groups are to be made of.

    :ivar wide: how many ranges of ports were too long to make a group of each port.
    """

    def __init__(self, kinds: Collection[str], items: Sequence[Item] | None = None, loopback: bool = False) -> None:
        """Choose.

        :param kinds: of ``names.KINDS``.
        :param items: the ports that matter; None for all.
        :param loopback: whether what is bound to loopback counts.
        """
        self.wide = 0
        self._kinds, self._items, self._loopback = frozenset(kinds), items, loopback
        self._of_holders = bool(_OF_HOLDERS & self._kinds)

    def of(self, facts: Mapping[str, Any]) -> set[str]:
        """Return the groups of a host.

        :param facts: decoded; nothing has to be checked.
        :raises Fault: what is needed of them is not as facts are.
        """
        made: set[str] = set()
        for key in ('listeners', 'forwarded'):
            endpoints = facts.get(key, [])
            if not isinstance(endpoints, list):
                raise Fault('has to be a list', key)
            for index, endpoint in enumerate(endpoints):
                try:
                    self._add(endpoint, made)
                except Fault as fault:
                    raise fault.below('%s[%d]' % (key, index)) from None
        return made

    def of_verdict(self, verdict: str) -> set[str]:
        """Return the groups of a host by what became of it."""
        return {names.of(names.VERDICT, verdict)} if names.VERDICT in self._kinds else set()

    def _add(self, endpoint: Any, made: set[str]) -> None:
        """Add the groups that one endpoint makes. Raises Fault."""
        if not isinstance(endpoint, dict):
            raise Fault('has to be a mapping')
        get = endpoint.get
        protocol = _one_of(get('protocol'), _PROTOCOLS, 'protocol')
        scope = _one_of(get('scope'), _SCOPES, 'scope')
        port, namespace, is_ephemeral = get('port'), get('namespace'), get('ephemeral')
        if not isinstance(port, int) or isinstance(port, bool) or not 0 <= port <= 65535:
            raise Fault('has to be a port', 'port')
        if not isinstance(is_ephemeral, bool):
            raise Fault('has to be true or false', 'ephemeral')
        level = _level(get('exposure'), scope)
        if protocol == _RAW or (scope == _LOOPBACK and not self._loopback):
            return
        counted = self._ports(protocol, port, get('ports'), is_ephemeral)
        if counted is None:
            return
        # what listens in another network namespace is not reached at an address of the host
        if namespace is None:
            if names.EXPOSED in self._kinds:
                made.add(names.of(names.EXPOSED, level))
            if names.LISTENS in self._kinds:
                made.update([names.of(names.LISTENS, '%s_%d' % (protocol, number)) for number in counted])
        if self._of_holders and not (is_ephemeral and self._items is None):
            made.update(name for name in self._holders(endpoint) if name)

    def _ports(self, protocol: str, port: int, span: Any, is_ephemeral: bool) -> Sequence[int] | None:
        """Return the ports of an endpoint that make a group; None where none of its ports matters."""
        low, high = (port, port) if span is None else _span(span)
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
            return (port,) if span is None else (low,)
        numbers: set[int] = set()
        for first, last in spans:
            if last - first >= MOST_PORTS:
                self.wide += 1
            else:
                numbers.update(range(first, last + 1))
        return sorted(numbers)

    def _holders(self, endpoint: Mapping[str, Any]) -> Iterator[str]:
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
                        yield names.of(kind, _text(owner.get(kind), 'owners'))


def _one_of(value: Any, allowed: Collection[str], key: str) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise Fault('has to be one of %s' % ', '.join(sorted(allowed)), key)
    return value


def _level(exposure: Any, scope: str) -> str:
    """Return who reaches an endpoint: where no firewall was inspected, that is known of loopback alone."""
    if exposure is None:
        return 'local' if scope == _LOOPBACK else 'unknown'
    if not isinstance(exposure, dict):
        raise Fault('has to be a mapping, or null', 'exposure')
    return _one_of(exposure.get('level'), _LEVELS, 'exposure.level')


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
