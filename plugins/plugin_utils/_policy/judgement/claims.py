# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One listener against all entries: who claims it, and whether it may listen as it does.

How it is decided, for a listener, from the first row that applies:

==================================================  ==================================================================
An entry that forbids it matches in all it says     ``forbidden``; where that is not known, it is ``unknown``
Entries list its port, and not only in a range      they alone decide, all of those that speak of it:
- none of them has the owner that it has            ``wrong_owner``
- none of those that have is bound as it is         ``wrong_bind``
- the others                                        the limits of all have to hold: a lax entry launders nothing
Ranges (or ``any``) have its port, and its owner    one of them is enough: a range is not for one entry alone
- none of them is bound as it is                    ``wrong_bind``
- the others                                        the limits of one of them have to hold
An ``ignored`` entry matches in all it says         it may listen: such an entry takes what nobody else claims
Nothing                                             ``unexpected``, unless its class is let be, see ``defaults``
==================================================  ==================================================================

Whether an entry speaks of a listener, has its owner, and is bound as it is: each is True, False, or None where not all
was observed. With a None, everything is decided once for each way that it can be. A verdict is one only if it is the
same whichever way that is, and else not known. Limits are not tried in ways: they are the last thing that is asked, and
of three values themselves.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..._listener import OWNER_FIELDS, Listener, accepts, is_hidden, is_unknown_behind, only_systemd, unobserved
from ..._windows.listeners import is_here
from ..conditions import reach
from ..conditions.three_valued import both, either
from . import defaults

if TYPE_CHECKING:
    from ..conditions.expressions import Expression
    from ..conditions.ports import Item
    from ..declaration.entry import Entry
    from ..._shape import Complete
    from ..declaration.policy import Index

_MOST_DOUBTS = 8        # of which all combinations are tried; with more it is not known
_DOUBTFUL = ('spoken', 'held', 'bound')
# Of several ways to be wrong the first is reported: the ones before are wrong whoever the owner is.
_ORDER = ('wrong_bind', 'overexposed', 'unhealthy', 'wrong_owner', 'unexpected')
_OF_UNITS = ('service', 'activated_by', 'unit', 'main')          # fields that only systemd knows
_OF_LIMIT = {'ensure': 'unhealthy', 'clients': 'overexposed', 'only_from': 'overexposed', 'via': 'overexposed'}


class Violation(NamedTuple):
    """One way in which a listener is not as declared.

    :ivar kind: one of VIOLATIONS in ``options``.
    :ivar entries: those that it is about.
    :ivar limits: for each of them the limit that does not hold.
    :ivar instead: what it may be in place of this one, for what was not observed.
    """

    kind: str
    entries: tuple[Entry, ...] = ()
    limits: tuple[str, ...] = ()
    instead: tuple[Violation, ...] = ()


class Verdict(NamedTuple):
    """What becomes of a listener.

    :ivar value: whether it may listen as it does; None where that is not known.
    :ivar entries: those that decided.
    :ivar violations: where it may not.
    :ivar perhaps: what else it may be, for what was not observed.
    :ivar causes: why it is not known, or not known whether there is more that is wrong: some of CAUSES in ``causes``.
    """

    value: bool | None
    entries: tuple[Entry, ...] = ()
    violations: tuple[Violation, ...] = ()
    perhaps: tuple[Violation, ...] = ()
    causes: frozenset[str] = frozenset()


class Look:
    """A listener, and what of it was observed.

    :ivar complete: the aspects of the facts.
    """

    __slots__ = ('_is_new', '_switches', '_unobserved', 'complete', 'listener')

    def __init__(
        self, listener: Listener, complete: Complete, switches: Mapping[str, Any], is_new: bool = False
    ) -> None:
        """Look at a listener.

        :param switches: those of the policy.
        :param is_new: whether it was not there a moment before.
        """
        self.listener, self.complete = listener, complete
        self._switches, self._is_new = switches, is_new
        self._unobserved: Collection[str] | None = None

    def is_let_be(self) -> bool | None:
        """Whether it may listen though nobody declares it; None where its owners are hidden."""
        return defaults.is_let_be(self.listener, self.complete, self._switches, self._is_new)

    def cause_of_owners(self) -> str:
        """Why its owners are not known, or not all of them."""
        if not is_unknown_behind(self.listener):
            return 'owners'
        # what leads to another host has no container here, and whoever gathers more finds none
        is_looked_for = self.complete.get('namespaces') is True and self.complete.get('firewall') is True
        return 'behind' if is_looked_for else 'container'

    def cause_of(self, expression: Expression) -> str:
        """Why it is not known whether an expression is true of it."""
        if (is_hidden(self.listener) or is_unknown_behind(self.listener)) and expression.uses(OWNER_FIELDS):
            return self.cause_of_owners()
        return 'units' if self.complete.get('units') is False and expression.uses(_OF_UNITS) else 'fields'

    @property
    def unobserved(self) -> Collection[str]:
        """The fields that were not observed."""
        if self._unobserved is None:
            self._unobserved = unobserved(self.listener, self.complete)
        return self._unobserved


