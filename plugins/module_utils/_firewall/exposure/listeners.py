# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Joins what listens with what the firewall lets in: who can reach each listener. Private to this collection, may change.

An interface hears packets to every address of the host (the weak host model, RFC 1122 3.3.4.2), from the networks
that the host has routes to behind it. All sets of addresses are as in ``_intervals``.
"""

import heapq

from ..._addresses import intervals as iv
from ..._addresses.networks import FAMILIES
from ..evaluate.routes import Net
from ..ruleset.model import By
from .alike import LOOPBACK, Timeout
from .way_in import IMPOSSIBLE, LINK, Way, apart, level, short, united

MOST_NETWORKS = 200             # of a family, in one list of a result
MOST_SOURCES = 2000             # of a family, networks that can send at all
MOST_REASONS = 30               # and caveats, the same
EVERYONE = {4: '0.0.0.0/0', 6: '::/0'}
_FULL = {family: iv.full(family) for family in FAMILIES}


def sources(net):
    """dict, ``ipv4`` and ``ipv6`` to list of str: the networks that can send to the host by any interface, whatever its rules say.

    :param net: dict, ``net`` of a snapshot, or None.
    :returns: None where they are not known, or too many to list.
    """
    if net is None or net['sources'] is None:
        return None
    found = {}
    for family, name in FAMILIES.items():
        spans = iv.merged(span for one in interfaces(net) for span, dummy in behind(net, family, one)
                          if not any(low <= span[0] and span[1] <= high for low, high in IMPOSSIBLE[family]))
        found[name] = iv.networks(spans, family) if len(spans) <= MOST_SOURCES else ()
        if len(spans) > MOST_SOURCES or len(found[name]) > MOST_SOURCES:
            return None
    return found


def interfaces(net):
    """list of str: those that others can send to."""
    return sorted(name for name in net['addresses'] if name != 'lo')


def behind(net, family, interface):
    """list of ((low, high), whether a router is between): the networks that routes of a snapshot have behind an interface."""
    return [(iv.parse(to)[1][0], routed) for to, routed in net['sources'].get(interface, ()) if (':' in to) == (family == 6)]


class Joiner:
    """Answers who can reach what, for one host.

    :param net: dict, ``net`` of a snapshot.
    :param asker: ``_classes.Asker``.
    """

    def __init__(self, net, asker):
        self._asker = asker
        self._localnet = net['route_localnet']
        self._interfaces = interfaces(net)
        self._own = {4: {}, 6: {}}          # address to the interfaces that have it
        self._routed = {4: [], 6: []}       # what a route makes local, address by address or not
        for name, texts in net['addresses'].items():
            for text in texts:
                family = 6 if ':' in text else 4
                self._own[family].setdefault(iv.number(text.partition('/')[0]), []).append(name)
        for route in net['routes'] or ():
            if route['type'] == 'local':
                self._routed[route['family']].extend(iv.parse(route['to'])[1])
        self._own = {family: {one: names for one, names in own.items() if not self.is_loopback(family, one)} for family, own in self._own.items()}
        self._mine = {family: iv.merged((one, one) for one in own) for family, own in self._own.items()}
        self._never = {family: iv.union(IMPOSSIBLE[family], mine) for family, mine in self._mine.items()}
        self._possible, routes = {}, Net(net)
        for name in self._interfaces:
            for family in FAMILIES:
                there = None if net['sources'] is None else behind(net, family, name)
                for link in (False, True):
                    some = _FULL[family] if there is None else iv.merged(span for span, routed in there if not (link and routed))
                    if family == 4 and net['rp_filter'].get(name) == 1:
                        answers = routes.reverse(4, name)
                        some = iv.minus(some, answers.parts[1][0]) if isinstance(answers, By) else some
                    self._possible[family, (name,), link] = some
        self._groups, self._ways, self._texts, self._described = {}, {}, {}, {}

    @staticmethod
    def is_loopback(family, address):
        return iv.contains(LOOPBACK[family], address)

    def is_whole(self, family, allowed, possible):
        """bool: everybody who can send is let in."""
        rest = iv.minus(possible, allowed)
        return not rest or not iv.minus(rest, self._never[family])

    def has(self, family, address):
        """bool: packets to this address are for the host itself."""
        return address in self._own[family]

    def groups(self, family, address=None, interface=None):
        """The ways in: list of (interfaces that are alike, addresses of which no two are alike).

        :param address: int, only to this one. :param interface: str, only by this one.
        """
        key = family, address, interface
        if key in self._groups:
            return self._groups[key]
        found = {}
        for name in self._interfaces if interface is None else [interface]:
            if address is None:
                there = self._own_by(family, name)
            elif self.is_loopback(family, address):
                there = [address] if name in self._localnet else []
            else:
                there = [address]
            alike = {}
            for one in there:
                if self._sources(family, (name,), one):
                    alike.setdefault(self._kind_of(family, one), one)
            if alike:
                names, addresses = found.setdefault((self._asker.interface_class(name), frozenset(alike)), ([], list(alike.values())))
                names.append(name)
        self._groups[key] = result = [(tuple(names), addresses) for names, addresses in found.values()]
        return result

    def alike(self, family, names, address):
        """list of int: the addresses of the host for which one of those in ``groups`` stands."""
        kind = self._kind_of(family, address)
        return sorted({one for name in names for one in self._own_by(family, name) if self._kind_of(family, one) == kind})

    def _own_by(self, family, name):
        return [one for one, names in self._own[family].items() if name in names or not self._is_link(family, one)]

    def _kind_of(self, family, address):
        return self._asker.address_class(family, address), self._is_link(family, address)

    @staticmethod
    def _place(family, address, port):
        return None if address is None else iv.address(address, family), port

    @staticmethod
    def _is_link(family, address):
        return iv.contains(LINK[family], address)

    def _sources(self, family, names, address):
        """The set of clients that can send to an address by some interfaces."""
        key = family, names, self._is_link(family, address) or self.is_loopback(family, address)
        if key not in self._possible:
            self._possible[key] = iv.merged(span for name in names for span in self._possible[family, (name,), key[2]])
        return self._possible[key]

    def ask(self, family, protocol, port, names, address):
        """``Way`` to one address."""
        outcome, asked, number = self._asker.ask(family, protocol, names[0], address, port)
        possible = self._sources(family, names, address)
        lost, moved = (), iv.EMPTY
        if outcome.translated_by:
            there = [(iv.isect(spans, possible), (to, at) == (asked, number), self._place(family, address if to == asked else to, port if at == number else at))
                     for spans, to, at in outcome.destinations]
            lost = tuple((spans, where, short(outcome.translated_by)) for spans, kept, where in there if spans and not kept)
            moved = iv.minus(*(iv.merged(span for spans, kept, dummy in there if kept == stays for span in spans) for stays in (False, True)))
            if not lost and outcome.delivered != (iv.address(asked, family), number):       # and nobody gets there
                to, at = outcome.delivered or (None, None)
                lost = ((iv.isect(outcome.blocked, possible), (to, port if at == number else at), short(outcome.translated_by)),)
        undecided = [(iv.minus(iv.isect(spans, possible), self._never[family]), short(reason)) for spans, reason in outcome.undecided]
        return Way(names, family, possible, iv.isect(outcome.allowed, possible), tuple(one for one in undecided if one[0]),
                   outcome, tuple(short(text) for text in outcome.caveats), lost, moved)

    def ways(self, family, protocol, port, address=None, interface=None, keep=False):
        """list of ``Way``, one for interfaces that are alike, over all addresses that a socket on this one hears.

        :param keep: bool, translated packets get to the socket all the same.
        """
        key = family, protocol, self._asker.port_class(protocol, port), address, interface
        if key in self._ways:
            return self._ways[key]
        result, translated = [], False
        for names, addresses in self.groups(family, address, interface):
            found = [self.ask(family, protocol, port, names, one) for one in addresses]
            translated = translated or any(way.lost for way in found)
            result.append(united([way if keep else way.here() for way in found]))
        if not translated:
            self._ways[key] = result
        return result

    def _filled(self, spans, family):
        """The set, and addresses of the host where all around them is in it: no packet comes from them, and a network without them is many."""
        holes = [(low, high) for low, high in self._mine[family] if iv.contains(spans, low - 1) and iv.contains(spans, high + 1)]
        return iv.union(spans, iv.merged(holes)) if holes else spans

    def networks(self, spans, family):
        """(list of str, set): the networks in a set, the largest where they are many, and a set with all that is left out."""
        key = family, spans
        if key not in self._texts:
            spans = self._filled(spans, family)
            chosen = spans if len(spans) <= MOST_NETWORKS else heapq.nlargest(MOST_NETWORKS, spans, key=lambda span: span[1] - span[0])
            texts, rest = iv.networks(chosen, family), iv.EMPTY
            if len(texts) > MOST_NETWORKS or chosen is not spans:
                texts = sorted(texts, key=lambda text: int(text.rpartition('/')[2]))[:MOST_NETWORKS]
                rest, bits = iv.minus(spans, iv.merged(iv.parse(text)[1][0] for text in texts)), 0
                while len(rest) > MOST_NETWORKS // 8 or len(iv.networks(rest, family)) > MOST_NETWORKS:
                    bits += 4
                    rest = iv.merged((low >> bits << bits, (high >> bits << bits) + (1 << bits) - 1) for low, high in rest)
            self._texts[key] = texts, rest
        return self._texts[key]

    def describe(self, ways, local=False):
        """dict: the exposure that these ways make up."""
        known = tuple(id(way) for way in ways), local
        if known in self._described:
            return dict(self._described[known][0])
        merged, shut = {}, []
        for way in ways:
            out = way.blocked(self._never[way.family])
            blocked_by = short(way.outcome.blocked_by) if out else None
            shut.append((iv.size(out) / iv.LAST[way.family], blocked_by))
            key = way.family, way.allowed, way.undecided, way.possible, way.decided_by, blocked_by, way.caveats
            merged.setdefault(key, []).extend(way.interfaces)
        paths, allowed, possible, maybe = [], {}, {}, {}
        for (family, some, unsure, sources, decided_by, blocked_by, caveats), names in merged.items():
            paths.append(dict(self._lists({family: some}, {family: unsure}, {family: sources}), interfaces=sorted(names), family=FAMILIES[family],
                              decided_by=decided_by, blocked_by=blocked_by, caveats=list(caveats[:MOST_REASONS])))
            allowed[family] = iv.union(allowed.get(family, ()), some)
            possible[family] = iv.union(possible.get(family, ()), sources)
            maybe.setdefault(family, []).extend(unsure)
        maybe = {family: tuple(apart(some, allowed[family])) for family, some in maybe.items()}
        if len(paths) == 1:
            result = {name: paths[0][name] if name == 'verdict' else list(paths[0][name]) for name in ('verdict', 'allowed', 'undecided')}
        else:
            result = self._lists(allowed, maybe, possible)
        lower = level(allowed)
        upper = lower
        if any(maybe.values()):
            upper = level({family: iv.union(allowed[family], iv.united([spans for spans, dummy in some])) for family, some in maybe.items()})
        deciding = [way for way in ways if way.allowed] or ways
        deciding = [way for way in deciding if way.decided_by]
        result.update(level='unknown' if lower != upper else 'local' if local and lower == 'none' else lower,
                      decided_by=max(deciding, key=lambda way: iv.size(way.allowed)).decided_by if deciding else None,
                      blocked_by=max((one for one in shut if one[1]), default=(0, None))[1],
                      caveats=sorted({text for way in ways for text in way.caveats})[:MOST_REASONS], paths=paths)
        self._described[known] = result, ways           # which keeps the ids of these taken
        return dict(result)

    def _lists(self, allowed, maybe, possible):
        """dict: verdict, and sets as text."""
        texts, unsure = [], {}
        for family, spans in allowed.items():
            listed, rest = self.networks(spans, family)
            texts += listed
            if rest:
                unsure.setdefault('there are too many networks to list them all', []).extend(self.networks(rest, family)[0])
        for family, some in maybe.items():
            for spans, reason in some:
                listed, rest = self.networks(spans, family)
                known = unsure.setdefault(reason if len(unsure) < MOST_REASONS else 'there are too many reasons to list them all', [])
                known.extend(listed + self.networks(rest, family)[0] if rest else listed)
        unsure = {reason: sources if len(sources) <= 4 * MOST_NETWORKS else [EVERYONE[family] for family in maybe] for reason, sources in unsure.items()}
        doubt = any(maybe.values())
        if not any(allowed.values()):
            verdict = 'unknown' if doubt else 'blocked'
        else:
            verdict = 'allowed' if all(self.is_whole(family, spans, possible[family]) for family, spans in allowed.items()) else 'partly'
        return {'verdict': verdict, 'allowed': texts, 'undecided': [{'sources': sources, 'reason': reason} for reason, sources in unsure.items()]}

    def exposure(self, record, keep=False):
        """dict: who can reach a listener, None for what is not judged.

        :param keep: bool, see ``ways``.
        """
        taken = families(record)
        if record['protocol'] == 'raw':
            return unknown(taken, 'raw sockets are not judged')
        ways, caveats, local = [], [], False
        try:
            for family, address, sure in taken:
                some, note, is_local = self._binding(family, address, record, keep)
                local = local or is_local
                caveats += note
                ways += some if sure else [way.doubted('whether the socket takes IPv4 is not known') for way in some]
        except Timeout:
            return unknown(taken, 'there was no time left to judge it')
        except Unclear as exc:
            return unknown(taken, str(exc))
        result = self.describe(ways, local)
        result['caveats'] = sorted(set(result['caveats'] + caveats))
        if local and not ways:
            result['decided_by'] = result['blocked_by'] = 'bound to the loopback'
        return result

    def _binding(self, family, address, record, keep):
        """(ways, caveats, whether it is bound to the loopback) of one family of a listener."""
        interface = record['interface']
        local = self.is_loopback(family, address) or interface == 'lo'
        if local:
            there = self._localnet if family == 4 and interface in (None, *self._localnet) else []
            ways = self.ways(family, record['protocol'], record['port'], address, interface, keep) if there and address else []
            return ways, ['route_localnet lets packets to 127.0.0.0/8 in by %s' % ', '.join(there)] if ways else [], True
        if interface is not None and interface not in self._interfaces:
            raise Unclear('it is bound to %s, of which neither address nor route is known' % interface)
        if address and not self.has(family, address):
            if iv.contains(IMPOSSIBLE[family], address):
                raise Unclear('how multicast and broadcast reach it is not judged')
            if iv.contains(iv.merged(self._routed[family]), address):
                raise Unclear('its address is local by a route only')
            return [], ['the host does not have the address %s' % record['address']], False
        return self.ways(family, record['protocol'], record['port'], address or None, interface, keep), [], False


class Unclear(Exception):
    """Who can reach a listener cannot be said; the message tells why."""


def families(record):
    """list of (family, address as int, bool: surely) that a listener takes packets of."""
    address = iv.number(record['address'])
    if record['family'] == 'ipv4':
        return [(4, address, True)]
    if not record['accepts_ipv6']:          # an IPv4 address inside an IPv6 one
        return [(4, address & 0xffffffff, True)]
    result = [(6, address, True)]
    if not address and record['accepts_ipv4'] is not False:
        result.append((4, 0, bool(record['accepts_ipv4'])))
    return result


def unknown(taken, reason):
    """dict: the exposure of what could not be judged."""
    return {'verdict': 'unknown', 'level': 'unknown', 'allowed': [], 'decided_by': None, 'blocked_by': None, 'caveats': [], 'paths': [],
            'undecided': [{'sources': [EVERYONE[family] for family, dummy, dummy in taken], 'reason': reason}]}
