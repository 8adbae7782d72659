# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Windows hosts, which are replayed, beside real hosts with Linux: one audit, one baseline, one inventory."""

import json
import pathlib
import sys

import pytest
import yaml

from support.estate import DEAD, HIDDEN, Estate
from support.host import execute
from support.player import PLAY_TIMEOUT

from ansible_collections.listening.ports.plugins.plugin_utils._report.formats import registry
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.formats import reading
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows import raw_hosts

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.append(str(ROOT / "tests/windows"))
from stage.hosts import Replayed  # noqa: E402

KINDS = ("server_2016", "server_2019", "server_2022", "server_2025", "member", "workgroup", "no_admin", "broken_wmi",
         "german", "turkish", "many_rules", "hostile")
CUT = "cut-off"                                     # its answer ends within the gzip
EVIL = ("\x1b", "\u202e", "<script>\u202e")         # in names of the hostile one
# what the group of all hosts has is for those with Linux
OWN = """\
ansible_become: false
expected_listeners: []
"""
FOLDER = "listening-ports-audit"
REPORT = FOLDER + "/report.json"


@pytest.fixture
def windows(tmp_path):
    """Replayed hosts by their name, in an inventory beside that of the others."""
    (tmp_path / "replayed").mkdir()
    hosts = {}
    for kind in KINDS:
        name = kind.replace("_", "-")
        hosts[name] = Replayed(name, tmp_path / "replayed" / name)
        hosts[name].answers({"packed": raw_hosts.packed(getattr(raw_hosts, kind)())})
    packed = raw_hosts.packed(raw_hosts.server_2022())
    hosts[CUT] = Replayed(CUT, tmp_path / "replayed" / CUT).answers({"packed": packed[:len(packed) // 8 * 4]})
    (tmp_path / "windows.json").write_text(json.dumps({"windows": {
        "hosts": {name: host.inventory() for name, host in hosts.items()}}}), encoding="utf-8")
    return hosts


@pytest.fixture
def run(player):
    """Runs a program of Ansible in the folder of the inventories."""
    # the connection to replayed hosts is none that Ansible comes with
    environment = dict(player.environment, ANSIBLE_CONNECTION_PLUGINS=str(ROOT / "tests/windows/connection_plugins"))

    def play(*command, code=0):
        done = execute(command, False, timeout=PLAY_TIMEOUT, cwd=player.folder, env=environment)
        assert done.code == code, done
        return done

    return play


def playbook(name, *arguments):
    """The command that runs a playbook on both."""
    return ("ansible-playbook", "listening.ports.%s" % name, "-i", "hosts.json", "-i", "windows.json", "--timeout=10",
            *arguments)


def test_windows_hosts_and_others_are_one_fleet(hosts, player, windows, run, tmp_path):
    estate = Estate(hosts, player)
    estate.hide_some()
    (tmp_path / "group_vars/windows").mkdir()
    (tmp_path / "group_vars/windows/main.yml").write_text(OWN, encoding="utf-8")

    # the declaration of the Windows hosts is written from what they have
    done = run(*playbook("baseline", "--limit", "windows"), code=2)
    assert all("\n  %s: " % name in done.out.partition("Left out:")[2] for name in ("no-admin", CUT)), done.out
    written = {path: path.read_text(encoding="utf-8") for path in tmp_path.rglob("*_vars/*/listeners.yml")}
    print("\n".join("%s:\n%s" % (path.relative_to(tmp_path), text) for path, text in written.items()))
    ours = yaml.safe_load(written[tmp_path / "group_vars/windows/listeners.yml"])["expected_listeners_windows"]
    assert {"name": "TermService", "port": 3389, "service": "TermService"} in ours
    assert not {"no-admin", CUT} & {path.parent.name for path in written}

    # one table, one page, one exit code
    done = run(*playbook("audit", "-e", json.dumps({"audit_formats": ["table", *reading.READ, "html"]})), code=2)
    print(done.out)
    report = json.loads((tmp_path / REPORT).read_text(encoding="utf-8"))
    verdicts = {host["host"]: host["verdict"] for host in report["hosts"]}
    wrong = dict.fromkeys(("app-1", "app-2", "web-2", "web-4", "no-admin"), "violates")
    assert verdicts == {**dict.fromkeys((*estate.hosts, *windows), "as_declared"), **wrong,
                        **dict.fromkeys((HIDDEN, DEAD, CUT), "unknown")}
    assert "25 hosts: 17 as declared, 5 violate, 1 unknown, 1 unreachable, 1 failed." in done.out
    assert "svchost.exe" in done.out and "ssh.service" in done.out
    number, failing = reading.counts("json", (tmp_path / REPORT).read_bytes())
    assert number == 25 and failing > 5
    for name in ("junit", "csv", "prometheus"):
        assert reading.counts(name, (tmp_path / FOLDER / registry.load(name).file).read_bytes()) == (number, failing)
    page = (tmp_path / FOLDER / "report.html").read_text(encoding="utf-8")
    assert all(name in page for name in verdicts) and not any(evil in page for evil in EVIL)
    assert not any(evil in done.out + done.err for evil in EVIL)

    # a listener more on one of each is all that has changed
    run(*playbook("drift", "-e", "drift_fail=false"))
    raw = raw_hosts.server_2022()
    raw["tcp4"].append([*raw["tcp4"][0][:1], 4444, *raw["tcp4"][0][2:]])
    windows["server-2022"].answers({"packed": raw_hosts.packed(raw)})
    web = estate.hosts["web-1"]
    web.console("systemd-run", "--quiet", "--unit=added", "python3", "-c",
                "import socket, time; s = socket.create_server(('', 4444)); time.sleep(1000)")
    web.wait_for("ss -Hltn 'sport = 4444' | grep -q .")
    run(*playbook("drift"), code=2)
    drift = json.loads((tmp_path / "listening-ports-drift/drift.json").read_text(encoding="utf-8"))
    changes = sorted((*finding["hosts"], finding["kind"], finding["listener"]["port"])
                     for finding in drift["findings"] if finding["fails"] and finding["kind"] != "unknown")
    assert changes == [("server-2022", "opened", 4444), ("web-1", "opened", 4444)]
    assert drift["counts"]["unknown"] == 2          # the host that is switched off, and the answer that is cut off

    # and groups are of both
    (tmp_path / "fleet.listening_ports.yml").write_text(json.dumps(
        {"plugin": "listening.ports.listeners", "groups_of": ["listens", "verdict"]}), encoding="utf-8")
    done = run("ansible-inventory", "-i", "hosts.json", "-i", "windows.json", "-i", "fleet.listening_ports.yml",
               "--list")
    groups = {name: set(group["hosts"]) for name, group in json.loads(done.out).items() if "hosts" in group}
    assert {"server-2022", "web-1", "node-1"} <= groups["listens_tcp_22"]
    assert groups["listens_tcp_3389"] >= {"server-2016", "server-2025"} and not groups["listens_tcp_3389"] & set(
        estate.hosts)
