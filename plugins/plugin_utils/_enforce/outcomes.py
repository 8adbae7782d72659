# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads what tasks registered of hosts: what was planned for each, and what came of it, as rows of a report.

Whatever it is, text in it is harmless to print; what a task did not register says why there is nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .._harmless.terminal import sentence, visible
from .._words import some
from . import effects, stops
from .lefts import BY_HAND

# What a row says of something: what is done comes first.
CLOSE, FILTER, OPEN, LEFT, FAILED = KINDS = ('close', 'filter', 'open', 'left', 'failed')
# What a host is like.
ACTS, SAME, UNPLANNED, DONE, PARTLY, UNTOUCHED, WRONG = (
    'acts', 'same', 'unplanned', 'done', 'partly', 'untouched', 'failed')
_CLOSE = 'close'
_LEFT_BY = {_CLOSE: 'not stopped', 'firewall': 'not filtered'}
_STANDS = ('unchanged', 'planned', 'kept', 'failed')    # of an answer: its rows say what is, or would be
_DID = ('kept', 'planned')
_UNKEPT = {stops.REVERTED: 'not stopped', stops.UNKNOWN: 'perhaps stopped'}
_LONGEST, _NAME = 1000, 400     # characters
_NOT_REGISTERED = 'nothing was planned for it'


@dataclass(frozen=True)
class Row:
    """Something that listens, or a port, and what becomes of it.

    :ivar kind: of KINDS.
    :ivar listener: its id, or a port.
    :ivar what: what is done, in a few words.
    :ivar who: who loses it, or gains it.
    :ivar connections: how many are open.
    :ivar why: the code of the reason for which it is left.
    :ivar words: the same in a sentence, with what to do.
    :ivar is_plain: whether the sentence says no more than the rest.
    """

    kind: str
    listener: str
    what: str
    who: str = ''
    connections: int | None = None
    why: str = ''
    words: str | None = None
    is_plain: bool = False


@dataclass
class Outcome:
    """A host.

    :ivar state: ACTS, SAME or UNPLANNED of a plan; DONE, PARTLY, SAME, UNPLANNED, UNTOUCHED or WRONG of what came
        of it.
    :ivar reason: why, in words; None where that needs none.
    :ivar passes: whether the audit that followed passed; None where there was none.
    :ivar audit: what it said.
    """

    name: str
    state: str
    reason: str | None = None
    rows: list[Row] = field(default_factory=list)
    passes: bool | None = None
    audit: str | None = None

    @property
    def counts(self) -> Counter[str]:
        """How many rows there are of each kind."""
        return Counter(row.kind for row in self.rows)

    @property
    def by_hand(self) -> int:
        """How many rows there are of what is left to a person."""
        return sum(row.kind == LEFT and row.why == BY_HAND for row in self.rows)


@dataclass(frozen=True)
class Registered:
    """What the tasks of a host registered; None for those that did not run.

    :ivar planned: by ``plan_listeners``, before anything was done.
    :ivar closed: by ``stop_listener``.
    :ivar again: by ``plan_listeners``, after that.
    :ivar filtered: by ``port_filter``.
    :ivar opened: by ``port_openings``.
    :ivar audited: by ``assert_listeners``, at the end.
    :ivar failed: what a task that failed said.
    """

    planned: object = None
    closed: object = None
    again: object = None
    filtered: object = None
    opened: object = None
    audited: object = None
    failed: object = None

    @property
    def failure(self) -> str | None:
        """Why acting on the host failed; None if it did not."""
        for result in (self.closed, self.again, self.filtered, self.opened):
            known = _mapping(result)
            if known.get('failed') or known.get('unreachable'):
                return _message(known)
        return sentence(str(self.failed), _LONGEST) if self.failed is not None else None

    @property
    def state(self) -> str:
        """How far a plan was carried out by which something had to be done: DONE, PARTLY or UNTOUCHED."""
        plans_filter = _mapping(_mapping(self.planned).get('plan')).get('filter') is not None
        has_closed, has_filtered = map(_has_run, (self.closed, self.again))
        if has_filtered or has_closed and not plans_filter:
            return DONE
        return PARTLY if has_closed else UNTOUCHED


