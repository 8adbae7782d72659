# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The C# of Windows hosts, compiled as C# 5 and run under Mono, above stand-ins for the DLLs of Windows."""

import json
import random
import re
import uuid

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._windows.check import check
from ansible_collections.listening.ports.plugins.plugin_utils._windows.facts import facts
from api import tables
from api.mono import PLUGINS, UTILITIES, Mono, compile_cs, obstacle, plant
from api.tables import Socket

pytestmark = pytest.mark.skipif(obstacle() is not None, reason="C# under Mono: %s" % obstacle())

POLICY = r"SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy"
GROUP_POLICY = r"SOFTWARE\Policies\Microsoft\WindowsFirewall"
TABLES = ("tcp4", "tcp6", "udp4", "udp6")
SVCHOST = "C:\\Windows\\System32\\svchost.exe"
OWNER = ["Dnscache", "C:\\Windows\\system32\\svchost.exe", 0]
ODD = ["D\"n\\s\ud83d\u0131\u2028\x07I", "C:\\Windows\\system32\\svchost.exe", 0]
NOBODY = [None, None, 1168]
ROWS = {
    "tcp4": [Socket("0.0.0.0", 135, 944, 133500000000000008), Socket("10.0.0.5", 445, 4),
             Socket("1.2.3.4", 65535, 1300)],
    "tcp6": [Socket("::", 80, 4), Socket("fe80::1", 5357, 944, 9, 7), Socket("fe80::2", 1, 944, 9, 7 << 24)],
    "udp4": [Socket("255.254.253.252", 53, 1200, -1)],
    "udp6": [Socket("::1", 1900, 2 ** 32 - 2), Socket("fe80::3", 2, 944, 9, 0x0201 << 16)],
}
SENT = {
    "tcp4": [["00000000", 135, 0, 944, 133500000000000008, *OWNER], ["0a000005", 445, 0, 4, 0, *NOBODY],
             ["01020304", 65535, 0, 1300, 0, *ODD]],
    "tcp6": [["0" * 32, 80, 0, 4, 0, *NOBODY], ["fe80" + "0" * 27 + "1", 5357, 7, 944, 9, *OWNER],
             ["fe80" + "0" * 27 + "2", 1, 7, 944, 9, *OWNER]],
    "udp4": [["fffefdfc", 53, 0, 1200, 0, *OWNER]],
    "udp6": [["0" * 31 + "1", 1900, 0, 2 ** 32 - 2, 0, *OWNER], ["fe80" + "0" * 27 + "3", 2, 0x0102, 944, 9, *OWNER]],
}


@pytest.fixture(scope="module")
def mono(tmp_path_factory):
    return Mono(tmp_path_factory.mktemp("mono"))


@pytest.fixture
def replay(tmp_path):
    """A folder with the four tables."""
    for name in TABLES:
        tables.listeners(tmp_path, name, ROWS[name])
    return tmp_path


def errors(raw, *sources):
    return [error for error in raw["errors"] if error[0].startswith(sources)]


# The language


def test_each_util_is_small_and_uses_the_system_alone():
    assert UTILITIES
    for path in UTILITIES:
        text = path.read_text(encoding="ascii")
        assert len(text.splitlines()) <= 400, path.name
        used = re.findall(r"^using ([\w.]+);$", text, re.MULTILINE)
        assert used and all(re.match(r"System(\.|$)|Microsoft\.Win32$|ansible_collections\.listening\.ports\.", name)
                            and not name.startswith("System.Management") for name in used), path.name


@pytest.mark.parametrize("newer", [
    'string a = $"{1}";', "string a = null; int? b = a?.Length;", "string a = nameof(X);"])
def test_what_windows_powershell_cannot_compile_is_found(tmp_path, newer):
    path = tmp_path / "X.cs"
    path.write_text("public class X { public static void Y() { %s } }" % newer, encoding="ascii")
    assert "CS1644" in compile_cs(tmp_path / "x.dll", path).stdout


def test_a_warning_is_an_error(tmp_path):
    path = tmp_path / "X.cs"
    path.write_text("public class X { public static void Y() { int a; } }", encoding="ascii")
    assert "CS0168" in compile_cs(tmp_path / "x.dll", path).stdout


# Sockets


def test_the_tables_are_sent_row_for_row(mono, replay):
    raw = mono.look(replay)
    assert {name: raw[name] for name in TABLES} == SENT
    assert not errors(raw, *TABLES, "sockets")


