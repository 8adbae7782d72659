# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a record keeps of a judgement, and what is unused on all hosts together."""

import copy
import datetime
import json

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration import merge
from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration.policy import Policy
from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import fleet, judge
from ansible_collections.listening.ports.plugins.plugin_utils._schema import Fault
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import facts, gap, listener

NOW = datetime.datetime(2026, 11, 21, 12, 0)
WEB = listener('0.0.0.0', 80)
DECLARED = {
    'expected_listeners': [
        {'name': 'web', 'port': 80},
        {'name': 'ntp', 'port': '123/udp', 'state': 'optional'},
        {'name': 'noise', 'port': 9999, 'state': 'ignored'},
        {'name': 'no telnet', 'port': 23, 'state': 'forbidden'},
        {'name': 'elsewhere', 'port': 81, 'state': 'optional', 'when': False},
    ],
    'listener_waivers_q1': [
        {'name': 'old', 'port': 8080, 'expires': '2027-01-31', 'reason': 'PORT-112', 'owner': 'platform'},
        {'port': 8081, 'expires': 'never'},
    ],
}
EVERYTHING = [['expected_listeners', 'ntp'], ['expected_listeners', 'noise']]


def judged(observed, declared=None):
    collected = merge.collect(declared or DECLARED, lambda value: value, ())
    policy = Policy.of(collected)
    return fleet.judgement(policy, judge.judge(observed, policy, NOW))


def through_a_file(judgement):
    return fleet.check(json.loads(json.dumps(judgement)))


def test_what_is_kept():
    judgement = judged(facts(WEB, listener('0.0.0.0', 8080), listener('0.0.0.0', 111)))
    assert judgement['policy']['summary'].startswith(
        'policy: 2 variables, 4 entries, 2 waivers, sha256 %s' % judgement['policy']['hash'][:12]
    )
    assert judgement['policy']['variables'] == ['expected_listeners', 'listener_waivers_q1']
    assert [finding['listener'] for finding in judgement['findings']] == ['tcp/0.0.0.0:111']
    assert (judgement['findings_total'], judgement['failing']) == (1, True)
    assert (judgement['refused'], judgement['waived']) == (None, 1)
    assert judgement['waivers'] == [
        {
            'variable': 'listener_waivers_q1',
            'label': 'old',
            'expires': '2027-01-31',
            'reason': 'PORT-112',
            'owner': 'platform',
            'findings': 1,
        }
    ]
    assert judgement['met'] == {'entries': [['expected_listeners', 'web']], 'waivers': [['listener_waivers_q1', 'old']]}
    assert judgement['idle'] == {'entries': EVERYTHING, 'waivers': [['listener_waivers_q1', '#2']]}
    assert through_a_file(judgement) == judgement


def named(observed, declared=None):
    """The labels of what a record has to say the place of."""
    policy = Policy.of(merge.collect(declared or DECLARED, lambda value: value, ()))
    judgement = fleet.judgement(policy, judge.judge(observed, policy, NOW))
    return [(condition.variable, condition.label, condition.index) for condition in fleet.named(policy, judgement)]


def test_what_findings_name_and_what_may_be_of_no_use():
    listeners, waivers = 'expected_listeners', 'listener_waivers_q1'
    unused = [(listeners, 'ntp', 1), (listeners, 'noise', 2), (waivers, 'old', 0), (waivers, '#2', 1)]
    assert named(facts(WEB)) == unused
    assert named(facts()) == [(listeners, 'web', 0), *unused]
    assert named(facts(WEB, listener('0.0.0.0', 23))) == [*unused[:2], (listeners, 'no telnet', 3), *unused[2:]]
    expired = [{'name': 'old', 'port': 8080, 'expires': '2026-01-31'}]
    assert (waivers, 'old', 0) in named(facts(WEB, listener('0.0.0.0', 8080)), {**DECLARED, waivers: expired})


def test_the_place_of_an_entry_that_overrides_another_one_of_its_variable():
    entries = [{'name': 'web', 'port': 80}, {'name': 'web', 'port': 81, 'override': True}]
    assert named(facts(), {'expected_listeners': entries}) == [('expected_listeners', 'web', 1)]


def outcomes(*observed, declared=None, **options):
    """The outcome of each entry by its label."""
    judgement = through_a_file(judged(facts(*observed, **options), declared))
    return {label: outcome for variable, label, state, outcome in judgement['entries']}


def test_each_entry_has_an_outcome():
    assert outcomes(WEB) == {'web': 'met', 'ntp': 'not_met', 'noise': 'not_met', 'no telnet': 'met'}
    assert outcomes(listener(port=23)) == {
        'web': 'failed', 'ntp': 'not_met', 'noise': 'not_met', 'no telnet': 'failed'}
    assert outcomes(listener(port=9999), WEB)['noise'] == 'met'


