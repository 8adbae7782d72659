# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host on which more listens than was declared, and who is answered there.

All that listens is light, and has the name of what it stands for: telnet behind inetd, a port mapper that systemd
starts on demand, a database on all addresses, a web server with one port too many, a program that somebody left
running, and two published ports of a container.
"""

import json
import pathlib
import sys
from typing import Any, Iterable

from .ground import CONTAINER, FINDS_CONTAINER, PATIENCE
from .host import Host, execute

HERE = pathlib.Path(__file__).resolve().parent
SECONDS = "1.5"  # to wait for answers
# What the firewall beside ours does not let in, where one is active.
SHUT = "tcp/9300"
# What listens there: an endpoint, and who answers.
SERVICES = {
    "tcp/22": "SSH", "tcp/23": "inetd", "tcp/80": "nginx", "tcp/8443": "nginx", "tcp/111": "rpcbind",
    "udp/111": "rpcbind", "tcp/6379": "redis-server", "udp/8125": "statsd", "tcp/31337": "stray",
    "udp/31337": "stray", SHUT: "exporter",
}
PUBLISHED = {"tcp/8080": "80", "tcp/8081": "81"}  # the port there, and the port of the container
LATE = "tcp/31338"  # on which something listens when late() says so

SCENE = CONTAINER + """
publish() {  # as Docker does: the port here, the port there
    for family in iptables ip6tables; do
        case $family in
            iptables) box=172.30.0.2 to=172.30.0.2 ;;
            ip6tables) box=fd30::2 to='[fd30::2]' ;;
        esac
        $family -t nat -A DOCKER ! -i box0 -p tcp -m tcp --dport "$1" -j DNAT --to-destination "$to:$2"
        $family -A DOCKER -d "$box" ! -i box0 -o box0 -p tcp -m tcp --dport "$2" -j ACCEPT
    done
}
service() {  # the name of the unit and of its program, and the ports
    name=$1
    ln -sf "$(command -v python3)" "/usr/local/sbin/$name"
    cat > "/etc/systemd/system/$name.service" << END
[Service]
ExecStart=/usr/local/sbin/$name /usr/local/lib/echoes.py $*
[Install]
WantedBy=multi-user.target
END
}
for family in iptables ip6tables; do
    $family -N DOCKER
    $family -P FORWARD DROP
    $family -I FORWARD -i box0 -j ACCEPT
    $family -I FORWARD -o box0 -j DOCKER
    $family -I FORWARD -o box0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    $family -t nat -N DOCKER
    $family -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