def test_a_table_that_grows_is_read_again(mono, replay):
    raw = mono.look(replay, REPLAY_GROWS="7")
    assert {name: raw[name] for name in TABLES} == SENT


def test_a_table_that_does_not_stop_growing_is_an_error(mono, replay):
    raw = mono.look(replay, REPLAY_GROWS="8")
    assert raw["tcp4"] is None and errors(raw, "tcp4") == [["tcp4", 122, "GetExtendedTcpTable"]]
    assert raw["tcp6"] == SENT["tcp6"]


@pytest.mark.parametrize("name", TABLES)
def test_a_table_that_fails_leaves_the_others(mono, replay, name):
    (replay / ("%s.error" % name)).write_text("87", encoding="ascii")
    raw = mono.look(replay)
    assert {one: raw[one] for one in TABLES} == {**SENT, name: None}
    assert errors(raw, *TABLES) == [[name, 87, "GetExtended%sTable" % name[:3].title()]]


def test_more_rows_than_there_is_room_for_are_not_read(mono, replay):
    (replay / "tcp4.bin").write_bytes(b"\xff\xff\xff\x7f\0\0\0\0")
    raw = mono.look(replay)
    assert raw["tcp4"] is None and errors(raw, "tcp4") == [["tcp4", 13, "GetExtendedTcpTable"]]


def test_a_missing_function_costs_its_column(mono, replay):
    raw = mono.look(replay, stand_ins="without")
    wanted = {name: [row[:5] + [None, None, 127] for row in rows] for name, rows in SENT.items()}
    assert {name: raw[name] for name in TABLES} == wanted
    assert not errors(raw, *TABLES)


@pytest.mark.parametrize("gather", ["owners", "command", "resources", "firewall", "outgoing"])
def test_owners_are_asked_where_something_needs_them(mono, replay, gather):
    raw = mono.look(replay, gather=[gather])
    assert raw["processes"] and raw["services"] and ("firewall" in raw) == (gather in ("firewall", "outgoing"))


def test_owners_are_asked_only_where_they_are_wanted(mono, replay):
    raw = mono.look(replay, gather=[])
    assert raw["tcp4"] == [row[:5] + [None, None, 0] for row in SENT["tcp4"]]
    assert not {"processes", "accounts", "services", "http", "firewall", "rpc"} & set(raw)


def test_two_thousand_sockets(mono, replay):
    rows = [Socket("10.%d.%d.1" % divmod(number, 256), number % 65535 + 1, 944, number) for number in range(2000)]
    tables.listeners(replay, "tcp4", rows)
    raw = mono.look(replay)
    assert [(row[0], row[1], row[4]) for row in raw["tcp4"]] == [
        ("0a%02x%02x01" % divmod(number, 256), number % 65535 + 1, number) for number in range(2000)]


@pytest.mark.parametrize("most, wanted", [(9, [3, 3, 1, 2]), (8, [3, 3, 1, 1]), (4, [3, 1, 0, 0]), (1, [1, 0, 0, 0])])
def test_sockets_beyond_the_limit_are_counted(mono, replay, most, wanted):
    raw = mono.look(replay, most=most)
    assert [len(raw[name]) for name in TABLES] == wanted
    assert errors(raw, "sockets") == ([] if most == 9 else [["sockets", 9, "max_sockets"]])


def test_the_same_bytes_in_every_language(mono, replay):
    plant(replay / "registry", POLICY + r"\FirewallRules", {
        "I\u0131\u0130i": "v2.30|Action=Allow|Active=TRUE|Dir=In|Name=\u0130I|",
        "out": "v2.30|Action=Allow|Active=TRUE|DIR=OUT|Name=\u0130I|"})
    looks = []
    for language in ("C", "tr_TR.UTF-8", "de_DE.UTF-8", "ar_SA.UTF-8"):
        plain, _packed = mono.run(replay, "look", "owners,firewall,resources", "100000", "w3svc,PLAIN", "plan",
                                  LC_ALL=language, LANG=language)
        looks.append(re.sub(r'"now":[0-9]+|"ancestors":\[\[[0-9]+', "", plain))
    assert looks == [looks[0]] * 4
    firewall = mono.look(replay, gather=["firewall"], LC_ALL="tr_TR.UTF-8")["firewall"]
    assert [name for name, _rule in firewall["stores"]["local"]] == ["I\u0131\u0130i"]


