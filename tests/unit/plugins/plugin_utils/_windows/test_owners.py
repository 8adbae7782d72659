# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Owners of the sockets of a Windows host."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._windows import check
from ansible_collections.listening.ports.plugins.plugin_utils._windows.owners import Held, Owners, iso, words
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows import raw_hosts as hosts
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows.netsh_texts import LANGUAGES

BOTH = ('W3SVC', 'WAS')


def held(host, protocol='tcp', **changed):
    """Who holds the socket on port 80."""
    raw = check.check(dict(host.build(), **changed))
    (socket,) = [row for row in raw[protocol + '4'] if row.port == 80]
    return Owners(raw).held(socket, protocol)


def server(pid=8, module=None, services=(), protocol='tcp', bound=None, **process):
    """A host with a process that listens on port 80."""
    host = hosts.Builder()
    host.process(pid, 'web.exe', 'C:\\web.exe', hosts.NETWORK_SERVICE, **process)
    for name in services:
        host.service(name, pid)
    host.socket(protocol, 80, pid, module, bound=bound)
    return host


def http(*queues, protocol='tcp'):
    """A host on which the kernel listens on port 80 for others."""
    host = hosts.Builder()
    host.process(2840, 'svchost.exe', hosts.SVCHOST, hosts.SYSTEM)
    for name in BOTH:
        host.service(name, 2840)
    host.process(5520, 'w3wp.exe', 'C:\\w3wp.exe', hosts.POOL)
    host.process(1468, 'svchost.exe', hosts.SVCHOST, hosts.NETWORK_SERVICE)
    for name in ('Dnscache', 'WinRM'):
        host.service(name, 1468)
    host.socket(protocol, 80, 4)
    for queue in queues:
        host.queue(*queue)
    return host


# Which service

@pytest.mark.parametrize('module, services, service, shared', [
    (None, (), None, False),
    ('x', (), None, False),
    (None, ('W3SVC',), 'W3SVC', False),
    ('x', ('W3SVC',), 'W3SVC', False),
    ('was', BOTH, 'WAS', False),
    ('WAS', BOTH, 'WAS', False),
    (None, BOTH, None, True),
    ('web.exe', BOTH, None, True),
    ('Spooler', BOTH, None, True),              # a service of another process
])
def test_the_service_of_a_socket(module, services, service, shared):
    host = server(module=module, services=services)
    host.service('Spooler', 12)
    host.service('Stopped', 0)
    assert held(host) == Held(((8, service),), (), shared)


def test_services_that_were_not_read():
    assert held(server(services=BOTH, module='WAS'), services=None) == Held(((8, None),), (), False)


# Whether it is the owner

@pytest.mark.parametrize('changed, owners, doubt', [
    ({'processes': None}, ((8, None),), 'unreadable'),
    ({'processes': []}, (), 'vanished'),
    ({}, ((8, 'W3SVC'),), None),
])
def test_processes_that_were_not_read(changed, owners, doubt):
    """A service is that of whoever has the pid now."""
    assert held(server(services=('W3SVC',)), **changed) == Held(owners, (doubt,) if doubt else (), False)


@pytest.mark.parametrize('process, doubt', [
    ({'started': hosts.NOW}, 'stale'),
    ({'started': hosts.NOW, 'bound': 0}, None),
    ({'started': 0, 'code': 5}, 'owners_hidden'),
    ({'started': 0, 'code': 5, 'bound': 0}, None),
    ({'started': 0, 'code': 87}, 'vanished'),
    ({'started': 0, 'code': 87, 'bound': 0}, 'vanished'),
    ({'started': hosts.BOOT, 'code': 87}, None),        # something else of it could not be read
    ({'pid': 0}, 'vanished'),
])
def test_processes_that_may_not_be_the_owner(process, doubt):
    assert held(server(**process)).doubts == ((doubt,) if doubt else ())


def test_a_process_that_is_younger_has_no_service_of_the_socket():
    assert held(server(services=('W3SVC',), started=hosts.NOW)).owners == ((8, None),)


# The kernel, and http.sys

