# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The audit of real hosts over SSH, against what ss(8) shows on each of them."""

import re

import pytest

from support.evidence import differences, listener, record

RELEASES = ["trixie", "bookworm", "bullseye"]
AUDIT = "listening.ports.audit"
FOLDER = "listening-ports-audit"
# What an audit changes on a host is nothing; what a login does is sshd's.
HOLDS = "import socket, time; s = socket.create_server(('', 7001)); " \
        "u = socket.socket(type=socket.SOCK_DGRAM); u.bind(('127.0.0.1', 7002)); " \
        "time.sleep(1000)"


def occupy(host, user="daemon"):
    """A unit of another user listens on tcp 7001, and on udp 7002 of loopback."""
    host.console("systemd-run", "--quiet", "--unit=holds", "--uid=" + user, "python3", "-c", HOLDS)
    host.wait_for("ss -Hlun 'sport = 7002' | grep -q .")


def check_against_ss(host, facts):
    """Facts are whole, and are what the host shows."""
    assert facts["gaps"] == [] and facts["collector"] == "netlink"
    assert differences(host, facts) == []
    assert facts["listeners"], "sshd at least listens"


@pytest.mark.parametrize("login", [("root",), ("ansible", "--become")], ids=["root", "become"])
def test_the_audit_is_what_ss_shows_on_every_release(hosts, playbook, tmp_path, login):
    fleet = hosts(3, release=RELEASES)
    for host in fleet:
        occupy(host)
    user, *arguments = login
    done = playbook(fleet, AUDIT, *arguments, user=user)
    for host in fleet:
        audited = record(tmp_path / FOLDER, host)
        assert audited["status"] == "ok"
        check_against_ss(host, audited["facts"])
        held = listener(audited["facts"], "tcp/0.0.0.0:7001")
        owner, = held["owners"]
        assert (held["service"], owner["user"], owner["main"]) == ("holds.service", "daemon", True)
        assert owner["process"] == "python3" and owner["exe"].startswith("/usr/bin/python3.")
        assert listener(audited["facts"], "udp/127.0.0.1:7002")["scope"] == "loopback"
        assert listener(audited["facts"], "udp/127.0.0.1:7002")["exposure"]["level"] == "local"
        assert (held["exposure"]["verdict"], audited["facts"]["firewall"]["default"]) == ("allowed", "accept")
        assert listener(audited["facts"], "tcp/0.0.0.0:22")["service"] == "ssh.service"
        assert listener(audited["facts"], "tcp/[::]:22")["owners"][0]["process"] == "sshd"
    assert "7001" in done.out and "daemon" in done.out
    for host in fleet:
        assert host.run("systemctl --failed --no-legend").out == ""


@pytest.mark.parametrize("release", RELEASES)
def test_without_become_what_is_hidden_is_a_gap_and_no_listener_is_lost(hosts, tmp_path, release):
    host, = hosts(1, release=release)
    occupy(host)
    done = host.playbook(AUDIT, user="ansible")
    facts = record(tmp_path / FOLDER, host)["facts"]
    assert facts["complete"]["sockets"] is True and facts["complete"]["owners"] is False
    assert [(gap["aspect"], gap["code"], gap["hint"]) for gap in facts["gaps"]] == [
        ("owners", "owners_hidden", "become"), ("firewall", "unreadable", "become")]
    assert "become" in done.out
    assert {held["exposure"]["verdict"] for held in facts["listeners"]} == {"unknown"}
    held = listener(facts, "tcp/0.0.0.0:7001")
    assert (held["owners"], held["held_by"], held["service"]) == ([], "unknown", None)
    rows = host.console("ss", "-HlntuO").out.splitlines()
    assert len(facts["listeners"]) == len({tuple(row.split()[0:1] + row.split()[4:5]) for row in rows})


