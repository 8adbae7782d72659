# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Has a host try rules, logs in anew, and has it keep them. The documentation is in plugins/modules/port_filter.py.

Nothing here takes rules back: a trial that no new login keeps ends by itself, in the kernel of the host, whatever
becomes of this side.
"""

from __future__ import annotations

import secrets
import time
from typing import Any, ClassVar

from ansible.errors import AnsibleActionFail
from ansible_collections.listening.ports.plugins.module_utils._filter import arguments
from ansible_collections.listening.ports.plugins.plugin_utils import _action, _task_result
from ansible_collections.listening.ports.plugins.plugin_utils._enforce import results
from ansible_collections.listening.ports.plugins.plugin_utils._enforce.steps import NoAnswer, Steps, why
from ansible_collections.listening.ports.plugins.plugin_utils._variables import host_facts

_ANSWER = 300           # seconds in which a host has tried the trial itself, judged the rules, and answered
_EARLY = 1              # seconds before the end of a trial from which on nothing is begun that would keep it
_RETURN = 30            # seconds for a login after the trial
_SETTLED = {arguments.KEEP: ('kept', 'reverted', 'busy'), arguments.SWEEP: ('kept', 'reverted')}
_OF_THE_END = ('status', 'changed', 'code', 'msg', 'persistent')      # the rest is as it was before the trial


class ActionModule(_action.Action):
    """The module of the same name, whose trial a new login confirms.

    :cvar clock: has ``monotonic`` and ``sleep``.
    """

    ARGUMENTS = arguments.ARGUMENTS
    REQUIRED_IF = arguments.REQUIRED_IF
    PARAMETERS = host_facts.FIREWALL
    clock: ClassVar[Any] = time

    def run(self, tmp: str | None = None, task_vars: _action.Variables | None = None) -> _action.Result:
        """Refuse what cannot work before anything else."""
        if self._task.async_val:
            raise AnsibleActionFail('port_filter does not work with async: the rules are only kept if a new login '
                                    'comes while they are tried, and that is made here')
        return super().run(tmp, task_vars)

    def work(self, options: _action.Options, task_vars: _action.Variables, result: _action.Result) -> None:
        """Filter the ports of the host."""
        self.refuse_other_hosts(': one host of the play would be filtered, and all would pass', ['run_once'])
        self.refuse_other_hosts(': the rules would be loaded on another host than they are of', ['delegate_to'])
        fault = arguments.fault(options)
        if fault:
            raise AnsibleActionFail(fault)
        Case(self, options, task_vars, result).run()
        if self.discovered:
            result['ansible_facts'] = self.discovered


class Case:
    """One host, the rules that it is to have, and what becomes of them."""

    def __init__(self, action: ActionModule, options: _action.Options, task_vars: _action.Variables,
                 result: _action.Result) -> None:
        self._action, self._options, self._result, self._clock = action, options, result, action.clock
        self._name = _task_result.host_name(str(task_vars.get('inventory_hostname')))
        self._steps = Steps(action, 'apply_port_filter', options, task_vars, result, results.KEYS, results.formed)
        self._steps.more['token'] = secrets.token_hex(4)

    def run(self) -> None:
        """Have the rules tried and kept, or leave the host as it was; the result says which."""
        try:
            answer = self._steps.begin(arguments.BEGIN, _ANSWER)
        except NoAnswer as exc:
            self._result['unreachable' if exc.unreachable else 'failed'] = True
            self._result.update(status='failed', msg='%s: %s%s' % (
                self._name, _ended(why(exc)), self._at_most()))
            return
        if answer['status'] == results.TRIAL:
            # a host that says it takes longer than it was asked to is not waited for
            seconds = min(answer.pop('seconds'), self._options['confirm'])
            settled = self._confirm(seconds, answer['connection'])
            answer.update({key: settled[key] for key in _OF_THE_END if key in settled})
        self._result.update(answer, msg='%s: %s' % (self._name, answer.get('msg', answer['status'])))
        if answer['status'] in results.FAILING:
            self._result.update(failed=True, changed=False)

    def _at_most(self) -> str:
        """What may be the case after an answer that did not come."""
        if self._action._task.check_mode or not self._options['confirm']:
            return ''
        return (' If it has begun to try the rules, they end by themselves within %d s, and the rules are as they were.'
                % self._options['confirm'])

    def _confirm(self, seconds: int, connection: dict[str, Any] | None) -> dict[str, Any]:
        """Log in anew while the rules are tried, and have them kept; returns what came of it.

        :param seconds: for how long they are tried, at most.
        """
        ends = self._clock.monotonic() + seconds
        answer, reason = self._over_new_login(arguments.KEEP, ends - _EARLY)
        if answer and answer['status'] != 'reverted':
            return answer
        if not answer:
            self._clock.sleep(max(0, ends + _EARLY - self._clock.monotonic()))
        only_refused = self._steps.reached
        silent = self._steps.asked and not only_refused     # it may have kept them, and its answer was lost
        words = 'logged in again, and got no answer' if silent else 'could not log in again'
        lost = '%s within %d s (%s)' % (words, seconds, answer['msg'].rstrip('.') if answer else reason)
        answer, reason = self._over_new_login(arguments.SWEEP, self._clock.monotonic() + _RETURN)
        if not answer and not self._steps.reached and silent:
            return {'status': 'failed', 'msg': (
                '%s, nor when the trial was over (%s): it is not the filter. Whether the host has kept the new rules '
                'is not known; they are as they were if it has not. Run this again' % (lost, reason))}
        if not answer and not self._steps.reached:
            return {'status': 'reverted', 'msg': (
                '%s, and it does not answer with the old rules either (%s): it is not the filter. The trial is over, '
                'and the rules are as they were' % (lost, reason))}
        again = '' if only_refused or silent or not connection else '; tcp %d answers again' % connection['port']
        lost = '%s. The rules are as they were%s' % (lost, again)
        if not answer:
            return {'status': 'reverted', 'msg': '%s. What is left of the trial does nothing, and could not be removed '
                    '(%s)' % (lost, reason)}
        if answer['status'] == 'reverted':
            answer['msg'] = lost
        return answer           # or they are kept: that was not heard

    def _over_new_login(self, step: str, until: float) -> tuple[dict[str, Any] | None, str]:
        return self._steps.over_new_login(step, until, _SETTLED[step])


def _ended(text: str) -> str:
    return text if text.endswith('.') else text + '.'
