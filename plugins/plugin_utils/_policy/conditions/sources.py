# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of addresses: who may reach a listener, and where it is bound. Private to this collection."""

import ipaddress

from ..language.options import CLIENTS
from ..language.refusal import Refused, meant, shown

# RFC 3927 and RFC 4291; then RFC 1918, RFC 6598 and RFC 4193, as in the facts
_LINK = ('169.254.0.0/16', 'fe80::/10')
_PRIVATE = ('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7')
_LOOPBACK = ('127.0.0.0/8', '::1/128')
_NETWORKS = {'local': _LOOPBACK, 'link': _LOOPBACK + _LINK, 'private': _LOOPBACK + _LINK + _PRIVATE, 'anyone': ('0.0.0.0/0', '::/0')}


def network(text, option):
    """A network or an address as ipaddress has it; Refused for anything else."""
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        pass
    try:
        wide = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    raise Refused('%s has bits behind its prefix; right would be %s' % (shown(text), wide), option)


class Sources:
    """A set of source addresses.

    :ivar words: the words and networks that it was written with.
    :ivar local: whether nobody but the host itself is in it.
    """

    def __init__(self, values, option):
        """:raises Refused: a value is neither a word nor a network."""
        self.words = [str(value) for value in values]
        nets = []
        for value in values:
            if value in CLIENTS:
                nets += [ipaddress.ip_network(net) for net in _NETWORKS[value]]
                continue
            found = network(value, option) if isinstance(value, str) else None
            if found is None:
                raise Refused('%s is no network%s; right are networks such as 10.0.0.0/8 or 2001:db8::/32, addresses, and %s; '
                              'a name is not resolved, since whoever answers for it could let himself in'
                              % (shown(value), meant(value, CLIENTS), ', '.join(CLIENTS)), option)
            nets.append(found)
        self.spans = {4: _union(nets, 4), 6: _union(nets, 6)}
        self.local = all(value == 'local' for value in values)

    def __str__(self):
        return ', '.join(self.words)

    def holds(self, nets):
        """Whether all of these networks lie within."""
        return all(any(low <= int(net[0]) and int(net[-1]) <= high for low, high in self.spans[net.version]) for net in nets)

    def meets(self, nets):
        """Whether any address is in both."""
        return any(low <= int(net[-1]) and int(net[0]) <= high for net in nets for low, high in self.spans[net.version])

    def families(self):
        """The families that it has addresses of, as 4 and 6."""
        return [family for family in (4, 6) if self.spans[family]]

    def left(self, nets):
        """Spans of this set that none of these networks covers: {family: [(low, high)]}."""
        return {family: _minus(spans, _union(nets, family)) for family, spans in self.spans.items()}


def networks(values):
    """The networks of facts, those alone that are some: list."""
    return [ipaddress.ip_network(value, strict=False) for value in values]


def covers(nets, whole):
    """Whether these networks together cover another one."""
    return not _minus(_union([whole], whole.version), _union(nets, whole.version))


def within(spans, values):
    """What of spans of one family lies in networks of it, which are text."""
    nets = networks(values)
    family = nets[0].version if nets else 4
    return _minus(spans, _minus(spans, _union(nets, family)))


def _union(nets, family):
    """Sorted spans (low, high) of numbers that do not touch."""
    spans = []
    for low, high in sorted((int(net[0]), int(net[-1])) for net in nets if net.version == family):
        if spans and low <= spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], max(high, spans[-1][1]))
        else:
            spans.append((low, high))
    return spans


def _minus(spans, others):
    """What of spans no other span covers."""
    found = []
    for start, high in spans:
        low = start
        for other_low, other_high in others:
            if other_high < low or other_low > high:
                continue
            if other_low > low:
                found.append((low, other_low - 1))
            low = other_high + 1
            if low > high:
                break
        if low <= high:
            found.append((low, high))
    return found
