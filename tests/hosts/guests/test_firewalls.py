# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Firewalls that real tools make: what is said of who reaches what, and what is met by who tries, from two addresses on
two networks.

With LISTENING_PORTS_CAPTURES, the name of a folder, what was seen and met is written there, for the tests of units.
"""

import collections
import concurrent.futures
import gzip
import json
import os
import pathlib

import pytest

from support.ground import BOX_ADDRESSES, LATER_PORTS, PATIENCE, Ground, answers_of, concerns, contains, look, said

MOST_SHOWN = 30
RELEASES = ["trixie", "bookworm", "bullseye"]
# A name; a script of ../support/walls and its argument; the back ends that are to be found; what stays undecided:
# protocol and port to how many claims about clients.
WALLS = {
    "firewalld": (("firewalld", "nftables"), {"nftables", "firewalld"}, {("tcp", 8020): 3}),
    "firewalld_iptables": (("firewalld", "iptables"), {"iptables-nft", "nftables", "firewalld"}, {("tcp", 8020): 3}),
    "ufw": (("ufw", "nft"), {"iptables-nft", "ufw"}, {}),
    "ufw_legacy": (("ufw", "legacy"), {"iptables-legacy", "ufw"}, {}),
    "nftables": (("nftables",), {"nftables"}, {("tcp", 8018): 4, ("tcp", 8013): 2, ("udp", 8013): 2}),
    "iptables": (("iptables", "nft"), {"iptables-nft"}, {("tcp", 8016): 8}),
    "iptables_legacy": (("iptables", "legacy"), {"iptables-legacy"}, {("tcp", 8016): 8}),
    "docker": (("docker", "nft"), {"iptables-nft"}, {}),
    "docker_legacy": (("docker", "legacy"), {"iptables-legacy"}, {}),
    "kube": (("kube", "nft"), {"iptables-nft"}, {}),
    "kube_legacy": (("kube", "legacy"), {"iptables-legacy"}, {}),
    "kube_nftables": (("kube_nftables",), {"nftables"}, {}),
    "deaf": (("deaf",), {"nftables"}, {}),
    "podman": (("podman",), {"nftables"}, {}),
}


# What single things in the rules make of clients, so that none of them is there without an effect. To whom answers a
# port, for each of ground.SOURCES: h, this port of the host; H, another port of it; B, the box; or nobody.
FIREWALLD = {
    "a service of a zone": "tcp/8003 hhh..h..",
    "a port of a zone": "tcp/8001 hhh..h..",
    "a zone of an interface": "udp/8006 ....hhh.",
    "a zone of sources": "tcp/8009 ...h.h..",
    "a zone of one address, that accepts": "tcp/8012 .....h..",
    "a zone of one address, that drops": "tcp/8008 .....h.h",
    "a rich rule for a source": "tcp/8002 h.h..h..",
    "a rich rule that rejects": "udp/8001 h.h..h..",
    "a rich rule for all but a source": "udp/8005 h....h..",
    "a rich rule for a set, that logs": "tcp/8015 h....h..",
    "a rich rule before all others": "tcp/8014 .....h..",
    "a rich rule with a limit": "udp/8016 hh...h..",
    "a rich rule for an hour": "tcp/8011 .h...h..",
    "a policy before the zones": "tcp/8010 hhhhhhhh",
    "a policy that drops": "tcp/8006 ......h.",
    "a forwarded port": "tcp/8090 BB...h..",
    "a forwarded port of UDP": "udp/8092 BB...h..",
    "a forwarded port of IPv6": "tcp/8093 ..B..h..",
    "a forwarded port of another zone": "tcp/8094 ....Bh..",
    "a port that leads to another one here": "tcp/8091 HH...h..",
}
UFW = {
    "allow": "tcp/8001 hhhhhhhh",
    "allow from a network": "tcp/8002 h.h....h",
    "a profile": "udp/8014 hhhhhhhh",
    "a profile for a network": "tcp/8015 ....hh.h",
    "deny": "udp/8006 ........",
    "allow and log": "tcp/8006 hhhhhhhh",
    "reject": "tcp/8007 ........",
    "allow on an interface": "tcp/8008 ....hhhh",
    "limit": "tcp/8009 hhhhhhhh",
    "limit, while it is on": "tcp/8012 hhhhhhhh",
    "deny before allow": "tcp/8010 h.hhhhhh",
    "several ports": "tcp/8017 hhhhhhhh",
    "an address of IPv6 on an interface": "tcp/8020 .......h",
    "a rule that was deleted": "udp/8019 .......h",
    "a rule that was added while it is on": "udp/8020 .h.....h",
    "a route": "tcp/8090 B......h",
    "a route by an interface": "udp/8092 ....BB.h",
    "a port that leads to another one here": "tcp/8091 HH..HH.h",
}
IPTABLES = {
    "a set of networks": "tcp/8005 h.h.h...",
    "a set of ports": "udp/8003 hh..hh..",
    "a set of pairs": "tcp/8013 .h......",
    "all but a source": "udp/8001 h.h.hhhh",
    "all but some ports": "tcp/8007 ....hhhh",
    "a chain that ends another": "tcp/8008 ....hhhh",
    "recent, and a limit": "tcp/8010 hhhhhhhh",
    "a comment with quotes": "tcp/8012 ........",
    "a mark": "tcp/8015 .h.h....",
    "raw": "udp/8017 hhhh....",
    "DNAT": "tcp/8090 BBBBBBBB",
    "REDIRECT": "tcp/8091 HHHHHHHH",
    "DNAT, and a forward chain": "udp/8092 ....BBBB",
}
DOCKER = {
    "a published port with a proxy": "tcp/8090 BBBBBBBB",
    "published at one address": "tcp/8091 ....BBBB",
    "DOCKER-USER": "udp/8092 B.B.BBBB",
}
KUBE = {
    "a node port": "tcp/8090 BBBBBBBB",
    "a node port of two end points": "tcp/8091 BBBBBBBB",
    "a node port whose traffic stays local": "udp/8092 ....B.B.",
    "a node port without end points": "tcp/8093 ........",
    "the sources of a load balancer": "tcp/8094 ....B.B.",
}
FEATURES = {
    "firewalld": FIREWALLD, "firewalld_iptables": FIREWALLD, "ufw": UFW, "ufw_legacy": UFW, "iptables": IPTABLES,
    "iptables_legacy": IPTABLES,
    "docker": DOCKER, "docker_legacy": DOCKER, "kube": KUBE, "kube_legacy": KUBE,
    "kube_nftables": {
        "a node port": "tcp/8090 BBBB....",
        "a node port of two end points": "tcp/8091 BBBB....",
        "a node port whose traffic stays local": "udp/8092 B.B.....",
        "a node port without end points": "tcp/8093 ....hhhh",
        "the sources of a load balancer": "tcp/8094 ....B.B.",
    },
    "nftables": {
        "sets of networks": "tcp/8001 h.h.h.h.",
        "a concatenation with intervals": "tcp/8005 .h......",
        "a concatenation": "udp/8004 ....h...",
        "a map of ports": "tcp/8007 hhhhhhhh",
        "a map of ports, to a chain": "tcp/8009 h.h.h.h.",
        "all but a network": "tcp/8011 h.......",
        "a reject": "udp/8012 hhh.....",
        "a mark": "tcp/8013 h.hh....",
        "a return": "tcp/8015 ....h.hh",
        "a limit of local addresses": "udp/8015 ....h.hh",
        "a table that runs later": "udp/8003 h.hhhhhh",
        "dnat of both families": "tcp/8090 BBB.....",
        "redirect": "tcp/8091 HHHHHHHH",
        "redirect of some": "tcp/8002 hHh.h.h.",
        "dnat of some": "udp/8092 .B......",
    },
    "deaf": {"what is open": "tcp/8001 hh..hh..", "what is not": "tcp/8002 ........"},
    "podman": {
        "a published port": "tcp/8090 BBBBBBBB",
        "published at one address": "tcp/8091 ....B...",
        "a published port of UDP": "udp/8092 B...BB..",
    },
}


def claims(before, after, flow):
    """list of (what claims, what it says, see ``said``, reason, the answers that would prove it right): all about one
    flow.
    """
    result = []
    for record in after["listeners"] + after["forwarded"]:
        if concerns(record, flow):
            result.append((record["id"], *said(record["exposure"], flow), answers_of(record, after)))
    if flow.port in LATER_PORTS and before["firewall"]["default"] == "drop":
        own = {"host %s/%d" % (flow.protocol, flow.port)}
        openings = [opening for opening in before["openings"]
                    if (opening["protocol"], opening["family"]) == (flow.protocol, flow.family)
                    and flow.interface in opening["interfaces"] and contains(opening["sources"], flow.source)
                    and int(opening["ports"].split("-")[0]) <= flow.port <= int(opening["ports"].split("-")[-1])]
        # what is not sure is no opening, and is told of the listener; an opening does not tell that neighbours cannot
        # find it
        others = {verdict for _name, verdict, _reason, _answers in result}
        if "deaf" not in others and (openings or "undecided" not in others):
            result.append(("openings", "allowed" if openings else "blocked", None, own))
    return result


def wrong(verdict, answers, answer):
    """bool: what was met refutes a decided verdict."""
    return answer not in answers if verdict == "allowed" else verdict != "undecided" and answer in answers


class Trial:
    """One firewall on one release.

    :ivar met: dict, Flow to who answered or None. :ivar failures: list of str. :ivar undecided: dict, (protocol, port)
        to how many claims.
    """

    def __init__(self, ground, before, after):
        self.ground, self.before, self.after, self.failures = ground, before, after, []
        self.counted, self.undecided = collections.Counter(), collections.Counter()
        flows = ground.flows()
        self.met = dict(zip(flows, ground.knock(flows)))
        # a machine with much to do may have lost an answer
        lost = [flow for flow in flows if self.met[flow] is None
                and any(claim[1] == "allowed" for claim in claims(before, after, flow))]
        self.met.update(zip(lost, ground.knock(lost, PATIENCE)))

    def judge(self):
        """Compare what is said with what was met."""
        for flow, answer in self.met.items():
            judged = claims(self.before, self.after, flow)
            for name, verdict, reason, answers in judged:
                self.counted[verdict] += 1
                if wrong(verdict, answers, answer):
                    self._fail(flow, "%s says %s, met was %s" % (name, verdict, answer))
                if verdict == "undecided":
                    self.undecided[flow.protocol, flow.port] += 1
                    if not reason:
                        self._fail(flow, "%s is undecided, and does not say why" % name)
            if answer and not any(answer in answers for _name, _verdict, _reason, answers in judged):
                self._fail(flow, "nobody is said to answer, and there is %s" % answer)

    def _fail(self, flow, text):
        self.failures.append("%s %s %s from %s to %s:%d: %s" % (*flow, text))

    def row(self, endpoint):
        """str, one letter for each source: who answers at ``tcp/80``. See FEATURES."""
        answers = {flow.source: answer for flow, answer in self.met.items()
                   if "%s/%d" % (flow.protocol, flow.port) == endpoint}
        return "".join(
            "." if not answers[source] else "h" if answers[source] == "host " + endpoint else answers[source][0].upper()
            for source in self.ground.sources)

    def keep(self, folder, name, unsure):
        """Write what there is and what was met, packed, as a ruleset says much more than once."""
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        snapshot = self.ground.take()
        tools = snapshot.pop("recorded_with")
        kept = {"recorded_with": tools, "box": BOX_ADDRESSES, "undecided": sorted(unsure), "snapshot": snapshot,
                "met": [[*flow, answer] for flow, answer in self.met.items()]}
        text = json.dumps(kept, indent=1, sort_keys=True) + "\n"
        (folder / (name + ".json.gz")).write_bytes(gzip.compress(text.encode(), mtime=0))


@pytest.mark.parametrize("wall", WALLS)
def test_what_is_said_of_a_firewall_is_what_is_met(hosts, player, capsys, wall):
    script, backends, unsure = WALLS[wall]
    made = hosts(2 * len(RELEASES), release=[*RELEASES, "trixie", "trixie", "trixie"])

    def build(number, server, client):
        ground = Ground(server, client, number)
        ground.raise_wall(*script)
        return ground

    with concurrent.futures.ThreadPoolExecutor() as pool:
        grounds = list(pool.map(build, range(1, 10), made[:len(RELEASES)], made[len(RELEASES):]))
        trials = list(pool.map(lambda ground, seen: Trial(ground, *seen), grounds, look(player, grounds)))
    for release, trial in zip(RELEASES, trials):
        trial.judge()
        if os.environ.get("LISTENING_PORTS_CAPTURES"):
            trial.keep(os.environ["LISTENING_PORTS_CAPTURES"], "%s_%s" % (wall, release), unsure)
        with capsys.disabled():
            print("\n%s on %s: %s; of %d flows %d were answered" % (
                wall, release, dict(trial.counted), len(trial.met), sum(map(bool, trial.met.values()))))
    for release, trial in zip(RELEASES, trials):
        # before, not all listeners are there about which something stays undecided
        gaps = [{gap["code"] for gap in fact["gaps"]} for fact in (trial.before, trial.after)]
        assert gaps[0] <= gaps[1] == ({"undecided"} if unsure else set()), release
        assert set(trial.after["firewall"]["backends"]) == backends, release
        assert not trial.failures, "%s, %d:\n%s" % (release, len(trial.failures),
                                                    "\n".join(trial.failures[:MOST_SHOWN]))
        assert trial.undecided == unsure, release
        assert trial.counted["allowed"] and trial.counted["blocked"], release
        assert (trial.counted["deaf"] > 0) == (wall == "deaf"), release
        assert {what: "%s %s" % (row.split()[0], trial.row(row.split()[0]))
                for what, row in FEATURES[wall].items()} == FEATURES[wall], release
