# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From files with records to what a report is about."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._facts import records
from ansible_collections.listening.ports.plugins.plugin_utils._report import model
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.judgements import finding, judgement
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import (
    RUN, facts, gap, listener, record
)


@pytest.fixture
def directory(tmp_path):
    path = str(tmp_path)
    records.write(path, record('whole'))
    records.write(path, record('hidden', facts(listener(owners=[]), gaps=[gap()])))
    records.write(path, record('budget', facts(gaps=[gap('sockets', 'socket_budget')])))
    records.write(path, record('dead', status='unreachable', message='no\x1b route\nto host'))
    records.write(path, record('broken', status='failed', message='no Python'))
    records.write(path, record('silent', status='failed'))
    records.write(path, record('stale', run_id='run0', declared=True))
    (tmp_path / 'hosts' / 'bad.json').write_text('{}')
    return path


def build(directory, names, run_id, pending=(), **fields):
    to_come = records.to_come(directory, pending, run_id)
    return model.gather(model.read(directory, names, run_id, to_come), [], model.Report(run_id, **fields))


def states(report):
    return {host.name: host.state for host in report.hosts}


def test_each_host_has_its_state(directory):
    names = ['whole', 'hidden', 'budget', 'dead', 'broken', 'silent', 'stale', 'bad', 'absent']
    report = build(directory, names, RUN)
    assert states(report) == {
        'whole': 'ok', 'hidden': 'partial', 'budget': 'partial', 'dead': 'unreachable', 'broken': 'failed',
        'silent': 'failed', 'stale': 'missing', 'bad': 'failed', 'absent': 'missing'}
    assert [host.name for host in report.hosts] == names
    assert report.counts == {'ok': 1, 'partial': 2, 'unreachable': 1, 'failed': 3, 'missing': 2, 'pending': 0}
    assert [host.name for host in report.seen] == ['whole', 'hidden', 'budget']
    reasons = {host.name: host.reason for host in report.hosts}
    assert reasons == {
        'whole': None, 'hidden': None, 'budget': None, 'dead': 'no\\x1b route to host', 'broken': 'no Python',
        'silent': 'no reason was given', 'stale': 'not recorded in this run (last seen 2026-11-20T10:00:01Z)',
        'bad': 'the record hosts/bad.json is not valid: schema: is missing', 'absent': 'there is no record of it'}


def test_records_of_another_run_are_not_shown_as_those_of_this_one(directory):
    stale = build(directory, ['stale'], RUN).hosts[0]
    assert (stale.run_id, stale.is_seen, stale.last_seen) == (None, False, '2026-11-20T10:00:01Z')
    assert states(build(directory, ['stale', 'whole'], 'run0')) == {'stale': 'ok', 'whole': 'missing'}


def test_the_newest_records_of_any_run(directory):
    assert states(build(directory, ['stale', 'whole', 'absent'], 'any')) == {
        'stale': 'ok', 'whole': 'ok', 'absent': 'missing'}


def test_hosts_of_later_batches_are_to_come_unless_they_are_there(directory):
    report = build(directory, ['whole', 'stale', 'absent', 'dead'], RUN, {'stale', 'absent', 'dead'})
    assert states(report) == {'whole': 'ok', 'stale': 'pending', 'absent': 'pending', 'dead': 'unreachable'}
    assert states(report.only({'whole'})) == {'whole': 'ok'}


@pytest.mark.parametrize('names, wanted', [
    ([], False),
    (['whole'], True),
    (['whole', 'hidden'], True),
    (['whole', 'budget'], False),
    (['whole', 'dead'], False),
    (['whole', 'stale'], False),
    (['whole', 'bad'], False),
    (['whole', 'absent'], False),
])
def test_a_listener_may_be_missing_unless_all_sockets_of_all_hosts_were_seen(directory, names, wanted):
    assert build(directory, names, RUN).sockets_complete is wanted


def test_a_host_counts_once(directory):
    assert len(build(directory, ['whole', 'whole'], RUN).hosts) == 1


def test_whether_anything_is_declared(directory):
    assert not build(directory, ['whole', 'stale'], RUN).declared
    assert build(directory, ['whole', 'stale'], 'any').declared


def test_judgements_come_from_the_records(tmp_path):
    idle = judgement(idle={'entries': [['expected_listeners', 'ntp']], 'waivers': []})
    for name, kept in (
        ('good', idle),
        ('bad', judgement(finding('x'))),
        ('unsure', judgement(finding('x', 'unknown'))),
        ('listed', None),
    ):
        records.write(str(tmp_path), record(name, declared=bool(kept), judgement=kept))
    records.write(
        str(tmp_path), record('refused', status='failed', message='x', judgement=judgement(refused='x', failing=True))
    )
    names = ['good', 'bad', 'unsure', 'listed', 'refused', 'absent']
    report = build(str(tmp_path), names, RUN)
    assert {host.name: host.verdict for host in report.hosts} == {
        'good': 'as_declared',
        'bad': 'violates',
        'unsure': 'unknown',
        'listed': 'listed',
        'refused': 'refused',
        'absent': 'unknown',
    }
    assert [host.name for host in report.judged] == ['good', 'bad', 'unsure', 'refused']
    assert [unused['entry'] for unused in report.unused] == ['ntp']
    assert not build(str(tmp_path), names, RUN, fleet=False).unused
    assert not build(str(tmp_path), [*names, 'later'], RUN, {'later'}).unused
