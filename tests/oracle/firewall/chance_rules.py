# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules for ports by chance, and who reaches which port by them, worked out without the code under test."""

import ipaddress
import random

from firewall import network, probes

ADDRESSES = [address for families in network.CLIENTS.values() for addresses in families.values()
             for address in addresses]
RANGES = ('10.77.0.2-10.77.0.3', '10.77.0.0-10.77.0.129', '10.78.0.1-10.78.0.200', 'fd77::2-fd77::7fff')
WHOLE = (None, None, [], ['0.0.0.0/0'], ['::/0'], ['::/0', '0.0.0.0/0'], ['0.0.0.0/1', '128.0.0.0/1'])
# what nft and a shell could take for something else
LETTERS = 'abc019 {}();,:$#*@!\'`<>|&-_=+/~^%[]?.äß日'
# what a host with a container publishes, and what it redirects to itself
TRANSLATES = '''
table ip nat { chain pre { type nat hook prerouting priority -100;
    fib daddr type local tcp dport 8080 dnat to 10.99.0.2:80
    fib daddr type local udp dport 8081 dnat to 10.99.0.2:53
    fib daddr type local tcp dport 2222 redirect to :22
    fib daddr type local udp dport 9000 redirect to :53
    }
}
table ip6 nat { chain pre { type nat hook prerouting priority -100;
    fib daddr type local tcp dport 8080 dnat to [fd99::2]:80
    fib daddr type local udp dport 8081 dnat to [fd99::2]:53
    fib daddr type local tcp dport 2222 redirect to :22
    fib daddr type local udp dport 9000 redirect to :53
    }
}
'''
EVERY = {4: ipaddress.ip_network('0.0.0.0/0'), 6: ipaddress.ip_network('::/0')}


class Chance:
    """Rules by chance.

    :ivar options: list of dict, as somebody writes them; others: str, ``accept`` or ``reject``.
    """

    def __init__(self, seed):
        self._chance = random.Random(seed)
        self.others = self._chance.choice(('accept', 'reject'))
        self.options = [self._option() for dummy in range(self._chance.choice((0, 1, 2, 3, 5, 8, 13)))]

    def spans(self, protocol, port, family):
        """Sorted tuple of (low, high), the addresses from which a port is reached."""
        named, known = [], False
        for option in self.options:
            if (option.get('protocol') or 'tcp') != protocol or not _has(option['ports'], port):
                continue
            known = True
            sources = option.get('sources')
            named += [EVERY[family]] if sources is None else [
                part for text in sources for part in networks(text) if part.version == family]
        if not known and self.others == 'accept':
            named = [EVERY[family]]
        result = []
        for part in ipaddress.collapse_addresses(named):
            low, high = int(part.network_address), int(part.broadcast_address)
            if result and result[-1][1] + 1 == low:
                low = result.pop()[0]
            result.append((low, high))
        return tuple(result)

    def reaches(self, flow):
        """bool: the client of a flow gets to the port that it addresses."""
        source = int(ipaddress.ip_address(flow.source))
        return any(low <= source <= high for low, high in self.spans(flow.protocol, flow.port, flow.family))

    def _option(self):
        option = {'ports': [self._ports() for dummy in range(self._chance.choice((1, 1, 2, 4)))]}
        protocol = self._chance.choice(('tcp', 'tcp', 'udp', 'udp', None, 'sctp', 'dccp'))
        if protocol or self._chance.random() < 0.5:
            option['protocol'] = protocol
        sources = self._chance.choice(WHOLE) if self._chance.random() < 0.3 else [
            self._source() for dummy in range(self._chance.choice((1, 1, 2, 3, 6)))]
        if sources is not None or self._chance.random() < 0.5:
            option['sources'] = sources
        if self._chance.random() < 0.4:
            letters = [self._chance.choice(LETTERS) for dummy in range(self._chance.choice((1, 5, 20, 80)))]
            option['comment'] = ''.join(letters).strip() or '*'
        return option

    def _ports(self):
        port = self._chance.choice(probes.PORTS)
        kind = self._chance.random()
        if kind < 0.6:
            return self._chance.choice((port, str(port)))
        if kind < 0.7:
            return self._chance.choice(('1-65535', '1', '65535', '1-1023', '1024-65535'))
        return '%d-%d' % (max(1, port - self._chance.choice((0, 1, 30))), port + self._chance.choice((0, 1, 1000)))

    def _source(self):
        kind = self._chance.random()
        if kind < 0.15:
            return self._chance.choice(RANGES)
        address = self._chance.choice(ADDRESSES)
        bits = 128 if ':' in address else 32
        if kind < 0.4:
            return address
        return '%s/%d' % (address, bits - self._chance.choice((0, 1, 2, 7, 8, 16, bits - 8)))


def networks(text):
    """list of the networks that an address, a network or a range of addresses is."""
    first, dash, last = text.partition('-')
    if dash:
        return list(ipaddress.summarize_address_range(ipaddress.ip_address(first), ipaddress.ip_address(last)))
    return [ipaddress.ip_network(text, strict=False)]


def _has(ports, port):
    bounds = [str(part).partition('-') for part in ports]
    return any(int(low) <= port <= int(high or low) for low, dummy, high in bounds)
