# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The whole audit of a fleet of real hosts, against a ping of them. Run by bench.py, and by it again inside a rig."""

import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile
import time
from typing import Any, Mapping, Sequence

import figures
import sandbox

HOSTS_FOLDER = sandbox.CHECKOUT / "tests/hosts"
sys.path.insert(0, str(HOSTS_FOLDER))

from rig.fleet import Rig  # noqa: E402
from rig.obstacles import obstacles  # noqa: E402

HOSTS = 50
FORKS = 10
ROUNDS = (5, 2)  # normally, and with --quick
READY_LIMIT, RATIO_LIMIT = 20, 1.3
PING = ["ansible", "all", "-m", "ansible.builtin.ping"]
AUDIT = ["ansible-playbook", "listening.ports.audit"]


def measure(settings: Mapping[str, Any]) -> int:
    """Start a rig and measure in it; returns an exit code. Says so where no rig can be started."""
    problems = obstacles()
    if problems:
        sandbox.say("the section fleet is left out: %s" % "; ".join(problems))
        return 0
    command = [sys.executable, "-B", str(HOSTS_FOLDER / "rig"), "run", "--hosts", "0", "--", sys.executable, "-B",
               __file__, json.dumps(settings)]
    return subprocess.run(command, check=False).returncode


def inside(settings: Mapping[str, Any]) -> None:
    """Measure, in a rig. Prints the result on standard output."""
    rig = Rig.attach()
    began = time.monotonic()
    guests = [rig.start() for _number in range(HOSTS)]
    rig.wait(guests)
    section = "%d hosts with systemd" % HOSTS
    taken = [figures.Figure(section, "", "until all answer over SSH", [time.monotonic() - began], unit="s",
                            limit=READY_LIMIT)]
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        (place / "inventory.json").write_text(json.dumps(rig.inventory(guests)), encoding="utf-8")
        (place / "tree/ansible_collections/listening").mkdir(parents=True)
        (place / "tree/ansible_collections/listening/ports").symlink_to(sandbox.CHECKOUT)
        for core, python in settings["pythons"].items():
            run = Runner(place, python)
            run(PING)  # logs in everywhere: connections are kept from here on
            pings: list[float] = []
            audits: list[float] = []
            for _round in range(ROUNDS[settings["quick"]]):
                pings.append(run(PING))
                audits.append(run(AUDIT))
            check(place / "listening-ports-audit")
            load = "core %s, %d forks" % (core, FORKS)
            taken.append(figures.Figure(section, load, "ansible-playbook listening.ports.audit", audits,
                                        "ansible -m ping", pings,
                                        limit=RATIO_LIMIT))
    print("Python %s, Linux %s" % (platform.python_version(), platform.release()))
    print(figures.table(taken, settings["markdown"]), end="")


class Runner:
    """Runs command lines of one ansible-core in a folder."""

    def __init__(self, place: pathlib.Path, python: str):
        self.place = place
        self.environment = {
            "PATH": "%s:%s" % (pathlib.Path(python).parent, os.environ["PATH"]), "HOME": str(place),
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_COLLECTIONS_PATH": str(place / "tree"), "ANSIBLE_HOME": str(place / "home"),
            "ANSIBLE_SSH_PIPELINING": "true", "ANSIBLE_SSH_ARGS": "-o ControlMaster=auto -o ControlPersist=600s",
        }

    def __call__(self, command: Sequence[str]) -> float:
        """Run one; returns seconds. Raises RuntimeError unless it ends well."""
        began = time.monotonic()
        done = subprocess.run([*command, "-i", self.place / "inventory.json", "--forks", str(FORKS)], cwd=self.place,
                              env=self.environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              check=False)
        seconds = time.monotonic() - began
        if done.returncode:
            raise RuntimeError("%s ended with exit code %d:\n%s" % (command[0], done.returncode, done.stdout[-3000:]))
        sandbox.say("  %5.2f s  %s" % (seconds, command[0]))
        return seconds


def check(folder: pathlib.Path) -> None:
    """Every host was audited. Raises RuntimeError."""
    records = [json.loads(path.read_text(encoding="utf-8")) for path in (folder / "hosts").iterdir()]
    if len(records) != HOSTS or {record["status"] for record in records} != {"ok"}:
        raise RuntimeError("%d hosts were recorded: %s" % (
            len(records), sorted({record["status"] for record in records})))


if __name__ == "__main__":
    inside(json.loads(sys.argv[1]))
