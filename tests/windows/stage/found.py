# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What this machine has of what these tests run: PowerShell for Linux, its Windows build, and Wine below that."""

import os
import pathlib
import shutil

# Where Debian has what it does not put on PATH
WINE = pathlib.Path("/usr/lib/wine/wine64")
WINESERVER = pathlib.Path("/usr/lib/wine/wineserver64")
# program: Debian package
PROGRAMS = {"ip": "iproute2", "mount": "mount", "ss": "iproute2", "unshare": "util-linux"}


def powershell() -> pathlib.Path | None:
    """The PowerShell of this machine: that on PATH, else the one that is kept for tests."""
    return _program("pwsh", "pwsh/pwsh")


def windows_powershell() -> pathlib.Path | None:
    """The pwsh.exe that is kept for tests: the Windows build, with what it needs beside it."""
    program = _kept() / "pwsh-wine/pwsh.exe"
    return program if program.is_file() else None


def wine() -> pathlib.Path | None:
    """The loader of Wine for programs of 64 bits."""
    return WINE if os.access(WINE, os.X_OK) else _program("wine64") or _program("wine")


def wineserver() -> pathlib.Path | None:
    """What all processes of a prefix share."""
    return WINESERVER if os.access(WINESERVER, os.X_OK) else _program("wineserver")


def obstacles() -> list[str]:
    """Why no Windows test host can be started here: a list of sentences, which is empty where it can."""
    if os.geteuid():
        return ["a Windows test host needs root, for namespaces of its own"]
    reasons = []
    packages = {package for program, package in PROGRAMS.items() if not shutil.which(program)}
    if not (wine() and wineserver()):
        packages.add("wine64")
    if packages:
        reasons.append("missing on Debian and Ubuntu: apt-get install --no-install-recommends %s"
                       % " ".join(sorted(packages)))
    if not windows_powershell():
        reasons.append("no Windows build of PowerShell at %s" % (_kept() / "pwsh-wine/pwsh.exe"))
    return reasons


def _kept() -> pathlib.Path:
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache")
    return cache / "listening-ports/tools"


def _program(name: str, kept: str | None = None) -> pathlib.Path | None:
    there = shutil.which(name) or (kept and shutil.which(_kept() / kept))
    return pathlib.Path(there) if there else None
