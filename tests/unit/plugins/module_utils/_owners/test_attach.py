# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Owners, units and services of listeners."""

import pytest

from ansible_collections.listening.ports.plugins.module_utils._owners import attach as _attach, walk
from ansible_collections.listening.ports.tests.unit.plugins.module_utils import dbus
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import gaps_of, listener, new_gaps


def owner(pid, unit='nginx.service', container=None):
    return {'pid': pid, 'process': 'p%d' % pid, 'exe': None, 'exe_deleted': None, 'user': 'root', 'uid': 0,
            'started': '2026-01-01T00:00:00Z', 'unit': unit, 'main': None, 'container': container}


class Host:
    """What the walk, the processes and systemd are to say.

    :ivar systemd: str, what systemctl prints of units; ``modes`` what it prints of how they end; None where it fails.
    :ivar manager: Bus, or None where the private socket of systemd is refused.
    """

    def __init__(self):
        self.first, self.again = walk.Walk(), walk.Walk()
        self.known = {}
        self.unreadable = 0
        self.systemd, self.modes, self.manager = '', None, None
        self.booted = True
        self.evidence = set()
        self.asked, self.walks = [], []

    def attach(self, *listeners):
        gaps = new_gaps()
        _attach.attach(list(listeners), {'owners'}, 'netlink', 1000, gaps, self.run, self)
        return gaps

    def walk(self, inodes, budget, tables=None):
        self.walks.append((set(inodes), budget, tables is not None))
        return self.again if tables else self.first

    def processes(self, details):
        assert details is None
        return self

    def get(self, pid):
        return self.known.get(pid)

    @staticmethod
    def paths():
        return set()

    @staticmethod
    def rings(inodes, budget):
        return {}, False

    def kernel(self, namespaces):
        return self.evidence

    def has_systemd(self):
        return self.booted

    def bus(self):
        if not self.manager:
            raise PermissionError(13, 'only root may ask')
        return self.manager

    def run(self, words, **dummy):
        units = words[words.index('--') + 1:]
        if any('KillMode' in word for word in words):
            output = self.modes
        else:
            assert units.pop() == '*.socket'
            self.asked.append(units)
            output = self.systemd
        return (1, '', 'no') if output is None else (0, output, '')

    def owns(self, pid, *inodes, **options):
        self.known[pid] = owner(pid, **options)
        for inode in inodes:
            self.first.owners.setdefault(inode, []).append(pid)


@pytest.fixture
def host():
    return Host()


def test_one_holder(host):
    host.owns(5, 1)
    host.systemd = 'Id=nginx.service\nMainPID=5\n'
    given = listener()
    gaps = host.attach(given)
    assert given['record']['owners'] == [dict(owner(5), main=True)]
    assert (given['record']['owners_total'], given['record']['held_by']) == (1, 'processes')
    assert given['record']['service'] == 'nginx.service'
    assert gaps.found == [] and host.walks == [({1}, 1000, False)] and host.asked == [['nginx.service']]


def test_the_holders_of_all_sockets_of_one_id_are_united(host):
    for pid in (9, 5, 7):
        host.owns(pid, 1, pid)
    given = listener(inodes=(1, 5, 7, 9))
    host.attach(given)
    assert [owner['pid'] for owner in given['record']['owners']] == [5, 7, 9]
    assert given['record']['owners_total'] == 3


def test_two_listeners_do_not_share_the_entries_of_their_holders(host):
    host.owns(5, 1, 2)
    first, second = listener(), listener(port=81, inodes=(2,))
    host.attach(first, second)
    assert first['record']['owners'] == second['record']['owners']
    assert first['record']['owners'][0] is not second['record']['owners'][0]


@pytest.mark.parametrize('count, listed', [(64, 64), (65, 64), (200, 64)])
def test_no_more_than_64_owners_are_listed_and_all_are_counted(host, count, listed):
    for pid in range(100, 100 + count):
        host.owns(pid, 1)
    given = listener()
    host.attach(given)
    assert [owner['pid'] for owner in given['record']['owners']] == list(range(100, 100 + listed))
    assert given['record']['owners_total'] == count


