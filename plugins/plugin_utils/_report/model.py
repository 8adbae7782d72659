# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report is about: each host that was to be observed, and what is known of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from .._facts import records
from .._harmless.terminal import sentence
from .._policy.judgement import fleet as _fleet, verdict as _verdict
from .._shape import Facts, Record

STATES = ('ok', 'partial', 'unreachable', 'failed', 'missing', 'pending')
VERDICTS = (*_verdict.VERDICTS, 'pending')


@dataclass
class Host:
    """One host.

    :ivar state: ``ok``, ``partial`` (observed, with gaps), ``unreachable``, ``failed``, ``missing`` (no record of the
        run), or ``pending`` (a later batch of the play).
    :ivar reason: why there are no facts; harmless to print.
    :ivar last_seen: when an older run recorded it.
    :ivar record: its record where it belongs to this report.
    """

    name: str
    state: str
    reason: str | None = None
    last_seen: str | None = None
    record: Record | None = None

    @property
    def facts(self) -> Facts | None:
        """What was observed of it."""
        return self.record['facts'] if self.record else None

    @property
    def judgement(self) -> dict[str, Any] | None:
        """What ``fleet`` made of it; None where it was not judged."""
        return self.record.get('judgement') if self.record else None

    @property
    def verdict(self) -> str:
        """What becomes of it, one of ``VERDICTS``."""
        if self.state == 'pending':
            return 'pending'
        judgement = self.judgement
        if not judgement:
            return _verdict.verdict(self.facts)
        findings = [(finding['kind'], finding['fails']) for finding in judgement['findings']]
        return _verdict.verdict(self.facts, findings, judgement['failing'], judgement['refused'] is not None)

    @property
    def is_unjudged(self) -> bool:
        """Whether it was observed, and there is no judgement."""
        return bool(self.facts) and not self.judgement

    @property
    def is_declared(self) -> bool:
        """Whether something is declared for it."""
        return bool(self.record and self.record['declared'])


@dataclass
class Report:
    """All hosts of a report, in the order in which they were asked for.

    :ivar run_id: the run whose records count, or ``any``.
    :ivar fleet: whether these are all hosts that matter, and not those that ``--limit`` or a batch left over.
    """

    run_id: str
    hosts: list[Host]
    generated_at: str = field(default_factory=records.now)
    fleet: bool = True

    @property
    def seen(self) -> list[Host]:
        """The hosts with facts."""
        return [host for host in self.hosts if host.facts]

    @property
    def observed(self) -> list[tuple[Host, Facts]]:
        """The hosts with facts, each with these."""
        return [(host, host.facts) for host in self.hosts if host.facts]

    @property
    def counts(self) -> dict[str, int]:
        """How many hosts there are of each state."""
        return {state: sum(host.state == state for host in self.hosts) for state in STATES}

    @property
    def sockets_complete(self) -> bool:
        """Whether no listener can be missing: there are hosts, and of each one all sockets were observed."""
        return bool(self.hosts) and all(host.facts and host.facts['complete']['sockets'] for host in self.hosts)

    @property
    def declared(self) -> bool:
        """Whether any host declares what it is expected to listen on."""
        return any(host.is_declared for host in self.hosts)

    @property
    def judged(self) -> list[Host]:
        """The hosts with a judgement, refused declarations among them."""
        return [host for host in self.hosts if host.judgement]

    @property
    def judgements(self) -> list[tuple[Host, dict[str, Any]]]:
        """The hosts with a judgement, each with this."""
        return [(host, host.judgement) for host in self.hosts if host.judgement]

    @property
    def verdicts(self) -> dict[str, int]:
        """How many hosts there are of each verdict; each host has one, and one that was not observed is unknown."""
        verdicts = [host.verdict for host in self.hosts]
        return {verdict: verdicts.count(verdict) for verdict in VERDICTS}

    @property
    def unused(self) -> list[dict[str, Any]]:
        """Entries and waivers that were not met on any host. Of a part of the hosts nothing is said."""
        if not self.fleet or any(host.state == 'pending' for host in self.hosts):
            return []
        judgements = [judgement if _is_seen(host) else _fleet.unsure(judgement) for host, judgement in self.judgements]
        return [finding.as_record() for finding in _fleet.unused(judgements)]

    def only(self, names: Iterable[str]) -> Report:
        """Return a report of these hosts alone."""
        names = set(names)
        return Report(self.run_id, [host for host in self.hosts if host.name in names], self.generated_at, fleet=False)


def _is_seen(host: Host) -> bool:
    """Whether what was not found on a host is not there."""
    return bool(host.facts and host.facts['complete']['sockets'])


def build(directory: str, names: Iterable[str], run_id: str, pending: Collection[str] = (),
          fleet: bool = True, shared: bool = False) -> Report:
    """Read the records of hosts.

    :param directory: where ``records.write`` put them.
    :param names: all hosts that the report is about. Each is in the report, whatever is known of it.
    :param run_id: the run to report on, or ``any``.
    :param pending: hosts whose turn is still to come where they have no record of that run.
    :param fleet: whether these are all hosts that matter.
    :param shared: whether records may be by somebody else than this user and root.
    """
    hosts = [_host(directory, name, run_id, name in pending, shared) for name in dict.fromkeys(names)]
    return Report(run_id, hosts, fleet=fleet)


def _host(directory: str, name: str, run_id: str, to_come: bool, shared: bool) -> Host:
    try:
        record = records.read(directory, name, shared)
    except records.RecordError as exc:
        return Host(name, 'failed', str(exc))
    last_seen = record['recorded_at'] if record else None
    current = record is not None and run_id in (records.ANY_RUN, record['run_id'])
    if not current and to_come:
        return Host(name, 'pending', 'its batch is still to come', last_seen)
    if not record:
        return Host(name, 'missing', 'there is no record of it')
    if not current:
        return Host(name, 'missing', 'not recorded in this run (last seen %s)' % last_seen, last_seen)
    facts = record['facts']
    if not facts:
        return Host(name, record['status'], sentence(record['message'] or 'no reason was given'), record=record)
    return Host(name, 'partial' if False in facts['complete'].values() else 'ok', record=record)
