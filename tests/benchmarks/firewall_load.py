# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Firewalls of different sizes as snapshots, and listeners behind them. Nothing of a real host is looked at."""

import random

ADDRESS, NODES = "192.0.2.10", "10.244.0.0/16"
FIRST_NODE_PORT = 30000
_TABLE = {"family": "inet", "table": "filter"}


def net(forwarding=False):
    """The addresses and routes of a host with one interface; one that forwards has containers behind a second one."""
    addresses = {"lo": ["127.0.0.1/8", "::1/128"], "eth0": [ADDRESS + "/24", "2001:db8::10/64"]}
    routes = [
        ("eth0", "192.0.2.0/24", None),
        ("eth0", "0.0.0.0/0", "192.0.2.1"),
        ("eth0", "2001:db8::/64", None),
        ("eth0", "::/0", "2001:db8::1"),
    ]
    if forwarding:
        addresses["cni0"] = ["10.244.0.1/16"]
        routes.append(("cni0", NODES, None))
    result = {
        "addresses": addresses,
        "primary": {name: texts[0].partition("/")[0] for name, texts in addresses.items()},
        "route_localnet": [],
        "rp_filter": dict.fromkeys(set(addresses) - {"lo"}, 0),
        "forwarding": {"ipv4": forwarding, "ipv6": False},
        "rules": False,
        "sources": {},
        "routes": [
            {"family": 6 if ":" in to else 4, "to": to, "interface": name, "via": via, "type": "unicast"}
            for name, to, via in routes
        ],
    }
    for name, to, via in routes:
        result["sources"].setdefault(name, []).append([to, via is not None])
    return result


def snapshot(objects=None, saves=None, forwarding=False):
    """A snapshot with what nft -j prints, or what iptables-save does."""
    tables = sorted({(each["table"]["family"], each["table"]["name"]) for each in objects or () if "table" in each})
    return {
        "nft": {"nftables": [{"metainfo": {"json_schema_version": 1}}, *objects]} if objects else None,
        "saves": saves or {},
        "ipset": None,
        "tables": [list(each) for each in tables],
        "tools": {"firewalld": "absent", "ufw": "absent"},
        "net": net(forwarding),
        "errors": [],
    }


def _payload(protocol, field):
    return {"payload": {"protocol": protocol, "field": field}}


def _match(left, right, operator="=="):
    return {"match": {"op": operator, "left": left, "right": right}}


def rules(count, elements=0):
    """A snapshot with so many rules of usual kinds, most about a port and half about clients.

    With ``elements``, a block list has so many addresses.

    The ports are those of the rules' listeners, see ``listeners``.
    """
    chance = random.Random(count)
    first = [[_match({"meta": {"key": "iifname"}}, "lo"), {"accept": None}],
             [_match({"ct": {"key": "state"}}, ["established", "related"], "in"), {"accept": None}]]
    objects = [{"table": {"family": "inet", "name": "filter", "handle": 1}},
               {"chain": dict(_TABLE, name="input", handle=1, type="filter", hook="input", prio=0, policy="drop")}]
    if elements:
        objects.append(
            {
                "set": dict(
                    _TABLE,
                    name="blocked",
                    handle=2,
                    type="ipv4_addr",
                    elem=[
                        "%d.%d.%d.%d" % (1 + each % 200, each >> 8 & 255, each & 255, each % 7)
                        for each in range(elements)
                    ],
                )
            }
        )
        first.append([_match(_payload("ip", "saddr"), "@blocked"), {"drop": None}])
    general, special = [], []
    for _rule in range(count - len(first)):
        kind = chance.random()
        if kind >= 0.9:     # one client, whatever it asks for
            address = "%d.%d.%d.%d" % (chance.randrange(1, 220), *chance.choices(range(256), k=3))
            general.append([_match(_payload("ip", "saddr"), address), {"accept" if kind >= 0.99 else "drop": None}])
            continue
        parts = []
        if kind < 0.5:
            parts.append(
                _match(
                    _payload("ip", "saddr"),
                    {"prefix": {"addr": "10.%d.%d.0" % tuple(chance.choices(range(256), k=2)), "len": 24}},
                )
            )
        if kind < 0.05:
            parts.append(_match(_payload("ip", "daddr"), ADDRESS))
        port = chance.randrange(1, 30000)
        parts.append(
            _match(
                _payload(chance.choice(("tcp", "udp")), "dport"),
                port if kind < 0.8 else {"range": [port, port + chance.randrange(1, 20)]},
            )
        )
        special.append(
            [*parts, {"counter": {"packets": 0, "bytes": 0}}, {chance.choice(("accept", "accept", "drop")): None}]
        )
    objects += [
        {"rule": dict(_TABLE, chain="input", handle=10 + number, expr=each)}
        for number, each in enumerate(first + general + special)
    ]
    return snapshot(objects)


