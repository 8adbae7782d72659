# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reports of a large fleet: what they cost against decoding its records, and how the page of it behaves.

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
from typing import Any, Callable, Iterator, Mapping, Sequence

import figures
import report_data
import sandbox
import tools

HOSTS = (10000, 1000)  # normally, and with --quick
ROUNDS = (1, 3)
BATCHES = 100
MORE_ENTRIES = 500  # a declaration as long as that, to read its records
# CPU time in multiples of json.load of the records, of one report, and MiB
ALL_LIMIT, PAGE_LIMIT, SERIAL_LIMIT, MEMORY_LIMIT, SIZE_LIMIT = 12, 4, 3, 512, 8
FRAME = 1000 / 60
LOAD_LIMIT = 2.5  # seconds, half of the five seconds that people wait
# Of a page of hosts that share lines, and of one whose hosts are no two alike: frames to scroll, and to filter
SCROLL_LIMITS, FILTER_LIMITS = (1.5, 5), (40, 90)
BASE = "json.load of the records"


def measure(settings: Mapping[str, Any]) -> int:
    """Measure; returns an exit code. Prints the result on standard output."""
    python = max(settings["pythons"].items())[1]
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        (place / "tree/ansible_collections/listening").mkdir(parents=True)
        (place / "tree/ansible_collections/listening/ports").symlink_to(sandbox.CHECKOUT)
        bench = Bench(place, python, settings["quick"])
        taken = [*bench.costs(), *bench.batches(), *bench.long_declarations(), *bench.pages()]
    print("Python %s, Linux %s" % (platform.python_version(), platform.release()))
    print(figures.table(taken, settings["markdown"]), end="")
    return 0


