# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Listeners of other network namespaces."""

import pytest

from zoo import compare, truth
from zoo.compare import agree
from zoo.den import NOBODY

pytestmark = pytest.mark.root
GATHER = ['owners', 'namespaces']


@pytest.fixture(scope='module')
def built(habitat):
    """Expected listeners by animal."""
    return habitat.call('zoo.inside:build', kind='namespaces')['records']


@pytest.fixture(scope='module')
def expected(built):
    return [record for records in built.values() for record in records] + [truth.VXLAN]


def test_all_namespaces(habitat, expected):
    facts = habitat.call('zoo.inside:facts', gather=GATHER)
    agree(compare.records(expected, facts['listeners']) + compare.invariants(facts))
    assert facts['complete']['namespaces'] is True
    assert facts['complete']['sockets'] is True


def test_only_on_request(habitat, built):
    facts = habitat.call('zoo.inside:facts')
    agree(compare.records(built['own'] + [truth.VXLAN], facts['listeners']) + compare.invariants(facts))
    assert facts['complete']['namespaces'] is None


def test_procfs_needs_a_process_in_it(habitat, built, expected):
    """What is in there cannot be read, and that is said."""
    facts = habitat.call('zoo.inside:facts', gather=GATHER, collector='procfs')
    empty = [record for animal, records in built.items()
             if animal.startswith(('held_by_', 'named_without_a_process')) for record in records]
    visible = [record for record in expected if record not in empty]
    agree(compare.records(truth.by_procfs(visible), facts['listeners']) + compare.invariants(facts))
    assert ['namespaces', 'refused'] in compare.gaps(facts)
    message = [gap for gap in facts['gaps'] if gap['aspect'] == 'namespaces'][0]['message']
    assert [record['namespace'] for record in empty if record['namespace'] not in message] == []


def test_unprivileged(habitat, built, expected):
    """What can be looked into is listed, that others were not is said; those of the host are all there."""
    facts = habitat.apart('zoo.circumstances:as_nobody', gather=GATHER)
    agree(compare.invariants(facts))
    assert facts['complete']['namespaces'] is False
    assert facts['complete']['sockets'] is True
    listed = {record['id']: record for record in facts['listeners']}
    wanted = truth.seen_only(built['own'] + built['anonymous_of_a_user'] + [truth.VXLAN],
                             truth.seen_by(expected, NOBODY))
    agree(compare.records(truth.by_procfs(wanted), truth.by_procfs(
        dict(listed[record['id']], _sockets=[]) for record in wanted if record['id'] in listed),
        more_keys=['_sockets']))
    assert set(listed) <= {record['id'] for record in expected}


def test_this_process_stays_where_it_is(habitat, built):
    """After looking into others, it is in its own namespace still."""
    first = habitat.call('zoo.inside:facts', gather=GATHER)
    again = habitat.call('zoo.inside:facts', gather=GATHER)
    assert [record['id'] for record in first['listeners']] == [record['id'] for record in again['listeners']]
    agree(compare.records(built['own'] + [truth.VXLAN], habitat.call('zoo.inside:facts')['listeners']))


def test_connections_of_other_namespaces_are_a_gap(habitat, expected):
    facts = habitat.call('zoo.inside:facts', gather=['connections', 'namespaces'])
    assert facts['complete']['connections'] is False
    for record in facts['listeners']:
        assert (record['connections'] is None) == (record['protocol'] != 'tcp' or record['namespace'] is not None)


def test_a_namespace_that_only_a_socket_holds_is_a_gap(habitat, expected):
    facts = habitat.apart('zoo.circumstances:beside_a_namespace_that_only_a_socket_holds', gather=GATHER)
    agree(compare.records(expected, facts['listeners']) + compare.invariants(facts))
    assert [(gap['aspect'], gap['code'], gap['count']) for gap in facts['gaps'] if gap['aspect'] == 'namespaces'] == [
        ('namespaces', 'unlisted', 1)]
