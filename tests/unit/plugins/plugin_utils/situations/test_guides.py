# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the guides on declarations say in tables is so. Their blocks of code are executed by tests/examples."""

import csv
import re

import pytest
import yaml

from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration import merge
from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration.policy import Policy
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language import options
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language.refusal import Refusals
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import building
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.situations import page

GUIDES = page.PAGE.parent
VARIABLES = {'guide_declare_reference': merge.ENTRIES, 'guide_waive': merge.WAIVERS}


def mistakes(guide):
    """The rows of the table of mistakes: list of a declaration and what is said of it."""
    text = (GUIDES / (guide + '.rst')).read_text(encoding='utf-8')
    lines = (
        re.search(r'^\.\. csv-table::\n   :header: \w+, Message\n\n((?:   .*\n)+)', text, re.MULTILINE)
        .group(1)
        .splitlines()
    )
    return [
        (cells[0].strip('`'), cells[1]) for cells in csv.reader((line.strip() for line in lines), skipinitialspace=True)
    ]


def table(guide, heading):
    """The rows of the list-table with a heading, as lists of cells without markup."""
    text = (GUIDES / (guide + '.rst')).read_text(encoding='utf-8')
    rows = text[text.index('   * - %s\n' % heading):].split('\n\n')[0].split('   * - ')[1:]
    return [[' '.join(cell.split()).replace('``', '') for cell in re.split(r'\n {5}- ', row)] for row in rows[1:]]


@pytest.mark.parametrize('variable, written, message', [
    pytest.param(variable, *row, id=row[0]) for guide, variable in VARIABLES.items() for row in mistakes(guide)])
def test_mistakes_are_refused_in_these_words(variable, written, message):
    declared = merge.collect({variable: [yaml.safe_load(written)]}, lambda value: value, ())
    with pytest.raises(Refusals) as refused:
        Policy.of(declared)
    assert str(refused.value) == 'The declaration is refused: ' + message


def test_there_are_mistakes():
    assert [len(mistakes(guide)) for guide in VARIABLES] == [6, 5]


def test_defaults():
    """The table has every switch, with its default and all of its words."""
    rows = table('guide_declare_reference', 'Variable')
    assert {name: default for name, default, dummy in rows} == {
        name: str(default) for name, (default, dummy) in options.SWITCHES.items()
    }
    for name, dummy, text in rows:
        words = rows[0][2] if text.startswith('The same') else text
        assert all(re.search(r'\b%s\b' % word, words) for word in options.SWITCHES[name][1] or ())


# What the table of severities says is judged: of each of its rows the findings, and for each a host that has it.
OVEREXPOSED = {'declare': [{'port': 80, 'only_from': 'local'}]}
SEVERITIES = {
    'forbidden': {'declare': [{'port': 80, 'state': 'forbidden'}], 'host': ['tcp 0.0.0.0:80 nginx']},
    'overexposed to anyone': dict(OVEREXPOSED, host=['tcp 0.0.0.0:80 nginx from=anyone']),
    'overexposed to others': dict(OVEREXPOSED, host=['tcp 0.0.0.0:80 nginx from=10.0.0.0/8']),
    'unexpected': {'declare': [], 'host': ['tcp 0.0.0.0:80 nginx']},
    'unexpected where its variable says warn': {
        'declare': {'expected_listeners': [], 'listener_unexpected': 'warn'}, 'host': ['tcp 0.0.0.0:80 nginx']},
    'missing': {'declare': [{'port': 80}], 'host': []},
    'wrong_owner': {'declare': [{'port': 80, 'process': 'nginx'}], 'host': ['tcp 0.0.0.0:80 apache2']},
    'unknown': {'declare': [{'port': 80, 'process': 'nginx'}], 'host': ['tcp 0.0.0.0:80 hidden'], 'gaps': ['owners']},
    'wrong_bind': {'declare': [{'port': 80, 'bind': 'loopback'}], 'host': ['tcp 0.0.0.0:80 nginx']},
    'unreachable': {'declare': [{'port': 80, 'clients': 'anyone'}], 'host': ['tcp 0.0.0.0:80 nginx from=nobody']},
    'unhealthy': {'declare': [{'port': 80, 'ensure': 'port == `1`'}], 'host': ['tcp 0.0.0.0:80 nginx']},
}


def test_severities():
    rows = dict(table('guide_declare_reference', 'Severity'))
    assert tuple(rows) == options.SEVERITIES
    told = {what: severity for severity, text in rows.items() if severity != 'info' for what in text.split(', ')}
    judged = {}
    for what, case in SEVERITIES.items():
        [found] = building.judged(case)[1].findings
        assert found.kind == what.partition(' ')[0]
        judged[what] = found.severity
    assert told == judged
    assert {what.partition(' ')[0] for what in told} == {*options.VIOLATIONS, 'unknown'}


def test_states():
    assert tuple(state for state, dummy in table('guide_declare_reference', 'State')) == options.STATES
