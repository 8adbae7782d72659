# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows what has changed as a table for a terminal."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from .._harmless.terminal import visible, width
from .._report.console import columns
from .._report.console.lines import BAD, GOOD, HEAD, PLAIN, WIDE, Line, below, broken, fitting
from .._report.naming import Naming
from . import text
from .changes import MOVED, UNKNOWN, Change
from .comparison import GONE, NEW, NOT_COMPARED, Comparison, Finding
from .snapshot import Snapshot, encode

_TITLES = ('CHANGE', 'HOSTS', 'LISTENER', 'HELD BY')
_LAST = 'WHAT'
_SHORTEST = {'HOSTS': 12, 'HELD BY': 12}
_MOST = 200             # rows that are shown of what counts, and of what does not
_LONGEST = 4000         # characters of a line of a snapshot
_LEAST = 30             # columns of the last one


def lines(comparison: Comparison, naming: Naming, terminal: int | None = None,
          written: Iterable[str] = ()) -> list[Line]:
    """Return all of it, and the answer last.

    :param naming: the groups by which many hosts are named.
    :param terminal: its columns; None where there is no limit.
    :param written: the paths of files.
    """
    shown: list[Line] = []
    for counts in (True, False):
        rows = [_cells(finding, finding.change, naming) for finding in comparison.findings
                if finding.change and finding.kind != MOVED and comparison.fails(finding) is counts]
        shown += _below(shown, _table(rows, terminal, counts))
    for kind, title in ((UNKNOWN, 'Unknown'), (GONE, 'Gone'), (NEW, 'New'), (NOT_COMPARED, 'Not compared')):
        some = [finding for finding in comparison.findings if finding.kind == kind and not finding.change]
        if some:
            shown += _below(shown, [(title + ':', HEAD)])
            tone = BAD if comparison.fails(some[0]) else WIDE
            shown += fitting([('  %s: %s' % (naming.counted(finding.hosts), finding.text), tone)
                              for finding in some[:_MOST]], terminal)
            shown += _more(len(some) - _MOST)
    shown += _below(shown, [('Written: %s' % visible(path), PLAIN) for path in written])
    tone = {True: GOOD, False: BAD, None: WIDE}[comparison.good]
    return [*shown, *_below(shown, broken(comparison.summary, tone, terminal, ''))]


def difference(old: Snapshot, new: Snapshot, name: str) -> list[Line]:
    """Return the lines of a snapshot that are others now, as diff(1) shows them.

    :param name: that of the old one, harmless to print.
    """
    before, after = (encode(snapshot).decode('ascii').splitlines() for snapshot in (old, new))
    host = visible(new.host, 300)
    changed = difflib.unified_diff(before, after, n=0, lineterm='')
    return [('--- %s (%s)' % (host, name), HEAD), ('+++ %s' % host, HEAD), *(
        (visible(line, _LONGEST), BAD if line.startswith('-') else GOOD)
        for line in list(changed)[2:] if not line.startswith('@@'))]


def _below(above: list[Line], some: list[Line]) -> list[Line]:
    """Return lines with an empty one before them, where there is something on both sides."""
    return below(some) if above else some


def _table(cells: list[dict[str, str]], terminal: int | None, counts: bool) -> list[Line]:
    if not cells:
        return []
    rows = cells[:_MOST]
    widths = {title: max(width(title), *(width(row[title]) for row in rows)) for title in _TITLES}
    if terminal:
        columns.narrow(widths, _SHORTEST, max(terminal - _LEAST, 0))
    heading = columns.line({title: title for title in _TITLES}, widths, {})
    start = columns.total(widths) + 2
    further = ' ' * (start if terminal and start < terminal - 10 else 6)
    shown: list[Line] = [(heading + ' ' * (start - width(heading)) + _LAST, HEAD)]
    for row in rows:
        line = columns.line(row, widths, _SHORTEST)
        shown += broken('%s%s%s' % (line, ' ' * (start - width(line)), row[_LAST]), BAD if counts else PLAIN,
                        terminal, '', further)
    return [*shown, *_more(len(cells) - _MOST)]


def _cells(finding: Finding, change: Change, naming: Naming) -> dict[str, str]:
    return {'CHANGE': finding.kind, 'HOSTS': naming.counted(finding.hosts), 'LISTENER': text.port(change.line),
            'HELD BY': text.holder(change.line.holder), _LAST: text.what(change)}


def _more(rest: int) -> list[Line]:
    return [('  … and %d more: the format json has all of them' % rest, PLAIN)] if rest > 0 else []
