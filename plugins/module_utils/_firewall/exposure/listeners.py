# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Joins what listens with what the firewall lets in: who can reach each listener.

An interface hears packets to every address of the host (the weak host model, RFC 1122 3.3.4.2), or only to its own
(the strong one), from the networks that the host has routes to behind it. All sets of addresses are as in
``intervals``.
"""

from copy import copy

from ..._addresses import intervals as iv, networks
from ..evaluate import packet
from ..evaluate.crowds import NONE
from ..evaluate.reasons import worded
from ..evaluate.routes import Net
from ..ruleset.model import ABSENT, Numbers, scalar
from . import ipsec
from .alike import LOOPBACK, Timeout
from .describe import Describer, unknown
from .senders import interfaces, possible
from .way_in import LINK, NEAR, Deciders, Way, joined, shortened

# sockets of these hear broadcasts and groups; connections are never made to such (RFC 1122 4.2.3.10, RFC 9260 8.4)
_HEAR_MANY = ('udp', 'udplite')
_MANY = networks.sets(networks.MULTICAST)
_EVERYBODY = iv.LAST[4]             # the limited broadcast
_OF_INTERFACE = {4: iv.EMPTY, 6: iv.parse('ff01::/16')[1]}      # groups that no packet from outside is for
_MOST_DEAF = 10                  # interfaces in a caveat
_OF_OTHERS = 'whether the interface takes packets for addresses of other interfaces is not known'


class Joiner:
    """Answers who can reach what, for one host.

    :param net: dict, ``net`` of a snapshot. Where it has ``weak``, the host has the strong host model: that is, by
        ``ipv4`` and ``ipv6``, a dict of the interfaces that take packets for addresses of others all the same, True or
        False, or None where it is not known. The groups that such a host has joined are not known.
    :param asker: Asker.
    :param crowds: dict, family to Crowds.
    :param describer: class, ``Describer`` or one of its kind.
    :ivar describer: Describer.
    :ivar policies: list of dict, those of IPsec.
    """

    def __init__(self, net, asker, crowds=NONE, describer=Describer):
        self._asker = asker
        self.policies, self._is_chosen = net.get('ipsec') or (), net.get('sk_lookup')
        self._localnet, self._l3mdev = net['route_localnet'], net.get('l3mdev_accept') or {}
        self._interfaces, self._weak = interfaces(net), net.get('weak')
        self._own = {4: {}, 6: {}}          # address to the interfaces that have it
        self._routed = {4: [], 6: []}       # (low, high) that routes alone make local
        self._maybe = {4: [], 6: []}        # the same, by routing rules that look at more than the destination
        self._heard = {4: {_EVERYBODY: None}, 6: {}}        # broadcasts and groups to interfaces, None for all
        self._heard_on, self._broadcasts = {}, None         # those of (family, interface); those of each kind
        for name, texts in net['addresses'].items():
            for text in texts:
                family, address = 6 if ':' in text else 4, iv.number(text.partition('/')[0])
                if not self.is_loopback(family, address):
                    self._own[family].setdefault(address, []).append(name)
        for text, dummy, is_sure in net.get('local') or ():
            family, ((low, high),) = iv.parse(text)
            if is_sure and low == high:
                self._own[family].setdefault(low, [])
            else:
                (self._routed if is_sure else self._maybe)[family].append((low, high))
        self._note_heard(net)
        self.describer = describer({
            family: iv.merged((address, address) for address in own) for family, own in self._own.items()}, crowds)
        self._crowds = crowds
        self._own_on = {}                   # (family, interface) to its addresses
        for family, own in self._own.items():
            for address, names in own.items():
                for name in names:
                    self._own_on.setdefault((family, name), []).append(address)
        self._places = {family: {address: place for place, address in enumerate(own)}
                        for family, own in self._own.items()}
        self._far = {}                      # family to class to addresses
        self._possible = {key: crowds[key[0]].touched(spans) for key, spans in possible(net).items()}
        self._groups, self._ways, self._texts = {}, {}, {}

    def asking(self, asker):
        """The same of another Asker, to whom the same interfaces and addresses are alike."""
        other = copy(self)
        other._asker, other._ways = asker, {}
        return other

    def _note_heard(self, net):
        """Note what a socket hears beside packets to an address of the host."""
        for address, names in Net(net).broadcast.items():
            if not self.is_loopback(4, address):
                # the weak host takes it from whatever interface it comes in by
                self._heard[4][address] = None if self._weak is None else names
                for name in names:
                    self._heard_on.setdefault((4, name), []).append(address)
        for name, texts in (net.get('groups') or {}).items():
            for text in texts:
                family, ((low, dummy),) = iv.parse(text)
                if name in self._interfaces and not iv.contains(_OF_INTERFACE[family], low):
                    self._heard[family].setdefault(low, []).append(name)
                    self._heard_on.setdefault((family, name), []).append(low)

    @staticmethod
    def is_loopback(family, address):
        return iv.contains(LOOPBACK[family], address) or iv.contains(_OF_INTERFACE[family], address)

    def has(self, family, address):
        """Return whether packets to this address are for the host itself."""
        return address in self._own[family] or any(low <= address <= high for low, high in self._routed[family])

    def groups(self, family, address=None, interface=None, many=False):
        """List the ways in: (interfaces that are alike, addresses of which no two are alike).

        :param address: int, only to this one.
        :param interface: str, only by this one.
        :param many: bool, to broadcasts and multicast groups as well.
        """
        key = family, address, interface, many
        if key not in self._groups:
            groups = {}
            for name in self._hearing(interface):
                alike = {}
                for candidate in self._addresses(family, name, address, many):
                    if self._senders(family, (name,), candidate):
                        alike.setdefault(self._kind_of(family, name, candidate), candidate)
                if alike:
                    group = self._asker.interface_class(name), frozenset(alike)
                    groups.setdefault(group, ([], list(alike.values())))[0].append(name)
            self._groups[key] = [(tuple(names), addresses) for names, addresses in groups.values()]
        return self._groups[key]

    def _hearing(self, interface):
        """List the interfaces whose packets a socket on this device hears, None for one on none."""
        if interface is None:
            return self._interfaces
        slaves = self._asker.links.slaves(interface)
        return [name for name in self._interfaces if name in slaves] or [interface]

    def _addresses(self, family, name, address, many):
        """List the addresses to ask for on an interface: one of each kind that the host has, or a single one."""
        if address is None:
            return self._unlike(family, name) + self._by_routes(family) + (self._many(family, name) if many else [])
        if self.is_loopback(family, address) and name not in self._localnet:
            return []
        if address in self._heard[family] and not self._is_heard(family, address, name):
            return []
        return [] if self._takes(family, name, address) is False else [address]

    def _takes(self, family, name, address):
        """Return whether an interface takes packets to an address, which another one may have; None: not known."""
        names = self._own[family].get(address)
        return True if names is None or name in names else self._takes_others(family, name)

    def _takes_others(self, family, name):
        """Return whether an interface takes packets to addresses of others; None: not known."""
        return True if self._weak is None else self._weak[networks.FAMILIES[family]].get(name)

    def _is_heard(self, family, address, name):
        names = self._heard[family][address]
        return names is None or name in names

    def _many(self, family, name):
        """List broadcasts and groups that an interface hears: its own, and of each kind one that is another's."""
        own = self._heard_on.get((family, name), [])
        if self._broadcasts is None:
            self._broadcasts = {}
            for address, names in self._heard[4].items():
                if names is None:
                    kind = self._asker.address_class(4, address), self._is_near(4, address)
                    self._broadcasts.setdefault(kind, []).append(address)
        others = self._broadcasts.values() if family == 4 else ()
        strange = [next((address for address in some if address not in own), None) for some in others]
        return own + [address for address in strange if address is not None]

    def _unlike(self, family, name):
        """List addresses of the host that an interface hears, among them one of each kind.

        They are those of the interface, and for each class one that it does not have but takes packets for: all others
        are like these.
        """
        own = self._own_on.get((family, name), ())
        if family not in self._far:
            self._far[family] = {}
            for address in self._own[family]:
                if not iv.contains(LINK[family], address):
                    self._far[family].setdefault(self._asker.address_class(family, address), []).append(address)
        others = [next((address for address in addresses if name not in self._own[family][address]), None)
                  for addresses in self._far[family].values()] if self._takes_others(family, name) is not False else ()
        place = self._places[family]
        return sorted(set(own).union(address for address in others if address is not None), key=place.__getitem__)

    def alike(self, family, names, address):
        """List the addresses of the host for which one of those in ``groups`` stands, as int."""
        result = set()
        for name in names:
            kind = self._kind_of(family, name, address)
            result.update(own for own in self._own_by(family, name) if self._kind_of(family, name, own) == kind)
        return sorted(result)

    def _own_by(self, family, name):
        own = [address for address, names in self._own[family].items()
               if name in names
               or not iv.contains(LINK[family], address) and self._takes(family, name, address) is not False]
        return own + self._by_routes(family)

    def _by_routes(self, family):
        """List an address for each part, of the prefixes that are local, that rules tell from the others."""
        return [address for span in self._routed[family] for address in self._asker.different(family, *span)]

    def _kind_of(self, family, name, address):
        asker = self._asker
        return (
            asker.address_class(family, address),
            asker.relation(family, address, name),
            self._is_near(family, address),
            self._takes(family, name, address),
        )

    @staticmethod
    def _is_near(family, address):
        return iv.contains(NEAR[family], address)

    def _senders(self, family, names, address):
        """The set of clients that can send to an address by some interfaces."""
        key = family, names, self._is_near(family, address) or self.is_loopback(family, address)
        if key not in self._possible:
            self._possible[key] = iv.merged(
                span for name in names for span in self._possible[family, (name,), key[2]])
        return self._possible[key]

    def ask(self, family, protocol, port, names, address, wildcard=False):
        """Find the ``Way`` to one address. Raises Timeout.

        :param wildcard: bool, to a socket on all addresses of the host: packets that are led to the same port of
            another address get to it all the same, and are not translated.
        """
        outcome, asked, number = self._asker.ask(family, protocol, names[0], address, port)
        senders, never = self._senders(family, names, address), self.describer.never[family]
        translations, translated = (), iv.EMPTY
        if outcome.translated_by:
            rule = shortened(outcome.translated_by)

            def target(to, at):
                """Where packets go, if those that were asked for go to this address and port."""
                to = address if to == asked else to
                return None if to is None else iv.address(to, family), port if at == number else at

            def stays(to, at):
                """Whether packets get to the socket all the same."""
                return at == number and (to == asked or wildcard and to is not None and self._hears(family, to))

            parts = [(iv.isect(spans, senders), stays(to, at), target(to, at))
                     for spans, to, at in outcome.destinations]
            translations = tuple((spans, where, rule) for spans, is_kept, where in parts if spans and not is_kept)
            kept, moved = (iv.merged(span for spans, is_kept, dummy in parts if is_kept is wanted for span in spans)
                           for wanted in (True, False))
            translated = iv.minus(moved, kept)
            to, at = outcome.delivered or (None, None)
            if not translations and not stays(to and iv.number(to), at):        # and nobody gets there
                translations = ((iv.isect(outcome.blocked, senders), (to, port if at == number else at), rule),)
        trimmed = self._crowds[family].trimmed
        undecided = [(trimmed(iv.minus(iv.isect(spans, senders), never)), shortened(reason))
                     for spans, reason in outcome.undecided]
        way = Way(names, family, senders, trimmed(iv.isect(outcome.allowed, senders)),
                  tuple(pair for pair in undecided if pair[0]), outcome,
                  tuple(shortened(text) for text in outcome.caveats), translations, translated)
        return way if self._takes(family, names[0], address) else way.doubted(_OF_OTHERS)

    def _hears(self, family, address):
        """Return whether a socket on all addresses gets what is sent to this one."""
        return self.has(family, address) or self.is_loopback(family, address)

    def ways(self, family, protocol, port, address=None, interface=None, keep=False):
        """List a ``Way`` for each group of interfaces, over all addresses that a socket on this one hears.

        Where some clients get to one of these addresses and not to another, the Way has parts.

        :param keep: bool, translated packets get to the socket all the same.
        """
        key = family, protocol, self._asker.port_class(protocol, port), address, interface
        if key in self._ways:
            return self._ways[key]
        result, is_translated = [], False
        for names, addresses in self.groups(family, address, interface, protocol in _HEAR_MANY):
            ways = [self.ask(family, protocol, port, names, heard, address is None) for heard in addresses]
            is_translated = is_translated or any(way.translations for way in ways)
            ways = [way if keep else way.to_port_itself() for way in ways]
            way = joined(ways, self._parts(family, names, addresses, ways))
            crosses = True if interface else self._crosses(protocol, names)
            if crosses:
                result.append(way)
            elif crosses is None:
                result.append(way.doubted('whether sockets hear packets of a VRF is unknown (l3mdev_accept)'))
        if not is_translated:
            self._ways[key] = result
        return result

    def _crosses(self, protocol, names):
        """Return whether packets of these interfaces get to sockets that are bound to no device; None: not known.

        Those of a VRF do by net.ipv4.tcp_l3mdev_accept and udp_l3mdev_accept only.
        """
        if self._asker.links.vrf(names[0]) is None:
            return True
        return self._l3mdev.get({'dccp': 'tcp', 'udplite': 'udp'}.get(protocol, protocol))

    def _parts(self, family, names, addresses, ways):
        """List a Way for the addresses to which the same clients get, if there are several of these."""
        parts = []              # each a list of (address, Way)
        for pair in self._telling(family, addresses, ways):
            same = next((part for part in parts if part[0][1].is_like(pair[1])), None)
            if same:
                same.append(pair)
            else:
                parts.append([pair])
        if len(parts) < 2:
            return ()
        return tuple(
            joined([way for dummy, way in part]).to(self._listed(family, names, [address for address, dummy in part]))
            for part in parts)

    def _telling(self, family, addresses, ways):
        """Yield (address, Way), but for broadcasts and groups by which nobody comes who does not come anyway."""
        own = [way for address, way in zip(addresses, ways) if address not in self._heard[family]]
        usual = iv.united([way.allowed for way in own])
        maybe = iv.union(usual, iv.united([spans for way in own for spans, dummy in way.undecided]))
        for address, way in zip(addresses, ways):
            doubted = iv.united([spans for spans, dummy in way.undecided])
            if address not in self._heard[family] or iv.minus(way.allowed, usual) or iv.minus(doubted, maybe):
                yield address, way

    def _listed(self, family, names, addresses):
        """Return the addresses for which these stand, as a tuple of text."""
        key = family, names, tuple(addresses)
        if key not in self._texts:
            every = {own for address in addresses for own in self.alike(family, names, address)}
            every.update(address for address in addresses if address in self._heard[family])
            self._texts[key] = tuple(iv.address(address, family) for address in sorted(every))
        return self._texts[key]

    def exposure(self, record, keep=False, more=()):
        """dict: who can reach a listener, None for what is not judged.

        :param keep: bool, see ``ways``.
        :param more: list of Way, by which packets get to it that were sent to something else.
        """
        if record['protocol'] == 'raw':
            return unknown_of(record, 'raw sockets are not judged')
        if self._is_chosen and record['protocol'] in ('tcp', 'udp'):
            return unknown_of(record, 'a BPF program (sk_lookup) chooses the sockets that get packets')
        try:
            ways, caveats, local = self.reaching(record, keep)
        except Timeout:
            return unknown_of(record, 'there was no time left to judge it')
        except Unclear as exc:
            return unknown_of(record, str(exc))
        result = self.describer.exposure(ways + list(more), local)
        result['caveats'] = sorted(set(result['caveats'] + caveats))
        if local and not ways and not more:
            result['decided_by'] = result['blocked_by'] = 'bound to loopback'
        return result

    def reaching(self, record, keep=False):
        """Find the ways to a listener, of all families.

        :param keep: bool, see ``ways``.
        :returns: tuple of list of Way, list of caveats, and whether it is bound to loopback.
        :raises Unclear: it cannot be judged. :raises Timeout: there is no time left.
        """
        ways, caveats, local = [], [], False
        for family, address, is_sure in families(record):
            some, notes, is_local = self._binding(family, address, record, keep)
            some = some + self._proxied(family, address, record)
            if self.policies:
                heard = [address] if address else self._own[family]
                own = {family: iv.merged((own_address, own_address) for own_address in heard)}
                some = self.guarded(some, ('in', 'out'), record['protocol'], record['port'], own)
            local = local or is_local
            caveats += notes
            ways += some if is_sure else [way.doubted('whether the socket accepts IPv4 is unknown') for way in some]
        return ways, caveats, local

    def _binding(self, family, address, record, keep):
        """Find the ways to one family of a listener.

        :returns: tuple of list of Way, list of caveats, and whether it is bound to loopback.
        :raises Unclear: it cannot be judged.
        """
        protocol, port, interface = record['protocol'], record['port'], record['interface']
        if self.is_loopback(family, address) or interface == 'lo':
            letting = self._localnet if family == 4 and interface in (None, *self._localnet) else []
            ways = self.ways(family, protocol, port, address, interface, keep) if letting and address else []
            caveats = ['route_localnet lets packets to 127.0.0.0/8 in by %s' % ', '.join(letting)] if ways else []
            return ways, caveats, True
        if interface is not None and not set(self._hearing(interface)) <= set(self._interfaces):
            raise Unclear('it is bound to %s, whose addresses and routes are unknown' % interface)
        if address in self._heard[family] or iv.contains(_MANY[family], address):
            if protocol not in _HEAR_MANY:
                return [], ['no connection can be made to %s, which is many hosts' % record['address']], False
            if address not in self._heard[family] and self._weak is not None:
                raise Unclear('which multicast groups the host has joined is not known')
            if address not in self._heard[family]:
                return [], ['no interface has joined the group %s' % record['address']], False
        elif address and not self.has(family, address):
            if any(low <= address <= high for low, high in self._maybe[family]):
                raise Unclear('rules of routing decide which packets to %s are for this host' % record['address'])
            return [], ['the host does not have the address %s' % record['address']], False
        deaf = [name for name in self._interfaces if interface is None and self._crosses(protocol, (name,)) is False]
        caveats = ['packets of a VRF, by %s, do not get to a socket that is bound to no device (l3mdev_accept)' % (
            ', '.join(deaf[:_MOST_DEAF] + ['...'] * (len(deaf) > _MOST_DEAF)))] if deaf else []
        return self.ways(family, protocol, port, address or None, interface, keep), caveats, False

    def guarded(self, ways, directions, protocol, port, own):
        """List the same ways, less what policies of IPsec stop; see ``ipsec.guarded``."""
        return ipsec.guarded(ways, self.policies, directions, protocol, port, own, self._crowds)

    def _proxied(self, family, address, record):
        """List a ``Way`` for each rule and interface by which packets may be handed to a listener as to a proxy."""
        result = []
        for op, rule in self._asker.proxies if record['protocol'] in ('tcp', 'udp') else ():
            if not op.leads_to(family, address, record['port']):
                continue
            for name in self._interfaces if record['interface'] is None else [record['interface']]:
                clients = _clients(rule, op, family, record['protocol'], name)
                clients = iv.isect(self._possible[family, (name,), False], self._crowds[family].touched(clients))
                clients = iv.minus(clients, self.describer.never[family])
                if clients:
                    reason = shortened(worded((rule, op.reason)))
                    result.append(Way((name,), family, clients, (), ((clients, reason),), Deciders(None, None)))
        return result


