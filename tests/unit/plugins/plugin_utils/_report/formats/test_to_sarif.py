# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report for forges: each result at a line, and nobody left out who was not observed."""

import dataclasses
import gzip

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._harmless.terminal import visible
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language.options import KINDS, SEVERITIES
from ansible_collections.listening.ports.plugins.plugin_utils._report.evidence import Source
from ansible_collections.listening.ports.plugins.plugin_utils._report.formats import to_sarif
from ansible_collections.listening.ports.plugins.plugin_utils._report.model import Report
from ansible_collections.listening.ports.plugins.plugin_utils._report.sarif import rules
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report import hostile, judgements, twelve
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.formats import reading
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.hosts import Host, file_of
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import RUN, facts, listener, record

SOURCE = Source('/srv/it', 'a' * 40, False, 'https://git.example.com/ops/it.git', '/srv/it', '/srv/it/hosts.ini')


def log(*hosts, source=SOURCE, **other):
    return reading.Sarif(file_of(Report(RUN, list(hosts), source=source, **other), 'sarif'))


def declared(path, line=2, **entries):
    return {'path': path, 'line': line, 'entries': entries}


def only(*hosts, **other):
    """The place of the only result."""
    [result] = log(*hosts, **other).results
    return reading.place_of(result)


def finding(number, severity='high', **other):
    """One of many findings that differ."""
    return judgements.finding('tcp 0.0.0.0:%d listens' % number, severity=severity, **other)


def test_findings_are_at_the_lines_that_are_to_be_changed():
    made = reading.Sarif(file_of(dataclasses.replace(twelve.report(), source=SOURCE), 'sarif'))
    assert [(result['ruleId'], result['level'], *reading.place_of(result), result['occurrenceCount'])
            for result in made.results if result['properties']['kind'] in KINDS] == [
        ('listening-ports/unexpected-critical', 'error', 'group_vars/web.yml', 2, 3),
        ('listening-ports/missing', 'error', 'group_vars/web.yml', 4, 2),
        ('listening-ports/unknown', 'error', 'hosts.ini', 1, 1),
        ('listening-ports/wrong_owner-low', 'note', 'group_vars/web.yml', 4, 1)]
    [missing] = made.of_kind('missing')
    assert missing['message']['text'] == (
        '2 hosts (stray-2, missing): nothing listens on 443, which web declares. To do: start it.')
    assert missing['properties']['hosts'] == ['stray-2', 'missing']
    assert [each['name'] for each in missing['locations'][0]['logicalLocations']] == ['stray-2', 'missing']


def test_hosts_that_were_not_observed_are_results():
    """Else an audit that reached nobody would close all alerts."""
    made = reading.Sarif(file_of(twelve.report(), 'sarif'))
    assert [result['message']['text'] for result in made.of_kind('not_observed')] == [
        'broken: failed: python is missing.', 'later: pending: its batch is still to come.',
        'dead: unreachable: no route to host.']
    assert [result['properties']['hosts'] for kind in ('refused', 'not_all_observed')
            for result in made.of_kind(kind)] == [['refused'], ['unsure']]
    notes = made.run['invocations'][0]['toolExecutionNotifications']
    assert ('error', 'dead: unreachable: no route to host.') in [
        (note['level'], note['message']['text']) for note in notes]
    assert made.run['properties']['complete'] is False


@pytest.mark.parametrize('hosts', [[], [Host('a', 'unreachable', 'no route')], [judgements.refused('a')]])
def test_a_file_of_an_audit_that_looked_at_nobody_is_one_that_github_rejects(hosts):
    made = log(*hosts)
    assert len(made.results) == 1 and made.results[0]['level'] == 'error'
    assert made.run['invocations'][0]['executionSuccessful'] is False


def test_what_the_records_do_not_list_is_a_result():
    [result] = log(twelve.host('a', twelve.STRAY, findings_total=3)).of_kind('not_listed')
    assert result['message']['text'] == 'a: 2 more findings, which the records do not list.'


