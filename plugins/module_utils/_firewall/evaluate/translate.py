# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where translations send packets."""

from itertools import product

from ..._addresses import intervals as iv
from ..ruleset.model import ABSENT
from .packet import why

CHOICES = 16        # ports or addresses of a translation that chooses


def translate(view, universe, rule, op, state, spans, result, rest):
    """Run a translation for some clients; who is not through with the chain after it goes to ``rest``.

    :param universe: set of all clients.
    :param op: Dnat, DnatMap, Redirect or Snat.
    """
    if op.kind == 'snat' and not view.reply:
        result.end('accept', state._replace(snat=True, done=True), spans, rule)
    elif view.hook != 'prerouting' or view.reply:
        result.undecided('translates an answer', state, spans, rule, rest)
    elif op.kind == 'dnatmap':
        _by_map(view, universe, rule, op, state, spans, result, rest)
    elif op.kind == 'redirect':
        targets = view.net.redirected(view.family, view.way[0], state.was or 0)
        if targets:
            _send(targets, op.port_span, state, spans, rule, result)
        else:
            result.end('drop', state, spans, rule)
    elif op.kind == 'dnat':
        if op.family in (None, view.family):
            low, high = op.addresses or (state.address, state.address)
            targets = range(low, high + 1) if low is not None and high - low < CHOICES else [None]
            _send(targets, op.port_span, state, spans, rule, result)
        else:
            rest.append((state, spans))
    else:
        raise TypeError('no translation: %s' % op.kind)


def _by_map(view, universe, rule, op, state, spans, result, rest):
    values = tuple(view.value(name, state) for name in op.fields)
    if any(value is ABSENT for value in values):
        rest.append((state, spans))
        return
    others = spans
    for may, must, dnat in list(op.table.matching(values, universe)):
        taken = iv.isect(spans, may)
        others = iv.minus(others, must)
        if taken:
            if may != must:
                result.note(result.doubts, taken, (rule, why(op.fields[0])))
            translate(view, universe, rule, dnat.with_ports(op.port_span), state, taken, result, rest)
    if others and op.table.default is not None:
        dnat = op.table.default.with_ports(op.port_span)
        translate(view, universe, rule, dnat, state, others, result, rest)
    elif others:
        rest.append((state, others))


def _send(addresses, ports, state, spans, rule, result):
    """Send packets to one of these addresses and ports; None among the addresses: it is not known to which."""
    if ports is None or state.port is not None and ports[0] <= state.port <= ports[1]:
        ports = (state.port,)
    else:
        ports = range(ports[0], ports[1] + 1) if ports[1] - ports[0] < CHOICES else [None]
    if len(addresses) * len(ports) > 1 or None in addresses or None in ports:
        result.note(result.doubts, spans, (rule, 'the kernel chooses the destination'))
    for address, port in product(addresses, ports):
        is_changed = (address, port) != (state.was, state.wasport)
        result.end('accept', state._replace(address=address, port=port, done=True, dnat=is_changed), spans, rule)
