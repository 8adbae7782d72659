# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a change to the host: the lock of the run that makes it, and notes for the next, which a boot forgets.

Sources: rename(2), fsync(2), flock(2), sd_booted(3).
"""

import contextlib
import errno
import fcntl
import json
import os
import stat
import time

RUN = '/run/listening-ports'
_LOCK = RUN + '/lock'
_MOST = 16 * 1024 * 1024        # characters of a file that is ours


class Busy(Exception):
    """Another run has the lock."""


class Notes:
    """The lock and the notes.

    :param root: str, what is before each path, for tests.
    :param fsync: callable as ``os.fsync``.
    """

    def __init__(self, root='', fsync=os.fsync):
        self._root, self._fsync = root, fsync

    def _path(self, path):
        return self._root + path

    @property
    def booted(self):
        """str: a directory that is there where systemd has booted the host, see sd_booted(3)."""
        return self._path('/run/systemd/system')

    def is_booted(self):
        """bool: systemd has booted this host."""
        return os.path.isdir(self.booted)

    def note(self, token, about):
        """Write down what is to be known of a trial when it is to be kept. Raises OSError."""
        self._make(RUN)
        self._write(self._note(token), json.dumps(about, sort_keys=True))

    def noted(self, token):
        """dict: what ``note`` wrote down; None where there is nothing."""
        text = self._read(self._note(token))
        try:
            about = json.loads(text or 'null')
        except ValueError:
            return None
        return about if isinstance(about, dict) else None

    def forget(self, token):
        """Remove the notes on a trial."""
        self._remove(self._note(token))

    @staticmethod
    def _note(token):
        return '%s/%s.json' % (RUN, token)

    @contextlib.contextmanager
    def locked(self, patience=0, sleep=time.sleep):
        """Be the only run on this host.

        :param patience: number of seconds to wait for another.
        :raises Busy: another has it.
        :raises OSError: there can be no lock.
        """
        self._make(RUN)
        # no program that is started from here may have it, and stay behind
        handle = os.open(self._path(_LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            until = time.monotonic() + patience
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except OSError as exc:
                    if exc.errno not in (errno.EAGAIN, errno.EACCES):
                        raise
                    if time.monotonic() >= until:
                        raise Busy() from exc
                sleep(0.05)
            yield
        finally:
            os.close(handle)

    # how

    def _read(self, path):
        """str: the content of a plain file; None where it is none, or cannot be read."""
        try:
            handle = os.open(self._path(path), os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError:
            return None
        with open(handle, encoding='utf-8', errors='surrogateescape') as stream:
            try:
                return stream.read(_MOST) if stat.S_ISREG(os.fstat(handle).st_mode) else None
            except OSError:
                return None

    def _make(self, folder, mode=0o700):
        os.makedirs(self._path(folder), mode, exist_ok=True)

    def _write(self, path, text, mode=0o600):
        """Write a file whole, down to the disk, or leave what is there as it is."""
        path = self._path(path)
        temporary = path + '.tmp'
        try:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
            with open(handle, 'w', encoding='utf-8', errors='surrogateescape') as stream:
                stream.write(text)
                stream.flush()
                os.fchmod(handle, mode)         # whatever umask(2) is
                self._fsync(handle)
            os.rename(temporary, path)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
        self._sync(os.path.dirname(path)[len(self._root):])

    def _sync(self, folder):
        handle = os.open(self._path(folder), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            self._fsync(handle)
        finally:
            os.close(handle)

    def _remove(self, path):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path(path))

    def _remove_folder(self, path):
        """Remove a folder unless others have something in it."""
        with contextlib.suppress(OSError):
            os.rmdir(self._path(path))


def what_failed(exc):
    """str: what went wrong, without the number that an OSError has, nor a stop at its end."""
    if getattr(exc, 'strerror', None):
        return '%s: %s' % (exc.filename, exc.strerror) if getattr(exc, 'filename', None) else exc.strerror
    return str(exc).rstrip('.')
