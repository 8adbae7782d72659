# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as people read it.

What matters most comes last, where a terminal shows it: the table, what is missing from it, what is not as declared,
how many hosts are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ....module_utils._gaps import HIDDEN
from ... import _hints
from ..._facts import records
from ..._harmless.terminal import sentence, visible
from ..._shape import Facts, Gap
from ..._words import number
from ..model import Host, Report
from . import judged, openings, rows, table
from .lines import BAD, FIXED, GOOD, HEAD, PLAIN, WIDE, Line, below, fitting

_MOST_GAPS = 50                 # lines
_EXAMPLE = """\
These hosts have no declaration, so nothing was judged. This one writes what listens today, for you to review:
  ansible-playbook listening.ports.baseline -i INVENTORY -b      (in a clone: make baseline)
Or declare what is expected yourself, beside the inventory (beside the Makefile, where `make audit` was not given one):
  # group_vars/all/listeners.yml
  expected_listeners:
    - {name: ssh, port: 22, service: [ssh, sshd]}
    - {name: web, port: 80, service: nginx}"""


class Text:
    """Collects what the text shows of hosts while these are read."""

    def __init__(self, names: Collection[str]) -> None:
        """Begin without any.

        :param names: the hosts that it shows.
        """
        self._names = frozenset(names)
        self._rows = rows.Rows()
        self._openings = openings.Openings()

    def add(self, host: Host, facts: Facts | None) -> None:
        """Take a host, if it is one of them."""
        if host.name in self._names:
            self._rows.add(host, facts)
            self._openings.add(host, facts)

    def lines(self, report: Report, columns: int | None = None, example: bool = False, so_far: Report | None = None,
              written: Iterable[str] = ()) -> list[Line]:
        """Return the whole text.

        :param report: the hosts to show, all that were added.
        :param columns: the width of the terminal; None where there is none.
        :param example: whether to end with an example of a declaration where no host has any.
        :param so_far: all hosts of the play, where the report is about a batch of them.
        :param written: the files that were written.
        """
        shown = fitting([(_heading(report, self._rows), HEAD)], columns)
        lines = table.lines(self._rows, report, columns)
        for index, (line, wide) in enumerate(lines):
            shown.append((line, HEAD if not index else WIDE if wide else PLAIN))
        further = _silent(report, bool(lines)) + below(self._openings.lines(report.naming))
        further += [('', PLAIN), *_behind(report, example, so_far or report, written, columns)]
        return [*shown, *fitting(further, columns)]


def _behind(report: Report, example: bool, whole: Report, written: Iterable[str], columns: int | None) -> list[Line]:
    """Return what is behind the table, and the answer last."""
    unknown = _gaps(report) + _troubles(report)
    between = [('Written: %s' % visible(path), FIXED) for path in written]
    if any(host.is_unjudged and host.is_declared for host in report.hosts):
        between.append(
            ('Not all declarations were judged: record_listeners only records, assert_listeners judges.', PLAIN))
    elif example and report.seen and not whole.declared:
        between += [*((line, FIXED) for line in _EXAMPLE.split('\n')), ('', PLAIN)]
    if whole.reach:
        between.append(('Which hosts reach what: %s' % whole.reach.summary, PLAIN))
    if not whole.judged:
        return [*unknown, *between, *_coverage(whole)]
    judgement = judged.lines(report, columns)
    above = [*unknown, *between]
    return [*above, *(below(judgement) if above else judgement), *judged.verdict(whole)]


def _heading(report: Report, seen: rows.Rows) -> str:
    """Return the first line: how much there is, what is open to anyone, what is wrong."""
    total = len(report.hosts)
    where = visible(report.hosts[0].name) if total == 1 else number(total, 'host')
    times = sorted(host.recorded_at for host in report.seen if host.recorded_at)
    if not times:
        return 'Listeners on %s, %s' % (where, _time(report.generated_at))
    if len(report.seen) < total:
        where = '%d of %s' % (len(report.seen), where)
    when = _time(times[-1])
    if report.run_id == records.ANY_RUN and times[0] != times[-1]:
        when = 'recorded between %s and %s' % (_time(times[0]), when)
    what = number(seen.listeners, 'listener')
    if seen.forwarded:
        what += ' and %s' % number(seen.forwarded, 'forwarded port')
    if seen.wide and seen.judged_by_firewall:
        where += ', %d reached by anyone' % seen.wide
    wrong = judged.by_severity(group for group in report.groups if group.fails)
    return '%s on %s, %s%s' % (what, where, when, '; findings: %s' % wrong if wrong else '')


