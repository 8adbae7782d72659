# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what has to listen does. Private to this collection."""

from ... import _listener, _words
from ..._harmless.terminal import visible
from ..conditions import reach
from ..conditions.three_valued import both, either
from ..declaration import naming
from . import diagnosis
from .finding import finding


def is_there(meeting):
    """Whether an entry is met by a listener: by whom and where, whatever its limits."""
    return both((meeting.spoken, meeting.held, meeting.bound))


def unlooked(entry, complete):
    """Where an entry may be met and nobody could look: the aspect of the facts, or None."""
    if not complete['sockets']:
        return 'sockets'
    return 'namespaces' if entry.namespace and complete.get('namespaces') is not True else None


class Presence:
    """The items of a required entry, and which of them are there.

    :param complete: dict, the aspects of the facts.
    """

    def __init__(self, entry, meetings, complete):
        self.entry, self.meetings, self._complete, self.there = entry, meetings, not unlooked(entry, complete), 0

    def missing(self):
        """tuple of whether all is there (True, False, None), the items that are not, and those of which it is not known."""
        states = dict.fromkeys(self.entry.items, False)
        for meeting in self.meetings:
            if states[meeting.item] is not True:
                states[meeting.item] = either((states[meeting.item], is_there(meeting)))
        if not self._complete:      # what was not seen may be there
            states = {item: state or None for item, state in states.items()}
        absent = [item for item, state in states.items() if state is False]
        unsure = [item for item, state in states.items() if state is None]
        if self.entry.need is None:
            return both(states.values()), absent, unsure
        ports = {}
        for meeting in self.meetings:
            port = (meeting.item.protocol, meeting.listener['port'])
            ports[port] = either((ports.get(port, False), is_there(meeting)))
        self.there = sum(state is True for state in ports.values())
        perhaps = sum(state is None for state in ports.values())
        if self.there >= self.entry.need:
            return True, [], []
        if self.there + perhaps >= self.entry.need or not self._complete:
            return None, absent, unsure or list(states)
        # a range of which one is there can still be too few
        return False, absent or list(states), unsure


def missing(entry, absent, listeners, wrong, diagnoses, there=0):
    """The finding that something required is not there; None where findings about its ports say so already.

    :param absent: list of Item.
    :param listeners: dict (protocol, port) to list of facts, all that the host has.
    :param wrong: list of Finding of the kinds wrong_owner and wrong_bind; those about this entry get a note.
    :param diagnoses: dict, unit to text, what is known of units that should be there.
    :param there: int, how many of its ports are there, of an entry that says how many it needs.
    """
    left = []
    for item in absent:
        told = [each for each in wrong if each.record['protocol'] == item.protocol and item.low <= each.record['port'] <= item.high
                and entry in each.entries]
        for each in told:
            if 'it is required' not in each.notes:
                each.notes.append('it is required')
        if not told:
            left.append(item)
    if not left:
        return None
    ports = _ports(entry.items if entry.need else left, entry.need)
    expected = naming.who(entry) + (', bound to %s' % naming.where(entry) if entry.bound else '')
    holders = [listener for item in left if item.exact for listener in listeners.get((item.protocol, item.low), ()) if _is_in_the_way(entry, listener)]
    message = '%s%s has to listen on %s (%s)' % (_capital(expected), ',' * bool(entry.bound), ports, naming.place(entry))
    remedy = 'make it listen there, or give the entry state: optional'
    if holders:
        message += ', and the port is already in use by %s' % _words.some([_listener.in_words(each) for each in holders])
        remedy = 'free the port, or declare it for who holds it'
    else:
        message += ', and too few do: %d of %d' % (there, entry.need) if there else ', and nothing does'
    told = next((diagnoses[name] for name in entry.services if name in diagnoses), None)
    told = told or diagnosis.elsewhere(entry.services, (each for some in listeners.values() for each in some))
    if told:
        message += '. %s' % told
    return finding('missing', message, (entry,), expected='%s on %s' % (expected, ports), remedy=remedy, ports=left)


def _ports(items, need):
    """``tcp/80, one of tcp/8000-8010``; or of what is needed in part, ``2 of tcp/81, tcp/82, tcp/83``."""
    words = [str(item) if need or item.exact or str(item).endswith('/any') else 'one of %s' % (item,) for item in items[:8]]
    text = ', '.join(words) + (' and %d more' % (len(items) - 8) if len(items) > 8 else '')
    return '%s of %s' % ('one' if need == 1 else need, text) if need else text


def _is_in_the_way(entry, listener):
    """Whether an entry may be missing because of a listener on its port: not where each is on an address of its own."""
    return not entry.bind or listener['scope'] == 'any' or entry.bind.holds(listener, {}) is not False


def unreachable(entry, meetings, facts):
    """Whether who may reach it can: tuple of True, False or None, and the finding for False or the meetings for None."""
    there = [meeting for meeting in meetings if is_there(meeting) is True]
    perhaps = [meeting for meeting in meetings if is_there(meeting) is None]
    if not entry.clients or not (there or perhaps):
        return True, None
    listeners = [meeting.listener for meeting in there]
    value, blocked = reach.lower(entry.sources, listeners, [meeting.listener for meeting in perhaps], facts, entry.family)
    if value is not False:
        return value, perhaps or there
    first = listeners[0]
    if all(listener['scope'] == 'loopback' for listener in listeners):
        why, remedy = 'it is bound to loopback only', 'bind it to an address that they reach, or say clients: local'
        blocked = entry.sources.words       # all of them: "anyone" says more than what is left of the internet without 127.0.0.0/8
    else:
        exposures = [listener.get('exposure') or {} for listener in listeners]
        rules = list(dict.fromkeys(rule for rule in (one.get('blocked_by') or one.get('decided_by') for one in exposures) if rule))
        why = 'the host keeps them out%s' % (': %s' % _words.some([visible(rule, 300) for rule in rules]) if rules else '')
        remedy = 'open the firewall for them, bind it to their family too, or say fewer clients'
    message = '%s cannot be reached by %s, declared as its clients (%s): %s' % (
        _listener.in_words(first), _words.some(blocked), naming.place(entry), why)
    return False, finding('unreachable', message, (entry,), first, expected='clients %s' % entry.sources, remedy=remedy)


def _capital(text):
    return text[:1].upper() + text[1:]
