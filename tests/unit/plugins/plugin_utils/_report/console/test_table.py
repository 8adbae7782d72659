# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines that fit a terminal."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._harmless.terminal import width
from ansible_collections.listening.ports.plugins.plugin_utils._report.console import table
from ansible_collections.listening.ports.plugins.plugin_utils._report.model import Report
from ansible_collections.listening.ports.plugins.plugin_utils._report.naming import Naming
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.hosts import Host, table_of
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import (
    RUN, facts, listener, owner, record
)


def report(count, *listeners):
    return Report(RUN, [Host('web-%d' % number, 'ok', record=record('web-%d' % number, facts(*listeners)))
                        for number in range(count)])


SSH = listener(port=22, port_name='ssh', service='ssh.service', activated_by='ssh.socket',
               owners=[owner(1, 'systemd', 'root'), owner(9, 'sshd', 'root')])
DNS = listener('127.0.0.53', 53, 'udp', interface='lo', port_name='domain', owners=[owner(process='systemd-resolve')])
LONG = listener('2001:db8:1111:2222:3333:4444:5555:6666', 65535, scope='global',
                owners=[owner(process='日本語' * 5)])


def text(lines):
    return [line for line, dummy in lines]


def test_of_one_host():
    assert text(table_of(report(1, SSH, DNS))) == [
        'PROTO  ADDRESS:PORT      SERVICE  PROCESS (USER)              UNIT/CONTAINER            SCOPE',
        'tcp    0.0.0.0:22        ssh      sshd (root)                 ssh.service ← ssh.socket  any',
        'udp    127.0.0.53%lo:53  domain   systemd-resolve (www-data)  -                         loopback']


def test_of_a_few_hosts():
    assert text(table_of(report(2, SSH))) == [
        'HOSTS  PROTO  ADDRESS:PORT  SERVICE  PROCESS (USER)  UNIT/CONTAINER            SCOPE  WHICH',
        '    2  tcp    0.0.0.0:22    ssh      sshd (root)     ssh.service ← ssh.socket  any    all observed hosts']


def test_of_many_hosts():
    many = report(25, SSH)
    many.hosts[3].record['facts']['listeners'].append(DNS)
    many.hosts[4].record['facts']['listeners'] = [DNS]
    assert text(table_of(many)) == [
        'HOSTS  PROTO  ADDRESS:PORT      SERVICE  PROCESS (USER)              UNIT/CONTAINER            SCOPE     '
        'WHICH',
        '   24  tcp    0.0.0.0:22        ssh      sshd (root)                 ssh.service ← ssh.socket  any       '
        'all but web-4',
        '    2  udp    127.0.0.53%lo:53  domain   systemd-resolve (www-data)  -                         loopback  '
        'web-3, web-4']


@pytest.mark.parametrize('names, wanted', [
    (range(40), 'all observed hosts'),
    (range(1, 40), 'all but web-0'),
    (range(3, 40), 'all but web-0, web-1, web-2'),
    (range(4, 40), 'all but 4'),
    (range(5, 40), 'web-5, web-6, web-7, web-8, +31'),
    (range(4), 'web-0, web-1, web-2, web-3'),
    (range(10, 13), 'group odd'),
    (range(10, 12), 'web-10, web-11'),
    (range(30, 40), 'group last'),
])
def test_the_hosts_of_a_line_are_named_in_few_words(names, wanted):
    everyone = ['web-%d' % number for number in range(40)]
    naming = Naming(everyone, {'odd': everyone[10:13], 'pair': everyone[10:12], 'last': everyone[30:]})
    assert table.which(['web-%d' % number for number in names], everyone, naming) == wanted


def test_what_all_hosts_have_names_none():
    assert text(table_of(report(21, SSH)))[1].endswith('any    all observed hosts')


def test_lines_of_a_wide_scope_are_marked():
    assert [wide for dummy, wide in table_of(report(1, SSH, DNS, LONG))] == [False, True, True, False]


def test_nothing_has_no_heading():
    assert table_of(report(2)) == []


@pytest.mark.parametrize('count', [1, 2, 25])
@pytest.mark.parametrize('columns', [200, 132, 110, 100, 80, 60])
def test_lines_fit_the_terminal(count, columns):
    for line in text(table_of(report(count, SSH, DNS, LONG if columns > 60 else SSH), columns)):
        assert width(line) <= columns


