# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook enforce on hosts where more listens than was declared, as two other hosts meet them."""

import concurrent.futures
import json
import os
import pathlib
import pty
import re
import select
import sys
import time

from support.evidence import record
from support.player import on_each
from support.scene import EVERYBODY, FRIENDS, LATE, PUBLISHED, SERVICES, Scene, declaration

ENFORCE = "listening.ports.enforce"
FOLDER = "listening-ports-audit"
YES = ("-e", "enforce_confirm=yes")
UNITS = ("inetd.service", "nginx.service", "redis-server.service", "statsd.service", "exporter.service",
         "rpcbind.service", "rpcbind.socket", "stray.service")
TYPED_WITHIN = 300  # seconds

# A program that is started again by somebody else, whatever systemd is told
NAGGED = """
cat > /etc/systemd/system/nagged.service << 'END'
[Service]
ExecStart=/usr/bin/python3 -m http.server 7031
[Install]
WantedBy=multi-user.target
END
cat > /etc/systemd/system/nags.service << 'END'
[Service]
ExecStart=/bin/sh -c 'while sleep 0.2; do systemctl start nagged.service; done'
END
systemctl daemon-reload
systemctl enable --quiet --now nagged.service
systemctl start nags.service
until ss -Hltn 'sport = 7031' | grep -q .; do sleep 0.05; done
"""
STRAY = """
cat > /etc/systemd/system/forgotten.service << 'END'
[Service]
ExecStart=/usr/bin/python3 -m http.server 7032
[Install]
WantedBy=multi-user.target
END
systemctl daemon-reload
systemctl enable --quiet --now forgotten.service
until ss -Hltn 'sport = 7032' | grep -q .; do sleep 0.05; done
"""
SSH = {"name": "ssh", "port": 22, "service": "ssh"}


def variables(player, entries, **more):
    """Arguments of ansible-playbook: what is declared, and what an audit makes of ports that are filtered."""
    path = player.folder / "variables.json"
    path.write_text(json.dumps({"expected_listeners": entries, "listener_unexpected_blocked": "warn", **more}),
                    encoding="utf-8")
    return "-e", "@%s" % path


def units(host, *names):
    """Which of these units run, and which a boot starts: two sets."""
    active, enabled = (
        {name for name, word in zip(names, host.console("systemctl", verb, "--", *names, check=False).out.split("\n"))
         if word in words} for verb, words in (("is-active", ["active"]), ("is-enabled", ["enabled"])))
    return active, enabled


def state(scene):
    """All that enforcing may change on a host."""
    return scene.rules(), units(scene.server, *UNITS), scene.server.console("ss", "-Hltun").out.count("\n")


def recap(done):
    """The numbers of changed and failed tasks of each host: dict."""
    rows = re.findall(r"^(\w+) +: .* changed=(\d+) +unreachable=(\d+) +failed=(\d+) ",
                      done.out.partition("PLAY RECAP")[2], re.MULTILINE)
    return {name: tuple(map(int, numbers)) for name, *numbers in rows}


def table(text, host):
    """The rows of the last table that are about a host: set of (protocol and port, what is done, why)."""
    lines = text[text.rindex("What was done to"):].split("\n\n")[0].split("\n")[1:]
    columns = [(match.start(), match.end()) for match in re.finditer(r"\S+ *", lines[0])]
    rows = [tuple(line[start:end].strip() for start, end in columns[:-1]) + (line[columns[-1][0]:].strip(),)
            for line in lines[1:]]
    return {("%s/%s" % (listener.partition("/")[0], re.split("[:/]", listener)[-1]), what, why)
            for name, listener, what, _who, _connections, why in rows if name == host.name}


