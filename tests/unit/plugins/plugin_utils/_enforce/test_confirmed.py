# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Planning again within a plan that was confirmed: never more than it has."""

import hypothesis
import pytest

from ansible_collections.listening.ports.plugins.module_utils._addresses import intervals
from ansible_collections.listening.ports.plugins.module_utils._filter import rules as _rules
from ansible_collections.listening.ports.plugins.plugin_utils._enforce import plan
from ansible_collections.listening.ports.plugins.plugin_utils._enforce.confirmed import Confirmed
from ansible_collections.listening.ports.plugins.plugin_utils._enforce.plan import ALLOW, BLOCK
from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import judge
from ansible_collections.listening.ports.plugins.plugin_utils._schema import Fault
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._enforce.planning import (
    OPEN,
    SSH,
    WEB,
    host,
    planned,
    random_host,
    reasons,
)
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building, strategies

NO_WEB = {'name': 'no', 'port': '8080/tcp', 'state': 'forbidden'}
OPENING = {'protocol': 'tcp', 'ports': ['443'], 'sources': None, 'backend': 'ufw', 'interface': None,
           'listener': 'tcp/0.0.0.0:443'}


def confirmed(made):
    return Confirmed(made.as_dict())


def within(declare, facts, before, mode=BLOCK, opens=False):
    """The plan for a host, within the one for what it was before."""
    return planned(declare, facts, mode, opens, confirmed(planned(declare, before, mode, opens)))


def ports(made):
    return [(rule['protocol'], rule['ports']) for rule in made.filter['rules']]


@pytest.mark.parametrize('mode', [BLOCK, ALLOW])
def test_of_the_same_host_it_is_the_same_plan(mode):
    facts = host('tcp 0.0.0.0:22 sshd ' + OPEN, 'tcp 0.0.0.0:80 web ' + OPEN, 'udp 0.0.0.0:40000 nc exe=/tmp/nc',
                 forwarded=['tcp 0.0.0.0:8080 to=172.17.0.2:80'])
    before = planned([SSH, WEB], facts, mode)
    made = within([SSH, WEB], facts, facts, mode)
    assert made.as_dict() == before.as_dict() and made.hash == before.hash


def test_what_appeared_is_left_and_what_went_away_is_no_error():
    before = host('tcp 0.0.0.0:80 web ' + OPEN, 'tcp 0.0.0.0:81 web ' + OPEN)
    made = within([SSH], host('tcp 0.0.0.0:81 web ' + OPEN, 'tcp 0.0.0.0:82 web[9] ' + OPEN), before)
    assert ports(made) == [('tcp', [81])]
    [left] = made.left
    assert (left['action'], left['listener'], left['reason']) == ('firewall', 'tcp/0.0.0.0:82', 'appeared')
    assert 'tcp 0.0.0.0:82 web pid 9: it was not there when the plan was confirmed' in left['message']


def test_nobody_is_kept_out_whom_the_plan_lets_in():
    before = host('tcp 0.0.0.0:22 sshd ' + OPEN)
    narrow, wide = dict(SSH, only_from=['10.1.0.0/16']), dict(SSH, only_from=['10.0.0.0/8'])
    made = planned([narrow], before, confirmed=confirmed(planned([wide], before)))
    assert ports(made) == [] and reasons(made) == [('tcp/0.0.0.0:22', 'appeared')]
    made = planned([wide], before, confirmed=confirmed(planned([narrow], before)))
    assert [rule['sources'] for rule in made.filter['rules']] == [['10.0.0.0/8']] and made.left == []


@pytest.mark.parametrize('rule, is_kept', [
    ({'ports': [8080]}, True), ({'ports': ['8000-8100']}, True), ({'ports': ['8000-8079', '8081-8100']}, False),
    ({'ports': [8080], 'protocol': 'udp'}, False), ({'ports': [8080], 'sources': ['10.0.0.1']}, False),
    ({'ports': [8080], 'sources': None}, False)])
def test_which_rules_are_in_the_plan(rule, is_kept):
    earlier = plan.Plan(BLOCK, rules=[{'protocol': 'tcp', 'sources': [], **rule}])
    made = planned([SSH, NO_WEB], host('tcp 0.0.0.0:8080 web ' + OPEN), confirmed=confirmed(earlier))
    assert bool(made.filter['rules']) is is_kept and [reason for dummy, reason in reasons(made)] == (
        [] if is_kept else ['appeared'])


def test_what_is_forwarded_is_only_filtered_where_the_plan_filters_that():
    facts = host(forwarded=['tcp 0.0.0.0:8080 to=172.17.0.2:80'])
    facts['forwarded'][0]['ports'] = '8080-8081'
    rule = {'protocol': 'tcp', 'ports': [8080, 8081], 'sources': []}
    for published in (False, True):
        earlier = plan.Plan(BLOCK, rules=[rule], published=published)
        made = planned([SSH], facts, confirmed=confirmed(earlier))
        assert (made.published, bool(made.filter['rules'])) == (published, published)


