# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what has to listen does, and whether its clients reach it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ..._listener import Listener, excerpt
from ..._shape import Complete, Diagnosis, Facts
from ..._words import several
from ..conditions import reach
from ..conditions.three_valued import both, either
from . import diagnosis
from .finding import Finding, finding
from .parts import MANY, REQUIRED, Missing, Note, Own, Port, Unreachable, listed, place, who

if TYPE_CHECKING:
    from ..conditions.ports import Item
    from ..declaration.entry import Entry
    from .claims import Meeting

_REQUIRED: Note = {'note': REQUIRED, 'waiver': None, 'expires': None}

# Where nothing is said of what was observed.
_UNSAID: Complete = {
    'sockets': False,
    'binding': None,
    'owners': None,
    'units': None,
    'namespaces': None,
    'connections': None,
    'resources': None,
}


def is_there(meeting: Meeting) -> bool | None:
    """Whether an entry is met by a listener: by whom and where, whatever its limits."""
    return both((meeting.spoken, meeting.held, meeting.bound))


def unlooked(entry: Entry, complete: Complete) -> str | None:
    """Find where an entry may be met and nobody could look: an aspect of the facts, or None."""
    if not complete['sockets']:
        return 'sockets'
    return 'namespaces' if entry.namespace and complete.get('namespaces') is not True else None


class Presence:
    """The items of a required entry, and which of them are there.

    :ivar present: how many of its ports surely are, of an entry that says how many it needs.
    """

    def __init__(self, entry: Entry, meetings: Sequence[Meeting], complete: Complete) -> None:
        """Take an entry, and the meetings of it.

        :param complete: the aspects of the facts.
        """
        self._entry, self._meetings, self._complete = entry, meetings, not unlooked(entry, complete)
        self.present = 0

    def missing(self) -> tuple[bool | None, list[Item], list[Item]]:
        """Find whether all is there, the items that are not, and those of which it is not known."""
        need = self._entry.need
        states: dict[Item, bool | None] = dict.fromkeys(self._entry.items, False)
        for meeting in self._meetings:
            if states[meeting.item] is not True:
                states[meeting.item] = either((states[meeting.item], is_there(meeting)))
        if not self._complete:      # what was not seen may be there
            states = {item: state or None for item, state in states.items()}
        absent = [item for item, state in states.items() if state is False]
        unsure = [item for item, state in states.items() if state is None]
        if need is None:
            return both(states.values()), absent, unsure
        ports: dict[tuple[str, int], bool | None] = {}
        for meeting in self._meetings:
            port = (meeting.item.protocol, meeting.listener['port'])
            ports[port] = either((ports.get(port, False), is_there(meeting)))
        self.present = sum(state is True for state in ports.values())
        perhaps = sum(state is None for state in ports.values())
        if self.present >= need:
            return True, [], []
        if self.present + perhaps >= need or not self._complete:
            return None, absent, unsure or list(states)
        # a range of which one is there can still be too few
        return False, absent or list(states), unsure