def test_connections_are_counted(mono, replay):
    tables.connections(replay, 4, [
        ("10.0.0.5", 135, "10.0.0.9", 50000, 5), ("10.0.0.5", 135, "10.0.0.8", 50001, 5),
        ("10.0.0.5", 135, "10.0.0.7", 5, 8),
        ("10.0.0.5", 50123, "10.0.0.7", 443, 5), ("10.0.0.6", 135, "10.0.0.7", 5, 5)])
    tables.connections(replay, 6, [("2001:db8::1", 80, "2001:db8::2", 50000, 5)])
    assert mono.look(replay, gather=["connections"])["connections"] == [
        ["tcp4", "0a000005", 135, 5, 2], ["tcp4", "0a000005", 135, 8, 1], ["tcp4", "0a000006", 135, 5, 1],
        ["tcp6", "20010db8" + "0" * 23 + "1", 80, 5, 1]]


def test_connections_that_cannot_be_read(mono, replay):
    raw = mono.look(replay, gather=["connections"])
    assert raw["connections"] is None and errors(raw, "connections") == [["connections", 50, "GetExtendedTcpTable"]]
    assert raw["tcp4"] is not None


def test_the_same_error_is_said_once(mono, replay):
    """Mono does not know the length of a network: it says so for each address."""
    assert errors(mono.look(replay), "interfaces") == [["interfaces", 0x80004001, "NotImplementedException"]]


# Processes


def test_processes(mono, replay):
    """No row is for 0, which is no process; the first error of a process is the one that counts."""
    tables.listeners(replay, "tcp4", [
        Socket("0.0.0.0", pid, pid) for pid in (0, 4, 944, 1200, 1300, 1350, 1400, 999)])
    raw = mono.look(replay)
    assert raw["processes"] == [
        [4, 0, "System", None, 133500000000000000, "S-1-5-18", "", 31, None, None],
        [944, 700, "svchost.exe", SVCHOST, 133500000000000007, "S-1-5-20", "", 0, None, None],
        [999, None, None, None, None, None, None, 87, None, None],
        [1200, 700, "secret.exe", None, None, None, None, 5, None, None],
        [1300, 944, 'app "x".exe', "C:\\Program Files\\\u0130stanbul\\app.exe", 133500000000000900, "S-1-5-18",
         "S-1-15-2-4294967295", 0, None, None],
        [1350, 944, "w3wp.exe", "C:\\Windows\\System32\\inetsrv\\w3wp.exe", 133500000000000901, None, None, 5, None,
         None],
        [1400, 944, "odd.exe", None, 133500000000000902, None, None, 31, None, None],
        [4294967294, None, None, None, None, None, None, 87, None, None]]
    assert not errors(raw, "processes")


def test_what_is_asked_for_of_processes(mono, replay):
    tables.listeners(replay, "tcp4", [Socket("0.0.0.0", 1, 944)])
    raw = mono.look(replay, gather=["owners", "command", "resources"])
    [row] = [row for row in raw["processes"] if row[0] == 944]
    assert row[7:] == [0, 'svchost.exe -k "Net"', [5000000000, 12, 321, 100]]


def test_without_the_list_of_processes(mono, replay):
    (replay / "snapshot.error").write_text("5", encoding="ascii")
    raw = mono.look(replay)
    assert errors(raw, "processes") == [["processes", 5, "CreateToolhelp32Snapshot"]]
    assert [944, None, None, SVCHOST, 133500000000000007, "S-1-5-20", "", 0, None, None] in raw["processes"]


# Services


def test_services(mono, replay):
    tables.listeners(replay, "tcp4", [Socket("0.0.0.0", 1, 944), Socket("0.0.0.0", 2, 1350)])
    raw = mono.look(replay, diagnose=["inetinfo", "w3svc.service"])
    assert raw["services"] == [
        ["Dnscache", 944, 32, 4, 2, 1, 0, 0], ["PolicyAgent", 944, 32, 4, 3, 0, 0, 0],
        ["Plain", 1350, 16, 4, 2, None, 0, 0], ["W3SVC", 0, 32, 1, 3, 1, 1066, 42],
        ["Other", 555, 16, 4, None, None, 0, 0]]
    assert raw["displays"] == {"W3SVC": "\u0130nternet"}


@pytest.mark.parametrize("few", ["1", "2", "4"])
def test_more_services_than_fit_are_asked_for_again(mono, replay, few):
    raw = mono.look(replay, REPLAY_SERVICES=few)
    assert [row[0] for row in raw["services"]] == ["Dnscache", "PolicyAgent", "Plain", "W3SVC", "Other"]


