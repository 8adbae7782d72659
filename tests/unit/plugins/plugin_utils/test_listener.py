# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A listener: who serves it, what to stop, what was not observed, and what it is called."""

import pytest
from ansible_collections.listening.ports.plugins.plugin_utils import _listener
from ansible_collections.listening.ports.plugins.plugin_utils._listener import HIDDEN, KERNEL, NO_UNIT, SPARED, Stop
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import facts, listener, owner

SYSTEMD = owner(1, 'systemd', 'root', unit='init.scope')
NGINX = owner(100, unit='nginx.service')
CONTAINER = owner(100, unit='docker.service', container='docker:1a2b')
CRON = owner(100, 'backup', unit='cron.service')


# What can be reached

def test_nothing_is_forwarded():
    of_host = facts(listener(port=1), listener(port=2))
    assert _listener.endpoints(of_host) == of_host['listeners'] == _listener.endpoints(dict(of_host, forwarded=None))


def test_what_is_forwarded_is_reached_like_what_listens():
    of_host = facts(listener(port=1), forwarded=[dict(listener(port=2, owners=[]), to='172.17.0.2:80', proxy=None)])
    assert [endpoint['port'] for endpoint in _listener.endpoints(of_host)] == [1, 2]


def test_who_owns_the_port_of_a_container_is_not_listed_beside_the_container():
    proxy, other = listener(port=2), listener('::', 2)
    of_host = facts(proxy, other, forwarded=[dict(listener(port=2, owners=[]), to='172.17.0.2:80', proxy=proxy['id'])])
    assert _listener.endpoints(of_host) == [other, *of_host['forwarded']]


@pytest.mark.parametrize('more, to', [({}, None), ({'to': '172.17.0.2:80'}, '172.17.0.2:80')])
def test_where_a_host_forwards_to(more, to):
    assert _listener.forwarded_to(dict(listener(), **more)) == to


@pytest.mark.parametrize('value', [True, False, None])
def test_the_families_that_a_listener_takes(value):
    bound = listener(accepts_ipv4=value, accepts_ipv6='of IPv6')
    assert _listener.accepts(bound, 'ipv4') is value
    assert _listener.accepts(bound, 'ipv6') == 'of IPv6'


# Who serves it

@pytest.mark.parametrize('owners, activated_by, serving, shown, waits', [
    ([NGINX], None, [NGINX], [NGINX], False),
    ([SYSTEMD], None, [SYSTEMD], [SYSTEMD], False),                     # a socket of its own
    ([SYSTEMD], 'nginx.socket', [], [SYSTEMD], True),
    ([SYSTEMD, NGINX], 'nginx.socket', [NGINX], [NGINX], False),
    ([NGINX], 'nginx.socket', [NGINX], [NGINX], False),                 # systemd has closed its copy
    ([], None, [], [], False),
])
def test_systemd_serves_nothing_that_it_opens_for_others(owners, activated_by, serving, shown, waits):
    bound = listener(owners=owners, activated_by=activated_by)
    assert _listener.serving(bound) == serving
    assert _listener.to_show(bound) == shown
    assert _listener.only_systemd(bound) is waits


@pytest.mark.parametrize('fields, unlisted, hidden', [
    ({}, 0, False),
    ({'owners_total': 3}, 2, True),
    ({'owners': []}, 0, True),
    ({'owners': [], 'owners_total': 2}, 2, True),
    ({'owners': [], 'held_by': 'kernel'}, 0, False),
])
def test_owners_are_hidden(fields, unlisted, hidden):
    bound = listener(**fields)
    assert (_listener.unlisted(bound), _listener.is_hidden(bound)) == (unlisted, hidden)


@pytest.mark.parametrize('process, expected', [('sshd', True), ('dropbear', True), ('nginx', False), (None, False)])
def test_what_ansible_may_have_come_through(process, expected):
    assert _listener.is_way_in(listener(owners=[NGINX, owner(101, process)])) is expected


# What has to be stopped

@pytest.mark.parametrize('fields, expected', [
    ({'owners': [NGINX], 'service': 'nginx.service'}, Stop('nginx.service')),
    # as long as nobody has connected the socket unit, and afterwards the service, which systemd would start again
    ({'owners': [SYSTEMD], 'service': 'nginx.service', 'activated_by': 'nginx.socket'}, Stop('nginx.socket')),
    ({'owners': [SYSTEMD, NGINX], 'service': 'nginx.service', 'activated_by': 'nginx.socket'}, Stop('nginx.service')),
    ({'owners': [CONTAINER]}, Stop('docker:1a2b')),
    ({'owners': [NGINX, CONTAINER], 'service': 'nginx.service'}, Stop('nginx.service')),
    # a child of cron, whose service lives on without it
    ({'owners': [CRON]}, Stop(None, SPARED, 'cron.service')),
    ({'owners': [CRON, CRON]}, Stop(None, SPARED, 'cron.service')),
    ({'owners': [owner(unit='session-1.scope')]}, Stop(None, NO_UNIT, 'session-1.scope')),
    ({'owners': [CRON, NGINX]}, Stop(None, NO_UNIT)),
    ({'owners': [CRON, owner()]}, Stop(None, NO_UNIT)),
    ({'owners': [owner()]}, Stop(None, NO_UNIT)),
    ({'owners': []}, Stop(None, HIDDEN)),
    ({'owners': [], 'held_by': 'kernel'}, Stop(None, KERNEL)),
])
def test_what_to_stop_and_why_nothing(fields, expected):
    assert _listener.stop(listener(**fields)) == expected


