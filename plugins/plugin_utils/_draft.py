# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes files whole or not at all: a draft beside the file, which then takes its place.

A link of the name of a file is replaced, and never followed.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from typing import BinaryIO

OWNER_ONLY = 0o600
# What file systems answer that have no hard links, such as those that virtual machines share with their host.
_WITHOUT_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)
_FLAGS = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC


@contextlib.contextmanager
def opened(folder: str, flags: int = 0, above: int | None = None) -> Iterator[int]:
    """Open a directory, and return its descriptor: what happens to its path afterwards leads nowhere else.

    :param above: a descriptor of the directory that it is in.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | flags, dir_fd=above)
    try:
        yield handle
    finally:
        os.close(handle)


class Draft:
    """A file that is being written, until it is kept or dropped.

    :ivar out: what to write to.
    """

    def __init__(self, folder: int, name: str, mode: int = OWNER_ONLY) -> None:
        """Begin it. Raises OSError.

        :param folder: a descriptor of the directory, open until the draft is kept or dropped.
        :param name: of the file that it will be.
        :param mode: of the file, whatever the umask is.
        """
        self._folder, self._name = folder, name
        self._draft = '.draft-%s' % os.urandom(8).hex()
        number = os.open(self._draft, _FLAGS, OWNER_ONLY, dir_fd=folder)
        self.out: BinaryIO = open(number, 'wb')
        try:
            if mode != OWNER_ONLY:
                os.fchmod(number, mode)
        except OSError:
            self.drop()
            raise

    def keep(self) -> None:
        """Put it in the place of the file. Raises OSError, and the file is then as it was."""
        self.out.close()
        os.replace(self._draft, self._name, src_dir_fd=self._folder, dst_dir_fd=self._folder)

    def keep_new(self) -> None:
        """Make it the file, if there is none of that name. Raises OSError, and a file that is there is as it was."""
        self.out.close()
        try:
            os.link(self._draft, self._name, src_dir_fd=self._folder, dst_dir_fd=self._folder, follow_symlinks=False)
        except OSError as exc:
            if exc.errno not in _WITHOUT_LINKS:
                raise
            # the name is taken first, and nobody else can then have taken it
            os.close(os.open(self._name, _FLAGS, OWNER_ONLY, dir_fd=self._folder))
            os.replace(self._draft, self._name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        else:
            os.unlink(self._draft, dir_fd=self._folder)

    def drop(self) -> None:
        """Leave the file as it was."""
        with contextlib.suppress(OSError):      # what is still to be written, to a disk that may be full
            self.out.close()
        with contextlib.suppress(OSError):
            os.unlink(self._draft, dir_fd=self._folder)


def write(folder: int, name: str, content: bytes, mode: int = OWNER_ONLY) -> None:
    """Write a file. Raises OSError.

    :param folder: a descriptor of the directory.
    """
    draft = Draft(folder, name, mode)
    try:
        draft.out.write(content)
        draft.keep()
    except BaseException:
        draft.drop()
        raise
