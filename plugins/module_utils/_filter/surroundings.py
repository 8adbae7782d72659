# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What decides, beside rules and listeners, whether a filter for ports may be loaded. Reads only.

Sources: proc(5), Documentation/networking/nf_conntrack-sysctl.rst, net/netfilter/nf_conntrack_core.c,
include/uapi/linux/netfilter/nfnetlink_conntrack.h.
"""

import contextlib
import errno
import os
import re
import struct

from .. import _netlink
from .._addresses import scopes
from .._firewall.snapshot import kernel

KUBELETS = ('kubelet', 'kubelite', 'k3s-server', 'k3s-agent', 'k3s')        # names of processes: microk8s, k3s
_CONNTRACK_GET = 1 << 8 | 1                    # NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET
_REQUEST_ACK, _NESTED = 5, 0x8000               # NLM_F_REQUEST | NLM_F_ACK, NLA_F_NESTED
_ORIGINAL, _REPLY = 1, 2                        # CTA_TUPLE_
_ADDRESSES, _PORTS = 1, 2                       # CTA_TUPLE_IP, CTA_TUPLE_PROTO
_OF_IPV4, _OF_IPV6 = (1, 2), (3, 4)             # CTA_IP_V4_SRC and _DST, CTA_IP_V6_SRC and _DST
_NUMBER, _SOURCE_PORT, _TARGET_PORT = 1, 2, 3   # CTA_PROTO_NUM, CTA_PROTO_SRC_PORT, CTA_PROTO_DST_PORT
_TCP = 6
_COUNTED = re.compile(r'^(?:TCP|UDP)6?: inuse (\d+)(?:.* tw (\d+))?', re.MULTILINE)


def look(connection, proc='/proc'):
    """Look at what is beside rules and listeners.

    :param connection: dict, the connection in use, or None.
    :returns: dict with ``kubelet`` (name of the process, or None), ``tracking`` (see ``tracking``), ``original`` (see
        ``original``) and ``devices`` (see ``tunnels.look``); the last two are None without a connection.
    """
    if connection:
        from . import tunnels
    return {
        'kubelet': kubelet(proc),
        'tracking': tracking(proc),
        'original': connection and original(connection),
        'devices': connection and tunnels.look(proc),
    }


def kubelet(proc='/proc'):
    """str: the name of a process of Kubernetes that opens ports in this network namespace; None if there is none."""
    own = _link(proc + '/self/ns/net')
    for number in filter(str.isdigit, os.listdir(proc)):
        name = _read('%s/%s/comm' % (proc, number)).strip()
        if name in KUBELETS and _link('%s/%s/ns/net' % (proc, number)) in (own, None):
            return name
    return None


def tracking(proc='/proc'):
    """Read what tells whether the kernel tracks connections here, and how many it has room for.

    :returns: dict: ``tracked``, how many connections of this network namespace are in the table (net.netfilter.
        nf_conntrack_count), None where the kernel has no table yet; ``most``, how many the table takes; ``sockets``,
        those that are open; None where they cannot be told; ``forwards``, bool, the host passes packets on.
    """
    base = proc + '/sys/net/'
    most = _number(base + 'netfilter/nf_conntrack_max')
    memory = re.search(r'^MemTotal: +(\d+) kB', _read(proc + '/meminfo'), re.MULTILINE)
    counted = _COUNTED.findall(_read(proc + '/net/sockstat') + _read(proc + '/net/sockstat6'))
    return {
        'tracked': _number(base + 'netfilter/nf_conntrack_count'),
        'most': _usual_most(int(memory.group(1)) * 1024) if most is None and memory else most,
        'sockets': sum(int(number) for numbers in counted for number in numbers if number) if counted else None,
        'forwards': bool(_number(base + 'ipv4/ip_forward') or _number(base + 'ipv6/conf/all/forwarding')),
    }


def _usual_most(memory):
    """int: nf_conntrack_max as the kernel will choose it (nf_conntrack_init_start), by bytes of memory."""
    if memory > 4 << 30:
        return 262144
    return 65536 if memory > 1 << 30 else max(memory // 16384 // 8, 1024)


def original(connection, connect=_netlink.connect, is_absent=kernel.is_absent):
    """Find what the client of a connection addressed, before the host translated it (the table of conntrack(8)).

    :returns: tuple of str, int, str, int: address and port of the client, and those that it addressed. The same ones
        as the socket has, if nothing was translated; None where that cannot be told.
    """
    ends = connection['peer'], connection['peer_port'], connection['address'], connection['port']
    if is_absent('nf_nat'):
        return ends
    try:
        with contextlib.closing(connect(kernel.NETFILTER)) as link:
            for data, start, end in _netlink.messages(link, _question(*ends)):
                client = _tuple(data, start + 4, end)
                # the tracking began after the connection, with an answer: the host counts as client, see
                # net.netfilter.nf_conntrack_tcp_loose, and nothing was translated
                return ends if client[:2] == ends[2:] else client
    except (OSError, KeyError, ValueError, struct.error) as exc:
        # what is not tracked is not translated
        return ends if getattr(exc, 'errno', None) == errno.ENOENT else None
    return None


def _question(peer, peer_port, address, port):
    """bytes: the message that asks for a connection by its replies, which go from the socket to the peer."""
    from .._addresses import intervals as iv
    source, target = (iv.number(text).to_bytes(16 if ':' in text else 4, 'big') for text in (address, peer))
    family, kinds = (2, _OF_IPV4) if len(source) == 4 else (10, _OF_IPV6)
    addresses = _attribute(kinds[0], source) + _attribute(kinds[1], target)
    ports = _attribute(_NUMBER, bytes([_TCP])) + _attribute(_SOURCE_PORT, struct.pack('>H', port)) + _attribute(
        _TARGET_PORT, struct.pack('>H', peer_port))
    body = struct.pack('BBH', family, 0, 0) + _attribute(
        _NESTED | _REPLY, _attribute(_NESTED | _ADDRESSES, addresses) + _attribute(_NESTED | _PORTS, ports))
    return struct.pack('=IHHII', 16 + len(body), _CONNTRACK_GET, _REQUEST_ACK, 1, 0) + body


def _tuple(data, start, end):
    """(address, port, address, port) of the client and of what it addressed, of a message about a connection."""
    parts = [_within(data, start, end, _ORIGINAL, kind) for kind in (_ADDRESSES, _PORTS)]
    kinds = _OF_IPV4 if _OF_IPV4[0] in parts[0] else _OF_IPV6
    addresses = [scopes.text(parts[0][kind]) for kind in kinds]
    ports = [struct.unpack('>H', parts[1][kind])[0] for kind in (_SOURCE_PORT, _TARGET_PORT)]
    return addresses[0], ports[0], addresses[1], ports[1]


def _within(data, start, end, *kinds):
    """dict: the attributes that are in one of another one, and so on."""
    for kind in kinds:
        start, end = {number: (first, last) for number, first, last in _netlink.attributes(data, start, end)}[kind]
    return kernel.parts_of(data, start, end)


def _attribute(kind, value):
    return struct.pack('=HH', 4 + len(value), kind) + value + bytes(-len(value) % 4)


def _read(path):
    """str: the text of a file of the kernel; '' where it cannot be read."""
    try:
        with open(path, errors='replace') as stream:
            return stream.read()
    except OSError:
        return ''


def _number(path):
    text = _read(path).strip()
    return int(text) if text.isdigit() else None


def _link(path):
    try:
        return os.readlink(path)
    except OSError:
        return None