def test_hosts_that_were_not_judged_are_no_results():
    """Somebody wants no more than a list; but it is said."""
    made = log(Host('a', 'ok', record=record('a', facts(listener()))))
    assert made.results == []
    assert made.messages == ['a: nothing is declared, so nothing was judged.']


def test_a_host_that_is_as_declared_has_no_result():
    made = log(twelve.host('a'))
    assert made.results == [] and made.rules == [] and made.run['properties']['complete'] is True


def test_a_waived_finding_is_no_result_and_its_waiver_is_told():
    host = next(host for host in twelve.hosts() if host.name == 'waived')
    made = log(host)
    assert made.results == []
    assert made.run['properties']['waivers'] == [{
        'waiver': 'old', 'variable': 'listener_waivers', 'expires': '2027-01-01', 'reason': 'until it is moved',
        'owner': 'ops', 'hosts': 1, 'findings': 1}]


ALL = {'expected_listeners': declared('group_vars/all.yml', 3)}
WEB = {**ALL, 'expected_listeners_web': declared('group_vars/web.yml', 5)}


@pytest.mark.parametrize('hosts, place', [
    # the file that all hosts of the finding have, and as few others as can be
    ([('a', WEB, True), ('b', WEB, True), ('c', ALL, False)], ('group_vars/web.yml', 5)),
    ([('a', WEB, True), ('b', WEB, True), ('c', ALL, True)], ('group_vars/all.yml', 3)),
    ([('a', {'expected_listeners': declared('host_vars/a.yml')}, True),
      ('b', {'expected_listeners': declared('host_vars/b.yml')}, True)], ('hosts.ini', 1)),
    ([('a', {'listener_waivers': declared('group_vars/all.yml')}, True)], ('hosts.ini', 1)),
    ([('a', {'waivers': declared('site.yml')}, True)], ('hosts.ini', 1)),
    ([('a', {}, True)], ('hosts.ini', 1)),
])
def test_what_nothing_declares_is_where_it_would_be_declared(hosts, place):
    assert only(*(twelve.host(name, *([twelve.STRAY] if stray else ()), places=places)
                  for name, places, stray in hosts)) == place


@pytest.mark.parametrize('path, root, top, uri', [
    ('group_vars/a b.yml', '/srv/it', '/srv/it', 'group_vars/a b.yml'),
    ('/srv/it/roles/x.yml', '/srv/it', '/srv/it', 'roles/x.yml'),
    ('inventory/x.yml', '/srv/it/inventory', '/srv/it', 'x.yml'),         # source_root is below the repository
    ('inventory/x.yml', '/srv/other', '/srv/it', 'outside/x.yml'),
    ('/root/.ansible/roles/x/vars/main.yml', '/srv/it', '/srv/it', 'outside/main.yml'),
    ('/srv/items/x.yml', '/srv/it', '/srv/it', 'outside/x.yml'),
    ('group_vars/x.yml', None, '/srv/it', 'group_vars/x.yml'),          # no repository
    ('/srv/it/group_vars/x.yml', None, '/srv/it', 'group_vars/x.yml'),
    ('/etc/ansible/x.yml', None, '/', 'outside/x.yml'),
    ('/etc/ansible/x.yml', None, None, 'outside/x.yml'),
    ('http:/evil.example/%2e%2e/x', '/srv/it', '/srv/it', 'http:/evil.example/%2e%2e/x'),
])
def test_paths_are_relative_to_the_root_of_the_sources(path, root, top, uri):
    host = twelve.host('a', twelve.MISSING, places={twelve.VARIABLE: declared(path, web=9)})
    assert only(host, source=Source(root, top=top)) == (uri, 9)


def test_where_nothing_is_known_the_inventory_is_the_place():
    assert only(twelve.host('a', twelve.STRAY, places={}), source=Source()) == ('outside/inventory', 1)
    assert only(twelve.host('a', twelve.STRAY, places={}), source=Source(None, top='/srv', inventory='/etc/hosts')) == (
        'outside/hosts', 1)


