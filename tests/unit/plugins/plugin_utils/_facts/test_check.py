# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts that a host sent: what is believed, and what is refused and why."""

import json
import time

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._facts import check
from ansible_collections.listening.ports.plugins.plugin_utils._schema import Fault
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.diagnoses import diagnosis
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import facts, gap, listener, owner


def sent(given):
    """The same facts, as JSON brings them."""
    return json.loads(json.dumps(given))


def exposure(**other):
    """An exposure with one path; what is given is in both."""
    shared = dict(
        {
            'verdict': 'partly',
            'allowed': ['10.0.0.0/8', 'fd00::/8'],
            'decided_by': 'nftables inet filter input handle 12: ip saddr 10.0.0.0/8 tcp dport 22 accept',
            'blocked_by': 'policy drop of chain inet filter input',
            'undecided': [{'sources': ['192.0.2.0/24'], 'reason': 'a client may choose its port'}],
            'caveats': ['rate limit'],
        },
        **other,
    )
    return dict(shared, level='private', paths=[dict(shared, family='ipv4', interfaces=['eth0'])])


def forwarded(**other):
    return dict(
        listener(port=8050, owners=[]),
        **dict(
            {
                'to': '172.17.0.2:80',
                'ports': '8050',
                'decided_by': 'x',
                'container': None,
                'proxy': 'tcp/0.0.0.0:8050',
                'exposure': exposure(),
            },
            **other,
        ),
    )


OPENING = {
    'protocol': 'tcp',
    'family': 'ipv4',
    'ports': '8000-8010',
    'interfaces': ['eth0'],
    'sources': ['0.0.0.0/0'],
    'decided_by': None,
}
FIREWALL = {
    'backends': ['nftables', 'ufw'],
    'default': 'drop',
    'rules': 12,
    'sources': {'ipv4': ['0.0.0.0/0'], 'ipv6': ['2001:db8::/64', 'fe80::/64']},
}
GOOD = {
    'nothing listens': facts(),
    'who can reach it': facts(
        listener(exposure=exposure()), forwarded=[forwarded()], openings=[OPENING], firewall=FIREWALL
    ),
    'who can send is not known': facts(firewall=dict(FIREWALL, sources=None)),
    'nobody is kept out': facts(listener(exposure=exposure(verdict='allowed', blocked_by=None))),
    'nobody can reach it': facts(
        listener(exposure=exposure(allowed=[], undecided=[], verdict='blocked', decided_by=None))
    ),
    'another namespace has no exposure': facts(listener(namespace='x', exposure=None)),
    'one listener': facts(listener()),
    'a link-local address': facts(listener('fe80::1', 546, 'udp', interface='eth0')),
    'a mapped address': facts(listener('::ffff:10.0.0.1', 80, accepts_ipv4=True, accepts_ipv6=False)),
    'another namespace': facts(listener(namespace='/run/netns/a b\n')),
    'unknown everywhere': facts(
        listener(
            owners=[owner(process=None, user=None, uid=None, exe=None, exe_deleted=None, started=None)],
            accepts_ipv4=None,
            backlog=None,
            socket_uid=None,
        )
    ),
    'more owners than are told': facts(listener(owners_total=1000)),
    'kernel': facts(listener(owners=[], held_by='kernel')),
    'all subsets': facts(
        listener(
            owners=[
                owner(
                    resources={'cpu_seconds': 0.5, 'rss_bytes': 1, 'threads': 1, 'open_files': None}, command=['a', '']
                ),
                owner(pid=1, resources=None, command=None),
            ],
            connections={'established': 3, 'state_12': 0},
            clients={'ipv4': {'0.0.0.0/0': 3, '10.0.0.5/32': 1}, 'ipv6': {'fe80::/64': 9}, 'itself': 0},
        )
    ),
    'hidden owners': facts(listener(owners=[]), gaps=[gap()]),
    'the longest path, every byte escaped': facts(listener(owners=[owner(exe='\\xff' * 4096)])),
    'host texts stay what they are': facts(listener(owners=[owner(process='{{ 7*7 }}\n\x1b[31m\u202e日本')])),
    'a unit that does not listen': facts(
        diagnoses={'nginx': diagnosis('nginx', lines=['[emerg] bind() failed\x1b[31m'] * 5)}
    ),
    'a unit that could not be looked at': facts(
        diagnoses={
            'a b\n': diagnosis(
                'a b\n',
                id=None,
                load=None,
                active=None,
                sub=None,
                enabled=None,
                result=None,
                exit=None,
                holds=None,
                unseen=['why'],
            )
        }
    ),
    'no unit that does not listen': facts(diagnoses={}),
    'unknown system': facts(
        system={
            'local_addresses': None,
            'ephemeral_ports': None,
            'reserved_ports': None,
            'unprivileged_port_start': None,
        }
    ),
}