def test_default_deny_still_lets_in_whom_the_plan_lets_in():
    waived = {'expected_listeners': [SSH], 'listener_waivers': [{'port': 8080, 'expires': 'never', 'name': 'soon'}]}
    facts = host('tcp 0.0.0.0:22 sshd ' + OPEN, 'tcp 0.0.0.0:8080 web ' + OPEN, 'tcp 127.0.0.1:8080 web')
    earlier = planned(waived, facts, ALLOW)
    made = planned([SSH], facts, ALLOW, confirmed=confirmed(earlier))
    assert [(rule['ports'], rule.get('sources')) for rule in made.filter['rules']] == [
        ([22], ['10.0.0.0/8']), ([8080], None)]
    assert ('tcp/0.0.0.0:8080', 'appeared') in reasons(made)
    # of what does not listen any more nothing is kept
    made = planned([SSH], host('tcp 0.0.0.0:22 sshd ' + OPEN), ALLOW, confirmed=confirmed(earlier))
    assert ports(made) == [('tcp', [22])] and made.left == []


def test_default_deny_lets_in_whom_an_entry_names_though_the_plan_did_not():
    app = {'name': 'app', 'port': 'any/tcp', 'process': 'app', 'clients': '10.0.0.0/8'}
    made = within([SSH, app], host('tcp 0.0.0.0:7000 app ' + OPEN), host(), ALLOW)
    assert ports(made) == [('tcp', [22, 7000])]


def test_nothing_is_opened_that_the_plan_does_not_open():
    facts = host('tcp 0.0.0.0:443 nginx from=nobody through=eth0:blocked', firewall={'backends': ['ufw']})
    facts['listeners'][0]['exposure']['paths'][0]['blocked_by'] = 'nftables ip filter ufw-user-input handle 9: drop'
    assert within([WEB], facts, facts, opens=True).open == [OPENING]
    made = within([WEB], facts, host('tcp 0.0.0.0:443 nginx ' + OPEN), opens=True)
    assert made.open == [] and [(left['reason'], left['command']) for left in made.left] == [
        ('unreachable', 'ufw allow proto tcp to any port 443')]
    assert made.keep == [{'protocol': 'tcp', 'ports': [443]}]


def test_nothing_is_taken_back_that_the_plan_leaves_open():
    facts, other = host('tcp 0.0.0.0:443 nginx ' + OPEN), dict(WEB, port=444)
    assert planned([WEB], facts, opens=True, confirmed=confirmed(planned([other], facts, opens=True))).keep == [
        {'protocol': 'tcp', 'ports': ['443-444']}]
    assert planned([WEB], facts, opens=True, confirmed=confirmed(planned([WEB], facts))).keep is None


def test_what_it_says_of_ports_that_no_rule_names():
    facts = host('tcp 0.0.0.0:22 sshd ' + OPEN)
    assert [confirmed(made).others for made in (
        planned([SSH], facts), planned([SSH], facts, ALLOW), plan.Plan(None))] == ['accept', 'reject', None]


@pytest.mark.parametrize('change', [
    {'close': None}, {'close': [7]}, {'close': 'tcp/0.0.0.0:80'}, {'filter': []}, {'filter': {'rules': []}},
    {'filter': {'rules': [{'ports': ['x']}], 'others': 'accept', 'published': False}},
    {'filter': {'rules': [{'protocol': 'icmp', 'ports': [1]}], 'others': 'accept', 'published': False}},
    {'keep': [{'ports': []}]}, {'left': [{'reason': 'x'}]}, {'open': [{}]}])
def test_what_is_no_plan(change):
    good = planned([SSH], host('tcp 0.0.0.0:80 web ' + OPEN), opens=True).as_dict()
    Confirmed(good)
    with pytest.raises(Fault):
        Confirmed({**good, **change})


def test_the_plan_that_was_given_is_not_changed():
    good = {**planned([SSH], host('tcp 0.0.0.0:80 web ' + OPEN)).as_dict(), 'more': 1}
    good['filter']['more'] = 1
    Confirmed(good)
    assert good['more'] == good['filter']['more'] == 1


def test_properties():
    """Whatever a host has become: of what it listens on then, nobody loses access who keeps it by the plan."""
    seen = []

    @hypothesis.given(strategies.CHOICES)
    def check(choose):
        mode = choose.of((BLOCK, ALLOW))
        before, after = (random_host(choose) for dummy in range(2))
        variables = strategies.declaration(choose, most_waivers=1)
        policy = building.policy(variables)
        if list(plan.refusals(policy, mode)):
            return
        earlier = plan.plan(before, policy, judge.judge(before, policy, building.NOW), mode)
        made = plan.plan(after, policy, judge.judge(after, policy, building.NOW), mode, confirmed=confirmed(earlier))
        for listener in after['listeners']:
            if listener['namespace'] is None and listener['scope'] != 'loopback':
                was, now = (_let_in(every, listener, mode) for every in (earlier, made))
                assert not any(intervals.minus(was[family], now[family]) for family in (4, 6))
        seen.append(earlier.hash == made.hash)
        # and once it was done, the same plan does no more
        again = plan.plan(after, policy, judge.judge(after, policy, building.NOW), mode, confirmed=confirmed(made))
        assert again.rules == made.rules
    strategies.run(check)
    assert any(seen) and not all(seen)


def _let_in(made, listener, mode):
    """Who reaches a listener by a plan."""
    rules = [rule for rule in _rules.parse(made.rules) if rule.protocol == listener['protocol']
             and any(low <= listener['port'] <= high for low, high in rule.ports)]
    if mode == BLOCK and not rules:
        return {4: intervals.full(4), 6: intervals.full(6)}
    return {family: intervals.united([_rules.spans(rule.sources)[family] for rule in rules]) for family in (4, 6)}