class Meeting:
    """An entry and a listener that it may speak of.

    :ivar item: the ports of the entry that the listener has one of.
    :ivar spoken: whether the entry speaks of it, whoever its owner is.
    :ivar held: whether its owners are those of the entry.
    :ivar bound: whether it is bound where the entry says.
    """

    __slots__ = ('_limits', '_look', 'bound', 'entry', 'held', 'item', 'listener', 'spoken')

    def __init__(self, entry: Entry, item: Item, look: Look) -> None:
        """Hold an entry against a listener."""
        self.entry, self.item, self._look = entry, item, look
        self._limits: dict[str, bool | None] | None = None
        listener, complete = look.listener, look.complete
        self.listener = listener
        self.spoken: bool | None
        if entry.narrow:
            self.spoken = entry.speaks_of(listener, True, look.unobserved if entry.where else ())
        else:
            self.spoken = listener['namespace'] is None
        self.held = entry.held(listener, complete) if self.spoken is not False else False
        self.bound = entry.bound_well(listener, complete) if self.spoken is not False else False

    @property
    def limits(self) -> dict[str, bool | None]:
        """Whether its limits hold, by name."""
        if self._limits is None:
            entry, look = self.entry, self._look
            self._limits = (
                dict(entry.limits(look.listener, look.unobserved if entry.ensure else ())) if entry.limited else {}
            )
        return self._limits

    @property
    def is_in_doubt(self) -> bool:
        """Whether it is not known whether the listener is what the entry speaks of."""
        return self.spoken is None or self.held is None or self.bound is None

    def causes(self) -> frozenset[str]:
        """Why it is not known whether the listener is what the entry speaks of."""
        return _causes_of([self])

    def causes_of_limits(self) -> set[str]:
        """Why it is not known whether its limits hold."""
        return {self.cause_of_limit(name) for name, value in self.limits.items() if value is None}

    def cause_of_limit(self, name: str) -> str:
        """Why it is not known whether one of its limits holds."""
        ensure, sources = self.entry.ensure, self.entry.sources
        if name == 'ensure' and ensure:
            return self._look.cause_of(ensure)
        is_of_clients = name != 'via' and sources and reach.depends_on_clients(sources, self.listener)
        return 'clients' if is_of_clients else 'exposure'

    def cause_of_speaking(self) -> str:
        """Why it is not known whether the entry speaks of the listener."""
        entry = self.entry
        if entry.where and (not entry.family or accepts(self.listener, entry.family)):
            return self._look.cause_of(entry.where)
        return 'binding'

    def cause_of_owners(self) -> str:
        """Why it is not known whether the owners are those of the entry."""
        if self.listener['activated_by'] and self.listener['held_by'] == 'processes' and (
                only_systemd(self.listener) or not is_here(self.listener)):
            return 'activated'
        if self.is_executable_inside():
            return 'executable'
        return 'units' if self.is_unit_unknown() else self._look.cause_of_owners()

    def matches(self) -> bool | None:
        """Whether the listener is all that the entry says, its limits among it."""
        known = both((self.spoken, self.held, self.bound))
        return known if known is False else both((known, *self.limits.values()))

    def is_executable_inside(self) -> bool:
        """Whether it is asked for an executable, and all that is not known is where in the host that is."""
        asked = any(option == 'exe' for option, dummy in self.entry.conditions)
        owners = self.listener['owners']
        return asked and not is_hidden(self.listener) and {
            'exe_inside' in owner for owner in owners if owner['exe'] is None} == {True}

    def is_unit_unknown(self) -> bool:
        """Whether the unit of the listener may be another one, as systemd could not be asked."""
        asked = self.entry.service or any(owner['pid'] == 1 for owner in self.listener['owners'])
        return bool(asked) and self._look.complete.get('units') is False and not is_hidden(self.listener)

    def is_binding_complete(self) -> bool:
        """Whether all devices that sockets are bound to were observed."""
        return self._look.complete.get('binding') is True


class Claim(NamedTuple):
    """A meeting, decided one way where not all of it is known."""

    meeting: Meeting
    spoken: bool
    held: bool
    bound: bool


