# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A firewall in the registry of a Windows test host, and what that host lacks of a firewall that runs."""

import base64
import copy
import gzip
import json
from typing import Any

from .wine import Values

LOCAL = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy"
POLICY = r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Microsoft\WindowsFirewall"
PORTPROXY = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\PortProxy\v4tov4\tcp"
# store: its key
KEYS = {"local": LOCAL + r"\FirewallRules", "gpo": POLICY + r"\FirewallRules", "mdm": LOCAL + r"\Mdm\FirewallRules",
        "static": LOCAL + r"\RestrictedServices\Static\System",
        "configurable": LOCAL + r"\RestrictedServices\Configurable\System"}
MANY = 600
DOMAIN, PRIVATE, PUBLIC = 1, 2, 4  # NET_FW_PROFILE_TYPE2
# what is set of profiles, as the module sends it; StandardProfile is the private one
PROFILES: dict[str, dict[str, dict[str, int | str]]] = {
    "local": {"DomainProfile": {"EnableFirewall": 1}, "StandardProfile": {"EnableFirewall": 1},
              "PublicProfile": {"EnableFirewall": 1, "DoNotAllowExceptions": 1}},
    "gpo": {"DomainProfile": {"EnableFirewall": 1, "DefaultInboundAction": 1, "AllowLocalPolicyMerge": 1}},
    "mdm": {}}
# by which profile is current: who gets to the TCP port 8080 of the program that rules are for
SUBNETS = ["192.0.2.0/24", "198.51.100.16/28"]
ALLOWED = {DOMAIN: ("partly", [*SUBNETS, "203.0.113.0/24"]), PRIVATE: ("partly", SUBNETS), PUBLIC: ("blocked", [])}


def _rule(*parts: str, action: str = "Allow", direction: str = "In", active: str = "TRUE") -> str:
    return "|".join(["v2.30", "Action=" + action, "Active=" + active, "Dir=" + direction, *parts, ""])


def _all(program: str) -> dict[str, dict[str, str]]:
    """All values of each store, with those that a host does not send.

    :param program: the path of a program that listens on the TCP port 8080
    """
    local = {"filling-%d" % port: _rule("Protocol=6", "LPort=%d" % port, "Name=filling \u00fc %d" % port)
             for port in range(20000, 20000 + MANY)}
    local.update({
        "app": _rule("Protocol=6", "LPort=8080", "App=" + program.upper(), "RA4=LocalSubnet"),
        "answers": _rule("Protocol=17", "LPort=8084", "Svc=Rival"),
        "off": _rule("Protocol=6", "LPort=8080", active="FALSE"),
        "out": _rule("Protocol=6", "RPort=443", direction="Out"),
    })
    return {
        "local": local,
        "gpo": {"{11111111-2222-3333-4444-555555555555}": _rule(
            "Profile=Domain", "Protocol=6", "LPort=8080", "RA4=203.0.113.0/255.255.255.0")},
        "mdm": {"mdm-1": _rule("Protocol=17", "LPort=8082", action="Block")},
        "static": {"static-1": "V2.0|Action=Block|Dir=In|App=%SystemRoot%\\system32\\other.exe|"},
        "configurable": {},
    }


def stores(program: str) -> dict[str, dict[str, str]]:
    """What a host sends of each store, name to text: not what is switched off, nor what is for the way out."""
    return {store: {name: text for name, text in rules.items() if name not in ("off", "out")}
            for store, rules in _all(program).items()}


def rows(program: str) -> dict[str, list[list[str]]]:
    """The same, as pairs."""
    return {store: [[name, text] for name, text in rules.items()] for store, rules in stores(program).items()}


def counts(program: str) -> dict[str, int]:
    """How many values each store has."""
    return {store: len(rules) for store, rules in _all(program).items()}


def registry(program: str) -> dict[str, Values | None]:
    """The keys that plant it."""
    keys: dict[str, Values | None] = {KEYS[store]: rules for store, rules in _all(program).items()}
    for store, place in (("local", LOCAL), ("gpo", POLICY)):
        keys.update({r"%s\%s" % (place, profile): values for profile, values in PROFILES[store].items()})
    keys[PORTPROXY] = {"0.0.0.0/8080": "10.0.0.9/80"}
    return keys


def with_effective_view(raw: Any, current: int, store_rows: Any) -> Any:
    """What a host would send that had these rules, and a firewall that runs with them.

    :param raw: what a test host sent, without the view of its firewall
    :param current: the profile of all of its networks, see DOMAIN
    """
    made = copy.deepcopy(dict(raw))
    lacks = ("firewall.", "models")
    made["errors"] = [row for row in made["errors"] if not row[0].startswith(lacks)]
    made["models"] = [[row["index4"], 2, False, False] for row in made["interfaces"] if row["index4"]]
    made["firewall"].update(
        stores={**made["firewall"]["stores"], **store_rows}, products=[], providers=[],
        effective={"current": current, "modify": 0, "profiles": {
            str(DOMAIN): [True, False, 0, []], str(PRIVATE): [True, False, 0, []], str(PUBLIC): [True, True, 0, []]}})
    made["networks"] = {row["id"]: {DOMAIN: 2, PRIVATE: 1, PUBLIC: 0}[current] for row in made["interfaces"]}
    for row in made["interfaces"]:
        if row["kind"] == 24:  # no Windows calls it as Linux does
            row["name"] = "Loopback Pseudo-Interface 1"
    made["services"] += [["mpssvc", 900, 0x20, 4, 2, 1, 0, 0], ["BFE", 900, 0x20, 4, 2, 1, 0, 0]]
    return made


def packed(raw: Any) -> str:
    """Pack what a host sends, as the module does."""
    return "w:" + base64.b64encode(gzip.compress(json.dumps(raw).encode("ascii"))).decode("ascii")
