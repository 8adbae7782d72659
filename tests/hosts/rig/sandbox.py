# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The namespaces that a rig lives in, from outside and from inside.

Their first process dies with the process that started it, and with it the kernel ends every process, mount, interface
and
firewall rule of the rig.
"""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time
from typing import Any, Callable

from . import images, machine
from .fleet import CGROUPS, FOLDER, Rig, ssh_config
from .guest import Guest
from .images import Say

Order = dict[str, Any]  # see run()

PROGRAM = pathlib.Path(__file__).resolve().parent
# The shell is process 1 there: it waits for whatever loses its parent.
ENTER = ["setpriv", "--pdeathsig", "KILL", "--", "unshare", "--mount", "--net", "--pid", "--uts", "--ipc", "--cgroup",
         "--fork",
         "--kill-child", "--mount-proc", "--", "sh", "-c", '"$@"; exit $?', "rig"]
JOIN = 'echo $$ > "$0/cgroup.procs" && exec "$@"'
LAST_WORDS = 10  # seconds that an interrupted command gets to say its last words


def run(order: Order, say: Say, started: Callable[[int, pathlib.Path], object] | None = None) -> int:
    """Run the rig that an order describes to its end; returns the exit code of its command.

    :param order: dict of hosts (int), releases (list of str), bastion (bool), command (list of str; with none, hosts
        stay until
        the rig is killed), state (path for those who come from outside, or None)
    :param started: called with the pid of a process in the rig's namespaces
    """
    roots = images.acquire(order["releases"], say)
    with machine.share() as cgroup:
        order = dict(order, images={name: str(root) for name, root in roots.items()},
                     kept=str(machine.SHARED / cgroup.name))
        with subprocess.Popen(["sh", "-c", JOIN, cgroup, *ENTER, sys.executable, "-B", PROGRAM, "inside",
                               json.dumps(order)]) as process:
            signal.signal(signal.SIGTERM, lambda *_unused: process.kill())
            if started:
                started(process.pid, cgroup)
            try:
                process.wait()
            except KeyboardInterrupt:  # the command got it, too
                try:
                    process.wait(LAST_WORDS)
                except (KeyboardInterrupt, subprocess.TimeoutExpired):
                    process.kill()
                process.wait()
                return 130
        return process.returncode if process.returncode >= 0 else 128 - process.returncode


def inside(order: Order, say: Say) -> int:
    """What the first process of a rig does; returns the exit code of the command."""
    began = time.monotonic()
    _shut_off()
    rig = Rig(order["images"])
    rig.prepare()
    guests: list[Guest] = []
    for number in range(order["hosts"]):
        release = order["releases"][number % len(order["releases"])]
        behind = guests[0] if guests and order["bastion"] else None
        guests.append(rig.start(release=release, behind=behind, bastion=order["bastion"] and not guests))
    rig.wait(guests)
    if guests:
        say("%d %s after %.1f s"
            % (len(guests), "host answers" if len(guests) == 1 else "hosts answer", time.monotonic() - began))
    inventory = FOLDER / "inventory.json"
    inventory.write_text(json.dumps(rig.inventory(guests), indent=1), encoding="utf-8")
    if order["state"]:
        _hand_out(rig, guests, pathlib.Path(order["state"]), order["kept"])
        while True:
            signal.pause()
    environment = dict(os.environ, RIG_DIR=str(FOLDER), RIG_SSH_CONFIG=str(FOLDER / "ssh_config"),
                       RIG_INVENTORY=str(inventory),
                       ANSIBLE_INVENTORY=str(inventory))
    try:
        return subprocess.run(order["command"], env=environment, check=False).returncode
    except KeyboardInterrupt:
        return 130
    except OSError as exc:
        say("cannot run %s: %s" % (order["command"][0], exc.strerror))
        return 127


def _shut_off() -> None:
    """Replace what still shows the machine: its cgroups, its /sys and its /run."""
    for command in ("mount --make-rprivate /", "umount -R /sys/fs/cgroup", "mount -t sysfs sysfs /sys",
                    "mount -t cgroup2 cgroup2 %s" % CGROUPS, "mount -t tmpfs -o mode=755 rig /run"):
        subprocess.run(command.split(), check=True)
    FOLDER.mkdir()


def _hand_out(rig: Rig, guests: list[Guest], state: pathlib.Path, kept: str) -> None:
    """Leave in state what is needed to reach the hosts from outside; `ready` comes last.

    :param kept: path for connections that Ansible keeps; not in state, as it has to be short (unix(7): 107 characters)
    """
    for name in ("id", "id.pub", "known_hosts"):
        path = state / name
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_bytes((rig.folder / name).read_bytes())
    more = (rig.folder / "ssh_config").read_text(encoding="utf-8").removeprefix(ssh_config(rig.folder))
    (state / "ssh_config").write_text(ssh_config(state, more), encoding="utf-8")
    inventory = rig.inventory(guests)
    for variables in inventory["all"]["hosts"].values():
        del variables["ansible_ssh_common_args"]
        for program in ("ssh", "sftp", "scp"):
            variables["ansible_%s_executable" % program] = str(state / program)
        variables["ansible_control_path_dir"] = kept
    (state / "inventory.json").write_text(json.dumps(inventory, indent=1), encoding="utf-8")
    (state / "ready").touch()