@pytest.mark.parametrize('given', GOOD.values(), ids=GOOD.keys())
def test_honest_facts_come_back_unchanged(given):
    assert check.check(sent(given)) == given


def test_keys_of_later_versions_are_dropped_at_every_level():
    plain = facts(listener(), gaps=[gap()])
    more = facts(listener(reputation={'verdict': 'allowed'}), gaps=[dict(gap(), since=1)], imported=[], firmware={})
    more['listeners'][0]['owners'][0]['capabilities'] = []
    more['listeners'][0]['backlog']['dropped'] = 3
    more['system']['kernel'] = '9.0'
    more['complete']['firmware'] = True
    plain['diagnoses'] = {'a': diagnosis('a')}
    more['diagnoses'] = {'a': diagnosis('a', restarts=5)}
    assert check.check(sent(more)) == plain


def changed(path, value):
    """Facts with one value replaced, or removed where it is None; a path is keys and indexes."""
    given = facts(listener(), listener(port=81), gaps=[gap('units', 'systemctl', None, 'x', None)])
    part = given
    for step in path[:-1]:
        part = part[step]
    if value is None:
        del part[path[-1]]
    else:
        part[path[-1]] = value
    return given


REFUSED = [
    (
        ('listeners', 1, 'exposure'),
        exposure(verdict='open'),
        'listeners[1].exposure.verdict: has to be one of allowed, partly, blocked, unknown',
    ),
    (
        ('listeners', 1, 'exposure'),
        exposure(allowed=['10.0.0.1']),
        'exposure.allowed[0]: has to be a network such as 192.0.2.0/24',
    ),
    (('listeners', 1, 'exposure'), exposure(allowed=['10.0.0.1/8']), 'exposure.allowed[0]: has to be a network'),
    (('listeners', 1, 'exposure'), exposure(allowed=[['10.0.0.0/8']]), 'exposure.allowed[0]: has to be a network'),
    (
        ('listeners', 1, 'exposure'),
        exposure(allowed=['10.0.0.0/8'] * 2001),
        'exposure.allowed: has 2001 elements, not 0 to 2000',
    ),
    (
        ('listeners', 1, 'exposure'),
        exposure(undecided=[{'sources': ['x/1'], 'reason': ''}]),
        'exposure.undecided[0].sources[0]: has to be a network',
    ),
    (('listeners', 1, 'exposure'), exposure(caveats=['x'] * 101), 'exposure.caveats: has 101 elements'),
    (
        ('listeners', 1, 'exposure'),
        dict(exposure(), level='world'),
        'exposure.level: has to be one of none, local, link',
    ),
    (('listeners', 1, 'exposure'), dict(exposure(), paths=[exposure()]), 'exposure.paths[0].interfaces: is missing'),
    (('forwarded',), [forwarded(ports='80:90')], 'forwarded[0].ports: has to be a port, or a range of them'),
    (('forwarded',), [forwarded(exposure=None)], 'forwarded[0].exposure: has to be a mapping'),
    (('forwarded',), [forwarded(id='tcp/0.0.0.0:80')], 'forwarded[0].id: does not fit'),
    (('forwarded',), [forwarded(), forwarded()], 'forwarded[1].id: occurs twice'),
    (('openings',), [dict(OPENING, sources=['all'])], 'openings[0].sources[0]: has to be a network'),
    (('openings',), [OPENING] * 10001, 'openings: has 10001 elements'),
    (('firewall',), dict(FIREWALL, sources={'ipv4': []}), 'firewall.sources.ipv6: is missing'),
    (
        ('firewall',),
        dict(FIREWALL, sources={'ipv4': ['10.0.0.1/8'], 'ipv6': []}),
        'firewall.sources.ipv4[0]: has to be a network',
    ),
    (
        ('firewall',),
        dict(FIREWALL, sources={'ipv4': ['10.0.0.0/8'] * 2001, 'ipv6': []}),
        'firewall.sources.ipv4: has 2001 elements, not 0 to 2000',
    ),
    (('listeners', 1, 'exposure'), exposure(blocked_by=5), 'exposure.blocked_by: has to be text, not 5'),
    (('firewall',), dict(FIREWALL, default='maybe'), 'firewall.default: has to be one of accept, drop, mixed, unknown'),
    (('firewall',), dict(FIREWALL, backends=['pf']), 'firewall.backends[0]: has to be one of nftables'),
    (('schema',), 2, 'schema: has to be a whole number from 1 to 1, not 2'),
    (('schema',), True, 'schema: has to be a whole number from 1 to 1, not a boolean'),
    (('listeners',), None, 'listeners: is missing'),
    (('listeners',), {}, 'listeners: has to be a list, not a mapping'),
    (('listeners', 1), [], 'listeners[1]: has to be a mapping, not a list'),
    (('listeners', 1, 'port'), 65536, 'listeners[1].port: has to be a whole number from 0 to 65535, not 65536'),
    (('listeners', 1, 'port'), '81', "listeners[1].port: has to be a whole number from 0 to 65535, not '81'"),
    (('listeners', 1, 'port'), 81.0, 'listeners[1].port: has to be a whole number from 0 to 65535, not 81.0'),
    (('listeners', 1, 'port'), True, 'listeners[1].port: has to be a whole number from 0 to 65535, not a boolean'),
    (('listeners', 1, 'owners', 0, 'resources'), {'cpu_seconds': True}, 'resources.cpu_seconds: has to be a number'),
    (('listeners', 1, 'owners', 0, 'resources'), {'cpu_seconds': 10**400}, 'has to be a number from 0 to'),
    (('listeners', 1, 'port'), 10**400, 'listeners[1].port: has to be a whole number from 0 to 65535'),
    (('listeners', 1, 'protocol'), 'icmp', "listeners[1].protocol: has to be one of tcp, udp"),
    (('listeners', 1, 'protocol'), ['tcp'], "listeners[1].protocol: has to be one of tcp, udp"),
    (('listeners', 1, 'protocol'), '\x1b[31m', r"not '\x1b[31m'"),
    (('listeners', 1, 'scope'), 'world', 'listeners[1].scope: has to be one of any, global, private, link, loopback'),
    (('listeners', 1, 'address'), '1.2.3', 'listeners[1].address: is not an ipv4 address'),
    (('listeners', 1, 'address'), '0.0.0.0\0', 'listeners[1].address: is not an ipv4 address'),
    (('listeners', 1, 'address'), '::', 'listeners[1].address: is not an ipv4 address'),
    (('listeners', 1, 'id'), 'tcp/127.0.0.1:81', 'listeners[1].id: does not fit'),
    (('listeners', 1), listener(), 'listeners[1].id: occurs twice'),
    (('listeners', 1, 'owners_total'), 0, 'listeners[1].owners_total: is less than there are owners'),
    (('listeners', 1, 'owners_total'), -1, 'listeners[1].owners_total: has to be a whole number from 0'),
    (('listeners', 1, 'held_by'), 'kernel', 'listeners[1].held_by: does not fit the owners'),
    (('listeners', 1, 'owners'), [owner()] * 65, 'listeners[1].owners: has 65 elements, not 0 to 64'),
    (('listeners', 1, 'owners', 0), None, 'listeners[1].held_by: does not fit the owners'),
    (
        ('listeners', 1, 'owners', 0, 'pid'),
        'a',
        "listeners[1].owners[0].pid: has to be a whole number from 0 to 4294967295",
    ),
    (('listeners', 1, 'owners', 0, 'exe'), 'x' * 20001, 'listeners[1].owners[0].exe: is longer than 20000 characters'),
    (('listeners', 1, 'owners', 0, 'user'), '\ud800', 'listeners[1].owners[0].user: has half of a surrogate pair'),
    (('listeners', 1, 'owners', 0, 'started'), 'now', 'listeners[1].owners[0].started: has to be a time'),
    (('listeners', 1, 'owners', 0, 'started'), '2026-11-19T08:00:00Z\n', 'owners[0].started: has to be a time'),
    (
        ('listeners', 1, 'owners', 0, 'resources'),
        {'cpu_seconds': 'x'},
        'owners[0].resources.cpu_seconds: has to be a number',
    ),
    (('listeners', 1, 'owners', 0, 'command'), 'rm -rf', "owners[0].command: has to be a list, not 'rm -rf'"),
    (('listeners', 1, 'connections'), {'established; x': 1}, 'listeners[1].connections: has to be a word'),
    (
        ('listeners', 1, 'connections'),
        {'established': '1'},
        'listeners[1].connections.established: has to be a whole number',
    ),
    (
        ('listeners', 1, 'connections'),
        {'s%d' % number: 1 for number in range(33)},
        'connections: has more than 32 keys',
    ),
    (('listeners', 1, 'clients'), {'ipv4': {}, 'ipv6': {}}, 'listeners[1].clients.itself: is missing'),
    *(
        (
            ('listeners', 1, 'clients'),
            {'ipv4': {}, 'ipv6': {}, 'itself': 0, **nets},
            'listeners[1].clients.%s: has a key that is no %s network' % (*nets, {'ipv4': 'IPv4'}.get(*nets, 'IPv6')),
        )
        for nets in (
            {'ipv4': {'10.0.0.1': 1}},
            {'ipv4': {'10.0.0.1/24': 1}},
            {'ipv4': {'10.0.0.0/33': 1}},
            {'ipv4': {'2001:db8::/64': 1}},
            {'ipv4': {'10.0.0.0/8; x': 1}},
            {'ipv6': {'2001:db8::1/64': 1}},
            {'ipv6': {'10.0.0.0/8': 1}},
        )
    ),
    (
        ('listeners', 1, 'clients'),
        {'ipv4': {'10.0.0.%d/32' % number: 1 for number in range(65)}, 'ipv6': {}, 'itself': 0},
        'listeners[1].clients.ipv4: has more than 64 keys',
    ),
    (('listeners', 1, 'ephemeral'), 0, 'listeners[1].ephemeral: has to be true or false, not 0'),
    (('gaps', 0, 'aspect'), 'Sockets', "gaps[0].aspect: has to be a word of a-z, 0-9 and _, not 'Sockets'"),
    (('gaps', 0, 'message'), 5, 'gaps[0].message: has to be text, not 5'),
    (('gaps',), [gap()] * 1001, 'gaps: has 1001 elements, not 0 to 1000'),
    (('gaps',), [], 'complete.units: contradicts the gaps'),
    (('complete', 'units'), True, 'complete.units: contradicts the gaps'),
    (('complete', 'sockets'), False, 'complete.sockets: contradicts the gaps'),
    (('complete', 'sockets'), 1, 'complete.sockets: has to be true or false, not 1'),
    (('complete', 'owners'), None, 'complete.owners: is missing'),
    (('complete', 'owners'), 'yes', "complete.owners: has to be true or false, not 'yes'"),
    (('gathered_at',), '2026-11-20', 'gathered_at: has to be a time such as'),
    (('collector',), 'a' * 65, 'collector: has to be a word'),
    (('system', 'ephemeral_ports'), [1], 'system.ephemeral_ports: has 1 elements, not 2 to 2'),
    (('diagnoses',), [], 'diagnoses: has to be a mapping, not a list'),
    (('diagnoses',), {'a': diagnosis('b')}, 'diagnoses: one of them is of another unit'),
    (
        ('diagnoses',),
        {'\x1b': diagnosis('\x1b', exit='1')},
        "diagnoses: has to be a whole number from 0 to 4294967295, not '1'",
    ),
    (('diagnoses',), {'a': diagnosis('a', lines=['x'] * 6)}, 'diagnoses: has 6 elements, not 0 to 5'),
    (('diagnoses',), {'a': diagnosis('a', holds='no')}, "diagnoses: has to be true or false, not 'no'"),
    (('diagnoses',), {'a': {}}, 'diagnoses: is missing'),
    (('diagnoses',), {'\ud800': diagnosis('\ud800')}, 'diagnoses: has half of a surrogate pair'),
    (('diagnoses',), dict.fromkeys(map(str, range(10001)), 1), 'diagnoses: has more than 10000 keys'),
    (('system', 'local_addresses'), [1], 'system.local_addresses[0]: has to be text, not 1'),
]


@pytest.mark.parametrize('path, value, message', REFUSED)
def test_what_does_not_fit_is_refused_and_named(path, value, message):
    with pytest.raises(Fault) as caught:
        check.check(sent(changed(path, value)))
    assert message in str(caught.value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 300


def test_that_all_was_seen_cannot_be_left_open():
    given = facts()
    given['complete']['sockets'] = None
    with pytest.raises(Fault) as caught:
        check.check(given)
    assert str(caught.value) == 'complete.sockets: has to be true or false, not null'


def test_many_listeners_are_checked_quickly():
    many = json.dumps(facts(*[listener(port=port + 1, owners=[owner(), owner(pid=101)]) for port in range(1000)]))
    durations = []
    for dummy in range(7):
        given = json.loads(many)
        start = time.process_time()
        check.check(given)
        durations.append(time.process_time() - start)
    assert min(durations) < 0.05        # measured: 0.010; the rest is for slower machines