def test_a_second_run_and_check_mode_change_nothing_and_see_the_same(host, tmp_path):
    occupy(host)
    seen = []
    for arguments in ([], ["--check", "--diff"], []):
        done = host.playbook(AUDIT, *arguments)
        assert "changed=0" in done.out and "failed=0" in done.out
        seen.append({held["id"]: [owner["pid"] for owner in held["owners"]]
                     for held in record(tmp_path / FOLDER, host)["facts"]["listeners"]})
    assert seen[0] == seen[1] == seen[2]
    assert host.run("find /root /tmp /var/tmp -name '*listener*'").out == ""


def test_a_dead_host_is_unreachable_and_the_others_are_audited(hosts, playbook, tmp_path):
    fleet = hosts(3, release=RELEASES)
    fleet[1].kill()
    done = playbook(fleet, AUDIT, "--timeout=10", check=False)
    assert done.code == 2, done
    assert [record(tmp_path / FOLDER, host)["status"] for host in fleet] == ["ok", "unreachable", "ok"]
    assert "%s is unreachable: " % fleet[1].name in done.out
    assert "1 unreachable" in done.out


def test_a_host_whose_link_is_cut_is_unreachable_and_reached_when_it_is_mended(host, tmp_path):
    with host.link_cut():
        assert host.playbook(AUDIT, "--timeout=10", check=False).code == 2
        assert record(tmp_path / FOLDER, host)["status"] == "unreachable"
    host.playbook(AUDIT)
    assert record(tmp_path / FOLDER, host)["status"] == "ok"


def test_a_host_without_python_fails_and_is_not_said_to_be_fine(host, tmp_path):
    with host.without("python3"):
        done = host.playbook(AUDIT, check=False)
    assert done.code == 2, done
    audited = record(tmp_path / FOLDER, host)
    assert audited["status"] == "failed" and audited["facts"] is None
    assert "python3" in audited["message"]


def test_hosts_behind_a_bastion_are_audited(hosts, playbook, tmp_path):
    bastion, = hosts(1, bastion=True)
    behind = hosts(2, release=["bookworm", "trixie"], behind=bastion)
    playbook([bastion, *behind], AUDIT, "--become", user="ansible")
    for host in [bastion, *behind]:
        check_against_ss(host, record(tmp_path / FOLDER, host)["facts"])


def test_a_host_with_a_full_disk_is_audited(host, tmp_path):
    occupy(host)
    with host.full_disk():
        host.playbook(AUDIT)
        check_against_ss(host, record(tmp_path / FOLDER, host)["facts"])


def test_a_frozen_holder_is_named(host, tmp_path):
    occupy(host)
    with host.frozen(host.console("systemctl", "show", "--value", "--property=MainPID", "holds").out.strip()):
        host.playbook(AUDIT)
    assert listener(record(tmp_path / FOLDER, host)["facts"], "tcp/0.0.0.0:7001")["service"] == "holds.service"


@pytest.mark.parametrize("program", ["systemctl", "ss", "ip"])
def test_no_program_of_the_host_is_needed(host, tmp_path, program):
    occupy(host)
    with host.without(program):
        host.playbook(AUDIT)
    facts = record(tmp_path / FOLDER, host)["facts"]
    check_against_ss(host, facts)
    assert listener(facts, "tcp/0.0.0.0:7001")["service"] == "holds.service"


def test_what_listens_after_a_reboot_is_what_is_enabled(host, tmp_path):
    occupy(host)
    host.reboot()
    host.playbook(AUDIT)
    facts = record(tmp_path / FOLDER, host)["facts"]
    assert [held["id"] for held in facts["listeners"] if held["port"] in (7001, 7002)] == []
    check_against_ss(host, facts)


def test_facts_gathered_by_a_play_are_the_same(hosts, playbook):
    fleet = hosts(3, release=RELEASES)
    for host in fleet:
        occupy(host)
    playbook(fleet, """\
- hosts: all
  gather_facts: false
  become: true
  tasks:
    - listening.ports.listener_facts:
    - ansible.builtin.assert:
        that:
          - held.service == 'holds.service'
          - held.owners | map(attribute='user') | list == ['daemon']
          - ansible_facts['listening_ports'].complete.owners
      vars:
        held: >-
          {{ ansible_facts['listening_ports'].listeners | selectattr('id', 'equalto', 'tcp/0.0.0.0:7001') | first }}
""", user="ansible")


