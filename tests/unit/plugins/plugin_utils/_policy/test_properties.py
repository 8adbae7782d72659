# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What holds of every host and every policy, tried with random ones.

How many, and with which seed, is said in strategies.py.
"""

import copy
import datetime
import json
from unittest import mock

import hypothesis
import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._harmless.terminal import visible
from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import (
    fleet,
    finding as _finding,
    judge,
    message,
    parts,
)
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language import options
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building, model, strategies

NOW = datetime.datetime(2026, 11, 20, 9)
_OF_ENTRIES = {'missing', 'unreachable'}


@pytest.fixture(scope='module', autouse=True)
def seed(request):
    """Which seed this run has: it is not in a log of tests that pass."""
    with request.config.pluginmanager.getplugin('capturemanager').global_and_fixture_disabled():
        print('\n%d examples of each property, seed %d' % (strategies.EXAMPLES, strategies.SEED))


def raw(facts, variables):
    """The Result where nothing is united with others.

    It has a finding for each listener and entry, with ``perhaps``, what it may be.
    """
    unsure = judge.causes.unsure

    def widened(listener, entries, causes, perhaps):
        finding = unsure(listener, entries, causes, perhaps)
        finding.perhaps = {each.kind for each in perhaps}
        return finding

    with mock.patch.multiple(
        judge.causes,
        grouped=lambda findings, switches, before: findings,
        causes=lambda findings, gaps, switches: findings,
        unsure=widened,
    ):
        return judge.judge(facts, building.policy(variables), NOW)


def is_of_entry(finding):
    """Whether it is about an entry, and about a listener at most for example."""
    return finding.kind in _OF_ENTRIES or finding.kind == 'unknown' and not finding.perhaps - _OF_ENTRIES


def kinds_of(result):
    """dict: id of a listener to the set of kinds of what is found of it."""
    kinds = {}
    for finding in result.findings:
        if finding.record is not None and not is_of_entry(finding):
            kinds.setdefault(finding.record['id'], set()).add(finding.kind)
    return kinds


def status(kinds):
    return 'violation' if kinds & set(options.VIOLATIONS) else 'unknown' if kinds else 'pass'


def is_required(finding):
    """Whether it is noted that an entry requires what is wrong."""
    return any(note['note'] == parts.REQUIRED for note in finding.notes)


def unmet(result, entry, kind):
    """What becomes of an entry: whether it is ``missing`` or ``unreachable``.

    None where a finding is about several entries, and it is so for one of them.
    """
    some = [finding for finding in result.findings if entry['name'] in finding.about]
    if any(finding.kind == kind for finding in some):
        return 'violation'
    noted = []
    if kind == 'missing' and entry['state'] == 'required':
        noted = [finding for finding in some if is_required(finding)]
    if noted:
        return 'violation' if any(len(finding.about) == 1 for finding in noted) else None
    return 'unknown' if any(finding.kind == 'unknown' and kind in finding.perhaps for finding in some) else 'pass'


def test_total():
    """Whatever a host sends and is declared, there is a result; what it says is text for a terminal and for JSON."""
    @hypothesis.given(strategies.CHOICES)
    def check(choose):
        facts = strategies.host(choose, hostile=True)
        if choose.one_in(2):
            facts = strategies.hidden(choose, facts)
        if choose.one_in(2):
            facts = strategies.blind_to(facts, choose.some(('sockets', 'units', 'namespaces', 'binding', 'owners')))
        for owner in (owner for listener in facts['listeners'] for owner in listener['owners']):
            for key in choose.some(('process', 'exe', 'user', 'uid', 'unit', 'started', 'exe_deleted')):
                owner[key] = None
        variables = strategies.declaration(choose, most_waivers=2)
        for entry in variables['expected_listeners'][1:]:
            if choose.one_in(2):
                entry.update(
                    name=entry['name'] + choose.of(strategies.HOSTILE[:3] + strategies.HOSTILE[4:]),
                    reason='\x1b[31m\n::x::',
                )
        earlier = choose.of((None, facts, dict(facts, listeners=[])))
        policy = building.policy(variables)
        before = json.dumps(facts)
        result = judge.judge(facts, policy, NOW, earlier=earlier)
        assert json.dumps(facts) == before
        assert result.judged + result.others == len(facts['listeners']) and result.passed <= result.judged
        kept = fleet.check(json.loads(json.dumps(fleet.judgement(policy, result))))['findings']
        assert [message.of(finding['kind'], finding['parts']) for finding in kept] == [
            finding.message for finding in result.findings
        ]
        for finding in [*result.findings, *(finding for finding, dummy in result.waived)]:
            shown = finding.as_dict()
            assert tuple(shown) == _finding.KEYS
            assert json.loads(json.dumps(shown)) == shown
            assert shown['kind'] in options.KINDS and shown['severity'] in options.SEVERITIES
            for key in ('message', 'remedy', 'expected', 'found', 'entry', 'listener'):
                text = shown[key]
                assert text is None and key != 'message' or visible(text, len(text)) == text, shown
        assert result.failing == any(finding.fails for finding in result.findings)
    strategies.run(check)


def test_the_order_of_facts_and_of_the_declaration_does_not_matter():
    @hypothesis.given(strategies.CHOICES)
    def check(choose):
        facts, variables = strategies.host(choose), strategies.declaration(choose, most_waivers=3)
        if choose.one_in(2):
            facts = strategies.hidden(choose, facts)
        other_facts = dict(facts, listeners=choose.shuffled(facts['listeners']))
        other = dict(
            variables, **{name: choose.shuffled(variables[name]) for name in ('expected_listeners', 'listener_waivers')}
        )
        first, second = (
            judge.judge(host, building.policy(declared), NOW)
            for host, declared in ((facts, variables), (other_facts, other))
        )
        assert [finding.as_dict() for finding in first.findings] == [finding.as_dict() for finding in second.findings]
        assert [
            (
                sorted(entry.label for entry in result.used),
                sorted(waiver.label for waiver in result.used_waivers),
                sorted((finding.message, waiver.label) for finding, waiver in result.waived),
                result.judged,
                result.passed,
            )
            for result in (first,)
        ] == [
            (
                sorted(entry.label for entry in second.used),
                sorted(waiver.label for waiver in second.used_waivers),
                sorted((finding.message, waiver.label) for finding, waiver in second.waived),
                second.judged,
                second.passed,
            )
        ]
    strategies.run(check)


def test_what_is_hidden_makes_it_unknown_and_nothing_else():
    @hypothesis.given(strategies.CHOICES)
    def check(choose):
        facts, variables = strategies.host(choose), strategies.declaration(choose, most_waivers=2)
        for waiver in variables['listener_waivers']:
            waiver['kinds'] = [kind for kind in waiver.get('kinds', ()) if kind != 'unknown'] or [
                'wrong_owner',
                'wrong_bind',
                'unexpected',
            ]
        variables.pop('listener_unknown', None)
        blind = strategies.hidden(choose, facts)
        seen, hidden = raw(facts, variables), raw(blind, variables)
        hypothesis.target(float(len(hidden.findings)))
        waived = {finding.record['id'] for finding, dummy in seen.waived if finding.record}
        before, after = kinds_of(seen), kinds_of(hidden)
        # what is waived may be known to be wrong, and not any more who holds it; and that nobody declares it is certain
        # of what is let be because the firewall blocks it
        if variables.get('listener_unexpected_blocked') == 'ignore':
            waived |= {listener['id'] for listener in facts['listeners'] if model.blocked(listener)}
        for name in {listener['id'] for listener in facts['listeners']}:
            was, became = status(before.get(name, set())), status(after.get(name, set()))
            assert became in (was, 'unknown') or name in waived and became == 'violation', (name, before, after)
        if not hidden.waived:
            assert hidden.passed + hidden.others == sum(listener['id'] not in after for listener in facts['listeners'])
        # a waiver for what is in the way of an entry is one for what the entry requires there, and which of them is
        # told depends on what is known
        waived_entries = {
            label for result in (seen, hidden) for finding, dummy in result.waived for label in finding.about
        }
        for entry in variables['expected_listeners']:
            for kind in sorted(_OF_ENTRIES):
                was, became = (unmet(result, entry, kind) for result in (seen, hidden))
                assert None in (was, became) or became in (was, 'unknown') or entry['name'] in waived_entries, (
                    entry,
                    kind,
                    was,
                    became,
                )
        if judge.judge(facts, building.policy(variables), NOW).failing:
            assert judge.judge(blind, building.policy(variables), NOW).failing
    strategies.run(check)


def test_an_entry_touches_nothing_but_the_ports_that_it_names():
    @hypothesis.given(strategies.CHOICES)
    def check(choose):
        facts, variables = strategies.host(choose), strategies.declaration(choose)
        if choose.one_in(2):
            facts = strategies.hidden(choose, facts)
        more = strategies.entry(choose, 'more')
        both = strategies.agreeable(
            dict(variables, expected_listeners=copy.deepcopy(variables['expected_listeners'] + [more]))
        )
        alone = dict(both, expected_listeners=both['expected_listeners'][:-1])
        named = model.items(more)

        def others(result):
            for finding in result.findings:
                if finding.record is not None:
                    spans = [(finding.record['protocol'], finding.record['port'], finding.record['port'])]
                else:
                    entries = alone['expected_listeners'] + [more]
                    entry, = [entry for entry in entries if entry['name'] in finding.about][:1]
                    spans = model.items(entry)
                if not any(
                    each[0] == span[0] and each[1] <= span[2] and span[1] <= each[2] for each in named for span in spans
                ):
                    # what would break where a service were stopped is of all entries
                    yield dict(finding.as_dict(), remedy=None)
        assert list(others(raw(facts, alone))) == list(others(raw(facts, both)))
    strategies.run(check)


def speaking_of(choose, listener):
    """Options of an entry that speaks of a listener: its port, and conditions that hold of it."""
    conditions = {'ports': ['%d/%s' % (listener['port'], listener['protocol'])]}
    if listener['namespace']:
        conditions['namespace'] = listener['namespace']
    if choose.one_in(2):
        conditions['bind'] = listener['scope']
    if listener['held_by'] == 'processes' and not listener['activated_by'] and choose.one_in(2):
        conditions['process'] = sorted({owner['process'] for owner in listener['owners']})
    if listener['held_by'] == 'processes' and not listener['activated_by'] and choose.one_in(2):
        conditions['user'] = sorted({owner['user'] for owner in listener['owners']})
    return conditions


def test_nothing_hides_what_is_forbidden():
    @hypothesis.given(strategies.CHOICES)
    def check(choose):
        facts = strategies.host(choose)
        hypothesis.assume(facts['listeners'])
        listener = choose.of(facts['listeners'])
        ports = speaking_of(choose, listener)
        forbidding = dict(ports, name='no', state='forbidden')
        variables = strategies.declaration(choose, most_waivers=2)
        for waiver in variables['listener_waivers']:        # none of them is for it
            if choose.one_in(2):
                waiver['kinds'] = [kind for kind in waiver.get('kinds', options.VIOLATIONS) if kind != 'forbidden'] or [
                    'missing'
                ]
            else:
                waiver['entry'] = ['e*']
        variables.pop('listener_fail_severity', None)
        variables = strategies.agreeable(
            dict(variables, expected_listeners=variables['expected_listeners'] + [forbidding])
        )
        others = [other for other in facts['listeners'] if other is not listener]
        blind = strategies.hidden(choose, dict(facts, listeners=others))
        result = judge.judge(dict(blind, listeners=blind['listeners'] + [listener]), building.policy(variables), NOW)
        forbidden = [
            finding
            for finding in result.findings
            if finding.kind == 'forbidden'
            and 'no' in finding.about
            and listener['id'] in (finding.listener, *told_with(finding))
        ]
        assert forbidden and forbidden[0].fails
    strategies.run(check)


def told_with(finding):
    """The ids of other listeners that a finding is about too."""
    return [other['listener']['id'] for other in finding.also['first']]


def test_no_lax_entry_launders_a_strict_one():
    @hypothesis.given(strategies.CHOICES)
    def check(choose):
        facts = strategies.host(choose)
        reachable = [listener for listener in facts['listeners'] if listener['scope'] != 'loopback']
        hypothesis.assume(reachable)
        listener = choose.of(reachable)
        listener['exposure'] = {
            'verdict': 'allowed', 'level': 'anyone', 'allowed': ['0.0.0.0/0', '::/0'], 'undecided': []}
        broken = choose.of(({'only_from': ['203.0.113.0/24', '2001:db8:9::/48']}, {'ensure': 'port == `1`'}))
        strict = dict(speaking_of(choose, listener), **broken, name='strict', state=choose.of(('required', 'optional')))
        variables = strategies.agreeable(dict(strategies.declaration(choose), expected_listeners=[
            *strategies.declaration(choose)['expected_listeners'], strict]))
        kinds = kinds_of(raw(facts, variables)).get(listener['id'], set())
        assert {'overexposed' if 'only_from' in broken else 'unhealthy', 'forbidden'} & kinds
    strategies.run(check)


def test_what_is_found_is_what_the_definition_says():
    @hypothesis.given(strategies.CHOICES)
    def check(choose):
        facts, variables = strategies.host(choose), strategies.declaration(choose)
        entries = variables['expected_listeners']
        result = raw(facts, variables)
        kinds = kinds_of(result)
        judged = [listener for listener in facts['listeners'] if listener['protocol'] != 'raw']
        for listener in judged:
            try:
                wanted = model.judge(listener, entries, variables)
            except model.Unknown:
                continue

            assert kinds.get(listener['id'], set()) == wanted
        for entry in entries:
            labels = {
                kind: any(entry['name'] in each.about and each.kind == kind for each in result.findings)
                for kind in ('missing', 'unreachable')
            }
            noted = [len(each.about) for each in result.findings if entry['name'] in each.about and is_required(each)]
            try:
                if entry['state'] == 'required' and model.unmet(entry, judged):
                    assert labels['missing'] or noted
                elif entry['state'] == 'required':
                    assert (
                        not labels['missing'] and 1 not in noted
                    )  # of what is said of several entries, it is true of one
                if entry['state'] in ('required', 'optional'):
                    assert labels['unreachable'] == model.unreachable(entry, judged, facts['system'])
            except model.Unknown:
                continue
    strategies.run(check)
