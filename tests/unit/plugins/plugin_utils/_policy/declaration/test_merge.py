# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the variables of a host to one declaration, with plain functions in place of templates."""

import copy

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration import merge
from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration.policy import Policy
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language.refusal import Refusals

OMIT = '__omit_place_holder__0123456789abcdef0123456789abcdef01234567'


class _OmitType:
    """As ansible-core has it since 2.19."""


def as_is(value):
    return value


def fails_on(text, message='is undefined'):
    def template(value):
        if text in repr(value):
            raise KeyError('%r %s' % (text, message))
        return value
    return template


def collect(variables, template=as_is, facts=()):
    return merge.collect(variables, template, facts)


def texts(declared):
    return [str(fault) for fault in declared.refusals]


@pytest.mark.parametrize('name, kind', [
    ('expected_listeners', merge.ENTRIES), ('expected_listeners_web', merge.ENTRIES),
    ('expected_listeners_2', merge.ENTRIES),
    ('nginx_expected_listeners', merge.ENTRIES), ('acme_web_expected_listeners', merge.ENTRIES),
    ('listener_waivers', merge.WAIVERS), ('listener_waivers_q1', merge.WAIVERS),
    ('nginx_listener_waivers', merge.WAIVERS),
    ('expected_listener', None), ('expected_listeners_', None), ('_expected_listeners', None),
    ('unexpected_listeners', None),
    ('nginx_expected_listeners_web', None), ('listeners', None), ('expected_listeners.web', None), ('', None),
])
def test_which_variables_declare_something(name, kind):
    assert merge.kind(name) == kind


@pytest.mark.parametrize('names, declares', [
    ((), False), (('nginx_port', 'listeners', 5), False), (('a', 'web_expected_listeners'), True),
    (('listener_waivers_q1',), True),
])
def test_whether_variables_declare_something(names, declares):
    assert merge.declares(names) is declares
    assert bool(collect(dict.fromkeys(names, []))) is declares


def test_variables_are_merged_by_name_and_entries_remember_where_they_are_from():
    declared = collect({
        'expected_listeners_web': [{'port': 80}, {'port': 81}], 'other': [1], 'app_expected_listeners': [{'port': 82}],
        'expected_listeners': [{'port': 22}], 'listener_waivers': [{'port': 9}], 'listener_unknown': 'warn'})
    assert declared.entries == [
        ('app_expected_listeners', 0, {'port': 82}), ('expected_listeners', 0, {'port': 22}),
        ('expected_listeners_web', 0, {'port': 80}), ('expected_listeners_web', 1, {'port': 81})]
    assert declared.waivers == [('listener_waivers', 0, {'port': 9})]
    assert declared.variables == [
        'app_expected_listeners', 'expected_listeners', 'expected_listeners_web', 'listener_waivers']
    assert declared.switches == {'listener_unknown': 'warn'}
    assert declared and not declared.refusals and not declared.warnings


def test_nothing_is_declared_by_nothing():
    assert not collect({'a': 1})
    assert collect({'expected_listeners': []})


def test_entries_are_templated_one_by_one_and_the_fault_of_one_is_told_with_its_place():
    seen = []

    def template(value):
        seen.append(value)
        return fails_on('role_port')(value)

    declared = collect({'expected_listeners': [
        {'name': 'a', 'port': 1}, {'name': 'b', 'port': '{{ role_port }}'}, {'port': '{{ role_port }}'}]}, template)
    assert len(seen) == 3
    assert [value for dummy, dummy, value in declared.entries] == [{'name': 'a', 'port': 1}]
    assert texts(declared) == [
        '''expected_listeners, entry b: "'role_port' is undefined"''',
        '''expected_listeners, entry #3: "'role_port' is undefined"''']


def test_an_entry_without_a_name_keeps_the_number_that_it_has_in_the_variable():
    declared = collect({'expected_listeners': [OMIT, {'port': 80}, {'port': 0}]})
    with pytest.raises(Refusals) as caught:
        Policy.of(declared)
    assert [fault.entry for fault in caught.value.items] == ['#3']


@pytest.mark.parametrize('name', ['{{ name }}', 5, None, ['a'], {}])
def test_a_name_that_is_none_is_not_taken_for_the_place(name):
    text, = texts(collect({'expected_listeners': [{'name': name, 'port': 'bad'}]}, fails_on('bad')))
    assert text.startswith('expected_listeners, entry #1: ')


