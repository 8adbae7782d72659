# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names as attackers choose them are no more than text, in each format."""

import json

import hypothesis
import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._drift import (
    changes, comparison, snapshot, table, to_json, to_junit, to_markdown
)
from ansible_collections.listening.ports.plugins.plugin_utils._drift.evidence import Evidence
from ansible_collections.listening.ports.plugins.plugin_utils._facts import records
from ansible_collections.listening.ports.plugins.plugin_utils._report.naming import Naming
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._policy import strategies
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report import hostile
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.formats import reading, test_properties
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import facts

NAMING = Naming()


def everything():
    """Each name as a host and as all that hosts say, of each kind of finding."""
    made = comparison.Comparison(hostile.NAMES[0].replace('<', ''))
    for record in hostile.records():
        name, seen = record['host'], snapshot.of_facts(record['host'], record['facts'])
        nothing = snapshot.of_facts(name, facts(complete={**record['facts']['complete'], 'namespaces': True}))
        seen = seen._replace(complete={**seen.complete, 'namespaces': True, 'owners': True})
        nothing = nothing._replace(complete=seen.complete)
        line = seen.lines[0]
        other = seen._replace(lines=(line._replace(users=(name + 'x',), to=(name,), reached_by=(name, name)),))
        for old, new in ((nothing, seen), (seen, nothing), (other, seen),
                         (nothing._replace(complete={**seen.complete, 'sockets': False}), seen)):
            made.compared(name, 'S', changes.compare(old, new))
        made.new(name, seen)
    return made


@pytest.fixture(scope='module')
def made():
    found = everything()
    assert all(found.counts[kind] == len(hostile.NAMES) for kind in ('opened', 'closed', 'changed', 'unknown', 'new'))
    return found


def evidence():
    return Evidence('run1', '2026-11-20T10:00:00Z', '0.2.0', '2.21.0', '/srv/x')


def test_the_table_shows_them_and_nothing_else(made):
    for line, dummy in table.lines(made, NAMING, 100):
        assert line.isprintable() and not line.lstrip().startswith('::') and '##[' not in line


def test_differences_of_snapshots_show_them_and_nothing_else():
    for record in hostile.records():
        made = snapshot.of_facts(record['host'], record['facts'])
        lines = [line for line, dummy in table.difference(made._replace(lines=()), made, 'S')]
        assert lines[0].startswith('--- ') and any(line.startswith('+{"namespace": ') for line in lines)
        assert all(line.isprintable() and line[0] in '+-' and '##[' not in line for line in lines)


def test_markdown_has_no_tag_but_ours(made):
    assert len(reading.Markdown(to_markdown.encode(made, evidence(), NAMING)).tables) == 2


def test_junit_is_valid_and_has_all_of_them(made):
    suites = reading.junit(to_junit.encode(made, evidence()))
    assert len(suites) == 5 * len(hostile.NAMES)


def test_json_is_ascii_and_has_them_as_they_are(made):
    text = to_json.encode(made, evidence())
    assert text.replace(b'\n', b'').decode('ascii').isprintable()
    hosts = [host['name'] for host in json.loads(text)['hosts']]
    assert set(hosts) == set(hostile.NAMES)


def test_snapshots_are_ascii_a_line_each():
    for record in hostile.records():
        made = snapshot.of_facts(record['host'], record['facts'])
        text = snapshot.encode(made)
        assert text.decode('ascii').replace('\n', '').isprintable() and text.count(b'\n') == 3
        assert snapshot.decode(json.loads(text), record['host']) == made


def test_every_record_compared_with_itself_is_no_change(tmp_path):
    @hypothesis.given(strategies.CHOICES)
    def check(choose):
        name = choose.of(hostile.NAMES)
        records.write(str(tmp_path), test_properties.host(choose, name))
        made = snapshot.of_facts(name, records.read(str(tmp_path), name)['facts'])
        again = snapshot.decode(json.loads(snapshot.encode(made)), name)
        assert again == made and snapshot.encode(again) == snapshot.encode(made)
        assert changes.compare(made, again).changes == ()
    strategies.run(check)


def test_any_two_records_go_through_each_format(tmp_path):
    """And what is opened one way is closed the other way."""
    @hypothesis.given(strategies.CHOICES)
    def check(choose):
        name = choose.of(hostile.NAMES)
        both = []
        for dummy in range(2):
            records.write(str(tmp_path), test_properties.host(choose, name))
            both.append(snapshot.of_facts(name, records.read(str(tmp_path), name)['facts']))
        there, back = changes.compare(*both), changes.compare(*reversed(both))
        assert there.blind == back.blind
        kinds = [sorted(change.kind for change in each.changes) for each in (there, back)]
        assert kinds[0].count('opened') + kinds[0].count('unknown') + kinds[0].count('closed') == (
            kinds[1].count('opened') + kinds[1].count('unknown') + kinds[1].count('closed'))
        made = comparison.Comparison('x')
        made.compared(name, 'S', there)
        made.new(name, both[1])
        reading.Markdown(to_markdown.encode(made, evidence(), NAMING))
        reading.junit(to_junit.encode(made, evidence()))
        json.loads(to_json.encode(made, evidence()))
        assert all(line.isprintable() for line, dummy in table.lines(made, NAMING, 100))
    strategies.run(check)
