# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rulesets by chance in network namespaces: whatever the evaluator decides, real packets must agree with.

A failing seed is repeated with ``pytest -k firewall-SEED``, a new one with ``ORACLE_SEED=SEED``; ``RULESETS=2000``
tries that many.
"""

import os
import random
import shutil

import pytest

from firewall import workers

pytestmark = [pytest.mark.root, pytest.mark.skipif(
    not all(map(shutil.which, ('ip', 'nft', 'iptables-nft-save', 'iptables-legacy-save'))),
    reason='needs ip, nft, iptables-nft and iptables-legacy')]
FRESH = int(os.environ.get('ORACLE_SEED') or random.SystemRandom().randrange(100000, 10 ** 9))
SEEDS = [*range(int(os.environ.get('RULESETS') or 300)), FRESH]
UNDECIDED = 0.016                   # of all flows
OURS = 0.01                         # of all flows, but for those that nobody who knows the rules could decide
# What a client may choose, and what went before it
UP_TO_OTHERS = ('depends on the port that a client uses', 'a client may choose its port', 'depends on the traffic')


@pytest.fixture(scope='module')
def verdicts(paths, request):
    """{seed: what a worker found}; all seeds that are to be tested, at once."""
    return workers.verdicts(paths, 'firewall.worker', workers.wanted(request, 'seed') or SEEDS)


@pytest.mark.parametrize('seed', SEEDS, ids=['firewall-%d' % seed for seed in SEEDS])
def test_kernel_agrees(verdicts, seed):
    result = verdicts.get(seed) or {'error': 'the worker ended early'}
    if 'error' in result:
        pytest.fail('seed %d: %s' % (seed, result['error']), pytrace=False)
    if result['wrong']:
        pytest.fail(
            'seed %d, %s: %d flows wrong\n%s\n%s'
            % (seed, result['kind'], len(result['wrong']), '\n'.join(result['wrong'][:10]), result.get('smallest', '')),
            pytrace=False,
        )
    assert all(result['undecided']), 'undecided without a reason'


def test_little_is_undecided(verdicts):
    judged = [result for seed, result in verdicts.items() if 'error' not in result and seed != FRESH]
    flows = sum(result['flows'] for result in judged)
    reasons = {}
    for result in judged:
        for reason, count in result['undecided'].items():
            reasons[reason] = reasons.get(reason, 0) + count
    undecided = sum(reasons.values())
    ours = sum(count for reason, count in reasons.items() if not reason.startswith(UP_TO_OTHERS))
    print('seed of the new one: %d; of the others, %d of %d flows are undecided, %d of them up to clients and traffic'
          % (FRESH, undecided, flows, undecided - ours))
    if len(judged) >= 100:
        worst = sorted(reasons.items(), key=lambda pair: -pair[1])[:10]
        assert undecided <= UNDECIDED * flows, (flows, worst)
        assert ours <= OURS * flows, (flows, worst)


def test_the_rulesets_are_worth_looking_at(verdicts):
    """Of every kind there are enough, and the kernel lets in some flows and stops others."""
    kinds = {}
    for result in verdicts.values():
        if 'error' not in result:
            kinds.setdefault(result['kind'], []).append(result)
    if len(verdicts) >= 100:
        assert set(kinds) == {'nft', 'iptables-nft', 'legacy', 'mixed'}
        for kind, results in kinds.items():
            flows, allowed = sum(result['flows'] for result in results), sum(result['allowed'] for result in results)
            assert len(results) >= 10 and 0.1 * flows < allowed < 0.9 * flows, (kind, len(results), flows, allowed)
