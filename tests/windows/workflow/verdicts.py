# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compares verdicts with what a firewall does: verdicts.py DRAWN PACKED PROBED. Runs on any system.

DRAWN is a file of draw.py, PACKED of look.py, and PROBED of firewall.ps1. Whoever is allowed has to have got in, and
whoever is neither that nor undecided must not have.
"""

import ipaddress
import json
import pathlib
import sys
from typing import Any, Iterable, Iterator

MOST_UNDECIDED = 0.5    # of all verdicts: a judge who decides nothing is never wrong


def main(drawn: str, packed: str, probed: str) -> int:
    """Compare; returns an exit code, and prints what differs."""
    from ansible_collections.listening.ports.plugins.plugin_utils._facts import firewall, unpack

    unpacked = unpack.unpack(pathlib.Path(packed).read_text(encoding="ascii"))
    raw: Any = unpacked.raw
    wrong = list(differences(firewall.judge(unpacked), raw, json.loads(pathlib.Path(drawn).read_text(encoding="ascii")),
                             json.loads(pathlib.Path(probed).read_text(encoding="utf-8-sig"))))
    print("\n".join(wrong) or "all verdicts are right")
    return 1 if wrong else 0


def differences(facts: Any, raw: Any, drawn: Any, probed: Any) -> Iterator[str]:
    """Say what is not as it has to be, in sentences."""
    client, undecided = ipaddress.ip_address(probed["container"]), 0
    for port in probed["ports"]:
        here = [one for one in facts["listeners"] if (one["protocol"], one["family"], one["port"]) == (
            "tcp", "ipv4", port)]
        if len(here) != 1 or not here[0].get("exposure"):
            yield "port %d is not one listener with an exposure: %s" % (port, here)
            continue
        exposure = here[0]["exposure"]
        is_reached = port in probed["reached"]
        if is_in(client, exposure["allowed"]):
            if not is_reached:
                yield "port %d is said to be open for %s by %s, and was not reached" % (
                    port, client, exposure["decided_by"])
        elif any(is_in(client, part["sources"]) for part in exposure["undecided"]):
            undecided += 1
        elif is_reached:
            yield "port %d is said to be closed for %s by %s, and was reached" % (port, client, exposure["blocked_by"])
    if undecided > MOST_UNDECIDED * len(probed["ports"]):
        yield "of %d ports %d are undecided" % (len(probed["ports"]), undecided)
    yield from of_rules(raw, drawn, probed)


def of_rules(raw: Any, drawn: Any, probed: Any) -> Iterator[str]:
    """Say which rules are in force, and were not seen, or the other way round."""
    seen = {name for name, _text in raw["firewall"]["stores"]["local"]} & {rule["Name"] for rule in drawn["rules"]}
    told = {row.split(" ")[0] for row in probed["enforced"] if row.split(" ")[1] == "True"}
    for words, some in (("only the module sees", seen - told), ("only Windows sees", told - seen)):
        if some:
            yield "%s: %s" % (words, ", ".join(sorted(some)))


def is_in(address: Any, networks: Iterable[str]) -> bool:
    """Whether an address is in one of these networks."""
    return any(address in ipaddress.ip_network(network) for network in networks)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
