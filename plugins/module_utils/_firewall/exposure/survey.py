# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is forwarded, and what is open with nothing behind it."""

from ..._addresses import intervals as iv
from ..._addresses.networks import FAMILIES
from . import listeners
from .alike import TRANSPORTS
from .way_in import endpoint, joined

STEPS, LEAST_QUESTIONS = 75000, 100        # of ports that nothing listens on; the more rules, the longer each takes
_MOST_SINGLE = 256              # ports of a translated range that are listed one by one
_MOST_TARGETS = 20              # of one endpoint
# they hold the port of a container on the host, while packets from outside are translated past them
PROXIES = frozenset(('docker-proxy', 'conmon', 'kube-proxy', 'rootlessport', 'netavark'))


def is_proxy(record):
    """Return whether a listener only stands for one in a container."""
    return any(owner['process'] in PROXIES for owner in record['owners'])


class Survey:
    """Asks for the ports that rules name, whether something listens on them or not.

    :param joiner: Joiner.
    :param asker: Asker.
    :param records: list of dict, the listeners.
    :param rules: int, how many rules there are.
    :ivar skipped: int, ports or ranges of them that were not asked for.
    """

    def __init__(self, joiner, asker, records, snapshot, rules):
        self.joiner, self._asker, self._records, self._rules = joiner, asker, records, rules
        self._describer = joiner.describer
        self._names, self._elsewhere = snapshot.get('port_names', {}), snapshot.get('elsewhere', {})
        self.skipped = 0
        self._open = {}         # (protocol, family, allowed, decided_by) to names of interfaces to ports
        self._translated, self._ports = {}, {}      # by (family, protocol, port): address to Ways; the ports in words
        taken = {}
        for record in records:
            if record['namespace'] is None and record['scope'] != 'loopback':
                for family, dummy, dummy2 in listeners.families(record):
                    taken.setdefault((record['protocol'], family), []).append((record['port'], record['port']))
        self._taken = {key: iv.merged(spans) for key, spans in taken.items()}

    def default(self):
        """Find what becomes of packets to a port that no rule names: ``accept``, ``drop``, ``mixed`` or ``unknown``."""
        verdicts = set()
        for family in FAMILIES:
            for protocol in ('tcp', 'udp'):
                port = self._asker.unnamed(protocol)
                for way in self.joiner.ways(family, protocol, port) if port else []:
                    verdicts.add(self._verdict(way))
        if not verdicts or 'unknown' in verdicts:
            return 'unknown'
        return verdicts.pop() if len(verdicts) == 1 else 'mixed'

    def _verdict(self, way):
        if way.undecided:
            return 'unknown'
        if not way.allowed:
            return 'drop'
        return 'accept' if self._describer.is_whole(way.family, way.allowed, way.possible) else 'mixed'

    def ask(self):
        """Ask for ports that rules name, and for one that they do not.

        First for all that may be translated, then for others. Raises Timeout.
        """
        for kind, most in (('translate', 65536), ('filter', max(LEAST_QUESTIONS, STEPS // max(self._rules, 1)))):
            left = most
            for protocol in TRANSPORTS:
                port = self._asker.unnamed(protocol)
                for family in FAMILIES:
                    pieces = list(self._asker.pieces(kind, family, protocol))
                    self.skipped += max(len(pieces) - left, 0)
                    groups = self.joiner.groups(family)
                    is_asked = port and (pieces or protocol in ('tcp', 'udp'))
                    usual = [self._usual(kind, family, protocol, port, *group) if is_asked else iv.EMPTY
                             for group in groups]
                    for (names, addresses), clients in zip(groups, usual):
                        for low, high in pieces[:left]:
                            self._piece(kind, family, protocol, low, high, names, addresses, clients)
                    left -= min(len(pieces), left) if kind == 'filter' else 0

    def _usual(self, kind, family, protocol, port, names, addresses):
        """Find the clients that may reach any port; note an opening if that is some, but not everybody who can send."""
        ways = []
        for address in addresses:
            way = self.joiner.ask(family, protocol, port, names, address)
            if way.translations and kind == 'translate':
                self._note_translation(way, protocol, 0, '1-65535', address)
            ways.append(self._to_port_itself(way, protocol, port, names, address))
        way = joined(ways)
        if kind == 'filter' and protocol in ('tcp', 'udp') and way.allowed and \
                not self._describer.is_whole(family, way.allowed, way.possible):
            self._note_opening(protocol, family, 1, 65535, names, way)
        return way.allowed

    def _piece(self, kind, family, protocol, low, high, names, addresses, usual):
        """Note what becomes of packets to some ports, all of which rules treat alike.

        :param usual: set of the clients that may reach any port.
        """
        ways = []
        for address in addresses:
            way = self.joiner.ask(family, protocol, low, names, address)
            if way.translations and kind == 'translate':
                single = high - low < _MOST_SINGLE
                for port in range(low, high + 1) if single else [low]:
                    to_port = way if port == low else self.joiner.ask(family, protocol, port, names, address)
                    ports = '%d' % port if single else '%d-%d' % (low, high)
                    self._note_translation(to_port, protocol, port, ports, address)
            ways.append(self._to_port_itself(way, protocol, low, names, address))
        if kind == 'filter':
            way = joined(ways)
            if iv.minus(way.allowed, usual):
                for first, last in iv.minus(((low, high),), self._taken.get((protocol, family), ())):
                    self._note_opening(protocol, family, first, last, names, way)

    def _to_port_itself(self, way, protocol, port, names, address):
        """Find the way to a program that would listen on all addresses."""
        if way.translations:
            way = self.joiner.ask(way.family, protocol, port, names, address, wildcard=True)
        return way.to_port_itself()

    def _note_opening(self, protocol, family, low, high, names, way):
        by_names = self._open.setdefault((protocol, family, way.allowed, way.decided_by), {})
        by_names.setdefault(tuple(names), []).append((low, high))

    def _note_translation(self, way, protocol, port, ports, address):
        """Note a translation of packets to one address and port; port 0 stands for all that no rule names."""
        key = way.family, protocol, port
        self._translated.setdefault(key, {}).setdefault(address, []).append(way)
        self._ports[key] = ports

    def may_be_led_to(self, record):
        """Return whether it is bound to loopback, and rules translate: they may lead packets there."""
        return self._asker.translates and any(
            self.joiner.is_loopback(family, address) for family, address, dummy in listeners.families(record))

    def led_to(self, record):
        """List the ways by which translations lead packets for other addresses or ports to a listener on loopback.

        Raises Timeout.
        """
        result = []
        for family, address, dummy in listeners.families(record) if self._translated else ():
            if not self.joiner.is_loopback(family, address):
                continue
            text, protocol, port = iv.address(address, family), record['protocol'], record['port']
            ways = [way for key, by_address in self._translated.items() if key[:2] == (family, protocol)
                    for some in by_address.values() for way in some]
            for names, addresses in self.joiner.groups(family):         # ports of a range may stay as they are
                ways += [self.joiner.ask(family, protocol, port, names, asked) for asked in addresses]
            for way in ways:
                for clients, (to, number), rule in way.translations:
                    led = way.only(clients)
                    if to in (text, None) and number in (port, None) and (led.allowed or led.undecided):
                        result.append(led.doubted('packets may be translated') if None in (to, number) else led)
        return result

    # what is open

    def openings(self):
        """List what is let in with nothing behind it, each a dict; ports with the same clients are joined."""
        by_clients = {}
        for (protocol, family, allowed, decided_by), by_names in self._open.items():
            names_of = {}
            for names, spans in by_names.items():
                for span in spans:
                    names_of.setdefault(span, set()).update(names)
            for span, names in names_of.items():
                key = protocol, family, tuple(sorted(names)), allowed
                by_clients.setdefault(key, []).append(span + (decided_by,))
        openings = [(opening, low, high) for key, spans in by_clients.items()
                    for opening, low, high in self._joined_openings(key, spans)]
        openings.sort(key=lambda row: (row[0]['protocol'], row[1], row[2], row[0]['family'], row[0]['interfaces']))
        return [dict(opening, ports=_range(low, high)) for opening, low, high in openings]

    def _joined_openings(self, key, spans):
        """List (opening, low, high), with one for spans of ports that touch."""
        protocol, family, names, allowed = key
        listed = self._describer.listed(allowed, family)
        sources = listed.networks + (self._describer.networks(listed.rest, family)[0] if listed.rest else [])
        result = []
        for low, high, decided_by in sorted(spans, key=lambda span: span[:2]):
            if result and low <= result[-1][2] + 1:
                result[-1][2] = max(high, result[-1][2])
                continue
            opening = {'protocol': protocol, 'family': FAMILIES[family], 'interfaces': list(names), 'sources': sources,
                       'decided_by': decided_by}
            if listed.sets:
                opening['source_sets'] = listed.sets
            result.append([opening, low, high])
        return result

    # what is forwarded

    def forwarded(self):
        """List endpoints of this host that a translation leads to somewhere, each a dict."""
        result = []
        for (family, protocol, port), by_address in sorted(self._translated.items()):
            for stands, address in self._addresses(family, by_address):
                ways = [way for asked, some in by_address.items() for way in some if stands in (None, asked)]
                endpoints = sorted({
                    (self._moved(family, to, stands, address), number if port else None)
                    for way in ways for dummy, (to, number), dummy2 in way.translations}, key=str)
                targets = [self._target(family, protocol, *target) for target in endpoints]
                # else it leads to ports of this host on which nothing listens, or what does hears both addresses
                if not all(local and (target is None or self._hears_all(target, port)) for local, target in targets):
                    target = targets[0][1] if len(targets) == 1 else None
                    result.append(self._record(family, protocol, port, address, endpoints, ways, target))
        return result

    def _addresses(self, family, by_address):
        """List (address of which it is known, address that is like it); None stands for all that the host has."""
        for names, addresses in self.joiner.groups(family):
            translated = [address for address in addresses
                          if any(set(way.interfaces) & set(names) for way in by_address.get(address, ()))]
            if translated and len(translated) < len(addresses):
                return [(stands, address) for stands, ways in sorted(by_address.items())
                        for address in self.joiner.alike(
                            family, {name for way in ways for name in way.interfaces}, stands)]
        return [(None, None)]

    @staticmethod
    def _hears_all(record, port):
        """Return whether a listener is on this port of all addresses: no address that a packet is led to matters."""
        return record['port'] == port and iv.number(record['address']) == 0

    @staticmethod
    def _moved(family, to, stands, address):
        """str: where packets to an address go, if those to the one that stands for it go there."""
        return iv.address(address, family) if stands is not None and to == iv.address(stands, family) else to

    def _record(self, family, protocol, port, address, endpoints, ways, target):
        """dict: a forwarded endpoint, of the form of a listener.

        :param endpoints: list of (address, port) that it leads to.
        :param target: dict or None, the listener there.
        """
        text = iv.address(address or 0, family)
        proxy = self._proxy(family, protocol, port)
        if proxy:
            ways_in = self.joiner.ways(family, protocol, port, address, keep=True)
        else:
            ways_in = _by_names(ways)
        ways_in = self._guarded(ways_in, family, protocol, endpoints)
        more = [('...', None)] if len(endpoints) > _MOST_TARGETS else []
        containers = [owner['container'] for owner in (target or {}).get('owners', ()) if owner['container']]
        record = {
            'id': '%s/%s:%d' % (protocol, '[%s]' % text if family == 6 else text, port), 'protocol': protocol,
            'family': FAMILIES[family], 'address': text, 'port': port, 'ports': self._ports[family, protocol, port],
            'interface': None, 'accepts_ipv4': family == 4, 'accepts_ipv6': family == 6,
            'scope': _scope(family, address), 'port_name': self._names.get('%s/%d' % (protocol, port)),
            'ephemeral': False, 'backlog': None, 'namespace': None, 'service': None, 'activated_by': None,
            'held_by': 'unknown', 'socket_uid': None, 'owners': [], 'owners_total': 0,
            'to': ', '.join(endpoint(*target) for target in endpoints[:_MOST_TARGETS] + more),
            'decided_by': ways[0].translations[0][2], 'proxy': proxy['id'] if proxy else None,
            'container': containers[0] if containers else None, 'exposure': self._describer.exposure(ways_in),
        }
        if target:
            for name in ('service', 'activated_by', 'held_by', 'socket_uid', 'owners', 'owners_total'):
                record[name] = target[name]
        return record

    def _guarded(self, ways, family, protocol, endpoints):
        """List the ways less what policies of IPsec stop on the way through the host."""
        for to, number in endpoints if self.joiner.policies else ():
            own = {family: iv.parse(to)[1] if to else iv.full(family)}
            ways = self.joiner.guarded(ways, ('fwd',), protocol, number or 0, own)
        return ways

    def _proxy(self, family, protocol, port):
        """The listener of a proxy on this port, or None."""
        for record in self._records:
            if (record['namespace'], record['protocol'], record['port']) == (None, protocol, port) and \
                    is_proxy(record) and family in [taken for taken, dummy, dummy2 in listeners.families(record)]:
                return record
        return None

    def _target(self, family, protocol, to, port):
        """Find what is behind a translation.

        :returns: tuple of whether it is this host, and the listener there or None if none is known.
        """
        address = iv.number(to) if to else None
        local = to is not None and (self.joiner.has(family, address) or self.joiner.is_loopback(family, address))
        for record in self._records if to else ():
            if (record['protocol'], record['port']) == (protocol, port) and (record['namespace'] is None) == local:
                for taken, bound, dummy in listeners.families(record):
                    if taken == family and bound in (0, address) and \
                            (local or to in self._elsewhere.get(record['namespace'], ())):
                        return local, record
        return local, None


def _by_names(ways):
    """One way for the interfaces that are alike."""
    by_names = {}
    for way in ways:
        clients = iv.merged(span for spans, dummy, dummy2 in way.translations for span in spans)
        by_names.setdefault(tuple(way.interfaces), []).append(way.only(clients))
    return [joined(some) for some in by_names.values()]


def _range(low, high):
    return '%d' % low if low == high else '%d-%d' % (low, high)


def _scope(family, address):
    from ..._addresses import scopes
    return 'any' if not address else scopes.scope(address.to_bytes(4 if family == 4 else 16, 'big'))