def planned(name: str, registered: Registered) -> Outcome:
    """Say what would be done to a host."""
    plan = _mapping(registered.planned)
    if registered.planned is None or not plan:
        return Outcome(name, UNPLANNED, _NOT_REGISTERED)
    if plan.get('unreachable') or plan.get('failed') or plan.get('skipped'):
        return Outcome(name, UNPLANNED, _without(name, _message(plan)))
    refusal = _mapping(plan.get('refusal'))
    if refusal:
        return Outcome(name, UNPLANNED, 'the host would refuse it (%s): %s' % (
            _text(refusal.get('code'), 40), sentence(str(refusal.get('message')), _LONGEST)))
    status = plan.get('status')
    if status not in ('planned', 'unchanged'):
        return Outcome(name, UNPLANNED, 'its plan has the status %s' % _text(status, 40))
    rows = [*(row for row in _stops(plan.get('stops'), 'planned') if row.kind != LEFT), *_filter(plan),
            *_opens(_mapping(plan.get('plan')).get('open')), *_lefts(plan)]     # what is left has all of the reasons
    return Outcome(name, ACTS if status == 'planned' else SAME, rows=rows)


def done(name: str, registered: Registered) -> Outcome:
    """Say what came of the plan for a host, be it in check mode."""
    plan = planned(name, registered)
    outcome = Outcome(name, plan.state, plan.reason)
    audit = _mapping(registered.audited)
    if _has_run(audit):
        outcome.passes = audit.get('passes') is True
        outcome.audit = _without(name, sentence(' '.join(_said(audit).splitlines()[:2]), _LONGEST))
    if plan.state == UNPLANNED:
        return outcome
    closed, filtered, opened = map(_mapping, (registered.closed, registered.filtered, registered.opened))
    again = _mapping(registered.again)
    stopped = list(_stops(closed.get('listeners'), str(closed.get('status'))))
    known = {row.listener for row in stopped if row.kind == LEFT}
    outcome.rows = [
        *stopped,
        *(_filter(filtered) if filtered.get('status') in _DID else ()),
        *(_opens(opened.get('opened')) if opened.get('status') in _DID else ()),
        *(row for row in _lefts(again if 'plan' in again else _mapping(registered.planned))
          if row.what != _LEFT_BY[_CLOSE] or row.listener not in known),
    ]
    failure = registered.failure
    if failure is not None:
        outcome.state, outcome.reason = WRONG, _without(name, failure)
    elif plan.state == ACTS:
        outcome.state = registered.state
        if outcome.state == UNTOUCHED:
            outcome.rows = []
    return outcome


def _stops(listeners: object, status: str) -> Iterator[Row]:
    """Read what ``stop_listener`` says of each listener.

    :param status: that of its answer.
    """
    is_planned = status == 'planned'
    for row in _mappings(listeners):
        listener = _text(row.get('listener'))
        if row.get('status') in stops.STILL:
            yield Row(FAILED, listener, 'still listens', why=_text(row.get('status'), 40), words=stops.told(dict(row)))
        elif row.get('reason') == stops.GONE:
            yield Row(CLOSE, listener, 'gone already')
        elif row.get('reason') in _UNKEPT:
            yield Row(FAILED, listener, _UNKEPT[row['reason']], why=row['reason'], words=stops.told(dict(row)))
        elif row.get('status') != stops.CLOSED:
            yield Row(LEFT, listener, _LEFT_BY[_CLOSE], why=_text(row.get('reason'), 40),
                      words=stops.told(dict(row), is_planned))
        elif status in _STANDS:
            what = 'stop %s' % some(_names(row.get('units'))) if row.get('units') else 'end %s' % some(_processes(row))
            yield Row(CLOSE, listener, what, 'everybody', words=stops.told(dict(row), is_planned),
                      is_plain=not (row.get('bystanders') or row.get('again')
                                    or _mapping(row.get('about')).get('others')))
        else:
            yield Row(FAILED, listener, 'not stopped', why=_text(status, 40))


