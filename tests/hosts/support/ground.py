# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host with a firewall and a host that knocks, on two networks; and whether what is said of the firewall is what is
met.

The one that knocks has two addresses of each family on each network, a near one and a far one, that firewalls can tell
from each other.
Behind the other, on a bridge, is a network namespace as containers have.
"""

import base64
import io
import ipaddress
import json
import pathlib
import sys
import tarfile
from typing import Any, Iterable, NamedTuple, Sequence

from .host import Host, execute
from .player import Player

Facts = dict[str, Any]

HERE = pathlib.Path(__file__).resolve().parent
COLLECTION = HERE.parents[2]
SECONDS = "2"           # to wait for answers, of all flows at once
PATIENCE = "4"          # the same, of a flow alone
# What listens before the first look: services of the host, those of the container, and, on ports that rules translate,
# who is passed by.
BOX = "tcp:80-81 udp:80-81"
FIRST = "tcp:8001-8012 udp:8001-8012 tcp:8091"
# What listens before the second look: the first sees there what is open with nothing behind it.
LATER = "tcp:8013-8020 udp:8013-8020 tcp:8090 tcp:8092-8094 udp:8092 tcp:9999 udp:9999"
PORTS = {"tcp": [22, *range(8001, 8021), *range(8090, 8095), 9999], "udp": [*range(8001, 8021), 8092, 9999]}
LATER_PORTS = [*range(8013, 8021), 9999]

BOX_ADDRESSES = ("172.30.0.2", "fd30::2")
# A bridge, and a network namespace on it, as a container has.
CONTAINER = """
sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
ip netns add box
ip link add box0 type bridge
ip address add 172.30.0.1/16 dev box0
ip address add fd30::1/64 dev box0 nodad
ip link set box0 up
ip link add vbox master box0 type veth peer name eth0 netns box
ip link set vbox up
ip netns exec box sh -eu -c '
ip link set lo up
ip address add 172.30.0.2/16 dev eth0
ip address add fd30::2/64 dev eth0 nodad
ip link set eth0 up
ip route add default via 172.30.0.1
ip route add default via fd30::1'
"""
# Whether the host finds the container by both families. It may take seconds, on a machine with much to do, until a new
# bridge carries what is sent to the groups by which IPv6 looks for neighbours (RFC 4861).
FINDS_CONTAINER = 'python3 -c "import socket; [socket.create_connection((name, 81), 2).close() for name in %r]"' % (
    BOX_ADDRESSES,)
SERVER = """
ip address add 10.90.0.2/24 dev lan0
ip address add fd90::2/64 dev lan0 nodad
ip link set lan0 up
%s
systemd-run --quiet --unit=box ip netns exec box python3 /root/echoes.py box %s
systemd-run --quiet --unit=first python3 /root/echoes.py host %s
""" % (CONTAINER, BOX, FIRST)
CLIENT = """
ip address add 10.90.0.3/24 dev lan0
ip address add 10.90.0.200/24 dev lan0
ip address add fd90::3/64 dev lan0 nodad
ip address add fd90::c8/64 dev lan0 nodad
ip link set lan0 up
ip address add 10.88.66.$HERE/16 dev host0
ip address add 10.88.77.$HERE/16 dev host0
ip address add fd88::66:$HERE/64 dev host0 nodad
ip address add fd88::77:$HERE/64 dev host0 nodad
"""
# near, far, near, far, ...
SOURCES = ("10.88.66.%d", "10.88.77.%d", "fd88::66:%d", "fd88::77:%d", "10.90.0.3", "10.90.0.200", "fd90::3",
           "fd90::c8")
DEAF = "neighbours on %s cannot find the host: "
LOOK = """
- hosts: all
  gather_facts: false
  vars: {looked: "{{ inventory_hostname }}.json"}
  tasks:
    - listening.ports.listener_facts: {gather: [owners, firewall]}
      register: before
    - ansible.builtin.shell: >
        systemd-run --quiet --unit=later python3 /root/echoes.py host %s &&
        until ss -Hlun6 'sport = 9999' | grep -q .; do sleep 0.05; done
      changed_when: true
    - listening.ports.listener_facts: {gather: [owners, firewall]}
      register: after
    - ansible.builtin.copy:
        content: "{{ [before, after] | map(attribute='ansible_facts.ansible_listening_ports') | to_json }}"
        dest: "{{ playbook_dir }}/{{ looked }}"
        mode: "0600"
      delegate_to: localhost
""" % LATER
# Takes on a host what the module takes, with its Python and its tools.
TAKE = """
import json, os, subprocess, sys
sys.path.insert(0, '/root/taken')
from ansible_collections.listening.ports.plugins.module_utils._firewall.snapshot import take
def run(words, environ_update=None, **dummy):
    done = subprocess.run(words, env=dict(os.environ, **(environ_update or {})), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False)
    return done.returncode, *(printed.decode('utf-8', 'surrogateescape') for printed in (done.stdout, done.stderr))
taken = take.take(run)
taken['recorded_with'] = {words[0]: run(words)[1].split(chr(10))[0] for words in (
    ['nft', '--version'], ['iptables', '--version'], ['ipset', '--version'], ['firewall-cmd', '--version'],
    ['ufw', 'version'])}