class Bench:
    """Measures with one Python and its ansible-core.

    :cvar program: what does each thing.
    """

    program = __file__

    def __init__(self, place: pathlib.Path, python: str, quick: bool):
        self.place, self.python = place, python
        self.hosts, self.rounds = HOSTS[quick], ROUNDS[quick]
        self.pages_of: dict[str, pathlib.Path] = {}
        self.load = "{:,} hosts, {} listeners each".format(self.hosts, report_data.LISTENERS)

    def run(self, what: str, records: str, **options: Any) -> dict[str, Any]:
        """Do one thing in a process of its own, on one processor."""
        asked = {"what": what, "records": str(self.place / records), "hosts": self.hosts, **options}
        command = [self.python, "-B", self.program, json.dumps(asked)]
        first = min(os.sched_getaffinity(0))
        done = subprocess.run(command, env=dict(os.environ, PYTHONPATH=str(self.place / "tree")),
                              stdout=subprocess.PIPE, check=True, text=True,
                              preexec_fn=lambda: os.sched_setaffinity(0, {first}))
        result: dict[str, Any] = json.loads(done.stdout)
        sandbox.say("  %6.2f s, %4.0f MiB: %s %s" % (result["seconds"], result["peak"], what,
                                                     " ".join(options.get("formats", ()))))
        return result

    def against(self, what: str, records: str, **options: Any) -> tuple[list[float], list[float], dict[str, Any]]:
        """Do one thing and decode the same records, in turn; returns the seconds of both, and the last result."""
        done: dict[str, Any] = {}
        ours, base = [], []
        for _round in range(self.rounds):
            base.append(self.run("decode", records)["seconds"])
            done = self.run(what, records, **options)
            ours.append(done["seconds"])
        return ours, base, done

    def costs(self) -> Iterator[figures.Figure]:
        """Reading, each format as the only one, and all of them in one report."""
        section = "Reports, in one process on one processor"
        self.run("make", "alike")
        ours, base, _done = self.against("read", "alike")
        yield figures.Figure(section, self.load, "reading, with all checks", ours, BASE, base)
        formats = self.run("formats", "alike")["formats"]
        for name in ("table", *formats):
            ours, base, done = self.against("report", "alike", formats=[name])
            yield figures.Figure(section, self.load, "%s alone" % name, ours, BASE, base,
                                 limit=PAGE_LIMIT if name == "html" else None)
            if name == "html":
                yield figures.Figure(section, self.load, "peak memory with html alone", [done["peak"]], unit="MiB",
                                     limit=MEMORY_LIMIT)
                yield from self.page(section, self.load, "alike", done)
        ours, base, done = self.against("report", "alike", formats=["table", *formats])
        yield figures.Figure(section, self.load, "all %d formats" % (len(formats) + 1), ours, BASE, base,
                             limit=ALL_LIMIT)
        yield figures.Figure(section, self.load, "peak memory with all formats", [done["peak"]], unit="MiB",
                             limit=MEMORY_LIMIT)

    def page(self, section: str, load: str, name: str, done: Mapping[str, Any]) -> Iterator[figures.Figure]:
        """The size of the page that a report has written, which is kept."""
        path = pathlib.Path(done["files"]["html"])
        self.pages_of[name] = path.rename(self.place / (name + ".html"))
        yield figures.Figure(section, load, "size of the page", [self.pages_of[name].stat().st_size / 2 ** 20],
                             unit="MiB", limit=SIZE_LIMIT)

    def batches(self) -> Iterator[figures.Figure]:
        """All reports of a play with ``serial``, against the one of a play without it."""
        formats = ["table", "html"]
        ours, base = [], []
        for _round in range(self.rounds):
            base.append(self.run("report", "alike", formats=formats)["seconds"])
            ours.append(self.run("serial", "alike", formats=formats, batches=BATCHES)["seconds"])
        yield figures.Figure("Reports of a play with serial", "%s, %d batches" % (self.load, BATCHES),
                             "all reports, table and html", ours, "one report", base, limit=SERIAL_LIMIT)

    def long_declarations(self) -> Iterator[figures.Figure]:
        """Reading records of hosts that have many more entries than listeners."""
        hosts, self.hosts = self.hosts, self.hosts // 10
        self.run("make", "declared", entries=MORE_ENTRIES)
        for what, options in (("read", {}), ("report", {"formats": ["html"]})):
            ours, base, _done = self.against(what, "declared", **options)
            yield figures.Figure("Reports of hosts with long declarations", "{:,} hosts, {} entries".format(
                self.hosts, MORE_ENTRIES), "html alone" if options else "reading, with all checks", ours, BASE, base)
        self.hosts = hosts

    def pages(self) -> Iterator[figures.Figure]:
        """Pages in a browser: with fewer hosts, with all, and with hosts that are no two alike."""
        browser = tools.browser(pathlib.Path(self.python))
        if not browser:
            return
        loads = {"alike": self.load}
        hosts, self.hosts = self.hosts, self.hosts // 10
        loads["fewer"] = "{:,} hosts, {} listeners each".format(self.hosts, report_data.LISTENERS)
        self.run("make", "fewer")
        yield from self.page("Pages", loads["fewer"], "fewer", self.run("report", "fewer", formats=["html"]))
        self.hosts = hosts
        loads["unlike"] = self.load + ", no two alike"
        self.run("make", "unlike", alike=False)
        yield from self.page("Pages", loads["unlike"], "unlike", self.run("report", "unlike", formats=["html"]))
        for name in ("fewer", "alike", "unlike"):
            done = subprocess.run([browser, "-B", sandbox.HERE / "pages.py", self.pages_of[name]],
                                  stdout=subprocess.PIPE, check=True, text=True)
            seen = json.loads(done.stdout)
            sandbox.say("  %s: %s" % (name, seen))
            worst = name == "unlike"
            yield figures.Figure("Pages", loads[name], "loading", [seen["load"] / 1000], unit="s", limit=LOAD_LIMIT)
            yield figures.Figure("Pages", loads[name], "scrolling, 95 of 100 steps", [seen["scroll"] / FRAME],
                                 unit="frames", limit=SCROLL_LIMITS[worst])
            yield figures.Figure("Pages", loads[name], "filtering, the slowest of %d words" % len(seen["filters"]),
                                 [max(seen["filters"]) / FRAME], unit="frames", limit=FILTER_LIMITS[worst])


# In a process of its own


Things = Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]]


def inside(settings: Mapping[str, Any], things: Things) -> None:
    """Do one thing, and say what it took."""
    result = things[settings["what"]](settings)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0
    print(json.dumps({"seconds": time.process_time(), "peak": peak, **result}))


@contextlib.contextmanager
def timed(result: dict[str, Any]) -> Iterator[None]:
    """Add what is done meanwhile to the seconds of a result: those on a processor."""
    before = time.process_time()
    yield
    result["seconds"] = result.get("seconds", 0.0) + time.process_time() - before


def names(settings: Mapping[str, Any]) -> list[str]:
    """All hosts, in the order of the inventory."""
    return sorted(name for members in report_data.groups(settings["hosts"]).values() for name in members)


