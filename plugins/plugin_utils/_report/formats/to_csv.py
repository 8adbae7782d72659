# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a report as CSV, for spreadsheets and inventories: a row for each listener, see RFC 4180.

No cell is a formula, in a sheet that takes semicolons for separators neither. Nothing is an empty cell that is not
known: it says so.
"""

from __future__ import annotations

import csv
import functools
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, BinaryIO

from ..._harmless.terminal import sentence, visible
from ..._listener import Listener, forwarded_to, identity, is_hidden, is_unknown_behind, to_show, unobserved
from ..._long_sets import in_words
from ..._policy.language.options import SEVERITIES
from ..._shape import Facts
from ..._words import number
from ..listening import Listening, listening
from ..model import Host, Report

FILE = 'report.csv'
COLUMNS = ('host', 'host_verdict', 'host_state', 'protocol', 'port', 'port_name', 'address', 'family', 'scope',
           'reached_by', 'allowed', 'service', 'process', 'user', 'container', 'namespace', 'findings', 'severity',
           'fails', 'message', 'fingerprints', 'recorded_at', 'run_id', 'collection', 'ansible_core')

_UNKNOWN = 'unknown'
_LONGEST = 8000                 # characters of a cell; Excel takes 32,767
_MOST_NETWORKS = 20
# What is not among these at the beginning of a cell may begin a formula; and behind a semicolon, which separates cells
# where decimals have a comma.
_FORMULA = re.compile(r"""(^|;)(?=[\s"']*[^\s"'\w\[(/:.*?<>#$%&{}~^!|\\`])""")
# Addresses and networks, of which none is a command of CI though some begin with colons.
_ADDRESSES = re.compile(r'[0-9A-Fa-f.:/ ]+(?:%[A-Za-z0-9_.-]+)?')
_PORT = re.compile(r'(\w+)/(\d[\d-]*)')

# A finding, as a record has it.
_Finding = Mapping[str, Any]
# Cells, by what tells a listener from others, whether units were observed, and whether who reaches it is undecided.
_Known = dict[tuple[object, 'bool | None', bool], dict[str, str]]
_MOST_KNOWN = 20000


class Writer:
    """Writes the rows of a host while it is read."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._known: _Known = {}
        self._text = io.StringIO()
        self._csv = csv.writer(self._text, quoting=csv.QUOTE_ALL, lineterminator='\r\n')
        self._write(dict(zip(COLUMNS, COLUMNS)))

    def add(self, host: Host, facts: Facts | None) -> None:
        """Write what listens on a host and what is missing there, or one row that says why there is nothing."""
        of_all = {'host': host.name, 'host_verdict': host.verdict, 'host_state': host.state,
                  'recorded_at': host.recorded_at or '', 'run_id': host.run_id or '',
                  'collection': host.collection or '', 'ansible_core': host.ansible_core or ''}
        for row in _rows(host, facts, self._known):
            self._write({**of_all, **row})

    def finish(self, report: Report) -> None:
        """Write what only all hosts together show."""
        for finding in report.unused:
            self._write(_judged([finding]))
        if not report.hosts:
            self._write({'message': 'No host was looked at.'})

    def _write(self, row: Mapping[str, str]) -> None:
        self._csv.writerow([cell(row.get(column, '')) for column in COLUMNS])
        self._out.write(self._text.getvalue().encode('utf-8'))
        self._text.seek(0)
        self._text.truncate()


@functools.lru_cache(4096)
def cell(text: str) -> str:
    """Return text that is no formula to any sheet, and nothing else than text in it."""
    shown = text[:_LONGEST] if _ADDRESSES.fullmatch(text) else visible(text, _LONGEST)
    return _FORMULA.sub(r"\1'", shown)


def _rows(host: Host, facts: Facts | None, known: _Known) -> Iterable[dict[str, str]]:
    judgement = host.judgement
    findings: list[_Finding] = list(judgement['findings']) if judgement else []
    if judgement:
        findings += [{'fails': False, 'remedy': None, 'waived': True, **finding}
                     for finding in judgement.get('waived_findings', ())]
    names: set[str] = set()
    if facts is None:
        yield {'message': sentence(host.reason or 'no reason was given', _LONGEST)}
    else:
        listeners = listening(facts)
        names.update(identity(listener) for listener, *dummy in listeners)
        yield from _listening(facts, listeners, findings, host, known)
    for finding in findings:
        if names.isdisjoint(_names(finding)):
            ports = [match.groups() for match in map(_PORT.fullmatch, finding.get('ports') or ()) if match]
            for protocol, port in ports or [('', '')]:
                yield {'protocol': protocol, 'port': port, **_judged([finding])}
    more = judgement['findings_total'] - len(judgement['findings']) if judgement else 0
    if more:
        yield {'message': '%s, which the record does not list' % number(more, 'more finding')}


def _listening(facts: Facts, listeners: Sequence[Listening], findings: Sequence[_Finding], host: Host,
               known: _Known) -> Iterable[dict[str, str]]:
    about: dict[str, list[_Finding]] = {}
    for finding in findings:
        for name in _names(finding):
            about.setdefault(name, []).append(finding)
    for listener, told, dummy in listeners:
        exposure = listener.get('exposure')
        key = told, facts['complete']['units'], bool(exposure and exposure['undecided'])
        same = known.get(key)
        if same is None:
            if len(known) >= _MOST_KNOWN:
                known.clear()
            same = known[key] = _same(listener, facts)
        yield {**same, **_bound(listener), **(_judged(about.get(identity(listener), ())) if about else {})}
    if host.judgement and host.judgement['refused'] is not None:
        yield {'message': sentence(host.judgement['refused'], _LONGEST)}
    if not facts['complete']['sockets']:
        yield {'message': 'Not all sockets could be seen: what is not shown may listen all the same.'}
    elif not listeners:
        yield {'message': 'Nothing listens.'}


def _names(finding: _Finding) -> list[str]:
    """Return the listeners that a finding is about."""
    return list(dict.fromkeys(name for name in (finding['listener'], *(finding.get('listeners') or ())) if name))


def _bound(listener: Listener) -> dict[str, str]:
    """Return where it listens."""
    address, target = listener['address'], forwarded_to(listener)
    if listener['interface']:
        address += '%' + listener['interface']
    return {'port': str(listener['port']), 'address': address + (' -> ' + target if target else ''),
            'family': listener['family']}


def _same(listener: Listener, facts: Facts) -> dict[str, str]:
    """Return all else, which is the same for all that are told by the same, and of which as much was observed."""
    owners = to_show(listener)
    hidden = [_UNKNOWN] if is_hidden(listener) else []
    kernel = ['[kernel]'] if listener['held_by'] == 'kernel' else []
    return {
        'protocol': listener['protocol'],
        'port_name': listener['port_name'] or '',
        'scope': listener['scope'],
        **_reached(listener),
        'service': listener['service'] or listener['activated_by'] or (
            _UNKNOWN if 'service' in unobserved(listener, facts['complete']) else ''),
        'process': _each([*(owner['process'] or _UNKNOWN for owner in owners), *hidden, *kernel]),
        'user': _each([*(owner['user'] or str(_UNKNOWN if owner['uid'] is None else owner['uid'])
                         for owner in owners), *hidden]),
        'container': _each(owner['container'] or '' for owner in owners) or (
            _UNKNOWN if is_hidden(listener) or is_unknown_behind(listener) else ''),
        'namespace': listener['namespace'] or '',
    }


def _reached(listener: Listener) -> dict[str, str]:
    exposure = listener.get('exposure')
    if not exposure:
        return {'reached_by': _UNKNOWN, 'allowed': _UNKNOWN}
    networks = [*in_words(exposure.get('allowed_sets') or ()), *exposure['allowed']]
    more = len(networks) - _MOST_NETWORKS
    undecided = [_UNKNOWN] if exposure['undecided'] else []
    return {'reached_by': exposure['level'], 'allowed': ' '.join([
        *networks[:_MOST_NETWORKS], *(['and %d more' % more] if more > 0 else []), *undecided])}


def _each(names: Iterable[str]) -> str:
    """List names, each once."""
    return ', '.join(dict.fromkeys(name for name in names if name))


def _judged(findings: Sequence[_Finding]) -> dict[str, str]:
    if not findings:
        return {}
    return {
        'findings': ', '.join(_kind(finding) for finding in findings),
        'severity': min((finding['severity'] for finding in findings), key=SEVERITIES.index),
        'fails': 'yes' if any(finding['fails'] for finding in findings) else 'no',
        'message': ' / '.join(visible(finding['message'], _LONGEST) for finding in findings),
        'fingerprints': ', '.join(finding['fingerprint'] for finding in findings),
    }


def _kind(finding: _Finding) -> str:
    if finding.get('waived'):
        return '%s (waived)' % finding['kind']
    return str(finding['kind']) if finding['fails'] else '%s (warning)' % finding['kind']
