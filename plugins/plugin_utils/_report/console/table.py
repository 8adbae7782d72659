# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns rows into lines that fit a terminal."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from ..._harmless.terminal import cut, visible, width
from ..._words import number
from ..model import Report
from ..naming import Naming
from . import columns as columns_of
from .lines import MANY_HOSTS, counted
from .rows import Row, Rows

_SHORTEST = {'SERVICE': 7, 'PROCESS (USER)': 14, 'UNIT/CONTAINER': 12, 'SCOPE': 8, 'REACHED BY': 10,
             'WHICH': 5}
_LONGEST_IPV4 = len('255.255.255.255:65535')
_WIDEST = 120                   # columns of a cell where the width is not limited
_MOST, _MOST_OF_HOST = 5000, 1000   # lines
_MOST_INSIDE = 100              # lines of many hosts, of what nobody reaches but the host itself
_NAMES = 4                      # hosts that a line names
_FEW_OTHERS, _MOST_LEFT_OUT = 3, 0.1    # hosts that are named as left out, and the part of all that is counted so


def lines(rows: Rows, report: Report, columns: int | None = None) -> list[tuple[str, bool]]:
    """Return the table, empty without listeners.

    :param rows: of all listeners of the hosts of the report; hosts with the same listener share a line.
    :param columns: the width to fit into; None: as wide as the content. Protocol, address and port are never cut.
    :returns: each line, and whether it is of a listener with a wide scope; the heading comes first.
    """
    shown_rows, inside = _most_shared(rows, len(report.hosts))
    shown_rows, left_out = _first(shown_rows)
    if not shown_rows:
        return []
    titles = ['PROTO', 'ADDRESS:PORT', 'SERVICE', 'PROCESS (USER)', 'UNIT/CONTAINER', 'SCOPE']
    cells = [[row.protocol, row.endpoint, row.service, row.owners, row.unit, row.scope] for row in shown_rows]
    if any(row.level for row in shown_rows):
        titles.append('REACHED BY')
        cells = [[*cell, row.level or '-'] for cell, row in zip(cells, shown_rows)]
    if len(report.hosts) > 1:
        titles = ['HOSTS', *titles, 'WHICH']
        seen = [host.name for host in report.seen]
        cells = [['%5d' % len(row.hosts), *cell, which(row.hosts, seen, report.naming)]
                 for row, cell in zip(shown_rows, cells)]
    widths = {title: max(width(cell[column]) for cell in [titles, *cells]) for column, title in enumerate(titles)}
    if columns:
        _fit(widths, columns)
    else:       # else one long name makes every line as long
        widths.update({title: min(now, _WIDEST) for title, now in widths.items() if title in _SHORTEST})
    wide = [False, *(row.wide for row in shown_rows)]
    shown = [(_line(dict(zip(titles, cell)), widths, columns), mark)
             for cell, mark in zip([titles, *cells], wide)]
    if inside:
        more = number(inside, 'more line')
        shown.append(('… and %s of what only hosts themselves reach: the records have all' % more, False))
    if left_out:
        shown.append(('… and %s, of %s: the records have all' % (
            number(sum(left_out.values()), 'more line'), counted(list(left_out))), False))
    return shown


def _most_shared(rows: Iterable[Row], hosts: int) -> tuple[list[Row], int]:
    """Return the rows to show, and the number of others; of many hosts these are what few have and nobody else reaches.

    Such ports may be others on each host, and would push off the screen what matters on all.
    """
    every = list(rows)
    inside = [row for row in every if row.inside]
    if hosts <= MANY_HOSTS or len(inside) <= _MOST_INSIDE:
        return every, 0
    shown = {id(row) for row in sorted(inside, key=lambda row: -len(row.hosts))[:_MOST_INSIDE]}
    return [row for row in every if not row.inside or id(row) in shown], len(inside) - _MOST_INSIDE


def _first(rows: Iterable[Row]) -> tuple[list[Row], Counter[str]]:
    """Return the first rows, those of the widest scope, and how many there are that each host has in others.

    A host that sends a hundred thousand listeners must not push those of all others off the screen.
    """
    shown: list[Row] = []
    left_out, taken = Counter[str](), Counter[str]()
    for row in rows:
        if len(shown) < _MOST and any(taken[host] < _MOST_OF_HOST for host in row.hosts):
            shown.append(row)
            taken.update(row.hosts)
        else:
            left_out[row.hosts[0]] += 1
    return shown, left_out


def which(names: Sequence[str], everyone: Sequence[str], naming: Naming) -> str:
    """Name the hosts that share a line.

    :param everyone: all hosts that were observed.
    """
    if len(names) > 1 and len(names) == len(everyone):
        return 'all observed hosts'
    groups = naming.in_groups(names) if len(names) > 2 else None
    more = len(names) - _NAMES
    shown = ', '.join(map(visible, names[:_NAMES])) + (', +%d' % more if more > 0 else '')
    if groups and (more > 0 or len(groups) < len(shown)):
        return groups
    left_out = len(everyone) - len(names)
    if more <= 0 or left_out > len(everyone) * _MOST_LEFT_OUT:
        return shown
    others = sorted(set(everyone).difference(names)) if left_out <= _FEW_OTHERS else ['%d' % left_out]
    return 'all but %s' % ', '.join(map(visible, others))


def _fit(widths: dict[str, int], columns: int) -> None:
    """Make columns narrower, the widest first, until all fit; where that takes too much, leave out what matters least.

    :param widths: the columns of each title, changed in place.
    :param columns: what there is.
    """
    if _least(widths) > columns:
        # a longer address then takes from the rest of its own line, and of no other
        widths['ADDRESS:PORT'] = min(widths['ADDRESS:PORT'], _LONGEST_IPV4)
        del widths['SERVICE']
    for title in ('SCOPE', 'UNIT/CONTAINER'):
        if _least(widths) > columns:
            del widths[title]
    columns_of.narrow(widths, _SHORTEST, columns)


def _least(widths: Mapping[str, int]) -> int:
    """Return the columns that a line takes at least."""
    return columns_of.total({title: min(now, _SHORTEST.get(title, now)) for title, now in widths.items()})


def _line(cell: Mapping[str, str], widths: Mapping[str, int], columns: int | None) -> str:
    """Return a line, cut where it is wider than the terminal, but never in its address and port."""
    line = columns_of.line(cell, widths, _SHORTEST)
    if not columns or width(line) <= columns:
        return line
    titles = list(widths)[:list(widths).index('ADDRESS:PORT') + 1]
    first = columns_of.line(cell, {title: widths[title] for title in titles}, _SHORTEST)
    return cut(line, max(columns, width(first) + 1))
