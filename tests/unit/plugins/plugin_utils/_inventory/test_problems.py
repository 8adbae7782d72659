# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of hosts without groups."""

from ansible_collections.listening.ports.plugins.plugin_utils._inventory.problems import Problems


def told(*notes, usable=1, reason=None):
    problems = Problems()
    problems.usable, problems.reason = usable, reason
    for host, why in notes:
        problems.note(host, why)
    return problems.lines()


def test_nothing_is_said_where_all_is_well():
    assert told() == []


def test_nothing_known_is_not_the_same_as_not_usable():
    assert told(('a', None), ('b', 'it is old.'), ('c', 'it is old')) == [
        'No groups for a: nothing is known of what listens there.', 'No groups for 2 hosts (b, c): it is old.']


def test_many_reasons_are_few_lines():
    lines = told(*(('h%d' % number, 'reason %d' % number) for number in range(30)))
    assert len(lines) == 6 and lines[-1] == 'No groups for 25 hosts more, for other reasons.'
    [line] = told(*(('h%d' % number, None) for number in range(1000)))
    assert line == 'No groups for 1000 hosts (h0, h1, h2, h3, h4, …): nothing is known of what listens there.'


def test_nobody_is_said_too():
    [line] = told(usable=0)
    assert line.startswith('No groups were made: there is no host.')
    assert told(('a', None), usable=0, reason='there is no folder') == ['No groups were made: there is no folder.']


def test_names_are_harmless():
    [line] = told(('\x1b[2J', None))
    assert '\\x1b[2J' in line and '\x1b' not in line
