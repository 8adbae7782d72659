# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which rule decided, and how to word it."""

from ..._addresses import intervals as iv
from ..ruleset.model import Chain


def most(deciders, within):
    """Find the decider of most addresses of a set.

    :param deciders: list of (spans, what).
    :returns: that of the list, with only the spans that are within; of equals, the last. (EMPTY, None): there is none.
    """
    best, size_of_best, last = (iv.EMPTY, None), 0, -1
    sizes = [(iv.size(spans), position) for position, (spans, dummy) in enumerate(deciders)] if within else ()
    for size, position in sorted(sizes, reverse=True):
        if size < size_of_best:         # no other can have more than these
            break
        spans, decider = deciders[position]
        spans = iv.isect(spans, within)
        inside = iv.size(spans)
        if inside > size_of_best or inside == size_of_best and inside and position > last:
            best, size_of_best, last = (spans, decider), inside, position
    return best


def most_accepted(deciders, within):
    """Find the same of those that are let in: a rule, or if there is none, the policy of a chain."""
    by_rule = most([decider for decider in deciders if not isinstance(decider[1], Chain)], within)
    return by_rule if by_rule[0] else most(deciders, within)


def worded(decider, spans=iv.EMPTY):
    """Word a decider.

    :param decider: Rule, Chain (its policy), str, or (Rule or None, str) for a reason and the rule that it is about.
    :param spans: the clients that it decided about.
    """
    if isinstance(decider, tuple):
        rule, text = decider
        return text if rule is None else '%s: %s' % (text, worded(rule))
    if isinstance(decider, str):
        return decider
    if isinstance(decider, Chain):
        return 'policy %s of %s' % (decider.policy, decider.text)
    from ..ruleset import wording
    if hasattr(decider, 'deciding') and spans:
        decider = decider.deciding(spans[0][0])
    return wording.of(decider)
