# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report for spreadsheets and inventories."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._report.formats import to_csv
from ansible_collections.listening.ports.plugins.plugin_utils._report.model import Report
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report import hostile, twelve
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.formats import reading
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.hosts import Host, file_of
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import (
    RUN, exposure, facts, gap, listener, owner, record
)


def rows(*hosts):
    return reading.rows(file_of(Report(RUN, list(hosts)), 'csv'))


def listed(*listeners, **other):
    return rows(Host('a', 'ok', record=record('a', facts(*listeners, **other))))


def some(row, *columns):
    return tuple(row[column] for column in columns)


def test_each_listener_is_a_row_with_what_is_found_of_it():
    made = reading.rows(file_of(twelve.report(), 'csv'))
    assert list(made[0]) == list(to_csv.COLUMNS)
    [row] = [row for row in made if row['host'] == 'stray-1' and row['port'] == '7777']
    assert row == dict.fromkeys(to_csv.COLUMNS, '') | {
        'host': 'stray-1', 'host_verdict': 'violates', 'host_state': 'ok', 'protocol': 'tcp', 'port': '7777',
        'address': '0.0.0.0', 'family': 'ipv4', 'scope': 'any', 'reached_by': 'anyone', 'allowed': '0.0.0.0/0 ::/0',
        'process': 'extra', 'user': 'nobody', 'findings': 'unexpected', 'severity': 'critical', 'fails': 'yes',
        'message': twelve.STRAY['message'], 'fingerprints': twelve.STRAY['fingerprint'],
        'recorded_at': '2026-11-20T10:00:01Z', 'run_id': RUN, 'collection': '0.1.0', 'ansible_core': '2.21.0'}


def test_what_is_missing_has_a_row_for_each_port():
    missing = dict(twelve.MISSING, ports=['tcp/443', 'udp/8000-8010'])
    host = twelve.host('a')
    host.judgement.update(findings=[missing], findings_total=1)
    assert [some(row, 'protocol', 'port', 'findings') for row in rows(host)][1:] == [
        ('tcp', '443', 'missing'), ('udp', '8000-8010', 'missing')]


def test_a_finding_of_several_listeners_is_in_the_row_of_each():
    host = twelve.host('a', listeners=[twelve.web(), twelve.stray()])
    host.judgement.update(findings=[dict(twelve.UNKNOWN, listeners=['tcp/0.0.0.0:80', 'tcp/0.0.0.0:7777'])],
                          findings_total=1)
    assert [row['findings'] for row in rows(host)] == ['unknown', 'unknown']


def test_what_is_waived_or_only_a_warning_says_so():
    host = twelve.host('a', twelve.WARNING)
    host.judgement['waived_findings'] = [{**{key: twelve.WARNING[key] for key in (
        'kind', 'severity', 'listener', 'entry', 'message', 'fingerprint')}, 'waiver': ['w', 'old']}]
    [row] = rows(host)
    assert some(row, 'findings', 'fails') == ('wrong_owner (warning), wrong_owner (waived)', 'no')


def test_a_host_that_was_not_seen_has_one_row_with_the_reason():
    made = reading.rows(file_of(twelve.report(), 'csv'))
    for host, state, verdict in (('dead', 'unreachable', 'unknown'), ('later', 'pending', 'pending'),
                                 ('broken', 'failed', 'unknown'), ('refused', 'failed', 'refused')):
        [row] = [row for row in made if row['host'] == host]
        assert some(row, 'host_state', 'host_verdict', 'port') == (state, verdict, '') and row['message']


def test_nothing_listens_and_could_not_look_differ():
    assert [row['message'] for row in listed()] == ['Nothing listens.']
    [row] = rows(Host('a', 'partial', record=record('a', facts(gaps=[gap('sockets', 'sockets_failed')]))))
    assert row['message'].startswith('Not all sockets could be seen')


def test_what_is_not_known_is_no_empty_cell():
    [row] = listed(listener(owners=[], socket_uid=None), gaps=[gap()])
    assert some(row, 'process', 'user', 'service', 'container', 'reached_by', 'allowed') == ('unknown',) * 6
    [row] = listed(listener(owners=[owner(user=None, uid=None, process=None)], exposure=exposure('blocked')))
    assert some(row, 'process', 'user', 'service', 'container', 'reached_by', 'allowed') == (
        'unknown', 'unknown', '', '', 'none', '')
    [row] = listed(listener(owners=[], held_by='kernel', service=None))
    assert some(row, 'process', 'user') == ('[kernel]', '')


def test_addresses_are_shown_as_they_are():
    made = listed(listener('::', 80), listener('fe80::1', 81, interface='eth0', scope='link'))
    assert [row['address'] for row in made] == ['::', 'fe80::1%eth0']


def test_many_networks_are_counted():
    [row] = listed(listener(exposure=exposure('partly', ['10.0.%d.0/24' % number for number in range(30)])))
    assert row['allowed'].startswith('10.0.0.0/24 ') and row['allowed'].endswith(' and 10 more')


def test_findings_that_are_not_listed_and_nobody_are_told():
    assert rows(twelve.host('a', findings_total=2))[-1]['message'] == '2 more findings, which the record does not list'
    assert [row['message'] for row in rows()] == ['No host was looked at.']


@pytest.mark.parametrize('text, shown', [
    ('=1+1', "'=1+1"), ('+1', "'+1"), ('-1', "'-1"), ('@SUM(1)', "'@SUM(1)"), (' =1', "' =1"), ('"=1', "'\"=1"),
    ('a;=1', "a;'=1"), ('a; "-1', "a;' \"-1"), ('\uff1d1', "'\uff1d1"), ('\t=1', '\\t=1'), ('\r\n=1', '\\r\\n=1'),
    ('web-1', 'web-1'), ('[kernel]', '[kernel]'), ('a; b', 'a; b'), ('', ''), ('a, -b', 'a, -b'), ('::1', '::1'),
    ('日本', '日本'), ('::error::x', ':\\x3aerror::x'),
])
def test_no_cell_is_a_formula(text, shown):
    assert to_csv.cell(text) == shown


def test_no_hostile_name_is_a_formula_whatever_separates_cells():
    hosts = [Host(entry['host'], 'partial', record=entry) for entry in hostile.records()]
    text = file_of(Report(RUN, hosts), 'csv').decode('utf-8')
    for row in reading.rows(text.encode('utf-8')):
        for value in row.values():
            for piece in value.split(';'):
                assert piece.strip(' "')[:1] not in tuple('=+-@\uff1d') or not piece.strip(' "')