def test_the_fault_of_a_whole_variable_and_of_a_switch():
    template = fails_on('nowhere', 'is un\x1b[31mdefined\n::error::')
    declared = collect({'expected_listeners': '{{ nowhere }}', 'listener_unknown': '{{ nowhere }}'}, template)
    assert [text.partition(': ')[0] for text in texts(declared)] == ['expected_listeners', 'listener_unknown']
    assert not any('\x1b' in text or '\n' in text for text in texts(declared))
    assert declared.variables == ['expected_listeners']


def test_a_list_that_a_template_yields():
    declared = collect({'expected_listeners': '{{ ports }}'}, {'{{ ports }}': [{'port': 80}]}.get)
    assert declared.entries == [('expected_listeners', 0, {'port': 80})]


def test_what_a_template_yields_is_not_evaluated_again():
    entries = [{'port': 80, 'reason': '{{ secret }}'}]
    declared = collect({'expected_listeners': '{{ lookup }}'},
                       lambda value: entries if isinstance(value, str) else 'evaluated')
    assert declared.entries == [('expected_listeners', 0, {'port': 80, 'reason': '{{ secret }}'})]
    with pytest.raises(Refusals, match='entry #1, option reason: .* is a template that was not evaluated'):
        Policy.of(declared)


@pytest.mark.parametrize('omit', [OMIT, _OmitType()])
def test_what_is_to_be_left_out_is(omit):
    declared = collect({
        'expected_listeners': [
            {'port': 80, 'user': omit, 'process': ['a', omit]}, omit, {'port': 81, 'reason': {'deep': omit}}],
        'listener_unknown': omit}, as_is)
    assert declared.entries == [
        ('expected_listeners', 0, {'port': 80, 'process': ['a']}),
        ('expected_listeners', 2, {'port': 81, 'reason': {}})]
    assert not declared.switches


def test_a_variable_or_an_entry_that_a_template_leaves_out():
    variables = {'expected_listeners': '{{ omit }}', 'expected_listeners_web': ['{{ omit }}']}
    declared = collect(variables, lambda value: OMIT)
    assert not declared.entries and not declared.refusals


def test_text_that_is_only_like_the_word_for_leaving_out_stays():
    declared = collect({'expected_listeners': [{'port': 80, 'reason': 'see ' + OMIT}]})
    assert declared.entries[0][2]['reason'] == 'see ' + OMIT


@pytest.mark.parametrize('value, words', [
    ({'changed': False, 'results': []}, 'not a mapping (was it registered by a task?)'),
    ({'port': 80}, 'not a mapping'), ('ssh', "not 'ssh'"),
    (5, 'not 5'), (None, 'not nothing'), (True, 'not true'), (({'port': 80},), 'not a list'),
    ('{{ x }}', 'that was not evaluated'),
])
def test_what_is_no_list_is_refused_by_name(value, words):
    text, = texts(collect({'expected_listeners_app': value}))
    assert text.startswith('expected_listeners_app: has to be a list of entries, ') and words in text


def test_a_list_of_no_end():
    assert texts(collect({'expected_listeners': [{}] * 10001})) == ['expected_listeners: has more than 10000 entries']


def test_what_is_nested_too_deep_is_refused_and_not_an_accident():
    deep = {}
    for dummy in range(100000):
        deep = {'a': deep}
    text, = texts(collect({'expected_listeners': [{'name': 'a', 'port': deep}]}))
    assert text.startswith('expected_listeners, entry a: ')


@pytest.mark.parametrize('name', [
    'expected_listeners', 'expected_listeners_web', 'app_expected_listeners', 'listener_waivers', 'listener_unexpected',
    'listener_unknown', 'listener_waiver_warn_days'])
def test_a_host_that_sends_a_variable_of_the_policy_does_not_judge_itself(name):
    seen = []
    declared = collect({name: [{'port': 'any', 'state': 'optional'}]}, seen.append, {'ansible_x', name})
    text, = texts(declared)
    assert text.startswith('%s: the host has a fact of this name' % name)
    assert not seen and not declared.entries and not declared.waivers and not declared.switches
    with pytest.raises(Refusals):
        Policy.of(declared)


def test_facts_of_other_names_are_none_of_its_business():
    variables = {'expected_listeners': [], 'listening_ports': {}}
    assert not collect(variables, facts={'listening_ports', 'expected'}).refusals


