# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has to be true of a machine before hosts can be started on it."""

import os
import pathlib
import shutil
import subprocess
import sys

# program: Debian package
PROGRAMS = {
    "ip": "iproute2", "mmdebstrap": "mmdebstrap", "nsenter": "util-linux", "setpriv": "util-linux",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client", "systemd-nspawn": "systemd-container", "tar": "tar", "unshare": "util-linux",
    "zstd": "zstd",
}
KEYRINGS = pathlib.Path("/usr/share/keyrings")
# One that uses each kind of namespace, and each kind of device and mount, that a rig is made of.
TRIAL = "mount -t tmpfs none /mnt && ip link add rig0 type bridge && ip link add rig1 type veth peer name rig2"


class NoCgroups(Exception):
    """No cgroup2 tree is mounted."""


def cgroup_root() -> pathlib.Path:
    """The path at which this machine has its cgroup2 tree: alone, or beside those of version 1. Raises NoCgroups."""
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
        for mount in mounts:
            fields, _dash, kind = mount.partition(" - ")
            if kind.startswith("cgroup2 "):
                return pathlib.Path(fields.split()[4])
    raise NoCgroups("no cgroup2 tree is mounted")


def obstacles() -> list[str]:
    """Why no hosts can be started here: a list of sentences, which is empty where they can."""
    if not sys.platform.startswith("linux"):
        return ["hosts need Linux"]
    if sys.version_info < (3, 10):
        return ["Python 3.10 or newer is needed"]
    if os.geteuid():
        return ["hosts need root"]
    missing = sorted(program for program in PROGRAMS if not shutil.which(program))
    if missing:
        packages = sorted({PROGRAMS[program] for program in missing})
        return ["missing: %s (on Debian: apt-get install %s)" % (", ".join(missing), " ".join(packages))]
    reasons = []
    if not list(KEYRINGS.glob("debian-archive-*")):
        reasons.append("missing: the keys of Debian's archive (on Debian and Ubuntu: apt-get install "
                       "debian-archive-keyring)")
    try:
        root = cgroup_root()
        if not os.access(root, os.W_OK) or _read_only(root):
            reasons.append("%s cannot be written: cgroups are not ours to make" % root)
    except NoCgroups as exc:
        reasons.append(str(exc))
    with open("/proc/filesystems", encoding="utf-8") as systems:
        known = "overlay" in systems.read().split()
    if not known and subprocess.run(["modprobe", "-q", "overlay"], check=False).returncode:
        reasons.append("the kernel has no overlayfs")
    trial = subprocess.run(["unshare", "--mount", "--net", "--pid", "--uts", "--ipc", "--cgroup", "--fork",
                            "--mount-proc",
                            "sh", "-c", TRIAL], check=False, capture_output=True, text=True)
    if trial.returncode:
        reasons.append("namespaces are refused: %s" % trial.stderr.strip().replace("\n", "; "))
    return reasons


def _read_only(path: pathlib.Path) -> bool:
    return bool(os.statvfs(path).f_flag & os.ST_RDONLY)
