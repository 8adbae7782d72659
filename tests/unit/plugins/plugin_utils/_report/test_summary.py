# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a report says first and last."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._report import evidence, summary
from ansible_collections.listening.ports.plugins.plugin_utils._report.model import Report
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report import judgements, twelve
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.hosts import Host
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import RUN, facts, listener, record


def listed(name):
    return Host(name, 'ok', record=record(name, facts(listener())))


@pytest.mark.parametrize('hosts, text, good', [
    ([], 'No host was looked at.', False),
    ([twelve.host('a')], 'a is as declared.', True),
    ([twelve.host('a', twelve.WARNING)], 'a is as declared, with 1 warning.', True),
    ([twelve.host('a', twelve.STRAY)], 'a is not as declared.', False),
    ([judgements.refused('a')], 'The declaration of a is invalid.', False),
    ([Host('a\n', 'missing', 'x')], 'It is unknown whether a\\n is as declared.', False),
    ([listed('a')], 'What listens on a is listed, and was not judged.', None),
    ([Host('a', 'pending', 'x')], 'a is still to come.', None),
    ([twelve.host('a'), twelve.host('b')], 'All 2 hosts are as declared.', True),
    ([twelve.host('a'), twelve.host('b', twelve.WARNING)],
     'All 2 hosts are as declared, 1 of them with warnings.', True),
    ([twelve.host('a'), listed('b')], '2 hosts: 1 as declared, 1 only listed (no declaration).', None),
    ([twelve.host('a'), Host('b', 'pending', 'x')], '2 hosts: 1 as declared, 1 still to come.', None),
    ([twelve.host('a'), Host('b', 'missing', 'x')], '2 hosts: 1 as declared, 1 not recorded.', False),
    ([twelve.host('a', twelve.STRAY), twelve.host('b')], '2 hosts: 1 as declared, 1 violates.', False),
])
def test_the_verdict_is_one_sentence_and_good_only_if_all_are_as_declared(hosts, text, good):
    assert summary.verdict(Report(RUN, hosts)) == (text, good)


@pytest.mark.parametrize('hosts, text, good', [
    ([twelve.host('a')], '4 hosts: 1 as declared, 3 in earlier batches.', None),
    ([twelve.host('a'), Host('b', 'pending', 'x')],
     '5 hosts: 1 as declared, 1 still to come, 3 in earlier batches.', None),
    ([twelve.host('a', twelve.STRAY)], '4 hosts: 1 violates, 3 in earlier batches.', False),
    ([Host('a', 'missing', 'x')], '4 hosts: 1 not recorded, 3 in earlier batches.', False),
])
def test_a_batch_says_how_many_hosts_it_is_not_about(hosts, text, good):
    assert summary.verdict(Report(RUN, hosts, earlier=3)) == (text, good)


def test_the_evidence_says_what_is_not_known():
    assert dict(summary.evidence(Report(RUN, [], ansible_core='2.21.0', generated_at='2026-11-20T10:00:05Z'))) == {
        'run': RUN, 'made': '2026-11-20T10:00:05Z', 'recorded': 'nothing', 'hosts': 'the whole fleet',
        'listening.ports': summary.VERSION, 'ansible-core': '2.21.0', 'revision': 'unknown', 'policies': 'none',
        'gaps': 'none', 'waivers in force': '0'}


def test_the_evidence_of_a_fleet_is_a_few_words():
    source = evidence.Source('/x', 'abc123', True)
    report = Report(RUN, twelve.hosts(), ansible_core='2.21.0', fleet=False, source=source)
    made = dict(summary.evidence(report))
    assert made['revision'] == 'abc123, with changes that are not committed'
    assert made['recorded'] == '2026-11-20T10:00:01Z to 2026-11-20T10:00:01Z'
    assert (made['hosts'], made['policies'], made['gaps'], made['waivers in force']) == (
        'a part of the fleet', '000000000000… on 9 hosts', 'sockets_failed on 1 host', '1')
