# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of addresses: who may reach a listener, and where it is bound."""

import ipaddress
from collections.abc import Iterable
from typing import Union

from ....module_utils._addresses import intervals
from ....module_utils._addresses.networks import ANYONE, LINK, LOOPBACK, PRIVATE
from ..language.options import CLIENTS
from ..language.refusal import Refused, meant, shown

Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]
Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]
Spans = tuple[tuple[int, int], ...]

_NETWORKS = {'local': LOOPBACK, 'link': LOOPBACK + LINK, 'private': LOOPBACK + LINK + PRIVATE, 'anyone': ANYONE}


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
    :ivar words: the words and networks that it was written with.
    :ivar spans: its addresses as numbers, by family.
    :raises Refused: a value is neither a word nor a network.
    """

    def __init__(self, values: Iterable[object], option: str) -> None:
        self.words = [str(value) for value in values]
        nets: list[Network] = []
        for value in values:
            if value in CLIENTS:
                nets += [ipaddress.ip_network(net) for net in _NETWORKS[str(value)]]
                continue
            net = network(value, option) if isinstance(value, str) else None
            if net is None:
                raise Refused('%s is not a network%s; use a network such as 10.0.0.0/8 or 2001:db8::/32, an address, '
                              'or one of %s; host names are not resolved: whoever controls the DNS answer could let '
                              'themselves in'
                              % (shown(value), meant(value, CLIENTS), ', '.join(CLIENTS)), option)
            nets.append(net)
        self.spans = {4: _spans(nets, 4), 6: _spans(nets, 6)}

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
