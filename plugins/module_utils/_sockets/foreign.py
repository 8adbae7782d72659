# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a process does not see the host itself."""

import os
import socket


def note(gaps, proc='/proc', sysfs='/sys/class/net', devices=socket.if_nameindex):
    """Note a build chroot, another network namespace, and where it cannot be known.

    :param gaps: ``_gaps.Gaps``.
    :param proc: str, the root of proc(5).
    :param sysfs: str, the directory with the network devices of this system.
    :param devices: callable as ``socket.if_nameindex``.
    """
    try:
        first, own = os.stat(proc + '/1/root'), os.stat('/')
        if (first.st_dev, first.st_ino) != (own.st_dev, own.st_ino):
            gaps.add('sockets', 'foreign_root', 'this is a chroot (its root is not that of process 1): the sockets '
                     'belong to the machine that contains it')
        if os.readlink(proc + '/1/ns/net') != os.readlink(proc + '/self/ns/net'):
            gaps.add('sockets', 'foreign_network_namespace', 'this is not the network namespace of process 1: the '
                     'listeners of the host were not observed')
    except PermissionError:             # process 1 may be inspected by root alone, with CAP_SYS_PTRACE
        _guess(gaps, proc, sysfs, devices)
    except OSError:
        if not os.path.exists(proc + '/self/stat'):
            gaps.add('sockets', 'unknown_root', 'without /proc it is unknown whether this is a chroot and the '
                     'sockets belong to the machine that contains it')


def _guess(gaps, proc, sysfs, devices):
    """Note what shows without process 1. Not everything does, which the documentation says."""
    try:
        with open(proc + '/self/mountinfo', 'rb') as stream:
            if not any(line.split()[4] == b'/' for line in stream):
                gaps.add('sockets', 'foreign_root', 'this is a chroot (nothing is mounted at its root): the sockets '
                         'belong to the machine that contains it')
        # sysfs goes on showing the devices of the network namespace in which it was mounted
        names = {name for name in os.listdir(sysfs) if os.path.isdir('%s/%s' % (sysfs, name))} - {'lo'}
        if names and not names.intersection(name for dummy, name in devices()):
            gaps.add('sockets', 'foreign_network_namespace', 'none of the network devices of this system are in this '
                     'network namespace: the listeners of the host were not observed')
    except (OSError, IndexError):
        pass
