# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who listens, as rules of the Windows firewall ask."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._windows import check
from ansible_collections.listening.ports.plugins.plugin_utils._windows.holders import holders
from ansible_collections.listening.ports.plugins.plugin_utils._windows.model import Holder
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows import raw_hosts as hosts

SVCHOST = 'c:\\windows\\system32\\svchost.exe'


def held(host, key='tcp/0.0.0.0:80', **changed):
    """The holders of one listener."""
    return holders(check.check(dict(host.build(), **changed)))[key]


def server(pid=8, started=None, bound=None, port=80, **process):
    """A host with one listener."""
    host = hosts.Builder()
    host.process(pid, 'Web.exe', process.pop('path', 'C:\\Web\\Web.EXE'), process.pop('user', hosts.NETWORK_SERVICE),
                 started, **process)
    host.socket('tcp', port, pid, bound=bound)
    return host


def test_a_plain_program():
    assert held(server()) == (Holder('tcp', 80, 'c:\\web\\web.exe', (), '', 'S-1-5-20'),)


def test_services():
    host = server()
    host.service('W3SVC', 8)
    host.service('ALG', 8, sid_type=0)
    host.service('Odd', 8, sid_type=None)
    host.service('Stopped', 0)
    (holder,) = held(host)
    assert holder.services == (('alg', False), ('odd', None), ('w3svc', True))


def test_the_kernel():
    """With or without http.sys, and whatever else could be read."""
    wanted = (Holder('tcp', 5985, 'system', (), '', 'S-1-5-18'),)
    host = hosts.Builder().base()
    assert held(host, 'tcp/0.0.0.0:5985') == wanted
    assert held(host, 'tcp/0.0.0.0:5985', processes=None, services=None, http=None) == wanted


def test_an_app_container():
    (holder,) = held(server(package=hosts.PACKAGE))
    assert holder.package == hosts.PACKAGE


def test_what_of_a_process_is_not_known():
    (holder,) = held(server(path=None, user=None, package=None), services=None)
    assert holder == Holder('tcp', 80, None, None, None, None)


@pytest.mark.parametrize('host, changed', [
    (server(), {'processes': None}),
    (server(), {'processes': []}),
    (server(started=hosts.NOW), {}),                        # it is younger than its socket
    (server(started=0), {}),                                # nor is it known that it is not
    (server(started=0, code=87), {}),
])
def test_of_another_process_nothing_is_known(host, changed):
    """Not even services: they are those of whoever has the pid now."""
    host.service('W3SVC', 8)
    assert held(host, **changed) == (Holder('tcp', 80, None, None, None, None),)


def test_a_socket_without_a_time_has_the_process_with_its_pid():
    """Wine does not say when a socket was bound."""
    (holder,) = held(server(started=hosts.NOW, bound=0))
    assert holder.program == 'c:\\web\\web.exe'


def test_several_programs_on_one_address():
    host = server()
    host.process(12, 'Other.exe', 'C:\\Other.exe', hosts.SYSTEM)
    host.socket('tcp', 80, 12)
    host.socket('tcp', 80, 12)
    assert [holder.program for holder in held(host)] == ['c:\\web\\web.exe', 'c:\\other.exe']


def test_every_listener_has_holders():
    for make in hosts.KINDS.values():
        raw = check.check(make())
        found = holders(raw)
        assert found
        assert all(found.values())


def test_as_many_as_rules_can_tell_apart():
    """Sockets of one program on one port are one holder, whatever their addresses."""
    found = holders(check.check(hosts.terminal_server()))
    assert found['tcp/0.0.0.0:135'] == found['tcp/[::]:135']
    assert len(found['udp/0.0.0.0:5353']) == 71
