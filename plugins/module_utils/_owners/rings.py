# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sockets that are in the table of registered files of an io_uring only, and no file descriptor of any process.

Sources: io_uring_register(2), IORING_REGISTER_FILES; io_uring/fdinfo.c, which names them since Linux 6.0.
"""

import os
import re

_RING = b'anon_inode:[io_uring]'
_REGISTERED = re.compile(r'^ *\d+: socket:\[(\d+)\]$', re.MULTILINE)


def find(inodes, budget, proc='/proc'):
    """Find the processes that have a ring with one of these sockets in it.

    :param inodes: set of int.
    :param budget: int, file descriptors to inspect at most.
    :returns: tuple of dict, inode to list of pids, ascending; and bool, the budget was reached.
    """
    owners = {}
    for pid in sorted(int(name) for name in os.listdir(proc) if name.isdigit()):
        base = '%s/%d/' % (proc, pid)
        try:
            names = os.listdir(base + 'fd')
            budget -= len(names)
            if budget < 0:
                return owners, True
            for inode in inodes.intersection(_registered(base, names)):
                owners.setdefault(inode, []).append(pid)
        except OSError:                         # it has ended, or is of those that the first look was refused
            continue
    return owners, False


def _registered(base, names):
    """set of int: the sockets in all rings of a process."""
    result = set()
    for name in names:
        try:
            if os.readlink((base + 'fd/' + name).encode()) == _RING:
                with open(base + 'fdinfo/' + name) as stream:
                    result.update(int(inode) for inode in _REGISTERED.findall(stream.read()))
        except (FileNotFoundError, ValueError):
            continue                            # closed since it was listed
    return result
