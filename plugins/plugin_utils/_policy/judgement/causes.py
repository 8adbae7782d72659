# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One finding where many have one cause. Private to this collection."""

from ..._harmless.terminal import cut_short
from ..._listener import excerpt
from ..._words import MOST, several
from ..language.options import SEVERITIES
from . import defaults
from .finding import finding, worst
from .parts import Unknown, UnexpectedGroup, line

# What could not be judged is reported by cause; of several causes by the first of these.
CAUSES = ('sockets', 'namespaces', 'owners', 'units', 'activated', 'device', 'binding', 'exposure', 'fields')
# cause: the aspect of the facts, a gap of which says more
_ASPECTS = {'sockets': 'sockets', 'namespaces': 'namespaces', 'owners': 'owners', 'units': 'units', 'binding': 'binding', 'exposure': 'firewall'}


def unsure(listener, entries, causes, perhaps):
    """What is not known of one listener, or of an entry.

    :param perhaps: sequence of Violation, what it may be.
    """
    cause = next(name for name in CAUSES if name in causes)
    listeners = [listener] if listener else []
    found = finding('unknown', _parts(cause, listeners, [entry.label for entry in entries], listener), entries, listener)
    found.worst = worst(perhaps)
    found.group = cause
    return found


def _parts(cause, listeners, labels, alone, rest=False, gap=None, reasons=()) -> Unknown:
    return {
        'cause': cause, 'listener': excerpt(alone) if alone else None,
        'listeners': {'first': [excerpt(listener) for listener in listeners[:MOST]], 'total': len(listeners)},
        'entries': several(cut_short(label, 1000) for label in labels), 'rest': rest,
        'gap': {'aspect': gap['aspect'], 'code': gap['code'], 'message': line(gap['message'], 200),
                'hint': gap['hint'] and cut_short(gap['hint'], 200)} if gap else None,
        'reasons': several(line(reason, 200) for reason in reasons),
    }


def causes(unsure_ones, gaps, switches):
    """Make one finding per cause."""
    groups = {}
    for each in unsure_ones:
        groups.setdefault(each.group, []).append(each)
    findings = []
    for cause, some in groups.items():
        some.sort(key=_place)
        listeners = {each.listener: each.record for each in some if each.record}
        labels = sorted({label for each in some for label in each.about})
        gap = next((gap for gap in gaps if gap['aspect'] == _ASPECTS.get(cause)), None)
        severest = min(some, key=lambda each: each.rank)
        is_one = len({each.listener for each in some}) == 1
        parts = _parts(
            cause, list(listeners.values()), labels, severest.record if is_one else None,
            rest=not all(each.about or each.record for each in some), gap=gap,
            reasons=_reasons(some) if cause == 'exposure' and not gap else ())
        united = finding('unknown', parts, ports=(cause,), fails=switches['listener_unknown'] == 'fail')
        united.severity, united.about = severest.severity, tuple(labels)
        united.worst = min((each.worst or each.severity for each in some), key=SEVERITIES.index)
        united.notes = _distinct(note for each in some for note in each.notes)
        if is_one:
            united.listener, united.record = severest.listener, severest.record
            if len(labels) == 1 and all(each.about for each in some):
                united.entry, united.declared_in = severest.entry, severest.declared_in
        findings.append(united)
    return findings


def _distinct(notes):
    distinct = []
    for note in notes:
        if note not in distinct:
            distinct.append(note)
    return distinct


def _place(found):
    """By port, wherever it was declared."""
    one = found.record
    return (one['protocol'], one['port'], one['id']) if one else ('', 0, ''), found.rank


def _reasons(some):
    """Why the firewall lets nobody say who comes through: list of str of the host."""
    exposures = [each.record['exposure'] for each in some if each.record and each.record.get('exposure')]
    return list(dict.fromkeys(str(one['reason']) for exposure in exposures for one in exposure.get('undecided') or ()))


def grouped(findings, switches):
    """The findings with the unexpected ones of loopback in one line, and ephemeral ones in one for each process."""
    kept, groups = [], {}
    for each in findings:
        if each.group is None:
            kept.append(each)
            continue
        worth = switches[defaults.SWITCHES[each.group]]        # ignored ones are no findings
        if each.group == 'ephemeral':
            dubious = defaults.dubious(each.record)
            if dubious:
                each.parts['dubious'] = dubious
                kept.append(each)       # whatever the switch says of clients
                continue
        each.fails = worth == 'fail'
        if worth == 'warn':
            each.severity = 'low'
        if each.group == 'unexpected' or worth == 'fail' and each.group == 'loopback':
            kept.append(each)
            continue
        owners = each.record['owners']
        key = (each.group, owners[0]['process'] if owners and each.group == 'ephemeral' else None)
        groups.setdefault(key, []).append(each)
    return _united(kept) + [_one(group, process, some) for (group, process), some in groups.items()]


def _united(findings):
    """One finding where sockets of both families, or of several addresses, are wrong in one way: they have one fingerprint."""
    same = {}
    for each in sorted(findings, key=lambda each: each.rank):
        same.setdefault((each.fingerprint, _held_by(each.record)) if each.record else id(each), []).append(each)
    for first, *others in same.values():
        if others:
            pids = _pids(first.record)
            first.notes = _distinct(note for each in (first, *others) for note in each.notes)
            first.also = several({'listener': each.parts['listener'], 'together': _pids(each.record) == pids} for each in others)
    return [some[0] for some in same.values()]


def _pids(record):
    return [owner['pid'] for owner in record['owners']]


def _held_by(record):
    """Who holds a listener, but for the pids: what has to be the same where two are told as one."""
    return tuple(sorted({(owner['process'] or '', owner['exe'] or '', owner['user'] or '') for owner in record['owners']}))


def _one(group, process, some):
    """One finding for several of a group."""
    first = some[0]
    if len(some) == 1:
        return first
    parts: UnexpectedGroup = {
        'group': group, 'process': process and cut_short(process, 100), 'listeners': several(each.parts['listener'] for each in some)}
    united = finding('unexpected', parts, severity=first.severity, ports=(group, process or ''), fails=first.fails)
    united.notes = _distinct(note for each in some for note in each.notes)
    return united