def test_services_that_do_not_come(mono, replay):
    raw = mono.look(replay, REPLAY_SERVICES="0")
    assert raw["services"] is None and errors(raw, "services") == [["services", 234, "EnumServicesStatusExW"]]


def test_services_that_cannot_be_read(mono, replay):
    (replay / "manager.error").write_text("5", encoding="ascii")
    raw = mono.look(replay, diagnose=["w3svc"], plan=True)
    assert (raw["services"], raw["displays"], raw["dependents"]) == (None, None, None)
    assert errors(raw, "services", "dependents") == [
        [source, 5, "OpenSCManagerW"] for source in ("services", "dependents")]
    assert raw["tcp4"] == SENT["tcp4"]


@pytest.mark.parametrize("name, state, wrong", [
    ("Dnscache", 4, []), ("W3SVC", 1, []), ("WinNat", 0, []), ("Plain", None, [["state", 5, "QueryServiceStatus"]])])
def test_the_state_of_a_service(mono, replay, name, state, wrong):
    """0: it is not there, which is no error."""
    [line] = mono.run(replay, "state", name)
    assert json.loads(line) == {"state": state, "errors": wrong}


def test_what_a_plan_asks(mono, replay):
    tables.listeners(replay, "tcp4", [Socket("0.0.0.0", 1, 944), Socket("0.0.0.0", 2, 1350)])
    raw = mono.look(replay, gather=[], plan=True)
    assert raw["dependents"] == {"Dnscache": ["NlaSvc"], "PolicyAgent": [], "Plain": None}
    assert errors(raw, "dependents") == [["dependents", 5, "EnumDependentServicesW"]]
    [[pid, name, started]] = raw["ancestors"]
    assert pid > 0 and (name, started) == (None, None)


def test_events_are_those_of_the_services_that_were_asked_about(mono, replay):
    [line] = mono.run(replay, "events", "dnscache,other,w3svc")
    raw = json.loads(line)
    assert raw["events"] == {
        "Dnscache": [[7009, 100 - number, ["30000", 'DNS "CLIENT"', ""]] for number in range(5)],
        "Other": [[7000, 50 - number, ["other", "", "x" * 1024]] for number in range(5)],
        "W3SVC": [[7034, 50 - number, ["w3svc", *[""] * 15]] for number in range(5)]}
    assert [raw["more%d" % number] for number in range(20)] == [True] * 5 + [False] * 15


def test_ports_of_rpc(mono, replay):
    assert mono.look(replay, gather=["firewall"])["rpc"] == [135, 49664]
    (replay / "rpc.error").write_text("1702", encoding="ascii")
    raw = mono.look(replay, gather=["firewall"])
    assert raw["rpc"] is None and errors(raw, "rpc") == [["rpc", 1702, "RpcMgmtEpEltInqBegin"]]


# Networks


def test_routes_and_models(mono, replay):
    tables.routes(replay, [("0.0.0.0/0", 4, "192.0.2.1"), ("192.0.2.0/24", 4, "0.0.0.0"),
                           ("2001:db8::/32", 70000, "fe80::1")])
    tables.models(replay, [(4, 2, True, False), (4, 23, False, True)])
    raw = mono.look(replay, gather=["firewall"])
    assert raw["routes"] == [[2, "00000000", 0, 4, "c0000201"], [2, "c0000200", 24, 4, "00000000"],
                             [23, "20010db8" + "0" * 24, 32, 70000, "fe80" + "0" * 27 + "1"]]
    assert raw["models"] == [[4, 2, True, False], [4, 23, False, True]]


def test_routes_and_models_that_cannot_be_read(mono, replay):
    raw = mono.look(replay, gather=["firewall"])
    assert (raw["routes"], raw["models"]) == (None, None)
    assert errors(raw, "routes", "models") == [
        ["models", 50, "GetIpInterfaceTable"], ["routes", 50, "GetIpForwardTable2"]]


