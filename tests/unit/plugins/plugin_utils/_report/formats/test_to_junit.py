# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report for what shows tests."""

from ansible_collections.listening.ports.plugins.plugin_utils._harmless.terminal import visible
from ansible_collections.listening.ports.plugins.plugin_utils._report.formats import to_junit
from ansible_collections.listening.ports.plugins.plugin_utils._report.model import Report
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report import hostile, twelve
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.formats import reading
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.hosts import Host, file_of
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import RUN, facts, listener, record

LOOKED_AT, OTHERS, WEB = 'was looked at', 'everything else that is declared', 'web (expected_listeners)'
KERNEL = {'held_by': 'kernel', 'unit': None, 'owners': []}


def suites(*hosts):
    return {suite.get('hostname'): suite for suite in reading.junit(file_of(Report(RUN, list(hosts)), 'junit'))}


def outcomes(host):
    return reading.outcomes(suites(host)[host.name])


def test_each_host_is_a_suite_and_what_became_of_it_is_seen():
    made = {suite.get('hostname'): reading.outcomes(suite)
            for suite in reading.junit(file_of(twelve.report(), 'junit'))}
    assert made['web-1'] == {LOOKED_AT: 'passed', OTHERS: 'passed'}
    assert made['stray-2'] == {LOOKED_AT: 'passed', 'undeclared tcp/7777': 'failure', WEB: 'failure'}
    assert made['unsure'] == {
        LOOKED_AT: 'error', 'can be judged: everything': 'error', 'undeclared tcp/7777': 'failure'}
    assert made['warned'] == {LOOKED_AT: 'passed', WEB: 'system-out', OTHERS: 'passed'}
    for name in ('refused', 'dead', 'broken', 'later'):
        assert made[name] == {LOOKED_AT: 'error'}


def test_a_host_is_green_if_and_only_if_the_audit_passes_it():
    report = twelve.report()
    for host, suite in zip(report.hosts, reading.junit(file_of(report, 'junit'))):
        bad = int(suite.get('failures')) + int(suite.get('errors'))
        assert (bad == 0) == (host.verdict in ('as_declared', 'listed'))


def test_a_host_of_which_nothing_is_declared_is_skipped_and_no_success():
    assert outcomes(Host('listed', 'ok', record=record('listed', facts(listener())))) == {
        LOOKED_AT: 'passed', 'is as declared': 'skipped'}


def test_a_warning_of_what_is_not_known_does_not_pass():
    unsure = dict(twelve.UNKNOWN, fails=False)
    assert outcomes(twelve.host('a', unsure)) == {LOOKED_AT: 'passed', 'can be judged: everything': 'skipped'}


def test_findings_that_are_not_listed_are_told():
    host = twelve.host('many', twelve.STRAY, findings_total=3)
    assert outcomes(host) == {LOOKED_AT: 'passed', 'undeclared tcp/7777': 'failure', 'other findings': 'error'}


def test_a_refused_declaration_of_a_host_that_was_seen_is_an_error():
    assert outcomes(twelve.host('a', refused='no such option', failing=True)) == {
        LOOKED_AT: 'passed', 'the declaration is valid': 'error'}


def test_the_name_of_a_case_is_the_same_after_a_restart():
    excerpt = {'protocol': 'udp', 'port': 40123, 'ephemeral': True, 'held_by': 'processes', 'unit': None,
               'owners': [{'process': 'avahi', 'pids': {'first': [1], 'total': 1}}]}
    suite = to_junit.Suite('a', 'a')
    to_junit._found(suite, dict(twelve.STRAY, parts={'listener': excerpt}), {})
    to_junit._found(suite, dict(twelve.STRAY, parts={'listener': {**excerpt, 'ephemeral': False, **KERNEL}}), {})
    to_junit._found(suite, dict(twelve.STRAY, parts={'group': 'loopback', 'process': 'x\n'}), {})
    assert list(reading.outcomes(suite.element)) == [
        'undeclared udp/ephemeral avahi', 'undeclared udp/40123 [kernel]', 'undeclared loopback x\\n']


def test_entries_are_cases_of_their_own():
    entries = [['v', 'here', 'required', 'met'], ['v', 'gone', 'optional', 'not_met'],
               ['v', 'bad', 'required', 'failed'], ['v', 'unclear', 'required', 'unknown'],
               [twelve.VARIABLE, 'web', 'required', 'failed']]
    host = twelve.host('a', twelve.MISSING)
    host.judgement['entries'] = entries
    host.judgement['waived_findings'] = [
        {**{key: twelve.STRAY[key] for key in ('kind', 'severity', 'listener', 'entry', 'message', 'fingerprint')},
         'waiver': ['listener_waivers', 'old']}]
    assert outcomes(host) == {
        LOOKED_AT: 'passed', WEB: 'failure', 'here (v)': 'passed', 'gone (v)': 'system-out', 'bad (v)': 'skipped',
        'unclear (v)': 'skipped', 'undeclared tcp/7777': 'skipped'}


def test_very_many_entries_that_are_met_are_one_case_of_each_host(monkeypatch):
    monkeypatch.setattr(to_junit, '_MOST_PASSING', 1)
    hosts = [twelve.host('a'), twelve.host('b')]
    for host in hosts:
        host.judgement['entries'] = [['v', 'here', 'required', 'met'], ['v', 'there', 'required', 'met']]
    for suite in suites(*hosts).values():
        assert reading.outcomes(suite) == {LOOKED_AT: 'passed', OTHERS: 'passed'}


def test_what_has_one_name_in_two_hosts_or_findings_is_told_apart():
    hosts = [twelve.host('a.b', twelve.STRAY, twelve.STRAY), twelve.host('a_b')]
    made = suites(*hosts)
    assert list(reading.outcomes(made['a.b'])) == [LOOKED_AT, 'undeclared tcp/7777', 'undeclared tcp/7777 (2)']
    assert [suite.find('testcase').get('classname') for suite in made.values()] == [
        'listening-ports.a_b', 'listening-ports.a_b_2']


def test_a_report_of_nobody_is_an_error():
    text = file_of(Report(RUN, []), 'junit')
    assert reading.junit(text) == [] and b'<error type="nobody"' in text


def test_text_of_hosts_is_shown_as_it_is_shown_everywhere():
    hosts = [Host(entry['host'], 'partial', record=entry) for entry in hostile.records()]
    for name, suite in zip(hostile.NAMES, reading.junit(file_of(Report(RUN, hosts), 'junit'))):
        assert suite.get('hostname') == visible(name)
        assert visible(name) in suite.find('testcase/failure').text
