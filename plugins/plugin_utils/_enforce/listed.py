# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists the own table as ``nft -j`` would, for rules that no nft has loaded.

It knows the words of ``module_utils/_filter/table.py``, and no others. What these mean is decided where lists of nft
are read; here they only get the form of one (libnftables-json(5)).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from ...module_utils._filter.names import FAMILY, NAME

_Part = dict[str, Any]
_OWN = {'family': FAMILY, 'table': NAME}
_PROTOCOLS = {'6': 'tcp', '17': 'udp', '33': 'dccp', '132': 'sctp'}
_CHAIN = re.compile(r'\tchain (\w+) \{')
_HOOK = re.compile(r'\t\ttype filter hook (\w+) priority (-?\d+); policy accept;')
_COMMENT = re.compile(r'(.*?) comment "([^"]*)"')
_PORTS, _ADDRESSES = (r'(\{ %s(?:, %s)* \}|%s)' % (one, one, one) for one in ('[0-9-]+', '[0-9a-f.:/-]+'))
_FLAGS = ['fin', 'syn', 'rst', 'ack']


def _match(left: _Part, right: Any, operator: str = '==') -> list[_Part]:
    return [{'match': {'left': left, 'op': operator, 'right': right}}]


def _payload(protocol: str, field: str) -> _Part:
    return {'payload': {'protocol': protocol, 'field': field}}


def _masked(left: _Part, mask: Any, right: str, operator: str = '==') -> list[_Part]:
    return _match({'&': [left, mask]}, right, operator)


def _elements(text: str) -> Any:
    """Read one port or address, a range or a network, or a set of them."""
    if not text.startswith('{'):
        return _element(text)
    return {'set': [_element(part) for part in text[2:-2].split(', ')]}


def _element(text: str) -> Any:
    first, dash, last = text.partition('-')
    if dash:
        return {'range': [_element(first), _element(last)]}
    address, slash, bits = text.partition('/')
    if slash and int(bits) != (128 if ':' in address else 32):
        return {'prefix': {'addr': address, 'len': int(bits)}}
    return address if slash or not text.isdigit() else int(text)


# Each statement that a rule may have, and what nft -j makes of it
_STATEMENTS: tuple[tuple[re.Pattern[str], Callable[..., list[_Part]]], ...] = tuple(
    (re.compile(pattern + r'(?: |\Z)', re.ASCII), made) for pattern, made in (
        (r'(accept|return)', lambda verdict: [{verdict: None}]),
        (r'(jump|goto) (\w+)', lambda verdict, chain: [{verdict: {'target': chain}}]),
        (r'iif "lo"', lambda: _match({'meta': {'key': 'iif'}}, 'lo')),
        (r'meta nfproto (ipv[46])', lambda family: _match({'meta': {'key': 'nfproto'}}, family)),
        (r'meta l4proto (%s)' % '|'.join(_PROTOCOLS),
         lambda number: _match({'meta': {'key': 'l4proto'}}, _PROTOCOLS[number])),
        (r'tcp flags & \(%s\) == syn' % r' \| '.join(_FLAGS),
         lambda: _masked(_payload('tcp', 'flags'), {'|': _FLAGS}, 'syn')),
        (r'(tcp|udp|dccp|sctp) ([sd]port) ' + _PORTS,
         lambda protocol, field, ports: _match(_payload(protocol, field), _elements(ports))),
        (r'(ip6?) saddr ' + _ADDRESSES, lambda family, spans: _match(_payload(family, 'saddr'), _elements(spans))),
        (r'ct state (\w+)', lambda state: _match({'ct': {'key': 'state'}}, state, 'in')),
        (r'ct state (\w+),(\w+)', lambda *states: _match({'ct': {'key': 'state'}}, list(states), 'in')),
        (r'ct status & dnat ([!=]=) dnat',
         lambda operator: _masked({'ct': {'key': 'status'}}, 'dnat', 'dnat', operator)),
        (r'ct original proto-dst ' + _PORTS,
         lambda ports: _match({'ct': {'key': 'proto-dst', 'dir': 'original'}}, _elements(ports))),
        (r'counter', lambda: [{'counter': {'packets': 0, 'bytes': 0}}]),
        (r'reject with tcp reset', lambda: [{'reject': {'type': 'tcp reset'}}]),
        (r'reject with icmpx type port-unreachable',
         lambda: [{'reject': {'type': 'icmpx', 'expr': 'port-unreachable'}}]),
    ))


def listed(text: str) -> str:
    """Return what ``nft -j`` prints of a table.

    :param text: as ``table.table`` makes it.
    :raises ValueError: it has words that are not known here.
    """
    chains: list[_Part] = []
    rules: list[_Part] = []
    for line in text.splitlines():
        chain, hook = _CHAIN.fullmatch(line), _HOOK.fullmatch(line)
        if chain:
            chains.append({**_OWN, 'name': chain.group(1)})
        elif hook:
            chains[-1].update(type='filter', hook=hook.group(1), prio=int(hook.group(2)), policy='accept')
        elif line.startswith('\t\t'):
            rules.append({**_OWN, 'chain': chains[-1]['name'], **_rule(line[2:])})
        elif line not in ('table %s %s {' % (FAMILY, NAME), '\t}', '}'):
            raise ValueError('not a line of the table: %s' % ascii(line[:60]))
    parts = [('chain', chain) for chain in chains] + [('rule', rule) for rule in rules]
    return json.dumps({'nftables': [{'table': {'family': FAMILY, 'name': NAME, 'handle': 1}}, *(
        {kind: {**part, 'handle': number}} for number, (kind, part) in enumerate(parts, 1))]})


def _rule(text: str) -> _Part:
    """Read a rule: its expressions, and its comment, if there is one."""
    commented = _COMMENT.fullmatch(text)
    if commented:
        text = commented.group(1)
    rule: _Part = {'expr': [part for statement in _statements(text) for part in statement]}
    return {**rule, 'comment': commented.group(2)} if commented else rule


def _statements(text: str) -> Iterator[list[_Part]]:
    """Yield what nft makes of each statement of a rule. Raises ValueError."""
    start = 0
    while start < len(text):
        found = next(((match, made) for match, made in (
            (pattern.match(text, start), made) for pattern, made in _STATEMENTS) if match), None)
        if not found:
            raise ValueError('not a statement of the table: %s' % ascii(text[start:start + 60]))
        match, made = found
        yield made(*match.groups())
        start = match.end()