def test_a_socket_of_the_kernel():
    host = http(([1468], ['HTTP://+:81/']))
    assert held(host) == Held(((4, None),), (), False)
    assert held(host, processes=None, services=None) == Held(((4, None),), (), False)


@pytest.mark.parametrize('queue, owner', [
    (([1468], ['HTTP://+:80/WSMAN/']), (1468, 'WinRM')),
    (([5520], ['HTTP://*:80/'], 'Pool', 2840), (5520, 'W3SVC')),
    (([5520], ['HTTP://*:80/']), (5520, None)),
    (([2840], ['HTTP://*:80/']), (2840, 'W3SVC')),
])
def test_a_program_behind_http_sys(queue, owner):
    assert held(http(queue)) == Held(((4, None), owner), (), False, 'http.sys')


def test_the_old_text_of_netsh_does_not_say_which_service():
    host = http(([1468], ['HTTP://+:80/WSMAN/']))
    host.raw['os']['version'] = '10.0.14393'
    assert held(host) == Held(((4, None), (1468, None)), (), True, 'http.sys')


def test_all_programs_behind_one_port():
    host = http(([1468], ['HTTP://+:80/a/']), ([5520], ['HTTP://+:80/b/'], 'Pool', 2840))
    assert held(host).owners == ((4, None), (1468, 'WinRM'), (5520, 'W3SVC'))


def test_http_3():
    queue = ([5520], ['HTTPS://*:80/'], 'Pool', 2840)
    assert held(http(queue, protocol='udp'), 'udp').owners == ((4, None), (5520, 'W3SVC'))
    queue = ([5520], ['HTTP://*:80/'], 'Pool', 2840)
    assert held(http(queue, protocol='udp'), 'udp').owners == ((4, None),)


def test_a_program_that_will_be_started():
    raw = check.check(http(([], ['HTTP://*:80/'], 'Pool', 2840)).build())
    owners = Owners(raw)
    assert owners.held(raw['tcp4'][0], 'tcp') == Held(((4, None),), (), False, 'http.sys')
    assert owners.http_service(raw['tcp4'][0], 'tcp') == {'W3SVC'}
    raw = check.check(http(([5520], ['HTTP://*:80/'], 'Pool', 2840)).build())
    assert Owners(raw).http_service(raw['tcp4'][0], 'tcp') == set()


@pytest.mark.parametrize('changed', [
    {'http': None}, {'http': ''}, {'http': LANGUAGES['tr'].refused}, {'errors': [['http', 1460, 'netsh']]}])
def test_queues_that_were_not_read(changed):
    """The kernel may have the socket for anybody: also where some queues are known."""
    found = held(http(([1468], ['HTTP://+:81/'])), **changed)
    assert found == Held(((4, None),), ('http_sys',), False)
    found = held(http(([1468], ['HTTP://+:80/'])), **changed)
    assert (4, None) in found.owners
    assert found.doubts == ('http_sys',)


@pytest.mark.parametrize('changed, doubt', [({'processes': None}, 'unreadable'), ({'processes': []}, 'vanished')])
def test_programs_behind_http_sys_that_are_not_known(changed, doubt):
    assert held(http(([5520], ['HTTP://*:80/'], 'Pool', 2840)), **changed) == Held(
        ((4, None),), (doubt,), False, 'http.sys')


def test_a_url_of_no_queue():
    """Who takes its requests is not known."""
    host = http(([1468], ['HTTP://+:81/']))
    text = host.build()['http'].replace('\r\n\r\n', '\r\n    HTTP://+:80/\r\n', 1)
    assert held(host, http=text) == Held(((4, None),), ('http_sys',), False, 'http.sys')


def test_a_program_cannot_name_its_queue_after_another_service():
    """Neither words of the name nor a service that is not of its process count."""
    host = http(([5520], ['HTTP://+:80/'], 'WinRM'))
    assert held(host).owners == ((4, None), (5520, None))


# What an owner looks like

