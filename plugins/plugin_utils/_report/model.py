# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report is about: each host that was to be looked at, and what is known of it. Private to this collection."""

from dataclasses import dataclass, field

from .._facts import records
from .._harmless.terminal import sentence
from .._policy.judgement import fleet as _fleet

STATES = ('ok', 'partial', 'unreachable', 'failed', 'missing', 'pending')
VERDICTS = (*_fleet.VERDICTS, 'pending')


@dataclass
class Host:
    """One host.

    :ivar state: str, ``ok``, ``partial`` (seen, with gaps), ``unreachable``, ``failed``, ``missing`` (no record of the
        run), or ``pending`` (a later batch of the play).
    :ivar reason: str or None, why there are no facts; harmless to print.
    :ivar last_seen: str or None, when an older run recorded it.
    :ivar record: dict or None, its record where it belongs to this report.
    """

    name: str
    state: str
    reason: str | None = None
    last_seen: str | None = None
    record: dict | None = None

    @property
    def facts(self):
        return self.record['facts'] if self.record else None

    @property
    def judgement(self):
        """What ``_fleet`` made of it: dict, or None where it was not judged."""
        return self.record.get('judgement') if self.record else None

    @property
    def verdict(self):
        """str, of VERDICTS: what the judgement makes of it, or that this is still to come."""
        if self.state == 'pending':
            return 'pending'
        return _fleet.verdict(self.judgement, self.facts)


@dataclass
class Report:
    """All hosts of a report, in the order in which they were asked for.

    :ivar run_id: str, the run whose records count, or ``any``.
    :ivar fleet: bool, whether these are all hosts that matter, and not those that ``--limit`` or a batch left over.
    """

    run_id: str
    hosts: list
    generated_at: str = field(default_factory=records.now)
    fleet: bool = True

    @property
    def seen(self):
        """The hosts with facts."""
        return [host for host in self.hosts if host.facts]

    @property
    def counts(self):
        """dict, state to the number of hosts."""
        return {state: sum(host.state == state for host in self.hosts) for state in STATES}

    @property
    def sockets_complete(self):
        """Whether no listener can be missing: every host was seen, and all its sockets. Of no host nothing is known."""
        return bool(self.hosts) and all(host.facts and host.facts['complete']['sockets'] for host in self.hosts)

    @property
    def declared(self):
        """Whether any host declares what it is expected to listen on."""
        return any(host.record and host.record['declared'] for host in self.hosts)

    @property
    def judged(self):
        """The hosts with a judgement, refused declarations among them."""
        return [host for host in self.hosts if host.judgement]

    @property
    def verdicts(self):
        """dict, verdict to the number of hosts; each host is in one of them, and one that was not seen is unknown."""
        found = dict.fromkeys(VERDICTS, 0)
        for host in self.hosts:
            found[host.verdict] += 1
        return found

    @property
    def unused(self):
        """Entries and waivers that were not met on any host: list of dict. Of a part of the hosts nothing is said."""
        if not self.fleet or any(host.state == 'pending' for host in self.hosts):
            return []
        return [one.as_record() for one in _fleet.unused(host.judgement if _is_seen(host) else _fleet.unsure(host.judgement) for host in self.judged)]

    def only(self, names):
        """A report of these hosts alone."""
        names = set(names)
        return Report(self.run_id, [host for host in self.hosts if host.name in names], self.generated_at, fleet=False)


def _is_seen(host):
    """Whether what was not found on a host is not there."""
    return bool(host.facts) and host.facts['complete']['sockets']


def build(directory, names, run_id, pending=(), fleet=True):
    """Read the records of hosts.

    :param directory: str, where ``_records.write`` put them.
    :param names: list of str, all hosts that the report is about. Each is in the report, whatever is known of it.
    :param run_id: str, the run to report on, or ``any``.
    :param pending: collection of str, hosts whose turn is still to come where they have no record of that run.
    :param fleet: bool, whether these are all hosts that matter.
    :returns: Report.
    """
    return Report(run_id, [_host(directory, name, run_id, name in pending) for name in dict.fromkeys(names)], fleet=fleet)


def _host(directory, name, run_id, to_come):
    try:
        record = records.read(directory, name)
    except records.RecordError as exc:
        return Host(name, 'failed', str(exc))
    current = record and run_id in (records.ANY_RUN, record['run_id'])
    if not current and to_come:
        return Host(name, 'pending', 'its batch is still to come', record and record['recorded_at'])
    if not record:
        return Host(name, 'missing', 'there is no record of it')
    if not current:
        return Host(name, 'missing', 'not recorded in this run (last seen %s)' % record['recorded_at'],
                    record['recorded_at'])
    if record['status'] != 'ok':
        return Host(name, record['status'], sentence(record['message'] or 'no reason is known'), record=record)
    return Host(name, 'partial' if False in record['facts']['complete'].values() else 'ok', record=record)
