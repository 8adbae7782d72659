# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report says of who can reach something, where the firewall was looked at."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._report.console import openings
from ansible_collections.listening.ports.plugins.plugin_utils._report.model import Report
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.hosts import (
    Host, gathered, rows_of, table_of, text_of
)
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import (
    RUN, facts, listener, owner, record
)


def exposed(level, *allowed, **other):
    """A listener that they reach."""
    return listener(exposure={'verdict': 'partly', 'level': level, 'allowed': list(allowed), 'undecided': []}, **other)


def opening(
    ports='8080',
    protocol='tcp',
    sources=('0.0.0.0/0',),
    decided_by='nftables inet filter input handle 7: tcp dport 8080 accept',
):
    return {
        'protocol': protocol,
        'family': 'ipv4',
        'ports': ports,
        'interfaces': ['eth0'],
        'sources': list(sources),
        'decided_by': decided_by,
    }


def report(**hosts):
    return Report(
        RUN,
        [Host(name, 'ok', record=record(name, observed)) for name, observed in hosts.items()],
        '2026-11-20T12:00:00Z',
    )


def openings_of(report):
    return gathered(report, openings.Openings()).lines(report.naming)


def test_levels_are_a_column_of_their_own():
    lines = [
        line
        for line, dummy in table_of(
            report(web=facts(exposed('anyone', '0.0.0.0/0', port=80), exposed('none', port=81)))
        )
    ]
    assert lines[0].endswith('SCOPE  REACHED BY')
    assert [line.split()[-1] for line in lines[1:]] == ['anyone', 'none']
    without = [line for line, dummy in table_of(report(web=facts(listener())))]
    assert 'REACHED' not in without[0]


def test_a_host_of_which_that_is_not_known_has_a_dash():
    lines = [
        line for line, dummy in table_of(report(a=facts(exposed('private', '10.0.0.0/8')), b=facts(listener())))
    ]
    assert [line.split()[-2] for line in lines[1:]] == ['-', 'private']


@pytest.mark.parametrize(
    'level, allowed, wanted',
    [
        ('anyone', ['0.0.0.0/0'], 'anyone'),
        ('none', [], 'none'),
        ('unknown', [], 'unknown'),
        ('private', ['10.0.0.0/8'], 'private'),
        ('listed', ['10.0.0.0/8', '192.0.2.7/32'], '10.0.0.0/8, 192.0.2.7/32'),
        ('listed', ['1.0.0.0/8', '2.0.0.0/8', '3.0.0.0/8', '4.0.0.0/8'], '1.0.0.0/8, 2.0.0.0/8, 3.0.0.0/8, +1 more'),
        ('listed', [], 'listed'),
    ],
)
def test_the_words_for_a_level(level, allowed, wanted):
    assert rows_of(report(web=facts(exposed(level, *allowed))))[0].level == wanted


def test_long_sets_are_shown_by_their_names():
    sets = [{'set': 'set geo', 'family': 'ipv4', 'elements': 6000, 'key': 'ipv4-1'},
            {'set': 'set geo', 'family': 'ipv6', 'elements': 1, 'key': 'ipv6-2'},
            {'set': '\x1b[2J', 'family': 'ipv4', 'elements': 1, 'key': 'ipv4-3'}]
    reached = exposed('listed', '10.0.0.0/8')
    reached['exposure']['allowed_sets'] = sets
    shown = rows_of(report(web=facts(reached)))[0].level
    assert shown.startswith('6001 networks of set geo, 1 network of ') and shown.endswith(', 10.0.0.0/8')
    assert '\x1b' not in shown
    reached['exposure'].update(level='anyone', except_sets=sets)
    assert rows_of(report(web=facts(reached)))[0].level == 'anyone'
    opened = dict(opening(sources=['10.0.0.0/8']), source_sets=sets[:1])
    assert 'from 6000 networks of set geo, 10.0.0.0/8' in openings_of(report(a=facts(openings=[opened])))[1][0]


def test_who_reaches_it_counts_before_how_it_is_bound():
    levels = ('none', 'local', 'link', 'private', 'listed', 'unknown', 'anyone')
    rows = rows_of(report(web=facts(*(exposed(level, port=80 + place) for place, level in enumerate(levels)))))
    assert [row.level for row in rows] == ['anyone', 'unknown', 'listed', 'private', 'link', 'local', 'none']
    assert [row.wide for row in rows] == [True, True, True, False, False, False, False]


def test_hosts_do_not_share_a_line_where_others_reach_them():
    rows = rows_of(report(a=facts(exposed('anyone')), b=facts(exposed('none')), c=facts(exposed('anyone'))))
    assert [(row.level, row.hosts) for row in rows] == [('anyone', ['a', 'c']), ('none', ['b'])]


def test_what_is_forwarded_is_a_line_and_says_where_to():
    forwarded = dict(exposed('anyone', port=8080, owners=[]), to='172.17.0.2:80', proxy=None)
    rows = rows_of(report(web=facts(forwarded=[forwarded])))
    assert [(row.endpoint, row.owners, row.unit) for row in rows] == [('0.0.0.0:8080 → 172.17.0.2:80', '-', '-')]


def test_a_published_port_is_one_line_with_its_proxy_and_its_container():
    proxy = exposed('anyone', port=8080, owners=[owner(96, 'docker-proxy', 'root', uid=0, unit='docker.service')])
    forwarded = dict(exposed('anyone', port=8080, owners=[]), to='172.17.0.2:80', proxy=proxy['id'], container=None)
    for container, unit in ((None, 'docker.service'), ('docker:1a2b', 'docker:1a2b')):
        rows = rows_of(report(web=facts(proxy, forwarded=[dict(forwarded, container=container)])))
        assert [(row.endpoint, row.owners, row.unit) for row in rows] == [
            ('0.0.0.0:8080 → 172.17.0.2:80', 'docker-proxy (root)', unit)]


def test_openings_of_many_hosts_share_a_line():
    shown = openings_of(
        report(a=facts(openings=[opening()]), b=facts(openings=[opening(), opening('53', 'udp', ['10.0.0.0/8'], None)]))
    )
    assert [line for line, dummy in shown] == [
        'Open in the firewall, but nothing listens:',
        '  2 hosts (a, b): tcp/8080 from anyone (nftables inet filter input handle 7: tcp dport 8080 accept)',
        '  b: udp/53 from 10.0.0.0/8']
    assert openings_of(report(a=facts(openings=[]), b=facts())) == []


def test_many_openings_are_counted():
    shown = openings_of(report(a=facts(openings=[opening(str(port)) for port in range(1, 31)])))
    assert len(shown) == 22 and shown[-1][0] == '  … and 10 more'
    assert openings_of(
        report(a=facts(openings=[opening(sources=['1.0.0.0/8', '2.0.0.0/8', '3.0.0.0/8', '4.0.0.0/8'])]))
    )[1][0].startswith('  a: tcp/8080 from 1.0.0.0/8, 2.0.0.0/8, 3.0.0.0/8 and 1 more (')


def test_hostile_rules_stay_in_their_line():
    lines = [line for line, dummy in text_of(report(a=facts(openings=[opening(decided_by='x\x1b[31m\n::error::')])))]
    assert all('\x1b' not in line and '\n' not in line for line in lines)
    assert '  a: tcp/8080 from anyone (x\\x1b[31m ::error::)' in lines
