# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One host: an overlay over an image, booted by systemd-nspawn in a cgroup of its own."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
from typing import Any

from .machine import end_cgroup

DISK_SIZE = "256m"  # of memory, and only what is written is taken
INNER_DEVICE = "host1"  # of a bastion, as host0 is its way to the controller
REBOOTED = 133  # what systemd-nspawn exits with when the host in it reboots
INIT = ["systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit", "--resolv-conf=off", "--timezone=off",
        "--link-journal=no", "--console=pipe", "--kill-signal=SIGRTMIN+3"]
# Joins its cgroup, then boots until the host is powered off. The second interface is there anew at each boot.
KEEP_BOOTED = """
cgroup=$1 link=$2; shift 2
echo $$ > "$cgroup/cgroup.procs"
while :; do
    [ -z "$link" ] || {
        ip link delete "$link" 2>/dev/null
        (for _ in $(seq 200); do ip link set "$link" master rig1 up 2>/dev/null && exit; sleep 0.05; done) &
    }
    "$@"
    code=$?
    [ $code = %d ] || exit $code
done
""" % REBOOTED
CONSOLE_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class HostFailed(Exception):
    """A host did not do what it should; the text holds the end of its console's output where that may help."""


class Guest:
    """A host of a rig, whether this process started it or another.

    :ivar name: at most 12 characters, as it is part of the names of interfaces
    :ivar address: IPv4 address, str
    :ivar address6: IPv6 address, str
    :ivar release: name of its image
    :ivar behind: name of the host through which alone it is reached, or None
    """

    def __init__(self, folder: str | os.PathLike[str], cgroups: str | os.PathLike[str], facts: dict[str, Any]):
        self.folder, self.facts = pathlib.Path(folder), facts
        self.name: str = facts["name"]
        self.release: str = facts["release"]
        self.behind: str | None = facts["behind"]
        self.address: str = facts["address"]
        self.address6: str = facts["address6"]
        self.root = self.folder / "root"
        self.cgroup = pathlib.Path(cgroups) / ("host-" + self.name)
        self.link = "vb-" + self.name  # as systemd-nspawn names the end of its interface that is outside
        self.inner_link = "vi-" + self.name
        self._process: subprocess.Popen[bytes] | None = None
        self._inner = False

    @classmethod
    def find(cls, folder: pathlib.Path, cgroups: pathlib.Path) -> "Guest":
        """A host that is there. Raises OSError or ValueError."""
        return cls(folder, cgroups, json.loads((pathlib.Path(folder) / "host.json").read_text(encoding="utf-8")))

    def make(self, image: str | os.PathLike[str], identity: pathlib.Path, inner: tuple[str, str] | None = None) -> None:
        """Lay out its disk.

        :param image: path of the unpacked image
        :param identity: path of the folder with the rig's keys
        :param inner: (IPv4, IPv6) of its second interface, to the hosts behind it, or None
        """
        (self.folder / "host.json").write_text(json.dumps(self.facts), encoding="utf-8")
        disk = self.folder / "disk"
        for folder in (disk, self.root):
            folder.mkdir()
        _run("mount", "-t", "tmpfs", "-o", "mode=755,size=" + DISK_SIZE, "disk-" + self.name, disk)
        for layer in ("upper", "work"):
            (disk / layer).mkdir()
        layers = "lowerdir=%s,upperdir=%s/upper,workdir=%s/work" % (os.fspath(image), disk, disk)
        _run("mount", "-t", "overlay", "overlay", "-o", layers, self.root)
        self._write("etc/hostname", self.name + "\n")
        self._write("etc/hosts", "127.0.0.1 localhost\n127.0.1.1 %s\n::1 localhost\n" % self.name)
        gateway = "-" if self.behind else "10.88.0.1"
        lines = ["host0 %s/16 %s/64 %s" % (self.address, self.address6, gateway)]
        if inner:
            lines.append("%s %s/16 %s/64 -" % (INNER_DEVICE, *inner))
        self._write("etc/rig/addresses", "\n".join(lines) + "\n")
        self._inner = bool(inner)
        user = (self.root / "home/ansible").stat()
        for home, uid, gid in (("root", 0, 0), ("home/ansible", user.st_uid, user.st_gid)):
            folder = self.root / home / ".ssh"
            folder.mkdir(mode=0o700, exist_ok=True)
            shutil.copy(identity / "id.pub", folder / "authorized_keys")
            for path in (folder, folder / "authorized_keys"):
                os.chown(path, uid, gid)
        for suffix, mode in (("", 0o600), (".pub", 0o644)):
            key = self.root / ("etc/ssh/ssh_host_ed25519_key" + suffix)
            shutil.copy(identity / ("hostkey" + suffix), key)
            key.chmod(mode)

    def _write(self, path: str, text: str) -> None:
        (self.root / path).write_text(text, encoding="utf-8")

    def boot(self) -> None:
        """Switch it on; returns at once."""
        self.cgroup.mkdir(exist_ok=True)
        command = [*INIT, "--directory=%s" % self.root, "--machine=" + self.name,
                   "--network-bridge=%s" % ("rig1" if self.behind else "rig0")]
        if self._inner:
            command.append("--network-veth-extra=%s:%s" % (self.inner_link, INNER_DEVICE))
        with open(self.folder / "console", "ab") as console:
            self._process = subprocess.Popen(
                ["sh", "-c", KEEP_BOOTED, "boot-" + self.name, self.cgroup, self.inner_link if self._inner else "",
                 *command],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True)

    def check_alive(self) -> None:
        """Raises HostFailed if it ended by itself."""
        if self._process and self._process.poll() is not None:
            raise HostFailed("%s ended with exit code %d: %s" % (self.name, self._process.returncode, self.said()))

    def said(self) -> str:
        """The end of what it wrote to its console."""
        with contextlib.suppress(OSError):
            return (self.folder / "console").read_text(encoding="utf-8", errors="replace")[-3000:]
        return "it has no console"

    def leader(self) -> int:
        """The pid, as seen from here, of its process 1. Raises LookupError while it is off."""
        for procs in self.cgroup.rglob("init.scope/cgroup.procs"):
            with contextlib.suppress(OSError):
                for pid in procs.read_text(encoding="ascii").split():
                    if _pid_inside(pid) == 1:
                        return int(pid)
        raise LookupError("%s is not running" % self.name)

    def console(self, *command: str) -> list[str]:
        """The command that runs a command on the host without its network. Raises LookupError while it is off.

        Such a process is in no unit of the host.
        """
        return ["nsenter", "--target=%d" % self.leader(), "--all", "--", "env", "-i", "PATH=" + CONSOLE_PATH,
                "HOME=/root",
                "TERM=" + os.environ.get("TERM", "dumb"), "LC_ALL=C.UTF-8", *command]

    def power_off(self) -> None:
        """Switch it off as a power cut does. Its disk stays."""
        if self._process:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(signal.SIGKILL)
        if self.cgroup.exists():
            end_cgroup(self.cgroup)
        if self._process:
            self._process.wait()
            self._process = None
        # the kernel takes its time to drop the network of a namespace, and the name is needed at the next boot
        for link in (self.link, self.inner_link):
            subprocess.run(["ip", "link", "delete", link], check=False, stderr=subprocess.DEVNULL)

    def remove(self) -> None:
        """Switch it off and remove its disk."""
        self.power_off()
        for mount in (self.root, self.folder / "disk"):
            subprocess.run(["umount", "--lazy", mount], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


def _pid_inside(pid: str) -> int | None:
    """The pid that a process has in its own namespace, or None where it is gone."""
    with contextlib.suppress(OSError):
        for line in pathlib.Path("/proc", pid, "status").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("NSpid:"):
                return int(line.split()[-1])
    return None


def _run(*command: str | os.PathLike[str]) -> None:
    subprocess.run(command, check=True)
