# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compares inventories that ansible-inventory --list has written: compare.py KIND PORT FILE...

same: the groups of ports have the same members in all files, and that of PORT has the hosts of this machine.
safe: names of all groups below listening_ports have allowed characters.
none: there is no group made of facts.
"""

import json
import re
import sys

HERE = ["alpha", "beta", "testhost"]


def below(groups, name):
    """All groups below one."""
    children = groups.get(name, {}).get("children", [])
    return {*children, *(other for child in children for other in below(groups, child))}


def members(path):
    with open(path, encoding="utf-8") as file:
        groups = json.load(file)
    return {name: sorted(groups[name].get("hosts", [])) for name in groups if name.startswith("listens_tcp_")}, groups


def main(kind, port, *paths):
    for path in paths:
        ports, groups = members(path)
        made = below(groups, "listening_ports")
        if kind == "none":
            assert not made and not ports, made
        elif kind == "safe":
            assert len(made) > 4 and all(re.fullmatch("[a-z_][a-z0-9_]{0,59}", name) for name in made), made
        else:
            assert ports == members(paths[0])[0], (path, ports, members(paths[0])[0])
            assert ports["listens_tcp_" + port] == HERE, ports


main(*sys.argv[1:])
