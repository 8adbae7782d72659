# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role firewall on hosts where more listens than was declared, beside each firewall that may be active there, as
two other hosts meet it.

With LISTENING_PORTS_SCENES=all, each release is tried with each of these firewalls.
"""

import concurrent.futures
import json
import os
import re

import pytest

from support.evidence import record
from support.scene import EVERYBODY, FRIENDS, LATE, PUBLISHED, SERVICES, SHUT, Scene, declaration

BLOCK, ALLOW = "block_unexpected", "allow_expected"
WALLS = ("none", "nftables", "ufw", "firewalld")
RELEASES = ("trixie", "bookworm", "bullseye")
ALL = [[(release, wall, mode) for release in RELEASES] for wall in WALLS for mode in (BLOCK, ALLOW)]
# A release, the firewall beside ours, and the mode that comes first: each release and each firewall at least once
SOME = [[("bullseye", "firewalld", BLOCK), ("bookworm", "ufw", ALLOW), ("trixie", "nftables", BLOCK),
         ("bookworm", "none", ALLOW)]]
ROLE = """\
- hosts: all
  gather_facts: false
  become: true
  roles:
    - role: listening.ports.firewall
      firewall_mode: "{{ modes[inventory_hostname] }}"
      firewall_state: "{{ wanted_state | default('present') }}"
