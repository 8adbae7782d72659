# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ends a process whose pid another one gets meanwhile, and says what became of both: ``result first second``.

It has to be the first process of a PID namespace of its own. Its arguments are the moment, and ``old`` for a kernel
without pidfd_open(2).
"""

import errno
import os
import signal
import socket
import sys
import time

from ansible_collections.listening.ports.plugins.module_utils import _connection
from ansible_collections.listening.ports.plugins.module_utils._stop import processes


def child(ignores=False):
    """Start a process that listens: its pid, once it does."""
    ready, ours = os.pipe()
    pid = os.fork()
    if not pid:
        if ignores:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(('127.0.0.1', 0))         # tests of several Pythons run at once
        listener.listen(1)
        os.write(ours, b'x')
        time.sleep(60)
        os._exit(0)
    os.close(ours)
    assert os.read(ready, 1) == b'x'
    os.close(ready)
    return pid


class Kernel(processes.Kernel):
    """Gives the pid to another process at a moment that is given."""

    def __init__(self, moment, old, first):
        self.moment, self.old, self.first, self.second = moment, old, first, None

    def at(self, moment):
        if moment != self.moment or self.second:
            return
        os.kill(self.first, signal.SIGKILL)
        os.waitpid(self.first, 0)
        for dummy in range(1000):
            with open('/proc/sys/kernel/ns_last_pid', 'w') as stream:
                stream.write(str(self.first - 1))
            self.second = child()
            if self.second == self.first:
                return
            os.kill(self.second, signal.SIGKILL)
            os.waitpid(self.second, 0)
        sys.exit('the pid was not used again')

    def pidfd_open(self, pid):
        self.at('opening')
        if self.old:
            raise OSError(errno.ENOSYS, 'old')
        return processes.Kernel.pidfd_open(self, pid)

    def pidfd_send_signal(self, handle, number):
        self.at('signalling')
        processes.Kernel.pidfd_send_signal(self, handle, number)

    def sleep(self, seconds):
        self.at('waiting')
        time.sleep(seconds)


def main():
    moment, old = sys.argv[1], sys.argv[2] == 'old'
    first = child(ignores=moment == 'waiting')
    bare = processes.Bare(
        first, _connection.status_of(first, '/proc')[1], os.readlink('/proc/%d/exe' % first),
        tuple(int(inode) for inode in _connection.sockets_of(first, '/proc')))
    assert len(bare.inodes) == 1
    time.sleep(0.05)
    kernel = Kernel(moment, old, first)
    kernel.at('looking')
    result = processes.end([bare], kernel, patience=0.5)[first]
    time.sleep(0.2)
    second = kernel.second
    lives = second == first and os.waitpid(second, os.WNOHANG) == (0, 0)
    sys.stdout.write('%s %s\n' % (result, 'lives' if lives else 'was hit' if second else 'none'))


if __name__ == '__main__':
    main()
