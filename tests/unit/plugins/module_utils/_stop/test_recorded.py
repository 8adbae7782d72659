# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decisions about hosts with Debian 11, 12 and 13, as ``captures/record.py`` has made and recorded them.

What is said here of each is what came true there, where these units were stopped.
"""

import pytest

from ansible_collections.listening.ports.plugins.module_utils._stop import decide, graph
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._stop.views import (
    OPTIONS, RELEASES, parsed, recorded, recording)

UEBER = '\\xc3\\xbcber-\\xe2\\x82\\xac.service'
# by its port: the units that are stopped
CLOSED = {
    7001: ['plain.service'],
    7002: ['waits.socket', 'waits.service'],
    7003: ['timed.timer', 'timed.service'],
    7007: ['many@7.service'],
    7008: ['script.service'],
    7009: ['pulled.service'],
    7011: ['wrapped.service'],
    7014: ['watched.path', 'watched.service'],
    7015: ['with\\x20blank.service'],
    7016: [UEBER],
    7017: ['named.service'],
    7021: ['each.socket'],
    7024: ['once.service'],
    7026: ['follows.service'],
    7055: ['binds.service'],
}
# by its port: why it is left, and some of what it is about
LEFT = {
    22: ('protected', {'why': 'login', 'name': 'ssh.service'}),
    7005: ('bystanders', {'unit': 'needed.service', 'others': ['binds.service']}),
    7006: ('process', {'why': 'spared', 'unit': 'spares.service'}),
    7010: ('process', {'why': 'transient', 'unit': 'passing.service'}),
    7012: ('serves_others', {'unit': 'two.service', 'others': ['tcp/0.0.0.0:7013']}),
    7013: ('serves_others', {'unit': 'two.service', 'others': ['tcp/0.0.0.0:7012']}),
    7018: ('refuses', {'unit': 'refuses.service', 'by': 'stop'}),
    7019: ('bystanders', {'unit': 'helped.service', 'others': ['helper.service']}),
    7020: ('bystanders', {'unit': 'helper.service', 'others': ['helped.service']}),
    7022: ('process', {'why': 'spared', 'unit': 'jobs.service'}),
    7023: ('process', {'why': 'stray', 'unit': 'strays.service'}),
}
# systemd 249 has brought these
SINCE_249 = {
    7004: ('upheld', {'unit': 'upheld.service', 'by': ['upholds.service']}),
    7025: ('bystanders', {'unit': 'stops.service', 'others': ['follows.service']}),
}
BEFORE_249 = {7004: ['upheld.service'], 7025: ['stops.service']}


@pytest.fixture(params=RELEASES, scope='module')
def release(request):
    return request.param


@pytest.fixture(scope='module')
def host(release):
    return recorded(release)


def decision(host, ports, **options):
    names = [record['id'] for record in host.listeners if record['port'] in ports and record['family'] == 'ipv4']
    return decide.decide(host, dict(OPTIONS, listeners=names, **options))


def test_each_listener(host, release):
    is_old = release == 'bullseye'
    closed, left = dict(CLOSED), dict(LEFT)
    closed.update(BEFORE_249 if is_old else {})
    left.update({} if is_old else SINCE_249)
    assert {record['port'] for record in host.listeners} == set(closed) | set(left)
    for port, units in closed.items():
        row = decision(host, [port]).rows[0]
        assert (row['status'], row['units']) == ('closed', units), port
    for port, (reason, about) in left.items():
        row = decision(host, [port]).rows[0]
        assert (row['status'], row['reason']) == ('left', reason), port
        assert {key: row['about'].get(key) for key in about} == about, port


def test_all_at_once(host, release):
    everything = decision(host, [record['port'] for record in host.listeners])
    left = {row['listener']: row['reason'] for row in everything.rows if row['status'] == 'left'}
    expected = {'tcp/0.0.0.0:22': 'protected', 'tcp/0.0.0.0:7018': 'refuses'}
    expected.update(('tcp/0.0.0.0:%d' % port, 'process') for port in (7006, 7010, 7022, 7023))
    if release != 'bullseye':
        expected['tcp/0.0.0.0:7004'] = 'upheld'
    assert left == expected
    assert {'two.service', 'needed.service', 'helped.service', 'helper.service', 'stops.service'} <= set(
        everything.stop)
    assert not {'ssh.service', 'refuses.service', 'jobs.service', 'strays.service'} & set(everything.stop)


def test_what_goes_with_it(host):
    both = decision(host, [7005, 7055])
    assert both.rows[0]['bystanders'] == ['part.service', 'requires.service']
    assert both.stop == ('binds.service', 'needed.service')
    assert set(both.back) == {'binds.service', 'needed.service', 'part.service', 'requires.service'}


def test_what_starts_it_again(host):
    assert decision(host, [7009]).rows[0]['again'] == [{'by': 'wanted', 'units': ['pulls.service']}]
    # enabled by links that are removed
    assert not [row for row in decision(host, [7001, 7007, 7016, 7017]).rows if row['again']]


def test_ended_processes(host):
    result = decision(host, [7006, 7010, 7022, 7023], processes=True)
    assert not result.stop and not result.back
    assert [ended.listeners for ended in sorted(result.processes, key=lambda ended: ended.inodes)] == [
        ('tcp/0.0.0.0:%d' % port,) for port in (7006, 7010, 7022, 7023)]
    assert all(host.processes[ended.pid].started == ended.started for ended in result.processes)


def test_every_look_ends(release):
    """Units are asked for until those that decide are known."""
    units = {name: unit for text in recording(release)['texts'] for unit in parsed(text) for name in unit.names}
    known, rounds = graph.Graph(), 0
    wanted = known.missing(['needed.service', 'helped.service'])
    while wanted:
        rounds += 1
        assert rounds < 6
        known.add([units[name] for name in wanted])
        wanted = known.missing(['needed.service', 'helped.service'])
    assert {'binds.service', 'part.service', 'requires.service', 'helper.service'} <= {
        name for name in units if known.get(name)}
    assert known.get('plain.service') is None