# A declaration as it is kept beside an inventory.
GROUPS = "web:\n  hosts:\n%s"
DECLARATION = """\
expected_listeners_web:
  - {name: ssh, port: 22, service: ssh, only_from: [anyone]}
  - {name: app, port: 7001, service: holds, user: daemon}
  - {name: statistics, port: 7002/udp, service: holds, bind: loopback}
"""
SERIAL = """\
- hosts: all
  gather_facts: false
  serial: 1
  roles:
    - role: listening.ports.audit
"""
POLICY = "policy: 1 variable, 3 entries, sha256 0"


@pytest.fixture
def declared(hosts, tmp_path):
    """Three hosts of a group for which something is declared: the first is so, the second has more than that, and the
    third is dead.
    """
    fleet = hosts(3, release=RELEASES)
    for host in fleet:
        occupy(host)
    fleet[1].console("systemd-run", "--quiet", "--unit=rogue", "--uid=nobody", "python3", "-m", "http.server", "--bind",
                     "0.0.0.0", "8081")
    fleet[1].wait_for("ss -Hltn 'sport = 8081' | grep -q .")
    fleet[2].kill()
    (tmp_path / "group_vars/web").mkdir(parents=True)
    (tmp_path / "group_vars/web/listeners.yml").write_text(DECLARATION, encoding="utf-8")
    (tmp_path / "groups.yml").write_text(GROUPS % "".join("    %s:\n" % host.name for host in fleet), encoding="utf-8")
    return fleet


def audit(playbook, fleet, *arguments, play=AUDIT):
    """Audit them; returns Done."""
    return playbook(fleet, play, "-i", "groups.yml", "--timeout=10", *arguments, check=False)


def reports(done):
    """What each report says below its table, that is from the blank line on: list of list of str.

    Sums, times, and the names of files are left out.
    """
    texts = re.findall(r"^(?:PROTO|HOSTS) .*\n(?:.+\n)*\n((?:.*\n)*?)\nok: \[", done.out, re.MULTILINE)
    return [[re.sub(r"sha256 [0-9a-f]{12}$", "sha256 0", line) for line in text.splitlines()
             if line and not line.startswith("Written: ")] for text in texts]


def recap(done):
    """How many tasks of each host failed, and how many could not reach it: dict."""
    rows = re.findall(r"^(\w+) +: .*unreachable=(\d+) +failed=(\d+)", done.out.partition("PLAY RECAP")[2],
                      re.MULTILINE)
    return {name: (int(unreachable), int(failed)) for name, unreachable, failed in rows}


def rogue(host, name=""):
    """What a report says of it: list of str."""
    pid = host.console("systemctl", "show", "--value", "--property=MainPID", "rogue").out.strip()
    return ["Findings:", "  high      %stcp 0.0.0.0:8081 python3 pid %s (rogue.service) listens, but nothing declares "
                         "it (user nobody)" % (name, pid),
            "            To do: declare it in expected_listeners, or stop rogue.service"]