def ports(taken):
    """The single ports that rules of a snapshot by ``rules`` name."""
    parts = [part.get("match") for each in taken["nft"]["nftables"] if "rule" in each for part in each["rule"]["expr"]]
    return sorted(
        {
            part["right"]
            for part in parts
            if part and part["left"].get("payload", {}).get("field") == "dport" and isinstance(part["right"], int)
        }
    )


def listeners(count, known):
    """Listeners as records of facts; four of five on ports that rules name.

    :param known: list of int, these ports.
    """
    chance = random.Random(count)
    return [
        record(
            chance.choice(("tcp", "tcp", "udp")),
            chance.choice(("0.0.0.0", "::", ADDRESS, "127.0.0.1")),
            chance.choice(known) if chance.random() < 0.8 else chance.randrange(1, 30000),
        )
        for _listener in range(count)
    ]


def record(protocol, address, port):
    """A listener as a record of facts, as far as a firewall has to do with it."""
    six = ":" in address
    return {
        "id": "%s/%s:%d" % (protocol, "[%s]" % address if six else address, port),
        "protocol": protocol,
        "family": "ipv6" if six else "ipv4",
        "address": address,
        "port": port,
        "interface": None,
        "accepts_ipv4": True,
        "accepts_ipv6": six,
        "namespace": None,
        "owners": [],
        "owners_total": 0,
        "held_by": "unknown",
        "service": None,
        "activated_by": None,
        "socket_uid": None,
        "scope": "loopback" if address == "127.0.0.1" else "any" if address in ("0.0.0.0", "::") else "global",
    }


