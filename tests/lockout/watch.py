# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a run is on its host, seen from outside: files that appear there, and its kernel while the host stands still.
"""

import contextlib
import pathlib
import threading
import time
from typing import Iterator

from draws import NONE
from subject import Site, Subject
from verdicts import BEFORE, IN_TRIAL, KEPT, LOADED, OVER, Phase

LOOK_EVERY = 0.01  # seconds
FREEZES_WITHIN = 60  # seconds


class Watch(threading.Thread):
    """Notes when the trial and the keep of a run are seen.

    :ivar tried, kept: time.monotonic() of both, or None
    """

    def __init__(self, host: Site, subject: Subject):
        super().__init__(daemon=True)
        self._host, self._subject = host, subject
        self._run = host.run_folder()
        self._mark_before = self._mark()
        self._ended = threading.Event()
        self.tried: float | None = None
        self.kept: float | None = None

    def run(self) -> None:
        """Look until end() is called."""
        while not self._ended.wait(LOOK_EVERY):
            if not self.tried and self._subject.is_tried(self._run):
                self.tried = time.monotonic()
            if not self.kept and self._mark() != self._mark_before:
                self.kept = time.monotonic()
                return

    def end(self) -> None:
        """Look no more."""
        self._ended.set()
        self.join()

    def _mark(self) -> object:
        return self._subject.mark(self._host.guest.root)

    def phase(self, before: str) -> Phase:
        """Where the run is. To be asked while the host stands still.

        :param before: the change that was kept before
        """
        left = self._subject.trial_left(self._host)
        busy = bool(programs(self._host, "python", "sudo"))
        if self._mark() != self._mark_before:
            return Phase(KEPT, 0, busy, time.monotonic() - (self.kept or time.monotonic()))
        if left:
            return Phase(IN_TRIAL, left, busy)
        if self._subject.counts(self._host) not in (before, NONE):
            return Phase(LOADED, 0, busy)
        return Phase(OVER if self.tried else BEFORE, 0, busy)


def programs(host: Site, *names: str) -> list[int]:
    """The pids, as seen from here, of what login sessions of a host run by names that start so."""
    pids = []
    for procs in host.guest.cgroup.rglob("session-*.scope/cgroup.procs"):
        with contextlib.suppress(OSError):
            for pid in procs.read_text(encoding="ascii").split():
                with contextlib.suppress(OSError):
                    name = pathlib.Path("/proc", pid, "comm").read_text(encoding="utf-8", errors="replace")
                    if name.startswith(names):
                        pids.append(int(pid))
    return pids


@contextlib.contextmanager
def standing_still(host: Site) -> Iterator[None]:
    """Nothing on a host goes on. Its kernel does: time passes, packets are answered."""
    cgroup = host.guest.cgroup
    (cgroup / "cgroup.freeze").write_text("1", encoding="ascii")
    try:
        until = time.monotonic() + FREEZES_WITHIN
        while "frozen 1" not in (cgroup / "cgroup.events").read_text(encoding="ascii"):
            if time.monotonic() > until:
                raise RuntimeError("%s does not stand still" % host.name)
            time.sleep(0.002)
        yield
    finally:
        with contextlib.suppress(OSError):  # it may have lost its power meanwhile
            (cgroup / "cgroup.freeze").write_text("0", encoding="ascii")
