# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes wrong: how each fault strikes, and how its damage is undone."""

import os
import signal
import time
from typing import Mapping, NamedTuple

from filtering import HIDDEN, NFT
from scene import Play
from subject import Site
from support.host import execute
from verdicts import Phase
from watch import Watch, programs, standing_still

LOOK_EVERY = 0.03  # seconds, for a module that is to be killed
MODULE_WITHIN = 15  # seconds
HANGING = "#!/bin/sh\\nexec sleep 300\\n"
SUDOERS, AWAY = "/etc/sudoers.d/ansible", "/root/sudoers"


class Struck(NamedTuple):
    """What a fault met."""

    phase: Phase
    at: float


class Fault:
    """Nothing goes wrong; and the base of what does."""

    outlasts_trial = False  # whether it stays until a trial would be over, and ends then

    def wait(self, site: Site, play: Play) -> None:
        """Wait for more than the moment of the run has waited for."""

    def strike(self, site: Site, play: Play) -> None:
        """Come, while the host stands still."""

    def go_on(self, site: Site) -> None:
        """What it does once the host goes on."""

    def relent(self, site: Site) -> None:
        """Let the host be reached again."""

    def mend(self, site: Site) -> None:
        """Undo the rest of its damage, once it is known whether the host was reached in spite of it."""


class ControllerKilled(Fault):
    """The controller ends in the middle of it, with its connections."""

    def strike(self, site: Site, play: Play) -> None:
        play.kill()


class ModuleKilled(Fault):
    """The module ends at any point: before, in and after its transactions."""

    def wait(self, site: Site, play: Play) -> None:
        until = time.monotonic() + MODULE_WITHIN
        while not programs(site, "python") and not play.is_over() and time.monotonic() < until:
            time.sleep(LOOK_EVERY)

    def strike(self, site: Site, play: Play) -> None:
        for pid in programs(site, "python"):
            os.kill(pid, signal.SIGKILL)


class LinkCut(Fault):
    """Nothing that is sent arrives, until a trial would be over."""

    outlasts_trial = True

    def strike(self, site: Site, play: Play) -> None:
        execute(["ip", "link", "set", site.guest.link, "down"])

    def relent(self, site: Site) -> None:
        execute(["ip", "link", "set", site.guest.link, "up"])


class PowerCut(Fault):
    """The host is off, and then on again."""

    def strike(self, site: Site, play: Play) -> None:
        site.kill()

    def go_on(self, site: Site) -> None:
        site.start()


class Reboot(Fault):
    """The host goes down in order, and comes up again."""

    def go_on(self, site: Site) -> None:
        site.reboot()


class NftGone(Fault):
    """The program that changes rules is no longer there."""

    def strike(self, site: Site, play: Play) -> None:
        site.console("mv", NFT, HIDDEN)

    def mend(self, site: Site) -> None:
        site.console("mv", "-f", HIDDEN, NFT)


class NftHangs(NftGone):
    """It is there, and never ends."""

    def strike(self, site: Site, play: Play) -> None:
        super().strike(site, play)
        site.console("sh", "-c", "printf '%s' > %s; chmod 755 %s" % (HANGING, NFT, NFT))


class DiskFull(Fault):
    """No byte can be written to the disk."""

    def strike(self, site: Site, play: Play) -> None:
        site.console("sh", "-c", "cat /dev/zero > /var/full", check=False)

    def mend(self, site: Site) -> None:
        site.console("rm", "-f", "/var/full")


class SshdRestarted(Fault):
    """Connections go on, and new ones are accepted by another process."""

    def go_on(self, site: Site) -> None:
        site.console("systemctl", "restart", "ssh")


class SystemdRenewed(Fault):
    """The manager of the units, which has the timer of a trial, begins anew."""

    def go_on(self, site: Site) -> None:
        site.console("systemctl", "daemon-reexec")


class RulesFlushed(Fault):
    """Somebody takes away all rules, also those of others."""

    def strike(self, site: Site, play: Play) -> None:
        site.console("nft", "flush", "ruleset")


class SudoBroken(Fault):
    """Whoever logs in can no longer become root."""

    def strike(self, site: Site, play: Play) -> None:
        site.console("mv", SUDOERS, AWAY)

    def mend(self, site: Site) -> None:
        site.console("mv", AWAY, SUDOERS)


FAULTS: Mapping[str, type[Fault]] = {
    "none": Fault, "controller killed": ControllerKilled, "module killed": ModuleKilled, "link cut": LinkCut,
    "power cut": PowerCut, "reboot": Reboot, "nft gone": NftGone, "nft hangs": NftHangs, "disk full": DiskFull,
    "sshd restarted": SshdRestarted, "systemd renewed": SystemdRenewed, "rules flushed": RulesFlushed,
    "sudo broken": SudoBroken,
}


def strike(fault: Fault, site: Site, play: Play, watch: Watch, before: str) -> Struck:
    """Let a fault come; returns what it met.

    :param before: the change that the host had before the run
    """
    fault.wait(site, play)
    with standing_still(site):
        phase = watch.phase(before)
        struck = Struck(phase, time.monotonic())
        fault.strike(site, play)
    return struck
