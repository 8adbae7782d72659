# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compares what was seen with what listens: compare.py KNOWN SYSTEM PACKED FIXTURE [hidden]. Runs on any system.

KNOWN is a file of listeners.ps1, SYSTEM of system.ps1, and PACKED of look.py; FIXTURE gets what the host sent, as text
to be kept. With ``hidden`` somebody looked who is no administrator.
"""

import json
import pathlib
import sys
from typing import Any, Iterator

FIRST_DYNAMIC = 49152   # ports above come and go between two looks


def main(known: str, system: str, packed: str, fixture: str, hidden: str = "") -> int:
    """Compare; returns an exit code, and prints what differs."""
    from ansible_collections.listening.ports.plugins.plugin_utils._facts import firewall, unpack

    unpacked = unpack.unpack(pathlib.Path(packed).read_text(encoding="ascii"))
    pathlib.Path(fixture).write_text(json.dumps(unpacked.raw, indent=1, sort_keys=True) + "\n", encoding="ascii")
    facts: Any = firewall.judge(unpacked)
    wrong = list(differences(facts, loaded(known), loaded(system), hidden == "hidden"))
    print("\n".join(wrong) or "%d listeners are as they have to be" % len(facts["listeners"]))
    return 1 if wrong else 0


def loaded(path: str) -> Any:
    """What a script of PowerShell has written."""
    return json.loads(pathlib.Path(path).read_text(encoding="utf-8-sig"))


def differences(facts: Any, known: Any, system: Any, is_hidden: bool) -> Iterator[str]:
    """Say what is not as it has to be, in sentences."""
    by_key = {(one["protocol"], one["address"], one["port"]): one for one in facts["listeners"]}
    if facts["complete"]["sockets"] is not True:
        yield "not all sockets were seen: %s" % facts["gaps"]
    for one in known["listeners"]:
        # a socket that takes both families has a row in the table of each
        addresses = [one["address"]] + (["0.0.0.0"] if one["dual"] else [])
        for address in addresses:
            found = by_key.get((one["protocol"], address, one["port"]))
            if found is None:
                yield "%s %s:%d was not seen" % (one["protocol"], address, one["port"])
            elif not is_hidden and [owner["pid"] for owner in found["owners"]] != [known["pid"]]:
                yield "%s has other owners than %d: %s" % (found["id"], known["pid"], found["owners"])
        if not one["dual"] and one["address"] == "::" and (one["protocol"], "0.0.0.0", one["port"]) in by_key:
            yield "%s %d takes IPv4, too" % (one["protocol"], one["port"])
    seen = {key for key in by_key if key[2] < FIRST_DYNAMIC}
    rows = [row.split(" ") for row in system["endpoints"]]
    told = {(row[0], row[1].partition("%")[0], int(row[2])) for row in rows if int(row[2]) < FIRST_DYNAMIC}
    for words, some in (("only the module sees", seen - told), ("only Windows sees", told - seen)):
        if some:
            yield "%s: %s" % (words, ", ".join("%s %s:%d" % key for key in sorted(some)))
    if known["excluded"] and known["excluded"] not in (facts["system"]["reserved_ports"] or []):
        yield "%s is not among the ports that are set aside: %s" % (known["excluded"], facts["system"])
    if is_hidden:
        yield from of_hidden(facts)
        return
    yield from of_services(facts, system)
    http = [one for one in facts["listeners"] if one["protocol"] == "tcp" and one["port"] == known["http"]]
    if not http or any(one["activated_by"] != "http.sys" or known["pid"] not in [
            owner["pid"] for owner in one["owners"]] for one in http):
        yield "port %d is not that of http.sys for %d: %s" % (known["http"], known["pid"], http)
    if facts["complete"]["firewall"] is not True and not facts.get("firewall"):
        yield "the firewall was not seen: %s" % facts["gaps"]


def of_services(facts: Any, system: Any) -> Iterator[str]:
    """Say where the service of a listener is none of its process."""
    names: dict[int, set[str]] = {}
    for row in system["services"]:
        pid, _space, name = row.partition(" ")
        names.setdefault(int(pid), set()).add(name.casefold())
    for one in facts["listeners"]:
        of_owners: set[str] = set().union(*(names.get(owner["pid"], set()) for owner in one["owners"]))
        if one["service"] and of_owners and one["service"].casefold() not in of_owners:
            yield "%s is said to be of %s, and its process has %s" % (one["id"], one["service"], sorted(of_owners))
    if not any(one["service"] for one in facts["listeners"]):
        yield "no listener has a service"


def of_hidden(facts: Any) -> Iterator[str]:
    """Say what somebody who is no administrator cannot know, and is said all the same."""
    codes = {(gap["aspect"], gap["code"]) for gap in facts["gaps"]}
    for aspect, code in (("owners", "owners_hidden"), ("firewall", "not_admin")):
        if (aspect, code) not in codes:
            yield "there is no gap %s of %s: %s" % (code, aspect, sorted(codes))
    for one in facts["listeners"]:
        level = (one.get("exposure") or {}).get("level")
        if one["scope"] != "loopback" and level != "unknown":
            yield "who reaches %s is said to be %s" % (one["id"], level)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
