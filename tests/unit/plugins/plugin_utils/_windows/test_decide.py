# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is let in, by tiers of rules and by settings."""

import pytest

from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows import hosts
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows.hosts import EVERYONE, arrival, rule

FEW, MORE = hosts.spans('10.0.0.0/8'), hosts.spans('10.0.0.0/7')


def state(outcome):
    """In one word."""
    if outcome.allowed == EVERYONE:
        return 'allowed'
    if not outcome.allowed:
        return 'undecided' if outcome.undecided else 'blocked'
    return 'partly'


def test_nobody_is_let_in_by_default():
    outcome = hosts.answer([])
    assert (outcome.allowed, outcome.undecided, outcome.allowed_by) == ((), [], None)
    assert outcome.blocked_by == 'default inbound action block of the domain profile'


def test_an_allow_rule_lets_in_and_is_named():
    outcome = hosts.answer([rule('Protocol=6', 'LPort=80', 'Name=Web', name='Web-In')])
    assert (outcome.allowed, outcome.undecided, outcome.blocked_by) == (EVERYONE, [], None)
    assert outcome.allowed_by == 'allow rule "Web-In" of the local store: LPort=80 Protocol=6'


def test_block_comes_before_allow_however_narrow_the_allow_is():
    outcome = hosts.answer([rule('Protocol=6', 'RA4=10.0.0.1'), rule('Protocol=6', action='Block', name='b')])
    assert state(outcome) == 'blocked'
    assert outcome.blocked_by == 'block rule "b" of the local store: Protocol=6'


def test_a_block_takes_out_its_part():
    outcome = hosts.answer([rule(), rule('RA4=10.0.0.0/8', action='Block', name='b')])
    assert outcome.allowed == hosts.iv.minus(EVERYONE, FEW)
    assert outcome.blocked_by.startswith('block rule "b"')


@pytest.mark.parametrize('given, expected, by', [
    ({'off': True}, 'allowed', 'the firewall is off in the domain profile'),
    ({'default_allow': True}, 'allowed', 'default inbound action allow of the domain profile'),
    ({'off': True, 'shielded': True}, 'allowed', 'the firewall is off in the domain profile'),
])
def test_settings_let_in(given, expected, by):
    outcome = hosts.answer([], where=arrival(of=hosts.settings(**given)))
    assert (state(outcome), outcome.allowed_by) == (expected, by)


def test_shields_up_blocks_what_rules_allow():
    outcome = hosts.answer([rule()], where=arrival(of=hosts.settings(shielded=True, default_allow=True)))
    assert state(outcome) == 'blocked'
    assert outcome.blocked_by == 'the domain profile blocks all that comes in (DoNotAllowExceptions)'
