# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a record keeps of the judgement of one host, and what only many hosts together show."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from ... import _schema
from ..._harmless.terminal import cut_short, visible
from ..._schema import Fault
from ..declaration import naming
from ..language import options
from . import finding as _finding, parts_schema
from .parts import Unused
from .parts_schema import Check

if TYPE_CHECKING:
    from ..declaration.entry import Condition, Entry, Waiver
    from ..declaration.policy import Policy
    from .finding import Finding
    from .judge import Result

Judgement = Mapping[str, Any]
_Declared = TypeVar('_Declared', bound='Condition')

MOST_FINDINGS = 1000            # that a record holds; findings_total counts all
MOST_ENTRIES = 10000
MOST_OF_PATH = 4096             # characters
# What becomes of an entry: what it declares is so; it need not be there, and is not; it is not so; nobody knows.
MET, NOT_MET, FAILED, UNKNOWN = OUTCOMES = 'met', 'not_met', 'failed', 'unknown'
_MOST = 100000                  # entries, waivers and variables of a host
_MOST_LINES = 2 ** 31 - 1       # of a file
# The causes for which anything may be there that is not known: of other namespaces nobody says whether they were seen.
_BLIND = ('sockets', 'namespaces')

_text = _schema.text(20000)
_maybe_text = _schema.nullable(_text)
_count = _schema.integer()
_pairs = _schema.items(_schema.items(_text, 2, 2), _MOST)        # of variable and label
_both = _schema.mapping({'entries': _pairs, 'waivers': _pairs})
_line = _schema.integer(1, _MOST_LINES)
_key = _schema.matching(re.compile(r'[0-9a-f]{16}'), '16 hexadecimal digits')
_SPECIAL = {'kind': _schema.choice(*options.KINDS), 'severity': _schema.choice(*options.SEVERITIES), 'message': _text,
            'fingerprint': _key, 'fails': _schema.boolean}
_hash = _schema.matching(re.compile(r'(?:[0-9a-f]{64})?'), '64 hexadecimal digits, or nothing')

_FINDING = {key: _SPECIAL.get(key, _maybe_text) for key in _finding.KEYS}
_check_schema_1 = _schema.mapping(_FINDING)
_names = _schema.items(_text, _finding.MOST_NAMED)
_check_schema_2 = _schema.mapping(
    {**_FINDING, 'parts': lambda parts: parts, 'same': _schema.nullable(_key)}, {'ports': _names, 'listeners': _names})
_waived_finding = _schema.mapping({
    'kind': _SPECIAL['kind'], 'severity': _SPECIAL['severity'], 'listener': _maybe_text, 'entry': _maybe_text,
    'message': _text, 'fingerprint': _key, 'waiver': _schema.items(_maybe_text, 2, 2)})
_entry = _schema.row('is no list of variable, label, state and outcome', _maybe_text, _text,
                     _schema.choice(*options.STATES), _schema.choice(*OUTCOMES))


def _with_parts(value: Any) -> Any:
    """Check for a finding, and its parts."""
    _check_schema_2(value)
    if (value['parts'] is None) != (value['same'] is None):
        raise Fault('is null without the other one', 'parts' if value['parts'] is None else 'same')
    if value['parts'] is not None:
        try:
            parts_schema.check(value['kind'], value['parts'])
        except Fault as fault:
            raise fault.below('parts') from None
    return value


def _without_parts(value: Any) -> Any:
    """Check for a finding that an earlier version has recorded."""
    _check_schema_1(value)
    value.update(parts=None, same=None)
    return value


def _path(value: Any) -> Any:
    """Check for the path of a file, from which nobody gets to another folder than it says."""
    _schema.text(MOST_OF_PATH)(value)
    if '\0' in value or not set(value.removeprefix('/').split('/')).isdisjoint(('', '.', '..')):
        raise Fault('is not the plain path of a file')
    return value