def test_of_a_declared_fleet_each_host_is_told_what_it_is(declared, playbook, tmp_path):
    good, bad, dead = declared
    done = audit(playbook, declared)
    (missed, which, *report), = reports(done)
    assert missed == "Not observed:" and which.startswith("  %s: unreachable: " % dead.name)
    assert report == [*rogue(bad, bad.name + ": "), POLICY, "3 hosts: 1 as declared, 1 violates, 1 unreachable."]
    # Ansible itself does not count what is in the report as unreachable
    assert (done.code, recap(done)) == (2, {good.name: (0, 0), bad.name: (0, 1), dead.name: (0, 1)})
    output = " ".join(done.out.split())
    unexpected = "msg: '%s is not as declared: 1 finding. 1. unexpected, high: tcp 0.0.0.0:8081 python3 pid "
    assert unexpected % bad.name in output
    assert "msg: '%s is unreachable: " % dead.name in output
    row = r"^ +1 +tcp +0\.0\.0\.0:8081 +\S+ +python3 \(nobody\) +rogue\.service +any +anyone +%s$" % bad.name
    assert re.search(row, done.out, re.MULTILINE), done
    records = {host: record(tmp_path / FOLDER, host) for host in declared}
    assert [entry["status"] for entry in records.values()] == ["ok", "ok", "unreachable"]
    assert [[each["kind"] for each in records[host]["judgement"]["findings"]]
            for host in (good, bad)] == [[], ["unexpected"]]
    assert records[dead]["judgement"] is None

    # what is the same on several hosts is told once
    more = '{"expected_listeners_more": [{"name": "shop", "port": 8090, "service": "shop"}]}'
    done = audit(playbook, declared, "-e", more)
    names = re.search(r"  high      2 hosts \((.+?)\): ", done.out).group(1)
    assert sorted(names.split(", ")) == sorted([good.name, bad.name])
    missing = ("  high      2 hosts (%s): Service shop has to listen on tcp/8090 (entry shop of "
               "expected_listeners_more), but nothing does. shop.service does not exist on this host" % names)
    assert reports(done)[0][2:7] == [
        *rogue(bad, bad.name + ": "), missing,
        "            To do: make it listen there, or give the entry state: optional"]
    assert "Worst hosts: %s (2 high), %s (1 high)" % (bad.name, good.name) in reports(done)[0]
    assert reports(done)[0][-1] == "3 hosts: 2 violate, 1 unreachable."
    assert (done.code, recap(done)) == (2, {good.name: (0, 1), bad.name: (0, 1), dead.name: (0, 1)})


def test_of_a_declared_fleet_a_part_is_audited(declared, playbook):
    good, bad, _dead = declared
    done = audit(playbook, declared, "--limit", good.name)
    assert (done.code, reports(done), recap(done)) == (0, [[POLICY, "%s is as declared." % good.name]],
                                                       {good.name: (0, 0)})
    done = audit(playbook, declared, "--limit", "%s,%s" % (good.name, bad.name))
    assert reports(done) == [[*rogue(bad, bad.name + ": "), POLICY, "2 hosts: 1 as declared, 1 violates."]]
    assert (done.code, recap(done)) == (2, {good.name: (0, 0), bad.name: (0, 1)})
    done = audit(playbook, declared, "--limit", bad.name, "-e", "audit_fail=false")
    assert (done.code, reports(done), recap(done)) == (0, [[*rogue(bad), POLICY, "%s is not as declared." % bad.name]],
                                                       {bad.name: (0, 0)})


def test_of_a_declared_fleet_one_host_after_the_other(declared, playbook):
    """The play ends with the first that fails, unless none is to fail: then the last report is about all."""
    good, bad, dead = declared
    first = [POLICY, "3 hosts: 1 as declared, 2 still to come."]
    second = [*rogue(bad), POLICY, "3 hosts: 1 as declared, 1 violates, 1 still to come."]
    done = audit(playbook, declared, play=SERIAL)
    assert (done.code, reports(done), recap(done)) == (2, [first, second], {good.name: (0, 0), bad.name: (0, 1)})
    done = audit(playbook, declared, "-e", "audit_fail=false", play=SERIAL)
    *earlier, (missed, which, *last) = reports(done)
    assert earlier == [first, second] and missed == "Not observed:"
    assert which.startswith("  %s: unreachable: " % dead.name)
    assert last == [*rogue(bad, bad.name + ": "), POLICY, "3 hosts: 1 as declared, 1 violates, 1 unreachable."]
    assert (done.code, recap(done)) == (0, {good.name: (0, 0), bad.name: (0, 0), dead.name: (0, 0)})
