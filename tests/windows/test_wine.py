# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Microsoft's Windows build of PowerShell runs the modules below Wine: what they find is what the machine has, and what
Wine refuses is a gap with its number, never nothing.

Wine 8 tells no owner of TCP sockets over IPv6, and of no socket when it was bound.
"""

import ipaddress
import json
import os
import signal
import subprocess
import time

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._facts import firewall
from ansible_collections.listening.ports.plugins.plugin_utils._facts.unpack import unpack
from stage import planted
from stage.hosts import Powershell
from stage.wine import HERE
from support.host import execute
from support.player import Player, play, told
from test_replayed import task

APP = ("tcp/0.0.0.0:8080", "tcp/[::]:8081", "udp/0.0.0.0:8082", "udp/[::]:8082")
OF_BOTH = "tcp/*:8086"           # one socket for both families
STRAY = "tcp/127.0.0.1:8083"
ANSWERS = ("tcp/0.0.0.0:8084", "udp/0.0.0.0:8084")
EVERYTHING = ["owners", "firewall", "connections", "resources", "command"]
BY_NOBODY = ("tcp/[::]:8081", "tcp/[::]:8086")
ACCOUNT = "WINDOWS-BELOW-W\\root"           # a name of NetBIOS has 15 letters
SID = "S-1-5-21-0-0-0-1000"
RUNS, STOPPED = 4, 1                        # dwCurrentState
TAKEN, NEVER_STARTED = 10048, 1077          # WSAEADDRINUSE, ERROR_SERVICE_NEVER_STARTED
# source: number, text. What Wine refuses, each in its own way: a netsh that says nothing, no endpoint map, no view of
# the firewall, no table of interfaces, no log.
REFUSED = {
    "dynamic.tcp4": (13, "netsh"), "dynamic.tcp6": (13, "netsh"), "dynamic.udp4": (13, "netsh"),
    "dynamic.udp6": (13, "netsh"),
    "excluded.tcp4": (13, "netsh"), "excluded.tcp6": (13, "netsh"), "excluded.udp4": (13, "netsh"),
    "excluded.udp6": (13, "netsh"), "http": (13, "netsh"),
    "rpc": (1702, "RpcMgmtEpEltInqBegin"), "models": (50, "GetIpInterfaceTable"),
    "firewall.effective": (0x80004001, "NotImplementedException"), "firewall.products": (0x80040154, "COMException"),
    "firewall.providers": (1764, "FwpmEngineOpen0"), "events": (50, "EvtQuery"),
}
ENTRIES = [
    {"name": "app", "protocol": "tcp", "port": 8080, "process": "APP", "user": ACCOUNT.lower()},
    {"name": "app over IPv6", "protocol": "tcp", "port": [8081, 8086]},
    {"name": "app over UDP", "protocol": "udp", "port": 8082, "process": "app.exe"},
    {"name": "answers", "port": 8084, "service": "answers", "process": "service"},
    {"name": "answers over UDP", "protocol": "udp", "port": 8084, "service": "ANSWERS"},
    {"name": "stray", "port": 8083, "bind": "loopback", "process": "stray"},
]
RIVAL = {"name": "rival", "port": 8085, "service": "Rival"}


class Scene:
    """What was started, and what the modules said of it by then.

    :ivar pids: of the programs, on the host
    :ivar raw: all that the module sends, and ``facts`` what is made of that
    :ivar said: what the actions returned
    """

    def __init__(self, windows, player):
        self._windows, self._player = windows, player
        self.host = Powershell("win-1", windows.powershell)
        self.pids = {program: windows.listen(program, *endpoints)
                     for program, endpoints in (("app.exe", (*APP, OF_BOTH)), ("stray.exe", (STRAY,)))}
        for name, program in (("Answers", "service.exe"), ("Rival", "rival.exe")):
            windows.add_service(name, program, 8084)
        windows.run("Start-Service Answers\ntry { Start-Service Rival } catch { }")
        packed, self.said = self.look(
            {"gather": EVERYTHING, "diagnose": ["Answers", "Rival"], "plan": True},
            task("listener_facts", "facts", gather=EVERYTHING),
            task("assert_listeners", "fits", expected=ENTRIES),
            task("assert_listeners", "more", expected=[*ENTRIES[:-1], RIVAL], diagnose=True))
        _facts, _snapshot, self.raw = unpack(packed)
        self.facts = firewall.judge(unpack(packed))

    def look(self, options, *tasks):
        """What the module sends, and what other tasks return."""
        raw = {"listening.ports.win_collect_listeners": options, "register": "raw"}
        self._player.play([self.host], play(raw, *tasks, listener_default_unexpected="fail"))
        said = told(self._player, self.host)
        return said["raw"]["packed"], said

    def listener(self, name):
        """A listener by its id."""
        return next(entry for entry in self.facts["listeners"] if entry["id"] == name)

    def service(self, name):
        """A row of the services."""
        return next(row for row in self.raw["services"] if row.name == name)

    def path(self, program):
        """The path of a program on the host."""
        return self._windows.path(self._windows.program(program))


@pytest.fixture(scope="module")
def scene(windows, tmp_path_factory, environment):
    return Scene(windows, Player(tmp_path_factory.mktemp("scene"), environment))


@pytest.fixture(scope="module")
def later(scene, windows):
    """What the module sends, and the facts, once rules of a firewall are planted and another service has the port."""
    windows.set_registry(planted.registry(scene.path("app.exe")))
    windows.run("Stop-Service Answers\nStart-Service Rival")
    packed, _said = scene.look({"gather": ["owners", "firewall"]})
    return unpack(packed).raw, firewall.judge(unpack(packed))


# Sockets


def listed_by_ss():
    """What listens by ss, as (protocol, IP version, address, port)."""
    found = set()
    for line in execute(["ss", "-tulnH"]).out.splitlines():
        protocol, _state, _received, _sent, local, *_rest = line.split()
        address, _colon, port = local.rpartition(":")
        address = ipaddress.ip_address(address.strip("[]").replace("*", "::"))
        found.add((protocol, address.version, address, int(port)))
    return found


def test_the_tables_of_sockets_are_those_of_the_machine(scene):
    rows = [(name[:3], int(name[3]), row) for name in ("tcp4", "tcp6", "udp4", "udp6") for row in scene.raw[name]]
    found = [(protocol, version, ipaddress.ip_address(bytes.fromhex(row.address)), row.port)
             for protocol, version, row in rows]
    assert len(found) == len(set(found)) and set(found) == listed_by_ss()
    assert {entry["id"] for entry in scene.facts["listeners"]} == {*APP, *BY_NOBODY, STRAY, *ANSWERS}
    assert scene.facts["complete"]["sockets"] is True
    # on Windows it would have a row in the other table, too
    assert [protocol + str(version) for protocol, version, row in rows if row.port == 8086] == ["tcp6"]
    connected = {(row.table, row.address, row.port): row.number for row in scene.raw["connections"] if row.state == 2}
    assert connected == {("%s%d" % (protocol, version), row.address, row.port): 1
                         for protocol, version, row in rows if protocol == "tcp"}


def test_a_function_that_wine_lacks_costs_a_column_and_no_row(scene):
    """GetOwnerModuleFromTcpEntry and its three siblings."""
    for name in ("tcp4", "tcp6", "udp4", "udp6"):
        assert {(row.module, row.path, row.code) for row in scene.raw[name]} == {(None, None, 127)}, name


@pytest.mark.parametrize("ids, program, service", [
    ([name for name in APP if name not in BY_NOBODY], "app.exe", None), ([STRAY], "stray.exe", None),
    (ANSWERS, "service.exe", "Answers")], ids=["a program", "one that nobody declared", "a service"])
def test_owners(scene, ids, program, service):
    pid = scene.service(service).pid if service else scene.pids[program]
    for name in ids:
        entry = scene.listener(name)
        [owner] = entry["owners"]
        assert (owner["pid"], owner["process"], owner["exe"], owner["user"], owner["unit"]) == (
            pid, program, scene.path(program), ACCOUNT, service)
        assert (entry["held_by"], entry["service"]) == ("processes", service)
        assert abs(time.time() - stamp(owner["started"])) < 3600


def test_nobody_is_made_up_as_an_owner(scene):
    assert {(row.pid, row.bound) for row in scene.raw["tcp6"]} == {(0, 0)}
    for name in BY_NOBODY:
        entry = scene.listener(name)
        assert (entry["held_by"], entry["owners"]) == ("unknown", [])
    assert gaps(scene, "owners") == {"vanished"} and scene.facts["complete"]["owners"] is False
    # none is younger than its socket, of which nobody knows the age
    assert not any(row.bound for name in ("tcp4", "udp4", "udp6") for row in scene.raw[name])


def stamp(text):
    """The seconds of a time of facts."""
    return time.mktime(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ")) - time.timezone


def gaps(scene, aspect, facts=None):
    """The codes of the gaps of an aspect."""
    return {gap["code"] for gap in (facts or scene.facts)["gaps"] if gap["aspect"] == aspect}


# Processes, accounts and services


def test_processes(scene):
    rows = {row.name: row for row in scene.raw["processes"]}
    assert set(rows) == {"app.exe", "stray.exe", "service.exe"}
    for name, row in rows.items():
        assert (row.path, row.user, row.package) == (scene.path(name), SID, "")
        assert row.resources and all(isinstance(figure, int) for figure in row.resources)
    assert scene.raw["accounts"] == {SID: ACCOUNT}
    assert (scene.raw["os"]["elevated"], scene.raw["os"]["user"], scene.raw["os"]["version"]) == (
        True, SID, "10.0.18362")


def test_services(scene, windows):
    running, failed = scene.service("Answers"), scene.service("Rival")
    assert (running.state, running.exit) == (RUNS, 0) and running.pid
    assert (failed.pid, failed.state, failed.exit) == (0, STOPPED, TAKEN)
    others = {row.name: (row.state, row.exit) for row in scene.raw["services"] if row.name not in ("Answers", "Rival")}
    listed = dict(line.split() for line in windows.run(
        "Get-Service | ForEach-Object { \"$($_.Name) $($_.Status)\" }").splitlines())
    # Wine starts RpcSs when it is needed for the first time, which may be between the two looks
    assert {name: state == "Running" for name, state in listed.items() if name != "RpcSs"} == {
        row.name: row.state == RUNS for row in scene.raw["services"] if row.name != "RpcSs"}
    assert "RpcSs" in listed and "RpcSs" in {row.name for row in scene.raw["services"]}
    assert (STOPPED, NEVER_STARTED) in others.values()


def test_a_service_whose_sid_wine_does_not_tell_is_not_ruled_out(scene):
    """QueryServiceConfig2W refuses SERVICE_CONFIG_SERVICE_SID_INFO; how it starts is known."""
    for name in ("Answers", "Rival"):
        row = scene.service(name)
        assert row.sid_type is None and row.start == 2


def test_another_service_has_the_port(later):
    raw, facts = later
    rows = {row.name: row for row in raw["services"]}
    assert (rows["Answers"].state, rows["Answers"].exit, rows["Answers"].pid) == (STOPPED, 0, 0)
    assert rows["Rival"].state == RUNS and rows["Rival"].exit == 0
    for entry in facts["listeners"]:
        if entry["port"] == 8084:
            assert (entry["service"], entry["owners"][0]["pid"]) == ("Rival", rows["Rival"].pid)


# Networks


def test_interfaces_and_addresses_are_those_of_the_machine(scene):
    there = {row["name"]: set(row["addresses"]) for row in scene.raw["interfaces"]}
    links = json.loads(execute(["ip", "-j", "address"]).out)
    assert there == {link["ifname"]: {"%s/%d" % (address["local"], address["prefixlen"])
                                      for address in link["addr_info"]} for link in links}
    assert {row["name"]: row["index4"] for row in scene.raw["interfaces"] if row["index4"]} == {
        link["ifname"]: link["ifindex"] for link in links
        if any(address["family"] == "inet" for address in link["addr_info"])}
    assert all(row["dns"] == ["192.0.2.53", "2001:db8:1::53"] for row in scene.raw["interfaces"])
    assert {row["name"]: row["gateways"] for row in scene.raw["interfaces"] if row["gateways"]} == {
        "office": ["192.0.2.1"], "lab": ["198.51.100.17"]}


def test_routes_are_those_of_the_machine(scene):
    """Of IPv4: Wine tells of none of IPv6."""
    indexes = {row["name"]: row["index4"] for row in scene.raw["interfaces"]}
    found = {(str(ipaddress.ip_network((bytes.fromhex(row.to), row.length))), row.interface,
              str(ipaddress.ip_address(bytes.fromhex(row.via)))) for row in scene.raw["routes"]}
    wanted = {(route["dst"].replace("default", "0.0.0.0/0"), indexes[route["dev"]], route.get("gateway", "0.0.0.0"))
              for route in json.loads(execute(["ip", "-4", "-j", "route"]).out)}
    assert found == wanted and {row.family for row in scene.raw["routes"]} == {2}


# What Wine refuses


def test_each_source_that_refuses_is_told_with_its_number(scene):
    assert {row.source: (row.number, row.text) for row in scene.raw["errors"]} == REFUSED
    for source in REFUSED:
        value = scene.raw
        for key in source.split("."):
            value = value[key]
        assert value is None, source


def test_what_was_refused_is_a_gap(scene):
    complete = scene.facts["complete"]
    assert (complete["firewall"], complete["units"], complete["connections"]) == (False, False, True)
    assert gaps(scene, "firewall") >= {"unread", "service", "unreadable"}
    system = scene.facts["system"]
    assert system["ephemeral_ports"] is system["reserved_ports"] is system["excluded_ports"] is None


def test_who_can_reach_it_is_unknown_where_the_firewall_is_not_seen(scene, later):
    """Also with rules that block: what holds is told by the view of the firewall alone."""
    for facts in (scene.facts, later[1]):
        for entry in facts["listeners"]:
            wanted = "blocked" if entry["scope"] == "loopback" else "unknown"
            assert entry["exposure"]["verdict"] == wanted, entry["id"]


# The registry


def test_stores_of_rules_come_back_row_for_row(scene, later):
    raw, dummy = later
    wanted = planted.stores(scene.path("app.exe"))
    assert sum(map(len, wanted.values())) >= 600
    for store, rules in wanted.items():
        assert set(map(tuple, raw["firewall"]["stores"][store])) == set(rules.items()), store
        assert len(raw["firewall"]["stores"][store]) == len(rules)
    counts = planted.counts(scene.path("app.exe"))
    assert {store: raw["firewall"]["counts"][store] for store in counts} == counts
    assert raw["firewall"]["profiles"] == planted.PROFILES
    assert list(map(tuple, raw["portproxy"])) == [("v4tov4", "0.0.0.0/8080", "10.0.0.9/80")]


@pytest.mark.parametrize("current", planted.ALLOWED)
def test_rules_that_were_read_are_judged_as_those_that_were_planted(scene, later, current):
    """The effective view, which Wine does not have, is given; for each profile in turn."""
    raw, dummy = later
    verdicts = {}
    for name, stores in (("read", raw["firewall"]["stores"]), ("planted", planted.rows(scene.path("app.exe")))):
        told_of = planted.with_effective_view(raw, current, stores)
        facts = firewall.judge(unpack(planted.packed(told_of)))
        verdicts[name] = {entry["id"]: entry["exposure"] for entry in facts["listeners"]}
        assert "unread" not in gaps(scene, "firewall", facts), facts["gaps"]
    assert verdicts["read"] == verdicts["planted"]
    exposures = {name: (exposure["verdict"], exposure["allowed"]) for name, exposure in verdicts["read"].items()}
    assert exposures["tcp/0.0.0.0:8080"] == planted.ALLOWED[current], verdicts["read"]["tcp/0.0.0.0:8080"]
    assert exposures[STRAY] == ("blocked", [])
    # the ways in are the devices of the machine that have an address
    ways = {name for path in verdicts["read"]["tcp/0.0.0.0:8080"]["paths"] for name in path["interfaces"]}
    links = json.loads(execute(["ip", "-4", "-j", "address"]).out)
    assert ways == {link["ifname"] for link in links} - {"lo"} == {"office", "lab"}
    # a rule for a service, whose SID nobody knows; the public profile lets nobody in, whatever rules say
    assert bool(verdicts["read"]["udp/0.0.0.0:8084"]["undecided"]) is (current != planted.PUBLIC)


# Actions


def test_the_action_returns_these_facts(scene):
    said = scene.said["facts"]["ansible_facts"]["ansible_listening_ports"]
    for entry in (*said["listeners"], *scene.facts["listeners"]):
        for owner in entry["owners"]:
            assert owner.pop("resources")["rss_bytes"] > 0      # which is another number each time
    assert said["listeners"] == scene.facts["listeners"]
    assert (said["complete"], said["system"]) == (scene.facts["complete"], scene.facts["system"])


def test_a_declaration_passes_and_fails_for_what_nobody_declared(scene):
    fits, more = scene.said["fits"], scene.said["more"]
    assert (fits["failed"], fits["passes"], fits["findings"]) == (False, True, []), fits["msg"]
    assert (more["failed"], more["passes"]) == (True, False)
    unexpected = {finding["listener"] for finding in more["findings"] if finding["kind"] == "unexpected"}
    assert unexpected == {STRAY}
    assert "stray.exe pid %d" % scene.pids["stray.exe"] in more["msg"]


def test_a_service_on_a_taken_port_is_diagnosed(scene):
    [missing] = [finding for finding in scene.said["more"]["findings"] if finding["kind"] == "missing"]
    assert "10048" in missing["message"] and "Rival" in missing["message"], missing


# The host


def test_nothing_is_left_of_what_was_alone():
    """Also where it was killed."""
    mark = "987654.%d" % os.getpid()
    alone = subprocess.Popen(["sh", HERE / "alone.sh", "sh", "-c", "sleep %s & echo ready; wait" % mark],
                             stdout=subprocess.PIPE, text=True)
    assert alone.stdout.readline() == "ready\n"
    running = execute(["ps", "-eo", "args"]).out
    assert "sleep " + mark in running
    alone.send_signal(signal.SIGKILL)
    alone.wait()
    until = time.monotonic() + 30
    while "sleep " + mark in execute(["ps", "-eo", "args"]).out:
        assert time.monotonic() < until
        time.sleep(0.1)
