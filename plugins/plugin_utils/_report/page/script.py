# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data of the script of a page. ``page.js`` reads these lists by position."""

from __future__ import annotations

import json
from typing import Any

from ..._harmless.terminal import cut, visible
from . import matrix, words
from .content import Seen
from .drawing import LONGEST_NAME, Drawing, Row
from .kinds import LEVELS

_LONGEST = 600                  # characters of a finding; the list of the page has more
_MOST_GROUPS, _MOST_RUNS = 500, 100000  # groups of the inventory, and the runs of their hosts
# What is left out, one after the other, where the page would be too large.
_LESS = (
    '',
    'The page would be too large with the rules that decide: the report as JSON has them.',
    'The page would be too large with all listeners: the report as JSON has them.',
)
_WITHOUT_RULES, _WITHOUT_LISTENERS = 1, 2
# Inside of a script nothing else is special, see the HTML standard; other characters are ASCII in JSON.
_ESCAPES = {ord('<'): '\\u003c', ord('>'): '\\u003e', ord('&'): '\\u0026'}


def data(drawing: Drawing, rows: list[Row], most_lines: int, room: int) -> str:
    """Return what a script of this page is given, as JSON that ends no element.

    :param rows: the lines of the list, in their order.
    :param most_lines: of the matrix.
    :param room: characters that it may have. Details are left out until it has no more; empty where that is not enough.
    """
    for less in range(len(_LESS)):
        text = json.dumps(_data(drawing, rows, most_lines, less), separators=(',', ':')).translate(_ESCAPES)
        if len(text) <= room:
            return text
    return ''


def _data(drawing: Drawing, rows: list[Row], most_lines: int, less: int) -> dict[str, Any]:
    texts: dict[str, int] = {}
    sets: dict[tuple[int, ...], int] = {}

    def text(value: str) -> int:
        return texts.setdefault(value, len(texts))

    def host(number: int, seen: Seen) -> list[Any]:
        kinds = () if less >= _WITHOUT_LISTENERS else seen.kinds
        places = [[group, *ports] for group, ports in drawing.places[number]]
        recorded = words.time(seen.host.recorded_at or '')
        return [drawing.names[number], words.ORDER[seen.host.verdict], seen.seen, sets.setdefault(kinds, len(sets)),
                places, drawing.reasons[number], recorded]

    columns, groups = drawing.matrix.columns, _groups(drawing)
    column_of = {port: number for number, column in enumerate(columns) for port in column.numbers}
    kinds = [] if less >= _WITHOUT_LISTENERS else drawing.kinds.kinds
    return {
        'levels': [[level, words.OF_LEVELS[number]] for number, level in enumerate(LEVELS)],
        'verdicts': [[name, *of_verdict] for name, of_verdict in words.VERDICTS.items()],
        'marks': words.OF_MARKS,
        'columns': [[column.title, column.ports] for column in columns],
        'column_of': [column_of.get(port, -1) for port in range(len(drawing.kinds.ports))],
        'ports': [drawing.kinds.title(port) for port in range(len(drawing.kinds.ports))],
        'kinds': [[kind.port, kind.level, *map(text, (
            kind.scope, kind.bound, kind.owners, kind.unit, kind.allowed,
            '' if less >= _WITHOUT_RULES else because(kind.because, kind.judged)))] for kind in kinds],
        'hosts': [host(number, seen) for number, seen in enumerate(drawing.hosts)],
        'sets': list(sets),
        'texts': list(texts),
        'findings': [[group.severity, group.kind.replace('_', ' '), drawing.mark(group), cut(group.text, _LONGEST),
                      cut(group.remedy or '', _LONGEST), group.place.text if group.place else '']
                     for group in drawing.groups],
        'lines': [line.hosts for line in drawing.matrix.lines],
        'reach': [row.numbers if kinds else [] for row in rows],
        'groups': groups,
        'more_groups': len(drawing.report.naming.members) - len(groups),
        'most': most_lines,
        'note': _LESS[less],
    }


def _groups(drawing: Drawing) -> list[list[Any]]:
    """List the groups of the inventory, each with its hosts: the first of some that follow each other, how many these
    are, and so on. There are at most some groups."""
    number_of = {seen.host.name: number for number, seen in enumerate(drawing.hosts)}
    members = drawing.report.naming.members
    groups, room = [], _MOST_RUNS
    for group in sorted(members, key=matrix.natural)[:_MOST_GROUPS]:
        runs: list[int] = []
        for number in sorted(number_of[name] for name in members[group]):
            if runs and number == runs[-2] + runs[-1]:
                runs[-1] += 1
            else:
                runs += number, 1
        if len(runs) <= room:
            room -= len(runs)
            groups.append([visible(group, LONGEST_NAME), *runs])
    return groups


def because(rule: str, judged: bool) -> str:
    """Say what decides who reaches something."""
    return rule if judged else 'its address; rules were not judged'
