# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the benchmark needs from the package index, kept under ``~/.cache/listening-ports``."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from typing import Iterable

import sandbox

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "listening-ports"
# versions of ansible-core, with the Pythons that run them, the preferred one first
CORES = {"2.16": ("3.11", "3.12", "3.10"), "2.21": ("3.13", "3.14", "3.12")}
PACKAGE = "ansible==14.5.0"  # holds community.general 13 and ansible.posix 2, pinned so that figures can be compared
FOREIGN = tuple("ansible_collections/" + name for name in (
    "community/general/plugins/modules/listen_ports_facts.py", "community/general/plugins/modules/ufw.py",
    "ansible/posix/plugins/modules/firewalld.py"))


def interpreters() -> dict[str, pathlib.Path]:
    """All Pythons at hand as ``{"3.11": path}``: from PATH, pyenv and the distribution."""
    places = os.environ.get("PATH", "").split(os.pathsep)
    places += [str(each) for each in sorted((pathlib.Path.home() / ".pyenv" / "versions").glob("*/bin"))]
    pythons: dict[str, pathlib.Path] = {}
    for minor in range(10, 15):
        for place in places + ["/usr/bin"]:
            path = pathlib.Path(place) / ("python3.%d" % minor)
            if "/shims" in place or not os.access(path, os.X_OK):
                continue  # a shim of pyenv stands for versions that are not active, too
            pythons.setdefault("3.%d" % minor, path)
    return pythons


def environment(core: str) -> pathlib.Path | None:
    """The Python of a virtual environment with this ansible-core and psutil, made on first use.

    Returns None, and says why, when no suitable Python is installed.
    """
    place = CACHE / "bench-venvs" / core
    python = place / "bin" / "python"
    ready = place / ".ready"
    if ready.exists():
        return python
    at_hand = interpreters()
    suitable = [at_hand[version] for version in CORES[core] if version in at_hand]
    if not suitable:
        sandbox.say("core %s left out: it needs one of Python %s" % (core, ", ".join(CORES[core])))
        return None
    sandbox.say("making the environment for core %s with %s" % (core, suitable[0]))
    shutil.rmtree(place, ignore_errors=True)
    subprocess.run([str(suitable[0]), "-m", "venv", str(place)], check=True)
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                    "ansible-core==%s.*" % core, "psutil"], check=True, stdout=sys.stderr)
    ready.touch()
    return python


def browser(python: pathlib.Path) -> pathlib.Path | None:
    """The Python of a virtual environment that drives the Chromium of this machine, made on first use.

    Returns None, and says why, where there is no Chromium.
    """
    if missing_programs(["chromium"]):
        sandbox.say("pages are left out: chromium is not installed")
        return None
    place = CACHE / "bench-venvs" / "browser"
    if not (place / ".ready").exists():
        sandbox.say("making the environment that drives a browser")
        shutil.rmtree(place, ignore_errors=True)
        subprocess.run([str(python), "-m", "venv", str(place)], check=True)
        subprocess.run([str(place / "bin" / "python"), "-m", "pip", "install", "--quiet",
                        "--disable-pip-version-check", "playwright"], check=True, stdout=sys.stderr)
        (place / ".ready").touch()
    return place / "bin" / "python"


def rival(python: pathlib.Path) -> pathlib.Path:
    """A collection tree with the modules of others that are measured, and nothing else, fetched on first use."""
    tree = CACHE / "rivals" / PACKAGE.replace("==", "-")
    if tree.exists():
        return tree
    sandbox.say("fetching modules of community.general and ansible.posix (50 MB, once)")
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        subprocess.run([str(python), "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
                        "--dest", scratch, PACKAGE], check=True, stdout=sys.stderr)
        (wheel,) = pathlib.Path(scratch).glob("*.whl")
        fresh = pathlib.Path(scratch) / "tree"
        with zipfile.ZipFile(wheel) as archive:
            for name in FOREIGN:
                extract(archive, name, fresh)
        tree.parent.mkdir(parents=True, exist_ok=True)
        fresh.rename(tree)
    return tree


def extract(archive: zipfile.ZipFile, name: str, target: pathlib.Path) -> None:
    """Unpack a file and the module_utils of its collection that it imports."""
    archive.extract(name, target)
    text = archive.read(name).decode("utf-8")
    folder = "/".join(name.split("/")[:3]) + "/plugins/module_utils/"
    prefix = folder.replace("/", ".")
    for utility in re.findall(r"^from (?:%s|\.)([\w.]+) import" % re.escape(prefix), text, re.MULTILINE):
        path = folder + utility.replace(".", "/") + ".py"
        if path in archive.namelist() and not (target / path).exists():
            extract(archive, path, target)


def missing_programs(names: Iterable[str]) -> list[str]:
    """The programs among ``names`` that are not installed."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    return [name for name in names if not shutil.which(name, path=path)]
