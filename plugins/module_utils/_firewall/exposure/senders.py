# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who can send to a host at all: networks behind its interfaces, by the routes of a snapshot."""

from ..._addresses import intervals as iv
from ..._addresses.networks import FAMILIES
from ..evaluate.routes import Net
from ..ruleset.model import By
from .way_in import IMPOSSIBLE

MOST_SOURCES = 2000             # of a family, networks that can send at all


def interfaces(net):
    """List the interfaces that others can send to.

    :param net: dict, ``net`` of a snapshot.
    """
    return sorted(name for name in net['addresses'] if name != 'lo')


def sources(net):
    """List the networks that can send to the host by any interface, whatever its rules say.

    :param net: dict, ``net`` of a snapshot, or None.
    :returns: dict, ``ipv4`` and ``ipv6`` to list of str; None if they are not known, or too many to list.
    """
    if net is None or net['sources'] is None:
        return None
    result = {}
    for family, name in FAMILIES.items():
        spans = iv.merged(
            span for interface in interfaces(net) for span, dummy in _behind(net, family, interface)
            if not any(low <= span[0] and span[1] <= high for low, high in IMPOSSIBLE[family]))
        texts = iv.networks(spans, family) if len(spans) <= MOST_SOURCES else None
        if texts is None or len(texts) > MOST_SOURCES:
            return None
        result[name] = texts
    return result


def possible(net):
    """Find who can send by each interface.

    :returns: dict, (family, (interface,), whether only those without a router between) to a set.
    """
    result, routes = {}, Net(net)
    for name in interfaces(net):
        for family in FAMILIES:
            behind = None if net['sources'] is None else _behind(net, family, name)
            for link in (False, True):
                spans = iv.full(family)
                if behind is not None:
                    spans = iv.merged(span for span, routed in behind if not (link and routed))
                if family == 4 and net['rp_filter'].get(name) == 1:
                    answers = routes.reverse(4, name)
                    spans = iv.minus(spans, answers.parts[1][0]) if isinstance(answers, By) else spans
                result[family, (name,), link] = spans
    return result


def _behind(net, family, interface):
    """List ((low, high), whether a router is between), of the networks that routes have behind an interface."""
    return [(iv.parse(to)[1][0], routed) for to, routed in net['sources'].get(interface, ())
            if (':' in to) == (family == 6)]
