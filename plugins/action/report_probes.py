# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans probes, and reports them. The documentation is in plugins/modules/report_probes.py."""

import os
import re

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.listening.ports.plugins.plugin_utils._facts import records
from ansible_collections.listening.ports.plugins.plugin_utils._harmless.terminal import sentence, visible
from ansible_collections.listening.ports.plugins.plugin_utils._probes import compare, plan, results
from ansible_collections.listening.ports.plugins.plugin_utils._report import model
from ansible_collections.listening.ports.plugins.plugin_utils._report.console import probes, screen
from ansible_collections.listening.ports.plugins.plugin_utils._report.console.lines import counted

_ARGUMENTS = {
    **screen.ARGUMENTS,
    'targets': {'type': 'list', 'elements': 'str', 'required': True},
    'vantages': {'type': 'list', 'elements': 'str', 'default': []},
    'probes': {'type': 'str'},
    'addresses': {'type': 'str', 'choices': ['host', 'all'], 'default': 'host'},
    'fail': {'type': 'bool', 'default': True},
    'fail_on': {'type': 'list', 'elements': 'str', 'choices': list(compare.KINDS), 'default': ['contradiction']},
}
_MOST_FINDINGS = 1000           # in the result
_MOST_MISSING = 3               # hosts in a message
# Facts that would be these variables, which they outrank
_STEERING = {'probe_address': ('probe_address',), 'ansible_host': ('host', 'ansible_host')}
_ADDRESS = re.compile(r'[A-Za-z0-9_.:%@+-]{1,253}')

display = Display()


class ActionModule(ActionBase):
    """Reads records and registered results; touches no host."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        del tmp
        dummy, options = self.validate_argument_spec(argument_spec=_ARGUMENTS)
        run_id, width = screen.settings(options)
        names = {option: list(dict.fromkeys(str(name) for name in options[option])) for option in ('targets', 'vantages')}
        unknown = [name for some in names.values() for name in some if name not in task_vars['hostvars']]
        if unknown:
            raise AnsibleActionFail('not in the inventory: %s' % counted(unknown))
        for option, wanted in (('targets', True), ('vantages', options['probes'])):
            if wanted and not names[option]:
                raise AnsibleActionFail('%s is empty: nothing would be probed' % option)

        targets = self._targets(os.path.abspath(options['path']), names['targets'], run_id, options['addresses'], task_vars)
        planned = plan.plan(targets)
        result.update(changed=False, endpoints=planned.endpoints)
        if not options['probes']:
            return result
        del result['endpoints']
        vantages = [results.read(name, self._registered(name, options['probes'], task_vars), planned.endpoints) for name in names['vantages']]
        return self._report(result, options, width, planned, targets, vantages)

    def _targets(self, path, names, run_id, addresses, task_vars):
        report = model.build(path, names, run_id)
        return [plan.Target(host.name, host.facts, host.reason if host.facts else self._why(host, task_vars),
                                None if addresses == 'all' else self._addresses(host.name, task_vars) if host.facts else [])
                for host in report.hosts]

    @staticmethod
    def _why(host, task_vars):
        """str: why nothing is known of a target."""
        if host.state == 'missing' and host.name not in task_vars.get('ansible_play_hosts_all', ()):
            return '%s; it is not in this play, as where --limit leaves it out' % host.reason
        return host.reason if host.state == 'missing' else '%s: %s' % (host.state, host.reason)

    @staticmethod
    def _registered(name, variable, task_vars):
        if name not in task_vars.get('ansible_play_hosts_all', ()):
            return {'failed': True, 'msg': 'it is not in this play, as where --limit leaves it out'}
        return task_vars['hostvars'].raw_get(name).get(variable)

    @staticmethod
    def _addresses(name, task_vars):
        """list of str: what others reach a host by."""
        try:
            variables = task_vars['hostvars'][name]
            facts = {str(key) for key in variables.get('ansible_facts') or ()}
            for variable, keys in _STEERING.items():
                if facts.intersection(keys):
                    raise AnsibleActionFail('%s has a fact that is called %s: a host does not say itself where it is probed' % (
                        visible(name, 300), variable))
            found = variables.get('probe_address') or variables.get('ansible_host') or name
        except AnsibleActionFail:
            raise
        except AnsibleError as exc:
            raise AnsibleActionFail('the address of %s cannot be read: %s' % (visible(name, 300), sentence(str(exc), 500))) from exc
        found = [found] if isinstance(found, str) else found
        if not isinstance(found, list) or not all(isinstance(one, str) and _ADDRESS.fullmatch(one) for one in found):
            raise AnsibleActionFail('probe_address of %s has to be an address or a name, or a list of them' % visible(name, 300))
        return [str(one) for one in found]

    @staticmethod
    def _report(result, options, width, planned, targets, vantages):
        table = compare.cells(planned, vantages)
        findings = compare.findings(planned, vantages, table, options['fail_on'])
        blind = compare.blind(vantages, table)
        lines = probes.lines(planned, targets, vantages, table, findings, blind, records.now(), width)
        screen.show(display, lines, options['color'])
        missing = probes.troubles(targets, vantages, blind)
        failing = bool(missing) or any(one['fails'] for one in findings)
        counts = {}
        for row in table:
            for cell in row:
                for probe in cell.probes:
                    counts[probe['verdict']] = counts.get(probe['verdict'], 0) + 1
        wrong = [one for one in findings if one['fails']]
        result.update(findings=findings[:_MOST_FINDINGS], findings_total=len(findings), failing=failing, complete=not missing, counts=counts,
                      table=screen.capped(lines), msg=wrong[0]['message'] if wrong else lines[-1][0])
        if missing and not wrong:
            more = len(missing) - _MOST_MISSING
            result['msg'] = 'Not all was probed that had to be: %s' % '; '.join(missing[:_MOST_MISSING] + ['and %d more' % more] * (more > 0))
        if failing and options['fail']:
            result['failed'] = True
            del result['table']         # it was shown, and a callback prints all of what failed
        return result
