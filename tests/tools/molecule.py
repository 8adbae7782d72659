# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a molecule scenario: it passes, it fails where it should, and it leaves nothing behind either way."""

import contextlib
import os
import pathlib
import re
import signal
from typing import Any

from bench import Bench, Failed, environ
from environments import Environment
from machines import require_hosts

REQUIREMENTS = pathlib.Path(__file__).resolve().parent / "requirements/molecule.txt"
PYTHONS = ("3.13", "3.14", "3.12", "3.11", "3.10")
# For each scenario: a file, a text in it with one that makes the step verify fail, and how it fails
MISTAKES = {
    "default": ("extensions/molecule/default/prepare.yml", "User=daemon", "User=nobody",
                "assertion: report.hosts | map(attribute='verdict') | unique == ['as_declared']"),
    "firewall": ("extensions/molecule/firewall/converge.yml", "firewall_confirm: 10", "firewall_state: absent",
                 "No such file or directory"),  # what nft says of a table that is not there
    "close": ("extensions/molecule/close/converge.yml", "close_confirm: 10", "close_kinds: [forbidden]",
              "Timeout when waiting for 127.0.0.1:8080 to stop"),
}
# What molecule itself keeps in Ansible's home
STATE = {"ansible.cfg", "ansible_inventory.yml", "state.yml"}


def environments(bench: Bench, *_unused: Any) -> list[Environment]:
    """That of molecule."""
    _version, python = bench.python(*PYTHONS)
    return [Environment("molecule", python, tuple(REQUIREMENTS.read_text(encoding="utf-8").splitlines()))]


def check(bench: Bench, scenario: str) -> None:
    """Runs `molecule test` on a scenario as it is, and with a mistake in it. Raises Failed; LeftOut where no hosts can
    be started.
    """
    require_hosts()
    folder = bench.environments.get(environments(bench)[0])
    failed, _printed = run(bench, folder, bench.copy(), scenario)
    if failed:
        raise Failed("molecule test: %s failed" % ", ".join(failed))

    place = bench.copy()
    path, right, wrong, words = MISTAKES[scenario]
    text = (place / path).read_text(encoding="utf-8")
    if right not in text:
        raise Failed("%s: there is no %s to change" % (path, right))
    (place / path).write_text(text.replace(right, wrong), encoding="utf-8")
    print("Again, with %s: now the step verify has to fail." % wrong, flush=True)
    failed, printed = run(bench, folder, place, scenario)
    if failed != ["verify"] or not any(words in line for line in printed):
        raise Failed("molecule test with %s: verify should have failed, with %r; failed: %s"
                     % (wrong, words, ", ".join(failed) or "nothing"))
    print("The step verify failed as it had to: with %s." % wrong, flush=True)


def run(bench: Bench, folder: pathlib.Path, place: pathlib.Path, scenario: str) -> tuple[list[str], list[str]]:
    """Runs `molecule test` in a copy of the tree. Returns the steps that failed, and the lines that were printed.
    Raises Failed if it left something.
    """
    # in one home molecule tells checkouts apart by the names of their folders only
    home = place.parent.parent.parent / "home"
    # without settings for other runs, and without telling where the collection is: that is the scenario's business
    env = environ(folder, place)
    env = {name: value for name, value in env.items() if not name.startswith(("ANSIBLE_", "MOLECULE_", "PYTHON"))}
    env.update(ANSIBLE_HOME=str(home), XDG_CACHE_HOME=str(bench.cache.parent), NO_COLOR="1",
               PYTHONDONTWRITEBYTECODE="1")
    before = files(place)
    failed: list[str] = []
    printed: list[str] = []
    try:
        for line in bench.lines(folder / "molecule", "test", "-s", scenario, cwd=place, env=env):
            printed.append(line)
            step = re.match(r"\w+ > (\w+): Executed: Failed", line)
            if step:
                failed.append(step.group(1))
    except Failed:
        if not failed:
            raise
    # also where this is interrupted: nobody could take the hosts down later, as the folder that tells how is removed
    finally:
        left = ["process %d" % pid for pid in end_processes(home)]
    left += sorted(files(place) ^ before) + sorted(path for path in files(home) if os.path.basename(path) not in STATE)
    if left:
        raise Failed("molecule test left behind, or changed: %s" % ", ".join(left))
    return failed, printed


def files(folder: pathlib.Path) -> set[str]:
    """The paths of all files in a folder, as set of str."""
    return {str(path) for path in folder.rglob("*") if path.is_symlink() or not path.is_dir()}


def end_processes(folder: pathlib.Path) -> list[int]:
    """Ends the processes that were started with a path in a folder, as those are that run hosts. Returns their pids."""
    pids: list[int] = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.fsencode(folder) in (process / "cmdline").read_bytes():
                pids.append(int(process.name))
                os.kill(pids[-1], signal.SIGTERM)
    return pids
