# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans what makes a host as it is declared. The documentation is in plugins/modules/plan_listeners.py.

Nothing is changed: the host is observed, and asked in check mode what the planned rules would do to it.
"""

from __future__ import annotations

import datetime
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from ansible.errors import AnsibleActionFail
from ansible_collections.listening.ports.plugins.module_utils._filter import arguments
from ansible_collections.listening.ports.plugins.plugin_utils import _action, _task_result
from ansible_collections.listening.ports.plugins.plugin_utils._enforce import effects, plan, results
from ansible_collections.listening.ports.plugins.plugin_utils._enforce.steps import NoAnswer, Steps, why
from ansible_collections.listening.ports.plugins.plugin_utils._facts import live
from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration.policy import Policy
from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import judge
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language.refusal import Refusals, Refused
from ansible_collections.listening.ports.plugins.plugin_utils._variables import collect, host_facts, origins, roles

_ANSWER = 300           # seconds in which a host has judged the planned rules, and answered
_GATHER = ['owners', 'firewall', 'connections']
_OF_FILTER = ('confirm', 'protected_sources', 'despite')


class ActionModule(_action.Action):
    """What a host is like, what is declared for it, and what lies between.

    :cvar clock: has ``monotonic`` and ``sleep``.
    """

    ARGUMENTS = {
        # what is not a list of mappings is refused with the words that are also those of variables
        'expected': {'type': 'raw'},
        'waivers': {'type': 'raw'},
        'declarations_from': {'type': 'list', 'elements': 'str'},
        'mode': {'type': 'str', 'choices': list(plan.MODES), 'default': plan.BLOCK},
        'open': {'type': 'bool', 'default': False},
        **{name: arguments.ARGUMENTS[name] for name in _OF_FILTER},
        **{name: spec for name, spec in live.ARGUMENTS.items() if name != 'gather'},
        **live.LIMIT,
    }
    PARAMETERS = host_facts.FIREWALL
    clock: ClassVar[Any] = time

    def work(self, options: _action.Options, task_vars: _action.Variables, result: _action.Result) -> None:
        """Plan for the host."""
        _action.refuse_less(options, {'look_timeout': 0})
        fault = arguments.fault_of_time(options['confirm'])
        if fault:
            raise AnsibleActionFail(fault)
        if options['declarations_from'] and 'expected' in self._task.args:
            raise AnsibleActionFail('declarations_from cannot be combined with expected, which replaces everything '
                                    'declared elsewhere')
        self.refuse_other_hosts(': one host of the play would be planned for, and all would pass', ['run_once'])
        self.refuse_other_hosts(': the host would not be the one that the declaration is of', ['delegate_to'])
        name = _task_result.host_name(str(task_vars.get('inventory_hostname')))
        try:
            policy = self._policy(options, task_vars, result)
        except Refusals as exc:
            result.update(failed=True, status='refused', msg='%s: %s' % (name, _task_result.refusal(exc.items)))
            return
        result['policy'] = _task_result.policy_of(policy)
        self._plan(name, policy, options, task_vars, result)

    def _policy(self, options: _action.Options, task_vars: _action.Variables, result: _action.Result) -> Policy:
        """Read the declaration of the host. Raises Refusals where nothing may be planned by it."""
        given = {name: options[name] for name in ('expected', 'waivers') if name in self._task.args}
        of_roles = roles.declared(options['declarations_from'], self._loader, self._task.collections)
        declared = collect.collect(self._task, task_vars, self._templar, given, of_roles)
        live.warn(result, declared.warnings)
        try:
            if not declared and not declared.refusals:
                raise Refusals([Refused('this host has none, so everything that listens on it would be cut off')])
            policy = Policy.of(declared)
            faults = list(plan.refusals(policy, options['mode']))
            if faults:
                raise Refusals(faults)
        except Refusals as exc:
            origins.locate(exc.items, {**task_vars, **of_roles.variables})
            raise
        live.warn(result, policy.warnings)
        return policy

    def _plan(self, name: str, policy: Policy, options: _action.Options, task_vars: _action.Variables,
              result: _action.Result) -> None:
        """Look at the host, and put a plan for it into the result."""
        look = live.look(self, dict(options, gather=_GATHER), task_vars, result, without_own=True)
        if look.facts is None:
            self._fail(result, look.status == 'unreachable', '%s could not be observed: %s' % (name, look.message))
            return
        now = datetime.datetime.now(datetime.timezone.utc)
        judged = judge.judge(look.facts, policy, now)
        planned = plan.plan(look.facts, policy, judged, options['mode'], options['open'])
        result.update(plan=planned.as_dict(), effects=[], refusal=None, connection=None)
        if planned.filter is None:
            result.update(failed=True, status='incomplete', msg='%s: %s' % (
                name, effects.message(planned, [], None, False, policy.switches)))
            return
        try:
            answer = self._what_if(planned.filter, options, task_vars, result)
        except NoAnswer as exc:
            self._fail(result, exc.unreachable, '%s: what the rules would do could not be found out: %s' % (
                name, why(exc)))
            return
        if answer['status'] == 'failed':
            self._fail(result, False, '%s: what the rules would do could not be found out: %s' % (
                name, answer.get('msg')))
            return
        refusal = None
        if answer['status'] in ('refused', 'busy'):
            refusal = {'code': answer.get('code') or answer['status'], 'message': answer.get('msg', '')}
        changes = answer.get('effects', [])
        is_done = answer['status'] == 'unchanged' or self._is_idle(planned, answer)
        result.update(
            status='unchanged' if is_done and not planned.open else 'planned', effects=changes, refusal=refusal,
            connection=answer.get('connection'),
            msg='%s: %s' % (name, effects.message(planned, changes, refusal, is_done, policy.switches)))
        if self._task.diff and answer.get('diff'):
            result['diff'] = answer['diff']

    @staticmethod
    def _is_idle(planned: plan.Plan, answer: dict[str, Any]) -> bool:
        """Whether an empty table is all that would be new."""
        diff = answer.get('diff') or {'before': ''}
        is_empty = not planned.rules and planned.mode == plan.BLOCK
        return is_empty and answer['status'] == 'planned' and not answer.get('effects') and not diff['before'].strip()

    def _what_if(self, wanted: dict[str, Any], options: _action.Options, task_vars: _action.Variables,
                 result: _action.Result) -> dict[str, Any]:
        """Ask the host what rules would do to it. Raises NoAnswer."""
        asked = {'state': 'present', **wanted, **{name: options[name] for name in _OF_FILTER}}
        steps = Steps(self, 'apply_port_filter', asked, task_vars, result, results.KEYS, results.formed)
        steps.more['token'] = secrets.token_hex(4)
        with self._in_check_mode():
            return steps.begin(arguments.BEGIN, _ANSWER)

    @contextmanager
    def _in_check_mode(self) -> Iterator[None]:
        """Have modules change nothing, whether or not the play does."""
        before = self._task.check_mode
        self._task.check_mode = True
        try:
            yield
        finally:
            self._task.check_mode = before

    @staticmethod
    def _fail(result: _action.Result, unreachable: bool, message: str) -> None:
        result['unreachable' if unreachable else 'failed'] = True
        result.update(status='unreachable' if unreachable else 'failed', msg=message)
