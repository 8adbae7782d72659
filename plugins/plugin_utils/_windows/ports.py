# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Local ports of rules: numbers, ranges, and keywords for ports that change ([MS-GPFAS] 2.2.2.2 and 2.2.2.3)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from ...module_utils._addresses import intervals as iv
from .model import Machine, Spans

LAST = 65535
EVERY: Spans = ((0, LAST),)
_NUMBERS = re.compile(r'([0-9]{1,5})(?:-([0-9]{1,5}))?')
# Keywords, folded, of ports that are always the same: protocol to ports
_FIXED = {'rpc-epmap': ('tcp', (135,)), 'mdns': ('udp', (5353,)), 'dhcp': ('udp', (68, 546))}
_HTTPS = ('iphttpsin', 'iptlsin')
# Keywords of ports that programs have while they play, or look for devices
_NOT_TOLD = {'ply2disc': 'udp', 'tcpcdpsvc': 'tcp'}


class Ports(NamedTuple):
    """Ports that a rule names.

    :ivar spans: as numbers. :ivar keywords: folded. :ivar unclear: why it may be for others, or ''.
    """

    spans: Spans
    keywords: tuple[str, ...]
    unclear: str

    def is_single(self) -> bool:
        """Return whether this is one port, by its number."""
        return len(self.spans) == 1 and self.spans[0][0] == self.spans[0][1] and not self.keywords


class Resolved(NamedTuple):
    """Ports of one protocol that a rule surely takes, and those that it may take, with the reason."""

    sure: Spans
    maybe: Spans
    reason: str


def parse(values: Sequence[str], unclear: str = '', lists: bool = False) -> Ports:
    """Parse the values of all keys for local ports. What is not understood may be any port.

    :param unclear: why there may be more than these, or ''.
    :param lists: whether a value can be a list with commas: the rules that Windows comes with have such, against the
        grammar.
    """
    spans, keywords = [], set()
    for value in [part for text in values for part in text.split(',')] if lists else values:
        match = _NUMBERS.fullmatch(value)
        low, high = (int(match[1]), int(match[2] or match[1])) if match else (0, -1)
        if low <= high <= LAST:
            spans.append((low, high))
        elif match is None and re.fullmatch('[A-Za-z][A-Za-z0-9-]{0,30}', value):
            keywords.add(value.lower())
        else:
            unclear = 'a port of it is not understood'
    return Ports(iv.merged(spans), tuple(sorted(keywords)), unclear)


def is_every(value: str) -> bool:
    """Return whether a value for ports of clients leaves none out."""
    match = _NUMBERS.fullmatch(value)
    return match is not None and int(match[1]) <= 1 and match[2] is not None and int(match[2]) == LAST


def resolve(named: Ports | None, protocol: str, machine: Machine) -> Resolved:
    """Find out which ports of a protocol these are on a host."""
    if named is None:
        return Resolved(EVERY, EVERY, '')
    sure, maybe, reason = named.spans, named.spans, ''
    for keyword in named.keywords:
        of_keyword = _of_keyword(keyword, protocol, machine)
        sure, maybe = iv.union(sure, of_keyword.sure), iv.union(maybe, of_keyword.maybe)
        reason = reason or of_keyword.reason
    if named.unclear:
        maybe, reason = EVERY, named.unclear
    return Resolved(sure, maybe, reason)


def _of_keyword(keyword: str, protocol: str, machine: Machine) -> Resolved:
    """Find out which ports a keyword means ([MS-FASP] 2.2.14, PortsInUse of 3.1.1)."""
    if keyword in _FIXED:
        kind, numbers = _FIXED[keyword]
        return _known(numbers if protocol == kind else ())
    if keyword == 'teredo':
        return _known(machine.teredo if protocol == 'udp' else ())
    if keyword == 'rpc':
        return _rpc(machine) if protocol == 'tcp' else _known(())
    if keyword in _HTTPS:
        if protocol == 'udp' or machine.https is not None:
            return _known(machine.https or () if protocol == 'tcp' else ())
        return Resolved(iv.EMPTY, EVERY, 'which ports IP-HTTPS has could not be observed')
    if keyword in _NOT_TOLD:
        return Resolved(iv.EMPTY, EVERY, 'which ports devices nearby may use changes') \
            if protocol == _NOT_TOLD[keyword] else _known(())
    return Resolved(iv.EMPTY, EVERY, 'it has a keyword for ports that is not known here')


def _known(numbers: Sequence[int] | frozenset[int]) -> Resolved:
    spans = iv.merged([(number, number) for number in numbers])
    return Resolved(spans, spans, '')


def _rpc(machine: Machine) -> Resolved:
    """Find out which TCP ports are dynamic ones of RPC: the endpoint map stands for what the RPC runtime reports."""
    if machine.rpc is None:
        return Resolved(iv.EMPTY, EVERY, 'which ports RPC has could not be observed')
    sure = iv.merged([(number, number) for number in machine.rpc])
    dynamic: Spans = (machine.dynamic,) if machine.dynamic else EVERY
    return Resolved(sure, iv.union(sure, dynamic), 'whether a port of RPC is meant could not be observed')
