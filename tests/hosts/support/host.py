# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host as a test sees it: commands, playbooks, and what can go wrong with it."""

import contextlib
import os
import shlex
import subprocess
import time
from typing import TYPE_CHECKING, Any, Iterator, NamedTuple, Sequence

if TYPE_CHECKING:
    from rig.fleet import Rig
    from rig.guest import Guest

    from .player import Player

Path = str | os.PathLike[str]

COMMAND_TIMEOUT = 120  # seconds
PATIENCE = 60  # seconds for what takes none on a machine that is not busy
REBOOTED_WITHIN = 120  # seconds


class Done(NamedTuple):
    """What a command that has ended gave back."""

    code: int
    out: str
    err: str


def execute(command: Sequence[Path], check: bool = True, stdin: str | None = None, timeout: float = COMMAND_TIMEOUT,
            cwd: Path | None = None, env: dict[str, str] | None = None) -> Done:
    """Run a command, a list of str, on this side; returns Done.

    With check, an exit code other than 0 fails the test.
    """
    process = subprocess.run(command, check=False, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                             errors="backslashreplace",
                             timeout=timeout, cwd=cwd, env=env, input=stdin,
                             stdin=subprocess.DEVNULL if stdin is None else None)
    done = Done(process.returncode, process.stdout, process.stderr)
    if check and done.code:
        raise AssertionError("exit code %d: %s\n%s%s"
                             % (done.code, shlex.join(str(word) for word in command), done.out, done.err))
    return done


class Host:
    """A fresh host.

    :ivar name, address, address6, release: str; see Guest in ../rig/guest.py
    :ivar root: path, its files seen from this side
    """

    def __init__(self, rig: "Rig", guest: "Guest", player: "Player"):
        self._rig, self._guest, self._player = rig, guest, player
        self.name, self.release = guest.name, guest.release
        self.address, self.address6, self.root = guest.address, guest.address6, guest.root

    def run(self, command: str | list[str], user: str = "root", check: bool = True, stdin: str | None = None) -> Done:
        """Run a command on it over SSH: a str for its shell, or a list of words. Returns Done."""
        text = command if isinstance(command, str) else shlex.join(command)
        return execute([*self._rig.ssh, "-l", user, self.address, "--", text], check, stdin)

    def console(self, *command: str, check: bool = True, stdin: str | None = None) -> Done:
        """Run a command on it without its network. Returns Done."""
        return execute(self._guest.console(*command), check, stdin)

    def playbook(self, play: str, *arguments: str, user: str = "root", check: bool = True) -> Done:
        """Run a playbook on it alone; see Player.play()."""
        return self._player.play([self], play, *arguments, user=user, check=check)

    def inventory(self) -> dict[str, Any]:
        """Its variables in an inventory."""
        variables: dict[str, Any] = self._rig.inventory([self._guest])["all"]["hosts"][self.name]
        return variables

    def inside(self) -> list[str]:
        """The beginning of a command that runs in its network, with the files of this side."""
        return ["nsenter", "--net=/proc/%d/ns/net" % self._guest.leader(), "--"]

    def wait_for(self, command: str, timeout: float = PATIENCE) -> None:
        """Until a shell command, run over the console, succeeds. Fails the test after timeout seconds."""
        until = time.monotonic() + timeout
        while self.console("sh", "-c", command, check=False).code:
            assert time.monotonic() < until, "not within %g s on %s: %s" % (timeout, self.name, command)
            time.sleep(0.05)

    # What goes wrong in real life.

    @contextlib.contextmanager
    def link_cut(self) -> Iterator[None]:
        """Its network cable is out: everything it sends, and everything sent to it, is lost."""
        execute(["ip", "link", "set", self._guest.link, "down"])
        try:
            yield
        finally:
            execute(["ip", "link", "set", self._guest.link, "up"])

    @contextlib.contextmanager
    def full_disk(self) -> Iterator[None]:
        """No byte can be written to its root file system. Its /run, /dev/shm and, since Debian 13, /tmp are others."""
        full = self.console("sh", "-c", "cat /dev/zero > /var/full", check=False)
        assert "No space left" in full.err, full
        try:
            yield
        finally:
            self.console("rm", "/var/full")

    @contextlib.contextmanager
    def without(self, program: str) -> Iterator[None]:
        """It does not have this program."""
        self._move(program, "", ".hidden")
        try:
            yield
        finally:
            self._move(program, ".hidden", "")

    def _move(self, program: str, before: str, after: str) -> None:
        script = ('n=0; for d in $(echo "$PATH" | tr : " "); do '
                  '[ -e "$d/$1$2" ] && mv "$d/$1$2" "$d/$1$3" && n=1; done; [ $n = 1 ]')
        self.console("sh", "-c", script, "sh", program, before, after)

    @contextlib.contextmanager
    def frozen(self, pid: int) -> Iterator[None]:
        """A process of it is there, and does nothing."""
        self.console("kill", "-STOP", str(pid))
        try:
            yield
        finally:
            self.console("kill", "-CONT", str(pid), check=False)

    def kill(self) -> None:
        """It loses its power. What it wrote to its disk stays."""
        self._guest.power_off()

    def start(self) -> None:
        """It is switched on again, until it answers."""
        self._guest.boot()
        self._rig.wait([self._guest])

    def reboot(self) -> None:
        """It reboots by itself, until it answers again."""
        before = self._guest.leader()
        self.console("systemctl", "reboot", check=False)
        until = time.monotonic() + REBOOTED_WITHIN
        while True:
            with contextlib.suppress(LookupError):
                if self._guest.leader() != before:
                    break
            assert time.monotonic() < until, "%s did not reboot: %s" % (self.name, self._guest.said())
            time.sleep(0.02)
        self._rig.wait([self._guest])
