# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What would be stopped on a Windows host, and why the rest is left, in words and with what to do."""

import copy

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._enforce import stops
from ansible_collections.listening.ports.plugins.plugin_utils._windows import stop
from ansible_collections.listening.ports.plugins.plugin_utils._windows.raw import Ancestor, Error, Portproxy
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils import samples
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows.stopping import (
    ADMIN,
    AGENT,
    ALL,
    HTTP,
    NETBIOS,
    ODD,
    ONE_OF_TWO,
    PROGRAMS,
    PROXIES,
    PROXY,
    RDP,
    RPC,
    SMB,
    SMB6,
    SOME_OF_TWO,
    SSH,
    SSHD,
    STARTED,
    STRAY,
    TOMCAT,
    WSMAN,
    facts,
    listener,
    raw,
    service,
)

BY_HAND = "Set-Service -Name 'Tomcat9' -StartupType Disabled; Stop-Service -Name 'Tomcat9'"


def decided(sent, *listeners, seen=ALL, **options):
    rows, targets = stop.decide(sent, facts(*seen), [each['id'] for each in listeners], **options)
    formed = stops.formed({'status': 'planned', 'changed': False, 'listeners': copy.deepcopy(rows)},
                          [each['id'] for each in listeners])
    shown = list(map(stops.harmless, rows))
    assert [{**row, 'command': None} for row in shown] == [{**row, 'command': None} for row in formed['listeners']]
    return shown, targets


def left(sent, one, **options):
    """Why a listener is left, in words, and what to do."""
    [row], targets = decided(sent, one, **options)
    assert row['status'] == 'left' and row['units'] == [] and not targets
    return row['reason'], stops.reason(row), row['command']


def test_a_service_that_is_alone_in_its_process():
    [first, second], targets = decided(raw(), TOMCAT, ADMIN)
    assert (first['status'], first['reason'], first['units']) == ('closed', None, ['Tomcat9'])
    assert first['processes'] == [{'pid': 60, 'process': 'Tomcat9.exe', 'exe': 'C:\\Tomcat\\bin\\Tomcat9.exe'}]
    assert second['units'] == ['Tomcat9'] and first['command'] == BY_HAND and first['again'] == []
    assert targets == [stop.Target('Tomcat9', 60, STARTED + 60, ('tcp4/00000000/8080', 'tcp4/7f000001/8005'))]
    assert stops.told(first, planned=True) == (
        'tcp 0.0.0.0:8080 would be closed: Tomcat9 would be stopped and disabled. To do: %s' % BY_HAND)


@pytest.mark.parametrize('kind', [0x10, 0x110, 0x50, 0xD0])
def test_types_of_services_that_are_stopped(kind):
    [row], targets = decided(raw({'Agent': kind}), AGENT)
    assert row['status'] == 'closed' and targets
    assert bool(row['again']) is bool(kind & 0x40)       # of a user: it is there again with him
    if row['again']:
        assert 'Agent is there again after the next login of its user' in stops.told(row)


@pytest.mark.parametrize('kind', [0x20, 0x120, 0x60, 0xE0, 0x1, 0x2, 0x30, 0])
def test_types_of_services_that_are_not(kind):
    """One of a shared process that runs alone in it is one of these: it would be of all that has that process."""
    reason, words, command = left(raw({'Agent': kind}), AGENT)
    assert (reason, words) == (
        'shared_process', 'Agent shares its process, agent.exe (61), with no other one that runs')
    assert command == "Set-Service -Name 'Agent' -StartupType Disabled; Stop-Service -Name 'Agent'"


