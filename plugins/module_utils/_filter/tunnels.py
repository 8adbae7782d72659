# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tunnels by which a connection comes in, and the ports that these need themselves.

A tunnel that is up stays up when its port is closed, as its packets belong to a flow that goes on. When its peer has to
begin anew, after a restart or with another address, it cannot.

Sources: include/uapi/linux/if_link.h, if_tunnel.h, wireguard.h and genetlink.h; drivers/net/tun.c (fdinfo).
"""

import contextlib
import os
import struct

from .. import _netlink
from .._addresses import intervals as iv
from .._firewall.snapshot import kernel

IKE = (('udp', 500), ('udp', 4500))             # RFC 7296, 2.23
_PPP = (('udp', 1701), ('tcp', 1723))           # L2TP (RFC 2661), PPTP (RFC 2637)
_OF_IPSEC = ('vti', 'vti6', 'xfrm')
# what packets of these carry is told by an attribute: 0, they are of a protocol without ports
_PLAIN = {'ipip': 15, 'sit': 15, 'ip6tnl': 15, 'gre': 14, 'gretap': 14, 'ip6gre': 14, 'ip6gretap': 14, 'erspan': 14,
          'ip6erspan': 14}                      # IFLA_IPTUN_ENCAP_TYPE, IFLA_GRE_ENCAP_TYPE
_WITH_PORT = {'vxlan': 15, 'geneve': 5}         # IFLA_VXLAN_PORT, IFLA_GENEVE_PORT
_BY_PROGRAM = ('tun', 'ovpn')
_GETLINK, _GENERIC, _CONTROLLER = 18, 16, 16    # RTM_GETLINK; NETLINK_GENERIC, GENL_ID_CTRL


def look(proc='/proc', connect=_netlink.connect):
    """List the devices of this network namespace.

    :returns: dict, name to dict: ``kind``; ``master`` and ``lower``, names of devices or None; ``port``, of the tunnel
        itself, or None; ``wrapped``, bool, packets of the tunnel are in packets with a port that is not known;
        ``pids``, list of the processes that make a tunnel themselves. None where they cannot be read.
    """
    try:
        devices = _devices(connect)
    except (OSError, struct.error, KeyError, IndexError):
        return None
    for name, device in devices.items():
        if device['kind'] == 'wireguard':
            device['port'] = _wireguard(name, connect)
    if any(device['kind'] == 'tun' for device in devices.values()):
        for name, pid in _tun_owners(proc):
            if name in devices:
                devices[name]['pids'].append(pid)
    return devices


def _devices(connect):
    by_index = {}
    for data, start, end in kernel.dump(0, _GETLINK, bytes(16), connect):
        index, = struct.unpack_from('=4xi', data, start)
        parts = kernel.parts_of(data, start + 16, end)
        about = kernel.parts_of(parts.get(18, b''))            # IFLA_LINKINFO
        kind = kernel.text_of(about.get(1, b''))               # IFLA_INFO_KIND
        more = kernel.parts_of(about.get(2, b''))              # IFLA_INFO_DATA
        port = struct.unpack('>H', more[_WITH_PORT[kind]])[0] if _WITH_PORT.get(kind) in more else None
        # IFLA_MASTER, and IFLA_LINK unless IFLA_LINK_NETNSID says that it is elsewhere
        master, lower = (struct.unpack('=I', parts.get(attribute, bytes(4)))[0] for attribute in (10, 5))
        by_index[index] = kernel.text_of(parts.get(3, b'')), master, lower if 37 not in parts else 0, {
            'kind': kind, 'port': port, 'wrapped': any(more.get(_PLAIN.get(kind), b'')), 'pids': []}
    names = {index: row[0] for index, row in by_index.items()}
    return {name: dict(device, master=names.get(master), lower=names.get(lower))
            for name, master, lower, device in by_index.values()}


def _wireguard(name, connect):
    """int: the port that WireGuard listens on for a device; None where it does not say."""
    try:
        with contextlib.closing(connect(_GENERIC)) as link:
            # CTRL_CMD_GETFAMILY with CTRL_ATTR_FAMILY_NAME, whose answer has CTRL_ATTR_FAMILY_ID
            family = None
            for data, start, end in _netlink.messages(link, _request(_CONTROLLER, 5, 3, 2, b'wireguard\0')):
                family, = struct.unpack('=H', kernel.parts_of(data, start + 4, end)[1])
            # WG_CMD_GET_DEVICE with WGDEVICE_A_IFNAME, whose answer has WGDEVICE_A_LISTEN_PORT
            for data, start, end in _netlink.messages(
                    link, _request(family, _netlink.REQUEST_DUMP, 0, 2, name.encode() + b'\0')):
                return struct.unpack('=H', kernel.parts_of(data, start + 4, end)[6])[0] or None
    except (OSError, struct.error, KeyError, TypeError):
        pass
    return None


def _request(family, flags, command, attribute, value):
    body = struct.pack('=BBHHH', command, 1, 0, 4 + len(value), attribute) + value + bytes(-len(value) % 4)
    return struct.pack('=IHHII', 16 + len(body), family, flags, 1, 0) + body


def _tun_owners(proc):
    """Yield (device, pid) of the processes that have a device of tun open."""
    for pid in filter(str.isdigit, os.listdir(proc)):
        with contextlib.suppress(OSError):
            for number in os.listdir('%s/%s/fd' % (proc, pid)):
                with contextlib.suppress(OSError):
                    if os.readlink('%s/%s/fd/%s' % (proc, pid, number)) == '/dev/net/tun':
                        with open('%s/%s/fdinfo/%s' % (proc, pid, number), errors='replace') as stream:
                            for line in stream:
                                if line.startswith('iff:'):
                                    yield line[4:].strip(), int(pid)


# what it means


def closed(interfaces, devices, listeners, rules, policies, others='reject'):
    """Find the tunnels by which packets come in that could not be made anew.

    :param interfaces: list of str, by which packets may come in.
    :param devices: dict, see ``look``.
    :param listeners: list of dict, their records.
    :param rules: tuple of Rule; others: str, what becomes of ports that they do not name.
    :param policies: list of dict, those of IPsec.
    :returns: list of (device, its kind, list of (protocol, port) that nobody could reach; None: it is not known which).
    """
    result, seen, todo = [], set(), [(name, False) for name in interfaces]
    while todo:
        name, is_port = todo.pop(0)
        device = devices.get(name)
        if name in seen or device is None:
            continue
        seen.add(name)
        todo += [(other, about['master'] == name) for other, about in devices.items()
                 if other == device['lower'] or about['master'] == name]
        if is_port and device['kind'] == 'tun':         # most of these are the machines on a bridge
            needed = [pair for pair in _listened(listeners, device['pids']) if pair[0] == 'udp']
        else:
            needed = _needed(device, listeners, policies)
        missing = needed and [pair for pair in needed if not _is_open(rules, others, *pair)]
        if missing or needed is None and others == 'reject':
            result.append((name, device['kind'], missing))
    return result


def _is_open(rules, others, protocol, port):
    """Return whether somebody is let in to a port."""
    sources = [rule.sources for rule in rules if rule.protocol == protocol and iv.contains(rule.ports, port)]
    return any(some != () for some in sources) or not sources and others == 'accept'


def _needed(device, listeners, policies):
    """List the ports that a device needs to be made anew, each (protocol, port); None where that is not known."""
    kind = device['kind']
    if kind == 'wireguard' or kind in _WITH_PORT:
        return None if device['port'] is None else [('udp', device['port'])]
    if kind in _BY_PROGRAM:
        return _listened(listeners, device['pids']) if device['pids'] else None
    if kind in _PLAIN and device['wrapped']:
        return None
    if kind in _OF_IPSEC or kind in _PLAIN and any(policy['action'] == 'protect' for policy in policies):
        return _if_listened(listeners, IKE)
    return _if_listened(listeners, _PPP) if kind == 'ppp' else []


def _is_outward(record):
    return record['namespace'] is None and record['scope'] != 'loopback' and record['protocol'] in ('tcp', 'udp')


def _listened(listeners, pids):
    """List the ports that processes listen on; a program that has none begins its tunnels itself."""
    return sorted({(record['protocol'], record['port']) for record in listeners if _is_outward(record) and any(
        owner['pid'] in pids for owner in record['owners'])})


def _if_listened(listeners, ports):
    listened = {(record['protocol'], record['port']) for record in listeners if _is_outward(record)}
    return [pair for pair in ports if pair in listened]
