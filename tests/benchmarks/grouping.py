# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Groups of a large fleet: what they cost against decoding its records, and against ansible.builtin.constructed.

Run by bench.py, and by it once more for each thing that is measured, which has a process of its own.
"""

import json
import os
import pathlib
import platform
import sys
import tempfile
from typing import Any, Iterator, Mapping

import figures
import report_data
import reports
import sandbox

CACHED = 300  # hosts whose facts are in a cache, which is slow to read
# CPU time in multiples of json.load of the records, of the groups by default and of all that there are; and in those of
# constructed
RECORDS_LIMIT, ALL_LIMIT, CACHE_LIMIT = 1.5, 2.5, 0.5
PLUGIN = "listening.ports.listeners"
ALL = {"groups_of": ["listens", "exposed", "verdict", "service", "container", "process"], "loopback": True}
# The groups of TCP ports, made of the same facts
CACHED_CONFIG = {"source": "facts", "groups_of": ["listens"], "ports": "any", "max_age": 0}
CONSTRUCTED = {"plugin": "ansible.builtin.constructed", "keyed_groups": [{"prefix": "listens_tcp", "key": (
    "(ansible_listening_ports | default({'listeners': []})).listeners | selectattr('protocol', 'eq', 'tcp')"
    " | rejectattr('scope', 'eq', 'loopback') | map(attribute='port') | unique | map('string') | list")}]}


def measure(settings: Mapping[str, Any]) -> int:
    """Measure; returns an exit code. Prints the result on standard output."""
    taken: list[figures.Figure] = []
    for core, python in settings["pythons"].items():
        with tempfile.TemporaryDirectory() as folder:
            place = pathlib.Path(folder)
            (place / "tree/ansible_collections/listening").mkdir(parents=True)
            (place / "tree/ansible_collections/listening/ports").symlink_to(sandbox.CHECKOUT)
            taken += Bench(place, python, settings["quick"], core).figures()
    print("Python %s, Linux %s" % (platform.python_version(), platform.release()))
    print(figures.table(taken, settings["markdown"]), end="")
    return 0


class Bench(reports.Bench):
    """Measures with one Python and its ansible-core."""

    program = __file__

    def __init__(self, place: pathlib.Path, python: str, quick: bool, core: str):
        super().__init__(place, python, quick)
        self.core = core
        os.environ.update(ANSIBLE_COLLECTIONS_PATH=str(place / "tree"), ANSIBLE_HOME=str(place / "home"),
                          ANSIBLE_CACHE_PLUGIN="jsonfile", ANSIBLE_CACHE_PLUGIN_CONNECTION=str(place / "cache"),
                          ANSIBLE_CACHE_PLUGIN_TIMEOUT="0")

    def figures(self) -> Iterator[figures.Figure]:
        """Groups of records, and those of a fact cache."""
        section, load = "Groups, in one process on one processor", "core %s, %s" % (self.core, self.load)
        self.run("make", "alike")
        for name, options, limit in (("listens, exposed and verdict", {}, RECORDS_LIMIT),
                                     ("all groups, with loopback", ALL, ALL_LIMIT)):
            ours, base, done = self.against("group", "alike", config={**options, "max_age": 0})
            sandbox.say("  %d groups, %d memberships" % (done["groups"], done["memberships"]))
            yield figures.Figure(section, load, name, ours, reports.BASE, base, limit=limit)
        self.hosts = min(CACHED, self.hosts)
        self.run("keep", "alike")
        ours, theirs = [], []
        for _round in range(self.rounds):
            mine = self.run("group", "alike", config=CACHED_CONFIG)
            others = self.run("group", "alike", config=CONSTRUCTED)
            if mine["members"] != others["members"]:
                raise RuntimeError("constructed makes other groups of the same facts")
            ours.append(mine["seconds"])
            theirs.append(others["seconds"])
        yield figures.Figure("The same groups of a fact cache", "core %s, %d hosts" % (self.core, self.hosts),
                             "listens", ours, "ansible.builtin.constructed", theirs, limit=CACHE_LIMIT)


# In a process of its own


def keep(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Put the facts of all hosts into the fact cache."""
    from ansible import constants
    from ansible.plugins.loader import cache_loader, init_plugin_loader

    init_plugin_loader([])
    cache = cache_loader.get(constants.config.get_config_value("CACHE_PLUGIN"))
    for name in reports.names(settings):
        record = json.loads(pathlib.Path(settings["records"], "hosts", name + ".json").read_bytes())
        cache.set(name, {"ansible_listening_ports": record["facts"], "ansible_distribution": "Debian"})
    return {"seconds": 0.0}


def group(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Make groups of the hosts of an inventory."""
    from ansible.inventory.manager import InventoryManager
    from ansible.parsing.dataloader import DataLoader
    from ansible.plugins.loader import init_plugin_loader, inventory_loader

    init_plugin_loader([])
    folder = pathlib.Path(settings["records"])
    (folder / "hosts.ini").write_text("\n".join(reports.names(settings)) + "\n", encoding="utf-8")
    config = folder / "fleet.listening_ports.yml"
    config.write_text(json.dumps({"plugin": PLUGIN, "path": ".", **settings["config"]}), encoding="utf-8")
    inventory_loader.get(PLUGIN)        # loading the code takes the same time for any number of hosts
    manager = InventoryManager(DataLoader(), [str(folder / "hosts.ini")])
    before = set(manager.groups)
    result: dict[str, Any] = {}
    with reports.timed(result):
        if not manager.parse_source(str(config)):
            raise RuntimeError("no group was made")
        manager.reconcile_inventory()
    made = {name: sorted(host.name for host in of_name.hosts) for name, of_name in manager.groups.items()
            if name not in before and name != "listening_ports"}
    if len(made) < len(report_data.ON_ALL) / 2:
        raise RuntimeError("there are too few groups: %s" % sorted(made))
    return {**result, "groups": len(made), "memberships": sum(map(len, made.values())),
            "members": made if settings["hosts"] <= CACHED else {}}


THINGS: reports.Things = {
    "make": reports.make, "decode": reports.decode, "keep": keep, "group": group}

if __name__ == "__main__":
    reports.inside(json.loads(sys.argv[1]), THINGS)
