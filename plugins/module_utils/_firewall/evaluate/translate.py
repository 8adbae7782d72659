# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where translations send packets."""

from itertools import product

from ..ruleset.operations import ANY_PORT
from .lookup import found

CHOICES = 16        # ports or addresses of a translation that chooses
SAME = 'an address that a network is translated to already: whether that is a translation depends on the kernel'


def translate(view, universe, rule, op, state, spans, result, rest):
    """Run a translation for some clients; who is not through with the chain after it goes to ``rest``.

    :param universe: set of all clients.
    :param op: Dnat, DnatMap, Redirect or Snat.
    """
    if op.kind == 'snat' and not view.reply:
        result.end('accept', state._replace(snat=True, done=True), spans, rule)
    elif view.sends:
        result.undecided('translates where the host sends to', state, spans, rule, rest)
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
            _send(_targets(op, state), op.port_span, state, spans, rule, result, op.network and view.family == 4)
        else:
            rest.append((state, spans))
    else:
        raise TypeError('no translation: %s' % op.kind)


def _by_map(view, universe, rule, op, state, spans, result, rest):
    for taken, target in list(found(view, universe, rule, op, state, spans, result)):
        if target is None:
            rest.append((state, taken))
        else:
            translate(view, universe, rule, target.with_ports(op.port_span), state, taken, result, rest)


def _targets(op, state):
    """Sequence of the addresses that a Dnat may choose, None for one that is not known."""
    if op.addresses is None:
        return [state.address]
    low, high = op.addresses
    if op.network:          # net/netfilter/nft_nat.c: what is below the mask stays
        return [None if state.address is None else low | state.address & (low ^ high)]
    return range(low, high + 1) if high - low < CHOICES else [None]


def _send(addresses, ports, state, spans, rule, result, unlike=False):
    """Send packets to one of these addresses and ports; None among the addresses: it is not known to which.

    :param unlike: bool, an address may count as translated though it stays the same: net/netfilter/nft_nat.c,
        nft_nat_setup_netmap, fills the first 4 of 16 bytes of an address of IPv4, nf_nat_setup_info compares all, and
        what the others hold depends on how the kernel was built.
    """
    if ports == ANY_PORT:
        ports = [None]
    elif ports is None or state.port is not None and ports[0] <= state.port <= ports[1]:
        ports = (state.port,)
    else:
        ports = range(ports[0], ports[1] + 1) if ports[1] - ports[0] < CHOICES else [None]
    if len(addresses) * len(ports) > 1 or None in addresses or None in ports:
        result.note(result.doubts, spans, (rule, 'the kernel chooses the destination'))
    for address, port in product(addresses, ports):
        is_changed = (address, port) != (state.was, state.wasport)
        result.end('accept', state._replace(address=address, port=port, done=True, dnat=is_changed), spans, rule)
        if unlike and not is_changed:
            result.note(result.doubts, spans, (rule, SAME))
            result.end('accept', state._replace(address=address, port=port, done=True, dnat=True), spans, rule)
