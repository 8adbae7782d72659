# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is local to a host by its routes alone.

A packet is for the host if the route to its destination is of the type ``local``, whichever table that is in and
whichever interface has the address (ip-route(8), ip-rule(8)): addresses that stayed on a port of a bridge, prefixes of
AnyIP, and prefixes in a table that rules of routing lead to.
"""

from ..._addresses import intervals as iv, networks

_LOCAL_TABLE = 255
_USUAL = (253, 254, 255)
_LOOPBACK = networks.sets(networks.LOOPBACK)
MOST = 5000                     # networks; with more of them, any address may be local


class Tables:
    """The tables of routes of a host, and the rules that lead to them."""

    def __init__(self):
        self._local, self._others, self._rules = {}, {}, []

    def add_route(self, family, table, to, kind, interface):
        """Note a route.

        :param to: str, CIDR; kind: str, such as ``local``.
        """
        if kind == 'local':
            self._local.setdefault((family, table, to), interface)
        elif table != _LOCAL_TABLE:
            self._others.setdefault((family, table), set()).add(to)

    def add_rule(self, family, priority, table, to, is_plain, suppressed):
        """Note a rule.

        :param table: int, or None where it leads to none.
        :param to: str, the destinations that it is for, or None for all.
        :param is_plain: bool, it looks at nothing but the destination.
        :param suppressed: int, routes to networks of this length or shorter are not taken; -1: all are.
        """
        self._rules.append((priority, family, table, iv.parse(to)[1][0] if to else None, is_plain, suppressed))

    def networks(self, known):
        """List what is local by a route, but for addresses that are known.

        :param known: list of str, CIDR, addresses of interfaces.
        :returns: list of [CIDR, interface or None, bool: surely, whatever else is in a packet].
        """
        known = {(6 if ':' in text else 4, iv.number(text.partition('/')[0])) for text in known}
        result = []
        for (family, table, to), interface in sorted(self._local.items(), key=str):
            low, high = iv.parse(to)[1][0]
            if (family, low) in known and low == high or iv.minus(((low, high),), _LOOPBACK[family]) == iv.EMPTY:
                continue
            is_sure = self._is_sure(family, table, low, high)
            if is_sure is None:
                continue
            spans = ((low, high),)
            if low != high:             # a longer prefix in the same table comes first
                inside = [iv.parse(other)[1][0] for other in self._others.get((family, table), ())]
                spans = iv.minus(spans, iv.merged(
                    span for span in inside if low <= span[0] and span[1] <= high and span != (low, high)))
            result += [[network, interface, is_sure] for network in iv.networks(spans, family)]
        if len(result) > MOST:
            return [[network, None, False] for network in networks.ANYONE]
        return result

    def _is_sure(self, family, table, low, high):
        """bool: all packets are looked up in a table, before any other that could know them; None: none ever is."""
        rules = sorted((rule for rule in self._rules if rule[1] == family), key=_priority)
        if not rules:                   # a kernel without them
            return table in _USUAL or None
        if not any(rule[2] in (table, 0) for rule in rules):
            return None                 # the table 0 stands for that of a VRF
        length = (32 if family == 4 else 128) + 1 - (high - low + 1).bit_length()
        used = {key[1] for key in list(self._local) + list(self._others) if key[0] == family}
        for dummy, dummy2, to_table, span, is_plain, suppressed in rules:
            if to_table and to_table not in used:
                continue                # nothing is found there
            if span and (span[1] < low or high < span[0]) or to_table == table and length <= suppressed:
                continue
            if to_table == table:
                return is_plain and (not span or span[0] <= low and high <= span[1])
            if to_table != _LOCAL_TABLE or not is_plain:    # there, all is local as well
                return False
        return False


def _priority(rule):
    return rule[0]
