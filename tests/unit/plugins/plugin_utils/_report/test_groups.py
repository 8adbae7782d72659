# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings of many hosts: which are the same, and in which words they are reported."""

import json

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import fleet
from ansible_collections.listening.ports.plugins.plugin_utils._report.model import Report
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.hosts import Host
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.judgements import finding, judged
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import (
    RUN,
    facts,
    listener,
    owner,
    record,
)

LOOPBACK = ['127.0.0.1/8', '::1/128']


def groups(*hosts):
    return Report(RUN, list(hosts)).groups


def shown(*hosts):
    """Each group as its text and the names of its hosts."""
    return [(group.text + ' (and similar)' * group.others, ' '.join(group.hosts)) for group in groups(*hosts)]


def host(name, *lines, declare=(), **case):
    """A host with a judgement, as it is read from a record.

    :param lines: its listeners, in the notation of building.py.
    """
    policy, result = building.judged(dict(case, declare=list(declare), host=lines))
    judgement = fleet.check(json.loads(json.dumps(fleet.judgement(policy, result))))
    return Host(name, 'ok', record=record(name, building.facts(lines), declared=True, judgement=judgement))


def host_of(name, facts, policy):
    """The same, of facts."""
    judgement = fleet.judgement(policy, building.judge.judge(facts, policy, building.NOW))
    return Host(
        name, 'ok', record=record(name, facts, declared=True, judgement=fleet.check(json.loads(json.dumps(judgement))))
    )


def of_schema_1(host):
    """The same host, recorded by the first version."""
    judgement = json.loads(json.dumps(host.judgement))
    for entry in judgement['findings']:
        del entry['parts'], entry['same']
    return Host(host.name, 'ok', record=dict(host.record, schema=1, judgement=fleet.check_schema_1(judgement)))


@pytest.mark.parametrize('first, second, wanted', [
    ('rpcbind[5]', 'rpcbind[77]', 'rpcbind'),
    ('nginx[5] nginx[6]', 'nginx[7]', 'nginx'),
    ('nginx[1] nginx[2] nginx[3] nginx[4] nginx[5] nginx[6]', 'nginx[7] nginx[8]', 'nginx'),
    ('a[1] x.service b[2] x.service', 'a[3] x.service b[4] x.service', 'a, b (x.service)'),
])
def test_pids_are_of_no_account(first, second, wanted):
    host_a, host_b = host('a', 'tcp 0.0.0.0:111 ' + first), host('b', 'tcp 0.0.0.0:111 ' + second)
    text = 'tcp 0.0.0.0:111 %s listens, but nothing declares it (user root)' % wanted
    assert shown(host_a, host_b) == [(text, 'a b')]
    assert ' pid ' in shown(host_a)[0][0], 'for one host they are worth knowing'


def test_what_a_program_calls_itself_is_not_taken_for_a_pid():
    def running(name, process, pid):
        observed = facts(listener(port=80, service='x.service', owners=[owner(pid, process, 'root', unit='x.service')]))
        return host_of(name, observed, building.policy([{'name': 'no web', 'port': 80, 'state': 'forbidden'}]))

    rest = '(x.service) listens, but entry no web of expected_listeners forbids it'
    assert shown(running('a', 'worker pid 4', 512), running('b', 'worker pid 5', 513)) == [
        ('tcp 0.0.0.0:80 "worker pid 4" pid 512 %s' % rest, 'a'),
        ('tcp 0.0.0.0:80 "worker pid 5" pid 513 %s' % rest, 'b')]
    assert shown(running('a', 'worker pid 4', 512), running('b', 'worker pid 4', 513)) == [
        ('tcp 0.0.0.0:80 "worker pid 4" %s' % rest, 'a b')
    ]


