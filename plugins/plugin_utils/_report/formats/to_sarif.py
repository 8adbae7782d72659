# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a report as SARIF 2.1.0, for GitHub, GitLab, DefectDojo, and whatever else shows findings of analyses.

A result is a finding, once for all hosts that have it, at the line of the declaration that is to be changed. Hosts
that were not observed are results too: what has no result is taken for fixed. Findings that are waived are none, since
most readers know no suppressions.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO, NamedTuple

from ..._harmless.terminal import sentence, visible
from ..._shape import Facts
from ..._version import VERSION
from ..._words import number
from .. import summary
from ..model import Host, Report
from ..declared_in import Place
from ..sarif.locations import ROOT, Locations
from ..sarif.rules import NOT_ALL_OBSERVED, NOT_LISTED, NOT_OBSERVED, PREFIX, REFUSED, Rule, Rules

FILE = 'report.sarif'

_SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json'
_HOME = 'https://github.com/listening/ports'
_MOST = 5000                    # results; GitHub shows as many, and rejects a file with more than 25,000
_MOST_BYTES = 9 * 1024 * 1024   # of results; GitHub rejects a file with more than 10 MB, when it is compressed
_DETAILED = _MOST_BYTES // 2    # up to which results name many hosts
_MOST_HOSTS, _MOST_PLACES, _FEW_HOSTS = 1000, 100, 10
_MOST_REASONS = 200             # for which hosts were not observed
_MOST_NOTES = 500
_LONGEST = 4000                 # characters of a message
_PLACEHOLDER = re.compile(r'\{(?=\d+\})')


