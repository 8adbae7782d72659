# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which groups are made of facts."""

from types import SimpleNamespace

import pytest

from ansible.inventory.data import InventoryData
from ansible_collections.listening.ports.plugins.plugin_utils._inventory.generated import generated


def made(**below):
    """Groups by their names, with the names of those below."""
    groups = {name: SimpleNamespace(name=name, child_groups=[]) for name in below}
    for name, children in below.items():
        groups[name].child_groups += [groups[child] for child in children]
    return groups


@pytest.mark.parametrize('groups, expected', [
    ({}, set()),
    ({'all': ['web'], 'web': []}, set()),
    ({'listening_ports': []}, {'listening_ports'}),
    ({'all': ['web', 'listening_ports'], 'web': [], 'listening_ports': ['a', 'b'], 'a': ['c'], 'b': ['c'], 'c': []},
     {'listening_ports', 'a', 'b', 'c'}),
    ({'listening_ports': ['a'], 'a': ['listening_ports']}, {'listening_ports', 'a'}),
])
def test_all_below_one(groups, expected):
    assert generated(made(**groups)) == expected


def test_of_an_inventory_of_ansible():
    inventory = InventoryData()
    for name in ('web', 'listening_ports', 'exposed_anyone'):
        inventory.add_group(name)
    inventory.add_child('listening_ports', 'exposed_anyone')
    assert generated(inventory.groups) == {'listening_ports', 'exposed_anyone'}
