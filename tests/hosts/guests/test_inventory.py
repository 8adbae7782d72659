# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Groups of real hosts by what listens on them, against what ss and systemctl say there."""

import ipaddress
import json

from support.host import execute

AUDIT = "listening.ports.audit"
RELEASES = ["trixie+services", "trixie+services", "trixie", "bookworm"]
REACHED_PLAY = """
- hosts: listens_tcp_6379
  gather_facts: false
  tasks:
    - ansible.builtin.command: redis-cli ping
      register: answer
      changed_when: false
    - ansible.builtin.debug:
        msg: "redis of {{ inventory_hostname }} says {{ answer.stdout }}"
"""
OF_EACH = {"plugin": "listening.ports.listeners", "groups_of": ["listens", "verdict", "service"]}


def ports(host):
    """The TCP ports on which something listens beyond loopback, as ss has them."""
    found = set()
    for line in host.console("ss", "-Hltn").out.splitlines():
        address, _colon, port = line.split()[3].rpartition(":")
        address = address.strip("[]").partition("%")[0]
        if address == "*" or not ipaddress.ip_address(address.strip("[]")).is_loopback:
            found.add(int(port))
    return found


def groups(player, tmp_path, inventory, **options):
    """The groups that the plugin makes, with their hosts."""
    config = tmp_path / "fleet.listening_ports.yml"
    config.write_text(json.dumps({**OF_EACH, **options}), encoding="utf-8")
    done = execute(["ansible-inventory", "-i", inventory, "-i", config, "--list"], cwd=tmp_path,
                   env=player.environment)
    listed = json.loads(done.out)
    return {name: set(listed[name].get("hosts", [])) for name in listed["listening_ports"]["children"]}, done.err


def test_groups_are_what_listens(hosts, playbook, player, tmp_path):
    fleet = hosts(4, release=RELEASES)
    reached, own, plain, dead = fleet
    reached.console("sed", "-i", "s/^bind .*/bind * -::*/; s/^protected-mode .*/protected-mode no/",
                    "/etc/redis/redis.conf")
    reached.console("systemctl", "restart", "redis-server")
    reached.wait_for("ss -Hltn 'sport = 6379' | grep -qF '0.0.0.0:6379'")
    dead.kill()
    seen = (reached, own, plain)
    playbook(fleet, AUDIT, "--timeout=10", check=False)
    inventory = tmp_path / "inventory-1.json"

    made, warnings = groups(player, tmp_path, inventory)
    assert "No groups" not in warnings
    wanted = {}
    for host in seen:
        for port in ports(host):
            wanted.setdefault("listens_tcp_%d" % port, set()).add(host.name)
    assert {name: members for name, members in made.items() if name.startswith("listens_tcp_")} == wanted
    assert wanted["listens_tcp_6379"] == {reached.name} and wanted["listens_tcp_22"] == {host.name for host in seen}
    assert made["verdict_unknown"] == {dead.name}
    assert dead.name not in set().union(*(members for name, members in made.items() if name != "verdict_unknown"))
    active = {host.name for host in seen
              if host.console("systemctl", "is-active", "--quiet", "redis-server", check=False).code == 0}
    assert active == {reached.name, own.name}
    of_all, _warnings = groups(player, tmp_path, inventory, loopback=True)
    assert of_all["service_redis_server"] == of_all["listens_tcp_6379"] == active
    assert made["service_redis_server"] == {reached.name}

    groups(player, tmp_path, inventory)
    done = playbook(fleet, REACHED_PLAY, "-i", tmp_path / "fleet.listening_ports.yml")
    assert "redis of %s says PONG" % reached.name in done.out
    assert not any(host.name in done.out for host in (own, plain, dead))

    graph = execute(["ansible-inventory", "-i", inventory, "-i", tmp_path / "fleet.listening_ports.yml", "--graph",
                     "listening_ports"], cwd=tmp_path, env=player.environment).out
    shown = {}
    for line in graph.splitlines()[1:]:
        depth, _dashes, name = line.partition("--")
        if name.startswith("@"):
            assert depth == "  |"
            members = shown[name[1:-1]] = set()
        else:
            members.add(name)
    assert shown == made
