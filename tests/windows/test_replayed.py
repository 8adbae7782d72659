# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Actions on Windows hosts that answer what a test has written down, by Ansible as it comes."""

import json
import shutil

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._facts import firewall
from ansible_collections.listening.ports.plugins.plugin_utils._facts.unpack import unpack
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows import raw_hosts
from stage.hosts import Replayed
from support.host import execute
from support.player import play, told

MODULE = "listening.ports.win_collect_listeners"
FACTS = {"listening.ports.listener_facts": {"gather": ["owners", "firewall"]}, "register": "seen"}
USUAL = {"gather": ["owners"], "collector": "auto", "max_sockets": 100000, "max_fds": 2000000}
PACKED = raw_hosts.packed(raw_hosts.server_2022())
# what no terminal and no template may get
EVIL = ("\x1b", "\u202e", "{{ lookup", "<script>")


def facts_of(packed):
    """The facts that are made of it."""
    return firewall.judge(unpack(packed))


def task(name, register="seen", **options):
    """A task of this collection, which may fail."""
    return {"listening.ports.%s" % name: options, "register": register, "ignore_errors": True,
            "ignore_unreachable": True}


def declared(facts):
    """A declaration of the endpoints of these listeners, each port once."""
    ports = sorted({(entry["protocol"], entry["port"]) for entry in facts["listeners"]})
    return [{"name": "%s/%d" % place, "protocol": place[0], "port": place[1]} for place in ports]


def handed(host):
    """The arguments of the only module that the host was sent, without Ansible's own."""
    [(name, sent)] = host.asked()
    assert name == MODULE
    return {key: value for key, value in sent.items() if not key.startswith("_ansible_")}


@pytest.mark.parametrize("words", [(), ("--check",), ("--check", "--diff")], ids=" ".join)
def test_facts_are_made_of_what_the_host_sends(player, replayed, words):
    host = replayed().answers({"packed": PACKED})
    player.play([host], play(FACTS, {"ansible.builtin.set_fact": {"there": "{{ ansible_facts.listening_ports }}"}},
                             {"ansible.builtin.debug": {"var": "there"}, "register": "kept"}), *words)
    assert handed(host) == dict(USUAL, gather=["owners", "firewall"])
    [(_name, sent)] = host.asked()
    assert sent["_ansible_check_mode"] is ("--check" in words)
    if not words:       # else nothing was written down
        seen = told(player, host)
        assert seen["seen"]["ansible_facts"] == {"ansible_listening_ports": facts_of(PACKED)}
        assert seen["kept"]["there"] == facts_of(PACKED)


def test_options_are_handed_over(player, replayed):
    host = replayed().answers({"packed": PACKED})
    options = {"gather": ["owners", "resources"], "max_sockets": 7, "max_fds": 8, "diagnose": ["Spooler", "W3SVC"]}
    player.play([host], play(task("listener_facts", look_timeout=60, **options)))
    assert handed(host) == dict(options, collector="auto")


def test_secret_and_empty_options(player, replayed, tmp_path):
    """A service whose name is in a vault, and an option that is left out by its value."""
    host = replayed().answers({"packed": PACKED})
    (tmp_path / "password").write_text("x", encoding="ascii")
    (tmp_path / "home").mkdir()
    vault = shutil.which("ansible-vault", path=player.environment["PATH"])
    secret = execute([vault, "encrypt_string", "--vault-password-file", tmp_path / "password", "Spooler"],
                     env=player.environment)
    (tmp_path / "variables.yml").write_text("hidden: %s" % secret.out, encoding="ascii")
    player.play([host], play(task("listener_facts", gather="{{ nothing }}", diagnose=["{{ hidden }}"]),
                             nothing="{{ omit }}"),
                "-e", "@variables.yml", "--vault-password-file", "password")
    assert told(player, host)["seen"]["failed"] is False
    assert handed(host) == dict(USUAL, diagnose=["Spooler"])


@pytest.mark.parametrize("options, message", [
    ({"gather": ["owner"]}, "gather"), ({"max_sockets": "many"}, "max_sockets"), ({"look_timeout": -1}, "look_timeout"),
    ({"port": 1}, "port")])
def test_options_are_refused_before_the_host_is_asked(player, replayed, options, message):
    host = replayed().answers({"packed": PACKED})
    player.play([host], play(task("listener_facts", **options)))
    seen = told(player, host)["seen"]
    assert seen["failed"] is True and message in seen["msg"] and host.asked() == []


def test_no_job_is_started(player, replayed):
    host = replayed().answers({"packed": PACKED})
    player.play([host], play(dict(task("listener_facts"), **{"async": 60, "poll": 0})))
    seen = told(player, host)["seen"]
    assert seen["failed"] is True and "async" in seen["msg"] and host.asked() == []


def test_a_declaration_is_judged(player, replayed):
    host = replayed().answers({"packed": PACKED})
    all_of_it = declared(facts_of(PACKED))
    player.play([host], play(task("assert_listeners", "fits", expected=all_of_it),
                             task("assert_listeners", "more", expected=all_of_it[1:]),
                             listener_default_unexpected="fail"))
    seen = told(player, host)
    assert (seen["fits"]["failed"], seen["fits"]["passes"]) == (False, True), seen["fits"]["msg"]
    assert (seen["more"]["failed"], seen["more"]["passes"]) == (True, False)
    assert {finding["kind"] for finding in seen["more"]["findings"]} == {"unexpected"}


