# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence that the kernel itself owns a socket.

Sources: include/uapi/linux/if_link.h (tunnel devices), include/uapi/linux/wireguard.h,
include/uapi/linux/mptcp_pm.h, nfsd(7).
"""

import os
import struct

from .. import _netlink
from .._addresses import scopes

RTM_GETLINK = 18
_NAME, _LINKINFO, _KIND, _DATA = 3, 18, 1, 2            # IFLA_IFNAME, IFLA_LINKINFO, IFLA_INFO_KIND, IFLA_INFO_DATA
_GETNSID, _NSID, _NSID_OF_PID = 90, 1, 2                # RTM_GETNSID, NETNSA_NSID, NETNSA_PID
_LINK_NSID, _TARGET_NSID = 37, 46                       # IFLA_LINK_NETNSID, IFLA_TARGET_NETNSID
_UP = 1                                                 # IFF_UP
_BOTH = frozenset(('ipv4', 'ipv6'))
# kind of tunnel device: attributes of IFLA_INFO_DATA with its UDP port, with an IPv6 address, and for both families
_TUNNELS = {b'vxlan': (15, (16, 17), 25), b'geneve': (5, (7,), 6), b'bareudp': (1, (), None)}
_GENERIC = 16                                           # NETLINK_GENERIC
_CTRL, _CTRL_GETFAMILY, _FAMILY_ID, _FAMILY_NAME = 16, 3, 1, 2
_PM_GET, _PM_ADDRESS4, _PM_ADDRESS6, _PM_PORT = 3, 3, 4, 5     # MPTCP_PM_CMD_GET_ADDR, MPTCP_PM_ADDR_ATTR_
_WG_GET_DEVICE, _WG_IFNAME, _WG_PORT = 0, 2, 6


def endpoints(namespaces, connect=_netlink.connect, nfsd='/proc/fs/nfsd/portlist'):
    """Find the wildcard endpoints that kernel services listen on, as the kernel itself says.

    :param namespaces: set of str or None; only the host's own (None) is asked about.
    :param nfsd: str, the file in which the NFS server of the kernel lists its ports.
    :returns: set of (namespace, protocol, family, port).
    """
    return set(makers(namespaces, connect, nfsd))


def makers(namespaces, connect=_netlink.connect, nfsd='/proc/fs/nfsd/portlist'):
    """Find what made these endpoints; parameters as those of ``endpoints``.

    :returns: dict, endpoint to str: ``nfsd``, the kind of a device and its name as ``vxlan vx0``, or only the kind
        where the device is in another network namespace.
    """
    evidence = {}
    if None in namespaces:
        for source in (_tunnels(connect), _moved(connect), _nfsd(nfsd)):
            for protocol, families, port, maker in source:
                evidence.update(((None, protocol, family, port), maker) for family in families)
    return evidence


def _ask(connect, family, question):
    """list of (bytes, start, end), empty where the kernel refuses."""
    try:
        link = connect(family)
        try:
            return list(_netlink.messages(link, question))
        finally:
            link.close()
    except OSError:
        return []


def parse_link(data, start, end):
    """Parse a RTM_NEWLINK message.

    A device that is down has no socket: only its name is returned.

    :returns: tuple (name, kind, families, UDP port), each None where the message does not say.
    """
    name = kind = families = port = None
    info = {}
    for attribute, first, last in _netlink.attributes(data, start + 16, end):
        if attribute == _NAME:
            name = bytes(data[first:last]).rstrip(b'\0')
        elif attribute == _LINKINFO and struct.unpack_from('=I', data, start + 8)[0] & _UP:
            for part, begin, stop in _netlink.attributes(data, first, last):
                if part == _KIND:
                    kind = bytes(data[begin:stop]).rstrip(b'\0')
                elif part == _DATA:
                    info = {key: data[at:to] for key, at, to in _netlink.attributes(data, begin, stop)}
    if kind in _TUNNELS:
        number, ipv6, both = _TUNNELS[kind]
        if len(info.get(number, b'')) == 2:
            port = struct.unpack('>H', info[number])[0]
            # a metadata tunnel is a flag in geneve, and a boolean in vxlan
            if both is None or (both in info and info[both] != b'\0'):
                families = _BOTH
            else:
                families = {'ipv6' if any(len(info.get(key, b'')) == 16 for key in ipv6) else 'ipv4'}
    return name, kind, families, port


def _tunnels(connect):
    question = struct.pack('=IHHIIBxHiII', 32, RTM_GETLINK, _netlink.REQUEST_DUMP, 1, 0, 0, 0, 0, 0, 0)
    wireguard = []
    for data, start, end in _ask(connect, 0, question):
        name, kind, families, port = parse_link(data, start, end)
        if port:
            yield 'udp', families, port, _called(kind, name)
        if kind == b'wireguard':
            wireguard.append(name)
    if wireguard:
        for name, port in _wireguard(connect, wireguard):
            yield 'udp', _BOTH, port, _called(b'wireguard', name)


def _called(kind, name):
    """str: a device by its kind and its name."""
    return b' '.join((kind, name or b'')).decode('utf-8', 'backslashreplace').rstrip()


def _moved(connect):
    """Yield the ports of tunnel devices that were moved into another network namespace: their sockets stay here.

    The kernel gives such a namespace a number here (rtnetlink, RTM_GETNSID), by which its devices can be asked for.
    """
    spaces = []
    for data, start, end in _ask(connect, 0, struct.pack('=IHHIIBxxx', 20, _GETNSID, _netlink.REQUEST_DUMP, 1, 0, 0)):
        spaces += _numbers(data, start + 4, end, _NSID)
    devices = []
    for space in spaces:
        question = struct.pack('=IHHIIBxHiII', 40, RTM_GETLINK, _netlink.REQUEST_DUMP, 1, 0, 0, 0, 0, 0, 0)
        devices += _ask(connect, 0, question + _attribute(_TARGET_NSID, struct.pack('=i', space)))
    moved = [((data, start, end), home) for data, start, end in devices
             for home in _numbers(data, start + 16, end, _LINK_NSID)]
    if moved:
        question = struct.pack('=IHHIIBxxx', 28, _GETNSID, 5, 1, 0, 0) + _attribute(
            _NSID_OF_PID, struct.pack('=I', os.getpid()))
        own = [number for data, start, end in _ask(connect, 0, question)
               for number in _numbers(data, start + 4, end, _NSID)]
        for device, home in moved:
            dummy, kind, families, port = parse_link(*device)
            if port and home in own:
                yield 'udp', families, port, _called(kind, None)


def _numbers(data, start, end, wanted):
    return [struct.unpack_from('=i', data, first)[0] for kind, first, dummy in _netlink.attributes(data, start, end)
            if kind == wanted]


def _attribute(kind, value):
    return struct.pack('=HH', 4 + len(value), kind) + value + b'\0' * (-len(value) % 4)


def _generic(family, command, version, flags, attributes):
    body = struct.pack('=BBxx', command, version) + attributes
    return struct.pack('=IHHII', 16 + len(body), family, flags, 1, 0) + body


def _family(connect, name):
    """int: the number of a family of generic netlink; None where there is none of that name."""
    for data, start, end in _ask(connect, _GENERIC, _generic(
            _CTRL, _CTRL_GETFAMILY, 1, 5, _attribute(_FAMILY_NAME, name + b'\0'))):
        for attribute, first, last in _netlink.attributes(data, start + 4, end):
            if attribute == _FAMILY_ID:
                return struct.unpack_from('=H', data, first)[0]
    return None


def _wireguard(connect, devices):
    """Yield each WireGuard device and its UDP port, from generic netlink."""
    family = _family(connect, b'wireguard')
    for name in devices if family is not None else ():
        for data, start, end in _ask(connect, _GENERIC, _generic(
                family, _WG_GET_DEVICE, 1, _netlink.REQUEST_DUMP, _attribute(_WG_IFNAME, name + b'\0'))):
            for attribute, first, last in _netlink.attributes(data, start + 4, end):
                if attribute == _WG_PORT:
                    yield name, struct.unpack_from('=H', data, first)[0]


def paths(connect=_netlink.connect):
    """Find the endpoints on which the path manager of MPTCP waits for further paths of connections (ip-mptcp(8)).

    :returns: set of (address as text, port).
    """
    result, family = set(), _family(connect, b'mptcp_pm')
    question = _generic(family, _PM_GET, 1, _netlink.REQUEST_DUMP, b'') if family is not None else None
    for data, start, end in _ask(connect, _GENERIC, question) if question else ():
        for dummy, first, last in _netlink.attributes(data, start + 4, end):
            known = {kind: data[begin:stop] for kind, begin, stop in _netlink.attributes(data, first, last)}
            address = known.get(_PM_ADDRESS4) or known.get(_PM_ADDRESS6)
            if address and len(known.get(_PM_PORT, b'')) == 2:
                result.add((scopes.text(address), struct.unpack('=H', known[_PM_PORT])[0]))
    return result


def _nfsd(path):
    """Yield what the NFS server of the kernel says it listens on, in lines such as ``tcp 2049``."""
    try:
        with open(path) as stream:
            for line in stream:
                words = line.split()
                if len(words) == 2 and words[0] in ('tcp', 'udp') and words[1].isdigit():
                    yield words[0], _BOTH, int(words[1]), 'nfsd'
    except OSError:
        return
