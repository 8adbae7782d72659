# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Listeners, entries and causes in words that are harmless to print. Private to this collection."""

from ..._harmless.terminal import visible

_MOST = 4           # of pids, names, listeners in a sentence


def identity(record):
    """The id of a listener."""
    return visible(record['id'], 300)


def label(entry):
    """What an entry is called: its name, or its number in its variable."""
    return visible(entry.label, 200)


def endpoint(record):
    """``tcp 0.0.0.0:111``."""
    return visible(record['id'].replace('/', ' ', 1), 300)


def holder(record):
    """``rpcbind pid 512 (rpcbind.socket)``, as much of it as is known."""
    if record['held_by'] == 'kernel':
        return 'the kernel'
    if record['held_by'] != 'processes':
        uid = record['socket_uid']
        return 'a hidden process' if uid is None else 'a hidden process (of uid %d)' % uid
    names = {}
    for owner in record['owners']:
        names.setdefault(owner['process'] or 'a process without a name', []).append(owner['pid'])
    parts = ['%s pid %s' % (visible(name, 100), some(map(str, sorted(pids)))) for name, pids in list(names.items())[:_MOST]]
    if len(names) > _MOST:
        parts.append('and %d more' % (len(names) - _MOST))
    hidden = record['owners_total'] - len(record['owners'])
    if hidden > 0:
        parts.append('and %d that are not listed' % hidden)
    unit, around = unit_of(record), around_of(record)
    return '%s%s' % (', '.join(parts), ' (%s)' % unit if unit else ' (in %s)' % around if around else '')


def unit_of(record):
    """The unit or container behind a listener: str or None."""
    container = next((owner['container'] for owner in record['owners'] if owner['container']), None)
    found = record['activated_by'] if only_systemd(record) else record['service'] or container
    return visible(found, 200) if found else None


def around_of(record):
    """The unit that the holders are in where it is none to stop: a session, or one that lets go of its children. str or None."""
    found = {owner['unit'] for owner in record['owners']}
    return visible(found.pop(), 200) if len(found) == 1 and None not in found and not unit_of(record) else None


def only_systemd(record):
    """Whether nobody but systemd holds it, for a unit that is to be started."""
    return bool(record['activated_by']) and all(owner['pid'] == 1 for owner in record['owners'])


def users(record):
    """The users of the holders: str or None."""
    found = sorted({visible(owner['user'] or str(owner['uid']), 100) for owner in record['owners'] if owner['user'] or owner['uid'] is not None})
    return some(found) if found else None


def listener(record):
    """``tcp 0.0.0.0:111 rpcbind pid 512 (rpcbind.socket)``."""
    return '%s %s' % (endpoint(record), holder(record))


def who(entry):
    """What an entry says of the holder: ``process nginx, user www-data``."""
    return ', '.join('%s %s' % (option, visible(text, 200)) for option, text in entry.who.items()) or 'something'


def where(entry):
    """What an entry says of the address."""
    if not entry.bound:
        return 'any address'
    # the scope "any" is the wildcard, and not whichever address
    return visible(' or '.join('every address' if value == 'any' else value for value in entry.bound), 300)


def place(entry):
    """The entry and where it is: ``entry ssh of expected_listeners``."""
    return 'entry %s%s' % (label(entry), ' of %s' % visible(entry.variable, 200) if entry.variable else '')


def places(entries):
    """The same of several."""
    return some([place(entry) for entry in entries], joint=' and ')


def some(words, most=_MOST, joint=', '):
    """A few words, and how many more there are."""
    words = list(words)
    if len(words) <= most:
        return joint.join(words)
    return '%s and %d more' % (', '.join(words[:most]), len(words) - most)


def number(count, noun, plural=None):
    """``1 entry``, ``2 entries``."""
    return '%d %s' % (count, noun if count == 1 else plural or noun + 's')
