# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One finding where many have one cause."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ....module_utils._gaps import UNDECIDED
from ..._harmless.terminal import cut_short
from ..._listener import Listener, excerpt
from ..._shape import Gap
from ..._words import MOST, Several, several
from ..language.options import SEVERITIES
from . import defaults
from .finding import Finding, finding, worst
from .parts import Note, Unexpected, UnexpectedGroup, Unknown, line

if TYPE_CHECKING:
    from ..declaration.entry import Entry
    from .claims import Violation

# What could not be judged is reported by cause; of several causes by the first of these.
CAUSES = (
    'sockets',
    'namespaces',
    'owners',
    'container',
    'behind',
    'units',
    'activated',
    'executable',
    'device',
    'binding',
    'exposure',
    'clients',
    'fields',
)
# cause: the aspect of the facts, a gap of which says more
_ASPECTS = {
    'sockets': 'sockets',
    'namespaces': 'namespaces',
    'owners': 'owners',
    'units': 'units',
    'binding': 'binding',
    'exposure': 'firewall',
}


def unsure(
    listener: Listener | None, entries: Sequence[Entry], causes: Iterable[str], perhaps: Iterable[Violation]
) -> Finding:
    """Make a finding of what is not known of a listener, or of entries.

    :param perhaps: what it may be.
    """
    cause = next(name for name in CAUSES if name in causes)
    parts = _unknown(cause, [listener] if listener else [], [entry.label for entry in entries], listener)
    unknown = finding('unknown', parts, entries, listener)
    unknown.worst = worst(perhaps)
    unknown.group = cause
    return unknown


def _unknown(
    cause: str,
    listeners: Sequence[Listener],
    labels: Iterable[str],
    alone: Listener | None,
    rest: bool = False,
    gap: Gap | None = None,
    reasons: Iterable[str] = (),
) -> Unknown:
    return {
        'cause': cause, 'listener': excerpt(alone) if alone else None,
        'listeners': {'first': [excerpt(listener) for listener in listeners[:MOST]], 'total': len(listeners)},
        'entries': several(cut_short(label, 1000) for label in labels), 'rest': rest,
        'gap': {'aspect': gap['aspect'], 'code': gap['code'], 'message': line(gap['message'], 200),
                'hint': gap['hint'] and cut_short(gap['hint'], 200)} if gap else None,
        'reasons': several(line(reason, 200) for reason in reasons),
    }


def causes(unsure_ones: Iterable[Finding], gaps: Sequence[Gap], switches: Mapping[str, Any]) -> list[Finding]:
    """Make one finding per cause.

    :param unsure_ones: findings that ``unsure`` has made.
    :param gaps: those of the facts.
    """
    groups: dict[str, list[Finding]] = {}
    for unknown in unsure_ones:
        groups.setdefault(unknown.group or '', []).append(unknown)
    return [_of_cause(cause, sorted(group, key=_by_port), gaps, switches) for cause, group in groups.items()]


def _of_cause(cause: str, group: Sequence[Finding], gaps: Sequence[Gap], switches: Mapping[str, Any]) -> Finding:
    listeners = {unknown.listener: unknown.record for unknown in group if unknown.record}
    labels = sorted({label for unknown in group for label in unknown.about})
    # what rules leave open is told by the reasons of each listener
    gap = next((gap for gap in gaps if gap['aspect'] == _ASPECTS.get(cause) and gap['code'] != UNDECIDED), None)
    severest = min(group, key=lambda unknown: unknown.order)
    is_one = len({unknown.listener for unknown in group}) == 1
    parts = _unknown(
        cause, list(listeners.values()), labels, severest.record if is_one else None,
        rest=not all(unknown.about or unknown.record for unknown in group), gap=gap,
        reasons=_why(cause, group) if not gap else ())
    united = finding('unknown', parts, ports=(cause,), fails=switches['listener_unknown'] == 'fail')
    united.severity, united.about = severest.severity, tuple(labels)
    united.entries = tuple(dict.fromkeys(entry for unknown in group for entry in unknown.entries))
    united.worst = min((unknown.worst or unknown.severity for unknown in group), key=SEVERITIES.index)
    united.notes = _notes(group)
    united.ids = _ids(group) if len(listeners) > 1 else ()
    if is_one:
        united.listener, united.record = severest.listener, severest.record
        if len(labels) == 1 and all(unknown.about for unknown in group):
            united.entry, united.declared_in = severest.entry, severest.declared_in
    return united


def _by_port(finding: Finding) -> tuple[tuple[str, int, str], Any]:
    """By port, wherever it was declared."""
    listener = finding.record
    return (listener['protocol'], listener['port'], listener['id']) if listener else ('', 0, ''), finding.order


def _notes(findings: Iterable[Finding]) -> list[Note]:
    """List the notes of several findings, each once."""
    notes: list[Note] = []
    for united in findings:
        notes += [note for note in united.notes if note not in notes]
    return notes


