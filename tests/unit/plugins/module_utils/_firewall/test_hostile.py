# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rulesets that are huge, deep, wide or odd: an outcome comes soon, and never a wrong one."""

import time

import pytest

from ansible_collections.listening.ports.plugins.module_utils._addresses import intervals as iv
from ansible_collections.listening.ports.plugins.module_utils._firewall.ruleset.model import MOST_ELEMENTS
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._firewall.build import (
    ACCEPT, DROP, ESTABLISHED, chain, decide, dport, evaluator, match, payload, saddr
)

INPUT = {'hook': 'input'}
UNKNOWN = {'made up': {'x': [1, {'y': None}]}}


def _jump(name):
    return {'jump': {'target': name}}


def _deep(levels, wide, last):
    """Chains that each jump ``wide`` times to the next one."""
    parts = [chain('input', [[_jump('c1')]], policy='drop', **INPUT)]
    for level in range(1, levels):
        parts.append(chain('c%d' % level, [[_jump('c%d' % (level + 1))]] * wide))
    return [*parts, chain('c%d' % levels, last)]


def test_deep_and_wide_jumps_cost_no_more_than_their_rules():
    started = time.process_time()
    assert decide(evaluator(*_deep(64, 8, [[saddr('10.0.0.0/8'), ACCEPT]]))) == ['10.0.0.0/8']
    judge = evaluator(*_deep(64, 8, [[match({'meta': {'key': 'length'}}, 100, '>'), ACCEPT]]))
    assert decide(judge) == 'undecided'
    assert time.process_time() - started < 2


def test_marks_without_end():
    rules = [[match({'meta': {'key': 'length'}}, bit, '>'), {'mangle': {'key': {'meta': {'key': 'mark'}}, 'value': {
        '|': [{'meta': {'key': 'mark'}}, 1 << bit]}}}] for bit in range(30)]
    started = time.process_time()
    rules.append([match({'meta': {'key': 'mark'}}, 7), DROP])
    assert decide(evaluator(chain('input', rules, **INPUT))) == 'undecided'
    assert time.process_time() - started < 2


def test_circle_and_depth():
    judge = evaluator(chain('input', [[_jump('a')]], **INPUT), chain('a', [[_jump('b')]]), chain('b', [[_jump('a')]]))
    assert decide(judge) == 'undecided'
    assert judge.decide(4, 'tcp', 'eth0', '10.0.0.1', 22).undecided[0][1] == 'chains jump in a loop'
    judge = evaluator(*_deep(300, 1, [[ACCEPT]]))
    assert 'deep' in judge.decide(4, 'tcp', 'eth0', '10.0.0.1', 22).undecided[0][1]


def test_budget():
    judge = evaluator(chain('input', [[match({'meta': {'key': 'length'}}, 5, '>'), DROP]] * 500, **INPUT), budget=300)
    outcome = judge.decide(4, 'tcp', 'eth0', '10.0.0.1', 22)
    assert [reason for dummy, reason in outcome.undecided] == ['there are too many rules to follow']
    assert not outcome.allowed and not outcome.blocked


@pytest.mark.parametrize('rule, word', [
    ([UNKNOWN, ACCEPT], 'undecided'),
    ([match(UNKNOWN, 1), ACCEPT], 'undecided'),
    ([match(payload('ip', 'saddr'), '10.0.0.300'), ACCEPT], 'undecided'),
    ([match(payload('tcp', 'dport'), {'range': ['a', 'b']}), ACCEPT], 'undecided'),
    ([dport('@nothing'), ACCEPT], 'undecided'),
    ([{'queue': {'num': 1}}], 'undecided'),
    ([{'vmap': {'key': payload('tcp', 'dport'), 'data': '@nothing'}}], 'undecided'),
    ([{'xt': None}, ACCEPT], 'undecided'),
    ([_jump('nowhere')], 'undecided'),
    ([None], 'undecided'),
    ([{'match': {}}, ACCEPT], 'undecided'),
])
def test_what_is_not_understood_is_never_decided(rule, word):
    assert decide(evaluator(chain('input', [ESTABLISHED, rule], policy='drop', **INPUT))) == word


