# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel says by netlink of its nftables, addresses and routes.

Sources: rtnetlink(7), include/uapi/linux/netfilter/nf_tables.h, include/uapi/linux/if_link.h, if_addr.h, rtnetlink.h
and fib_rules.h.
"""

import contextlib
import os
import struct

from ... import _netlink
from ..._addresses import scopes
from . import local

NETFILTER = 12                                         # NETLINK_NETFILTER
_NFTABLES = 10 << 8                                     # NFNL_SUBSYS_NFTABLES
_GETTABLE, _GETCHAIN, _GETRULE = _NFTABLES | 1, _NFTABLES | 4, _NFTABLES | 7
_GETLINK, _GETADDR, _GETROUTE, _GETRULES = 18, 22, 26, 34
_TABLES = {1: 'inet', 2: 'ip', 3: 'arp', 5: 'netdev', 7: 'bridge', 10: 'ip6'}
_INET, _NFPROTO = 1, 15                                 # NFPROTO_INET, NFT_META_NFPROTO
_IP = {2: 4, 10: 6}                                     # AF_INET, AF_INET6
_UP, _DADFAILED, _CLONED = 1, 8, 0x200
_MOST_ROUTES = 20000
# those of a port of such a device are those of the device
_MASTERS = ('bridge', 'bond', 'team')
# whose packets pass the device that IFLA_LINK names; of others, such as tunnels, that is not so, or in another form
_UPPER = ('vlan', 'macvlan', 'macvtap', 'ipvlan', 'ipvtap', 'macsec')
_NOARP = 0x80
_NO_ACTION, _STOPS = 3, (6, 7, 8)                       # FR_ACT_NOP; FR_ACT_BLACKHOLE, _UNREACHABLE and _PROHIBIT
_MOST_OTHERS = 5000                                     # routes of tables that rules lead to
_BROADCAST, _LOCAL_TABLE, _TO_TABLE, _INVERTED = 3, 255, 1, 2      # RTN_, RT_TABLE_, FR_ACT_TO_TBL, FIB_RULE_INVERT
_TYPES = {1: 'unicast', 2: 'local', 6: 'blackhole', 7: 'unreachable', 8: 'prohibit', 9: 'throw', 10: 'nat'}
# what iptables writes into rules, and nothing that it could misread
_OF_IPTABLES = frozenset(
    (b'match', b'target', b'counter', b'immediate', b'meta', b'bitwise', b'log', b'limit', b'payload', b'cmp')
)
_DEFAULT_RULES = {(0, _LOCAL_TABLE), (32766, 254), (32767, 253)}
_DEFAULT_ATTRIBUTES = {6, 14, 15, 21}                   # FRA_PRIORITY, FRA_SUPPRESS_PREFIXLEN, FRA_TABLE, FRA_PROTOCOL


def dump(protocol, kind, body, connect):
    """Yield what the kernel answers, as (data, start, end). Raises OSError."""
    with contextlib.closing(connect(protocol)) as link:
        yield from _netlink.messages(
            link, struct.pack('=IHHII', 16 + len(body), kind, _netlink.REQUEST_DUMP, 1, 0) + body
        )


def parts_of(data, start=0, end=None):
    """dict: the attributes in a part of a message, by their numbers."""
    end = len(data) if end is None else end
    return {kind: data[first:last] for kind, first, last in _netlink.attributes(data, start, end)}


def text_of(raw):
    """str: the name in an attribute."""
    return raw.rstrip(b'\0').decode('utf-8', 'backslashreplace')


def tables(connect=_netlink.connect):
    """list of (family, name, flags): the tables of nf_tables. Raises OSError with the kernel's errno."""
    result = []
    for data, start, end in dump(NETFILTER, _GETTABLE, bytes(4), connect):
        parts = parts_of(data, start + 4, end)
        flags, = struct.unpack('>I', parts.get(2, bytes(4)))            # NFTA_TABLE_FLAGS
        result.append((_TABLES.get(data[start], 'family %d' % data[start]), text_of(parts.get(1, b'')), flags))
    return result


def devices(connect=_netlink.connect):
    """Find the devices that chains are for, which nft does not show before 1.0.9.

    :returns: list of [family, table, chain, names], of chains that are for devices; a name may end with ``*``.
    """
    result = []
    for data, start, end in dump(NETFILTER, _GETCHAIN, bytes(4), connect):
        chain = parts_of(data, start + 4, end)
        hook = chain.get(4, b'')                        # NFTA_CHAIN_HOOK
        about = parts_of(hook, 0, len(hook))
        names = [(1, about[3])] if 3 in about else []   # NFTA_HOOK_DEV; NFTA_HOOK_DEVS has them all
        if 4 in about:
            several = about[4]
            names = [(kind, several[first:last])
                     for kind, first, last in _netlink.attributes(several, 0, len(several))]
        if names:
            result.append([
                _TABLES.get(data[start], ''), text_of(chain.get(1, b'')), text_of(chain.get(3, b'')),
                [text_of(raw) + '*' * (kind == 2) for kind, raw in names]])       # NFTA_DEVICE_PREFIX
    return result


