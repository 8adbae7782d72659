# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has changed on real hosts is named, and what is only another one after each start is not."""

import json
import pathlib
import sys

import pytest

from support import estate
from support.host import execute
from support.player import PLAY_TIMEOUT, on_each

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path += [str(ROOT / "tests/examples")]
import blocks  # noqa: E402

DRIFT, GUIDE = "listening.ports.drift", "docs/docsite/rst/guide_drift.rst"
FOLDER = "listening-ports-drift"
# every service but those without which a host is no host, and what a test wants left alone
RESTART = "systemctl restart $(systemctl list-units --type=service --state=running --plain --no-legend " \
          "| cut -d' ' -f1 | grep -vE '^(dbus|systemd-|user@|getty|console-getty|serial-getty|container-%s)')"
SETTLED = "! systemctl list-jobs --no-legend | grep -q ."
EXTRA = """
cat > /etc/systemd/system/extra.service << 'END'
[Service]
ExecStart=python3 -c 'import socket, time; s = socket.create_server(("", 7777)); time.sleep(100000)'
[Install]
WantedBy=multi-user.target
END
systemctl enable -q --now extra.service
"""
EVERYWHERE = "sed -i -e 's/^bind .*/bind 0.0.0.0/' /etc/redis/redis.conf && systemctl restart redis-server"
AS_NOBODY = """
mkdir /etc/systemd/system/redis-server.service.d
printf '[Service]\\nUser=nobody\\nGroup=nogroup\\n' > /etc/systemd/system/redis-server.service.d/user.conf
chown -R nobody /etc/redis /var/lib/redis /var/log/redis
systemctl daemon-reload
systemctl restart redis-server
"""
REPLACED = "cp /usr/sbin/nginx /usr/sbin/nginx.new && mv /usr/sbin/nginx.new /usr/sbin/nginx"
RULE = """
nft -f - << 'END'
table inet added {
    chain input {
        type filter hook input priority 0; policy accept;
        tcp dport 80 ip saddr != 10.0.0.0/8 drop
        tcp dport 80 meta nfproto ipv6 drop
    }
}
END
"""


@pytest.fixture
def drift(player):
    """Compares hosts, by the names that they have in the inventory; returns what was found, and the lines shown."""

    def play(fleet, *arguments, code=0):
        groups = {}
        for name, host in fleet.items():
            groups.setdefault(name.partition("-")[0], {})[name] = dict(host.inventory(), ansible_user="root")
        inventory = player.folder / "hosts.json"
        inventory.write_text(json.dumps({"all": {"children": {
            group: {"hosts": members} for group, members in groups.items()}}}), encoding="utf-8")
        done = execute(["ansible-playbook", "-i", str(inventory), DRIFT, *arguments], False, timeout=PLAY_TIMEOUT,
                       cwd=player.folder, env=player.environment)
        assert done.code == code, done
        report = json.loads((player.folder / FOLDER / "drift.json").read_text(encoding="utf-8"))
        print(done.out)
        table = done.out.partition("TASK [Compare it] ")[2].splitlines()[1:]
        return report, [line.rstrip() for line in table[:table.index("", table.index(report["summary"]))]]

    return play


def snapshots(player):
    """The snapshots that there are, the newest last: the text of each host."""
    return [{path.name: path.read_text(encoding="utf-8") for path in (folder / "hosts").iterdir()}
            for folder in sorted((player.folder / FOLDER).glob("2*Z-*"))]


def found(report, *kinds):
    """What has changed, each with its hosts; moved ports and hosts without an earlier snapshot left out."""
    return sorted((finding["kind"], finding["text"], finding["hosts"]) for finding in report["findings"]
                  if finding["kind"] not in ("moved", "new", *kinds))


def restart_others(fleet, but=""):
    """Restart every service of hosts but one."""
    on_each(fleet, lambda host: host.console("sh", "-c", RESTART % ("|" + but if but else "")))
    on_each(fleet, lambda host: host.wait_for(SETTLED))


