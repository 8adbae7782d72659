# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The interfaces, addresses and routes of this network namespace, by netlink.

Sources: rtnetlink(7), include/uapi/linux/if_link.h, if_addr.h, rtnetlink.h and fib_rules.h.
"""

import struct

from ... import _netlink
from ..._addresses import scopes
from .kernel import IP_FAMILIES, USUAL_OF_RULES, dump, parts_of, text_of

_GETLINK, _GETADDR, _GETROUTE, _GETRULES = 18, 22, 26, 34
_UP, _DADFAILED, _CLONED = 1, 8, 0x200
_MOST_ROUTES = 20000
# those of a port of such a device are those of the device
_MASTERS = ('bridge', 'bond', 'team')
# whose packets pass the device that IFLA_LINK names; of others, such as tunnels, that is not so, or in another form
_UPPER = ('vlan', 'macvlan', 'macvtap', 'ipvlan', 'ipvtap', 'macsec')
_NOARP = 0x80
_MOST_OTHERS = 5000                                     # routes of tables that rules lead to
_BROADCAST, _LOCAL_TABLE = 3, 255                       # RTN_BROADCAST, RT_TABLE_LOCAL
_LOOPBACK = '127.0.0.0/8'                               # every host has a route to it
_TYPES = {1: 'unicast', 2: 'local', 6: 'blackhole', 7: 'unreachable', 8: 'prohibit', 9: 'throw', 10: 'nat'}
_DEFAULT_RULES = {(0, _LOCAL_TABLE), (32766, 254), (32767, 253)}


def network(connect=_netlink.connect):
    """Ask for the addresses, routes and rules of this network namespace. Raises OSError.

    :returns: dict with ``addresses``, ``primary``, ``links``, ``routes``, ``sources``, ``local``, ``broadcast`` and
        ``rules`` of a snapshot. What cannot get a packet is not in it: interfaces that are down, ports of bridges, and
        a route where another to the same has a better metric. ``links`` has, of each interface that is above or below
        others, or knows no ARP, its ``kind``, ``master``, ``lower`` and ``arp``; it has the ports of bridges too.
        ``routes`` and ``sources`` are None if there are too many. ``sources`` are the networks that any table of routes
        has behind an interface, each with whether a router is between: dict, interface to list of [CIDR, bool].
        ``local`` are the networks to which packets are for the host itself although it has no address there, see
        ``local.networks``; ``broadcast`` is a list of [address, interface or None]. ``rules`` is whether there are
        rules of routing that not every host has; then ``policy`` has all rules, see ``routing_rules.policy``, and
        ``tables`` the routes of the tables that they lead to, by number, None if there are too many.
    """
    names, ports, links = _links(connect)
    result = {'addresses': {}, 'primary': {}, 'links': links}
    for data, start, end in dump(0, _GETADDR, bytes(8), connect):
        family, prefix, flags, index = struct.unpack_from('=BBBxI', data, start)
        parts = parts_of(data, start + 8, end)
        raw = parts.get(2) or parts.get(1)              # IFA_LOCAL is the own end of a point-to-point link
        if family in IP_FAMILIES and index in ports:
            # the kernel takes packets to it all the same: they come in by the bridge, which needs no address
            result['addresses'].setdefault(ports[index][1], [])
        if family not in IP_FAMILIES or index not in names or not raw or flags & _DADFAILED:
            continue
        text = scopes.text(raw)
        result['addresses'].setdefault(names[index], []).append('%s/%d' % (text, prefix))
        if family == 2:
            result['primary'].setdefault(names[index], text)
    known = [text for texts in result['addresses'].values() for text in texts]
    seen = []
    result['routes'], result['sources'], result['broadcast'], others = _routes(names, ports, seen, connect)
    rules = list(dump(0, _GETRULES, bytes(12), connect))
    result['rules'], result['policy'], result['tables'] = any(_is_special(*rule) for rule in rules), [], {}
    if result['rules']:
        from . import routing_rules
        result['policy'] = routing_rules.policy(rules)
        wanted = {str(rule['table']) for rule in result['policy']}
        result['tables'] = others and {number: routes for number, routes in others.items() if number in wanted}
    result['local'] = _local(seen, rules, known)
    return result


def _local(seen, rules, known):
    """``local`` of ``network``, where a route leads to more than the addresses of interfaces and to loopback.

    :param seen: list of the arguments of ``local.Tables.add_route``. :param known: list of str, CIDR.
    """
    usual = {text.partition('/')[0] + ('/128' if ':' in text else '/32') for text in known} | {_LOOPBACK}
    if all(kind != 'local' or to in usual for dummy, dummy2, to, kind, dummy3 in seen):
        return []
    from . import local, routing_rules
    tables = local.Tables()
    for route in seen:
        tables.add_route(*route)
    routing_rules.note(tables, rules)
    return tables.networks(known)


def _links(connect):
    """Find the interfaces that are up.

    :returns: tuple of dict, index to name, of those that are no port of another one; dict, index of a port to its name
        and that of the interface by which its packets come in; and ``links`` of ``network``.
    """
    links = {}              # index to name, kind, index of the master, of the device below, and flags
    for data, start, end in dump(0, _GETLINK, bytes(16), connect):
        index, flags = struct.unpack_from('=4xiI', data, start)
        parts = parts_of(data, start + 16, end)
        about = parts.get(18, b'')                      # IFLA_LINKINFO
        kind = text_of(parts_of(about, 0, len(about)).get(1, b''))
        # IFLA_MASTER, and IFLA_LINK unless IFLA_LINK_NETNSID says that it is elsewhere
        master, below = (struct.unpack('=I', parts.get(attribute, bytes(4)))[0] for attribute in (10, 5))
        below = below if kind in _UPPER and 37 not in parts else 0
        links[index] = text_of(parts.get(3, b'')), kind, master, below, flags
    names, ports = {}, {}
    for index, link in links.items():
        name, upper, flags = link[0], index, link[4]
        for dummy in links:                             # a bond can be a port of a bridge
            master = links[upper][2]
            if master not in links or links[master][1] not in _MASTERS:
                break
            upper = master
        if upper == index and flags & _UP:
            names[index] = name
        elif flags & links[upper][4] & _UP:
            ports[index] = name, links[upper][0]
    return names, ports, _told(links)


def _told(links):
    """``links`` of ``network``."""
    known = {index: link[0] for index, link in links.items() if link[4] & _UP}
    return {
        name: {'kind': kind or None, 'master': known.get(master), 'lower': known.get(below), 'arp': not flags & _NOARP}
        for name, kind, master, below, flags in links.values()
        if flags & _UP and (
            kind in _MASTERS + ('vrf', 'openvswitch') or master in known or below in known or flags & _NOARP)
    }


def _routes(names, ports, seen, connect):
    """``routes``, ``sources``, ``broadcast`` and, by the number of a table, ``tables`` of ``network``.

    :param seen: list, which gets the arguments of ``local.Tables.add_route`` for each route.
    """
    best, others, sources, broadcast = {}, {}, {}, []
    every, carriers = dict(names), dict(names)
    for index, (name, carrier) in ports.items():
        every[index], carriers[index] = name, carrier
    for data, start, end in dump(0, _GETROUTE, bytes(12), connect):
        family, prefix, table, kind, flags = struct.unpack_from('=BBxxBxxBI', data, start)
        parts = parts_of(data, start + 12, end)
        table = struct.unpack('=I', parts[15])[0] if 15 in parts else table
        if family not in IP_FAMILIES or flags & _CLONED or kind not in _TYPES and kind != _BROADCAST:
            continue
        to = '%s/%d' % (scopes.text(parts.get(1, bytes(4 if family == 2 else 16))), prefix)
        metric = struct.unpack('=I', parts.get(6, bytes(4)))[0]
        hops = [(parts.get(4), parts.get(5))]           # RTA_OIF, RTA_GATEWAY
        if 9 in parts:                                  # RTA_MULTIPATH, an array of struct rtnexthop with attributes
            hops, at = [], 0
            while at + 8 <= len(parts[9]):
                length = max(struct.unpack_from('=H', parts[9], at)[0], 8)
                hops.append((parts[9][at + 4:at + 8], parts_of(parts[9], at + 8, at + length).get(5)))
                at += length + 3 & ~3
        first = struct.unpack('=I', hops[0][0])[0] if hops and hops[0][0] else 0
        if kind == _BROADCAST:
            broadcast.append([to.partition('/')[0], every.get(first)])
            continue
        seen.append((IP_FAMILIES[family], table, to, _TYPES[kind], every.get(first)))
        for index, via in hops:
            number = struct.unpack('=I', index)[0] if index else 0
            if kind == 1 and number in carriers:
                sources.setdefault(carriers[number], {})[to] = bool(via) or 18 in parts       # RTA_VIA
            usual = best if table in (253, 254, _LOCAL_TABLE) else others
            if usual is others and len(others) > _MOST_OTHERS:
                continue
            # IPv6 has one address on many interfaces, and routes to the same on each of them
            key = family, table, to, number if family == 10 and to.startswith('fe80:') else 0
            known = usual.setdefault(key, (metric, []))
            if metric < known[0]:
                known = usual[key] = metric, []
            if metric == known[0] and (not number or number in every):
                known[1].append({'family': IP_FAMILIES[family], 'to': to, 'interface': every.get(number),
                                 'via': scopes.text(via) if via else None, 'type': _TYPES[kind]})
        if len(best) > _MOST_ROUTES:
            return None, None, broadcast, None
    by_table = {}
    for (dummy, table, dummy2, dummy3), (dummy4, some) in others.items():
        by_table.setdefault(str(table), []).extend(some)
    return [route for metric, some in best.values() for route in some], {
        name: [list(pair) for pair in sorted(some.items())] for name, some in sources.items()}, broadcast, (
            by_table if len(others) <= _MOST_OTHERS else None)


def _is_special(data, start, end):
    """bool: a rule of routing is not one of those that every host has."""
    parts = parts_of(data, start + 12, end)
    table = struct.unpack('=I', parts[15])[0] if 15 in parts else data[start + 4]
    priority = struct.unpack('=I', parts.get(6, bytes(4)))[0]
    return data[start] in IP_FAMILIES and bool(
        data[start + 1] or data[start + 2] or set(parts) - USUAL_OF_RULES or (priority, table) not in _DEFAULT_RULES)