LEFT = [
    (HTTP, 'http_sys', 'http.sys listens there, in the kernel, for the URLs of W3SVC: it ends with the last of them',
     "Set-Service -Name 'W3SVC' -StartupType Disabled; Stop-Service -Name 'W3SVC'"),
    (WSMAN, 'http_sys', 'http.sys listens there, in the kernel, for the URLs of WinRM: it ends with the last of them',
     'netsh http show servicestate view=requestq'),
    (listener(8530, 4, activated_by='http.sys'), 'http_sys', 'http.sys listens there, in the kernel, for the URLs of a '
     'service that is not known: it ends with the last of them', 'netsh http show servicestate view=requestq'),
    *((each, 'smb', 'the kernel listens there, for SMB, by which files are shared and hosts managed: the server can be '
       'switched off, and the port may stay open until the next boot',
       'Set-SmbServerConfiguration -EnableSMB1Protocol $false -EnableSMB2Protocol $false -Force')
      for each in (SMB, SMB6)),
    (NETBIOS, 'netbios',
     'the kernel listens there, for NetBIOS of the adapter Ethernet, where it can be switched off',
     "Set-ItemProperty -LiteralPath 'HKLM:\\SYSTEM\\CurrentControlSet\\Services\\NetBT\\Parameters\\Interfaces\\Tcpip_"
     "{11111111-2222-3333-4444-555555555555}' -Name NetbiosOptions -Value 2"),
    (listener(137, 4, '10.9.9.9', 'udp'), 'netbios',
     'the kernel listens there, for NetBIOS of the adapter that has the address, where it can be switched off', None),
    (ODD, 'kernel', 'the kernel listens there, for nobody knows whom', None),
    (RPC, 'protected', 'RpcEptMapper is a part of the system that all of it depends on', None),
    (SSHD, 'protected', 'sshd has a part in logins', None),
    (RDP, 'protected', 'TermService has a part in logins', None),
    (STRAY, 'plain_process', 'nc.exe (70) is in no service, and processes are not ended on Windows',
     'Stop-Process -Id 70'),
    (ONE_OF_TWO, 'shared_process', 'Alpha shares its process, svchost.exe (80), with Beta',
     "Set-Service -Name 'Alpha' -StartupType Disabled; Stop-Service -Name 'Alpha'"),
    (SOME_OF_TWO, 'shared_process', 'its service shares its process, svchost.exe (80), with Alpha and Beta', None),
    (PROXY, 'protected', 'iphlpsvc manages the network of the host', None),
    (TOMCAT, 'serves_others', 'Tomcat9 also serves what stays: tcp/127.0.0.1:8005', None),
]


@pytest.mark.parametrize('one, reason, words, command', LEFT, ids=['%s %s' % (row[0]['id'], row[1]) for row in LEFT])
def test_what_is_left(one, reason, words, command):
    seen = ALL if one in ALL else (*ALL, one)
    assert left(raw(), one, seen=seen) == (reason, words, command)


def test_a_port_proxy():
    reason, words, command = left(raw(portproxy=PROXIES), PROXY)
    assert (reason, words) == (
        'portproxy', 'Windows forwards it to another endpoint: portproxy "v4tov4 10.0.0.9/443"')
    assert command == 'netsh interface portproxy delete v4tov4 listenport=8443 listenaddress=*'
    for kind, listen in (('v4tov4', '*/1'), ('v4tov4', '10.0.0.1/8443'), ('v4tov4', 'x/8443')):
        assert left(raw(portproxy=[Portproxy(kind, listen, 'x')]), PROXY)[0] == 'protected'
    assert left(raw(portproxy=[Portproxy('v4tov4; calc', '*/8443', 'x')]), PROXY)[::2] == ('portproxy', None)


def test_what_depends_on_it():
    sent = raw()
    sent['dependents']['Tomcat9'] = ['Zeta', 'Alpha']
    reason, words, command = left(sent, TOMCAT, seen=(TOMCAT,))
    assert (reason, words) == ('dependents', 'Alpha and Zeta cannot do without Tomcat9')
    assert command == BY_HAND + ' -Force'
    for unknown in (None, {}, {'Tomcat9': None}):
        sent = raw(dependents=unknown, errors=[Error('dependents', 5, 'x')])
        reason, words, command = left(sent, TOMCAT, seen=(TOMCAT,))
        assert (reason, command) == ('hidden', None)
        assert words.endswith('(what depends on Tomcat9 could not be read: error 5 (access was denied))')


@pytest.mark.parametrize('other, why', [
    ({'services': None}, 'the services could not be read: the host does not say why'),
    ({'processes': None}, 'when process 60 was started is not known'),
    ({'processes': []}, 'when process 60 was started is not known'),
])
def test_what_is_not_known_is_left(other, why):
    reason, words, command = left(raw(**other), TOMCAT, seen=(TOMCAT,))
    assert (reason, command) == ('hidden', None) and why in words


def test_owners_that_are_not_known():
    hidden = listener(8080, 60, owners=[], held_by='unknown')
    for one in (hidden, AGENT):         # a socket that nobody is known to have may be anybody's
        reason, words, dummy = left(raw(), one, seen=(hidden, AGENT))
        assert reason == 'hidden' and words.endswith('(1 listener without a known owner)')
    unlisted = listener(8080, 60, owners_total=2)
    assert left(raw(), unlisted, seen=(unlisted,))[0] == 'hidden'
    owners = [samples.owner(pid, exe=PROGRAMS[pid][1]) for pid in (60, 61)]
    several = listener(8080, 60, owners=owners)
    assert left(raw(), several, seen=(several,))[:2] == ('several', 'it belongs to several processes: 60 and 61')


