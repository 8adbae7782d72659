# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prepares ansible-test for machines that reach the package index and nothing else."""

import os
import pathlib
import sys
from typing import Mapping, NamedTuple

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "windows"))  # behind, as it has a conftest.py

from stage import found  # noqa: E402

# The names under which ansible-test of core 2.16 and 2.21 looks for get-pip, the script that it would otherwise
# download
GET_PIP = ("20_3_4", "21_3_1", "23_1_2", "25_2")


def private_home(folder: str | os.PathLike[str]) -> pathlib.Path:
    """Makes a home for ansible-test below folder and returns it.

    It holds a stand-in for get-pip, the user's configuration of pip, and later the environments that ansible-test
    makes.
    Do not run integration tests with it: modules that run asynchronously take their home from the user database.
    """
    home = pathlib.Path(folder) / "home"
    cache = home / ".ansible/test/cache"
    cache.mkdir(parents=True, exist_ok=True)
    stand_in = pathlib.Path(__file__).with_name("get_pip.py").read_text(encoding="utf-8")
    for version in GET_PIP:
        _write(cache / ("get_pip_%s.py" % version), stand_in)
    # ansible-test passes no environment variables on to pip
    options = sorted((name[4:].lower().replace("_", "-"), value) for name, value in os.environ.items()
                     if name.startswith("PIP_"))
    (home / ".pip").mkdir(exist_ok=True)
    _write(home / ".pip/pip.conf", "[global]\n" + "".join("%s = %s\n" % option for option in options))
    for name in (".config/pip", ".cache/pip"):
        link, target = home / name, pathlib.Path.home() / name
        link.parent.mkdir(exist_ok=True)
        if target.exists() and not link.exists():
            link.symlink_to(target)
    return home


class Run(NamedTuple):
    """A run of ansible-test: its words, its environment, and what it leaves out."""

    words: tuple[str, ...]
    env: dict[str, str]
    left_out: str = ""


def sanity_runs(place: pathlib.Path, env: Mapping[str, str]) -> list[Run]:
    """The sanity tests of the checkout at this place, in two runs.

    validate-modules runs modules in PowerShell to read their options, and fails without one. It alone finds one on
    PATH: pslint would want a module of PowerShell that no package index has, and fails where it cannot be had.
    """
    apart, shell = "validate-modules", found.powershell()
    runs = [Run(("sanity", "--skip-test", apart), dict(env))]
    if shell:
        return [*runs, Run(("sanity", "--test", apart), {**env, "PATH": "%s:%s" % (env["PATH"], shell.parent)})]
    modules = sorted(path.relative_to(place) for path in place.glob("plugins/modules/*.ps1"))
    excluded = [str(path) for module in modules for path in (module, module.with_suffix(".yml"))]
    words = ("sanity", "--test", apart, *(word for path in excluded for word in ("--exclude", path)))
    return [*runs, Run(words, dict(env), "%s of %s: no PowerShell here" % (apart, ", ".join(map(str, modules))))]


def _write(path: pathlib.Path, text: str) -> None:
    """Writes at once, for another run may be reading."""
    scratch = path.with_name("%s.%d" % (path.name, os.getpid()))
    scratch.write_text(text, encoding="utf-8")
    scratch.replace(path)
