# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tasks over SSH: two tasks in turn, many times, in one ansible-playbook run over a fleet."""

import json
import os
import pathlib
import subprocess
from typing import Any, Iterable, Mapping, Sequence

import sandbox
from hosts import Fleet
from load import Share

Task = Mapping[str, Any]

FORKS = 10
PORTS = "listening.ports."
FACTS = "ansible_listening_ports"
CONFIG = """\
[defaults]
forks = {forks}
gathering = explicit
host_key_checking = True
retry_files_enabled = False
callback_plugins = {here}/ansible/callback
library = {here}/ansible/modules
stdout_callback = task_times
localhost_warning = False
[inventory]
unparsed_is_failed = True
[ssh_connection]
ssh_args = -o ControlMaster=auto -o ControlPersist=600s
"""


class Runner:
    """Run playbooks against a fleet with the ansible-core of one environment."""

    def __init__(self, fleet: Fleet, python: pathlib.Path, trees: Iterable[pathlib.Path]):
        self.fleet, self.python = fleet, python
        self.place = fleet.place
        (self.place / "ansible.cfg").write_text(CONFIG.format(forks=FORKS, here=sandbox.HERE), encoding="utf-8")
        # the interpreter below the environment: a target has no environment of the controller's
        self.inventory = fleet.inventory(os.path.realpath(python))
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.place), "LC_ALL": "C.UTF-8",
            "ANSIBLE_CONFIG": str(self.place / "ansible.cfg"), "ANSIBLE_HOME": str(self.place / "home"),
            "ANSIBLE_COLLECTIONS_PATH": os.pathsep.join(str(tree) for tree in trees),
        }

    def play(self, tasks: Sequence[Task], facts_dir: pathlib.Path | None = None) -> list[dict[str, Any]]:
        """Run tasks (a list of task dictionaries) on all hosts; returns ``[{name, hosts, seconds}]``.

        Raises RuntimeError when a task failed anywhere: a failure takes time too, but not the time in question.
        """
        playbook, times = self.place / "playbook.json", self.place / "times.json"
        playbook.write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": tasks}]), encoding="utf-8")
        times.unlink(missing_ok=True)
        environment = dict(self.environment, BENCH_TIMES=str(times))
        if facts_dir:
            environment["BENCH_FACTS"] = str(facts_dir)
        command = [str(self.python), "-m", "ansible.cli.playbook", "-i", str(self.inventory), str(playbook)]
        done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                              check=False)
        result = json.loads(times.read_text(encoding="utf-8")) if times.exists() else {"failures": [], "tasks": []}
        if done.returncode or result["failures"]:
            raise RuntimeError("ansible-playbook ended with %d:\n%s\n%s" % (
                done.returncode, done.stdout[-4000:], "\n".join(each[:2000] for each in result["failures"][:3])))
        short = [each["name"] for each in result["tasks"] if each["hosts"] != self.fleet.count]
        if short:
            raise RuntimeError("not all hosts ran: %s" % ", ".join(short))
        played: list[dict[str, Any]] = result["tasks"]
        return played

    def passes(self, task: Task) -> bool:
        """Whether a task succeeds on all hosts."""
        try:
            self.play([dict(task, name="attempt")])
        except RuntimeError:
            return False
        return True

    def in_turn(self, rounds: int, *measured: Task) -> list[list[float]]:
        """Time tasks in turn, in alternating order; returns a list of seconds per task, one entry per round.

        The first task also runs once before, to connect and to fill the caches.
        """
        tasks = [dict(measured[0], name="warm-up")]
        for turn in range(rounds):
            order = list(enumerate(measured))
            for number, task in order if turn % 2 else reversed(order):
                tasks.append(dict(task, name="task %d, round %d of %d" % (number + 1, turn + 1, rounds)))
        times = self.play(tasks)
        return [[each["seconds"] for each in times if each["name"].startswith("task %d," % (number + 1))]
                for number in range(len(measured))]

    def keep_facts(self) -> pathlib.Path:
        """Collect structured facts once and keep them, a file per host; returns the directory."""
        directory = self.place / "facts"
        directory.mkdir(exist_ok=True)
        self.play([{"name": "facts", PORTS + "listener_facts": {}}], facts_dir=directory)
        return directory


PING: Task = {"ansible.builtin.ping": {}}
STRUCTURED: Task = {PORTS + "listener_facts": {}}
RIVAL: Task = {"community.general.listen_ports_facts": {}}


def recording(directory: pathlib.Path) -> Task:
    """The task that the audit runs: collect packed, write a record per host."""
    return {PORTS + "record_listeners": {"path": str(directory)}}


def declaration(shares: Iterable[Share]) -> list[dict[str, Any]]:
    """The entries for the load that is planned so, and for its sshd: one for each port, with who holds it."""
    entries: list[dict[str, Any]] = [
        {"name": "port %d" % port, "port": "%d/%s" % (port, kind[:3]), "process": "load-*", "user": "root"}
        for share in shares for kind, _address, port in share["listeners"]
    ]
    return [{"name": "ssh", "port": 22, "process": "sshd"}, *sorted(entries, key=lambda entry: entry["name"])]


def with_entries(declared: Sequence[Mapping[str, Any]], count: int) -> list[Mapping[str, Any]]:
    """These entries, and as many for what may listen, and does not, as make so many together."""
    return [*declared, *({"name": "more %d" % number, "port": 30000 + number, "state": "optional",
                          "service": "more-%d" % number} for number in range(count - len(declared)))]


def ruleset(count: int) -> str:
    """So many rules for nft, which let in anybody to sshd and a few networks to other ports."""
    fixed = ["ct state established,related accept", "iifname lo accept", "tcp dport 22 accept"]
    others = ["ip saddr 10.%d.0.0/16 %s dport %d accept" % (number, ("tcp", "udp")[number % 2], 20000 + number)
              for number in range(count - len(fixed))]
    chain = ["type filter hook input priority 0; policy drop;", *fixed, *others]
    return "table inet filter {\nchain input {\n%s\n}\n}\n" % "\n".join(chain)


def judging(declared: Sequence[Mapping[str, Any]], **options: Any) -> Task:
    """The task that holds a host against a declaration, by which nothing else may listen."""
    return {PORTS + "assert_listeners": options,
            "vars": {"expected_listeners": declared, "listener_unexpected_loopback": "fail"}}


def ready_made(directory: pathlib.Path) -> Task:
    """The task that returns kept facts."""
    return {"ready_made": {"path": "%s/{{ inventory_hostname }}.json" % directory}}


def kept_listeners(directory: pathlib.Path, names: Iterable[str]) -> list[int]:
    """How many listeners the kept facts of each host have."""
    counts = []
    for name in names:
        facts = json.loads((directory / (name + ".json")).read_text(encoding="utf-8"))
        counts.append(len(facts[FACTS]["listeners"]))
    return counts


def recorded_listeners(directory: pathlib.Path, names: Iterable[str]) -> list[int]:
    """How many listeners the record of each host has."""
    counts = []
    for name in names:
        record = json.loads((directory / "hosts" / (name + ".json")).read_text(encoding="utf-8"))
        counts.append(len(record["facts"]["listeners"]))
    return counts
