# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is mounted for a process, and the way to files that cannot hang.

A file system may be dead: a hard NFS mount, or a FUSE daemon that does not answer, keeps whoever looks up a file there
waiting for ever. The tables and links of proc(5) tell of it all the same: for them the kernel asks no file system.

Sources: proc(5), fs/proc_namespace.c in the kernel.
"""

import errno
import os
import re

_LOCAL = frozenset((
    b'bcachefs', b'btrfs', b'erofs', b'exfat', b'ext2', b'ext3', b'ext4', b'f2fs', b'hugetlbfs', b'iso9660', b'jfs',
    b'nsfs', b'overlay', b'ramfs', b'reiserfs', b'rootfs', b'squashfs', b'tmpfs', b'ubifs', b'udf', b'vfat', b'xfs',
    b'zfs'))


def read(base):
    """Read what is mounted for a process, as far as it is below its root.

    :param base: str, such as ``/proc/1``.
    :returns: list of tuple of bytes (mount point, device, root of the mount in its file system, type); empty where that
        cannot be read. Later ones lie over earlier ones.
    """
    try:
        with open(base + '/mountinfo', 'rb') as stream:
            lines = [line.split() for line in stream]
        return [(_unescaped(fields[4]), fields[2], _unescaped(fields[3]), fields[fields.index(b'-', 6) + 1])
                for fields in lines]
    except (OSError, ValueError, IndexError):
        return []


def _unescaped(field):
    return re.sub(br'\\([0-7]{3})', lambda match: bytes((int(match.group(1), 8),)), field)


def _on_the_way(mounts, path):
    """list: the mounts that are passed, or covered, on the way to a path."""
    return [mount for mount in mounts if (path + b'/').startswith(mount[0].rstrip(b'/') + b'/')]


def place(mounts, path):
    """Find where a path is: a tuple of the device and the path in its file system, None where nothing is mounted."""
    on_the_way = _on_the_way(mounts, path)
    if not on_the_way:
        return None
    longest = max(len(mount[0]) for mount in on_the_way)
    point, device, root, dummy = [mount for mount in on_the_way if len(mount[0]) == longest][-1]
    return device, root.rstrip(b'/') + path[len(point.rstrip(b'/')):]


def is_local(mounts, path):
    """bool: no file system on the way to a path is one that may not answer."""
    on_the_way = _on_the_way(mounts, path)
    return bool(on_the_way) and all(mount[3] in _LOCAL for mount in on_the_way)


def reach(mounts, path, root='/'):
    """Open a file for no more than to tell it (open(2), O_PATH), and follow no link: it may lead anywhere.

    :param mounts: list, as ``read`` has it, for the root that the path starts at.
    :param path: bytes.
    :returns: int, a file descriptor.
    :raises OSError: it is not there, behind a link, or on a file system that may not answer.
    """
    if not is_local(mounts, path):
        raise OSError(errno.EHOSTDOWN, os.strerror(errno.EHOSTDOWN))
    handle = os.open(root, os.O_PATH | os.O_CLOEXEC)
    for part in path.strip(b'/').split(b'/'):
        try:
            inner = os.open(part, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=handle)
        finally:
            os.close(handle)
        handle = inner
    return handle