def missing(
    entry: Entry,
    absent: Sequence[Item],
    listeners: Mapping[tuple[str, int], Sequence[Listener]],
    wrong: Sequence[Finding],
    diagnoses: Mapping[str, Diagnosis],
    own: Own,
    present: int = 0,
    forwards_unseen: bool = False,
    set_aside: Sequence[Sequence[int]] = (),
    is_on_windows: bool = False,
) -> Finding | None:
    """Make the finding that something required is not there; None where findings about its ports say so already.

    :param absent: the items that are not there.
    :param listeners: all that the host has, by protocol and port.
    :param wrong: findings of the kinds wrong_owner and wrong_bind; those about this entry get a note.
    :param diagnoses: what the facts have of units that should be there, by unit.
    :param own: the addresses of the host.
    :param present: how many of its ports are there, of an entry that says how many it needs.
    :param forwards_unseen: whether it was not looked at what the host forwards.
    :param set_aside: ranges of ports that Windows gives to no program, each [first, last].
    :param is_on_windows: whether the host is a Windows host.
    """
    left = []
    for item in absent:
        in_place = [other for other in wrong if other.record and other.record['protocol'] == item.protocol
                    and item.low <= other.record['port'] <= item.high and entry in other.entries]
        for other in in_place:
            if _REQUIRED not in other.notes:
                other.notes.append(_REQUIRED)
        if not in_place:
            left.append(item)
    if not left:
        return None
    known = next((diagnoses[unit] for unit in entry.services if unit in diagnoses), None)
    in_the_way = [listener for item in left if item.exact for listener in listeners.get((item.protocol, item.low), ())
                  if _is_in_the_way(entry, listener)]
    parts: Missing = {
        **place(entry),
        'who': who(entry),
        'where': listed(entry.bound or (), 300),
        'ports': several([_port(item, entry.need) for item in (entry.items if entry.need else left)], 8),
        'need': entry.need,
        'present': present,
        'in_the_way': several(map(excerpt, in_the_way)),
        'diagnosis': diagnosis.diagnosis(known, own) if known else None,
        'elsewhere': None
        if known
        else diagnosis.elsewhere(
            entry.named_services if is_on_windows else entry.services,
            (listener for of_port in listeners.values() for listener in of_port)),
        'forwards_unseen': forwards_unseen and entry.may_be_forwarded,
        'set_aside': several([str(item) for item in left for low, high in set_aside
                              if low <= item.low and item.high <= high]),
    }
    return finding('missing', parts, (entry,), ports=left)


def _port(item: Item, need: int | None) -> Port:
    """Show a port of which one is enough where it is a range, unless the entry says how many it needs."""
    text = str(item)
    return {'item': text, 'one_of': not (need or item.exact or text.endswith('/any'))}


def _is_in_the_way(entry: Entry, listener: Listener) -> bool:
    """Whether an entry may be missing because of a listener on its port: not where each is on an address of its own."""
    return not entry.bind or listener['scope'] == 'any' or entry.bind.holds(listener, _UNSAID) is not False


def unreachable(entry: Entry, meetings: Sequence[Meeting], facts: Facts, own: Own) -> Iterator[Finding | list[Meeting]]:
    """Make the findings that clients of an entry do not reach it, and list the meetings for which that is not known.

    Each of its ports has to be reached: who serves one port serves nobody who asks for another. Of listeners on the
    same port one is enough, as each may have an address or a family of its own.

    :param own: the addresses of the host.
    """
    if not entry.clients or not entry.sources:
        return
    ports: dict[tuple[str, int], list[Meeting]] = {}
    for meeting in meetings:
        if is_there(meeting) is not False:
            ports.setdefault((meeting.listener['protocol'], meeting.listener['port']), []).append(meeting)
    for of_port in ports.values():
        sure = [meeting.listener for meeting in of_port if is_there(meeting) is True]
        perhaps = [meeting for meeting in of_port if is_there(meeting) is None]
        reached, blocked = reach.lower(
            entry.sources, sure, [meeting.listener for meeting in perhaps], facts, entry.family
        )
        if reached is False:
            yield _unreachable(entry, sure, blocked, own)
        elif reached is None:
            yield perhaps or of_port


def cause_of_reach(entry: Entry) -> str:
    """Find why it is not known whether the clients of an entry reach it."""
    return 'clients' if entry.sources and entry.sources.unknown else 'exposure'


def _unreachable(entry: Entry, listeners: Sequence[Listener], blocked: Sequence[str], own: Own) -> Finding:
    """Make the finding that clients reach none of the listeners on a port.

    :param blocked: who surely does not.
    """
    words = entry.sources.words if entry.sources else []
    loopback = all(listener['scope'] == 'loopback' for listener in listeners)
    exposures = [listener.get('exposure') for listener in listeners if not loopback]
    rules = dict.fromkeys(
        exposure.get('blocked_by') or exposure.get('decided_by') for exposure in exposures if exposure
    )
    parts: Unreachable = {
        **place(entry), 'listener': excerpt(listeners[0]), 'clients': several(words, MANY),
        # all of its clients: "anyone" says more than what is left of the internet without 127.0.0.0/8
        'blocked': several(words if loopback else blocked), 'loopback': loopback,
        'rules': several(own.text(rule, 300) for rule in rules if rule),
    }
    return finding('unreachable', parts, (entry,), listeners[0])
