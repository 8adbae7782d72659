# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows what would be done to hosts, and what came of it, as people read it.

A table has a line for each thing that listens; what is not said in a few words is below it. The last line counts hosts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from ..._enforce.outcomes import (
    ACTS,
    CLOSE,
    DONE,
    FAILED,
    FILTER,
    KINDS,
    LEFT,
    OPEN,
    PARTLY,
    SAME,
    UNPLANNED,
    UNTOUCHED,
    WRONG,
    Outcome,
    Row,
)
from ..._harmless.terminal import cut, visible, width
from ..._words import number
from ..naming import Naming
from . import columns as columns_of
from .lines import BAD, GOOD, HEAD, MANY_HOSTS, PLAIN, WIDE, Line, below, broken, counted
from .table import which

_TITLES = ('LISTENER', 'WHAT', 'WHO', 'OPEN', 'WHY')
_SHORTEST = {'HOST': 8, 'LISTENER': 20, 'WHAT': 8, 'WHO': 9, 'WHY': 8, 'WHICH': 5}
_WIDEST = 120                   # columns of a cell where the width is not limited
_MOST, _MOST_OF_HOST, _MOST_WORDS = 5000, 500, 500      # lines
_COLORS = {CLOSE: WIDE, FILTER: WIDE, OPEN: WIDE, LEFT: PLAIN, FAILED: BAD}
_SENTENCES = ((CLOSE, ('To close:', 'Closed:'), PLAIN), (LEFT, ('Left as it is:', 'Left as it is:'), PLAIN),
              (FAILED, ('Would fail:', 'Not closed:'), BAD))
_COUNTED = {CLOSE: ('to close', 'closed'), FILTER: ('to filter', 'filtered'), OPEN: ('to open', 'opened'),
            LEFT: ('left', 'left'), FAILED: ('failed', 'failed')}


class Shown(NamedTuple):
    """A text, and its last sentence, which is one of its lines, or several."""

    lines: list[Line]
    last: str


def plan_lines(outcomes: Sequence[Outcome], columns: int | None = None) -> Shown:
    """Return what would be done to hosts.

    :param columns: the width of the terminal; None where there is none.
    """
    lines = _rows('What would be done to %s' % _hosts(outcomes), outcomes, 0, columns)
    lines += _reasons('Not planned, and nothing is done to them:', outcomes, UNPLANNED, columns)
    acting = [outcome for outcome in outcomes if outcome.state == ACTS]
    unplanned = sum(outcome.state == UNPLANNED for outcome in outcomes)
    by_hand = sum(outcome.by_hand for outcome in outcomes)
    text = '%s of %s would be changed: %s' % (len(acting), number(len(outcomes), 'host'), _sum(acting, 0)) if acting \
        else 'Nothing would be done' if unplanned or by_hand else 'Nothing has to be done'
    if by_hand:
        text += '; %s left to do by hand' % number(by_hand, 'thing')
    if unplanned:
        text += '; %s could not be planned for' % number(unplanned, 'host')
    return _ended(lines, text + '.', BAD if unplanned else WIDE if acting or by_hand else GOOD, columns)


def done_lines(outcomes: Sequence[Outcome], columns: int | None = None, is_check: bool = False) -> Shown:
    """Return what came of a plan for hosts.

    :param is_check: whether nothing was changed, since Ansible ran in check mode.
    """
    lines = _rows('What %s done to %s' % ('would be' if is_check else 'was', _hosts(outcomes)), outcomes,
                  0 if is_check else 1, columns)
    lines += _reasons('Not planned, and nothing was done to them:', outcomes, UNPLANNED, columns)
    lines += _reasons('Left untouched, because another host failed:', outcomes, UNTOUCHED, columns)
    lines += _reasons('Closed and not filtered, because another host failed:', outcomes, PARTLY, columns)
    lines += _reasons('Failed:', outcomes, WRONG, columns)
    lines += below(_verdicts(outcomes, columns, is_check))
    counts = Counter(outcome.state for outcome in outcomes)
    parts = ['%d %s' % (counts[state], text) for state, text in (
        (DONE, 'would be changed' if is_check else 'done'), (SAME, 'with nothing to do'), (WRONG, 'failed'),
        (PARTLY, 'closed and not filtered'), (UNTOUCHED, 'left untouched'), (UNPLANNED, 'not planned'))
        if counts[state]]
    refused = sum(outcome.passes is False for outcome in outcomes)
    if refused:
        parts.append('%d not as declared' % refused)
    by_hand = sum(outcome.by_hand for outcome in outcomes)
    if by_hand:
        parts.append('%s left to do by hand' % number(by_hand, 'thing'))
    is_bad = refused or any(counts[state] for state in (WRONG, PARTLY, UNTOUCHED, UNPLANNED))
    text = '%s: %s%s.' % (number(len(outcomes), 'host'), ', '.join(parts), '. Nothing was changed' if is_check else '')
    return _ended(lines, text, BAD if is_bad else GOOD, columns)


