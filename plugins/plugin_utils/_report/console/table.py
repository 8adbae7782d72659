# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turns rows into lines that fit a terminal."""

from collections import Counter
from collections.abc import Collection, Sequence

from ..._harmless.terminal import visible, width
from ..._words import number
from ..model import Report
from . import columns as columns_of
from . import rows as rows_of
from .lines import counted

MANY_HOSTS = 20                 # from more than these on, hosts with the same listener share a line
# Columns that may be cut, and how far. The rest never is: protocol, address and port are what a line is about.
_SHORTEST = {'HOST': 10, 'SERVICE': 7, 'PROCESS (USER)': 14, 'UNIT/CONTAINER': 12, 'SCOPE': 8, 'REACHED BY': 10,
             'WHICH': 5}
_LONGEST_IPV4 = len('255.255.255.255:65535')
_WIDEST = 120                   # columns of a cell where the width is not limited
_MOST, _MOST_OF_HOST = 5000, 1000   # lines
_NAMES = 4                      # hosts that a line names where the width is not limited


def is_shared(hosts: int) -> bool:
    """Whether so many hosts share lines."""
    return hosts > MANY_HOSTS


def lines(report: Report, made: rows_of.Rows, columns: int | None = None) -> list[tuple[str, bool]]:
    """Return the table, empty without listeners.

    :param made: of all listeners of its hosts; they share rows if there are many hosts, see ``is_shared``.
    :param columns: the width to fit into; None: as wide as the content. Protocol, address and port are never cut.
    :returns: each line, and whether it is of a listener with a wide scope; the heading comes first.
    """
    many = is_shared(len(report.hosts))
    rows, left_out = _first(made.sorted())
    if not rows:
        return []
    titles = ['PROTO', 'ADDRESS:PORT', 'SERVICE', 'PROCESS (USER)', 'UNIT/CONTAINER', 'SCOPE']
    cells = [[row.protocol, row.endpoint, row.service, row.owners, row.unit, row.scope] for row in rows]
    if any(row.level for row in rows):
        titles.append('REACHED BY')
        cells = [[*cell, row.level or '-'] for cell, row in zip(cells, rows)]
    if many:
        titles = ['HOSTS', *titles, 'WHICH']
        everyone = {host.name for host in report.seen}
        cells = [['%5d' % len(row.hosts), *cell, which(row.hosts, everyone, columns)]
                 for row, cell in zip(rows, cells)]
    elif len(report.hosts) > 1:
        titles = ['HOST', *titles]
        cells = [[visible(row.hosts[0]), *cell] for row, cell in zip(rows, cells)]
    widths = {title: max(width(cell[column]) for cell in [titles, *cells]) for column, title in enumerate(titles)}
    if columns:
        _fit(widths, columns)
    else:       # else one long name makes every line as long
        widths.update({title: min(now, _WIDEST) for title, now in widths.items() if title in _SHORTEST})
    wide = [False, *(row.wide for row in rows)]
    shown = [(columns_of.line(dict(zip(titles, cell)), widths, _SHORTEST), mark)
             for cell, mark in zip([titles, *cells], wide)]
    if left_out:
        shown.append(('… and %s, of %s: the records have all' % (
            number(sum(left_out.values()), 'more line'), counted(list(left_out))), False))
    return shown


def _first(rows: Sequence[rows_of.Row]) -> tuple[list[rows_of.Row], Counter[str]]:
    """Return the first rows, those of the widest scope, and how many there are that each host has in others.

    A host that sends a hundred thousand listeners must not push those of all others off the screen.
    """
    shown: list[rows_of.Row] = []
    left_out, taken = Counter[str](), Counter[str]()
    for row in rows:
        if len(shown) < _MOST and any(taken[host] < _MOST_OF_HOST for host in row.hosts):
            shown.append(row)
            taken.update(row.hosts)
        else:
            left_out[row.hosts[0]] += 1
    return shown, left_out


def which(names: Sequence[str], everyone: Collection[str], columns: int | None) -> str:
    """Name the hosts that share a line.

    :param everyone: all hosts that were observed.
    :param columns: the width to fit into; without one only a few are named.
    """
    if len(names) > 1 and len(names) == len(everyone):
        return 'all observed hosts'
    shown = names if columns else names[:_NAMES]
    more = len(names) - len(shown)
    return ', '.join(visible(name) for name in shown) + (', +%d' % more if more else '')


def _fit(widths: dict[str, int], columns: int) -> None:
    """Make columns narrower, the widest first, until all fit; where that takes too much, leave out what matters least.

    :param widths: the columns of each title, changed in place.
    :param columns: what there is.
    """
    if columns_of.total({title: min(now, _SHORTEST.get(title, now)) for title, now in widths.items()}) > columns:
        # a longer address then moves the rest of its own line to the right, and of no other
        widths['ADDRESS:PORT'] = min(widths['ADDRESS:PORT'], _LONGEST_IPV4)
        del widths['SERVICE']
    columns_of.narrow(widths, _SHORTEST, columns)
