# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is planned for the firewall of a Windows host: nothing but what a person does by hand."""

import copy

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._enforce import stops, windows
from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import judge
from ansible_collections.listening.ports.plugins.plugin_utils._windows import stop, writable
from ansible_collections.listening.ports.plugins.plugin_utils._windows.raw import Ancestor
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils import samples
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows import stopping
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._windows.stopping import SSH, raw

ALLOWED = 'allow rule "Tomcat" of the local store'
NEVER = 'on Windows hosts nothing of the firewall is ever written'
ANYONE = ('0.0.0.0/0', '::/0')
BLOCK = ("New-NetFirewallRule -DisplayName 'listening.ports: tcp %s' -Group 'listening.ports' -Direction Inbound "
         '-Action Block -Profile Any -Protocol TCP -LocalPort %s')


def reached(listener, allowed=ANYONE, **other):
    """A listener that these reach."""
    verdict = 'allowed' if allowed == ANYONE else 'partly' if allowed else 'blocked'
    made = samples.exposure(verdict, list(allowed), **other)
    return dict(copy.deepcopy(listener), exposure=made)


TOMCAT = reached(stopping.TOMCAT, decided_by=ALLOWED)
WSMAN = reached(stopping.WSMAN, decided_by='allow rule "WINRM-HTTP-In-TCP" of the local store')
SSHD = reached(stopping.SSHD, decided_by='allow rule "sshd" of the local store')
WINRM = {'name': 'winrm', 'port': 5985, 'service': 'WinRM'}


def lefts(*listeners, declare=(WINRM,), mode='block_unexpected', sent=None, remote=True):
    facts = stopping.facts(*listeners)
    facts['complete']['firewall'] = True
    facts['forwarded'], facts['system']['local_addresses'] = [], ['10.0.0.5/24', '2001:db8::5/64']
    facts['firewall'] = {'backends': ['windows'], 'default': 'drop', 'rules': 9,
                         'sources': {'ipv4': ['0.0.0.0/0'], 'ipv6': ['::/0']}}
    policy = building.policy(list(declare))
    return windows.unfiltered(facts, sent or raw(), policy, judge.judge(facts, policy, building.NOW), mode, remote)


def test_what_nobody_declared_is_blocked_by_hand():
    [left] = lefts(TOMCAT, WSMAN)
    assert (left['action'], left['listener'], left['reason']) == ('firewall', 'tcp/0.0.0.0:8080', 'by_hand')
    assert left['message'] == (
        'tcp 0.0.0.0:8080 Tomcat9.exe pid 60 (Tomcat9): a rule that blocks comes before all that let others in '
        '(allow rule "Tomcat" of the local store); %s' % NEVER)
    assert left['command'] == BLOCK % (8080, 8080) + " -Program 'C:\\Tomcat\\bin\\Tomcat9.exe'"


def test_too_many_clients_are_blocked_and_not_the_others():
    limited = {'name': 'tomcat', 'port': 8080, 'only_from': ['10.0.0.0/8']}
    [left] = lefts(TOMCAT, WSMAN, declare=[WINRM, limited])
    sources = left['command'].partition('-RemoteAddress ')[2].partition(' ')[0].split(',')
    assert '11.0.0.0/8' in sources and '10.0.0.0/8' not in sources and '8.0.0.0/7' in sources
    assert {'::/1', '8000::/1'} <= set(sources) and not {'0.0.0.0/0', '::/0'} & set(sources)
    assert left['command'].startswith(BLOCK % (8080, 8080))


def test_in_the_other_mode_the_rules_of_others_are_named():
    [left] = lefts(TOMCAT, WSMAN, mode='allow_expected')
    assert (left['reason'], left['command']) == ('let_in', None)
    assert left['message'].endswith('others are let in by %s; %s' % (ALLOWED, NEVER))


@pytest.mark.parametrize('mode', ['block_unexpected', 'allow_expected'])
def test_clients_that_are_kept_out(mode):
    web = {'name': "it's", 'port': 8080, 'clients': ['10.0.0.0/8']}
    blocked = reached(stopping.TOMCAT, [], blocked_by='default inbound action block of the public profile')
    [left] = lefts(blocked, WSMAN, declare=[WINRM, web], mode=mode)
    assert left['reason'] == 'unreachable' and left['message'].endswith('; %s' % NEVER)
    assert left['command'] == (
        "New-NetFirewallRule -DisplayName 'listening.ports: tcp 8080, it''s' -Group 'listening.ports' -Direction "
        "Inbound -Action Allow -Profile Any -Protocol TCP -LocalPort 8080 -RemoteAddress 10.0.0.0/8 "
        "-Program 'C:\\Tomcat\\bin\\Tomcat9.exe'")
    anyone = {'name': 'web', 'port': 8080, 'clients': 'anyone'}
    [left] = lefts(blocked, WSMAN, declare=[WINRM, anyone], mode=mode)
    assert '-RemoteAddress' not in left['command']
    # no rule helps against one that blocks
    shut = reached(stopping.TOMCAT, [], blocked_by='block rule "x" of the local store')
    [left] = lefts(shut, WSMAN, declare=[WINRM, anyone], mode=mode)
    assert (left['reason'], left['command']) == ('unreachable', None)


