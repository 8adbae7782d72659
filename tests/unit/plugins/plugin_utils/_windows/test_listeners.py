# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A listener of a Windows host: who serves it, what to stop, who holds it, and in which groups its host is."""

import copy

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils import _identity, _listener
from ansible_collections.listening.ports.plugins.plugin_utils._baseline import names, pieces
from ansible_collections.listening.ports.plugins.plugin_utils._drift import snapshot
from ansible_collections.listening.ports.plugins.plugin_utils._identity import Holder
from ansible_collections.listening.ports.plugins.plugin_utils._inventory.membership import Grouping
from ansible_collections.listening.ports.plugins.plugin_utils._inventory.observed import Reader
from ansible_collections.listening.ports.plugins.plugin_utils._listener import NO_UNIT, Stop
from ansible_collections.listening.ports.plugins.plugin_utils._report import listening
from ansible_collections.listening.ports.plugins.plugin_utils._windows import listeners
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils import samples
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows.on_windows import (
    facts, listener, owner, system
)

WORKER = owner('w3wp.exe', 'C:\\Windows\\System32\\inetsrv\\w3wp.exe', 'IIS APPPOOL\\web', pid=4711)
IIS = listener(80, [system(), WORKER], '::', service='W3SVC', activated_by='http.sys')
FORWARD = dict(listener(8080, [], to='10.0.0.9:80', proxy='tcp/0.0.0.0:8080', ports='8080', container=None,
                        decided_by='portproxy v4tov4', exposure=samples.exposure('allowed', ['0.0.0.0/0'])))


def only(made):
    """The one endpoint of facts."""
    endpoint, = _listener.endpoints(made)
    return endpoint


def test_listeners_say_where_they_are_and_facts_stay_as_they_were():
    made = facts(listener())
    before = copy.deepcopy(made)
    assert listeners.is_here(only(made)) and made == before
    assert not listeners.is_here(only(facts(listener(), is_windows=False)))
    assert _listener.united(made)[0] is made['listeners'][0]


@pytest.mark.parametrize('owners, serving, shown, waits', [
    ([system(), WORKER], [WORKER], [WORKER], False),
    ([system()], [], [system()], True),
])
def test_the_kernel_serves_nothing_for_which_others_have_a_queue(owners, serving, shown, waits):
    for endpoint in (only(facts(dict(IIS, owners=owners, owners_total=len(owners)))), dict(IIS, owners=owners)):
        assert _listener.serving(endpoint) == serving and _listener.to_show(endpoint) == shown
        assert _listener.only_systemd(endpoint) is waits


@pytest.mark.parametrize('one, expected', [
    (IIS, Stop(('W3SVC',))), (dict(IIS, service=None), Stop((), NO_UNIT, 'http.sys')),
    (listener(service='Tomcat9'), Stop(('Tomcat9',))), (listener(445, [system()]), Stop((), NO_UNIT, None)),
])
def test_what_has_to_be_stopped(one, expected):
    assert _listener.stop(only(facts(one))) == expected


@pytest.mark.parametrize('one, expected', [
    (listener(service='WinRM'), True), (listener(service='SSHD'), True), (listener(owners=[owner('SSHD.exe')]), True),
    (listener(owners=[owner('wsmprovhost.exe')]), True), (listener(5985, [system()]), True),
    (listener(5985, [system()], service='Other'), False), (listener(80, [system()]), False), (listener(), False),
    (listener(owners=[owner(None)]), False),
])
def test_what_ansible_may_have_come_through(one, expected):
    assert _listener.is_way_in(only(facts(one))) is expected
    assert _listener.excerpt(only(facts(one)))['way_in'] is expected


def test_only_a_windows_host_is_asked_for_services_of_windows():
    elsewhere = only(facts(listener(5985, [system()]), is_windows=False))
    assert not _listener.is_way_in(elsewhere) and 'platform' not in _listener.excerpt(elsewhere)


@pytest.mark.parametrize('user, count', [('NT AUTHORITY\\SYSTEM', 1), ('CORP\\mallory', 2), (None, 2)])
def test_a_port_proxy_is_one_with_what_it_leads_to_where_the_system_has_it(user, count):
    proxy = listener(8080, [owner('svchost.exe', user=user, unit='iphlpsvc')], service='iphlpsvc')
    made = facts(proxy)
    made['forwarded'] = [FORWARD]
    assert len(_listener.endpoints(made)) == count
    assert all(map(listeners.is_here, _listener.endpoints(made)))


@pytest.mark.parametrize('name, shown', [
    ('Tomcat9', 'Tomcat9'), ('MSSQL$X', "'MSSQL$X'"), ('a b', "'a b'"), ("a'b", "'a''b'"), ('-a', "'-a'"), ('a*', None),
    ('', None), ('a\n', None), ('a' * 400, None), ('$(calc)', "'$(calc)'"),
])
def test_names_of_services_in_commands(name, shown):
    assert listeners.operand(name) == shown


