# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a trial ends by itself on this kernel and with this nft: tried with packets, where nobody else is.

This file is a program of its own, run in a new network namespace with the path of nft and the trial. It exits with 0 if
connections get through before the trial, are refused in it, and get through again when its second is over, though
nobody does anything. Else it says what happened.

Sources: netdevice(7), nft(8).
"""

import contextlib
import fcntl
import os
import socket
import struct
import sys
import time

SECONDS = 1
_PATIENCE = 5                   # seconds until the second must be over
_SIOCSIFFLAGS, _UP_AND_RUNNING = 0x8914, 0x1 | 0x40
_PORT = 7


def source():
    """str: this program."""
    return __loader__.get_data(__file__).decode('utf-8')


def rules():
    """str: a trial that refuses one port, also to the loopback device, which filters never do."""
    from . import table
    from .rules import parse
    text = table.trial(parse([{'ports': [_PORT], 'sources': []}]), 'accept', False, '00000000', SECONDS, table.ABSENT)
    return ''.join(line for line in text.splitlines(True) if 'iif "lo" accept' not in line)


def gets_through():
    """bool: a connection is made."""
    try:
        socket.create_connection(('127.0.0.1', _PORT), 1).close()
        return True
    except OSError:
        return False


def lift_loopback():
    """Switch the loopback device on: in a new namespace it is off."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SIOCSIFFLAGS, struct.pack('16sh14x', b'lo', _UP_AND_RUNNING))


def loads(nft, trial):
    """bool: nft loads a trial. If not, it says why where this program does."""
    reads, writes = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            os.dup2(reads, 0)
            os.close(writes)
            os.execv(nft, [nft, '-f', '-'])
        finally:
            os._exit(127)
    os.close(reads)
    with contextlib.suppress(BrokenPipeError), open(writes, 'wb') as stream:
        stream.write(trial.encode())
    return os.waitpid(pid, 0)[1] == 0


def main(nft, trial):
    """Try it. Returns what is wrong, None if nothing is."""
    lift_loopback()
    with socket.socket() as server:
        server.bind(('127.0.0.1', _PORT))
        server.listen(20)
        if not gets_through():
            return 'no connection is made without any rule'
        if not loads(nft, trial):
            return 'nft does not load a trial'
        began = time.monotonic()
        if gets_through():
            return 'the rules of a trial do not refuse what they should'
        while not gets_through():
            if time.monotonic() - began > _PATIENCE:
                return 'a trial of %d second does not end within %d s' % (SECONDS, _PATIENCE)
            time.sleep(0.05)
        # what it took to load the trial counts as well
        if time.monotonic() - began < SECONDS / 2:
            return 'a trial of %d second ends at once' % SECONDS
    return None


if __name__ == '__main__':
    raise SystemExit(main(*sys.argv[1:]))