print(json.dumps(taken))
"""


class Flow(NamedTuple):
    """What is sent from one address to a port of another, and by which interface it comes in there."""

    family: str
    protocol: str
    interface: str
    source: str
    address: str
    port: int


class Ground:
    """Two hosts that are ready for a firewall.

    :param number: int below 10, another one for each ground there is at the same time; scripts know it as HERE.
    :ivar sources: list of str, the addresses that knock, in the order of SOURCES.
    """

    def __init__(self, server: Host, client: Host, number: int):
        self.server, self.client, self._number = server, client, number
        self.sources = [text % number if "%" in text else text for text in SOURCES]
        execute([*server.inside(), "ip", "link", "add", "lan0", "type", "veth", "peer", "name", "lan0", "netns",
                 client.inside()[1].partition("=")[2]])
        client.console("sh", "-eu", stdin="HERE=%d\n%s" % (number, CLIENT))
        server.console("sh", "-c", "cat > /root/echoes.py", stdin=(HERE / "echoes.py").read_text(encoding="utf-8"))
        server.console("sh", "-eu", stdin=SERVER)
        server.wait_for("ss -Hltn6 'sport = 8091' | grep -q . && ip netns exec box ss -Hlun6 'sport = 81' | grep -q .")
        server.wait_for(FINDS_CONTAINER)

    def raise_wall(self, name: str, *arguments: str) -> None:
        """Run a script of walls on the server."""
        script = (HERE / "walls" / (name + ".sh")).read_text(encoding="utf-8")
        self.server.console("sh", "-eu", "-s", *arguments, stdin="HERE=%d\n%s" % (self._number, script))

    def flows(self) -> list[Flow]:
        """list of Flow: each port by each way from each address."""
        ways = [("ipv4", "host0", self.server.address), ("ipv6", "host0", self.server.address6),
                ("ipv4", "lan0", "10.90.0.2"), ("ipv6", "lan0", "fd90::2")]
        return [Flow(family, protocol, interface, source, address, port)
                for index, (family, interface, address) in enumerate(ways)
                for source in self.sources[2 * index:2 * index + 2] for protocol, ports in PORTS.items()
                for port in ports]

    def knock(self, flows: Iterable[Flow], seconds: str = SECONDS) -> list[str | None]:
        """list of str or None: who answered."""
        asked = [(flow.protocol, flow.source, flow.address, flow.port) for flow in flows]
        done = execute([*self.client.inside(), sys.executable, "-B", HERE / "knocks.py", seconds],
                       stdin=json.dumps(asked))
        return ["host tcp/22" if (answer or "").startswith("SSH-") else answer for answer in json.loads(done.out)]

    def take(self) -> Any:
        """dict: the snapshot of the server, taken on it, and the tools that it was taken with."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            for path in sorted(COLLECTION.glob("plugins/module_utils/**/*.py")):
                archive.add(path, "ansible_collections/listening/ports/%s" % path.relative_to(COLLECTION))
        self.server.console("sh", "-euc", "mkdir /root/taken; base64 -d | tar -xzC /root/taken",
                            stdin=base64.b64encode(packed.getvalue()).decode())
        return json.loads(self.server.console("python3", "-Bc", TAKE).out)


def look(player: Player, grounds: Sequence[Ground]) -> list[list[Facts]]:
    """The facts of each server before and after more listens: list of [dict, dict]."""
    player.play([ground.server for ground in grounds], LOOK)
    return [json.loads((player.folder / (ground.server.name + ".json")).read_text(encoding="utf-8"))
            for ground in grounds]


def contains(networks: Iterable[str], address: str) -> bool:
    """bool: an address is in one of the networks, which are text."""
    number = ipaddress.ip_address(address)
    return any(number in ipaddress.ip_network(network) for network in networks)


def said(exposure: Facts, flow: Flow) -> tuple[str, str | None]:
    """What an exposure says of a flow: ('allowed' | 'deaf' | 'blocked' | 'undecided', reason or None).

    Deaf is who would be let in, but that neighbours cannot find the host.
    """
    paths = [path for path in exposure["paths"] if path["family"] == flow.family
             and flow.interface in path["interfaces"]]
    for path in paths if exposure["paths"] else [dict(exposure, interfaces=[])]:
        if contains(path["allowed"], flow.source):
            # interfaces that are alike are one path, and one of them is named
            deaf = [text for text in path["caveats"]
                    if any(text.startswith(DEAF % name) for name in path["interfaces"])]
            return ("deaf", deaf[0]) if deaf else ("allowed", None)
        for part in path["undecided"]:
            if contains(part["sources"], flow.source):
                return "undecided", part["reason"]
    return "blocked", None


def concerns(record: Facts, flow: Flow) -> bool:
    """bool: a listener, or an endpoint that is led elsewhere, has this address and port."""
    if record["namespace"] or (record["protocol"], record["port"]) != (flow.protocol, flow.port):
        return False
    if not record["accepts_" + flow.family]:
        return False
    return record["scope"] == "any" or ipaddress.ip_address(record["address"]) == ipaddress.ip_address(flow.address)


def answers_of(record: Facts, facts: Facts) -> set[str]:
    """set of str: what is answered by who is meant by a record."""
    if "to" not in record:
        forwarded = [endpoint for endpoint in facts["forwarded"] if endpoint["proxy"] == record["id"]]
        process = record["owners"][0]["process"]
        own = "proxy" if process == "docker-proxy" else "host"
        answer = "%s %s/%d" % (own, record["protocol"], record["port"])
        return {answer}.union(*(answers_of(endpoint, facts) for endpoint in forwarded))
    answers = set()
    for endpoint in record["to"].split(", "):
        address, _colon, port = endpoint.rpartition(":")
        answers.add("%s %s/%s" % ("box" if address.strip("[]") in BOX_ADDRESSES else "host", record["protocol"], port))
    return answers
