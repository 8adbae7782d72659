# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts a page together from what was kept of its hosts: what the template and the script are given."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ..._harmless.terminal import sentence, visible
from . import matrix as _matrix
from .content import NOTHING, Content, Key, Seen
from .kinds import EPHEMERAL, LEVELS, Kind
from .words import ORDER

if TYPE_CHECKING:
    from ..groups import Group
    from ..model import Report

LONGEST_NAME = 100              # of a host
_LOCAL = LEVELS.index('local')
_MOST_BOUND, _MOST_PORTS = 3, 8  # addresses and ports in a line of the list


@dataclass
class Row:
    """Ways to listen that share a line of the list: the same owner, reached by the same, on the same hosts.

    :ivar numbers: their places among all ways to listen.
    """

    kind: Kind
    numbers: list[int]
    hosts: int
    ports: str
    bound: str


class Drawing:
    """All that a page shows.

    :ivar groups: the findings of all hosts, the worst first.
    :ivar places: of each host the numbers of its findings, each with the ports that it is about.
    """

    def __init__(self, content: Content, report: Report) -> None:
        self.kinds, self.hosts, self.report = content.kinds, content.hosts, report
        self.groups: list[Group] = report.groups
        self.names = [visible(seen.host.name, LONGEST_NAME) for seen in self.hosts]
        self.reasons = [reason(seen) for seen in self.hosts]
        self.places = self._places()

    def _places(self) -> list[list[tuple[int, tuple[int, ...]]]]:
        groups_of: dict[str, list[tuple[Key, int]]] = {}
        for number, group in enumerate(self.groups):
            key = (group.kind, group.severity, group.fails, group.fingerprint)
            for name in group.hosts:
                groups_of.setdefault(name, []).append((key, number))
        places = []
        for seen in self.hosts:
            ports: dict[Key, set[int]] = {}
            for key, numbers in seen.places:
                ports.setdefault(key, set()).update(numbers)
            places.append([(number, tuple(sorted(ports.get(key, ()))))
                           for key, number in groups_of.get(seen.host.name, ())])
        return places

    @cached_property
    def matrix(self) -> _matrix.Matrix:
        """Hosts by ports."""
        return _matrix.build([self._subject(number) for number in range(len(self.hosts))], self.kinds)

    def _subject(self, number: int) -> _matrix.Subject:
        seen, places = self.hosts[number], self.places[number]
        marks: dict[int, int] = {}
        for group, ports in places:
            for port in ports:
                marks[port] = max(marks.get(port, _matrix.NO_MARK), self.mark(self.groups[group]))
        # what is about no port tells hosts apart, too
        apart = tuple(sorted(group for group, ports in places if not ports and self.groups[group].fails))
        return _matrix.Subject(self.names[number], ORDER[seen.host.verdict], seen.seen, seen.kinds, marks,
                               (*apart, self.reasons[number]))

    @staticmethod
    def mark(group: Group) -> int:
        """Return what a finding says of the ports that it is about."""
        if group.kind == 'unknown':
            return _matrix.CANNOT_BE_JUDGED
        if not group.fails:
            return _matrix.WARNS
        return _matrix.MISSING if group.kind == 'missing' else _matrix.FAILS

    @cached_property
    def rows(self) -> list[Row]:
        """What listens, on whatever hosts; what most can reach comes first."""
        hosts: dict[Kind, array[int]] = {}
        numbers: dict[Kind, list[int]] = {}
        # both families of a service, and what differs in the rule alone, are the same
        same = [kind._replace(bound='', because='', scope=kind.scope if ' in ' in kind.scope else '')
                for kind in self.kinds.kinds]
        for number, kind in enumerate(same):
            numbers.setdefault(kind, []).append(number)
        for number, seen in enumerate(self.hosts):
            for kind in dict.fromkeys(same[each] for each in seen.kinds):
                hosts.setdefault(kind, array('I')).append(number)
        lines: dict[tuple[Kind, bytes], list[int]] = {}
        for kind, of_kind in numbers.items():
            is_wide = self.is_wide(kind)
            lines.setdefault((kind._replace(port=-1 if is_wide else -2), hosts[kind].tobytes()), []).extend(of_kind)
        size = array('I').itemsize
        rows = [self._row(of_line, len(of_hosts) // size) for (dummy, of_hosts), of_line in lines.items()]
        return sorted(rows, key=lambda row: (
            -row.kind.level, not row.kind.judged, *self._port_order(row.kind.port), -row.hosts, row.kind.owners))

    def _row(self, numbers: list[int], hosts: int) -> Row:
        numbers.sort(key=lambda number: self._port_order(self.kinds.kinds[number].port))
        kinds = [self.kinds.kinds[number] for number in numbers]
        ports = list(dict.fromkeys(self.kinds.title(kind.port) for kind in kinds))
        bound = list(dict.fromkeys(kind.bound for kind in kinds))
        return Row(kinds[0], numbers, hosts, _first(ports, _MOST_PORTS), _first(bound, _MOST_BOUND))

    def _port_order(self, port: int) -> tuple[bool, int, str]:
        protocol, number = self.kinds.ports[port]
        return number < 0, number, protocol

    def is_wide(self, kind: Kind) -> bool:
        """Whether other hosts reach it, or may, as far as that was asked."""
        return kind.level > _LOCAL and self.kinds.ports[kind.port].number >= EPHEMERAL

    def named(self, hosts: Iterable[str], most: int, folded: int = 0) -> dict[str, Any]:
        """Name the first of these hosts, and count the others; where there are others, name all by their groups if
        possible.

        :param folded: how many hosts to name where somebody asks for more of them.
        """
        given = list(hosts)
        names = sorted((visible(name, LONGEST_NAME) for name in given), key=_matrix.natural)
        more = max(len(names) - most, 0)
        return {'hosts': names[:most], 'more': more, 'total': len(names), 'folded': names[:folded],
                'groups': (self.report.naming.in_groups(given) or '') if more else ''}


def _first(texts: Sequence[str], most: int) -> str:
    more = len(texts) - most
    return ', '.join(texts[:most]) + (', +%d' % more if more > 0 else '')


def reason(seen: Seen) -> str:
    """Say why a host was not looked at; nothing of one that was."""
    if seen.seen != NOTHING:
        return ''
    host = seen.host
    if host.judgement and host.judgement['refused']:
        return 'its declaration is invalid: %s' % sentence(host.judgement['refused'], 300)
    words = visible(host.reason or 'no reason is known', 300)
    return words if host.state in ('missing', 'pending') else '%s: %s' % (host.state, words)


def by_text(pairs: Iterable[tuple[str, str]]) -> Mapping[str, Sequence[str]]:
    """Put names together that have the same text."""
    names: dict[str, list[str]] = {}
    for text, name in pairs:
        names.setdefault(text, []).append(name)
    return names
