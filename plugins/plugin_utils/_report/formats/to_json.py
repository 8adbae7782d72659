# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a report as JSON, for programs. What it writes is documented.

Text of hosts is in it as they wrote it; the JSON is ASCII, so that it is harmless on a terminal too.
"""

from __future__ import annotations

import dataclasses
import json
from typing import Any, BinaryIO, TypedDict, cast

from ..._shape import Facts, Judgement, RecordedFinding
from ..._version import VERSION
from .. import reach
from ..evidence import Evidence
from ..model import Host, Report

FILE = 'report.json'
SCHEMA = 1


class OfHost(TypedDict):
    """A host of a report. What is not known is null.

    :ivar reason: why there are no facts. :ivar last_seen: the time of a record that is older than the run.
    """

    host: str
    status: str
    verdict: str
    reason: str | None
    last_seen: str | None
    recorded_at: str | None
    run_id: str | None
    collection: str | None
    ansible_core: str | None
    judgement: Judgement | None
    facts: Facts | None


class _Document(TypedDict):
    """A report.

    :ivar unused: entries and waivers that matched nothing on any host.
    """

    schema: int
    generated_at: str
    run_id: str
    collection: str
    ansible_core: str
    hosts: list[OfHost]
    complete: bool
    counts: dict[str, int]
    verdicts: dict[str, int]
    unused: list[RecordedFinding]
    evidence: Evidence


class Document(_Document, total=False):
    """A report.

    :ivar reach: which hosts reach what, where that was asked for.
    """

    reach: reach.Document


class Writer:
    """Writes the documented structure, see ``report_listeners``, a host a line: good to compare and to search."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._before = '\n'

    def start(self, report: Report) -> None:
        """Write what is known before any host."""
        head = json.dumps({
            'schema': SCHEMA,
            'generated_at': report.generated_at,
            'run_id': report.run_id,
            'collection': VERSION,
            'ansible_core': report.ansible_core,
        })
        self._write('%s, "hosts": [' % head[:-1])

    def add(self, host: Host, facts: Facts | None) -> None:
        """Write a host."""
        self._write(self._before + json.dumps(_host(host, facts)))
        self._before = ',\n'

    def finish(self, report: Report) -> None:
        """Write what only all hosts together show."""
        tail = json.dumps({
            'complete': report.sockets_complete,
            'counts': report.counts,
            'verdicts': report.verdicts,
            'unused': report.unused,
            'evidence': _evidence(report.evidence),
            **({'reach': report.reach.document()} if report.reach else {}),
        })
        self._write('\n], %s\n' % tail[1:])

    def _write(self, text: str) -> None:
        self._out.write(text.encode('ascii'))


def _host(host: Host, facts: Facts | None) -> OfHost:
    return {
        'host': host.name,
        'status': host.state,
        'verdict': host.verdict,
        'reason': host.reason,
        'last_seen': host.last_seen,
        'recorded_at': host.recorded_at,
        'run_id': host.run_id,
        'collection': host.collection,
        'ansible_core': host.ansible_core,
        'judgement': cast(Judgement | None, host.judgement),
        'facts': facts,
    }


def _evidence(evidence: Evidence) -> dict[str, Any]:
    """Return the evidence with a name for each field; what is at the top of the document is not in it once more."""
    fields = {field.name: getattr(evidence, field.name) for field in dataclasses.fields(evidence)}
    for name in ('run_id', 'generated_at'):
        del fields[name]
    return {**fields, 'gaps': [gaps._asdict() for gaps in evidence.gaps],
            'waivers': [waiver._asdict() for waiver in evidence.waivers]}
