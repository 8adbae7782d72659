# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses of rules: single ones, ranges, networks, and keywords for addresses that change ([MS-GPFAS] 2.2.2.9 to 13).

A rule with addresses of one family never matches the other one; one without addresses matches both.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from ...module_utils._addresses import intervals as iv
from .model import Arrival, Spans

_KEYWORD = re.compile(r'[A-Za-z][A-Za-z0-9]{0,30}')
_LENGTH = re.compile(r'[0-9]{1,3}')
_SERVERS = ('dns', 'dhcp', 'wins', 'defaultgateway')
_SUBNETS = 'localsubnet'


class Addresses(NamedTuple):
    """Addresses that a rule names.

    :ivar four: those of IPv4 as numbers. :ivar six: those of IPv6. :ivar keywords: (family, folded word).
    :ivar unclear: why it may be for others, of both families, or ''.
    """

    four: Spans
    six: Spans
    keywords: tuple[tuple[int, str], ...]
    unclear: str

    def of(self, family: int) -> Spans:
        """Return the numbers of a family."""
        return self.four if family == 4 else self.six


class Sources(NamedTuple):
    """Addresses of clients that a rule surely takes, those that it may take, and why it may take more."""

    sure: Spans
    maybe: Spans
    reason: str


def parse(values: Sequence[tuple[int, str]], unclear: str = '', keywords: bool = True) -> Addresses | None:
    """Parse the values of all keys for addresses; None if there are none.

    :param values: (family, value). :param unclear: why there may be more than these, or ''.
    :param keywords: whether words may stand for addresses.
    """
    if not values:
        return None
    spans: dict[int, list[tuple[int, int]]] = {4: [], 6: []}
    words = set()
    for family, value in values:
        if keywords and _KEYWORD.fullmatch(value):
            words.add((family, value.lower()))
            continue
        try:
            spans[family] += _spans(family, value)
        except ValueError:
            unclear = 'an address of it is not understood'
    return Addresses(iv.merged(spans[4]), iv.merged(spans[6]), tuple(sorted(words)), unclear)


def _spans(family: int, value: str) -> Spans:
    base, slash, mask = value.partition('/')
    if slash and '.' in mask:
        zeros = (iv.number(mask) ^ iv.LAST[4]) + 1
        if zeros & (zeros - 1):
            raise ValueError('not a mask of leading ones')
        value = '%s/%d' % (base, 33 - zeros.bit_length())
    elif slash and not _LENGTH.fullmatch(mask):
        raise ValueError('not the length of a network')
    found, spans = iv.parse(value)
    if found != family:
        raise ValueError('an address of another family')
    result: Spans = spans
    return result


def resolve(named: Addresses | None, arrival: Arrival) -> Sources:
    """Find out which addresses of clients these are where packets come in."""
    everyone: Spans = iv.full(arrival.family)
    if named is None:
        return Sources(everyone, everyone, '')
    sure = maybe = named.of(arrival.family)
    reason = ''
    for family, word in named.keywords:
        if family == arrival.family:
            known, perhaps, why = _of_keyword(word, arrival, everyone)
            sure, maybe = iv.union(sure, known), iv.union(maybe, perhaps)
            reason = reason or why
    if named.unclear:
        maybe, reason = everyone, named.unclear
    return Sources(sure, maybe, reason if maybe != sure else '')


def _of_keyword(word: str, arrival: Arrival, everyone: Spans) -> Sources:
    """Find out which addresses a keyword means ([MS-FASP] 2.2.21)."""
    if word == _SUBNETS:        # "the local subnet of the computer", which may have several
        return Sources(arrival.subnets, iv.union(arrival.subnets, arrival.all_subnets),
                       'LocalSubnet may be the networks of other interfaces too')
    if word in _SERVERS:
        return Sources(iv.EMPTY, arrival.servers.get(word, iv.EMPTY), 'which servers are meant changes')
    return Sources(iv.EMPTY, everyone, 'which addresses a keyword of it means is not known')


def holds(named: Addresses | None, family: int, address: int) -> bool | str:
    """Return whether an address of the host is among these, or why that is not known."""
    if named is None or iv.contains(named.of(family), address):
        return True
    return named.unclear or False
