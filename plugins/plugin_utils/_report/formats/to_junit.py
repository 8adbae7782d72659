# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a report as JUnit XML, for what shows tests: a suite for each host, a case for each thing that is declared.

There are three values. A violation is a failure. What is not known is an error, and so is a host that nobody has looked
at. What passes was looked at. A finding that is waived, and what was not judged, is skipped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, BinaryIO

from ..._harmless.terminal import sentence, visible
from ..._shape import Facts
from ..._words import number
from .. import declared_in, summary
from ..junit import Suite, another, plain
from ..model import Host, Report
from ..declared_in import Place

FILE = 'report.junit.xml'

# Above so many entries that are met those of a host are one case: GitLab takes 500,000 cases and 30 MB.
_MOST_PASSING = 20000
_MOST_GAPS = 20
_MET = 'everything else that is declared'
_ENDPOINT = re.compile(r'(\w+)/[^@]*:(\d+)(?:@.*)?')       # see Endpoint.id

# Findings and entries, as a record has them.
_Record = Mapping[str, Any]


class Writer:
    """Writes all of it when all hosts are known; it needs no facts."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    def add(self, host: Host, facts: Facts | None) -> None:
        """Keep nothing: the report has all that this format shows of a host."""

    def finish(self, report: Report) -> None:
        """Write the report."""
        entries = sum(entry[3] == 'met' for dummy, judgement in report.judgements
                      for entry in judgement.get('entries', ()))
        self._out.write(b'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="listening.ports">\n')
        _of_all(report).write(self._out)
        names: set[str] = set()
        for host in report.hosts:
            suite = Suite(visible(host.name, 300), another('listening-ports.%s' % plain(host.name), names, '%s_%d'))
            _fill(suite, host, report, entries <= _MOST_PASSING)
            suite.write(self._out)
        self._out.write(b'</testsuites>\n')


def _of_all(report: Report) -> Suite:
    """Make the suite that is about no host: the evidence, and what only all hosts together show."""
    suite = Suite('listening.ports', 'listening-ports')
    for name, value in summary.evidence(report):
        suite.describe(name, value)
    if report.seen:
        suite.case('hosts were looked at')
    else:
        suite.case('hosts were looked at', 'error', 'nobody', 'No host was looked at.', 'No host was looked at.')
    known = {group.fingerprint: group.place for group in report.groups if not group.hosts}
    for finding in report.unused:
        suite.case('%s is of use' % _entry(finding['entry'], finding['declared_in']) if finding['entry']
                   else 'a waiver is of use', 'system-out', text=_body(finding, known.get(finding['fingerprint'])))
    return suite


def _fill(suite: Suite, host: Host, report: Report, in_detail: bool) -> None:
    """Add the cases of a host.

    :param in_detail: whether each entry that is met is a case.
    """
    suite.element.set('hostname', visible(host.name, 300))
    suite.element.set('timestamp', (host.recorded_at or report.generated_at).rstrip('Z'))
    suite.describe('state', host.state)
    suite.describe('verdict', host.verdict)
    for gap in host.gaps[:_MOST_GAPS]:
        suite.describe('gap', '%s: %s' % (visible(gap['code'], 100), sentence(gap['message'], 500)))
    judgement = host.judgement
    refused = sentence(judgement['refused'], 2000) if judgement and judgement['refused'] is not None else None
    if not host.is_seen:
        reason = sentence(host.reason or refused or 'no reason was given', 2000)
        kind = 'refused' if refused else 'host_%s' % host.state      # no kind of a finding
        suite.case('was looked at', 'error', kind, reason, reason)
        return
    if host.has_all_sockets:
        suite.case('was looked at')
    else:
        text = 'Not all sockets could be seen: what is not shown may listen all the same.'
        suite.case('was looked at', 'error', 'host_partial', text, text)
    if refused:
        suite.case('the declaration is valid', 'error', 'refused', refused, refused)
    elif not judgement:
        suite.case('is as declared', 'skipped', 'listed', 'Not judged: %s.' % (
            'only what listens was recorded' if host.is_declared else 'nothing is declared for this host'))
    else:
        suite.describe('policy', visible(judgement['policy']['summary'], 300))
        _judged(suite, judgement, in_detail)


def _judged(suite: Suite, judgement: _Record, in_detail: bool) -> None:
    """Add a case for each finding, for each entry without one, and for each finding that is waived."""
    findings = judgement['findings']
    for finding in findings:
        _found(suite, finding, judgement)
    more = judgement['findings_total'] - len(findings)
    if more:
        text = '%s, which the record does not list' % number(more, 'more finding')
        suite.case('other findings', 'error' if judgement['failing'] else 'skipped', 'not_listed', text, text)
    waived = judgement.get('waived_findings', ())
    _entries(suite, judgement, {(finding.get('declared_in'), finding['entry']) for finding in [*findings, *waived]},
             in_detail)
    for finding in waived:
        variable, label = finding['waiver']
        suite.case(_name(finding), 'skipped', finding['kind'], 'Waived by %s: %s' % (
            _entry(label, variable), visible(finding['message'], 8000)))


def _entries(suite: Suite, judgement: _Record, shown: set[tuple[str | None, str | None]], in_detail: bool) -> None:
    """Add the entries of a host that no finding is about.

    :param shown: the others.
    """
    if 'entries' not in judgement:                  # a record of an earlier version
        if not judgement['failing'] and not any(finding['kind'] == 'unknown' for finding in judgement['findings']):
            suite.case(_MET)
        return
    met = False
    for variable, label, dummy, outcome in judgement['entries']:
        if not shown.isdisjoint(((variable, visible(label, 200)), (None, visible(label, 200)))):
            continue
        name = _entry(label, variable)
        if outcome == 'met':
            met = True
            if in_detail:
                suite.case(name)
        elif outcome == 'not_met':
            suite.case(name, 'system-out', text='Not there, and it need not be.')
        elif outcome == 'failed':
            suite.case(name, 'skipped', 'entry', 'Not as declared: see the findings of this host.')
        else:
            suite.case(name, 'skipped', 'entry', 'It cannot be judged: see what is not known of this host.')
    if met and not in_detail:
        suite.case(_MET)


def _found(suite: Suite, finding: _Record, judgement: _Record) -> None:
    """Add a finding. One that does not fail its host passes; what is not known does not even pass."""
    kind, message = finding['kind'], visible(finding['message'], 8000)
    body = _body(finding, declared_in.of(finding, judgement))
    if finding['fails']:
        suite.case(_name(finding), 'error' if kind == 'unknown' else 'failure', kind, message, body)
    elif kind == 'unknown':
        suite.case(_name(finding), 'skipped', kind, message, body)
    else:
        suite.case(_name(finding), 'system-out', text=body)


def _body(finding: _Record, place: Place | None) -> str:
    lines = ['%s (%s): %s' % (finding['kind'], finding['severity'], visible(finding['message'], 8000))]
    if finding['remedy']:
        lines.append('To do: %s' % visible(finding['remedy'], 1000))
    if finding['declared_in']:
        lines.append('Declared in: %s%s' % (
            _variable(finding['declared_in']), ' (%s)' % place.text if place else ''))
    return '\n'.join([*lines, 'Fingerprint: %s' % finding['fingerprint']])


def _name(finding: _Record) -> str:
    """Call a finding the same in the next run: without addresses and pids, and without ports that change."""
    if finding['entry']:
        # what is waived is kept without its variable
        return _entry(finding['entry'], finding['declared_in']) if 'declared_in' in finding else visible(
            finding['entry'], 200)
    parts: _Record = finding.get('parts') or {}
    kind = 'undeclared' if finding['kind'] == 'unexpected' else finding['kind']
    if finding['kind'] == 'unknown':
        return 'can be judged: %s' % parts.get('cause', 'everything')
    if 'group' in parts:
        return '%s %s %s' % (kind, parts['group'], visible(parts['process'] or '?', 100))
    listener = parts.get('listener')
    if listener:
        port = 'ephemeral' if listener['ephemeral'] else listener['port']
        return '%s %s/%s %s' % (kind, listener['protocol'], port, _owner(listener))
    match = _ENDPOINT.fullmatch(finding['listener'] or '')
    return '%s %s/%s' % (kind, *match.groups()) if match else kind


def _owner(listener: _Record) -> str:
    if listener['held_by'] == 'kernel':
        return '[kernel]'
    names = sorted({owner['process'] or '?' for owner in listener['owners']})
    return visible(listener['unit'] or ', '.join(names) or '?', 200)


def _entry(label: str, variable: str | None) -> str:
    return '%s (%s)' % (visible(label, 200), _variable(variable))


def _variable(name: str | None) -> str:
    return visible(name, 200) if name else 'the task'
