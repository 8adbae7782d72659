# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Windows hosts by declarations: names in any case, http.sys, interfaces with spaces, and advice of Windows."""

import itertools
import re

import pytest
from hypothesis import given, strategies as st

from ansible_collections.listening.ports.plugins.plugin_utils import _schema
from ansible_collections.listening.ports.plugins.plugin_utils._policy.conditions.patterns import Globs
from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import (
    advice, alike, judge, parts_schema
)
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils import samples
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows.on_windows import (
    NOW, facts, found, gap, judged, kinds, listener, owner, system
)

HTTP_SYS = 'http.sys'
W3WP = 'C:\\Windows\\System32\\inetsrv\\w3wp.exe'
SVCHOST = 'C:\\Windows\\System32\\svchost.exe'
TOMCAT = owner('Tomcat9.exe', 'C:\\Program Files\\Apache\\Tomcat9.exe', 'NT AUTHORITY\\LOCAL SERVICE', unit='Tomcat9')


# Names

@pytest.mark.parametrize('options, one, kind', [
    ({'process': 'nginx'}, owner(), None),
    ({'process': 'NGINX.EXE'}, owner(), None),
    ({'process': 'nginx'}, owner('Nginx.EXE'), None),
    ({'process': 'ngin*'}, owner(), None),
    ({'process': 'Apache'}, owner(), 'wrong_owner'),
    ({'process': 'nginx'}, owner('nginx.exe.exe'), 'wrong_owner'),
    ({'process': 'nginx.exe'}, owner('nginx'), 'wrong_owner'),
    ({'process': 'System'}, system(), None),
    ({'process': 'nginx'}, system(), 'wrong_owner'),            # its name is known, and its file is none
    # the base name of a path, where no name is known
    ({'process': 'app.exe'}, owner(None, 'C:\\app\\app.exe'), None),
    ({'process': 'app'}, owner(None, 'C:\\app\\App.exe'), None),
    ({'process': 'ap'}, owner(None, 'C:\\app\\app.exe'), 'wrong_owner'),
    ({'process': 'C:\\app\\app.exe'}, owner(None, 'C:\\app\\app.exe'), 'wrong_owner'),
    ({'process': 'x'}, dict(owner(None), exe=None), 'unknown'),
    ({'exe': 'c:\\program files\\apache\\tomcat9.exe'}, TOMCAT, None),
    ({'exe': 'C:/Program Files/Apache/*.exe'}, TOMCAT, None),
    ({'exe': 'C:\\Program Files\\*'}, owner(exe='C:\\Temp\\Tomcat9.exe'), 'wrong_owner'),
    ({'exe': '*'}, dict(owner(), exe=None), 'unknown'),
    ({'user': 'nt authority\\local service'}, TOMCAT, None),
    ({'user': 'LOCAL SERVICE'}, TOMCAT, 'wrong_owner'),
    ({'user': 'CORP\\svc-*'}, owner(user='corp\\SVC-web'), None),
    ({'user': 'CORP\\svc'}, owner(user='EVIL\\svc'), 'wrong_owner'),        # no number of a user leaves that open
    ({'user': 'CORP\\svc'}, owner(user=None), 'unknown'),
    ({'container': '*'}, owner(), 'wrong_owner'),
])
def test_owners(options, one, kind):
    assert kinds([{'name': 'web', 'port': 80, **options}], listener(owners=[one])) == ([kind] if kind else [])


@pytest.mark.parametrize('pattern, service, kind', [
    ('tomcat9', 'Tomcat9', None), ('Tomcat*', 'tomcat9', None), ('MSSQL$SQLEXPRESS', 'MSSQL$SQLEXPRESS', None),
    ('Zabbix', 'Zabbix.Agent', 'wrong_owner'), ('Zabbix.Agent', 'Zabbix.Agent', None),
    ('Zabbix.Agent', 'Zabbix', 'wrong_owner'), ('zabbix.*', 'Zabbix.Agent', None),
    ('nginx.service', 'nginx', 'wrong_owner'), ('nginx', 'nginx.service', 'wrong_owner'),
    ('*', None, 'wrong_owner'),
])
def test_services(pattern, service, kind):
    assert kinds([{'name': 'x', 'port': 80, 'service': pattern}], listener(service=service)) == ([kind] if kind else [])


