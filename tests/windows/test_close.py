# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Roles and playbooks that close and filter, on Windows hosts: what a person is left to do, and what nobody writes."""

import json

import pytest

from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows import raw_hosts
from support.player import play, told
from test_replayed import task

MODULE = "listening.ports.win_collect_listeners"
# the database is a service alone in its process, and nobody declared it
DECLARED = {
    "expected_listeners": [
        {"name": "winrm", "port": 5985, "service": "WinRM", "state": "optional"},
        {"name": "no connection of administrators", "port": 1434, "state": "forbidden"},
        {"name": "the rest", "port": "any", "state": "optional", "where": "port != `1433` && port != `1434`"}]}
SQL = ["tcp/0.0.0.0:1433", "tcp/[::]:1433", "tcp/127.0.0.1:1434", "tcp/[::1]:1434"]
STOP = "Set-Service -Name 'MSSQLSERVER' -StartupType Disabled; Stop-Service -Name 'MSSQLSERVER'"
BLOCK = "New-NetFirewallRule -DisplayName 'listening.ports: tcp 1433'"


def database():
    """What a database server sends for a plan."""
    raw = raw_hosts.server_2019()
    raw["dependents"] = {row[0]: [] for row in raw["services"] if row[1]}
    raw["ancestors"] = [[7000, "wsmprovhost.exe", raw_hosts.NOW]]
    return {"packed": raw_hosts.packed(raw)}


@pytest.fixture
def server(replayed, tmp_path):
    """A database server that says what it is asked, and no module but the one that looks is ever sent."""
    (tmp_path / "variables.json").write_text(json.dumps(DECLARED), encoding="ascii")
    return replayed().answers(database())


def ran(player, host, playbook, *words):
    """Run a playbook of this collection; returns what it printed, in one line, and whether it failed."""
    done = player.play([host], "listening.ports.%s" % playbook, "-e", "@variables.json", *words, check=False)
    assert {name for name, _sent in host.asked()} <= {MODULE}
    # quotes are doubled in YAML
    return " ".join(done.out.split()).replace("''", "'"), done.code != 0


@pytest.mark.parametrize("playbook, command, sentence", [
    ("close", STOP, "on Windows hosts nothing is stopped unless close_windows is experimental"),
    ("firewall", BLOCK, "on Windows hosts nothing of the firewall is ever written"),
])
def test_a_role_shows_what_is_left_to_do(player, server, playbook, command, sentence):
    out, failed = ran(player, server, playbook, "--check")
    assert command in out and not failed
    out, failed = ran(player, server, playbook)
    assert command in out and sentence in out and failed


def test_a_role_has_nothing_to_say_where_all_is_declared(player, server, tmp_path):
    (tmp_path / "variables.json").write_text(json.dumps({"expected_listeners": [
        {"name": "all", "ports": ["any/tcp", "any/udp"], "state": "optional"}]}), encoding="ascii")
    for playbook in ("close", "firewall"):
        out, failed = ran(player, server, playbook)
        assert not failed and "PowerShell" not in out, out


def test_one_table_for_all_hosts(player, server):
    out, failed = ran(player, server, "enforce", "--check")
    assert not failed and STOP in out and BLOCK in out
    assert "Nothing would be done; " in out and "left to do by hand" in out
    # nobody is asked, nothing is done, and the audit at the end says what is not as declared
    out, failed = ran(player, server, "enforce")
    assert failed and "left to do by hand" in out and "not as declared" in out


def test_a_filter_is_not_taken_away_either(player, server):
    out, failed = ran(player, server, "firewall", "-e", "firewall_state=absent")
    assert failed and "does not work on Windows hosts" in out and server.asked() == []


def test_the_switch_is_no_fact_of_the_host(player, server):
    fact = {"close_windows": "experimental", "cacheable": True}
    done = player.play([server], play({"ansible.builtin.set_fact": fact},
                                      {"ansible.builtin.import_role": {"name": "listening.ports.close"}}),
                       "-e", "@variables.json", check=False)
    assert done.code != 0 and "close_windows" in done.out and server.asked() == []


def test_a_plan_that_is_asked_for(player, server):
    player.play([server], play(task("plan_listeners", actions=["close"], close_windows="experimental"),
                               task("stop_listener", "stopped", listeners=SQL)), "-e", "@variables.json")
    seen = told(player, server)
    assert seen["seen"]["status"] == "planned" and sorted(seen["seen"]["plan"]["close"]) == sorted(SQL)
    assert (seen["stopped"]["status"], seen["stopped"]["failed"]) == ("refused", True)
    assert {name for name, _sent in server.asked()} == {MODULE}


# On PowerShell for Linux the modules run, and nothing of Windows is there to ask

def test_nothing_is_stopped_where_nothing_can_be_asked(player, powershell):
    service = {"name": "Web", "pid": 4711, "started": "134000000000000000", "endpoints": ["tcp4/00000000/80"]}
    module = {"listening.ports.win_stop_listener": {"services": [service, dict(service, name="Other")],
                                                    "protected": ["winrm"], "remote": True}}
    wrong = {"listening.ports.win_stop_listener": {"services": [dict(service, started="x")], "protected": [],
                                                   "remote": False}}
    player.play([powershell], play(
        dict(module, register="seen"), dict(module, register="looked", check_mode=True),
        dict(wrong, register="wrong", ignore_errors=True),
        task("stop_listener", "stopped", listeners=["tcp/0.0.0.0:80"], windows="experimental"),
        task("plan_listeners", "planned", actions=["close"], expected=[{"name": "a", "port": 1, "state": "optional"}])))
    seen = told(player, powershell)
    for name in ("seen", "looked"):
        said = json.loads(seen[name]["said"])
        assert [(row["service"], row["status"], row["reason"]) for row in said["services"]] == [
            ("Web", "left", "unread"), ("Other", "left", "unread")]
        assert seen[name]["changed"] is False and all(row["error"] for row in said["services"])
    assert seen["wrong"]["failed"] is True and "FILETIME" in seen["wrong"]["msg"]
    assert [row["reason"] for row in seen["stopped"]["listeners"]] == ["hidden"]
    assert (seen["stopped"]["status"], seen["stopped"]["changed"]) == ("unchanged", False)
    assert (seen["planned"]["status"], seen["planned"]["failed"]) == ("incomplete", True)
