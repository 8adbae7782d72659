# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Actions on PowerShell for Linux, by Ansible as it comes: the module runs, and nothing of Windows is there to ask."""

import pathlib

import pytest
import yaml

from support.player import play, told
from test_replayed import task

MODULES = pathlib.Path(__file__).resolve().parents[2] / "plugins/modules"
GATHER = ["owners", "firewall", "connections"]


@pytest.fixture
def seen(player, powershell):
    """What tasks return there."""
    def see(*tasks, words=(), **variables):
        player.play([powershell], play(*tasks, **variables), *words)
        return told(player, powershell)
    return see


def test_what_cannot_be_asked_is_never_an_empty_host(seen):
    results = seen(task("listener_facts", "facts", gather=GATHER),
                   task("assert_listeners", "judged", expected=[]), listener_default_unexpected="fail")
    assert results["facts"]["failed"] is False, results["facts"]["msg"]
    facts = results["facts"]["ansible_facts"]["ansible_listening_ports"]
    assert facts["collector"] == "windows" and facts["system"]["platform"] == "windows"
    for aspect in ("sockets", "owners", "units", "firewall", "connections"):
        assert facts["complete"][aspect] is False, aspect
    missing = {(gap["aspect"], gap["code"]) for gap in facts["gaps"]}
    assert {("sockets", "unreadable"), ("owners", "unreadable"), ("units", "unreadable"), ("firewall", "unread"),
            ("connections", "unreadable")} <= missing
    assert results["judged"]["passes"] is False and results["judged"]["verdict"] == "unknown"


def test_the_module_knows_its_options(seen):
    """They are refused by the module itself, where the action has passed them on."""
    results = seen(task("listener_facts", "few", max_sockets=0), task("listener_facts", "other", collector="procfs"))
    assert {name: (result["failed"], result["msg"]) for name, result in results.items()} == {
        "few": (True, "max_sockets must be at least 1, not 0"),
        "other": (True, "collector is procfs, and a Windows host has none but auto")}


def test_services_are_diagnosed_as_far_as_they_can_be_asked(seen):
    [result] = seen(task("listener_facts", diagnose=["Spooler", "W3SVC"])).values()
    assert result["failed"] is False, result["msg"]
    assert result["ansible_facts"]["ansible_listening_ports"]["complete"]["units"] is False


@pytest.mark.parametrize("module, answer", [("win_collect_listeners", "packed"), ("win_stop_listener", "said")])
def test_examples_of_modules(seen, module, answer):
    documented = yaml.safe_load((MODULES / (module + ".yml")).read_text(encoding="utf-8"))
    [example] = yaml.safe_load(documented["EXAMPLES"])
    [result] = seen(dict(example, register="seen", ignore_errors=True)).values()
    assert result["failed"] is False, result
    assert result["changed"] is False and result[answer]
