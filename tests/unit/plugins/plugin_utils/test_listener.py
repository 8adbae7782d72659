# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A listener: who serves it, what to stop, what was not observed, and what it is called."""

import re

import hypothesis
import pytest
from hypothesis import strategies as st

from ansible_collections.listening.ports.plugins.plugin_utils import _listener
from ansible_collections.listening.ports.plugins.plugin_utils._listener import (
    FORWARDED, HIDDEN, KERNEL, NO_UNIT, PUBLISHED, SPARED, Stop
)
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import facts, listener, owner

SYSTEMD = owner(1, 'systemd', 'root', unit='init.scope')
NGINX = owner(100, unit='nginx.service')
CONTAINER = owner(100, unit='docker.service', container='docker:1a2b')
CRON = owner(100, 'backup', unit='cron.service')
PROXY = owner(100, 'docker-proxy', 'root', uid=0, unit='docker.service')


def forward(proxy, owners=(), **other):
    """What a host leads past a proxy."""
    made = listener(**{'port': 2, 'address': '0.0.0.0', 'owners': list(owners), 'container': None, **other})
    return dict(made, to='172.17.0.2:80', proxy=proxy['id'])


# What can be reached

def test_nothing_is_forwarded():
    of_host = facts(listener(port=1), listener(port=2))
    assert _listener.endpoints(of_host) == of_host['listeners'] == _listener.endpoints(dict(of_host, forwarded=None))


def test_what_is_forwarded_is_reached_like_what_listens():
    of_host = facts(listener(port=1), forwarded=[dict(listener(port=2, owners=[]), to='172.17.0.2:80', proxy=None)])
    assert [endpoint['port'] for endpoint in _listener.endpoints(of_host)] == [1, 2]


def test_who_owns_the_port_of_a_container_is_not_listed_beside_the_container():
    proxy, other = listener(port=2, owners=[PROXY]), listener('::', 2)
    of_host = facts(proxy, other, forwarded=[forward(proxy)])
    [first, endpoint] = _listener.endpoints(of_host)
    assert first == other and endpoint['owners'] == [PROXY] and endpoint['to'] == '172.17.0.2:80'
    assert [face['owners'] for face in _listener.faces(endpoint)] == [[PROXY], []]
    assert _listener.is_unknown_behind(endpoint) and not _listener.is_led_elsewhere(endpoint)


def test_a_container_is_behind_its_proxy():
    proxy = listener(port=2, owners=[PROXY])
    of_host = facts(proxy, forwarded=[forward(proxy, owners=[CONTAINER], container='docker:1a2b')])
    [endpoint] = _listener.endpoints(of_host)
    outside, behind = _listener.faces(endpoint)
    assert outside['owners'] == [dict(PROXY, container='docker:1a2b')] and behind['owners'] == [CONTAINER]
    assert not _listener.is_unknown_behind(endpoint)
    assert _listener.stop(endpoint) == Stop(('docker:1a2b',))


@pytest.mark.parametrize('of_proxy', [
    {'owners': [owner(100, 'docker-proxy', 'mallory', uid=1000)]},      # who leads no packets anywhere
    {'owners': [owner(100, 'docker-proxy', None, uid=None)]},
    {'owners': [owner(100, 'docker-proxy', 'root', uid=0)], 'owners_total': 2},
    {'owners': []},
])
def test_whoever_only_calls_himself_a_proxy_is_listed_beside_what_is_forwarded(of_proxy):
    proxy = listener(port=2, **of_proxy)
    of_host = facts(proxy, forwarded=[forward(proxy)])
    assert _listener.endpoints(of_host) == [proxy, *of_host['forwarded']]
    assert [_listener.faces(endpoint) for endpoint in (proxy, of_host['forwarded'][0])] == [
        [proxy], of_host['forwarded']]


@pytest.mark.parametrize('of_proxy, of_forward, is_left_out', [
    ({}, {}, True),
    ({'address': '10.0.0.5', 'scope': 'private'}, {'address': '10.0.0.5', 'scope': 'private'}, True),
    ({}, {'address': '10.0.0.5', 'scope': 'private'}, False),           # one address of all that it is bound to
    ({'address': '127.0.0.1'}, {}, False),
    ({'interface': 'eth0'}, {}, False),
    ({'address': '::', 'accepts_ipv4': True}, {}, False),               # and it takes IPv6, which nothing forwards
    ({'address': '::', 'accepts_ipv4': None}, {'address': '::'}, False),
])
def test_a_proxy_is_left_out_only_where_all_that_it_takes_is_forwarded(of_proxy, of_forward, is_left_out):
    proxy = listener(port=2, owners=[PROXY], **of_proxy)
    of_host = facts(proxy, forwarded=[forward(proxy, **of_forward)])
    *listeners, endpoint = _listener.endpoints(of_host)
    assert [each['id'] for each in listeners] == ([] if is_left_out else [proxy['id']])
    assert endpoint['owners'] == [PROXY] and all(_listener.is_unknown_behind(each) for each in listeners)


@pytest.mark.parametrize('fields, expected', [
    ({'owners': [PROXY]}, True),
    ({'owners': [owner(100, 'conmon', 'root', uid=0)]}, True),
    ({'owners': [owner(100, 'docker-proxy', 'mallory', uid=1000)]}, False),
    ({'owners': [PROXY, CRON]}, False),
    ({'owners': [dict(PROXY, container='docker:1a2b')]}, False),        # in a container: of a Docker in Docker
    ({'owners': [PROXY], 'namespace': 'blue'}, False),
    ({'owners': []}, False),
])
def test_who_only_holds_a_port_of_a_container_stands_for_somebody_unknown(fields, expected):
    [endpoint] = _listener.endpoints(facts(listener(**fields)))
    assert _listener.is_unknown_behind(endpoint) is expected
    assert len(_listener.faces(endpoint)) == 1 + expected


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

