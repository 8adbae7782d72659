# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways to listen, each of them once however many hosts have it: what a page keeps of listeners."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from ... import _long_sets
from ..._facts.likeness import Likeness
from ..._harmless.terminal import name, visible
from ..._listener import SAME_EVERYWHERE, WIDEST_FIRST, Listener, forwarded_to
from ..._shape import PROTOCOLS
from ..console import rows
from ..listening import Listening

EPHEMERAL, ELSEWHERE = -1, -2           # in place of a number: any port of that range, any in another network namespace
# Who reaches it, nobody first; a level is a place in this list.
LEVELS = tuple(reversed(WIDEST_FIRST))
_UNKNOWN = LEVELS.index('unknown')
_MOST_NETWORKS = 4
_MOST_KNOWN = 20000             # listeners of which is kept how they listen, so that it need not be made text again
_BOTH = {True: ' and IPv4', None: ' and perhaps IPv4', False: ''}
_HANDLE = re.compile(r' (?:handle|rule) \d+')       # numbers that the same rule does not have on all hosts
_PORT = re.compile(r'(%s)/(\d{1,5})' % '|'.join(PROTOCOLS))


class Port(NamedTuple):
    """A port of a protocol.

    :ivar number: or ``EPHEMERAL``, ``ELSEWHERE``.
    """

    protocol: str
    number: int


class Kind(NamedTuple):
    """A way to listen; all text is harmless to print.

    :ivar port: its place among the ports of ``Kinds``.
    :ivar level: its place in ``LEVELS``.
    :ivar allowed: who reaches it, where that is a list.
    :ivar bound: the address, without the port.
    :ivar because: the rule that decides.
    :ivar judged: whether rules were judged; else the level is that of its address.
    """

    port: int
    level: int
    scope: str
    bound: str
    owners: str
    unit: str
    allowed: str
    because: str
    judged: bool


class Kinds:
    """All ways to listen, and all ports, in the order in which they were met.

    :ivar kinds: the ways to listen.
    :ivar ports: the ports; of some, ``names`` has a name.
    """

    def __init__(self) -> None:
        self.kinds: list[Kind] = []
        self.ports: list[Port] = []
        self.names: dict[int, str] = {}
        self._kind_of: dict[Kind, int] = {}
        self._port_of: dict[Port, int] = {}
        self._known: dict[tuple[object, ...], int] = {}
        self._of_likeness: dict[bool, dict[Likeness | None, int]] = {True: {}, False: {}}

    def of(self, every: Iterable[Listening], gathered: bool) -> set[int]:
        """Return the numbers of the ways in which something listens on a host.

        :param gathered: whether owners were asked for on it.
        """
        known = self._of_likeness[gathered]
        numbers = set()
        for listener, told, likeness in every:
            number = known.get(likeness)
            if number is None:
                number = self.kind(listener, told, gathered)
                if likeness:
                    if len(known) >= _MOST_KNOWN:
                        known.clear()
                    known[likeness] = number
            numbers.add(number)
        return numbers

    def kind(self, listener: Listener, told: object, gathered: bool) -> int:
        """Return the number of the way in which a listener listens.

        :param told: what tells it from others but for the address, see ``listening``.
        :param gathered: whether owners were asked for on its host.
        """
        exposure = listener.get('exposure')
        address = listener['address'] if listener['scope'] in SAME_EVERYWHERE else None
        key = (told, address, listener['interface'], listener['accepts_ipv4'], listener['family'],
               exposure and (exposure['decided_by'], exposure['blocked_by']))
        number = self._known.get(key)
        if number is None:
            kind = self._made(listener, gathered)
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            number = self._known[key] = self._kind_of.setdefault(kind, len(self.kinds))
            if number == len(self.kinds):
                self.kinds.append(kind)
        return number

    def port(self, port: Port) -> int:
        """Return the number of a port."""
        number = self._port_of.setdefault(port, len(self.ports))
        if number == len(self.ports):
            self.ports.append(port)
        return number

    def port_of_text(self, text: str) -> int | None:
        """Return the number of a port that a finding names, as in ``tcp/22``; None where that is no single port."""
        match = _PORT.fullmatch(text)
        return self.port(Port(match.group(1), int(match.group(2)))) if match else None

    def title(self, number: int) -> str:
        """Show a port: ``ssh 22``, ``domain 53/udp``."""
        protocol, of_port = self.ports[number]
        if of_port == ELSEWHERE:
            return 'in other namespaces/%s' % protocol
        text = 'ephemeral' if of_port == EPHEMERAL else 'IP proto %d' % of_port if protocol == 'raw' else str(of_port)
        if number in self.names:
            text = '%s %s' % (self.names[number], text)
        return text if protocol in ('tcp', 'raw') else '%s/%s' % (text, protocol)

    def _made(self, listener: Listener, gathered: bool) -> Kind:
        row = rows.row(listener, gathered)
        exposure = listener.get('exposure')
        number = port_number(listener)
        port = self.port(Port(listener['protocol'], number))
        if listener['port_name'] and number >= 0:
            self.names.setdefault(port, name(listener['port_name'], 30))
        return Kind(
            port, _level(listener), row.scope, _bound(listener), row.owners, row.unit, _allowed(listener),
            visible(_HANDLE.sub('', exposure['decided_by'] or exposure['blocked_by'] or ''), 200) if exposure else '',
            bool(exposure))


def port_number(listener: Listener) -> int:
    """Return by which number a listener is known that is another one after each start."""
    if listener['namespace'] is not None:
        return ELSEWHERE
    return EPHEMERAL if listener['ephemeral'] else listener['port']


def _bound(listener: Listener) -> str:
    """Show where it listens, and where it is led to; of an address of the host no more than that it is one."""
    if listener['scope'] in SAME_EVERYWHERE:
        text = listener['address']
        if listener['interface']:
            text += '%' + name(listener['interface'], 50)
    else:
        text = 'own address'
    if listener['family'] == 'ipv6':
        text += _BOTH[listener['accepts_ipv4']]
    target = forwarded_to(listener)
    return '%s → %s' % (text, name(target, 100)) if target else text


def _level(listener: Listener) -> int:
    """Return who reaches it; of another network namespace nobody says."""
    return _UNKNOWN if listener['namespace'] is not None else LEVELS.index(rows.level(listener))


def _allowed(listener: Listener) -> str:
    exposure = listener.get('exposure')
    if not exposure or exposure['level'] != 'listed':
        return ''
    sets = [visible(words, 100) for words in _long_sets.in_words(exposure.get('allowed_sets') or ())]
    networks = [*sets, *(name(network) for network in exposure['allowed'][:_MOST_NETWORKS])]
    more = len(exposure['allowed']) - _MOST_NETWORKS
    return ', '.join(networks) + (', +%d' % more if more > 0 else '')