def test_an_owner():
    raw = check.check(server(services=('W3SVC',)).build())
    owners = Owners(raw)
    assert owners.owner(8, 'W3SVC') == {
        'pid': 8, 'process': 'web.exe', 'exe': 'C:\\web.exe', 'exe_deleted': None,
        'user': 'NT AUTHORITY\\NETWORK SERVICE', 'uid': None, 'started': '2025-11-20T06:00:00Z', 'unit': 'W3SVC',
        'main': True, 'container': None}
    assert owners.owner(8, None)['main'] is None
    assert owners.owner(8, 'Other')['main'] is False
    assert owners.owner(8, None) is not owners.owner(8, None)


def test_the_kernel_has_no_file():
    owner = Owners(check.check(dict(hosts.Builder().build(), processes=None))).owner(4, None)
    assert (owner['process'], owner['exe'], owner['user']) == ('System', None, 'NT AUTHORITY\\SYSTEM')


@pytest.mark.parametrize('row, process, exe', [
    (['web.exe', 'C:\\a\\b.exe'], 'web.exe', 'C:\\a\\b.exe'), ([None, 'C:\\a\\b.exe'], 'b.exe', 'C:\\a\\b.exe'),
    (['', 'C:\\a\\b.exe'], 'b.exe', 'C:\\a\\b.exe'), ([None, None], None, None), ([None, ''], None, None),
    (['x', 'C:\\' + 'x' * 25000], 'x', None)])
def test_names(row, process, exe):
    raw = check.check(dict(hosts.Builder().build(), processes=[
        [8, None, *row, None, None, None, 0, None, None]]))
    owner = Owners(raw).owner(8, None)
    assert (owner['process'], owner['exe'], owner['started'], owner['user']) == (process, exe, None, None)


def test_details_on_request():
    for gather, keys in (('resources', {'resources'}), ('command', {'command'}), ('owners', set())):
        raw = hosts.Builder(gather=(gather,)).build()
        raw['processes'] = [
            [8, None, 'x', None, None, None, None, 0, '"C:\\x y.exe" /a "b c"', [4096, 7, 99, 12345678]],
            [12, None, 'x', None, None, None, None, 5, None, None]]
        owners = Owners(check.check(raw))
        known, unknown = owners.owner(8, None), owners.owner(12, None)
        assert set(known) & {'resources', 'command'} == keys
        if gather == 'resources':
            assert known['resources'] == {'cpu_seconds': 1.23, 'rss_bytes': 4096, 'threads': 7, 'open_files': 99}
            assert set(unknown['resources'].values()) == {None}
        if gather == 'command':
            assert known['command'] == ['C:\\x y.exe', '/a', 'b c']
            assert unknown['command'] is None


@pytest.mark.parametrize('command, wanted', [
    ('', []), ('   ', []), ('x.exe', ['x.exe']), ('x.exe  ', ['x.exe']), ('x.exe a\tb', ['x.exe', 'a', 'b']),
    ('"C:\\Program Files\\x.exe" -k netsvcs', ['C:\\Program Files\\x.exe', '-k', 'netsvcs']),
    ('"C:\\unfinished x', ['C:\\unfinished x']), ('x ""', ['x', '']), ('x a"b c"d', ['x', 'ab cd']),
    ('x a\\b\\\\c', ['x', 'a\\b\\\\c']), ('x "a\\\\" b', ['x', 'a\\', 'b']), ('x a\\"b', ['x', 'a"b']),
    ('x a\\\\\\"b', ['x', 'a\\"b']), ('x a\\', ['x', 'a\\']), ('x \\\\server\\a', ['x', '\\\\server\\a']),
    ('x "a b', ['x', 'a b']), ('C:\\x.exe\\', ['C:\\x.exe\\'])])
def test_words_of_a_command_line(command, wanted):
    assert words(command) == wanted


def test_times():
    assert iso(0) == '1601-01-01T00:00:00Z'
    assert iso(116444736000000000) == '1970-01-01T00:00:00Z'
    assert iso(hosts.BOOT) == '2025-11-20T06:00:00Z'
    assert iso(check.LAST_TIME) == '9999-12-31T23:59:59Z'