def test_an_address_in_a_reason_is_what_somebody_declared():
    def moved(name, pid, address):
        return host(name, 'tcp 0.0.0.0:80 nginx[%d]' % pid, declare=[
            {'name': 'no web', 'port': 80, 'state': 'forbidden', 'reason': 'moved to %s:8443, ask Ann' % address}])

    text = (
        'tcp 0.0.0.0:80 nginx%s listens, but entry no web of expected_listeners forbids it (moved to %s:8443, ask Ann)'
    )
    assert shown(moved('a', 512, '10.0.0.5'), moved('b', 513, '10.0.0.6')) == [
        (text % (' pid 512', '10.0.0.5'), 'a'), (text % (' pid 513', '10.0.0.6'), 'b')]
    assert shown(moved('a', 512, '10.0.0.5'), moved('b', 513, '10.0.0.5')) == [(text % ('', '10.0.0.5'), 'a b')]


@pytest.mark.parametrize('first, second', [
    ('rpcbind[5]', 'evil[5]'),
    ('rpcbind[5] rpcbind.service', 'rpcbind[5]'),
    ('rpcbind[5]/root', 'rpcbind[5]/nobody'),
    ('rpcbind[5]', 'rpcbind[5] more=1'),
])
def test_other_owners_are_others(first, second):
    assert len(groups(host('a', 'tcp 0.0.0.0:111 ' + first), host('b', 'tcp 0.0.0.0:111 ' + second))) == 2


@pytest.mark.parametrize('first, second, wanted', [
    ('tcp 10.0.0.5:80', 'tcp 10.0.0.6:80', 'tcp (2 addresses):80'),
    ('tcp [fe80::1%eth0]:80', 'tcp [fe80::2%eth0]:80', 'tcp (2 addresses):80'),
    ('tcp [fe80::1%eth0]:80', 'tcp [fe80::1%eth1]:80', 'tcp (2 addresses):80'),
])
def test_addresses_of_the_hosts_are_of_no_account(first, second, wanted):
    (text, hosts), = shown(host('a', first + ' rpcbind[5]'), host('b', second + ' rpcbind[6]'))
    assert text.startswith(wanted + ' rpcbind listens') and hosts == 'a b'


def test_an_address_that_all_of_them_have_is_shown():
    (text, dummy), = shown(host('a', 'tcp [2001:db8::5]:80 nginx[1]'), host('b', 'tcp [2001:db8::5]:80 nginx[2]'))
    assert text.startswith('tcp [2001:db8::5]:80 nginx listens')


def test_an_address_that_is_shown_twice():
    web = {'name': 'web', 'port': 80, 'bind': 'loopback', 'state': 'optional'}
    host_a, host_b = (host(name, 'tcp %s:80 nginx[%d]' % (address, pid), declare=[web])
                      for name, address, pid in (('a', '10.0.0.5', 1), ('b', '10.0.0.55', 2)))
    assert shown(host_a, host_b) == [
        (
            'tcp (2 addresses):80 nginx is bound to (2 addresses) (private address), '
            'but entry web of expected_listeners expects it on loopback',
            'a b',
        )
    ]


def test_the_addresses_of_several_listeners_in_one_text():
    host_a, host_b = (
        host(
            name,
            'tcp %s:80 nginx[%d]' % (v4, pid),
            'tcp [%s]:80 nginx[%d]' % (v6, pid),
            'tcp %s:80 nginx[%d]' % (v4[:-1] + '9', pid + 5),
        )
        for name, v4, v6, pid in (('a', '10.0.0.5', 'fd00::5', 1), ('b', '10.0.0.6', 'fd00::6', 2))
    )
    assert shown(host_a, host_b) == [
        (
            'tcp (2 addresses):80 nginx listens, but nothing declares it (user root) '
            '(the same on tcp 10.0.0.9:80 nginx, tcp (2 addresses):80)',
            'a b',
        )
    ]