@pytest.mark.parametrize('listener, program', [
    (stopping.HTTP, ' -Program System'), (stopping.SMB, ' -Program System'),
    (stopping.STRAY, " -Program 'C:\\Users\\eve\\nc.exe'"),
    (stopping.listener(8080, 60, owners=[samples.owner(60, 'x', exe=None)]), ''),
    (stopping.listener(8080, 60, owners=[samples.owner(60, 'x', exe='C:\\a.exe'),
                                         samples.owner(61, 'y', exe='C:\\b.exe')]), None),
])
def test_programs(listener, program):
    found = [left for left in lefts(reached(listener), WSMAN) if left['listener'] == listener['id']]
    command = BLOCK % (listener['port'], listener['port'])
    if program is None:
        assert found[0]['command'] == '; '.join(
            command + " -Program '%s'" % path for path in ('C:\\a.exe', 'C:\\b.exe'))
    else:
        assert found[0]['command'] == command + program


def policy_of(**values):
    firewall = copy.deepcopy(raw()['firewall'])
    firewall['profiles']['gpo'] = {'PublicProfile': values}
    return firewall


OBSTACLES = [
    ({'firewall': policy_of(AllowLocalPolicyMerge=0)}, 'policy',
     'Group Policy lets no local rule count in the public profile (AllowLocalPolicyMerge)'),
    ({'firewall': dict(raw()['firewall'], effective={'current': 4, 'modify': 1, 'profiles': {}})}, 'policy',
     'Group Policy overrides what is set locally (LocalPolicyModifyState is 1)'),
    ({'firewall': dict(raw()['firewall'], effective={'current': 4, 'modify': 2, 'profiles': {}})}, 'policy',
     'all that comes in is blocked, whatever rules say (LocalPolicyModifyState is 2)'),
    ({'firewall': dict(raw()['firewall'], effective={'current': 4, 'modify': 9, 'profiles': {}})}, 'policy',
     'local rules do not count (LocalPolicyModifyState is 9)'),
    ({'firewall': dict(raw()['firewall'], effective={'current': 4, 'modify': None, 'profiles': {}})}, 'policy',
     'whether local rules count could not be read (LocalPolicyModifyState)'),
    ({'ancestors': None}, 'in_use', 'by what the connection in use came was not found, and rules could cut it'),
    ({'ancestors': SSH}, 'in_use',
     'the listener that the connection in use came by was not found, and rules could cut it'),
]


@pytest.mark.parametrize('other, code, message', OBSTACLES, ids=[row[2] for row in OBSTACLES])
def test_obstacles(other, code, message):
    """Rules that would do nothing, or cut somebody off, are not proposed."""
    found = lefts(TOMCAT, WSMAN, sent=raw(**other))
    whole, one = found
    assert (whole['listener'], whole['reason'], whole['command']) == (None, code, None)
    assert whole['message'] == 'rules that somebody adds would do nothing, or harm: %s' % message
    assert (one['reason'], one['command']) == ('by_hand', None)
    assert lefts(TOMCAT, WSMAN)[0]['command']


def test_the_connection_in_use_has_to_be_decided():
    unsure = reached(stopping.WSMAN, undecided=[{'sources': ['10.0.0.0/8'], 'reason': 'x'}])
    for wsman in (unsure, dict(WSMAN, exposure=None)):
        obstacles = list(writable.obstacles(raw(), stopping.facts(wsman), stop.way_in(raw(), True)))
        assert [obstacle.message for obstacle in obstacles] == [
            'who reaches tcp/0.0.0.0:5985, by which the connection in use came, is not decided, and rules could cut it']


def test_the_connection_in_use_is_not_to_be_blocked():
    found = lefts(TOMCAT, SSHD, sent=raw(ancestors=SSH))
    assert [(left['listener'], left['reason'], bool(left['command'])) for left in found] == [
        ('tcp/0.0.0.0:22', 'in_use', False), ('tcp/0.0.0.0:8080', 'by_hand', True)]
    assert not [left for left in lefts(TOMCAT, sent=raw(ancestors=[Ancestor(1, 'pwsh.exe', 1)]), remote=False)
                if left['reason'] == 'in_use']


def test_what_is_not_filtered_on_other_hosts_either():
    loopback = reached(stopping.listener(8005, 60, '127.0.0.1'), ['127.0.0.0/8'])
    forbidden = {'name': 'no', 'port': 8005, 'state': 'forbidden'}
    [left] = lefts(loopback, WSMAN, declare=[WINRM, forbidden])
    assert (left['reason'], left['command']) == ('loopback', None)


def test_nothing_is_to_be_done_where_nobody_is_let_in():
    shut = reached(stopping.TOMCAT, [], decided_by='default inbound action block of the public profile')
    assert lefts(shut, WSMAN) == [] and lefts(shut, WSMAN, mode='allow_expected') == []
    perhaps = reached(stopping.TOMCAT, [], undecided=[{'sources': ['10.0.0.0/8'], 'reason': 'x'}])
    assert [left['reason'] for left in lefts(perhaps, WSMAN)] == ['by_hand']


def test_nothing_is_to_be_done_where_all_is_declared():
    assert lefts(WSMAN) == []


def test_what_nobody_asked_to_stop():
    rows, dummy = stop.decide(raw(), stopping.facts(), [stopping.AGENT['id'], stopping.RDP['id']])
    agent, rdp = windows.unasked(rows)
    assert (agent['status'], agent['reason'], agent['units']) == ('left', 'by_hand', ['Agent'])
    assert stops.told(agent, planned=True) == (
        'tcp 0.0.0.0:10050 would be left: on Windows hosts it is stopped by hand, unless close_windows is '
        "experimental. To do: Set-Service -Name 'Agent' -StartupType Disabled; Stop-Service -Name 'Agent'")
    assert rdp == rows[1] and rdp['reason'] == 'protected'