"""
FOLDER = "listening-ports-audit"
TABLE = "table inet listening_ports"
UNDECLARED = {"tcp/23", "tcp/8443", "tcp/111", "udp/111", "tcp/31337", "udp/31337", "tcp/8081", SHUT}


def changed(done):
    """How many tasks changed each host: dict."""
    rows = re.findall(r"^(\w+) +: .* changed=(\d+) +unreachable=0 +failed=0 ", done.out.partition("PLAY RECAP")[2],
                      re.MULTILINE)
    return {name: int(number) for name, number in rows}


def diffs(done):
    """What each host was told by --diff: dict."""
    return {name: text for text, name in re.findall(r"(?ms)^(--- .*?)^changed: \[(\w+)\]", done.out)}


class Fleet:
    """Hosts with a scene each, and the role on them; who may come, and who may not.

    :ivar scenes: list of Scene. :ivar friend: Host. :ivar stranger: Host.
    """

    def __init__(self, hosts, player, pairs):
        made = hosts(len(pairs) + 2, release=[*(release for release, _wall, _mode in pairs), "trixie", "trixie"])
        *servers, self.friend, self.stranger = made
        with concurrent.futures.ThreadPoolExecutor() as pool:
            self.scenes = list(pool.map(Scene, servers, [wall for _release, wall, _mode in pairs]))
        self.servers, self.player = servers, player
        self.modes = {server.name: mode for server, (_release, _wall, mode) in zip(servers, pairs)}

    def variables(self, **more):
        """The name of a file of variables, as an argument of ansible-playbook."""
        path = self.player.folder / "variables.json"
        values = {"expected_listeners": declaration(self.friend), "listener_unexpected_blocked": "warn",
                  "modes": self.modes, **more}
        path.write_text(json.dumps(values), encoding="utf-8")
        return "@%s" % path

    def run(self, *arguments, **more):
        """Run the role on all of them; returns Done."""
        done = self.player.play(self.servers, ROLE, "-e", self.variables(**more), *arguments)
        assert set(changed(done)) == set(self.modes), done
        return done

    def audit(self):
        """What an audit records of each: dict of name to record."""
        self.player.play(self.servers, "listening.ports.audit", "-e", self.variables())
        return {server.name: record(self.player.folder / FOLDER, server) for server in self.servers}

    def met(self):
        """Who is met by both clients: each scene with two sets of endpoints, as the declaration has them."""
        with concurrent.futures.ThreadPoolExecutor() as pool:
            for each in [pool.submit(scene.reaches, client, wanted) for scene in self.scenes
                         for client, wanted in ((self.friend, FRIENDS), (self.stranger, EVERYBODY))]:
                each.result()

    def met_before(self):
        """Everybody meets everything, but what the other firewall keeps to itself."""
        for scene in self.scenes:
            reached = {*SERVICES, *PUBLISHED} - ({SHUT} if scene.wall != "none" else set())
            for client in (self.friend, self.stranger):
                scene.reaches(client, reached)


def judge(audited):
    """Nothing fails, what is not declared is said to be blocked, and nothing is said of what is declared."""
    for name, kept in audited.items():
        assert kept["status"] == "ok" and kept["facts"]["gaps"] == [], (name, kept["facts"]["gaps"])
        findings = kept["judgement"]["findings"]
        assert not [finding for finding in findings if finding["fails"]], (name, findings)
        blocked = [finding for finding in findings
                   if finding["kind"] == "unexpected" and "the firewall lets nobody reach it" in finding["message"]]
        # of both families there is one finding
        endpoints = {"%s/%s" % (finding["listener"].partition("/")[0], finding["listener"].rpartition(":")[2])
                     for finding in blocked}
        assert (len(blocked), endpoints) == (len(UNDECLARED), UNDECLARED), (name, findings)


def hold(fleet):
    """What was declared is so, another run changes nothing, and an audit agrees."""
    fleet.met()
    kept = [scene.rules() for scene in fleet.scenes]
    assert all(TABLE in rules for rules in kept)
    again = fleet.run("--diff")
    assert (set(changed(again).values()), diffs(again)) == ({0}, {})
    assert [scene.rules() for scene in fleet.scenes] == kept
    judge(fleet.audit())


@pytest.mark.parametrize("pairs", ALL if os.environ.get("LISTENING_PORTS_SCENES") == "all" else SOME,
                         ids=lambda pairs: " ".join("%s-%s-%s" % pair for pair in pairs))
def test_who_reaches_what_is_what_was_declared(hosts, player, pairs):
    fleet = Fleet(hosts, player, pairs)
    fleet.met_before()
    before = [scene.rules() for scene in fleet.scenes]
    planned = fleet.run("--check", "--diff")
    assert [scene.rules() for scene in fleet.scenes] == before
    done = fleet.run("--diff")
    assert diffs(planned) == diffs(done) and set(diffs(done)) == set(fleet.modes)
    assert set(changed(planned).values()) == set(changed(done).values()) == {1}
    hold(fleet)
    fleet.modes = {name: BLOCK if mode == ALLOW else ALLOW for name, mode in fleet.modes.items()}
    assert set(changed(fleet.run()).values()) == {1}
    hold(fleet)

    for scene in fleet.scenes:  # what nobody thought of
        scene.late()
        more = {LATE} if fleet.modes[scene.server.name] == BLOCK else set()
        scene.reaches(fleet.friend, FRIENDS | more)
        scene.reaches(fleet.stranger, EVERYBODY | more)

    fleet.run(wanted_state="absent")
    assert not [scene.wall for scene in fleet.scenes if TABLE in scene.rules() or "filter.nft" in scene.rules()]
    fleet.met_before()
    assert set(changed(fleet.run(wanted_state="absent")).values()) == {0}


# What real services are made to do: the database listens on all addresses, and lets in who comes.
OPEN_DATABASE = """
sed -i 's/^bind .*/bind * -::*/; s/^protected-mode .*/protected-mode no/' /etc/redis/redis.conf
systemctl restart redis-server
"""
# (port, protocol) of what others may reach there, and what a friend and a stranger meet afterwards
REAL = {(22, "tcp"): ("open", "open"), (80, "tcp"): ("open", "open"), (6379, "tcp"): ("open", "closed"),
        (13, "tcp"): ("closed", "closed"), (111, "tcp"): ("closed", "closed"), (8080, "tcp"): ("closed", "closed"),
        (8090, "tcp"): ("closed", "closed")}
ONLY_IPV4 = {8090}


def test_real_services_are_filtered_whoever_holds_their_ports(hosts, player, probe):
    """A super-server, a socket unit, a job of cron, a container behind a proxy, the kernel."""
    server, friend, stranger = hosts(3, release=["trixie+services", "trixie", "trixie"])
    assert server.console("systemctl", "is-system-running", "--wait", check=False).out == "running\n"
    server.console("sh", "-eu", stdin=OPEN_DATABASE)
    server.wait_for("ss -Hltn 'sport = 8090' | grep -q . && ss -Hltn6 'sport = 6379' | grep -qF '[::]:'")
    asked = [(client, port, protocol, family) for port, protocol in REAL for family in ("ipv4", "ipv6")
             for client in (friend, stranger) if family == "ipv4" or port not in ONLY_IPV4]

    def meet():
        return [probe(client, server, port, protocol, family, timeout=5.0)
                for client, port, protocol, family in asked]

    assert meet() == ["open"] * len(asked)
    alone = [friend.address + "/32", friend.address6 + "/128"]
    entries = [{"name": "ssh", "port": 22, "service": "ssh", "only_from": ["10.88.0.0/16", "fd88::/64"]},
               {"name": "web", "port": 80, "service": "nginx"},
               {"name": "cache", "port": 6379, "service": "redis-server", "only_from": alone}]
    variables = json.dumps({"expected_listeners": entries, "modes": {server.name: BLOCK}})
    done = server.playbook(ROLE, "-e", variables)
    assert changed(done) == {server.name: 1}
    assert meet() == [REAL[port, protocol][0 if client is friend else 1]
                      for client, port, protocol, _family in asked]
    assert probe(friend, server, 111, "udp", timeout=5.0) == "closed"
    assert changed(server.playbook(ROLE, "-e", variables)) == {server.name: 0}