def test_a_narrow_terminal_fits_without_the_names_of_ports():
    lines = text(table_of(report(2, SSH, DNS), 72))
    assert lines[0] == 'HOSTS  PROTO  ADDRESS:PORT      PROCESS (USER)  UNIT/CONTAI…  WHICH'
    assert max(width(line) for line in lines) <= 72


@pytest.mark.parametrize('columns', [1, 40, 60, 80, 120])
@pytest.mark.parametrize('count', [1, 2, 25])
def test_address_and_port_are_never_cut(count, columns):
    shown = '\n'.join(text(table_of(report(count, SSH, DNS, LONG), columns))).replace('…', ' ')
    for endpoint in ('0.0.0.0:22 ', '127.0.0.53%lo:53 ', '[2001:db8:1111:2222:3333:4444:5555:6666]:65535 '):
        assert endpoint in shown


def test_a_long_address_does_not_squeeze_the_other_lines():
    lines = text(table_of(report(1, SSH, LONG), 80))
    assert lines[1].startswith('tcp    0.0.0.0:22             sshd (root)')


def test_columns_stay_in_line_with_wide_characters():
    lines = text(table_of(report(1, SSH, listener(port=23, owners=[owner(process='日本')]))))
    assert [width(line[:line.index('any')]) for line in lines[1:]] == [width(lines[0][:lines[0].index('SCOPE')])] * 2


def test_nothing_is_cut_without_a_terminal():
    assert '日本語' * 5 in text(table_of(report(1, LONG)))[1]


def crowd(count, host='bad', port_name=None):
    """A host with so many listeners, of which the last one is open to all."""
    many = [listener('127.0.0.1', number + 1, port_name=port_name) for number in range(count - 1)]
    return Host(host, 'ok', record=record(host, facts(*many, listener(port=61000, port_name=port_name))))


@pytest.mark.parametrize('others, of_it, rest', [
    (1, 1000, '… and 1500 more lines, of bad: the records have all'),
    (30, 101, '… and 2399 more lines of what only hosts themselves reach: the records have all'),
])
def test_one_host_with_very_many_listeners_leaves_room_for_the_others(others, of_it, rest):
    seen = report(others, SSH)
    seen.hosts.insert(0, crowd(2500))
    lines = text(table_of(seen))
    assert len(lines) == 1 + of_it + 1 + 1
    assert lines[-1] == rest
    assert any('0.0.0.0:61000' in line for line in lines)          # the widest scope comes first
    assert any('ssh.service' in line for line in lines)


def test_a_table_has_an_end():
    seen = Report(RUN, [crowd(1200, 'web-%02d' % number, 'x%d' % number) for number in range(6)])
    lines = text(table_of(seen))
    assert len(lines) == 1 + 5000 + 1
    assert lines[-1].startswith('… and 2200 more lines, of 6 hosts (web-')
    assert '…' not in ''.join(text(table_of(report(20, SSH))))


def test_one_long_name_does_not_make_every_line_as_long():
    odd = listener(port=23, service='x' * 190, owners=[owner(process='y' * 190), owner(2, 'z' * 190)])
    assert max(map(len, text(table_of(report(1, SSH, odd))))) < 400
    assert 'ssh.service ← ssh.socket  any' in text(table_of(report(1, SSH)))[1]


@pytest.mark.parametrize('hosts, lines', [(20, 121), (21, 100)])
def test_what_few_of_many_hosts_have_for_themselves_is_counted(hosts, lines):
    made = report(hosts, SSH, listener('127.0.0.1', 5432))
    for number, each in enumerate(made.hosts):
        each.record['facts']['listeners'] += [listener('127.0.0.1', 40000 + 6 * number + port) for port in range(6)]
    shown = text(table_of(made))
    rows = [line for line in shown if ' 127.0.0.1:' in line]
    assert len(rows) == lines
    assert any('0.0.0.0:22' in line for line in shown) and any('127.0.0.1:5432' in line for line in rows)
    left_out = 1 + 6 * hosts - len(rows)
    assert shown[-1] == ('… and %d more lines of what only hosts themselves reach: the records have all' % left_out
                         if left_out else rows[-1])