@pytest.mark.parametrize('name, meant', [
    ('expected_listener', 'expected_listeners'), ('expected_listners', 'expected_listeners'),
    ('excepted_listeners', 'expected_listeners'),
    ('Expected_Listeners', 'expected_listeners'), ('listeners_expected', 'expected_listeners'),
    ('expected_listenrs_web', 'expected_listeners'),
    ('expectedlisteners', 'expected_listeners'), ('listener_waiver', 'listener_waivers'),
    ('listeners_waivers', 'listener_waivers'),
    ('listener_wavers', 'listener_waivers'), ('waivers_listener', 'listener_waivers'),
])
def test_names_that_were_probably_meant_are_warned_of(name, meant):
    declared = collect({name: [{'port': 80}]})
    assert declared.warnings == ['the variable %s declares nothing; did you mean %s?' % (name, meant)]
    assert not declared


@pytest.mark.parametrize('name, meant', [
    ('listener_unexpectd', 'listener_unexpected'), ('Listener_Unknown', 'listener_unknown'),
    ('listeners_unknown', 'listener_unknown'),
    ('listener_unexpected_loopbck', 'listener_unexpected_loopback'),
    ('listener_fail_severities', 'listener_fail_severity'),
])
def test_names_of_switches_that_were_probably_meant_are_warned_of(name, meant):
    declared = collect({name: 'warn'})
    assert declared.warnings == ['the variable %s has no effect; did you mean %s?' % (name, meant)]
    assert not declared.switches


@pytest.mark.parametrize('name', [
    'listeners', 'listener_port', 'listener_name', 'expected_ports', 'ansible_facts', 'nginx_listen', 'listening_ports',
    'inventory_hostname', 'listener_unexpected',
    'listener_waiver_warn_days', 'expected_output', 'a', 'expected_listeners_of_a_role_that_has_a_very_long_name',
])
def test_other_names_are_not(name):
    assert not collect({name: 'warn'}).warnings


def test_names_that_are_no_text_do_no_harm():
    declared = collect({5: 1, None: 2, 'expected_listeners': []})
    assert declared.variables == ['expected_listeners']


def test_what_was_declared_is_left_as_it_was():
    variables = {
        'expected_listeners': [{'port': 80, 'process': ['a', OMIT], 5: {'b': OMIT}}], 'listener_unknown': 'warn'}
    before = copy.deepcopy(variables)
    declared = collect(variables)
    assert declared.entries[0][2] == {'port': 80, 'process': ['a'], '5': {}}
    assert variables == before


def compiled(**variables):
    declared = collect(variables)
    return Policy.of(declared)


def test_the_same_declaration_has_the_same_hash_and_another_one_another():
    variables = {'expected_listeners': [{'name': 'a', 'port': 80}], 'expected_listeners_b': [{'port': 81}],
                 'listener_unknown': 'warn'}
    policy = compiled(**variables)
    assert policy.hash == compiled(**dict(reversed(list(variables.items())))).hash
    assert len(policy.hash) == 64
    others = [dict(variables, expected_listeners=[{'name': 'a', 'port': 81}]), dict(variables, listener_unknown='fail'),
              dict(variables, listener_waivers=[{'port': 80, 'expires': 'never'}]),
              dict(variables, expected_listeners_b=[])]
    assert len({policy.hash, *(compiled(**other).hash for other in others)}) == 5


def test_the_summary_counts_what_holds_for_the_host():
    policy = compiled(expected_listeners=[{'port': 80}, {'port': 81, 'when': False}],
                      listener_waivers=[{'port': 1, 'expires': 'never'}])
    assert policy.summary == 'policy: 2 variables, 1 entry, 1 waiver, sha256 %s' % policy.hash[:12]
    assert len(policy.all_entries) == 2
    assert compiled(expected_listeners=[]).summary.startswith('policy: 1 variable, 0 entries, sha256 ')


def test_an_entry_that_overrides_holds_in_place_of_the_others():
    policy = compiled(expected_listeners=[{'name': 'web', 'port': 80}],
                      expected_listeners_x=[{'name': 'web', 'port': 81, 'override': True}])
    assert [(entry.variable, entry.items[0].low) for entry in policy.entries] == [('expected_listeners_x', 81)]


def test_a_name_that_is_a_number_is_a_name():
    policy = compiled(expected_listeners=[{'name': 443, 'port': 443}])
    assert policy.entries[0].label == '443'
