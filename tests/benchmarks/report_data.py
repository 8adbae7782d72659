# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Records of a fleet that is made up: what its hosts listen on is drawn, how they are judged is not."""

import datetime
import random
from typing import Any, Iterator, Mapping

LISTENERS = 60
RUN, CORE, WHEN = "simulated", "2.21.0", "2026-11-20T10:00:00Z"
NOW = datetime.datetime(2026, 11, 20, 10, tzinfo=datetime.timezone.utc)
OUR_ADDRESS = "its own"

# What listens: protocol, address, port, process, its user, its unit, who reaches it
Service = tuple[str, str, int, str, str, str | None, str]
ON_ALL: tuple[Service, ...] = (
    ("tcp", "0.0.0.0", 22, "sshd", "root", "ssh.service", "private"),
    ("tcp", "::", 22, "sshd", "root", "ssh.service", "private"),
    ("tcp", "::", 9100, "node_exporter", "prometheus", "node-exporter.service", "private"),
    ("tcp", "127.0.0.53", 53, "systemd-resolve", "systemd-resolve", "systemd-resolved.service", "local"),
    ("udp", "127.0.0.53", 53, "systemd-resolve", "systemd-resolve", "systemd-resolved.service", "local"),
    ("udp", "127.0.0.1", 323, "chronyd", "_chrony", "chrony.service", "local"),
    ("udp", "::1", 323, "chronyd", "_chrony", "chrony.service", "local"),
    ("tcp", "127.0.0.1", 25, "master", "root", "postfix.service", "local"),
    ("udp", "0.0.0.0", 68, "systemd-network", "systemd-network", "systemd-networkd.service", "private"),
)
OF_GROUPS: Mapping[str, tuple[Service, ...]] = {
    "web": (
        ("tcp", "0.0.0.0", 80, "nginx", "root", "nginx.service", "anyone"),
        ("tcp", "::", 80, "nginx", "root", "nginx.service", "anyone"),
        ("tcp", "0.0.0.0", 443, "nginx", "root", "nginx.service", "anyone"),
        ("tcp", "::", 443, "nginx", "root", "nginx.service", "anyone"),
        ("tcp", "127.0.0.1", 9000, "php-fpm8.4", "www-data", "php8.4-fpm.service", "local"),
    ),
    "app": (("tcp", OUR_ADDRESS, 8443, "envoy", "envoy", "envoy.service", "listed"),),
    "db": (
        ("tcp", OUR_ADDRESS, 5432, "postgres", "postgres", "postgresql@17-main.service", "private"),
        ("tcp", "127.0.0.1", 5432, "postgres", "postgres", "postgresql@17-main.service", "local"),
        ("tcp", "0.0.0.0", 6432, "pgbouncer", "postgres", "pgbouncer.service", "private"),
    ),
    "cache": (
        ("tcp", OUR_ADDRESS, 6379, "redis-server", "redis", "redis-server.service", "private"),
        ("tcp", OUR_ADDRESS, 26379, "redis-sentinel", "redis", "redis-sentinel.service", "private"),
    ),
    "mail": tuple(("tcp", address, port, "master", "root", "postfix.service", "anyone")
                  for port in (465, 587) for address in ("0.0.0.0", "::")),
    "dns": tuple((protocol, address, 53, "named", "bind", "named.service", "anyone")
                 for protocol in ("tcp", "udp") for address in ("0.0.0.0", "::")),
}
WEIGHTS = {"web": 30, "app": 30, "db": 15, "cache": 12, "mail": 8, "dns": 5}
# Where the applications of a group begin: the same ports on all of its hosts
FIRST_PORT = {"web": 3000, "app": 8100, "db": 9180, "cache": 9121, "mail": 11332, "dns": 8053}
APPLICATIONS = ("orders", "billing", "search", "cart", "mailer", "auth", "gateway", "stock", "prices", "media")
PORT_NAMES = {22: "ssh", 53: "domain", 80: "http", 443: "https"}
OF_ITS_OWN = 4                  # listeners of a host that no other one has so
POPULAR = range(2000, 2400)     # ports of which hosts that are not alike have some, each other ones

