# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Beside a load: time collecting, ``ss`` and psutil in turn, and the module as a process of its own.

Run by ``bench.py`` with the interpreter of a test environment (it has psutil and ansible-core), with the collection on
PYTHONPATH. Prints one JSON object: samples in seconds by name, and what each of them saw.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import time
from typing import Any, Callable, Mapping

import psutil

from ansible_collections.listening.ports.plugins.module_utils._facts import collect

RUN_MODULE = pathlib.Path(__file__).resolve().parent / "run_module.py"
Answer = tuple[int, Any]
EVERYTHING = ("owners", "connections", "namespaces", "resources", "command")


def by_collect(**options: Any) -> Answer:
    """Collect in this process; returns (number of listeners, the facts)."""
    facts = collect(**options)
    return len(facts["listeners"]), facts


def by_ss() -> Answer:
    """Run ss as a user would, and read what it prints."""
    done = subprocess.run(["ss", "-H", "-lntup"], stdout=subprocess.PIPE, check=True)
    return done.stdout.count(b"\n"), None


def by_psutil() -> Answer:
    """List listening and unconnected sockets with psutil, and the name of each holder."""
    count = 0
    names: dict[int, str] = {}
    for each in psutil.net_connections(kind="inet"):
        if each.status != psutil.CONN_LISTEN and (each.status != psutil.CONN_NONE or each.raddr):
            continue
        count += 1
        if each.pid is not None and each.pid not in names:
            names[each.pid] = psutil.Process(each.pid).name()
    return count, None


def by_module() -> Answer:
    """Run the module as a process of its own, as it runs on a target but for the archive it comes in."""
    done = subprocess.run([sys.executable, str(RUN_MODULE)], input=b'{"ANSIBLE_MODULE_ARGS": {}}',
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode:
        raise RuntimeError("the module failed: %r %r" % (done.stdout[-500:], done.stderr[-2000:]))
    result = json.loads(done.stdout)
    return len(result["ansible_facts"]["ansible_listening_ports"]["listeners"]), json.loads(done.stderr)


WAYS: Mapping[str, Callable[[], Answer]] = {
    "collect": by_collect,
    "ss": by_ss,
    "psutil": by_psutil,
    "module": by_module,
    "collect, procfs": lambda: by_collect(collector="procfs"),
    "collect, everything": lambda: by_collect(gather=EVERYTHING),
}


def main() -> None:
    """Measure the ways asked for, in turn, and print samples and sightings."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--listeners", type=int, required=True, help="how many each way has to find")
    parser.add_argument("ways", nargs="+", choices=sorted(WAYS))
    args = parser.parse_args()
    samples: dict[str, list[float]] = {way: [] for way in args.ways}
    last: dict[str, Any] = {}
    for turn in range(args.rounds + 1):  # the first round warms up and does not count
        for way in args.ways:
            start = time.perf_counter()
            count, last[way] = WAYS[way]()
            taken = time.perf_counter() - start
            if count != args.listeners:
                raise SystemExit("%s found %d listeners of %d" % (way, count, args.listeners))
            if turn:
                samples[way].append(taken)
    notes = {"module": last.get("module")}
    for way in args.ways:
        if way.startswith("collect"):
            notes[way] = {"collector": last[way]["collector"], "complete": last[way]["complete"],
                          "gaps": last[way]["gaps"]}
    json.dump({"samples": samples, "notes": notes}, sys.stdout)


if __name__ == "__main__":
    main()
