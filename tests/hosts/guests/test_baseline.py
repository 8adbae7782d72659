# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The declaration of real hosts, written from what listens on them, and the audit that follows."""

import json

import pytest
import yaml

from support.host import execute
from support.player import PLAY_TIMEOUT, on_each

BASELINE, AUDIT = "listening.ports.baseline", "listening.ports.audit"
REPORT = "listening-ports-audit/report.json"
# two with many services, four with a web server, six plain ones of three releases
RELEASES = ["trixie+services", "trixie+services", "trixie+web", "trixie+web", "bullseye+web", "bullseye+web",
            "trixie", "trixie", "bookworm", "bookworm", "bullseye", "bullseye"]
# what an attacker may leave behind: it listens, and its file lies where everybody may write
IMPLANT = "cp /usr/bin/python3 /tmp/.x && systemd-run --quiet --unit=implant /tmp/.x -c " \
          "'import socket, time; s = socket.create_server((\"\", 4444)); time.sleep(1000)'"


@pytest.fixture
def inventory(tmp_path):
    """Writes the inventory of hosts, with the groups that a person would have made; returns its arguments."""

    def write(fleet):
        folder = tmp_path / "inventory"
        folder.mkdir()
        groups = {"services": [], "web": []}
        for host in fleet:
            for kind in groups:
                if host.release.endswith(kind):
                    groups[kind].append(host.name)
        children = {name: {"hosts": dict.fromkeys(names)} for name, names in groups.items() if names}
        (folder / "hosts.json").write_text(json.dumps({"all": {
            "hosts": {host.name: dict(host.inventory(), ansible_user="root") for host in fleet},
            "children": children}}), encoding="utf-8")
        return ["-i", str(folder / "hosts.json")]

    return write


@pytest.fixture
def run(player):
    """Runs a playbook with an inventory of its own."""

    def play(playbook, *arguments, code=0):
        done = execute(["ansible-playbook", playbook, *arguments], False, timeout=PLAY_TIMEOUT, cwd=player.folder,
                       env=player.environment)
        assert done.code == code, done
        return done

    return play


def written(folder):
    """The files of variables: text by path."""
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in folder.rglob("*.yml")}


def findings(tmp_path):
    """What the audit found, by host: kind, listener, whether it fails."""
    report = json.loads((tmp_path / REPORT).read_text(encoding="utf-8"))
    return {host["host"]: [(found["kind"], found["listener"], found["fails"])
                           for found in host["judgement"]["findings"]] for host in report["hosts"]}


def test_twelve_hosts_are_as_a_declaration_that_was_written_from_them(hosts, run, inventory, tmp_path):
    fleet = hosts(12, release=RELEASES)
    arguments, folder = inventory(fleet), tmp_path / "inventory"

    run(BASELINE, *arguments, "--check", "--diff")
    assert written(folder) == {}
    done = run(BASELINE, *arguments)
    texts = written(folder)
    entries = [entry for text in texts.values() for value in (yaml.safe_load(text) or {}).values() for entry in value]
    lines = [line for text in texts.values() for line in text.splitlines()[3:]]
    print("\n".join("%s:\n%s" % item for item in texts.items()))
    print(len(texts), "files,", len(entries), "entries,", len(lines), "lines")
    assert len(texts) <= 3 and len(lines) <= 25, texts
    assert "  - {name: ssh, port: 22, service: ssh}" in texts["group_vars/all/listeners.yml"].splitlines()
    assert "%d entries for " % len(entries) in done.out

    run(AUDIT, *arguments)
    assert findings(tmp_path) == {host.name: [] for host in fleet}

    assert "Nothing to add for 12 hosts: all is declared already. Nothing was written." in run(BASELINE, *arguments).out
    assert written(folder) == texts

    # what has other ports, pids and times then is declared all the same
    on_each(fleet, lambda host: host.console("systemctl", "restart", *host.console(
        "sh", "-c", "systemctl list-units --type=service --state=running --plain --no-legend | cut -d' ' -f1 "
        "| grep -vE '^(dbus|systemd-|user@|getty|console-getty|serial-getty|container-)'").out.split()))
    on_each(fleet, lambda host: host.wait_for("! systemctl list-jobs --no-legend | grep -q ."))
    run(AUDIT, *arguments)
    assert findings(tmp_path) == {host.name: [] for host in fleet}

    # one of them is broken into, another one has a service more
    broken, new = fleet[6], fleet[8]
    broken.console("sh", "-c", IMPLANT)
    broken.wait_for("ss -Hltn 'sport = 4444' | grep -q .")
    new.console("systemd-run", "--quiet", "--unit=added", "python3", "-c",
                "import socket, time; s = socket.create_server(('', 7001)); time.sleep(1000)")
    new.wait_for("ss -Hltn 'sport = 7001' | grep -q .")
    run(BASELINE, *arguments)
    more = {path: text for path, text in written(folder).items() if path not in texts}
    assert {path: text for path, text in written(folder).items() if path in texts} == texts
    assert {path.split("/")[1] for path in more} == {broken.name, new.name}
    assert "\n  - {name: added, port: 7001, service: added}\n" in "".join(more.values())
    assert "\n  # - {name: implant, port: 4444, " in "".join(more.values())
    run(AUDIT, *arguments, code=2)
    found = findings(tmp_path)
    assert found.pop(broken.name) == [("unexpected", "tcp/0.0.0.0:4444", True)]
    assert not any(found.values())


def test_hosts_that_were_not_observed_are_left_out(hosts, run, inventory, tmp_path):
    fleet = hosts(3, release="trixie")
    good, hidden, dead = fleet
    arguments = inventory(fleet)
    folder = tmp_path / "inventory/host_vars"
    (folder / hidden.name).mkdir(parents=True)
    (folder / hidden.name / "main.yml").write_text("ansible_user: ansible\n", encoding="utf-8")
    hosts_file = tmp_path / "inventory/hosts.json"
    inventory_data = json.loads(hosts_file.read_text(encoding="utf-8"))
    del inventory_data["all"]["hosts"][hidden.name]["ansible_user"]
    hosts_file.write_text(json.dumps(inventory_data), encoding="utf-8")
    dead.kill()
    done = run(BASELINE, *arguments, "--timeout=10", code=2)
    assert "%s was left out: not all of its owners were observed" % hidden.name in done.out
    assert "%s was left out: unreachable: " % dead.name in done.out
    assert {path.split("/")[1] for path in written(tmp_path / "inventory")} == {good.name, hidden.name}
    assert [path.name for path in (folder / hidden.name).iterdir()] == ["main.yml"]