def test_a_holder_that_has_ended_is_none(host):
    host.first.owners = {1: [5]}
    given = listener()
    gaps = host.attach(given)
    record = given['record']
    assert (record['owners'], record['owners_total'], record['held_by']) == ([], 0, 'unknown')
    assert gaps_of(gaps) == {('owners', 'owners_not_found'): 1}


@pytest.mark.parametrize('inodes', [(1, 2), (2, 1)])
def test_a_group_with_one_socket_that_nobody_holds_is_not_complete(host, inodes):
    host.owns(5, 1)
    given = listener(inodes=inodes)
    gaps = host.attach(given)
    assert given['record']['held_by'] == 'processes'
    assert gaps_of(gaps) == {('owners', 'owners_not_found'): 1}


def test_a_second_look_finds_the_holder_in_a_thread(host):
    host.owns(5, 2)
    host.again.owners = {1: [5]}
    first, second = listener(), listener(port=81, inodes=(2,))
    gaps = host.attach(first, second)
    for given in (first, second):
        assert [owner['pid'] for owner in given['record']['owners']] == [5]
    assert gaps.found == [] and host.walks[1:] == [({1}, 1000, True)]


def test_a_kernel_service_on_evidence(host):
    host.evidence = {(None, 'udp', 'ipv4', 4789)}
    kernel, other = listener('udp', port=4789), listener('udp', port=4790, inodes=(2,))
    gaps = host.attach(kernel, other)
    assert [given['record']['held_by'] for given in (kernel, other)] == ['kernel', 'unknown']
    assert gaps_of(gaps) == {('owners', 'owners_not_found'): 1}


def test_unreadable_parts_are_a_gap(host):
    host.owns(5, 1)
    host.unreadable = 1
    assert gaps_of(host.attach(listener())) == {('owners', 'process_unreadable'): 1}


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
    host.owns(1, 1, unit='init.scope')
    host.systemd = SOCKET % (listen, kind)
    given['record'].update(service=None, activated_by=None)
    gaps = host.attach(given)
    expected = ('ssh.socket', 'ssh.service') if named else (None, None)
    assert (given['record']['activated_by'], given['record']['service']) == expected
    assert host.asked == [[]] and gaps.found == []


def test_socket_activation_once_the_service_runs(host):
    host.owns(1, 1, unit='init.scope')
    host.owns(5, 1, unit='ssh.service')
    host.systemd = SOCKET % ('0.0.0.0:80', 'Stream') + 'Id=ssh.service\nMainPID=5\n'
    given = listener()
    host.attach(given)
    assert (given['record']['activated_by'], given['record']['service']) == ('ssh.socket', 'ssh.service')
    assert [owner['main'] for owner in given['record']['owners']] == [None, True]
    assert host.asked == [['ssh.service']]


def test_socket_activation_for_a_service_of_another_name(host):
    host.owns(1, 1, unit='init.scope')
    host.owns(5, 1, unit='other.service')
    host.systemd = SOCKET % ('0.0.0.0:80', 'Stream')
    given = listener()
    host.attach(given)
    assert (given['record']['activated_by'], given['record']['service']) == ('ssh.socket', 'other.service')


def test_socket_unit_that_starts_an_instance_for_each_connection(host):
    host.owns(1, 1, unit='init.scope')
    host.systemd = 'Id=ssh.socket\nTriggers=\nListen=0.0.0.0:80 (Stream)\n'
    given = listener()
    host.attach(given)
    assert (given['record']['activated_by'], given['record']['service']) == ('ssh.socket', None)


def test_a_socket_unit_is_named_only_where_the_manager_holds_the_socket(host):
    host.owns(5, 1)
    host.systemd = SOCKET % ('0.0.0.0:80', 'Stream')
    given = listener()
    host.attach(given)
    assert (given['record']['activated_by'], given['record']['service']) == (None, 'nginx.service')


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
        host.owns(pid, 1, unit=unit)
    host.systemd = systemd
    given = listener()
    host.attach(given)
    assert given['record']['service'] == service


