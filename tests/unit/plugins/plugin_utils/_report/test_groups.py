# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings of many hosts: which are the same, and how they are told."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._report import groups as _groups
from ansible_collections.listening.ports.plugins.plugin_utils._report.model import Report
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.judgements import finding, judged
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import RUN


def groups(*hosts):
    return _groups.groups(Report(RUN, list(hosts)))


def told(*hosts):
    """Each group as its text and the names of its hosts."""
    return [(group.text + ' (and alike)' * group.others, ' '.join(group.hosts)) for group in groups(*hosts)]


def stray(endpoint, who='rpcbind pid 5', **other):
    """An unexpected listener. Without ``same`` its fingerprint is that of the port."""
    protocol, address = endpoint.split(' ')
    options = {'listener': '%s/%s' % (protocol, address), 'same': '%s %s' % (protocol, address.rpartition(':')[2])}
    message = other.pop('message', '%s %s listens, and nothing declares it (user root)' % (endpoint, who))
    return finding(message, **dict(options, **other))


def test_the_same_text_is_told_once_for_all_hosts():
    assert told(judged('a', finding('x')), judged('b', finding('y')), judged('c', finding('x'))) == [('x', 'a c'), ('y', 'b')]


@pytest.mark.parametrize('first, second, wanted', [
    ('rpcbind pid 5', 'rpcbind pid 77', 'rpcbind'),
    ('nginx pid 5, 6', 'nginx pid 7', 'nginx'),
    ('nginx pid 1, 2, 3, 4 and 9 more', 'nginx pid 7, 8', 'nginx'),
    ('a pid 1, b pid 2 (x.service)', 'a pid 3, b pid 4 (x.service)', 'a, b (x.service)'),
])
def test_pids_are_of_no_account(first, second, wanted):
    one, other = stray('tcp 0.0.0.0:111', first), stray('tcp 0.0.0.0:111', second)
    text = 'tcp 0.0.0.0:111 %s listens, and nothing declares it (user root)'
    assert told(judged('a', one), judged('b', other)) == [(text % wanted, 'a b')]
    assert told(judged('a', one)) == [(text % first, 'a')], 'for one host they are worth knowing'


@pytest.mark.parametrize('first, second', [
    ('rpcbind pid 5', 'evil pid 5'),
    ('rpcbind pid 5 (rpcbind.service)', 'rpcbind pid 5'),
])
def test_other_holders_are_others(first, second):
    assert len(groups(judged('a', stray('tcp 0.0.0.0:111', first)), judged('b', stray('tcp 0.0.0.0:111', second)))) == 2


@pytest.mark.parametrize('first, second, wanted', [
    ('tcp 10.0.0.5:80', 'tcp 10.0.0.6:80', 'tcp (2 addresses):80'),
    ('tcp [fe80::1%eth0]:80', 'tcp [fe80::2%eth0]:80', 'tcp (2 addresses):80'),
])
def test_addresses_of_the_hosts_are_of_no_account(first, second, wanted):
    (text, hosts), = told(judged('a', stray(first)), judged('b', stray(second)))
    assert text.startswith(wanted + ' rpcbind listens') and hosts == 'a b'


def test_an_address_that_is_told_twice():
    one, other = (finding('tcp %s:80 nginx pid 1 is bound to %s (private address), where entry web expects it on loopback' % (address, address),
                          'wrong_bind', listener='tcp/%s:80' % address, same='bind', entry='web') for address in ('10.0.0.5', '10.0.0.55'))
    assert told(judged('a', one), judged('b', other)) == [(
        'tcp (2 addresses):80 nginx is bound to (2 addresses) (private address), where entry web expects it on loopback', 'a b')]


def test_all_addresses_in_a_text():
    one, other = (stray('tcp %s:80' % v4, same='x', message='tcp %s:80 nginx pid %d listens (the same on tcp [%s]:80, tcp 0.0.0.0:81)' % (v4, pid, v6))
                  for v4, v6, pid in (('10.0.0.5', 'fd00::5', 1), ('10.0.0.6', 'fd00::6%eth0', 2)))
    assert told(judged('a', one), judged('b', other)) == [
        ('tcp (2 addresses):80 nginx listens (the same on tcp (2 addresses):80, tcp 0.0.0.0:81)', 'a b')]


@pytest.mark.parametrize('first, second', [
    ('has it only for 10.0.0.0/8 alone', 'has it only for 10.1.0.0/16 alone'),
    ('and listens on tcp 0.0.0.0:80', 'and listens on tcp 0.0.0.0:81'),
    ('version 1.2.3.4.5', 'version 1.2.3.4.6'),
])
def test_what_looks_like_an_address_of_the_host_and_is_not(first, second):
    one, other = finding('x ' + first, 'missing', same='x'), finding('x ' + second, 'missing', same='x')
    assert len(groups(judged('a', one), judged('b', other))) == 2