ENTRIES: list[dict[str, Any]] = [
    {"name": "ssh", "port": 22, "service": "ssh"},
    {"name": "metrics", "port": 9100, "service": "node-exporter", "only_from": ["private"]},
    {"name": "resolver", "ports": ["53/tcp", "53/udp"], "service": "systemd-resolved", "bind": "loopback",
     "state": "optional"},
    {"name": "time", "port": "323/udp", "service": "chrony", "bind": "loopback"},
    {"name": "local mail", "port": 25, "service": "postfix", "bind": "loopback"},
    {"name": "avahi", "ports": "32768-60999/udp", "process": "avahi-daemon", "state": "optional"},
    {"name": "no telnet", "port": 23, "state": "forbidden", "severity": "critical"},
]
ENTRIES_OF: Mapping[str, list[dict[str, Any]]] = {
    "web": [{"name": "https", "ports": [80, 443], "service": "nginx"},
            {"name": "php", "port": 9000, "service": "php*-fpm", "bind": "loopback"}],
    "app": [{"name": "envoy", "port": 8443, "service": "envoy", "only_from": ["192.0.2.0/24", "198.51.100.7/32"]}],
    "db": [{"name": "postgres", "port": 5432, "service": "postgresql@*", "only_from": ["private"]},
           {"name": "pool", "port": 6432, "service": "pgbouncer"}],
    "cache": [{"name": "redis", "ports": [6379, 26379], "user": "redis"}],
    "mail": [{"name": "mail", "ports": [465, 587], "service": "postfix"}],
    "dns": [{"name": "dns", "ports": ["53/tcp", "53/udp"], "service": "named", "bind": "any"}],
}
ALLOWED = {"anyone": {"ipv4": ["0.0.0.0/0"], "ipv6": ["::/0"]}, "private": {"ipv4": ["10.0.0.0/8"], "ipv6": []},
           "listed": {"ipv4": ["192.0.2.0/24", "198.51.100.7/32"], "ipv6": []}}
VERDICTS = {"anyone": "allowed", "private": "partly", "listed": "partly", "local": "allowed", "none": "blocked",
            "unknown": "unknown"}


def groups(hosts: int) -> dict[str, list[str]]:
    """The inventory: which hosts are in which group."""
    members: dict[str, list[str]] = {group: [] for group in OF_GROUPS}
    for number in range(hosts):
        group = _group(number)
        members[group].append(_name(number, group))
    return members


def records_of(hosts: int, alike: bool = True, entries: int = 0) -> Iterator[Any]:
    """The records of so many hosts, ready to be written.

    ``alike`` is whether hosts of a group have the same applications; ``entries`` is how many are declared beside those
    that anything listens for.
    """
    from ansible_collections.listening.ports.plugins.plugin_utils._facts import records
    from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import fleet, judge

    policies = {group: _policy(group, entries) for group in OF_GROUPS}
    for number in range(hosts):
        chance = random.Random("host %d" % number)
        group = _group(number)
        if chance.random() < 0.004:
            yield records.record(_name(number, group), RUN, CORE, "unreachable", "Failed to connect to the host via "
                                 "ssh: No route to host", declared=True, recorded_at=WHEN)
            continue
        observed: Any = facts(number, group, chance, alike)
        judged = fleet.judgement(policies[group], judge.judge(observed, policies[group], NOW))
        yield records.record(_name(number, group), RUN, CORE, "ok", None, observed, True, judged, WHEN)


def facts(number: int, group: str, chance: random.Random, alike: bool) -> dict[str, Any]:
    """The facts of a host; one in fifteen has something that is not as declared, or could not be seen."""
    own = "10.%d.%d.%d" % (number >> 16 & 255, number >> 8 & 255, number & 255)
    services: list[Service] = [*ON_ALL, *OF_GROUPS[group]]
    if alike:
        first = FIRST_PORT[group]
        for port in range(first, first + LISTENERS - OF_ITS_OWN - len(services)):
            name = APPLICATIONS[port % len(APPLICATIONS)]
            address, reached = ((OUR_ADDRESS, "private") if port % 3 else ("127.0.0.1", "local"))
            services.append(("tcp", address, port, name, name, name + ".service", reached))
        for place, port in enumerate(chance.sample(range(33000, 60000), OF_ITS_OWN)):
            services.append(("tcp", "127.0.0.1", port, "node", "deploy", None, "local") if place == 0 else (
                "udp", "0.0.0.0", port, "avahi-daemon", "avahi", "avahi-daemon.service", "private"))
    else:
        for port in chance.sample(POPULAR, LISTENERS - len(services)):
            name = chance.choice(APPLICATIONS)
            reached = chance.choice(("local", "private", "anyone"))
            address = "127.0.0.1" if reached == "local" else "0.0.0.0"
            services.append(("tcp", address, port, name, name, name + ".service", reached))
    listeners = [_listener(service, own, 600 + place * 7 + number % 1000) for place, service in enumerate(services)]
    gaps: list[dict[str, Any]] = []
    bad = chance.random()
    if bad < 0.02:
        listeners[-1] = _listener(("tcp", "0.0.0.0", 4444, "nc", "nobody", None, "anyone"), own, 31337, deleted=True)
    elif bad < 0.04:
        listeners[-1] = _listener(("tcp", "0.0.0.0", 8081, "java", "deploy", None, "anyone"), own, 4711)
    elif bad < 0.045:
        listeners[2] = _listener(("tcp", "::", 9100, "python3", "root", None, "anyone"), own, 99)
    elif bad < 0.05:
        listeners = listeners[2:]
    elif bad < 0.055:
        listeners[-1] = _listener(("tcp", "0.0.0.0", 23, "inetd", "root", "inetd.service", "unknown"), own, 23)
    elif bad < 0.065:
        gaps.append({"aspect": "owners", "code": "owners_hidden", "count": 12, "hint": "become",
                     "message": "the owners of 12 listeners are hidden"})
        for hidden in listeners[5:17]:
            hidden.update(owners=[], owners_total=0, held_by="unknown", service=None)
    return {
        "schema": 1, "gathered_at": WHEN, "collector": "netlink",
        "complete": {"sockets": True, "binding": True, "owners": not gaps, "units": True, "firewall": True,
                     "namespaces": None, "connections": None, "resources": None},
        "gaps": gaps,
        "system": {"local_addresses": [own + "/16", "127.0.0.1/8", "::1/128"], "ephemeral_ports": [32768, 60999],
                   "reserved_ports": [], "unprivileged_port_start": 1024},
        "listeners": listeners, "forwarded": [], "openings": [],
        "firewall": {"backends": ["nftables"], "default": "drop", "rules": 12,
                     "sources": {"ipv4": ["0.0.0.0/0"], "ipv6": ["::/0"]}},
    }


