# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the template of a page is given: all of it is there without the script, too."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ..._harmless.terminal import cut, sentence, visible
from ..._policy.language.options import SEVERITIES
from ..._words import number
from .. import reach as reach_of, summary as summary_of
from . import matrix, words
from .content import NOTHING, PART
from .drawing import Drawing, Row, by_text, reason
from .kinds import LEVELS

if TYPE_CHECKING:
    from ..groups import Group

MOST_LINES = 400                # of the matrix; the filter reaches the others
_MOST_FINDINGS, _MOST_WARNINGS, _MOST_ROWS, _MOST_TROUBLES = 200, 100, 300, 100
_MOST_HOSTS, _FEW_HOSTS, _FEW_OF_FINDING = 100, 10, 3       # that are named; a finding has all of them folded
_MOST_VERSIONS = 3
_LONGEST = 2000                 # characters of a finding
_ANYONE = LEVELS.index('anyone')

View = dict[str, Any]


def view(drawing: Drawing) -> View:
    """Return all that the template shows, apart from the data of the script."""
    report = drawing.report
    groups = drawing.groups
    shown = rows(drawing)
    wide = [row for row in shown if drawing.is_wide(row.kind)]
    narrow = [row for row in shown if not drawing.is_wide(row.kind)]
    numbers = {id(row): place for place, row in enumerate(shown)}
    all_wide = sum(drawing.is_wide(row.kind) for row in drawing.rows)
    verdicts = report.verdicts
    lines = drawing.matrix.lines
    return {
        'verdict': summary_of.verdict(report).text,
        'summary': _summary(drawing),
        'total': len(drawing.hosts),
        'strip': _strip(verdicts),
        'evidence': _evidence(drawing),
        'nothing': _nothing(drawing),
        'failing': _findings(drawing, [group for group in groups if group.fails], _MOST_FINDINGS),
        'warnings': _findings(drawing, [group for group in groups if not group.fails], _MOST_WARNINGS),
        'blind': _troubles(drawing, _blind(drawing)),
        'gaps': _troubles(drawing, _gaps(drawing)),
        'notes': _notes(drawing),
        'verdicts': [{'name': name, 'sign': sign, 'words': text, 'hosts': verdicts[name]}
                     for name, (sign, text) in words.VERDICTS.items() if verdicts[name]],
        'levels': [{'name': LEVELS[level], 'words': words.OF_LEVELS[level]}
                   for level in sorted({kind.level for kind in drawing.kinds.kinds}, reverse=True)],
        'marks': [{'number': mark, 'words': words.OF_MARKS[mark]}
                  for mark in sorted({cell[2] for line in lines for cell in line.cells} - {0}, reverse=True)],
        'columns': drawing.matrix.columns,
        'lines': [_line(drawing, place, line) for place, line in enumerate(lines[:MOST_LINES])],
        'more_lines': max(len(lines) - MOST_LINES, 0),
        'wide': {'shown': [_row(drawing, row, numbers[id(row)]) for row in wide], 'more': all_wide - len(wide)},
        'narrow': {'shown': [_row(drawing, row, numbers[id(row)]) for row in narrow],
                   'more': len(drawing.rows) - all_wide - len(narrow)},
        'reach': _reach(drawing),
        'waivers': _waivers(drawing),
        'policies': _policies(drawing),
    }


def rows(drawing: Drawing) -> list[Row]:
    """Return the lines of the list of what listens that fit into the page."""
    wide = [row for row in drawing.rows if drawing.is_wide(row.kind)]
    narrow = [row for row in drawing.rows if not drawing.is_wide(row.kind)]
    return wide[:_MOST_ROWS] + narrow[:_MOST_ROWS]


def _row(drawing: Drawing, row: Row, place: int) -> View:
    kind = row.kind
    reached_by = kind.allowed or words.OF_LEVELS[kind.level]
    return {'number': place, 'hosts': row.hosts, 'port': row.ports, 'bound': row.bound,
            'owners': kind.owners, 'unit': kind.unit, 'level': LEVELS[kind.level],
            'reached_by': reached_by if kind.judged else '%s, by its address' % reached_by}


