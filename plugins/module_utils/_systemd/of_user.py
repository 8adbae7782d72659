# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The systemd of a user, who decides on what it answers, when, and on what is on the way to it."""

import errno
import io
import os
import stat
import time

from .. import _mounts
from . import bus


class _Answers(io.RawIOBase):
    """What comes from a manager until a time, be it a byte at a time or without an end."""

    def __init__(self, link, until):
        io.RawIOBase.__init__(self)
        self._link, self._until = link, until

    def readable(self):
        return True

    def readinto(self, buffer):
        left = self._until - time.monotonic()
        if left <= 0:
            raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))
        self._link.settimeout(left)
        return self._link.recv_into(buffer)


class UserBus(bus.Bus):
    """A connection to the manager of a user; what it raises is among ``bus.FAULTS``.

    :param path: str, its private socket.
    :param patience: number of seconds, for all that is asked.
    """

    def __init__(self, path, patience):
        self._patience = patience
        bus.Bus.__init__(self, path)

    def _answers(self):
        self._link.settimeout(self._patience)
        return io.BufferedReader(_Answers(self._link, time.monotonic() + self._patience))


def connect(uid, root='/run/user', mounts=None, patience=2):
    """Connect to the manager of a user.

    :param uid: int.
    :param root: str, the directory with the directories of all users.
    :param mounts: list as ``_mounts.read`` has it, if not that of this process.
    :param patience: number of seconds, for all that is asked.
    :returns: UserBus.
    """
    path = '%s/%d/systemd/private' % (root, uid)
    handle = _mounts.reach(_mounts.read('/proc/self') if mounts is None else mounts, path.encode())
    try:
        if not stat.S_ISSOCK(os.fstat(handle).st_mode):
            raise ValueError('there is no socket')
        return UserBus('/proc/self/fd/%d' % handle, patience)
    finally:
        os.close(handle)