def _filter(result: Mapping[str, Any]) -> Iterator[Row]:
    """Read whose access changes, from the effects of a plan or of a filter."""
    for effect in _mappings(result.get('effects')):
        listener = effect.get('listener')
        port = '%s%s/%s' % ('published ' if effect.get('published') else '', _text(effect.get('protocol'), 20),
                            _text(effect.get('ports') or effect.get('port'), 20))
        at = _text(listener) if listener else port
        connections = effect.get('connections')
        if effect.get('loses'):
            yield Row(FILTER, at, 'filter', effects.who(effect['loses']),
                      connections if isinstance(connections, int) else None)
        if effect.get('gains'):
            yield Row(OPEN, at, 'let in', effects.who(effect['gains']))
        if effect.get('unsure'):
            yield Row(FILTER, at, 'filter', 'perhaps %s' % effects.who(effect['unsure']))
    wanted = _mapping(_mapping(result.get('plan')).get('filter'))
    if wanted and not result.get('effects') and not _mapping(result.get('plan')).get('close'):
        for rule in _mappings(wanted.get('rules')) if result.get('status') == 'planned' else ():
            ports = '%s/%s' % (_text(rule.get('protocol'), 20), some(_names(rule.get('ports'))))
            yield Row(FILTER, ports, 'filter', 'nobody now')


def _opens(openings: object) -> Iterator[Row]:
    """Read what is opened in the firewalls of others."""
    for opening in _mappings(openings):
        ports = '%s/%s' % (_text(opening.get('protocol'), 20), some(_names(opening.get('ports'))))
        yield Row(OPEN, _text(opening['listener']) if opening.get('listener') else ports,
                  'open %s in %s' % (ports, _text(opening.get('backend'), 20)), effects.who(opening.get('sources')))


def _lefts(result: Mapping[str, Any]) -> Iterator[Row]:
    """Read what a plan leaves as it is."""
    for left in _mappings(_mapping(result.get('plan')).get('left')):
        words = sentence(str(left.get('message')), _LONGEST)
        if left.get('command'):
            words = '%s. To do: %s' % (words.rstrip('.'), visible(str(left['command']), _LONGEST))
        yield Row(LEFT, _text(left['listener']) if left.get('listener') else '-',
                  _LEFT_BY.get(str(left.get('action')), 'left'),
                  why=_text(left.get('reason'), 40), words=words)


def _processes(row: Mapping[str, Any]) -> list[str]:
    return ['%s (pid %s)' % (_text(process.get('process'), 40), _text(process.get('pid'), 20))
            for process in _mappings(row.get('processes'))]


def _message(result: Mapping[str, Any]) -> str:
    """Return what a task says of itself."""
    return sentence(_said(result), _LONGEST)


def _said(result: Mapping[str, Any]) -> str:
    return str(result.get('msg') or result.get('skip_reason') or 'no reason was given')


def _without(name: str, text: str) -> str:
    """Return what is said of a host without its name in front, which the line has already."""
    return text[len(visible(name, 300)):].lstrip(': ') if text.startswith('%s: ' % visible(name, 300)) else text


def _has_run(result: object) -> bool:
    return bool(_mapping(result)) and not _mapping(result).get('skipped')


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _mappings(value: object) -> list[Mapping[str, Any]]:
    return [element for element in value if isinstance(element, Mapping)] if isinstance(value, (list, tuple)) else []


def _names(value: object) -> list[str]:
    return [_text(element, 200) for element in value] if isinstance(value, (list, tuple)) else []


def _text(value: object, most: int = _NAME) -> str:
    return visible(str(value), most)
