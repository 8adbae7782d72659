# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Renders a report as JSON, for programs. What it writes is documented.

Text of hosts is in it as they wrote it; the JSON is ASCII, so that it is harmless on a terminal too.
"""

import json
from typing import Any

from ..._version import VERSION
from ..model import Host, Report

FILE = 'report.json'
SCHEMA = 1


def render(report: Report, ansible_core: str) -> str:
    """Return the documented structure, see ``report_listeners``.

    :param ansible_core: the version that is running.
    """
    head = json.dumps({
        'schema': SCHEMA,
        'generated_at': report.generated_at,
        'run_id': report.run_id,
        'collection': VERSION,
        'ansible_core': ansible_core,
        'complete': report.sockets_complete,
        'counts': report.counts,
        'verdicts': report.verdicts,
        'unused': report.unused,
    })
    # a line for each host: good to compare and to search
    hosts = ',\n'.join(json.dumps(_host(host)) for host in report.hosts)
    return '%s, "hosts": [\n%s\n]}\n' % (head[:-1], hosts)


def _host(host: Host) -> dict[str, Any]:
    fields: dict[str, Any] = {
        'host': host.name,
        'status': host.state,
        'verdict': host.verdict,
        'reason': host.reason,
        'last_seen': host.last_seen,
    }
    for key in ('recorded_at', 'run_id', 'collection', 'ansible_core', 'judgement', 'facts'):
        fields[key] = host.record.get(key) if host.record else None
    return fields
