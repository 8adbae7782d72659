# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever hosts show, and whatever is declared: what is composed loads, and makes hosts as they are declared."""

import copy

import hypothesis

from ansible_collections.listening.ports.plugins.plugin_utils._baseline import pieces
from ansible_collections.listening.ports.plugins.plugin_utils._listener import identity
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._baseline import composing
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import strategies

GROUPS = {'web': ['a', 'b'], 'db': ['c', 'd'], 'few': ['a', 'c'], 'most': ['a', 'b', 'c']}


def fleet_of(choose, hostile=False):
    """The facts of one to four hosts, some of which are alike."""
    first = strategies.host(choose, hostile=hostile)
    hosts = {'a': first}
    for name in 'bcd'[:choose.below(4)]:
        hosts[name] = copy.deepcopy(first) if choose.one_in(3) else strategies.host(choose, hostile=hostile)
    return hosts


def check_all(fleet, result, variables=(), wanted=composing.ALL):
    """Hosts have no finding that they did not have, but of what is doubtful."""
    assert result.unproved == {}
    for host, facts in fleet.items():
        before = dict(variables).get(host, {})
        earlier = composing.judged(facts, before)
        spoken_of = {identity(decided.listener) for decided in earlier.decided if decided.entries}
        known = {(finding.kind, finding.fingerprint) for finding in earlier.each
                 if finding.kind != 'unexpected' or finding.listener in spoken_of}
        open_ones = {listener for listener, dummy, hosts in result.doubtful if host in hosts}
        if not wanted.loopback:
            open_ones |= {identity(listener) for listener in facts['listeners'] if listener['scope'] == 'loopback'}
        new = composing.read(result, host, GROUPS)
        assert not set(new) & set(before)
        later = composing.judged(facts, {**before, **new})
        found = [finding for finding in later.each
                 if finding.listener not in open_ones and (finding.kind, finding.fingerprint) not in known]
        assert found == [], [finding.message for finding in found]
        unknown = {name for finding in earlier.findings if finding.kind == 'unknown'
                   for name in finding.ids or [finding.listener]}
        for finding in later.findings:
            if finding.kind == 'unknown':
                assert set(finding.ids or [finding.listener]) <= unknown | open_ones, finding.message


@hypothesis.given(strategies.CHOICES)
def declares_what_is_there(choose):
    fleet = fleet_of(choose, hostile=choose.one_in(4))
    wanted = pieces.Wanted(not choose.one_in(5), not choose.one_in(5), choose.one_in(5))
    result = composing.composed(fleet, GROUPS, wanted)
    check_all(fleet, result, wanted=wanted)
    if wanted == (True, True, True):
        assert not any(reason != pieces.BESIDE for dummy, reason, dummy in result.doubtful)


@hypothesis.given(strategies.CHOICES)
def adds_to_what_is_declared(choose):
    fleet = fleet_of(choose)
    variables = {}
    for host in fleet:
        declaration = strategies.declaration(choose, 3, 1)
        declaration['expected_listeners_own'] = declaration.pop('expected_listeners')
        variables[host] = declaration
    check_all(fleet, composing.composed(fleet, GROUPS, variables=variables), variables)


def test_hosts_are_then_as_declared():
    strategies.run(declares_what_is_there)


def test_what_is_declared_already_stays():
    strategies.run(adds_to_what_is_declared)