def met(scenes, friend, stranger, theirs, of_all):
    """Check whom the scenes answer."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for each in [pool.submit(scene.reaches, client, wanted) for scene in scenes
                     for client, wanted in ((friend, theirs), (stranger, of_all))]:
            each.result()


def test_hosts_get_what_was_declared(hosts, player):
    *servers, friend, stranger = hosts(5, release=["trixie", "bookworm", "bullseye", "trixie", "trixie"])
    with concurrent.futures.ThreadPoolExecutor() as pool:
        scenes = list(pool.map(Scene, servers, ("none", "nftables", "ufw")))
    given = variables(player, declaration(friend), enforce_serial=1)
    met([scenes[0]], friend, stranger, {*SERVICES, *PUBLISHED}, {*SERVICES, *PUBLISHED})
    before = on_each(scenes, state)  # with the service that its first client has started

    # nobody answers where there is no terminal
    silent = player.play(servers, ENFORCE, *given, check=False)
    assert silent.code == 2 and "the answer was not yes" in silent.out, silent
    other = player.play(servers, ENFORCE, *given, "-e", "enforce_confirm=Yes", check=False)
    assert other.code == 2 and "the answer was not yes" in other.out, other
    checked = player.play(servers, ENFORCE, "--check", "--diff", *given)
    assert checked.out.count("+table inet listening_ports {") == 3, checked.out
    assert "3 hosts: 3 would be changed. Nothing was changed." in checked.out, checked.out
    assert on_each(scenes, state) == before

    done = player.play(servers, ENFORCE, *given, *YES, "-b", user="ansible")
    assert {numbers[1:] for numbers in recap(done).values()} == {(0, 0)}, done.out
    assert done.out.count("PLAY [Make hosts as they are declared]") == 3, done.out
    met(scenes, friend, stranger, FRIENDS, EVERYBODY)
    for scene in scenes:
        active, enabled = units(scene.server, *UNITS)
        # what only has the name of inetd is not taken for one
        kept = set(UNITS) - {"exporter.service", "inetd.service", "rpcbind.socket", "rpcbind.service"}
        assert (active, enabled) == (kept, kept - {"stray.service"}), scene.server.release
        rows = table(done.out, scene.server)
        assert {("tcp/9300", "stop exporter.service", "-"), ("tcp/8443", "not stopped", "serves_others"),
                ("tcp/23", "stop inetd.service", "-"), ("tcp/31337", "not stopped", "process"),
                ("udp/31337", "filter", "-"), ("tcp/6379", "filter", "-")} <= rows, rows
        assert [what for listener, what, dummy in rows if listener in ("tcp/111", "udp/111")
                and "rpcbind.socket" in what], rows
    assert "3 hosts: 3 done." in done.out, done.out
    audited = [record(player.folder / FOLDER, server)["judgement"] for server in servers]
    assert not [finding for judgement in audited for finding in judgement["findings"] if finding["fails"]], audited

    kept = on_each(scenes, state)
    again = player.play(servers, ENFORCE, *given)       # there is nothing to confirm
    assert set(recap(again).values()) == {(0, 0, 0)}, again.out
    assert "Nothing has to be done." in again.out and "3 hosts: 3 with nothing to do." in again.out, again.out
    assert on_each(scenes, state) == kept


class Typist:
    """Somebody at a terminal, who runs a command and answers it.

    :ivar text: str, what was shown so far. :ivar code: int, the exit code.
    """

    def __init__(self, player, command):
        self.text, self.code = "", None
        # itself, and not in a fork of another process: that would have no terminal
        program = pathlib.Path(sys.executable).parent / command[0]
        self._pid, self._terminal = pty.fork()
        if not self._pid:
            os.chdir(player.folder)
            os.execve(program, list(map(str, command)), player.environment)

    def _shows(self, words, since, seconds):
        """Read until these words are shown after others, or all is; returns whether that was in time."""
        until = time.monotonic() + seconds
        while words is None or words not in self.text[since:]:
            if time.monotonic() > until:
                return False
            if not select.select([self._terminal], [], [], 1)[0]:
                continue
            try:
                data = os.read(self._terminal, 65536)
            except OSError:  # it has ended
                return True
            self.text += data.decode(errors="replace").replace("\r\n", "\n")
        return True

    def until(self, words):
        """Wait until these words are shown."""
        assert self._shows(words, 0, TYPED_WITHIN) and words in self.text, self.text

    def answer(self, text):
        """Type a line, once more if it was not heard, as it came before somebody listened; and wait for the end."""
        since, until = len(self.text), time.monotonic() + TYPED_WITHIN
        while True:
            os.write(self._terminal, text.encode() + b"\r")
            if self._shows("TASK [", since, 5):
                break
            assert time.monotonic() < until, self.text
        assert self._shows(None, 0, TYPED_WITHIN), self.text
        os.close(self._terminal)
        self.code = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])


def test_what_begins_to_listen_after_the_plan_is_left(hosts, player):
    server, friend, stranger = hosts(3, release=["bookworm", "trixie", "trixie"])
    scene = Scene(server, "none")
    given = variables(player, declaration(friend))
    before = state(scene)
    typist = Typist(player, player.command([server], ENFORCE, *given))
    typist.until("Type yes")
    typist.answer("y")
    assert typist.code == 2 and "the answer was not yes" in typist.text, typist.text
    assert state(scene) == before

    typist = Typist(player, player.command([server], ENFORCE, *given))
    typist.until("Type yes")
    scene.late()
    typist.answer("yes")
    assert typist.code == 2, typist.text  # by the audit, for what has begun to listen
    scene.reaches(friend, FRIENDS | {LATE})
    scene.reaches(stranger, EVERYBODY | {LATE})
    text = " ".join(typist.text.split())
    assert re.search(r"tcp/0\.0\.0\.0:31338 not (stopped|filtered) - - appeared", text), typist.text
    assert units(server, "late.service")[0] == {"late.service"}
    # the next plan has it
    done = player.play([server], ENFORCE, *given, *YES)
    assert "1 host: 1 done." in done.out, done.out
    scene.reaches(friend, FRIENDS)


def test_after_a_failure_no_other_host_is_touched(hosts, player):
    fleet = hosts(4, release=["trixie", "bullseye", "bookworm", "trixie"])
    first, *others, empty = fleet
    first.console("sh", "-eu", stdin=NAGGED)
    for host in (*others, empty):
        host.console("sh", "-eu", stdin=STRAY)
    given = variables(player, "{{ declared[inventory_hostname] }}", enforce_serial=1, enforce_actions=["close"],
                      declared={host.name: [] if host is empty else [SSH] for host in fleet})
    before = [units(host, "forgotten.service") for host in (*others, empty)]
    done = player.play(fleet, ENFORCE, *given, *YES, check=False)
    assert done.code == 2, done
    assert [units(host, "forgotten.service") for host in (*others, empty)] == before
    assert all(host.console("ss", "-Hltn", "sport = 7032").out for host in (*others, empty))
    assert {numbers[2] for numbers in recap(done).values()} == {1}, done.out
    last = done.out[done.out.rindex("What was done to"):]
    assert re.search(r"%s +tcp/0\.0\.0\.0:7031 +still listens .* respawned" % first.name, last), last
    assert re.search(r"Left untouched, because another host failed:\n  2 hosts \(%s, %s\)\n" % tuple(
        host.name for host in others), last), last
    assert re.search(r"Not planned, and nothing was done to them:\n  %s: .*has no entry" % empty.name, last), last
    assert "4 hosts: 1 failed, 2 left untouched, 1 not planned" in last, last

    # without the one that fails, the others are done, but for the one that has no declaration
    done = player.play([*others, empty], ENFORCE, *given, *YES, check=False)
    assert done.code == 2, done
    assert [units(host, "forgotten.service") for host in others] == [(set(), set())] * 2, done.out
    assert units(empty, "forgotten.service") == before[2]


def test_what_is_not_seen_is_not_acted_on(hosts, player):
    host, = hosts(1)
    host.console("sh", "-eu", stdin=STRAY)
    for actions in (["close"], ["close", "firewall"]):
        done = player.play([host], ENFORCE, *variables(player, [SSH], enforce_actions=actions), *YES, user="ansible",
                           check=False)
        assert done.code == 2 and "no host could be planned for" in done.out, done
    assert units(host, "forgotten.service") == ({"forgotten.service"},) * 2
    assert "listening_ports" not in host.console("nft", "list", "ruleset").out


def test_behind_a_bastion(hosts, player):
    bastion, = hosts(1, bastion=True)
    behind, = hosts(1, behind=bastion, release="bookworm")
    for host in (bastion, behind):
        host.console("sh", "-eu", stdin=STRAY)
    given = variables(player, [SSH])
    done = player.play([behind], ENFORCE, *given, *YES, "-b", user="ansible")
    assert "1 host: 1 done." in done.out, done.out
    assert units(behind, "forgotten.service") == (set(), set())
    assert units(bastion, "forgotten.service") == ({"forgotten.service"},) * 2
    done = player.play([bastion, behind], ENFORCE, *given, *YES)
    assert "2 hosts: 1 done, 1 with nothing to do." in done.out, done.out
    assert units(bastion, "forgotten.service") == (set(), set())


PLAN = """
- hosts: all
  gather_facts: false
  tasks:
    - listening.ports.plan_listeners:
        actions: [close, firewall]
        mode: "{{ mode }}"
        confirm: 30
        expected:
          - {name: ssh, port: 22, clients: anyone}
          - {name: near, port: 7034, only_from: [192.0.2.0/24], state: optional}
      register: planned
    - ansible.builtin.debug:
        msg: The plan is made
    - listening.ports.port_filter: &asked
        rules: "{{ planned.plan.filter.rules }}"
        others: "{{ planned.plan.filter.others }}"
        published: "{{ planned.plan.filter.published }}"
        confirm: 30
      check_mode: true
      register: asked
    - ansible.builtin.assert:
        that:
          - planned.status == 'planned' and planned.refusal is none
          - planned.effects == asked.effects and planned.effects | length >= effects
          - planned.connection.peer == asked.connection.peer
    - listening.ports.port_filter: *asked
"""
LEFT = "systemd-run --quiet --unit=left-%d python3 -m http.server %d; until ss -Hltn 'sport = %d' | grep -q .; do " \
       "sleep 0.05; done"


def test_a_plan_that_filters_is_one_run_of_a_module(hosts, player):
    """On hosts without a filter and with one, and it says what the host itself would say. Runs are counted."""
    fleet = hosts(3, release=["trixie", "bookworm", "bullseye"])
    for ports, mode, effects in (((7033,), "block_unexpected", 1), ((7034, 7035), "allow_expected", 2)):
        for host in fleet:
            for port in ports:
                host.console("sh", "-euc", LEFT % (port, port, port))
        done = player.play(fleet, PLAN, "-vvv", "-e", json.dumps({"mode": mode, "effects": effects}))
        before, after = done.out.split("The plan is made", 1)
        counted = [re.findall(r"Using module file \S+/plugins/modules/(\w+)\.py", text) for text in (before, after)]
        assert counted[0] == ["collect_for_plan"] * len(fleet), counted
        assert set(counted[1]) == {"apply_port_filter"}, counted  # the runs are seen
