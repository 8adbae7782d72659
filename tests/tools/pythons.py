# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Pythons of this machine."""

import os
import pathlib
import re
import subprocess
from typing import Iterator

VERSIONS = ("3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14")
PROBE = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2]); print(sys.executable)"


def find_pythons() -> dict[str, pathlib.Path]:
    """Maps a version such as '3.11' to the path of a Python that runs and can make virtual environments.

    Looks at PATH first, then where pyenv, uv and distributions put them. A shim of pyenv that stands for a version that
    is not active does not run, and is passed over.
    """
    return {version: python for version in VERSIONS if (python := _first_that_runs(version))}


def path_with(*folders: str | os.PathLike[str]) -> str:
    """PATH with these folders in front and without the shims of pyenv, which ansible-test cannot use."""
    rest = [folder for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if folder
            and not _is_shims(folder)]
    return os.pathsep.join([str(folder) for folder in folders] + rest)


def _first_that_runs(version: str) -> pathlib.Path | None:
    for folder in _folders(version):
        candidate = folder / ("python" + version)
        if not os.access(candidate, os.X_OK):
            continue
        probe = subprocess.run([candidate, "-c", PROBE], check=False, capture_output=True, text=True)
        if probe.returncode == 0 and probe.stdout.splitlines()[0] == version:
            return pathlib.Path(probe.stdout.splitlines()[1])
    return None


def _folders(version: str) -> Iterator[pathlib.Path]:
    home = pathlib.Path.home()
    yield from (pathlib.Path(folder) for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if folder)
    pyenv = pathlib.Path(os.environ.get("PYENV_ROOT", home / ".pyenv"))
    for place in (pyenv / "versions", home / ".local/share/uv/python"):
        yield from sorted((folder for folder in place.glob("*/bin")), key=_numbers, reverse=True)
    yield from (pathlib.Path("/usr/local/bin"), pathlib.Path("/usr/bin"), pathlib.Path("/opt/python%s/bin" % version))


def _numbers(folder: pathlib.Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", folder.parent.name)]


def _is_shims(folder: str) -> bool:
    return pathlib.Path(folder).name == "shims"
