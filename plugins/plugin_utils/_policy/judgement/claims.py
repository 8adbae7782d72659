# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One listener against all entries. Private to this collection.

What was not observed can be one way or the other: a verdict is one only if it is the same whichever way that is.
"""

import itertools
from typing import NamedTuple

from ..._listener import is_hidden, unobserved
from ..conditions.three_valued import both, either
from . import defaults

_MOST_UNKNOWN = 8       # of which all combinations are tried; with more it is not known
# Of several ways to be wrong the first is told: the ones before are wrong whoever the holder is.
_ORDER = ('wrong_bind', 'overexposed', 'unhealthy', 'wrong_owner', 'unexpected')
_OF_LIMIT = {'ensure': 'unhealthy', 'clients': 'overexposed', 'only_from': 'overexposed', 'via': 'overexposed'}


class Violation(NamedTuple):
    """One way in which a listener is not as declared.

    :ivar kind: str, of VIOLATIONS in _options.
    :ivar entries: tuple of Entry, those that it is about.
    :ivar limits: tuple of str, for each of them the limit that does not hold.
    :ivar instead: tuple of Violation, what it may be in place of this one, for what was not observed.
    """

    kind: str
    entries: tuple = ()
    limits: tuple = ()
    instead: tuple = ()


class Verdict(NamedTuple):
    """What is said of a listener.

    :ivar value: True, False, or None where it is not known.
    :ivar entries: tuple of Entry, those that decided.
    :ivar violations: tuple of Violation, where it is False.
    :ivar perhaps: tuple of Violation, what else it may be, for what was not observed.
    :ivar causes: frozenset of str, why it is not known, or not known whether there is more that is wrong: owners, units, activated,
        binding, exposure, fields.
    """

    value: bool | None
    entries: tuple = ()
    violations: tuple = ()
    perhaps: tuple = ()
    causes: frozenset = frozenset()


class Meeting:
    """An entry and a listener that it may speak of: what holds of them, each True, False or None."""

    __slots__ = ('entry', 'item', 'look', 'listener', 'spoken', 'held', 'bound', '_limits')

    def __init__(self, entry, item, look):
        self.entry, self.item, self.look, self._limits = entry, item, look, None
        listener, complete = look.listener, look.complete
        self.listener = listener
        if entry.narrow:
            self.spoken = entry.speaks_of(listener, True, look.unobserved if entry.where else ())
        else:
            self.spoken = listener['namespace'] is None
        self.held = entry.held(listener, complete) if self.spoken is not False else False
        self.bound = entry.bound_well(listener, complete) if self.spoken is not False else False

    @property
    def limits(self):
        """The values of its limits, by name."""
        if self._limits is None:
            look = self.look
            self._limits = {} if not self.entry.limited else dict(self.entry.limits(look.listener, look.unobserved if self.entry.ensure else ()))
        return self._limits

    def causes(self):
        """Why it is not known whether the listener is what the entry speaks of: frozenset of str."""
        return _causes_of(self.look, [self])

    def matches(self):
        """Who, where and limits in one."""
        found = both((self.spoken, self.held, self.bound))
        return found if found is False else both((found, *self.limits.values()))


class Look:
    """A listener, and what of it was observed.

    :param switches: dict, of the policy.
    :param is_new: bool, whether it was not there a moment before.
    """

    __slots__ = ('listener', 'complete', '_switches', '_is_new', '_unobserved')

    def __init__(self, listener, complete, switches, is_new=False):
        self.listener, self.complete = listener, complete
        self._switches, self._is_new = switches, is_new
        self._unobserved = None

    def is_let_be(self):
        """Whether it may listen though nobody declares it: True, False or None."""
        return defaults.is_let_be(self.listener, self._switches, self._is_new)

    @property
    def unobserved(self):
        if self._unobserved is None:
            self._unobserved = unobserved(self.listener, self.complete)
        return self._unobserved


def meetings(index, look):
    """All Meetings of a listener, and lists of those with exact entries, with open ones, with ignored and with forbidden ones."""
    everything, exact, ranged, ignored, forbidden = found = [], [], [], [], []
    for entry, item in index.of(look.listener['protocol'], look.listener['port']):
        meeting = Meeting(entry, item, look)
        if meeting.spoken is not False:
            everything.append(meeting)
            if entry.state == 'forbidden':
                forbidden.append(meeting)
            elif entry.state == 'ignored':
                ignored.append(meeting)
            else:
                (exact if item.exact else ranged).append(meeting)
    return found


def verdict(look, exact, ranged, ignored):
    """What entries that forbid nothing say of a listener: Verdict."""
    if len(exact) == 1 and exact[0].spoken and exact[0].held and exact[0].bound:
        return _within_limits(look, exact)      # which is what most of them are
    said = {id(meeting.entry) for meeting in exact}
    ranged = [meeting for meeting in ranged if id(meeting.entry) not in said]
    unknown = [(group, at, name) for group, some in enumerate((exact, ranged)) for at, meeting in enumerate(some)
               for name in ('spoken', 'held', 'bound') if getattr(meeting, name) is None]
    ignored_by = [(meeting.matches(), meeting) for meeting in ignored]
    if any(found is None for found, dummy in ignored_by):
        unknown.append((2, 0, 'matches'))
    if not unknown:
        return _decided(look, _bits(exact), _bits(ranged), ignored_by)
    causes = _causes_of(look, [meeting for meeting in (*exact, *ranged, *ignored)
                               if None in (meeting.spoken, meeting.held, meeting.bound)] or ignored)
    if len(unknown) > _MOST_UNKNOWN:
        entries = tuple(meeting.entry for meeting in (*exact, *ranged))
        return Verdict(None, entries, perhaps=(Violation('overexposed', entries), Violation('unexpected')), causes=causes)
    outcomes = [_decided(look, *_completed(exact, ranged, ignored_by, unknown, way))
                for way in itertools.product((True, False), repeat=len(unknown))]
    values = {outcome.value for outcome in outcomes}
    if values == {True}:
        return outcomes[0]
    entries = tuple(dict.fromkeys(entry for outcome in outcomes for entry in outcome.entries))
    wrong = dict.fromkeys(each for outcome in outcomes for each in outcome.violations)
    perhaps = dict.fromkeys(each for outcome in outcomes for each in outcome.perhaps)
    more = frozenset().union(*(outcome.causes for outcome in outcomes))
    if values == {False}:
        return Verdict(False, entries, tuple(_told(outcomes, wrong)), tuple(perhaps), more)
    return Verdict(None, entries, perhaps=(*wrong, *perhaps), causes=causes | more)


def _told(outcomes, wrong):
    """What to tell where it is wrong in one way or another: each kind that is certain, else the first; and with it what else it may be."""
    kinds = [{each.kind for each in outcome.violations} for outcome in outcomes]
    possible = sorted(wrong, key=lambda each: _ORDER.index(each.kind))
    certain = [kind for kind in _ORDER if all(kind in some for some in kinds)] or [possible[0].kind]
    for kind in certain:
        first, *others = [each for each in possible if each.kind == kind]
        others += [each for each in possible if each.kind not in certain and kind == certain[0]]
        yield first._replace(instead=tuple(others))


def _bits(some):
    return [(meeting, meeting.spoken, meeting.held, meeting.bound) for meeting in some]


def _completed(exact, ranged, ignored_by, unknown, way):
    """What is known, with the rest one way."""
    chosen = dict(zip(unknown, way))
    groups = []
    for group, some in enumerate((exact, ranged)):
        groups.append([(meeting, *(chosen.get((group, at, name), getattr(meeting, name)) for name in ('spoken', 'held', 'bound')))
                       for at, meeting in enumerate(some)])
    sure = chosen.get((2, 0, 'matches'))
    return (*groups, [(sure if found is None else found, meeting) for found, meeting in ignored_by])


def _decided(look, exact, ranged, ignored_by):
    """The verdict where all that is not limits is known."""
    spoken = [row for row in exact if row[1]]
    if spoken:
        held = [row for row in spoken if row[2]]
        if not held:
            return _wrong('wrong_owner', spoken)
        bound = [row[0] for row in held if row[3]]
        return _within_limits(look, bound) if bound else _wrong('wrong_bind', held)
    claimed = [row for row in ranged if row[1] and row[2]]
    if claimed:
        # one of them is enough, for a range speaks of what others may have a say in too
        bound = [row[0] for row in claimed if row[3]]
        if not bound:
            return _wrong('wrong_bind', claimed)
        outcomes = [_within_limits(look, [meeting]) for meeting in bound]
        value = either(outcome.value for outcome in outcomes)
        if value is False:
            return _within_limits(look, bound)
        return next(outcome for outcome in outcomes if outcome.value is value)
    for found, meeting in ignored_by:
        if found:
            return Verdict(True, (meeting.entry,))
    known = look.is_let_be()
    if known is None:
        return Verdict(None, perhaps=(Violation('unexpected'),), causes=frozenset(('owners',)))
    return Verdict(True) if known else Verdict(False, violations=(Violation('unexpected'),))


def _wrong(kind, rows):
    entries = tuple(row[0].entry for row in rows)
    return Verdict(False, entries, (Violation(kind, entries),))


def _within_limits(look, some):
    """All limits of all of these entries."""
    entries = tuple([meeting.entry for meeting in some])
    if not any(entry.limited for entry in entries):
        return Verdict(True, entries)
    causes, broken, perhaps = set(), {}, []
    for meeting in some:
        for name, value in meeting.limits.items():
            if value is False:
                broken.setdefault(_OF_LIMIT[name], []).append((meeting.entry, name))
            elif value is None:
                causes.add('fields' if name == 'ensure' else 'exposure')
                perhaps.append(Violation(_OF_LIMIT[name], (meeting.entry,)))
    if causes == {'fields'} and is_hidden(look.listener):
        causes = {'owners'}
    violations = tuple(Violation(kind, *zip(*broken[kind])) for kind in _ORDER if kind in broken)
    return Verdict(False if broken else None if causes else True, entries, violations, perhaps=tuple(perhaps), causes=frozenset(causes))


def _causes_of(look, some):
    """Why some of these are not known."""
    causes = set()
    for meeting in some:
        if meeting.spoken is None:
            causes.add('fields' if meeting.entry.where and not meeting.entry.family else 'binding')
        if meeting.held is None:
            activated = look.listener['activated_by'] and look.listener['held_by'] == 'processes'
            asked = meeting.entry.service or any(owner['pid'] == 1 for owner in look.listener['owners'])
            causes.add('activated' if activated else 'units' if asked and look.complete.get('units') is False and not is_hidden(look.listener)
                       else 'owners')
        if meeting.bound is None:
            causes.add('device' if look.complete.get('binding') is True else 'binding')
        if meeting.entry.state == 'ignored' and not causes:
            causes.update('fields' if name == 'ensure' else 'exposure' for name, value in meeting.limits.items() if value is None)
    return frozenset(causes or {'fields'})


def forbids(forbidden):
    """The meetings with entries that surely forbid a listener, those with entries that may, and why that is not known."""
    if not forbidden:
        return [], [], frozenset()
    sure = [meeting for meeting in forbidden if meeting.matches() is True]
    perhaps = [meeting for meeting in forbidden if meeting.matches() is None]
    causes = set()
    for meeting in perhaps:
        if None in (meeting.spoken, meeting.held, meeting.bound):
            causes |= _causes_of(meeting.look, [meeting])
        else:
            causes.update('fields' if name == 'ensure' else 'exposure' for name, value in meeting.limits.items() if value is None)
    return sure, perhaps, frozenset(causes)
