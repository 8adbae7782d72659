# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows hosts by chance: whoever is let in, or kept out, by what the evaluator says, is so in a plain simulation.

What was not observed of a host is drawn, again and again: no completion may contradict. A failing block of hosts is
repeated with ``pytest -k windows-FIRST``, a new one with ``ORACLE_SEED=FIRST``; ``WINDOWS_HOSTS=20000`` tries that
many.
"""

import os
import random

import pytest

from windows import judge

FRESH = int(os.environ.get('ORACLE_SEED') or random.SystemRandom().randrange(100000, 10 ** 9))
BLOCK, WORLDS = 200, 30
FIRSTS = [*range(0, int(os.environ.get('WINDOWS_HOSTS') or 1000), BLOCK), FRESH]


@pytest.fixture(scope='module')
def counts():
    """How many clients of all hosts were allowed, blocked and undecided, and of the last got in once and not always."""
    return dict.fromkeys(('worlds', 'allowed', 'blocked', 'undecided', 'both'), 0)


@pytest.mark.parametrize('first', FIRSTS, ids=['windows-%d' % first for first in FIRSTS])
def test_simulation_agrees(counts, first):
    verdicts = [judge.judge(seed, WORLDS) for seed in range(first, first + BLOCK)]
    wrong = [text for verdict in verdicts for text in verdict.wrong]
    assert not wrong, '%d of %d worlds are wrong, the first of them:\n%s' % (
        len(wrong), BLOCK * WORLDS, '\n'.join(wrong[:2]))
    for name in counts:
        counts[name] += sum(getattr(verdict, name) for verdict in verdicts)


def test_little_is_undecided_and_that_for_good_reasons(counts):
    """The tests above would pass if all were undecided."""
    print('seed of the new ones: %d; %s' % (FRESH, counts))
    clients = counts['allowed'] + counts['blocked'] + counts['undecided']
    if clients:             # the tests above are run too
        assert counts['undecided'] < 0.3 * clients, counts
        assert counts['both'] > 0.95 * counts['undecided'], counts
        assert min(counts['allowed'], counts['blocked']) > 0.1 * clients, counts