def test_who_shares_a_port_with_a_service_is_not_in_it():
    entry = [{'name': 'x', 'port': 80, 'service': 'Tomcat9'}]
    assert kinds(entry, listener(service='Tomcat9', owners=[TOMCAT, owner('evil.exe')])) == ['wrong_owner']
    assert kinds(entry, listener(service='Tomcat9', owners=[TOMCAT, owner(unit='tomcat9')])) == []
    assert kinds(entry, listener(service=None), gaps=[gap('units', 'shared_svchost')]) == ['unknown']


@pytest.mark.parametrize('options', [
    {'process': 'nginx'}, {'process': 'NGINX.EXE'}, {'exe': 'c:\\program files\\nginx.exe\\nginx.exe'},
    {'user': 'nt authority\\system'}, {'service': 'NGINX'}])
def test_no_other_host_folds(options):
    """Not even one whose paths look like those of Windows."""
    one = listener(service='nginx', owners=[owner(unit='nginx')])
    entry = [{'name': 'x', 'port': 80, **options}]
    assert kinds(entry, one) == []
    elsewhere = listener(service='nginx', owners=[dict(owner(unit='nginx'), uid=0)])
    assert kinds(entry, elsewhere, is_windows=False) == ['wrong_owner']


@pytest.mark.parametrize('of_system, collector', [({'platform': 'windows'}, 'netlink'), ({}, 'windows')])
def test_either_says_that_it_is_a_windows_host(of_system, collector):
    made = facts(listener(), is_windows=False, **of_system)
    made['collector'] = collector
    policy = building.policy([{'name': 'x', 'port': 80, 'process': 'NGINX'}])
    assert judge.judge(made, policy, NOW).findings == []


@given(st.text(st.characters(min_codepoint=33, exclude_categories=('Cs',)), min_size=1, max_size=12))
def test_a_name_fits_itself_in_any_case(name):
    pattern = re.sub(r'[*?[]', r'[\g<0>]', name)
    assert Globs([pattern]).fit_name(name, True) is True
    if name.isascii():
        assert Globs([pattern.swapcase()]).fit_name(name, True) is True
        assert Globs([pattern]).fit_name(name.swapcase(), True) is True


@pytest.mark.parametrize('pattern, name', [
    ('kelvin', '\u212aelvin'), ('i', '\u0131'), ('strasse', 'stra\xdfe'), ('s', '\u017f')])
def test_letters_that_only_look_alike_are_not_equal(pattern, name):
    """Whoever names his program so has not named it as that of another one."""
    assert Globs([pattern]).fit_name(name, True) is False


@pytest.mark.parametrize('expression, kind', [
    ('socket_uid != `0`', 'unknown'), ("port_name != 'http'", 'unknown'), ('owners[?uid != `0`]', 'unknown'),
    ('backlog.pending == `null`', 'unknown'), ("owners[?user == 'NT AUTHORITY\\SYSTEM']", None),
    ("service != 'x'", None)])
def test_what_windows_does_not_tell_meets_no_condition(expression, kind):
    result = judged([{'name': 'x', 'port': 80, 'ensure': expression}], listener(service='nginx'))
    assert [finding.kind for finding in result.findings] == ([kind] if kind else [])


# http.sys

def iis(*handed_on, port=80, service='W3SVC'):
    """A port of http.sys, and who takes its requests."""
    return listener(port, [system(), *handed_on], '::', service=service, activated_by=HTTP_SYS)


WORKER = owner('w3wp.exe', W3WP, 'IIS APPPOOL\\DefaultAppPool', pid=4711, unit='W3SVC')


@pytest.mark.parametrize('options, one, kind', [
    ({'service': 'w3svc'}, iis(WORKER), None),
    ({'service': 'W3SVC', 'process': 'w3wp'}, iis(WORKER), None),
    ({'service': 'W3SVC'}, iis(WORKER, owner('svchost.exe', SVCHOST, unit='W3SVC', pid=9)), None),
    ({'service': 'W3SVC'}, iis(WORKER, owner('svchost.exe', SVCHOST, unit='Other', pid=9)), 'wrong_owner'),
    ({'service': 'W3SVC'}, iis(dict(WORKER, unit=None)), None),         # no service of a process is known
    ({'service': 'W3SVC'}, iis(WORKER, owner('evil.exe', pid=9)), 'wrong_owner'),
    ({'service': 'W3SVC'}, iis(), None),
    ({'service': 'WinRM'}, iis(WORKER), 'wrong_owner'),
    # the kernel listens for whoever has a queue: to name it is to name nobody
    ({'process': 'System'}, iis(WORKER), 'wrong_owner'),
    ({'process': 'System'}, iis(), 'unknown'),
    ({'service': 'http.sys'}, iis(WORKER), 'wrong_owner'),
    ({'process': 'w3wp'}, iis(), 'unknown'),
    ({'process': 'w3wp'}, iis(WORKER, owner('evil.exe', pid=7)), 'wrong_owner'),
])
def test_who_has_a_queue_of_http_sys_serves(options, one, kind):
    assert kinds([{'name': 'web', 'port': 80, **options}], one) == ([kind] if kind else [])


