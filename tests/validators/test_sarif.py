# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""report.sarif, held against the schema of the standard, and against Microsoft's rules with those of GitHub."""

import dataclasses
import json

import hypothesis
import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._facts import records
from ansible_collections.listening.ports.plugins.plugin_utils._report.evidence import Source
from ansible_collections.listening.ports.plugins.plugin_utils._report.model import Report
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import strategies
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report import judgements, twelve
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.formats import (
    reading, test_all, test_properties)
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.hosts import Host, file_of
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import RUN

SOURCE = Source('/srv/it', 'a' * 40, True, 'https://git.example.com/ops/it.git', '/srv/it', '/srv/it/hosts.ini')


def content(report):
    made = file_of(dataclasses.replace(report, source=SOURCE), 'sarif')
    reading.Sarif(made)
    return made


def all_kinds():
    """A report with a result of each kind."""
    findings = [judgements.finding('it is %s' % kind, kind, entry='web', declared_in=twelve.VARIABLE)
                for kind in reading.KINDS]
    idle = {'entries': [[twelve.VARIABLE, 'gone']], 'waivers': [['listener_waivers', 'gone']]}
    return Report(RUN, [*twelve.hosts(), twelve.host('all', *findings, idle=idle, findings_total=99)], fleet=False)


REPORTS = {
    'twelve': twelve.report(),
    'hostile': test_all.hostile_report(),
    'kinds': all_kinds(),
    'nobody': Report(RUN, []),
    'good': Report(RUN, [twelve.host('good')]),
    'unseen': Report(RUN, [Host('dead', 'unreachable', 'no route to host')]),
}


@pytest.mark.parametrize('name', REPORTS)
def test_by_the_schema(schema_errors, name):
    assert schema_errors(content(REPORTS[name])) == []


def test_by_the_rules(multitool):
    assert multitool({name: content(report) for name, report in REPORTS.items()}) == {name: [] for name in REPORTS}


def broken(change):
    """A report that is changed."""
    log = json.loads(content(REPORTS['twelve']))
    change(log['runs'][0])
    return json.dumps(log).encode()


def without_a_line(run):
    del run['results'][0]['locations'][0]['physicalLocation']['region']


def with_a_wrong_rule(run):
    run['results'][0]['ruleIndex'] = 99


def with_a_space(run):
    run['results'][0]['locations'][0]['physicalLocation']['artifactLocation']['uri'] = 'group vars/{x}.yml'


def without_fingerprints(run):
    del run['results'][0]['partialFingerprints']


def without_a_message(run):
    run['results'][0]['message'] = {}


def test_the_validators_find_what_is_wrong(schema_errors, multitool):
    changes = [without_a_line, with_a_wrong_rule, with_a_space, without_fingerprints, without_a_message]
    said = multitool({change.__name__: broken(change) for change in changes})
    assert {name for name, rules in said.items() if rules} >= {
        'with_a_wrong_rule', 'with_a_space', 'without_a_message'}, said
    assert schema_errors(broken(without_a_message)) and schema_errors(broken(with_a_space))


def test_every_record_that_is_believed_makes_a_valid_report(schema_errors, multitool, tmp_path):
    kept = {}

    @hypothesis.given(strategies.CHOICES)
    def check(choose):
        name = choose.of(test_properties.NAMES)
        records.write(str(tmp_path), test_properties.host(choose, name))
        entry = records.read(str(tmp_path), name)
        made = content(Report(RUN, [Host(name, 'ok', record=entry)], fleet=choose.one_in(2)))
        assert schema_errors(made) == []
        if len(kept) < 40:
            kept['report-%d' % len(kept)] = made
    strategies.run(check)
    assert len(kept) == 40 and multitool(kept) == {name: [] for name in kept}
