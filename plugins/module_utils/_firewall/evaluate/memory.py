# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a conversation leaves in lists of the kernel that its rules change, and what later rules and packets meet there.

``State.memory`` is a frozenset of ((list, values), (times, open)): how often the conversation has surely put these
values there, 0 where it has surely taken them out; whether further packets of it may have done so more often. Of values
that are not in the memory nothing but the ruleset is known. Forgetting is always right, only less is known then.

Sources: net/netfilter/xt_set.c, xt_recent.c.
"""

from ..._addresses import intervals as iv
from ..ruleset.model import CLIENT, SOURCE

OUT = 0, False


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
    entry = dict(state.memory).get((op.name, values))
    # one element can stand for several values: what was known of others and could be otherwise now is forgotten
    kept = {key: known for key, known in state.memory
            if key[0] != op.name or values is not None and bool(known[0]) == op.holds}
    if values is not None:
        kept[op.name, values] = _once_more(entry, state) if op.holds else OUT
    return state._replace(memory=frozenset(kept.items()))


def recall(view, op, state, universe):
    """Find whose packets may, and surely do, find themselves in the list of a ``Recall``: (may, must), or None."""
    entry = dict(state.memory).get((op.name, _values(view, op.fields, state)))
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
    if values is None:
        return [hit + ('doubt',), missed + ('doubt',)]
    if entry and entry[0] >= op.hits:
        return [hit + ('sure',)]
    if entry and entry[1]:
        return [hit + ('doubt',), missed + ('doubt',)]
    return [hit + ('busy',), missed + ('quiet',)]

