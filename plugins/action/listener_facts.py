# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Gathers what listens on a host, and passes on nothing but that. The documentation is in listener_facts.yml."""

from ansible.errors import AnsibleActionFail
from ansible_collections.listening.ports.plugins.module_utils import _module
from ansible_collections.listening.ports.plugins.plugin_utils import _action
from ansible_collections.listening.ports.plugins.plugin_utils._facts import check, live
from ansible_collections.listening.ports.plugins.plugin_utils._schema import Fault

_OF_JOB = ('ansible_job_id', 'started', 'finished', 'results_file')


class ActionModule(_action.Action):
    """The module of the same name, whose answer is checked; on Windows hosts, facts of what the host sends."""

    ARGUMENTS = {**_module.ARGUMENTS, **_module.LIMIT}
    PARAMETERS = ()             # it is of no audit
    _supports_async = True

    def work(self, options: _action.Options, task_vars: _action.Variables, result: _action.Result) -> None:
        """Run the module, and check the facts that it returns."""
        _action.refuse_less(options, {'look_timeout': 0})
        if self.is_windows:
            self._look(options, task_vars, result)
            return
        limit = options.pop('look_timeout')
        if self._task.async_val:        # whoever waits for the job gets its answer as it is
            result.update(self.ask('listener_facts', options, task_vars, _OF_JOB, limit, in_background=True))
            return
        answer = self.ask('listener_facts', options, task_vars, ['ansible_facts'], limit)
        facts = answer.pop('ansible_facts', None)
        result.update(answer)
        if self.discovered:
            result['ansible_facts'] = self.discovered
        if answer.get('failed') or answer.get('unreachable'):
            return
        try:
            checked = check.check(facts.get('ansible_listening_ports') if isinstance(facts, dict) else None)
        except Fault as fault:
            result.update(failed=True, msg='the facts of the host are not valid: %s' % fault)
            return
        result.setdefault('ansible_facts', {})['ansible_listening_ports'] = checked

    def _look(self, options: _action.Options, task_vars: _action.Variables, result: _action.Result) -> None:
        if self._task.async_val:
            raise AnsibleActionFail('listener_facts does not work with async on Windows hosts: its facts are made of '
                                    'what the host sends, by the task that asks for it')
        more = {'diagnose': options['diagnose']} if options['diagnose'] else {}
        looked = live.look(self, options, task_vars, result, **more)
        if looked.facts is None:
            result.update({'failed' if looked.status == 'failed' else 'unreachable': True, 'msg': looked.message})
            return
        result.setdefault('ansible_facts', {})['ansible_listening_ports'] = looked.facts
