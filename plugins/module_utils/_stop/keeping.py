# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What deciding needs beside facts, and facts do not have: the sockets behind each listener."""

from .. import _facts


class Keeping(_facts.Host):
    """Keeps the sockets while facts are gathered.

    :ivar inodes: dict, id of a listener to tuple of int, once the owners were looked at.
    """

    def __init__(self):
        self.inodes = {}

    def owners(self, listeners, *others):
        _facts.Host.owners(listeners, *others)
        self.inodes = {listener['record']['id']: tuple(sock.inode for sock in listener['sockets'])
                       for listener in listeners}
