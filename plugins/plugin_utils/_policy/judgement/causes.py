# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One finding where many have one cause. Private to this collection."""

from ... import _listener, _words
from ..._harmless.terminal import sentence, visible
from ..language.options import SEVERITIES
from . import defaults
from .finding import finding, worst

# cause: (what could not be judged for it, what to do)
_CAUSES = {
    'sockets': ('not all sockets could be looked at', 'see the gaps of the facts'),
    'namespaces': ('other network namespaces were not looked at, or not all of them', 'gather namespaces (option gather), and run with become'),
    'owners': ('the holders are hidden', 'run with become'),
    'units': ('systemd could not be asked for its units', 'see the gaps of the facts; or name process or exe in place of service'),
    'activated': ('systemd holds the port until somebody connects, and only then is there a process',
                  'name the unit (service) in the entry, in place of the process'),
    'device': ('the facts do not say which interface has the address', 'name the address or its network in bind, in place of the interface'),
    'binding': ('the interface or the families could not be observed', 'see the gaps of the facts'),
    'exposure': ('the firewall was not looked at', 'gather the firewall (option gather), or leave out clients, only_from and via'),
    'fields': ('an expression speaks of what was not observed', 'gather it (option gather), or change the expression'),
}
_ASPECTS = {'sockets': 'sockets', 'namespaces': 'namespaces', 'owners': 'owners', 'units': 'units', 'binding': 'binding', 'exposure': 'firewall'}
_UNDECIDED = 'the firewall cannot be judged for all who may come', 'see the exposure of the listener; leave out what is not known, or waive it'


def unsure(listener, entries, causes, perhaps):
    """What is not known of one listener, or of an entry.

    :param perhaps: sequence of Violation, what it may be.
    """
    cause = next(name for name in _CAUSES if name in causes)
    found = finding('unknown', '', entries, listener)
    found.worst = worst(perhaps)
    found.group = cause
    return found


def causes(unsure_ones, gaps, switches):
    """One finding per cause."""
    groups = {}
    for each in unsure_ones:
        groups.setdefault(each.group, []).append(each)
    found = []
    for cause, some in groups.items():
        some.sort(key=_place)
        listeners = list(dict.fromkeys(each.found for each in some if each.found))
        labels = sorted({label for each in some for label in each.about})
        why, remedy = _CAUSES[cause]
        gap = next((gap for gap in gaps if gap['aspect'] == _ASPECTS.get(cause)), None)
        said = sentence(gap['message'], 200) if gap else None
        if cause == 'exposure' and not gap and _reasons(some):
            (why, remedy), said = _UNDECIDED, _words.some([sentence(text, 200) for text in _reasons(some)])
        if gap:
            remedy = _remedy(gap, remedy)
        what = ' and '.join(part for part in (
            _words.number(len(listeners), 'listener') if listeners else '', _words.number(len(labels), 'entry', 'entries') if labels else '',
            '' if all(each.about or each.found for each in some) else 'whether anything else listens') if part)
        names = '; '.join(part for part in (_words.some(listeners), 'entries: %s' % _words.some(map(visible, labels)) if labels else '') if part)
        message = '%s cannot be judged, as %s%s%s' % (
            what[:1].upper() + what[1:], why, ' (%s)' % said if said else '', ': ' + names if names else '')
        one = finding('unknown', message, expected='to know', remedy=remedy, ports=(cause,), fails=switches['listener_unknown'] == 'fail')
        severest = min(some, key=lambda each: each.rank)
        one.severity, one.about = severest.severity, tuple(labels)
        one.worst = min((each.worst or each.severity for each in some), key=SEVERITIES.index)
        one.notes = list(dict.fromkeys(note for each in some for note in each.notes))
        if len({each.listener for each in some}) == 1:
            one.listener, one.found, one.record = severest.listener, severest.found, severest.record
            if len(labels) == 1 and all(each.about for each in some):
                one.entry, one.declared_in = severest.entry, severest.declared_in
        found.append(one)
    return found


def _place(found):
    """By port, wherever it was declared."""
    one = found.record
    return (one['protocol'], one['port'], one['id']) if one else ('', 0, ''), found.rank


def _reasons(some):
    """Why the firewall lets nobody say who comes through: list of str of the host."""
    exposures = [each.record['exposure'] for each in some if each.record and each.record.get('exposure')]
    return list(dict.fromkeys(str(one['reason']) for exposure in exposures for one in exposure.get('undecided') or ()))


def _remedy(gap, usual):
    """What helps against a gap, which knows it better than its cause does."""
    if gap['hint']:
        hint = visible(gap['hint'], 200)
        return hint if ' ' in hint else 'run with %s' % hint
    if gap['code'] == 'owners_not_found':       # of the kernel, perhaps: nobody will be found, however hard one looks
        return 'pin the port and declare it without process, exe, user, service and container, once you know whose it is'
    if gap['aspect'] == 'firewall':             # it was asked for, and could not be read
        return 'see to it that its rules can be read, or leave out clients, only_from and via'
    return usual


def grouped(findings, switches):
    """The findings with the unexpected ones of loopback in one line, and ephemeral ones in one for each process."""
    kept, groups = [], {}
    for each in findings:
        if each.group is None:
            kept.append(each)
            continue
        worth = switches[defaults.SWITCHES[each.group]]        # ignored ones are no findings
        if each.group == 'ephemeral':
            dubious, why = defaults.is_dubious(each.record)
            if dubious:
                each.message += ': %s' % why
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
            pids = [owner['pid'] for owner in first.record['owners']]
            names = [_listener.endpoint(each.record) if [owner['pid'] for owner in each.record['owners']] == pids else each.found for each in others]
            first.notes = list(dict.fromkeys(note for each in (first, *others) for note in each.notes))
            first.notes.append('the same on %s' % _words.some(names))
            first.found = _words.some([first.found, *(each.found for each in others)])
    return [some[0] for some in same.values()]


def _held_by(record):
    """Who holds a listener, but for the pids: what has to be the same where two are told as one."""
    return tuple(sorted({(owner['process'] or '', owner['exe'] or '', owner['user'] or '') for owner in record['owners']}))


def _one(group, process, some):
    """One finding for several of a group."""
    first = some[0]
    if len(some) == 1:
        return first
    names = _words.some([each.found for each in some])
    if group == 'loopback':
        message = '%s on loopback, and nothing declares them: %s' % (_words.number(len(some), 'listener'), names)
    else:
        message = '%s of the ephemeral range, and nothing declares them: %s' % (_words.number(len(some), 'UDP port'), names)
    how = ' as port any/udp of their service or process, with state: optional' if group == 'ephemeral' else ''
    one = finding('unexpected', message, severity=first.severity, expected=first.expected,
                  remedy='declare them in expected_listeners%s, or stop them' % how, ports=(group, process or ''), fails=first.fails)
    one.found, one.notes = names, list(dict.fromkeys(note for each in some for note in each.notes))
    return one
