# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a report as metrics for Prometheus, in its text format 0.0.4: for the textfile collector of node_exporter.

A host that was not seen has its verdict and no listeners: "nothing" and "not known" differ. No pid, address or process
is in it, which would be another series after each restart.
"""

from __future__ import annotations

import calendar
import time
from collections import Counter
from collections.abc import Iterable
from typing import BinaryIO

from ..._harmless.terminal import visible
from ..._shape import Facts
from ..._version import VERSION
from .. import summary
from ..listening import listening
from ..model import STATES, VERDICTS, Host, Report

FILE = 'report.prom'

_MOST_INFO = 50000              # series with a listener each
_SHOWN = ('anyone', 'listed', 'unknown')        # who reaches those that have a series of their own
_PREFIX = 'listening_ports_'

_Labels = tuple[tuple[str, str], ...]


class Writer:
    """Counts while hosts are read, and writes then: samples of one name have to be together."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._labels: dict[str, None] = {}
        self._listeners: list[tuple[str, Counter[str]]] = []
        self._info: list[_Labels] = []
        self._left_out = 0

    def add(self, host: Host, facts: Facts | None) -> None:
        """Count what listens on a host."""
        name = self._name(host)
        if facts is None:
            return
        counts = Counter({'anyone': 0})
        shown: set[_Labels] = set()
        for listener, *dummy in listening(facts):
            exposure = listener.get('exposure')
            level = exposure['level'] if exposure else 'unknown'
            counts[level] += 1
            if level in _SHOWN:
                shown.add((('host', name), ('protocol', listener['protocol']),
                           ('port', 'ephemeral' if listener['ephemeral'] else str(listener['port'])),
                           ('service', listener['service'] or ''), ('reached_by', level)))
        self._listeners.append((name, counts))
        series = sorted(_distinct(shown))
        room = _MOST_INFO - len(self._info)
        self._info += series[:room]
        self._left_out += max(len(series) - room, 0)

    def finish(self, report: Report) -> None:
        """Write all metrics."""
        names = list(self._labels)
        self._comment(report)
        self._write('info', 'Versions and the revision of what hosts were judged by.', [(
            (('collection', VERSION), ('ansible_core', report.ansible_core),
             ('revision', report.evidence.revision or 'unknown'), ('kind', report.evidence.kind)), 1)])
        self._write('run_timestamp_seconds', 'When this report was made.', [((), _seconds(report.generated_at))])
        self._write('hosts', 'Hosts by verdict.', [
            ((('verdict', verdict),), report.verdicts[verdict]) for verdict in VERDICTS])
        self._write('hosts_by_state', 'Hosts by whether they were observed.', [
            ((('state', state),), report.counts[state]) for state in STATES])
        self._write('host', 'The verdict on each host.', [
            ((('host', name), ('verdict', host.verdict), ('state', host.state)), 1)
            for name, host in zip(names, report.hosts)])
        self._write('host_recorded_timestamp_seconds', 'When a host was recorded.', [
            ((('host', name),), _seconds(host.recorded_at))
            for name, host in zip(names, report.hosts) if host.recorded_at])
        self._write('findings', 'Findings of a host.', [
            sample for name, host in zip(names, report.hosts) for sample in _findings(name, host)])
        self._write('findings_left_out', 'Findings of a host that its record does not list.', [
            sample for name, host in zip(names, report.hosts) for sample in _left_out(name, host)])
        self._write('findings_waived', 'Findings of a host that are waived.', [
            ((('host', name),), host.judgement['waived'])
            for name, host in zip(names, report.hosts) if host.judgement])
        self._write('listeners', 'Listeners of a host by who can reach them.', [
            ((('host', name), ('reached_by', level)), count)
            for name, counts in self._listeners for level, count in sorted(counts.items())])
        self._write('listener_info', 'Listeners that anyone, listed networks or nobody knows who can reach.', [
            (labels, 1) for labels in self._info])
        self._write('listener_info_left_out', 'Listeners that have no series because there are too many.', [
            ((), self._left_out)])

    def _name(self, host: Host) -> str:
        """Return a name for a host that no other one has: the same series twice would spoil the whole file."""
        name, count = visible(host.name, 200), 1
        made = name
        while made in self._labels:
            count += 1
            made = '%s (%d)' % (name, count)
        self._labels[made] = None
        return made

    def _comment(self, report: Report) -> None:
        words = '; '.join('%s: %s' % pair for pair in summary.evidence(report))
        self._out.write(('# listening.ports: %s\n' % words).encode('utf-8'))

    def _write(self, name: str, text: str, samples: Iterable[tuple[_Labels, int]]) -> None:
        """Write a metric.

        :param text: what it is.
        """
        self._out.write(('# HELP %s%s %s\n# TYPE %s%s gauge\n' % (_PREFIX, name, text, _PREFIX, name)).encode('utf-8'))
        for labels, value in samples:
            shown = ','.join('%s="%s"' % (label, escaped(text)) for label, text in labels)
            self._out.write(('%s%s%s %d\n' % (_PREFIX, name, '{%s}' % shown if shown else '', value)).encode('utf-8'))


def escaped(text: str) -> str:
    """Return the value of a label as it is between quotes."""
    return visible(text, 220).replace('\\', '\\\\').replace('"', '\\"')


def _distinct(series: Iterable[_Labels]) -> set[_Labels]:
    """Return labels as they are shown, each once."""
    return {tuple((label, visible(text, 220)) for label, text in labels) for labels in series}


def _findings(name: str, host: Host) -> Iterable[tuple[_Labels, int]]:
    counts = Counter((finding['kind'], finding['severity'], 'yes' if finding['fails'] else 'no')
                     for finding in (host.judgement['findings'] if host.judgement else ()))
    for (kind, severity, fails), count in sorted(counts.items()):
        yield (('host', name), ('kind', kind), ('severity', severity), ('fails', fails)), count


def _left_out(name: str, host: Host) -> Iterable[tuple[_Labels, int]]:
    judgement = host.judgement
    if judgement and judgement['findings_total'] > len(judgement['findings']):
        yield (('host', name),), judgement['findings_total'] - len(judgement['findings'])


def _seconds(text: str) -> int:
    return calendar.timegm(time.strptime(text, '%Y-%m-%dT%H:%M:%SZ'))
