# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Resources and command lines of holders, on request."""

import pytest

from zoo import compare
from zoo.animals_details import COMMAND, LONG
from zoo.compare import agree

pytestmark = pytest.mark.root


@pytest.fixture(scope='module')
def expected(habitat):
    return {record['port']: record
            for records in habitat.call('zoo.inside:build', kind='details')['records'].values() for record in records}


def owners(facts):
    return {record['port']: record['owners'][0] for record in facts['listeners'] if record['owners']}


@pytest.mark.parametrize('collector', ['auto', 'psutil'])
def test_resources_are_those_that_psutil_tells(habitat, expected, collector):
    facts = habitat.call('zoo.inside:facts', gather=['resources'], collector=collector)
    by_psutil = habitat.call('zoo.inside:resources')
    assert facts['complete']['resources'] is True
    if collector == 'auto':
        agree(compare.records(list(expected.values()), [
            record for record in facts['listeners'] if record['port'] in expected]) + compare.invariants(facts))
    by_port = owners(facts)
    assert set(by_port) == set(expected)
    for port, owner in by_port.items():
        resources, other = owner['resources'], by_psutil[str(owner['pid'])]
        assert set(resources) == {'cpu_seconds', 'rss_bytes', 'threads', 'open_files'}
        assert resources['threads'] == other['threads']
        assert resources['open_files'] == other['open_files']
        assert resources['cpu_seconds'] == pytest.approx(other['cpu_seconds'], abs=0.1)
        # the kernel counts by CPU
        assert resources['rss_bytes'] == pytest.approx(other['rss_bytes'], rel=0.1, abs=1 << 20)
    busy = by_port[6001]['resources']
    assert busy['threads'] == 6
    assert busy['open_files'] >= 51
    assert busy['cpu_seconds'] >= 0.3
    assert busy['rss_bytes'] >= 40 << 20


@pytest.mark.parametrize('collector', ['auto', 'psutil'])
def test_commands(habitat, expected, collector):
    facts = habitat.call('zoo.inside:facts', gather=['command'], collector=collector)
    by_port = owners(facts)
    shown = [word.decode('utf-8', 'backslashreplace') for word in COMMAND]
    assert by_port[6002]['command'] == [shown[0], '-s', '--'] + shown[1:]
    joined = ' '.join(word.decode('ascii') for word in [LONG[0], b'-s', b'--'] + LONG[1:])
    assert joined.startswith(' '.join(by_port[6003]['command']))
    assert sum(map(len, by_port[6003]['command'])) <= 4096


def test_only_on_request(habitat, expected):
    for gather in (['owners'], ['owners', 'connections', 'namespaces', 'raw']):
        for owner in owners(habitat.call('zoo.inside:facts', gather=gather)).values():
            assert 'command' not in owner
            assert 'resources' not in owner
    facts = habitat.call('zoo.inside:facts', gather=['resources'])
    assert all('command' not in owner for owner in owners(facts).values())
    facts = habitat.call('zoo.inside:facts', gather=['command'])
    assert all('resources' not in owner for owner in owners(facts).values())


def test_resources_that_may_not_be_read_are_a_gap(habitat, expected):
    facts = habitat.apart('zoo.circumstances:as_nobody', gather=['resources'])
    assert facts['complete']['owners'] is False
    agree(compare.invariants(facts))
