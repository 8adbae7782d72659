# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Listeners that are not as declared, each as a finding. Private to this collection."""

from ... import _listener, _words
from ..._harmless.terminal import visible
from ..conditions import reach
from ..declaration import naming
from . import defaults
from .claims import Violation
from .finding import finding, worst


def _stop(listener):
    stop = _listener.stop(listener)
    return 'stop %s%s%s' % (_unit(stop), ' (to stop %s would not)' % visible(stop.around, 200) if stop.reason == _listener.SPARED else '',
                            ', unless it is your way in' if _listener.is_way_in(listener) else '')


def _unit(stop):
    return visible(stop.unit, 200) if stop.unit else 'it'


def forbidden(listener, sure, perhaps):
    """What must not listen, and does.

    :param sure: list of Meeting with those entries that forbid it; perhaps: with those that may.
    """
    entries = [meeting.entry for meeting in sure]
    entry = entries[0]
    because = ' (%s)' % visible(entry.reason, 300) if entry.reason else ''
    return finding('forbidden', '%s listens, which %s %s%s' % (
        _listener.in_words(listener), naming.places(entries), 'forbids' if len(entries) == 1 else 'forbid', because), entries, listener,
        expected='nothing on %s' % ', '.join(map(str, entry.items[:8])), remedy=_stop(listener),
        instead=[Violation('forbidden', (meeting.entry,)) for meeting in perhaps])


def violations(listener, said):
    """The findings for a Verdict, one for each kind: list."""
    return [_MAKERS[each.kind](listener, each) for each in said.violations]


def _unexpected(listener, said):
    message = '%s listens, and nothing declares it' % _listener.in_words(listener)
    users = _listener.users_in_words(listener)
    if users:
        message += ' (user %s)' % users
    group = defaults.kind(listener)
    if group != 'ephemeral' and any(defaults.is_dubious_file(owner) for owner in listener['owners']):
        message += ': its executable was deleted or lies in a directory for temporary files'
    found = finding('unexpected', message, (), listener, expected='nothing, or an entry that declares it',
                    remedy='%sdeclare it in expected_listeners, or %s' % (
                        'find out who holds it; ' if listener['held_by'] == 'unknown' else '', _stop(listener)), instead=said.instead)
    found.group = group
    return found


def _wrong_owner(listener, said):
    expected = ' or '.join(dict.fromkeys(naming.who(entry) for entry in said.entries))
    users = _listener.users_in_words(listener)
    return finding('wrong_owner', '%s is already in use by %s%s, where %s expects %s' % (
        _listener.endpoint(listener), _listener.owners_in_words(listener), ' (user %s)' % users if users else '', naming.places(said.entries), expected),
        said.entries, listener, expected=expected, remedy='find out why it holds the port; %s, or declare it' % _stop(listener), instead=said.instead)


def _wrong_bind(listener, said):
    expected = ' or '.join(dict.fromkeys(naming.where(entry) for entry in said.entries))
    return finding('wrong_bind', '%s is bound to %s, where %s expects it on %s' % (
        _listener.in_words(listener), _bound(listener), naming.places(said.entries), expected), said.entries, listener,
        expected='bound to %s' % expected, instead=said.instead,
        remedy='change the address that %s listens on, or the entry' % _unit(_listener.stop(listener)))


def _bound(listener):
    words = {'any': 'every address', 'loopback': 'loopback only'}
    # in brackets, without which a first :: would be shown as the command of a CI system that it could be
    address = visible('[%s]' % listener['address'] if listener['family'] == 'ipv6' else listener['address'], 100)
    return '%s (%s)' % (address, words.get(listener['scope'], '%s address' % listener['scope']))


def _overexposed(listener, said):
    limits = ['only through %s' % visible(str(entry.via), 300) if limit == 'via' else 'for %s alone' % _words.some(entry.sources.words, 8)
              for entry, limit in zip(said.entries, said.limits)]
    exposure = listener.get('exposure') or {}
    rule = ': %s' % visible(str(exposure['decided_by']), 300) if exposure.get('decided_by') else ''
    whom = [visible(name, 100) for name in reach.beyond(said.entries, said.limits, listener)]
    who = 'through %s' % (_words.some(whom, 4) or 'other interfaces') if all(limit == 'via' for limit in said.limits) \
        else 'by %s' % (_words.some(whom, 4) or 'others')
    found = finding('overexposed', '%s can be reached %s, where %s%s' % (_listener.in_words(listener), who, _words.some(
        ['%s has it %s' % (naming.place(entry), limit) for entry, limit in zip(said.entries, limits)], joint=' and '), rule),
        said.entries, listener, expected=_words.some(dict.fromkeys(limits), joint=' and '), instead=said.instead,
        usual='critical' if reach.is_anyone(listener) else None, remedy='narrow the firewall or the address, or widen the entry')
    if reach.may_be_anyone(listener):
        found.worst = worst((said, *said.instead))
    return found


def _unhealthy(listener, said):
    expected = [visible(entry.ensure.text, 300) for entry in said.entries]
    return finding('unhealthy', '%s does not meet what %s' % (_listener.in_words(listener), _words.some(
        ['%s ensures: %s' % (naming.place(entry), text) for entry, text in zip(said.entries, expected)], joint=', nor what ')),
        said.entries, listener, expected=_words.some(expected, joint=' and '), instead=said.instead,
        remedy='look at the service: the expression is over the fact of this listener')


_MAKERS = {'unexpected': _unexpected, 'wrong_owner': _wrong_owner, 'wrong_bind': _wrong_bind, 'overexposed': _overexposed, 'unhealthy': _unhealthy}
