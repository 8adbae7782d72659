# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""TCP connections that rules lead elsewhere, such as to containers: they end at no socket of the host.

The kernel tracks them, or they could not be led anywhere. Source: net/netfilter/nf_conntrack_standalone.c.
"""

import os
import re
import socket

from . import connections

_PLACE = '/proc'
_TABLE, _LOADED = '/self/net/nf_conntrack', '/sys/net/netfilter/nf_conntrack_count'
_ENDS = re.compile(r' (src|dst|sport|dport)=(\S+)')
_CAME = ('ESTABLISHED', 'FIN_WAIT', 'CLOSE_WAIT', 'LAST_ACK', 'TIME_WAIT')
_MOST = 1000                    # endpoints that are led elsewhere


def collect(local, budget, gaps, place=_PLACE):
    """Read who comes to endpoints that are led elsewhere.

    :param local: list of str, the addresses of the host as ``_netlink.local_addresses`` has them, or None.
    :param budget: int, connections to read at most.
    :param place: str, where proc(5) is mounted.
    :returns: list of dict with ``protocol``, ``family``, ``address``, ``port`` and ``clients``; None if unreadable.
    """
    peers, is_own = {}, connections.Own(local or ())
    try:
        with open(place + _TABLE) as stream:
            for number, line in enumerate(stream):
                if number >= budget:
                    gaps.add('connections', 'connection_budget',
                             'only the first %d tracked connections were read' % budget)
                    break
                came = parse(line)
                if came:
                    known = peers.setdefault(came[1:], {})
                    key = came[0], came[1], None
                    known[key] = known.get(key, 0) + 1
    except (OSError, ValueError, IndexError) as exc:
        if isinstance(exc, FileNotFoundError) and not os.path.exists(place + _LOADED):
            return []                           # nothing is tracked, hence nothing led elsewhere
        gaps.add('connections', 'led_elsewhere', 'connections that rules lead elsewhere could not be read: %s' % exc)
        return None
    if len(peers) > _MOST:
        gaps.add('connections', 'led_elsewhere', 'connections to more than %d endpoints are led elsewhere' % _MOST)
        return None
    return [{
        'protocol': 'tcp', 'family': 'ipv4' if len(address) == 4 else 'ipv6',
        'address': socket.inet_ntop(socket.AF_INET if len(address) == 4 else socket.AF_INET6, address), 'port': port,
        'clients': connections.clients(peers[address, port], is_own),
    } for address, port in sorted(peers, key=lambda end: (len(end[0]), end))]


def parse(line):
    """Find who came where by a line of the table.

    :returns: tuple of the addresses of the peer and of where it came to, in bytes, and the port; None for a connection
        that is not led elsewhere, was never established, or is none of TCP.
    :raises ValueError, IndexError: it is not such a line.
    """
    words = line.split(None, 6)
    if words[2] != 'tcp':
        return None
    ends = _ENDS.findall(line)
    if [name for name, dummy in ends] != ['src', 'dst', 'sport', 'dport'] * 2:
        raise ValueError('a line of the table is not understood')
    source, address, _port, port, led_to, _peer, led_port = [value for dummy, value in ends][:7]
    is_led = (address, port) != (led_to, led_port)
    if not is_led or not (words[5] in _CAME or words[5] == 'CLOSE' and '[ASSURED]' in line):
        return None
    family = socket.AF_INET6 if ':' in address else socket.AF_INET
    try:
        return socket.inet_pton(family, source), socket.inet_pton(family, address), int(port)
    except OSError:
        raise ValueError('a line of the table is not understood') from None
