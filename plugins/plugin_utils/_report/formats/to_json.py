# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as JSON, for programs. Private to this collection, may change; what it writes is documented.

Text of hosts is in it as they wrote it; the JSON is ASCII, so that it is harmless on a terminal too.
"""

import json

from ..._version import VERSION

SCHEMA = 1


def render(report, ansible_core):
    """The documented structure, see ``report_listeners``.

    :param report: Report.
    :param ansible_core: str, the version that is running.
    :returns: str.
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


def _host(host):
    record = host.record or {}
    found = {'host': host.name, 'status': host.state, 'verdict': host.verdict, 'reason': host.reason, 'last_seen': host.last_seen}
    for key in ('recorded_at', 'run_id', 'collection', 'ansible_core', 'judgement', 'facts'):
        found[key] = record.get(key)
    return found