def test_what_nobody_could_look_at_has_no_good_outcome():
    blind = gap('sockets', 'unreadable', None, 'tcp6: refused', None)
    assert outcomes(WEB, gaps=[blind]) == {
        'web': 'met', 'ntp': 'unknown', 'noise': 'unknown', 'no telnet': 'unknown'}
    assert outcomes(gaps=[blind])['web'] == 'unknown'


def test_what_is_not_known_of_one_entry_says_nothing_of_another_with_its_number():
    declared = {'expected_listeners': [{'port': 80, 'process': 'nginx'}], 'expected_listeners_b': [{'port': 81}]}
    hidden = listener(port=80, owners=[], held_by='unknown')
    observed = facts(hidden, listener(port=81), gaps=[gap()])
    entries = through_a_file(judged(observed, declared))['entries']
    assert [(variable, outcome) for variable, dummy, dummy2, outcome in entries] == [
        ('expected_listeners', 'unknown'), ('expected_listeners_b', 'met')]


def test_what_is_forbidden_in_another_namespace_and_is_not_there_is_met():
    declared = {'expected_listeners': [{'name': 'x', 'port': 80, 'namespace': 'blue', 'state': 'forbidden'}]}
    observed = facts()
    assert outcomes(declared=declared) == {'x': 'unknown'}
    observed['complete']['namespaces'] = True
    [[dummy, dummy2, dummy3, outcome]] = through_a_file(judged(observed, declared))['entries']
    assert outcome == 'met'


def test_an_entry_whose_finding_is_waived_has_failed_all_the_same():
    declared = {'expected_listeners': [{'name': 'telnet', 'port': 23, 'state': 'forbidden'}],
                'listener_waivers': [{'name': 'old', 'port': 23, 'expires': '2027-01-31'}]}
    assert outcomes(listener(port=23), declared=declared) == {'telnet': 'failed'}
    [waived] = through_a_file(judged(facts(listener(port=23)), declared))['waived_findings']
    assert (waived['kind'], waived['entry'], waived['listener']) == ('forbidden', 'telnet', 'tcp/0.0.0.0:23')
    assert waived['waiver'] == ['listener_waivers', 'old']
    assert 'listens' in waived['message'] and len(waived['fingerprint']) == 16


def test_a_finding_names_the_ports_that_are_missing_and_all_listeners_that_it_is_about():
    declared = {'expected_listeners': [{'name': 'web', 'ports': [80, '443/udp', '8000-8010']}]}
    [missing] = through_a_file(judged(facts(), declared))['findings']
    assert (missing['ports'], missing['listeners']) == (['tcp/80', 'udp/443', 'tcp/8000-8010'], [])
    local = [listener('127.0.0.1', port, scope='loopback') for port in range(7000, 7150)]
    [many] = through_a_file(judged(facts(*local), {'expected_listeners': [], 'listener_waivers': []}))['findings']
    assert many['listeners'] == ['tcp/127.0.0.1:%d' % port for port in range(7000, 7100)]
    both = [listener(port=111), listener('::', 111)]
    [twins] = through_a_file(judged(facts(*both), {'expected_listeners': []}))['findings']
    assert twins['listeners'] == ['tcp/0.0.0.0:111', 'tcp/[::]:111']
    [alone] = through_a_file(judged(facts(both[0]), {'expected_listeners': []}))['findings']
    assert alone['listeners'] == []


def test_a_record_without_what_is_new_is_read_as_before():
    judgement = judged(facts(WEB, listener(port=111)))
    for key in ('entries', 'waived_findings'):
        del judgement[key]
    for key in ('ports', 'listeners'):
        del judgement['findings'][0][key]
    assert through_a_file(judgement) == judgement


@pytest.mark.parametrize('key, value', [
    ('entries', [['v', 'l', 'required']]), ('entries', [['v', 'l', 'required', 'fine']]), ('entries', 'x'),
    ('entries', [['v', 'l', 'wanted', 'met']]), ('entries', [['v', 'l', 'required', 'met']] * 10001),
    ('waived_findings', [{}]), ('waived_findings', [{'kind': 'x'}]),
])
def test_what_is_new_is_checked(key, value):
    with pytest.raises(Fault):
        fleet.check({**judged(facts(WEB)), key: value})


def test_a_waiver_for_ever_has_no_date_and_counts_what_it_waives():
    judgement = judged(facts(WEB, listener('0.0.0.0', 8081), listener('::', 8081)))
    assert judgement['waivers'] == [
        {
            'variable': 'listener_waivers_q1',
            'label': '#2',
            'expires': None,
            'reason': None,
            'owner': None,
            'findings': 2,
        }
    ]


def test_of_many_findings_the_first_are_kept_and_all_are_counted():
    judgement = judged(facts(*[listener('0.0.0.0', port) for port in range(20000, 21100)]))
    assert (len(judgement['findings']), judgement['findings_total']) == (1000, 1101)
    assert through_a_file(judgement) == judgement


