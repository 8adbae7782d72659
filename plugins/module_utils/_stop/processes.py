# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ends processes, and no others: whoever has got the pid of one that has ended meanwhile is never hit.

A handle is taken first, and only then what it leads to is compared with what was looked at: when the process was
started, its executable, its sockets. All signals go through the handle. Up to Linux 5.2 a pid has to do for the signal:
there it is sent right after a comparison by a descriptor of the folder in proc(5), which never leads to another
process.

Sources: pidfd_open(2), pidfd_send_signal(2), proc(5), signal(7).
"""

import errno
import os
import select
import signal
import time
from collections import namedtuple

from .. import _connection
from .._owners.walk import walk

# What became of a process
ENDED = 'ended'                 # also where it had ended by itself
CHANGED = 'changed'             # it is not what was looked at any more, or shares a socket with others: left alone
REFUSED = 'refused'             # the kernel does not let us
STAYS = 'stays'                 # nothing ends it

# A process that was looked at. started: int, in ticks since the boot. exe: str, its link in proc(5). inodes: of the
# sockets for whose sake it is ended
Bare = namedtuple('Bare', 'pid started exe inodes')

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_PATIENCE = 10                  # seconds for what was asked to end
_PATIENCE_KILLED = 5
_PAUSE = 0.05
_MOST_DESCRIPTORS = 2000000
# the same on each architecture but alpha, asm-generic/unistd.h
_PIDFD_SEND_SIGNAL, _PIDFD_OPEN = 424, 434
# what a kernel says that has no pidfd_open(2), and a filter of system calls that does not know it
_UNKNOWN = (errno.ENOSYS, errno.EPERM)


class Kernel:
    """The calls of the kernel, of which Python has those of pidfds from 3.9 on."""

    walk = staticmethod(walk)
    clock = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)
    kill = staticmethod(os.kill)

    def pidfd_open(self, pid):
        """int: a descriptor that means this process for ever. Raises OSError."""
        if hasattr(os, 'pidfd_open'):
            return os.pidfd_open(pid)
        return self._call(_PIDFD_OPEN, pid, 0)

    def pidfd_send_signal(self, handle, number):
        """Send a signal. Raises OSError."""
        if hasattr(signal, 'pidfd_send_signal'):
            signal.pidfd_send_signal(handle, number)
        else:
            self._call(_PIDFD_SEND_SIGNAL, handle, int(number), None, 0)

    @staticmethod
    def _call(*arguments):
        try:
            import ctypes
            library = ctypes.CDLL(None, use_errno=True)
            call = library.syscall
        except (ImportError, OSError, AttributeError) as exc:
            raise OSError(errno.ENOSYS, 'Python has no ctypes here') from exc
        result = call(*(ctypes.c_long(word) if isinstance(word, int) else word for word in arguments))
        if result < 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return result


class _Handle:
    """A process, whatever becomes of its pid. Raises OSError where there is none.

    :ivar base: str, its folder in proc(5).
    """

    def __init__(self, pid, kernel, proc):
        self._pid, self._kernel, self._handle = pid, kernel, None
        self._folders = proc + '/self/fd'
        self._folder = os.open('%s/%d' % (proc, pid), _FOLDER)
        try:
            self._handle = kernel.pidfd_open(pid)
        except OSError as exc:
            if exc.errno not in _UNKNOWN:
                os.close(self._folder)
                raise

    def close(self):
        os.close(self._folder)
        if self._handle is not None:
            os.close(self._handle)

    def differs(self, bare):
        """Compare with what was looked at: None if it is that, else ENDED or CHANGED."""
        status = _connection.status_of(self._folder, self._folders)
        exe = self._exe()
        if status is None or status[1] != bare.started or exe is None:
            return ENDED
        own = {int(inode) for inode in _connection.sockets_of(self._folder, self._folders)}
        return None if exe == bare.exe and own.intersection(bare.inodes) else CHANGED

    def _exe(self):
        try:
            return os.fsdecode(os.readlink(os.fsencode('%s/%d/exe' % (self._folders, self._folder))))
        except OSError:
            return None         # it has ended, be it that nobody has asked how

    def has_ended(self):
        """bool: it does not run any more."""
        if self._handle is None:
            return self._exe() is None
        poll = select.poll()
        poll.register(self._handle, select.POLLIN)
        return bool(poll.poll(0))

    def send(self, number, bare):
        """Send a signal. Raises OSError, as ProcessLookupError if the process has ended."""
        if self._handle is not None:
            self._kernel.pidfd_send_signal(self._handle, number)
        elif self.differs(bare) == ENDED:
            raise ProcessLookupError(errno.ESRCH, 'it has ended')
        else:
            self._kernel.kill(self._pid, number)


def end(processes, kernel=None, proc='/proc', patience=_PATIENCE):
    """End processes: all that share a socket, or none of them.

    :param processes: iterable of Bare.
    :param patience: number of seconds for what was asked to end, before it is killed.
    :returns: dict, pid to ENDED, CHANGED, REFUSED or STAYS.
    """
    kernel, processes = kernel or Kernel(), list(processes)
    results, handles = {}, {}
    try:
        for bare in processes:
            try:
                if bare.pid < 2 or bare.pid == os.getpid():
                    raise PermissionError(errno.EPERM, 'never')
                handles[bare] = _Handle(bare.pid, kernel, proc)
            except (FileNotFoundError, ProcessLookupError):
                results[bare.pid] = ENDED
            except OSError:
                results[bare.pid] = REFUSED
        for bare, handle in handles.items():
            different = handle.differs(bare)
            if different:
                results[bare.pid] = different
        for bare in _of_others(processes, results, kernel.walk, proc):
            results.setdefault(bare.pid, CHANGED)
        left = {bare: handle for bare, handle in handles.items() if bare.pid not in results}
        for number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, _PATIENCE_KILLED)):
            _signal(left, number, results)
            _wait(left, seconds, kernel)
            for bare in [bare for bare, handle in left.items() if bare.pid in results or handle.has_ended()]:
                results.setdefault(bare.pid, ENDED)
                del left[bare]
        results.update((bare.pid, STAYS) for bare in left)
    finally:
        for handle in handles.values():
            handle.close()
    return results


def _of_others(processes, results, look, proc):
    """list of Bare: those that have a socket in common with a process that is not to be ended, or cannot be."""
    inodes = {inode for bare in processes for inode in bare.inodes}
    known = look(inodes, _MOST_DESCRIPTORS, proc)
    if not known.whole:
        return processes
    ours = {bare.pid for bare in processes if bare.pid not in results}
    while True:
        # one that is spared for one of its sockets spares all that share another one with it
        shared = {inode for inode in inodes if set(known.owners.get(inode, ())) - ours}
        more = {bare.pid for bare in processes if shared.intersection(bare.inodes)} & ours
        if not more:
            return [bare for bare in processes if bare.pid not in ours]
        ours -= more


def _signal(handles, number, results):
    for bare, handle in handles.items():
        try:
            handle.send(number, bare)
        except ProcessLookupError:
            pass                # it has ended: whoever has its pid now was not meant
        except OSError:
            results[bare.pid] = REFUSED


def _wait(handles, seconds, kernel):
    """Wait until all have ended, or it takes too long."""
    until = kernel.clock() + seconds
    while not all(handle.has_ended() for handle in handles.values()) and kernel.clock() < until:
        kernel.sleep(_PAUSE)