def test_a_refused_declaration_is_at_its_mistake():
    host = judgements.judged('a', refused='no such option', failing=True, places={
        'expected_listeners': declared('group_vars/all.yml'), 'expected_listeners_web': declared('web.yml', web=7)})
    assert reading.place_of(log(host).of_kind('refused')[0]) == ('web.yml', 7)
    host = judgements.judged('a', refused='has to be a list', failing=True, places=ALL)
    assert reading.place_of(log(host).of_kind('refused')[0]) == ('group_vars/all.yml', 3)


def test_all_kinds_have_rules_and_severities_have_rules_of_their_own():
    """GitHub takes the severity of the rule."""
    assert set(rules.WORDS) == {*KINDS, *rules.OTHERS}
    made = rules.Rules()
    scores = {}
    for kind in rules.WORDS:
        for severity in SEVERITIES:
            scores[severity] = made.of(kind, severity, True)
    described = {rule['id']: rule for rule in made.all()}
    assert len(described) == len(rules.WORDS) * len(SEVERITIES)
    assert [described['listening-ports/missing%s' % suffix]['properties']['security-severity']
            for suffix in ('-critical', '', '-medium', '-low', '-info')] == ['9.5', '8.0', '5.5', '2.0', '0.0']
    assert [made.all()[scores[severity].number]['id'] for severity in SEVERITIES] == [
        scores[severity].id for severity in SEVERITIES]


@pytest.mark.parametrize('severity, rule, level', [
    ('critical', 'unexpected-critical-warning', 'warning'), ('high', 'unexpected-warning', 'warning'),
    ('medium', 'unexpected-medium', 'warning'), ('low', 'unexpected-low', 'note'), ('info', 'unexpected-info', 'note')])
def test_what_fails_no_host_blocks_no_change(severity, rule, level):
    [result] = log(twelve.host('a', dict(twelve.STRAY, severity=severity, fails=False))).results
    assert (result['ruleId'], result['level']) == ('listening-ports/' + rule, level)
    assert result['properties']['severity'] == severity


def test_findings_of_one_line_are_alerts_of_their_own_and_the_same_ones_in_the_next_run():
    one, two = finding(1), finding(2)
    first, second = log(twelve.host('a', one, two)), log(twelve.host('a', two), twelve.host('b'), twelve.host('c', one))

    def identities(made):
        return {(result['ruleId'], result['partialFingerprints']['primaryLocationLineHash'])
                for result in made.results}
    assert len(identities(first)) == 2 and identities(first) == identities(second)
    alike = dict(two, fingerprint=one['fingerprint'])
    assert {key[1][-2:] for key in identities(log(twelve.host('a', one, alike)))} == {':1', ':2'}


def test_a_part_of_the_fleet_closes_no_alerts_of_the_rest():
    def category(*names, fleet=False):
        return log(*map(twelve.host, names), fleet=fleet).run['automationDetails']['id']
    assert category('a', fleet=True) == category('a', 'b', fleet=True) == 'listening-ports/'
    assert len({category('a'), category('b'), category('a', 'b'), 'listening-ports/'}) == 4
    assert category('a', 'b') == category('b', 'a')


def test_the_sources_are_named():
    made = log(twelve.host('a')).run['versionControlProvenance']
    assert made == [{'repositoryUri': SOURCE.repository, 'revisionId': SOURCE.revision,
                     'mappedTo': {'uriBaseId': 'SRCROOT'}, 'properties': {'dirty': False}}]
    for missing in ('root', 'revision', 'repository'):
        assert 'versionControlProvenance' not in log(
            twelve.host('a'), source=SOURCE._replace(**{missing: None})).run


@pytest.mark.parametrize('text, shown', [
    ('{0} {12} {a} {', '{ 0} { 12} {a} {'), ('[a](1) ![b](x) ](', '[a] (1) ![b] (x) ] ('), ('{{0}}', '{{ 0}}')])
