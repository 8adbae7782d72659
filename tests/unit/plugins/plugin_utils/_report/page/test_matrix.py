# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts by ports: what shares a line, what shares a column, and what comes first."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._report.listening import told
from ansible_collections.listening.ports.plugins.plugin_utils._report.page import matrix
from ansible_collections.listening.ports.plugins.plugin_utils._report.page.content import NOTHING, PART, WHOLE
from ansible_collections.listening.ports.plugins.plugin_utils._report.page.kinds import LEVELS, Kinds, Port
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building

ANYONE, PRIVATE, LOCAL = (LEVELS.index(level) for level in ('anyone', 'private', 'local'))
VIOLATES, AS_DECLARED = 0, 5


class Fleet:
    """Hosts of lines in the notation of building.py."""

    def __init__(self):
        self.kinds = Kinds()
        self.subjects = []

    def host(self, name, *lines, marks=None, verdict=AS_DECLARED, seen=WHOLE, apart=()):
        listeners = map(building.listener, lines)
        numbers = sorted({self.kinds.kind(listener, told(listener, True), True) for listener in listeners})
        ports = {self.kinds.port(Port(*port)): mark for port, mark in (marks or {}).items()}
        self.subjects.append(matrix.Subject(name, verdict, seen, tuple(numbers), ports, apart))

    def built(self):
        return matrix.build(self.subjects, self.kinds)

    def columns(self):
        return [column.title for column in self.built().columns]

    def lines(self):
        """The names of the hosts of each line."""
        return [' '.join(self.subjects[host].name for host in line.hosts) for line in self.built().lines]


@pytest.fixture
def fleet():
    return Fleet()


def test_a_cell_has_the_widest_level_of_its_port_and_the_worst_mark(fleet):
    fleet.host('web', 'tcp 0.0.0.0:80 nginx from=10.0.0.0/8', 'tcp 0.0.0.0:80 nginx from=anyone',
               'tcp 127.0.0.1:25 exim', marks={('tcp', 25): matrix.WARNS, ('tcp', 22): matrix.MISSING})
    built = fleet.built()
    cells = {built.columns[column].title: (level, mark) for column, level, mark in built.lines[0].cells}
    assert cells == {'80': (ANYONE, 0), '25': (LOCAL, matrix.WARNS), '22': (-1, matrix.MISSING)}


def test_columns_with_failing_findings_come_first_then_what_others_reach_then_what_most_have(fleet):
    fleet.host('a', 'tcp 0.0.0.0:80 nginx from=anyone', 'tcp 0.0.0.0:443 nginx from=anyone', 'tcp 127.0.0.1:25 exim',
               'tcp 0.0.0.0:4444 nc from=anyone', marks={('tcp', 4444): matrix.FAILS})
    fleet.host('b', 'tcp 0.0.0.0:443 nginx from=anyone', 'tcp 127.0.0.1:25 exim')
    assert fleet.columns() == ['4444', '443', '80', '25']


def test_lines_are_sorted_by_verdict_then_mark_then_by_name_as_people_count(fleet):
    for name in ('h10', 'h9', 'h2'):
        fleet.host(name, 'tcp 0.0.0.0:80 nginx')
    fleet.host('bad', 'tcp 0.0.0.0:80 nginx', marks={('tcp', 80): matrix.FAILS}, verdict=VIOLATES)
    fleet.host('worse', verdict=VIOLATES)
    assert fleet.lines() == ['bad', 'worse', 'h2', 'h9', 'h10']


def test_few_hosts_have_a_line_each(fleet):
    for number in range(20):
        fleet.host('h%d' % number, 'tcp 0.0.0.0:80 nginx')
    assert len(fleet.lines()) == 20
    fleet.host('h20', 'tcp 0.0.0.0:80 nginx')
    [line] = fleet.lines()
    assert line.startswith('h0 h1 h2 ') and line.endswith(' h20')


