# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The private socket of systemd, by a manager that says what the tests want."""

import contextlib
import struct

import pytest

from ansible_collections.listening.ports.plugins.module_utils._systemd import bus as _bus, socket_units
from ansible_collections.listening.ports.tests.unit.plugins.module_utils import dbus
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.dbus import (
    ERROR, ORDER, RETURN, SIGNAL, Manager, array, message, pad, string
)


def number(value):
    return dbus.message(RETURN, dbus.number(value))


def listens(*pairs):
    return dbus.message(RETURN, dbus.listens(*pairs))


def triggers(*units):
    return dbus.message(RETURN, dbus.triggers(*units))


def accepts(value):
    return dbus.message(RETURN, dbus.boolean(value))


def listed(*units):
    return dbus.message(RETURN, dbus.listed(*units))


@pytest.fixture
def manager(tmp_path):
    started = []

    def start(*answers, **options):
        started.append(Manager(tmp_path / 'private', answers, **options))
        return started[0]
    yield start
    for bus in started:
        bus.socket.close()


def test_main_processes(manager):
    asked = manager(number(812), message(ERROR, string('No such unit')), message(SIGNAL, b'changed!') + number(0))
    with contextlib.closing(_bus.Bus(asked.path)) as bus:
        processes = bus.main_processes(['ssh.service', 'no.service', 'a-b@1.service'])
    assert processes == {'ssh.service': 812, 'a-b@1.service': 0}
    assert asked.user.startswith(b'\0AUTH EXTERNAL ')
    fields, body = asked.calls[2]
    assert b'/org/freedesktop/systemd1/unit/a_2db_401_2eservice\0' in fields
    assert body == pad(string('org.freedesktop.systemd1.Service'), 4) + string('MainPID')


def test_nothing_asked(manager):
    with contextlib.closing(_bus.Bus(manager(b'').path)) as bus:
        assert bus.main_processes([]) == {}


@pytest.mark.parametrize('greeting', [b'REJECTED EXTERNAL\r\n', b'', b'ERROR\r\n'])
def test_refused(manager, greeting):
    with pytest.raises(_bus.FAULTS):
        _bus.Bus(manager(greeting=greeting).path)


def test_no_manager(tmp_path):
    with pytest.raises(_bus.FAULTS):
        _bus.Bus(str(tmp_path / 'nothing'))


@pytest.mark.parametrize('answer', [
    b'', number(5)[:10], number(5)[:-1], message(RETURN, b'\x01u\0\0'),
    message(RETURN, b'\x01u\0\0\0\0\0\5', order=b'B' if ORDER == b'l' else b'l'),
], ids=['none', 'half a head', 'half a body', 'no number', 'other order'])
def test_garbled(manager, answer):
    with contextlib.closing(_bus.Bus(manager(answer).path)) as bus:
        with pytest.raises(_bus.FAULTS):
            bus.main_processes(['ssh.service'])


def ask(asked):
    with contextlib.closing(_bus.Bus(asked.path)) as bus:
        return socket_units.ask(bus)


def test_socket_units(manager):
    asked = manager(
        listed('ssh.socket', 'dbus.socket', 'x.socket'),
        listens(('Stream', '0.0.0.0:22'), ('Stream', '[::]:22')), listens(('Stream', '/run/dbus')), message(ERROR),
        triggers('ssh.service'), triggers(), triggers('x.service', 'y.service'),
        accepts(False), accepts(False), accepts(False))
    assert ask(asked) == {('Stream', '0.0.0.0:22'): ('ssh.socket', 'ssh.service'),
                          ('Stream', '[::]:22'): ('ssh.socket', 'ssh.service'),
                          ('Stream', '/run/dbus'): ('dbus.socket', None)}
    assert asked.calls[0][1] == struct.pack('=II', 0, 13) + string('*.socket')


@pytest.mark.parametrize('unit, running, template', [
    ('agent.socket', ['agent@3-10.0.0.1:6556-10.0.0.2:40000.service'], 'agent@.service'),
    ('agent.socket', [], 'agent@.service'),
    ('agent@blue.socket', ['agent@4.service'], 'agent@.service'),
])
def test_the_service_of_a_socket_unit_that_accepts_is_no_instance(manager, unit, running, template):
    asked = manager(listed(unit), listens(('Stream', '[::]:6556')), triggers(*running), accepts(True))
    assert ask(asked) == {('Stream', '[::]:6556'): (unit, template)}


def test_no_socket_units(manager):
    assert ask(manager(listed())) == {}


@pytest.mark.parametrize('answers', [
    [message(ERROR)],                                           # an old manager
    [listed('ssh.socket')[:-6]],
    [message(RETURN, array(string('ssh.socket'), b'\0' * 4))],
    [listed('a.socket'), message(RETURN, b'\x05a(ss)\0\0' + array(pad(struct.pack('=I', 999), 8), b'\0' * 4)),
     triggers()],
])
def test_socket_units_garbled(manager, answers):
    with pytest.raises(_bus.FAULTS):
        ask(manager(*answers))


@pytest.mark.parametrize('key, record, known', [
    (('Stream', '0.0.0.0:22'), {}, True),
    (('Datagram', '0.0.0.0:22'), {}, False),
    (('Datagram', '0.0.0.0:22'), {'protocol': 'udp'}, True),
    (('Stream', '0.0.0.0:22'), {'interface': 'eth0'}, True),
    (('Stream', '[fe80::1]:22%eth0'), {'family': 'ipv6', 'address': 'fe80::1', 'interface': 'eth0'}, True),
    (('Stream', '[fe80::1]:22%eth0'), {'family': 'ipv6', 'address': 'fe80::1', 'interface': 'eth1'}, False),
    (('Stream', '[::]:22'), {'family': 'ipv6', 'address': '::'}, True),
])
def test_find(key, record, known):
    given = dict({'protocol': 'tcp', 'family': 'ipv4', 'address': '0.0.0.0', 'port': 22, 'interface': None}, **record)
    units = socket_units.SocketUnits({key: ('ssh.socket', 'ssh.service')})
    assert units.find(given) == (('ssh.socket', 'ssh.service') if known else (None, None))


@pytest.mark.parametrize('place', [8, 12], ids=['fields', 'body'])
def test_an_answer_without_measure(manager, place):
    answer = bytearray(number(5))
    struct.pack_into('=I', answer, {8: 12, 12: 4}[place], 0xfffffff0)
    with contextlib.closing(_bus.Bus(manager(bytes(answer)).path)) as bus:
        with pytest.raises(ValueError, match='too long'):
            bus.main_processes(['ssh.service'])
