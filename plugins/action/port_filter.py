# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Has a host try rules, logs in anew, and has it keep them. The documentation is in plugins/modules/port_filter.py.

A trial ends in the kernel of the host.
"""

from __future__ import annotations

from ansible_collections.listening.ports.plugins.module_utils._filter import arguments
from ansible_collections.listening.ports.plugins.plugin_utils import _action
from ansible_collections.listening.ports.plugins.plugin_utils._enforce import results, trial
from ansible_collections.listening.ports.plugins.plugin_utils._enforce.steps import Answer
from ansible_collections.listening.ports.plugins.plugin_utils._variables import host_facts


class ActionModule(trial.Action):
    """The module of the same name, whose trial a new login confirms."""

    ARGUMENTS = arguments.ARGUMENTS
    REQUIRED_IF = arguments.REQUIRED_IF
    FAULT = staticmethod(arguments.fault)
    PARAMETERS = host_facts.FIREWALL
    WHY_NOT = {
        'async': ': the rules are only kept if a new login comes while they are tried, and that is made here',
        'run_once': ': one host of the play would be filtered, and all would pass',
        'delegate_to': ': the rules would be loaded on another host than they are of',
    }

    def change(self, options: _action.Options, task_vars: _action.Variables, result: _action.Result) -> None:
        """Filter the ports of the host."""
        Case(self, options, task_vars, result).run()


class Case(trial.Case):
    """The rules that a host is to have."""

    MODULE, KEYS = 'apply_port_filter', results.KEYS
    OF_THE_END = ('status', 'changed', 'code', 'msg', 'persistent')

    def formed(self, answer: Answer) -> Answer:
        """Check an answer of the module. Raises Fault."""
        return results.formed(answer)

    def perhaps_begun(self, seconds: int) -> str:
        """Say what may be the case after an answer to the first step that did not come."""
        return ('If it has begun to try the rules, they end by themselves within %d s, and the rules are as they were.'
                % seconds)

    def unheard(self, lost: str, reason: str, began: Answer) -> Answer:
        """Return what is known of a host that let us in, and did not answer, neither in the trial nor after it."""
        return {'status': 'failed', 'msg': (
            '%s, nor when the trial was over (%s): it is not the filter. Whether the host has kept the new rules is '
            'not known; they are as they were if it has not. Run this again' % (lost, reason))}

    def unreached(self, lost: str, reason: str, began: Answer) -> Answer:
        """Return what is known of a host that lets nobody in, also not with the old rules."""
        return {'status': 'reverted', 'msg': (
            '%s, and it does not answer with the old rules either (%s): it is not the filter. The trial is over, and '
            'the rules are as they were' % (lost, reason))}

    def unswept(self, lost: str, again: str, reason: str, began: Answer) -> Answer:
        """Return what is known of a host that did not take away what is left of the trial."""
        return {'status': 'reverted', 'msg': '%s. What is left of the trial does nothing, and could not be removed (%s)'
                % (self.reverted(lost, again, began, {}), reason)}

    def reverted(self, lost: str, again: str, began: Answer, ended: Answer) -> str:
        """Say that the old rules hold."""
        return '%s. The rules are as they were%s' % (lost, again)

    def complete(self, answer: Answer) -> None:
        """What failed has changed nothing."""
        if answer['status'] in results.FAILING:
            answer['changed'] = False