@pytest.mark.parametrize('other', [
    {'lines': ['tcp 0.0.0.0:80 apache2']},
    {'lines': ['tcp 127.0.0.1:80 nginx']},
    {'lines': []},
    {'lines': ['tcp 0.0.0.0:80 nginx'], 'seen': PART},
    {'lines': ['tcp 0.0.0.0:80 nginx'], 'marks': {('tcp', 80): matrix.WARNS}},
    {'lines': ['tcp 0.0.0.0:80 nginx'], 'verdict': VIOLATES},
    {'lines': ['tcp 0.0.0.0:80 nginx'], 'apart': (3,)},
    {'lines': [], 'seen': NOTHING},
], ids=str)
def test_hosts_that_differ_share_no_line(fleet, other):
    for number in range(30):
        fleet.host('h%d' % number, 'tcp 0.0.0.0:80 nginx')
    fleet.host('other', *other.pop('lines'), **other)
    assert sorted(map(len, map(str.split, fleet.lines()))) == [1, 30]


def test_pids_and_temporary_ports_tell_no_hosts_apart(fleet):
    for number in range(30):
        fleet.host('h%d' % number, 'tcp 0.0.0.0:80 nginx[%d]' % (100 + number),
                   'udp 0.0.0.0:%d avahi' % (40000 + number))
    assert len(fleet.lines()) == 1
    assert fleet.columns() == ['80', 'ephemeral/udp']


def many(fleet, *lines, hosts=30):
    for number in range(hosts):
        fleet.host('h%d' % number, *lines)


def test_ports_that_are_the_same_everywhere_share_a_column(fleet):
    many(fleet, *('tcp 0.0.0.0:%d java' % port for port in (8080, 8081, 8085, 5000, 6000)))
    assert fleet.columns() == ['5000 6000 +3']
    assert fleet.built().columns[0].ports == '5000, 6000, 8080, 8081, 8085'


def test_a_shared_column_of_near_ports_is_a_range_and_protocols_are_told_apart(fleet):
    many(fleet, *('%s 0.0.0.0:%d java' % (protocol, port)
                  for protocol in ('tcp', 'udp') for port in (8080, 8081, 8082)))
    assert fleet.columns() == ['8080–8082 (3)', '8080–8082 (3)/udp']


def test_known_ports_and_those_with_a_failing_finding_have_a_column_of_their_own(fleet):
    many(fleet, *('tcp 0.0.0.0:%d java' % port for port in (25, 80, 8080, 8081)))
    fleet.host('bad', *('tcp 0.0.0.0:%d java' % port for port in (25, 80, 8080, 8081)), marks={
        ('tcp', 8081): matrix.FAILS}, verdict=VIOLATES)
    assert fleet.columns() == ['8081', '25', '80', '8080']


def test_ports_that_hardly_any_host_has_share_one_for_each_protocol(fleet):
    many(fleet, 'tcp 0.0.0.0:80 nginx', hosts=60)
    for number in range(5):
        fleet.host('odd%d' % number, 'tcp 0.0.0.0:%d node' % (5000 + number), 'udp 0.0.0.0:%d node' % (5000 + number))
    assert fleet.columns() == ['80', '5 other tcp', '5 other udp']
    assert [line for line in fleet.lines() if 'odd' in line] == ['odd0 odd1 odd2 odd3 odd4']


def test_there_are_no_more_columns_than_people_can_read(fleet):
    for number in range(400):
        fleet.host('h%d' % number, *('tcp 0.0.0.0:%d java' % (2000 + 3 * number + port) for port in range(6)))
    built = fleet.built()
    assert len(built.columns) <= 125
    assert sum(len(column.numbers) for column in built.columns) == len(fleet.kinds.ports)


def test_other_namespaces_share_a_column_and_nobody_says_who_reaches_them(fleet):
    fleet.host('docker', 'tcp 0.0.0.0:80@blue nginx from=anyone', 'tcp 0.0.0.0:81@green nginx')
    [column] = fleet.built().columns
    assert column.title == 'in other namespaces/tcp'
    assert fleet.built().lines[0].cells == ((0, LEVELS.index('unknown'), 0),)


def test_without_any_host(fleet):
    assert (fleet.columns(), fleet.lines()) == ([], [])


def test_numbers_in_names_are_counted_and_strange_digits_are_no_numbers():
    names = ['h10', 'h9', '10', '9', 'ａ１', '²', 'h' + '9' * 30, 'h']
    assert len({tuple(matrix.natural(name)) for name in sorted(names, key=matrix.natural)}) == len(names)
    assert sorted(['h10', 'h9', 'h'], key=matrix.natural) == ['h', 'h9', 'h10']