@pytest.mark.parametrize(
    'comment', ['"; accept', 'tcp dport 22 accept', '\\" -j ACCEPT \\', '\x1b[31m\n\n*filter\n', '}' * 50]
)
def test_comments_are_text(comment):
    parts = chain('input', [ESTABLISHED], policy='drop', **INPUT)
    parts[-1]['rule']['comment'] = comment
    assert decide(evaluator(parts)) == 'blocked'
    quoted = comment.replace('\\', '\\\\').replace('"', '\\"').replace('\n', ' ')
    text = (
        '*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp -m comment --comment "%s" -m tcp --dport 22 -j ACCEPT\nCOMMIT\n'
        % quoted
    )
    judge = evaluator(saves={'ip/legacy': text})
    assert [decide(judge, 22, protocol='udp'), decide(judge, 23)] == ['blocked', 'blocked']


def test_more_elements_than_are_read_decide_nothing():
    many = ['%d.%d.%d.%d' % (1 + number % 200, number >> 16, number >> 8 & 255, number & 255)
            for number in range(MOST_ELEMENTS + 1)]
    big = [{'set': {'family': 'inet', 'table': 'filter', 'name': 'bl', 'type': 'ipv4_addr', 'elem': many}}]
    judge = evaluator(big, chain('input', [ESTABLISHED, [saddr('@bl'), ACCEPT]], policy='drop', **INPUT))
    assert decide(judge) == 'undecided'
    [(dummy, reason)] = judge.decide(4, 'tcp', 'eth0', '10.0.0.1', 22).undecided
    assert reason.startswith('@bl: of more than 500000 elements of sets, the rest is not understood: nftables inet')
    # nor does a map; a set of the other rule that was read before still does
    few = [{'map': {'family': 'inet', 'table': 'filter', 'name': 'm', 'type': 'ipv4_addr', 'map': 'verdict',
                    'elem': [[text, ACCEPT] for text in many]}}]
    vmap = {'vmap': {'key': payload('ip', 'saddr'), 'data': '@m'}}
    judge = evaluator(few, chain('input', [ESTABLISHED, [saddr('10.0.0.0/8'), ACCEPT], [vmap]], policy='drop', **INPUT))
    outcome = judge.decide(4, 'tcp', 'eth0', '10.0.0.1', 22)
    assert iv.networks(outcome.allowed, 4) == ['10.0.0.0/8'] and not outcome.blocked


def test_a_backend_that_could_not_be_read_decides_nothing():
    judge = evaluator(
        chain('input', [[ACCEPT]], **INPUT), errors=[{'aspect': 'iptables', 'message': 'iptables: not root'}]
    )
    outcome = judge.decide(4, 'tcp', 'eth0', '10.0.0.1', 22)
    assert [reason for dummy, reason in outcome.undecided] == ['iptables: not root']


def test_rate_limits_are_caveats():
    limit = {'limit': {'rate': 5, 'burst': 5, 'per': 'second'}}
    judge = evaluator(chain('input', [ESTABLISHED, [dport(22), limit, ACCEPT]], policy='drop', **INPUT))
    assert decide(judge) == 'allowed'
    assert 'rate limit' in judge.decide(4, 'tcp', 'eth0', '10.0.0.1', 22).caveats[0]
    over = {'limit': {'rate': 5, 'burst': 5, 'per': 'second', 'inv': True}}
    assert decide(evaluator(chain('input', [[dport(22), over, DROP]], **INPUT))) == 'allowed'


def test_ports_of_clients():
    hole = [match(payload('udp', 'sport'), 53), ACCEPT]
    judge = evaluator(chain('input', [hole], policy='drop', **INPUT))
    assert decide(judge, protocol='udp') == 'undecided'         # any client may choose that port
    judge = evaluator(chain('input', [[match(payload('udp', 'sport'), {'range': [0, 1023]}), DROP]], **INPUT))
    assert decide(judge, protocol='udp') == 'allowed'           # nobody who does not ask for it has one of these
