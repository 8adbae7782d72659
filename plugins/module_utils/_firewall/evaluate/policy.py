# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tables of routes a packet is looked up in, where rules of routing lead to several.

Sources: ip-rule(8), net/core/fib_rules.c (fib_rules_lookup: rules by priority, until one has found a route),
net/ipv4/fib_rules.c (fib4_rule_suppress, which is not asked about errors).
"""

from ..._addresses import intervals as iv
from ..ruleset.operations import led_to

MANY = 2000         # routes of a family; with more of them, rules that ask for routes stay undecided
_MARKS = 64         # of packets, that rules can set
_LOCAL, _MAIN = 255, 254
_ENDS = ('blackhole', 'unreachable', 'prohibit')


def marks(bases):
    """Find the marks that a packet without one can get on its way.

    :param bases: list of Chain, base chains.
    :returns: frozenset of int, or None if any is possible.
    """
    packet, connection = {0}, {0}
    operations = [op for op in led_to(bases) if op.kind in ('mark', 'ctmark')]
    before = None
    while before != (len(packet), len(connection)):
        before = len(packet), len(connection)
        if max(before) > _MARKS:
            return None
        for op in operations:
            results = {op.value(mark, other) for mark in packet for other in connection}
            if None in results:
                return None
            (packet if op.kind == 'mark' else connection).update(results)
    return frozenset(packet)


class Policy:
    """The rules of routing of a host, for one family.

    :param net: dict, ``net`` of a snapshot.
    """

    def __init__(self, net, family):
        self._net, self._family = net, family
        self._rules = [rule for rule in net.get('policy') or () if rule['family'] == family]
        self._rules.sort(key=lambda rule: rule['priority'])

    def is_clear(self, some):
        """Return whether all packets with one of these marks are routed alike, and by nothing but their destination.

        :param some: set of int, marks; None: any.
        """
        if not self._rules or any(rule['kind'] == 'odd' for rule in self._rules):
            return False
        with_mark = [rule for rule in self._rules if rule['mark']]
        if some is None:
            return not with_mark
        return all(_fits(rule, mark) == _fits(rule, 0) for rule in with_mark for mark in some)

    def divide(self):
        """List (spans, [(interface, type)]) that part all addresses by the route of packets to them; None: too many.

        Of packets without a mark, and in no VRF.
        """
        rest, result = iv.full(self._family), []
        for rule in self._rules:
            if rule['kind'] == 'vrf' or not _fits(rule, 0):
                continue
            spans = iv.isect(rest, iv.parse(rule['to'])[1]) if rule['to'] else rest
            if rule['kind'] == 'stop':
                parts = [(spans, [(None, 'unreachable')])]
            else:
                parts = parted(self._family, self._table(rule['table']), rule['suppressed'])
            if parts is None:
                return None
            for some, hops in parts:
                decided = iv.isect(some, spans)
                if decided and hops and any(kind != 'throw' for dummy, kind in hops):
                    result.append((decided, hops))
                    rest = iv.minus(rest, decided)
        return result + [(rest, [])]

    def _table(self, number):
        """List the routes of a table; None: there are too many."""
        if number in (_LOCAL, _MAIN):
            routes = self._net.get('routes')
            return routes and [route for route in routes if (route['type'] == 'local') == (number == _LOCAL)]
        tables = self._net.get('tables')
        return None if tables is None else tables.get(str(number), [])


def _fits(rule, mark):
    """Return whether a rule is for packets with a mark, as far as the mark is concerned."""
    if not rule['mark']:
        return True
    value, mask = rule['mark']
    return (mark & mask == value) != rule['inverted']


def parted(family, routes, suppressed=-1):
    """List (spans, [(interface, type)]) that part the family's addresses by their route in one table; None: too many.

    :param suppressed: int, routes to networks of this length or shorter are not taken, unless they end there.
    """
    if routes is None:
        return None
    hops = {}
    for route in routes:
        if route.get('family') == family:
            text = {'default': '0.0.0.0/0' if family == 4 else '::/0'}.get(route['to'], route['to'])
            hops.setdefault(iv.parse(text)[1][0], set()).add((route.get('interface'), route.get('type') or 'unicast'))
    if len(hops) > MANY:
        return None
    result = []
    taken = iv.EMPTY
    for span in sorted(hops, key=lambda span: span[1] - span[0]):
        spans = iv.minus((span,), taken)
        if spans:
            length = {4: 32, 6: 128}[family] + 1 - (span[1] - span[0] + 1).bit_length()
            is_taken = length > suppressed or any(kind in _ENDS for dummy, kind in hops[span])
            result.append((spans, sorted(hops[span], key=str) if is_taken else []))
            taken = iv.union(taken, spans)
    return result + [(iv.minus(iv.full(family), taken), [])]
