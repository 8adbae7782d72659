# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What listens on a host, worked out once for all formats that ask while it is read.

Ten thousand hosts have a few hundred ways to listen: text is made of each once, by what tells it from others.
"""

from __future__ import annotations

import marshal
from collections.abc import Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from .._facts import check
from .._facts.likeness import Likeness
from .._listener import Listener, roves, united
from .._shape import Facts

_MOST_KNOWN = 20000             # ways to listen that are told apart
_OF_LISTENER = itemgetter('protocol', 'scope', 'service', 'activated_by', 'namespace', 'port_name', 'ephemeral',
                          'held_by', 'owners_total')
_FIXED = (1, 4)                 # pids of systemd, and of the kernel of Windows: of them it depends who serves something
_OF_OWNER = itemgetter('process', 'exe', 'exe_deleted', 'user', 'uid', 'unit', 'container')


class Listening(NamedTuple):
    """One listener, or what is forwarded.

    :ivar told: see ``told``.
    :ivar likeness: what it has in common with those that are like it, which are told by the same; None where that is
        not known.
    """

    listener: Listener
    told: object
    likeness: Likeness | None


class _Looked:
    """What was worked out.

    :ivar facts: those of the last host; they are not to be changed meanwhile.
    :ivar of_likeness: what those are told by that are alike, by whether owners were asked for on their host. Of what
        stands for something in a container, nothing is kept.
    """

    facts: Facts | None = None
    listening: list[Listening] = []
    told: dict[bytes, object] = {}
    of_likeness: dict[bool, dict[Likeness | None, object]] = {True: {}, False: {}}


def listening(facts: Facts) -> list[Listening]:
    """List all that can be reached on a host, see ``united``."""
    if _Looked.facts is not facts:
        _Looked.listening = _listening(facts)
        _Looked.facts = facts
    return _Looked.listening


def _listening(facts: Facts) -> list[Listening]:
    gathered = facts['complete']['owners'] is not None
    known = _Looked.of_likeness[gathered]
    listeners: Sequence[Listener] = facts['listeners']
    likenesses = check.likenesses(facts) or ()
    if likenesses and None not in likenesses and not facts.get('forwarded'):
        tolds = list(map(known.get, likenesses))
        for place, by in enumerate(tolds) if None in tolds else ():
            listener = listeners[place]
            if by is None and united({**facts, 'listeners': [facts['listeners'][place]]})[0] is listener:
                if len(known) >= _MOST_KNOWN:
                    known.clear()
                tolds[place] = known[likenesses[place]] = told(listener, gathered)
        if None not in tolds:
            return list(map(Listening, listeners, tolds, likenesses))
    likeness_of = {id(listener): likeness for listener, likeness in zip(listeners, likenesses)}
    return [Listening(listener, told(listener, gathered), likeness_of.get(id(listener)))
            for listener in united(facts)]


def told(listener: Listener, gathered: bool) -> object:
    """Return what tells a listener from others: all that is shown of it but the address, and a port that roves.

    It is the same object for all of which this is the same.

    :param gathered: whether owners were asked for on its host.
    """
    exposure = listener.get('exposure')
    shown: Any = (
        gathered, None if roves(listener) else listener['port'], _OF_LISTENER(listener),
        [(_OF_OWNER(owner), owner.get('exe_inside'), owner['pid'] in _FIXED) for owner in listener['owners']],
        listener.get('to'), listener.get('behind'),
        exposure and (exposure['level'], exposure['allowed'], exposure.get('allowed_sets')))
    # to compare texts that were read anew, one by one, takes longer
    key = marshal.dumps(shown, 2)
    known = _Looked.told.get(key)
    if known is None:
        if len(_Looked.told) >= _MOST_KNOWN:
            _Looked.told.clear()
        known = _Looked.told[key] = object()
    return known
