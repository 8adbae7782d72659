# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units of a user's own systemd; ``test_attach`` has those of the system."""

import pytest

from ansible_collections.listening.ports.plugins.module_utils._owners import units
from ansible_collections.listening.ports.tests.unit.plugins.module_utils import dbus
from ansible_collections.listening.ports.tests.unit.plugins.module_utils.builders import listener, new_gaps

MANAGER = 'user@1000.service/init.scope'
APP = 'user@1000.service/app.service'


def owner(pid, unit):
    return {'pid': pid, 'process': 'p', 'exe': None, 'exe_deleted': None, 'user': 'alice', 'uid': 1000,
            'started': '2026-01-01T00:00:00Z', 'unit': unit, 'main': None, 'container': None}


def record(*pairs, **options):
    made = listener(**options)['record']
    made['owners'] = [owner(pid, unit) for pid, unit in pairs]
    return made


class Bus:
    """A manager with one socket unit."""

    def __init__(self, name, address, accepts=False):
        self.name, self.address, self.accepts, self.closed = name, address, accepts, False

    @staticmethod
    def main_processes(names):
        return dict.fromkeys(names, 5)

    def call(self, calls):
        return [dbus.listed(self.name)]

    def get(self, names, interface, name):
        assert names == [self.name]
        return [{'Listen': dbus.listens(('Stream', self.address)), 'Triggers': dbus.triggers('app.service'),
                 'Accept': dbus.boolean(self.accepts)}[name]]

    def close(self):
        self.closed = True


class Host:
    """What the managers are to say.

    :ivar system: Bus of the system; ``users``, dict of uid to Bus; what is not in there refuses.
    """

    def __init__(self, system=None, **users):
        self.system, self.users, self.asked = system, users, []

    @staticmethod
    def has_systemd():
        return True

    def bus(self):
        return self.system

    def bus_of_user(self, uid):
        self.asked.append(uid)
        if 'u%d' % uid not in self.users:
            raise PermissionError(13, 'Permission denied')
        return self.users['u%d' % uid]

    def name(self, *records):
        gaps = new_gaps()
        units.name(list(records), gaps, None, self)
        assert gaps.found == []
        return [(made['activated_by'], made['service']) for made in records]


def test_a_socket_unit_of_a_user():
    bus = Bus('app.socket', '0.0.0.0:80')
    host = Host(u1000=bus)
    waiting, served = record((7, MANAGER)), record((7, MANAGER), (8, APP))
    assert host.name(waiting, served) == [('user@1000.service/app.socket', APP)] * 2
    assert host.asked == [1000] and bus.closed


def test_a_socket_unit_of_a_user_that_accepts():
    host = Host(u1000=Bus('agent.socket', '0.0.0.0:80', accepts=True))
    assert host.name(record((7, MANAGER))) == [('user@1000.service/agent.socket', 'user@1000.service/agent@.service')]


@pytest.mark.parametrize('host', [Host(), Host(u1000=Bus('app.socket', '0.0.0.0:81'))], ids=['refused', 'unknown'])
@pytest.mark.parametrize('owners, service', [
    ([(7, MANAGER)], MANAGER),
    ([(7, MANAGER), (8, APP)], APP),
    ([(8, APP)], APP),
    ([(7, MANAGER), (8, None)], None),
    ([(7, MANAGER), (9, 'user@1001.service/init.scope')], None),
    ([(7, 'user@1000.service/init.scope/init.scope')], None),
])
def test_a_socket_that_the_manager_of_a_user_does_not_explain(host, owners, service):
    assert host.name(record(*owners)) == [(None, service)]


def test_the_manager_of_a_user_is_asked_only_where_it_owns_a_listener():
    host = Host()
    assert host.name(record((8, APP))) == [(None, APP)] and host.asked == []


def test_not_more_users_are_asked_than_there_is_time_for():
    host = Host()
    host.name(*[record((7, 'user@%d.service/init.scope' % uid), port=uid) for uid in range(1000, 1100)])
    assert len(host.asked) == units._MOST_USERS


def test_a_user_decides_on_no_unit_of_the_system():
    """What his manager calls its units stands behind his name, and what the system has is asked of the system."""
    host = Host(Bus('ssh.socket', '0.0.0.0:22'), u1000=Bus('ssh.socket', '0.0.0.0:80'))
    assert host.name(record((1, 'init.scope'), port=22), record((7, MANAGER)), record((7, MANAGER), port=22)) == [
        ('ssh.socket', 'app.service'), ('user@1000.service/ssh.socket', APP), (None, MANAGER)]


def test_both_managers_own_one_listener():
    host = Host(Bus('web.socket', '0.0.0.0:80'), u1000=Bus('app.socket', '0.0.0.0:80'))
    assert host.name(record((1, 'init.scope'), (7, MANAGER))) == [('web.socket', 'app.service')]
