# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The text around the table: what is missing from it, and how much was looked at."""

import re

import pytest
import yaml

from ansible_collections.listening.ports.plugins.plugin_utils._report.console import lines
from ansible_collections.listening.ports.plugins.plugin_utils._report.model import Report
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.hosts import Host, text_of
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import (
    RUN, facts, gap, listener, owner, record
)


def ok(name, *listeners, gaps=(), **other):
    return Host(name, 'partial' if gaps else 'ok', record=record(name, facts(*listeners, gaps=gaps), **other))


def text(hosts, run_id=RUN, **options):
    return '\n'.join(line for line, dummy in text_of(Report(run_id, hosts, '2026-11-20T12:00:00Z'), **options))


HIDDEN = gap(count=3, message='2 processes could not be inspected; 3 listeners have no visible owner')
UNREACHABLE = Host('dead', 'unreachable', 'no route to host')
FAILED = Host('broken', 'failed', 'no Python')
MISSING = Host('old', 'missing', 'not recorded in this run (last seen 2026-11-01T10:00:00Z)')


def test_of_one_host():
    assert text([ok('web', listener())]) == '''\
1 listener on web, 2026-11-20 10:00:01 UTC
PROTO  ADDRESS:PORT  SERVICE  PROCESS (USER)    UNIT/CONTAINER  SCOPE
tcp    0.0.0.0:80    -        nginx (www-data)  -               any

web was observed completely.'''


def test_of_several_hosts_in_all_states():
    hosts = [ok('web', listener()), ok('db', listener(owners=[]), gaps=[HIDDEN]), ok('idle'), UNREACHABLE, FAILED,
             MISSING]
    assert text(hosts) == '''\
2 listeners on 3 of 6 hosts, 2026-11-20 10:00:01 UTC
HOSTS  PROTO  ADDRESS:PORT  SERVICE  PROCESS (USER)    UNIT/CONTAINER  SCOPE  WHICH
    1  tcp    0.0.0.0:80    -        ? (uid 33)        ?               any    db
    1  tcp    0.0.0.0:80    -        nginx (www-data)  -               any    web

Nothing listens on idle.

Incomplete:
  owners on db: 3 listeners without a visible owner; run with become (-b)
Not observed:
  dead: unreachable: no route to host
  broken: failed: no Python
  old: not recorded in this run (last seen 2026-11-01T10:00:00Z)
6 hosts: 2 observed completely, 1 partly, 1 unreachable, 1 failed, 1 not recorded.'''


def test_that_nothing_listens_is_not_said_where_it_is_not_known():
    assert 'Nothing listens on web.' in text([ok('web')])
    unsure = text([ok('web', gaps=[gap('sockets', 'unreadable', None, 'tcp: refused', None)])])
    assert 'Nothing listens' not in unsure
    assert 'No listener was observed on web, but not all sockets could be read.' in unsure
    assert 'sockets on web: tcp: refused\n' in unsure
    for hosts in ([UNREACHABLE], [MISSING, FAILED], []):
        assert 'Nothing listens' not in text(hosts)
        assert 'No host could be observed: this says nothing about what listens.' in text(hosts)


@pytest.mark.parametrize('hosts, wanted', [
    ([ok('a')], 'a was observed completely.'),
    ([ok('a', gaps=[HIDDEN])], 'a was observed partly.'),
    ([UNREACHABLE], 'dead was not observed.'),
    ([ok('a'), ok('b')], 'All 2 hosts were observed completely.'),
    ([ok('a', gaps=[HIDDEN]), ok('b', gaps=[HIDDEN])], '2 hosts: 2 observed partly.'),
    ([UNREACHABLE, FAILED], '2 hosts: 1 unreachable, 1 failed.'),
    ([ok('a'), Host('b', 'pending', 'x')], '2 hosts: 1 observed completely, 1 still to come.'),
    ([], '0 hosts: there was nothing to observe.'),
])
def test_coverage(hosts, wanted):
    assert text(hosts).rsplit('\n', maxsplit=1)[-1] == wanted


def test_gaps_are_grouped_over_hosts():
    hosts = [ok('h%d' % number, listener(owners=[]), gaps=[HIDDEN]) for number in range(7)]
    assert '''
Incomplete:
  owners on 7 hosts (h0, h1, h2, h3, h4, …): 21 listeners without a visible owner; run with become (-b)
7 hosts: 7 observed partly.''' in text(hosts)


@pytest.mark.parametrize('noted, wanted', [
    (gap(count=0), 'owners on a: processes that could not be inspected; run with become (-b)'),
    (gap(hint='CAP_SYS_PTRACE'), 'owners on a: 1 listener without a visible owner; root lacks CAP_SYS_PTRACE there'),
    (gap('units', 'systemctl', None, 'systemctl did not\nanswer', None), 'units on a: systemctl did not answer'),
    (gap('sockets', 'socket_budget', 5, 'too many', 'raise max_sockets'), 'sockets on a: too many; raise max_sockets'),
    (gap('sockets', 'x', 5, '\x1b[31m', '##[error]\n'), 'sockets on a: \\x1b[31m; \\x23#[error]\\n'),
])
def test_gaps(noted, wanted):
    assert '\n  %s\n' % wanted in text([ok('a', gaps=[noted])])


