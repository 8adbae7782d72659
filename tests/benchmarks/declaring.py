# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writing the declaration of a large fleet: what it costs against decoding its records, and how long it is.

Run by bench.py, and by it once more for each thing that is measured, which has a process of its own.
"""

import contextlib
import json
import os
import pathlib
import platform
import resource
import subprocess
import sys
import tempfile
import time
from typing import Any, Callable, Iterator, Mapping

import figures
import report_data
import sandbox

HOSTS = (1000, 200)  # normally, and with --quick
ROUNDS = (5, 3)
COST_LIMIT, LINES_LIMIT, MEMORY_LIMIT = 8, 300, 512
BASE = "json.load of the records"


def measure(settings: Mapping[str, Any]) -> int:
    """Measure; returns an exit code. Prints the result on standard output."""
    python = max(settings["pythons"].items())[1]
    hosts, rounds = HOSTS[settings["quick"]], ROUNDS[settings["quick"]]
    with tempfile.TemporaryDirectory() as folder:
        run = runner(python, __file__, folder, hosts)
        run("make")
        base, ours = [], []
        for _round in range(rounds):
            base.append(run("decode")["seconds"])
            ours.append(run("declare"))
        last = ours[-1]
    section = "A declaration from records, in one process on one processor"
    load = "{:,} hosts, {} listeners each".format(hosts, report_data.LISTENERS)
    taken = [
        figures.Figure(section, load, "read, compose and prove", [answer["seconds"] for answer in ours], BASE, base,
                       limit=COST_LIMIT),
        figures.Figure(section, load, "lines of the declaration", [last["lines"]], unit="lines",
                       limit=None if settings["quick"] else LINES_LIMIT),
        figures.Figure(section, load, "peak memory", [last["peak"]], unit="MiB", limit=MEMORY_LIMIT)]
    print("Python %s, Linux %s" % (platform.python_version(), platform.release()))
    print(figures.table(taken, settings["markdown"]), end="")
    return 0


def runner(python: pathlib.Path, script: str, folder: str, hosts: int) -> Callable[[str], dict[str, Any]]:
    """What runs a script for one thing after the other, each time in a process of its own, and returns its answer.

    :param folder: where records are.
    """
    place = pathlib.Path(folder)
    (place / "tree/ansible_collections/listening").mkdir(parents=True)
    (place / "tree/ansible_collections/listening/ports").symlink_to(sandbox.CHECKOUT)

    def run(what: str) -> dict[str, Any]:
        asked = json.dumps({"what": what, "records": str(place / "records"), "hosts": hosts})
        first = min(os.sched_getaffinity(0))
        done = subprocess.run([str(python), "-B", script, asked], env=dict(os.environ, PYTHONPATH=str(place / "tree")),
                              stdout=subprocess.PIPE, check=True, text=True,
                              preexec_fn=lambda: os.sched_setaffinity(0, {first}))
        answer: dict[str, Any] = json.loads(done.stdout)
        sandbox.say("  %s: %s" % (what, answer))
        return answer

    return run


# In a process of its own


@contextlib.contextmanager
def timed(result: dict[str, Any]) -> Iterator[None]:
    """Add what is done meanwhile to a result: seconds on a processor."""
    before = time.process_time()
    yield
    result["seconds"] = time.process_time() - before


def inside(settings: Mapping[str, Any]) -> None:
    """Do one thing, and say what it took."""
    answer(settings, {"make": make, "decode": decode, "declare": declare})


def answer(settings: Mapping[str, Any], ways: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]]) -> None:
    """Do one of several things, and say what it took."""
    result = ways[settings["what"]](settings)
    print(json.dumps({**result, "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0}))


def names(settings: Mapping[str, Any]) -> list[str]:
    """All hosts."""
    return sorted(name for members in report_data.groups(settings["hosts"]).values() for name in members)


def make(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Write the records of all hosts, as record_listeners does: nothing is declared, and nothing judged."""
    from ansible_collections.listening.ports.plugins.plugin_utils._facts import records

    for record in report_data.records_of(settings["hosts"]):
        record.update(declared=False, judgement=None)
        records.write(settings["records"], record)
    return {}


def decode(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What every reader of JSON has to do at least."""
    result: dict[str, Any] = {}
    with timed(result):
        for name in names(settings):
            with open(os.path.join(settings["records"], "hosts", name + ".json"), encoding="utf-8") as stream:
                json.load(stream)
    return result


def declare(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Read, compose and prove, as declare_listeners does where nothing is declared, and write nothing."""
    from ansible_collections.listening.ports.plugins.plugin_utils._baseline import compose, files, pieces, proof
    from ansible_collections.listening.ports.plugins.plugin_utils._baseline import things
    from ansible_collections.listening.ports.plugins.plugin_utils._facts import check
    from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration import merge
    from ansible_collections.listening.ports.plugins.plugin_utils._report import model

    every = names(settings)
    groups = {"all": every, **report_data.groups(settings["hosts"])}
    result: dict[str, Any] = {}
    with timed(result):
        hosts = []
        for host, record in model.read(settings["records"], every, report_data.RUN):
            facts = record["facts"] if record else None
            if facts and not things.unseen(facts):
                hosts.append(proof.Host.of(host.name, facts, merge.Declared(), report_data.NOW, pieces.Wanted(),
                                           alike=check.likenesses(facts) or ()))
        shelf = files.Shelf(settings["records"], "2026-11-28", groups, lambda host: ())
        composed = compose.compose(hosts, groups, shelf, lambda count: ["from %d hosts" % count], report_data.NOW)
    if composed.unproved or not composed.doubtful or len(hosts) < 0.97 * len(every):
        raise RuntimeError("that was not the declaration of a fleet")
    # without what every file has: the comment at its top, the beginning of a document, the variable
    result["lines"] = sum(len(text.text.splitlines()) - 3 for text in composed.files)
    result.update(files=len(composed.files), listeners=composed.listeners)
    return result


if __name__ == "__main__":
    inside(json.loads(sys.argv[1]))