def make(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Write the records of all hosts."""
    from ansible_collections.listening.ports.plugins.plugin_utils._facts import records

    written = [records.write(settings["records"], record) for record in report_data.records_of(
        settings["hosts"], settings.get("alike", True), settings.get("entries", 0))]
    if len(written) != settings["hosts"]:
        raise RuntimeError("not all records were written")
    return {}


def decode(settings: Mapping[str, Any]) -> dict[str, Any]:
    """What every reader of JSON has to do at least."""
    paths = [os.path.join(settings["records"], "hosts", name + ".json") for name in names(settings)]
    result: dict[str, Any] = {}
    with timed(result):
        for path in paths:
            with open(path, encoding="utf-8") as stream:
                json.load(stream)
    return result


def read(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Read all records, and do nothing with them."""
    from ansible_collections.listening.ports.plugins.plugin_utils._cycles import no_search_for_cycles
    from ansible_collections.listening.ports.plugins.plugin_utils._report import model

    every = names(settings)
    result: dict[str, Any] = {}
    with timed(result), no_search_for_cycles():
        whole = model.gather(model.read(settings["records"], every, report_data.RUN), [],
                             model.Report(report_data.RUN))
    as_it_should_be(whole)
    return result


def formats_there_are(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The formats of files."""
    from ansible_collections.listening.ports.plugins.plugin_utils._report.formats import registry

    return {"formats": registry.FORMATS}


def prepared(settings: Mapping[str, Any]) -> tuple[list[str], Mapping[str, Sequence[str]]]:
    """Load the code of formats, which takes the same time for any number of hosts; returns the hosts and their groups.
    """
    from ansible_collections.listening.ports.plugins.plugin_utils._report.console import text  # noqa: F401
    from ansible_collections.listening.ports.plugins.plugin_utils._report.formats import registry

    for name in settings["formats"]:
        if name != registry.TABLE:
            registry.load(name)
    return names(settings), report_data.groups(settings["hosts"])


def report(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Make one report on all hosts."""
    from ansible_collections.listening.ports.plugins.plugin_utils._report import batches

    every, groups = prepared(settings)
    result: dict[str, Any] = {}
    with timed(result):
        turn = batches.turn(settings["records"], report_data.RUN, batches.Play(every, set(every), set(every), False))
        result["files"] = reported(settings, turn, groups)
    return result


def serial(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Make the reports of a play that goes through its hosts in batches: before each one its records appear."""
    from ansible_collections.listening.ports.plugins.plugin_utils._facts import records
    from ansible_collections.listening.ports.plugins.plugin_utils._report import batches

    every, groups = prepared(settings)
    folder = pathlib.Path(settings["records"], "hosts")
    away = folder.rename(folder.with_name("away"))
    folder.mkdir(0o700)
    size = len(every) // settings["batches"]
    result: dict[str, Any] = {}
    wrote = 0
    for start in range(0, len(every), size):
        batch = every[start:start + size]
        for name in map(records.file_name, batch):
            (away / name).rename(folder / name)
        with timed(result):
            turn = batches.turn(settings["records"], report_data.RUN,
                                batches.Play(every, set(every), set(batch), False))
            reported(settings, turn, groups)
        wrote += turn.writes
    away.rmdir()
    if turn.pending or not 2 < wrote < settings["batches"]:
        raise RuntimeError("that was not a play in batches")
    return result


def reported(settings: Mapping[str, Any], turn: Any, groups: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Make a report as report_listeners does; returns the files that it has written."""
    from ansible_collections.listening.ports.plugins.plugin_utils._cycles import no_search_for_cycles
    from ansible_collections.listening.ports.plugins.plugin_utils._report import files, model, progress
    from ansible_collections.listening.ports.plugins.plugin_utils._report.console import text

    whole = model.Report(report_data.RUN, fleet=turn.fleet, ansible_core=report_data.CORE, inventory=groups,
                         earlier=turn.earlier)
    shown = text.Text(turn.shown)
    pairs = model.read(settings["records"], turn.read, report_data.RUN, turn.pending)
    wanted = settings["formats"] if turn.writes else []
    with no_search_for_cycles():
        with files.begun(wanted, settings["records"], whole) as made:
            model.gather(progress.told(pairs, len(turn.read), sandbox.say), [*made.values(), shown], whole)
            for file in made.values():
                file.finish(whole)
        is_part = len(turn.shown) < len(whole.hosts)
        lines = shown.lines(whole.only(turn.shown) if is_part else whole, 120, so_far=whole)
    faults = [file.fault for file in made.values() if file.fault]
    if faults:
        raise RuntimeError("; ".join(faults))
    as_it_should_be(whole)
    if len(lines) < 10:
        raise RuntimeError("the table has hardly a line")
    return {name: file.path for name, file in made.items()}


def as_it_should_be(whole: Any) -> None:
    """Refuse figures of records that were not believed, and of hosts that all are the same."""
    counts, verdicts = whole.counts, whole.verdicts
    had_their_turn = len(whole.hosts) - counts["pending"]
    if counts["failed"] or counts["missing"] or counts["ok"] < 0.9 * had_their_turn - 1:
        raise RuntimeError("the load is not what it should be: %s" % counts)
    if had_their_turn >= 1000 and not (verdicts["violates"] and verdicts["unknown"]):
        raise RuntimeError("the load is not what it should be: %s" % verdicts)


THINGS: Things = {
    "make": make, "decode": decode, "read": read, "formats": formats_there_are, "report": report, "serial": serial}

if __name__ == "__main__":
    inside(json.loads(sys.argv[1]), THINGS)
