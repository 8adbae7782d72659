# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of addresses: who may reach a listener, and where it is bound."""

import ipaddress
from collections.abc import Iterable, Sequence
from typing import Union

from ....module_utils._addresses import intervals
from ....module_utils._addresses.networks import ANYONE, LINK, LOOPBACK, PRIVATE
from ..language.options import CLIENTS
from ..language.refusal import Refused, meant, shown

Address = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]
Network = Union[ipaddress.IPv4Network, ipaddress.IPv6Network]
Spans = Sequence[tuple[int, int]]

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

    def holds(self, nets: Iterable[Network]) -> bool:
        """Whether all of these networks lie within."""
        return all(any(low <= int(net[0]) and int(net[-1]) <= high for low, high in self.spans[net.version])
                   for net in nets)

    def families(self) -> list[int]:
        """List the families that it has addresses of, as 4 and 6."""
        return [family for family in (4, 6) if self.spans[family]]

    def left(self, nets: Sequence[Network]) -> dict[int, Spans]:
        """List the spans of this set that none of these networks covers, by family."""
        return {family: intervals.minus(spans, _spans(nets, family)) for family, spans in self.spans.items()}


def networks(values: Iterable[str]) -> list[Network]:
    """Parse networks of facts."""
    return [ipaddress.ip_network(value, strict=False) for value in values]


def covers(nets: Iterable[Network], whole: Network) -> bool:
    """Whether these networks together cover another one."""
    return not intervals.minus(_spans([whole], whole.version), _spans(nets, whole.version))


def within(spans: Spans, values: Iterable[str]) -> Spans:
    """Take what of spans of one family lies in networks of that family.

    :param values: these networks, as text.
    """
    common: Spans = intervals.isect(spans, intervals.merged((int(net[0]), int(net[-1])) for net in networks(values)))
    return common


def _spans(nets: Iterable[Network], family: int) -> Spans:
    """Turn the networks of a family into sorted spans of numbers that do not touch."""
    spans: Spans = intervals.merged((int(net[0]), int(net[-1])) for net in nets if net.version == family)
    return spans