@pytest.mark.parametrize('first, second', [
    ('tcp 0.0.0.0:80', 'tcp [::]:80'),
    ('tcp 127.0.0.1:80', 'tcp 127.0.0.53:80'),
    ('tcp 0.0.0.0:80', 'tcp 10.0.0.5:80'),
    ('tcp 0.0.0.0:80', 'tcp 0.0.0.0:81'),
    ('tcp 0.0.0.0:80', 'udp 0.0.0.0:80'),
])
def test_addresses_that_all_hosts_have_count(first, second):
    assert len(groups(judged('a', stray(first)), judged('b', stray(second)))) == 2


def test_ports_of_the_ephemeral_range_are_of_no_account():
    """Their fingerprint says that these are the same."""
    hosts = [judged('h%d' % number, stray('udp 0.0.0.0:%d' % (40000 + number), same='ephemeral')) for number in range(3)]
    assert told(*hosts) == [('udp 0.0.0.0:(3 ports) rpcbind listens, and nothing declares it (user root)', 'h0 h1 h2')]


def test_what_is_twice_on_one_host_is_told_twice():
    host = judged('a', stray('tcp 10.0.0.5:80'), stray('tcp 10.1.0.5:80'))
    assert [text.split(' ')[1] for text, dummy in told(host)] == ['10.0.0.5:80', '10.1.0.5:80']
    (text, hosts), = told(host, judged('b', stray('tcp 10.0.0.6:80')))
    assert text.startswith('tcp (3 addresses):80 ') and hosts == 'a b'


@pytest.mark.parametrize('other', [
    {'severity': 'low'}, {'fails': False}, {'entry': 'web'}, {'declared_in': 'expected_listeners_web'}, {'kind': 'forbidden'}])
def test_what_else_differs_is_told_apart(other):
    one = dict(finding('x', 'missing'))
    assert len(groups(judged('a', one), judged('b', dict(one, **other)))) == 2


@pytest.mark.parametrize('kind', ['unknown', 'unexpected'])
def test_what_sums_up_is_told_in_the_words_of_the_first_host(kind):
    one, other = (finding('2 listeners: tcp 127.0.0.1:%d x pid %d' % (port, port), kind, same='cause') for port in (80, 81))
    assert told(judged('a', one), judged('b', other)) == [('2 listeners: tcp 127.0.0.1:80 x (and alike)', 'a b')]
    again = dict(one, message=one['message'].replace('pid 80', 'pid 9'))
    assert told(judged('a', one), judged('b', again)) == [('2 listeners: tcp 127.0.0.1:80 x', 'a b')]
    assert told(judged('a', one)) == [(one['message'], 'a')]
    elsewhere = finding(one['message'], kind, same='another cause')
    assert len(groups(judged('a', one), judged('b', elsewhere))) == 2


def test_the_order():
    found = groups(
        judged('a', finding('warned', severity='critical', fails=False), finding('low', severity='low'), finding('once')),
        judged('b', finding('forbidden', 'forbidden', 'critical'), finding('twice'), finding('low', severity='low')),
        judged('c', finding('twice'), finding('also once')))
    assert [group.text for group in found] == ['forbidden', 'twice', 'also once', 'once', 'low', 'warned']


def test_those_over_the_fleet_come_last_and_have_no_host():
    idle = {'entries': [['expected_listeners', 'ntp']], 'waivers': []}
    found = groups(judged('a', finding('x', severity='info', fails=False), idle=idle), judged('b', idle=idle))
    assert [(group.kind, group.hosts) for group in found] == [('unexpected', ['a']), ('entry_unused', [])]


def test_what_a_record_says_is_made_harmless():
    evil = 'x\x1b[2J\n::error::\u202e'
    one, other, alone = finding(evil, remedy=evil), finding('y\r', same=evil, remedy=None), finding(evil, 'missing')
    for hosts in ([judged('a', one, alone)], [judged('a', one), judged('b', other)], [judged('a', one, other)]):
        for group in groups(*hosts):
            assert group.text.isprintable() and (group.remedy is None or group.remedy.isprintable())


def test_texts_of_hosts_are_no_patterns():
    one = stray('tcp 10.0.0.5:80', '(a+)+$\\1 pid 5', listener='tcp/[(]:80')
    other = stray('tcp 10.0.0.5:80', '(a+)+$\\1 pid 6', listener='tcp/[(]:80')
    (text, dummy), = told(judged('a', one), judged('b', other))
    assert text == 'tcp 10.0.0.5:80 (a+)+$\\1 listens, and nothing declares it (user root)'


def test_many_hosts():
    hosts = [judged('h%d' % number, *[stray('tcp 10.0.%d.%d:%d' % (number // 250, number % 250, port)) for port in range(80, 90)])
             for number in range(1000)]
    found = groups(*hosts)
    assert len(found) == 10 and all(len(group.hosts) == 1000 for group in found)
