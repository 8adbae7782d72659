# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets plain ``pytest tests/windows`` work from a checkout, and says what was not run."""

import os
import pathlib
import shutil
import sys
import tempfile

_HERE = pathlib.Path(__file__).resolve().parent
# Python's names of packages need the checkout at ansible_collections/listening/ports
TREE = tempfile.mkdtemp(prefix="windows-")
os.makedirs(TREE + "/ansible_collections/listening")
os.symlink(_HERE.parent.parent, TREE + "/ansible_collections/listening/ports")
sys.path[:0] = [str(_HERE), TREE]
os.chmod(TREE, 0o755)


def pytest_configure(config):
    if "s" not in config.option.reportchars:
        config.option.reportchars += "s"


def pytest_unconfigure():
    shutil.rmtree(TREE)
