# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change of the declaration makes of hosts, on judgements that are made up."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._report.host import Host
from ansible_collections.listening.ports.plugins.plugin_utils._report.impact import compare, markdown, text
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.formats import reading
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.judgements import finding, judgement
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import facts

COMPLETE = facts()['complete']
STRAY, OTHER = finding('tcp/81 listens'), finding('tcp/82 listens')
HINT = finding('tcp/83 listens', severity='low', fails=False)


def judged(*findings, name='web', complete=COMPLETE, **other):
    """A host that was judged."""
    return Host(name, 'ok', declared=True, complete=complete, recorded_at='2026-11-28T01:02:03Z',
                judgement=judgement(*findings, **other))


def listed(name='web'):
    """A host for which nothing is declared."""
    return Host(name, 'ok', complete=COMPLETE)


def refused(name='web'):
    """A host whose declaration is refused."""
    return Host(name, 'failed', 'it is wrong', declared=True, judgement=judgement(failing=True, refused='it is wrong'))


def unseen(name='web', reason='there is no record of it'):
    """A host without a record."""
    return Host(name, 'failed', reason)


BLIND = dict(COMPLETE, sockets=False)


@pytest.mark.parametrize('before, after, outcome', [
    (judged(), judged(), 'same'),
    (judged(STRAY), judged(STRAY), 'same'),
    (judged(), judged(STRAY), 'fails'),
    (judged(STRAY), judged(STRAY, OTHER), 'more'),
    (judged(STRAY), judged(OTHER), 'more'),
    (judged(STRAY, OTHER), judged(STRAY), 'otherwise'),
    (judged(STRAY), judged(), 'passes'),
    (judged(), judged(HINT), 'otherwise'),
    (judged(HINT), judged(finding('tcp/83 listens')), 'fails'),
    (listed(), judged(), 'otherwise'),
    (judged(), listed(), 'otherwise'),
    (listed(), judged(STRAY), 'fails'),
    (None, judged(), 'otherwise'),
    (None, judged(STRAY), 'fails'),
    (judged(), refused(), 'fails'),
    (unseen(), refused(), 'fails'),
    (judged(STRAY), refused(), 'fails'),
    (refused(), refused(), 'same'),
    (refused(), judged(), 'passes'),
    (refused(), judged(STRAY), 'more'),
    (unseen(), unseen(), 'unjudged'),
    (refused(), unseen(), 'unjudged'),
    (None, unseen(), 'unjudged'),
    # not all sockets were seen: it fails before and after
    (judged(complete=BLIND), judged(complete=BLIND), 'same'),
    (judged(complete=BLIND), judged(STRAY, complete=BLIND), 'more'),
])
def test_outcomes(before, after, outcome):
    impact = compare.compare([(before, after)])
    assert {name: hosts for name, hosts in impact.outcomes.items() if hosts} == {outcome: ['web']}
    assert impact.fails is (outcome in ('fails', 'more'))
    assert (impact.total, impact.judged) == (1, int(outcome != 'unjudged'))
    before_verdict = before.verdict if before else 'absent'
    turned = outcome != 'unjudged' and before_verdict != after.verdict
    assert [tuple(turn) for turn in impact.turns] == (
        [(before_verdict, after.verdict, outcome == 'fails', ['web'])] if turned else [])


def test_findings_are_new_or_gone_and_grouped_over_hosts():
    impact = compare.compare([
        (judged(HINT, name='a'), judged(STRAY, HINT, name='a')), (judged(name='b'), judged(STRAY, name='b')),
        (judged(OTHER, name='c'), judged(name='c')), (unseen('d'), unseen('d'))], ['old-1'])
    assert [(group.text, group.hosts) for group in impact.new] == [('tcp/81 listens', ['a', 'b'])]
    assert [(group.text, group.hosts) for group in impact.gone] == [('tcp/82 listens', ['c'])]
    assert impact.unjudged == {'there is no record of it': ['d']}
    shown = [line for line, kind in text.lines(impact)]
    assert shown == [
        'Turned by the change:', '  as declared → violates: 2 hosts (a, b)', '  violates → as declared: c',
        'New findings:', '  high      2 hosts (a, b): tcp/81 listens', '            To do: stop it',
        'No longer found:', '  high      c: tcp/82 listens',
        'Not judged:', '  d: there is no record of it',
        'No longer in the inventory: old-1',
        'Judged by records from 2026-11-28T01:02:03Z to 2026-11-28T01:02:03Z.',
        '4 hosts: 2 would fail now, 1 would pass now, 1 could not be judged.']


@pytest.mark.parametrize('pairs, sentence, sign', [
    ([(judged(), judged())], 'The change makes no difference to web.', '✓'),
    ([(judged(), judged()), (judged(name='b'), judged(name='b'))],
     'The change makes no difference to any of 2 hosts.', '✓'),
    ([(judged(), judged()), (unseen('b'), unseen('b'))], '2 hosts: 1 judged as before, 1 could not be judged.', '–'),
    ([(judged(), judged(STRAY))], '1 host: 1 would fail now.', '◆'),
    ([(unseen(), unseen())], 'None of these hosts (1) could be judged: this says nothing about the change.', '◆'),
])
def test_the_sentence_is_last_on_the_screen_and_first_in_markdown(pairs, sentence, sign):
    impact = compare.compare(pairs)
    assert text.lines(impact)[-1][0] == sentence
    lines = markdown.markdown(impact).splitlines()
    assert lines[0] == markdown.MARK
    assert lines[1] == '## %s %s' % (sign, '`%s`' % sentence if len(pairs) == 1 else sentence)


def test_names_of_hosts_and_processes_are_no_markdown_and_no_control():
    evil = '`x`|@all </details><img src=x> [a](http://b) \x1b[31m\u202e'
    impact = compare.compare([(judged(name=evil), judged(finding(evil), name=evil)),
                              (unseen('d'), unseen('d', 'there is none'))], [evil])
    written = markdown.markdown(impact)
    made = reading.Markdown(written.encode('utf-8'))      # as cmark-gfm reads it
    assert not set('<>@`[]') & set(made.outside) and 'all' not in made.outside.split()
    assert [row[3] for row in made.tables['Turned by the change']] == ['1'] and len(made.tables['New findings']) == 1
    assert '\x1b' not in written and '\u202e' not in written
    assert not any('\x1b' in line or '\u202e' in line for line, kind in text.lines(impact))


def test_a_huge_change_fits_a_comment_and_says_what_is_left_out():
    many = [finding('tcp/%d %s' % (port, 'x' * 300)) for port in range(1, 400)]
    pairs = [(judged(name='h%d' % number), judged(*many[number::4], name='h%d' % number)) for number in range(4)]
    impact = compare.compare(pairs)
    written = markdown.markdown(impact)
    assert len(written) <= 60000 and 'more findings: see the other files' in written
    assert '  … and 349 more' in [line for line, kind in text.lines(impact)]
