# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Very long sets of addresses, in exposures and openings."""

import pytest

from ansible_collections.listening.ports.plugins.module_utils._addresses import intervals as iv
from ansible_collections.listening.ports.plugins.module_utils._firewall.exposure import describe
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._firewall.joined import (
    ANYONE4, attach, brief, capture, record
)


def build(chain, rules, name='geo', members=None, policy='drop', hook='input'):
    """(snapshot, listener) with rules about a set of 300 networks that do not touch."""
    snapshot = capture('open')
    members = members or ['5.%d.%d.0/24' % (number // 100, number % 100 * 2) for number in range(300)]
    elements = [{'prefix': {'addr': text.partition('/')[0], 'len': int(text.partition('/')[2])}} for text in members]
    table = {'family': 'inet', 'table': 'filter'}
    snapshot['tables'] = [['inet', 'filter']]
    snapshot['nft'] = {'nftables': [
        {'table': {'family': 'inet', 'name': 'filter', 'handle': 1}},
        {'set': dict(table, name=name, type='ipv4_addr', elem=elements)},
        {'chain': dict(table, name=chain, handle=1, type='filter', hook=hook, prio=0, policy=policy)},
        {'rule': dict(table, chain=chain, handle=2, expr=[
            {'match': {'op': 'in', 'left': {'ct': {'key': 'state'}}, 'right': ['established']}}, {'accept': None}])},
        *({'rule': dict(table, chain=chain, handle=3, expr=expr)} for expr in rules)]}
    return snapshot, record(port=443)


def long_set(rules, **more):
    """(exposure of a listener, facts) behind rules about a set, see ``build``."""
    snapshot, listener = build('input', rules, **more)
    facts, gaps = attach(snapshot, listener)
    assert not gaps.found
    return listener['exposure'], facts


def about(name, verdict, operator='=='):
    left = {'payload': {'protocol': 'ip', 'field': 'saddr'}}
    return [{'match': {'op': operator, 'left': left, 'right': name}}, {verdict: None}]


def test_a_long_list_of_who_is_let_in_is_told_by_its_name():
    part = {'set': 'set geo', 'family': 'ipv4', 'elements': 300, 'key': 'ipv4-1'}
    for rules, policy in (([about('@geo', 'accept')], 'drop'), ([about('@geo', 'drop', '!=')], 'accept')):
        exposure, facts = long_set(rules, policy=policy)
        assert brief(exposure) == ('partly', 'listed', [])
        assert (exposure['allowed_sets'], exposure['undecided']) == ([part], []) and 'except_sets' not in exposure
        assert '@geo' in exposure[{'drop': 'decided_by', 'accept': 'blocked_by'}[policy]]
        assert [path['allowed_sets'] for path in exposure['paths']] == [[part]]
        assert list(facts['firewall']['sets']) == ['ipv4-1']
        assert facts['firewall']['sets']['ipv4-1'].startswith('5.0.0.0-5.0.0.255 5.0.2.0-5.0.2.255 ')


def test_what_is_let_in_beside_a_long_list():
    exposure, dummy = long_set([about('@geo', 'accept'), about({'prefix': {'addr': '10.0.0.0', 'len': 8}}, 'accept')])
    assert brief(exposure) == ('partly', 'listed', ['10.0.0.0/8'])
    assert [part['set'] for part in exposure['allowed_sets']] == ['set geo']


def test_a_long_list_of_who_is_kept_out_is_an_exception_with_a_name():
    exposure, facts = long_set([about('@geo', 'drop')], policy='accept')
    assert brief(exposure) == ('partly', 'anyone', ANYONE4)
    assert exposure['except_sets'] == [{'set': 'set geo', 'family': 'ipv4', 'elements': 300, 'key': 'ipv4-1'}]
    assert 'allowed_sets' not in exposure and exposure['undecided'] == []
    assert '@geo' in exposure['blocked_by'] and list(facts['firewall']['sets']) == ['ipv4-1']


def test_a_part_of_a_long_list_has_its_own_addresses():
    exposure, facts = long_set([about({'prefix': {'addr': '5.0.0.0', 'len': 16}}, 'drop'), about('@geo', 'accept')])
    [part] = exposure['allowed_sets']
    assert (part['set'], part['elements']) == ('set geo', 200)
    assert facts['firewall']['sets'][part['key']].startswith('5.1.0.0-5.1.0.255 ')


@pytest.mark.parametrize('members, level', [
    (['10.%d.%d.0/24' % (number // 100, number % 100 * 2) for number in range(300)], 'private'),
    (['169.254.%d.%d/32' % (number // 100, number % 100 * 2) for number in range(300)], 'link'),
    (['%d.0.0.0/9' % number for number in range(1, 120)], 'listed'),
    ([text % number for number in range(1, 223) for text in ('%d.0.0.0/9', '%d.192.0.0/10')], 'anyone')])
def test_the_level_of_a_long_list(members, level):
    exposure, dummy = long_set([about('@geo', 'accept')], members=members)
    assert exposure['level'] == level


def test_a_set_that_cannot_be_kept_is_listed_as_far_as_it_goes(monkeypatch):
    monkeypatch.setattr(describe, 'MOST_KEPT', 1000)
    exposure, facts = long_set([about('@geo', 'accept')])
    assert len(exposure['allowed']) == describe.MOST_NETWORKS and exposure['level'] == 'listed'
    assert [part['reason'] for part in exposure['undecided']] == [describe.TOO_MANY]
    assert 'allowed_sets' not in exposure and 'sets' not in facts['firewall']


def test_an_opening_for_a_long_list():
    dummy, facts = long_set([[
        {'match': {'op': '==', 'left': {'payload': {'protocol': 'tcp', 'field': 'dport'}}, 'right': 8443}},
        *about('@geo', 'accept')]])
    [opening] = facts['openings']
    assert (opening['ports'], opening['sources'], [part['set'] for part in opening['source_sets']]) == (
        '8443', [], ['set geo'])


def test_who_of_a_long_list_is_handed_to_a_proxy():
    """They may get to what is bound to loopback, by whichever of the two sets."""
    proxy = {'tproxy': {'family': 'ip', 'addr': '127.0.0.1', 'port': 3129}}
    snapshot, dummy = build('pre', [[*about('@geo', 'accept')[:1], proxy, {'accept': None}]], hook='prerouting')
    listener = record(address='127.0.0.1', port=3129)
    attach(snapshot, listener)
    [part] = listener['exposure']['undecided']
    assert part['reason'].startswith('redirected to a proxy (tproxy)') and listener['exposure']['level'] == 'unknown'
    assert any(iv.contains(iv.parse(text)[1], iv.number('5.0.2.1')) for text in part['sources'])
