# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is forwarded, and what is open with nothing behind it."""

from ..._addresses import intervals as iv
from ..._addresses.networks import FAMILIES
from . import listeners
from .alike import TRANSPORTS
from .way_in import endpoint, united

STEPS, LEAST_QUESTIONS = 75000, 100        # of ports that nothing listens on; the more rules, the longer each takes
_MOST_SINGLE = 256              # ports of a translated range that are told one by one
_MOST_TARGETS = 20              # of one endpoint
# they hold the port of a container on the host, while packets from outside are translated past them
PROXIES = frozenset(('docker-proxy', 'conmon', 'kube-proxy', 'rootlessport', 'netavark'))


def is_proxy(record):
    return any(owner['process'] in PROXIES for owner in record['owners'])


class Survey:
    """Asks for the ports that rules name, whether something listens on them or not.

    :ivar joiner: ``_reach.Joiner``. :ivar skipped: int, ports or ranges of them that were not asked for.
    """

    def __init__(self, joiner, asker, records, snapshot, rules):
        self.joiner, self._asker, self._records = joiner, asker, records
        self._names, self._elsewhere = snapshot.get('port_names', {}), snapshot.get('elsewhere', {})
        self._open, self._led, self._ports, self.skipped, self.rules = {}, {}, {}, 0, rules
        taken = {}
        for record in records:
            if record['namespace'] is None and record['scope'] != 'loopback':
                for family, dummy, dummy in listeners.families(record):
                    taken.setdefault((record['protocol'], family), []).append((record['port'], record['port']))
        self._taken = {key: iv.merged(spans) for key, spans in taken.items()}

    def default(self):
        """str: what becomes of packets to a port that no rule names: ``accept``, ``drop``, ``mixed`` or ``unknown``."""
        verdicts = set()
        for family in FAMILIES:
            for protocol in ('tcp', 'udp'):
                port = self._asker.unnamed(protocol)
                ways = self.joiner.ways(family, protocol, port) if port else []
                for way in ways:
                    verdicts.add('unknown' if way.undecided else 'drop' if not way.allowed else
                                 'accept' if self.joiner.is_whole(family, way.allowed, way.possible) else 'mixed')
        return 'unknown' if not verdicts or 'unknown' in verdicts else verdicts.pop() if len(verdicts) == 1 else 'mixed'

    def look(self):
        """Ask for ports that rules name, and for one that they do not: all that may be translated, then others. Raises Timeout."""
        for kind, most in (('translate', 65536), ('filter', max(LEAST_QUESTIONS, STEPS // max(self.rules, 1)))):
            left = most
            for protocol in TRANSPORTS:
                port = self._asker.unnamed(protocol)
                for family in FAMILIES:
                    pieces = list(self._asker.pieces(kind, family, protocol))
                    self.skipped += max(len(pieces) - left, 0)
                    groups = self.joiner.groups(family)
                    asks = port and (pieces or protocol in ('tcp', 'udp'))
                    usual = [self._usual(kind, family, protocol, port, *group) if asks else iv.EMPTY for group in groups]
                    for (names, addresses), some in zip(groups, usual):
                        for low, high in pieces[:left]:
                            self._piece(kind, family, protocol, low, high, names, addresses, some)
                    left -= min(len(pieces), left) if kind == 'filter' else 0

    def _usual(self, kind, family, protocol, port, names, addresses):
        """The clients that may reach any port; an opening, where it is not everybody who can send."""
        ways = []
        for address in addresses:
            way = self.joiner.ask(family, protocol, port, names, address)
            if way.lost and kind == 'translate':
                self._note_led(way, protocol, 0, '1-65535', address)
            ways.append(way.here())
        way = united(ways)
        if kind == 'filter' and protocol in ('tcp', 'udp') and way.allowed and not self.joiner.is_whole(family, way.allowed, way.possible):
            self._opening(protocol, family, 1, 65535, names, way)
        return way.allowed

    def _opening(self, protocol, family, low, high, names, way):
        self._open.setdefault((protocol, family, way.allowed, way.decided_by), {}).setdefault(tuple(names), []).append((low, high))

    def _piece(self, kind, family, protocol, low, high, names, addresses, usual):
        """Note what becomes of packets to some ports, all of which rules treat alike."""
        here = []
        for address in addresses:
            way = self.joiner.ask(family, protocol, low, names, address)
            if way.lost and kind == 'translate':
                single = high - low < _MOST_SINGLE
                for port in range(low, high + 1) if single else [low]:
                    found = way if port == low else self.joiner.ask(family, protocol, port, names, address)
                    self._note_led(found, protocol, port, '%d' % port if single else '%d-%d' % (low, high), address)
            here.append(way.here())
        if kind == 'filter':
            way = united(here)
            if iv.minus(way.allowed, usual):
                for first, last in iv.minus(((low, high),), self._taken.get((protocol, family), ())):
                    self._opening(protocol, family, first, last, names, way)

    def _note_led(self, way, protocol, port, ports, address):
        """Note a translation of packets to one address and port; port 0 stands for all that no rule names."""
        key = way.family, protocol, port
        self._led.setdefault(key, {}).setdefault(address, []).append(way)
        self._ports[key] = ports

    def openings(self):
        """list of dict: what is let in with nothing behind it; ports with the same clients are joined."""
        found = {}
        for (protocol, family, allowed, decided_by), by_names in self._open.items():
            spans = {}
            for names, some in by_names.items():
                for span in some:
                    spans.setdefault(span, set()).update(names)
            for span, names in spans.items():
                found.setdefault((protocol, family, tuple(sorted(names)), allowed), []).append(span + (decided_by,))
        result = []
        for (protocol, family, names, allowed), spans in found.items():
            sources, rest = self.joiner.networks(allowed, family)
            last = None
            for low, high, decided_by in sorted(spans, key=lambda span: span[:2]):
                if last and low <= last['high'] + 1:
                    last['high'] = max(high, last['high'])
                    continue
                last = {'low': low, 'high': high, 'protocol': protocol, 'family': FAMILIES[family], 'interfaces': list(names),
                        'sources': sources + self.joiner.networks(rest, family)[0] if rest else sources, 'decided_by': decided_by}
                result.append(last)
        result.sort(key=lambda one: (one['protocol'], one['low'], one['high'], one['family'], one['interfaces']))
        for one in result:
            low, high = one.pop('low'), one.pop('high')
            one['ports'] = '%d' % low if low == high else '%d-%d' % (low, high)
        return result

    def forwarded(self):
        """list of dict: endpoints of this host that a translation leads to somewhere."""
        found = []
        for (family, protocol, port), by_address in sorted(self._led.items()):
            for stands, address in self._addresses(family, by_address):
                ways = [way for one, some in by_address.items() for way in some if stands in (None, one)]
                where = sorted({(self._moved(family, to, stands, address), number if port else None)
                                for way in ways for dummy, (to, number), dummy2 in way.lost}, key=str)
                targets = [self._target(family, protocol, *one) for one in where]
                # else it leads to ports of this host on which nothing listens
                if not all(local and target is None for local, target in targets):
                    found.append(self._record(family, protocol, port, address, where, ways, targets[0][1] if len(targets) == 1 else None))
        return found

    def _addresses(self, family, by_address):
        """list of (address of which it is known, address that is like it): None stands for all that the host has."""
        for names, addresses in self.joiner.groups(family):
            led = [address for address in addresses if any(set(way.interfaces) & set(names) for way in by_address.get(address, ()))]
            if led and len(led) < len(addresses):
                return [(stands, one) for stands, ways in sorted(by_address.items())
                        for one in self.joiner.alike(family, {name for way in ways for name in way.interfaces}, stands)]
        return [(None, None)]

    @staticmethod
    def _moved(family, to, stands, address):
        """str: where packets to an address are led, if those to the one that stands for it are led there."""
        return iv.address(address, family) if stands is not None and to == iv.address(stands, family) else to

    def _record(self, family, protocol, port, address, where, ways, target):
        text = iv.address(address or 0, family)
        identity = '%s/%s:%d' % (protocol, '[%s]' % text if family == 6 else text, port)
        proxy = next((record for record in self._records if record['namespace'] is None and (record['protocol'], record['port']) == (protocol, port)
                      and is_proxy(record) and family in [one for one, dummy, dummy2 in listeners.families(record)]), None)
        record = {
            'id': identity, 'protocol': protocol, 'family': FAMILIES[family], 'address': text, 'port': port,
            'ports': self._ports[family, protocol, port], 'interface': None, 'accepts_ipv4': family == 4, 'accepts_ipv6': family == 6,
            'scope': _scope(family, address), 'port_name': self._names.get('%s/%d' % (protocol, port)), 'ephemeral': False, 'backlog': None,
            'namespace': None, 'service': None, 'activated_by': None, 'held_by': 'unknown', 'socket_uid': None, 'owners': [],
            'owners_total': 0, 'to': ', '.join(endpoint(*one) for one in where[:_MOST_TARGETS] + [('...', None)] * (len(where) > _MOST_TARGETS)),
            'decided_by': ways[0].lost[0][2], 'proxy': proxy['id'] if proxy else None,
            'container': next((owner['container'] for owner in (target or {}).get('owners', ()) if owner['container']), None),
            'exposure': self.joiner.describe(self.joiner.ways(family, protocol, port, address, keep=True) if proxy else _by_names(ways)),
        }
        for name in ('service', 'activated_by', 'held_by', 'socket_uid', 'owners', 'owners_total') if target else ():
            record[name] = target[name]
        return record

    def _target(self, family, protocol, to, port):
        """(whether it is this host, the listener behind a translation or None where none is known)."""
        address = iv.number(to) if to else None
        local = to is not None and (self.joiner.has(family, address) or self.joiner.is_loopback(family, address))
        for record in self._records if to else ():
            if (record['protocol'], record['port']) == (protocol, port) and (record['namespace'] is None) == local:
                for one, bound, dummy in listeners.families(record):
                    if one == family and bound in (0, address) and (local or to in self._elsewhere.get(record['namespace'], ())):
                        return local, record
        return local, None


def _by_names(ways):
    """One way for the interfaces that are alike."""
    found = {}
    for way in ways:
        found.setdefault(tuple(way.interfaces), []).append(way.only(iv.merged(span for spans, dummy, dummy in way.lost for span in spans)))
    return [united(some) for some in found.values()]


def _scope(family, address):
    from ..._addresses import scopes
    return 'any' if not address else scopes.scope(address.to_bytes(4 if family == 4 else 16, 'big'))