def _reasons(findings: Iterable[Finding]) -> list[str]:
    """List why the firewall lets nobody say who comes through, in words of the host."""
    exposures = [finding.record.get('exposure') for finding in findings if finding.record]
    return list(
        dict.fromkeys(
            str(undecided['reason'])
            for exposure in exposures
            if exposure
            for undecided in exposure.get('undecided') or ()
        )
    )


def _why(cause: str, group: Iterable[Finding]) -> list[str]:
    """List more of why something is not known."""
    return _reasons(group) if cause == 'exposure' else _of_clients(group) if cause == 'clients' else []


def _of_clients(findings: Iterable[Finding]) -> list[str]:
    """List of whom it is not known which addresses they have, and why."""
    entries = [entry for finding in findings for entry in finding.entries if entry.sources]
    return list(dict.fromkeys(reason for entry in entries if entry.sources for reason in entry.sources.unknown))


def grouped(
    findings: Iterable[Finding], switches: Mapping[str, Any], before: Collection[str] | None = None
) -> list[Finding]:
    """Unite the unexpected listeners on loopback in one finding, and ephemeral ones in one for each process.

    :param before: the ids of what there was a moment before; None where nobody looked.
    """
    kept: list[Finding] = []
    groups: dict[tuple[str, str | None], list[Finding]] = {}
    for unexpected in findings:
        group, listener = unexpected.group, unexpected.record
        if group is None or listener is None:
            kept.append(unexpected)
            continue
        if group == 'ephemeral':
            dubious = defaults.dubious(listener)
            # an owner who is not seen may be anybody's client for a moment
            is_passing = before is not None and listener['id'] not in before and dubious != defaults.FILE
            if dubious and not is_passing:
                parts: Unexpected = {'listener': unexpected.parts['listener'], 'dubious': dubious, 'blocked': False}
                kept.append(replace(unexpected, parts=parts))       # whatever the switch says of clients
                continue
        worth = defaults.worth(group, switches)         # ignored ones are no findings
        unexpected.fails = worth == 'fail'
        if worth == 'warn':
            unexpected.severity = 'low'
        if group in ('unexpected', 'blocked') or worth == 'fail' and group == 'loopback':
            kept.append(unexpected)
            continue
        owners = listener['owners']
        process = owners[0]['process'] if owners and group == 'ephemeral' else None
        groups.setdefault((group, process), []).append(unexpected)
    return _united(kept) + [_one(group, process, some) for (group, process), some in groups.items()]


def _united(findings: Iterable[Finding]) -> list[Finding]:
    """Unite findings of sockets of both families, or of several addresses, that are wrong in one way.

    They have one fingerprint. What the firewall blocks, and what it lets through, is not wrong in one way.
    """
    same: dict[Hashable, list[Finding]] = {}
    for wrong in sorted(findings, key=lambda finding: finding.rank):
        key = (wrong.fingerprint, _owned_by(wrong.record), wrong.group) if wrong.record else id(wrong)
        same.setdefault(key, []).append(wrong)
    for first, *others in same.values():
        if others:
            pids = _pids(first.record)
            first.notes = _notes((first, *others))
            first.needed = _needed((first, *others))
            first.ids = _ids((first, *others))
            first.also = several(
                {'listener': other.parts['listener'], 'together': _pids(other.record) == pids} for other in others
            )
    return [group[0] for group in same.values()]


def _needed(findings: Iterable[Finding]) -> Several:
    """List the entries that need what serves one of several listeners."""
    places = {str(place): place for united in findings for place in united.needed['first']}
    return several(places.values(), 2)


def _ids(findings: Iterable[Finding]) -> tuple[str, ...]:
    """List the listeners that several findings are about."""
    return tuple(dict.fromkeys(united.listener for united in findings if united.listener))


def _pids(listener: Listener | None) -> list[int]:
    return [owner['pid'] for owner in listener['owners']] if listener else []


def _owned_by(listener: Listener) -> tuple[tuple[str, str, str], ...]:
    """Who owns a listener, but for the pids: what has to be the same where two are reported as one."""
    return tuple(
        sorted({(owner['process'] or '', owner['exe'] or '', owner['user'] or '') for owner in listener['owners']})
    )


def _one(group: str, process: str | None, findings: Sequence[Finding]) -> Finding:
    """Make one finding of several of a group."""
    first = findings[0]
    if len(findings) == 1:
        return first
    parts: UnexpectedGroup = {
        'group': group, 'process': process and cut_short(process, 100),
        'listeners': several(unexpected.parts['listener'] for unexpected in findings)}
    united = finding('unexpected', parts, severity=first.severity, ports=(group, process or ''), fails=first.fails)
    united.notes, united.needed, united.ids = _notes(findings), _needed(findings), _ids(findings)
    return united
