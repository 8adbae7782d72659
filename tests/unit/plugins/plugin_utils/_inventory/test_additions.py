# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is added to an inventory: nothing before the end, nothing to groups of others, and no circles."""

import pytest

from ansible.inventory.data import InventoryData
from ansible_collections.listening.ports.plugins.plugin_utils._inventory.additions import Additions
from ansible_collections.listening.ports.plugins.plugin_utils._inventory.generated import generated


@pytest.fixture
def inventory():
    data = InventoryData()
    data.add_group('web')
    for host in ('a', 'b', 'exposed_none'):
        data.add_host(host)
    data.add_child('web', 'a')
    return data


def shape(inventory):
    """The groups with their hosts, and those below each."""
    return ({name: [host.name for host in group.hosts] for name, group in inventory.groups.items()},
            {name: sorted(child.name for child in group.child_groups)
             for name, group in inventory.groups.items() if group.child_groups})


def test_nothing_is_added_before_the_end(inventory):
    before = shape(inventory)
    additions = Additions(inventory)
    additions.put('a', ['listens_tcp_22', 'exposed_anyone'])
    additions.put('b', ['listens_tcp_22'])
    additions.set_variable('a', 'x', 1)
    assert shape(inventory) == before
    additions.apply()
    hosts, below = shape(inventory)
    assert hosts['listens_tcp_22'] == ['a', 'b'] and hosts['exposed_anyone'] == ['a'] and hosts['web'] == ['a']
    assert below['listening_ports'] == ['exposed_anyone', 'listens_tcp_22']
    assert inventory.hosts['a'].vars['x'] == 1 and 'x' not in inventory.hosts['b'].vars


def test_without_members_there_is_no_group_for_them(inventory):
    before = shape(inventory)
    Additions(inventory).apply()
    assert shape(inventory) == before


def test_names_of_others_are_refused(inventory):
    additions = Additions(inventory)
    additions.put('b', ['web', 'all', 'ungrouped', 'exposed_none', 'listening_ports', '', 'listens_tcp_22'])
    for name in ('web', 'listening_ports', ''):
        additions.add_group(name)
        additions.add_host('b', name)
        additions.add_child(name, 'b')
    additions.add_group('mine')
    additions.add_child('web', 'mine')
    additions.apply()
    assert additions.refused == {'web', 'all', 'ungrouped', 'exposed_none', 'listening_ports'}
    hosts, below = shape(inventory)
    assert hosts['web'] == ['a'] and hosts['listens_tcp_22'] == ['b'] and 'exposed_none' not in hosts
    assert below['listening_ports'] == ['listens_tcp_22', 'mine'] and 'web' not in below


def test_a_group_of_an_earlier_source_is_no_group_of_others(inventory):
    for host in ('a', 'b'):
        additions = Additions(inventory)
        assert additions.is_free('listens_tcp_22')
        additions.put(host, ['listens_tcp_22'])
        additions.apply()
        assert not additions.refused
    assert shape(inventory)[0]['listens_tcp_22'] == ['a', 'b']


def test_a_host_that_is_called_like_a_group(inventory):
    inventory.add_host('web')
    additions = Additions(inventory)
    additions.put('web', ['listens_tcp_22'])
    additions.apply()
    hosts, below = shape(inventory)
    assert hosts['listens_tcp_22'] == ['web'] and 'listens_tcp_22' not in below


def test_hosts_are_added_where_they_are_asked_for(inventory):
    additions = Additions(inventory)
    additions.put('new', ['listens_tcp_22', 'listens_tcp_80'])
    additions.put('a', ['listens_tcp_22'])
    additions.apply(['new', 'listens_tcp_80'])
    hosts, dummy = shape(inventory)
    assert 'new' in inventory.hosts and hosts['listens_tcp_22'] == ['new', 'a']
    # a record can have any name; that of a group goes first
    assert 'listens_tcp_80' in inventory.hosts and 'listens_tcp_80' not in hosts
    assert additions.refused == {'listens_tcp_80'}


@pytest.mark.parametrize('pairs, expected', [
    ([('p', 'c')], {'listening_ports': ['p'], 'p': ['c']}),
    ([('p', 'p')], {'listening_ports': ['c', 'p']}),
    ([('p', 'c'), ('c', 'p')], {'listening_ports': ['p'], 'p': ['c']}),
    ([('p', 'c'), ('c', 'd'), ('d', 'p')], {'listening_ports': ['p'], 'p': ['c'], 'c': ['d']}),
])
def test_groups_below_groups(inventory, pairs, expected):
    for dummy in range(2):      # a second source finds them there
        additions = Additions(inventory)
        for name in sorted({'c', 'p'} | {name for pair in pairs for name in pair}):
            additions.add_group(name)
            additions.add_host('a', name)
        for pair in pairs:
            additions.add_child(*pair)
        additions.apply()
        below = shape(inventory)[1]
        assert {name: below[name] for name in expected} == expected
        assert generated(inventory.groups) >= {'p', 'c', 'listening_ports'}


def test_no_circle_with_what_was_there(inventory):
    first, second = Additions(inventory), None
    for name in ('p', 'c'):
        first.add_group(name)
    first.add_child('p', 'c')
    first.apply()
    second = Additions(inventory)
    for name in ('p', 'c'):
        second.add_group(name)
    second.add_child('c', 'p')
    second.apply()
    assert shape(inventory)[1]['p'] == ['c']


def test_variables_are_known_before(inventory):
    additions = Additions(inventory)
    additions.set_variable('a', 'x', 1)
    assert additions.variables('a') == {'x': 1} and additions.variables('b') == {}
