# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's addresses and routes, as far as rules ask for them."""

import bisect

from ..._addresses import intervals as iv, networks
from ..ruleset.model import NOWHERE, UNKNOWN, By
from .links import Links
from .policy import Policy, parted

_LINK = networks.sets(networks.LINK)
_LOOPBACK = networks.sets(networks.LOOPBACK)
_MULTICAST = networks.sets(networks.MULTICAST)
# of clients with such an address, the way back is no matter of routes
_NEVER_BACK = {4: networks.sets(networks.IMPOSSIBLE)[4], 6: networks.sets(networks.IMPOSSIBLE, networks.LINK)[6]}


class Net:
    """Answers about addresses and routes.

    :param net: dict, ``net`` of a snapshot.
    :param marks: set of int, what packets may be marked with; None: anything.
    """

    def __init__(self, net, marks=frozenset([0])):
        self._net, self._links = net, Links(net, ())
        self._marks, self._unclear = marks, {}
        self.own = {}                       # {(family, address): [interfaces]}
        self.broadcast = {}                 # of IPv4, address to interfaces
        self.prefixes = {4: [], 6: []}      # (low, high, interface) that are local by a route, with no address
        for interface, texts in (net.get('addresses') or {}).items():
            for text in texts:
                base, dummy, length = text.partition('/')
                base = base.partition('%')[0]
                family = 6 if ':' in base else 4
                self.own.setdefault((family, iv.number(base)), []).append(interface)
                if family == 4 and length and int(length) < 31 and 'broadcast' not in net:
                    low, high = iv.prefix(base, length, 4)
                    self.broadcast.setdefault(high, []).append(interface)
        for text, interface in net.get('broadcast') or ():
            self.broadcast.setdefault(iv.number(text), []).append(interface)
        for text, interface, is_sure in net.get('local') or ():
            family, ((low, high),) = iv.parse(text)
            if is_sure and low == high:     # an address of an interface that gets no packets itself
                self.own.setdefault((family, low), []).append(interface)
            elif is_sure:
                self.prefixes[family].append((low, high, interface))
        self._routes, self._starts = {}, {}

    def is_local(self, family, address):
        if (family, address) in self.own or (family == 4 and address >> 24 == 127) or (family == 6 and address == 1):
            return True
        return any(low <= address <= high for low, high, dummy in self.prefixes[family])

    def redirected(self, family, interface, address):
        """List where ``redirect`` may send what came in here; the kernel takes one of these numbers.

        Of IPv6, net/netfilter/nf_nat_redirect.c takes the first of the interface's list that is of the scope of the
        address asked for; older kernels take the first of the list, which begins with the widest scope.
        """
        if family == 4:
            primary = (self._net.get('primary') or {}).get(interface)
            return [iv.number(primary)] if primary else []
        numbers = [number for (kind, number), interfaces in self.own.items() if kind == 6 and interface in interfaces]
        wide = [number for number in numbers if number >> 118 != 0x3fa]
        narrow = [number for number in numbers if number >> 118 == 0x3fa]
        return wide + narrow if address >> 118 == 0x3fa else wide or narrow

    def kind(self, family, address, interface=None):
        """str: ``local``, ``broadcast``, ``multicast`` or ``unicast``, for what is not routed by exotic routes."""
        if family == 4:
            if address >> 28 == 14:
                return 'multicast'
            if address == iv.LAST[4] or address >> 24 == 0:
                return 'broadcast'
            if address in self.broadcast and (interface is None or interface in self.broadcast[address]):
                return 'broadcast'
        elif address >> 120 == 0xff:
            return 'multicast'
        if self.is_local(family, address):
            loopback = address >> 24 == 127 if family == 4 else address == 1
            names = ['lo'] if loopback else self.own.get((family, address)) or [
                name for low, high, name in self.prefixes[family] if low <= address <= high]
            return 'local' if interface is None or interface in names else 'unicast'
        return 'unicast'

    def kinds(self, family, interface=None):
        """By: the same for every client."""
        own = [address for kind, address in self.own if kind == family]
        own += [1] if family == 6 else list(self.broadcast)
        names = {}
        for address in own:
            names.setdefault(self.kind(family, address, interface), []).append((address, address))
        if family == 4:
            names.setdefault(self.kind(4, _LOOPBACK[4][0][0] + 1, interface), []).extend(_LOOPBACK[4])
            names.setdefault('broadcast', []).extend([(0, (1 << 24) - 1), (iv.LAST[4],) * 2])
        for low, high, dummy in self.prefixes[family]:
            names.setdefault(self.kind(family, low, interface), []).append((low, high))
        names.setdefault('multicast', []).extend(_MULTICAST[family])
        special = {name: iv.merged(spans) for name, spans in names.items() if name != 'unicast'}
        rest = iv.full(family)
        for spans in special.values():
            rest = iv.minus(rest, spans)
        if family == 6:
            # an IPv6 address without a route is ``unreachable``, the first of a network can be ``anycast``
            routes = self.routes(6)
            routed = [spans for spans, hops in routes or () if hops and all(hop[1] == 'unicast' for hop in hops)]
            anycast = iv.merged([(low, low) for low, high in self._networks(6)])
            rest = iv.minus(iv.isect(rest, iv.merged([span for spans in routed for span in spans])), anycast)
        return By([(spans, name) for name, spans in special.items()] + [(rest, 'unicast')])

    def settings(self, interface):
        """Return what verdicts depend on beside the rules: whether it takes packets to 127.0.0.0/8, and is a bridge."""
        return interface in (self._net.get('route_localnet') or ()), interface in (self._net.get('bridges') or ())

    def came_over_bridge(self, interface):
        """0 where packets that come in there (NOWHERE: the host's own) surely came over no port of a bridge.

        :returns: 0 or UNKNOWN.
        """
        known = interface is NOWHERE or isinstance(interface, str) and self._links.known and \
            not self._links.is_bridged(interface)
        return 0 if known else UNKNOWN

    def _networks(self, family):
        result = []
        for interface, texts in (self._net.get('addresses') or {}).items():
            for text in texts:
                base, dummy, length = text.partition('/')
                if (':' in base) == (family == 6) and length:
                    result.append(iv.prefix(base.partition('%')[0], length, family))
        return result

    def routes(self, family):
        """List (spans, [(interface, type)]) that part the family's addresses by their route; None: too many routes."""
        if family not in self._routes:
            self._routes[family] = self._divide(family)
        return self._routes[family]

    def is_unclear(self, family):
        """Return whether packets are routed by more than their destination, in a way that cannot be followed."""
        if not self._net.get('rules'):
            return False
        if family not in self._unclear:
            self._unclear[family] = not Policy(self._net, family).is_clear(self._marks)
        return self._unclear[family] or self.routes(family) is None

    def in_vrf(self, interface):
        """Return whether an interface is a VRF or in one: its packets have routes of their own."""
        return isinstance(interface, str) and bool(self._links.vrf(interface) or self._links.slaves(interface))

    def _divide(self, family):
        if self._net.get('rules'):
            return Policy(self._net, family).divide()
        return parted(family, self._net.get('routes') or ())

    def outward(self, family, address):
        """List the interfaces that lead to an address, None in it for one that cannot be known; empty: no route."""
        if self.is_unclear(family) or self.routes(family) is None:
            return [None]
        if family not in self._starts:
            parts = sorted(
                (low, [interface for interface, kind in hops if kind == 'unicast'])
                for spans, hops in self.routes(family) for low, dummy in spans)
            self._starts[family] = [low for low, dummy in parts], [names for dummy, names in parts]
        starts, names = self._starts[family]
        return names[bisect.bisect(starts, address) - 1]

    def answers(self, family, interface):
        """By or UNKNOWN: the interface that answers to a client leave through; without a route, where it came in."""
        if self.is_unclear(family) or self.routes(family) is None:
            return UNKNOWN
        parts = {}
        for spans, hops in self.routes(family):
            names = {name for name, kind in hops if kind == 'unicast'} or {interface}
            if len(names) == 1:
                parts.setdefault(names.pop(), []).extend(iv.minus(spans, _LINK[6]) if family == 6 else spans)
        if family == 6:
            parts.setdefault(interface, []).extend(_LINK[6])
        return By([(iv.merged(spans), name) for name, spans in parts.items()])

    def back(self, family):
        """By or UNKNOWN: the interface that the only route back to a client leads through."""
        if self.is_unclear(family) or self.routes(family) is None:
            return UNKNOWN
        own = [(address, address) for kind, address in self.own if kind == family]
        odd = iv.merged(own + list(_NEVER_BACK[family]))
        return By([(iv.minus(spans, odd), hops[0][0]) for spans, hops in self.routes(family)
                   if len(hops) == 1 and hops[0][1] == 'unicast' and hops[0][0]])

    def reverse(self, family, interface):
        """By or UNKNOWN: whether the route back to a client leads through an interface (None: any), True or False.

        Of the host's own addresses as clients, and of routes with several ways, it is not known.
        """
        if self.is_unclear(family) or self.routes(family) is None:
            return UNKNOWN
        yes, no = [], []
        for spans, hops in self.routes(family):
            names = [name for name, kind in hops if kind == 'unicast']
            if not names and not hops or names and interface not in names + [None]:
                no.extend(spans)
            elif names and (interface is None or set(names) == {interface}):
                yes.extend(spans)
        odd = [(address, address) for kind, address in self.own if kind == family]
        odd += _NEVER_BACK[family]
        odd = iv.merged(odd)
        return By([(iv.minus(iv.merged(yes), odd), 1), (iv.minus(iv.merged(no), odd), 0)])