@pytest.mark.parametrize('options', [{'process': 'System'}, {'service': 'W3SVC'}, {'user': 'NT AUTHORITY\\*'}])
def test_for_whom_http_sys_listens_is_not_known_where_its_queues_could_not_be_read(options):
    """Facts then count an owner more than they list."""
    alone = listener(80, [system()], '::', owners_total=2)
    result = judged([{'name': 'web', 'port': 80, **options}], alone, gaps=[
        gap('owners', 'unreadable', 'run as an administrator'), gap('units', 'http_sys')])
    unknown, = result.findings
    assert unknown.kind == 'unknown' and unknown.fails
    assert unknown.remedy == 'run as an administrator'


def test_another_gap_in_services_leaves_the_kernel_alone():
    entry = [{'name': 'files', 'port': 445, 'process': 'System'}]
    assert kinds(entry, listener(445, [system()]), gaps=[gap('units', 'shared_svchost')]) == []


def test_what_nobody_serves_now():
    [(dummy, message)] = found([{'name': 'web', 'port': 80, 'process': 'w3wp'}], iis())
    assert message.startswith(
        '1 listener and 1 entry cannot be judged because http.sys owns the port, and no process takes its requests now:'
        ' tcp [::]:80 System pid 4 (W3SVC)')


# Where it is bound, and through what it is reached

def test_an_interface_with_spaces():
    link = listener(8084, address='fe80::1', interface='Ethernet 2', scope='link')
    assert kinds([{'name': 'x', 'port': 8084, 'bind': 'ethernet 2'}], link) == []
    assert kinds([{'name': 'x', 'port': 8084, 'bind': 'Ethernet 3'}], link) == ['wrong_bind']
    assert kinds([{'name': 'x', 'port': 8084, 'via': 'ETHERNET*'}], link) == []
    assert kinds([{'name': 'x', 'port': 8084, 'via': 'Wi-Fi'}], link) == ['overexposed']


@pytest.mark.parametrize('via, kind', [('ethernet 2', None), ('Wi-Fi', 'overexposed'), ('*', None)])
def test_interfaces_through_which_it_is_reached(via, kind):
    paths = [{'interfaces': ['Ethernet 2'], 'verdict': 'allowed'}, {'interfaces': ['Wi-Fi'], 'verdict': 'blocked'}]
    one = listener(exposure=samples.exposure('partly', ['10.0.0.0/8'], paths=paths))
    result = judged([{'name': 'x', 'port': 80, 'via': via}], one)
    assert [finding.kind for finding in result.findings] == ([kind] if kind else [])
    if kind:
        assert 'can be reached through "Ethernet 2"' in result.findings[0].message


# What to do

def remedy(declaration, *listeners, **of_facts):
    finding, = judged(declaration, *listeners, **of_facts).findings
    return finding.remedy


OF_WINDOWS = 'turn off the feature of Windows that listens there, or restrict it with the firewall'
NOTHING = {'expected_listeners': [{'name': 'ssh', 'port': 22, 'state': 'optional'}]}


@pytest.mark.parametrize('one, expected', [
    (listener(service='Tomcat9'), 'stop the service Tomcat9 (Stop-Service Tomcat9)'),
    (listener(service='MSSQL$SQLEXPRESS'), "stop the service 'MSSQL$SQLEXPRESS' (Stop-Service 'MSSQL$SQLEXPRESS')"),
    (listener(service='My Own'), "stop the service 'My Own' (Stop-Service 'My Own')"),
    (listener(service="x'; Remove-Item C:\\ #"), "stop the service 'x''; Remove-Item C:\\ #' "
     "(Stop-Service 'x''; Remove-Item C:\\ #')"),
    (listener(service='x*'), 'stop it'),            # a pattern, which would stop others
    (listener(service='x\x1b[31m'), 'stop it'),
    (listener(service=None), 'stop it'),
    (listener(139, [system()]), OF_WINDOWS), (listener(owners=[owner('LSASS.exe')]), OF_WINDOWS),
    (listener(owners=[owner('lsass.exe'), owner('evil.exe')]), 'stop it'),
    (listener(service='EventLog'), 'stop the service EventLog where the host can do without it'),
    (listener(service='netlogon'), 'stop the service netlogon where the host can do without it'),
    (listener(service='TermService'), 'stop the service TermService where the host can do without it'),
    (iis(WORKER), 'stop the service W3SVC (Stop-Service W3SVC)'),       # and never the driver
    (iis(WORKER, service=None),
     'end the process for which http.sys listens (netsh http show servicestate lists them)'),
    (listener(22022, [owner('sshd.exe', pid=5)], service='sshd'),
     'stop the service sshd where the host can do without it, unless you are connected through it'),
    (listener(5985, [system(), owner('svchost.exe', SVCHOST, unit='WinRM')], service='WinRM', activated_by=HTTP_SYS),
     'stop the service WinRM where the host can do without it, unless you are connected through it'),
    (listener(5986, [system()]), OF_WINDOWS + ', unless you are connected through it'),
])
def test_what_stops_what_is_not_declared(one, expected):
    assert remedy(NOTHING, one) == 'declare it in expected_listeners, or %s' % expected


