# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a line of the table says of a listener."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._report.console import rows as _rows
from ansible_collections.listening.ports.plugins.plugin_utils._report.model import Report
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.hosts import Host, gathered, rows_of
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import (
    RUN, facts, listener, owner, record
)


def report(**hosts):
    return Report(RUN, [Host(name, 'ok', record=record(name, facts(*listeners))) for name, listeners in hosts.items()])


def row(*arguments, **options):
    return rows_of(report(web=[listener(*arguments, **options)]))[0]


@pytest.mark.parametrize('options, wanted', [
    ({}, '0.0.0.0:80'),
    ({'address': '::'}, '[::]:80'),
    ({'address': '::', 'accepts_ipv4': True}, '[::]:80 (v4+6)'),
    ({'address': '::', 'accepts_ipv4': None}, '[::]:80 (v4?+6)'),
    ({'address': '127.0.0.53', 'interface': 'lo'}, '127.0.0.53%lo:80'),
    ({'address': 'fe80::1', 'interface': 'eth0'}, '[fe80::1%eth0]:80'),
    ({'address': 'fe80::1', 'interface': 'e\x1b 0'}, '[fe80::1%"e\\x1b 0"]:80'),
])
def test_endpoint(options, wanted):
    assert row(**options).endpoint == wanted


@pytest.mark.parametrize('options, wanted', [
    ({'port_name': 'http'}, 'http'),
    ({'port_name': 'a b'}, '"a b"'),
    ({}, '-'),
    ({'protocol': 'udp', 'ephemeral': True}, '(ephemeral)'),
    ({'protocol': 'udp', 'ephemeral': True, 'port_name': 'x'}, 'x'),
    ({'protocol': 'raw', 'port': 89}, 'IP proto 89'),
])
def test_service(options, wanted):
    assert row(**options).service == wanted


SYSTEMD = owner(1, 'systemd', 'root', unit='init.scope')
SSHD = owner(9, 'sshd', 'root', unit='ssh.service')


@pytest.mark.parametrize('owners, options, wanted', [
    ([SSHD], {}, 'sshd (root)'),
    ([owner(pid) for pid in range(2, 7)], {}, 'nginx ×5 (www-data)'),
    ([owner(2, user='root'), owner(3), owner(4)], {}, 'nginx ×3 (root, www-data)'),
    ([owner(2, 'b'), owner(3, 'a'), owner(4, 'c'), owner(5, 'c')], {}, 'c ×2 (www-data), a (www-data), b (www-data)'),
    ([owner(pid, 'p%d' % pid, 'u') for pid in range(2, 8)], {}, 'p2 (u), p3 (u), p4 (u), +3 more'),
    ([owner(pid) for pid in range(64)], {'owners_total': 100}, 'nginx ×64 (www-data), +36 processes'),
    ([SYSTEMD, SSHD], {'activated_by': 'ssh.socket'}, 'sshd (root)'),
    ([SYSTEMD], {'activated_by': 'ssh.socket'}, 'systemd (root)'),
    ([SYSTEMD, SSHD], {}, 'sshd (root), systemd (root)'),
    ([owner(exe_deleted=True)], {}, 'nginx [exe deleted] (www-data)'),
    ([owner(2, exe_deleted=True), owner(3)], {}, 'nginx (www-data), nginx [exe deleted] (www-data)'),
    ([owner(process='systemd-resolve', exe='/usr/lib/systemd/systemd-resolved')], {}, 'systemd-resolved (www-data)'),
    ([owner(process='short', exe='/bin/shorter')], {}, 'short (www-data)'),
    ([owner(process='fifteen-letters', exe='/bin/other')], {}, 'fifteen-letters (www-data)'),
    ([owner(process=None)], {}, '? (www-data)'),
    ([owner(user=None, uid=1000)], {}, 'nginx (uid 1000)'),
    ([owner(user=None, uid=None)], {}, 'nginx (?)'),
    ([owner(process='kernel', user='me')], {}, 'kernel (me)'),
    ([owner(process='[kernel]', user='me')], {}, '"[kernel]" (me)'),
    ([owner(process='a\x1b[31m\n', user='m\u202ee')], {}, '"a\\x1b[31m\\n" ("m\\u202ee")'),
    ([], {'held_by': 'kernel'}, '[kernel]'),
    ([], {'socket_uid': 1000}, '? (uid 1000)'),
    ([], {'socket_uid': None}, '?'),
])
def test_holders(owners, options, wanted):
    assert row(owners=owners, **options).owners == wanted