@pytest.mark.parametrize('systemd, main', [
    ('Id=nginx.service\nMainPID=5\n', [True, False]),
    ('Id=nginx.service\nMainPID=4\n', [False, False]),
    ('Id=nginx.service\nMainPID=0\n', [None, None]),
    ('Id=other.service\nMainPID=5\n', [None, None]),
])
def test_main(host, systemd, main):
    host.owns(5, 1)
    host.owns(6, 1)
    host.systemd = systemd
    given = listener()
    host.attach(given)
    assert [owner['main'] for owner in given['record']['owners']] == main


@pytest.mark.parametrize('main, mode, service', [
    (4, 'process', None),
    (4, 'none', None),
    (4, 'control-group', 'cron.service'),
    (4, 'mixed', 'cron.service'),
    (5, 'process', 'cron.service'),
    (0, 'process', 'cron.service'),
])
def test_a_service_is_named_only_where_to_stop_it_ends_an_owner(host, main, mode, service):
    host.modes = 'Id=cron.service\nKillMode=%s\n' % mode
    host.owns(5, 1, unit='cron.service')
    host.systemd = 'Id=cron.service\nMainPID=%d\n' % main
    given = listener()
    assert host.attach(given).found == []
    assert (given['record']['service'], given['record']['owners'][0]['unit']) == (service, 'cron.service')


def test_a_service_is_not_named_where_nothing_tells_whether_it_ends_its_children(host):
    host.owns(5, 1, unit='cron.service')
    host.systemd = 'Id=cron.service\nMainPID=4\n'
    given = listener()
    assert gaps_of(host.attach(given)) == {('units', 'systemctl'): None}
    assert given['record']['service'] is None


def test_systemd_that_does_not_answer_is_a_gap_and_the_units_stay(host):
    host.owns(5, 1)
    host.systemd = None
    given = listener()
    gaps = host.attach(given)
    assert gaps_of(gaps) == {('units', 'systemctl'): None}
    assert (given['record']['service'], given['record']['owners'][0]['main']) == ('nginx.service', None)


@pytest.mark.parametrize('booted, unit', [(False, 'nginx.service'), (True, None), (True, 'session-1.scope'),
                                          (True, 'user@1.service/x.service')])
def test_systemd_is_not_asked_where_it_knows_nothing(host, booted, unit):
    host.booted = booted
    host.owns(5, 1, unit=unit)
    assert host.attach(listener()).found == [] and host.asked == []


def test_process_1_that_is_not_systemd_is_a_holder_like_others(host):
    host.booted = False
    host.owns(1, 1, unit=None)
    given = listener()
    assert host.attach(given).found == [] and [owner['pid'] for owner in given['record']['owners']] == [1]
    assert (given['record']['activated_by'], given['record']['service']) == (None, None)
    assert given['record']['held_by'] == 'processes'


def test_nothing_listens(host):
    assert host.attach().found == [] and host.asked == []


class Bus:
    """A manager that can be asked over its socket, for which ``n.socket`` listens on port 80."""

    closed = False

    @staticmethod
    def main_processes(units):
        return dict.fromkeys(units, 5)

    @staticmethod
    def call(calls):
        assert [member for dummy, dummy2, member, *dummy3 in calls] == ['ListUnitsByPatterns']
        return [dbus.listed('n.socket')]

    @staticmethod
    def get(units, interface, name):
        assert units == ['n.socket']
        return [{'Listen': dbus.listens(('Stream', '0.0.0.0:80')), 'Triggers': dbus.triggers('n.service'),
                 'Accept': dbus.boolean(False)}[name]]

    def close(self):
        self.closed = True


@pytest.mark.parametrize('by_socket', [False, True])
def test_the_manager_is_asked_over_its_socket_first(host, by_socket):
    host.manager = Bus()
    host.owns(5, 1)
    if by_socket:
        host.owns(1, 1, unit='init.scope')
    given = listener()
    assert host.attach(given).found == [] and not host.asked and host.manager.closed
    assert [owner['main'] for owner in given['record']['owners'] if owner['pid'] == 5] == [True]
    assert given['record']['activated_by'] == ('n.socket' if by_socket else None)
    assert given['record']['service'] == 'nginx.service'