def test_networks_and_the_view_of_the_firewall(mono, replay):
    raw = mono.look(replay, gather=["firewall"], OBJECTS="1")
    assert raw["networks"] == {"{00000001-0000-0000-AB00-000000000000}": 1, "{00000002-0000-0000-AB00-000000000000}": 2}
    firewall = raw["firewall"]
    assert firewall["effective"] == {"current": 6, "modify": 1, "profiles": {
        "1": [True, False, 0, ["Ethernet 2"]], "2": [True, True, 0, []], "4": [False, False, 1, []]}}
    assert firewall["products"] == ["Other Firewall"]
    assert firewall["providers"] == ["Microsoft Corporation", 'Other "Filter"']
    assert not errors(raw, "networks", "firewall")


def test_objects_that_are_not_there(mono, replay):
    raw = mono.look(replay, gather=["firewall"])
    assert (raw["networks"], raw["firewall"]["effective"], raw["firewall"]["products"]) == (None, None, None)
    assert errors(raw, "networks", "firewall") == [
        [source, 0x80040154, "CoCreateInstance"] for source in ("networks", "firewall.effective", "firewall.products")]


def test_networks_that_end_with_an_error(mono, replay):
    raw = mono.look(replay, gather=["firewall"], OBJECTS="broken")
    assert raw["networks"] is None and errors(raw, "networks") == [["networks", 0x80004005, "COMException"]]


def test_facts_are_made_of_what_is_sent(mono, replay):
    tables.listeners(replay, "udp4", [])
    made = facts(check(mono.look(replay)))
    # the processes of those with a scope are younger than they are
    assert {one["id"]: one["service"] for one in made["listeners"]} == {
        "tcp/0.0.0.0:135": "Dnscache", "tcp/10.0.0.5:445": None, "tcp/1.2.3.4:65535": None, "tcp/[::]:80": None,
        "tcp/[fe80::1%7]:5357": None, "tcp/[fe80::2%7]:1": None, "udp/[::1]:1900": None, "udp/[fe80::3%258]:2": None}
    assert made["complete"]["sockets"] is True and made["complete"]["owners"] is False


# The registry

RULE = "v2.30|Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=80|"


def test_stores(mono, replay):
    registry = replay / "registry"
    plant(registry, POLICY + r"\FirewallRules", {"a": RULE, "b \u00e4\"\\": RULE + "Name=@x.dll,-1|", "odd": 7})
    plant(registry, GROUP_POLICY + r"\FirewallRules", {"g": RULE})
    plant(registry, POLICY + r"\Mdm\FirewallRules", {"m": RULE})
    plant(registry, POLICY + r"\RestrictedServices\Static\System", {"s": "V2.0|Action=Block|Dir=In|App=%x%|Svc=y|"})
    plant(registry, POLICY + r"\RestrictedServices\Configurable\System", {"c": RULE})
    plant(registry, POLICY + r"\RestrictedServices\AppIso\FirewallRules", {"i": RULE})
    firewall = mono.look(replay, gather=["firewall"])["firewall"]
    assert {store: sorted(rules) for store, rules in firewall["stores"].items()} == {       # Mono has no order
        "local": [["a", RULE], ["b \u00e4\"\\", RULE + "Name=@x.dll,-1|"], ["odd", ""]], "gpo": [["g", RULE]],
        "mdm": [["m", RULE]], "static": [["s", "V2.0|Action=Block|Dir=In|App=%x%|Svc=y|"]],
        "configurable": [["c", RULE]], "appiso": [["i", RULE]]}
    assert firewall["counts"] == {"local": 3, "gpo": 1, "mdm": 1, "static": 1, "configurable": 1, "appiso": 1}


def test_rules_of_app_containers_are_sent_only_where_there_is_one(mono, replay):
    tables.listeners(replay, "tcp4", [Socket("0.0.0.0", 1, 944)])
    assert "appiso" not in mono.look(replay, gather=["firewall"])["firewall"]["stores"]


