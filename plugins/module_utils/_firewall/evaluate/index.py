# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which rules of a chain can concern a port: found once per chain, not once per listener."""

import bisect
from collections import namedtuple

from ..._addresses import intervals as iv
from ..ruleset.model import ABSENT, CLIENT, SOURCE, UNKNOWN, Numbers, Rule, Table, scalar

FEW = 64            # a rule that names more ports than these is visited for each port
RUN = 8             # so many rules in a row that only look at addresses are made one; a power of two


# A rule of a chain: its position, the Rule, and the set of clients that it gives its verdict, see ``Index._clients``
_Entry = namedtuple('Entry', 'position rule clients')


class Index:
    """The rules of a chain for one protocol and direction, by the server's port.

    :param known: dict, see ``packet.fixed``.
    :param own: names of the fields that hold the server's port.
    :param client: name of the field that holds the client's address.
    :param crowds: Crowds.
    """

    def __init__(self, chain, known, own, client, crowds):
        self._always, self._points, self._ranges = [], {}, []
        self._cache, self._runs = {}, {}            # runs by (position of the first rule, how many)
        self._known, self._own, self._client, self._crowds = known, own, client, crowds
        for position, rule in enumerate(chain.rules):
            possible, ports = self._guard(rule)
            if not possible:
                continue
            entry = _Entry(position, rule, self._clients(rule))
            if ports is None:
                self._always.append(entry)
            elif iv.size(ports) <= FEW:
                for low, high in ports:
                    for port in range(low, high + 1):
                        self._points.setdefault(port, []).append(entry)
            else:
                self._ranges.append((ports, entry))
        self._positions = [entry.position for entry in self._always]
        self._until = [0] * len(self._always)       # where rules that only tell clients apart end; 0 for others
        for place in range(len(self._always) - 1, -1, -1):
            if self._always[place].clients is not None:
                following = self._until[place + 1] if place + 1 < len(self._always) else 0
                self._until[place] = following or place + 1

    def _clients(self, rule):
        """Find the clients whom a rule gives its verdict, if it tests nothing else that could differ; or None."""
        if not rule.ops or rule.ops[-1].kind not in ('accept', 'drop', 'return'):
            return None
        spans = None
        for op in rule.ops[:-1]:
            if op.kind != 'match' or op.negate or len(op.fields) != 1 or not isinstance(op.test, Numbers):
                return None
            name = op.fields[0]
            if name == self._client:
                told = self._crowds.told(op.test.spans)
                if self._crowds and told != self._crowds.touched(op.test.spans):
                    return None
                spans = told if spans is None else iv.isect(spans, told)
            elif name not in self._own:
                value = self._known.get(name)
                if not isinstance(value, int) or not op.test.scalar(value):
                    return None
        return spans

    def _guard(self, rule):
        """Find which packets a rule surely leaves alone, by the conditions that it begins with.

        :returns: tuple of whether the rule can match at all, and the set of ports it can match or None for all.
        """
        ports = None
        for op in rule.ops:
            if op.kind == 'doubt':
                continue
            if op.kind == 'needs':
                if any(self._known.get(name) is ABSENT for name in op.fields):
                    return False, None
                continue
            if op.kind not in ('match', 'vmap'):
                break               # whatever it is, it may do something to the packets that got here
            (names, test, negate), = op.tests()
            first = self._known.get(names[0])
            if first is ABSENT or len(names) > 1 and any(self._known.get(name) is ABSENT for name in names):
                return False, None
            if op.kind == 'vmap' and test.default is not None:
                break
            if not negate:
                ports = self._ports(names, test, ports)
            if op.kind == 'vmap':
                break
            if len(names) == 1 and first not in (None, UNKNOWN, SOURCE, CLIENT):
                answer = scalar(test, first)
                if answer is not None and answer == negate:
                    return False, None
        return True, ports

    def _ports(self, names, test, ports):
        """What of a set of ports (None for all) can pass a test."""
        for position, name in enumerate(names):
            if name in self._own:
                if isinstance(test, Numbers):
                    ports = test.spans if ports is None else iv.isect(ports, test.spans)
                elif ports is None and isinstance(test, Table) and len(test.elements) <= FEW:
                    ports = iv.merged(tests[position] for tests, dummy in test.elements)
        return ports

    def rules(self, port):
        """List the rules that can match packets to a port, each a Rule or Run; of an unknown port (None), all."""
        if port in self._cache:
            return self._cache[port]
        if port is None:
            entries = list({entry.position: entry for points in self._points.values() for entry in points}.values())
            entries += [entry for dummy, entry in self._ranges]
        else:
            entries = self._points.get(port, []) + [entry for ports, entry in self._ranges if iv.contains(ports, port)]
        entries.sort(key=_position)
        result, row, start = [], [], 0
        for entry in entries:
            after = bisect.bisect(self._positions, entry.position)
            if after > start or entry.clients is None or port is None:
                self._end(row, result)
                self._stretch(start, after, result)
                start = after
            if entry.clients is None or port is None:
                result.append(entry.rule)
            else:
                row.append(entry)
        self._end(row, result)
        self._stretch(start, len(self._always), result)
        self._cache[port] = result
        return result

    def _end(self, row, result):
        """Add rules in a row that only tell clients apart, and empty the row."""
        if len(row) < RUN:
            for entry in row:
                result.append(self._run([entry]))
        else:
            result.append(Run(list(row)))
        del row[:]

    def _stretch(self, start, end, result):
        """Add the rules for all ports from start to end."""
        while start < end:
            until = min(end, self._until[start])
            if until - start < RUN:
                until = max(until, start + 1)
                for entry in self._always[start:until]:
                    result.append(entry.rule if entry.clients is None else self._run([entry]))
                start = until
            else:
                self._blocks(start, until, result)
                start = until

    def _blocks(self, start, end, result):
        """Add the rules from start to end, in blocks that are made once: other ports have other rules between them."""
        whole = end == self._until[start] and (not start or not self._until[start - 1])
        while start < end:
            length = RUN
            while start % (length * 2) == 0 and start + length * 2 <= end:
                length *= 2
            if whole:
                length = end - start
            elif start % RUN or start + length > end:
                length = 1
            result.append(self._run(self._always[start:start + length]))
            start += length

    def _run(self, entries):
        key = entries[0].position, len(entries)
        if key not in self._runs:
            self._runs[key] = Run(entries)
        return self._runs[key]


