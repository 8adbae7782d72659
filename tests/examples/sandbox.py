# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs a command beside some listeners, in namespaces that were made for it (see conftest.py).

With --blind before the command, that cannot see who owns them.
Process 1 is in the same network namespace: for the collection this is a host of its own, whatever runs outside. What is
written to /etc and /run is gone afterwards, and systemd does not run here.
"""

import ctypes
import fcntl
import os
import signal
import socket
import struct
import subprocess
import sys
from typing import NoReturn

PR_SET_DUMPABLE, PR_SET_NAME, PR_CAPBSET_DROP = 4, 15, 24       # prctl(2)
CAP_SYS_PTRACE = 19                                             # capabilities(7)
PORTS = (('0.0.0.0', 8080), ('127.0.0.1', 5432))


def raise_loopback() -> None:
    """Bring up the device lo (netdevice(7))."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        flags = struct.unpack('16sh', fcntl.ioctl(control, 0x8913, struct.pack('16sh', b'lo', 0)))[1]
        fcntl.ioctl(control, 0x8914, struct.pack('16sh', b'lo', flags | 1))


def mount(*words: str) -> None:
    """Mount something in this namespace."""
    subprocess.check_call(['mount', *words])


def have_files_of_its_own() -> None:
    """Give what is run an /etc that it may write to, and an empty /run, in which it finds no systemd."""
    mount('-t', 'tmpfs', 'tmpfs', '/run')
    layers = {layer: '/run/etc/' + layer for layer in ('upperdir', 'workdir')}
    for path in layers.values():
        os.makedirs(path)
    options = ','.join('%s=%s' % layer for layer in {'lowerdir': '/etc', **layers}.items())
    mount('-t', 'overlay', 'overlay', '-o', options, '/etc')


def prctl(option: int, value: int | bytes) -> None:
    """Set something of this process."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, value, 0, 0, 0):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def main() -> NoReturn:
    """Called with the command; its exit code is that of this program."""
    command = sys.argv[1:]
    blind = command[0] == '--blind'
    raise_loopback()
    # that of the machine shows the devices of the machine
    mount('-t', 'sysfs', 'sysfs', '/sys')
    have_files_of_its_own()
    kept = [socket.create_server(endpoint, backlog=16) for endpoint in PORTS]
    owner = os.fork()
    if not owner:
        prctl(PR_SET_NAME, b'example')
        prctl(PR_SET_DUMPABLE, 0 if blind else 1)   # if not, it takes CAP_SYS_PTRACE to look into it
        null = os.open(os.devnull, os.O_RDWR)
        for number in range(3):
            os.dup2(null, number)
        signal.pause()
    for listener in kept:
        listener.close()
    if blind:
        prctl(PR_CAPBSET_DROP, CAP_SYS_PTRACE)
    code = subprocess.call(command[1:] if blind else command)
    os.kill(owner, signal.SIGKILL)
    raise SystemExit(code)


if __name__ == '__main__':
    main()