def unshown(connect=_netlink.connect):
    """Find conditions that nft leaves out: of a rule that rejects with a TCP reset, the one about IPv4 or IPv6.

    nft 1.0.6 and 1.1.3 take it for one that only the answer needs, and print ``meta l4proto tcp reject with tcp reset``
    for all three (src/netlink_delinearize.c, stmt_reject_postprocess).

    :returns: list of [family, table, chain, handle, ``ipv4`` or ``ipv6``].
    """
    result = []
    for data, start, end in dump(NETFILTER, _GETRULE, bytes(4), connect):
        rule = parts_of(data, start + 4, end)
        if data[start] != _INET:
            continue
        asked = told = None
        for name, about in _expressions(rule):
            if name == b'cmp' and asked and about.get(2) == struct.pack('>I', 0):           # NFT_CMP_EQ
                told = _IP.get(parts_of(about.get(3, b'')).get(1, b'\0')[0])                # NFTA_DATA_VALUE
            asked = name == b'meta' and about.get(2) == struct.pack('>I', _NFPROTO)         # NFTA_META_KEY
            if told and name == b'reject' and about.get(1) == struct.pack('>I', 1):         # NFT_REJECT_TCP_RST
                handle, = struct.unpack('>Q', rule[3])
                result.append(['inet', text_of(rule[1]), text_of(rule[2]), handle, 'ipv%d' % told])
    return result


def _expressions(rule):
    """Yield (name, attributes) of the expressions of a rule."""
    raw = rule.get(4, b'')                              # NFTA_RULE_EXPRESSIONS
    for dummy, first, last in _netlink.attributes(raw, 0, len(raw)):
        expression = parts_of(raw, first, last)
        yield expression.get(1, b'').rstrip(b'\0'), parts_of(expression.get(2, b''))


def foreign(connect=_netlink.connect):
    """What ``iptables-nft-save`` may misread, as it leaves out what is not of iptables, without a word.

    :returns: tuple of set of (family, table, chain) with such rules, and bool, whether rules match ports natively, as
        iptables does since 1.8.8.
    """
    result, ports = set(), False
    for data, start, end in dump(NETFILTER, _GETRULE, bytes(4), connect):
        rule = parts_of(data, start + 4, end)
        transport = False
        for name, about in _expressions(rule):
            strange = name not in _OF_IPTABLES
            if name == b'payload':
                transport = about.get(2) == struct.pack('>I', 2)        # NFTA_PAYLOAD_BASE: of the transport header
                ports = ports or transport
                strange = not about.get(2)                              # it writes into the packet
            elif name == b'cmp' and not transport:
                strange = about.get(2) not in (struct.pack('>I', 0), struct.pack('>I', 1))      # neither == nor !=
            if strange:
                result.add((_TABLES.get(data[start]), text_of(rule.get(1, b'')), text_of(rule.get(2, b''))))
    return result, ports


def network(connect=_netlink.connect):
    """The addresses, routes and rules of this network namespace. Raises OSError.

    :returns: dict with ``addresses``, ``primary``, ``links``, ``routes``, ``sources``, ``local``, ``broadcast`` and
        ``rules`` of a snapshot. What cannot get a packet is not in it: interfaces that are down, ports of bridges, and
        a route where another to the same has a better metric. ``links`` has, of each interface that is above or below
        others, or knows no ARP, its ``kind``, ``master``, ``lower`` and ``arp``; it has the ports of bridges too.
        ``routes`` and ``sources`` are None if there are too many. ``sources`` are the networks that any table of routes
        has behind an interface, each with whether a router is between: dict, interface to list of [CIDR, bool].
        ``local`` are the networks to which packets are for the host itself although it has no address there, see
        ``local.networks``; ``broadcast`` is a list of [address, interface or None]. ``rules`` is whether there are
        rules of routing that not every host has; then ``policy`` has all rules, see ``_policy``, and ``tables`` the
        routes of the tables that they lead to, by number, None if there are too many.
    """
    names, ports, links = _links(connect)
    result = {'addresses': {}, 'primary': {}, 'links': links}
    for data, start, end in dump(0, _GETADDR, bytes(8), connect):
        family, prefix, flags, index = struct.unpack_from('=BBBxI', data, start)
        parts = parts_of(data, start + 8, end)
        raw = parts.get(2) or parts.get(1)              # IFA_LOCAL is the own end of a point-to-point link
        if family in _IP and index in ports:
            # the kernel takes packets to it all the same: they come in by the bridge, which needs no address
            result['addresses'].setdefault(ports[index][1], [])
        if family not in _IP or index not in names or not raw or flags & _DADFAILED:
            continue
        text = scopes.text(raw)
        result['addresses'].setdefault(names[index], []).append('%s/%d' % (text, prefix))
        if family == 2:
            result['primary'].setdefault(names[index], text)
    tables = local.Tables()
    result['routes'], result['sources'], result['broadcast'], others = _routes(names, ports, tables, connect)
    result['rules'], result['policy'] = False, []
    for data, start, end in dump(0, _GETRULES, bytes(12), connect):
        result['rules'] = result['rules'] or _is_special(data, start, end)
        _note_rule(tables, data, start, end)
        result['policy'].extend(_policy(data, start, end))
    wanted = {str(rule['table']) for rule in result['policy']}
    result['tables'] = others and {number: routes for number, routes in others.items() if number in wanted}
    if not result['rules']:
        result.update(policy=[], tables={})
    result['local'] = tables.networks([text for texts in result['addresses'].values() for text in texts])
    return result


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


