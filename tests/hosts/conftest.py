# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fixtures for tests on real hosts. They work inside a rig:

    python3 tests/hosts/rig run --hosts 0 --release trixie,bookworm,bullseye -- python -m pytest tests/hosts/guests
"""

import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
# for the packages beside this file, in whichever way pytest imports them, and for what runs playbooks
sys.path[:0] = [str(HERE), str(HERE.parent / "ready")]

from ready_ansible import ReadyAnsible  # noqa: E402
from rig.fleet import Rig  # noqa: E402
from support.host import Host, execute  # noqa: E402
from support.player import Player, settings  # noqa: E402


@pytest.fixture(scope="session")
def rig():
    """The rig that this run is in."""
    return Rig.attach()


@pytest.fixture(scope="session")
def collections(tmp_path_factory):
    """A folder in which Ansible finds this collection."""
    tree = tmp_path_factory.mktemp("tree")
    (tree / "ansible_collections/listening").mkdir(parents=True)
    (tree / "ansible_collections/listening/ports").symlink_to(HERE.parents[1])
    return tree


@pytest.fixture(scope="session")
def environment(tmp_path_factory, collections):
    """The variables with which playbooks are run, Ansible loaded once for all of them."""
    folder = tmp_path_factory.mktemp("ready")
    with ReadyAnsible(folder, settings(folder / "home", collections)) as ready:
        yield ready.environment


@pytest.fixture
def player(tmp_path, environment):
    """Runs playbooks; relative paths in them begin in tmp_path."""
    return Player(tmp_path, environment)


@pytest.fixture
def hosts(rig, player):
    """Makes fresh hosts, which are gone after the test: hosts(count, release=..., behind=a host made with
    bastion=True).
    """
    made = []

    def make(count=1, release="trixie", behind=None, bastion=False):
        names = [release] * count if isinstance(release, str) else [release[number % len(release)]
                                                                    for number in range(count)]
        guests = []
        for name in names:
            guests.append(rig.start(release=name, behind=behind and rig.host(behind.name), bastion=bastion))
            made.append(guests[-1])
        rig.wait(guests)
        return [Host(rig, guest, player) for guest in guests]

    yield make
    for guest in made:
        rig.remove(guest)


@pytest.fixture
def host(hosts):
    """A fresh host with the newest release."""
    return hosts(1)[0]


@pytest.fixture
def playbook(player):
    """Runs a playbook on hosts: playbook([host, ...], play, *arguments, user=..., check=...), see Player.play()."""
    return player.play


@pytest.fixture
def probe():
    """Whether a host is reached from another (None: from here) at a port: probe(source, target, port, ...) -> a word of
    nmap(1).
    """

    def ask(source, target, port, protocol="tcp", family="ipv4", timeout=5.0, source_address=None):
        address = target.address6 if family == "ipv6" else target.address
        command = [*(source.inside() if source else []), sys.executable, "-B", HERE / "support/probe.py", address,
                   str(port), protocol,
                   str(timeout), *([source_address] if source_address else [])]
        return execute(command).out.strip()

    return ask
