# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who comes to real hosts, over several runs: what is declared from that, and the firewall that follows."""

import contextlib
import json
import re

import yaml

from support.host import execute

# Answers until the other side has closed
SERVICE = """
import socket, sys, threading
def serve(connection):
    while connection.recv(100): pass
    connection.close()
server = socket.create_server(('', int(sys.argv[1])), family=socket.AF_INET6, dualstack_ipv6=True)
while True: threading.Thread(target=serve, args=server.accept()[:1], daemon=True).start()
"""
# Connects from addresses to others, as SOURCE>ADDRESS>PORT, and stays
VISIT = """
import socket, sys, time
ends = [words.split('>') for words in sys.argv[1:]]
kept = [socket.create_connection((address, int(port)), 10, (source, 0)) for source, address, port in ends]
open('/run/visiting', 'w').close()
time.sleep(1000)
"""
SERVICES = {"application": 8081, "exporter": 8082, "standby": 8083, "proxied": 8084}
LOOK = ("-e", '{"audit_gather": ["owners", "firewall", "connections"], "audit_fail": false}')
PROPOSE = ("-e", "baseline_clients=observed", "-e", "baseline_clients_runs=3", "-e", "baseline_clients_days=1",
           "-e", "baseline_records=listening-ports-audit")
ROLE = """\
- hosts: all
  gather_facts: false
  become: true
  roles:
    - role: listening.ports.firewall
"""
DECLARED = "group_vars/all/listeners.yml"


@contextlib.contextmanager
def visits(*pairs):
    """Hosts and whom they visit, for as long as this lasts."""
    for host, ends in pairs:
        host.console("rm", "-f", "/run/visiting")
        host.console("systemd-run", "--quiet", "--collect", "--unit=visit", "python3", "-c", VISIT, *ends)
    for host, _ends in pairs:
        host.wait_for("test -e /run/visiting")
    try:
        yield
    finally:
        for host, _ends in pairs:
            host.console("systemctl", "stop", "visit.service")


def test_those_who_came_are_let_in_and_nobody_else(hosts, player, probe):
    *servers, near, far = hosts(4)
    for server in servers:
        for name, port in SERVICES.items():
            server.console("systemd-run", "--quiet", "--unit=" + name, "python3", "-c", SERVICE, str(port))
        server.wait_for("ss -Hltn 'sport = 8084' | grep -q .")
    crowd = ["10.88.66.%d" % number for number in range(1, 11)]
    near.console("sh", "-c", "".join("ip address add %s/16 dev host0;" % address for address in crowd + ["10.88.77.1"]))
    first, second = servers
    controller = re.search(r" src (\S+)", execute(["ip", "route", "get", first.address]).out)[1]

    # three looks, at each of which somebody else comes
    def to(source, server, port):
        address = server.address6 if ":" in source else server.address
        return "%s>%s>%d" % (source, address, port)

    with visits((near, [to(near.address, first, 8081)]), (far, [to(far.address, first, 8082)]),
                (first, ["127.0.0.1>127.0.0.1>8084"])):
        player.play(servers, "listening.ports.audit", *LOOK)
    with visits((near, [to(address, second, 8082) for address in crowd]), (far, [to(far.address6, second, 8081)])):
        player.play(servers, "listening.ports.audit", *LOOK)
    early = player.play(servers, "listening.ports.baseline", *PROPOSE, "--check", "--diff").out
    assert early.count("looked for clients in 2 runs on 1 day so far, of 3 and 1 that are asked for") > 2
    assert not (player.folder / DECLARED).exists() and "only_from: [\"" not in early
    with visits((near, [to("10.88.77.1", second, 8081), to(near.address, first, 8081)])):
        player.play(servers, "listening.ports.audit", *LOOK)
    kept = json.loads((player.folder / "listening-ports-audit/clients" / (first.name + ".json")).read_text())
    assert kept["listeners"]["tcp/[::]:8081"]["ipv4"][near.address + "/32"]["runs"] == 2

    # proposed are exactly these
    done = player.play(servers, "listening.ports.baseline", *PROPOSE)
    text = (player.folder / DECLARED).read_text(encoding="utf-8")
    print(text)
    entries = {entry["name"]: set(entry.get("only_from", ())) for entry in yaml.safe_load(text)["expected_listeners"]}
    wanted = {
        "ssh": {controller}, "application": {near.address, "10.88.77.1", far.address6},
        "exporter": {far.address, "10.88.66.0/24"}, "standby": set(), "proxied": set()}
    assert {name: entries[name] for name in wanted} == wanted
    assert "entries are limited to who came." in done.out
    for name, reason in (("standby", "nobody came"), ("proxied", "nobody came but the host itself")):
        assert re.search(r"  # not limited to who came: %s\n  - \{name: %s, " % (reason, name), text), text
    assert text.count("cuts off everybody else\n") == 3

    # an audit finds these, and nothing more
    found = findings(player, servers, code=2)
    assert {(kind, listener.rpartition(":")[2]) for kind, listener in found} == {
        ("overexposed", port) for port in ("22", "8081", "8082")}

    # and a firewall cuts off nobody who came
    player.play(servers, ROLE)
    for source, server, port in [
            (near.address, first, 8081), ("10.88.77.1", second, 8081), (far.address6, second, 8081),
            (far.address, first, 8082), *((address, second, 8082) for address in crowd[:3])]:
        for target in (server, *[other for other in servers if other is not server]):
            client = far if source in (far.address, far.address6) else near
            family = "ipv6" if ":" in source else "ipv4"
            assert probe(client, target, port, family=family, source_address=source) == "open", (source, port)
    for source, port in ((far.address, 8081), (near.address, 8082), (far.address, 22), (near.address, 22)):
        client = far if source == far.address else near
        assert probe(client, first, port, source_address=source) == "closed", (source, port)
    for port in (8083, 8084):
        assert probe(far, first, port) == "open"
    assert findings(player, servers) == set()


def findings(player, servers, code=0):
    """What an audit finds that fails: kinds and listeners."""
    done = player.play(servers, "listening.ports.audit", check=False)
    assert done.code == code, done
    report = json.loads((player.folder / "listening-ports-audit/report.json").read_text(encoding="utf-8"))
    return {(found["kind"], found["listener"]) for host in report["hosts"]
            for found in host["judgement"]["findings"] if found["fails"]}