def _of(check_finding: Check) -> Check:
    """Make a check for a judgement."""
    return _schema.mapping({
        'policy': _schema.mapping({'summary': _text, 'hash': _hash, 'variables': _schema.items(_text, _MOST)}),
        'findings': _schema.items(check_finding, MOST_FINDINGS),
        'findings_total': _count,
        'failing': _schema.boolean,
        'refused': _maybe_text,
        'waived': _count,
        'met': _both,
        'idle': _both,
    }, {
        'waivers': _schema.items(_schema.mapping({
            'variable': _text, 'label': _text, 'expires': _maybe_text, 'reason': _maybe_text, 'owner': _maybe_text,
            'findings': _count}), _MOST),
        'entries': _schema.items(_entry, MOST_ENTRIES),
        'waived_findings': _schema.items(_waived_finding, MOST_FINDINGS),
        'places': _schema.table(_text, _schema.mapping({
            'path': _path, 'line': _line, 'entries': _schema.table(_text, _line, MOST_ENTRIES)}), MOST_ENTRIES),
    })


# What a judgement looks like in a record that was read: in one of now, and in one of schema 1.
check = _of(_with_parts)
check_schema_1 = _of(_without_parts)


def judgement(policy: Policy, result: Result) -> dict[str, Any]:
    """Make what a record holds of the judgement of its host.

    :returns: ``waivers`` are those that waive something now, ``idle`` what may listen, or may be waived, and surely was
        not there, ``met`` what was there, or may have been.
    """
    unknown = [
        finding
        for finding in [*result.findings, *(finding for finding, dummy in result.waived)]
        if finding.kind == 'unknown'
    ]
    unsure = {label for finding in unknown for label in finding.about}
    blind = any(cause in finding.ports for finding in unknown for cause in _BLIND)

    def may_be_met(entry: Entry) -> bool:
        return blind or bool(entry.namespace) or entry.label in unsure

    def may_be_of_use(waiver: Waiver) -> bool:
        return bool(unknown) or bool(waiver.namespace)

    met, idle = _parted(policy.entries, result.used, may_be_met)
    met_waivers, idle_waivers = _parted(policy.waivers, result.used_waivers, may_be_of_use)
    return {
        'policy': {'summary': policy.summary, 'hash': policy.hash, 'variables': list(policy.variables)},
        'findings': [finding.as_record() for finding in result.findings[:MOST_FINDINGS]],
        'findings_total': len(result.findings),
        'failing': result.failing,
        'refused': None,
        'waived': len(result.waived),
        'waivers': _in_force(result.waived),
        'entries': _outcomes(policy, result, {id(entry) for entry in met}, unknown)[:MOST_ENTRIES],
        'waived_findings': [_waived(finding, waiver) for finding, waiver in result.waived[:MOST_FINDINGS]],
        'met': {'entries': _named(met), 'waivers': _named(met_waivers)},
        'idle': {
            'entries': _named(entry for entry in idle if entry.state in ('optional', 'ignored')),
            'waivers': _named(idle_waivers),
        },
    }


def named(policy: Policy, judgement: Judgement) -> list[Condition]:
    """List the entries and waivers that the findings of a record name, and those that may turn out to be of no use.

    :param judgement: what ``judgement`` made by that policy.
    """
    wanted = {(variable, visible(label, 200)) for what in judgement['idle'].values() for variable, label in what}
    wanted.update((finding['declared_in'], finding['entry'] or visible(finding['parts'].get('waiver') or '', 200))
                  for finding in judgement['findings'])
    conditions: list[Condition] = [*policy.entries, *policy.waivers]
    return [condition for condition in conditions if (condition.variable, naming.label(condition)) in wanted]


