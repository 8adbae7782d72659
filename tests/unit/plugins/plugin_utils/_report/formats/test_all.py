# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All formats of a report together: of one fleet they say the same, and no text of a host is more than text."""

import pytest

from ansible_collections.listening.ports.plugins.plugin_utils._harmless.terminal import visible
from ansible_collections.listening.ports.plugins.plugin_utils._report.formats import registry
from ansible_collections.listening.ports.plugins.plugin_utils._report.model import Report
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report import hostile, twelve
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.formats import reading
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils._report.hosts import Host, file_of
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import RUN

UNSEEN = ('dead', 'broken', 'refused', 'later')


def hostile_report():
    """A report of hosts with hostile names, seen and not seen."""
    seen = [Host(entry['host'], 'partial', record=entry) for entry in hostile.records()]
    unseen = [Host('not seen ' + name, 'failed', visible(name)) for name in hostile.NAMES]
    return Report(RUN, [*seen, *unseen], ansible_core='2.21.0')


@pytest.mark.parametrize('name', reading.READ)
def test_all_have_the_same_hosts_and_the_same_findings(name):
    assert reading.counts(name, file_of(twelve.report(), name)) == (12, 6)


@pytest.mark.parametrize('name', reading.READ)
@pytest.mark.parametrize('host', UNSEEN)
def test_a_host_that_was_not_seen_is_in_each(name, host):
    report = twelve.report()
    shown = next(each for each in report.hosts if each.name == host)
    text = file_of(report, name).decode('utf-8')
    assert host in text and shown.state in text


@pytest.mark.parametrize('name', registry.FORMATS)
def test_hosts_that_were_not_seen_are_named_in_each(name):
    text = file_of(twelve.report(), name).decode('utf-8')
    for host in UNSEEN:
        assert host in text


@pytest.mark.parametrize('name', reading.READ)
def test_a_report_of_nobody_has_no_green_word(name):
    text = file_of(Report(RUN, []), name).decode('utf-8')
    assert text and 'as declared.' not in text and '✓' not in text


@pytest.mark.parametrize('name', reading.READ)
def test_the_evidence_is_in_each(name):
    text = file_of(twelve.report(), name).decode('utf-8')
    assert RUN in text and '2.21.0' in text


@pytest.mark.parametrize('name', ['html', 'junit', 'markdown'])
def test_where_an_entry_is_written_is_in_what_people_read(name):
    text = file_of(twelve.report(), name).decode('utf-8')
    assert text.count(twelve.PLACE) >= 2
    assert twelve.PLACE not in file_of(Report(RUN, [twelve.host('a', twelve.MISSING, places={})]), name).decode('utf-8')


@pytest.mark.parametrize('name', registry.FORMATS)
def test_hostile_names_go_through_each(name):
    text = file_of(hostile_report(), name).decode('utf-8')
    assert text.replace('\n', '').replace('\r', '').isprintable()


@pytest.mark.parametrize('name', [name for name in reading.READ if name != 'markdown'])
def test_hostile_names_add_and_take_no_host_and_no_finding(name):
    assert reading.counts(name, file_of(hostile_report(), name)) == (80, 80)
