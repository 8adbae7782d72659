# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that are made up, with what is read of them, for the tests of the report."""

import dataclasses
import io

from ansible_collections.listening.ports.plugins.plugin_utils._report import model
from ansible_collections.listening.ports.plugins.plugin_utils._report.console import rows, table, text
from ansible_collections.listening.ports.plugins.plugin_utils._report.formats import registry


class Host(model.Host):
    """A host, and its record beside it, which tests hand to whatever wants something of it."""

    def __init__(self, name, state, reason=None, last_seen=None, record=None):
        kept = model.kept(record, state, reason) if record else model.Host(name, state, reason, last_seen)
        super().__init__(**{field.name: getattr(kept, field.name) for field in dataclasses.fields(kept)})
        self.name = name
        self.record = record

    @property
    def facts(self):
        return self.record['facts'] if self.record else None


def gathered(report, *sinks):
    """Hand the hosts of a report to all of these."""
    for host in report.hosts:
        for sink in sinks:
            sink.add(host, host.facts)
    return sinks[0]


def rows_of(report):
    """The rows of a report."""
    return list(gathered(report, rows.Rows()))


def table_of(report, columns=None):
    """The table of a report."""
    made = gathered(report, rows.Rows())
    return table.lines(made, report, columns)


def text_of(report, columns=None, **options):
    """The text of a report."""
    return gathered(report, text.Text([host.name for host in report.hosts])).lines(report, columns, **options)


def file_of(report, name):
    """The file of a report in a format."""
    out = io.BytesIO()
    writer = registry.load(name).writer(out)
    getattr(writer, 'start', lambda report: None)(model.Report(
        report.run_id, [], report.generated_at, report.fleet, report.ansible_core, report.source))
    gathered(report, writer)
    writer.finish(report)
    return out.getvalue()
