# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Benchmarks of the collection: ratios against other ways to the same end, measured in turn in one run.

    make bench                              everything (some minutes)
    make bench ARGS="--quick"               fewer rounds
    make bench ARGS="--only collect"        one section: collect, record, policy, assert, firewall, exposed, facts,
                                            rival, fleet, filter, enforce, reports, baseline, drift or
                                            inventory
    make bench ARGS="--markdown"            tables that can be pasted into the documentation

Needs Linux, root (namespaces), and for the sections over SSH an installed OpenSSH server; it is not started and its
configuration is not read. Everything runs in namespaces of its own, which end with the benchmark. The sections fleet,
filter and enforce start 50, 10 and 20 hosts with systemd, see docs/docsite/rst/guide_test_hosts.rst, and are left out
where that is not possible. The exit code is 0 unless measuring failed: a target that is missed is shown as MISSED, not
judged.
"""

import argparse
import json
import keyword
import os
import pathlib
import platform
import subprocess
import sys
import time
from typing import Any, Callable, Iterable, Mapping, Sequence

import declaring
import drifting
import enforcing
import figures
import filtering
import firewall
import grouping
import hosts
import policy
import real_hosts
import reports
import sandbox
import tasks
import tools
from load import plan

SECTIONS = ("collect", "record", "policy", "assert", "firewall", "exposed", "facts", "rival", "fleet", "filter",
            "enforce", "reports", "baseline", "drift", "inventory")
OVER_SSH = ("record", "assert", "exposed", "facts", "rival")
# those that have no use for the sandbox
APART: Mapping[str, Callable[[Mapping[str, Any]], int]] = {
    "policy": policy.measure, "firewall": firewall.measure, "fleet": real_hosts.measure,
    "filter": filtering.measure, "enforce": enforcing.measure,
    "reports": reports.measure, "baseline": declaring.measure, "drift": drifting.measure, "inventory": grouping.measure,
}
Size = tuple[int, int, int]
SMALL, LARGE = (20, 0, 20), (2000, 40000, 500)  # listeners, established connections, processes
HOSTS = 10
ENTRIES = (50, 500)  # of a declaration that is long, and very long
PROGRAMS: Mapping[str, tuple[str, ...]] = {
    "collect": ("ss",), "record": (), "policy": (), "assert": (), "firewall": (), "exposed": ("nft",), "facts": (),
    "rival": ("netstat", "ps"), "fleet": (), "filter": (), "enforce": (), "reports": (),
    "baseline": (), "drift": (), "inventory": (),
}
MOST_CODE = 70  # KiB of Python 3.13 on a host without systemd: 68.3 in November 2026
ROUNDS = {"small": (101, 21), "large": (11, 5), "ssh": (15, 5), "rival": (3, 1)}  # normally, and with --quick


def size_name(size: Size) -> str:
    """A load in words."""
    words = ["{:,} listeners".format(size[0])]
    if size[1]:
        words.append("{:,} connections".format(size[1]))
    return ", ".join(words + ["{:,} processes".format(size[2])])


def remote_size(listeners: int) -> Size:
    """The load of a host: as many processes as a host with so many listeners may have."""
    return (listeners, 0, max(20, listeners // 4))


class Bench:
    """The sections. ``pythons`` maps a version of ansible-core to the Python of its environment."""

    def __init__(self, pythons: Mapping[str, str], rival_tree: str | None, quick: bool):
        self.pythons = {core: pathlib.Path(python) for core, python in pythons.items()}
        self.rival_tree, self.quick = rival_tree, quick
        self.tree = sandbox.prepare()
        self.figures: list[figures.Figure] = []

    def rounds(self, kind: str) -> int:
        """How often to measure."""
        return ROUNDS[kind][self.quick]

    def add(self, *args: Any, **kwargs: Any) -> None:
        """Keep a figure, and show it at once."""
        figure = figures.Figure(*args, **kwargs)
        self.figures.append(figure)
        sandbox.say("  " + " | ".join(each for each in figure.columns() if each))

    def collect(self) -> None:
        """Collecting in process against ss and psutil; the module as a process: its time, memory and code."""
        for size, kind in ((SMALL, "small"), (LARGE, "large")):
            with sandbox.Load(*size) as load:
                sandbox.say("load of %s is up after %.1f s" % (size_name(size), load.seconds or 0))
                self._collect(load, size, kind)

    def _collect(self, load: sandbox.Load, size: Size, kind: str) -> None:
        """What ``collect`` measures, at one load."""
        section, name = "Collecting on one machine", size_name(size)
        rounds = self.rounds(kind)
        # each comparison in rounds of its own: what runs before a sample leaves the processor's caches to it
        taken, notes = self.beside(load, rounds, "collect", "ss", "psutil")
        if notes["collect"]["collector"] != "netlink":
            sandbox.say("note: netlink was refused here, %s was measured instead" % notes["collect"]["collector"])
        self.add(section, name, "collect()", taken["collect"], "ss -H -lntup", taken["ss"], limit=1.0)
        self.add(section, name, "collect()", taken["collect"], "psutil", taken["psutil"], invert=True,
                 limit=4 if size == LARGE else None)
        rounds = max(5, rounds // 5)
        for way in ("collect, procfs", "collect, everything"):
            taken, _notes = self.beside(load, rounds, way, "collect")
            self.add(section, name, way, taken[way], "collect()", taken["collect"])
        taken, notes = self.beside(load, rounds, "module", "ss")
        self.add(section, name, "the module, a process", taken["module"], "ss -H -lntup", taken["ss"])
        self.add("The module on a target", name, "peak memory", [notes["module"]["peak_kib"] / 1024.0], unit="MiB",
                 limit=60 if size == LARGE else None)
        if size == LARGE:
            self._code(notes["module"]["files"])

    def beside(self, load: sandbox.Load, rounds: int, *ways: str) -> tuple[dict[str, list[float]], dict[str, Any]]:
        """Time ways beside a load; returns samples and notes of the worker."""
        environment = dict(os.environ, PYTHONPATH=str(self.tree), PYTHONDONTWRITEBYTECODE="1")
        command = load.enter([self.pythons[max(self.pythons)], sandbox.HERE / "worker.py", "--rounds", rounds,
                              "--listeners", load.size[0], *ways])
        done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=False)
        if done.returncode:
            raise RuntimeError("measuring beside the load failed: %s" % ", ".join(ways))
        answer = json.loads(done.stdout)
        return answer["samples"], answer["notes"]

    def _code(self, files: Mapping[str, int]) -> None:
        """How much code a default run compiles: comments, and how lines are broken, cost a target next to nothing."""
        for name, size in sorted(files.items()):
            sandbox.say("  %6d bytes  %s" % (size, name))
        self.add("The module on a target", "", "compiled code loaded by default, %d files" % len(files),
                 [sum(files.values()) / 1024.0], unit="KiB", limit=MOST_CODE)

    def over_ssh(self, listeners: int, core: str,
                 trees: Iterable[pathlib.Path] = ()) -> tuple[hosts.Fleet, Callable[[], tasks.Runner]]:
        """A fleet and a runner for it."""
        fleet = hosts.Fleet(HOSTS, remote_size(listeners))
        return fleet, lambda: tasks.Runner(fleet, self.pythons[core], (self.tree, *trees))

    def record(self) -> None:
        """The audit's task against ping."""
        for listeners, limit in ((20, 1.15), (1000, 1.6)):
            for core in self.pythons:
                fleet, make_runner = self.over_ssh(listeners, core)
                with fleet:
                    runner = make_runner()
                    directory = sandbox.SCRATCH / ("records-%s-%d" % (core, listeners))
                    directory.mkdir()
                    taken, ping = runner.in_turn(self.rounds("ssh"), tasks.recording(directory), tasks.PING)
                    written = tasks.recorded_listeners(directory, fleet.names)
                    self.check(written, listeners)
                self.add("%d hosts over SSH" % HOSTS, "core %s, %d listeners" % (core, listeners), "record_listeners",
                         taken, "ping", ping, limit=limit)

    def assert_(self) -> None:
        """The task that judges a host, which is as its declaration says, against ping."""
        listeners = 20
        declared = tasks.declaration(plan(*remote_size(listeners)))
        for core in self.pythons:
            fleet, make_runner = self.over_ssh(listeners, core)
            with fleet:
                runner = make_runner()
                if runner.passes(tasks.judging(declared[1:])):
                    raise RuntimeError("a listener that nobody declared went unnoticed")
                records = sandbox.SCRATCH / ("judged-%s" % core)
                records.mkdir()
                taken, few, many, ping = runner.in_turn(
                    self.rounds("ssh"), tasks.judging(declared),
                    *(tasks.judging(tasks.with_entries(declared, count), path=str(records)) for count in ENTRIES),
                    tasks.PING)
            load = "core %s, %d listeners and %%s entries" % (core, len(declared))
            self.add("%d hosts over SSH" % HOSTS, load % "as many", "assert_listeners", taken, "ping", ping, limit=1.2)
            self.add("%d hosts over SSH" % HOSTS, load % ENTRIES[0], "assert_listeners with records", few, "ping", ping)
            self.add("%d hosts over SSH" % HOSTS, load % ENTRIES[1], "assert_listeners with records", many,
                     "%d entries" % ENTRIES[0], few)

    def exposed(self) -> None:
        """The same with a look at the firewall, by entries that say who may reach what."""
        listeners, rules = 20, 100
        declared = [dict(entry, only_from="anyone" if entry["name"] == "ssh" else "10.0.0.0/8")
                    for entry in tasks.declaration(plan(*remote_size(listeners)))]
        for core in self.pythons:
            fleet = hosts.Fleet(HOSTS, remote_size(listeners), tasks.ruleset(rules))
            with fleet:
                runner = tasks.Runner(fleet, self.pythons[core], (self.tree,))
                if runner.passes(tasks.judging([dict(entry, only_from="192.0.2.0/24") for entry in declared])):
                    raise RuntimeError("listeners that others can reach went unnoticed")
                taken, ping = runner.in_turn(self.rounds("ssh"), tasks.judging(declared), tasks.PING)
            self.add("%d hosts over SSH" % HOSTS,
                     "core %s, %d listeners, as many entries, %d rules" % (core, len(declared), rules),
                     "assert_listeners with the firewall", taken, "ping", ping, limit=1.3)

    def facts(self) -> None:
        """Structured facts against a module that returns the same facts ready-made."""
        for listeners in (20, 1000):
            for core in self.pythons:
                fleet, make_runner = self.over_ssh(listeners, core)
                with fleet:
                    runner = make_runner()
                    kept = runner.keep_facts()
                    self.check(tasks.kept_listeners(kept, fleet.names), listeners)
                    taken, ready = runner.in_turn(self.rounds("ssh"), tasks.STRUCTURED, tasks.ready_made(kept))
                self.add("%d hosts over SSH" % HOSTS, "core %s, %d listeners" % (core, listeners), "listener_facts",
                         taken, "the same facts ready-made", ready, limit=1.2)

    def rival(self) -> None:
        """Both manners of collecting against community.general.listen_ports_facts."""
        assert self.rival_tree
        core, listeners = max(self.pythons), 400
        fleet, make_runner = self.over_ssh(listeners, core, [pathlib.Path(self.rival_tree)])
        directory = sandbox.SCRATCH / "records-rival"
        directory.mkdir()
        with fleet:
            recorded, structured, other = make_runner().in_turn(
                self.rounds("rival"), tasks.recording(directory), tasks.STRUCTURED, tasks.RIVAL)
            self.check(tasks.recorded_listeners(directory, fleet.names), listeners)
        for name, taken, limit in (("record_listeners", recorded, 20), ("listener_facts", structured, None)):
            self.add("%d hosts over SSH" % HOSTS, "core %s, %d listeners" % (core, listeners), name, taken,
                     "community.general.listen_ports_facts", other, limit=limit, invert=True)

    @staticmethod
    def check(counts: Sequence[int], planted: int) -> None:
        """All hosts must have shown what was planted, and their sshd."""
        if set(counts) != {planted + 1}:
            raise RuntimeError("listeners found per host: %s; planted: %d and sshd" % (sorted(set(counts)), planted))


