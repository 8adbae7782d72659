# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the C# of Windows hosts under Mono, above stand-ins for the DLLs of Windows."""

import base64
import gzip
import json
import os
import pathlib
import shutil
import subprocess
from typing import Any, Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr

from ansible_collections.listening.ports.plugins.plugin_utils._windows.check import check

HERE = pathlib.Path(__file__).resolve().parent
PLUGINS = HERE.parents[2] / "plugins"
UTILITIES = sorted((PLUGINS / "module_utils").glob("_Win*.cs"))
LIBRARIES = ("advapi32", "fwpuclnt", "iphlpapi", "kernel32", "ntdll", "rpcrt4")
# C# as Windows PowerShell 5.1 compiles it, with the assemblies that Ansible names to it
COMPILER = ("mcs", "-langversion:5", "-warnaserror", "-r:System.Core.dll")
# program: Debian package
PROGRAMS = {"gcc": "gcc", "mcs": "mono-mcs", "mono": "mono-runtime"}
PATIENCE = 60   # seconds


def obstacle() -> str | None:
    """Why it cannot be run here; None where it can."""
    missing = {package for program, package in PROGRAMS.items() if not shutil.which(program)}
    return "missing on Debian: apt-get install %s" % " ".join(sorted(missing)) if missing else None


def compile_cs(target: pathlib.Path, *paths: pathlib.Path) -> subprocess.CompletedProcess[str]:
    """Compiles these files to a program or, by its suffix, to a library."""
    kind = "library" if target.suffix == ".dll" else "exe"
    return subprocess.run([*COMPILER, "-target:" + kind, "-out:%s" % target, *map(str, paths)], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=PATIENCE)


class Mono:
    """The program, and the stand-ins with and without functions for owner modules."""

    def __init__(self, folder: pathlib.Path):
        self._folder = folder
        done = compile_cs(folder / "program.exe", HERE / "Program.cs", *UTILITIES)
        assert done.returncode == 0, done.stdout
        for name, options in (("whole", ()), ("without", ("-DNO_OWNER_MODULES",))):
            (folder / name).mkdir()
            subprocess.run(["gcc", "-Wall", "-Werror", "-shared", "-fPIC", *options, "-o", folder / name / "windows.so",
                            HERE / "windows.c"], check=True, timeout=PATIENCE)
            for library in LIBRARIES:
                (folder / name / ("lib%s.so" % library)).symlink_to("windows.so")

    def run(self, replay: pathlib.Path, *words: str, stand_ins: str = "whole", registry: pathlib.Path | None = None,
            **variables: str) -> list[str]:
        """Runs the program.

        :param replay: the folder with the tables.
        :returns: the lines that it printed.
        """
        env = {**os.environ, "LD_LIBRARY_PATH": str(self._folder / stand_ins), "REPLAY": str(replay),
               "MONO_REGISTRY_PATH": str(registry or replay / "registry"), "HOME": str(self._folder), **variables}
        done = subprocess.run(["mono", self._folder / "program.exe", *words], capture_output=True, text=True, env=env,
                              check=False, cwd=self._folder, timeout=PATIENCE)
        assert done.returncode == 0 and not done.stderr, done.stdout + done.stderr
        return done.stdout.splitlines()

    def look(self, replay: pathlib.Path, gather: Sequence[str] = ("owners",), most: int = 100000,
             diagnose: Sequence[str] = (), plan: bool = False, **others: Any) -> Any:
        """What a host would send, from what it packed."""
        plain, packed = self.run(replay, "look", ",".join(gather), str(most), ",".join(diagnose),
                                 "plan" if plan else "", **others)
        assert unpack(packed) == plain and plain.isascii()
        check(json.loads(plain))
        return json.loads(plain)


def unpack(packed: str) -> str:
    """The JSON of what was sent."""
    assert packed.startswith("w:")
    return gzip.decompress(base64.b64decode(packed[2:], validate=True)).decode("ascii")


def plant(registry: pathlib.Path, key: str, values: Mapping[str, str | int]) -> None:
    """Writes values below HKEY_LOCAL_MACHINE, as Mono keeps them."""
    folder = registry.joinpath("LocalMachine", *key.lower().split("\\"))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "values.xml").write_text("<values>%s</values>" % "".join(
        "<value name=%s type=\"%s\">%s</value>" % (
            quoteattr(name), "int" if isinstance(value, int) else "string", escape(str(value)))
        for name, value in values.items()), encoding="utf-8")
