# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where this machine gets Debian's packages from."""

import os
import pathlib
import re
from typing import Iterator

# apt(8) sends other systems there too, once debian-archive-keyring is installed
DEFAULT = "http://deb.debian.org/debian"


def mirror(etc: str | os.PathLike[str] = "/etc") -> str:
    """The URI of the Debian mirror of this machine: RIG_MIRROR, else that of its own release, else Debian's own."""
    if os.environ.get("RIG_MIRROR"):
        return os.environ["RIG_MIRROR"]
    system = _system(pathlib.Path(etc, "os-release"))
    if system.get("ID") == "debian" and system.get("VERSION_CODENAME"):
        for uri, suites in _sources(pathlib.Path(etc, "apt")):
            if system["VERSION_CODENAME"] in suites and not uri.startswith("cdrom:"):
                return uri
    return DEFAULT


def _system(path: pathlib.Path) -> dict[str, str]:
    """What os-release(5) says, as a dict of str."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    return {key: value.strip("'\"") for key, _equals, value in (line.partition("=") for line in lines)}


def _sources(apt: pathlib.Path) -> Iterator[tuple[str, list[str]]]:
    """(URI, suites) of each source of packages, in both forms of sources.list(5)."""
    for path in sorted([apt / "sources.list", *(apt / "sources.list.d").glob("*")]):
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        if path.suffix == ".list":
            for line in text.splitlines():
                entry = re.match(r"\s*deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+(\S+)\s", line + " ")
                if entry:
                    yield entry.group(1), [entry.group(2)]
        elif path.suffix == ".sources":
            for stanza in re.split(r"\n\s*\n", text):
                yield from _stanza(stanza)


def _stanza(text: str) -> Iterator[tuple[str, list[str]]]:
    """(URI, suites) of one stanza of the deb822 form."""
    fields: dict[str, str] = {}
    name = ""
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        if line[:1].isspace() and name:
            fields[name] += " " + line
        else:
            name, _colon, value = line.partition(":")
            name = name.strip().lower()
            fields[name] = value
    if "deb" in fields.get("types", "").split() and fields.get("enabled", "yes").strip().lower() != "no":
        for uri in fields.get("uris", "").split():
            yield uri, fields.get("suites", "").split()