def test_gaps_with_different_messages_say_so():
    hosts = [ok(name, gaps=[gap('sockets', 'unreadable', 1, 'no %s' % name, None)]) for name in 'ab']
    assert 'sockets on a, b: no a (and similar)' in text(hosts)


def test_missing_sockets_come_before_missing_names():
    shown = text([ok('a', gaps=[gap('binding', 'procfs'), HIDDEN, gap('sockets', 'unreadable')])])
    assert [line.split()[0] for line in shown.split('\n') if ' on a: ' in line] == ['sockets', 'binding', 'owners']


def test_hosts_with_the_same_reason_share_a_line_and_none_is_dropped():
    hosts = [Host('dead%d' % number, 'unreachable', 'no route') for number in range(300)]
    shown = text(hosts)
    assert '  dead0, dead1, dead2,' in shown and all('dead%d' % number in shown for number in range(300))
    assert shown.count('no route') == 1


def test_the_times_of_records_of_any_run():
    hosts = [ok('a'), ok('b', recorded_at='2026-11-01T00:00:00Z')]
    assert text(hosts, 'any').startswith(
        '0 listeners on 2 hosts, recorded between 2026-11-01 00:00:00 UTC and 2026-11-20 10:00:01 UTC\n')


def test_a_batch_is_shown_with_the_coverage_of_the_play():
    whole = Report(RUN, [ok('a'), ok('b'), Host('c', 'pending', 'to come')])
    shown = text(whole.hosts[1:2], so_far=whole)
    assert shown.startswith('0 listeners on b, ')
    assert shown.endswith('3 hosts: 2 observed completely, 1 still to come.')


def test_files_are_named():
    assert text([ok('a')], written=['/tmp/a\x1b/report.json']).endswith(
        '\nWritten: /tmp/a\\x1b/report.json\na was observed completely.')


def test_the_example_is_for_those_who_declare_nothing():
    assert 'These hosts have no declaration, so nothing was judged.' in text([ok('a')], example=True)
    assert '\n  ansible-playbook listening.ports.baseline -i INVENTORY -b      (in a clone: make baseline)\n' in text(
        [ok('a')], example=True)
    assert 'no declaration' not in text([ok('a')])
    assert 'have no declaration' not in text([ok('a', declared=True), ok('b')], example=True)
    assert 'no declaration' not in text([UNREACHABLE], example=True)


@pytest.mark.parametrize('hosts', [
    ['tcp 0.0.0.0:22 sshd[5]/root ssh.service',
     'tcp 0.0.0.0:80 nginx[6]/root nginx.service nginx[7]/www-data nginx.service'],
    ['tcp [::]:22 systemd[1]/root init.scope sshd[5]/root ssh.service by=ssh.socket dual',
     'tcp 0.0.0.0:80 nginx[6]/root nginx.service'],
    ['tcp 0.0.0.0:22 sshd[5]/root sshd.service',
     'tcp [::]:80 nginx[6]/root nginx.service nginx[7]/nginx nginx.service'],
])
def test_the_example_is_right_for_services_as_distributions_set_them_up(hosts):
    shown = text([ok('a')], example=True)
    [example] = re.findall(r'(?m)^  expected_listeners:\n(?:    .*(?:\n|$))+', shown)
    result = building.judged({'declare': yaml.safe_load(example), 'host': hosts})[1]
    assert [finding.message for finding in result.findings] == []


def test_what_is_declared_is_not_taken_for_judged():
    wanted = 'Not all declarations were judged: record_listeners only records, assert_listeners judges.'
    assert text([ok('a', declared=True), ok('b')], example=True).endswith(
        '\n%s\nAll 2 hosts were observed completely.' % wanted
    )
    assert wanted not in text(
        [Host('dead', 'unreachable', 'no route', record=record('dead', status='unreachable', declared=True))]
    )


@pytest.mark.parametrize('count', [1, 2, 25])
def test_hostile_names_stay_in_their_line(count):
    evil = '\n::error::x\r\x1b[2J\u202e##[error]\x9b'
    hostile = listener(
        port_name=evil, service=evil, activated_by=evil, namespace=evil, interface=evil, address='127.0.0.1',
        owners=[owner(process=evil, user=evil, unit=evil), owner(process='b', container=evil, user=evil)])
    hosts = [
        ok('%s%d' % (evil, number), hostile, gaps=[gap(message=evil, hint=evil, code='x')]) for number in range(count)
    ]
    for line, kind in text_of(Report(RUN, hosts + [Host('dead' + evil, 'unreachable', 'x')])):
        assert line.isprintable() and '##' not in line and not line.strip().startswith('::')
        assert kind in (lines.HEAD, lines.WIDE, lines.BAD, lines.GOOD, lines.PLAIN)


def test_colours():
    assert lines.paint('a', lines.WIDE) == '\x1b[33ma\x1b[0m'
    assert lines.paint('a', lines.PLAIN) == 'a'
    assert lines.paint('', lines.HEAD) == ''


def test_very_many_gaps_are_cut_short_and_counted():
    many = [gap('owners', 'code%d' % number, None, 'x', None) for number in range(200)]
    shown = text([ok('web', listener(), gaps=[gap('sockets', 'unreadable', None, 'tcp: refused', None), *many])])
    lines = shown.split('\n')
    assert sum(line.startswith('  owners on web: ') for line in lines) == 49
    assert '  sockets on web: tcp: refused' in lines and '  … and 151 more' in lines