def test_addresses_of_the_host_in_a_line_of_a_log():
    """Those of others count."""
    def failed(name, address, line):
        return host(
            name,
            declare=[{'name': 'web', 'port': 80, 'service': 'nginx'}],
            system={'local_addresses': ['%s/24' % address, *LOOPBACK]},
            diagnoses={'nginx.service': {'lines': [line]}},
        )

    ((text, hosts),) = shown(
        *(
            failed(name, address, 'bind() to %s:80 failed' % address)
            for name, address in (('a', '10.0.0.5'), ('b', '10.0.0.6'))
        )
    )
    assert text.endswith('. nginx.service has failed (exit code 1): "bind() to (2 addresses):80 failed"')
    assert hosts == 'a b'
    assert (
        len(
            groups(
                *(
                    failed(name, '10.0.0.5', 'connect() to %s:80 failed' % peer)
                    for name, peer in (('a', '10.9.0.5'), ('b', '10.9.0.6'))
                )
            )
        )
        == 2
    )
    (text, hosts), = shown(*(failed(name, '10.0.0.5', 'bind() to 10.0.0.5:80 failed') for name in 'ab'))
    assert text.endswith('"bind() to 10.0.0.5:80 failed"')


@pytest.mark.parametrize('first, second, count', [
    ('ip daddr 10.0.0.5 accept', 'ip daddr 10.0.0.6 accept', 1),
    ('ip6 daddr 2001:db8::5 accept', 'ip6 daddr 2001:db8::6 accept', 1),
    ('ip saddr 10.1.0.5 accept', 'ip saddr 10.1.0.6 accept', 2),
    ('ip saddr 10.0.0.5/32 accept', 'ip saddr 10.0.0.6/32 accept', 2),
    ('version 1.10.0.0.5', 'version 1.10.0.0.6', 2),
    ('10.0.0.5.example', '10.0.0.6.example', 2),
])
def test_addresses_of_the_host_in_a_rule(first, second, count):
    def exposed(name, number, rule):
        observed = building.facts(['tcp 0.0.0.0:80 nginx[%d] from=anyone' % number], system={
            'local_addresses': ['10.0.0.%d/24' % number, '2001:db8::%d/64' % number]})
        observed['listeners'][0]['exposure']['decided_by'] = rule
        made = host_of(name, observed, building.policy([{'name': 'web', 'port': 80, 'only_from': 'private'}]))
        assert rule in made.judgement['findings'][0]['message']
        return made

    made = groups(exposed('a', 5, first), exposed('b', 6, second))
    assert len(made) == count
    if count == 1:
        assert made[0].text.endswith(': "%s (2 addresses) accept"' % ' '.join(first.split()[:2]))


@pytest.mark.parametrize('first, second', [
    ({'only_from': '10.0.0.0/8'}, {'only_from': '10.1.0.0/16'}),
    ({'bind': '10.0.0.5'}, {'bind': '10.0.0.6'}),
    ({'ensure': 'port == `1`'}, {'ensure': 'port == `2`'}),
])
def test_what_entries_say_counts(first, second):
    host_a, host_b = (
        host(
            name,
            'tcp 0.0.0.0:80 nginx[%d] from=anyone' % pid,
            declare=[dict(what, name='web', port=80, state='optional')],
        )
        for name, pid, what in (('a', 1, first), ('b', 2, second))
    )
    assert len(groups(host_a, host_b)) == 2


@pytest.mark.parametrize('first, second', [
    ('tcp 0.0.0.0:80', 'tcp [::]:80'),
    ('tcp 127.0.0.1:80', 'tcp 127.0.0.53:80'),
    ('tcp 0.0.0.0:80', 'tcp 10.0.0.5:80'),
    ('tcp 0.0.0.0:80', 'tcp 0.0.0.0:81'),
    ('tcp 0.0.0.0:80', 'udp 0.0.0.0:80'),
])
def test_addresses_that_all_hosts_have_count(first, second):
    no = [{'name': 'no', 'port': 'any', 'state': 'forbidden'}]
    assert (
        len(
            groups(
                *(
                    host(name, '%s rpcbind[%d]' % (endpoint, pid), declare=no)
                    for name, endpoint, pid in (('a', first, 1), ('b', second, 2))
                )
            )
        )
        == 2
    )


