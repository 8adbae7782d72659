# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hosts of a rig: their network, their keys, and how they are reached. To be used inside the rig's namespaces."""

import contextlib
import ipaddress
import json
import os
import pathlib
import socket
import subprocess
import time
from typing import Any, Iterable

from .guest import Guest, HostFailed

Networks = tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ipaddress.IPv4Network | ipaddress.IPv6Network]

FOLDER = pathlib.Path("/run/rig")
CGROUPS = pathlib.Path("/sys/fs/cgroup")
READY_WITHIN = 120  # seconds until all hosts show their SSH banner
# Direct hosts, and those behind one of them: networks to take addresses from. The first address is the controller's.
OUTER = ipaddress.ip_network("10.88.0.0/16"), ipaddress.ip_network("fd88::/64")
INNER = ipaddress.ip_network("10.89.0.0/16"), ipaddress.ip_network("fd89::/64")
# A bridge takes the lowest hardware address of its ports, and another one when hosts come and go, unless it was given
# one (net/bridge/br_stp_if.c). What hosts send to the address that they remember is then lost for some seconds.
BRIDGES = {"rig0": "02:00:0a:58:00:01", "rig1": "02:00:0a:59:00:01"}
SSH_CONFIG = """\
Host *
    IdentityFile "{folder}/id"
    UserKnownHostsFile "{folder}/known_hosts"
    GlobalKnownHostsFile /dev/null
    StrictHostKeyChecking yes
    IdentitiesOnly yes
    User root
    LogLevel ERROR
"""


