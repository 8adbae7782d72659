# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report is about: each host that was to be observed, and what is known of it.

Records are read one after the other, and each is handed to all that want something of it: the facts of a host are not
kept. What is kept of each host is a ``Host``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from .._facts import records
from .._harmless.terminal import sentence
from .._policy.judgement import fleet as _fleet
from .._shape import Facts, Record
from . import evidence as _evidence, groups as _groups
from .host import STATES, VERDICTS, Host, kept
from .naming import Naming
from .pool import Pool

if TYPE_CHECKING:       # it asks for much that most reports have no use for
    from .reach import Section

# What formats need of here, and of the room of hosts.
__all__ = ('STATES', 'VERDICTS', 'Host', 'Pairs', 'Report', 'Sink', 'gather', 'kept', 'read')


@dataclass
class Report:
    """All hosts of a report, in the order in which they were asked for.

    :ivar run_id: the run whose records count, or ``any``.
    :ivar fleet: whether these are all hosts that matter, and not those that ``--limit`` or a batch left over.
    :ivar ansible_core: the version that makes the report.
    :ivar source: the state of the files that hosts were judged by.
    :ivar inventory: the hosts of each group, by which many hosts are named.
    :ivar earlier: how many hosts of earlier batches it is not about.
    :ivar reach: which hosts reach what, once all are known; None where nobody asks for it.
    """

    run_id: str
    hosts: list[Host] = field(default_factory=list)
    generated_at: str = field(default_factory=records.now)
    fleet: bool = True
    ansible_core: str = ''
    source: _evidence.Source = _evidence.UNKNOWN
    inventory: Mapping[str, Collection[str]] = field(default_factory=dict)
    earlier: int = 0
    reach: Section | None = None

    @property
    def seen(self) -> list[Host]:
        """The hosts with facts."""
        return [host for host in self.hosts if host.is_seen]

    @property
    def counts(self) -> dict[str, int]:
        """How many hosts there are of each state."""
        counts = Counter(host.state for host in self.hosts)
        return {state: counts[state] for state in STATES}

    @property
    def listeners(self) -> int:
        """How many listeners all hosts have."""
        return sum(host.listeners for host in self.hosts)

    @property
    def sockets_complete(self) -> bool:
        """Whether no listener can be missing: there are hosts, and of each one all sockets were observed."""
        return bool(self.hosts) and all(host.has_all_sockets for host in self.hosts)

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
        verdicts = Counter(host.verdict for host in self.hosts)
        return {verdict: verdicts[verdict] for verdict in VERDICTS}

    @property
    def unused(self) -> list[dict[str, Any]]:
        """Entries and waivers that were not met on any host. Of a part of the hosts nothing is said."""
        if not self.fleet or any(host.state == 'pending' for host in self.hosts):
            return []
        judgements = [judgement if host.has_all_sockets else _fleet.unsure(judgement)
                      for host, judgement in self.judgements]
        return [finding.as_record() for finding in _fleet.unused(judgements)]

    @cached_property
    def groups(self) -> list[_groups.Group]:
        """All findings, each once for all hosts that have it, the worst first; of a report that is whole."""
        return _groups.groups(self.hosts, self.unused)

    @cached_property
    def naming(self) -> Naming:
        """What names its hosts, if it is whole."""
        return Naming((host.name for host in self.hosts), self.inventory)

    @cached_property
    def evidence(self) -> _evidence.Evidence:
        """What an auditor asks of a report that is whole."""
        return _evidence.of(self.hosts, self.run_id, self.generated_at, self.fleet, self.source)

    def only(self, names: Iterable[str]) -> Report:
        """Return a report of these hosts alone."""
        names = set(names)
        return Report(self.run_id, [host for host in self.hosts if host.name in names], self.generated_at, False,
                      self.ansible_core, self.source, self.inventory)


class Sink(Protocol):
    """What wants something of each host while it is read: a file of a report, or what is shown of it."""

    def add(self, host: Host, facts: Facts | None) -> None:
        """Take what is needed of a host.

        :param facts: not to be kept; None where it was not observed.
        """


Pairs = Iterable[tuple[Host, 'Record | None']]


def read(directory: str, names: Iterable[str], run_id: str, pending: Collection[str] = (),
         shared: bool = False) -> Iterator[tuple[Host, Record | None]]:
    """Read the records of hosts, one after the other; each is there only until the next one is read.

    :param directory: where ``records.write`` put them.
    :param names: all hosts that the report is about. Each is in it, whatever is known of it.
    :param run_id: the run to report on, or ``any``.
    :param pending: hosts whose turn is still to come, see ``records.to_come``; they have no record of that run.
    :param shared: whether records may be by somebody else than this user and root.
    :returns: each host, and the record that belongs to the report, where there is one.
    """
    pool = Pool()
    with records.opened(directory, shared) as record_of:
        for name in dict.fromkeys(names):
            if name in pending:
                yield Host(name, 'pending', 'its batch is still to come'), None
            else:
                yield _host(record_of, name, run_id, pool)


def gather(pairs: Pairs, sinks: Sequence[Sink], report: Report) -> Report:
    """Hand each host to all that want something of it, and complete the report.

    :param pairs: what ``read`` returns.
    :param report: one without hosts.
    """
    for host, record in pairs:
        report.hosts.append(host)
        facts = record['facts'] if record else None
        for sink in sinks:
            sink.add(host, facts)
    return report


def _host(record_of: Callable[[str], Record | None], name: str, run_id: str,
          pool: Pool) -> tuple[Host, Record | None]:
    try:
        record = record_of(name)
    except records.RecordError as exc:
        return Host(name, 'failed', str(exc)), None
    if not record:
        return Host(name, 'missing', 'there is no record of it'), None
    if run_id not in (records.ANY_RUN, record['run_id']):
        last_seen = record['recorded_at']
        return Host(name, 'missing', 'not recorded in this run (last seen %s)' % last_seen, last_seen), None
    facts = record['facts']
    if not facts:
        return kept(record, record['status'], sentence(record['message'] or 'no reason was given'), pool), record
    return kept(record, 'partial' if False in facts['complete'].values() else 'ok', pool=pool), record