@pytest.mark.parametrize("sent, rule", [
    (None, "v2.30|Action=Allow|Active=TRUE|Dir=Out|LPort=80|"),
    (None, "v2.30|Action=Allow|ACTIVE=false|DIR=In|LPort=80|"),
    (None, "v2.30|dir=OUT|"),
    (RULE, RULE),
    ("v2.30|Action=Allow|Active=TRUE|Dir=Out", None),
    ("v2.30|Action=Allow|Active=FALSEHOOD|Dir=Outer|", None),
    ("v2.30|Dir=In|Dir=Out|", None),
    ("v2.30|Active=FALSE|Active=TRUE|Dir=In|", None),
    ("v2.30|Dir=In|Name=says Dir=Out|", None),
    ("v2.30|Dir=In|LUAuth2_24=x|Dir=Out|Desc=y|Active=FALSE|", None),
    ("v2.30|Dir=In|luauth2_24=T|Desc=x|", None),
    ("v2.30|Dir=In|LPort=1|", "v2.30|Dir=In|Desc=one|LPort=1|EmbedCtxt=two|"),
    ("v2.30|Dir=In|LPort=1|", "v2.30|Dir=In|DESC=|embedctxt=two|LPort=1|"),
    ("v2.30|Dir=In|Name=x Desc=y|", None),
    ("v2.30|Dir=In|Description=y|", None),
    ("v2.30|Dir=In", "v2.30|Dir=In|Desc=no end"),
    ("", ""),
])
def test_what_is_left_out_of_rules(mono, replay, sent, rule):
    """None: the whole rule; a rule that is None is sent as it is."""
    plant(replay / "registry", POLICY + r"\FirewallRules", {"x": sent if rule is None else rule})
    firewall = mono.look(replay, gather=["firewall"])["firewall"]
    assert firewall["stores"]["local"] == ([] if sent is None else [["x", sent]])
    assert firewall["counts"]["local"] == 1


def test_more_rules_than_there_may_be(mono, replay):
    plant(replay / "registry", POLICY + r"\FirewallRules", {"r%d" % number: RULE for number in range(20001)})
    plant(replay / "registry", GROUP_POLICY + r"\FirewallRules", {"out": "v2.30|Dir=Out|"})
    raw = mono.look(replay, gather=["firewall"])
    assert raw["firewall"]["stores"]["local"] is None and raw["firewall"]["stores"]["gpo"] == []
    assert errors(raw, "firewall.stores") == [["firewall.stores.local", 1450, "rules"]]


def test_a_rule_that_is_too_long(mono, replay):
    plant(replay / "registry", POLICY + r"\FirewallRules", {"x": RULE + "Name=%s|" % ("x" * (1 << 20))})
    raw = mono.look(replay, gather=["firewall"])
    assert raw["firewall"]["stores"]["local"] is None
    assert errors(raw, "firewall.stores") == [["firewall.stores.local", 223, "rules"]]


def test_profiles(mono, replay):
    registry = replay / "registry"
    plant(registry, POLICY + r"\StandardProfile", {"EnableFirewall": 1, "DoNotAllowExceptions": -1, "Note": "x",
                                                   "DisabledInterfaces": "{A},{B}"})
    plant(registry, POLICY + r"\StandardProfile\GloballyOpenPorts", {"AllowUserPrefMerge": 0, "List": "x"})
    plant(registry, GROUP_POLICY + r"\PrivateProfile", {"DefaultInboundAction": 0})
    plant(registry, POLICY + r"\Mdm\PublicProfile", {})
    plant(registry, POLICY + r"\ConSecRules", {"one": "x", "two": "x"})
    firewall = mono.look(replay, gather=["firewall"])["firewall"]
    assert firewall["profiles"] == {
        "local": {"StandardProfile": {"EnableFirewall": 1, "DoNotAllowExceptions": 2 ** 32 - 1,
                                      "DisabledInterfaces": "{A},{B}"},
                  "StandardProfile\\GloballyOpenPorts": {"AllowUserPrefMerge": 0}},
        "gpo": {"PrivateProfile": {"DefaultInboundAction": 0}}, "mdm": {"PublicProfile": {}}}
    assert firewall["consec"] == {"local": 2, "gpo": 0, "mdm": 0}


def test_portproxy(mono, replay):
    plant(replay / "registry", r"SYSTEM\CurrentControlSet\Services\PortProxy\v4tov6\tcp",
          {"0.0.0.0/8080": "2001:db8::9/80"})
    assert mono.look(replay)["portproxy"] == [["v4tov6", "0.0.0.0/8080", "2001:db8::9/80"]]


def test_only_folders_that_rules_name_are_sent(mono, replay):
    firewall = mono.look(replay, gather=["firewall"], SystemRoot="C:\\W", SECRET="x", PUBLIC="")["firewall"]
    assert firewall["environment"] == {"systemroot": "C:\\W", "public": ""}


