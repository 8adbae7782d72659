# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Has a host try rules, logs in anew, and has it keep them. The documentation is in port_filter.yml.

Nothing here takes rules back: a trial that no new login keeps ends by itself, in the kernel of the host, whatever
becomes of this side.
"""

from __future__ import annotations

import re
import secrets
import time
from typing import Any, ClassVar

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure
from ansible_collections.listening.ports.plugins.module_utils._filter import arguments
from ansible_collections.listening.ports.plugins.plugin_utils import _action, _deadline, _task_result
from ansible_collections.listening.ports.plugins.plugin_utils._enforce import fresh, results
from ansible_collections.listening.ports.plugins.plugin_utils._facts import live
from ansible_collections.listening.ports.plugins.plugin_utils._harmless.terminal import sentence
from ansible_collections.listening.ports.plugins.plugin_utils._schema import Fault
from ansible_collections.listening.ports.plugins.plugin_utils._variables import host_facts

_ANSWER = 300           # seconds in which a host has tried the trial itself, judged the rules, and answered
_PATIENCE = 20          # seconds for one login, with become
_EARLY = 1              # seconds before the end of a trial from which on nothing is begun that would keep it
_RETURN = 30            # seconds for a login after the trial
_SETTLED = {arguments.KEEP: ('kept', 'reverted', 'busy'), arguments.SWEEP: ('kept', 'reverted')}
_OF_THE_END = ('status', 'changed', 'code', 'msg', 'persistent')      # the rest is as it was before the trial
_HIDDEN = 'connection_hidden'
_CONNECTION = re.compile(r'[0-9A-Fa-f:.]+(?:%[\w.-]+)? [0-9]{1,5} [0-9A-Fa-f:.]+(?:%[\w.-]+)? [0-9]{1,5}', re.ASCII)
_PREFIX = re.compile(r'^Failed to connect to the host via ssh: |^ssh: connect to host \S+ port \d+: ')


class NoAnswer(Exception):
    """The host gave no answer; the text, which is harmless, says why.

    :ivar unreachable: whether it was not reached at all.
    """

    def __init__(self, reason: str, unreachable: bool = False) -> None:
        super().__init__(reason)
        self.unreachable = unreachable


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
        self._action, self._options, self._task_vars, self._result = action, options, task_vars, result
        self._connection: Any = action._connection
        self._clock = action.clock
        self._name = _task_result.host_name(str(task_vars.get('inventory_hostname')))
        self._more: dict[str, Any] = {'token': secrets.token_hex(4), 'remote': fresh.is_remote(self._connection)}
        self._asks = False          # whether SSH_CONNECTION is what the host is told of its connection
        self._reached = False       # whether a login came as far as to be answered by the module

    def run(self) -> None:
        """Have the rules tried and kept, or leave the host as it was; the result says which."""
        try:
            answer = self._begin()
        except (NoAnswer, AnsibleConnectionFailure) as exc:
            unreachable = not isinstance(exc, NoAnswer) or exc.unreachable
            self._result['unreachable' if unreachable else 'failed'] = True
            self._result.update(status='failed', msg='%s: %s%s' % (
                self._name, _ended(_reason(exc)), self._at_most()))
            return
        if answer['status'] == results.TRIAL:
            settled = self._confirm(answer.pop('seconds'), answer['connection'])
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

    def _begin(self) -> dict[str, Any]:
        """Have the host look, and begin the trial where there is something to try."""
        answer = self._ask(arguments.BEGIN, _ANSWER)
        if answer.get('code') == _HIDDEN and self._more['remote']:
            # nothing of it is among the ancestors of the module, nor in their session: as with run0 and machinectl
            self._asks = True
            self._tell_connection(_PATIENCE)
            if self._more.get('ssh_connection'):
                answer = self._ask(arguments.BEGIN, _ANSWER)
        return answer

    def _tell_connection(self, seconds: float) -> None:
        """Take what sshd says of the connection in use, which become hides from the module."""
        said = self._command('echo "$SSH_CONNECTION"', seconds, sudoable=False)['stdout'].strip()
        self._more['ssh_connection'] = said if _CONNECTION.fullmatch(said) else None

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
        only_refused = self._reached
        lost = 'could not log in again within %d s (%s)' % (
            seconds, answer['msg'].rstrip('.') if answer else reason)
        answer, reason = self._over_new_login(arguments.SWEEP, self._clock.monotonic() + _RETURN)
        if not answer and not self._reached:
            return {'status': 'reverted', 'msg': (
                '%s, and it does not answer with the old rules either (%s): it is not the filter. The trial is over, '
                'and the rules are as they were' % (lost, reason))}
        again = '' if only_refused or not connection else '; tcp %d answers again' % connection['port']
        lost = '%s. The rules are as they were%s' % (lost, again)
        if not answer:
            return {'status': 'reverted', 'msg': '%s. What is left of the trial does nothing, and could not be removed '
                    '(%s)' % (lost, reason)}
        if answer['status'] == 'reverted':
            answer['msg'] = lost
        return answer           # or they are kept: that was not heard

    def _over_new_login(self, step: str, until: float) -> tuple[dict[str, Any] | None, str]:
        """Log in anew until the host has done a step: its answer, or None and the reason.

        The first command is a bare one: a file transfer would wait for the timeout of each way to do it.
        """
        reason, self._reached = 'there was no time for it', False
        with fresh.Login(self._connection) as login:
            for seconds in fresh.attempts(self._clock, until):
                try:
                    login.renew()
                    done = self._command('true', min(seconds, _PATIENCE))
                    if done['rc']:
                        reason = sentence(done['stderr'] or done['stdout'] or 'exit code %d' % done['rc'], 300)
                        continue
                    if self._asks:
                        self._tell_connection(_PATIENCE)
                    answer = self._ask(step, max(1, until - self._clock.monotonic()))
                except Exception as exc:        # whatever a connection plugin raises, of which many are not Ansible's
                    reason = _reason(exc)
                    continue
                self._reached = True
                if answer['status'] in _SETTLED[step]:
                    return answer, ''
                reason = answer.get('msg') or answer['status']
        return None, reason.rstrip('.')

    def _command(self, command: str, seconds: float, sudoable: bool = True) -> dict[str, Any]:
        """Run a command on the host, with become if it is sudoable."""
        execute: Any = self._action._low_level_execute_command
        done: dict[str, Any] = _deadline.within(seconds, lambda: execute(command, sudoable=sudoable))
        return done

    def _ask(self, step: str, seconds: float) -> dict[str, Any]:
        """Have the module do a step. Raises NoAnswer, AnsibleError."""
        given = {**self._options, **self._more, 'step': step}
        answer = self._action.ask('apply_port_filter', given, self._task_vars, results.KEYS, seconds)
        live.warn(self._result, answer.pop('warnings', ()))
        if 'status' not in answer:
            raise NoAnswer(live.complaint(answer), bool(answer.get('unreachable')))
        try:
            return results.formed(answer)
        except Fault as fault:
            raise NoAnswer('the answer of the host is not valid: %s' % fault) from None


def _reason(exc: Exception) -> str:
    """Say in few words why nothing came of a login."""
    if isinstance(exc, TimeoutError) and exc.args:
        return 'no answer within %g s' % round(exc.args[0], 1)
    text = ' '.join(str(exc).split()) or type(exc).__name__
    while _PREFIX.match(text):
        text = _PREFIX.sub('', text, 1)
    return sentence(text, 300)


def _ended(text: str) -> str:
    return text if text.endswith('.') else text + '.'
