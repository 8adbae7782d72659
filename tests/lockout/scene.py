# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run is made on: a fresh host with what is to be changed on it, and a run of Ansible."""

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import tarfile
import threading
from typing import Any, NamedTuple

from draws import OLD
from states import FIRST_ADDRESS
from subject import ANSWER, Site, Subject
from support.host import execute
from support.player import Player

from rig.fleet import Rig

PREPARED_WITH = 60  # seconds that the trial of the old rules lasts, which is none of those that are tried
KEPT_FILES = ("etc/listening-ports", "etc/systemd/system")
# A host that stands still for an instant interrupts a login that is just being made, and the sandbox of sshd(8) ends
# whoever comes back by restart_syscall(2). From OpenSSH 9.8 on, a client by which sshd crashed is refused for 90 s, see
# PerSourcePenalties in sshd_config(5): that would be a lock-out which nothing that is tried here has made.
WITHOUT_PENALTIES = """
if sshd -T | grep -q '^persourcepenalties '; then
    echo 'PerSourcePenalties no' > /etc/ssh/sshd_config.d/penalties.conf
    systemctl restart ssh
fi
"""
# The first connection, which Ansible keeps, comes from another address than those that follow
SSH_CONFIG = """\
Match exec "mkdir {folder}/first 2>/dev/null"
    BindAddress {first}
Host *
    ServerAliveInterval 3
    ServerAliveCountMax 3
Include {rig}
"""


class Ended(NamedTuple):
    """How a run of Ansible ended.

    :ivar status: of the task, else none, unreachable, killed (by a fault) or hung (until it was killed)
    :ivar code: of the refusal, or nothing
    """

    status: str
    code: str
    output: str


class Play:
    """A run of Ansible that changes a host."""

    def __init__(self, site: Site, folder: pathlib.Path, player: Player, rig: Rig, task: dict[str, Any], user: str):
        self._folder = folder
        self.config = folder / "ssh_config"
        self.config.write_text(SSH_CONFIG.format(folder=folder, first=FIRST_ADDRESS, rig=rig.folder / "ssh_config"),
                               encoding="utf-8")
        variables = dict(site.inventory(), ansible_user=user, ansible_become=user != "root",
                         ansible_ssh_common_args="-F %s" % self.config)
        (folder / "inventory.json").write_text(json.dumps({"all": {"hosts": {site.name: variables}}}), encoding="utf-8")
        tasks: list[dict[str, Any]] = [
            {**task, "register": "result", "ignore_errors": True, "ignore_unreachable": True},
            {"ansible.builtin.debug": {"msg": ANSWER}}]
        play = [{"hosts": "all", "gather_facts": False, "tasks": tasks}]
        (folder / "play.yml").write_text(json.dumps(play), encoding="utf-8")
        with open(folder / "output", "wb") as output:
            self._process = subprocess.Popen(
                ["ansible-playbook", "-i", folder / "inventory.json", folder / "play.yml"], cwd=folder,
                env=dict(player.environment, LOCKOUT_RUN=str(folder)), stdin=subprocess.DEVNULL, stdout=output,
                stderr=output)

    def is_over(self) -> bool:
        """Whether it has ended."""
        return self._process.poll() is not None

    def kill(self) -> None:
        """End it at once, with all that it started: its workers, and the connections that it keeps, are elsewhere.

        What is forked from the process that has loaded Ansible, and runs no other program, shows the variables of that
        process: it is known by its folder.
        """
        mark = ("\0LOCKOUT_RUN=%s\0" % self._folder).encode()
        pids = None
        while pids != []:
            pids = [int(path.name) for path in pathlib.Path("/proc").glob("[0-9]*")
                    if mark in b"\0" + _content(path / "environ") or _working_folder(path) == str(self._folder)]
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def end(self, within: float) -> Ended:
        """Wait for its end; one that takes too long is killed."""
        hung = False
        try:
            self._process.wait(within)
        except subprocess.TimeoutExpired:
            hung = True
            self.kill()
            self._process.wait()
        output = (self._folder / "output").read_text(encoding="utf-8", errors="replace")
        ended = re.search(r"ENDED (\w+) ?(\w*)", output)
        if ended:
            return Ended(ended.group(1), ended.group(2), output)
        return Ended("hung" if hung else "killed" if self._process.returncode < 0 else "none", "", output)


class Stage:
    """Makes the hosts of a campaign."""

    def __init__(self, rig: Rig, player: Player, subject: Subject, confirm: int):
        self.rig, self.player, self.subject, self.confirm = rig, player, subject, confirm
        self._old: dict[str, bytes] = {}  # what a host has on its disk once old rules were kept, by release
        self._locks = {release: threading.Lock() for release in rig.images}
        execute(["ip", "address", "replace", FIRST_ADDRESS + "/16", "dev", "rig0"])

    def host(self, release: str, setting: str) -> Site:
        """A fresh host in this setting, on which nothing was changed."""
        guest = self.rig.start(release=release)
        try:
            self.rig.wait([guest])
            site = Site(self.rig, guest, self.player)
            site.console("bash", "-eu", stdin=WITHOUT_PENALTIES)
            site.console("bash", "-eu", stdin=self.subject.settings[setting])
        except BaseException:
            self.rig.remove(guest)
            raise
        return site

    def play(self, site: Site, folder: pathlib.Path, task: dict[str, Any], user: str) -> Play:
        """Let Ansible change a host."""
        return Play(site, folder, self.player, self.rig, task, user)

    def keep_old_rules(self, site: Site) -> None:
        """Let a host have the old rules, as a run leaves it that kept them."""
        with self._locks[site.release]:
            if site.release not in self._old:
                self._old[site.release] = self._make_old(site.release)
        packed = site.guest.folder / "old.tar"
        packed.write_bytes(self._old[site.release])
        with tarfile.open(packed) as archive:
            archive.extractall(site.guest.root, filter="tar")
        site.console("sh", "-euc", "systemctl daemon-reload; systemctl start listening-ports.service")

    def _make_old(self, release: str) -> bytes:
        """Let a run keep the old rules, and pack what it left on the disk."""
        site = self.host(release, next(iter(self.subject.settings)))
        try:
            folder = site.guest.folder / "first-play"
            folder.mkdir()
            ended = self.play(site, folder, self.subject.task(OLD, PREPARED_WITH), "root").end(120)
            if ended.status != "kept":
                raise RuntimeError("the old rules were not kept on %s: %s\n%s" % (release, ended.status, ended.output))
            packed = site.guest.folder / "kept.tar"
            with tarfile.open(packed, "w") as archive:
                for path in files_of_ours(site.guest.root):
                    archive.add(path, str(path.relative_to(site.guest.root)), recursive=False)
            return packed.read_bytes()
        finally:
            self.rig.remove(site.guest)


def _content(path: pathlib.Path) -> bytes:
    """Of a file of a process, which may be gone."""
    with contextlib.suppress(OSError):
        return path.read_bytes()
    return b""


def _working_folder(process: pathlib.Path) -> str:
    """Of a process, which may be gone."""
    with contextlib.suppress(OSError):
        return os.readlink(process / "cwd")
    return ""


def files_of_ours(root: pathlib.Path) -> list[pathlib.Path]:
    """What the collection leaves on the disk of a host, folders before what is in them."""
    return sorted(path for folder in KEPT_FILES for path in [root / folder, *(root / folder).rglob("*")]
                  if "listening-ports" in str(path.relative_to(root)))
