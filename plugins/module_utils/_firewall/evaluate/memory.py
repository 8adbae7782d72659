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
    if entry is None:
        facts.pop(key, None)
    else:
        facts[key] = entry
    return state._replace(memory=frozenset(facts.items()))


def _is_first(state):
    """Return whether the packet is the first one: of those that follow, there can be more than are looked at."""
    return state.connection == 'none'


def _once_more(entry, state):
    return (entry[0] if entry else 0) + 1, not _is_first(state) or bool(entry) and entry[1]


def remember(view, op, state):
    """State: the same, after a ``Remember``."""
    values = _values(view, op.fields, state)
    if values is None:          # it may have been anything
        kept = frozenset(fact for fact in state.memory if fact[0][0] != op.name)
        return state if kept == state.memory else state._replace(memory=kept)
    key = op.name, values
    if op.holds is None:
        return _with(state, key, None)
    return _with(state, key, _once_more(dict(state.memory).get(key), state) if op.holds else OUT)


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

