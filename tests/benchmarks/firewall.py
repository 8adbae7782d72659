# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Judging who can reach listeners through a host's firewall, in process on one processor.

Run by bench.py, and by itself once more.
"""

import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import figures
import firewall_load
import sandbox

LISTENERS, SERVICES, ELEMENTS = 200, 2000, 100000
ROUNDS = (7, 3)  # normally, and with --quick
SECTION = "Judging a firewall, in one process on one processor"
LIMITS = {500: 60, 5000: 600}  # rules, milliseconds
SET_LIMIT, KUBE_LIMIT = 600, 2000
WINDOWS_RULES, WINDOWS_LIMIT = 600, 1.5  # of a Windows host, and the ratio to a Linux host with 500
PREFERRED = "3.11"  # for which the limits are said


def measure(settings):
    """Measure; returns an exit code. Prints the result on standard output."""
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        (place / "ansible_collections/listening").mkdir(parents=True)
        (place / "ansible_collections/listening/ports").symlink_to(sandbox.CHECKOUT)
        taken = []
        for name, python in pythons(settings).items():
            taken += _of_python(place, name, python, ROUNDS[settings["quick"]])
    print("Python %s, Linux %s" % (platform.python_version(), platform.release()))
    print(figures.table(taken, settings["markdown"]), end="")
    return 0


def pythons(settings):
    """What to measure with, by version: Python 3.11 where there is one, else that of the newest ansible-core."""
    by_version = {}
    for python in ["python" + PREFERRED, *settings["pythons"].values()]:
        try:
            done = subprocess.run(
                [python, "-c", "import platform; print(platform.python_version())"],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                check=True,
                text=True,
            )
        except (OSError, subprocess.CalledProcessError):    # a python3.11 of pyenv says so where it is none
            continue
        by_version.setdefault(done.stdout.strip(), str(python))
    best = [name for name in by_version if name.startswith(PREFERRED + ".")] or list(by_version)[-1:]
    return {name: by_version[name] for name in best[:1]}


def _of_python(place, name, python, rounds):
    """The figures with one Python."""
    taken = {}
    for load in ("rules 500", "rules 5000", "elements", "iptables", "nftables"):
        taken[load] = _run(place, python, load, rounds)
        sandbox.say("  %s: %s ms" % (load, " ".join("%.0f" % (each * 1000) for each in taken[load])))
    for count, limit in LIMITS.items():
        yield _figure(
            "Python %s, %d listeners, %s rules" % (name, LISTENERS, format(count, ",")),
            taken["rules %d" % count],
            limit,
        )
    more = statistics.median(taken["elements"]) - statistics.median(taken["rules 500"])
    yield _figure(
        "Python %s, %d listeners, 500 rules" % (name, LISTENERS),
        [max(more, 0)],
        SET_LIMIT,
        "more with a set of %s elements" % format(ELEMENTS, ","),
    )
    for load in ("iptables", "nftables"):
        yield _figure(
            "Python %s, %s services of kube-proxy, %s" % (name, format(SERVICES, ","), load), taken[load], KUBE_LIMIT
        )

    windows, linux = zip(*_run(place, python, "windows", rounds))
    yield figures.Figure(
        SECTION, "Python %s, a Windows host, %d listeners, %d rules" % (name, LISTENERS, WINDOWS_RULES),
        "check(), facts() and attach()", windows, "attach() of a Linux host, 500 rules", linux, limit=WINDOWS_LIMIT)


def _run(place, python, load, rounds):
    """What ``inside`` prints of a load."""
    first = min(os.sched_getaffinity(0))
    done = subprocess.run(
        [python, "-B", __file__, json.dumps({"load": load, "rounds": rounds})],
        env=dict(os.environ, PYTHONPATH=str(place)),
        stdout=subprocess.PIPE,
        check=True,
        text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {first}),
    )
    return json.loads(done.stdout)


def _figure(load, seconds, limit, name="attach()"):
    """The median, as what else runs on a machine only ever adds to it."""
    return figures.Figure(SECTION, load, name, [statistics.median(seconds) * 1000], unit="milliseconds", limit=limit)


def inside(settings):
    """Judge one load some times, as a process of its own; prints the seconds on the processor of each."""
    seconds = []
    for _round in range(settings["rounds"] + 1):
        load = "rules 500" if settings["load"] == "windows" else settings["load"]
        taken, records = make(load)
        took, exposure, gaps = attach(taken, records)
        check(load, exposure, records, gaps)
        seconds.append((attach_windows(), took) if settings["load"] == "windows" else took)
    print(json.dumps(seconds[1:]))      # the first one loads the code


def make(load):
    """(snapshot, listeners) of a load."""
    if load in ("iptables", "nftables"):
        make_kube = firewall_load.kube_iptables if load == "iptables" else firewall_load.kube_nftables
        return make_kube(SERVICES), [
            firewall_load.record("tcp", "0.0.0.0", port) for port in (22, 80, firewall_load.FIRST_NODE_PORT + 5)
        ]
    taken = firewall_load.rules(500) if load == "elements" else firewall_load.rules(int(load.split()[1]))
    records = firewall_load.listeners(LISTENERS, firewall_load.ports(taken))
    return (firewall_load.rules(500, ELEMENTS) if load == "elements" else taken), records


def attach(taken, records):
    """(seconds on the processor, what attach() returns, its gaps)."""
    from ansible_collections.listening.ports.plugins.module_utils._firewall.exposure import attach as exposure
    from ansible_collections.listening.ports.plugins.module_utils._gaps import Gaps

    gaps = Gaps()
    began = time.process_time()
    result = exposure.attach(records, taken, gaps)
    return time.process_time() - began, result, gaps.found


def attach_windows():
    """Seconds on the processor, from the rows of a Windows host to facts with exposures."""
    from ansible_collections.listening.ports.plugins.plugin_utils._windows import check as checking
    from ansible_collections.listening.ports.plugins.plugin_utils._windows import exposure, facts, gaps
    from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows import raw_hosts

    sent = json.loads(json.dumps(raw_hosts.listeners(LISTENERS, WINDOWS_RULES)))
    began = time.process_time()
    raw = checking.check(sent)
    made = facts.facts(raw)
    collector = gaps.collector(True)
    exposure.attach(made["listeners"], raw, collector)
    took = time.process_time() - began
    levels = {record["exposure"]["level"] for record in made["listeners"]}
    if len(made["listeners"]) != LISTENERS or len(levels) < 3 or collector.found:
        raise RuntimeError("the Windows host is not judged as it should be: %s, %s" % (sorted(levels), collector.found))
    return took


def check(load, exposure, records, gaps):
    """Raises RuntimeError unless what was found is what the load is made for."""
    verdicts = {record["exposure"]["verdict"] for record in records}
    if load in ("iptables", "nftables"):
        ports = {forward["port"] for forward in exposure["forwarded"]}
        missing = set(range(firewall_load.FIRST_NODE_PORT, firewall_load.FIRST_NODE_PORT + SERVICES)) - ports
        if (
            missing
            or gaps
            or any(
                forward["exposure"]["verdict"] != "allowed" or forward["to"].count(":8080") != 2
                for forward in exposure["forwarded"]
            )
        ):
            raise RuntimeError("not all published ports were found: %s are missing, %s" % (len(missing), gaps))
    elif not verdicts >= {"partly", "blocked"} or "unknown" in verdicts or {gap["code"] for gap in gaps} - {"openings"}:
        raise RuntimeError("the listeners are not judged as they should be: %s, %s" % (sorted(verdicts), gaps))


if __name__ == "__main__":
    inside(json.loads(sys.argv[1]))