def _ended(lines: list[Line], last: str, kind: str, columns: int | None) -> Shown:
    return Shown([*lines, ('', PLAIN), *broken(last, kind, columns, '')], last)


def _hosts(outcomes: Sequence[Outcome]) -> str:
    return visible(outcomes[0].name, 300) if len(outcomes) == 1 else number(len(outcomes), 'host')


def _sum(outcomes: Iterable[Outcome], tense: int) -> str:
    """Count what is done, as ``2 to close, 1 left``."""
    counts: Counter[str] = sum((outcome.counts for outcome in outcomes), Counter[str]())
    return ', '.join('%d %s' % (counts[kind], _COUNTED[kind][tense]) for kind in KINDS if counts[kind])


def _rows(title: str, outcomes: Sequence[Outcome], tense: int, columns: int | None) -> list[Line]:
    """Return the table, and what its cells have no room for.

    :param tense: 0 for what would be done, 1 for what was.
    """
    groups, left_out = _grouped(outcomes)
    cells = _cells(groups, outcomes, columns)
    widths = _widths(cells, columns)
    is_cut = any('WHAT' not in widths or width(cell['WHAT']) > widths['WHAT'] for cell in cells)
    kinds = [HEAD, *(_COLORS[group[0][1].kind] for group in groups)]
    lines = [(title, HEAD), *zip(_fitted(cells, widths, columns), kinds)] if groups else [(title, HEAD)]
    if left_out:
        lines.append(('… and %s' % number(left_out, 'more line'), PLAIN))
    for kind, above, color in _SENTENCES:
        lines += below(_listed(above[tense], _sentences(outcomes, kind, is_cut), color, columns, len(outcomes) > 1))
    return lines


def _sentences(outcomes: Sequence[Outcome], kind: str, is_cut: bool) -> dict[str, list[str]]:
    """Return what rows of a kind say in sentences, and of which hosts.

    :param is_cut: whether the table does not show all, so that sentences say it, too.
    """
    return _shared(outcomes, lambda outcome: [
        row.words for row in outcome.rows if row.kind == kind and row.words and (is_cut or not row.is_plain)])


def _grouped(outcomes: Sequence[Outcome]) -> tuple[list[list[tuple[str, Row]]], int]:
    """Return the rows of each line, with the hosts that they are of, and how many are left out."""
    groups: dict[tuple[object, ...], list[tuple[str, Row]]] = {}
    is_crowd = len(outcomes) > MANY_HOSTS
    order = {kind: place for place, kind in enumerate(KINDS)}
    for place, outcome in enumerate(outcomes):
        for row in sorted(outcome.rows[:_MOST_OF_HOST], key=lambda row: order[row.kind]):
            key = (row.kind, row.listener, row.what, row.who, row.why) if is_crowd else (place, len(groups))
            groups.setdefault(key, []).append((outcome.name, row))
    lines = list(groups.values())
    if is_crowd:
        lines.sort(key=lambda group: (order[group[0][1].kind], -len(group)))
    left_out = sum(len(outcome.rows[_MOST_OF_HOST:]) for outcome in outcomes) + len(lines[_MOST:])
    return lines[:_MOST], left_out