def test_ports_of_the_ephemeral_range_are_of_no_account():
    hosts = [
        host('h%d' % number, 'udp 0.0.0.0:%d rpcbind[%d] exe=/tmp/x' % (40000 + number, number))
        for number in range(1, 4)
    ]
    assert shown(*hosts) == [
        (
            'udp 0.0.0.0:(3 ports) rpcbind listens, but nothing declares it (user root): '
            'its executable was deleted or is in a directory for '
            'temporary files',
            'h1 h2 h3',
        )
    ]


def test_ports_and_addresses_at_once():
    no = [{'name': 'no', 'port': 'any', 'state': 'forbidden'}]
    hosts = [
        host(name, 'udp [fe80::%d%%eth0]:%d x[%d]' % (number, 40000 + number, number), declare=no)
        for name, number in (('a', 1), ('b', 2))
    ]
    assert shown(*hosts)[0][0].startswith('udp (2 addresses):(2 ports) x listens')


def test_what_is_twice_on_one_host_is_reported_twice():
    first, second, third = (host(name, 'tcp %s:80 x[%d]' % (address, pid)) for name, address, pid in (
        ('a', '10.0.0.5', 1), ('a', '10.1.0.5', 2), ('b', '10.0.0.6', 3)))
    twice = judged('a', *first.judgement['findings'], *second.judgement['findings'])
    assert [text.split(' ')[1] for text, dummy in shown(twice)] == ['10.0.0.5:80', '10.1.0.5:80']
    (text, hosts), = shown(twice, third)
    assert text.startswith('tcp (3 addresses):80 x listens') and hosts == 'a b'


@pytest.mark.parametrize('order', [1, -1])
@pytest.mark.parametrize('lines, diagnoses', [
    (['tcp 10.0.0.5:80 nginx[1]', 'tcp [fd00::5]:80 nginx[1]'], {}),
    ([], {'x.service': {'lines': ['bind() to 10.0.0.5:80 failed']}}),
    ([], {'x.service': {'lines': ['10.0.0.5 10.0.0.5 10.0.0.5']}}),
])
def test_parts_of_another_shape_are_reported_all_the_same(lines, diagnoses, order):
    """In a damaged record the key of another finding may stand."""
    def absent(name, *lines, diagnoses):
        (kept,) = [
            kept
            for kept in host(
                name,
                *lines,
                declare=[{'name': 'web', 'port': 80, 'bind': '10.0.0.9', 'service': 'x'}],
                diagnoses=diagnoses,
            ).judgement['findings']
            if kept['kind'] in ('missing', 'wrong_owner')
        ]
        return judged(
            name,
            dict(kept, kind='missing', severity='high', same='0' * 16, fingerprint='0' * 16)
            if kept['kind'] == 'missing'
            else kept,
        )

    hosts = [
        absent('a', diagnoses={'x.service': {'lines': ['bind() to 10.0.0.5:80 failed', 'x']}}),
        absent('b', *lines, diagnoses=diagnoses),
    ][::order]
    assert all(group.text for group in groups(*hosts))


@pytest.mark.parametrize(
    'other',
    [
        {'severity': 'low'},
        {'fails': False},
        {'entry': 'web'},
        {'declared_in': 'expected_listeners_web'},
        {'kind': 'forbidden'},
    ],
)
def test_what_else_differs_is_reported_apart(other):
    missing = dict(finding('x', 'missing'))
    assert len(groups(judged('a', missing), judged('b', dict(missing, **other)))) == 2


CAUSE = [
    {'name': 'web', 'port': 80, 'process': 'nginx'},
    {'name': 'db', 'port': 81, 'process': 'nginx'},
    {'name': 'x', 'port': 82, 'process': 'x'},
]


