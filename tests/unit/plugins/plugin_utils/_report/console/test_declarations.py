# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Declarations that were checked, in words."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._report.console import declarations
from ansible_collections.listening.ports.plugins.plugin_utils._report.console.declarations import Checked


def lines(*checked):
    return [line for line, dummy in declarations.lines(list(checked))]


def fine(name, **other):
    return Checked(name, True, **other)


def test_the_same_mistakes_share_a_line():
    assert lines(
        fine('a', faults=['x', 'y']), fine('b', faults=['y', 'y']), fine('c', warnings=['w']), Checked('d'), fine('e')
    ) == [
        'Refused:',
        '  2 hosts (a, b): y',
        '  a: x',
        'Warnings:',
        '  c: w',
        'Nothing is declared for d.',
        '5 hosts: 2 in order, 2 refused, 1 without a declaration.',
    ]


@pytest.mark.parametrize('checked, wanted', [
    ([fine('a')], ['The declaration of a is in order.']),
    ([fine('a', faults=['x'])], ['Refused:', '  a: x', 'The declaration of a is invalid.']),
    ([Checked('a')], ['Nothing is declared for a.']),
    ([fine('a'), fine('b')], ['The declarations of all 2 hosts are in order.']),
    ([Checked('a'), Checked('b')], ['Nothing is declared for 2 hosts (a, b).', '2 hosts: 2 without a declaration.']),
    ([], ['0 hosts: there was nothing to check.']),
])
def test_what_is_said_last(checked, wanted):
    assert lines(*checked) == wanted


def test_many_mistakes_are_cut_and_counted():
    shown = lines(*[fine('h%d' % number, faults=['fault %d' % number]) for number in range(103)])
    assert shown[101:] == ['  … and 3 more', '103 hosts: 103 refused.']


def test_what_declarations_say_stays_in_its_line():
    evil = '\n::error::x\r\x1b[2J\u202e##[error]'
    for line in lines(fine('a' + evil, faults=[evil], warnings=[evil]), Checked('b' + evil)):
        assert line.isprintable() and '##' not in line and not line.strip().startswith('::')


def test_counts():
    checked = [fine('a'), Checked('b'), fine('c', faults=['x']), Checked('d', faults=['x'])]
    assert declarations.counts(checked) == {'in_order': 1, 'refused': 2, 'undeclared': 1}
