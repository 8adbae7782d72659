# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Clients by the groups of an inventory: the hosts of the group get in, others do not, and nobody is cut off whose
address nobody knows.
"""

import json
import re

import pytest

from support.player import on_each

PORT = 5432
MODES = ("block_unexpected", "allow_expected")
# A server for both families, on a host that is not busy
SERVE = "systemd-run --quiet --unit=db python3 -m http.server %d --bind ::" % PORT
ROLE = """\
- hosts: db
  gather_facts: false
  become: true
  pre_tasks:
    - listening.ports.assert_listeners: {entries: [db], fail: false}
      register: judged
    - ansible.builtin.copy:
        content: "{{ judged.findings | to_json }}"
        dest: "{{ playbook_dir }}/{{ inventory_hostname }}.json"
        mode: "0600"
      delegate_to: localhost
      connection: local
      become: false
      changed_when: false
      vars: {ansible_python_interpreter: "{{ ansible_playbook_python }}"}
  roles:
    - role: listening.ports.firewall
      firewall_mode: "{{ mode }}"
      firewall_state: "{{ wanted_state | default('present') }}"
"""
ENTRIES = [{"name": "ssh", "port": 22, "only_from": ["10.88.0.0/16", "fd88::/64"]},
           {"name": "db", "port": PORT, "clients": "group:web"}]


class Place:
    """Two databases, a host of the group web, and one that is in no group."""

    def __init__(self, hosts, player, probe):
        *self.servers, self.web, self.other = hosts(4, release=["bookworm", "trixie", "trixie", "trixie"])
        self.player, self._probe = player, probe
        self.members = {self.web.name: {"listening_ports_addresses": [self.web.address, self.web.address6]}}
        on_each(self.servers, lambda server: server.console("sh", "-c", SERVE))
        on_each(self.servers, lambda server: server.wait_for("ss -Hltn 'sport = %d' | grep -q ." % PORT))

    def run(self, *arguments, check=True):
        """Judge the databases, and run the role on them: returns Done."""
        groups = self.player.folder / "groups.json"
        servers = {server.name: {"mode": mode} for server, mode in zip(self.servers, MODES)}
        groups.write_text(json.dumps({"all": {"children": {
            "db": {"hosts": servers, "vars": {"expected_listeners": ENTRIES}}, "web": {"hosts": self.members}}}}),
            encoding="utf-8")
        return self.player.play([*self.servers, self.web, self.other], ROLE, "-i", str(groups), *arguments,
                                check=check)

    def changed(self, *arguments):
        """How many tasks of a run change each database: list."""
        recap = self.run(*arguments).out.partition("PLAY RECAP")[2]
        rows = dict(re.findall(r"^(\S+) +: .* changed=(\d+) +unreachable=0 +failed=0 ", recap, re.MULTILINE))
        return [int(rows[server.name]) for server in self.servers]

    def found(self):
        """What was found of the databases before the role of the last run: kinds for each, and all messages."""
        each = [json.loads((self.player.folder / (server.name + ".json")).read_text(encoding="utf-8"))
                for server in self.servers]
        return ([[finding["kind"] for finding in some] for some in each],
                " ".join(finding["message"] for some in each for finding in some))

    def met(self, client, port=PORT):
        """What a client meets at the databases, over both families: set of words."""
        return {self._probe(client, server, port, "tcp", family, timeout=5.0)
                for server in self.servers for family in ("ipv4", "ipv6")}

    def rules(self):
        """What the filters are."""
        return [server.console("sh", "-c", "nft -s list ruleset; cat /etc/listening-ports/filter.nft; true").out
                for server in self.servers]


@pytest.fixture
def place(hosts, player, probe):
    """See Place."""
    return Place(hosts, player, probe)


def test_the_hosts_of_a_group_get_in_and_nobody_is_cut_off_who_is_not_known(place):
    assert place.met(place.web) == place.met(place.other) == {"open"}
    assert place.changed() == [1, 1]
    kinds, messages = place.found()
    assert kinds == [["overexposed"]] * 2 and "only from group:web (2 addresses)" in messages
    assert (place.met(place.web), place.met(place.other)) == ({"open"}, {"closed"})
    assert place.met(place.other, 22) == {"open"}
    rules = place.rules()
    assert all(place.web.address in text and place.web.address6 in text for text in rules)
    assert place.changed() == [0, 0] and place.rules() == rules
    assert place.found() == ([[], []], "")

    # one more host, from wherever it comes: what is there stays, and is not said to be wrong
    place.members["new"] = {"ansible_host": "new.example.com"}
    done = place.run(check=False)
    kinds, messages = place.found()
    assert kinds == [["unknown"]] * 2 and messages.count("new: no address of it is declared") == 2
    assert done.code == 2 and done.out.count("the filter that is there stays as it is") >= 2, done
    assert place.rules() == rules
    assert (place.met(place.web), place.met(place.other)) == ({"open"}, {"closed"})

    # as soon as it is known it gets in
    place.members["new"] = {"listening_ports_addresses": [place.other.address, place.other.address6]}
    assert place.changed() == [1, 1]
    assert place.met(place.web) == place.met(place.other) == {"open"}

    # without a filter all else is filtered
    assert place.changed("-e", "wanted_state=absent") == [1, 1]
    place.members["new"] = {}
    done = place.run()
    assert place.found()[0] == [["unknown"]] * 2
    assert "its ports are not filtered, since that could cut clients off" in done.out
    assert place.met(place.web) == place.met(place.other) == {"open"}
    rules = place.rules()
    assert "table inet listening_ports" in rules[1]
    assert place.changed() == [0, 0] and place.rules() == rules
