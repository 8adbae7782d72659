# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a report as Markdown, for a summary of a job and a comment on a change.

All text that is not our own is in code spans: there no link, mention, picture, tag or command of a forge comes alive.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import BinaryIO

from ..._harmless.terminal import sentence, visible
from ..._shape import Facts
from ..._words import number
from .. import reach, summary
from ..groups import Group
from ..markdown import span
from ..model import Host, Report
from ..naming import Naming

FILE = 'report.md'

# GitHub takes 65,536 characters of a comment.
_MOST = 60000
_LONGEST = 1000                 # characters of a finding
_MORE = '\n… and %s: see the other files of the report.\n'
_ROOM = 3000                    # characters for what is below the tables


class Writer:
    """Writes all of it when all hosts are known; it needs no facts."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    def add(self, host: Host, facts: Facts | None) -> None:
        """Keep nothing: the report has all that this format shows of a host."""

    def finish(self, report: Report) -> None:
        """Write the report."""
        self._out.write(_text(report).encode('utf-8'))


def _text(report: Report) -> str:
    verdict = summary.verdict(report)
    sign = {True: '✓', False: '◆', None: '–'}[verdict.good]
    # the first line lets a bot find its comment again
    head = '<!-- listening.ports %s -->\n## %s %s\n' % (report.evidence.kind, sign, _sentence(report, verdict.text))
    tail = _evidence(report)
    room = _MOST - len(head) - len(tail) - _ROOM
    body = ''
    for number_of_table, (title, columns, rows, noun) in enumerate(_tables(report)):
        # what fails leaves some room for who was not looked at
        body += table(title, columns, rows, noun, room * 6 // 10 if not number_of_table else room - len(body),
                      title in _FOLDED)
    return head + body + tail


def _sentence(report: Report, text: str) -> str:
    """Return the verdict; where it is on one host, its name is in it."""
    return span(text) if len(report.hosts) == 1 else text


def _tables(report: Report) -> list[tuple[str, Sequence[str], list[tuple[str, ...]], str]]:
    """List the tables: title, columns, rows, and what a row is called."""
    naming = report.naming
    failing = [group for group in report.groups if group.fails]
    warnings = [group for group in report.groups if not group.fails]
    dropped = sum(judgement['findings_total'] - len(judgement['findings']) for host, judgement in report.judgements)
    found: list[tuple[str, ...]] = [
        (group.severity, _hosts(group.hosts, naming), span(finding(group)), str(len(group.hosts)))
        for group in failing]
    if dropped:
        found.append(('', '', '%s, which the records do not list' % number(dropped, 'more finding'), ''))
    unseen: list[tuple[str, ...]] = [
        (state, _hosts(names, naming), span(reason), str(len(names)))
        for (state, reason), names in _unseen(report).items()]
    return [
        ('### Not as declared', ('Severity', 'Hosts', 'Finding', 'Number of hosts'), found, 'finding'),
        ('### Not looked at, or not judged', ('State', 'Hosts', 'Reason', 'Number of hosts'), unseen, 'reason'),
        ('### What to do', ('Finding', 'To do'),
         [(span(visible(group.text, 200)), span(group.remedy)) for group in failing if group.remedy], 'remedy'),
        ('### Warnings', ('Severity', 'Hosts', 'Finding'),
         [(group.severity, _hosts(group.hosts, naming), span(finding(group))) for group in warnings], 'warning'),
        ('### Waived', ('Waiver', 'Hosts', 'Until', 'Reason'), _waived(report), 'waiver'),
        ('### Which hosts reach what', ('Host', 'What listens', 'Reached by', 'Not known of'), _reach(report),
         'group of listeners'),
    ]


_FOLDED = ('### What to do', '### Warnings', '### Waived', '### Which hosts reach what')


def table(title: str, columns: Sequence[str], rows: Sequence[tuple[str, ...]], noun: str, room: int,
          folded: bool) -> str:
    """Return a table, of as many rows as there is room for.

    :param noun: what a row is called.
    :param room: in characters.
    :param folded: whether a reader has to open it.
    """
    if not rows:
        return ''
    lines = ['| %s |' % ' | '.join(columns), '|%s' % ('---|' * len(columns))]
    room -= sum(map(len, lines)) + 200
    shown = 0
    for row in rows:
        line = '| %s |' % ' | '.join(row)
        room -= len(line) + 1
        if room < 0:
            break
        lines.append(line)
        shown += 1
    text = '\n'.join(lines if shown else ()) + '\n'
    if shown < len(rows):
        text += _MORE % number(len(rows) - shown, 'more %s' % noun, 'more %s' % _several(noun))
    if folded:
        return '\n<details><summary>%s</summary>\n\n%s\n</details>\n' % (title.lstrip('# '), text)
    return '\n%s\n\n%s' % (title, text)


def _several(noun: str) -> str:
    if noun.startswith('group of '):
        return noun.replace('group', 'groups', 1)
    return noun[:-1] + 'ies' if noun.endswith('y') else noun + 's'


def _hosts(names: Sequence[str], naming: Naming) -> str:
    return span(naming.counted(names)) if names else 'all'


def finding(group: Group) -> str:
    """Return a finding with its kind and where its entry is, harmless to print."""
    text = visible(group.text, _LONGEST).rstrip() + (' (and similar)' if group.others else '')
    return '%s: %s%s' % (group.kind, text, ' [%s]' % group.place.text if group.place else '')


def _unseen(report: Report) -> dict[tuple[str, str], list[str]]:
    """Collect the hosts that were not seen, not as a whole, or not judged, by the reason."""
    hosts: dict[tuple[str, str], list[str]] = {}
    for host in report.hosts:
        for reason in _reasons(host):
            hosts.setdefault(reason, []).append(host.name)
    return hosts


def _reasons(host: Host) -> Iterable[tuple[str, str]]:
    refused = host.judgement['refused'] if host.judgement else None
    if refused is not None:
        yield 'refused', sentence(refused, _LONGEST)
    elif not host.is_seen:
        yield host.state, sentence(host.reason or 'no reason was given', _LONGEST)
    elif not host.has_all_sockets:
        yield host.state, 'not all sockets could be seen'
    elif host.is_unjudged:
        yield 'listed', 'not judged' if host.is_declared else 'nothing is declared'


def _waived(report: Report) -> list[tuple[str, ...]]:
    return [(span('%s of %s' % (visible(waiver.label, 200), visible(waiver.variable or 'the task', 200))),
             _hosts(list(waiver.findings), report.naming),
             span(visible(waiver.expires, 20)) if waiver.expires else 'no expiry',
             span(sentence(waiver.reason, 300)) if waiver.reason else '') for waiver in report.evidence.waivers]


def _reach(report: Report) -> list[tuple[str, ...]]:
    """List what others could reach, each with the hosts that do."""
    asked = report.reach
    if asked is None:
        return []
    if asked.refused:
        return [('', span(asked.summary), '', '')]
    rows: list[tuple[str, ...]] = []
    for (host, answers), some in reach.alike(asked.rows).items():
        of_word: dict[str, list[str]] = {}
        for answer, source in zip(answers, asked.sources):
            of_word.setdefault(answer.word, []).append(source.host)
        rows.append((span(visible(host, 100)), span(reach.named(some)), *(
            _hosts(of_word[word], report.naming) if word in of_word else 'nobody' for word in ('yes', 'unknown'))))
    return rows


def _evidence(report: Report) -> str:
    return '\n%s\n' % ' · '.join('%s %s' % (name, span(value)) for name, value in summary.evidence(report))