def test_nobody_is_told_what_to_turn_off_where_no_owner_is_known():
    assert remedy(NOTHING, listener(80, [], held_by='unknown'), gaps=[gap('owners', 'owners_hidden')]) == (
        'find out who owns it; declare it in expected_listeners, or stop it')


def test_what_stops_what_others_need():
    declaration = [
        {'name': 'app', 'port': 8080, 'service': 'TOMCAT9'}, {'name': 'no', 'port': 80, 'state': 'forbidden'}]
    assert remedy(declaration, listener(service='Tomcat9'), listener(8080, service='Tomcat9')) == (
        'switch it off in the configuration of Tomcat9 (stopping that would break entry app of expected_listeners)')


def test_what_others_use_a_port():
    one = listener(service='Tomcat9', owners=[TOMCAT, owner('evil.exe', pid=101)])
    assert remedy([{'name': 'app', 'port': 80, 'process': 'tomcat9'}], one) == (
        'find out why the others use the port, and stop them; or name service Tomcat9 or every owner in the entry')


@pytest.mark.parametrize('code, hint, expected', [
    ('owners_hidden', 'run as an administrator', 'run as an administrator'),
    ('vanished', None, 'see the gaps in the facts'),
])
def test_nobody_becomes_root(code, hint, expected):
    hidden = listener(80, [], held_by='unknown')
    finding, = judged([{'name': 'x', 'port': 80, 'process': 'a'}], hidden, gaps=[gap('owners', code, hint)]).findings
    assert finding.remedy == expected and 'become' not in finding.message


def test_what_may_be_forwarded_is_gathered_by_an_administrator():
    assert remedy([{'name': 'x', 'port': 80}]) == (
        'make it listen there, or give the entry state: optional; if the host forwards the port, gather the firewall '
        'as an administrator (option gather)')


def test_a_service_that_listens_elsewhere():
    [(kind, message)] = found([{'name': 'x', 'port': 80, 'service': 'TOMCAT9'}], listener(8080, service='Tomcat9'))[:1]
    assert kind == 'missing' and message.endswith('TOMCAT9 is running, but listens on tcp 0.0.0.0:8080')


def test_findings_of_windows_hosts_are_kept_in_records():
    hidden = listener(80, [], held_by='unknown')
    result = judged(
        [{'name': 'x', 'port': 80, 'process': 'a'}, {'name': 'y', 'port': 81}], hidden, listener(82, service='Tomcat9'),
        gaps=[gap('owners', 'vanished')])
    for finding in result.findings:
        parts = finding.as_record()['parts']
        assert parts_schema.check(finding.kind, parts) is parts
    assert {finding.kind for finding in result.findings} == {'unknown', 'missing', 'unexpected'}
    with pytest.raises(_schema.Fault):
        parts_schema.check('unknown', dict(result.findings[-1].all_parts, platform='beos'))


def test_findings_of_one_platform_are_not_told_for_both():
    one = [{'name': 'x', 'port': 80, 'process': 'a'}]
    hidden = listener(80, [], held_by='unknown')
    keys = [alike.key(finding.kind, finding.all_parts) for is_windows in (True, False)
            for finding in judged(one, hidden, is_windows=is_windows, gaps=[gap('owners', 'vanished')]).findings]
    assert len(set(keys)) == len(keys) == 2


# What nobody declares

