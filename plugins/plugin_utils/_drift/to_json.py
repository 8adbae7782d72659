# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a comparison as JSON, for programs. What it writes is documented.

Text of hosts is in it as they wrote it; the JSON is ASCII, so that it is harmless on a terminal too.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from . import text
from .changes import CHANGED, MOVED, Change
from .comparison import Comparison, Finding
from .evidence import Evidence

FILE = 'drift.json'
SCHEMA = 1
_LISTS = ('users', 'bound', 'reached_by', 'to')


def encode(comparison: Comparison, evidence: Evidence) -> bytes:
    """Return the file: a host and a finding a line, good to compare and to search."""
    head = json.dumps({
        'schema': SCHEMA, **evidence._asdict(), 'against': comparison.against, 'summary': comparison.summary,
        'failing': comparison.failing, 'ignored': sorted(comparison.ignored), 'counts': comparison.counts,
        'states': comparison.states})
    hosts = ',\n'.join(json.dumps(dataclasses.asdict(host)) for host in comparison.hosts)
    findings = ',\n'.join(json.dumps(of_finding(finding, comparison)) for finding in comparison.findings)
    return ('%s, "hosts": [\n%s\n], "findings": [\n%s\n]}\n' % (head[:-1], hosts, findings)).encode('ascii')


def of_finding(finding: Finding, comparison: Comparison) -> dict[str, Any]:
    """Return what is documented of a finding."""
    return {'kind': finding.kind, 'fails': comparison.fails(finding), 'text': finding.text, 'hosts': finding.hosts,
            **({'listener': of_change(finding.change)} if finding.change else {})}


def of_change(change: Change) -> dict[str, Any]:
    """Return what is documented of a change."""
    line = change.line
    made: dict[str, Any] = {
        'namespace': line.namespace or None, 'protocol': line.protocol, 'port': line.port,
        'holder': {'kind': line.holder.kind, 'names': list(line.holder.names)}, 'deleted': line.deleted,
        **{name: list(getattr(line, name)) for name in _LISTS}}
    if change.kind in (CHANGED, MOVED):
        made['changes'] = [{'what': part.what, 'before': list(part.before), 'after': list(part.after)}
                           for part in change.parts]
    if change.reason:
        made['reason'] = change.reason
    return made


def of_filter(change: Change) -> dict[str, Any]:
    """Return what the filter gives of a change."""
    return {'kind': change.kind, 'text': text.sentence(change), **of_change(change)}
