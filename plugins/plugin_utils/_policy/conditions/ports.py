# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports as a declaration writes them."""

import re
import socket
from collections.abc import Iterable
from typing import NamedTuple

from ..._harmless.terminal import visible
from ..language.options import PROTOCOLS
from ..language.refusal import Refused, meant, shown

MOST = 65535
_RANGE = re.compile(r'(\d{1,9})\s*-\s*(\d{1,9})', re.ASCII)
_NUMBER = re.compile(r'\d{1,9}', re.ASCII)
_RIGHT = 'use 443, 443/tcp, 8000-8010, https, any, or a list of these'


class Item(NamedTuple):
    """Ports of one protocol: one of them where ``exact``, else a range of which one is meant."""

    protocol: str
    low: int
    high: int
    exact: bool

    def __str__(self) -> str:
        if (self.low, self.high) == (1, MOST):
            return '%s/any' % self.protocol
        if self.exact:
            return '%s/%d' % (self.protocol, self.low)
        return '%s/%d-%d' % (self.protocol, self.low, self.high)


def items(value: object, option: str, protocols: Iterable[str]) -> list[Item]:
    """Parse a value of the option ``port`` or ``ports``.

    :param protocols: those of ports that do not name theirs.
    :returns: the items without duplicates, in the order in which they are written.
    :raises Refused: it is no port, or a list with something that is none.
    """
    values = value if isinstance(value, list) else [value]
    if not values:
        raise Refused('the list is empty, so it would match nothing; %s' % _RIGHT, option)
    return list(dict.fromkeys(item for element in values for item in _items(element, option, protocols)))


def _items(value: object, option: str, protocols: Iterable[str]) -> list[Item]:
    if isinstance(value, int) and not isinstance(value, bool):
        text = '%d' % value if abs(value) < 10 ** 9 else ''
    elif isinstance(value, str):
        text = value.strip()
    else:
        text = ''
    port, slash, protocol = text.partition('/')
    if slash:
        if protocol.strip() not in PROTOCOLS:
            raise Refused('%s is not a protocol%s; use one of %s' % (
                shown(protocol), meant(protocol, PROTOCOLS), ', '.join(PROTOCOLS)), option)
        protocols = (protocol.strip(),)
    port = port.strip()
    if port == 'any':
        return [Item(name, 1, MOST, False) for name in protocols]
    between = _RANGE.fullmatch(port)
    if between:
        low, high = _port(between.group(1), option), _port(between.group(2), option)
        if low > high:
            raise Refused('the range %s is empty: it ends before it begins' % shown(text), option)
        return [Item(name, low, high, low == high) for name in protocols]
    if _NUMBER.fullmatch(port):
        number = _port(port, option)
        return [Item(name, number, number, True) for name in protocols]
    if ',' in text:
        right = ', '.join(part.strip() for part in text.split(','))
        raise Refused('%s is a single string; write several ports as a list: %s' % (
            shown(value), visible('[%s]' % right, 60)), option)
    if not port or not isinstance(value, str):
        raise Refused('%s is not a port; %s' % (shown(value), _RIGHT), option)
    return [_named(port, name, option) for name in protocols]


def _port(text: str, option: str) -> int:
    if not 1 <= int(text) <= MOST:
        raise Refused('%s is not a port; ports are 1 to %d' % (text, MOST), option)
    return int(text)


def _named(service: str, protocol: str, option: str) -> Item:
    try:
        # the services database of the controller knows these under the name of the protocol that they resemble
        number = socket.getservbyname(service, 'udp' if protocol == 'udplite' else protocol)
    except (OSError, ValueError):
        raise Refused('%s is neither a port nor a service name that the controller knows for %s; %s'
                      % (shown(service), protocol, _RIGHT), option) from None
    return Item(protocol, number, number, True)