def _time(text: str) -> str:
    return text.replace('T', ' ').replace('Z', ' UTC')


def _silent(report: Report, below_table: bool) -> list[Line]:
    """List the hosts without a listener: nothing listens, or nothing was observed."""
    shown = []
    quiet = [(host.name, host.has_all_sockets) for host in report.seen if not host.listeners]
    nothing = [name for name, complete in quiet if complete]
    unsure = [name for name, complete in quiet if not complete]
    if nothing:
        shown.append(('Nothing listens on %s.' % report.naming.some(nothing), PLAIN))
    if unsure:
        shown.append((
            'No listener was observed on %s, but not all sockets could be read.' % report.naming.some(unsure), BAD))
    if not report.seen:
        shown.append(('No host could be observed: this says nothing about what listens.', BAD))
    return below(shown) if below_table else shown


def _gaps(report: Report) -> list[Line]:
    """List what could not be observed, in one line for all hosts where it is the same."""
    groups: dict[tuple[str, str, str | None], list[tuple[str, Gap]]] = {}
    for host in report.seen:
        for gap in host.gaps:
            groups.setdefault((gap['aspect'], gap['code'], gap['hint']), []).append((host.name, gap))
    if not groups:
        return []
    shown = [('Incomplete:', HEAD)]
    # sockets first: without them a listener may be missing, not just a name
    ordered = sorted(groups.items(), key=lambda item: (item[0][0] != 'sockets', str(item[0])))
    for key, gaps in ordered[:_MOST_GAPS]:
        aspect, code, hint = key
        names = [name for name, gap in gaps]
        text = '  %s on %s: %s%s' % (
            aspect, report.naming.some(names), _in_words(code, [gap for name, gap in gaps]), _hints.behind(hint))
        shown.append((text, BAD if aspect == 'sockets' else PLAIN))
    if len(ordered) > _MOST_GAPS:
        shown.append(('  … and %d more' % (len(ordered) - _MOST_GAPS), PLAIN))
    return shown


def _in_words(code: str, gaps: list[Gap]) -> str:
    """Describe gaps of one kind."""
    counts = [gap['count'] for gap in gaps if gap['count'] is not None]
    if code == HIDDEN and len(counts) == len(gaps):
        total = sum(counts)
        return '%s without a visible owner' % number(total, 'listener') if total else (
            'processes that could not be inspected')
    text = sentence(gaps[0]['message'], 300)
    return text + ' (and similar)' if len({gap['message'] for gap in gaps}) > 1 else text


def _troubles(report: Report) -> list[Line]:
    """List every host that was not observed; those with the same reason share a line."""
    groups: dict[tuple[str, str | None], list[str]] = {}
    for host in report.hosts:
        if host.state in ('unreachable', 'failed', 'missing') and host.verdict != 'refused':
            groups.setdefault((host.state, host.reason), []).append(visible(host.name))
    if not groups:
        return []
    shown = [('Not observed:', HEAD)]
    for (state, reason), names in groups.items():
        why = reason if state == 'missing' else '%s: %s' % (state, reason)
        shown.append(('  %s: %s' % (', '.join(names), why), BAD))
    return shown


def _coverage(report: Report) -> list[Line]:
    """Count the hosts that were observed: the last line where none was judged."""
    counts = report.counts
    total = len(report.hosts) + report.earlier
    if total == 1:
        host = report.hosts[0]
        ways = {'ok': ('was observed completely', GOOD), 'partial': ('was observed partly', PLAIN)}
        text, kind = ways.get(host.state, ('was not observed', BAD))
        return [('%s %s.' % (visible(host.name), text), kind)]
    if total and counts['ok'] == total:
        return [('All %d hosts were observed completely.' % total, GOOD)]
    partly = 'partly' if counts['ok'] else 'observed partly'
    words = (('ok', 'observed completely'), ('partial', partly), ('unreachable', 'unreachable'), ('failed', 'failed'),
             ('missing', 'not recorded'), ('pending', 'still to come'))
    parts = ['%d %s' % (counts[state], text) for state, text in words if counts[state]]
    parts += ['%d in earlier batches' % report.earlier] if report.earlier else []
    bad = counts['unreachable'] or counts['failed'] or counts['missing'] or not total
    text = '%s: %s.' % (number(total, 'host'), ', '.join(parts) or 'there was nothing to observe')
    return [(text, BAD if bad else PLAIN)]
