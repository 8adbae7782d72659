# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a campaign changes on its hosts, and how what became of it is seen: the base of filtering.py and closing.py."""

import abc
import pathlib
import socket
import sys
import time
from typing import Any

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "hosts"))  # behind, as it has a conftest.py

from rig.fleet import Rig  # noqa: E402
from rig.guest import Guest  # noqa: E402
from support.host import Host  # noqa: E402
from support.player import Player  # noqa: E402

SETTLES_WITHIN = 20  # seconds
# The answer of a task that has been registered as result: its status, and its code or why a listener is left
ANSWER = ("ENDED {{ result.status | default('unreachable' if result.unreachable | default(false) else 'none', true) }} "
          "{{ result.code | default((result.listeners | default([], true) | first | default({})).reason, true) "
          "| default('', true) }}")


class Site(Host):
    """A host of a run.

    :ivar guest: the host as the rig knows it
    """

    def __init__(self, rig: Rig, guest: Guest, player: Player):
        super().__init__(rig, guest, player)
        self.guest = guest

    def run_folder(self) -> pathlib.Path:
        """Its /run, from here. Raises LookupError while it is off."""
        return pathlib.Path("/proc/%d/root/run" % self.guest.leader())


class Subject(abc.ABC):
    """What is changed, and seen, on each host of a campaign.

    :ivar what: of draws.WHAT
    :ivar program: that does it on the hosts: its name, and the command that shows its version as the second word
    :ivar settings: {name: what a shell does on a fresh host}
    """

    what: str
    program: tuple[str, tuple[str, ...]]
    settings: dict[str, str]

    @abc.abstractmethod
    def task(self, change: str, confirm: int) -> dict[str, Any]:
        """The task that makes a change: {module: options}."""

    @abc.abstractmethod
    def in_force(self, site: Site) -> str:
        """The change that a host has now: its name, or what was met where it has none of the campaign."""

    @abc.abstractmethod
    def on_disk(self, root: pathlib.Path) -> str:
        """The change that a boot gives a host.

        :param root: of the host, as seen from here
        """

    @abc.abstractmethod
    def mark(self, root: pathlib.Path) -> object:
        """What becomes another one when a change is kept."""

    @abc.abstractmethod
    def is_tried(self, run: pathlib.Path) -> bool:
        """Whether a trial can be seen to have begun.

        :param run: the folder /run of the host, as seen from here
        """

    @abc.abstractmethod
    def trial_left(self, site: Site) -> float:
        """Seconds that a trial has left; 0 without one. Answers while the host stands still."""

    @abc.abstractmethod
    def counts(self, site: Site) -> str:
        """The change that counts, whether there is a trial or not. Answers while the host stands still."""

    @abc.abstractmethod
    def of_others(self, site: Site) -> dict[str, str]:
        """What others have on the host, and must not lose: {name: text}."""

    @abc.abstractmethod
    def interfere(self, site: Site) -> bool:
        """Let somebody else change something meanwhile, which must not get lost; returns whether that was done."""

    @abc.abstractmethod
    def lost_meanwhile(self, site: Site) -> str | None:
        """Say that what interfere() has changed is no longer so."""

    def settled(self, site: Site) -> str:
        """What in_force() says once it is what a boot gives, or when that has been waited for long enough."""
        until = time.monotonic() + SETTLES_WITHIN
        while True:
            now = self.in_force(site)
            if now == self.on_disk(site.guest.root) or time.monotonic() > until:
                return now
            time.sleep(0.2)


def knock(address: str, port: int) -> str:
    """What a port answers to the controller: open, shut or silent."""
    for _attempt in range(2):
        try:
            socket.create_connection((address, port), 1.5).close()
            return "open"
        except ConnectionRefusedError:
            return "shut"
        except OSError:
            pass
    return "silent"
