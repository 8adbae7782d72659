# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Firewalls of real hosts, and who was answered there.

Recorded by tests/hosts/guests/test_firewalls.py, with other versions of the tools.

What is judged of the recorded rules has to be what was met by those who tried, from two addresses on each of two
networks.
"""

import collections
import gzip
import json
import os

import pytest

from ansible_collections.listening.ports.plugins.module_utils._addresses import intervals as iv
from ansible_collections.listening.ports.plugins.module_utils._firewall.evaluate import evaluator as _evaluator
from ansible_collections.listening.ports.plugins.module_utils._firewall.exposure import attach
from ansible_collections.listening.ports.plugins.module_utils._firewall.ruleset import load
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import gaps_of, listener, new_gaps

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'captures', 'real')
NAMES = sorted(name[:-len('.json.gz')] for name in os.listdir(FOLDER) if name.endswith('.json.gz'))
FAMILIES = {'ipv4': 4, 'ipv6': 6}
ANY = {'ipv4': '0.0.0.0', 'ipv6': '::'}
# to what is found of each: the back ends, and how many of the clients of all ports stay undecided
WALLS = {
    'deaf': ({'nftables'}, 0),
    'docker': ({'iptables-nft'}, 0),
    'docker_legacy': ({'iptables-legacy'}, 0),
    'firewalld': ({'nftables', 'firewalld'}, 3),
    'firewalld_iptables': ({'iptables-nft', 'nftables', 'firewalld'}, 3),
    'iptables': ({'iptables-nft'}, 8),
    'iptables_legacy': ({'iptables-legacy'}, 8),
    'kube': ({'iptables-nft'}, 0),
    'kube_legacy': ({'iptables-legacy'}, 0),
    'kube_nftables': ({'nftables'}, 0),
    'nftables': ({'nftables'}, 8),
    'podman': ({'nftables'}, 0),
    'ufw': ({'iptables-nft', 'ufw'}, 0),
    'ufw_legacy': ({'iptables-legacy', 'ufw'}, 0),
}
VERSIONS = {
    'trixie': {'nft': 'v1.1.', 'iptables': 'v1.8.11 ', 'firewall-cmd': '2.'},
    'bookworm': {'nft': 'v1.0.6 ', 'iptables': 'v1.8.9 ', 'firewall-cmd': '1.'},
    'bullseye': {'nft': 'v0.9.8 ', 'iptables': 'v1.8.7 ', 'firewall-cmd': '0.9.'},
}
DEAF = 'neighbours on %s cannot find the host: '

Flow = collections.namedtuple('Flow', 'family protocol interface source address port answer')


class Capture:
    """What was recorded.

    :ivar recorded_with: dict, a tool to what it says of its version.
    :ivar box: list of str, the addresses of a container.
    :ivar undecided: set of (protocol, port). :ivar snapshot: dict, of ``_snapshot.take``.
    :ivar met: list of Flow; the answer is None or as 'host tcp/80'.
    """

    def __init__(self, name):
        with gzip.open('%s/%s.json.gz' % (FOLDER, name), 'rb') as stream:
            recorded = json.loads(stream.read().decode('utf-8'))
        self.recorded_with, self.box, self.snapshot = recorded['recorded_with'], recorded['box'], recorded['snapshot']
        self.undecided = {tuple(endpoint) for endpoint in recorded['undecided']}
        self.met = [Flow(*flow) for flow in recorded['met']]

    def answer(self, protocol, to, port):
        """str: who answers at an address."""
        return '%s %s/%d' % ('box' if to in self.box else 'host', protocol, port)


def judged(evaluator, capture, flow):
    """Find what is decided about one client.

    :returns: tuple of 'allowed', 'deaf', 'blocked' or 'undecided', the answers that are possible, and reason or None.
    """
    outcome = evaluator.decide(FAMILIES[flow.family], flow.protocol, flow.interface, flow.address, flow.port)
    number = iv.number(flow.source)
    if iv.contains(outcome.allowed, number):
        if any(text.startswith(DEAF % flow.interface) for text in outcome.caveats):
            return 'deaf', {None}, None
        if not outcome.translated_by:
            return 'allowed', {capture.answer(flow.protocol, flow.address, flow.port)}, None
        return 'allowed', {capture.answer(flow.protocol, iv.address(to, FAMILIES[flow.family]), port)
                           for spans, to, port in outcome.destinations if iv.contains(spans, number)}, None
    if iv.contains(outcome.blocked, number):
        return 'blocked', {None}, None
    (reason,) = [reason for spans, reason in outcome.undecided if iv.contains(spans, number)]
    return 'undecided', (), reason


@pytest.mark.parametrize('release', sorted(VERSIONS))
def test_every_tool_of_every_release_is_there(release):
    assert {name[:-len(release) - 1] for name in NAMES if name.endswith('_' + release)} == set(WALLS)
    for wall in WALLS:
        versions = Capture('%s_%s' % (wall, release)).recorded_with
        tools = {'nft', 'iptables'} | (
            {'firewall-cmd'} if wall.startswith('firewalld') else set()
        )  # which tells its version while it runs
        assert {tool: versions[tool] for tool in tools if VERSIONS[release][tool] not in versions[tool] + ' '} == {}
    assert len(NAMES) == len(WALLS) * len(VERSIONS)


@pytest.mark.parametrize('name', NAMES)
def test_decisions_are_what_was_met(name):
    capture = Capture(name)
    evaluator = _evaluator.Evaluator(load.load(load.parsed(capture.snapshot)), capture.snapshot['net'])
    wrong, verdicts = [], collections.Counter()
    for flow in capture.met:
        verdict, answers, reason = judged(evaluator, capture, flow)
        verdicts[verdict] += 1
        if verdict == 'undecided':
            if not reason or (flow.protocol, flow.port) not in capture.undecided:
                wrong.append((flow, reason))
        elif flow.answer not in answers:
            wrong.append((flow, verdict, answers))
    assert not wrong
    assert verdicts['undecided'] == WALLS[name.rpartition('_')[0]][1]
    assert verdicts['allowed'] >= 10 and verdicts['blocked'] >= 100
    assert bool(verdicts['deaf']) == name.startswith('deaf_')


@pytest.mark.parametrize('name', NAMES)
def test_exposures_are_what_was_met(name):
    capture = Capture(name)
    records = {
        (flow.family, flow.protocol, flow.port): listener(
            flow.protocol, ANY[flow.family], flow.port, v6only=flow.family == 'ipv6'
        )['record']
        for flow in capture.met
    }
    gaps = new_gaps()
    # of a machine that is busy with other tests
    facts = attach.attach(list(records.values()), capture.snapshot, gaps, patience=120)
    unknown = sum(record['exposure']['level'] == 'unknown' for record in records.values())
    assert gaps_of(gaps) == ({('firewall', 'undecided'): unknown} if unknown else {})
    assert set(facts['firewall']['backends']) == WALLS[name.rpartition('_')[0]][0]
    wrong = []
    for flow in capture.met:
        own = capture.answer(flow.protocol, flow.address, flow.port)
        verdict, path = verdict_on(records[flow.family, flow.protocol, flow.port]['exposure'], flow)
        if verdict == 'undecided':
            right = (flow.protocol, flow.port) in capture.undecided
        else:
            right = (verdict == 'allowed') == (flow.answer == own)
        forwarded = {
            answer
            for endpoint in facts['forwarded']
            if concerns(endpoint, flow) and verdict_on(endpoint['exposure'], flow)[0] == 'allowed'
            for answer in (capture.answer(flow.protocol, *where(text)) for text in endpoint['to'].split(', '))
        }
        elsewhere = flow.answer not in (None, own)
        if not right or bool(forwarded) != elsewhere or forwarded and flow.answer not in forwarded:
            wrong.append((flow, path, forwarded))
    assert not wrong


def concerns(forwarded, flow):
    return [forwarded[key] for key in ('family', 'protocol', 'port')] == [flow.family, flow.protocol, flow.port] and (
        forwarded['scope'] == 'any' or forwarded['address'] == flow.address)


def verdict_on(exposure, flow):
    """(verdict as of ``judged``, the path that tells)."""
    number = iv.number(flow.source)
    for path in exposure['paths']:
        if path['family'] == flow.family and flow.interface in path['interfaces']:
            if any(within(number, network) for network in path['allowed']):
                # interfaces that are alike are one path, and one of them is named
                deaf = any(text.startswith(DEAF % interface)
                           for text in path['caveats'] for interface in path['interfaces'])
                return 'deaf' if deaf else 'allowed', path
            if any(within(number, network) for part in path['undecided'] for network in part['sources']):
                return 'undecided', path
            return 'blocked', path
    return 'blocked', None


def where(endpoint):
    """(address, port) of a text such as ``[fd30::2]:80``."""
    to, dummy, port = endpoint.rpartition(':')
    return to.strip('[]'), int(port)


def within(number, network):
    (low, high), = iv.parse(network)[1]
    return low <= number <= high
