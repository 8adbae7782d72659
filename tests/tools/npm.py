# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs of the npm registry for the tests, kept between runs."""

import pathlib
import shutil
import subprocess

from environments import locked


class NoNpm(Exception):
    """There is no npm on this machine."""


def package(cache: pathlib.Path, name: str, version: str) -> pathlib.Path:
    """The folder of a package, which is installed where it is missing; nothing of it is run for that.

    Raises NoNpm, or CalledProcessError where it cannot be installed.
    """
    if not shutil.which("npm"):
        raise NoNpm(name)
    place = cache / "npm" / ("%s-%s" % (name.strip("@").replace("/", "-"), version))
    place.parent.mkdir(parents=True, exist_ok=True)
    with locked(place.with_name(place.name + ".lock")):
        if not (place / "ready").exists():
            print("Installing %s %s" % (name, version), flush=True)
            shutil.rmtree(place, ignore_errors=True)
            subprocess.run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", place,
                            "%s@%s" % (name, version)], check=True, stdin=subprocess.DEVNULL)
            (place / "ready").touch()
    return place / "node_modules" / name
