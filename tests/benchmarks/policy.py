# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Judging a fleet against a declaration: its time and memory, and against ansible.builtin.assert.

Run by bench.py, and by it once more.
"""

import json
import os
import pathlib
import platform
import resource
import subprocess
import sys
import tempfile
import time
from typing import Any, Iterator, Mapping

import figures
import policy_data
import sandbox

HOSTS = (10000, 1000)  # normally, and with --quick
SAMPLES = 50  # different hosts, judged again and again: each time from JSON, as they come
SETTLED = 500  # hosts after which memory may not grow any more
RIVALS = (10, 4)
ROUNDS = (3, 1)
SECONDS_LIMIT, GROWTH_LIMIT, RATIO_LIMIT = 60, 8, 50
ANSIBLE = sandbox.HERE / "ansible"


def measure(settings: Mapping[str, Any]) -> int:
    """Measure; returns an exit code. Prints the result on standard output."""
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        (place / "tree/ansible_collections/listening").mkdir(parents=True)
        (place / "tree/ansible_collections/listening/ports").symlink_to(sandbox.CHECKOUT)
        taken: list[figures.Figure] = []
        for core, python in settings["pythons"].items():
            taken += _of_core(place, core, python, settings["quick"])
    print("Python %s, Linux %s" % (platform.python_version(), platform.release()))
    print(figures.table(taken, settings["markdown"]), end="")
    return 0


def _of_core(place: pathlib.Path, core: str, python: str, quick: bool) -> Iterator[figures.Figure]:
    """The figures with one Python and its ansible-core."""
    section = "Judging a fleet, in one process on one processor"
    count = HOSTS[quick]
    load = "Python of core %s, {:,} hosts, %d listeners, %d entries".format(count) % (core, policy_data.LISTENERS,
                                                                                      policy_data.ENTRIES)
    mine = _judged(place, python, count)
    scale = HOSTS[0] / count
    yield figures.Figure(section, load, "collect, compile and judge%s" % (", times %g" % scale if scale > 1 else ""),
                         [mine["processor"] * scale], unit="s",
                         limit=SECONDS_LIMIT)
    yield figures.Figure(section, load, "growth of memory after %d hosts" % SETTLED, [mine["growth"]], unit="MiB",
                         limit=GROWTH_LIMIT)
    section = "The same policy on the same hosts, per host"
    hosts = RIVALS[quick]
    load = "core %s, %d hosts" % (core, hosts)
    for name, text, limit in (("assert_each", "assert in a loop", RATIO_LIMIT),
                              ("assert_once", "assert of one template", None)):
        run = Rival(place, python, hosts)
        rounds = [(run(name), _judged(place, python, 100, conforming=True)["seconds"] / 100)
                  for _round in range(ROUNDS[quick])]
        yield figures.Figure(section, load, "judge", [ours for _theirs, ours in rounds], "ansible.builtin." + text,
                             [theirs for theirs, _ours in rounds],
                             limit=limit, invert=True)


def _judged(place: pathlib.Path, python: str, hosts: int, conforming: bool = False) -> dict[str, float]:
    """What judging takes: a dict of seconds, of those on the processor, and MiB that the process grew by."""
    command = [python, "-B", __file__, json.dumps({"hosts": hosts, "conforming": conforming})]
    first = min(os.sched_getaffinity(0))
    done = subprocess.run(command, env=dict(os.environ, PYTHONPATH=str(place / "tree")), stdout=subprocess.PIPE,
                          check=True, text=True,
                          preexec_fn=lambda: os.sched_setaffinity(0, {first}))
    cost: dict[str, float] = json.loads(done.stdout)
    sandbox.say("  %5.1f s for %d hosts, %.2f ms each, %d findings, grew by %.1f MiB" % (
        cost["processor"], hosts, cost["processor"] / hosts * 1000, cost["findings"], cost["growth"]))
    return cost


def inside(settings: Mapping[str, Any]) -> None:
    """Judge hosts, as a process of its own. What is measured is all between variables and facts, and findings."""
    import datetime

    from ansible_collections.listening.ports.plugins.plugin_utils._facts import check
    from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration import merge
    from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration.policy import Policy
    from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import judge

    variables = json.dumps({"expected_listeners": policy_data.entries(), "inventory_hostname": "web",
                            "group_names": ["web"]})
    hosts = [json.dumps(policy_data.facts(-1 - number if settings["conforming"] else number))
             for number in range(SAMPLES)]
    now = datetime.datetime(2026, 11, 20)
    seconds = processor = 0.0
    findings = settled = peak = 0
    for number in range(settings["hosts"]):
        facts, declared = check.check(json.loads(hosts[number % SAMPLES])), json.loads(variables)
        began, turned = time.perf_counter(), time.process_time()
        collected = merge.collect(declared, lambda value: value, ())
        policy = Policy.of(collected)
        result = judge.judge(facts, policy, now)
        reported = [each.as_dict() for each in result.findings]
        seconds += time.perf_counter() - began
        processor += time.process_time() - turned
        findings += len(reported)
        of_the_size = len(policy.entries) == policy_data.ENTRIES and len(facts["listeners"]) <= policy_data.LISTENERS
        if not of_the_size or settings["conforming"] and reported:
            raise RuntimeError("the load is not what it should be")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        if number == min(SETTLED, settings["hosts"] // 2):
            settled = peak
    print(json.dumps({"seconds": seconds, "processor": processor, "findings": findings,
                      "growth": (peak - settled) / 1024.0}))


class Rival:
    """Runs a playbook that judges hosts with ansible.builtin.assert."""

    def __init__(self, place: pathlib.Path, python: str, hosts: int):
        self.place, self.python, self.hosts = place, python, hosts
        known = {"host-%d" % number: {"listening_ports": policy_data.facts(-1 - number)} for number in range(hosts)}
        (place / "inventory.json").write_text(json.dumps({"all": {"hosts": known, "vars": {
            "ansible_connection": "local", "expected_listeners": policy_data.entries()}}}), encoding="utf-8")
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(place), "LC_ALL": "C.UTF-8", "ANSIBLE_HOME": str(place / "home"),
            "ANSIBLE_FORKS": "1",
            "ANSIBLE_CALLBACK_PLUGINS": str(ANSIBLE / "callback"), "ANSIBLE_STDOUT_CALLBACK": "task_times",
            "ANSIBLE_JINJA2_NATIVE": "false",
            "BENCH_TIMES": str(place / "times.json"), "ANSIBLE_RETRY_FILES_ENABLED": "false",
        }

    def __call__(self, name: str) -> float:
        """Run it; returns seconds for each host, without what a task that asserts nothing takes.

        Raises RuntimeError unless all hosts pass.
        """
        command = [self.python, "-m", "ansible.cli.playbook", "-i", str(self.place / "inventory.json"),
                   str(ANSIBLE / "policy" / (name + ".yml"))]
        done = subprocess.run(command, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True,
                              check=False)
        if done.returncode:
            raise RuntimeError("%s ended with exit code %d:\n%s" % (name, done.returncode, done.stdout[-3000:]))
        tasks = json.loads((self.place / "times.json").read_text(encoding="utf-8"))["tasks"]
        if any(task["hosts"] != self.hosts for task in tasks):
            raise RuntimeError("not all hosts passed: %s" % tasks)
        nothing, *others = [task["seconds"] for task in tasks]
        seconds: float = (sum(others) - nothing * len(others)) / self.hosts
        sandbox.say("  %7.1f ms per host: %s" % (seconds * 1000, name))
        return seconds


if __name__ == "__main__":
    inside(json.loads(sys.argv[1]))