# What was not observed

COMPLETE = {'sockets': True, 'binding': True, 'owners': True, 'units': True}
OPTIONAL = {'connections', 'exposure', 'verdict', 'allowed', 'level', 'resources', 'command'}
SEEN = {'service': 'nginx.service', 'owners': [owner(main=True, unit='nginx.service')]}
OF_OWNERS = {'owners', 'owners_total', 'held_by', 'pid', 'process', 'exe', 'exe_deleted', 'user', 'uid', 'started',
             'unit', 'main', 'container', 'resources', 'command', 'exe_inside'}


@pytest.mark.parametrize('fields, complete, missing', [
    (SEEN, {}, set()),
    # no unit is a fact where systemd was asked for units, and else none
    ({}, {}, set()),
    ({}, {'units': False}, {'unit', 'main', 'service', 'activated_by'}),
    ({'owners': []}, {}, OF_OWNERS | {'service', 'activated_by'}),
    ({**SEEN, 'owners_total': 2}, {}, OF_OWNERS),
    ({**SEEN, 'owners': [owner(exe=None, main=True, unit='nginx.service')]}, {}, {'exe'}),
    (SEEN, {'binding': False}, {'interface'}),
    ({**SEEN, 'interface': 'eth0'}, {'binding': False}, set()),
    ({**SEEN, 'accepts_ipv4': None}, {}, {'accepts_ipv4'}),
    ({**SEEN, 'backlog': None}, {}, {'backlog', 'pending', 'limit'}),
    ({**SEEN, 'backlog': None, 'protocol': 'udp'}, {}, set()),
    ({**SEEN, 'backlog': {'pending': 1, 'limit': None}}, {}, {'limit'}),
])
def test_what_was_not_observed(fields, complete, missing):
    assert _listener.unobserved(listener(**fields), {**COMPLETE, **complete}) == missing | OPTIONAL


@pytest.mark.parametrize('exposure, missing', [
    (None, {'exposure', 'verdict', 'allowed', 'level'}),
    ({'verdict': 'unknown', 'allowed': []}, {'exposure', 'verdict', 'allowed', 'level'}),
    ({'verdict': 'allowed', 'allowed': None}, {'exposure', 'verdict', 'allowed', 'level'}),
    ({'verdict': 'partly', 'allowed': ['10.0.0.0/8'], 'undecided': ['::/0']}, {'verdict', 'allowed', 'level'}),
    ({'verdict': 'allowed', 'allowed': ['0.0.0.0/0'], 'undecided': []}, set()),
])
def test_an_exposure_that_is_not_decided_means_nothing(exposure, missing):
    bound = listener(**SEEN, exposure=exposure)
    assert _listener.unobserved(bound, COMPLETE) == missing | {'connections', 'resources', 'command'}


def test_resources_that_were_not_observed():
    busy = owner(main=True, unit='nginx.service', resources={'threads': 4, 'open_files': None}, command=['nginx'])
    open_to_all = {'verdict': 'allowed', 'allowed': ['0.0.0.0/0']}
    bound = listener(service='nginx.service', owners=[busy], connections={}, exposure=open_to_all)
    assert _listener.unobserved(bound, COMPLETE) == {'open_files'}


# What it is called

def test_where_it_listens():
    bound = listener('::', 80, namespace='blue')
    assert (_listener.identity(bound), _listener.endpoint(bound)) == ('tcp/[::]:80@blue', 'tcp [::]:80@blue')


@pytest.mark.parametrize('fields, text', [
    ({'service': 'nginx.service'}, 'nginx pid 100 (nginx.service)'),
    ({'owners': [CRON]}, 'backup pid 100 (in cron.service)'),
    ({'owners': [CONTAINER]}, 'nginx pid 100 (docker:1a2b)'),
    ({'owners': [SYSTEMD], 'activated_by': 'ssh.socket', 'service': 'ssh.service'}, 'systemd pid 1 (ssh.socket)'),
    ({'owners': [owner(pid) for pid in (105, 101, 102, 103, 104)]}, 'nginx pid 101, 102, 103, 104 and 1 more'),
    ({'owners': [owner(pid, 'p%d' % pid) for pid in range(1, 7)]},
     'p1 pid 1, p2 pid 2, p3 pid 3, p4 pid 4, and 2 more'),
    ({'owners': [owner(7, None)], 'owners_total': 3}, 'an unnamed process pid 7, and 2 not listed'),
    ({'owners': [owner(7, 'a\x1b[31m')]}, 'a\\x1b[31m pid 7'),
    ({'owners': []}, 'a hidden process (of uid 33)'),
    ({'owners': [], 'socket_uid': None}, 'a hidden process'),
    ({'owners': [], 'held_by': 'kernel'}, 'the kernel'),
])
def test_its_owners_in_words(fields, text):
    bound = _listener.excerpt(listener(**fields))
    assert _listener.owners_in_words(bound) == text
    assert _listener.in_words(bound) == 'tcp 0.0.0.0:80 ' + text


@pytest.mark.parametrize('owners, text', [
    ([owner(), owner()], 'www-data'),
    ([owner(user='root'), owner()], 'root, www-data'),
    ([owner(user=None)], '33'),
    ([owner(user=None, uid=None)], None),
    ([], None),
])
def test_the_users_of_its_owners_in_words(owners, text):
    assert _listener.users_in_words(_listener.excerpt(listener(owners=owners))) == text
