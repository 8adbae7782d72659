# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Holders, units and services of listeners."""

import os

import pytest

from ansible_collections.listening.ports.plugins.module_utils._owners import attach as _attach, kernel as _kernel, walk
from ansible_collections.listening.ports.plugins.module_utils._systemd import bus as _bus, socket_units, systemctl
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import (
    answer, gaps_of, listener, new_gaps
)


def owner(pid, unit='nginx.service', container=None):
    return {'pid': pid, 'process': 'p%d' % pid, 'exe': None, 'exe_deleted': None, 'user': 'root', 'uid': 0,
            'started': '2026-01-01T00:00:00Z', 'unit': unit, 'main': None, 'container': container}


class Host:
    """What the walk, the processes and systemd are to say."""

    def __init__(self, monkeypatch):
        self.walk = walk.Walk()
        self.again = walk.Walk()
        self.processes = {}
        self.unreadable = 0
        self.systemd = ''
        self.booted = True
        self.asked = []
        self.walks = []
        monkeypatch.setattr(walk, 'walk', self._walk)
        monkeypatch.setattr(walk, 'Processes', lambda **options: self)
        monkeypatch.setattr(systemctl, 'ask', self._ask)
        monkeypatch.setattr(_bus, 'Bus', self._no_bus)
        monkeypatch.setattr(_kernel, 'endpoints', lambda dummy: self.kernel)
        self.kernel = set()
        original = os.path.isdir
        monkeypatch.setattr(os.path, 'isdir',
                            lambda path: self.booted if path == '/run/systemd/system' else original(path))

    def _walk(self, inodes, budget, tables=None):
        self.walks.append((set(inodes), budget, tables is not None))
        return self.again if tables else self.walk

    def get(self, pid):
        return self.processes.get(pid)

    def _ask(self, units, run):
        self.asked.append(sorted(units))
        return systemctl.parse(answer(self.systemd))

    def _no_bus(self):
        raise PermissionError(13, 'only root may ask')

    def holds(self, pid, *inodes, **options):
        self.processes[pid] = owner(pid, **options)
        for inode in inodes:
            self.walk.holders.setdefault(inode, []).append(pid)


@pytest.fixture
def host(monkeypatch):
    return Host(monkeypatch)


def attach(*listeners, **options):
    gaps = new_gaps()
    _attach.attach(list(listeners), options.get('gather', {'owners'}), 'netlink', 1000, gaps)
    return gaps


def test_one_holder(host):
    host.holds(5, 1)
    host.systemd = 'Id=nginx.service\nMainPID=5\n'
    one = listener()
    gaps = attach(one)
    assert one['record']['owners'] == [dict(owner(5), main=True)]
    assert (one['record']['owners_total'], one['record']['held_by'], one['record']['service']) == (1, 'processes',
                                                                                                   'nginx.service')
    assert gaps.found == [] and host.walks == [({1}, 1000, False)] and host.asked == [['nginx.service']]


def test_the_holders_of_all_sockets_of_one_id_are_united(host):
    for pid in (9, 5, 7):
        host.holds(pid, 1, pid)
    one = listener(inodes=(1, 5, 7, 9))
    attach(one)
    assert [one['pid'] for one in one['record']['owners']] == [5, 7, 9]
    assert one['record']['owners_total'] == 3


def test_two_listeners_do_not_share_the_entries_of_their_holders(host):
    host.holds(5, 1, 2)
    first, second = listener(), listener(port=81, inodes=(2,))
    attach(first, second)
    assert first['record']['owners'] == second['record']['owners']
    assert first['record']['owners'][0] is not second['record']['owners'][0]


@pytest.mark.parametrize('count, listed', [(64, 64), (65, 64), (200, 64)])
def test_no_more_than_64_owners_are_listed_and_all_are_counted(host, count, listed):
    for pid in range(100, 100 + count):
        host.holds(pid, 1)
    one = listener()
    attach(one)
    assert [one['pid'] for one in one['record']['owners']] == list(range(100, 100 + listed))
    assert one['record']['owners_total'] == count


def test_a_holder_that_has_ended_is_none(host):
    host.walk.holders = {1: [5]}
    one = listener()
    gaps = attach(one)
    assert (one['record']['owners'], one['record']['owners_total'], one['record']['held_by']) == ([], 0, 'unknown')
    assert gaps_of(gaps) == {('owners', 'owners_not_found'): 1}


@pytest.mark.parametrize('inodes', [(1, 2), (2, 1)])
def test_a_group_with_one_socket_that_nobody_holds_is_not_complete(host, inodes):
    host.holds(5, 1)
    one = listener(inodes=inodes)
    gaps = attach(one)
    assert one['record']['held_by'] == 'processes'
    assert gaps_of(gaps) == {('owners', 'owners_not_found'): 1}


