# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a comparison as Markdown, for a summary of a job and a comment on a change.

All text that is not our own is in code spans: there no link, mention, picture, tag or command of a forge comes alive.
"""

from __future__ import annotations

from collections.abc import Sequence

from .._harmless.terminal import visible
from .._report.markdown import span
from .._report.naming import Naming
from .._words import number
from . import text
from .changes import MOVED
from .comparison import Comparison, Finding
from .evidence import Evidence

FILE = 'drift.md'
_MOST = 50000           # characters of the tables: GitHub takes 65,536 of a comment
_LONGEST = 1000
_SIGNS = {True: '✓', False: '◆', None: '–'}


def encode(comparison: Comparison, evidence: Evidence, naming: Naming) -> bytes:
    """Return the file.

    :param naming: the groups by which many hosts are named.
    """
    # the first line lets a bot find its comment again
    body = '<!-- listening.ports drift -->\n## %s %s\n' % (_SIGNS[comparison.good], span(comparison.summary))
    room = _MOST - len(body)
    told = [finding for finding in comparison.findings if finding.kind != MOVED]
    for title, findings, folded in (
            ('Changes', [finding for finding in told if comparison.fails(finding)], False),
            ('Not counted', [finding for finding in told if not comparison.fails(finding)], True)):
        table = _table(title, findings, naming, room * 6 // 10 if not folded else room, folded)
        body, room = body + table, room - len(table)
    values = [('run', evidence.run_id), ('at', evidence.generated_at),
              ('listening.ports', evidence.collection), ('ansible-core', evidence.ansible_core)]
    if evidence.snapshot:
        values.append(('snapshot', evidence.snapshot))
    tail = ' · '.join('%s %s' % (name, span(visible(value, _LONGEST))) for name, value in values)
    return ('%s\n%s\n' % (body, tail)).encode('utf-8')


def _table(title: str, findings: Sequence[Finding], naming: Naming, room: int, folded: bool) -> str:
    """Return a table, of as many rows as there is room for, in characters."""
    if not findings:
        return ''
    rows = ['| Change | Hosts | Listener | Held by | What |', '|---|---|---|---|---|']
    shown = 0
    for finding in findings:
        row = '| %s |' % ' | '.join(_cells(finding, naming))
        room -= len(row) + 1
        if room < 0:
            break
        rows.append(row)
        shown += 1
    rest = len(findings) - shown
    body = '\n'.join(rows if shown else ()) + '\n' + (
        '\n… and %s: see the other files.\n' % number(rest, 'more finding') if rest else '')
    if folded:
        return '\n<details><summary>%s</summary>\n\n%s\n</details>\n' % (title, body)
    return '\n### %s\n\n%s' % (title, body)


def _cells(finding: Finding, naming: Naming) -> tuple[str, ...]:
    hosts, change = span(visible(naming.counted(finding.hosts), _LONGEST)), finding.change
    if not change:
        return finding.kind, hosts, '', '', span(visible(finding.reason, _LONGEST))
    return (finding.kind, hosts, span(text.port(change.line)), span(text.holder(change.line.holder)),
            span(visible(text.what(change), _LONGEST)))
