# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a ruleset can tell apart, so that each question is put once.

Ports between two that rules name are alike, and so are addresses, and interfaces that the same rules name. A host with
many listeners, interfaces and addresses has few questions that differ in that. Rules can also ask whether an address is
one of the interface that a packet comes in by, or lead packets to that: then these addresses are another class there.
"""

import bisect
import random
import time

from ..._addresses import intervals as iv, networks
from ..evaluate.crowds import LONG
from ..evaluate.links import Links
from ..evaluate.routes import Net
from ..ruleset.fields import PROTOCOLS
from ..ruleset.model import Masked, Names, Numbers, Table
from ..ruleset.operations import DROP, Tproxy

TRANSPORTS = ('tcp', 'udp', 'sctp', 'dccp', 'udplite')
LOOPBACK = networks.sets(networks.LOOPBACK)
_OUTWARD = ('output', 'postrouting')
_OTHER = {4: ('addr6', 'ip'), 6: ('addr4', 'ip6')}      # how fields end that no packet of a family has, and its tables
_TOLD = ('tcp', 'udp')                          # where a rule is for ports of any protocol
_OF_KIND = ('fib daddr', 'fib saddr', 'pkttype')    # how fields begin that tell unicast, broadcast and multicast apart


class Timeout(Exception):
    """There was no time left for another question."""


class Asker:
    """Asks the evaluator, and remembers what it said.

    :param net: dict, ``net`` of a snapshot.
    :ivar links: Links.
    :ivar proxies: list of (Tproxy, Rule).
    :ivar translates: bool, some rule leads to another address or port.
    """

    def __init__(self, ruleset, evaluator, seconds, net):
        self._evaluator, self._until, self._routes = evaluator, time.monotonic() + seconds, Net(net)
        self.links = Links(net, ruleset.bases)
        # port or address to a number for all tests that begin or end there
        self._edges = {what: {} for what in TRANSPORTS + tuple(_OTHER)}
        self._long = {4: [], 6: []}         # (number, set): very long sets of addresses, too long to be told by ends
        self._named = {}                    # (kind of chain, family, protocol) to spans of ports
        self._names, self._each, self._odd, self._apart = set(), False, False, False
        self._noted = set()
        self.proxies, self.translates = [], False
        self._kinds = False                 # whether rules tell unicast, broadcast and multicast apart
        self._asks_whose = self._redirects = False      # whether rules ask whose address it is, or lead to another
        for kind in ('translate', 'filter', None):
            self._walk([chain for chain in ruleset.bases if kind == (
                None if chain.hook in _OUTWARD else 'translate' if chain.kind == 'nat' else 'filter')], kind)
        self._alike = {what: _sums(edges) for what, edges in self._edges.items()}
        self._known, self._interfaces = {}, {}

    def _walk(self, chains, kind):
        """Note everything that any rule of these chains looks at, and of those that they jump to."""
        seen = set()
        while chains:
            chain = chains.pop()
            if id(chain) in seen:
                continue
            seen.add(id(chain))
            self._names.update(chain.devices)
            for rule in chain.rules:
                opens = self._opens(kind, chain, rule) if kind and rule.ops and rule.ops[-1].kind != 'drop' else []
                for op in rule.ops:
                    chains.extend(op.targets())
                    for fields, test, negate in op.tests():
                        self._note(fields, test, () if negate else opens)
                    self.translates = self.translates or bool(op.destinations())
                    for destination in op.destinations():
                        self._note_target(*destination)
                    if op.kind == 'redirect':
                        self._each = self._redirects = True     # it leads to the first address of the interface
                    self._apart = self._apart or op.apart
                    if isinstance(op, Tproxy):
                        self.proxies.append((op, rule))

    @staticmethod
    def _opens(kind, chain, rule):
        """list of (kind, family, protocol) of which packets may pass a rule."""
        fields = [(field, op.test) for op in rule.ops if op.kind == 'match' and not op.negate for field in op.fields]
        protocols = _TOLD
        for field, test in fields:
            if field.startswith('l4proto') and isinstance(test, Numbers):
                protocols = [name for name in TRANSPORTS if iv.contains(test.spans, PROTOCOLS[name])]
        return [
            (kind, family, protocol)
            for family, other in _OTHER.items()
            for protocol in protocols
            if chain.family in ('inet', 'netdev', other[1])
            and not any(field.endswith(other[0]) for field, dummy in fields)
        ]

    def _note_target(self, family, addresses, ports):
        """Where a translation leads to is told apart from where packets were sent to."""
        if ports:
            self._note_values('thdport', [ports], ())
        if addresses:
            self._note_values('daddr%d' % family, [addresses], ())

    def _note(self, fields, test, opens):
        self._kinds = self._kinds or any(field.startswith(_OF_KIND) for field in fields)
        key = id(test), fields, tuple(opens)        # many rules can name one set; the ruleset keeps these ids taken
        if key in self._noted:
            return
        self._noted.add(key)
        if isinstance(test, Table):
            at = fields.index('l4proto') if 'l4proto' in fields else None
            for position, field in enumerate(fields):
                kinds = {}
                for tests, data in test.elements:
                    kinds.setdefault(data if len(fields) == 1 else len(kinds), []).append(tests)
                for data, some in kinds.items():
                    keys = () if data is DROP else opens if at is None else [
                        key for key in opens if some[0][at][0] <= PROTOCOLS[key[2]] <= some[0][at][1]]
                    self._note_values(field, [tests[position] for tests in some], keys)
            return
        for field in fields:
            if isinstance(test, Numbers):
                self._note_values(field, test.spans, opens)
            elif isinstance(test, Names):
                self._note_values(field, list(test.exact) + [start + '*' for start in test.starts], opens)
            elif isinstance(test, Masked):
                self._odd = self._odd or field.endswith(('port', 'addr4', 'addr6'))

    def _note_values(self, field, values, opens):
        if field in ('iifname', 'oifname'):
            self._names.update(values)
        elif field.startswith('fib ') and ' iif' in field:
            self._each = True
            self._asks_whose = self._asks_whose or field.startswith('fib daddr')
        elif ' ' in field:
            return                              # what is never known of a packet
        elif field.endswith('port'):
            kinds = [field[:-5]] if field[:-5] in TRANSPORTS else TRANSPORTS
            spans = [(max(low, 0), min(high, 65535)) for low, high in values if low <= 65535]
            self._mark(kinds, spans)
            for key in opens if field.endswith('dport') else ():
                if key[2] in kinds:
                    self._named.setdefault(key, []).extend(spans)
        elif field.endswith(('addr4', 'addr6')):
            self._mark([int(field[-1])], values)

    def _mark(self, kinds, spans):
        """Tell what is in these spans apart from all else."""
        mine, spans = random.getrandbits(64), iv.merged(spans)
        for kind in kinds:
            if len(spans) > LONG and kind in self._long:
                self._long[kind].append((mine, spans))
                continue
            edges = self._edges[kind]
            for low, high in spans:
                edges[low] = edges.get(low, 0) ^ mine
                edges[high + 1] = edges.get(high + 1, 0) ^ mine

    def port_class(self, protocol, port):
        """What two ports have in common if rules treat them alike."""
        if self._odd:
            return (port,)
        starts, sums = self._alike[protocol]
        return sums[bisect.bisect_right(starts, port) - 1]

    def pieces(self, kind, family, protocol):
        """Yield the ports that rules name, as (low, high) of which all are alike.

        :param kind: str, ``translate`` or ``filter``: of rules that may translate packets, or let them in.
        """
        return parts(self._alike[protocol][0], iv.merged(self._named.get((kind, family, protocol), ())))

    def unnamed(self, protocol):
        """int: a port that no rule names; None where rules name all."""
        if self._odd:
            return None
        starts, sums = self._alike[protocol]
        for start, end, total in reversed(list(zip(starts, starts[1:] + [65536], sums))):
            if not total and max(start, 1) < end <= 65536:
                return end - 1
        return None

    def address_class(self, family, address):
        """What two of the host's addresses have in common if rules treat them alike, wherever packets come in."""
        if self._odd or self._apart:
            return (address,)
        starts, sums = self._alike[family]
        kind = self._routes.kind(family, address) if self._kinds else None
        total = sums[bisect.bisect_right(starts, address) - 1]
        for number, spans in self._long[family]:
            total ^= number * iv.contains(spans, address)
        return total, iv.contains(LOOPBACK[family], address), kind

    def different(self, family, low, high):
        """List an address for each part of a network that rules tell from the others."""
        starts = self._alike[family][0]
        inside = starts[bisect.bisect_right(starts, low):bisect.bisect_right(starts, high)]
        for dummy, spans in self._long[family]:
            inside = inside + [edge for first, last in iv.isect(spans, ((low, high),)) for edge in (first, last + 1)
                               if low < edge <= high]
        return [low] + sorted(set(inside))

    def relation(self, family, address, interface):
        """What rules can tell of an address and the interface that packets to it come in by.

        :returns: tuple of two bool; both are False of each address that the interface does not have.
        """
        return (
            self._asks_whose and self._routes.kind(family, address, interface) != 'unicast',
            self._redirects and address in self._routes.redirected(family, interface, address),
        )

    def interface_class(self, name):
        """What two interfaces have in common if rules treat them alike."""
        if name not in self._interfaces:
            # what is below differs with the interface, and so do its rules
            below = frozenset(way and tuple((stage.kind, stage.upper, self._named_by(stage.device)) for stage in way)
                              for way in self.links.ways(name))
            self._interfaces[name] = (name,) if self._each else (
                self._named_by(name), below, self.links.vrf(name), self.links.has_arp(name),
                self._routes.settings(name))
        return self._interfaces[name]

    def _named_by(self, device):
        """Return what rules and chains call a device: they may name thousands, and a host may have as many."""
        patterns = [device] + [device[:end] + '*' for end in range(len(device) + 1)]
        return frozenset(pattern for pattern in patterns if pattern in self._names)

    def ask(self, family, protocol, interface, address, port):
        """(outcome, address, port): one way to a port, and what was asked in its place. Raises Timeout.

        :param address: int, of this host. A destination that is the one asked for is the one that packets were sent to.
        """
        key = (
            family,
            protocol,
            self.port_class(protocol, port),
            self.interface_class(interface),
            self.address_class(family, address),
            self.relation(family, address, interface),
        )
        if key not in self._known:
            self._known[key] = self._ask(self._evaluator.ask, family, protocol, interface, address, port), address, port
        return self._known[key]

    def _ask(self, ask, family, protocol, interface, address, port):
        if time.monotonic() > self._until:
            raise Timeout
        return ask(
            family=family, protocol=protocol, interface=interface, address=iv.address(address, family), port=port)

    def port_kinds(self, protocol):
        """List the spans of ports, 0 left out, that rules treat alike; None where they tell every port apart."""
        if self._odd:
            return None
        starts, sums = self._alike[protocol]
        kinds = {}
        for start, end, total in zip(starts, starts[1:] + [65536], sums):
            if end > 1 and start <= 65535:
                kinds.setdefault(total, []).append((max(start, 1), min(end, 65536) - 1))
        return list(kinds.values())

    def ask_outward(self, family, protocol, interface, address, port):
        """Outcome of what the host sends from one of its addresses by an interface to a port. Raises Timeout."""
        key = 'outward', family, protocol, self.port_class(protocol, port), self.interface_class(interface), \
            self.address_class(family, address)
        if key not in self._known:
            self._known[key] = self._ask(self._evaluator.ask_outward, family, protocol, interface, address, port)
        return self._known[key]


def parts(starts, spans):
    """Yield (low, high), the parts of a set between two of these numbers, which are sorted."""
    for first, high in spans:
        low = first
        while low <= high:
            at = bisect.bisect_right(starts, low)
            end = min(high, starts[at] - 1) if at < len(starts) else high
            yield low, end
            low = end + 1


def _sums(edges):
    """From each start on, the XOR of a random number of 64 bits per test that covers it: (starts, numbers).

    Equal numbers mean the same tests, but for a collision of 2^-64.
    """
    starts, sums, total = [0], [0], 0
    for port in sorted(edges):
        total ^= edges[port]
        if port:
            starts.append(port)
            sums.append(total)
        else:
            sums[0] = total
    return starts, sums
