# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Listeners that are not as declared, each as a finding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..._harmless.terminal import cut_short
from ..._listener import Excerpt, Listener, excerpt, owned_by, serving
from ..._shape import Complete
from ..._words import several
from ..conditions import reach
from . import defaults
from .claims import Meeting, Verdict, Violation
from .finding import Finding, finding, worst
from .parts import (
    MANY, Ensured, Forbidden, Limit, Overexposed, Own, Unexpected, Unhealthy, WrongBind, WrongOwner, listed, place, who
)

if TYPE_CHECKING:
    from ..declaration.entry import Entry


# Of what was not observed, no owner is told to be another one than expected.
_OBSERVED: Complete = {
    'sockets': True,
    'binding': True,
    'owners': True,
    'units': True,
    'namespaces': None,
    'connections': None,
    'resources': None,
}


def forbidden(listener: Listener, sure: Sequence[Meeting], perhaps: Sequence[Meeting]) -> Finding:
    """Make the finding of what must not listen, and does.

    :param sure: meetings with the entries that forbid it; ``perhaps`` with those that may.
    """
    entries = [meeting.entry for meeting in sure]
    reason = entries[0].reason
    parts: Forbidden = {
        'listener': excerpt(listener),
        'entries': several(map(place, entries)),
        'ports': [str(item) for item in entries[0].items[:8]],
        'reason': cut_short(reason, 300) if reason else None,
    }
    return finding(
        'forbidden', parts, entries, listener, instead=[Violation('forbidden', (meeting.entry,)) for meeting in perhaps]
    )


def violations(listener: Listener, verdict: Verdict, own: Own, complete: Complete) -> list[Finding]:
    """Make the findings of a verdict, one for each kind.

    :param own: the addresses of the host.
    :param complete: the aspects of the facts.
    """
    return [
        _unexpected(listener, violation, defaults.kind(listener, complete))
        if violation.kind == 'unexpected'
        else _MAKERS[violation.kind](listener, violation, own)
        for violation in verdict.violations
    ]


def _unexpected(listener: Listener, violation: Violation, group: str) -> Finding:
    is_dubious = group != 'ephemeral' and defaults.has_dubious_file(listener, listener['owners'])
    parts: Unexpected = {
        'listener': excerpt(listener),
        'dubious': defaults.FILE if is_dubious else None,
        'blocked': group == 'blocked',
    }
    unexpected = finding('unexpected', parts, (), listener, instead=violation.instead)
    unexpected.group = group
    return unexpected


def _wrong_owner(listener: Listener, violation: Violation, dummy: Own) -> Finding:
    parts: WrongOwner = {
        'listener': excerpt(listener),
        'entries': several(map(place, violation.entries)),
        'who': several(map(who, violation.entries), MANY),
        'others': _others(listener, violation.entries),
    }
    return finding('wrong_owner', parts, violation.entries, listener, instead=violation.instead)


def _others(listener: Listener, entries: Sequence[Entry]) -> Excerpt | None:
    """Show those of several owners that are not as entries say; None where it is all of them."""
    owners = serving(listener)
    others = [owner for owner in owners
              if not any(entry.held(owned_by(listener, [owner]), _OBSERVED) for entry in entries)]
    if not others or len(others) == len(owners):
        return None
    return {**excerpt(owned_by(listener, others)), 'unit': None, 'around': None}


def _wrong_bind(listener: Listener, violation: Violation, dummy: Own) -> Finding:
    parts: WrongBind = {
        'listener': excerpt(listener), 'entries': several(map(place, violation.entries)),
        'where': several((listed(entry.bound or (), 300) for entry in violation.entries), MANY)}
    return finding('wrong_bind', parts, violation.entries, listener, instead=violation.instead)


def _overexposed(listener: Listener, violation: Violation, own: Own) -> Finding:
    exposure = listener.get('exposure')
    rule = exposure.get('decided_by') if exposure else None
    parts: Overexposed = {
        'listener': excerpt(listener),
        'limits': several(map(_limit, violation.entries, violation.limits), MANY),
        'beyond': several(
            cut_short(source, 100) for source in reach.beyond(violation.entries, violation.limits, listener)
        ),
        'rule': own.text(str(rule), 300) if rule else None,
    }
    overexposed = finding('overexposed', parts, violation.entries, listener, instead=violation.instead,
                          usual='critical' if reach.is_anyone(listener) else None)
    if reach.may_be_anyone(listener):
        overexposed.worst = worst((violation, *violation.instead))
    return overexposed


def _limit(entry: Entry, limit: str) -> Limit:
    words: Sequence[str] = ()
    if limit == 'via' and entry.via:
        words = entry.via.values
    elif entry.sources:
        words = entry.sources.words
    return {**place(entry), 'limit': limit, 'words': several((cut_short(word, 300) for word in words), MANY)}


def _unhealthy(listener: Listener, violation: Violation, dummy: Own) -> Finding:
    ensured: list[Ensured] = [
        {**place(entry), 'expression': cut_short(entry.ensure.text, 300)} for entry in violation.entries if entry.ensure
    ]
    parts: Unhealthy = {'listener': excerpt(listener), 'limits': several(ensured)}
    return finding('unhealthy', parts, violation.entries, listener, instead=violation.instead)


_MAKERS: dict[str, Callable[[Listener, Violation, Own], Finding]] = {
    'wrong_owner': _wrong_owner,
    'wrong_bind': _wrong_bind,
    'overexposed': _overexposed,
    'unhealthy': _unhealthy,
}