def _strip(verdicts: dict[str, int]) -> list[View]:
    """Return the parts of the bar, the worst first."""
    parts: list[View] = []
    start = 0
    for name in words.VERDICTS:
        if verdicts[name]:
            parts.append({'verdict': name, 'start': start, 'hosts': verdicts[name]})
            start += verdicts[name]
    return parts


def _summary(drawing: Drawing) -> list[str]:
    """Say how bad it is, and what is open to everybody."""
    severities = Counter(group.severity for group in drawing.groups if group.fails)
    lines = ['%s: %s.' % (number(sum(severities.values()), 'finding'), ', '.join(
        '%d %s' % (severities[severity], severity) for severity in SEVERITIES if severities[severity]))
    ] if severities else []
    kinds = drawing.kinds.kinds
    wide = {place for place, kind in enumerate(kinds) if kind.level == _ANYONE and kind.judged}
    hosts = sum(not wide.isdisjoint(seen.kinds) for seen in drawing.hosts)
    ports = {kinds[place].port for place in wide}
    if ports:
        lines.append('Anyone can reach %s, on %s.' % (number(len(ports), 'port'), number(hosts, 'host')))
    elif any(kind.judged for kind in kinds):
        lines.append('Nothing that was seen can be reached by anyone.')
    return lines


def _nothing(drawing: Drawing) -> str:
    """Say what it means that no finding fails a host."""
    if not any(seen.host.judgement for seen in drawing.hosts):
        return 'Nothing was judged: %s.' % (
            'nothing is declared for these hosts' if any(seen.seen != NOTHING for seen in drawing.hosts)
            else 'no host was looked at')
    return 'No finding fails a host.'


def _findings(drawing: Drawing, groups: Sequence[Group], most: int) -> View:
    shown = [{'severity': group.severity, 'kind': group.kind.replace('_', ' '),
              'text': cut(group.text, _LONGEST) + (' (and similar)' if group.others else ''), 'remedy': group.remedy,
              'place': group.place.text if group.place else '',
              **drawing.named(group.hosts, _FEW_OF_FINDING, _MOST_HOSTS)} for group in groups[:most]]
    return {'shown': shown, 'more': max(len(groups) - most, 0)}


def _blind(drawing: Drawing) -> Iterator[tuple[str, str]]:
    for seen in drawing.hosts:
        if seen.seen == NOTHING:
            yield reason(seen), seen.host.name


def _gaps(drawing: Drawing) -> Iterator[tuple[str, str]]:
    for seen in drawing.hosts:
        for gap in seen.host.gaps:
            yield sentence(gap['message'], 300), seen.host.name


def _troubles(drawing: Drawing, pairs: Iterator[tuple[str, str]]) -> list[View]:
    """Return each of these texts with the hosts that it is about."""
    texts = by_text(pairs)
    shown = [{'text': text, **drawing.named(dict.fromkeys(names), _FEW_HOSTS)}
             for text, names in list(texts.items())[:_MOST_TROUBLES]]
    others = {name for names in list(texts.values())[_MOST_TROUBLES:] for name in names}
    if others:
        shown.append({'text': 'other reasons, see the report as JSON', **drawing.named(others, _FEW_HOSTS)})
    return shown


def _notes(drawing: Drawing) -> list[str]:
    """Say what is to be known of the matrix."""
    kinds = drawing.kinds.kinds
    notes = []
    unjudged = sum(any(not kinds[kind].judged for kind in seen.kinds) for seen in drawing.hosts)
    if unjudged:
        notes.append('On %s rules of a firewall were not judged for all listeners: where they were not, the colour is '
                     'what the address alone allows.' % number(unjudged, 'host'))
    cut_off = [seen for seen in drawing.hosts if seen.left_out]
    if cut_off:
        notes.append('%s more listeners of %s are not in this page: %s.' % (
            sum(seen.left_out for seen in cut_off), number(len(cut_off), 'host'),
            ', '.join(drawing.named((seen.host.name for seen in cut_off), _FEW_HOSTS)['hosts'])))
    return notes


def _line(drawing: Drawing, place: int, line: matrix.Line) -> View:
    name = list(words.VERDICTS)[line.verdict]
    sign, text = words.VERDICTS[name]
    first = line.hosts[0]
    return {'number': place, 'verdict': name, 'sign': sign, 'words': text, 'name': drawing.names[first],
            'alike': len(line.hosts) - 1, 'cells': _cells(drawing, line)}


