# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lets plain ``pytest tests/windows`` work from a checkout, says what was not run, and runs playbooks on Windows hosts:
replayed ones, PowerShell for Linux, and its Windows build below Wine.
"""

import os
import pathlib
import shutil
import sys
import tempfile

import pytest

_HERE = pathlib.Path(__file__).resolve().parent
# Python's names of packages need the checkout at ansible_collections/listening/ports
TREE = tempfile.mkdtemp(prefix="windows-")
os.makedirs(TREE + "/ansible_collections/listening")
os.symlink(_HERE.parent.parent, TREE + "/ansible_collections/listening/ports")
# for the packages beside this file, in whichever way pytest imports them, and for what runs playbooks
sys.path[:0] = [str(_HERE), TREE, str(_HERE.parent / "hosts"), str(_HERE.parent / "ready")]
os.chmod(TREE, 0o755)

from ready_ansible import ReadyAnsible  # noqa: E402
from stage import found  # noqa: E402
from stage.hosts import Powershell, Replayed  # noqa: E402
from stage.wine import ALONE, WindowsHost  # noqa: E402
from support.player import Player, settings  # noqa: E402


def pytest_configure(config):
    if "s" not in config.option.reportchars:
        config.option.reportchars += "s"


def pytest_unconfigure():
    shutil.rmtree(TREE)


@pytest.fixture(scope="session")
def environment(tmp_path_factory):
    """The variables with which playbooks are run, Ansible loaded once for all of them."""
    folder = tmp_path_factory.mktemp("ready")
    variables = settings(folder / "home", pathlib.Path(TREE))
    variables["ANSIBLE_CONNECTION_PLUGINS"] = str(_HERE / "connection_plugins")
    with ReadyAnsible(folder, variables) as ready:
        yield ready.environment


@pytest.fixture
def player(tmp_path, environment):
    """Runs playbooks; relative paths in them begin in tmp_path."""
    return Player(tmp_path, environment)


@pytest.fixture
def replayed(tmp_path):
    """Makes hosts that answer what a test says: replayed(name)."""
    return lambda name="win-1": Replayed(name, tmp_path / name)


@pytest.fixture
def powershell():
    """A host that is the PowerShell of this machine."""
    program = found.powershell()
    if not program:
        pytest.skip("no pwsh on this machine, nor in the cache of the tests")
    return Powershell("pwsh-1", [str(program)])


@pytest.fixture(scope="session")
def windows(tmp_path_factory):
    """A Windows test host below Wine, on which nothing listens but what tests start; see stage/wine.py."""
    reasons = found.obstacles() or ([] if ALONE in os.environ else ["run by tests/windows/stage/alone.sh alone"])
    if reasons:
        pytest.skip("no Windows test host: %s" % "; ".join(reasons))
    with WindowsHost(tmp_path_factory.mktemp("windows") / "host") as host:
        yield host