def test_what_cannot_be_judged_for_one_cause_is_reported_in_the_words_of_the_first_host():
    host_a, host_b, host_c = (host(name, *lines, declare=CAUSE, gaps=['owners']) for name, lines in (
        ('a', ['tcp 10.0.0.5:80 hidden', 'tcp 0.0.0.0:81 nginx[1] more=1', 'tcp 0.0.0.0:82 x[1]']),
        ('b', ['tcp 10.0.0.5:80 hidden', 'tcp 0.0.0.0:81 nginx[2] more=1', 'tcp 0.0.0.0:82 x[1]']),
        ('c', ['tcp 0.0.0.0:80 nginx[1]', 'tcp 0.0.0.0:81 hidden', 'tcp 0.0.0.0:82 x[1]'])))
    text = (
        '2 listeners and 2 entries cannot be judged because the owners are hidden (some owners were not observed): '
        'tcp 10.0.0.5:80 a hidden process (of uid 33), '
        'tcp 0.0.0.0:81 nginx%s, and 1 not listed; entries: db, web'
    )
    assert shown(host_a) == [(text % ' pid 1', 'a')]
    assert shown(host_a, host_b) == [(text % '', 'a b')]
    assert shown(host_a, host_c) == [(text % '' + ' (and similar)', 'a c')]


def test_listeners_on_loopback_are_reported_in_the_words_of_the_first_host():
    host_a, host_b, host_c = (host(name, 'tcp 127.0.0.1:%d x[%d]' % (port, pid), 'tcp 127.0.0.1:99 x[%d]' % pid)
                              for name, port, pid in (('a', 80, 1), ('b', 80, 2), ('c', 81, 1)))
    text = '2 undeclared listeners on loopback: tcp 127.0.0.1:80 x, tcp 127.0.0.1:99 x'
    assert shown(host_a, host_b) == [(text, 'a b')]
    assert shown(host_a, host_c) == [(text + ' (and similar)', 'a c')]


def test_clients_are_reported_by_process():
    host_a, host_b, host_c = (
        host(name, *('udp 0.0.0.0:%d %s[%d]' % (port, process, pid) for port in (40000 + pid, 41000 + pid)))
        for name, process, pid in (('a', 'named', 1), ('b', 'named', 2), ('c', 'chronyd', 3))
    )
    assert [(group.others, group.hosts) for group in groups(host_a, host_b, host_c)] == [
        (True, ['a', 'b']),
        (False, ['c']),
    ]


def test_of_records_of_the_first_version_the_same_message_is_the_same():
    host_a, host_b, host_c = (
        host(name, 'tcp 0.0.0.0:111 rpcbind[%d]' % pid) for name, pid in (('a', 5), ('b', 5), ('c', 6))
    )
    text = 'tcp 0.0.0.0:111 rpcbind pid %d listens, but nothing declares it (user root)'
    assert shown(*map(of_schema_1, (host_a, host_b, host_c))) == [(text % 5, 'a b'), (text % 6, 'c')]
    assert shown(of_schema_1(host_a), host_b, host_c) == [(text.replace(' pid %d', ''), 'b c'), (text % 5, 'a')]


def test_the_same_text_is_reported_once_for_all_hosts():
    assert shown(judged('a', finding('x')), judged('b', finding('y')), judged('c', finding('x'))) == [
        ('x', 'a c'),
        ('y', 'b'),
    ]


def test_the_order():
    ordered = groups(
        judged(
            'a', finding('warned', severity='critical', fails=False), finding('low', severity='low'), finding('once')
        ),
        judged('b', finding('forbidden', 'forbidden', 'critical'), finding('twice'), finding('low', severity='low')),
        judged('c', finding('twice'), finding('also once')),
    )
    assert [group.text for group in ordered] == ['forbidden', 'twice', 'also once', 'once', 'low', 'warned']


def test_those_over_the_fleet_come_last_and_have_no_host():
    idle = {'entries': [['expected_listeners', 'ntp']], 'waivers': []}
    ordered = groups(judged('a', finding('x', severity='info', fails=False), idle=idle), judged('b', idle=idle))
    assert [(group.kind, group.hosts) for group in ordered] == [('unexpected', ['a']), ('entry_unused', [])]


def test_what_a_record_says_is_made_harmless():
    evil = 'x\x1b[2J\n::error::\u202e'
    first, second, alone = finding(evil, remedy=evil), finding('y\r', same=evil, remedy=None), finding(evil, 'missing')
    for hosts in ([judged('a', first, alone)], [judged('a', first), judged('b', second)], [judged('a', first, second)]):
        for group in groups(*hosts):
            assert group.text.isprintable() and (group.remedy is None or group.remedy.isprintable())