class Meetings(NamedTuple):
    """The meetings of one listener, by what their entries are.

    :ivar exact: with entries that list its port; ``ranged``, those that have it in a range.
    """

    everything: list[Meeting]
    exact: list[Meeting]
    ranged: list[Meeting]
    ignored: list[Meeting]
    forbidden: list[Meeting]


def meetings(index: Index, look: Look) -> Meetings:
    """Find all entries that may speak of a listener."""
    result = Meetings([], [], [], [], [])
    for entry, item in index.of(look.listener['protocol'], look.listener['port']):
        meeting = Meeting(entry, item, look)
        if meeting.spoken is not False:
            result.everything.append(meeting)
            if entry.state == 'forbidden':
                result.forbidden.append(meeting)
            elif entry.state == 'ignored':
                result.ignored.append(meeting)
            else:
                (result.exact if item.exact else result.ranged).append(meeting)
    return result


def verdict(look: Look, exact: Sequence[Meeting], ranged: Sequence[Meeting], ignored: Sequence[Meeting]) -> Verdict:
    """Decide on a listener that nothing forbids."""
    if len(exact) == 1 and exact[0].spoken and exact[0].held and exact[0].bound:
        return _within_limits(look, exact)      # which is what most of them are
    named = {id(meeting.entry) for meeting in exact}
    ranged = [meeting for meeting in ranged if id(meeting.entry) not in named]
    doubts = [
        (meeting, field) for meeting in (*exact, *ranged) for field in _DOUBTFUL if getattr(meeting, field) is None
    ]
    is_ignored = [(meeting, meeting.matches()) for meeting in ignored]
    doubts_ignored = any(matches is None for dummy, matches in is_ignored)
    if not doubts and not doubts_ignored:
        ignoring = next((meeting for meeting, matches in is_ignored if matches), None)
        return _decided(look, _claims(exact), _claims(ranged), ignoring)
    causes = _causes_of([meeting for meeting in (*exact, *ranged, *ignored) if meeting.is_in_doubt] or ignored)
    if len(doubts) + doubts_ignored > _MOST_DOUBTS:
        entries = tuple(meeting.entry for meeting in (*exact, *ranged))
        return Verdict(
            None, entries, perhaps=(Violation('overexposed', entries), Violation('unexpected')), causes=causes
        )
    outcomes = [_decided(look, *_ways(exact, ranged, doubts, is_ignored, way))
                for way in itertools.product((True, False), repeat=len(doubts) + doubts_ignored)]
    values = {outcome.value for outcome in outcomes}
    if values == {True}:
        return outcomes[0]
    entries = tuple(dict.fromkeys(entry for outcome in outcomes for entry in outcome.entries))
    wrong = dict.fromkeys(violation for outcome in outcomes for violation in outcome.violations)
    perhaps = dict.fromkeys(violation for outcome in outcomes for violation in outcome.perhaps)
    more = frozenset[str]().union(*(outcome.causes for outcome in outcomes))
    if values == {False}:
        return Verdict(False, entries, tuple(_reported(outcomes, wrong)), tuple(perhaps), more)
    return Verdict(None, entries, perhaps=(*wrong, *perhaps), causes=causes | more)


def _claims(meetings: Iterable[Meeting]) -> list[Claim]:
    """Make claims of meetings of which all is known."""
    return [Claim(meeting, bool(meeting.spoken), bool(meeting.held), bool(meeting.bound)) for meeting in meetings]


def _ways(
    exact: Sequence[Meeting],
    ranged: Sequence[Meeting],
    doubts: Sequence[tuple[Meeting, str]],
    is_ignored: Sequence[tuple[Meeting, bool | None]],
    way: Sequence[bool],
) -> tuple[list[Claim], list[Claim], Meeting | None]:
    """Make claims of what is known, and of what is in doubt one way.

    :param doubts: what is in doubt: meetings, and the field of each.
    :param is_ignored: meetings with entries that ignore the listener, and whether all of these match.
    :param way: how it is, for each doubt, and behind them for all of ``is_ignored`` that are in doubt.
    :returns: the claims of ``exact`` and of ``ranged``, and the meeting with the entry that ignores the listener.
    """
    chosen = {(id(meeting), field): value for (meeting, field), value in zip(doubts, way)}
    groups = [
        [Claim(meeting, *(_known(meeting, field, chosen) for field in _DOUBTFUL)) for meeting in group]
        for group in (exact, ranged)
    ]
    last = len(way) > len(doubts) and way[-1]
    ignoring = next((meeting for meeting, matches in is_ignored if (last if matches is None else matches)), None)
    return groups[0], groups[1], ignoring


def _known(meeting: Meeting, field: str, chosen: Mapping[tuple[int, str], bool]) -> bool:
    value: bool | None = getattr(meeting, field)
    return chosen[id(meeting), field] if value is None else value


