# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The chains of a hook in the order in which the kernel runs them.

Sources: net/netfilter/core.c (a hook registered later runs before others of its priority), nf_nat_core.c (all
NAT chains of a hook run at one priority, until one has translated), include/uapi/linux/netfilter_ipv4.h.
"""

from itertools import permutations

from ..ruleset.operations import led_to

CONNTRACK, DNAT, SNAT = -200, -100, 100
NAT_AT = {'prerouting': DNAT, 'output': DNAT, 'input': SNAT, 'postrouting': SNAT}
TABLES = {4: ('ip', 'inet'), 6: ('ip6', 'inet'), 0: ()}         # 0: of packets of ARP
NEAR = ('ingress', 'egress')        # hooks of a device
_WRITES = {'chain': frozenset(), 'conntrack': frozenset(['ct']), 'nat': frozenset(['address', 'mark', 'ct'])}
ORDERS = 3          # that many elements of one priority are tried in every order


class Step:
    """A stop on the way: a chain, the start of connection tracking, or all NAT chains of a hook.

    :ivar kind: str, ``chain``, ``conntrack``, ``nat`` or ``unordered`` (too many chains of one priority).
    :ivar chains: list of Chain, one but for ``nat``.
    """

    def __init__(self, kind, priority, chains):
        self.kind, self.priority, self.chains = kind, priority, chains
        self._known_effects = None

    @property
    def effects(self):
        """tuple of two frozensets: what it writes, and what it reads. Only asked where several have one priority."""
        if self._known_effects is None:
            effects = [_effects(chain) for chain in self.chains]
            writes = frozenset().union(*(writes for writes, dummy in effects))
            self._known_effects = writes | _WRITES[self.kind], frozenset().union(*(reads for dummy, reads in effects))
        return self._known_effects


def plan(bases, family, hook, interface=None):
    """Find the orders in which the chains of a hook can run.

    :returns: list of lists of orders; an order is a list of Step, and the kernel takes one of each list.
    :param bases: list of Chain.
    :param hook: str; ``bridge`` or ``arp`` before it is for chains of that family.
    :param interface: str or None, of the hooks ingress and egress.
    """
    other, dummy, name = hook.rpartition(' ')
    families = (other,) if other else TABLES[family] + ('netdev',)
    chains = [chain for chain in bases if chain.hook == name and chain.family in families]
    if hook in NEAR:
        result = []
        for early in (True, False):     # the chains of tables for devices come first
            steps = [Step('chain', chain.priority, [chain]) for chain in chains
                     if (chain.family == 'netdev') == early and is_for(chain, interface)]
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


def is_for(chain, device):
    """Return whether a chain is for a device, or may be: its name, or how it begins and ``*``, is among the chain's."""
    return not chain.devices or any(
        name == device or name.endswith('*') and str(device).startswith(name[:-1]) for name in chain.devices)


def _grouped(steps):
    groups = {}
    for step in steps:
        groups.setdefault(step.priority, []).append(step)
    return [_orders(groups[priority]) for priority in sorted(groups)]


def nat_orders(chains):
    """Find the orders in which the NAT chains of a hook can run.

    :returns: list of lists of Chain; a None in it: there are more.
    """
    result, more = [[]], False
    for group in _grouped([Step('chain', chain.priority, [chain]) for chain in chains]):
        more = more or None in group
        result = [before + [chain for step in order for chain in step.chains]
                  for before in result for order in group if order is not None]
    return result + [None] if more else result


def _orders(steps):
    """The orders of steps of one priority that can differ in what they do."""
    steps = steps[::-1]         # of one table, the later one is the first
    if not any(_interfere(step, other) for position, step in enumerate(steps) for other in steps[position + 1:]):
        return [steps]
    if len(steps) > ORDERS:
        return [steps, None]
    result = []
    for order in permutations(range(len(steps))):
        table = {}
        for position in order:
            table.setdefault(_table(steps[position]), []).append(position)
        if all(key is None or positions == sorted(positions) for key, positions in table.items()):
            result.append([steps[position] for position in order])
    return result


def _table(step):
    return (step.chains[0].backend, step.chains[0].family, step.chains[0].table) if step.kind == 'chain' else None


def _interfere(step, other):
    if _table(step) == _table(other) and step.kind == 'chain':
        return False
    writes, reads = step.effects
    other_writes, other_reads = other.effects
    return bool(writes & (other_reads | other_writes) or other_writes & reads)


def _effects(chain):
    """Find what a chain, and those that it leads to, can change and depend on.

    :returns: tuple of two frozensets of ``mark``, ``ct``, ``address`` and ``lists``.
    """
    writes, reads = set(), set()
    for op in led_to([chain]):
        writes.update(op.writes())
        reads.update(op.reads())
    return frozenset(writes), frozenset(filter(None, map(_subject, reads)))


def _subject(field):
    """What can change before a field is read: ``mark``, ``ct``, ``address`` or ``lists``; None for all else."""
    if field in ('mark', 'lists'):
        return field
    if field.startswith('ct'):
        return 'ct'
    return 'address' if field.startswith(('daddr', 'fib')) or field.endswith('dport') else None
