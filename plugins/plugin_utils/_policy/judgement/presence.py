# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what has to listen does. Private to this collection."""

from ..._listener import excerpt
from ..._words import several
from ..conditions import reach
from ..conditions.three_valued import both, either
from . import diagnosis
from .finding import finding
from .parts import MANY, REQUIRED, Missing, Note, Unreachable, listed, place, who

_REQUIRED: Note = {'note': REQUIRED, 'waiver': None, 'expires': None}


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


def missing(entry, absent, listeners, wrong, diagnoses, own, present=0):
    """Make the finding that something required is not there; None where findings about its ports say so already.

    :param absent: list of Item.
    :param listeners: dict (protocol, port) to list of facts, all that the host has.
    :param wrong: list of Finding of the kinds wrong_owner and wrong_bind; those about this entry get a note.
    :param diagnoses: dict, unit to what the facts have of it: units that should be there.
    :param own: Own, the addresses of the host.
    :param present: int, how many of its ports are there, of an entry that says how many it needs.
    """
    left = []
    for item in absent:
        in_place = [each for each in wrong if each.record['protocol'] == item.protocol
                    and item.low <= each.record['port'] <= item.high and entry in each.entries]
        for each in in_place:
            if _REQUIRED not in each.notes:
                each.notes.append(_REQUIRED)
        if not in_place:
            left.append(item)
    if not left:
        return None
    units = entry.services
    known = next((diagnoses[unit] for unit in units if unit in diagnoses), None)
    parts: Missing = {
        **place(entry), 'who': who(entry), 'where': listed(entry.bound or (), 300),
        'ports': several([_port(item, entry.need) for item in (entry.items if entry.need else left)], 8), 'need': entry.need,
        'present': present,
        'in_the_way': several([excerpt(listener) for item in left if item.exact for listener in listeners.get((item.protocol, item.low), ())
                               if _is_in_the_way(entry, listener)]),
        'diagnosis': diagnosis.diagnosis(known, own) if known else None,
        'elsewhere': None if known else diagnosis.elsewhere(units, (listener for some in listeners.values() for listener in some)),
    }
    return finding('missing', parts, (entry,), ports=left)


def _port(item, need):
    """A part of the finding: one port of a range is enough, unless the entry says how many it needs."""
    text = str(item)
    return {'item': text, 'one_of': not (need or item.exact or text.endswith('/any'))}


def _is_in_the_way(entry, listener):
    """Whether an entry may be missing because of a listener on its port: not where each is on an address of its own."""
    return not entry.bind or listener['scope'] == 'any' or entry.bind.holds(listener, {}) is not False


def unreachable(entry, meetings, facts, own):
    """Whether who may reach it can: tuple of True, False or None, and the finding for False or the meetings for None."""
    there = [meeting for meeting in meetings if is_there(meeting) is True]
    perhaps = [meeting for meeting in meetings if is_there(meeting) is None]
    if not entry.clients or not (there or perhaps):
        return True, None
    listeners = [meeting.listener for meeting in there]
    value, blocked = reach.lower(entry.sources, listeners, [meeting.listener for meeting in perhaps], facts, entry.family)
    if value is not False:
        return value, perhaps or there
    loopback = all(listener['scope'] == 'loopback' for listener in listeners)
    exposures = [] if loopback else [listener.get('exposure') or {} for listener in listeners]
    rules = dict.fromkeys(exposure.get('blocked_by') or exposure.get('decided_by') for exposure in exposures)
    parts: Unreachable = {
        **place(entry), 'listener': excerpt(listeners[0]), 'clients': several(entry.sources.words, MANY),
        # all of its clients: "anyone" says more than what is left of the internet without 127.0.0.0/8
        'blocked': several(entry.sources.words if loopback else blocked), 'loopback': loopback,
        'rules': several(own.text(rule, 300) for rule in rules if rule),
    }
    return False, finding('unreachable', parts, (entry,), listeners[0])
