# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules for many ports on real hosts, against loops over other modules; and a run that changes nothing, against a ping.

Run by bench.py, and by it again inside a rig.
"""

import json
import pathlib
import platform
import subprocess
import sys
import tempfile
from typing import Any, Mapping, Sequence

import figures
import hosts
import sandbox
from tasks import PING, PORTS, Runner, Task

HOSTS_FOLDER = sandbox.CHECKOUT / "tests/hosts"
sys.path.insert(0, str(HOSTS_FOLDER))

from rig.fleet import Rig  # noqa: E402
from rig.guest import Guest  # noqa: E402
from rig.obstacles import obstacles  # noqa: E402

HOSTS, COUNT = 10, 50
FIRST_PORT = 20000  # of the first round; each round has ports of its own, so that every call has something to do
LOOP_ROUNDS, UNCHANGED_ROUNDS = (3, 1), (15, 5)  # normally, and with --quick
FASTER, RATIO_LIMIT = 8, 1.5
FIREWALLD: Task = {"ansible.posix.firewalld": {"port": "{{ item }}/tcp", "state": "enabled", "permanent": True,
                                               "immediate": True}}
UFW: Task = {"community.general.ufw": {"rule": "allow", "port": "{{ item }}", "proto": "tcp"}}
# module, its task, what switches its firewall on and off
RIVALS: Sequence[tuple[str, Task, str, str]] = (
    ("ansible.posix.firewalld", FIREWALLD, "systemctl start firewalld", "systemctl stop firewalld"),
    ("community.general.ufw", UFW, "ufw allow 22/tcp && ufw --force enable", "ufw disable"),
)


class RigFleet(hosts.Fleet):
    """Hosts of a rig, for tasks that are timed."""

    def __init__(self, rig: Rig, guests: Sequence[Guest], place: pathlib.Path):
        self.rig, self.guests, self.place = rig, guests, place
        self.count, self.names = len(guests), [guest.name for guest in guests]

    def inventory(self, _interpreter: str) -> pathlib.Path:
        """Write an inventory of them; returns its path."""
        inventory = self.rig.inventory(self.guests)
        for variables in inventory["all"]["hosts"].values():
            variables["ansible_pipelining"] = True
        path = self.place / "inventory.json"
        path.write_text(json.dumps(inventory), encoding="utf-8")
        return path


def measure(settings: Mapping[str, Any]) -> int:
    """Start a rig and measure in it; returns an exit code. Says so where no rig can be started."""
    problems = obstacles()
    if problems:
        sandbox.say("the section filter is left out: %s" % "; ".join(problems))
        return 0
    command = [sys.executable, "-B", str(HOSTS_FOLDER / "rig"), "run", "--hosts", "0", "--", sys.executable, "-B",
               __file__, json.dumps(settings)]
    return subprocess.run(command, check=False).returncode


def inside(settings: Mapping[str, Any]) -> None:
    """Measure, in a rig. Prints the result on standard output."""
    rig = Rig.attach()
    guests = [rig.start() for _number in range(HOSTS)]
    rig.wait(guests)
    taken = []
    with tempfile.TemporaryDirectory() as folder:
        tree = pathlib.Path(folder, "tree")
        (tree / "ansible_collections/listening").mkdir(parents=True)
        (tree / "ansible_collections/listening/ports").symlink_to(sandbox.CHECKOUT)
        trees = [tree, pathlib.Path(settings["rival"])]
        for core, python in settings["pythons"].items():
            place = pathlib.Path(folder, core)
            place.mkdir()
            runner = Runner(RigFleet(rig, guests, place), pathlib.Path(python), trees)
            taken.append(unchanged(runner, core, UNCHANGED_ROUNDS[settings["quick"]]))
        place = pathlib.Path(folder, "loops")
        place.mkdir()
        core = max(settings["pythons"])
        runner = Runner(RigFleet(rig, guests[:1], place), pathlib.Path(settings["pythons"][core]), trees)
        for rival in RIVALS:
            taken.append(loop(runner, guests[0], core, LOOP_ROUNDS[settings["quick"]], *rival))
    print("Python %s, Linux %s" % (platform.python_version(), platform.release()))
    print(figures.table(taken, settings["markdown"]), end="")


def filtering(ports: Sequence[int]) -> Task:
    """The task that lets in SSH and these ports, and nothing else."""
    return {PORTS + "port_filter": {"others": "reject", "rules": [{"protocol": "tcp", "ports": [22, *ports]}]}}


def unchanged(runner: Runner, core: str, rounds: int) -> figures.Figure:
    """A run over hosts that have the rules, against a ping of them."""
    task = filtering(range(FIRST_PORT, FIRST_PORT + COUNT))
    runner.play([dict(task, name="first")])
    again = dict(task, register="result", failed_when="result.status != 'unchanged'")
    taken, ping = runner.in_turn(rounds, again, PING)
    return figures.Figure("Rules for %d ports" % COUNT, "core %s, %d hosts" % (core, HOSTS),
                          "port_filter, nothing to change", taken, "ping", ping, limit=RATIO_LIMIT)


def loop(runner: Runner, guest: Guest, core: str, rounds: int, name: str, each: Task, on: str, off: str,
         ) -> figures.Figure:
    """Ports one by one with another module, against all of them with their trial, its login and the keep, on one host.

    :param each: the task for one port
    :param on, off: what switches the firewall of that module on and off
    """
    subprocess.run(guest.console("sh", "-c", on), check=True, stdout=subprocess.DEVNULL)
    ours: list[float] = []
    others: list[float] = []
    for turn in range(rounds):
        ports = list(range(FIRST_PORT + COUNT * (turn + 1), FIRST_PORT + COUNT * (turn + 2)))
        # the last thing is a ping, whose time ends that of what comes before it
        tasks = [dict(filtering(ports), name="ours"), dict(each, name="theirs", loop=ports)]
        times = runner.play([dict(PING, name="warm-up"), *(tasks if turn % 2 else reversed(tasks)),
                             dict(PING, name="end")])
        seconds = {each_time["name"]: each_time["seconds"] for each_time in times}
        ours.append(seconds["ours"])
        others.append(seconds["theirs"])
        sandbox.say("  %s: %.1f s, port_filter: %.1f s" % (name, others[-1], ours[-1]))
    subprocess.run(guest.console("sh", "-c", off), check=True, stdout=subprocess.DEVNULL)
    return figures.Figure("Rules for %d ports" % COUNT, "core %s, one host, beside that firewall" % core,
                          "port_filter", ours, name + " in a loop", others, invert=True, limit=FASTER)


if __name__ == "__main__":
    inside(json.loads(sys.argv[1]))