def test_what_does_not_listen_any_more():
    [row], targets = decided(raw(), TOMCAT, seen=(AGENT,))
    assert (row['status'], row['reason'], targets) == ('left', 'gone', [])


def test_what_was_not_seen_is_not_gone():
    """Nor is a service stopped that may serve more than was seen."""
    gap = samples.gap('sockets', 'unreadable', message='TCP over IPv6 could not be read: error 5')
    for one in (TOMCAT, AGENT):
        [row], targets = stop.decide(raw(), facts(AGENT, gaps=[gap]), [one['id']])
        assert (row['status'], row['reason'], row['units'], targets) == ('left', 'hidden', [], [])
        assert stops.reason(row).endswith('(TCP over IPv6 could not be read: error 5)')
        assert not stops.is_closed(row)


def test_a_service_that_is_about_to_end():
    sent = raw()
    sent['services'] = [service('Tomcat9', 60, state=3), service('mpssvc', 60, state=1)._replace(pid=0)]
    assert left(sent, TOMCAT, seen=(TOMCAT,))[:2] == (
        'changes', 'Tomcat9 is being started or stopped, or was so meanwhile')


@pytest.mark.parametrize('pattern, name', [
    ('tomcat*', 'Tomcat9'), ('TOMCAT9', 'Tomcat9'), ('tomcat9.exe', 'Tomcat9.exe'),
    ('c:\\tomcat\\*', '"C:\\Tomcat\\bin\\Tomcat9.exe"')])
def test_patterns_protect_in_any_case(pattern, name):
    reason, words, command = left(raw(), TOMCAT, seen=(TOMCAT,), patterns=[pattern])
    assert (reason, command) == ('protected', None)
    assert words.replace('"', '') == '%s is protected by the option protected' % name.replace('"', '')
    [row], dummy = decided(raw(), TOMCAT, seen=(TOMCAT,), patterns=['tom', 'x*'])
    assert row['status'] == 'closed'


def way(ancestors, remote=True):
    return stop.way_in(raw(ancestors=ancestors), remote).services


def test_the_way_in():
    power = frozenset(('dcomlaunch', 'plugplay', 'power'))
    assert way(raw()['ancestors']) == power | {'winrm'}
    assert way([Ancestor(30, 'WinRSHost.exe', 1)]) == {'winrm'}
    assert way(SSH) == {'sshd'}
    assert way([Ancestor(99, 'sshd.exe', 1)]) == frozenset()
    # an SSH server of somebody else is known by its service
    assert way([Ancestor(1, 'x.exe', 1), Ancestor(61, 'agent.exe', 1)]) == {'agent'}
    for unknown in (None, [], [Ancestor(1, 'pwsh.exe', 1)], [Ancestor(1, None, None)], [Ancestor(0, 'pwsh.exe', 1)]):
        assert way(unknown) is None
        assert way(unknown, remote=False) == frozenset()


def test_the_connection_in_use_is_never_cut():
    agent = [Ancestor(1, 'x.exe', 1), Ancestor(61, 'agent.exe', 1)]
    assert left(raw(ancestors=agent), AGENT)[:2] == ('in_use', 'the connection in use depends on Agent')
    assert left(raw(ancestors=None), AGENT)[:2] == (
        'in_use', 'the connection in use may depend on it: by what it came was not found')
    assert left(raw(ancestors=agent), AGENT, remote=False)[0] == 'in_use'
    [row], dummy = decided(raw(ancestors=None), AGENT, remote=False)
    assert row['status'] == 'closed'


@pytest.mark.parametrize('name, quoted', [
    ("x'; calc; '", "'x''; calc; '''"), ('x\u2019; calc; \u2018', "'x\u2019\u2019; calc; \u2018\u2018'"),
    ('"', "'\"'"), ('$(calc)', "'$(calc)'"), ('-Force', "'-Force'"), ('*', None), ('a[bc]', None), ('a`b', None),
    ('a?', None), ('a\nb', None), ('a\x1b[2Jb', None), ('a\u202eb', None), ('##vso[x', None)])
def test_names_of_a_hostile_host(name, quoted):
    """What PowerShell would take for more than a name, or nobody sees as it is, is in no command."""
    sent = raw(dependents={name: []})
    sent['services'] = [service('Agent', 61)._replace(name=name)]
    [row], targets = decided(sent, AGENT)
    assert row['command'] == (quoted and 'Set-Service -Name %s -StartupType Disabled; Stop-Service -Name %s' % (
        quoted, quoted))
    assert targets[0].service == name
    assert not set('\x1b\n\u202e') & set(stops.told(row))
