# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has changed on many hosts, and how it is told in each format."""

import json

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._drift import (
    changes, comparison, table, to_json, to_junit, to_markdown
)
from ansible_collections.listening.ports.plugins.plugin_utils._drift.evidence import Evidence
from ansible_collections.listening.ports.plugins.plugin_utils._report.naming import Naming
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._drift.drifting import taken
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.formats import reading

WEB = 'tcp 0.0.0.0:80 nginx/root nginx.service'
EXTRA = 'tcp 0.0.0.0:7777 x/root extra.service'
MOVING = 'tcp 0.0.0.0:%d m/root m.service'
EVIDENCE = Evidence('run1', '2026-11-20T10:00:00Z', '0.2.0', '2.21.0', '/srv/drift/20261120T100000Z-run1')


def fleet(ignored=comparison.IGNORED):
    """Of each kind something, on hosts a to h."""
    made = comparison.Comparison('their last snapshots', ignored)
    for number, name in enumerate('ab'):
        made.compared(name, 'S1', changes.compare(
            taken(WEB, MOVING % (40000 + number), complete={'firewall': True}),
            taken(WEB.replace('/root', '/x'), EXTRA, MOVING % (41000 + number))))
    made.compared('c', 'S1', changes.compare(taken(WEB), taken(WEB)))
    made.compared('d', 'S0', changes.compare(taken(WEB, EXTRA), taken(WEB)))
    made.compared('e', 'S1', changes.compare(taken(WEB, gaps=['sockets']), taken(WEB, EXTRA)))
    made.new('f', taken(WEB))
    made.unknown('g', 'unreachable: No route to host')
    made.gone('h')
    return made


def shown(made, columns=None):
    return [line for line, dummy in table.lines(made, Naming(), columns)]


def test_changes_that_are_the_same_are_told_once_with_all_hosts():
    made = fleet()
    assert [(finding.kind, finding.hosts) for finding in made.findings] == [
        ('opened', ['a', 'b']), ('changed', ['a', 'b']), ('closed', ['d']), ('unknown', ['g']), ('unknown', ['e']),
        ('gone', ['h']), ('new', ['f']), ('moved', ['a', 'b']), ('not_compared', ['a', 'b'])]
    assert made.counts == {'opened': 2, 'changed': 2, 'closed': 1, 'unknown': 2, 'gone': 1, 'new': 1, 'moved': 2,
                           'not_compared': 2}
    assert made.states == {'compared': 5, 'new': 1, 'unknown': 1, 'gone': 1}
    assert made.summary == (
        '5 changes on 3 of 5 hosts against their last snapshots: 2 opened, 2 changed, 1 closed; 1 host unknown; '
        '1 listener unknown; 1 host gone; 1 host new; 2 listeners moved; not all could be compared on 2 hosts.')
    assert made.failing and made.good is False


@pytest.mark.parametrize('ignored, failing', [
    (comparison.IGNORED, True), (comparison.KINDS, False),
    ([kind for kind in comparison.KINDS if kind != 'moved'], True),
    ([kind for kind in comparison.KINDS if kind != 'not_compared'], True)])
def test_what_is_ignored_does_not_fail(ignored, failing):
    made = fleet(ignored)
    assert made.failing is failing and made.good is not True


def test_where_nothing_has_changed_it_is_good_and_else_never():
    def of(*pairs):
        made = comparison.Comparison('the baseline')
        for name, old, new in pairs:
            made.compared(name, 'baseline', changes.compare(old, new))
        return made
    same = of(('a', taken(WEB), taken(WEB)))
    assert same.good is True and same.summary == 'No change on 1 host against the baseline.'
    assert shown(same) == [same.summary]
    moved = of(('a', taken(MOVING % 40000), taken(MOVING % 40001)))
    assert moved.good is True and moved.summary.endswith('; 1 listener moved.')
    blind = of(('a', taken(WEB), taken('tcp 0.0.0.0:80 hidden', gaps=['owners'])))
    assert blind.good is None and not blind.failing
    nobody = comparison.Comparison('the baseline')
    assert nobody.good is None and nobody.summary == 'Nothing was compared with the baseline.'
    nobody.new('a', taken())
    assert nobody.good is None and not nobody.failing
    assert shown(nobody) == ['New:', '  a: nothing listens', '', 'Nothing was compared with the baseline; 1 host new.']