def a_store(count, active, seed=7):
    """A store as hosts have it: most rules come with Windows, in groups that share a program and a service; others have
    been made by installers, with a GUID for a name. Of the rest half are off, and half are of what goes out."""
    draw = random.Random(seed)
    rules = {}
    for number in range(count):
        group, made = number // 5, number % 3 == 0
        name = "{%s}" % str(uuid.UUID(int=draw.getrandbits(128))).upper() if made else "Feature%d-Part%d-In-%s" % (
            group, number % 5, draw.choice(("TCP", "UDP", "TCP-NoScope", "UDP-NoScope")))
        program = "%%ProgramFiles%%\\Vendor %d\\Product\\service%d.exe" % (draw.randrange(900), number) if made else \
            "%%SystemRoot%%\\system32\\svchost.exe|Svc=feature%d" % group
        rules[name] = (
            "v2.30|Action=%s|Active=%s|Dir=%s|Protocol=%d|%sLPort=%s|%sApp=%s|Name=%s|Desc=%s|EmbedCtxt=%s|") % (
            "Block" if number % 29 == 0 else "Allow", "FALSE" if number >= active and number % 2 else "TRUE",
            "In" if number < active or number % 2 else "Out", draw.choice((6, 17)),
            draw.choice(("", "Profile=Domain|", "Profile=Private|Profile=Domain|", "Profile=Public|")),
            draw.choice(("RPC", "5353", "%d" % draw.randrange(1024, 65536))),
            draw.choice(("", "RA4=LocalSubnet|RA6=LocalSubnet|")), program,
            "Product %d" % number if made else "@FirewallAPI.dll,-%d" % (25000 + number),
            "@FirewallAPI.dll,-%d" % number, "@FirewallAPI.dll,-%d" % group)
    return rules


def test_the_answer_of_a_host_with_600_rules_is_small(mono, replay):
    rules = a_store(600, 363)
    assert len(rules) == 600
    plant(replay / "registry", POLICY + r"\FirewallRules", rules)
    plain, packed = mono.run(replay, "look", "owners,firewall", "100000", "", "")
    assert len(json.loads(plain)["firewall"]["stores"]["local"]) == 363
    assert len(packed) <= 20000


# Programs of the system


def command(mono, replay, seconds, path, words):
    [line] = mono.run(replay, "command", str(seconds * 1000), path, words)
    return json.loads(line)


def test_what_a_program_printed(mono, replay):
    assert command(mono, replay, 20, "/usr/bin/printf", "'\\345 80\\n'") == {"text": "\u00e5 80\n", "errors": []}


@pytest.mark.parametrize("words, number", [
    ("-c 'echo 1; exit 3'", 3), ("-c true", 13), ("-c 'echo'", 13), ("-c 'yes 12345 | head -c 1100000'", 223),
    ("-c 'yes'", 223)])
def test_a_program_without_an_answer(mono, replay, words, number):
    assert command(mono, replay, 20, "/bin/sh", words) == {"text": None, "errors": [["text", number, "call"]]}


def test_a_program_that_takes_too_long(mono, replay):
    assert command(mono, replay, 1, "/bin/sleep", "50") == {"text": None, "errors": [["text", 1460, "call"]]}


def test_a_program_that_waits_for_input_gets_none(mono, replay):
    assert command(mono, replay, 20, "/bin/sh", "-c 'cat; echo done'")["text"] == "done\n"


def test_netsh_is_the_one_of_the_system(mono, replay, tmp_path):
    """There is no folder of the system here, so nothing of that name on PATH is run."""
    fake = tmp_path / "netsh.exe"
    fake.write_text("#!/bin/sh\necho 1\n", encoding="ascii")
    fake.chmod(0o755)
    raw = mono.look(replay, PATH="%s:/usr/bin:/bin" % tmp_path)
    assert raw["excluded"] == raw["dynamic"] == dict.fromkeys(TABLES) and raw["http"] is None
    assert len(errors(raw, "excluded", "dynamic", "http")) == 9


def test_what_windows_does_not_have_is_said(mono, replay):
    wanted = ("namespaces", "outgoing", "raw")
    raw = mono.look(replay, gather=["raw", "namespaces", "outgoing"])
    assert errors(raw, *wanted) == [[one, 50, "unsupported"] for one in wanted]


def test_modules_name_the_utils_that_there_are():
    sources = [path.read_text(encoding="ascii") for path in [*(PLUGINS / "modules").glob("*.ps1"), *UTILITIES]]
    pattern = re.compile(r"^(?:using|#AnsibleRequires -CSharpUtil) .*module_utils\.(_\w+);?$", re.MULTILINE)
    used = {name for text in sources for name in pattern.findall(text)}
    assert used == {path.stem for path in UTILITIES}
