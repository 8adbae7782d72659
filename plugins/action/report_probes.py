# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans probes, and reports them. The documentation is in plugins/modules/report_probes.py."""

import os
from collections import Counter
from collections.abc import Sequence

from ansible.errors import AnsibleActionFail
from ansible_collections.listening.ports.plugins.plugin_utils import _action
from ansible_collections.listening.ports.plugins.plugin_utils._facts import records
from ansible_collections.listening.ports.plugins.plugin_utils._probes import compare, plan, results
from ansible_collections.listening.ports.plugins.plugin_utils._report import model
from ansible_collections.listening.ports.plugins.plugin_utils._report.console import probes, screen
from ansible_collections.listening.ports.plugins.plugin_utils._shape import Record
from ansible_collections.listening.ports.plugins.plugin_utils._variables import host_facts

_MOST_FINDINGS = 1000           # in the result
_MOST_MISSING = 3               # hosts in a message


class ActionModule(_action.Report):
    """Reads records and registered results; touches no host."""

    PARAMETERS = (*host_facts.AUDIT, *host_facts.PROBE, 'target', 'vantage')
    ARGUMENTS = {
        **screen.ARGUMENTS,
        **_action.SHARED,
        'targets': {'type': 'list', 'elements': 'str', 'required': True},
        'vantages': {'type': 'list', 'elements': 'str', 'default': []},
        'probes': {'type': 'str'},
        'addresses': {'type': 'str', 'choices': ['host', 'all'], 'default': 'host'},
        'fail': {'type': 'bool', 'default': True},
        'fail_on': {'type': 'list', 'elements': 'str', 'choices': list(compare.KINDS), 'default': ['contradiction']},
    }

    def work(self, options: _action.Options, task_vars: _action.Variables, result: _action.Result) -> None:
        """Return the plan, or compare the answers with it where there are some."""
        width, run_id = self.width(options), _action.run_id(options, may_be_any=True)
        _action.known_hosts([*options['targets'], *options['vantages']], task_vars)
        for option, is_needed in (('targets', True), ('vantages', options['probes'])):
            if is_needed and not options[option]:
                raise AnsibleActionFail('%s is empty: nothing would be probed' % option)

        read = model.read(os.path.abspath(options['path']), map(str, options['targets']), run_id,
                          shared=options['shared'])
        self.warn_of_others(options['path'], options, result)
        targets = [_target(host, record, options['addresses'], task_vars) for host, record in read]
        planned = plan.plan(targets)
        if not options['probes']:
            result['endpoints'] = planned.endpoints
            return
        vantages = [results.read(name, _action.registered(name, options['probes'], task_vars), planned.endpoints)
                    for name in dict.fromkeys(map(str, options['vantages']))]
        self._report(planned, targets, vantages, width, options, result)

    def _report(self, planned: plan.Plan, targets: Sequence[plan.Target], vantages: Sequence[compare.Vantage],
                width: int | None, options: _action.Options, result: _action.Result) -> None:
        table = compare.cells(planned, vantages)
        findings = compare.findings(planned, vantages, table, options['fail_on'])
        blind = compare.blind(vantages, table)
        lines = probes.lines(planned, targets, vantages, table, findings, blind, records.now(), width)
        self.terminal.show(lines, options['color'])
        missing = probes.troubles(targets, vantages, blind)
        failing = [finding for finding in findings if finding['fails']]
        counts = Counter(probe['verdict'] for row in table for cell in row for probe in cell.probes)
        result.update(
            findings=findings[:_MOST_FINDINGS], findings_total=len(findings), failing=bool(failing or missing),
            complete=not missing, counts=dict(counts), table=screen.capped(lines),
            msg=failing[0]['message'] if failing else _missed(missing) if missing else lines[-1][0])
        if result['failing'] and options['fail']:
            result['failed'] = True
            del result['table']         # it was shown, and a callback prints all of what failed


def _missed(missing: Sequence[str]) -> str:
    more = len(missing) - _MOST_MISSING
    parts = [*missing[:_MOST_MISSING], *(['and %d more' % more] if more > 0 else [])]
    return 'Not everything could be probed: %s' % '; '.join(parts)


def _target(host: model.Host, record: Record | None, addresses: str, task_vars: _action.Variables) -> plan.Target:
    """Make a target of what was recorded of a host.

    :param addresses: ``all``, or ``host`` for those that Ansible knows.
    """
    facts = record['facts'] if record else None
    if not facts:
        return plan.Target(host.name, None, _action.why_unknown(host, task_vars), None if addresses == 'all' else [])
    known = None if addresses == 'all' else _action.addresses(host.name, task_vars)
    return plan.Target(host.name, facts, host.reason, known)
