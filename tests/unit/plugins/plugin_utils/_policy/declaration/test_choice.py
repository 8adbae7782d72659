# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which entries a task is about, and what of a judgement is about them."""

import dataclasses

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration.choice import Choice
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language.refusal import Refusals
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building


@dataclasses.dataclass
class Finding:
    """As much of a finding as the choice looks at."""

    declared_in: str | None = None
    entry: str | None = None
    about: tuple = ()


@dataclasses.dataclass
class Result:
    """As much of a result as the choice looks at."""

    findings: list
    waived: list
    second_look: bool = True
    judged: int = 3


def choice(policy, *patterns):
    return Choice(policy, list(patterns) or None)


def test_entries_are_chosen_by_name_or_glob():
    policy = building.policy([
        {'name': 'web', 'port': 80}, {'name': 'web 2', 'port': 81}, {'name': 'a[1]', 'port': 82}, {'port': 83},
        {'name': 'not here', 'port': 84, 'when': False}])
    assert [entry.label for entry in choice(policy).entries] == ['web', 'web 2', 'a[1]', '#4']
    assert [entry.label for entry in choice(policy, 'web').entries] == ['web']
    assert [entry.label for entry in choice(policy, 'web*', '#4').entries] == ['web', 'web 2', '#4']
    assert [entry.label for entry in choice(policy, 'a[1]').entries] == ['a[1]']
    assert choice(policy, 'not here').entries == []
    for wrong in ('wbe', 'WEB', ''):
        with pytest.raises(Refusals, match='no entry of this host has the name'):
            choice(policy, 'web', wrong)


def test_units_to_ask_about_are_those_that_required_entries_name():
    policy = building.policy([
        {'name': 'a', 'port': 80, 'service': ['nginx', 'nginx.service', 'web.socket', 'z*']},
        {'name': 'b', 'port': 81, 'service': 'app@*'},
        {'name': 'c', 'port': 82, 'service': 'optional', 'state': 'optional'},
        {'name': 'd', 'port': 83, 'service': 'off', 'when': False}, {'name': 'e', 'port': 84},
        {'name': 'f', 'port': 85, 'service': 'abc'}])
    assert choice(policy).services == ['abc.service', 'nginx.service', 'web.socket']
    assert choice(policy, 'a').services == ['nginx.service', 'web.socket']
    assert choice(policy, 'b', 'c', 'e').services == []


def test_what_a_judgement_says_of_the_chosen_entries():
    policy = building.policy([{'name': 'web', 'port': 80}, {'name': 'db', 'port': 81}])
    of_web, of_db = (Finding('expected_listeners', name, (name,)) for name in ('web', 'db'))
    of_both = Finding(None, None, ('db', 'web'))
    result = Result([of_web, of_both, of_db, Finding()], [(of_web, 'waiver'), (of_db, 'waiver')])
    assert choice(policy).narrowed(result) is result
    assert choice(policy, 'web').narrowed(result) == Result([of_web, of_both], [(of_web, 'waiver')], second_look=False)
    assert len(result.findings) == 4