def _routes(names, ports, tables, connect):
    best, others, sources, broadcast = {}, {}, {}, []
    every, carriers = dict(names), dict(names)
    for index, (name, carrier) in ports.items():
        every[index], carriers[index] = name, carrier
    for data, start, end in dump(0, _GETROUTE, bytes(12), connect):
        family, prefix, table, kind, flags = struct.unpack_from('=BBxxBxxBI', data, start)
        parts = parts_of(data, start + 12, end)
        table = struct.unpack('=I', parts[15])[0] if 15 in parts else table
        if family not in _IP or flags & _CLONED or kind not in _TYPES and kind != _BROADCAST:
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
        tables.add_route(_IP[family], table, to, _TYPES[kind], every.get(first))
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
                known[1].append({'family': _IP[family], 'to': to, 'interface': every.get(number),
                                 'via': scopes.text(via) if via else None, 'type': _TYPES[kind]})
        if len(best) > _MOST_ROUTES:
            return None, None, broadcast, None
    by_table = {}
    for (dummy, table, dummy2, dummy3), (dummy4, some) in others.items():
        by_table.setdefault(str(table), []).extend(some)
    return [route for metric, some in best.values() for route in some], {
        name: [list(pair) for pair in sorted(some.items())] for name, some in sources.items()}, broadcast, (
            by_table if len(others) <= _MOST_OTHERS else None)


def _note_rule(tables, data, start, end):
    """Tell which packets a rule of routing is for, and which table it leads to."""
    family, bits, source, tos, table, action, flags = struct.unpack_from('=BBBBBxxBI', data, start)
    parts = parts_of(data, start + 12, end)
    if family not in _IP:
        return
    to = '%s/%d' % (scopes.text(parts[1]), bits) if 1 in parts else None
    is_plain = not (source or tos or flags & _INVERTED or set(parts) - _DEFAULT_ATTRIBUTES - {1})
    tables.add_rule(
        _IP[family], struct.unpack('=I', parts.get(6, bytes(4)))[0],
        (struct.unpack('=I', parts[15])[0] if 15 in parts else table) if action == _TO_TABLE else None,
        to, is_plain, struct.unpack('=i', parts.get(14, b'\xff' * 4))[0])


def _policy(data, start, end):
    """Yield a rule of routing as a dict.

    Its ``kind`` is ``table``, ``stop`` (there is no route), ``vrf`` (for packets in a VRF only) or ``odd``: it is for
    packets by more than their destination and mark.
    """
    family, bits, source, tos, table, action, flags = struct.unpack_from('=BBBBBxxBI', data, start)
    parts = parts_of(data, start + 12, end)
    if family not in _IP or action == _NO_ACTION:
        return
    inverted = bool(flags & _INVERTED)
    kind = 'table' if action == _TO_TABLE else 'stop' if action in _STOPS else 'odd'
    is_odd = source or tos or set(parts) - _DEFAULT_ATTRIBUTES - {1, 10, 16, 19} or \
        inverted and (1 in parts or 10 not in parts)
    mark = [struct.unpack('=I', parts.get(number, b'\xff' * 4))[0] for number in (10, 16)]     # FRA_FWMARK, FRA_FWMASK
    yield {
        'family': _IP[family],
        'priority': struct.unpack('=I', parts.get(6, bytes(4)))[0],
        'kind': 'odd' if is_odd else 'vrf' if 19 in parts else kind,                           # FRA_L3MDEV
        'table': struct.unpack('=I', parts[15])[0] if 15 in parts else table,
        'to': '%s/%d' % (scopes.text(parts[1]), bits) if 1 in parts else None,
        'mark': mark if 10 in parts else None,
        'inverted': inverted,
        'suppressed': struct.unpack('=i', parts.get(14, b'\xff' * 4))[0],
    }


def _is_special(data, start, end):
    """bool: a rule of routing is not one of those that every host has."""
    parts = parts_of(data, start + 12, end)
    table = struct.unpack('=I', parts[15])[0] if 15 in parts else data[start + 4]
    priority = struct.unpack('=I', parts.get(6, bytes(4)))[0]
    return data[start] in _IP and bool(data[start + 1] or data[start + 2] or set(parts) - _DEFAULT_ATTRIBUTES or
                                       (priority, table) not in _DEFAULT_RULES)


def is_absent(module='nf_tables', sys='/sys', lib='/lib/modules'):
    """bool: surely nothing of a module exists, as the kernel has not loaded it; to ask would load it."""
    if os.path.isdir('%s/module/%s' % (sys, module)):
        return False
    try:
        with open('%s/%s/modules.builtin' % (lib, os.uname().release)) as stream:
            return '/%s.ko' % module not in stream.read()
    except (OSError, ValueError):
        return False