def test_a_second_look_finds_the_holder_in_a_thread(host):
    host.holds(5, 2)
    host.again.holders = {1: [5]}
    first, second = listener(), listener(port=81, inodes=(2,))
    gaps = attach(first, second)
    for given in (first, second):
        assert [one['pid'] for one in given['record']['owners']] == [5]
    assert gaps.found == [] and host.walks[1:] == [({1}, 1000, True)]


def test_a_kernel_service_on_evidence(host):
    host.kernel = {(None, 'udp', 'ipv4', 4789)}
    kernel, other = listener('udp', port=4789), listener('udp', port=4790, inodes=(2,))
    gaps = attach(kernel, other)
    assert [one['record']['held_by'] for one in (kernel, other)] == ['kernel', 'unknown']
    assert gaps_of(gaps) == {('owners', 'owners_not_found'): 1}


def test_unreadable_parts_are_a_gap(host):
    host.holds(5, 1)
    host.unreadable = 1
    assert gaps_of(attach(listener())) == {('owners', 'process_unreadable'): 1}


SOCKET = 'Id=ssh.socket\nTriggers=ssh.service\nListen=%s (%s)\n\n'


@pytest.mark.parametrize('given, listen, kind, named', [
    (listener(), '0.0.0.0:80', 'Stream', True),
    (listener(address='::'), '[::]:80', 'Stream', True),
    (listener(address='192.0.2.1'), '192.0.2.1:80', 'Stream', True),
    (listener(address='::ffff:192.0.2.1'), '[::ffff:192.0.2.1]:80', 'Stream', True),
    (listener('udp'), '0.0.0.0:80', 'Datagram', True),
    (listener('udplite'), '0.0.0.0:80', 'Datagram', True),
    (listener('sctp'), '0.0.0.0:80', 'Stream', True),
    (listener('udp'), '0.0.0.0:80', 'Stream', False),
    (listener(), '0.0.0.0:80', 'Datagram', False),
    (listener(), '[::]:80', 'Stream', False),
    (listener(), '0.0.0.0:8080', 'Stream', False),
    # BindToDevice= is not shown; the scope of a link-local address is, from some version on
    (listener(interface='eth0'), '0.0.0.0:80', 'Stream', True),
    (listener(address='::', interface='eth0'), '[::]:80', 'Stream', True),
    (listener(address='fe80::1', interface='eth0'), '[fe80::1]:80', 'Stream', True),
    (listener(address='fe80::1', interface='eth0'), '[fe80::1]:80%eth0', 'Stream', True),
    (listener(address='fe80::1', interface='eth0'), '[fe80::1]:80%eth1', 'Stream', False),
])
def test_socket_units_by_protocol_address_and_device(host, given, listen, kind, named):
    host.holds(1, 1, unit='init.scope')
    host.systemd = SOCKET % (listen, kind)
    given['record'].update(service=None, activated_by=None)
    gaps = attach(given)
    expected = ('ssh.socket', 'ssh.service') if named else (None, None)
    assert (given['record']['activated_by'], given['record']['service']) == expected
    assert host.asked == [[]] and gaps.found == []


def test_socket_activation_once_the_service_runs(host):
    host.holds(1, 1, unit='init.scope')
    host.holds(5, 1, unit='ssh.service')
    host.systemd = SOCKET % ('0.0.0.0:80', 'Stream') + 'Id=ssh.service\nMainPID=5\n'
    one = listener()
    attach(one)
    assert (one['record']['activated_by'], one['record']['service']) == ('ssh.socket', 'ssh.service')
    assert [one['main'] for one in one['record']['owners']] == [None, True]
    assert host.asked == [['ssh.service']]


def test_socket_activation_for_a_service_of_another_name(host):
    host.holds(1, 1, unit='init.scope')
    host.holds(5, 1, unit='other.service')
    host.systemd = SOCKET % ('0.0.0.0:80', 'Stream')
    one = listener()
    attach(one)
    assert (one['record']['activated_by'], one['record']['service']) == ('ssh.socket', 'other.service')


def test_socket_unit_that_starts_an_instance_for_each_connection(host):
    host.holds(1, 1, unit='init.scope')
    host.systemd = 'Id=ssh.socket\nTriggers=\nListen=0.0.0.0:80 (Stream)\n'
    one = listener()
    attach(one)
    assert (one['record']['activated_by'], one['record']['service']) == ('ssh.socket', None)


def test_a_socket_unit_is_named_only_where_the_manager_holds_the_socket(host):
    host.holds(5, 1)
    host.systemd = SOCKET % ('0.0.0.0:80', 'Stream')
    one = listener()
    attach(one)
    assert (one['record']['activated_by'], one['record']['service']) == (None, 'nginx.service')


