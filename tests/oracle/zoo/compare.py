# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Differences between facts and what is known otherwise, as lines of text that a reader can act on."""

import calendar
import time

from zoo.truth import FACT_KEYS, LISTENER_KEYS

_SHOWN = 30
_OWNER_KEYS = {'pid', 'process', 'exe', 'exe_deleted', 'user', 'uid', 'started', 'unit', 'main', 'container'}


def agree(lines):
    """Fail with a list of differences, if there are any."""
    if lines:
        more = ['and %d more' % (len(lines) - _SHOWN)] if len(lines) > _SHOWN else []
        raise AssertionError('\n'.join(['they differ:'] + lines[:_SHOWN] + more))


def seconds(text):
    """Unix time of ``2026-11-19T08:00:00Z``."""
    return calendar.timegm(time.strptime(text, '%Y-%m-%dT%H:%M:%SZ'))


def records(expected, listeners, more_keys=()):
    """list of str: how the listeners found differ from those expected."""
    lines = []
    wanted = {record['id']: record for record in expected}
    seen = {}
    for record in listeners:
        if record['id'] in seen:
            lines.append('%s is there twice' % record['id'])
        seen[record['id']] = record
        if record['id'] not in wanted:
            lines.append('%s is not there in truth: %r' % (record['id'], record))
        keys = LISTENER_KEYS.union(more_keys)
        if set(record) != keys:
            lines.append('%s has not the keys of a listener: %s' % (record['id'], sorted(keys ^ set(record))))
    for key, record in wanted.items():
        if key not in seen:
            lines.append('%s is missing' % key)
        else:
            lines.extend('%s: %s' % (key, line) for line in _fields(record, seen[key]))
    return lines


def _fields(expected, record):
    for key, value in expected.items():
        if key == 'owners':
            yield from _owners(value, record.get(key))
        elif not key.startswith('_') and not _same(value, record.get(key)):
            yield '%s is %r, in truth %r' % (key, record.get(key), value)


def _same(expected, value):
    if isinstance(expected, dict) and 'one of' in expected:
        return any(_same(alternative, value) for alternative in expected['one of'])
    return value == expected and type(value) is type(expected)


def _owners(expected, owners):
    wanted, actual = {owner['pid']: owner for owner in expected}, {owner['pid']: owner for owner in owners}
    if list(wanted) != [owner['pid'] for owner in owners]:
        yield 'owners are %r, in truth %r' % ([(owner['pid'], owner['process']) for owner in owners], list(wanted))
    for pid in wanted.keys() & actual.keys():
        for key, value in wanted[pid].items():
            shown = actual[pid].get(key)
            if key == 'started':
                # the kernel counts in ticks, boot time is in whole seconds
                if not value[0] - 2 < seconds(shown) <= value[1] + 1:
                    yield 'pid %d: started is %s, in truth %s' % (pid, shown, value)
            elif not key.startswith('_') and not _same(value, shown):
                yield 'pid %d: %s is %r, in truth %r' % (pid, key, shown, value)
        if 'exe_inside' in actual[pid] and 'exe_inside' not in wanted[pid]:
            yield 'pid %d: exe_inside is %r, in truth it is none' % (pid, actual[pid]['exe_inside'])
        if not _OWNER_KEYS <= set(actual[pid]):
            yield 'pid %d has not the keys of an owner: %s' % (pid, sorted(actual[pid]))


def invariants(facts):
    """list of str: what no facts may ever break, whatever the host."""
    lines = []
    if set(facts) != FACT_KEYS:
        lines.append('keys of facts: %s' % sorted(facts))
    gapped = {gap['aspect'] for gap in facts['gaps']}
    for aspect, complete in facts['complete'].items():
        if (complete is False) != (aspect in gapped):
            lines.append('complete.%s is %r with gaps %r' % (aspect, complete, facts['gaps']))
    strange = gapped - set(facts['complete'])
    if strange:
        lines.append('gaps of no aspect: %s' % strange)
    for gap in facts['gaps']:
        if set(gap) != {'aspect', 'code', 'count', 'message', 'hint'} or not gap['message']:
            lines.append('not a gap: %r' % gap)
    for record in facts['listeners']:
        if (record['held_by'] == 'processes') != bool(record['owners']):
            lines.append('%s: held_by %s with %d owners' % (record['id'], record['held_by'], len(record['owners'])))
        if len(record['owners']) != min(64, record['owners_total']):
            lines.append('%s: %d owners of %d' % (record['id'], len(record['owners']), record['owners_total']))
        if record['held_by'] == 'unknown' and facts['complete']['owners'] is True:
            lines.append('%s: nobody known to hold it, yet owners are complete' % record['id'])
    return lines


def gaps(facts):
    """Pairs of aspect and code, sorted."""
    return sorted([gap['aspect'], gap['code']] for gap in facts['gaps'])
