# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Has a host do the steps of a change: the first over the connection of the task, later ones over a new login."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

from ansible.errors import AnsibleConnectionFailure, AnsibleError

from .. import _deadline
from .._facts import live
from .._harmless.terminal import sentence
from .._schema import Fault
from . import fresh

PATIENCE = 20           # seconds for one login, with become
_INSTANT = 0.5          # seconds before the end in which what happens is due to it
HIDDEN = 'connection_hidden'    # why a host refuses where it does not find the connection in use
_CONNECTION = re.compile(r'[0-9A-Fa-f:.]+(?:%[\w.-]+)? [0-9]{1,5} [0-9A-Fa-f:.]+(?:%[\w.-]+)? [0-9]{1,5}', re.ASCII)
_PREFIX = re.compile(r'^Failed to connect to the host via ssh:(?: |\Z)|^ssh: connect to host \S+ port \d+: ')
_SILENT = 'ssh does not say why'   # as where its LogLevel leaves out that the other side has closed the connection

Answer = dict[str, Any]


class NoAnswer(Exception):
    """The host gave no answer; the text, which is harmless, says why.

    :ivar unreachable: whether it was not reached at all.
    """

    def __init__(self, reason: str, unreachable: bool = False) -> None:
        super().__init__(reason)
        self.unreachable = unreachable


class Steps:
    """The steps of one module on one host.

    :param action: a ``_action.Action``.
    :param module: its name, without the collection.
    :param options: what it is always asked.
    :param result: of the task, for warnings.
    :param keys: what is known of its answers, see ``_answer``.
    :param formed: checks an answer, and raises ``Fault``.
    :ivar more: what it is asked besides; ``ssh_connection`` is among it where the host cannot find the connection in
        use by itself.
    :ivar asked: whether a new login came as far as to run the module, and reached: as to be answered by it.
    """

    def __init__(self, action: Any, module: str, options: Mapping[str, Any], task_vars: dict[str, Any],
                 result: dict[str, Any], keys: Collection[str], formed: Callable[[Answer], Answer]) -> None:
        self._action, self._module, self._options, self._task_vars = action, module, options, task_vars
        self._result, self._keys, self._formed = result, keys, formed
        self._connection, self._clock = action._connection, action.clock
        self.more: dict[str, Any] = {'remote': fresh.is_remote(self._connection)}
        self.asked = self.reached = False
        self._asks = False          # whether SSH_CONNECTION is what the host is told of its connection

    def ask(self, step: str, seconds: float) -> Answer:
        """Have the module do a step. Raises NoAnswer, AnsibleError."""
        given = {**self._options, **self.more, 'step': step}
        answer: Answer = self._action.ask(self._module, given, self._task_vars, self._keys, seconds)
        live.warn(self._result, answer.pop('warnings', ()))
        if 'status' not in answer:
            raise NoAnswer(live.complaint(answer), bool(answer.get('unreachable')))
        try:
            return self._formed(answer)
        except Fault as fault:
            raise NoAnswer('the answer of the host is not valid: %s' % fault) from None

    def begin(self, step: str, seconds: float) -> Answer:
        """Have the module do the first step, and once more where it does not find the connection in use by itself.

        :raises NoAnswer: the host gave none, was not reached, or did not let the module become who it has to be.
        """
        try:
            answer = self.ask(step, seconds)
            if answer.get('code') == HIDDEN and self.more['remote']:
                # nothing of it is among the ancestors of the module, nor in their session: as with run0 and machinectl
                self._asks = True
                self._tell_connection(PATIENCE)
                if self.more.get('ssh_connection'):
                    answer = self.ask(step, seconds)
        except (AnsibleError, TimeoutError) as exc:     # such as a wrong password for become
            raise NoAnswer(why(exc), isinstance(exc, AnsibleConnectionFailure)) from None
        return answer

    def over_new_login(self, step: str, until: float,
                       is_settled: Callable[[Answer], bool]) -> tuple[Answer | None, str]:
        """Log in anew until the host has done a step: its answer, or None and the reason.

        The first command is a bare one: a file transfer would wait for the timeout of each way to do it.

        :param until: when no more is begun, by the clock of the action.
        :param is_settled: whether an answer is the last.
        """
        reason, self.asked, self.reached = '', False, False
        with fresh.Login(self._connection) as login:
            for seconds in fresh.attempts(self._clock, until):
                try:
                    login.renew()
                    done = self._command('true', min(seconds, PATIENCE))
                    if done['rc']:
                        reason = sentence(done['stderr'] or done['stdout'] or 'exit code %d' % done['rc'], 300)
                        continue
                    if self._asks:
                        self._tell_connection(PATIENCE)
                    self.asked = True
                    answer = self.ask(step, max(1, until - self._clock.monotonic()))
                except Exception as exc:        # whatever a connection plugin raises, of which many are not Ansible's
                    if not reason or self._clock.monotonic() < until - _INSTANT:
                        reason = why(exc)       # else it was cut off by the end, and what was before says more
                    continue
                self.reached = True
                if is_settled(answer):
                    return answer, ''
                reason = answer.get('msg') or answer['status']
        return None, reason.rstrip('.') or 'there was no time for it'

    def _tell_connection(self, seconds: float) -> None:
        """Take what sshd says of the connection in use, which become hides from the module."""
        said = self._command('echo "$SSH_CONNECTION"', seconds, sudoable=False)['stdout'].strip()
        self.more['ssh_connection'] = said if _CONNECTION.fullmatch(said) else None

    def _command(self, command: str, seconds: float, sudoable: bool = True) -> dict[str, Any]:
        """Run a command on the host, with become if it is sudoable."""
        execute = self._action._low_level_execute_command
        done: dict[str, Any] = _deadline.within(seconds, lambda: execute(command, sudoable=sudoable))
        return done


def why(exc: Exception) -> str:
    """Say in few words why nothing came of a login."""
    if isinstance(exc, TimeoutError) and exc.args:
        return 'no answer within %g s' % round(exc.args[0], 1)
    text = ' '.join(str(exc).split()) or type(exc).__name__
    while _PREFIX.match(text):
        text = _PREFIX.sub('', text, 1)
    return sentence(text or _SILENT, 300)
