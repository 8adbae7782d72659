# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text that iptables-save and ipset save print, taken apart."""

import re

_WORD = re.compile(r'(?:[^ "]|"[^"]*")+')


def words(line):
    """list of str: a line of iptables-save, without its quotes and backslashes."""
    if '"' not in line:
        return line.split()
    if '\\' not in line and not line.count('"') % 2:
        return [word.replace('"', '') for word in _WORD.findall(line)]
    result, current, quoted, position = [], None, False, 0
    while position < len(line):
        char = line[position]
        if quoted and char == '\\' and position + 1 < len(line):
            position += 1
            current += line[position]
        elif char == '"':
            quoted, current = not quoted, current or ''
        elif char == ' ' and not quoted:
            if current is not None:
                result.append(current)
            current = None
        else:
            current = (current or '') + char
        position += 1
    return result if current is None else result + [current]


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
    """{name: (kind, family, [(element, whether it has an option that changes its meaning)])} of ``ipset save``."""
    result = {}
    for line in text.split('\n'):
        tokens = words(line)
        if tokens[:1] == ['create'] and len(tokens) > 2:
            family = 6 if 'inet6' in tokens[3:] else 4
            result[tokens[1]] = tokens[2], family, []
        elif tokens[:1] == ['add'] and len(tokens) > 2 and tokens[1] in result:
            result[tokens[1]][2].append((tokens[2], 'nomatch' in tokens[3:]))
    return result
