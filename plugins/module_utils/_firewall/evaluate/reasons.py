# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which rule decided, and how that is said. Private to this collection, may change."""

from ..._addresses import intervals as iv
from ..ruleset.model import Chain


def most(found, within):
    """The (spans, what) with the most addresses of a set; of equals, the last. (EMPTY, None) where none has any."""
    best, size_of_best, last = (iv.EMPTY, None), 0, -1
    for size, position in sorted([(iv.size(one[0]), position) for position, one in enumerate(found)], reverse=True) if within else ():
        if size < size_of_best:         # no other can have more than these
            break
        there = iv.isect(found[position][0], within)
        inside = iv.size(there)
        if inside > size_of_best or inside == size_of_best and inside and position > last:
            best, size_of_best, last = (there, found[position][1]), inside, position
    return best


def most_accepted(found, within):
    """The same of those that are let in: by a rule, or where there is none, by the policy of a chain."""
    by_rule = most([one for one in found if not isinstance(one[1], Chain)], within)
    return by_rule if by_rule[0] else most(found, within)


def said(by, spans=iv.EMPTY):
    """str: a rule, the policy of a chain, or a reason with the rule that it is about."""
    if isinstance(by, tuple):
        rule, text = by
        return text if rule is None else '%s: %s' % (text, said(rule))
    if isinstance(by, str):
        return by
    if isinstance(by, Chain):
        return 'policy %s of %s' % (by.policy, by.text)
    from ..ruleset import wording
    if hasattr(by, 'deciding') and spans:
        by = by.deciding(spans[0][0])
    return wording.of(by)
