# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is refused of a declaration, by a table: with the place, and with what would be right."""

import builtins
import pathlib

import pytest
import yaml

from ansible_collections.listening.ports.plugins.plugin_utils._harmless.terminal import visible
from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration import merge
from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration.policy import Policy
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language.refusal import Refusals
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building

CASES = yaml.safe_load(pathlib.Path(__file__).with_name('refusals.yml').read_text('utf-8'))


def refusals(declaration):
    with pytest.raises(Refusals) as caught:
        building.policy(declaration)
    return caught.value


@pytest.mark.parametrize('case', CASES, ids=[case['name'] for case in CASES])
def test_refused(case):
    caught = refusals(case['declare'])
    usual = {'variable': 'expected_listeners', 'entry': '#1', 'option': None}
    wanted = [dict(usual, **fault) for fault in case['refused']]
    assert [(fault.variable, fault.entry, fault.option) for fault in caught.items] == [
        (fault['variable'], fault['entry'], fault['option']) for fault in wanted]
    for fault, expected in zip(caught.items, wanted):
        text = str(fault)
        assert text in str(caught)
        place = [expected['variable'], expected.get('shown') or (expected['entry'] and 'entry %s' % expected['entry']),
                 expected['option'] and 'option %s' % expected['option']]
        assert text.startswith('%s: ' % ', '.join(part for part in place if part))
        assert ' '.join(str(expected['says']).split()) in text.partition(': ')[2]
        assert visible(text, len(text)) == text


def test_each_case_has_a_name_of_its_own():
    assert len({case['name'] for case in CASES}) == len(CASES)


def test_one_fault_and_several_read_well():
    assert str(refusals([{'name': 'web', 'port': 0}])) == (
        'The declaration is refused: expected_listeners, entry web, option port: '
        '0 is not a port; ports are 1 to 65535')
    assert str(refusals([{'name': 'web', 'port': 0}, {'port': 70000}])) == (
        'The declaration is refused for 2 reasons: '
        '(1) expected_listeners, entry web, option port: 0 is not a port; ports are 1 to 65535; '
        '(2) expected_listeners, entry #2, option port: 70000 is not a port; ports are 1 to 65535')


def test_jmespath_is_missed_by_name_and_only_where_it_is_used(monkeypatch):
    real_import = builtins.__import__

    def without(name, *arguments, **options):
        if name.partition('.')[0] == 'jmespath':
            raise ImportError(name)
        return real_import(name, *arguments, **options)

    monkeypatch.setattr(builtins, '__import__', without)
    assert building.policy([{'name': 'web', 'port': 80}]).entries
    assert str(refusals([{'name': 'web', 'port': 80, 'ensure': 'port'}])).endswith(
        'expected_listeners, entry web, option ensure: the Python package jmespath is missing on the controller')


@pytest.mark.parametrize('declaration', [
    [{'port': 80}, {'port': 80, 'state': 'forbidden', 'ensure': 'backlog.pending > `100`'}],
    [{'port': 80}, {'port': 80, 'state': 'forbidden', 'process': 'nc'}],
    [{'port': 80}, {'port': 80, 'state': 'forbidden', 'only_from': 'private'}],
    [{'port': 80}, {'port': 80, 'state': 'forbidden', 'via': 'eth1'}],
    [{'port': 80}, {'port': 80, 'state': 'forbidden', 'family': 'ipv6'}],
    [{'port': 80, 'namespace': 'blue'}, {'port': 80, 'state': 'forbidden'}],
    [{'port': 80, 'when': False}, {'port': 80, 'state': 'forbidden'}],
    [{'port': 80, 'state': 'optional'}, {'port': 80, 'state': 'forbidden'}],
    [{'ports': [80, 81], 'need': 1}, {'port': 80, 'state': 'forbidden'}],
    [{'port': 53}, {'port': 53, 'protocol': 'udp', 'state': 'forbidden'}],
])
def test_what_some_host_can_meet_is_no_contradiction(declaration):
    assert len(building.policy(declaration).all_entries) == 2


def test_a_switch_that_is_none_is_refused_and_not_an_accident():
    with pytest.raises(Refusals) as caught:
        Policy.of(merge.Declared(switches={'listener_unexpcted': 'fail'}))
    assert str(caught.value) == ('The declaration is refused: listener_unexpcted: there is no such switch; '
                                 'did you mean listener_unexpected?')


def test_without_a_variable_the_place_is_the_entry():
    declared = merge.Declared(entries=[('', 0, {'port': 0})], variables=[''])
    with pytest.raises(Refusals) as caught:
        Policy.of(declared)
    assert str(caught.value) == ('The declaration is refused: entry #1, option port: '
                                 '0 is not a port; ports are 1 to 65535')
