# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two hundred zoos by chance, and a new one each time: truth, netlink, /proc, ss and psutil must all agree.

A failing zoo is repeated with ``pytest -k zoo-SEED``, a new one with ``ORACLE_SEED=SEED``;
``ZOOS=2000`` tries more of them.
"""

import json
import os
import random

import pytest

from zoo import compare, oracle_psutil, oracle_ss, truth
from zoo.den import NOBODY

pytestmark = pytest.mark.root
SEEDS = list(range(int(os.environ.get('ZOOS') or 200))) + [int(os.environ.get('ORACLE_SEED')
                                                               or random.SystemRandom().randrange(1000, 10 ** 9))]


def differences(seen):
    """list of str, each with the pair that differs."""
    records, netlink, procfs = seen['records'], seen['netlink'], seen['procfs']
    own = [record for record in netlink['listeners'] if record['protocol'] in ('tcp', 'udp')]
    processes = {int(pid): process for pid, process in seen['psutil']['processes'].items()}
    flat = truth.by_procfs(seen['single'])
    nobody = truth.seen_only(records, truth.seen_by(records, NOBODY))
    return [pair + ': ' + line for pair, lines in (
        ('netlink and truth', compare.records(records, netlink['listeners'])),
        ('procfs and truth', compare.records(flat, procfs['listeners'])),
        ('netlink and ss', oracle_ss.differences(own, seen['ss']['tcp'] + seen['ss']['udp'])),
        ('netlink and psutil', oracle_psutil.differences(own, seen['psutil']['rows'], processes, compare.seconds)),
        ('nobody and truth', compare.records(nobody, seen['nobody']['listeners'])),
        ('netlink', compare.invariants(netlink) + gaps(netlink, [], 'owners_not_found', truth.unexplained(records))),
        ('procfs', compare.invariants(procfs) + gaps(
            procfs, [['binding', 'procfs']], 'owners_not_found', truth.unexplained(flat))),
        ('nobody', compare.invariants(seen['nobody']) + gaps(
            seen['nobody'], [], 'owners_hidden', truth.unexplained(nobody), always=True)),
    ) for line in lines]


def gaps(facts, others, code, count, always=False):
    """What is wrong with the gaps: others are to be there, and code with a count unless that is 0."""
    expected = others + ([['owners', code]] if count or always else [])
    if compare.gaps(facts) != expected:
        return ['gaps are %s, in truth %s' % (compare.gaps(facts), expected)]
    counts = [gap['count'] for gap in facts['gaps'] if gap['code'] == code]
    return [] if counts in ([], [count]) else ['gap %s counts %s, in truth %d' % (code, counts, count)]


@pytest.mark.parametrize('seed', SEEDS, ids=['zoo-%d' % seed for seed in SEEDS])
def test_all_agree(habitat, seed):
    seen = habitat.call('zoo.inside:by_chance', seed=seed)
    lines = differences(seen)
    if lines:
        groups = '\n'.join('  ' + json.dumps(group) for group in seen['plan'])
        pytest.fail('seed %d, plan:\n%s\n%s' % (seed, groups, '\n'.join(lines[:40])), pytrace=False)


def test_the_zoos_are_worth_looking_at():
    """Every kind of animal comes up often enough over the fixed seeds."""
    from zoo import chance
    wishes = [wish for seed in SEEDS[:-1] for group in chance.plan(seed) for wish in group['sockets']]
    for field in ('protocol', 'address', 'fate', 'device', 'port'):
        counts = {}
        for wish in wishes:
            counts[wish[field]] = counts.get(wish[field], 0) + 1
        assert min(counts.values()) >= 10, (field, counts)