@pytest.mark.parametrize('interface, expected', [
    ('Loopback Pseudo-Interface 1', True), ('loopback pseudo-interface 12', True),
    ('Loopback Pseudo-Interface ', False), ('Loopback Pseudo-Interface x', False), ('Ethernet 2', False)])
def test_the_interface_of_loopback(interface, expected):
    assert listeners.is_loopback(interface) is expected


# Who holds it

@pytest.mark.parametrize('one, holder', [
    (IIS, Holder('service', ('W3SVC',))),
    (dict(IIS, service=None), Holder('process', ('w3wp.exe',), ('IIS APPPOOL\\web',))),
    (listener(owners=[owner('app.exe', 'C:\\app\\app.exe', 'CORP\\svc')]),
     Holder('executable', ('C:\\app\\app.exe',), ('CORP\\svc',))),
    (listener(owners=[owner('Python.exe', 'C:\\Python311\\Python.exe', 'CORP\\svc')]),
     Holder('process', ('Python.exe',), ('CORP\\svc',))),
    (listener(owners=[owner('javaw.exe', 'C:\\jdk\\bin\\javaw.exe', 'CORP\\svc')]),
     Holder('process', ('javaw.exe',), ('CORP\\svc',))),
    (listener(owners=[owner('svchost.exe', 'C:\\Windows\\System32\\svchost.exe')]),
     Holder('process', ('svchost.exe',), ('NT AUTHORITY\\SYSTEM',))),
    (listener(445, [system()]), Holder('process', ('System',), ('NT AUTHORITY\\SYSTEM',))),
])
def test_who_holds_it(one, holder):
    assert _identity.holder(only(facts(one))) == holder


def test_passing_ports_where_the_range_is_not_known():
    made = facts(listener(40000), listener(50000), ephemeral_ports=None)
    assert [_identity.span(endpoint, made['system']) for endpoint in _listener.endpoints(made)] == [
        None, (49152, 65535)]


@pytest.mark.parametrize('holder, stem', [
    (Holder('executable', ('C:\\Program Files\\Nginx\\Nginx.exe',)), 'Nginx'), (Holder('process', ('app.EXE',)), 'app'),
    (Holder('executable', ('C:\\a\nb.exe',)), 'a_b'), (Holder('service', ('Zabbix.Agent',)), 'Zabbix.Agent'),
    (Holder('executable', ('/opt/app/web',)), 'web'), (Holder('service', ('nginx.service',)), 'nginx'),
])
def test_names_of_entries(holder, stem):
    assert names._stem(holder) == stem


@pytest.mark.parametrize('one', [
    IIS, listener(service='Tomcat9'), listener(owners=[owner('a.exe', 'C:\\a [1]\\a.exe', 'CORP\\svc')]),
    listener(445, [system()])])
def test_an_entry_that_is_made_of_a_listener_fits_it(one):
    endpoint = only(facts(one))
    assert pieces.fits(_identity.holder(endpoint), endpoint, {'owners': True, 'units': True}) is True


def test_a_snapshot_has_who_is_handed_requests():
    line, = snapshot.of_facts('win', facts(IIS)).lines
    assert line.holder == Holder('service', ('W3SVC',)) and line.users == ('IIS APPPOOL\\web',)


def test_a_program_that_is_started_by_another_spelling_of_its_path_is_the_same():
    def lines_of(path, **options):
        return snapshot.of_facts('x', facts(listener(owners=[owner('app', path, 'CORP\\svc')]), **options)).lines

    lines = lines_of('C:\\App\\app.exe')
    assert lines == lines_of('C:\\APP\\App.EXE') and lines[0].holder == Holder('executable', ('c:\\app\\app.exe',))
    assert lines_of('/opt/app', is_windows=False) != lines_of('/opt/APP', is_windows=False)


def test_groups_are_the_same_as_for_other_hosts():
    made = facts(listener(service='Nginx', owners=[owner('Nginx.EXE', unit='Nginx')]), listener(81, [system()]))
    grouping = Grouping(['service', 'process'])
    assert grouping.of(made) == {'service_nginx', 'process_nginx', 'process_system'}
    assert grouping.of(facts(listener(owners=[owner('nginx.exe')]), is_windows=False)) == {'process_nginx_exe'}
    assert Grouping(['process']).of(dict(made, collector='x')) == {'process_nginx', 'process_system'}
    for reader in (Reader(), Reader(is_whole=True)):
        observed = reader.of_facts('win', {'listening_ports': copy.deepcopy(made)})
        assert grouping.of(observed.facts) == {'service_nginx', 'process_nginx', 'process_system'}


def test_reports_tell_the_kernel_from_a_process_that_is_called_so():
    told = {listening.told(dict(IIS, owners=[dict(system(), pid=pid), WORKER]), True) for pid in (4, 8, 12)}
    assert len(told) == 2
