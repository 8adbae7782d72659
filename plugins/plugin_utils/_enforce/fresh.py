# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes Ansible log in anew, which proves that one can. Nothing else in the collection knows connection plugins.

OpenSSH shares connections (ControlPersist, ssh_config(5)): the next command goes through the connection of an earlier
one, also of an earlier run, and a firewall does not cut what is established. Options of ssh count as they are first
given, so that a control path in front of all others leads to a connection of its own, whatever a user has configured.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from typing import Any

from ansible.errors import AnsibleError
from ansible.utils.path import makedirs_safe, unfrackpath

# Where a host is contacted through its network, by a login
_REMOTE = ('ssh', 'smart', 'paramiko', 'paramiko_ssh', 'libssh')
_SSH = 'ssh'
_OPTION = 'ssh_args'
_OPTIONS = '-o ControlMaster=auto -o ControlPersist=30s -o %s -o ConnectTimeout=5'
_PAUSES = (0, 1, 2)             # seconds before each attempt
_PAUSE = 3                      # the same, from then on
# unix(7) has 107 characters for the path of a socket, and ssh makes it with 17 more at its end
_LONGEST_FOLDER = 107 - 17 - len('/lpabcdefgh/999')


def is_remote(connection: Any) -> bool:
    """Whether a connection plugin goes through the network to what it filters, so that the filter can cut it off."""
    return _transport(connection) in _REMOTE


def _transport(connection: Any) -> str:
    """Return the name of a connection plugin without its collection."""
    return str(connection.transport).rpartition('.')[2]


def attempts(clock: Any, until: float) -> Iterator[float]:
    """Yield, for each attempt, how many seconds there are for it; pause in between.

    :param clock: has ``monotonic`` and ``sleep``.
    :param until: when no more is begun, by that clock.
    """
    for pause in itertools.chain(_PAUSES, itertools.repeat(_PAUSE)):
        if clock.monotonic() + pause >= until:
            return
        clock.sleep(pause)
        yield until - clock.monotonic()


class Login:
    """New logins by a connection plugin; at its end the plugin has its own options and connection again.

    :param connection: that of a task. What it has open stays so.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._own: Any = None
        self._folder: str | None = None
        self._count = 0

    def __enter__(self) -> Login:
        if _transport(self._connection) == _SSH:
            # a plugin of that name need not have the options of ssh: then it knows itself how to begin anew
            with contextlib.suppress(AnsibleError, KeyError):
                self._own = self._connection.get_option(_OPTION)
                self._folder = _folder(self._connection.get_option('control_path_dir'))
        return self

    def __exit__(self, *dummy: object) -> None:
        if self._folder:
            self._leave()
            self._connection.set_option(_OPTION, self._own)
            shutil.rmtree(self._folder, ignore_errors=True)

    def renew(self) -> None:
        """Have the next command log in. What the plugin raises is raised."""
        if not self._folder:
            self._connection.reset()
            return
        self._leave()
        self._count += 1
        path = os.path.join(self._folder, str(self._count)).replace('%', '%%')
        options = _OPTIONS % shlex.quote('ControlPath="%s"' % path)
        self._connection.set_option(_OPTION, '%s %s' % (options, self._own or ''))

    def _leave(self) -> None:
        """End the connection that was made here last, if there is one."""
        if self._count:
            with contextlib.suppress(Exception):
                self._connection.reset()


def _folder(kept: str) -> str:
    """Make a folder for control paths, where Ansible has its own unless their names get too long there."""
    kept = str(unfrackpath(kept))
    if len(os.fsencode(kept)) > _LONGEST_FOLDER:
        kept = tempfile.gettempdir()
    else:
        makedirs_safe(kept, 0o700)
    return tempfile.mkdtemp(prefix='lp', dir=kept)
