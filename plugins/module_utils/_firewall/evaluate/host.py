# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host under evaluation: chains, routes, and caches shared by all decisions."""

from ..._addresses import intervals as iv
from ..ruleset.model import UNKNOWN, By
from ..ruleset.operations import led_to
from . import hooks, policy
from .links import Links
from .packet import View
from .routes import Net


_OF_FLAGS = frozenset(('flags', 'tcpmss', 'xtmss'))      # fields that differ between packets of a conversation of TCP


class Host:
    """The host under evaluation.

    :ivar ports: set of int, where ports begin that some rule tells from those below.
    """

    def __init__(self, bases, net):
        self.net = Net(net, policy.marks(bases) if net.get('rules') else frozenset([0]))
        self.bases = bases
        self.forwarding = net.get('forwarding') or {}
        self.localnet = net.get('route_localnet') or ()
        self.links = Links(net, bases)
        self.stops_arp = any(chain.family in ('arp', 'netdev', 'bridge') for chain in bases)
        self._known_hooks = {}
        self._views, self._plans, self._answers = {}, {}, {}
        self._nat_orders = {}
        self.ports, self._flags, self._stops = set(), False, None
        self._note_operations()

    def _note_operations(self):
        """Note ports that rules name, and whether TCP flags matter."""
        for op in led_to(self.bases):
            for low, high in op.ports():
                self.ports.update((low, high + 1))
            self._flags = self._flags or not _OF_FLAGS.isdisjoint(op.reads())

    def has(self, *names):
        """Return whether one of these hooks has chains; ``bridge`` before a name is for those of this family."""
        if names not in self._known_hooks:
            wanted = [name.rpartition(' ') for name in names]
            self._known_hooks[names] = any(
                chain.hook == name and (chain.family == 'bridge') == bool(family)
                for chain in self.bases for family, dummy, name in wanted)
        return self._known_hooks[names]

    def bridged(self, interface):
        """Return whether tables of the family bridge may stop what comes in there, if it is not known how it comes."""
        if self.links.known:
            return False
        if self._stops is None:
            chains = [chain for chain in self.bases if chain.family == 'bridge']
            # ebtables and firewalld leave tables that let everything pass
            self._stops = any(chain.policy != 'accept' for chain in chains) or not all(
                op.passes for op in led_to(chains)
            )
        return self._stops

    def forget(self, many):
        """Drop results of chains when there are many."""
        if sum(len(view.memo) for view in self._views.values()) > many:
            self._views.clear()

    def view(self, family, protocol, hook, reply, way, early, late, flags, upper='own', sends=False):
        """See ``View``; the same one for the same arguments."""
        flags = flags if self._flags or protocol in ('icmpv6', 'arp') else None
        key = family, protocol, hook, reply, way, early, late, flags, upper, sends
        if key not in self._views:
            self._views[key] = View(self.net, *key)
        return self._views[key]

    def plan(self, family, hook, interface):
        """See ``hooks.plan``."""
        key = family, hook, interface if hook in hooks.NEAR else None
        if key not in self._plans:
            self._plans[key] = hooks.plan(self.bases, *key)
        return self._plans[key]

    def nat_orders(self, step):
        """See ``hooks.nat_orders``; found once for each step."""
        if step not in self._nat_orders:
            self._nat_orders[step] = hooks.nat_orders(step.chains)
        return self._nat_orders[step]

    def answers(self, family, interface):
        """See ``Net.answers``; the same object for the same arguments."""
        key = family, interface
        if key not in self._answers:
            vrf = self.links.vrf(interface)
            if vrf:         # its routes are a table of their own, with its interfaces
                alone = self.links.slaves(vrf) == [interface]
                self._answers[key] = By([(iv.full(family), interface)]) if alone else UNKNOWN
            else:
                self._answers[key] = self.net.answers(family, interface)
        return self._answers[key]
