# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts to connect to: namespaces with a load and an sshd of their own, joined by a bridge in the sandbox's network.

Run as a program it is the first process of such a host: it builds the load, starts sshd and ends with it.
"""

import argparse
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from typing import IO, Sequence

import load
import sandbox

NETWORK = "10.77.0.%d"
BRIDGE = "bench0"
READY_WITHIN = 30  # seconds until a host shows its SSH banner
SSHD_CONFIG = """\
Port 22
ListenAddress 0.0.0.0
AddressFamily inet
HostKey {place}/hostkey
AuthorizedKeysFile {place}/key.pub
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
UseDNS no
PidFile none
PrintMotd no
PrintLastLog no
PermitUserRC no
MaxStartups 100
Subsystem sftp internal-sftp
"""
SHELL_FILES = (".bashrc", ".bash_profile", ".bash_login", ".profile")


class Fleet:
    """``count`` hosts with the same load each, and the same rules for nft.

    To be used in a sandbox, as a context manager.
    """

    def __init__(self, count: int, size: Sequence[int], rules: str = ""):
        self.count, self.size, self.rules = count, size, rules
        # of its own: a kept connection must not outlive its fleet, for the next one has the same addresses
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="fleet-", dir=sandbox.SCRATCH))
        self.names = ["host%d" % (number + 1) for number in range(count)]
        self._processes: list[subprocess.Popen[str]] = []

    def __enter__(self) -> "Fleet":
        try:
            self._keys()
            self._bridge()
            self._start()
            self._await()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_unused: object) -> None:
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()
            _pipe(process.stdin).close()
            _pipe(process.stdout).close()
        # the kernel takes its time to drop the network of a namespace; the next fleet must not find its names in use
        links = ["h%d" % number for number in range(len(self._processes))]
        for link in [BRIDGE] + links:
            subprocess.run(["ip", "link", "delete", link], check=False, stderr=subprocess.DEVNULL)

    def address(self, number: int) -> str:
        """The address of the host with this number, counted from 0."""
        return NETWORK % (number + 2)

    def _keys(self) -> None:
        pathlib.Path("/run/sshd").mkdir(exist_ok=True)  # sshd wants it for its unprivileged part
        for name in ("key", "hostkey"):
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.place / name)]
            subprocess.run(command, check=True)
        (self.place / "sshd_config").write_text(SSHD_CONFIG.format(place=self.place), encoding="utf-8")
        public = " ".join((self.place / "hostkey.pub").read_text(encoding="utf-8").split()[:2])
        lines = ["%s %s\n" % (self.address(number), public) for number in range(self.count)]
        (self.place / "known_hosts").write_text("".join(lines), encoding="utf-8")

    def _bridge(self) -> None:
        steps = ["link add %s type bridge" % BRIDGE, "addr add %s/24 dev %s" % (NETWORK % 1, BRIDGE),
                 "link set %s up" % BRIDGE]
        subprocess.run(["ip", "-batch", "-"], input="\n".join(steps), text=True, check=True)
        # asking for a neighbour again after 1 s, the default, would be most of the time that a host takes to come up
        pathlib.Path("/proc/sys/net/ipv4/neigh/%s/retrans_time_ms" % BRIDGE).write_text("50", encoding="ascii")

    def _start(self) -> None:
        (self.place / "rules.nft").write_text(self.rules, encoding="utf-8")
        for name in self.names:
            command = sandbox.in_namespaces([sys.executable, __file__, self.place, name, *self.size],
                                            extra=["--uts", "--ipc"])
            self._processes.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        for number, process in enumerate(self._processes):
            if _pipe(process.stdout).readline() != "network\n":
                raise RuntimeError("%s did not start" % self.names[number])
            steps = ["link add h%d type veth peer name eth0 netns %d" % (number, process.pid),
                     "link set h%d master %s up" % (number, BRIDGE)]
            subprocess.run(["ip", "-batch", "-"], input="\n".join(steps), text=True, check=True)
            pipe = _pipe(process.stdin)
            pipe.write(self.address(number) + "\n")
            pipe.flush()

    def _await(self) -> None:
        for number, process in enumerate(self._processes):
            if _pipe(process.stdout).readline() != "ready\n":
                raise RuntimeError("%s: the load did not come up" % self.names[number])
        deadline = time.monotonic() + READY_WITHIN
        for number in range(self.count):
            while not banner(self.address(number)):
                if time.monotonic() > deadline:
                    raise RuntimeError("%s: no SSH banner within %d s" % (self.names[number], READY_WITHIN))
                time.sleep(0.05)

    def inventory(self, interpreter: str) -> pathlib.Path:
        """Write an inventory for this fleet; returns its path. The interpreter is the targets' Python."""
        ssh = "-o BatchMode=yes -o UserKnownHostsFile=%s/known_hosts -o GlobalKnownHostsFile=none" % self.place
        hosts = {name: {"ansible_host": self.address(number)} for number, name in enumerate(self.names)}
        settings = {
            "ansible_user": "root",
            "ansible_ssh_private_key_file": str(self.place / "key"),
            "ansible_ssh_common_args": ssh,
            "ansible_control_path_dir": str(self.place / "cp"),
            "ansible_python_interpreter": str(interpreter),
            "ansible_pipelining": True,
        }
        path = self.place / "inventory.json"
        path.write_text(json.dumps({"all": {"hosts": hosts, "vars": settings}}), encoding="utf-8")
        return path


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe
    return pipe


def banner(address: str) -> bool:
    """Whether an SSH server answers at this address."""
    try:
        with socket.create_connection((address, 22), timeout=0.5) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def main() -> None:
    """Be the first process of a host."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("place", help="the directory with the configuration of sshd")
    parser.add_argument("name")
    parser.add_argument("size", type=int, nargs=3, metavar="N", help="listeners, connections, processes")
    args = parser.parse_args()
    socket.sethostname(args.name)
    for name in SHELL_FILES:  # what the user's shell does at login is no part of the measurement
        path = pathlib.Path.home() / name
        if path.exists():
            subprocess.run(["mount", "--bind", "/dev/null", str(path)], check=True)
    print("network", flush=True)
    address = sys.stdin.readline().strip()
    if not address:
        raise SystemExit("%s: no address given" % args.name)
    steps = ["link set lo up", "addr add %s/24 dev eth0" % address, "link set eth0 up"]
    subprocess.run(["ip", "-batch", "-"], input="\n".join(steps), text=True, check=True)
    load.build(*args.size)
    rules = pathlib.Path(args.place, "rules.nft")
    if rules.stat().st_size:
        subprocess.run(["nft", "-f", str(rules)], check=True)
    print("ready", flush=True)
    sshd = shutil.which("sshd", path="/usr/sbin:/sbin:/usr/bin:/usr/local/sbin")
    assert sshd, "no sshd"
    subprocess.run([sshd, "-D", "-e", "-f", args.place + "/sshd_config"], check=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
