# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rulesets by chance, and what a host under them sends to servers: the evaluator decides as the kernel does.

A failing seed is repeated with ``pytest -k outward-SEED``, a new one with ``ORACLE_SEED=SEED``; ``OUTWARD=2000`` tries
that many.
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
SEEDS = [*range(int(os.environ.get('OUTWARD') or 100)), FRESH]
OURS = 0.06                         # of all flows, undecided but for the port that a program uses
UP_TO_PROGRAMS = ('depends on the port that a client uses', 'a client may choose its port')


@pytest.fixture(scope='module')
def verdicts(paths, request):
    """{seed: what a worker found}; all seeds that are to be tested, at once."""
    return workers.verdicts(paths, 'firewall.worker', workers.wanted(request, 'seed') or SEEDS, 'outward')


@pytest.mark.parametrize('seed', SEEDS, ids=['outward-%d' % seed for seed in SEEDS])
def test_kernel_agrees(verdicts, seed):
    result = verdicts.get(seed) or {'error': 'the worker ended early'}
    if 'error' in result:
        pytest.fail('seed %d: %s' % (seed, result['error']), pytrace=False)
    assert not result['wrong'], 'seed %d, %s: %d flows wrong\n%s\n%s' % (
        seed, result['kind'], len(result['wrong']), '\n'.join(result['wrong'][:10]), result.get('smallest', ''))
    assert all(result['undecided']), 'undecided without a reason'


def test_little_is_undecided_and_much_is_stopped(verdicts):
    judged = [result for seed, result in verdicts.items() if 'error' not in result and seed != FRESH]
    flows, allowed = sum(result['flows'] for result in judged), sum(result['allowed'] for result in judged)
    undecided = [(reason, count) for result in judged for reason, count in result['undecided'].items()]
    ours = sum(count for reason, count in undecided if not reason.startswith(UP_TO_PROGRAMS))
    print('seed of the new one: %d; of the others, %d of %d flows are undecided, %d of them for the port of a program, '
          '%d reach a server' % (FRESH, sum(count for dummy, count in undecided), flows,
                                 sum(count for dummy, count in undecided) - ours, allowed))
    if len(judged) >= 100:
        assert ours <= OURS * flows, sorted(undecided, key=lambda pair: -pair[1])[:10]
        assert 0.1 * flows < allowed < 0.9 * flows, (flows, allowed)
