# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The campaign in which rules of the firewall are changed."""

import contextlib
import pathlib
from typing import Any

import states
from draws import FILTER
from subject import Site, Subject, knock

# Ports that listen from the first moment of a boot, without a program
PORTS = """
cat > /etc/systemd/system/ports@.service << 'END'
[Service]
ExecStart=/bin/true
END
cat > /etc/systemd/system/ports.socket << 'END'
[Socket]
ListenStream=%d
ListenStream=%d
Accept=yes
TriggerLimitIntervalSec=0
[Install]
WantedBy=sockets.target
END
systemctl daemon-reload
systemctl enable --quiet --now ports.socket
""" % (states.OLD_PORT, states.GOOD_PORT)
NEIGHBOURS = {
    "nothing": "",
    "firewalld": """
firewall-offline-cmd --quiet --add-port=%d/tcp --add-port=%d/tcp
systemctl enable --quiet --now firewalld
""" % (states.OLD_PORT, states.GOOD_PORT),
    "ufw": """
ufw allow 22,%d,%d/tcp > /dev/null
ufw --force enable > /dev/null
systemctl enable --quiet --now ufw
""" % (states.OLD_PORT, states.GOOD_PORT),
}
NFT, HIDDEN = "/usr/sbin/nft", "/usr/sbin/nft.hidden"  # where a fault moves it
BANNED, BANNING = "203.0.113.7", "ip banning"
BAN = """nft -f - << 'END'
table ip banning {
    set banned { type ipv4_addr; }
    chain input { type filter hook input priority -1; ip saddr @banned drop; }
}
add element ip banning banned { %s }
END""" % BANNED


class Filtering(Subject):
    """Rules are put on a host. In the trial, somebody else bans an address, as fail2ban does."""

    what = FILTER
    program = "nftables", (NFT, "--version")
    settings = {name: PORTS + script for name, script in NEIGHBOURS.items()}

    def task(self, change: str, confirm: int) -> dict[str, Any]:
        return {"listening.ports.port_filter": dict(states.OPTIONS[change], confirm=confirm)}

    def in_force(self, site: Site) -> str:
        return states.met(knock(site.address, states.OLD_PORT), knock(site.address, states.GOOD_PORT))

    def settled(self, site: Site) -> str:
        """Rules are there at once or never."""
        return self.in_force(site)

    def on_disk(self, root: pathlib.Path) -> str:
        return states.in_file(root)

    def mark(self, root: pathlib.Path) -> object:
        with contextlib.suppress(OSError):
            status = (root / states.FILE).stat()
            return status.st_ino, status.st_mtime_ns
        return None

    def is_tried(self, run: pathlib.Path) -> bool:
        return any((run / "listening-ports").glob("*.json"))

    def trial_left(self, site: Site) -> float:
        return states.trial_left(_listing(site))

    def counts(self, site: Site) -> str:
        return states.kept_in_kernel(_listing(site))

    def of_others(self, site: Site) -> dict[str, str]:
        tables = states.foreign_tables(site.console(_nft(site), "-s", "list", "ruleset").out)
        return {"the table " + name: text for name, text in tables.items()}

    def interfere(self, site: Site) -> bool:
        return not site.console("sh", "-c", BAN, check=False).code

    def lost_meanwhile(self, site: Site) -> str | None:
        if BANNED in self.of_others(site).get("the table " + BANNING, ""):
            return None
        return "an address that was banned in the trial is not banned any more"


def _nft(site: Site) -> str:
    """Where the program is."""
    return HIDDEN if (site.guest.root / HIDDEN[1:]).exists() else NFT


def _listing(site: Site) -> str:
    """The collection's table as nft prints it, or nothing where there is none."""
    return site.console(_nft(site), "list", "table", *states.TABLE, check=False).out