class Rig:
    """The hosts that live in this process's namespaces.

    :ivar folder: path of what belongs to the rig
    :ivar images: {name of an image: path of its root}
    """

    def __init__(self, images: dict[str, str], folder: str | os.PathLike[str] = FOLDER):
        self.images, self.folder = images, pathlib.Path(folder)
        self._mine: dict[str, Guest] = {}  # hosts that this process started, by name

    @classmethod
    def attach(cls) -> "Rig":
        """The rig that this process runs in. Raises LookupError outside of one."""
        if not os.environ.get("RIG_DIR"):
            raise LookupError("not in a rig: start this by `python3 tests/hosts/rig run --hosts 0 -- COMMAND`")
        folder = pathlib.Path(os.environ["RIG_DIR"])
        return cls(json.loads((folder / "images.json").read_text(encoding="utf-8")), folder)

    def prepare(self) -> None:
        """Make the bridges and the keys."""
        (self.folder / "hosts").mkdir(parents=True)
        (self.folder / "numbers").mkdir()
        roots = {name: str(root) for name, root in self.images.items()}
        (self.folder / "images.json").write_text(json.dumps(roots), encoding="utf-8")
        for command in ("link set lo up", *("link add %s address %s type bridge" % pair for pair in BRIDGES.items()),
                        "address add 10.88.0.1/16 dev rig0", "address add fd88::1/64 dev rig0 nodad",
                        *("link set %s up" % name for name in BRIDGES)):
            subprocess.run(["ip", *command.split()], check=True)
        # a host that is asked for its hardware address before it has booted is asked again after this time, not after a
        # second
        pathlib.Path("/proc/sys/net/ipv4/neigh/rig0/retrans_time_ms").write_text("50", encoding="ascii")
        for key in ("id", "hostkey"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "rig", "-f", self.folder / key],
                           check=True)
        # all hosts have one key: whatever the address, it is known
        hostkey = (self.folder / "hostkey.pub").read_text(encoding="ascii")
        (self.folder / "known_hosts").write_text("* " + hostkey, encoding="ascii")
        (self.folder / "ssh_config").write_text(ssh_config(self.folder), encoding="utf-8")

    def host(self, name: str) -> Guest:
        """The host of this name, running or not. Raises LookupError."""
        if name in self._mine:
            return self._mine[name]
        try:
            return Guest.find(self.folder / "hosts" / name, CGROUPS)
        except (OSError, ValueError):
            names = sorted(path.name for path in (self.folder / "hosts").iterdir())
            raise LookupError("no host %s: there %s"
                              % (name, "are " + ", ".join(names) if names else "is none")) from None

    def start(self, name: str | None = None, release: str = "trixie", behind: Guest | None = None,
              bastion: bool = False) -> Guest:
        """Make and boot a host; returns at once.

        :param behind: the host (a bastion) through which alone it is reached, or None
        :param bastion: bool, whether it gets an interface for hosts behind it
        """
        if release not in self.images:
            raise LookupError("the rig was started without the image %s: give it to --release (it has %s)"
                              % (release, ", ".join(sorted(self.images))))
        number = self._number()
        name = name or "h%d" % number
        address, address6 = _addresses(INNER if behind else OUTER, number)
        facts = {"name": name, "release": release, "address": address, "address6": address6,
                 "behind": behind.name if behind else None}
        folder = self.folder / "hosts" / name
        folder.mkdir()
        guest = Guest(folder, CGROUPS, facts)
        self._mine[name] = guest
        guest.make(self.images[release], self.folder, _addresses(INNER, number) if bastion else None)
        if behind:
            with open(self.folder / "ssh_config", "a", encoding="utf-8") as config:
                config.write("Host %s %s\n    ProxyJump %s\n" % (address, address6, behind.address))
        guest.boot()
        return guest

    def _number(self) -> int:
        """A number that no other host of the rig has, nor had: addresses are not used twice, as others remember them.
        """
        number = 1
        while True:
            try:
                (self.folder / "numbers" / str(number)).mkdir()
                return number
            except FileExistsError:
                number += 1

    def wait(self, guests: Iterable[Guest]) -> None:
        """Until the sshd of every one of these hosts answers. Raises HostFailed."""
        began = time.monotonic()
        missing = list(guests)
        while missing:
            for guest in missing:
                guest.check_alive()
            missing = [guest for guest in missing if not self._answers(guest)]
            if time.monotonic() - began > READY_WITHIN:
                raise HostFailed("no SSH within %d s on %s\n%s" % (
                    READY_WITHIN, ", ".join(guest.name for guest in missing), missing[0].said()))
            if missing:
                time.sleep(0.02)

    def _answers(self, guest: Guest) -> bool:
        if guest.behind:
            trial = [*self.ssh, "-o", "ConnectTimeout=2", guest.address, "true"]
            return subprocess.run(trial, check=False, stdin=subprocess.DEVNULL, capture_output=True).returncode == 0
        with contextlib.suppress(OSError), socket.create_connection((guest.address, 22), 0.2) as connection:
            connection.settimeout(1)
            return connection.recv(4) == b"SSH-"
        return False

    @property
    def ssh(self) -> list[str]:
        """The beginning of a command that connects to a host, as list of str."""
        return ["ssh", "-F", str(self.folder / "ssh_config")]

    def inventory(self, guests: Iterable[Guest]) -> dict[str, Any]:
        """An inventory of these hosts, as Ansible reads it from a JSON file."""
        return {"all": {"hosts": {guest.name: {
            "ansible_host": guest.address,
            "ansible_user": "root",
            "ansible_python_interpreter": "/usr/bin/python3",
            "ansible_ssh_common_args": "-F %s/ssh_config" % self.folder,
            # connections that Ansible keeps end with the rig; the next one has the same addresses, and other hosts
            "ansible_control_path_dir": "%s/kept" % self.folder,
        } for guest in guests}}}

    def remove(self, guest: Guest) -> None:
        """End a host."""
        guest.remove()
        self._mine.pop(guest.name, None)


def ssh_config(folder: str | os.PathLike[str], more: str = "") -> str:
    """The text of an ssh_config(5) for keys in that folder; `more` is what start() has added."""
    return SSH_CONFIG.format(folder=str(folder).replace("%", "%%")) + more


def _addresses(networks: Networks, number: int) -> tuple[str, str]:
    """The addresses of a host in these networks, as two str."""
    first, second = (str(network.network_address + 1 + number) for network in networks)
    return first, second