def _outcomes(policy: Policy, result: Result, met: Collection[int], unknown: Iterable[Finding]) -> list[list[Any]]:
    """List all entries, each with what becomes of it.

    :param met: the ids of the entries that were of use, or may have been.
    :param unknown: what is not known.
    """
    unsure = {id(entry) for finding in unknown for entry in finding.entries}
    findings = [*result.each, *(finding for finding, dummy in result.waived)]
    failed = {id(entry) for finding in findings if finding.kind != 'unknown' for entry in finding.ways[0][1]}
    used = {id(entry) for entry in result.used}

    def outcome(entry: Entry) -> str:
        if id(entry) in failed:
            return FAILED
        if id(entry) in unsure:
            return UNKNOWN
        if entry.state in ('optional', 'ignored') and id(entry) in met and id(entry) not in used:
            return UNKNOWN
        return MET if id(entry) in used or entry.state == 'forbidden' else NOT_MET

    return [[entry.variable, entry.label, entry.state, outcome(entry)] for entry in policy.entries]


def _waived(finding: Finding, waiver: Waiver) -> dict[str, Any]:
    """Make what a record holds of a finding that is waived."""
    kept = ('kind', 'severity', 'listener', 'entry', 'message', 'fingerprint')
    return {**{key: getattr(finding, key) for key in kept}, 'waiver': [waiver.variable, waiver.label]}


def _parted(declared: Iterable[_Declared], used: Iterable[_Declared], may_be: Callable[[_Declared], bool]) -> tuple[
        list[_Declared], list[_Declared]]:
    """Part entries or waivers that were of use, or may have been, from those that surely were not."""
    ids = {id(entry) for entry in used}
    met: list[_Declared] = []
    idle: list[_Declared] = []
    for entry in declared:
        (met if id(entry) in ids or may_be(entry) else idle).append(entry)
    return met, idle


def _named(declared: Iterable[Condition]) -> list[list[str]]:
    return [[entry.variable, entry.label] for entry in declared]


def _in_force(waived: Iterable[tuple[Finding, Waiver]]) -> list[dict[str, Any]]:
    """List the waivers that waive something, and how much."""
    waivers: dict[int, dict[str, Any]] = {}
    for dummy, waiver in waived:
        kept = waivers.setdefault(
            id(waiver),
            {
                'variable': waiver.variable,
                'label': waiver.label,
                'expires': str(waiver.expires) if waiver.expires else None,
                'reason': waiver.reason,
                'owner': waiver.owner,
                'findings': 0,
            },
        )
        kept['findings'] += 1
    return list(waivers.values())


def unused(judgements: Iterable[Judgement]) -> list[Finding]:
    """Find entries that may be met, and waivers, that were not on any host: what is left of something that is gone.

    :param judgements: those of all hosts that were judged, as ``judgement`` returns them.
    :returns: findings of the kinds ``entry_unused`` and ``waiver_unused``, which fail nothing.
    """
    judgements = list(judgements)
    findings: list[Finding] = []
    for what, kind in (('entries', 'entry_unused'), ('waivers', 'waiver_unused')):
        met = {tuple(place) for judgement in judgements for place in judgement['met'][what]}
        idle: dict[tuple[str, str], int] = {}
        for judgement in judgements:
            for variable, label in judgement['idle'][what]:
                idle[variable, label] = idle.get((variable, label), 0) + 1
        findings += [_unused(kind, place, hosts) for place, hosts in sorted(idle.items(), key=str) if place not in met]
    return findings


def unsure(judgement: Judgement) -> Judgement:
    """Make the judgement of a host on which everything may have been that was not found."""
    return {
        **judgement,
        'met': {what: judgement['met'][what] + judgement['idle'][what] for what in ('entries', 'waivers')},
        'idle': {'entries': [], 'waivers': []},
    }


def _unused(kind: str, place: tuple[str, str], hosts: int) -> Finding:
    variable, label = place
    parts: Unused = {'label': cut_short(label, 200), 'variable': variable and cut_short(variable, 200), 'hosts': hosts}
    return _finding.Finding(
        kind,
        'info',
        parts,
        entry=visible(label, 200) if kind == 'entry_unused' else None,
        declared_in=variable,
        fails=False,
        about=(label,),
        fingerprint=hashlib.sha256(repr((kind, variable, label)).encode('utf-8', 'backslashreplace')).hexdigest()[:16],
    )
