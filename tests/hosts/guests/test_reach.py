# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who can reach what between real hosts, by what their firewalls say, against probes between all of them."""

import json
import re

import pytest

from support.player import on_each

REACH = "listening.ports.reach"
RECORDS = "listening-ports-reach"
RELEASES = ["trixie+services", "trixie+web", "trixie+web", "bullseye+web", "bullseye+web", "trixie", "trixie",
            "bookworm", "bookworm", "bookworm", "bullseye", "bullseye"]
HOLDS = "import socket, time; s = socket.create_server(('', 7001)); time.sleep(1000)"
LETS_IN_ONE = """
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
SENDS_TO_LITTLE = """
table inet filter {
  chain output {
    type filter hook output priority filter; policy drop;
    ct state established,related accept
    oifname "lo" accept
    meta l4proto { icmp, ipv6-icmp } accept
    tcp dport { 22, 7001 } ip daddr %s accept
  }
}
"""
IPTABLES = ["-A OUTPUT -p tcp --dport 80 -j REJECT", "-A OUTPUT -p udp -j DROP"]
TAKES_NO_ANSWERS = """
table ip filter {
  chain input {
    type filter hook input priority filter; policy accept;
    tcp sport 80 drop
    udp sport 53 drop
  }
}
"""


@pytest.fixture
def walled(hosts):
    """Twelve hosts, four of which filter: lets in one, sends to little, iptables, takes no answers."""
    fleet = hosts(12, release=RELEASES)
    target, friend = fleet[5], fleet[6]
    on_each(fleet[5:8], lambda host: host.console("systemd-run", "--quiet", "--unit=holds", "python3", "-c", HOLDS))
    on_each(fleet[5:8], lambda host: host.wait_for("ss -Hltn 'sport = 7001' | grep -q ."))
    target.console("nft", "-f", "-", stdin=LETS_IN_ONE % friend.address)
    fleet[7].console("nft", "-f", "-", stdin=SENDS_TO_LITTLE % target.address)
    for rule in IPTABLES:
        fleet[10].console("iptables", *rule.split())
    fleet[11].console("nft", "-f", "-", stdin=TAKES_NO_ANSWERS)
    return fleet


def test_probes_between_all_hosts_contradict_nothing(walled, playbook, tmp_path):
    target, friend, little, blind = walled[5], walled[6], walled[7], walled[11]
    done = playbook(walled, REACH, "-e", "reach_probe=true", "-e", "reach_timeout=2", check=False)
    assert done.code == 0, done.out[-6000:]
    assert "Missing" not in done.out, done
    # but for addresses of h1 that nobody has a way to: they are behind its bridges
    contradicted = re.findall(r"(?m)^  (h\d+ .*)$", done.out.partition("Contradicted by probes:")[2])
    assert all("beyond a router" in line for line in contradicted), contradicted
    last, = re.findall(r"(?m)^(\d+) pairs of a host and a listener: (\d+) can, (\d+) cannot, (\d+) not known; "
                       r"\d+ lost between hosts\.$", done.out)
    pairs, can, cannot, unknown = map(int, last)
    assert pairs == can + cannot + unknown and can > 100 and cannot > 50 and unknown < 0.02 * pairs, last

    # by the same records, without a host
    done = playbook(walled, REACH, "-e", "reach_records=" + RECORDS, "-e", "reach_ports=7001", "-e",
                    "reach_to=" + target.name, check=False)
    assert done.code == 0, done
    assert re.search(r"(?m)^  reached by    %s$" % friend.name, done.out), done
    assert "11 pairs of a host and a listener: 1 can, 10 cannot, 0 not known." in done.out
    done = playbook(walled, REACH, "-e", "reach_records=" + RECORDS, "-e", "reach_ports=80", "-e",
                    "reach_to=" + walled[1].name, "-e", "reach_from=%s,%s" % (little.name, blind.name), check=False)
    assert done.code == 0 and "0 can" in done.out and done.out.count("it does not send there") == 2, done

    # what has changed since is a contradiction of what is recorded
    friend.console("nft", "add", "table", "inet", "later")
    friend.console("nft", "add chain inet later out { type filter hook output priority 0; }")
    friend.console("nft", "add", "rule", "inet", "later", "out", "tcp", "dport", "7001", "drop")
    done = playbook(walled, REACH, "-e", "reach_records=" + RECORDS, "-e", "reach_ports=7001", "-e",
                    "reach_from=" + friend.name, "-e", "reach_to=" + target.name, "-e", "reach_probe=true", "-e",
                    "reach_timeout=2", check=False)
    assert done.code == 2, done
    assert "%s does not reach tcp 0.0.0.0:7001" % friend.name in done.out, done
    records = list((tmp_path / RECORDS).rglob("*.json"))
    assert len(records) >= 12 and all(json.loads(path.read_text())["facts"]["outgoing"] for path in records
                                      if "facts" in json.loads(path.read_text()))
