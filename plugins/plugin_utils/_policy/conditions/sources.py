# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of addresses: who may reach a listener, and where it is bound."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Union

from ....module_utils._addresses import intervals
from ....module_utils._addresses.networks import ANYONE, LINK, LOOPBACK, PRIVATE
from ..._words import number
from ..language.options import CLIENTS
from ..language.refusal import Refused, meant, shown

Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]
Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]
Spans = tuple[tuple[int, int], ...]

_NETWORKS = {'local': LOOPBACK, 'link': LOOPBACK + LINK, 'private': LOOPBACK + LINK + PRIVATE, 'anyone': ANYONE}


@dataclass(frozen=True)
class Clients:
    """The clients that one name stands for.

    :ivar spans: their addresses as numbers, by family, as far as these are known.
    :ivar count: how many addresses and networks that is.
    :ivar unknown: how many hosts there are without known addresses; ``reasons`` has their names, and why. They are
        harmless to print.
    """

    spans: Mapping[int, Spans]
    count: int
    unknown: int = 0
    reasons: tuple[str, ...] = ()

    def label(self, name: str) -> str:
        """Show a name with what it stands for: ``group:web (12 addresses)``."""
        more = ', %s unknown' % number(self.unknown, 'host') if self.unknown else ''
        return '%s (%s%s)' % (name, number(self.count, 'address', 'addresses'), more)


Named = Mapping[str, Clients | Refused]         # by what an entry has, such as ``group:web``


def network(text: str, option: str) -> Network | None:
    """Parse a network or an address; None for anything else.

    :param option: the option that has it.
    :raises Refused: a network has host bits set.
    """
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        pass
    try:
        wide = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    raise Refused('%s has host bits set; did you mean %s?' % (shown(text), wide), option)


class Sources:
    """A set of source addresses.

    :param option: the option that has these values.
    :param named: what the inventory has names for, see ``named``.
    :ivar words: the words and networks that it was written with, and what names stand for.
    :ivar spans: its addresses as numbers, by family.
    :ivar unknown: of whom it is not known which addresses they have, and why, harmless to print. All that is in
        ``spans`` is meant, and they besides.
    :raises Refused: a value is neither a word nor a network, or a name that cannot be used.
    """

    def __init__(self, values: Iterable[object], option: str, named: Named | None = None) -> None:
        self.words: list[str] = []
        nets: list[Network] = []
        hosts: list[Clients] = []
        for value in values:
            clients = named.get(str(value)) if named else None
            if isinstance(clients, Refused):
                raise Refused(clients.reason, option)
            if clients:
                hosts.append(clients)
                self.words.append(clients.label(str(value)))
                continue
            self.words.append(str(value))
            if value in CLIENTS:
                nets += [ipaddress.ip_network(net) for net in _NETWORKS[str(value)]]
                continue
            net = network(value, option) if isinstance(value, str) else None
            if net is None:
                raise Refused('%s is not a network%s; use a network such as 10.0.0.0/8 or 2001:db8::/32, an address, '
                              'one of %s, or group:NAME or host:NAME of the inventory; host names are not resolved: '
                              'whoever controls the DNS answer could let themselves in'
                              % (shown(value), meant(value, CLIENTS), ', '.join(CLIENTS)), option)
            nets.append(net)
        self.spans = {family: union(_spans(nets, family), *(clients.spans[family] for clients in hosts))
                      for family in (4, 6)}
        self.unknown = tuple(dict.fromkeys(reason for clients in hosts for reason in clients.reasons))

    def __str__(self) -> str:
        return ', '.join(self.words)

    def families(self) -> list[int]:
        """List the families that it has addresses of, as 4 and 6."""
        return [family for family in (4, 6) if self.spans[family]]


def everybody(family: int) -> Spans:
    """Return all addresses of a family."""
    spans: Spans = intervals.full(family)
    return spans


def of_facts(values: Iterable[str], family: int) -> Spans:
    """Parse those networks of facts that are of a family."""
    spans: Spans = intervals.merged(
        intervals.parse(value)[1][0] for value in values if (':' in value) == (family == 6))
    return spans


def union(*sets: Spans) -> Spans:
    """Join sets of one family."""
    spans: Spans = intervals.united([tuple(some) for some in sets])
    return spans


def minus(mine: Spans, *others: Spans) -> Spans:
    """Take what is in none of the others."""
    for other in others:
        mine = intervals.minus(mine, other)
    return mine


def common(mine: Spans, other: Spans) -> Spans:
    """Take what is in both sets."""
    spans: Spans = intervals.isect(mine, other)
    return spans


def in_words(spans: Spans, family: int, most: int) -> list[str]:
    """List the networks of a set, those of its first spans."""
    texts: list[str] = []
    for span in spans[:most]:
        texts += intervals.networks((span,), family)[:most]
    return texts


def _spans(nets: Iterable[Network], family: int) -> Spans:
    """Turn the networks of a family into sorted spans of numbers that do not touch."""
    spans: Spans = intervals.merged((int(net[0]), int(net[-1])) for net in nets if net.version == family)
    return spans
