# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host is told beforehand: by that it finds what is closed afterwards, as far as ports tell it."""

import pytest

from ansible_collections.listening.ports.plugins.module_utils import _planning
from ansible_collections.listening.ports.plugins.plugin_utils._enforce import close, suspects
from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import judge
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._enforce import planning
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building

SSH = {'name': 'ssh', 'port': 22, 'state': 'optional'}
RANGE = {'name': 'range', 'ports': '8000-8010', 'state': 'optional'}
NO_TELNET = {'name': 'no telnet', 'port': '23/tcp', 'state': 'forbidden'}
WAIVED = {'name': 'old', 'port': 9000, 'expires': 'never'}


def both(declare, facts, kinds=close.KINDS):
    """What the host takes for what is to be closed, and what is."""
    policy, bare = building.policy(declare), close.without_firewall(facts)
    found = _planning.suspects(facts['listeners'], **suspects.hints(policy, kinds))
    return found, close.wanted(bare, policy, judge.judge(bare, policy, building.NOW), kinds).ids


LISTENING = building.facts([
    'tcp 0.0.0.0:22 sshd', 'tcp 0.0.0.0:23 inetd', 'tcp 0.0.0.0:8005 web', 'tcp 0.0.0.0:8011 web',
    'tcp 127.0.0.1:9001 web', 'tcp [::]:9002 web', 'udp 0.0.0.0:68 dhclient', 'udp 0.0.0.0:53 dns'], (), {})


@pytest.mark.parametrize('kinds', [close.KINDS, ['unexpected'], ['forbidden']])
def test_the_host_finds_what_is_closed(kinds):
    found, wanted = both([SSH, RANGE, NO_TELNET], LISTENING, kinds)
    assert sorted(found) == sorted(wanted) and wanted


def test_the_hints():
    policy = building.policy([SSH, RANGE, NO_TELNET, {'name': 'elsewhere', 'port': 1, 'namespace': '*'}])
    assert suspects.hints(policy, close.KINDS) == {
        'declared': ['tcp/22-22', 'tcp/8000-8010', 'udp/546', 'udp/68'], 'forbidden': ['tcp/23-23'],
        'undeclared': ['unexpected']}


def test_what_is_waived_is_not_asked_for():
    facts = building.facts(['tcp 0.0.0.0:9000 web', 'tcp 0.0.0.0:9001 web'], (), {})
    found, wanted = both({'expected_listeners': [SSH], 'listener_waivers': [WAIVED]}, facts)
    assert found == wanted == ['tcp/0.0.0.0:9001']


# What rules may have to be about

ANYONE = {'name': 'web', 'port': 443, 'clients': 'anyone'}
NEAR = {'name': 'near', 'port': 8005, 'only_from': ['10.0.0.0/8']}


def test_the_hints_for_a_filter():
    policy = building.policy([SSH, ANYONE, NEAR, NO_TELNET, {'name': 'elsewhere', 'port': 1, 'namespace': '*'}])
    assert suspects.of_filter(policy, 'reject') == {
        'others': 'reject', 'unlimited': ['tcp/22-22', 'tcp/443-443', 'udp/546', 'udp/68'],
        'limited': ['tcp/23-23', 'tcp/8005-8005']}


@pytest.mark.parametrize('lines, protocols', [
    (['tcp 0.0.0.0:22 sshd from=anyone'], set()), (['tcp 0.0.0.0:443 web from=anyone'], set()),
    (['tcp 0.0.0.0:8005 web from=anyone'], {'tcp'}), (['tcp 0.0.0.0:23 inetd from=anyone'], {'tcp'}),
    (['udp 0.0.0.0:53 dns from=anyone'], {'udp'}), (['tcp 127.0.0.1:9000 web'], set()),
    (['tcp 0.0.0.0:9000 web from=anyone', 'udp 0.0.0.0:68 dhclient from=anyone'], {'tcp'})])
def test_the_host_finds_what_is_filtered(lines, protocols):
    """What rules are planned about is among what the host takes for that."""
    declare, facts = [SSH, ANYONE, NEAR, NO_TELNET], planning.host(*lines)
    hints = suspects.of_filter(building.policy(declare), 'accept')
    found = _planning.nameable(facts['listeners'], hints['unlimited'], hints['limited'])
    assert found == protocols == {rule['protocol'] for rule in planning.planned(declare, facts).rules}