def test_five_changes_of_twelve_hosts_are_named_and_nothing_else(hosts, drift, player):
    fleet = hosts(12, release=list(estate.RELEASES.values()))
    by_name = dict(zip(estate.RELEASES, fleet))
    on_each(fleet, lambda host: host.console("systemctl", "is-system-running", "--wait", check=False))
    on_each(fleet, lambda host: host.wait_for(estate.UP.get(host.release, "true")))
    first, dummy = drift(by_name)
    assert first["states"] == {"compared": 0, "new": 12, "unknown": 0, "gone": 0} and not first["failing"]

    restart_others(fleet)
    second, dummy = drift(by_name)
    assert found(second) == []
    assert second["states"]["compared"] == 12

    opened, everywhere, nobody, replaced, ruled = (
        by_name[name] for name in ("node-1", "app-1", "app-2", "web-1", "web-2"))
    for host, script in ((opened, EXTRA), (everywhere, EVERYWHERE), (nobody, AS_NOBODY), (replaced, REPLACED),
                         (ruled, RULE)):
        host.console("sh", "-eu", stdin=script)
    opened.wait_for("ss -Hltn 'sport = 7777' | grep -q .")
    for host in (everywhere, nobody):
        host.wait_for("ss -Hltn 'sport = 6379' | grep -q .")
    restart_others([host for host in fleet if host is not replaced])
    restart_others([replaced], "nginx")
    report, shown = drift(by_name, code=2)
    assert found(report) == sorted([
        ("opened", "tcp/7777 extra.service: any (IPv4), user root, reached by anyone", ["node-1"]),
        ("changed", "tcp/6379 redis-server.service: bound: loopback → any (IPv4); reached by: the host itself → anyone",
         ["app-1"]),
        ("changed", "tcp/6379 redis-server.service: user: redis → nobody", ["app-2"]),
        ("changed", "tcp/80 nginx.service: executable: – → deleted", ["web-1"]),
        ("changed", "tcp/80 nginx.service: reached by: anyone → private networks", ["web-2"])])
    assert report["counts"]["not_compared"] == 0
    [documented] = [block.text.splitlines() for block in blocks.in_documents()
                    if block.source == GUIDE and blocks.classify(block) == "changes"]
    assert documented == [line for line in shown if line and not line.startswith("Written: ")]

    # what was named once is how it is; starting again is no change
    before = snapshots(player)[-1]
    on_each(fleet, lambda host: host.console("systemctl", "daemon-reload"))
    restart_others([host for host in fleet if host is not ruled])
    rebooted = [by_name["app-1"], by_name["web-3"]]
    on_each(rebooted, lambda host: host.reboot())
    on_each(rebooted, lambda host: host.console("systemctl", "is-system-running", "--wait", check=False))
    on_each(rebooted, lambda host: host.wait_for(estate.UP[host.release]))
    report, dummy = drift(by_name)
    assert found(report) == []
    after = snapshots(player)[-1]
    still = {file for file in before if before[file] == after[file]}
    print("%d of %d snapshots are the same, byte by byte" % (len(still), len(before)))
    sizes = [sum(map(len, after.values())), sum(
        path.stat().st_size for path in (player.folder / FOLDER / "hosts").iterdir())]
    print("snapshots have %d bytes, records %d: %.2f" % (*sizes, sizes[0] / sizes[1]))
    assert sizes[0] <= 0.2 * sizes[1]


def test_hosts_that_cannot_be_observed_are_not_unchanged(hosts, drift, player):
    fleet = dict(zip(("good", "hidden", "dead"), hosts(3, release="trixie")))
    drift(fleet)
    fleet["dead"].kill()
    folder = player.folder / "host_vars/hidden"
    folder.mkdir(parents=True)
    (folder / "main.yml").write_text("ansible_user: ansible\n", encoding="utf-8")
    report, dummy = drift(fleet, "--timeout=10", code=2)
    states = {host["name"]: (host["state"], host["blind"]) for host in report["hosts"]}
    assert states == {"good": ("compared", []), "hidden": ("compared", ["owners", "firewall"]),
                      "dead": ("unknown", [])}
    assert len(snapshots(player)[-1]) == 2
    del fleet["dead"]
    assert drift(fleet, "--limit", "good")[0]["states"]["gone"] == 0
    report, dummy = drift(fleet, code=2)
    assert [(finding["kind"], finding["hosts"]) for finding in report["findings"] if finding["fails"]] == [
        ("gone", ["dead"])]
    assert drift(fleet)[0]["states"]["gone"] == 0
