# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Probes from real hosts to real hosts, against what the firewall of the target says of itself."""

import re

import pytest

PROBE = "listening.ports.probe"
RECORDS = "listening-ports-probe"
HOLDS = "import socket, time; s = socket.create_server(('', 7001)); time.sleep(1000)"
RULES = """
table inet filter {
  chain input {
    type filter hook input priority filter; policy drop;
    ct state established,related accept
    iifname "lo" accept
    meta l4proto { icmp, ipv6-icmp } accept
    tcp dport 22 accept
    ip saddr %s tcp dport 7001 accept
  }
}
"""


@pytest.fixture
def probed(hosts, playbook):
    """A target with a listener for one of two hosts alone, and a function that probes it: (target, friend, stranger,
    probe).
    """
    target, friend, stranger = fleet = hosts(3, release=["bookworm", "trixie", "trixie"])
    target.console("systemd-run", "--quiet", "--unit=holds", "python3", "-c", HOLDS)
    target.wait_for("ss -Hltn 'sport = 7001' | grep -q .")
    target.console("nft", "-f", "-", stdin=RULES % friend.address)

    def probe(*arguments):
        return playbook(fleet, PROBE, "-e", "vantage=%s,%s" % (friend.name, stranger.name), "-e",
                        "target=" + target.name,
                        "-e", "probe_timeout=2", *arguments, check=False)

    return target, friend, stranger, probe


def verdicts(done, target, port):
    """The cells of the vantage hosts in the row of a port."""
    row, = re.findall(r"(?m)^%s +tcp +%s:%d +.*$" % (target.name, re.escape(target.address), port), done.out)
    return row.split()[-2:]


def test_what_the_firewall_says_is_what_is_met(probed):
    target, _friend, _stranger, probe = probed
    done = probe()
    assert done.code == 0, done
    assert verdicts(done, target, 22) == ["open", "open"]
    assert verdicts(done, target, 7001) == ["open", "filtered"]
    assert "Findings" not in done.out


def test_a_port_that_is_open_past_the_firewall_is_a_contradiction(probed):
    target, _friend, stranger, probe = probed
    assert probe().code == 0
    # as if something that the host does not see let them in
    target.console("nft", "flush", "ruleset")
    done = probe("-e", "probe_records=" + RECORDS)
    assert done.code == 2
    assert verdicts(done, target, 7001) == ["open", "open"]
    finding, = re.findall(r"(?m)^  high +%s tcp 0\.0\.0\.0:7001 .*$" % target.name, done.out)
    blocks = "claims to block %s (policy drop of chain inet filter input), but %s can reach it"
    assert blocks % (stranger.address, stranger.name) in finding
    assert "; 1 contradiction." in done.out
    assert probe("-e", "probe_records=" + RECORDS, "-e", "probe_fail=false").code == 0
    assert probe().code == 0


def test_a_port_that_is_closed_on_the_way_is_told(probed):
    target, friend, _stranger, probe = probed
    friend.console("nft", "add table ip away; add chain ip away input { type filter hook input priority 0; }; add "
                          "rule ip away input tcp sport 7001 drop")
    done = probe()
    assert done.code == 0
    assert verdicts(done, target, 7001) == ["filtered", "filtered"]
    finding, = re.findall(r"(?m)^  low +%s tcp 0\.0\.0\.0:7001 .*$" % target.name, done.out)
    assert "allows %s" % friend.address in finding and "; 1 filtered on the way." in done.out
    assert probe("-e", '{"probe_fail_on": ["filtered"]}').code == 2


def test_a_target_without_privileges_is_probed_and_not_held_against(hosts, playbook):
    target, vantage = fleet = hosts(2, release="trixie")
    done = playbook(fleet, PROBE, "-e", "vantage=" + vantage.name, "-e", "target=" + target.name, user="ansible",
                    check=False)
    assert done.code == 0, done
    row, = re.findall(r"(?m)^%s +tcp +%s:22 +.*$" % (target.name, re.escape(target.address)), done.out)
    assert row.split()[-2:] == ["unknown", "open"]
    assert re.search(r"(?m)^Firewall unknown:\n  %s: nft: not root; .*run with become$" % target.name, done.out)
    assert "; no firewall is known to compare it with." in done.out