def test_texts_of_hosts_are_no_patterns():
    def odd(name, pid):
        observed = facts(listener('10.0.0.5', 80, owners=[owner(pid, '(a+)+$\\1 %s (2 addresses)', 'root')]))
        return host_of(name, observed, building.policy([]))

    (text, hosts), = shown(odd('a', 5), odd('b', 6))
    assert (
        text == 'tcp 10.0.0.5:80 "(a+)+$\\1 %s (2 addresses)" listens, but nothing declares it (user root)'
        and hosts == 'a b'
    )


def test_many_hosts():
    policy = building.policy([])
    observed = building.facts(['tcp 10.0.0.5:%d rpcbind[%d]' % (port, port) for port in range(80, 90)])
    kept = fleet.judgement(policy, building.judge.judge(observed, policy, building.NOW))
    hosts = []
    for number in range(1000):
        text = json.dumps(kept).replace('10.0.0.5', '10.0.%d.%d' % (number // 250, number % 250))
        hosts.append(
            Host(
                'h%d' % number,
                'ok',
                record=record('h%d' % number, observed, declared=True, judgement=fleet.check(json.loads(text))),
            )
        )
    made = groups(*hosts)
    assert len(made) == 10 and all(len(group.hosts) == 1000 and '(1000 addresses)' in group.text for group in made)


def placed(name, path='group_vars/web.yml', **other):
    """A host whose only finding is about an entry that is in a file."""
    missing = finding('nothing listens on 80, which web declares', 'missing', entry='web',
                      declared_in='expected_listeners', **other)
    return judged(name, missing, places={'expected_listeners': {'path': path, 'line': 2, 'entries': {'web': 4}}})


def test_a_group_says_where_its_entry_is():
    [group] = groups(placed('a'), placed('b'))
    assert (group.entry, group.declared_in, group.place) == ('web', 'expected_listeners', ('group_vars/web.yml', 4))
    assert group.place.text == 'group_vars/web.yml:4'


def test_where_each_host_declares_it_in_a_file_of_its_own_most_of_them_decide():
    hosts = [placed('a', 'host_vars/a.yml'), placed('b'), placed('c')]
    [group] = groups(*hosts)
    assert group.place == ('group_vars/web.yml', 4)
    [group] = groups(*hosts[:2])
    assert group.place == ('group_vars/web.yml', 4)


@pytest.mark.parametrize('places, wanted', [
    ({}, None),
    ({'expected_listeners_other': {'path': 'x.yml', 'line': 2, 'entries': {'web': 4}}}, None),
    ({'expected_listeners': {'path': 'x.yml', 'line': 2, 'entries': {'other': 4}}}, ('x.yml', 2)),
])
def test_an_entry_without_a_line_is_in_its_variable(places, wanted):
    missing = finding('nothing listens', 'missing', entry='web', declared_in='expected_listeners')
    [group] = groups(judged('a', missing, places=places))
    assert group.place == wanted


def test_what_nobody_has_a_use_for_is_where_the_host_declares_it_that_has_it():
    idle = {'entries': [['expected_listeners', 'ntp']], 'waivers': [['listener_waivers', 'old']]}
    other = {'expected_listeners': {'path': 'host_vars/a.yml', 'line': 1, 'entries': {}}}
    known = {'expected_listeners': {'path': 'group_vars/all.yml', 'line': 1, 'entries': {'ntp': 3}},
             'listener_waivers': {'path': 'group_vars/all.yml', 'line': 7, 'entries': {'old': 8}}}
    found = groups(judged('a', places=other), judged('b', idle=idle, places=known))
    assert {group.kind: group.place for group in found} == {
        'entry_unused': ('group_vars/all.yml', 3), 'waiver_unused': ('group_vars/all.yml', 8)}


def test_a_hostile_path_is_harmless():
    [group] = groups(placed('a', 'group_vars/\x1b[2J\u202e.yml'))
    assert group.place.text == 'group_vars/\\x1b[2J\\u202e.yml:4'
