# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a conversation leaves in lists of the kernel that its rules change, and what later rules and packets meet there.

``State.memory`` is a frozenset of ((list, values), (times, open)): how often the conversation has surely put these
values there, 0 where it has surely taken them out; whether further packets of it may have done so more often. Of values
that are not in the memory nothing but the ruleset is known; of a list with the values None, not even that.

Sources: net/netfilter/xt_set.c, xt_recent.c.
"""

from ..._addresses import intervals as iv
from ..ruleset.model import CLIENT, SOURCE

OUT, UNKNOWN = (0, False), (0, True)


def _values(view, fields, state):
    """Tuple: what these fields hold, or None where that is not known so well that it can be met again."""
    values = tuple(view.value(field, state) for field in fields)
    return values if all(isinstance(value, int) or value in (SOURCE, CLIENT) for value in values) else None


def _with(state, key, entry):
    facts = dict(state.memory)
    facts[key] = entry
    return state._replace(memory=frozenset(facts.items()))


def _is_first(state):
    """Return whether the packet is the first one: of those that follow, there can be more than are looked at."""
    return state.connection == 'none'


def _once_more(entry, state):
    return (entry[0] if entry else 0) + 1, not _is_first(state) or bool(entry) and entry[1]


def remember(view, op, state):
    """State: the same, after a ``Remember``."""
    values = _values(view, op.fields, state) if op.holds is not None else None
    facts = dict(state.memory)
    entry = facts.pop((op.name, values), None)
    # one element can stand for several values: what was known of others and could be otherwise now is forgotten
    others = [key for key, known in facts.items() if key[0] == op.name and bool(known[0]) != op.holds]
    if values is None or others:
        for key in others:
            del facts[key]
        facts[op.name, None] = UNKNOWN
    if values is not None:
        facts[op.name, values] = _once_more(entry, state) if op.holds else OUT
    return state._replace(memory=frozenset(facts.items()))


def recall(view, op, state, universe):
    """Find whose packets may, and surely do, find themselves in the list of a ``Recall``: (may, must), or None."""
    values = _values(view, op.fields, state)
    entry = dict(state.memory).get((op.name, values)) if values is not None else None
    if entry is None:
        return None
    return (universe, universe) if bool(entry[0]) != op.negate else (iv.EMPTY, iv.EMPTY)


def meet(view, op, state):
    """Run a ``Recent``.

    :returns: list of (whether the rule goes on, State, kind): ``sure``, ``quiet`` (a client that sends little and was
        not seen before), ``busy`` (another one) or ``doubt``.
    """
    values = _values(view, (op.field,), state)
    key = op.name, values
    entry = dict(state.memory).get(key) if values else None
    met = state
    if values and op.change == 'update':
        met = _with(state, key, _once_more(entry, state) if entry else (1, True))
    elif values and op.change == 'remove':
        met = _with(state, key, OUT)
    hit, missed = (not op.negate, met), (op.negate, state)
    if entry and entry[0] >= op.hits:
        return [hit + ('sure',)]
    if values is None or (op.name, None) in dict(state.memory) or entry and entry[1]:
        return [hit + ('doubt',), missed + ('doubt',)]
    return [hit + ('busy',), missed + ('quiet',)]


def is_new_to(view, op, state):
    """Return whether a ``Recall`` can be judged for a client that was not seen before: it is about its address."""
    if op.snapshot is None or (op.name, None) in dict(state.memory):
        return False
    return any(view.value(field, state) is SOURCE for field in op.fields)
