# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rulesets that nobody here has written: whatever the evaluator decides about them, real packets must agree with."""

import shutil

import pytest

from firewall import corpus, workers

pytestmark = [pytest.mark.root, pytest.mark.skipif(
    not all(map(shutil.which, ('ip', 'nft', 'ipset', 'iptables-nft-save', 'iptables-legacy-save'))),
    reason='needs ip, nft, ipset, iptables-nft and iptables-legacy')]
NAMES = corpus.names()
UNDECIDED = 0.03        # of the flows of all rulesets of a tool


@pytest.fixture(scope='module')
def verdicts(paths, request):
    """{name: what was found}, of all rulesets that are to be tested."""
    return workers.verdicts(paths, 'firewall.corpus', workers.wanted(request, 'name') or NAMES)


@pytest.mark.parametrize('name', NAMES)
def test_kernel_agrees(verdicts, name):
    result = verdicts.get(name) or {'error': 'the worker ended early'}
    if 'error' in result:
        pytest.fail('%s: %s' % (name, result['error']), pytrace=False)
    if result['wrong']:
        pytest.fail('%s: %d flows wrong\n%s' % (name, len(result['wrong']), '\n'.join(result['wrong'][:10])),
                    pytrace=False)
    assert all(result['undecided']), 'undecided without a reason'


def test_figures(verdicts):
    """What is known of all rulesets of a tool; shown with ``-s``."""
    tools = {}
    for name, result in verdicts.items():
        if 'error' not in result:
            tools.setdefault(name.split('/')[0], []).append(result)
    for tool, results in sorted(tools.items()):
        flows, wrong = sum(result['flows'] for result in results), sum(len(result['wrong']) for result in results)
        undecided = sum(sum(result['undecided'].values()) for result in results)
        print('%s: %d rulesets, %d flows, %d wrong, %d undecided' % (tool, len(results), flows, wrong, undecided))
        assert undecided <= UNDECIDED * flows, (tool, [result['undecided'] for result in results])
        assert 0 < sum(result['allowed'] for result in results) < flows, 'the rulesets tell nothing apart'