@pytest.mark.parametrize('path, dubious', [
    ('C:\\Windows\\Temp\\x.exe', True), ('C:\\Temp\\x.exe', True), ('c:\\tmp\\x.exe', True),
    ('C:\\Users\\bob\\AppData\\Local\\Temp\\a\\x.exe', True), ('C:\\Users\\Public\\x.exe', True),
    ('C:\\$Recycle.Bin\\S-1\\x.exe', True), ('\\\\?\\C:\\Windows\\Temp\\x.exe', True),
    ('C:\\Program Files\\Temp\\x.exe', False), ('C:\\Windows\\Template\\x.exe', False), ('C:\\nginx\\x.exe', False),
])
def test_an_executable_where_everybody_may_write(path, dubious):
    [(kind, message)] = found(NOTHING, listener(owners=[owner('x.exe', path)]))
    assert kind == 'unexpected' and ('directory for temporary files' in message) is dubious


def test_only_windows_has_such_folders():
    [(dummy, message)] = found(NOTHING, listener(owners=[owner('x', 'C:\\Temp\\x', 'a')]), is_windows=False)
    assert 'temporary' not in message
    [(dummy, message)] = found(NOTHING, listener(owners=[owner('x', '/tmp/x', 'a')]))
    assert 'temporary' not in message


@pytest.mark.parametrize('service, exe, is_let_be', [
    ('Dhcp', SVCHOST, True), ('DHCP', SVCHOST.upper(), True), ('Dhcp', 'C:\\evil\\svchost.exe', False),
    ('Other', SVCHOST, False), (None, SVCHOST, False)])
def test_what_keeps_a_leased_address(service, exe, is_let_be):
    client = dict(listener(68, [owner('svchost.exe', exe, unit=service)], service=service), protocol='udp',
                  id='udp/0.0.0.0:68')
    assert (found(NOTHING, client) == []) is is_let_be


@pytest.mark.parametrize('exe, is_client', [
    ('C:\\Program Files (x86)\\a\\a.exe', True), (SVCHOST, True), ('C:\\Windows\\Temp\\a.exe', False),
    ('C:\\Users\\bob\\a.exe', False), ('C:\\a\\a.exe', False), (None, False)])
def test_sockets_that_come_and_go(exe, is_client):
    """Only those of programs that an administrator has installed are taken for clients."""
    passing = dict(listener(50000, [dict(owner('a.exe'), exe=exe)]), protocol='udp', id='udp/0.0.0.0:50000',
                   ephemeral=True)
    result = judge.judge(facts(passing), building.policy(
        {**NOTHING, 'listener_unexpected_ephemeral_udp': 'fail'}), NOW, earlier=facts())
    assert (result.findings == []) is is_client


# Advice

def advised(declaration, *listeners, **of_system):
    policy, made = building.policy(declaration), facts(*listeners, **of_system)
    return advice.advice(policy.entries, made, judge.judge(made, policy, NOW))


def test_ports_that_clients_are_given():
    entry = {'name': 'app', 'ports': [50000, '50001/udp', 80]}
    assert advised([entry]) == [
        'tcp/50000, udp/50001 of entry app of expected_listeners is in the range of client ports, 49152 to 65535: a '
        'client may be using it when the service starts; exclude it as an administrator: netsh int ipv4 add '
        'excludedportrange protocol=tcp startport=50000 numberofports=1, netsh int ipv4 add excludedportrange '
        'protocol=udp startport=50001 numberofports=1']


@pytest.mark.parametrize('of_system', [
    {'reserved_ports': [[49999, 50000]]}, {'excluded_ports': [[50000, 50059]]}, {'ephemeral_ports': None},
    {'ephemeral_ports': [60000, 65535]}])
def test_ports_that_no_client_is_given(of_system):
    assert advised([{'name': 'app', 'port': 50000}], **of_system) == []


def test_no_port_of_windows_takes_a_privilege():
    entry = [{'name': 'web', 'port': 80, 'user': 'CORP\\web'}]
    assert advised(entry, unprivileged_port_start=1024) == []
    assert len(advised(entry, unprivileged_port_start=1024, is_windows=False)) == 1


def test_every_order_of_owners_is_judged_alike():
    """Who is handed requests may be listed before the kernel or behind it."""
    many = (system(), WORKER, owner('svchost.exe', SVCHOST, unit='W3SVC', pid=9))
    for some in itertools.permutations(many):
        one = listener(80, list(some), '::', service='W3SVC', activated_by=HTTP_SYS)
        assert kinds([{'name': 'web', 'port': 80, 'service': 'W3SVC'}], one) == []
        assert kinds([{'name': 'web', 'port': 80, 'process': 'System'}], one) == ['wrong_owner']