def _clients(rule, proxy, family, protocol, interface):
    """Return the set of clients that a rule may hand to a proxy, by the plain matches before that."""
    clients, known = iv.full(family), packet.fixed(family, protocol)
    for op in rule.ops[:rule.ops.index(proxy)]:
        if op.kind != 'match' or len(op.fields) != 1:
            continue
        name = op.fields[0]
        if name == 'saddr%d' % family and isinstance(op.test, Numbers):
            clients = iv.minus(clients, op.test.spans) if op.negate else iv.isect(clients, op.test.spans)
            continue
        value = interface if name == 'iifname' else known.get(name)
        is_matched = scalar(op.test, value) if isinstance(value, (int, str)) else None
        if value is ABSENT or is_matched is not None and is_matched == op.negate:
            return iv.EMPTY
    return clients


class Unclear(Exception):
    """Who can reach a listener cannot be decided; the message is the reason."""


def families(record):
    """List (family, address as int, bool: surely) that a listener takes packets of."""
    address = iv.number(record['address'])
    if record['family'] == 'ipv4':
        return [(4, address, True)]
    if not record['accepts_ipv6']:          # an IPv4 address inside an IPv6 one
        return [(4, address & 0xffffffff, True)]
    result = [(6, address, True)]
    if not address and record['accepts_ipv4'] is not False:
        result.append((4, 0, bool(record['accepts_ipv4'])))
    return result


def unknown_of(record, reason):
    """dict: the exposure of a listener that could not be judged."""
    return unknown([family for family, dummy, dummy2 in families(record)], reason)
