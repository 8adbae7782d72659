# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Openings in firewalld and ufw of each release: clients get in, and only what was added is taken back."""

import concurrent.futures
import json

RELEASES = ["trixie", "bookworm", "bullseye"]
OURS, THEIRS, UDP = 8080, 8081, 8082
SERVE = """
import socket
kept = []
for family in (socket.AF_INET, socket.AF_INET6):
    for port in (%d, %d):
        made = socket.socket(family)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind(("", port))
        made.listen()
        kept.append(made)
udp = socket.socket(type=socket.SOCK_DGRAM)
udp.bind(("", %d))
while True:
    udp.sendto(b"x", udp.recvfrom(99)[1])
""" % (OURS, THEIRS, UDP)
# Both firewalls at once, each with a rule of somebody else: clients get in where both let them.
RAISE = """
firewall-offline-cmd --add-port=%d/tcp && systemctl start firewalld && firewall-cmd --state
ufw allow 22/tcp && ufw allow %d/tcp && ufw --force enable
""" % (THEIRS, THEIRS)
LIST = """
firewall-cmd --list-all && firewall-cmd --permanent --list-all
ufw show added && iptables-save | grep ufw-user-input && ip6tables-save | grep ufw6-user-input
"""
BACKENDS = ("firewalld", "ufw")
BOOK = "/etc/listening-ports/openings.json"
# One task for each options, and what they return for each host
PLAY = """
- hosts: all
  gather_facts: false
  tasks:%s
    - ansible.builtin.copy:
        content: "{{ [%s] | to_json }}"
        dest: "{{ playbook_dir }}/{{ inventory_hostname }}.json"
        mode: "0600"
      delegate_to: localhost
"""
TASK = """
    - listening.ports.port_openings: %s
      check_mode: %s
      diff: true
      register: done%d"""


def play(*tasks):
    """A playbook of tasks, each with options and whether it is in check mode."""
    texts = [TASK % (json.dumps(options), check, number) for number, (options, check) in enumerate(tasks)]
    return PLAY % ("".join(texts), ", ".join("done%d" % number for number in range(len(tasks))))


class Fleet:
    """Hosts with firewalls, and one that wants to get in."""

    def __init__(self, servers, client, probe):
        self._servers, self._client, self._probe = servers, client, probe
        self._pool = concurrent.futures.ThreadPoolExecutor(20)
        list(self._pool.map(self._raise_walls, servers))

    @staticmethod
    def _raise_walls(server):
        server.console("systemd-run", "--quiet", "--unit=serves", "python3", "-c", SERVE)
        server.wait_for("ss -Hlun 'sport = %d' | grep -q ." % UDP)
        server.console("sh", "-eu", stdin=RAISE)

    def listing(self):
        """All rules of all of them."""
        return list(self._pool.map(lambda server: server.console("sh", "-eu", stdin=LIST).out, self._servers))

    def reached(self, *flows):
        """set of (host, *flow): what is reached, of (port, protocol, family, whether from the client)."""
        def ask(server, port, protocol, family, from_client):
            return self._probe(self._client if from_client else None, server, port, protocol, family)
        asked = [(server, *flow) for server in self._servers for flow in flows]
        verdicts = self._pool.map(lambda flow: ask(*flow), asked)
        return {(flow[0].name, *flow[1:]) for flow, verdict in zip(asked, verdicts) if verdict == "open"}

    def all_of(self, *flows):
        """The same where all are reached."""
        return {(server.name, *flow) for server in self._servers for flow in flows}


CLIENTS = [(OURS, "tcp", family, True) for family in ("ipv4", "ipv6")] + [(UDP, "udp", "ipv4", True)]
OTHERS = [(OURS, "tcp", family, False) for family in ("ipv4", "ipv6")]
FOREIGN = [(THEIRS, "tcp", family, True) for family in ("ipv4", "ipv6")]


def test_clients_get_in_and_only_what_was_added_is_taken_back(hosts, playbook, probe, tmp_path):
    *servers, client = hosts(len(RELEASES) + 1, release=[*RELEASES, "trixie"])
    fleet = Fleet(servers, client, probe)
    before = fleet.listing()
    assert fleet.reached(*CLIENTS, *FOREIGN) == fleet.all_of(*FOREIGN)

    def run(*tasks):
        """list of list: what each task returned, for each host."""
        playbook(servers, play(*tasks))
        results = [json.loads((tmp_path / (server.name + ".json")).read_text(encoding="utf-8")) for server in servers]
        return list(zip(*results))

    options = {"openings": [opening for backend in BACKENDS for opening in (
        {"backend": backend, "ports": [OURS, "9000-9010"], "sources": [client.address, client.address6],
         "interface": "host0"},
        {"backend": backend, "ports": [UDP], "protocol": "udp"})]}
    planned, opened, again = run((options, True), (options, False), (dict(options, keep=[]), False))
    assert {(result["status"], result["changed"]) for result in planned} == {("planned", True)}
    assert {(result["status"], result["changed"]) for result in opened} == {("kept", True)}
    assert [result["diff"] for result in opened] == [result["diff"] for result in planned]
    assert {(result["status"], result["changed"]) for result in again} == {("unchanged", False)}
    assert fleet.listing() != before
    assert fleet.reached(*CLIENTS, *OTHERS, *FOREIGN) == fleet.all_of(*CLIENTS, *FOREIGN)

    removed, = run(({"state": "absent"}, False))
    assert {(result["status"], result["changed"]) for result in removed} == {("kept", True)}
    assert [result["diff"]["before"] for result in removed] == [result["diff"]["after"] for result in opened]
    assert fleet.listing() == before
    assert fleet.reached(*CLIENTS, *FOREIGN) == fleet.all_of(*FOREIGN)
    assert {server.console("test", "-e", BOOK, check=False).code for server in servers} == {1}


def test_a_firewall_that_does_not_run_is_left_alone(host):
    sentences = ["%s, so that nothing can be opened in it" % reason
                 for reason in ("firewalld does not run", "ufw is not active")]
    text = play(*[({"openings": [{"backend": backend, "ports": [OURS]}]}, False) for backend in BACKENDS],
                ({"state": "absent"}, "false\n      become: true\n      become_user: daemon"))
    done = host.playbook(text.replace("  tasks:", "  ignore_errors: true\n  tasks:"))
    for sentence in (*sentences, "only root can change firewalld and ufw: use become"):
        assert "%s: %s" % (host.name, sentence) in done.out
    assert host.console("test", "-e", "/etc/listening-ports", check=False).code == 1
