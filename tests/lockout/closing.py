# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The campaign in which units are stopped: one that nobody needs, and one that every login asks."""

import contextlib
import pathlib
import time
from typing import Any, Mapping

from draws import CLOSE, CUTTING, DOWN, GOOD, NONE, REFUSED
from subject import Site, Subject, knock

SPARE_PORT, DIRECTORY_PORT, OTHER_PORT = 8001, 9001, 7001
SPARE, DIRECTORY, OTHER = "spare", "logins", "later"
WANTED = "etc/systemd/system"
# Where a boot finds that a unit is enabled
LINKS = {
    SPARE: ("multi-user.target.wants/%s.service" % SPARE, "sockets.target.wants/%s.socket" % SPARE),
    DIRECTORY: ("multi-user.target.wants/%s.service" % DIRECTORY,),
}
UNDO = "listening-ports-undo.timer"
TRANSIENT = "systemd/transient/" + UNDO

# Whoever logs in, or uses sudo, is let in only if the directory answers, as with LDAP
SCENE = """
cat > /usr/local/sbin/listen << 'END'
#!/usr/bin/python3
import os, socket, sys
server = socket.socket(fileno=3) if "LISTEN_FDS" in os.environ else socket.create_server(("0.0.0.0", int(sys.argv[1])))
while True:
    server.accept()[0].close()
END
printf '#!/bin/bash\\nexec 3<>/dev/tcp/127.0.0.1/{directory_port}\\n' > /usr/local/sbin/ask-directory
chmod 755 /usr/local/sbin/listen /usr/local/sbin/ask-directory
for pair in {spare}:{spare_port} {directory}:{directory_port} {other}:{other_port}; do
    cat > /etc/systemd/system/${{pair%:*}}.service << END
[Service]
ExecStart=/usr/local/sbin/listen ${{pair#*:}}
[Install]
WantedBy=multi-user.target
END
done
{more}
systemctl daemon-reload
systemctl enable --quiet --now {enabled} {directory}.service
systemctl start {spare}.service
for _ in $(seq 100); do
    (exec 3<>/dev/tcp/127.0.0.1/{spare_port} 4<>/dev/tcp/127.0.0.1/{directory_port}) 2>/dev/null && break
    sleep 0.1
done
sed -i '1i account required pam_exec.so quiet /usr/local/sbin/ask-directory' /etc/pam.d/common-account
"""
SOCKET = """
printf '[Socket]\\nListenStream=0.0.0.0:%d\\n[Install]\\nWantedBy=sockets.target\\n' > /etc/systemd/system/%s.socket
printf '[Service]\\nExecStart=/usr/local/sbin/listen\\n' > /etc/systemd/system/%s.service
""" % (SPARE_PORT, SPARE, SPARE)


def _scene(more: str, enabled: str) -> str:
    return SCENE.format(spare=SPARE, spare_port=SPARE_PORT, directory=DIRECTORY, directory_port=DIRECTORY_PORT,
                        other=OTHER, other_port=OTHER_PORT, more=more, enabled=enabled)


# name of a change: the ports whose listeners it stops
STOPPED: Mapping[str, tuple[int, ...]] = {
    GOOD: (SPARE_PORT,), CUTTING: (SPARE_PORT, DIRECTORY_PORT), REFUSED: (22,)}


class Closing(Subject):
    """Units are stopped and disabled. In the trial, somebody else enables and starts another unit."""

    what = CLOSE
    program = "systemd", ("/bin/systemctl", "--version")  # of all releases, whether or not /usr is merged
    settings = {"a service": _scene("", SPARE + ".service"), "a socket": _scene(SOCKET, SPARE + ".socket")}

    def __init__(self, confirm: int):
        self._confirm = confirm

    def task(self, change: str, confirm: int) -> dict[str, Any]:
        listeners = ["tcp/0.0.0.0:%d" % port for port in STOPPED[change]]
        return {"listening.ports.stop_listener": {"listeners": listeners, "confirm": confirm}}

    def in_force(self, site: Site) -> str:
        return stopped(knock(site.address, SPARE_PORT), knock(site.address, DIRECTORY_PORT))

    def on_disk(self, root: pathlib.Path) -> str:
        return disabled(*self._enabled(root))

    def mark(self, root: pathlib.Path) -> object:
        return self._enabled(root)

    def _enabled(self, root: pathlib.Path) -> tuple[bool, bool]:
        spare, directory = (any((root / WANTED / link).is_symlink() for link in LINKS[unit])
                            for unit in (SPARE, DIRECTORY))
        return spare, directory

    def is_tried(self, run: pathlib.Path) -> bool:
        return (run / TRANSIENT).exists()

    def trial_left(self, site: Site) -> float:
        """As the file of the timer says, which goes away with it: its manager may stand still."""
        with contextlib.suppress(OSError, LookupError):
            began = (site.run_folder() / TRANSIENT).stat().st_mtime
            return max(0.01, began + self._confirm - time.time())  # it may be due, and not yet have been done
        return 0

    def counts(self, site: Site) -> str:
        """The kernel answers for the units, also while they stand still."""
        return self.in_force(site)

    def of_others(self, site: Site) -> dict[str, str]:
        units = site.console("systemctl", "list-unit-files", "--state=enabled", "--no-legend", "--no-pager").out
        ours = {"%s.%s" % (name, kind) for name in (SPARE, DIRECTORY, OTHER) for kind in ("service", "socket")}
        names = {line.split()[0] for line in units.splitlines() if line.strip()}
        return {"the unit " + name: "enabled" for name in names - ours}

    def interfere(self, site: Site) -> bool:
        return not site.console("systemctl", "enable", "--quiet", "--now", OTHER + ".service", check=False).code

    def lost_meanwhile(self, site: Site) -> str | None:
        done = site.console("sh", "-c", "systemctl is-enabled %s && systemctl is-active %s" % (OTHER, OTHER),
                            check=False)
        return None if not done.code else "a unit that was started in the trial is %s" % " ".join(done.out.split())


def stopped(spare: str, directory: str) -> str:
    """The name of the change after which ports answer so."""
    names = {("open", "open"): NONE, ("shut", "open"): GOOD, ("shut", "shut"): CUTTING, ("silent", "silent"): DOWN}
    return names.get((spare, directory), "%s is %s, %s is %s" % (SPARE, spare, DIRECTORY, directory))


def disabled(spare: bool, directory: bool) -> str:
    """The name of the change after which these are enabled."""
    names = {(True, True): NONE, (False, True): GOOD, (False, False): CUTTING}
    return names.get((spare, directory), "%s is enabled, %s is not" % (SPARE, DIRECTORY))
