# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of the project have in common."""

import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(sys.executable).parent


@pytest.fixture
def run():
    """What runs a program of the environment; returns its exit code and all that it printed."""
    def run(*command, cwd=ROOT, **environment):
        env = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "GIT_"))}
        path = environment.pop("PATH", "%s:%s" % (PROGRAMS, os.environ["PATH"]))
        done = subprocess.run([str(word) for word in command], cwd=cwd, check=False, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300,
                              env=dict(env, PATH=path, LC_ALL="C.UTF-8", **environment))
        print(done.stdout)
        return done.returncode, done.stdout
    return run
