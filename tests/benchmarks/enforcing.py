# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan of the playbook enforce against what an audit does on each host, on real hosts.

Run by bench.py, and by it again inside a rig.
"""

import json
import pathlib
import platform
import subprocess
import sys
import tempfile
from typing import Any, Mapping

import figures
import filtering
import sandbox
from tasks import PORTS, Runner, Task

from rig.fleet import Rig
from rig.obstacles import obstacles

HOSTS = 20
ROUNDS = (7, 3)  # normally, and with --quick
RATIO_LIMIT = 1.3
# What listens there beside sshd: declared, and not
DECLARED, STRAY, LEFT = 8080, 9090, 9091
# A unit with a file can be stopped, since systemd can start it again; a transient one is left, and its port is filtered
START = """\
printf '[Service]\\nExecStart=/usr/bin/python3 -m http.server %%d\\n[Install]\\nWantedBy=multi-user.target\\n' %d \
    > /etc/systemd/system/%s.service
systemctl --quiet enable --now %s.service
"""
TRANSIENT = "systemd-run --quiet --unit=%s python3 -m http.server %d"
ENTRIES = [{"name": "ssh", "port": 22}, {"name": "web", "port": DECLARED}]


def measure(settings: Mapping[str, Any]) -> int:
    """Start a rig and measure in it; returns an exit code. Says so where no rig can be started."""
    problems = obstacles()
    if problems:
        sandbox.say("the section enforce is left out: %s" % "; ".join(problems))
        return 0
    command = [sys.executable, "-B", str(filtering.HOSTS_FOLDER / "rig"), "run", "--hosts", "0", "--", sys.executable,
               "-B", __file__, json.dumps(settings)]
    return subprocess.run(command, check=False).returncode


def inside(settings: Mapping[str, Any]) -> None:
    """Measure, in a rig. Prints the result on standard output."""
    rig = Rig.attach()
    guests = [rig.start() for _number in range(HOSTS)]
    rig.wait(guests)
    for guest in guests:
        for command in (START % (DECLARED, "web", "web"), START % (STRAY, "stray", "stray"),
                        TRANSIENT % ("left", LEFT)):
            subprocess.run(guest.console("sh", "-c", command), check=True, stdout=subprocess.DEVNULL)
    taken = []
    with tempfile.TemporaryDirectory() as folder:
        tree = pathlib.Path(folder, "tree")
        (tree / "ansible_collections/listening").mkdir(parents=True)
        (tree / "ansible_collections/listening/ports").symlink_to(sandbox.CHECKOUT)
        for core, python in settings["pythons"].items():
            place = pathlib.Path(folder, core)
            place.mkdir()
            runner = Runner(filtering.RigFleet(rig, guests, place), pathlib.Path(python), [tree])
            for what, ports in (("nothing to do", (STRAY, LEFT)), ("one listener to close", (LEFT,)),
                                ("one listener to filter", (STRAY,))):
                entries = [*ENTRIES, *({"name": "port %d" % port, "port": port} for port in ports)]
                planned, audited = runner.in_turn(ROUNDS[settings["quick"]], planning(entries),
                                                  auditing(entries, place / "audit"))
                taken.append(figures.Figure("Planning for %d hosts" % HOSTS, "core %s, %s" % (core, what),
                                            "plan_listeners, as enforce asks it", planned,
                                            "assert_listeners, as the audit asks it", audited, limit=RATIO_LIMIT))
    print("Python %s, Linux %s" % (platform.python_version(), platform.release()))
    print(figures.table(taken, settings["markdown"]), end="")


def planning(entries: list[dict[str, Any]]) -> Task:
    """The task by which enforce plans for a host."""
    return {PORTS + "plan_listeners": {"actions": ["close", "firewall"]}, "vars": {"expected_listeners": entries}}


def auditing(entries: list[dict[str, Any]], place: pathlib.Path) -> Task:
    """The task by which the audit judges and records a host."""
    return {PORTS + "assert_listeners": {"path": str(place), "gather": ["owners", "firewall"], "fail": False},
            "vars": {"expected_listeners": entries}}


if __name__ == "__main__":
    inside(json.loads(sys.argv[1]))