done
publish 8080 80
publish 8081 81
systemd-run --quiet --unit=box ip netns exec box python3 /usr/local/lib/echoes.py box tcp:80-81
service inetd tcp:23
service nginx tcp:80 tcp:8443
service redis-server tcp:6379
service statsd udp:8125
service exporter tcp:9300
service rpcbind passed
ln -sf "$(command -v python3)" /usr/local/sbin/stray
systemd-run --quiet --unit=stray /usr/local/sbin/stray /usr/local/lib/echoes.py stray tcp:31337 udp:31337
cat > /etc/systemd/system/rpcbind.socket << 'END'
[Socket]
BindIPv6Only=ipv6-only
ListenStream=0.0.0.0:111
ListenStream=[::]:111
ListenDatagram=0.0.0.0:111
ListenDatagram=[::]:111
[Install]
WantedBy=sockets.target
END
systemctl daemon-reload
systemctl enable --quiet --now inetd nginx redis-server statsd exporter rpcbind.socket
"""


# Whom what is declared lets in
EVERYBODY = {"tcp/22", "tcp/80"}
FRIENDS = EVERYBODY | {"tcp/6379", "udp/8125", "tcp/8080"}


def declaration(friend: Host) -> list[dict[str, Any]]:
    """What is declared: ssh and the web server for everybody, three more for one client alone."""
    alone = [friend.address + "/32", friend.address6 + "/128"]
    return [
        {"name": "ssh", "port": 22, "service": "ssh", "only_from": ["10.88.0.0/16", "fd88::/64"]},
        {"name": "web", "port": 80, "service": "nginx", "only_from": "anyone"},
        {"name": "cache", "port": 6379, "process": "redis-server", "clients": alone},
        {"name": "statistics", "port": "8125/udp", "service": "statsd", "only_from": alone},
        {"name": "shop", "port": 8080, "only_from": alone},
    ]


def listens(endpoint: str) -> str:
    """A shell command that succeeds where something listens on this endpoint, with IPv6 as the last of both."""
    protocol, port = endpoint.split("/")
    return "ss -Hln%s6 'sport = %s' | grep -q ." % (protocol[0], port)


class Scene:
    """Such a host.

    :param wall: str, the firewall that is active: firewalld, ufw, nftables or none.
    """

    def __init__(self, server: Host, wall: str):
        self.server, self.wall = server, wall
        opened = [endpoint for endpoint in [*SERVICES, *PUBLISHED, LATE] if endpoint != SHUT]
        ports = ["/".join(reversed(endpoint.split("/"))) for endpoint in opened]
        script = (HERE / "walls/open_ports.sh").read_text(encoding="utf-8")
        server.console("sh", "-eu", "-s", wall, *ports, stdin=script)
        server.console("sh", "-c", "cat > /usr/local/lib/echoes.py",
                       stdin=(HERE / "echoes.py").read_text(encoding="utf-8"))
        server.console("sh", "-eu", stdin=SCENE)
        server.wait_for(" && ".join(map(listens, SERVICES)))
        server.wait_for(FINDS_CONTAINER)

    def late(self) -> None:
        """Something more begins to listen, on LATE."""
        self.server.console("systemd-run", "--quiet", "--unit=late", "python3", "/usr/local/lib/echoes.py", "late",
                            LATE.replace("/", ":"))
        self.server.wait_for(listens(LATE))

    def rules(self) -> str:
        """What a firewall has in the kernel, and what ours has on the disk; without counters and what nft numbers."""
        return self.server.console("sh", "-c", "nft -s list ruleset; ls -lR --time-style=full-iso /etc/listening-ports "
                                   "/run/listening-ports /etc/systemd/system 2>&1; true").out

    def answered(self, client: Host, endpoints: Iterable[str] = (*SERVICES, *PUBLISHED),
                 seconds: str = SECONDS) -> dict[str, set[str]]:
        """To which of these endpoints a client gets the right answer: a dict from ipv4 and ipv6 to set of str.

        What is answered by somebody else fails the test.
        """
        ways = {"ipv4": (client.address, self.server.address), "ipv6": (client.address6, self.server.address6)}
        asked = [(family, endpoint) for family in ways for endpoint in endpoints]
        flows: list[tuple[Any, ...]] = []
        for family, endpoint in asked:
            protocol, port = endpoint.split("/")
            flows.append((protocol, *ways[family], int(port)))
        done = execute([*client.inside(), sys.executable, "-B", HERE / "knocks.py", seconds], stdin=json.dumps(flows))
        answered: dict[str, set[str]] = {family: set() for family in ways}
        for (family, endpoint), answer in zip(asked, json.loads(done.out)):
            if answer is not None:
                assert answer.startswith(expected_answer(endpoint)), (self.server.name, family, endpoint, answer)
                answered[family].add(endpoint)
        return answered

    def reaches(self, client: Host, wanted: set[str]) -> None:
        """Check that a client gets answers from these endpoints, and from no other.

        A machine with much to do loses an answer: what is missing is asked for once more.
        """
        endpoints = {*SERVICES, *PUBLISHED, *wanted}
        answered = self.answered(client, endpoints)
        missing = wanted - answered["ipv4"] & answered["ipv6"]
        if missing:
            for family, names in self.answered(client, missing, PATIENCE).items():
                answered[family] |= names
        wrong = {family: {"silent": sorted(wanted - names), "answers": sorted(names - wanted)}
                 for family, names in answered.items() if names != wanted}
        assert not wrong, "%s asks %s (%s, %s), and what is not as wanted: %s" % (
            client.name, self.server.name, self.server.release, self.wall, wrong)


def expected_answer(endpoint: str) -> str:
    """The beginning of what is answered there."""
    if endpoint == "tcp/22":
        return "SSH-"
    if endpoint in PUBLISHED:
        return "box tcp/" + PUBLISHED[endpoint]
    return "%s %s" % (SERVICES.get(endpoint, "late"), endpoint)
