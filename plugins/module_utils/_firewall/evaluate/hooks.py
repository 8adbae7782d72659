# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The chains of a hook in the order in which the kernel runs them. Private to this collection, may change.

Sources: net/netfilter/core.c (a hook registered later runs before others of its priority), nf_nat_core.c (all
NAT chains of a hook run at one priority, until one has translated), include/uapi/linux/netfilter_ipv4.h.
"""

from itertools import permutations

CONNTRACK, DNAT, SNAT = -200, -100, 100
NAT_AT = {'prerouting': DNAT, 'output': DNAT, 'input': SNAT, 'postrouting': SNAT}
FAMILIES = {4: ('ip', 'inet'), 6: ('ip6', 'inet')}
ORDERS = 3          # that many elements of one priority are tried in every order


class Step:
    """A stop on the way: a chain, the start of connection tracking, or all NAT chains of a hook.

    :ivar kind: str, ``chain``, ``conntrack``, ``nat`` or ``unordered`` (too many chains of one priority).
    :ivar chains: list of Chain, one but for ``nat``.
    """

    def __init__(self, kind, priority, chains):
        self.kind, self.priority, self.chains = kind, priority, chains
        effects = [_effects(chain, {}) for chain in chains]
        self.writes = frozenset().union(*(one for one, dummy in effects)) | {
            'chain': frozenset(), 'conntrack': frozenset(['ct']), 'nat': frozenset(['address', 'mark', 'ct'])}[kind]
        self.reads = frozenset().union(*(one for dummy, one in effects))


def plan(bases, family, hook, interface=None):
    """list of lists of orders; an order is a list of Step, and the kernel takes one of the orders.

    :param bases: list of Chain.
    :param interface: str or None, of the hook ingress.
    """
    chains = [chain for chain in bases if chain.hook == hook and chain.family in FAMILIES[family] + ('netdev',)]
    if hook == 'ingress':
        result = []
        for early in (True, False):     # the chains of tables for devices come first
            steps = [Step('chain', chain.priority, [chain]) for chain in chains
                     if (chain.family == 'netdev') == early and (not chain.devices or interface in chain.devices)]
            # older nft does not tell the device of a chain: it may be another one
            if all(step.chains[0].devices for step in steps):
                result += _grouped(steps)
            else:
                result += [[[step]] if step.chains[0].devices else [[step], []] for step in steps]
        return result
    steps = [Step('chain', chain.priority, [chain]) for chain in chains if chain.kind != 'nat']
    nat = [chain for chain in chains if chain.kind == 'nat']
    if nat and hook in NAT_AT:
        steps.append(Step('nat', NAT_AT[hook], nat))
    if hook in ('prerouting', 'output'):
        steps.append(Step('conntrack', CONNTRACK, []))
    return _grouped(steps)


def _grouped(steps):
    groups = {}
    for step in steps:
        groups.setdefault(step.priority, []).append(step)
    return [_orders(groups[priority]) for priority in sorted(groups)]


def nat_orders(chains):
    """list of lists of Chain: the orders in which the NAT chains of a hook may run; a None in it: there are more."""
    result, more = [[]], False
    for group in _grouped([Step('chain', chain.priority, [chain]) for chain in chains]):
        more = more or None in group
        result = [before + [chain for step in order for chain in step.chains] for before in result for order in group if order is not None]
    return result + [None] if more else result


def _orders(steps):
    """The orders of steps of one priority that can differ in what they do."""
    steps = steps[::-1]         # of one table, the later one is the first
    if not any(_interfere(one, other) for position, one in enumerate(steps) for other in steps[position + 1:]):
        return [steps]
    if len(steps) > ORDERS:
        return [steps, None]
    found = []
    for order in permutations(range(len(steps))):
        table = {}
        for position in order:
            table.setdefault(_table(steps[position]), []).append(position)
        if all(key is None or positions == sorted(positions) for key, positions in table.items()):
            found.append([steps[position] for position in order])
    return found


def _table(step):
    return (step.chains[0].backend, step.chains[0].family, step.chains[0].table) if step.kind == 'chain' else None


def _interfere(one, other):
    if _table(one) == _table(other) and one.kind == 'chain':
        return False
    return bool(one.writes & (other.reads | other.writes) or other.writes & one.reads)


def _effects(chain, seen):
    """(what a chain and those it jumps to change, what they look at): sets of ``mark``, ``ct``, ``address``."""
    if id(chain) in seen:
        return frozenset(), frozenset()
    seen[id(chain)] = True
    writes, reads = set(), set()
    for rule in chain.rules:
        for op in rule.ops:
            kind = op[0]
            if kind in ('match', 'vmap'):
                for name in op[1]:
                    reads.add('mark' if name == 'mark' else 'ct' if name.startswith('ct') else
                              'address' if name.startswith(('daddr', 'fib')) or name.endswith('dport') else '')
            elif kind in ('mark', 'ctmark'):
                writes.add('mark' if kind == 'mark' else 'ct')
                reads.update(('mark', 'ct'))
            elif kind == 'notrack':
                writes.add('ct')
            elif kind in ('dnat', 'redirect', 'dnatmap', 'snat'):
                writes.add('address')
            targets = [op] if kind in ('jump', 'goto') else [data for dummy, data in op[2].elements] + [op[2].default] if kind == 'vmap' else ()
            for target in targets:
                if target and target[0] in ('jump', 'goto'):
                    more = _effects(target[1], seen)
                    writes.update(more[0])
                    reads.update(more[1])
    return frozenset(writes), frozenset(reads - {''})