class Writer:
    """Writes all of it when all hosts are known; it needs no facts."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    def add(self, host: Host, facts: Facts | None) -> None:
        """Keep nothing: the report has all that this format shows of a host."""

    def finish(self, report: Report) -> None:
        """Write the report, a line for each result."""
        results = _Results(report)
        run = json.dumps(_run(report, results))
        head = {'$schema': _SCHEMA, 'version': '2.1.0'}
        self._write('%s, "runs": [%s, "results": [' % (json.dumps(head)[:-1], run[:-1]))
        for index, line in enumerate(results.lines):
            self._write(('\n' if not index else ',\n') + line)
        self._write('\n]}]}\n')

    def _write(self, text: str) -> None:
        self._out.write(text.encode('ascii'))


def message(text: str) -> str:
    """Return harmless text as a message, in which nothing is a placeholder (``{0}``) or a link (``[text](1)``)."""
    return _PLACEHOLDER.sub('{ ', text).replace('](', '] (')


class _Result(NamedTuple):
    """A result.

    :ivar kind: that of a finding, or one of ``rules.OTHERS``.
    :ivar text: harmless, without the names of hosts.
    :ivar fingerprint: the same in the next run, if the finding is.
    """

    kind: str
    severity: str
    fails: bool
    text: str
    remedy: str | None
    hosts: Sequence[str]
    fingerprint: str
    place: Place | None


class _Results:
    """The results of a report, as far as there is room for them.

    :ivar lines: each as JSON.
    :ivar left_out: how many there are beside these.
    """

    def __init__(self, report: Report) -> None:
        self.rules = Rules()
        self.lines: list[str] = []
        self.left_out = 0
        self._naming, self._locations = report.naming, Locations(report.hosts, report.source)
        self._seen: Counter[tuple[str, str]] = Counter()
        size = 0
        for result in _results(report, self._locations):
            rule = self.rules.of(result.kind, result.severity, result.fails)
            # readers take two results with one rule and one fingerprint for the same
            self._seen[rule.id, result.fingerprint] += 1
            fingerprint = '%s:%d' % (result.fingerprint, self._seen[rule.id, result.fingerprint])
            text = message(self._text(result))
            line = self._line(result, rule, text, fingerprint, _MOST_HOSTS)
            if size + len(line) > _DETAILED:
                line = self._line(result, rule, text, fingerprint, _FEW_HOSTS)
            if len(self.lines) == _MOST or size + len(line) > _MOST_BYTES:
                self.left_out += 1
            else:
                self.lines.append(line)
                size += len(line)

    def _line(self, result: _Result, rule: Rule, text: str, fingerprint: str, most_hosts: int) -> str:
        hosts = [visible(host, 300) for host in result.hosts[:most_hosts]]
        location = self._locations.at(result.place)
        if hosts:
            location['logicalLocations'] = [{'name': name, 'fullyQualifiedName': name, 'kind': 'resource'}
                                            for name in hosts[:_MOST_PLACES]]
        return json.dumps({
            'ruleId': rule.id,
            'ruleIndex': rule.number,
            'level': rule.level,
            'message': {'text': text},
            'locations': [location],
            # GitHub knows the first, which is else made of the line: then all results of one line would be one
            'partialFingerprints': {'primaryLocationLineHash': fingerprint, 'listeningPorts/v1': fingerprint},
            'occurrenceCount': max(1, len(result.hosts)),
            'properties': {'kind': result.kind, 'severity': result.severity, 'fails': result.fails, 'hosts': hosts},
        })

    def _text(self, result: _Result) -> str:
        names = '%s: ' % self._naming.counted(result.hosts) if result.hosts else ''
        to_do = ' To do: %s.' % result.remedy.rstrip('.') if result.remedy else ''
        return '%s%s.%s' % (names, visible(result.text, _LONGEST).rstrip('.'), to_do)


def _results(report: Report, locations: Locations) -> Iterator[_Result]:
    """Yield all results, those first that may not be left out."""
    yield from _unseen(report)
    for group in report.groups:
        place = group.place
        if place is None and group.kind == 'unexpected':
            place = locations.declaration_of(group.hosts)
        yield _Result(group.kind, group.severity, group.fails, group.text + (' (and similar)' if group.others else ''),
                      group.remedy, group.hosts, group.fingerprint, place)


def _unseen(report: Report) -> Iterator[_Result]:
    """Yield a result for whatever is not known of hosts, beside findings."""
    if not report.hosts:
        yield _other(NOT_OBSERVED, 'No host was looked at', [])
    reasons: dict[tuple[str, str], list[str]] = {}
    refused: dict[str, list[Host]] = {}
    for host in report.hosts:
        if host.judgement and host.judgement['refused'] is not None:
            refused.setdefault(host.judgement['refused'], []).append(host)
        elif not host.is_seen:
            reason = sentence(host.reason or 'no reason was given', _LONGEST)
            reasons.setdefault((host.state, reason), []).append(host.name)
    shown = sorted(reasons.items(), key=lambda item: (-len(item[1]), item[0]))
    for (state, reason), names in shown[:_MOST_REASONS]:
        yield _other(NOT_OBSERVED, '%s: %s' % (state, reason), names)
    if shown[_MOST_REASONS:]:
        yield _other(NOT_OBSERVED, 'not observed, for %d other reasons' % len(shown[_MOST_REASONS:]),
                     [name for dummy, names in shown[_MOST_REASONS:] for name in names], 'others')
    for text, hosts in list(refused.items())[:_MOST_REASONS]:
        yield _other(REFUSED, sentence(text, _LONGEST), [host.name for host in hosts], place=_refused_at(hosts[0]))
    if len(refused) > _MOST_REASONS:
        others = [host.name for hosts in list(refused.values())[_MOST_REASONS:] for host in hosts]
        yield _other(REFUSED, 'invalid declarations, with other reasons', others, 'others')
    partial = [host.name for host in report.seen if not host.has_all_sockets]
    if partial:
        yield _other(NOT_ALL_OBSERVED, 'not all sockets could be seen: what is not shown may listen all the same',
                     partial)
    dropped = [(host.name, judgement['findings_total'] - len(judgement['findings']))
               for host, judgement in report.judgements if judgement['findings_total'] > len(judgement['findings'])]
    if dropped:
        yield _other(NOT_LISTED, '%s, which the records do not list' % number(
            sum(count for dummy, count in dropped), 'more finding'), [name for name, dummy in dropped], '')


def _other(kind: str, text: str, hosts: Sequence[str], same: str | None = None, place: Place | None = None) -> _Result:
    """Make a result that is no finding.

    :param same: what it has in common with that of the next run; its text, if that has no number in it.
    """
    fingerprint = hashlib.sha256(repr((kind, text if same is None else same)).encode()).hexdigest()[:16]
    return _Result(kind, 'high', True, text, None, hosts, fingerprint, place)


def _refused_at(host: Host) -> Place | None:
    """Return the first place of what is wrong with the declaration of a host."""
    places: Mapping[str, Any] = (host.judgement or {}).get('places', {})
    for place in places.values():
        if place['entries']:
            return Place(place['path'], min(place['entries'].values()))
    return next((Place(place['path'], place['line']) for place in places.values()), None)


def _run(report: Report, results: _Results) -> dict[str, Any]:
    """Return all of the run but its results."""
    evidence = report.evidence
    source = report.source
    run: dict[str, Any] = {
        'tool': {'driver': {'name': 'listening.ports', 'version': VERSION, 'semanticVersion': VERSION,
                            'informationUri': _HOME, 'rules': results.rules.all()}},
        # GitHub closes what an earlier upload of the same category had; a part of the fleet may not close the rest
        'automationDetails': {'id': PREFIX if evidence.fleet else '%s-%s/' % (PREFIX[:-1], evidence.kind)},
        'invocations': [{
            # GitHub rejects a file where this is false. Hosts that were not observed are results, which it has to show
            'executionSuccessful': bool(report.seen),
            'endTimeUtc': report.generated_at,
            'toolExecutionNotifications': [
                {'level': level, 'message': {'text': message('%s.' % text)}}
                for level, text in _notes(report, results.left_out)][:_MOST_NOTES],
        }],
        'originalUriBaseIds': {ROOT: {'description': {'text': 'The top of the files that hosts were judged by.'}}},
        'columnKind': 'utf16CodeUnits',
        'properties': {
            'complete': report.sockets_complete,
            'hosts': report.counts,
            'verdicts': report.verdicts,
            'earlier': report.earlier,
            'left_out': results.left_out,
            'evidence': dict(summary.evidence(report)),
            'waivers': _waivers(report),
        },
    }
    if source.root and source.revision and source.repository:
        run['versionControlProvenance'] = [{
            'repositoryUri': source.repository, 'revisionId': source.revision, 'mappedTo': {'uriBaseId': ROOT},
            'properties': {'dirty': source.dirty}}]
    return run


def _notes(report: Report, left_out: int) -> Iterator[tuple[str, str]]:
    """Yield notifications: the level, and the text without its period."""
    naming = report.naming
    if left_out:
        yield 'warning', '%s left out: see the other files of the report' % number(left_out, 'result')
    for result in _unseen(report):
        yield 'error', '%s%s' % ('%s: ' % naming.counted(result.hosts) if result.hosts else '', result.text.rstrip('.'))
    for gaps in report.evidence.gaps:
        yield 'warning', '%s: not all was observed (%s, %s)' % (
            naming.counted(gaps.hosts), visible(gaps.aspect, 100), visible(gaps.code, 100))
    for text, unjudged in (('nothing is declared, so nothing was judged', _unjudged(report.hosts, False)),
                           ('only what listens was recorded, and not judged', _unjudged(report.hosts, True))):
        if unjudged:
            yield 'note', '%s: %s' % (naming.counted(unjudged), text)


def _unjudged(hosts: Iterable[Host], declared: bool) -> list[str]:
    return [host.name for host in hosts if host.is_unjudged and host.is_declared == declared]


def _waivers(report: Report) -> list[dict[str, Any]]:
    """List the waivers in force: what they waive is no result."""
    return [{
        'waiver': visible(waiver.label, 200),
        'variable': visible(waiver.variable or '', 200),
        'expires': visible(waiver.expires, 20) if waiver.expires else 'never',
        'reason': sentence(waiver.reason or '', 300),
        'owner': visible(waiver.owner or '', 200),
        'hosts': len(waiver.findings),
        'findings': sum(waiver.findings.values()),
    } for waiver in report.evidence.waivers[:_MOST_HOSTS]]
