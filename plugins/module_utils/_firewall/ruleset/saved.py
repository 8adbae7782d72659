# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text that iptables-save and ipset save print, taken apart."""

import re
from collections import namedtuple

# what comes next outside of quotes and within; all but what ends a piece is text
_PLAIN = re.compile(r' +|"|[^ "]+')
_QUOTED = re.compile(r'"|\\.?|[^"\\]+', re.DOTALL)
_FAMILIES = {'bitmap:port': None, 'list:set': None}     # types of sets that have no family


class IpSet(namedtuple('IpSet', 'kind family options elements')):
    """A set of ipset.

    :ivar kind: str, its type; family: 4, 6 or None (any).
    :ivar options: list of str, the words behind the type.
    :ivar elements: list of (str, list of str), each with its flags and what else is said of it.
    """

    __slots__ = ()

    def dims(self):
        """list of str: what an element is made of."""
        return self.kind.partition(':')[2].split(',')

    def option(self, name):
        """str or None: the value of an option."""
        return dict(zip(self.options, self.options[1:])).get(name)


def pieces(line):
    """Yield (kind, text) of a line of iptables-save: ``text``, ``quote`` or ``gap``.

    Each character is in one piece at most: whatever the line is, this takes time in proportion to its length.
    """
    position, quoted = 0, False
    while position < len(line):
        piece = (_QUOTED if quoted else _PLAIN).match(line, position).group()
        position += len(piece)
        if piece == '"':
            quoted = not quoted
            yield 'quote', ''
        elif quoted:
            yield 'text', piece[1:] if piece[0] == '\\' and len(piece) > 1 else piece
        else:
            yield 'gap' if piece[0] == ' ' else 'text', piece


def words(line):
    """list of str: a line of iptables-save, without its quotes and backslashes."""
    if '"' not in line:
        return line.split()
    result, current = [], None
    for kind, text in pieces(line):
        if kind == 'gap':
            if current is not None:
                result.append(''.join(current))
            current = None
        elif current is None:
            current = [text]
        else:
            current.append(text)
    return result if current is None else result + [''.join(current)]


def tables(text):
    """{table: ({chain: policy}, [(chain, line)])} of what iptables-save printed."""
    result = {}
    table = None
    for line in text.split('\n'):
        if line.startswith('*'):
            table = result.setdefault(line[1:].strip(), ({}, []))
        elif table is None or not line or line.startswith('#'):
            continue
        elif line.startswith(':'):
            name, dummy, rest = line[1:].partition(' ')
            table[0][name] = rest.split(' ')[0]
        else:
            rule = line.partition('] ')[2] if line.startswith('[') else line        # there may be counters
            if rule.startswith('-A '):
                table[1].append((rule.split(' ', 2)[1], rule))
    return result


def ipsets(text):
    """{name: IpSet} of what ``ipset save`` printed."""
    result = {}
    for line in text.split('\n'):
        tokens = words(line)
        if tokens[:1] == ['create'] and len(tokens) > 2:
            kind, options = tokens[2], tokens[3:]
            family = _FAMILIES.get(kind, 6 if 'inet6' in options else 4)
            result[tokens[1]] = IpSet(kind, family, options, [])
        elif tokens[:1] == ['add'] and len(tokens) > 2 and tokens[1] in result:
            result[tokens[1]].elements.append((tokens[2], tokens[3:]))
    return result