def inside(settings: Mapping[str, Any]) -> None:
    """Measure, as the first process of the sandbox. Prints the result on standard output."""
    load_before, processors = sandbox.busy()
    bench = Bench(settings["pythons"], settings["rival"], settings["quick"])
    begin = time.monotonic()
    for section in settings["sections"]:
        sandbox.say("measuring: %s" % section)
        getattr(bench, section + "_" * keyword.iskeyword(section))()
    missed = sum(figure.verdict() == "MISSED" for figure in bench.figures)
    print("Python %s, Linux %s, %d processors, load average before %.1f; %s; %.0f s in all" % (
        platform.python_version(), platform.release(), processors, load_before,
        "few rounds (--quick)" if settings["quick"] else "all rounds", time.monotonic() - begin))
    print(figures.table(bench.figures, settings["markdown"]), end="")
    if missed:
        print("\nMISSED: %d of %d targets" % (missed, sum(figure.limit is not None for figure in bench.figures)))


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=SECTIONS, help="measure this section (may be repeated)")
    parser.add_argument("--core", action="append", choices=sorted(tools.CORES), help="use only this ansible-core")
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--markdown", action="store_true", help="print tables as Markdown")
    parser.add_argument("--inside", help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> int:
    """Get what is needed, then measure in a sandbox."""
    args = arguments()
    if args.inside:
        inside(json.loads(args.inside))
        return 0
    if sys.platform != "linux" or os.geteuid():
        sys.exit("bench: needs Linux and root (it makes namespaces); try: sudo make bench")
    sections = args.only or list(SECTIONS)
    needed = {"setpriv", "unshare", "nsenter", "ip"}.union(*(PROGRAMS[section] for section in sections))
    if set(sections) & set(OVER_SSH):
        needed |= {"ssh", "ssh-keygen", "sshd"}
    missing = tools.missing_programs(sorted(needed))
    if missing:
        sys.exit("bench: not installed: %s (packages util-linux, iproute2, net-tools, procps, openssh-server)"
                 % ", ".join(missing))
    pythons = {core: str(python) for core in args.core or sorted(tools.CORES, reverse=True)
               for python in [tools.environment(core)] if python}
    if not pythons:
        sys.exit("bench: no environment could be made")
    rival = tools.rival(pathlib.Path(pythons[max(pythons)])) if {"rival", "filter"} & set(sections) else None
    settings = {"pythons": pythons, "rival": str(rival) if rival else None, "quick": args.quick,
                "markdown": args.markdown,
                "sections": [section for section in sections if section not in APART]}
    code = 0
    if settings["sections"]:
        command = sandbox.in_namespaces([sys.executable, __file__, "--inside", json.dumps(settings)],
                                        extra=["--uts", "--ipc"])
        code = subprocess.run(command, check=False).returncode
    for section in APART:
        if section in sections:
            code = APART[section](settings) or code
    return code


if __name__ == "__main__":
    sys.exit(main())
