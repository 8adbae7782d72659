# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the judgement of one host tells a report of many, and what only many hosts together tell. Private to this collection."""

import hashlib
import re

from ... import _schema
from ..._harmless.terminal import cut_short, visible
from ..._schema import Fault
from ..language import options
from . import finding, parts_schema
from .parts import Unused

MOST_FINDINGS = 1000            # that a record holds; findings_total tells of more
_MOST = 100000                  # entries, waivers and variables of a host
# The causes of what is not known for which anything may be there; of other namespaces nobody says whether they were looked at.
_BLIND = ('sockets', 'namespaces')

_text = _schema.text(20000)
_maybe_text = _schema.nullable(_text)
_count = _schema.integer()
_places = _schema.items(_schema.items(_text, 2, 2), _MOST)       # pairs of variable and label
_both = _schema.mapping({'entries': _places, 'waivers': _places})
_key = _schema.matching(re.compile(r'[0-9a-f]{16}'), '16 hexadecimal digits')
_SPECIAL = {'kind': _schema.choice(*options.KINDS), 'severity': _schema.choice(*options.SEVERITIES), 'message': _text,
            'fingerprint': _key, 'fails': _schema.boolean}
_hash = _schema.matching(re.compile(r'(?:[0-9a-f]{64})?'), '64 hexadecimal digits, or nothing')

_FINDING = {key: _SPECIAL.get(key, _maybe_text) for key in finding.KEYS}
_finding_of_schema_1 = _schema.mapping(_FINDING)
_finding = _schema.mapping({**_FINDING, 'parts': lambda parts: parts, 'same': _schema.nullable(_key)})


def _with_parts(value):
    """Check for a finding, and its parts."""
    _finding(value)
    if (value['parts'] is None) != (value['same'] is None):
        raise Fault('is null without the other one', 'parts' if value['parts'] is None else 'same')
    if value['parts'] is not None:
        try:
            parts_schema.check(value['kind'], value['parts'])
        except Fault as fault:
            raise fault.below('parts') from None


def _without_parts(value):
    """Check for a finding that an earlier version has recorded."""
    _finding_of_schema_1(value)
    value.update(parts=None, same=None)


def _of(check_finding):
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
    })


# What a judgement looks like in a record that was read: in one of now, and in one of schema 1.
check = _of(_with_parts)
check_schema_1 = _of(_without_parts)


def judgement(policy, result):
    """What a record holds of the judgement of its host.

    :param policy: _policy.Policy.
    :param result: _judge.Result.
    :returns: dict: ``waivers`` are those that waive something now, ``idle`` what may listen, or may be waived, and surely was not there,
        ``met`` what was there, or may have been.
    """
    unknown = [each for each in [*result.findings, *(found for found, dummy in result.waived)] if each.kind == 'unknown']
    unsure = {label for each in unknown for label in each.about}
    blind = any(cause in each.ports for each in unknown for cause in _BLIND)
    met, idle = _sorted(policy.entries, result.used, lambda entry: blind or entry.namespace or entry.label in unsure)
    met_waivers, idle_waivers = _sorted(policy.waivers, result.used_waivers, lambda waiver: unknown or waiver.namespace)
    return {
        'policy': {'summary': policy.summary, 'hash': policy.hash, 'variables': list(policy.variables)},
        'findings': [each.as_record() for each in result.findings[:MOST_FINDINGS]],
        'findings_total': len(result.findings),
        'failing': result.failing,
        'refused': None,
        'waived': len(result.waived),
        'waivers': _in_force(result.waived),
        'met': {'entries': _named(met), 'waivers': _named(met_waivers)},
        'idle': {'entries': _named(entry for entry in idle if entry.state in ('optional', 'ignored')), 'waivers': _named(idle_waivers)},
    }


def _sorted(some, used, may_be):
    """Entries or waivers that were of use, or may have been, and those that surely were not: tuple of two lists."""
    ids = {id(one) for one in used}
    met, idle = [], []
    for one in some:
        (met if id(one) in ids or may_be(one) else idle).append(one)
    return met, idle


def _named(some):
    return [[one.variable, one.label] for one in some]


def _in_force(waived):
    """The waivers that waive something, and how much."""
    found = {}
    for dummy, waiver in waived:
        one = found.setdefault(id(waiver), {
            'variable': waiver.variable, 'label': waiver.label, 'expires': str(waiver.expires) if waiver.expires else None,
            'reason': waiver.reason, 'owner': waiver.owner, 'findings': 0})
        one['findings'] += 1
    return list(found.values())


def unused(judgements):
    """Entries that may be met, and waivers, that were not on any host: what is left of something that is gone.

    :param judgements: iterable of dict as ``judgement`` returns them, of all hosts that were judged.
    :returns: list of Finding of the kinds ``entry_unused`` and ``waiver_unused``, which fail nothing.
    """
    judgements = list(judgements)
    found = []
    for what, kind in (('entries', 'entry_unused'), ('waivers', 'waiver_unused')):
        met = {tuple(place) for one in judgements for place in one['met'][what]}
        idle = {}
        for one in judgements:
            for place in one['idle'][what]:
                idle[tuple(place)] = idle.get(tuple(place), 0) + 1
        found += [_unused(kind, place, hosts) for place, hosts in sorted(idle.items(), key=str) if place not in met]
    return found


def unsure(judgement):
    """The judgement of a host on which everything may have been that was not found."""
    return dict(judgement, met={what: judgement['met'][what] + judgement['idle'][what] for what in ('entries', 'waivers')},
                idle={'entries': [], 'waivers': []})


def _unused(kind, place, hosts):
    variable, label = place
    parts: Unused = {'label': cut_short(label, 200), 'variable': variable and cut_short(variable, 200), 'hosts': hosts}
    return finding.Finding(
        kind, 'info', parts, entry=visible(label, 200) if kind == 'entry_unused' else None, declared_in=variable, fails=False, about=(label,),
        fingerprint=hashlib.sha256(repr((kind, variable, label)).encode('utf-8', 'backslashreplace')).hexdigest()[:16])
