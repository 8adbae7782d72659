# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Virtual environments for the tests, kept between runs."""

import contextlib
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile


def cache_folder(scratch):
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

    def __init__(self, folder):
        self.folder = pathlib.Path(folder) / "environments"

    def get(self, name, python, requirements):
        """The bin folder of an environment of this Python (a path) that holds the requirements (lines as for pip)."""
        version = subprocess.run([python, "--version"], check=True, capture_output=True, text=True).stdout
        key = hashlib.sha256("\n".join([str(python), version, *requirements]).encode()).hexdigest()[:12]
        place = self.folder / ("%s-%s" % (name, key))
        ready = place / "ready"
        place.parent.mkdir(parents=True, exist_ok=True)
        with _lock(place.with_suffix(place.suffix + ".lock")):
            if not (ready.exists() and _runs(place)):
                print("Making the environment %s with %s" % (name, version.strip()), flush=True)
                shutil.rmtree(place, ignore_errors=True)
                subprocess.run([python, "-m", "venv", place], check=True)
                if version.startswith("Python 3.6."):
                    _pip(place, "--upgrade", "pip<22")  # the one that it comes with knows no recent wheels
                _pip(place, *requirements)
                ready.touch()
        return place / "bin"


def _pip(place, *arguments):
    subprocess.run([place / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                    "--no-warn-script-location", *arguments], check=True)


def _runs(place):
    return subprocess.run([place / "bin/python", "-c", "import pip"], check=False, capture_output=True).returncode == 0


@contextlib.contextmanager
def _lock(path):
    with open(path, "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
