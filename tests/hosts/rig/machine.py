# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a rig shares with the machine that it runs on: a cgroup, the limit on inotify instances, and a folder in /run.

All else is in namespaces, and ends with them. These have to be put back by hand: at the end of a rig or, after one that
was killed, at the start of the next. A rig is named after the process that runs it, so that others can tell whether it
lives.
"""

import contextlib
import fcntl
import os
import pathlib
import shutil
import signal
import time
from typing import Iterator

from .obstacles import cgroup_root

SHARED = pathlib.Path("/run/listening-ports-rigs")
PREFIX = "listening-ports-rig-"
# Every systemd takes some ten instances, and the hosts' root is the machine's: at 128, the usual limit, the twelfth
# host starves.
INOTIFY = pathlib.Path("/proc/sys/fs/inotify/max_user_instances")
INOTIFY_WANTED = 8192
GONE_WITHIN = 60  # seconds for the kernel to end killed processes and empty their cgroup


def rig_name(pid: int) -> str:
    """The name of the rig that this process runs.

    Raises ProcessLookupError or FileNotFoundError for a process that has ended.
    """
    # behind the name, which may hold anything, the third field is the state, and the 22nd in what clock tick it began
    # (proc_pid_stat(5))
    status = pathlib.Path("/proc/%d/stat" % pid).read_text(encoding="utf-8", errors="replace")
    fields = status.rpartition(")")[2].split()
    if fields[0] in "ZX":
        raise ProcessLookupError(pid)
    return "%s%d-%s" % (PREFIX, pid, fields[19])


def runner_of(name: str) -> int | None:
    """The pid that runs the rig of this name, or None where none does any more."""
    pid, _dash, began = name[len(PREFIX):].partition("-")
    try:
        return int(pid) if began and rig_name(int(pid)) == name else None
    except (ValueError, OSError):
        return None


def end_cgroup(cgroup: pathlib.Path) -> None:
    """Kill all processes in a cgroup and below, and remove it. Raises OSError where it cannot be removed."""
    until = time.monotonic() + GONE_WITHIN
    while cgroup.exists():
        for folder, _folders, _files in list(os.walk(cgroup, topdown=False)):
            with contextlib.suppress(OSError):
                for pid in pathlib.Path(folder, "cgroup.procs").read_text(encoding="ascii").split():
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(int(pid), signal.SIGKILL)
            with contextlib.suppress(OSError):
                os.rmdir(folder)
        if time.monotonic() > until:
            os.rmdir(cgroup)
        time.sleep(0.01)


def _lives_elsewhere(cgroup: pathlib.Path) -> bool:
    """Whether it has processes that are not in this PID namespace, as those of whoever shares the tree of cgroups with
    a container. They are shown as 0, which means one's own group to kill(2).
    """
    for procs in cgroup.rglob("cgroup.procs"):
        with contextlib.suppress(OSError):
            if "0" in procs.read_text(encoding="ascii").split():
                return True
    return False


@contextlib.contextmanager
def share() -> Iterator[pathlib.Path]:
    """Register this process as one that runs a rig; gives the path of the rig's cgroup."""
    with _lock():
        sweep_locked()
        _raise_limit()
        cgroup = cgroup_root() / rig_name(os.getpid())
        cgroup.mkdir()
    try:
        yield cgroup
    finally:
        with _lock():
            end_cgroup(cgroup)
            shutil.rmtree(SHARED / cgroup.name, ignore_errors=True)
            sweep_locked()


def sweep() -> None:
    """Remove what rigs left whose runner was killed."""
    with _lock():
        sweep_locked()


def sweep_locked() -> None:
    """The same, for who holds the lock."""
    root = cgroup_root()
    for cgroup in root.glob(PREFIX + "*"):
        if not runner_of(cgroup.name) and not _lives_elsewhere(cgroup):
            end_cgroup(cgroup)
    for folder in SHARED.glob(PREFIX + "*"):
        if not runner_of(folder.name):
            shutil.rmtree(folder)
    if not any(root.glob(PREFIX + "*")):
        _put_back_limit()


def _raise_limit() -> None:
    limit = int(INOTIFY.read_text(encoding="ascii"))
    if limit < INOTIFY_WANTED:
        (SHARED / "inotify").write_text(str(limit), encoding="ascii")  # before it is changed: a kill may come between
        INOTIFY.write_text(str(INOTIFY_WANTED), encoding="ascii")


def _put_back_limit() -> None:
    kept = SHARED / "inotify"
    if kept.exists():
        before = kept.read_text(encoding="ascii").strip()
        # what is not ours any more, since somebody else has changed it, stays
        if before.isdigit() and int(INOTIFY.read_text(encoding="ascii")) == INOTIFY_WANTED:
            INOTIFY.write_text(before, encoding="ascii")
        kept.unlink()


@contextlib.contextmanager
def _lock() -> Iterator[None]:
    SHARED.mkdir(mode=0o700, exist_ok=True)
    with open(SHARED / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
