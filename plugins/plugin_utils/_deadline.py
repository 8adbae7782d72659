# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ends what takes too long: a host that does not answer must not keep an audit from its end.

A task runs in the main thread of a process of its own, where an alarm interrupts whatever it waits for, as that of the
keyword ``timeout`` does. Where that keyword would end the task earlier, this comes a second before it, so that there is
time to say what has happened.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

_Result = TypeVar('_Result')


_TICK = 0.01            # seconds: start times are that coarse
_EARLIER = 1            # seconds, before the alarm of the keyword


class _Late(BaseException):
    """The time is over. What handles all errors of a connection does not handle this one."""


def within(seconds: float, work: Callable[[], _Result]) -> _Result:
    """Return what the work returns.

    :param seconds: 0 for any time.
    :raises TimeoutError: it took longer than the seconds that it has. Processes that it had started have been ended.
    """
    if not seconds:
        return work()
    outer = signal.getitimer(signal.ITIMER_REAL)[0]
    if outer:
        seconds = min(seconds, max(outer - _EARLIER, outer / 2))
    began = _since_boot()
    try:
        with _alarm(seconds, outer):
            return work()
    except _Late:
        _end(_children(began))
        raise TimeoutError(seconds) from None


@contextlib.contextmanager
def _alarm(seconds: float, outer: float) -> Iterator[None]:
    began = time.monotonic()
    try:
        handler = signal.signal(signal.SIGALRM, _ring)
    except ValueError:          # not the main thread, which is Ansible's own business
        yield
        return
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if outer:
            signal.setitimer(signal.ITIMER_REAL, max(outer - (time.monotonic() - began), 0.01))


def _ring(number: int, frame: Any) -> None:
    raise _Late


def _since_boot() -> float:
    """Return the time by which the kernel stamps processes; one that is never reached where there is no such clock."""
    clock = getattr(time, 'CLOCK_BOOTTIME', None)
    return float('inf') if clock is None else time.clock_gettime(clock)


def _children(began: float) -> set[int]:
    """List the processes that this one has started since then, and those that they have."""
    parents, late = {}, set()
    for name in os.listdir('/proc') if os.path.isdir('/proc') else ():
        if name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError), \
                    open('/proc/%s/stat' % name, encoding='utf-8', errors='replace') as stream:
                fields = stream.read().rpartition(')')[2].split()       # proc_pid_stat(5): from the state on
                parents[int(name)] = int(fields[1])
                if int(fields[19]) / os.sysconf('SC_CLK_TCK') >= began - _TICK:
                    late.add(int(name))
    mine: set[int] = set()
    more = {os.getpid()}
    while more:
        more = {pid for pid, parent in parents.items() if parent in more and pid in late} - mine
        mine |= more
    return mine


def _end(pids: set[int]) -> None:
    for pid in pids:
        with contextlib.suppress(OSError):      # it has ended, or is of another user, as with sudo
            os.kill(pid, signal.SIGTERM)
            os.waitpid(pid, os.WNOHANG)
