# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules that are filtered by, and which of them a host has: in its kernel, in its file."""

import pathlib
import re
from typing import Any, Mapping

from draws import CUTTING, DOWN, GOOD, NONE, OLD, REFUSED

# Each host listens on both, see filtering.py. Old rules close the first, good ones the second, cutting ones both.
OLD_PORT, GOOD_PORT = 9001, 8001
# The address that the first connection of a run comes from. Those that follow come from the controller's usual one, as
# if its owner had moved meanwhile, with the first connection still open.
FIRST_ADDRESS = "10.88.200.1"
TABLE = ("inet", "listening_ports")
FILE = "etc/listening-ports/filter.nft"


def _closing(port: int) -> dict[str, Any]:
    return {"others": "accept", "rules": [{"protocol": "tcp", "ports": [port], "sources": []}]}


def _login_from(source: str) -> dict[str, Any]:
    return {"others": "reject", "rules": [{"protocol": "tcp", "ports": [22], "sources": [source]}]}


# name: options of port_filter
OPTIONS: Mapping[str, Mapping[str, Any]] = {
    OLD: _closing(OLD_PORT), GOOD: _closing(GOOD_PORT),
    CUTTING: _login_from(FIRST_ADDRESS + "/32"),  # the connection in use could be made again: only a login tells
    REFUSED: _login_from("192.0.2.0/24"),
}


def met(old: str, good: str) -> str:
    """The rules that packets met: a name, or what was met where no rules of the campaign do that.

    :param old, good: what the ports answered, see subject.knock()
    """
    names = {("open", "open"): NONE, ("shut", "open"): OLD, ("open", "shut"): GOOD, ("shut", "shut"): CUTTING,
             ("silent", "silent"): DOWN}
    return names.get((old, good), "%d %s, %d %s" % (OLD_PORT, old, GOOD_PORT, good))


def in_file(root: pathlib.Path) -> str:
    """The rules in the file that a boot loads.

    :param root: of the host, as seen from here
    """
    try:
        return named((root / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return NONE


def named(text: str) -> str:
    """The name of the rules that a file or a chain has."""
    ports = set(re.findall(r"\b(?:%d|%d)\b" % (OLD_PORT, GOOD_PORT), text))
    if ports == {str(OLD_PORT)}:
        return OLD
    if ports == {str(GOOD_PORT)}:
        return GOOD
    if not ports and "dport 22" in text:
        return CUTTING if FIRST_ADDRESS in text else REFUSED
    return "unknown rules" if ports or text.strip() else NONE


def kept_in_kernel(listing: str) -> str:
    """The rules that count once no trial does, from nft's listing of the table; none where there is no table."""
    chain = re.search(r"^\tchain decide \{\n(.*?)^\t\}", listing, re.MULTILINE | re.DOTALL)
    return named(chain.group(1)) if chain else NONE


def trial_left(listing: str) -> float:
    """Seconds that a trial has left, from nft's listing of the table; 0 without one."""
    return max([0.0, *(seconds(text) for text in re.findall(r"expires (\w+)", listing))])


def seconds(text: str) -> float:
    """A span of time as nft prints it, such as 1m2s345ms."""
    units = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
    return sum(int(number) * units[unit] for number, unit in re.findall(r"(\d+)(ms|[smhd])", text))


def foreign_tables(ruleset: str) -> dict[str, str]:
    """The tables of others, from nft's stateless listing of all rules: {name: text}."""
    tables = re.findall(r"^table (\S+ \S+) \{\n(.*?)^\}", ruleset, re.MULTILINE | re.DOTALL)
    return {name: text for name, text in tables if name != " ".join(TABLE)}