def _cells(drawing: Drawing, line: matrix.Line) -> list[tuple[int, str, str]]:
    """Return the columns that each cell takes, its classes, and its text."""
    total = len(drawing.matrix.columns)
    if line.seen == NOTHING:
        return [(max(total, 1), 'blind', 'not looked at: %s' % drawing.reasons[line.hosts[0]])]
    gap = ('part', 'not known') if line.seen == PART else ('', '')
    cells: list[tuple[int, str, str]] = []
    at = 0
    for column, level, mark in (*line.cells, (total, -1, 0)):
        if column > at:
            cells.append((column - at, *gap))
        if column < total:
            classes = ['c', *(['l-%s' % LEVELS[level]] if level >= 0 else []), *(['m%d' % mark] if mark else [])]
            cells.append((1, ' '.join(classes), words.of_cell(level, mark)))
        at = column + 1
    return cells


def _reach(drawing: Drawing) -> View | None:
    """Say which hosts reach what; None where nobody asks for it."""
    asked = drawing.report.reach
    if asked is None:
        return None
    groups = list(reach_of.alike(asked.rows).items())
    shown = []
    for (host, answers), some in groups[:_MOST_ROWS]:
        of_word: dict[str, list[View]] = {'yes': [], 'no': [], 'unknown': []}
        for answer, names in reach_of.by_answer(answers, asked.sources).items():
            if answer.word in of_word:
                of_word[answer.word].append(
                    {'text': answer.because, **drawing.named(names, _FEW_OF_FINDING, _MOST_HOSTS)})
        shown.append({'host': visible(host, 100), 'listeners': reach_of.named(some), **of_word})
    return {'summary': asked.summary, 'shown': shown, 'more': len(groups) - len(shown)}


def _waivers(drawing: Drawing) -> list[View]:
    """List the waivers in force, each with the hosts on which it waives something."""
    shown = []
    for waiver in drawing.report.evidence.waivers[:_MOST_TROUBLES]:
        until = 'until %s' % visible(waiver.expires, 20) if waiver.expires else 'with no expiry'
        owner = ', by %s' % visible(waiver.owner, 100) if waiver.owner else ''
        why = ': %s' % sentence(waiver.reason, 300) if waiver.reason else ''
        shown.append({'text': '%s, waived by %s of %s, %s%s%s' % (
            number(sum(waiver.findings.values()), 'finding'), visible(waiver.label, 200),
            visible(waiver.variable, 200), until, owner, why), **drawing.named(waiver.findings, _FEW_HOSTS)})
    return shown


def _policies(drawing: Drawing) -> list[View]:
    """List what was judged by, each with its hosts."""
    pairs = ((visible(seen.host.judgement['policy']['summary'], 300), seen.host.name) for seen in drawing.hosts
             if seen.host.judgement and not seen.host.judgement['refused'])
    return [{'text': text, **drawing.named(names, _FEW_HOSTS)}
            for text, names in list(by_text(pairs).items())[:_MOST_TROUBLES]]


def _evidence(drawing: Drawing) -> View:
    """Say when, by what and of which declaration this was made."""
    evidence = drawing.report.evidence
    if evidence.oldest is None or evidence.newest is None:
        when = 'Written %s' % words.time(evidence.generated_at)
    elif evidence.oldest == evidence.newest:
        when = 'Recorded %s' % words.time(evidence.newest)
    else:
        when = 'Recorded between %s and %s' % (words.time(evidence.oldest), words.time(evidence.newest))
    versions = [*('listening.ports %s' % visible(version, 50) for version in evidence.collections[:_MOST_VERSIONS]),
                *('ansible-core %s' % visible(version, 50) for version in evidence.ansible_cores[:_MOST_VERSIONS])]
    changed = {True: ', with changes that are not in it', False: '', None: ', with or without changes: not known'}
    return {'when': when, 'run_id': visible(evidence.run_id, 100), 'part': not evidence.fleet,
            'versions': ', '.join(versions), 'changed': changed[evidence.dirty],
            'revision': visible(evidence.revision or '', 12)[:12]}