def _position(entry):
    return entry.position


class Run(Rule):
    """Rules in a row that only tell clients apart by their address, and end there: all of them in one step.

    :ivar kinds: {kind of verdict: set of clients}; the first rule that holds an address decides.
    :ivar rest: set of the other clients.
    """

    __slots__ = ('kinds', 'rest', '_entries')

    def __init__(self, entries):
        first = entries[0].rule
        Rule.__init__(self, first.where, first.source, ())
        self._entries = entries
        taken, kinds, position = iv.EMPTY, {}, 0
        while position < len(entries):          # rules of one verdict in a row do not hide each other's
            kind, spans = entries[position].rule.ops[-1].kind, []
            while position < len(entries) and entries[position].rule.ops[-1].kind == kind:
                spans.extend(entries[position].clients)
                position += 1
            spans = iv.minus(iv.merged(spans), taken)
            kinds[kind] = iv.union(kinds.get(kind, iv.EMPTY), spans)
            taken = iv.union(taken, spans)
        self.kinds, self.rest = kinds, iv.complement(taken)

    @property
    def rules(self):
        return [entry.rule for entry in self._entries]

    def deciding(self, address):
        """Find the rule that decides about an address."""
        for entry in self._entries:
            if iv.contains(entry.clients, address):
                return entry.rule
        return self


def of(chain, view, crowds):
    """The ``Index`` of a chain for what is seen from a view; made once."""
    key = view.family, view.protocol, view.reply, view.sends, crowds
    if key not in chain.indexes:
        port = 'sport' if view.reply else 'dport'           # of the server
        client = ('saddr%d' if view.inward else 'daddr%d') % view.family
        chain.indexes[key] = Index(chain, view.fixed, (view.protocol + port, 'th' + port), client, crowds)
    return chain.indexes[key]