def test_other_actions_say_that_they_do_not_work(player, replayed):
    host = replayed().answers(stdout="")
    player.play([host], play(task("probe_listeners", endpoints=["tcp/192.0.2.1:22"])))
    seen = told(player, host)["seen"]
    assert (seen["failed"], seen["msg"]) == (True, "probe_listeners does not work on Windows hosts")
    assert host.asked() == []


def test_facts_that_are_gathered_fail_rather_than_lack(player, replayed):
    """Ansible runs modules without their actions then; the guide says so."""
    host = replayed().answers(stdout="")
    gathering = {"ansible.builtin.gather_facts": {}, "register": "seen", "ignore_errors": True,
                 "vars": {"ansible_facts_modules": ["listening.ports.listener_facts"]}}
    player.play([host], play(gathering))
    assert told(player, host)["seen"]["failed"] is True


TRUNCATED = PACKED[:len(PACKED) // 8 * 4 + 2]


@pytest.mark.parametrize("answer, state, message", [
    ({"unreachable": "no route to \x1b host"}, "unreachable", "no route to \\x1b host"),
    ({"stdout": "garbage \x1b[31m", "code": 0}, "failed", "garbage"),
    ({"stdout": "", "stderr": "powershell: \x1b not found", "code": 127}, "failed", "not found"),
    ({"stdout": '{"changed": false, "packed": "w:'}, "failed", ""),
    ({"stdout": json.dumps({"failed": True, "msg": "no {{ x }} \x1b"})}, "failed", "no {{ x }} \\x1b"),
    ({"stdout": json.dumps({"packed": TRUNCATED})}, "failed", "the packed facts are not valid: truncated"),
    ({"stdout": json.dumps({"packed": "w:!!"})}, "failed", "the packed facts are not valid: damaged"),
    ({"stdout": json.dumps({"packed": ["w:"]})}, "failed", "the packed facts are not text"),
    ({"stdout": "{}"}, "failed", "the packed facts are not text"),
    ({"stdout": json.dumps({"packed": PACKED}), "seconds": 60}, "unreachable", "no answer within 2 s"),
], ids=["unreachable", "garbage", "no PowerShell", "half an answer", "refused", "truncated", "damaged", "no text",
        "nothing", "slow"])
def test_what_is_no_answer_is_never_an_empty_host(player, replayed, answer, state, message):
    host = replayed().answers(**answer)
    done = player.play([host], play(
        task("listener_facts", "facts", look_timeout=2), {"meta": "clear_host_errors"},
        task("assert_listeners", "judged", look_timeout=2, expected=[])))
    seen = told(player, host)
    for result in seen.values():
        assert result.get(state) is True and message in result["msg"], result
        assert "ansible_facts" not in result
    assert seen["judged"]["passes"] is False
    assert "\x1b" not in done.out + done.err


def test_names_that_were_chosen_by_an_attacker(player, replayed):
    host = replayed().answers({"packed": raw_hosts.packed(raw_hosts.hostile())})
    strict = json.dumps({"expected_listeners": [], "listener_default_unexpected": "fail",
                         "audit_output_dir": "audit", "audit_formats": ["table", "html"]})
    done = player.play([host], "listening.ports.audit", "-e", strict, check=False)
    assert done.code != 0 and "6666" in done.out
    for evil in EVIL[:2]:
        assert evil not in done.out + done.err
    page = (player.folder / "audit/report.html").read_text(encoding="utf-8")
    assert not any(evil in page for evil in (*EVIL[:2], "<script>\u202e"))
    player.play([host], play(task("listener_facts"), task("assert_listeners", "judged", expected=[])))
    assert "6666" in told(player, host)["judged"]["msg"]


def test_windows_hosts_of_all_kinds_are_audited_at_once(player, replayed):
    """Servers and clients, without an administrator, with WMI broken, in other languages, with 10,000 rules."""
    hosts = [replayed(name.replace("_", "-")).answers({"packed": raw_hosts.packed(kind())})
             for name, kind in raw_hosts.KINDS.items()]
    silent = replayed("silent").answers(unreachable="no route to host")
    done = player.play([*hosts, silent], "listening.ports.audit", "-e",
                       json.dumps({"audit_output_dir": "audit", "audit_formats": ["json"]}), check=False)
    report = json.loads((player.folder / "audit/report.json").read_text(encoding="utf-8"))
    states = {entry["host"]: entry["status"] for entry in report["hosts"]}
    assert states.pop("silent") == "unreachable" and set(states) == {host.name for host in hosts}, done.out
    assert set(states.values()) <= {"ok", "partial"} and states["truncated"] == states["no-admin"] == "partial"
    assert done.code != 0
    for host in hosts:
        assert [name for name, _sent in host.asked()] == [MODULE]


def test_the_replayed_host_keeps_what_it_was_asked(tmp_path):
    host = Replayed("x", tmp_path / "x")
    assert host.asked() == []
