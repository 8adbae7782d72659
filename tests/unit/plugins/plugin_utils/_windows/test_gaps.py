# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The codes of gaps of Windows hosts: a table of their own, which no host compiles, and the guide's."""

import ast
import pathlib

import pytest

from ansible_collections.listening.ports.plugins.module_utils import _gaps as of_hosts
from ansible_collections.listening.ports.plugins.module_utils._subsets import ASPECTS
from ansible_collections.listening.ports.plugins.plugin_utils import _hints
from ansible_collections.listening.ports.plugins.plugin_utils._windows import exposure, facts, gaps
from ansible_collections.listening.ports.tests.unit.plugins.module_utils import test_gaps
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows import firewalls

HOME = pathlib.Path(gaps.__file__).parent
# What is noted of them by those who judge the rules of any host
OF_ALL_HOSTS = {('firewall', code) for code in ('budget', 'forwarded', 'openings', 'undecided')} | {
    ('outgoing', 'budget')}
KEYS = [(aspect, code) for aspect, codes in gaps.CODES.items() for code in codes]


def test_the_guide_has_a_table_of_all_codes():
    with open(test_gaps.GUIDE, encoding='utf-8') as stream:
        assert test_gaps.table(gaps.__file__) in stream.read()


def test_codes_belong_to_aspects_and_have_a_meaning():
    assert set(gaps.CODES) == set(ASPECTS)
    assert [row[:2] for row in test_gaps.meanings(gaps.__file__)] == KEYS
    assert all(meaning.endswith('.') for dummy, dummy, meaning in test_gaps.meanings(gaps.__file__))
    assert all(list(codes) == sorted(codes) for aspect, codes in gaps.CODES.items() if aspect != 'sockets')


def noted():
    """Yield (aspect, code) of each gap that is noted in this room."""
    yield from facts._UNKNOWN
    yield from ((aspect, 'unsupported') for aspect in facts._UNSUPPORTED)
    yield from (('firewall', call.args[0].value) for call in calls('Doubt'))
    for call in (*calls('add'), *calls('_add')):
        names = [ast.unparse(argument) for argument in call.args]
        aspect, code = names[names[0] == 'gaps':][:2]
        if aspect[0] == code[0] == "'":
            yield aspect.strip("'"), code.strip("'")


def calls(name):
    """List the calls of a function of this name, or of a method."""
    return [node for path in sorted(HOME.glob('*.py')) for node in ast.walk(ast.parse(path.read_text(encoding='utf-8')))
            if isinstance(node, ast.Call) and len(node.args) > 1
            and getattr(node.func, 'attr', getattr(node.func, 'id', None)) == name]


def test_codes_are_those_that_are_noted():
    assert set(noted()) | OF_ALL_HOSTS == set(KEYS)


def test_codes_with_a_meaning_for_the_judgement_are_those_of_all_hosts():
    assert of_hosts.HIDDEN in gaps.CODES['owners'] and of_hosts.UNDECIDED in gaps.CODES['firewall']


@pytest.mark.parametrize('elevated, hint', [
    (False, '; run as an administrator'), (None, '; run as an administrator'), (True, '')])
def test_nobody_is_told_to_become_what_he_is(elevated, hint):
    found = gaps.collector(elevated)
    found.add('owners', 'owners_hidden', '2 processes are hidden', 2)
    assert [_hints.behind(gap['hint']) for gap in found.found] == [hint]


def test_codes_of_other_hosts_are_none():
    with pytest.raises(KeyError):
        gaps.collector(True).add('units', 'systemctl', 'x')


def test_whoever_has_rules_judged_need_not_know_of_which_system_they_are():
    raw = firewalls.host()
    raw['firewall'].update(stores={}, profiles={}, effective=None)
    raw['os']['elevated'] = False
    found = of_hosts.Gaps()
    exposure.attach([], raw, found, outward=True)
    assert {('firewall', 'not_admin'), ('outgoing', 'unsupported')} <= {
        (gap['aspect'], gap['code']) for gap in found.found}
    found.add('outgoing', 'budget', 'as where there was no time')
