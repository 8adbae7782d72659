# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host is like where units cannot be stopped, started again, disabled or masked as they should be."""

import contextlib
import json

from support.player import on_each, play, told

RELEASES = ["trixie", "bookworm", "bullseye"]
# by the port, what listens; "/lib" has units that can be masked
UNITS = {"plain.service": ("/etc", 7101, ""),
         "slow.service": ("/etc", 7102, "ExecStop=/bin/sleep 300\nTimeoutStopSec=400"),
         "packaged.service": ("/lib", 7103, "")}
TEXT = ("[Service]\nExecStart=/usr/bin/python3 -m http.server --bind 0.0.0.0 %d\n%s\n"
        "[Install]\nWantedBy=multi-user.target\n")
STATES = "systemctl is-active %s; systemctl is-enabled %s; true"
LEFT = "systemctl list-units --all --no-legend 'listening-ports-undo*'"


def furnish(host):
    for name, (folder, port, more) in UNITS.items():
        host.console("sh", "-c", 'cat > "$0"', "%s/systemd/system/%s" % (folder, name), stdin=TEXT % (port, more))
    host.console("systemctl", "daemon-reload")
    host.console("systemctl", "enable", "--quiet", "--now", *UNITS)
    host.wait_for("[ $(ss -Hltn 'sport >= 7101 and sport <= 7103' | wc -l) = 3 ]")


def close(name, *ports, **options):
    """A task that closes listeners; its result is written down."""
    given = {"confirm": 20, "listeners": ["tcp/0.0.0.0:%d" % port for port in ports], **options}
    return {"listening.ports.stop_listener": given, "register": name, "ignore_errors": True}


def states(host, *units):
    names = " ".join(units)
    return host.console("sh", "-c", STATES % (names, names)).out.split()


def outcome(host, player, name):
    result = told(player, host)[name]
    return result["status"], result.get("code"), result["changed"], result["msg"].removeprefix(host.name + ": ")


def test_what_is_in_the_way_leaves_units_as_they_were(hosts, player):
    made = hosts(3, release=RELEASES)
    on_each(made, furnish)
    # a stop that does not end: the units that did stop are started again, and the one that hangs is
    player.play(made, play(close("slow", 7101, 7102, confirm=10)))
    for host in made:
        status, code, changed, message = outcome(host, player, "slow")
        assert (status, changed) == ("failed", False), message
        assert "did not end within 5 s, and was ended. What was stopped " in message, message
        assert "enabled enabled" == " ".join(states(host, "plain", "slow")[2:])
    on_each(made, lambda host: host.console("systemctl", "kill", "--signal=KILL", "slow.service"))
    on_each(made, lambda host: host.wait_for("[ \"$(%s | wc -l)\" = 0 ]" % LEFT, 40))
    on_each(made, lambda host: host.wait_for("systemctl is-active --quiet plain slow", 40))
    # no timer can be set
    with contextlib.ExitStack() as stack:
        for host in made:
            stack.enter_context(host.without("systemd-run"))
        player.play(made, play(close("unarmed", 7101)))
    for host in made:
        assert outcome(host, player, "unarmed") == ("refused", "no_undo", False, (
            "the timer that would start the units again cannot be set, so that none is stopped (systemd-run is not "
            "there, although systemd has booted this host). Nothing was stopped"))
        assert states(host, "plain", "slow") == ["active", "active", "enabled", "enabled"]
    # masks are looked at
    player.play(made, play(close("masked", 7101, 7103, mask=True)))
    for host in made:
        result = told(player, host)["masked"]
        assert (result["status"], result["changed"]) == ("kept", True), result
        assert result["warnings"] == ["plain.service cannot be masked: its file is in /etc/systemd/system"]
        assert states(host, "plain", "packaged") == ["inactive", "inactive", "disabled", "masked"]
        assert host.console("sh", "-c", LEFT).out == ""
        assert json.loads(host.console("cat", "/run/listening-ports/stopping.json").out)["phase"] == "kept"
