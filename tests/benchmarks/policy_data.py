# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts with 200 listeners, and the 100 entries that declare them, as facts and variables that Ansible would have."""

import random
from typing import Any

ENTRIES, LISTENERS = 100, 200
SLOTS = LISTENERS - ENTRIES  # listeners beyond one for each entry
OPTIONAL, FORBIDDEN = 10, 10  # of the entries


def entries() -> list[dict[str, Any]]:
    """The declaration: what has to listen, what may, and what must not."""
    declared: list[dict[str, Any]] = []
    for number in range(ENTRIES - OPTIONAL - FORBIDDEN):
        service = "service-%d" % number
        entry: dict[str, Any] = {"name": service, "port": 2000 + number, "service": service}
        if number % 4 == 1:
            entry["user"] = service
        if number % 4 == 2:
            entry["bind"] = "private"
        if number % 4 == 3:
            entry = dict(entry, bind=["loopback", "private"], process=["%s-*" % service, service])
        if number % 10 == 5:
            entry["protocol"] = "udp"
        declared.append(entry)
    declared += [{"name": "range %d" % number, "ports": "%d-%d" % (10000 + 100 * number, 10099 + 100 * number),
                  "state": "optional", "process": "worker-%d" % number} for number in range(OPTIONAL)]
    declared += [{"name": "no %d" % port, "port": port, "protocol": "tcp", "state": "forbidden", "severity": "critical"}
                 for port in range(23, 23 + FORBIDDEN)]
    return declared


def facts(seed: int) -> dict[str, Any]:
    """The facts of a host; one in ten has something that is not as declared, unless the seed is negative."""
    chance = random.Random(seed)
    address = "10.%d.%d.%d" % (seed >> 16 & 255, seed >> 8 & 255, seed & 255)
    listeners = []
    for number in range(ENTRIES - OPTIONAL - FORBIDDEN):
        bound = {0: "0.0.0.0", 1: "::", 2: address, 3: address}[number % 4]
        name = "service-%d" % number
        listeners.append(_listener("udp" if number % 10 == 5 else "tcp", bound, 2000 + number, name, name,
                                   name + ".service", 1000 + number))
        if number % 4 in (0, 3):
            listeners.append(_listener(listeners[-1]["protocol"], {0: "::", 3: "127.0.0.1"}[number % 4], 2000 + number,
                                       name, name, name + ".service",
                                       1000 + number))
    rest = LISTENERS - len(listeners)
    for number in range(rest):
        range_of = number % OPTIONAL
        listeners.append(_listener("tcp", "0.0.0.0", 10000 + 100 * range_of + number // OPTIONAL,
                                   "worker-%d" % range_of, "worker", None, 30000 + number))
    if seed >= 0 and not seed % 10:
        wrong = chance.choice(listeners)
        wrong["owners"][0].update(process="nc", unit=None)
        wrong["service"] = None
        del listeners[chance.randrange(ENTRIES // 2)]
        listeners.append(_listener("tcp", "0.0.0.0", 4444, "nc", "nobody", None, 666))
    return {
        "schema": 1, "gathered_at": "2026-11-20T10:00:00Z", "collector": "netlink",
        "complete": {"sockets": True, "binding": True, "owners": True, "units": True, "namespaces": None,
                     "connections": None, "resources": None},
        "gaps": [],
        "system": {"local_addresses": [address + "/16", "127.0.0.1/8"], "ephemeral_ports": [32768, 60999],
                   "reserved_ports": [],
                   "unprivileged_port_start": 1024},
        "listeners": listeners,
    }


def _listener(protocol: str, address: str, port: int, process: str, user: str, unit: str | None,
              pid: int) -> dict[str, Any]:
    ipv6 = ":" in address
    return {
        "id": "%s/%s:%d" % (protocol, "[%s]" % address if ipv6 else address, port), "protocol": protocol,
        "family": "ipv6" if ipv6 else "ipv4",
        "address": address, "port": port, "interface": None, "accepts_ipv4": not ipv6, "accepts_ipv6": ipv6,
        "scope": "loopback" if address == "127.0.0.1" else "any" if address in ("0.0.0.0", "::") else "private",
        "port_name": None,
        "ephemeral": False, "backlog": {"pending": 0, "limit": 128} if protocol == "tcp" else None, "namespace": None,
        "service": unit,
        "activated_by": None, "held_by": "processes", "socket_uid": 1000,
        "owners": [{"pid": pid, "process": process, "exe": "/usr/bin/" + process, "exe_deleted": False, "user": user,
                    "uid": 1000,
                    "started": "2026-11-19T08:00:00Z", "unit": unit, "main": True if unit else None,
                    "container": None}],
        "owners_total": 1,
    }