def test_messages_have_no_placeholders_and_no_links(text, shown):
    assert to_sarif.message(text) == shown


@pytest.mark.parametrize('name', hostile.NAMES, ids=ascii)
def test_no_text_of_a_host_is_more_than_text(name):
    entry = next(entry for entry in hostile.records() if entry['host'] == name)
    made = log(Host(name, 'partial', record=entry), Host('not seen ' + name, 'failed', name))
    shown = to_sarif.message(visible(name, 300)).rstrip('.')
    assert any(shown in message for message in made.messages)
    assert len(made.of_kind('unexpected')) == len(made.of_kind('unknown')) == len(made.of_kind('not_observed')) == 1
    [result] = made.of_kind('unexpected')
    # a name that cannot be printed as it is, is that of no entry
    assert reading.place_of(result) == (
        entry['judgement']['places'][name]['path'], 8 if visible(name, 200) == name else 7)


def test_there_is_a_limit_of_results_and_the_worst_are_kept(monkeypatch):
    assert to_sarif._MOST == 5000
    monkeypatch.setattr(to_sarif, '_MOST', 500)
    hosts = [twelve.host('h%d' % host, *(
        finding(number, 'low', fingerprint='%016x' % number) for number in range(host * 100, host * 100 + 90)))
        for host in range(6)]
    made = log(*hosts, twelve.host('bad', twelve.STRAY), Host('dead', 'unreachable', 'no route'))
    assert len(made.results) == 500 and made.run['properties']['left_out'] == 6 * 90 + 2 - 500
    assert made.results[0]['properties']['hosts'] == ['dead'] and made.results[1]['properties']['hosts'] == ['bad']
    assert '42 results left out: see the other files of the report.' in made.messages


def test_there_is_a_limit_of_bytes_whatever_hosts_say():
    """GitHub takes 10 MB, compressed; what an attacker says does not get smaller by it."""
    hosts = ['%s%d' % ('h' * 250, number) for number in range(12)]
    many = [dict(finding(number), message='%d %s' % (number, '\u4e00' * 3500)) for number in range(500)]
    content = file_of(Report(RUN, [twelve.host(name, *many) for name in hosts], source=SOURCE), 'sarif')
    made = reading.Sarif(content)
    assert 9 * 1000 * 1000 < len(content) < 10 * 1000 * 1000 and len(gzip.compress(content)) < 10 * 1000 * 1000
    assert made.run['properties']['left_out'] > 0
    assert len(made.results) + made.run['properties']['left_out'] == 500
    assert {result['occurrenceCount'] for result in made.results} == {12}
    assert [len(made.results[index]['properties']['hosts']) for index in (0, -1)] == [12, 10]


def test_many_reasons_are_counted_and_leave_room_for_findings():
    hosts = [Host('h%d' % number, 'unreachable', 'no route to h%d' % number) for number in range(300)]
    made = log(*hosts, twelve.host('bad', twelve.STRAY))
    assert len(made.of_kind('not_observed')) == 201 and len(made.of_kind('unexpected')) == 1
    assert sum(result['occurrenceCount'] for result in made.of_kind('not_observed')) == 300
    assert 'for 100 other reasons' in made.of_kind('not_observed')[-1]['message']['text']
    refused = [judgements.refused('h%d' % number, 'the mistake %d' % number) for number in range(300)]
    assert sum(result['occurrenceCount'] for result in log(*refused).of_kind('refused')) == 300


def test_entries_of_no_use_are_at_their_lines():
    idle = {'entries': [['expected_listeners', 'ntp']], 'waivers': []}
    [result] = log(judgements.judged('a', idle=idle, places={
        'expected_listeners': declared('group_vars/all.yml', 1, ntp=3)})).results
    assert (result['ruleId'], result['level'], *reading.place_of(result)) == (
        'listening-ports/entry_unused', 'note', 'group_vars/all.yml', 3)
    assert 'logicalLocations' not in result['locations'][0] and result['occurrenceCount'] == 1
