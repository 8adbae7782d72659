# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what a change of the declaration makes of hosts as Markdown, for a comment on that change."""

from __future__ import annotations

from ..._harmless.terminal import visible
from ..._version import VERSION
from ..formats import to_markdown
from ..formats.to_markdown import table
from ..markdown import span
from . import text
from .compare import Impact, reasons

# A bot finds its comment again by this first line.
MARK = '<!-- listening.ports declaration -->'
_MOST = 57000           # characters; GitHub takes 65,536


def markdown(impact: Impact) -> str:
    """Return the whole text."""
    sign = '◆' if impact.fails or not impact.judged else '–' if impact.unjudged else '✓'
    sentence = text.summary(impact)
    # a host is named where there is only one
    said = span(sentence) if impact.total == 1 else sentence
    head = '%s\n## %s %s\n' % (MARK, sign, said)
    when = 'records from %s to %s' % (span(impact.oldest), span(impact.newest or '')) if impact.oldest else 'no record'
    tail = '\nNo host was contacted: judged by %s · listening.ports %s\n' % (when, span(VERSION))
    room = _MOST - len(head) - len(tail)
    body = ''
    for title, columns, rows, noun, folded in _tables(impact):
        body += table(title, columns, rows, noun, (room - len(body)) * 7 // 10, folded)
    return head + body + tail


def _tables(impact: Impact) -> list[tuple[str, tuple[str, ...], list[tuple[str, ...]], str, bool]]:
    """List the tables: title, columns, rows, what a row is called, and whether it is folded."""
    def hosts(names: list[str]) -> str:
        return span(impact.naming.counted(names))

    turns: list[tuple[str, ...]] = [
        (text.WORDS[turn.before], text.WORDS[turn.after], hosts(turn.hosts), str(len(turn.hosts)))
        for turn in impact.turns]
    new: list[tuple[str, ...]] = [
        (group.severity, hosts(group.hosts), span(to_markdown.finding(group)), span(group.remedy or ''))
        for group in impact.new]
    gone: list[tuple[str, ...]] = [
        (group.severity, hosts(group.hosts), span(to_markdown.finding(group))) for group in impact.gone]
    unjudged: list[tuple[str, ...]] = [
        (hosts(names), span(visible(reason, 1000)), str(len(names))) for reason, names in reasons(impact)]
    removed: list[tuple[str, ...]] = [(hosts(impact.removed), str(len(impact.removed)))] if impact.removed else []
    return [
        ('### Turned by the change', ('Before', 'After', 'Hosts', 'Number of hosts'), turns, 'turn', False),
        ('### New findings', ('Severity', 'Hosts', 'Finding', 'To do'), new, 'finding', False),
        ('### Not judged', ('Hosts', 'Reason', 'Number of hosts'), unjudged, 'reason', False),
        ('### No longer found', ('Severity', 'Hosts', 'Finding'), gone, 'finding', True),
        ('### No longer in the inventory', ('Hosts', 'Number of hosts'), removed, 'line', True),
    ]