def test_holders_that_nobody_asked_for():
    observed = facts(listener(owners=[]))
    observed['complete'].update(owners=None, units=None)
    only = rows_of(Report(RUN, [Host('web', 'ok', record=record('web', observed))]))[0]
    assert (only.owners, only.unit) == ('-', '-')


@pytest.mark.parametrize('owners, options, wanted', [
    ([SSHD], {'service': 'ssh.service'}, 'ssh.service'),
    ([SYSTEMD], {'service': 'ssh.service', 'activated_by': 'ssh.socket'}, 'ssh.service ← ssh.socket'),
    ([SYSTEMD], {'activated_by': 'ssh.socket'}, 'ssh.socket'),
    ([owner(unit='session-3.scope')], {}, 'session-3.scope'),
    ([owner(unit='a.scope'), owner(unit='b.scope')], {}, 'a.scope, b.scope'),
    ([owner(unit='u%d.scope' % number) for number in range(5)], {}, 'u0.scope, u1.scope, u2.scope, +2 more'),
    ([owner(unit='docker-01.scope', container='docker:0123456789ab')], {'service': 'x.service'}, 'docker:0123456789ab'),
    ([owner(unit='a  b.service')], {'service': 'a  b.service'}, '"a  b.service"'),
    ([owner()], {}, '-'),
    ([], {}, '?'),
    ([], {'held_by': 'kernel'}, '-'),
])
def test_unit(owners, options, wanted):
    assert row(owners=owners, **options).unit == wanted


def test_scope():
    assert row().scope == 'any'
    assert row(namespace='docker:0123456789ab').scope == 'any in docker:0123456789ab'
    assert row(namespace='a\nb').scope == 'any in "a\\nb"'
    assert all(row(scope=scope).wide for scope in ('any', 'global'))
    assert not any(row(scope=scope).wide for scope in ('private', 'link', 'loopback'))
    assert not row(namespace='x').wide


def test_the_widest_scope_comes_first_then_protocol_and_port():
    listeners = [
        listener('127.0.0.1', 1), listener('169.254.1.1', 1, scope='link'), listener('10.0.0.1', 1, scope='private'),
        listener('192.0.2.1', 1, scope='global'), listener(port=99, protocol='udp'), listener(port=99),
        listener(port=100), listener('::', 99), listener(port=5, namespace='blue')]
    rows = rows_of(report(b=listeners, a=listeners))
    assert {tuple(row.hosts) for row in rows} == {('b', 'a')}
    assert [(row.scope, row.protocol, row.endpoint) for row in rows] == [
        ('any', 'tcp', '0.0.0.0:99 +[::]'), ('any', 'tcp', '0.0.0.0:100'), ('any', 'udp', '0.0.0.0:99'),
        ('global', 'tcp', '192.0.2.1:1'), ('private', 'tcp', '10.0.0.1:1'), ('link', 'tcp', '169.254.1.1:1'),
        ('loopback', 'tcp', '127.0.0.1:1'), ('any in blue', 'tcp', '0.0.0.0:5')]


def test_hosts_share_a_line_where_the_same_listens_whatever_their_addresses_and_numbers_of_processes():
    def host(last, workers, **other):
        return [listener(owners=[owner(pid) for pid in range(2, 2 + workers)]),
                listener('10.0.0.%d' % last, 9100, scope='private', **other), listener('127.0.0.1', 25)]

    rows = rows_of(report(a=host(1, 4), b=host(2, 8), c=host(3, 4, service='other.service')))
    assert [(row.hosts, row.endpoint, row.owners) for row in rows] == [
        (['a', 'b', 'c'], '0.0.0.0:80', 'nginx ×4–8 (www-data)'),
        (['a', 'b'], '(2 addresses):9100', 'nginx (www-data)'),
        (['c'], '10.0.0.3:9100', 'nginx (www-data)'),
        (['a', 'b', 'c'], '127.0.0.1:25', 'nginx (www-data)')]


