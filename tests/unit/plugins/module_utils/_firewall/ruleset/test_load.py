# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots that become rulesets: what nft does not show is added where the kernel told it."""

import json

import pytest

from ansible_collections.listening.ports.plugins.module_utils._firewall.ruleset import load

RESET = [{'match': {'op': '==', 'left': {'meta': {'key': 'l4proto'}}, 'right': 'tcp'}},
         {'reject': {'type': 'tcp reset'}}]


def ruleset(unshown):
    rule = {'family': 'inet', 'table': 't', 'chain': 'c', 'handle': 3, 'expr': RESET}
    chain = {'family': 'inet', 'table': 't', 'name': 'c', 'type': 'filter', 'hook': 'input', 'prio': 0,
             'policy': 'accept'}
    text = json.dumps({'nftables': [{'table': {'family': 'inet', 'name': 't'}}, {'chain': chain}, {'rule': rule}]})
    return load.load(load.parsed({'nft': text, 'saves': {}, 'errors': [], 'unshown': unshown}))


@pytest.mark.parametrize('unshown, asked', [
    ([['inet', 't', 'c', 3, 'ipv4']], True),
    ([['inet', 't', 'c', 4, 'ipv4']], False),
    ([['inet', 't', 'd', 3, 'ipv4']], False),
    ([], False),
])
def test_a_family_that_nft_does_not_show(unshown, asked):
    loaded = ruleset(unshown)
    [rule] = loaded.bases[0].rules
    assert not loaded.doubts
    assert any('nfproto' in op.fields for op in rule.ops if op.kind == 'match') is asked


@pytest.mark.parametrize('rule', [{'handle': 3}, {'handle': 3, 'expr': None}, None])
def test_a_rule_in_another_form(rule):
    """It is what a host sends, and no reason to fail."""
    rule = rule and dict(rule, family='inet', table='t', chain='c')
    text = json.dumps({'nftables': [{'rule': rule or {}}]})
    snapshot = {'nft': text, 'saves': {}, 'errors': [], 'unshown': [['inet', 't', 'c', 3, 'ipv6']]}
    assert load.load(load.parsed(snapshot)).doubts