def _cells(groups: Iterable[list[tuple[str, Row]]], outcomes: Sequence[Outcome],
           columns: int | None) -> list[dict[str, str]]:
    """Return the cells of each line by their titles, and first the titles themselves."""
    is_crowd = len(outcomes) > MANY_HOSTS
    titles = [*(['HOSTS'] if is_crowd else ['HOST'] if len(outcomes) > 1 else []), *_TITLES,
              *(['WHICH'] if is_crowd else [])]
    everyone = [outcome.name for outcome in outcomes if outcome.state != UNPLANNED]
    cells = [dict(zip(titles, titles))]
    for group in groups:
        names, row = list(dict.fromkeys(name for name, dummy in group)), group[0][1]
        connections = [each.connections for dummy, each in group if each.connections is not None]
        values = {'HOSTS': '%5d' % len(names), 'HOST': visible(names[0], 300), 'LISTENER': row.listener,
                  'WHAT': row.what, 'WHO': row.who or '-', 'OPEN': str(sum(connections)) if connections else '-',
                  'WHY': row.why or '-', 'WHICH': which(names, everyone, Naming())}
        cells.append({title: values[title] for title in titles})
    return cells


def _widths(cells: Sequence[dict[str, str]], columns: int | None) -> dict[str, int]:
    """Return how wide each column may be; a narrow terminal has fewer."""
    widths = {title: max(width(cell[title]) for cell in cells) for title in cells[0]}
    if columns is None:
        return {title: min(now, _WIDEST) for title, now in widths.items()}
    for title in ('WHY', 'OPEN', 'WHO'):
        least = {name: min(now, _SHORTEST.get(name, now)) for name, now in widths.items()}
        if columns_of.total(least) > columns:
            del widths[title]
    columns_of.narrow(widths, _SHORTEST, columns)
    return widths


def _fitted(cells: Iterable[dict[str, str]], widths: dict[str, int], columns: int | None) -> list[str]:
    """Return lines of cells, none wider than the terminal."""
    lines = [columns_of.line({**cell, 'LISTENER': _endpoint(cell['LISTENER'], widths['LISTENER'])}, widths, widths)
             for cell in cells]
    return [cut(line, columns) for line in lines] if columns else lines


def _endpoint(listener: str, columns: int) -> str:
    """Cut the id of a listener in its middle: the protocol and the port are what a line is about."""
    head, colon, port = listener.rpartition(':')
    room = columns - width(colon + port)
    return cut(head, room) + colon + port if head and room > 1 else listener


def _reasons(title: str, outcomes: Sequence[Outcome], state: str, columns: int | None) -> list[Line]:
    """List the hosts of one state, with the reasons."""
    groups = _shared([outcome for outcome in outcomes if outcome.state == state],
                     lambda outcome: [outcome.reason or ''])
    return below(_listed(title, groups, BAD, columns, True))


def _verdicts(outcomes: Sequence[Outcome], columns: int | None, is_check: bool) -> list[Line]:
    """List what was done to each host, and what the audit says of it."""
    tense = 0 if is_check else 1
    groups = _shared([outcome for outcome in outcomes if outcome.state != UNPLANNED or outcome.audit], lambda outcome: [
        '%s%s' % (_sum([outcome], tense) or ('nothing to do' if outcome.state == SAME else 'nothing done'),
                  _audit(outcome))])
    bad = {outcome.name for outcome in outcomes if outcome.passes is False or outcome.state == WRONG}
    lines = []
    for text, names in groups.items():
        lines += broken('  %s: %s.' % (counted(names), text.rstrip('.')), BAD if set(names) & bad else PLAIN, columns)
    return lines


def _audit(outcome: Outcome) -> str:
    if outcome.passes is None:
        return ''
    return '. Audit: %s' % ('passes' if outcome.passes else outcome.audit or 'does not pass')


def _shared(outcomes: Iterable[Outcome], texts: Callable[[Outcome], Iterable[str | None]]) -> dict[str, list[str]]:
    """Return the hosts of which each text is said."""
    groups: dict[str, list[str]] = {}
    for outcome in outcomes:
        for text in dict.fromkeys(texts(outcome)):
            groups.setdefault(text or '', []).append(outcome.name)
    return groups


def _listed(title: str, groups: dict[str, list[str]], kind: str, columns: int | None, has_names: bool) -> list[Line]:
    if not groups:
        return []
    lines = [(title, HEAD)]
    for text, names in list(groups.items())[:_MOST_WORDS]:
        parts = [*([counted(names)] if has_names else []), *([text] if text else [])]
        lines += broken('  %s' % ': '.join(parts), kind, columns)
    if len(groups) > _MOST_WORDS:
        lines.append(('  … and %d more' % (len(groups) - _MOST_WORDS), kind))
    return lines
