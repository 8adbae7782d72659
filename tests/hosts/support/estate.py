# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Twelve hosts as somebody may have them: what they are for, what is declared for them, and what is wrong with some.

The reports that the documentation shows are of these.
"""

import json
import os
import pathlib
from typing import TYPE_CHECKING, Callable, Iterable, Mapping, Sequence

from .host import Done, Host, execute
from .player import PLAY_TIMEOUT, on_a_terminal

if TYPE_CHECKING:
    from .player import Player

RELEASES = {
    "web-1": "trixie+web", "web-2": "trixie+web", "web-3": "bullseye+web", "web-4": "bullseye+web",
    "app-1": "trixie+services", "app-2": "trixie+services",
    "node-1": "trixie", "node-2": "trixie", "node-3": "bookworm", "node-4": "bookworm", "node-5": "bullseye",
    "node-6": "bullseye",
}
HIDDEN, DEAD = "node-5", "node-6"  # without root, and switched off, in the report of all
AUDIT = "listening.ports.audit"

DECLARED = {
    "all": """\
ansible_become: true
expected_listeners:
  - {name: ssh, port: 22, service: [ssh, sshd]}
""",
    "web": """\
expected_listeners_web:
  - {name: web, port: 80, service: nginx}
  - {name: status, port: 8080, service: nginx, bind: loopback}
  - {name: overlay, port: 4789/udp, process: "[kernel]"}
""",
    "app": """\
expected_listeners_app:
  - {name: inetd, port: 13, service: inetd}
  - {name: dnsmasq, ports: [53, 53/udp], service: dnsmasq, bind: [link, private]}
  - {name: resolver, ports: [53, 53/udp], service: systemd-resolved, bind: loopback}
  - {name: dhcp, port: 67/udp, service: dnsmasq, bind: lan0}
  - {name: web, ports: [80, 8000], service: nginx}
  - {name: rpcbind, ports: [111, 111/udp], service: rpcbind}
  - {name: time, port: 123/udp, service: chrony}
  - {name: snmp, port: 161/udp, service: snmpd, bind: loopback}
  - {name: chronyc, port: 323/udp, service: chrony, bind: loopback}
  - {name: database, port: 3306, service: mariadb, bind: loopback}
  - {name: overlay, port: 4789/udp, process: "[kernel]"}
  - {name: mdns, ports: [5353/udp, 32768-60999/udp], service: avahi-daemon}
  - {name: llmnr, ports: [5355, 5355/udp], service: systemd-resolved}
  - {name: cache, port: 6379, service: redis-server, bind: loopback}
  - {name: shop, port: 8080}
""",
}

# Web servers have a firewall, a page with their status, and a network of containers, which the kernel answers for.
WEB = """
cat > /etc/nginx/conf.d/status.conf << 'END'
server {
    listen 127.0.0.1:8080;
    stub_status;
}
END
cat > /etc/nftables.conf << 'END'
table inet filter {
    chain input {
        type filter hook input priority 0; policy drop;
        ct state established,related accept
        iif lo accept
        meta l4proto { icmp, ipv6-icmp } accept
        ip saddr 10.88.0.0/16 tcp dport 22 accept
        ip6 saddr fd88::/64 tcp dport 22 accept
        tcp dport 80 accept
        tcp dport 8000 accept
    }
}
END
nft -f /etc/nftables.conf
ip link add overlay0 type vxlan id 7 dstport 4789
ip link set overlay0 up
systemctl restart nginx
"""
LEFT_RUNNING = """
systemd-run --quiet --unit=share --uid=nobody --working-directory=/usr/share python3 -m http.server 8000
"""
# What is wrong with some, and the shell commands that see that it has come
WRONG = {
    "web-2": (LEFT_RUNNING, "ss -Hltn 'sport = 8000' | grep -q ."),
    "web-4": ("systemctl stop nginx", "! ss -Hltn 'sport = 80' | grep -q ."),
    "app-2": ("sed -i -e 's/^bind .*/bind 0.0.0.0/' /etc/redis/redis.conf && systemctl restart redis-server",
              "ss -Hltn 'sport = 6379' | grep -q 0.0.0.0"),
}
# What systemd does not wait for: what cron starts
UP = {"trixie+services": "ss -Hltn 'sport = 8090' | grep -q .", "trixie+web": "true", "bullseye+web": "true"}


def keep(name: str, content: bytes) -> bool:
    """Keep what hosts have shown for `make pictures`, if that is what this is run for; returns whether it is."""
    folder = os.environ.get("LISTENING_PORTS_SOURCES")
    if folder:
        (pathlib.Path(folder) / name).write_bytes(content)
    return bool(folder)


class Estate:
    """Some of these hosts, with what is wrong with them.

    :ivar hosts: each of them by its name in the inventory
    :ivar folder: path; reports are written there
    """

    def __init__(self, make: Callable[..., Sequence[Host]], player: "Player", names: Iterable[str] = (),
                 declared: Mapping[str, str] | None = None):
        """Start the hosts.

        :param make: the fixture that makes hosts
        :param names: of some hosts; all where none are given
        :param declared: the variables of each group of the inventory, YAML; DECLARED where none are given
        """
        names = list(names or RELEASES)
        self.hosts = dict(zip(names, make(len(names), release=[RELEASES[name] for name in names])))
        self._player = player
        self.folder: pathlib.Path = player.folder
        (self.folder / "group_vars").mkdir()
        for group, text in (declared or DECLARED).items():
            (self.folder / "group_vars" / (group + ".yml")).write_text(text, encoding="utf-8")
        self._write_inventory()
        for name, host in self.hosts.items():
            self._prepare(name, host)

    def _prepare(self, name: str, host: Host) -> None:
        release = RELEASES[name]
        host.console("systemctl", "is-system-running", "--wait", check=False)
        if release.endswith("+web"):
            host.console("sh", "-eu", stdin=WEB)
        host.wait_for(UP.get(release, "true"))
        if name in WRONG:
            script, is_there = WRONG[name]
            host.console("sh", "-eu", stdin=script)
            host.wait_for(is_there)

    def _write_inventory(self) -> None:
        groups: dict[str, dict[str, object]] = {}
        for name, host in self.hosts.items():
            variables = dict(host.inventory(), ansible_user="ansible")
            groups.setdefault(name.partition("-")[0], {})[name] = variables
        inventory = {"all": {"children": {group: {"hosts": hosts} for group, hosts in groups.items()}}}
        (self.folder / "hosts.json").write_text(json.dumps(inventory), encoding="utf-8")

    def hide_some(self) -> None:
        """One of them gives no privileges from now on, and one is switched off."""
        (self.folder / "host_vars").mkdir()
        (self.folder / "host_vars" / (HIDDEN + ".yml")).write_text("ansible_become: false\n", encoding="utf-8")
        self.hosts[DEAD].kill()

    def audit(self, *arguments: str, check: bool = False) -> Done:
        """Audit them; returns Done."""
        return execute(self._command(arguments), check, timeout=PLAY_TIMEOUT, cwd=self.folder,
                       env=self._player.environment)

    def audit_on_a_terminal(self, columns: int, *arguments: str) -> Done:
        """Audit them from a terminal of so many columns; returns Done, with the colours."""
        environment = {name: value for name, value in self._player.environment.items() if name != "ANSIBLE_NOCOLOR"}
        return on_a_terminal(self._command(arguments), columns, PLAY_TIMEOUT, self.folder, environment)

    def _command(self, arguments: Sequence[str]) -> list[str]:
        return ["ansible-playbook", "-i", "hosts.json", AUDIT, "--timeout=10", *arguments]
