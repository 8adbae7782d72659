# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of /proc/net that are there and say nothing, as gVisor has them.

gVisor is no Linux: it answers no sock_diag, its list of protocols has a header only, and so have some tables, whatever
listens (pkg/sentry/fsimpl/proc/task_net.go). Of Linux, the list always has TCP and UDP in it.
"""

import errno
import socket

# in gVisor they have a header only
_STUBS = {'udp': ('udp6', socket.AF_INET6, socket.SOCK_DGRAM, 17), 'raw': ('raw', socket.AF_INET, socket.SOCK_RAW, 1)}
# what it has no table for: a number for socket(2), and the type
_NO_TABLE = {'udplite': (socket.SOCK_DGRAM, 136), 'sctp': (socket.SOCK_STREAM, 132), 'dccp': (6, 33)}
_NOT_THERE = (errno.EPROTONOSUPPORT, errno.ESOCKTNOSUPPORT, errno.EAFNOSUPPORT)


def present(protocols, tables, aspect, gaps, make=socket.socket):
    """Find which protocols there are by making a socket of each, and note the tables that are stubs.

    On Linux that could load a module: nothing is made there.

    :param protocols: list of str, those that are asked for.
    :param tables: str, the directory.
    :param aspect: str, what is incomplete where a table is a stub.
    :param make: callable as ``socket.socket``.
    :returns: set of str; None where these are not the tables of gVisor.
    """
    if not _is_header(tables + '/protocols'):
        return None
    found = {protocol for protocol in protocols
             if protocol not in _NO_TABLE or _can_be_made(make, socket.AF_INET, *_NO_TABLE[protocol])}
    for protocol in sorted(found.intersection(_STUBS)):
        name, family, kind, number = _STUBS[protocol]
        if _is_header('%s/%s' % (tables, name)) and _can_be_made(make, family, kind, number):
            gaps.add(aspect, 'stub', '%s/%s is a stub, as in gVisor: it lists no socket, whatever listens' % (
                tables, name), hint='look from the host around it')
    return found


def _is_header(path):
    try:
        with open(path) as stream:
            return len(stream.readlines()) == 1
    except (OSError, ValueError):
        return False


def _can_be_made(make, family, kind, number):
    try:
        make(family, kind, number).close()
    except OSError as exc:
        return exc.errno not in _NOT_THERE
    return True