@pytest.mark.parametrize('gaps', [
    [gap('sockets', 'unreadable')],
    [gap('owners', 'owners_hidden')],
])
def test_what_may_be_there_is_not_idle(gaps):
    """What was not seen, or is held by nobody knows who, may be what the entry speaks of."""
    entries = [
        {'name': 'web', 'port': [80, 81], 'process': 'nginx'},
        {'name': 'db', 'port': 5432, 'state': 'optional', 'process': 'postgres'},
    ]
    declared = {'expected_listeners': entries, 'listener_waivers': [{'port': 99, 'expires': 'never'}]}
    hidden = listener('0.0.0.0', 5432, owners=[])
    judgement = judged(facts(WEB, *([hidden] if gaps[0]['aspect'] == 'owners' else []), gaps=gaps), declared)
    assert judgement['idle'] == {'entries': [], 'waivers': []}
    assert ['expected_listeners', 'db'] in judgement['met']['entries'] and judgement['met']['waivers'] == [
        ['listener_waivers', '#1']
    ]
    seen = judged(facts(WEB), declared)
    assert seen['idle'] == {'entries': [['expected_listeners', 'db']], 'waivers': [['listener_waivers', '#1']]}


def test_what_is_not_known_of_one_entry_leaves_the_others_idle():
    declared = {
        'expected_listeners': [
            {'name': 'web', 'port': 80, 'process': 'nginx'},
            {'name': 'ntp', 'port': '123/udp', 'state': 'optional'},
        ]
    }
    judgement = judged(facts(listener('0.0.0.0', 80, owners=[]), gaps=[gap()]), declared)
    assert judgement['idle']['entries'] == [['expected_listeners', 'ntp']]


def test_nothing_is_said_of_other_namespaces():
    declared = {'expected_listeners': [{'name': 'inside', 'port': 80, 'namespace': 'blue', 'state': 'optional'}]}
    assert judged(facts(), declared)['idle']['entries'] == []


def test_unused_is_what_is_idle_somewhere_and_met_nowhere():
    idle = judged(facts(WEB))
    unused = fleet.unused([idle, idle])
    assert [
        (finding.kind, finding.entry, finding.declared_in, finding.severity, finding.fails) for finding in unused
    ] == [
        ('entry_unused', 'noise', 'expected_listeners', 'info', False),
        ('entry_unused', 'ntp', 'expected_listeners', 'info', False),
        ('waiver_unused', None, 'listener_waivers_q1', 'info', False),
        ('waiver_unused', None, 'listener_waivers_q1', 'info', False),
    ]
    assert [finding.message for finding in fleet.unused([idle, idle])] == [
        'The entry noise of expected_listeners matched nothing on any of the 2 hosts that were judged by it',
        'The entry ntp of expected_listeners matched nothing on any of the 2 hosts that were judged by it',
        'The waiver #2 of listener_waivers_q1 waived nothing on any of the 2 hosts that were judged by it',
        'The waiver old of listener_waivers_q1 waived nothing on any of the 2 hosts that were judged by it']
    busy = judged(facts(WEB, listener('0.0.0.0', 123, 'udp'), listener('0.0.0.0', 8080)))
    assert [finding.message.split(' of ')[0] for finding in fleet.unused(iter([idle, busy]))] == [
        'The entry noise',
        'The waiver #2',
    ]
    assert fleet.unused([idle])[0].message.endswith(' on the host that was judged by it')
    assert fleet.unused([]) == []


def test_a_finding_over_the_fleet_has_the_form_of_others():
    first, second = fleet.unused([judged(facts(WEB))])[:2]
    assert list(first.as_record()) == list(judged(facts(listener('0.0.0.0', 1)))['findings'][0])
    again = fleet.unused([judged(facts(WEB)), judged(facts(WEB))])[0]
    assert first.fingerprint == again.fingerprint != second.fingerprint and len(first.fingerprint) == 16


def test_names_are_harmless_to_print():
    declared = {'expected_listeners': [{'name': 'a\x1b[2J\n::error::', 'port': 1, 'state': 'optional'}]}
    assert fleet.unused([judged(facts(), declared)])[0].message.isprintable()


@pytest.mark.parametrize('path, value', [
    (('failing',), 'no'),
    (('findings_total',), -1),
    (('findings',), {}),
    (('findings', 0, 'fails'), None),
    (('findings', 0, 'severity'), 'fatal'),
    (('findings', 0, 'kind'), 'odd'),
    (('findings', 0, 'fingerprint'), '../../x'),
    (('findings', 0, 'message'), 5),
    (('policy',), None),
    (('policy', 'hash'), 'x'),
    (('met', 'entries'), [['a']]),
    (('idle', 'waivers'), [[1, 2]]),
    (('waivers', 0, 'findings'), 'many'),
    (('refused',), False),
])
def test_what_is_no_judgement_is_not_taken_for_one(path, value):
    judgement = copy.deepcopy(judged(facts(listener('0.0.0.0', 8080), listener('0.0.0.0', 1))))
    place = judgement
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(Fault):
        fleet.check(judgement)
