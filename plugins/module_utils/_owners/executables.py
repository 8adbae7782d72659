# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Executables that the kernel calls deleted, and those of processes with namespaces of their own.

Nobody can be sure of a path that only a process itself sees. A user who is root in a user namespace may mount a file of
his own over ``/usr/sbin/sshd`` there, detach a mount so that a path looks like another one, or name any file as his
executable (prctl(2), PR_SET_MM_MAP). And what runs in a container has the paths of its image.

Sources: proc(5), mount_namespaces(7), user_namespaces(7); fs/d_path.c and kernel/sys.c in the kernel.
"""

import os

from .. import _mounts

_DELETED = b' (deleted)'
_GENERATIONS = 8


class Executables:
    """Describes executables. The host is what this process sees.

    :param proc: str, the root of proc(5).
    :param own: pair of the mount namespace and the user namespace of this process, as their links call them.
    """

    def __init__(self, proc, own):
        self._proc, self._own = proc, own
        self._mounts = _mounts.read(proc + '/self')
        self._tables = {}

    def describe(self, base, path, spaces):
        """Say what is known of the executable of a process.

        :param base: str, such as ``/proc/1``.
        :param path: bytes, its link ``exe``.
        :param spaces: pair of its namespaces, as ``own``.
        :returns: dict with ``exe`` and ``exe_deleted``; ``exe`` is None where the path is none of the host, which then
            is ``exe_inside``.
        """
        name = path[:-len(_DELETED)] if path.endswith(_DELETED) else path
        if spaces != self._own and not self._is_of_the_host(base, path, spaces):
            return {'exe': None, 'exe_deleted': name != path, 'exe_inside': _text(name)}
        deleted = name != path and is_deleted(base, path, self._mounts)
        return {'exe': _text(name if deleted else path), 'exe_deleted': deleted}

    def _is_of_the_host(self, base, path, spaces):
        """bool: root has made its namespace, and the path leads to the same file there as for this process."""
        mounted, user = spaces
        if user != self._own[1]:
            return False
        if mounted not in self._tables:
            self._tables[mounted] = self._read(base, mounted)
        here, inside = _mounts.place(self._mounts, path), _mounts.place(self._tables[mounted], path)
        return here is not None and here == inside

    def _read(self, base, mounted):
        """Read the mounts of a namespace, by the process itself or by an ancestor that has not changed its root.

        Of a process with another root the kernel shows only what is mounted below that.
        """
        try:
            for _generation in range(_GENERATIONS):
                if os.readlink(base + '/ns/mnt') != mounted:
                    break
                if os.readlink(base + '/root') == '/':
                    return _mounts.read(base)
                with open(base + '/stat', 'rb') as stream:
                    parent = stream.read().rpartition(b')')[2].split()[1]
                base = '%s/%d' % (self._proc, int(parent))
        except (OSError, ValueError, IndexError):
            pass
        return []


def is_deleted(base, path, mounts, root='/'):
    """Tell an executable that has been deleted from one that is called so.

    :param base: str, such as ``/proc/1``.
    :param path: bytes, its executable, ending in `` (deleted)``.
    :param mounts: list, as ``_mounts.read`` has it. Of a file system that may not answer, the word of the kernel is
        taken.
    :param root: str, the directory that the path starts at.
    :returns: bool.
    """
    try:
        handle = _mounts.reach(mounts, path, root)
        try:
            named, running = os.fstat(handle), os.stat(base + '/exe')
        finally:
            os.close(handle)
        return (named.st_dev, named.st_ino) != (running.st_dev, running.st_ino)
    except OSError:
        return True


def _text(raw):
    return raw.decode('utf-8', 'backslashreplace')
