# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The multicast groups that somebody on this host has joined.

Sources: net/igmp and net/igmp6 in proc(5).
"""

import struct

from ..._addresses import scopes
from .commands import Unseen


def groups(proc='/proc'):
    """Find the multicast groups that somebody has joined, by net/igmp and net/igmp6 of proc(5). Raises Unseen.

    :returns: dict, interface to list of str.
    """
    result = {}
    for name, parse in (('igmp', _groups4), ('igmp6', _groups6)):
        path = '%s/net/%s' % (proc, name)
        try:
            with open(path) as stream:
                for interface, raw in parse(stream):
                    result.setdefault(interface, []).append(scopes.text(raw))
        except FileNotFoundError:
            pass                        # a kernel without multicast, or without IPv6
        except (OSError, ValueError, IndexError, struct.error) as exc:
            raise Unseen('the multicast groups in %s cannot be read' % path) from exc
    return result


def _groups4(lines):
    name = None
    for line in lines:
        if line[:1].isdigit():
            name = line.split(None, 1)[1].partition(':')[0].strip()
        elif line[:1].isspace():
            yield name, struct.pack('=I', int(line.split()[0], 16))     # a number in the byte order of the machine


def _groups6(lines):
    for words in map(str.split, lines):
        yield words[1], bytes.fromhex(words[2])
