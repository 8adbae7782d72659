# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the addresses of clients are found, as variables say it."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration import merge, settings
from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration.policy import Policy
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language.options import SETTINGS
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language.refusal import Refusals
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building


def test_defaults():
    read, faults = settings.read({})
    assert (read.records, read.days, read.within.words, faults) == (None, 7, ['private'], [])


def test_values():
    read, faults = settings.read({
        'listener_client_records': '~/records', 'listener_client_record_days': '0',
        'listener_client_networks': ['10.0.0.0/8', 'link'], 'listener_unknown': 'fail'})
    assert (read.records, read.days, read.within.words, faults) == ('~/records', 0, ['10.0.0.0/8', 'link'], [])
    assert settings.read({'listener_client_networks': '10.0.0.0/8'})[0].within.words == ['10.0.0.0/8']


@pytest.mark.parametrize('name, value, words', [
    ('listener_client_records', '', 'has to be the path of a directory'),
    ('listener_client_records', ['x'], 'not a list'), ('listener_client_records', None, 'not nothing'),
    ('listener_client_record_days', -1, 'from 0 to 3650'), ('listener_client_record_days', True, 'not true'),
    ('listener_client_record_days', 'week', "not 'week'"), ('listener_client_networks', [], 'the list is empty'),
    ('listener_client_networks', 'privat', 'did you mean private?'),
    ('listener_client_networks', ['10.0.0.1/8'], 'did you mean 10.0.0.0/8?'),
    ('listener_client_networks', 'group:web', 'is not a network'),
])
def test_wrong_values_are_refused(name, value, words):
    with pytest.raises(Refusals) as refused:
        building.policy({'expected_listeners': [], name: value})
    (fault,) = refused.value.items
    assert fault.variable == name and words in str(fault)
    # what is found meanwhile is found by the defaults
    assert settings.read({name: value})[0][:2] == (None, 7)


@pytest.mark.parametrize('name', SETTINGS)
def test_no_fact_may_be_a_setting(name):
    declared = merge.collect({'expected_listeners': [], name: 1}, lambda value: value, {name})
    with pytest.raises(Refusals, match='the host has a fact of this name'):
        Policy.of(declared)


def test_a_name_that_is_nearly_one_is_warned_of():
    declared = merge.collect({'listener_client_record': '/x'}, lambda value: value, ())
    assert declared.warnings == [
        'the variable listener_client_record has no effect; did you mean listener_client_records?']


def test_another_way_to_find_them_is_another_declaration():
    plain = building.policy({'expected_listeners': []})
    assert building.policy({'expected_listeners': [], 'listener_client_records': '/x'}).hash != plain.hash