def _service(number):
    """(address of the service, addresses of its two pods)."""
    return "10.96.%d.%d" % (number // 250, number % 250 + 1), [
        "10.244.%d.%d" % (1 + number // 100, 2 * (number % 100) + each + 2) for each in (0, 1)
    ]


def kube_iptables(services):
    """A snapshot with the chains of kube-proxy in mode iptables: each service has a port on the node, and two pods."""
    chains = ["*nat", *(":%s ACCEPT [0:0]" % each for each in ("PREROUTING", "INPUT", "OUTPUT", "POSTROUTING")),
              *(":KUBE-%s - [0:0]" % each for each in ("SERVICES", "NODEPORTS", "MARK-MASQ"))]
    lines = [
        '-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES',
        "-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000",
    ]
    for number in range(services):
        address, pods = _service(number)
        chains += [":KUBE-%s-%d - [0:0]" % (each, number) for each in ("EXT", "SVC", "SEPA", "SEPB")]
        note = '-m comment --comment "space/service-%d:http cluster IP" -m tcp' % number
        lines += [
            "-A KUBE-SERVICES -d %s/32 -p tcp %s --dport 80 -j KUBE-SVC-%d" % (address, note, number),
            "-A KUBE-NODEPORTS -p tcp %s --dport %d -j KUBE-EXT-%d" % (note, FIRST_NODE_PORT + number, number),
            "-A KUBE-EXT-%d -j KUBE-MARK-MASQ" % number,
            "-A KUBE-EXT-%d -j KUBE-SVC-%d" % (number, number),
            "-A KUBE-SVC-%d ! -s %s -d %s/32 -p tcp %s --dport 80 -j KUBE-MARK-MASQ" % (number, NODES, address, note),
            "-A KUBE-SVC-%d -m statistic --mode random --probability 0.50000000000 -j KUBE-SEPA-%d" % (number, number),
            "-A KUBE-SVC-%d -j KUBE-SEPB-%d" % (number, number),
        ]
        for each, pod in zip("AB", pods):
            lines += ["-A KUBE-SEP%s-%d -s %s/32 -j KUBE-MARK-MASQ" % (each, number, pod),
                      "-A KUBE-SEP%s-%d -p tcp -m tcp -j DNAT --to-destination %s:8080" % (each, number, pod)]
    lines.append("-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS")
    return snapshot(saves={"ip/legacy": "\n".join([*chains, *lines, "COMMIT", ""])}, forwarding=True)


def kube_nftables(services):
    """The same in the mode nftables of kube-proxy, with verdict maps."""
    table = {"family": "ip", "table": "kube-proxy"}
    head = [
        {"table": {"family": "ip", "name": "kube-proxy", "handle": 1}},
        {
            "chain": dict(
                table, name="nat-prerouting", handle=2, type="nat", hook="prerouting", prio=-100, policy="accept"
            )
        },
    ]
    chains, rules = [{"chain": dict(table, name="services", handle=3)}], []
    by_address, by_port = [], []

    def add(chain, *expressions):
        rules.append({"rule": dict(table, chain=chain, handle=100000 + len(rules), expr=list(expressions))})

    mark, tcp = {"meta": {"key": "mark"}}, _match({"meta": {"key": "l4proto"}}, "tcp")
    protocol = {"meta": {"key": "l4proto"}}
    for number in range(services):
        address, pods = _service(number)
        names = ["external-%d" % number, "service-%d" % number, "endpoint-%da" % number, "endpoint-%db" % number]
        chains += [{"chain": dict(table, name=each, handle=10 + 4 * number)} for each in names]
        by_address.append([{"concat": [address, "tcp", 80]}, {"goto": {"target": names[1]}}])
        by_port.append([{"concat": ["tcp", FIRST_NODE_PORT + number]}, {"goto": {"target": names[0]}}])
        add(names[0], {"mangle": {"key": mark, "value": {"|": [mark, 0x4000]}}}, {"goto": {"target": names[1]}})
        add(names[1], {"vmap": {"key": {"numgen": {"mode": "random", "mod": 2, "offset": 0}},
                                "data": {"set": [[each, {"goto": {"target": names[2 + each]}}] for each in (0, 1)]}}})
        for each, pod in zip(names[2:], pods):
            add(each, tcp, {"dnat": {"addr": pod, "port": 8080}})
    add(
        "services",
        {
            "vmap": {
                "key": {"concat": [_payload("ip", "daddr"), protocol, _payload("th", "dport")]},
                "data": "@service-ips",
            }
        },
    )
    add("services", _match({"fib": {"result": "type", "flags": "daddr"}}, "local"),
        {"vmap": {"key": {"concat": [protocol, _payload("th", "dport")]}, "data": "@service-nodeports"}})
    add("nat-prerouting", {"jump": {"target": "services"}})
    maps = [
        {"map": dict(table, name=name, handle=4, type=kinds, map="verdict", elem=elements)}
        for name, kinds, elements in (
            ("service-ips", ["ipv4_addr", "inet_proto", "inet_service"], by_address),
            ("service-nodeports", ["inet_proto", "inet_service"], by_port),
        )
    ]
    return snapshot([*head, *chains, *maps, *rules], forwarding=True)
