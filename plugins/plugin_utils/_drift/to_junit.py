# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a comparison as JUnit XML, for what shows tests: a suite for each host, a case for each change.

There are three values: a change is a failure, what is not known is an error, and a host on which nothing has changed
passes. What does not count passes with some words.
"""

from __future__ import annotations

import io

from .._harmless.terminal import visible
from .._report.junit import Suite, another, plain
from . import text
from .changes import UNKNOWN
from .comparison import COMPARED, NEW, Comparison, Finding, Host
from .evidence import Evidence

FILE = 'drift.junit.xml'
_COMPARED_CASE = 'was compared'
_MOST_OF_NEW = 100      # listeners of a host that is new


def encode(comparison: Comparison, evidence: Evidence) -> bytes:
    """Return the file."""
    of_host: dict[str, list[Finding]] = {}
    for finding in comparison.findings:
        for name in finding.hosts:
            of_host.setdefault(name, []).append(finding)
    out = io.BytesIO()
    out.write(b'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="listening.ports drift">\n')
    groups: set[str] = set()
    everything = Suite('listening.ports drift', 'listening-ports-drift')
    for name, value in evidence._asdict().items():
        everything.describe(name, visible(str(value), 1000))
    everything.describe('against', comparison.against)
    if comparison.states[COMPARED]:
        everything.case('hosts were compared')
    else:
        everything.case('hosts were compared', 'skipped' if comparison.states[NEW] else 'error', 'nobody',
                        comparison.summary, comparison.summary)
    everything.write(out)
    for host in comparison.hosts:
        suite = Suite(visible(host.name, 300), another('listening-ports-drift.%s' % plain(host.name), groups, '%s_%d'))
        suite.element.set('hostname', visible(host.name, 300))
        suite.element.set('timestamp', evidence.generated_at.rstrip('Z'))
        _fill(suite, host, of_host.get(host.name, []), comparison)
        suite.write(out)
    out.write(b'</testsuites>\n')
    return out.getvalue()


def _fill(suite: Suite, host: Host, findings: list[Finding], comparison: Comparison) -> None:
    if host.state == COMPARED:
        suite.describe('against', visible(host.against or '', 300))
        suite.case(_COMPARED_CASE)
    for finding in findings[:_MOST_OF_NEW] if host.state == NEW else findings:
        outcome = 'error' if finding.kind == UNKNOWN else 'failure'
        if not comparison.fails(finding):
            outcome = 'system-out'
        if finding.change:
            case = '%s %s %s' % (finding.kind, text.port(finding.change.line),
                                 text.holder(finding.change.line.holder))
        else:
            case = '%s: %s' % (_COMPARED_CASE, finding.reason.partition(':')[0]) if host.state == COMPARED else (
                _COMPARED_CASE)
        suite.case(visible(case, 300), outcome, finding.kind, visible(finding.text, 1000), visible(finding.text, 8000))
    if host.state == NEW:
        suite.case(_COMPARED_CASE, 'skipped', NEW, 'There is no earlier snapshot of it.',
                   'There is no earlier snapshot of it.')
