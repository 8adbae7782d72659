# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is planned for clients that the inventory has names for: never what could cut off one of unknown address."""

import hypothesis
import pytest

from ansible_collections.listening.ports.plugins.module_utils._filter import rules as _rules, table
from ansible_collections.listening.ports.plugins.plugin_utils._enforce import plan
from ansible_collections.listening.ports.plugins.plugin_utils._enforce.plan import ALLOW, BLOCK
from ansible_collections.listening.ports.plugins.plugin_utils._policy.conditions import sources
from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import judge
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._enforce.planning import (
    OPEN,
    SSH,
    host,
    planned,
    random_host,
    reasons,
)
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building, strategies

DB = {'name': 'db', 'port': 5432, 'clients': ['group:web']}
KNOWN = {'group:web': {'addresses': ['10.9.0.1', '10.9.0.2', '2001:db8:9::1']}}
UNKNOWN = {'group:web': {'addresses': ['10.9.0.1'], 'unknown': ['web-3']}}
REACHED = ('tcp 0.0.0.0:22 sshd from=10.0.0.0/8', 'tcp [::]:5432 postgres dual ' + OPEN)


@pytest.mark.parametrize('mode', [BLOCK, ALLOW])
def test_the_hosts_of_a_group_reach_it_and_nobody_else(mode):
    made = planned([SSH, DB], host(*REACHED), mode, of_inventory=KNOWN)
    rule = next(rule for rule in made.filter['rules'] if rule['ports'] == [5432])
    assert rule['sources'] == ['10.9.0.1/32', '10.9.0.2/32', '2001:db8:9::1/128']
    assert not made.left and not made.of_unknown


def test_a_port_whose_clients_are_not_all_known_is_not_filtered():
    made = planned([SSH, DB], host(*REACHED), BLOCK, of_inventory=UNKNOWN)
    assert made.filter['rules'] == [] and made.of_unknown
    assert reasons(made) == [(None, 'unknown')] and 'web-3' in made.left[0]['message']


def test_where_the_rest_is_refused_it_is_not():
    made = planned([SSH, DB], host(*REACHED), ALLOW, of_inventory=UNKNOWN)
    assert [rule for rule in made.filter['rules'] if rule['ports'] == [5432]] == [
        {'protocol': 'tcp', 'ports': [5432], 'comment': 'entry db'}]
    assert made.of_unknown and reasons(made) == [(None, 'clients'), (None, 'unknown')]
    assert made.left[0]['message'] == (
        'entry db: its ports are not filtered, since that could cut clients off: not all addresses of them are known '
        '(web-3: no address of it is declared)')


def test_another_entry_does_not_filter_it_either():
    narrow = {'name': 'narrow', 'port': 5432, 'only_from': ['10.0.0.0/8']}
    made = planned([SSH, DB, narrow], host(*REACHED), BLOCK, of_inventory=UNKNOWN)
    assert made.filter['rules'] == []
    assert ('tcp/[::]:5432', 'clients') in reasons(made)


def test_nor_does_a_listener_that_has_the_port_too():
    other = {'name': 'other', 'port': 5432, 'process': 'other', 'only_from': ['10.9.0.0/16']}
    made = planned([SSH, dict(DB, process='postgres', bind='10.0.0.5'), other], host(
        'tcp 0.0.0.0:22 sshd from=10.0.0.0/8', 'tcp 10.0.0.5:5432 postgres ' + OPEN,
        'tcp 10.0.0.6:5432 other ' + OPEN), BLOCK, of_inventory=UNKNOWN)
    assert not [rule for rule in made.filter['rules'] if 5432 in rule['ports']]


def test_what_was_opened_for_unknown_clients_stays_open():
    made = planned([SSH, DB], host(*REACHED), BLOCK, opens=True, of_inventory=UNKNOWN)
    assert {'protocol': 'tcp', 'ports': [5432]} in made.keep and made.open == []


def test_a_filter_that_is_there_stays():
    kept = plan.kept(building.policy([SSH, DB], UNKNOWN))
    assert (kept.filter, kept.open, kept.keep, kept.close) == (None, [], None, []) and kept.is_incomplete
    assert 'the filter that is there stays as it is' in kept.left[0]['message'] and 'web-3' in kept.left[0]['message']


def test_a_long_group_is_one_set_of_the_table():
    many = {'group:web': {'addresses': ['10.%d.%d.%d' % (index // 10000, index // 100 % 100, index % 100 * 2)
                                        for index in range(5000)]}}
    made = planned([SSH, DB], host(*REACHED), BLOCK, of_inventory=many)
    (rule,) = made.filter['rules']
    assert len(rule['sources']) == 5000
    text = table.table(_rules.parse(made.filter['rules']), 'accept', False, False)
    assert len([line for line in text.splitlines() if 'dport' in line and '5432' in line]) < 10


def test_never_is_somebody_cut_off_whose_address_may_be_that_of_a_client():
    """Whatever the host and the declaration, the port of an entry with an unknown client stays open to all."""
    @hypothesis.given(strategies.CHOICES)
    def check(choose):
        facts = random_host(choose)
        variables = strategies.declaration(choose)
        entries = [entry for entry in variables['expected_listeners'] if entry['state'] in ('required', 'optional')]
        hypothesis.assume(entries)
        chosen = choose.of(entries)
        chosen.pop('clients', None)
        chosen['only_from'] = 'group:web'
        for entry in entries:
            if entry is not chosen and 'clients' not in entry and 'only_from' not in entry:
                entry['only_from'] = 'private'
        policy = building.policy(variables, UNKNOWN)
        for mode in (BLOCK, ALLOW):
            if list(plan.refusals(policy, mode)):
                continue
            result = judge.judge(facts, policy, building.NOW)
            made = plan.plan(facts, policy, result, mode)
            rules = _rules.parse(made.filter['rules'])
            for decided in result.decided:
                kinds = {finding.kind for finding in result.each if finding.record is decided.listener}
                if (not any(entry.label == chosen['name'] for entry in decided.entries) or chosen.get('namespace')
                        or kinds - {'overexposed', 'unreachable', 'unhealthy'} or decided.listener['ephemeral']
                        or decided.listener['scope'] == 'loopback'
                        or decided.listener['protocol'] not in _rules.PROTOCOLS):
                    continue
                port = decided.listener['port']
                mine = [rule for rule in rules if rule.protocol == decided.listener['protocol']
                        and any(low <= port <= high for low, high in rule.ports)]
                assert mine or mode == BLOCK
                families = [4, 6] if not chosen.get('family') else [int(chosen['family'][-1])]
                for family in families if mine else ():
                    let_in = sources.union(*(_rules.spans(rule.sources)[family] for rule in mine))
                    assert let_in == sources.everybody(family), (mode, made.filter, decided)
    strategies.run(check)
