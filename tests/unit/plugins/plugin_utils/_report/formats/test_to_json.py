# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report for programs."""

import json

from ansible_collections.listening.ports.plugins.plugin_utils._report import model
from ansible_collections.listening.ports.plugins.plugin_utils._report.model import Report
from ansible_collections.listening.ports.plugins.plugin_utils._version import VERSION
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.hosts import file_of, Host
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.judgements import (
    finding, judged, refused
)
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import (
    RUN, facts, listener, owner, record
)


def report():
    strange = record('wéb', facts(listener(owners=[owner(process='a\x1b\u202e{{ 7*7 }}')])))
    dead = record('dead', status='unreachable', message='no route')
    return Report(RUN, ansible_core='2.21.0', hosts=[
        Host('wéb', 'ok', record=strange), Host('dead', 'unreachable', 'no route', record=dead),
        Host('old', 'missing', 'not recorded', '2026-11-20T10:00:00Z')])


def test_all_hosts_and_the_evidence_are_in_it():
    document = json.loads(file_of(report(), 'json'))
    assert {key: document[key] for key in ('schema', 'run_id', 'collection', 'ansible_core', 'complete', 'counts')} == {
        'schema': 1, 'run_id': RUN, 'collection': VERSION, 'ansible_core': '2.21.0', 'complete': False,
        'counts': dict.fromkeys(model.STATES, 0) | {'ok': 1, 'unreachable': 1, 'missing': 1}}
    assert document['verdicts'] == dict.fromkeys(model.VERDICTS, 0) | {'listed': 1, 'unknown': 2}
    assert document['unused'] == []
    assert len(document['generated_at']) == len('2026-11-20T10:00:00Z')
    first, second, third = document['hosts']
    assert first == {
        'host': 'wéb',
        'status': 'ok',
        'verdict': 'listed',
        'reason': None,
        'last_seen': None,
        'recorded_at': '2026-11-20T10:00:01Z',
        'run_id': RUN,
        'collection': '0.1.0',
        'ansible_core': '2.21.0',
        'judgement': None,
        'facts': report().hosts[0].facts,
    }
    assert (second['status'], second['reason'], second['facts']) == ('unreachable', 'no route', None)
    assert (second['verdict'], third['verdict']) == ('unknown', 'unknown')
    assert (third['status'], third['last_seen'], third['recorded_at']) == ('missing', '2026-11-20T10:00:00Z', None)


def test_it_is_harmless_on_a_terminal_and_has_a_line_for_each_host():
    text = file_of(report(), 'json').decode()
    assert text.isascii() and text.replace('\n', '').isprintable()
    assert len(text.splitlines()) == 5


def test_without_any_host():
    assert json.loads(file_of(Report(RUN, []), 'json'))['hosts'] == []


def test_judgements_are_in_it():
    idle = {'entries': [['expected_listeners', 'ntp']], 'waivers': []}
    hosts = [judged('a', finding('x'), idle=idle), judged('b'), refused('c')]
    document = json.loads(file_of(Report(RUN, hosts), 'json'))
    assert document['verdicts'] == {
        'as_declared': 1, 'violates': 1, 'unknown': 0, 'refused': 1, 'listed': 0, 'pending': 0}
    assert [host['verdict'] for host in document['hosts']] == ['violates', 'as_declared', 'refused']
    assert [host['judgement'] for host in document['hosts']] == [host.judgement for host in hosts]
    [unused] = document['unused']
    assert (unused['kind'], unused['entry'], unused['declared_in'], unused['fails']) == (
        'entry_unused', 'ntp', 'expected_listeners', False)
    assert set(document['unused'][0]) == {*finding('x'), 'ports', 'listeners'}
