# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report for Prometheus."""

from ansible_collections.listening.ports.plugins.plugin_utils._harmless.terminal import visible
from ansible_collections.listening.ports.plugins.plugin_utils._report.formats import to_prometheus
from ansible_collections.listening.ports.plugins.plugin_utils._report.model import Report
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report import hostile, twelve
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.formats import reading
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.hosts import Host, file_of
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import (
    RUN, exposure, facts, listener, record
)


def metrics(*hosts):
    return reading.metrics(file_of(Report(RUN, list(hosts), generated_at='2026-11-20T10:00:05Z'), 'prometheus'))


def listed(name, *listeners):
    return Host(name, 'ok', record=record(name, facts(*listeners)))


def values(samples, label):
    return {labels[label]: value for labels, value in samples}


def test_hosts_are_counted_by_verdict_and_by_state():
    made = reading.metrics(file_of(twelve.report(), 'prometheus'))
    assert values(made['hosts'], 'verdict') == {
        'as_declared': 4, 'violates': 4, 'unknown': 2, 'refused': 1, 'listed': 0, 'pending': 1}
    assert values(made['hosts_by_state'], 'state') == {
        'ok': 7, 'partial': 1, 'unreachable': 1, 'failed': 2, 'missing': 0, 'pending': 1}
    assert {labels['host']: labels['verdict'] for labels, dummy in made['host']} == {
        host.name: host.verdict for host in twelve.hosts()}


def test_a_host_that_was_not_seen_has_no_listeners_and_one_without_any_has_none():
    made = reading.metrics(file_of(twelve.report(), 'prometheus'))
    counts = values(made['listeners'], 'host')
    assert counts['missing'] == 0 and not {'dead', 'broken', 'later', 'refused'} & set(counts)
    assert 'later' not in values(made['host_recorded_timestamp_seconds'], 'host')


def test_findings_are_counted_and_tell_whether_they_fail():
    found = metrics(twelve.host('a', twelve.STRAY, twelve.STRAY, twelve.WARNING, findings_total=5, waived=2))
    shared = {'host': 'a'}
    assert found['findings'] == [
        ({**shared, 'kind': 'unexpected', 'severity': 'critical', 'fails': 'yes'}, 2),
        ({**shared, 'kind': 'wrong_owner', 'severity': 'low', 'fails': 'no'}, 1)]
    assert found['findings_left_out'] == [(shared, 2)] and found['findings_waived'] == [(shared, 2)]


def test_listeners_are_counted_and_those_that_others_reach_are_shown():
    made = metrics(listed(
        'a', listener(port=22, exposure=exposure('allowed', ['0.0.0.0/0'])),
        listener('::', 22, exposure=exposure('allowed', ['::/0'])),
        listener(port=40001, protocol='udp', ephemeral=True, exposure=exposure('partly', ['10.0.0.0/8'])),
        listener('127.0.0.1', 25, exposure=exposure('blocked', level='local')), listener(port=80)))
    assert values(made['listeners'], 'reached_by') == {'anyone': 2, 'listed': 1, 'local': 1, 'unknown': 1}
    assert sorted((labels['port'], labels['reached_by']) for labels, dummy in made['listener_info']) == [
        ('22', 'anyone'), ('80', 'unknown'), ('ephemeral', 'listed')]
    assert made['listener_info_left_out'] == [({}, 0)]


def test_listeners_that_are_too_many_are_counted(monkeypatch):
    monkeypatch.setattr(to_prometheus, '_MOST_INFO', 3)
    made = metrics(listed('a', *(listener(port=port) for port in range(1, 3))),
                   listed('b', *(listener(port=port) for port in range(1, 6))))
    assert len(made['listener_info']) == 3 and made['listener_info_left_out'] == [({}, 4)]
    assert len(made['listeners']) == 4


def test_the_time_is_that_of_the_report():
    assert metrics()['run_timestamp_seconds'] == [({}, 1795168805)]
    assert values(metrics()['hosts'], 'verdict')['as_declared'] == 0


def test_labels_are_read_back_as_they_are_shown():
    hosts = [Host(entry['host'], 'partial', record=entry) for entry in hostile.records()]
    made = metrics(*hosts)
    assert [labels['host'] for labels, dummy in made['host']] == [visible(name, 200) for name in hostile.NAMES]
    assert {labels['service'] for labels, dummy in made['listener_info']} == {visible(name) for name in hostile.NAMES}


def test_hosts_that_look_the_same_are_told_apart():
    names = [labels['host'] for labels, dummy in metrics(
        listed('a\x1b'), listed('a\\x1b'), Host('a\\x1b (2)', 'missing', 'x'))['host']]
    assert names == ['a\\x1b', 'a\\x1b (2)', 'a\\x1b (2) (2)']
