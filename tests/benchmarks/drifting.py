# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Comparing a large fleet with its last snapshots: what it costs against decoding its records, and what is kept.

Run by bench.py, and by it once more for each thing that is measured, which has a process of its own.
"""

import json
import pathlib
import platform
import sys
import tempfile
from typing import Any, Mapping

import declaring
import figures
import report_data

COST_LIMIT, SIZE_LIMIT, MEMORY_LIMIT = 10, 0.2, 512
BASE = declaring.BASE


def measure(settings: Mapping[str, Any]) -> int:
    """Measure; returns an exit code. Prints the result on standard output."""
    python = max(settings["pythons"].items())[1]
    hosts, rounds = declaring.HOSTS[settings["quick"]], declaring.ROUNDS[settings["quick"]]
    with tempfile.TemporaryDirectory() as folder:
        run = declaring.runner(python, __file__, folder, hosts)
        run("make")
        run("compare")  # with nothing, the first time
        base, ours = [], []
        for _round in range(rounds):
            base.append(run("decode")["seconds"])
            ours.append(run("compare"))
        last = ours[-1]
    section = "Drift from records, in one process on one processor"
    load = "{:,} hosts, {} listeners each".format(hosts, report_data.LISTENERS)
    taken = [
        figures.Figure(section, load, "read, compare and keep", [answer["seconds"] for answer in ours], BASE, base,
                       limit=COST_LIMIT),
        figures.Figure(section, load, "bytes of a snapshot", [last["kept"] / 1024.0], "bytes of the records",
                       [last["recorded"] / 1024.0], limit=SIZE_LIMIT, unit="KiB"),
        figures.Figure(section, load, "peak memory", [last["peak"]], unit="MiB", limit=MEMORY_LIMIT)]
    print("Python %s, Linux %s" % (platform.python_version(), platform.release()))
    print(figures.table(taken, settings["markdown"]), end="")
    return 0


# In a process of its own


def size(folder: pathlib.Path) -> int:
    """The bytes of the files of hosts."""
    return sum(path.stat().st_size for path in (folder / "hosts").iterdir())


def compare(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Compare with the last time and keep a snapshot, as compare_listeners does."""
    from ansible_collections.listening.ports.plugins.plugin_utils._drift import (
        changes, comparison, earlier, snapshot, store)
    from ansible_collections.listening.ports.plugins.plugin_utils._report import model

    path = pathlib.Path(settings["records"]).with_name("drift")
    every = declaring.names(settings)
    result: dict[str, Any] = {}
    made = comparison.Comparison("their last snapshots")
    with declaring.timed(result), store.store(str(path)) as kept:
        with earlier.opened(earlier.LAST, kept, settings["records"]) as before:
            draft = kept.begin()
            states: dict[str, dict[str, str | None]] = {}
            for host, record in model.read(settings["records"], every, report_data.RUN):
                if record and record["facts"]:
                    new = snapshot.of_facts(host.name, record["facts"])
                    draft.add(new)
                    states[host.name] = {"state": host.state, "recorded_at": host.recorded_at}
                    found = before.of(host.name, new)
                    if found:
                        made.compared(host.name, found.name, changes.compare(found.snapshot, new))
                    else:
                        made.new(host.name, new)
            name = draft.keep(store.Index(report_data.RUN, report_data.WHEN, states))
            kept.prune(30, every)
        names = kept.names()
    if len(made.hosts) < 0.97 * len(every) or made.failing:
        raise RuntimeError("that was not a fleet on which nothing has changed")
    if len({tuple(file.read_bytes() for file in sorted((path / each / "hosts").iterdir())) for each in names}) > 1:
        raise RuntimeError("snapshots differ, and nothing has changed")
    result.update(kept=size(path / name), recorded=size(pathlib.Path(settings["records"])))
    return result


if __name__ == "__main__":
    declaring.answer(json.loads(sys.argv[1]), {
        "make": declaring.make, "decode": declaring.decode, "compare": compare})
