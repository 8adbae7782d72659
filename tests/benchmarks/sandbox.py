# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Namespaces that die with the benchmark, and the private network that joins the hosts."""

import json
import os
import pathlib
import subprocess
import sys
import time
from typing import Sequence

HERE = pathlib.Path(__file__).resolve().parent
CHECKOUT = HERE.parent.parent
SCRATCH = pathlib.Path("/run/bench")  # on a tmpfs of the sandbox's own: nothing is left behind, also after kill -9


def say(text: str) -> None:
    """Show what is going on, on standard error: standard output is for the figures."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def in_namespaces(command: Sequence[object], extra: Sequence[str] = ()) -> list[str]:
    """The command line that runs ``command`` in network, process and mount namespaces of its own.

    The kernel ends everything in them when the caller ends, however that happens: the caller's death signals
    unshare (setpriv), and unshare's death ends the namespace's first process (kill-child) and so all others.
    """
    return ["setpriv", "--pdeathsig", "KILL", "--", "unshare", "--net", "--pid", "--mount", "--fork", "--kill-child",
            "--mount-proc", *extra, "--", *[str(word) for word in command]]


def prepare() -> pathlib.Path:
    """Make the scratch space and the collection tree. To be called once, as the first process of the sandbox."""
    for directory in ("/run", "/var/log"):
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", directory], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    SCRATCH.mkdir(mode=0o700)
    namespace = SCRATCH / "tree" / "ansible_collections" / "listening"
    namespace.mkdir(parents=True)
    (namespace / "ports").symlink_to(CHECKOUT)
    return SCRATCH / "tree"


class Load:
    """A load in namespaces of its own; ``enter`` gives the command line of a program that runs beside it."""

    def __init__(self, listeners: int, connections: int, processes: int):
        self.size = (listeners, connections, processes)
        self.seconds: float | None = None
        self._started: subprocess.Popen[str] | None = None

    @property
    def _process(self) -> subprocess.Popen[str]:
        assert self._started
        return self._started

    def __enter__(self) -> "Load":
        script = "ip link set lo up && exec %s %s %d %d %d" % ((sys.executable, HERE / "load.py") + self.size)
        self._started = subprocess.Popen(in_namespaces(["sh", "-c", script]), stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the load of %d listeners, %d connections, %d processes did not come up" % self.size)
        self.seconds = json.loads(answer)["seconds"]
        return self

    def __exit__(self, *_unused: object) -> None:
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream
            stream.close()

    def enter(self, command: Sequence[object]) -> list[str]:
        """The command line that runs ``command`` in the namespaces of the load."""
        first = child_of(self._process.pid)
        return ["nsenter", "-t", str(first), "-n", "-p", "-m", "--", *[str(word) for word in command]]


def child_of(pid: int) -> int:
    """The first child of a process: what unshare started in the new process namespace."""
    deadline = time.monotonic() + 5
    path = pathlib.Path("/proc/%d/task/%d/children" % (pid, pid))
    while time.monotonic() < deadline:
        children = path.read_text(encoding="ascii").split()
        if children:
            return int(children[0])
        time.sleep(0.01)
    raise RuntimeError("process %d has no child" % pid)


def busy() -> tuple[float, int]:
    """How busy the machine is with anything: the load average of the last minute and the number of processors."""
    return os.getloadavg()[0], len(os.sched_getaffinity(0))
