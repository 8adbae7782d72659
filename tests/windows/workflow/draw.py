# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Draws rules of a firewall: draw.py SEED NUMBER TARGET.

TARGET gets JSON for firewall.ps1: ports to listen on, and rules. In addresses ``@container`` stands for that of the
container, and ``@network`` for its network; ``@program`` is the program that listens.
"""

import json
import pathlib
import random
import sys

PORTS = range(20001, 20013)
SOURCES = ("Any", "LocalSubnet", "@container", "@network", "192.0.2.0/24", "198.51.100.7", "10.255.0.0/16")
PROFILES = ("Any", "Domain", "Private", "Public")


def main(seed: str, number: str, target: str) -> int:
    """Draw; returns an exit code."""
    chance = random.Random(seed)
    rules = [drawn(chance, place) for place in range(int(number))]
    pathlib.Path(target).write_text(json.dumps({"ports": list(PORTS), "rules": rules}, indent=1), encoding="ascii")
    print("%d rules of seed %s" % (len(rules), seed))
    return 0


def drawn(chance: random.Random, place: int) -> dict[str, object]:
    """One rule: the parameters of New-NetFirewallRule."""
    first = chance.choice(PORTS)
    several = [str(first), "%d-%d" % (first, first + 2), "Any"]
    rule: dict[str, object] = {
        "Name": "listening-ports-oracle-%03d" % place, "DisplayName": "oracle %d" % place, "Direction": "Inbound",
        "Action": chance.choice(("Allow", "Allow", "Block")), "Protocol": chance.choice(("TCP", "TCP", "Any")),
        "RemoteAddress": chance.sample(SOURCES[1:], 2) if chance.random() < 0.3 else [chance.choice(SOURCES)],
        "Profile": chance.choice(PROFILES), "Enabled": chance.choice(("True", "True", "True", "False"))}
    if rule["Protocol"] == "TCP":
        rule["LocalPort"] = chance.choice(several)
    if chance.random() < 0.3:
        rule["Program"] = chance.choice(("@program", "C:\\nobody\\other.exe", "System"))
    return rule


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
