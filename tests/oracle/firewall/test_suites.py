# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the authors of nftables and iptables test their tools with: packets must agree with what is decided about it.

The suites are part of the tools' sources. ``NFTABLES_SUITE`` names the folder ``tests/py`` of nftables, and
``IPTABLES_SUITE`` the folder ``extensions`` of iptables; without them a few rules in the same form are tried.
"""

import os
import shutil

import pytest

from firewall import suites, workers

pytestmark = [pytest.mark.root, pytest.mark.skipif(
    not all(map(shutil.which, ('ip', 'nft', 'iptables-nft-save', 'iptables-legacy-save'))),
    reason='needs ip, nft, iptables-nft and iptables-legacy')]
SAMPLES = {
    'nftables': (':input;type filter hook input priority 0\n\n*ip;test-ip4;input\n*inet;test-inet;input\n'
                 '# a comment\ntcp dport 22;ok\ntcp dport 22 quux;fail\nip saddr 192.168.1.1;ok;the same\n'
                 'meta l4proto udp drop;ok\n'),
    'iptables': (':INPUT,FORWARD,OUTPUT\n-p tcp -m tcp --dport 22;=;OK\n-p tcp -m tcp --dport;;FAIL\n'
                 '-s 192.168.1.1/32;=;OK\n'),
}
RULES = {'nftables': 6, 'iptables': 2}      # in them: those that are good, in each table


@pytest.fixture(params=SAMPLES)
def suite(request, tmp_path):
    """(name, folder, whether it is whole) of a suite."""
    folder = os.environ.get('%s_SUITE' % request.param.upper())
    if not folder:
        (tmp_path / 'inet').mkdir()
        (tmp_path / 'inet/sample.t').write_text(SAMPLES[request.param])
    return request.param, folder or str(tmp_path), bool(folder)


def test_kernel_agrees(suite, paths):
    name, folder, is_whole = suite
    results = workers.collect(paths, 'firewall.suites', [
        [name, folder, str(number), str(workers.WORKERS)] for number in range(workers.WORKERS)])
    judged = [result for result in results if 'flows' in result]
    lines = len(list(suites.SUITES[name](folder)))
    assert len(results) == lines, 'a worker ended early'
    assert len(judged) > 100 if is_whole else len(judged) == RULES[name]
    undecided = sum(sum(result['undecided'].values()) for result in judged)
    print('%s: %d rules, %d refused by the tool or the kernel, %d flows, %d undecided' % (
        name, len(judged), sum('refused' in result for result in results),
        sum(result['flows'] for result in judged), undecided))
    bad = ['%s\n    %s' % (result['name'], result.get('error') or result['wrong'][0])
           for result in results if result.get('wrong') or 'error' in result]
    assert not bad, '\n'.join(bad)
    assert is_whole or not undecided and 0 < sum(result['allowed'] for result in judged)


def test_rules_are_adapted_to_the_network():
    """Without that, no packet would ever meet a rule of the suites."""
    chance = suites.random.Random(4)
    rules = {suites.adapted('ip saddr 192.168.1.1 tcp dport { 33, 55 } iifname "eth0"', chance) for _round in range(20)}
    assert any('10.77.' in rule or '10.78.' in rule for rule in rules)
    assert any('"h0"' in rule or '"h1"' in rule for rule in rules)
    assert all('192.168.1.1' not in rule or rule.startswith('ip saddr 192.168.1.1 ') for rule in rules)
