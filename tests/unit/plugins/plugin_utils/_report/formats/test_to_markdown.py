# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report for a summary of a job and a comment on a change."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._harmless.terminal import visible
from ansible_collections.listening.ports.plugins.plugin_utils._report.formats import to_markdown
from ansible_collections.listening.ports.plugins.plugin_utils._report.model import Report
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report import hostile, judgements, twelve
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.formats import reading
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.hosts import Host, file_of
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import RUN, facts, listener, record

FAILING, UNSEEN, TO_DO = 'Not as declared', 'Not looked at, or not judged', 'What to do'


def page(*hosts, **other):
    return reading.Markdown(file_of(Report(RUN, list(hosts), **other), 'markdown'))


def test_the_answer_comes_first_and_then_what_is_not_as_declared():
    made = reading.Markdown(file_of(twelve.report(), 'markdown'))
    assert made.text.splitlines()[:2] == [
        '<!-- listening.ports fleet -->',
        '## ◆ 12 hosts: 4 as declared (1 with warnings), 4 violate, 1 with an invalid declaration, 1 unreachable, '
        '1 failed, 1 still to come.']
    assert made.tables[FAILING] == [
        ['critical', '3 hosts (stray-1, stray-2, unsure)', 'unexpected: ' + twelve.STRAY['message'], '3'],
        ['high', '2 hosts (stray-2, missing)', 'missing: %s [%s]' % (twelve.MISSING['message'], twelve.PLACE), '2'],
        ['high', 'unsure', 'unknown: ' + twelve.UNKNOWN['message'], '1']]
    assert made.tables[TO_DO][1] == [twelve.MISSING['message'], 'start it']
    assert made.tables['Warnings'] == [
        ['low', 'warned', 'wrong_owner: %s [%s]' % (twelve.WARNING['message'], twelve.PLACE)]]
    assert made.tables['Waived'] == [['old of listener_waivers', 'waived', '2027-01-01', 'until it is moved']]


def test_hosts_that_nobody_looked_at_are_told_with_the_reason():
    made = reading.Markdown(file_of(twelve.report(), 'markdown'))
    assert [row[:2] for row in made.tables[UNSEEN]] == [
        ['partial', 'unsure'], ['refused', 'refused'], ['unreachable', 'dead'], ['failed', 'broken'],
        ['pending', 'later']]
    assert made.tables[UNSEEN][2][2] == 'no route to host'


def test_hosts_that_are_as_declared_need_no_table():
    made = page(twelve.host('a'), twelve.host('b'))
    assert '✓ All 2 hosts are as declared.' in made.text and not made.tables


@pytest.mark.parametrize('host, words', [
    (twelve.host('x'), '✓ `x is as declared.`'),
    (twelve.host('x', twelve.STRAY), '◆ `x is not as declared.`'),
    (Host('x', 'missing', 'there is no record of it'), '◆ `It is unknown whether x is as declared.`'),
    (Host('x', 'pending', 'its batch is still to come'), '– `x is still to come.`'),
    (Host('x', 'ok', record=record('x', facts(listener()))), '– `What listens on x is listed, and was not judged.`'),
    (judgements.refused('x'), '◆ `The declaration of x is invalid.`'),
])
def test_one_host_has_a_sentence_of_its_own(host, words):
    assert page(host).text.splitlines()[1] == '## ' + words


def test_nobody_is_no_success():
    assert '## ◆ No host was looked at.' in page().text


def test_a_part_of_the_fleet_has_another_comment():
    assert page(twelve.host('a'), fleet=False).text.startswith('<!-- listening.ports part-')


def test_it_fits_into_a_comment_and_says_what_is_left_out():
    hosts = [twelve.host('host-%d' % number, judgements.finding('%d ' % number + 'x' * 900, remedy='y' * 900))
             for number in range(300)]
    unseen = [Host('dead-%d' % number, 'unreachable', '%d ' % number + 'z' * 900) for number in range(300)]
    made = page(*hosts, *unseen)
    assert 40000 < len(made.text) <= 60000
    shown, more = len(made.tables[FAILING]), made.outside.split(' more findings')[0].rsplit(' ', 1)[1]
    assert shown + int(more) == 300
    assert made.tables[UNSEEN] and 'more remedies' in made.outside
    assert 'more reasons: see the other files' in made.outside


def test_findings_that_records_do_not_list_are_told():
    assert ['', '', '2 more findings, which the records do not list', ''] in page(
        twelve.host('a', twelve.STRAY, findings_total=3), twelve.host('b')).tables[FAILING]


@pytest.mark.parametrize('name', hostile.NAMES, ids=ascii)
def test_no_text_of_a_host_comes_alive(name):
    entry = next(entry for entry in hostile.records() if entry['host'] == name)
    host = Host(name, 'partial', record=entry)
    made = page(host, Host('not seen ' + name, 'failed', visible(name)))
    shown = visible(name).replace('|', '\\x7c')
    cells = [cell for row in made.tables[FAILING] for cell in row]
    assert shown in cells and any(cell.startswith('unexpected: %s [' % shown) for cell in cells)
    assert shown.strip() in made.tables[UNSEEN][0]        # it is a sentence
    assert not set('<>@`[]') & set(made.outside) and 'evil' not in made.outside


@pytest.mark.parametrize('text', ['', ' ', '`', ' a ', '`a', 'a`', '``', 'a\\', '  ', 'a|b'])
def test_a_span_shows_its_text(text):
    html = reading.cmarkgfm.github_flavored_markdown_to_html('| x |\n|---|\n| %s |\n' % to_markdown.span(text))
    shown = html.split('<code>')[1].split('</code>')[0]
    assert shown.strip() == text.replace('|', '\\x7c').strip() and html.count('<td>') == 1


def test_many_hosts_are_named_by_their_groups():
    names = ['web-%d' % number for number in range(1, 9)]
    dead = [Host(name, 'unreachable', 'no route to host') for name in names[1:]]
    made = page(twelve.host('web-1'), twelve.host('db'), *dead, inventory={'web': names, 'all': [*names, 'db']})
    assert made.tables[UNSEEN] == [['unreachable', '7 hosts (group web but web-1)', 'no route to host', '7']]
