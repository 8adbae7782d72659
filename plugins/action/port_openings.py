# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Has a host open ports in firewalld and ufw, and take back what is its own, with a new login in between.

The documentation is in plugins/modules/port_openings.py.
"""

from __future__ import annotations

from ansible_collections.listening.ports.plugins.module_utils._openings import arguments
from ansible_collections.listening.ports.plugins.plugin_utils import _action, _task_result
from ansible_collections.listening.ports.plugins.plugin_utils._enforce import opened, trial
from ansible_collections.listening.ports.plugins.plugin_utils._enforce.results import TRIAL
from ansible_collections.listening.ports.plugins.plugin_utils._enforce.steps import NoAnswer, Steps, why
from ansible_collections.listening.ports.plugins.plugin_utils._variables import host_facts

_ANSWER = 300           # seconds in which a host has done a step
_AGAIN = 'It is open again after "firewall-cmd --reload" at a console, or after a reboot'


class ActionModule(trial.Action):
    """The module of the same name, which takes back for good only what nobody needed to log in anew."""

    ARGUMENTS = arguments.ARGUMENTS
    FAULT = staticmethod(arguments.fault)
    PARAMETERS = host_facts.FIREWALL
    WHY_NOT = {
        'async': ': what is taken back has to be confirmed by a new login, and that is made here',
        'run_once': ': ports of one host of the play would be opened, and all would pass',
        'delegate_to': ': the ports would be opened on another host than they are of',
    }

    def change(self, options: _action.Options, task_vars: _action.Variables, result: _action.Result) -> None:
        """Open what is to be open, and take back what is not."""
        name = _task_result.host_name(str(task_vars.get('inventory_hostname')))
        steps = Steps(self, 'apply_port_openings', options, task_vars, result, opened.KEYS, opened.formed)
        try:
            answer = steps.begin(arguments.BEGIN, _ANSWER)
        except NoAnswer as exc:
            result['unreachable' if exc.unreachable else 'failed'] = True
            result.update(status='failed', msg='%s: %s' % (name, why(exc)))
            return
        if answer['status'] == TRIAL:
            self._confirm(steps, answer, options['confirm'])
        result.update(answer, msg='%s: %s' % (name, answer.get('msg', answer['status'])))
        result['failed'] = answer['status'] in opened.FAILING

    def _confirm(self, steps: Steps, answer: _action.Result, seconds: int) -> None:
        """Log in anew without what was taken back, and take it back for good, or put it back.

        :param answer: of the first step; what came of the others is put into it.
        :param seconds: for how long to try.
        """
        steps.more['began'] = answer.pop('began')
        last, reason = steps.over_new_login(
            arguments.KEEP, self.clock.monotonic() + seconds, lambda answer: answer['status'] in ('kept', 'failed'))
        if last:
            answer['status'] = last['status']
            if last['status'] != 'kept':
                answer.update(msg=last.get('msg', ''), closed=last.get('closed', []), left=last.get('left', []))
            return
        lost = 'could not log in again within %d s (%s)' % (seconds, reason)
        try:
            restored = steps.ask(arguments.RESTORE, _ANSWER)
            problem = None if restored['status'] == 'reverted' else restored.get('msg') or restored['status']
        except Exception as exc:        # whatever a connection plugin raises, of which many are not Ansible's
            problem = why(exc)
        said = 'What was taken back is open again' if problem is None else (
            'What was taken back could not be put back (%s). %s' % (problem.rstrip('.'), _AGAIN))
        answer.update(status='reverted', closed=[], changed=bool(answer.get('opened')), msg='%s. %s' % (lost, said))