def _reported(outcomes: Sequence[Verdict], wrong: Iterable[Violation]) -> Iterator[Violation]:
    """Choose what to report of a listener that is wrong in one way or another.

    That is each kind that is certain, else the first; and with the first, what else it may be.
    """
    kinds = [{violation.kind for violation in outcome.violations} for outcome in outcomes]
    possible = sorted(wrong, key=lambda violation: _ORDER.index(violation.kind))
    certain = [kind for kind in _ORDER if all(kind in kinds_of_one for kinds_of_one in kinds)] or [possible[0].kind]
    for kind in certain:
        first, *others = [violation for violation in possible if violation.kind == kind]
        others += [violation for violation in possible if violation.kind not in certain and kind == certain[0]]
        yield first._replace(instead=tuple(others))


def _decided(look: Look, exact: Sequence[Claim], ranged: Sequence[Claim], ignoring: Meeting | None) -> Verdict:
    """Decide where all that is not limits is known, see the table above."""
    spoken = [claim for claim in exact if claim.spoken]
    if spoken:
        held = [claim for claim in spoken if claim.held]
        if not held:
            return _wrong('wrong_owner', spoken)
        bound = [claim.meeting for claim in held if claim.bound]
        return _within_limits(look, bound) if bound else _wrong('wrong_bind', held)
    claiming = [claim for claim in ranged if claim.spoken and claim.held]
    if claiming:
        bound = [claim.meeting for claim in claiming if claim.bound]
        if not bound:
            return _wrong('wrong_bind', claiming)
        outcomes = [_within_limits(look, [meeting]) for meeting in bound]
        value = either(outcome.value for outcome in outcomes)
        if value is False:
            return _within_limits(look, bound)
        return next(outcome for outcome in outcomes if outcome.value is value)
    if ignoring:
        return Verdict(True, (ignoring.entry,))
    is_let_be = look.is_let_be()
    if is_let_be is None:
        return Verdict(None, perhaps=(Violation('unexpected'),), causes=frozenset(('owners',)))
    return Verdict(True) if is_let_be else Verdict(False, violations=(Violation('unexpected'),))


def _wrong(kind: str, claims: Iterable[Claim]) -> Verdict:
    entries = tuple(claim.meeting.entry for claim in claims)
    return Verdict(False, entries, (Violation(kind, entries),))


def _within_limits(look: Look, claiming: Sequence[Meeting]) -> Verdict:
    """Decide by all limits of all entries that claim a listener."""
    entries = tuple([meeting.entry for meeting in claiming])
    if not any(entry.limited for entry in entries):
        return Verdict(True, entries)
    causes: set[str] = set()
    broken: dict[str, list[tuple[Entry, str]]] = {}
    perhaps = []
    for meeting in claiming:
        for name, value in meeting.limits.items():
            if value is False:
                broken.setdefault(_OF_LIMIT[name], []).append((meeting.entry, name))
            elif value is None:
                causes.add(meeting.cause_of_limit(name))
                perhaps.append(Violation(_OF_LIMIT[name], (meeting.entry,)))
    violations = tuple(
        Violation(kind, tuple(entry for entry, dummy in broken[kind]), tuple(name for dummy, name in broken[kind]))
        for kind in _ORDER
        if kind in broken
    )
    return Verdict(
        False if broken else None if causes else True, entries, violations, tuple(perhaps), frozenset(causes)
    )


def _causes_of(in_doubt: Iterable[Meeting]) -> frozenset[str]:
    """Find why some of these are not known."""
    causes: set[str] = set()
    for meeting in in_doubt:
        if meeting.spoken is None:
            causes.add(meeting.cause_of_speaking())
        if meeting.held is None:
            causes.add(meeting.cause_of_owners())
        if meeting.bound is None:
            causes.add('device' if meeting.is_binding_complete() else 'binding')
        if meeting.entry.state == 'ignored' and not causes:
            causes |= meeting.causes_of_limits()
    return frozenset(causes or {'fields'})


def forbids(forbidden: Sequence[Meeting]) -> tuple[list[Meeting], list[Meeting], frozenset[str]]:
    """Find the meetings with entries that surely forbid a listener, those with entries that may, and why only may."""
    if not forbidden:
        return [], [], frozenset()
    sure = [meeting for meeting in forbidden if meeting.matches() is True]
    perhaps = [meeting for meeting in forbidden if meeting.matches() is None]
    causes: set[str] = set()
    for meeting in perhaps:
        causes |= meeting.causes() if meeting.is_in_doubt else meeting.causes_of_limits()
    return sure, perhaps, frozenset(causes)
