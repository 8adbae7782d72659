# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes the set of all clients through a chain.

What can happen to a client is a set of branches: several for one client where a rule cannot be judged, so that the
one that the kernel takes is always among them. A chain is walked once per state of the packet, for all clients; each
jump to it then takes what is of its own clients, so that deep and wide jumps cost no more than the rules they lead to.
"""

from ..._addresses import intervals as iv
from ..ruleset.model import ABSENT, CLIENT, MAYBE, NOWHERE, SOURCE, By, Numbers, Table, Usual, judge, scalar
from ..ruleset.operations import Match
from ..ruleset.operations import favours_odd
from . import index, memory
from .lookup import found
from .packet import ODD, why
from .result import BudgetError, Result
from .translate import translate

DEPTH = 120         # jumps in each other; the kernel allows 16 (nftables), xtables as many as there are chains
PORTS = ((1, 65535),)
STATES = 64         # different marks, or ports of clients, at a time


class Walker:
    """Walks chains.

    :ivar universe: Told, all clients.
    :ivar steps: int, how many more steps may be taken; a step is about one rule that is visited.
    """

    def __init__(self, universe, steps):
        self.universe, self.steps = universe, steps

    def walk(self, view, chain, state, depth=0):
        """Find what a chain does with all clients.

        :returns: Result.
        :raises BudgetError: it takes too many steps, or jumps too deep.
        """
        key = chain, state
        if key in view.memo:
            result = view.memo[key]
            if result is None:
                raise BudgetError('chains jump in a loop')
            return result
        if depth > DEPTH:
            raise BudgetError('chains are nested more than %d deep' % DEPTH)
        view.memo[key] = None
        try:
            result = view.memo[key] = self._walk(view, chain, state, depth)
        finally:
            if view.memo[key] is None:
                del view.memo[key]
        return result

    def _walk(self, view, chain, state, depth):
        result = Result()
        live = [(state, self.universe)]
        for rule in index.of(chain, view, self.universe.crowds).rules(view.port(state)):
            rest = []
            for state, spans in live:
                self.steps -= 1 + len(spans) // 16
                if self.steps < 0:
                    raise BudgetError('there are too many rules to follow')
                if isinstance(rule, index.Run):
                    self._run(view, rule, state, spans, result, rest)
                else:
                    self._rule(view, rule, state, spans, result, rest, depth)
            live = rest if len(rest) < 2 else self._merge(rest)
            if not live:
                break
        for state, spans in live:
            result.end('return', state, spans, None)
        return result

    @staticmethod
    def _merge(live):
        """Join branches of the same state; of very many states, forget the marks."""
        for dummy in range(2):
            states = {}
            for state, spans in live:
                states[state] = iv.union(states[state], spans) if state in states else spans
            if len(states) <= STATES:
                break
            live = [(state._replace(mark=None, ctmark=None, client=PORTS), spans) for state, spans in states.items()]
        return list(states.items())

    def _run(self, view, run, state, spans, result, rest):
        """Do the same as ``_rule`` for many rules at once."""
        if view.value(('saddr%d' if view.inward else 'daddr%d') % view.family, state) is not SOURCE:
            live = [(state, spans)]
            for rule in run.rules:
                after = []
                for branch in live:
                    self._rule(view, rule, branch[0], branch[1], result, after, 0)
                live = after
            rest.extend(live)
            return
        self.steps -= len(run.rest) // 64
        for kind, clients in run.kinds.items():
            ending = iv.isect(clients, spans)
            if ending:
                result.end(kind, state, ending, None if kind == 'return' else run)
        spans = iv.isect(run.rest, spans)
        if spans:
            rest.append((state, spans))

    def _rule(self, view, rule, state, spans, result, rest, depth, ops=None):
        """Run a rule for some clients; who is not through with the chain after it goes to ``rest``.

        :param ops: sequence of Operation, what is left to run of it; None: all.
        """
        ops = rule.ops if ops is None else ops
        for position, written in enumerate(ops):
            op = _of_one_port(view, written, state) if written.kind == 'either' else written
            kind = op.kind
            if kind == 'match' and _is_about_client_port(view, op, state):
                inside = iv.isect(state.client, op.test.spans)
                outside = iv.minus(state.client, inside)
                if op.negate:
                    inside, outside = outside, inside
                if outside:
                    rest.append((state._replace(client=outside), spans))
                if not inside:
                    return
                state = state._replace(client=inside)
            elif kind == 'match' and _usually(view, op, state) is not None:
                value, passes = _usually(view, op, state)
                following = ops[position + 1:]
                state = self._usual(passes != op.negate, value.caveat, following, rule, state, spans, result, rest)
                if not state:
                    return
            elif kind in ('match', 'recall'):
                met = memory.recall(view, op, state, self.universe) if kind == 'recall' else None
                if met is None and kind == 'recall' and not state.busy and memory.is_new_to(view, op, state):
                    self._rule(view, rule, state._replace(busy=True), spans, result, rest, depth, ops[position:])
                    result.note(result.caveats, spans, (rule, op.caveat))
                    op = op.snapshot
                may, must = met or self._match(view, op, state)
                if must is not self.universe:
                    others = iv.minus(spans, must) if must else spans
                    if others:
                        rest.append((state, others))
                    if not may:
                        return
                    if may != must:
                        unclear = iv.minus(iv.isect(spans, may), must)
                        if unclear:
                            result.note(result.doubts, unclear, (rule, _reason(view, op, state)))
                    spans = iv.isect(spans, may)
                    if not spans:
                        return
            elif kind == 'needs':
                values = [view.value(name, state) for name in op.fields]
                if any(value is ABSENT for value in values):
                    rest.append((state, spans))
                    return
                unsure = [name for name, value in zip(op.fields, values) if value is MAYBE]
                if unsure:
                    result.note(result.doubts, spans, (rule, why(unsure[0])))
                    rest.append((state, spans))
            elif kind == 'doubt':
                result.note(result.doubts, spans, (rule, op.reason))
                rest.append((state, spans))
            elif kind == 'quiet':
                state = self._usual(op.matches, op.caveat, ops[position + 1:], rule, state, spans, result, rest)
                if not state:
                    return
            elif kind == 'remember':
                state = memory.remember(view, op, state)
            elif kind == 'recent':
                state = self._recent(view, rule, op, state, spans, result, rest)
                if state is None:
                    return
            elif kind == 'choose':
                following = tuple(ops[position + 1:])
                for taken, chosen in list(found(view, self.universe, rule, op, state, spans, result)):
                    if chosen is None:
                        rest.append((state, taken))
                    else:
                        self._rule(view, rule, state, taken, result, rest, depth, chosen + following)
                return
            elif kind in ('mark', 'ctmark'):
                if state.track == 'template' and kind == 'mark' and op.needs_connection():
                    state = state._replace(mark=None)           # that of the template
                elif state.track in ('new', 'established') or kind == 'mark' and not op.needs_connection():
                    state = state._replace(**{kind: op.value(state.mark, state.ctmark)})
                elif kind == 'mark' and not op.goes_on:
                    rest.append((state, spans))     # nftables leaves the rule where there is no connection
                    return
            elif kind == 'notrack':
                if state.track == 'none':
                    state = state._replace(track='untracked')
            elif kind == 'zone':
                if state.track == 'none':
                    state = state._replace(track='template', zone=op.zones(state.mark))
            elif kind == 'vmap':
                self._vmap(view, rule, op, state, spans, result, rest, depth)
                return
            elif kind in ('dnat', 'redirect', 'dnatmap', 'snat'):
                translate(view, self.universe, rule, op, state, spans, result, rest)
                return
            else:
                self._verdict(view, rule, op, state, spans, result, rest, depth)
                return
        rest.append((state, spans))

    @staticmethod
    def _usual(matches, caveat, following, rule, state, spans, result, rest):
        """Run a condition that usual clients surely meet, or do not: State with which the rule goes on, or None."""
        if not following:                       # it makes no difference
            return state
        result.note(result.caveats, spans, (rule, caveat))
        odd = state._replace(busy=True) if favours_odd(matches, following) else None
        if not matches:
            rest.append((state, spans))
            return odd
        if odd:
            rest.append((odd, spans))
        return state

    @staticmethod
    def _recent(view, rule, op, state, spans, result, rest):
        """Run a ``Recent``: State with which the rule goes on, or None; others go to ``rest``."""
        on = None
        for matches, after, kind in memory.meet(view, op, state):
            if kind == 'doubt':
                result.note(result.doubts, spans, (rule, 'who was seen recently is unknown'))
            elif kind == 'busy':
                result.note(result.caveats, spans, (rule, op.caveat))
            branch = after._replace(busy=True) if kind == 'busy' else after
            if matches:
                on = branch
            else:
                rest.append((branch, spans))
        return on

    def _match(self, view, op, state):
        """Find whose packets can, and surely do, pass a match: (may, must)."""
        names, negate, test = op.fields, op.negate, op.test
        universe = self.universe
        if len(names) == 1:
            value = view.value(names[0], state)
            if value is ABSENT:
                return iv.EMPTY, iv.EMPTY
            if value is NOWHERE:
                return (universe if negate else iv.EMPTY), iv.EMPTY
            if value is SOURCE or isinstance(value, By):
                may, must = judge(test, value, universe)
            else:
                answer = scalar(test, value)
                if answer is None:
                    return universe, iv.EMPTY
                return (iv.EMPTY, iv.EMPTY) if answer == negate else (universe, universe)
        else:
            values = tuple(view.value(name, state) for name in names)
            if any(value is ABSENT for value in values):
                return iv.EMPTY, iv.EMPTY
            if not isinstance(test, Table):
                return universe, iv.EMPTY
            may = must = iv.EMPTY
            for upper, lower, dummy in test.matching(values, universe):
                may, must = iv.union(may, upper), iv.union(must, lower)
            if negate and any(value is NOWHERE for value in values):
                return universe, iv.EMPTY
        if negate:
            return iv.minus(universe, must), iv.minus(universe, may)
        return may, must

    def _vmap(self, view, rule, op, state, spans, result, rest, depth):
        for taken, verdict in list(found(view, self.universe, rule, op, state, spans, result)):
            if verdict is None:
                rest.append((state, taken))
            else:
                self._verdict(view, rule, verdict, state, taken, result, rest, depth)

    def _verdict(self, view, rule, op, state, spans, result, rest, depth):
        kind = op.kind
        if kind in ('accept', 'drop', 'return'):
            result.end(kind, state, spans, None if kind == 'return' else rule)
        elif kind in ('jump', 'goto'):
            walked = self.walk(view, op.chain, state, depth + 1)
            self.steps -= len(walked.ends)
            result.include(walked, spans)
            for (end, after, decider), everyone in walked.ends.items():
                ending = iv.isect(everyone, spans)
                if ending:
                    if end == 'return' and kind == 'jump':
                        rest.append((after, ending))
                    else:
                        result.end(end, after, ending, None if end == 'return' else decider)
        elif kind == 'continue':
            rest.append((state, spans))
        elif kind == 'unclear':
            result.undecided(op.reason, state, spans, rule, rest)
        else:
            raise TypeError('no verdict: %s' % kind)


def _of_one_port(view, op, state):
    """Operation: what an ``Either`` asks of a packet whose port at the server is known."""
    own, other = ('thsport', 'thdport') if view.reply else ('thdport', 'thsport')
    value = view.value(own, state)
    answer = None if value is ABSENT else scalar(op.test, value)
    if answer is None:
        return Match((own,), op.negate, op.test)
    return Match((own if answer else other,), op.negate, op.test)


def _usually(view, op, state):
    """(Usual, bool): what a match asks for, and whether that passes its test, if it does so for all usual clients."""
    if len(op.fields) > 1 or op.fields[0] not in ODD or not isinstance(op.test, Numbers):
        return None
    value = view.value(op.fields[0], state)
    passes = value.passes(op.test) if isinstance(value, Usual) else None
    return None if passes is None else (value, passes)


def _is_about_client_port(view, op, state):
    return len(op.fields) == 1 and isinstance(op.test, Numbers) and view.value(op.fields[0], state) is CLIENT


def _reason(view, op, state):
    """Why it cannot be known whether a packet passes a match."""
    reason = getattr(op.test, 'reason', None)
    if reason is None:
        names = [name for name in op.fields if not isinstance(view.value(name, state), (int, str))]
        reason = why((names or op.fields)[0])
    return reason
