# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts that stay until they are taken down: a rig in the background, and a folder that tells others how to reach it.
"""

import contextlib
import os
import pathlib
import shlex
import signal
import subprocess
import sys
import time

from . import images, machine, sandbox
from .guest import Guest
from .images import Say
from .obstacles import cgroup_root

Path = str | os.PathLike[str]

FILES = ("runner", "ready", "ssh", "sftp", "scp", "ssh_config", "inventory.json", "id", "id.pub", "known_hosts", "log")
DOWN_WITHIN = 60  # seconds
# Whoever connects is in the rig's cgroup, so that connections which Ansible keeps end with the hosts.
SSH = """\
#!/bin/sh
# Connects to a host of the rig: from the network that the hosts are in.
echo $$ > %(cgroup)s/cgroup.procs
exec nsenter --net=/proc/%(pid)d/ns/net -- ssh -F %(config)s "$@"
"""
# Both run ssh themselves, and are told here which.
TRANSFER = """\
#!/bin/sh
# Transfers files from and to a host of the rig.
exec %(program)s -S %(ssh)s "$@"
"""


class Refused(Exception):
    """What was asked for cannot be done; the text says why."""


def up(state: Path, order: sandbox.Order, say: Say) -> None:
    """Start hosts in the background, and leave in the folder state how to reach them. Raises Refused."""
    state = pathlib.Path(state).resolve()
    if _runner(state):
        raise Refused("hosts are up in %s already; take them down first: rig down --state %s"
                      % (state, shlex.quote(str(state))))
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = state.stat()
    if status.st_uid != os.geteuid() or status.st_mode & 0o022:  # root is going to run what is in it
        raise Refused("others can write to %s: take a folder of your own" % state)
    _clear(state)
    images.acquire(order["releases"], say)  # here, where its progress is seen
    arguments = ["--hosts", str(order["hosts"]), "--release", ",".join(order["releases"])]
    arguments += ["--bastion"] if order["bastion"] else []
    with open(state / "log", "wb") as log:
        process = subprocess.Popen([sys.executable, "-B", sandbox.PROGRAM, "stay", "--state", state, *arguments],
                                   stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd="/")
    while not (state / "ready").exists():
        if process.poll() is not None:
            sys.stderr.write((state / "log").read_text(encoding="utf-8", errors="replace"))
            raise Refused("the hosts did not start")
        time.sleep(0.02)
    sys.stderr.write((state / "log").read_text(encoding="utf-8", errors="replace"))
    say("inventory: %s" % (state / "inventory.json"))


def stay(state: Path, order: sandbox.Order, say: Say) -> int:
    """What the process in the background does; returns an exit code."""
    state = pathlib.Path(state)

    def started(pid: int, cgroup: pathlib.Path) -> None:
        (state / "runner").write_text(cgroup.name, encoding="ascii")
        config = shlex.quote(str(state / "ssh_config"))
        scripts = {"ssh": SSH % {"cgroup": cgroup, "pid": pid, "config": config}}
        for program in ("sftp", "scp"):
            scripts[program] = TRANSFER % {"program": program, "ssh": shlex.quote(str(state / "ssh"))}
        for name, text in scripts.items():
            (state / name).write_text(text, encoding="utf-8")
            (state / name).chmod(0o755)

    return sandbox.run(dict(order, state=str(state), command=[]), say, started)


def down(state: Path, say: Say) -> None:
    """End the hosts of a folder. One without hosts is fine. Raises Refused."""
    state = pathlib.Path(state).resolve()
    pid = _runner(state)
    if pid:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        until = time.monotonic() + DOWN_WITHIN
        while _runner(state):
            if time.monotonic() > until:
                raise Refused("the rig of %s (pid %d) does not end" % (state, pid))
            time.sleep(0.02)
    machine.sweep()  # what it left, had it been killed
    _clear(state)
    say("hosts of %s are down" % state if pid else "no hosts are up in %s" % state)


def find(state: Path, name: str) -> Guest:
    """A host of the rig of that folder, as Guest. Raises Refused."""
    state = pathlib.Path(state).resolve()
    pid = _runner(state)
    if not pid:
        raise Refused("no hosts are up in %s" % state)
    cgroups = cgroup_root() / machine.rig_name(pid)
    names = sorted(path.name[len("host-"):] for path in cgroups.glob("host-*"))
    if name not in names:
        raise Refused("no host %s: there are %s" % (name, ", ".join(names)))
    unknown: dict[str, str | None] = dict.fromkeys(("release", "behind", "address", "address6"))
    return Guest("/nonexistent", cgroups, unknown | {"name": name})


def _runner(state: pathlib.Path) -> int | None:
    """The pid of the rig of this folder, or None."""
    try:
        name = (state / "runner").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None
    return machine.runner_of(name)


def _clear(state: pathlib.Path) -> None:
    """Remove what a rig leaves in its folder, and nothing else that may be there."""
    for name in FILES:
        (state / name).unlink(missing_ok=True)