@pytest.mark.parametrize('other', [
    {'port': 81}, {'protocol': 'udp'}, {'address': '::'}, {'accepts_ipv4': None}, {'owners': []}, {'interface': 'eth0'},
    {'owners': [owner(user='root')]}, {'owners': [owner(process='apache2')]}, {'owners': [owner(exe_deleted=True)]},
    {'owners': [], 'held_by': 'kernel'}, {'service': 'x.service'}, {'namespace': 'x'}, {'port_name': 'http'},
    {'scope': 'global'},
])
def test_hosts_do_not_share_a_line_where_anything_that_it_shows_differs(other):
    rows = rows_of(report(a=[listener()], b=[listener(**other)]))
    assert sorted(row.hosts for row in rows) == [['a'], ['b']]


def test_listeners_of_one_host_that_share_a_line_count_it_once():
    both = [listener('10.0.0.1', scope='private'), listener('10.0.0.2', scope='private')]
    assert [(row.hosts, row.endpoint) for row in rows_of(report(a=both))] == [(['a'], '10.0.0.1:80 +10.0.0.2')]


def bound(*addresses, **options):
    """Listeners of one owner, each on one of these addresses."""
    return [listener(address, **options) for address in addresses]


@pytest.mark.parametrize('listeners, wanted', [
    (bound('0.0.0.0', '::'), ['0.0.0.0:80 +[::]']),
    (bound('::', '0.0.0.0', accepts_ipv4=None), ['0.0.0.0:80 +[::] (v4?+6)']),
    (bound('127.0.0.1', '::1', scope='loopback'), ['127.0.0.1:80 +[::1]']),
    (bound('127.0.0.53', '127.0.0.54', interface='lo', scope='loopback'), ['127.0.0.53%lo:80 +127.0.0.54%lo']),
    (bound('10.0.0.1', '10.0.0.2', '10.0.0.3', scope='private'), ['(3 addresses):80']),
    ([*bound('0.0.0.0'), *bound('::', service='x.service')], ['0.0.0.0:80', '[::]:80']),
    ([*bound('0.0.0.0'), *bound('::', owners=[owner(user='root')])], ['0.0.0.0:80', '[::]:80']),
    (bound('0.0.0.0', '0.0.0.0'), ['0.0.0.0:80']),
    ([listener(port=port, protocol='udp', ephemeral=True) for port in (40001, 40002)], ['0.0.0.0:(2 ports)']),
    ([listener(port=port, ephemeral=True) for port in (40001, 40002)], ['0.0.0.0:40001', '0.0.0.0:40002']),
])
def test_what_one_owner_binds_to_several_addresses_or_client_ports_has_one_row(listeners, wanted):
    assert sorted(row.endpoint for row in rows_of(report(a=listeners))) == wanted


def test_hosts_do_not_share_a_line_where_one_of_them_lacks_a_family():
    rows = rows_of(report(a=bound('0.0.0.0', '::'), b=bound('0.0.0.0'), c=bound('0.0.0.0', '::')))
    assert {row.endpoint: row.hosts for row in rows} == {'0.0.0.0:80 +[::]': ['a', 'c'], '0.0.0.0:80': ['b']}


def test_rows_count_listeners_forwarded_ports_and_what_anyone_reaches():
    made = gathered(report(a=[listener(), listener('::')], b=[listener('127.0.0.1')]), _rows.Rows())
    assert (made.listeners, made.forwarded, made.wide, made.judged_by_firewall) == (3, 0, 2, False)


def test_no_listener_is_left_out_of_the_rows():
    hosts = {'h%d' % number: [listener(port=port, owners=[owner(process='p%d' % (port % (number + 1)))])
                              for port in range(1, 50)] for number in range(5)}
    assert sum(len(row.hosts) for row in rows_of(report(**hosts))) == 5 * 49
