# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a table has for packets."""

from itertools import product

from ..._addresses import intervals as iv
from ..ruleset.model import ABSENT, MAYBE, Some
from .packet import why


def found(view, universe, rule, op, state, spans, result):
    """Yield (clients, data) for what clients can get of the table of an operation; None: there is nothing for them.

    Clients of whom it is not known what they get are in several of these, with a doubt.

    :param op: VerdictMap, DnatMap or Choose.
    :param result: Result, where doubts are noted.
    """
    values = [view.value(name, state) for name in op.fields]
    if any(value is ABSENT for value in values):
        yield spans, None
        return
    choices = list(product(*(value.values if isinstance(value, Some) else (value,) for value in values)))
    absent = [name for name, value in zip(op.fields, values) if value is MAYBE]
    if absent:
        result.note(result.doubts, spans, (rule, why(absent[0])))
        yield spans, None
    elif len(choices) > 1:
        several = [name for name, value in zip(op.fields, values) if isinstance(value, Some)]
        result.note(result.doubts, spans, (rule, why(several[0])))
    for choice in choices:
        others = spans
        for may, must, data in list(op.table.matching(choice, universe)):
            taken = iv.isect(spans, may)
            others = iv.minus(others, must)
            if taken:
                if may != must:
                    result.note(result.doubts, taken, (rule, why(_doubtful(op.fields, choice))))
                yield taken, data
        if others:
            yield others, op.table.default


def _doubtful(names, values):
    """str: the first field that has no value of its own, else the first of all."""
    return next((name for name, value in zip(names, values) if not isinstance(value, (int, str))), names[0])