@pytest.mark.parametrize('units, systemd, service', [
    (['a.service', 'a.service'], '', 'a.service'),
    (['a.service', 'b.service'], '', None),
    (['a.service', 'b.service'], 'Id=a.service\nMainPID=99\n\nId=b.service\nMainPID=11\n', 'b.service'),
    (['a.service', 'b.service'], 'Id=a.service\nMainPID=10\n\nId=b.service\nMainPID=11\n', None),
    (['a.service', 'session-1.scope'], '', 'a.service'),
    (['session-1.scope', None], '', None),
    (['user@1000.service/a.service', None], '', 'user@1000.service/a.service'),
    (['ssh.socket'], '', None),
    ([None], '', None),
])
def test_service(host, units, systemd, service):
    for pid, unit in enumerate(units, 10):
        host.holds(pid, 1, unit=unit)
    host.systemd = systemd
    one = listener()
    attach(one)
    assert one['record']['service'] == service


@pytest.mark.parametrize('systemd, main', [
    ('Id=nginx.service\nMainPID=5\n', [True, False]),
    ('Id=nginx.service\nMainPID=4\n', [False, False]),
    ('Id=nginx.service\nMainPID=0\n', [None, None]),
    ('Id=other.service\nMainPID=5\n', [None, None]),
])
def test_main(host, systemd, main):
    host.holds(5, 1)
    host.holds(6, 1)
    host.systemd = systemd
    one = listener()
    attach(one)
    assert [one['main'] for one in one['record']['owners']] == main


@pytest.mark.parametrize('main, mode, service', [
    (4, 'process', None),
    (4, 'none', None),
    (4, 'control-group', 'cron.service'),
    (4, 'mixed', 'cron.service'),
    (5, 'process', 'cron.service'),
    (0, 'process', 'cron.service'),
])
def test_a_service_is_named_only_where_to_stop_it_ends_a_holder(host, monkeypatch, main, mode, service):
    monkeypatch.setattr(systemctl, 'values', lambda units, name, dummy: {unit: mode for unit in units if name == 'KillMode'})
    host.holds(5, 1, unit='cron.service')
    host.systemd = 'Id=cron.service\nMainPID=%d\n' % main
    one = listener()
    assert attach(one).found == []
    assert (one['record']['service'], one['record']['owners'][0]['unit']) == (service, 'cron.service')


def test_a_service_is_not_named_where_nothing_tells_whether_it_ends_its_children(host):
    host.holds(5, 1, unit='cron.service')
    host.systemd = 'Id=cron.service\nMainPID=4\n'
    one = listener()
    assert gaps_of(attach(one)) == {('units', 'systemctl'): None}
    assert one['record']['service'] is None


def test_systemd_that_does_not_answer_is_a_gap_and_the_units_stay(host):
    host.holds(5, 1)
    host.systemd = systemctl.SystemdError('it ended with 1')
    one = listener()
    gaps = attach(one)
    assert gaps_of(gaps) == {('units', 'systemctl'): None}
    assert (one['record']['service'], one['record']['owners'][0]['main']) == ('nginx.service', None)


@pytest.mark.parametrize('booted, unit', [(False, 'nginx.service'), (True, None), (True, 'session-1.scope'),
                                          (True, 'user@1.service/x.service')])
def test_systemd_is_not_asked_where_it_knows_nothing(host, booted, unit):
    host.booted = booted
    host.holds(5, 1, unit=unit)
    assert attach(listener()).found == [] and host.asked == []


def test_process_1_that_is_not_systemd_is_a_holder_like_others(host):
    host.booted = False
    host.holds(1, 1, unit=None)
    one = listener()
    assert attach(one).found == [] and [one['pid'] for one in one['record']['owners']] == [1]
    assert (one['record']['activated_by'], one['record']['service'], one['record']['held_by']) == (None, None,
                                                                                                   'processes')


def test_nothing_listens(host):
    assert attach().found == [] and host.asked == []


class Bus:
    """A manager that can be asked over its socket."""

    closed = False

    def main_processes(self, units):
        return dict.fromkeys(units, 5)

    def close(self):
        Bus.closed = True


@pytest.mark.parametrize('by_socket', [False, True])
def test_the_manager_is_asked_over_its_socket_first(host, monkeypatch, by_socket):
    monkeypatch.setattr(_bus, 'Bus', Bus)
    monkeypatch.setattr(socket_units, 'ask', lambda bus: socket_units.SocketUnits({('Stream', '0.0.0.0:80'): ('n.socket', 'n.service')}))
    host.holds(5, 1)
    if by_socket:
        host.holds(1, 1, unit='init.scope')
    one = listener()
    assert attach(one).found == [] and not host.asked and Bus.closed
    assert [owner['main'] for owner in one['record']['owners'] if owner['pid'] == 5] == [True]
    assert one['record']['activated_by'] == ('n.socket' if by_socket else None)
    assert one['record']['service'] == 'nginx.service'
