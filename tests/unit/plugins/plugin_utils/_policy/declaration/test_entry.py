# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries and waivers as they are read: whole, or not at all. What they match is in the cases."""

import datetime

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration.entry import Entry, Waiver


def faults(kind, raw):
    """The options of the faults for which an entry is refused."""
    entry, refused = kind.read(raw, 'expected_listeners', '#1')
    assert entry is None and refused
    return [fault.option for fault in refused]


def entry_of(**raw):
    entry, refused = Entry.read(raw, 'expected_listeners', '#1')
    assert not refused
    return entry


def waiver_of(**raw):
    waiver, refused = Waiver.read(raw, 'listener_waivers', '#1')
    assert not refused
    return waiver


def test_an_entry_is_called_by_its_name_or_its_place():
    assert (entry_of(port=80).name, entry_of(port=80).label) == (None, '#1')
    assert (entry_of(port=80, name='web').name, entry_of(port=80, name='web').label) == ('web', 'web')
    assert entry_of(port=80).variable == 'expected_listeners'


@pytest.mark.parametrize('raw, options', [
    (None, [None]), ([], [None]), ({}, ['port']), ({'prot': 80}, ['prot']), ({'port': 0}, ['port']),
    # all faults of all options, and contradictions between options only where each of them is good
    ({'port': 0, 'bind': 'lo', 'where': '[', 'need': 0}, ['need', 'port', 'where']),
    ({'port': 0, 'clients': 'nobody', 'ensure': '(', 'override': True}, ['port', 'clients', 'ensure', 'override']),
    ({'port': 80, 'clients': 'local', 'only_from': 'local', 'need': 2}, ['only_from', 'need']),
    ({'port': 80, 'process': '[kernel]', 'user': 'root'}, ['process']),
])
def test_an_entry_with_a_fault_is_none(raw, options):
    assert faults(Entry, raw) == options


@pytest.mark.parametrize('raw, options', [
    (None, [None]), ({}, ['expires']), ({'expires': 'never'}, ['entry']),
    ({'expires': 'soon', 'port': 80}, ['expires']),
    ({'expires': 'never', 'override': True}, ['entry', 'override']),
    ({'expires': 'never', 'port': 80, 'ports': 81}, ['ports', 'entry']),
])
def test_a_waiver_with_a_fault_is_none(raw, options):
    assert faults(Waiver, raw) == options


@pytest.mark.parametrize('service, units', [
    ([], []), ('nginx', ['nginx.service']), (['nginx.service', 'web.socket'], ['nginx.service', 'web.socket']),
    (['app@*', 'app@?', 'a[bc]', 'd'], ['d.service']),
])
def test_the_units_that_an_entry_names(service, units):
    assert entry_of(port=80, **({'service': service} if service else {})).services == units


def test_the_expressions_of_entries_and_waivers():
    assert entry_of(port=80).expressions == []
    entry = entry_of(port=80, where='port', ensure='id')
    assert [str(expression) for expression in entry.expressions] == ['port', 'id']
    assert [str(expression) for expression in waiver_of(where='port', expires='never').expressions] == ['port']


@pytest.mark.parametrize('expires, day', [('never', None), ('2027-01-31', datetime.date(2027, 1, 31))])
def test_the_last_day_of_a_waiver(expires, day):
    assert waiver_of(port=80, expires=expires).expires == day
