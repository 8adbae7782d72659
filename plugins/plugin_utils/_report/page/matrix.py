# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts by ports, as people read it: hosts that are alike share a line, ports that are alike a column.

A port below 1024, or with a finding that fails a host, has a column of its own. Others share one where they are the
same on all hosts; those that hardly any host has share one for each protocol.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..console.lines import MANY_HOSTS
from .kinds import LEVELS, Kinds

# What a finding says of a port, the worst last.
NO_MARK, WARNS, CANNOT_BE_JUDGED, MISSING, FAILS = range(5)

_MOST_COLUMNS = 120
_FEW_PORTS = 40                 # that all have a column of their own where hosts share no line
_WELL_KNOWN = 1024              # ports below are what people look for by number
_RARE, _RARE_FROM = 0.005, 50   # the part of hosts, from more than that many on, that has too little for a column
_CLOSE = 10                     # ports that are not farther apart are shown as a range
_MOST_NAMED = 60                # ports that the title of a shared column names
_LOCAL = LEVELS.index('local')
_DIGITS = re.compile(r'(\d+)')

Cell = tuple[int, int, int]     # column, level or -1, mark


@dataclass(slots=True)
class Subject:
    """A host, as the matrix knows it.

    :ivar verdict: its place in the order of verdicts, the worst first.
    :ivar seen: one of the values of ``content.Seen``.
    :ivar marks: of ports, the worst of each.
    :ivar apart: what else tells it from hosts that have the same cells.
    """

    name: str
    verdict: int
    seen: int
    kinds: tuple[int, ...]
    marks: Mapping[int, int]
    apart: tuple[object, ...]


@dataclass
class Column:
    """Ports that share a column.

    :ivar title: what is above it; ``ports`` names the first ones.
    :ivar is_rest: whether these are ports that share nothing but that hardly any host has them.
    """

    numbers: list[int]
    is_rest: bool = False
    title: str = ''
    ports: str = ''


@dataclass
class Line:
    """Hosts that share a line, by their number."""

    verdict: int
    seen: int
    cells: tuple[Cell, ...]
    hosts: list[int] = field(default_factory=list)

    @property
    def worst(self) -> int:
        """The worst of its marks."""
        return max((mark for dummy, dummy2, mark in self.cells), default=NO_MARK)


@dataclass
class Matrix:
    """All of it."""

    columns: list[Column]
    lines: list[Line]


@dataclass
class _Port:
    """On which hosts a port is, and how.

    :ivar hosts: their numbers; ``ways`` has level and mark of each.
    """

    hosts: array[int] = field(default_factory=lambda: array('I'))
    ways: bytearray = field(default_factory=bytearray)
    widest: int = -1
    failing: int = 0

    def add(self, host: int, level: int, mark: int) -> None:
        self.hosts.append(host)
        self.ways += bytes((level + 1, mark))
        self.widest = max(self.widest, level)
        self.failing += mark >= CANNOT_BE_JUDGED


def build(subjects: Sequence[Subject], kinds: Kinds) -> Matrix:
    """Make the matrix of all hosts."""
    ports: dict[int, _Port] = {}
    for number, subject in enumerate(subjects):
        for port, level in _levels(subject, kinds).items():
            ports.setdefault(port, _Port()).add(number, level, subject.marks.get(port, NO_MARK))
    columns = _columns(ports, kinds, len(subjects))
    return Matrix(columns, _lines(subjects, kinds, columns))


def natural(name: str) -> list[tuple[int, int, str]]:
    """Return what sorts ``h2`` before ``h10``."""
    return [(0, int(part), '') if part.isascii() and part.isdigit() and len(part) < 20 else (1, 0, part)
            for part in _DIGITS.split(name)]


def _levels(subject: Subject, kinds: Kinds) -> dict[int, int]:
    """Return the widest level of each port of a host; -1 where nothing listens, and a finding says that it should."""
    levels = dict.fromkeys(subject.marks, -1)
    for number in subject.kinds:
        kind = kinds.kinds[number]
        if kind.level > levels.get(kind.port, -1):
            levels[kind.port] = kind.level
    return levels