def _group(number: int) -> str:
    return random.Random("group %d" % number).choices(tuple(WEIGHTS), tuple(WEIGHTS.values()))[0]


def _name(number: int, group: str) -> str:
    return "%s-%05d.%s.example.net" % (group, number, ("fra", "ams", "iad")[number % 3])


def _policy(group: str, more: int) -> Any:
    from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration import merge
    from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration.policy import Policy

    first = FIRST_PORT[group]
    declared = {
        "expected_listeners": ENTRIES,
        "expected_listeners_" + group: [
            *ENTRIES_OF[group],
            {"name": "applications", "ports": "%d-%d" % (first, first + LISTENERS), "state": "optional",
             "exe": "/opt/*"},
            {"name": "popular", "ports": "%d-%d" % (POPULAR[0], POPULAR[-1]), "state": "optional", "exe": "/opt/*"},
        ],
        "expected_listeners_more": [{"name": "more %d" % number, "port": 12000 + number, "state": "optional",
                                     "service": "more-%d" % number} for number in range(more)],
    }
    return Policy.of(merge.collect(declared, lambda value: value, ()))


def _listener(service: Service, own: str, pid: int, deleted: bool = False) -> dict[str, Any]:
    protocol, address, port, process, user, unit, reached = service
    address = own if address == OUR_ADDRESS else address
    ipv6 = ":" in address
    family = "ipv6" if ipv6 else "ipv4"
    scope = "loopback" if address.startswith("127.") or address == "::1" else "private" if address == own else "any"
    exe = "/opt/%s/bin/run" % process if process in APPLICATIONS else "/usr/sbin/" + process
    return {
        "id": "%s/%s:%d" % (protocol, "[%s]" % address if ipv6 else address, port), "protocol": protocol,
        "family": family, "address": address, "port": port, "interface": None, "accepts_ipv4": not ipv6 or port == 9100,
        "accepts_ipv6": ipv6, "scope": scope, "port_name": PORT_NAMES.get(port),
        "ephemeral": protocol == "udp" and port > 32767,
        "backlog": {"pending": 0, "limit": 128} if protocol == "tcp" else None, "namespace": None, "service": unit,
        "activated_by": None, "held_by": "processes", "socket_uid": 0,
        "owners": [{"pid": pid, "process": process, "exe": "/tmp/.x/nc" if deleted else exe, "exe_deleted": deleted,
                    "user": user, "uid": 0, "started": "2026-11-19T08:00:00Z", "unit": unit,
                    "main": True if unit else None, "container": None}],
        "owners_total": 1,
        "exposure": _exposure(reached, family, scope, "ip saddr 10.0.0.0/8" if port > 32767 else "tcp dport %d" % port),
    }


def _exposure(reached: str, family: str, scope: str, rule: str) -> dict[str, Any]:
    if scope == "loopback":
        decision: dict[str, Any] = {"verdict": "allowed", "allowed": [], "undecided": [], "decided_by": None,
                                    "blocked_by": None, "caveats": []}
        return {**decision, "level": "local", "paths": []}
    undecided = [{"sources": ["0.0.0.0/0"], "reason": "a match of xt that is not known: geoip"}]
    decision = {
        "verdict": VERDICTS[reached], "allowed": ALLOWED.get(reached, {}).get(family, []),
        "undecided": undecided if reached == "unknown" else [],
        "decided_by": "nftables inet filter input handle %d: %s accept" % (len(rule), rule),
        "blocked_by": None if reached == "anyone" else "policy drop of chain inet filter input", "caveats": [],
    }
    path = {**decision, "interfaces": ["eth0"], "family": family, "addresses": None}
    return {**decision, "level": reached, "paths": [path]}