def test_the_table():
    assert shown(fleet()) == [
        'CHANGE   HOSTS           LISTENER  HELD BY        WHAT',
        'opened   2 hosts (a, b)  tcp/7777  extra.service  any (IPv4), user root',
        'changed  2 hosts (a, b)  tcp/80    nginx.service  user: root → x',
        'closed   d               tcp/7777  extra.service  any (IPv4), user root',
        'unknown  e               tcp/7777  extra.service  the earlier look did not see all sockets, so it may have '
        'been there: any (IPv4), user root',
        '',
        'CHANGE  HOSTS  LISTENER  HELD BY        WHAT',
        'new     f      tcp/80    nginx.service  any (IPv4), user root',
        '',
        'Unknown:',
        '  g: unreachable: No route to host',
        '',
        'Gone:',
        '  h: it is not in the inventory any more',
        '',
        'Not compared:',
        '  2 hosts (a, b): who reaches listeners: one of the two looks did not see all of them',
        '',
        fleet().summary]


@pytest.mark.parametrize('columns', [60, 80, 120])
def test_the_table_fits_a_terminal(columns):
    assert max(map(len, shown(fleet(), columns))) <= columns


def test_very_many_changes_are_cut_and_that_is_said():
    made = comparison.Comparison('x')
    made.compared('a', 'S', changes.compare(taken(),
                                            taken(*('tcp 0.0.0.0:%d a/root' % port for port in range(1, 251)))))
    lines = shown(made)
    assert '  … and 50 more: the format json has all of them' in lines and len(lines) == 204


def test_json_has_all_of_it():
    made = fleet()
    text = to_json.encode(made, EVIDENCE)
    data = json.loads(text)
    assert text.isascii() and list(data) == [
        'schema', 'run_id', 'generated_at', 'collection', 'ansible_core', 'snapshot', 'against', 'summary', 'failing',
        'ignored', 'counts', 'states', 'hosts', 'findings']
    assert [host['state'] for host in data['hosts']] == ['compared'] * 5 + ['new', 'unknown', 'gone']
    assert data['hosts'][0] == {'name': 'a', 'state': 'compared', 'reason': None, 'against': 'S1',
                                'blind': ['firewall']}
    assert [finding['fails'] for finding in data['findings']] == [True] * 6 + [False] * 3
    assert data['findings'][1] == {
        'kind': 'changed', 'fails': True, 'text': 'tcp/80 nginx.service: user: root → x', 'hosts': ['a', 'b'],
        'listener': {'namespace': None, 'protocol': 'tcp', 'port': 80, 'deleted': False,
                     'holder': {'kind': 'service', 'names': ['nginx.service']}, 'users': ['x'], 'bound': ['any ipv4'],
                     'reached_by': [], 'to': [], 'changes': [{'what': 'users', 'before': ['root'], 'after': ['x']}]}}


def test_junit_has_three_values():
    suites = {suite.get('hostname'): reading.outcomes(suite) for suite in reading.junit(
        to_junit.encode(fleet(), EVIDENCE))}
    assert suites == {
        'a': {'was compared': 'passed', 'opened tcp/7777 extra.service': 'failure',
              'changed tcp/80 nginx.service': 'failure',
              'moved tcp/ephemeral m.service': 'system-out', 'was compared: who reaches listeners': 'system-out'},
        'b': suites['a'],
        'c': {'was compared': 'passed'},
        'd': {'was compared': 'passed', 'closed tcp/7777 extra.service': 'failure'},
        'e': {'was compared': 'passed', 'unknown tcp/7777 extra.service': 'error'},
        'f': {'new tcp/80 nginx.service': 'system-out', 'was compared': 'skipped'},
        'g': {'was compared': 'error'}, 'h': {'was compared': 'failure'}}


def test_junit_of_nobody_is_not_green():
    nobody = comparison.Comparison('x')
    nobody.unknown('a', 'unreachable')
    assert b'<testcase classname="listening-ports-drift" time="0" name="hosts were compared">\n      <error' in (
        to_junit.encode(nobody, EVIDENCE))


def test_markdown_has_it_in_tables():
    made = reading.Markdown(to_markdown.encode(fleet(), EVIDENCE, Naming()))
    assert [row[:3] for row in made.tables['Changes']] == [
        ['opened', '2 hosts (a, b)', 'tcp/7777'], ['changed', '2 hosts (a, b)', 'tcp/80'], ['closed', 'd', 'tcp/7777'],
        ['unknown', 'g', ''], ['unknown', 'e', 'tcp/7777'], ['gone', 'h', '']]
    assert [row[0] for row in made.tables['Not counted']] == ['new', 'not_compared']
    assert made.text.startswith('<!-- listening.ports drift -->\n## ◆ ') and '/srv/drift/2026' in made.text


def test_markdown_fits_a_comment():
    made = comparison.Comparison('x')
    made.compared('a', 'S', changes.compare(taken(),
                                            taken(*('tcp 0.0.0.0:%d a/root' % port for port in range(1, 2001)))))
    text = to_markdown.encode(made, EVIDENCE, Naming()).decode()
    assert len(text) < 60000 and ' more findings: see the other files.' in text
