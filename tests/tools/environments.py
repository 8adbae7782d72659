# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Virtual environments for the tests, kept between runs."""

import contextlib
import dataclasses
import fcntl
import functools
import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile
from typing import Iterator

Path = str | os.PathLike[str]


@dataclasses.dataclass(frozen=True)
class Environment:
    """What an environment is made of: a Python (its path), and requirements (lines as for pip)."""

    name: str
    python: pathlib.Path
    requirements: tuple[str, ...]


def cache_folder(scratch: Path) -> tuple[pathlib.Path, str | None]:
    """Where environments are kept, and None; or a folder of this run and the reason why."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "listening-ports"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=cache):
            return cache, None
    except OSError as exc:
        return pathlib.Path(scratch) / "cache/listening-ports", str(exc)


class Environments:
    """Makes environments below a folder; each is made once for its Python and its requirements."""

    def __init__(self, folder: Path):
        self.folder = pathlib.Path(folder) / "environments"

    def place(self, environment: Environment) -> pathlib.Path:
        """The folder of an environment, made or not."""
        parts = [str(environment.python), _version(environment.python), *environment.requirements]
        key = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
        return self.folder / ("%s-%s" % (environment.name, key))

    def is_ready(self, environment: Environment) -> bool:
        """Whether it was made, and its Python still runs."""
        place = self.place(environment)
        return (place / "ready").exists() and _runs(place)

    def get(self, environment: Environment) -> pathlib.Path:
        """The bin folder of an environment, which is made where it is missing."""
        place, version = self.place(environment), _version(environment.python)
        place.parent.mkdir(parents=True, exist_ok=True)
        with locked(place.with_suffix(place.suffix + ".lock")):
            if not self.is_ready(environment):
                print("Making the environment %s with %s" % (environment.name, version.strip()), flush=True)
                shutil.rmtree(place, ignore_errors=True)
                subprocess.run([environment.python, "-m", "venv", place], check=True)
                if version.startswith("Python 3.6."):
                    _pip(place, "--upgrade", "pip<22")  # the one that it comes with knows no recent wheels
                _pip(place, *environment.requirements)
                (place / "ready").touch()
        return place / "bin"


@functools.cache
def _version(python: pathlib.Path) -> str:
    return subprocess.run([python, "--version"], check=True, capture_output=True, text=True).stdout


def _pip(place: pathlib.Path, *arguments: str) -> None:
    subprocess.run([place / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                    "--no-warn-script-location", *arguments], check=True)


def _runs(place: pathlib.Path) -> bool:
    return subprocess.run([place / "bin/python", "-c", "import pip"], check=False, capture_output=True).returncode == 0


@contextlib.contextmanager
def locked(path: pathlib.Path) -> Iterator[None]:
    """Keeps other runs from what is made meanwhile."""
    with open(path, "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
