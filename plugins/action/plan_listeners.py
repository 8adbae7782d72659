# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plans what makes a host as it is declared. The documentation is in plugins/modules/plan_listeners.py.

Nothing is changed. The host is observed, and says at once what can be stopped, of what may have to be, which filter it
has, and what decides on another one. It is asked once more, in check mode, where something else is to be closed, or
where that is not enough to tell what another filter would do.
"""

from __future__ import annotations

import datetime
import secrets
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, ClassVar

from ansible.errors import AnsibleActionFail
from ansible_collections.listening.ports.plugins.module_utils._filter import arguments
from ansible_collections.listening.ports.plugins.module_utils._stop import arguments as of_stop
from ansible_collections.listening.ports.plugins.plugin_utils import _action, _answer, _task_result
from ansible_collections.listening.ports.plugins.plugin_utils._enforce import (
    ahead,
    close,
    effects,
    fresh,
    installed,
    plan,
    results,
    stopping,
    stops,
    suspects,
    windows_case,
    windows_plan,
)
from ansible_collections.listening.ports.plugins.plugin_utils._enforce.confirmed import Confirmed
from ansible_collections.listening.ports.plugins.plugin_utils._enforce.lefts import ACTIONS, CLOSE, FIREWALL
from ansible_collections.listening.ports.plugins.plugin_utils._enforce.steps import HIDDEN, NoAnswer, Steps, why
from ansible_collections.listening.ports.plugins.plugin_utils._facts import live
from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration.policy import Policy
from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import judge
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language.refusal import Refusals, Refused
from ansible_collections.listening.ports.plugins.plugin_utils._schema import Fault
from ansible_collections.listening.ports.plugins.plugin_utils._shape import Facts
from ansible_collections.listening.ports.plugins.plugin_utils._variables import collect, host_facts, origins, roles

_ANSWER = 300           # seconds in which a host has judged what is planned, and answered
_GATHER = {CLOSE: ['owners', 'connections'], FIREWALL: ['owners', 'firewall', 'connections']}
_OF_FILTER = ('confirm', 'protected_sources', 'despite')
_OF_STOPS = ('protected', 'processes', 'mask', 'despite')
_REFUSING = ('refused', 'busy')
_NOT_FOUND = {CLOSE: 'what can be stopped', FIREWALL: 'what the rules would do'}
_BESIDE = ('asked', 'stops', 'filter', 'what_if')      # what a host says beside facts


_Formed = Callable[[dict[str, Any]], dict[str, Any]]


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
        'actions': {'type': 'list', 'elements': 'str', 'choices': list(ACTIONS), 'default': [FIREWALL]},
        'close_kinds': {'type': 'list', 'elements': 'str', 'choices': list(close.KINDS), 'default': list(close.KINDS)},
        'close_windows': {'type': 'str', 'choices': list(windows_case.SWITCH), 'default': windows_case.NEVER},
        'within': {'type': 'dict'},
        **{'close_%s' % name: of_stop.ARGUMENTS[name] for name in _OF_STOPS},
        **{name: arguments.ARGUMENTS[name] for name in _OF_FILTER},
        **{name: spec for name, spec in live.ARGUMENTS.items() if name != 'gather'},
        **live.LIMIT,
    }
    PARAMETERS = (*host_facts.FIREWALL, *host_facts.CLOSE, *host_facts.ENFORCE)
    clock: ClassVar[Any] = time

    def work(self, options: _action.Options, task_vars: _action.Variables, result: _action.Result) -> None:
        """Plan for the host."""
        _action.refuse_less(options, {'look_timeout': 0})
        self._refuse(options)
        if options['declarations_from'] and 'expected' in self._task.args:
            raise AnsibleActionFail('declarations_from cannot be combined with expected, which replaces everything '
                                    'declared elsewhere')
        self.refuse_other_hosts(': one host of the play would be planned for, and all would pass', ['run_once'])
        self.refuse_other_hosts(': the host would not be the one that the declaration is of', ['delegate_to'])
        name = _task_result.host_name(str(task_vars.get('inventory_hostname')))
        confirmed = self._confirmed(options)
        try:
            policy = self._policy(options, task_vars, result)
        except Refusals as exc:
            result.update(failed=True, status='refused', msg='%s: %s' % (name, _task_result.refusal(exc.items)))
            return
        result['policy'] = _task_result.policy_of(policy)
        if self.is_windows:
            windows_plan.run(self, name, policy, confirmed, options, task_vars, result)
        else:
            _Case(self, name, policy, confirmed, options, task_vars, result).run()

    @staticmethod
    def _refuse(options: _action.Options) -> None:
        """Refuse options that mean nothing. Raises AnsibleActionFail."""
        if not options['actions']:
            raise AnsibleActionFail('actions is empty: there is nothing to plan')
        asked = {name: options['close_%s' % name] for name in _OF_STOPS}
        fault = arguments.fault_of_time(options['confirm']) or of_stop.fault(
            {**asked, 'listeners': [], 'confirm': options['confirm']})
        if fault:
            raise AnsibleActionFail(fault)

    def _confirmed(self, options: _action.Options) -> Confirmed | None:
        """Read the plan within which it is planned. Raises AnsibleActionFail where it is none, or another one."""
        if options['within'] is None:
            return None
        try:
            confirmed = Confirmed(options['within'])
        except Fault as fault:
            raise AnsibleActionFail('within is not the plan of a result: %s' % fault) from None
        if FIREWALL in options['actions'] and not self.is_windows and confirmed.others != plan.OTHERS[options['mode']]:
            raise AnsibleActionFail('within is a plan that %s, and mode is %s' % (
                'filters in another mode' if confirmed.others else 'filters nothing', options['mode']))
        return confirmed

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
            faults = list(plan.refusals(policy, options['mode'] if FIREWALL in options['actions'] else None))
            if faults:
                raise Refusals(faults)
        except Refusals as exc:
            origins.locate(exc.items, {**task_vars, **of_roles.variables})
            raise
        live.warn(result, policy.warnings)
        return policy

    @contextmanager
    def in_check_mode(self) -> Iterator[None]:
        """Have modules change nothing, whether or not the play does."""
        before = self._task.check_mode
        self._task.check_mode = True
        try:
            yield
        finally:
            self._task.check_mode = before


class _Case:
    """One host, and what is planned for it."""

    def __init__(self, action: ActionModule, name: str, policy: Policy, confirmed: Confirmed | None,
                 options: _action.Options, task_vars: _action.Variables, result: _action.Result) -> None:
        self._action, self._name, self._policy, self._confirmed = action, name, policy, confirmed
        self._options, self._task_vars, self._result = options, task_vars, result
        self._filters, self._closes = (name in options['actions'] for name in (FIREWALL, CLOSE))
        self._now = datetime.datetime.now(datetime.timezone.utc)
        self._refusals: list[dict[str, str]] = []
        self._beside: Mapping[str, Any] = {}
        self._state: installed.State | None = None
        self._snapshot: dict[str, Any] | None = None
        self._ahead: ahead.Said | None = None

    def run(self) -> None:
        """Look at the host, and put a plan for it into the result."""
        gather = _GATHER[FIREWALL if self._filters else CLOSE]
        look = live.look(self._action, dict(self._options, gather=gather), self._task_vars, self._result,
                         without_own=True, module='collect_for_plan', beside=_BESIDE, **self._asked_at_once())
        if look.facts is None:
            self._fail(look.status == 'unreachable', '%s could not be observed: %s' % (self._name, look.message))
            return
        self._beside, self._snapshot = look.beside, look.snapshot
        try:
            self._state = installed.formed(look.beside.get('filter'))
            self._ahead = ahead.formed(look.beside.get('what_if'))
            live.warn(self._result, self._state['warnings'] if self._state else ())
            self._plan(look.facts)
        except NoAnswer as exc:
            self._fail(exc.unreachable, '%s: %s' % (self._name, exc))
        except Fault as fault:
            self._fail(False, '%s: what the host says of its filter is not valid: %s' % (self._name, fault))

    def _asked_at_once(self) -> dict[str, Any]:
        """Return what the module is asked that looks, beside what to look at."""
        options = self._options
        hints: dict[str, Any] = suspects.hints(self._policy, options['close_kinds']) if self._closes else {}
        if self._filters:
            hints = {**hints, **suspects.of_filter(self._policy, plan.OTHERS[options['mode']])}
        return {**hints, **{'close_%s' % name: options['close_%s' % name] for name in _OF_STOPS},
                'actions': options['actions'], 'confirm': options['confirm'], 'token': secrets.token_hex(4),
                'remote': fresh.is_remote(self._action._connection)}

    def _plan(self, facts: Facts) -> None:
        """Plan for a host of which these are the facts. Raises NoAnswer."""
        self._result.update(effects=[], stops=[], refusal=None, connection=None)
        planned, lines = plan.Plan(None), None
        planned.leave(close.missing(facts) if self._closes else ())
        planned.leave(plan.missing(facts) if self._filters else ())
        if planned.left:
            self._result.update(failed=True, status='incomplete', plan=planned.as_dict())
            self._say(planned, False, lines)
            return
        wanted = self._to_close(facts) if self._closes else None
        rows = self._ask_what_stops(wanted.ids) if wanted and wanted.listeners else []
        closed = {row['listener'] for row in rows if row['status'] == stops.CLOSED}
        if self._filters:
            stays = close.without(facts, closed)
            planned = plan.plan(stays, self._policy, judge.judge(stays, self._policy, self._now),
                                self._options['mode'], self._options['open'], self._confirmed)
        if wanted:
            refused = bool(self._refusals) and not rows
            planned.close = [listener for listener in wanted.ids if refused or listener in closed]
            planned.leave(wanted.left)
            planned.leave(stopping.left_of(rows, wanted.listeners))
            lines = list(stopping.in_words(rows, wanted.listeners))
        self._result.update(plan=planned.as_dict(), stops=rows)
        is_done = self._ask_what_if(planned, facts) if self._filters else True
        self._result['status'] = 'unchanged' if is_done and not planned.open and not planned.close else 'planned'
        self._result['refusal'] = self._refusals[0] if self._refusals else None
        if planned.of_unknown and not is_done and not (self._state and installed.is_none(self._state)):
            planned, lines = plan.kept(self._policy), None
            self._result.update(failed=True, status='incomplete', plan=planned.as_dict(), effects=[], stops=[])
        self._say(planned, is_done, lines)

    def _say(self, planned: plan.Plan, is_done: bool, lines: Collection[str] | None) -> None:
        """Put the message into the result."""
        self._result['msg'] = '%s: %s' % (self._name, effects.message(
            planned, self._result['effects'], self._refusals, is_done, self._policy.switches, lines))

    def _to_close(self, facts: Facts) -> close.Wanted:
        """Find what the declaration has closed."""
        bare = close.without_firewall(facts)
        judged = judge.judge(bare, self._policy, self._now)
        wanted = close.wanted(bare, self._policy, judged, self._options['close_kinds'])
        return close.within(wanted, self._confirmed) if self._confirmed else wanted

    def _ask_what_stops(self, listeners: list[str]) -> list[dict[str, Any]]:
        """Ask the host which listeners would be closed, and how. Raises NoAnswer."""
        asked = {'listeners': listeners, 'confirm': self._options['confirm'],
                 **{name: self._options['close_%s' % name] for name in _OF_STOPS}}
        formed = partial(stops.formed, asked=listeners)
        answer = self._told_at_once(listeners, formed) or self._ask(
            CLOSE, 'apply_stop_listener', asked, stops.KEYS, formed)
        rows: list[dict[str, Any]] = answer.get('listeners', [])
        return sorted(rows, key=lambda row: listeners.index(row['listener']))

    def _told_at_once(self, listeners: list[str], formed: _Formed) -> dict[str, Any] | None:
        """Return what the host that was looked at has said of these listeners; None where it has to be asked."""
        asked, said = self._beside.get('asked'), self._beside.get('stops')
        if not (isinstance(asked, list) and isinstance(said, dict) and 'status' in said
                and sorted(map(str, asked)) == sorted(listeners)) or said.get('code') == HIDDEN:
            return None
        answer = _answer.known(said, stops.KEYS)
        live.warn(self._result, answer.pop('warnings', ()))
        try:
            return self._taken(CLOSE, formed(answer))
        except Fault as fault:
            raise NoAnswer('%s could not be found out: the answer of the host is not valid: %s' % (
                _NOT_FOUND[CLOSE], fault)) from None

    def _ask_what_if(self, planned: plan.Plan, facts: Facts) -> bool:
        """Find out what rules would do to the host; returns whether there is nothing to do. Raises NoAnswer."""
        if self._state and planned.filter and installed.is_as_planned(self._state, planned.filter):
            return True
        asked = {'state': 'present', **(planned.filter or {}), **{name: self._options[name] for name in _OF_FILTER}}
        answer = self._worked_out(asked, facts) or self._ask(
            FIREWALL, 'apply_port_filter', asked, results.KEYS, results.formed)
        self._result['effects'] = answer.get('effects', [])
        if self._action._task.diff and answer.get('diff'):
            self._result['diff'] = answer['diff']
        return answer['status'] == 'unchanged' or self._is_idle(planned, answer)

    def _worked_out(self, asked: dict[str, Any], facts: Facts) -> dict[str, Any] | None:
        """Work out what the host would say of rules; None where it has to be asked.

        So it has to be in diff mode, for the table as its nft lists it.
        """
        if not (self._state and self._ahead and self._snapshot) or self._action._task.diff or (
                self._ahead['connection'] is None and fresh.is_remote(self._action._connection)):
            return None
        answer = ahead.answer(self._ahead, facts, self._snapshot, self._state['reassemble'], asked)
        if answer is None:
            return None
        known = _answer.known(answer, results.KEYS)
        live.warn(self._result, known.pop('warnings', ()))
        return self._taken(FIREWALL, results.formed(known))

    def _ask(self, does: str, module: str, asked: dict[str, Any], keys: Collection[str],
             formed: _Formed) -> dict[str, Any]:
        """Have a module say what it would do. Raises NoAnswer."""
        steps = Steps(self._action, module, asked, self._task_vars, self._result, keys, formed)
        steps.more['token'] = secrets.token_hex(4)
        try:
            with self._action.in_check_mode():
                answer = steps.begin(arguments.BEGIN, _ANSWER)
        except NoAnswer as exc:
            raise NoAnswer('%s could not be found out: %s' % (_NOT_FOUND[does], why(exc)), exc.unreachable) from None
        return self._taken(does, answer)

    def _taken(self, does: str, answer: dict[str, Any]) -> dict[str, Any]:
        """Take from an answer whether the host refuses it, and the connection in use. Raises NoAnswer."""
        if answer['status'] == 'failed':
            raise NoAnswer('%s could not be found out: %s' % (
                _NOT_FOUND[does], why(NoAnswer(answer.get('msg') or 'the host does not say why'))))
        if answer['status'] in _REFUSING:
            refusal = {'code': answer.get('code') or answer['status'], 'message': answer.get('msg', '')}
            if refusal not in self._refusals:
                self._refusals.append(refusal)
        self._result['connection'] = answer.get('connection') or self._result['connection']
        return answer

    def _is_idle(self, planned: plan.Plan, answer: dict[str, Any]) -> bool:
        """Whether an empty table is all that would be new."""
        if self._state and planned.filter and installed.is_other_after_boot(self._state, planned.filter):
            return False
        diff = answer.get('diff') or {'before': ''}
        is_empty = not planned.rules and planned.mode == plan.BLOCK
        return is_empty and answer['status'] == 'planned' and not answer.get('effects') and not diff['before'].strip()

    def _fail(self, unreachable: bool, message: str) -> None:
        self._result['unreachable' if unreachable else 'failed'] = True
        self._result.update(status='unreachable' if unreachable else 'failed', msg=message)
