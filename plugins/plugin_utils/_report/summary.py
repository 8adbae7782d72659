# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report says first and last: the verdict in one sentence, and the evidence in a few words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .._harmless.terminal import visible
from .._version import VERSION
from .._words import number
from .model import Host, Report

_ON_ONE = {
    'violates': '%s is not as declared.',
    'refused': 'The declaration of %s is invalid.',
    'unknown': 'It is unknown whether %s is as declared.',
    'listed': 'What listens on %s is listed, and was not judged.',
    'pending': '%s is still to come.',
}
_MOST = 20          # names of hosts, versions and policies that are listed


class Verdict(NamedTuple):
    """What becomes of all hosts.

    :ivar text: harmless to print.
    :ivar good: whether all are as declared; None where nothing is wrong and not all were judged.
    """

    text: str
    good: bool | None


def verdict(report: Report) -> Verdict:
    """Say how many hosts are as declared, and what became of each of the others."""
    total, verdicts, states = len(report.hosts) + report.earlier, report.verdicts, report.counts
    if total < 2:
        return _on_one(report.hosts[0]) if report.hosts else Verdict('No host was looked at.', False)
    warned = sum(host.verdict == 'as_declared' and bool(judgement['findings']) for host, judgement in report.judgements)
    if verdicts['as_declared'] == total:
        warnings = ', %d of them with warnings' % warned if warned else ''
        return Verdict('All %d hosts are as declared%s.' % (total, warnings), True)
    undeclared = sum(host.verdict == 'listed' and not host.is_declared for host in report.hosts)
    seen = sum(host.verdict == 'unknown' and host.is_seen for host in report.hosts)
    refused = sum(host.verdict == 'refused' and host.state == 'failed' for host in report.hosts)
    parts = (
        (verdicts['as_declared'], 'as declared%s' % (' (%d with warnings)' % warned if warned else '')),
        (verdicts['violates'], 'violates' if verdicts['violates'] == 1 else 'violate'),
        (seen, 'unknown'),
        (verdicts['refused'], 'with an invalid declaration'),
        (states['unreachable'], 'unreachable'),
        (states['failed'] - refused, 'failed'),
        (states['missing'], 'not recorded'),
        (undeclared, 'only listed (no declaration)'),
        (verdicts['listed'] - undeclared, 'only listed (not judged)'),
        (verdicts['pending'], 'still to come'),
        (report.earlier, 'in earlier batches'),
    )
    fine = verdicts['as_declared'] + verdicts['listed'] + verdicts['pending'] == len(report.hosts)
    return Verdict('%s: %s.' % (number(total, 'host'), ', '.join('%d %s' % part for part in parts if part[0])),
                   None if fine else False)


def _on_one(host: Host) -> Verdict:
    name = visible(host.name)
    if host.verdict == 'as_declared':
        count = len(host.judgement['findings']) if host.judgement else 0
        return Verdict('%s is as declared%s.' % (name, ', with %s' % number(count, 'warning') if count else ''), True)
    return Verdict(_ON_ONE[host.verdict] % name, None if host.verdict in ('listed', 'pending') else False)


def evidence(report: Report) -> Iterator[tuple[str, str]]:
    """Return the evidence as pairs of a name and harmless text; what is not known is said to be so."""
    of = report.evidence
    yield 'run', visible(of.run_id, 100)
    yield 'made', of.generated_at
    yield 'recorded', 'nothing' if of.oldest is None else '%s to %s' % (of.oldest, of.newest)
    yield 'hosts', 'the whole fleet' if of.fleet else 'a part of the fleet'
    yield 'listening.ports', _listed(of.collections or [VERSION])
    yield 'ansible-core', _listed(of.ansible_cores or [report.ansible_core])
    changes = {None: '', True: ', with changes that are not committed', False: ''}[of.dirty]
    yield 'revision', visible(of.revision, 100) + changes if of.revision else 'unknown'
    yield 'policies', _listed('%s… on %s' % (visible(policy, 12).rstrip('…'), number(len(hosts), 'host'))
                              for policy, hosts in of.policies.items()) or 'none'
    yield 'gaps', _listed('%s on %s' % (visible(gaps.code, 100), number(len(gaps.hosts), 'host'))
                          for gaps in of.gaps) or 'none'
    yield 'waivers in force', str(len(of.waivers))


def _listed(words: Iterable[str]) -> str:
    every = [visible(word, 200) for word in words]
    more = len(every) - _MOST
    return ', '.join(every[:_MOST]) + (' and %d more' % more if more > 0 else '')