def _columns(ports: Mapping[int, _Port], kinds: Kinds, hosts: int) -> list[Column]:
    def order(port: int) -> tuple[object, ...]:
        of_hosts, (protocol, number) = ports[port], kinds.ports[port]
        return (-of_hosts.failing, of_hosts.widest <= _LOCAL, number < 0, -len(of_hosts.hosts), number, protocol)

    is_shared = hosts > MANY_HOSTS or len(ports) > _FEW_PORTS
    fewest = max(2, hosts * _RARE) if hosts > _RARE_FROM else 0
    columns: list[Column] = []
    shared: dict[object, Column] = {}
    rest: dict[str, Column] = {}
    for port in sorted(ports, key=order):
        of_hosts, (protocol, number) = ports[port], kinds.ports[port]
        is_rare = not of_hosts.failing and len(of_hosts.hosts) < fewest
        alone = not is_shared or of_hosts.failing or number < _WELL_KNOWN
        likeness = port if alone else (protocol, of_hosts.hosts.tobytes(), bytes(of_hosts.ways))
        if likeness in shared and not is_rare:
            shared[likeness].numbers.append(port)
        elif is_rare or len(columns) >= _MOST_COLUMNS:
            rest.setdefault(protocol, Column([], is_rest=True)).numbers.append(port)
        else:
            shared[likeness] = Column([port])
            columns.append(shared[likeness])
    for column in columns:
        column.title = _title(column.numbers, kinds)
    for protocol, column in rest.items():
        column.title = '%d other %s' % (len(column.numbers), protocol)
    columns += rest.values()
    for column in columns:
        numbers = sorted(column.numbers, key=lambda port: kinds.ports[port].number)
        column.ports = ', '.join(map(kinds.title, numbers[:_MOST_NAMED])) + (' …' if len(numbers) > _MOST_NAMED else '')
    return columns


def _title(ports: Sequence[int], kinds: Kinds) -> str:
    """Show ports of one protocol: ``ssh 22``, ``8082–8094 (9)``, ``5432 6432 +29``."""
    if len(ports) == 1:
        return kinds.title(ports[0])
    protocol = kinds.ports[ports[0]].protocol
    numbers = sorted(kinds.ports[port].number for port in ports)
    if all(after - before < _CLOSE for before, after in zip(numbers, numbers[1:])):
        text = '%d–%d (%d)' % (numbers[0], numbers[-1], len(numbers))
    else:
        text = '%d %d' % tuple(numbers[:2]) + (' +%d' % (len(numbers) - 2) if len(numbers) > 2 else '')
    return text if protocol == 'tcp' else '%s/%s' % (text, protocol)


def _lines(subjects: Sequence[Subject], kinds: Kinds, columns: Sequence[Column]) -> list[Line]:
    is_shared = len(subjects) > MANY_HOSTS
    # who owns what shares a column of rare ports, or changes its port with each start, tells no hosts apart
    named = {port for column in columns if not column.is_rest for port in column.numbers
             if kinds.ports[port].number >= 0}
    column_of = {port: number for number, column in enumerate(columns) for port in column.numbers}
    known: dict[Cell, Cell] = {}
    lines: dict[object, Line] = {}
    for number, subject in enumerate(subjects):
        cells = tuple(known.setdefault(cell, cell) for cell in _cells(subject, kinds, column_of))
        owners = frozenset((kind.port, kind.owners) for kind in map(kinds.kinds.__getitem__, subject.kinds)
                           if kind.port in named)
        key = (subject.verdict, subject.seen, cells, owners, subject.apart) if is_shared else number
        lines.setdefault(key, Line(subject.verdict, subject.seen, cells)).hosts.append(number)
    for line in lines.values():
        line.hosts.sort(key=lambda number: natural(subjects[number].name))
    return sorted(lines.values(), key=lambda line: (
        line.verdict, -line.worst, natural(subjects[line.hosts[0]].name)))


def _cells(subject: Subject, kinds: Kinds, column_of: Mapping[int, int]) -> Iterator[Cell]:
    """List the cells of a host from left to right."""
    cells: dict[int, tuple[int, int]] = {}
    for port, level in _levels(subject, kinds).items():
        column, mark = column_of[port], subject.marks.get(port, NO_MARK)
        before = cells.get(column, (-1, NO_MARK))
        cells[column] = max(level, before[0]), max(mark, before[1])
    return ((column, *cells[column]) for column in sorted(cells))
