# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Joins what listens with what the firewall lets in: who can reach each listener.

An interface hears packets to every address of the host (the weak host model, RFC 1122 3.3.4.2), from the networks
that the host has routes to behind it. All sets of addresses are as in ``intervals``.
"""

from ..._addresses import intervals as iv
from .alike import LOOPBACK, Timeout
from .describe import Describer, unknown
from .senders import interfaces, possible
from .way_in import IMPOSSIBLE, LINK, Way, joined, shortened


class Joiner:
    """Answers who can reach what, for one host.

    :param net: dict, ``net`` of a snapshot.
    :param asker: Asker.
    :ivar describer: Describer.
    """

    def __init__(self, net, asker):
        self._asker = asker
        self._localnet = net['route_localnet']
        self._interfaces = interfaces(net)
        self._own = {4: {}, 6: {}}          # address to the interfaces that have it
        self._routed = {4: [], 6: []}       # what a route makes local, address by address or not
        for name, texts in net['addresses'].items():
            for text in texts:
                family, address = 6 if ':' in text else 4, iv.number(text.partition('/')[0])
                if not self.is_loopback(family, address):
                    self._own[family].setdefault(address, []).append(name)
        for route in net['routes'] or ():
            if route['type'] == 'local':
                self._routed[route['family']].extend(iv.parse(route['to'])[1])
        self.describer = Describer({
            family: iv.merged((address, address) for address in own) for family, own in self._own.items()})
        self._own_on = {}                   # (family, interface) to its addresses
        for family, own in self._own.items():
            for address, names in own.items():
                for name in names:
                    self._own_on.setdefault((family, name), []).append(address)
        self._places = {family: {address: place for place, address in enumerate(own)}
                        for family, own in self._own.items()}
        self._far = {}                      # family to class to addresses
        self._possible = possible(net)
        self._groups, self._ways, self._texts = {}, {}, {}

    @staticmethod
    def is_loopback(family, address):
        return iv.contains(LOOPBACK[family], address)

    def has(self, family, address):
        """Return whether packets to this address are for the host itself."""
        return address in self._own[family]

    def groups(self, family, address=None, interface=None):
        """List the ways in: (interfaces that are alike, addresses of which no two are alike).

        :param address: int, only to this one.
        :param interface: str, only by this one.
        """
        key = family, address, interface
        if key not in self._groups:
            groups = {}
            for name in self._interfaces if interface is None else [interface]:
                alike = {}
                for candidate in self._addresses(family, name, address):
                    if self._senders(family, (name,), candidate):
                        alike.setdefault(self._kind_of(family, name, candidate), candidate)
                if alike:
                    group = self._asker.interface_class(name), frozenset(alike)
                    groups.setdefault(group, ([], list(alike.values())))[0].append(name)
            self._groups[key] = [(tuple(names), addresses) for names, addresses in groups.values()]
        return self._groups[key]

    def _addresses(self, family, name, address):
        """List the addresses to ask for on an interface: one of each kind that the host has, or a single one."""
        if address is None:
            return self._unlike(family, name)
        if self.is_loopback(family, address) and name not in self._localnet:
            return []
        return [address]

    def _unlike(self, family, name):
        """List addresses of the host that an interface hears, among them one of each kind.

        They are those of the interface, and for each class one that it does not have: all others are like these.
        """
        own = self._own_on.get((family, name), ())
        if family not in self._far:
            self._far[family] = {}
            for address in self._own[family]:
                if not self._is_link(family, address):
                    self._far[family].setdefault(self._asker.address_class(family, address), []).append(address)
        others = [next((address for address in addresses if name not in self._own[family][address]), None)
                  for addresses in self._far[family].values()]
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
        return [address for address, names in self._own[family].items()
                if name in names or not self._is_link(family, address)]

    def _kind_of(self, family, name, address):
        asker = self._asker
        return (
            asker.address_class(family, address),
            asker.relation(family, address, name),
            self._is_link(family, address),
        )

    @staticmethod
    def _is_link(family, address):
        return iv.contains(LINK[family], address)

    def _senders(self, family, names, address):
        """The set of clients that can send to an address by some interfaces."""
        key = family, names, self._is_link(family, address) or self.is_loopback(family, address)
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
        undecided = [(iv.minus(iv.isect(spans, senders), never), shortened(reason))
                     for spans, reason in outcome.undecided]
        return Way(names, family, senders, iv.isect(outcome.allowed, senders),
                   tuple(pair for pair in undecided if pair[0]), outcome,
                   tuple(shortened(text) for text in outcome.caveats), translations, translated)

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
        for names, addresses in self.groups(family, address, interface):
            ways = [self.ask(family, protocol, port, names, heard, address is None) for heard in addresses]
            is_translated = is_translated or any(way.translations for way in ways)
            ways = [way if keep else way.to_port_itself() for way in ways]
            result.append(joined(ways, self._parts(family, names, addresses, ways)))
        if not is_translated:
            self._ways[key] = result
        return result

    def _parts(self, family, names, addresses, ways):
        """List a Way for the addresses to which the same clients get, if there are several of these."""
        parts = []              # each a list of (address, Way)
        for pair in zip(addresses, ways):
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

    def _listed(self, family, names, addresses):
        """Return the addresses for which these stand, as a tuple of text."""
        key = family, names, tuple(addresses)
        if key not in self._texts:
            every = {own for address in addresses for own in self.alike(family, names, address)}
            self._texts[key] = tuple(iv.address(address, family) for address in sorted(every))
        return self._texts[key]

    def exposure(self, record, keep=False):
        """dict: who can reach a listener, None for what is not judged.

        :param keep: bool, see ``ways``.
        """
        taken = families(record)
        if record['protocol'] == 'raw':
            return unknown_of(record, 'raw sockets are not judged')
        ways, caveats, local = [], [], False
        try:
            for family, address, is_sure in taken:
                some, notes, is_local = self._binding(family, address, record, keep)
                local = local or is_local
                caveats += notes
                ways += some if is_sure else [way.doubted('whether the socket accepts IPv4 is unknown') for way in some]
        except Timeout:
            return unknown_of(record, 'there was no time left to judge it')
        except Unclear as exc:
            return unknown_of(record, str(exc))
        result = self.describer.exposure(ways, local)
        result['caveats'] = sorted(set(result['caveats'] + caveats))
        if local and not ways:
            result['decided_by'] = result['blocked_by'] = 'bound to loopback'
        return result

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
        if interface is not None and interface not in self._interfaces:
            raise Unclear('it is bound to %s, whose addresses and routes are unknown' % interface)
        if address and not self.has(family, address):
            if iv.contains(IMPOSSIBLE[family], address):
                raise Unclear('multicast and broadcast are not judged')
            if iv.contains(iv.merged(self._routed[family]), address):
                raise Unclear('its address is local only through a route')
            return [], ['the host does not have the address %s' % record['address']], False
        return self.ways(family, protocol, port, address or None, interface, keep), [], False


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