BOTH = ('nginx.socket', 'nginx.service')


@pytest.mark.parametrize('fields, expected', [
    ({'owners': [NGINX], 'service': 'nginx.service'}, Stop(('nginx.service',))),
    # both, whether or not anybody has connected: without its service the socket unit listens on, and starts it again
    ({'owners': [SYSTEMD], 'service': 'nginx.service', 'activated_by': 'nginx.socket'}, Stop(BOTH)),
    ({'owners': [SYSTEMD, NGINX], 'service': 'nginx.service', 'activated_by': 'nginx.socket'}, Stop(BOTH)),
    ({'owners': [SYSTEMD], 'activated_by': 'nginx.socket'}, Stop(('nginx.socket',))),
    ({'owners': [CONTAINER]}, Stop(('docker:1a2b',))),
    ({'owners': [NGINX, CONTAINER], 'service': 'nginx.service'}, Stop(('nginx.service',))),
    ({'owners': [], 'to': '172.17.0.2:80'}, Stop((), FORWARDED)),
    ({'owners': [PROXY], 'behind': {'held_by': 'unknown'}}, Stop((), PUBLISHED, 'docker.service')),
    # a child of cron, whose service lives on without it
    ({'owners': [CRON]}, Stop((), SPARED, 'cron.service')),
    ({'owners': [CRON, CRON]}, Stop((), SPARED, 'cron.service')),
    ({'owners': [owner(unit='session-1.scope')]}, Stop((), NO_UNIT, 'session-1.scope')),
    ({'owners': [CRON, NGINX]}, Stop((), NO_UNIT)),
    ({'owners': [CRON, owner()]}, Stop((), NO_UNIT)),
    ({'owners': [owner()]}, Stop((), NO_UNIT)),
    ({'owners': []}, Stop((), HIDDEN)),
    ({'owners': [], 'held_by': 'kernel'}, Stop((), KERNEL)),
])
def test_what_to_stop_and_why_nothing(fields, expected):
    assert _listener.stop(listener(**fields)) == expected


# What was not observed

COMPLETE = {'sockets': True, 'binding': True, 'owners': True, 'units': True}
OPTIONAL = {'connections', 'clients', 'exposure', 'verdict', 'allowed', 'level', 'resources', 'command'}
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
    assert _listener.unobserved(bound, COMPLETE) == missing | {'connections', 'clients', 'resources', 'command'}


def test_resources_that_were_not_observed():
    busy = owner(main=True, unit='nginx.service', resources={'threads': 4, 'open_files': None}, command=['nginx'])
    open_to_all = {'verdict': 'allowed', 'allowed': ['0.0.0.0/0']}
    bound = listener(service='nginx.service', owners=[busy], connections={}, clients={}, exposure=open_to_all)
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
    ({'owners': [owner(7, 'a\x1b[31m')]}, '"a\\x1b[31m" pid 7'),
    ({'owners': [], 'to': '10.88.0.4:8080'}, 'forwarded to 10.88.0.4:8080 (no container is known behind it)'),
    ({'owners': [], 'to': '[2001:db8::4]:80, ?:80, ...:?'},
     'forwarded to [2001:db8::4]:80, ?:80, ...:? (no container is known behind it)'),
    ({'owners': [], 'to': 'x) is fine ('}, 'forwarded to "x) is fine (" (no container is known behind it)'),
    ({'owners': []}, 'a hidden process (of uid 33)'),
    ({'owners': [], 'socket_uid': None}, 'a hidden process'),
    ({'owners': [], 'held_by': 'kernel'}, 'the kernel'),
])
def test_its_owners_in_words(fields, text):
    bound = _listener.excerpt(listener(**fields))
    assert _listener.owners_in_words(bound) == text
    assert _listener.in_words(bound) == 'tcp 0.0.0.0:80 ' + text


WORDS = st.text(min_size=1, max_size=400)


@hypothesis.given(st.data())
@hypothesis.settings(deadline=None, derandomize=True, database=None)
def test_no_name_of_a_host_can_be_taken_for_words_of_a_finding(data):
    """What is not a plain name stands between quotes, and nothing in it ends them."""
    names = {field: data.draw(WORDS, field) for field in ('process', 'unit', 'user', 'interface', 'namespace')}
    owners = [owner(100, names['process'], names['user'], unit=names['unit'])]
    bound = listener(owners=owners, service=names['unit'], interface=names['interface'], namespace=names['namespace'])
    words = _listener.excerpt(bound)
    text = re.sub(r'"[^"]*"', '?', _listener.in_words(words))
    assert re.fullmatch(
        r'tcp 0\.0\.0\.0%(NAME):80@(NAME) (NAME) pid 100 \((NAME)\)'.replace('NAME', r'[\w.@:/+\\-]+…?|\?'), text)
    assert re.fullmatch(r'[\w.@:/+\\-]+…?|\?', re.sub(r'"[^"]*"', '?', _listener.users_in_words(words)))


@pytest.mark.parametrize('owners, text', [
    ([owner(), owner()], 'www-data'),
    ([owner(user='root'), owner()], 'root, www-data'),
    ([owner(user=None)], '33'),
    ([owner(user=None, uid=None)], None),
    ([], None),
])
def test_the_users_of_its_owners_in_words(owners, text):
    assert _listener.users_in_words(_listener.excerpt(listener(owners=owners))) == text
