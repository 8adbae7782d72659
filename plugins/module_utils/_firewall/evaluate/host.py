# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's chains and its network, and what all decisions about it have in common. Private, may change."""

from ..ruleset.model import Numbers, Table
from . import hooks
from .packet import View
from .routes import Net


class Place:
    """The host.

    :ivar ports: set of int, where ports begin that some rule tells from those below.
    """

    def __init__(self, bases, net):
        self.net = Net(net)
        self.bases = bases
        self.forwarding = net.get('forwarding') or {}
        self.localnet = net.get('route_localnet') or ()
        self._bridges = net.get('bridges')     # names, or None where they are not known
        self._views, self._plans, self._answers = {}, {}, {}
        self._nat_orders = {}
        self.ports, self._flags, self._stops = set(), False, None
        seen = set()
        for chain in bases:
            self._look(chain, seen)

    def _look(self, chain, seen):
        """Notes ports that rules name, and whether TCP flags matter, in a chain and all that it leads to."""
        waiting = [chain]
        while waiting:
            chain = waiting.pop()
            if id(chain) in seen:
                continue
            seen.add(id(chain))
            for rule in chain.rules:
                for op in rule.ops:
                    if op[0] in ('match', 'vmap', 'dnatmap'):
                        names, test = (op[2], op[3]) if op[0] == 'dnatmap' else (op[1], op[-1])
                        self._note(names, test)
                        if op[0] == 'vmap':
                            waiting.extend(data[1] for dummy, data in test.elements if data[0] in ('jump', 'goto'))
                            if test.default and test.default[0] in ('jump', 'goto'):
                                waiting.append(test.default[1])
                    elif op[0] in ('jump', 'goto'):
                        waiting.append(op[1])
                    if op[0] in ('dnat', 'dnatmap', 'redirect') and op[-1]:
                        self._span(op[-1])
                    if op[0] == 'dnatmap':
                        for dummy, data in test.elements:
                            if data[2]:
                                self._span(data[2])

    def _note(self, names, test):
        for position, name in enumerate(names):
            if name == 'flags':
                self._flags = True
            elif name.endswith('port'):
                if isinstance(test, Numbers):
                    for span in test.spans:
                        self._span(span)
                elif isinstance(test, Table):
                    for tests, dummy in test.elements:
                        self._span(tests[position])
                else:
                    self.ports.update(range(65536))     # masks: each port by itself

    def _span(self, span):
        self.ports.update((span[0], span[1] + 1))

    def bridged(self, interface):
        """bool: tables of the family bridge may stop what comes in there; they see what passes a bridge."""
        if self._bridges is not None and interface not in self._bridges:
            return False
        if self._stops is None:
            self._stops = any(chain.family == 'bridge' and (chain.policy != 'accept' or _may_stop(chain)) for chain in self.bases)
        return self._stops

    def forget(self, many):
        """Drops results of chains when there are many."""
        if sum(len(view.memo) for view in self._views.values()) > many:
            self._views.clear()

    def view(self, family, protocol, hook, reply, way, early, late, flags):
        """See ``View``; the same one for the same arguments."""
        key = family, protocol, hook, reply, way, early, late, flags if self._flags or protocol == 'icmpv6' else None
        if key not in self._views:
            self._views[key] = View(self.net, family, protocol, hook, reply, way, early, late, flags)
        return self._views[key]

    def plan(self, family, hook, interface):
        """See ``_hooks.plan``."""
        key = family, hook, interface if hook == 'ingress' else None
        if key not in self._plans:
            self._plans[key] = hooks.plan(self.bases, *key)
        return self._plans[key]

    def nat_orders(self, step):
        """See ``_hooks.nat_orders``; found once for each step."""
        if step not in self._nat_orders:
            self._nat_orders[step] = hooks.nat_orders(step.chains)
        return self._nat_orders[step]

    def answers(self, family, interface):
        """See ``Net.answers``; the same object for the same arguments."""
        key = family, interface
        if key not in self._answers:
            self._answers[key] = self.net.answers(family, interface)
        return self._answers[key]


def _may_stop(first):
    """bool: in a chain, or in those that it leads to, is something other than letting through: ebtables and firewalld leave such tables."""
    waiting, seen = [first], set()
    while waiting:
        chain = waiting.pop()
        if id(chain) in seen:
            continue
        seen.add(id(chain))
        for op in (op for rule in chain.rules for op in rule.ops):
            if op[0] not in _HARMLESS:
                return True
            if op[0] in ('jump', 'goto'):
                waiting.append(op[1])
    return False


_HARMLESS = frozenset(('match', 'doubt', 'quiet', 'accept', 'return', 'jump', 'goto'))
