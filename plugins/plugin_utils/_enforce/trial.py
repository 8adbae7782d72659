# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Has a host try a change, logs in anew, and has it keep the change.

Nothing here takes a change back: a trial that no new login keeps ends by itself, on the host, whatever becomes of this
side.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any, ClassVar

from ansible.errors import AnsibleActionFail

from ...module_utils._filter.arguments import BEGIN, KEEP, SWEEP
from .. import _action, _task_result
from . import results
from .steps import Answer, NoAnswer, Steps, why

_ANSWER = 300           # seconds in which a host has looked around, tried whether a trial can end, begun it, answered
_EARLY = 1              # seconds before the end of a trial from which on nothing is begun that would keep it
_RETURN = 30            # seconds for a login after the trial
_SETTLED = {KEEP: ('kept', 'reverted', 'busy'), SWEEP: ('kept', 'reverted')}


class Action(_action.Action):
    """An action that changes the host of the task by steps, with a new login in between.

    :cvar WHY_NOT: keywords of a task that would prove the wrong thing, and the reason, which follows the name.
    :cvar FAULT: finds what is wrong with the options of the task, beyond their types: a sentence, or None.
    :cvar ON_WINDOWS: whether it has a way of its own for Windows hosts.
    :cvar clock: has ``monotonic`` and ``sleep``.
    """

    WHY_NOT: ClassVar[Mapping[str, str]]
    FAULT: ClassVar[Callable[..., str | None]]
    ON_WINDOWS: ClassVar[bool] = False
    clock: ClassVar[Any] = time

    def run(self, tmp: str | None = None, task_vars: _action.Variables | None = None) -> _action.Result:
        """Refuse what cannot work before anything else: nothing has begun then that would end by itself."""
        if self._task.async_val:
            raise AnsibleActionFail('%s does not work with async%s' % (self._plugin_name, self.WHY_NOT['async']))
        if self.is_windows and not self.ON_WINDOWS:
            raise AnsibleActionFail('%s does not work on Windows hosts yet' % self._plugin_name)
        return super().run(tmp, task_vars)

    def work(self, options: _action.Options, task_vars: _action.Variables, result: _action.Result) -> None:
        """Change the host, unless the task would have another one changed, or its options mean nothing."""
        for keyword, reason in self.WHY_NOT.items():
            if keyword != 'async':
                self.refuse_other_hosts(reason, [keyword])
        fault = type(self).FAULT(options)
        if fault:
            raise AnsibleActionFail(fault)
        self.change(options, task_vars, result)
        if self.discovered:
            result['ansible_facts'] = self.discovered

    def change(self, options: _action.Options, task_vars: _action.Variables, result: _action.Result) -> None:
        """Change the host; the result says what came of it."""
        raise NotImplementedError


class Case:
    """One host, the change that it is to have, and what becomes of it. Which change that is, a class below knows.

    :cvar MODULE: what does the steps on the host: ``begin``, ``keep`` and ``sweep``, see ``arguments`` of both changes.
    :cvar KEYS: what is known of its answers.
    :cvar OF_THE_END: what of an answer counts in the last step; all else is as it was before the trial.
    """

    MODULE: ClassVar[str]
    KEYS: ClassVar[Collection[str]]
    OF_THE_END: ClassVar[Collection[str]]

    def __init__(self, action: Action, options: _action.Options, task_vars: _action.Variables,
                 result: _action.Result) -> None:
        self._options, self._result, self._clock = options, result, action.clock
        self._is_trial = bool(options['confirm']) and not action._task.check_mode
        self._name = _task_result.host_name(str(task_vars.get('inventory_hostname')))
        self._steps = Steps(action, self.MODULE, options, task_vars, result, self.KEYS, self.formed)
        self._steps.more['token'] = secrets.token_hex(4)

    def run(self) -> None:
        """Have the change tried and kept, or leave the host as it was; the result says which."""
        try:
            answer = self._steps.begin(BEGIN, _ANSWER)
        except NoAnswer as exc:
            self._result['unreachable' if exc.unreachable else 'failed'] = True
            # there is a change to be feared only where one was to be tried
            words = ' ' + self.perhaps_begun(self._options['confirm']) if self._is_trial else ''
            self._result.update(status='failed', msg='%s: %s%s' % (self._name, _ended(why(exc)), words))
            return
        if answer['status'] == results.TRIAL:
            # a host that says it takes longer than it was asked to is not waited for
            seconds = min(answer.pop('seconds'), self._options['confirm'])
            self._steps.more.update(self.tried(answer))
            self.settle(answer, self._confirm(seconds, answer))
        self.complete(answer)
        self._result.update(answer, msg='%s: %s' % (self._name, answer.get('msg', answer['status'])))
        if answer['status'] in results.FAILING:
            self._result['failed'] = True

    def _confirm(self, seconds: int, began: Answer) -> Answer:
        """Log in anew while the change is tried, and have it kept; returns what came of it.

        :param seconds: for how long it is tried, at most.
        :param began: the answer of the first step.
        """
        ends = self._clock.monotonic() + seconds
        answer, reason = self._over_new_login(KEEP, ends - _EARLY)
        if answer and answer['status'] != 'reverted':
            return answer
        if not answer:
            self._clock.sleep(max(0, ends + _EARLY - self._clock.monotonic()))
        only_refused = self._steps.reached
        silent = self._steps.asked and not only_refused     # it may have kept it, and its answer was lost
        words = 'logged in again, and got no answer' if silent else 'could not log in again'
        lost = '%s within %d s (%s)' % (words, seconds, reason)
        if answer:
            lost = 'a new login came too late (%s)' % answer['msg'].rstrip('.')
        answer, reason = self._over_new_login(SWEEP, self._clock.monotonic() + _RETURN)
        if not answer and not self._steps.reached:
            return self.unheard(lost, reason, began) if silent else self.unreached(lost, reason, began)
        connection = began['connection']
        again = '' if only_refused or silent or not connection else '; tcp %d answers again' % connection['port']
        if not answer:
            return self.unswept(lost, again, reason, began)
        if answer['status'] == 'reverted':
            answer['msg'] = self.reverted(lost, again, began, answer)
        return answer           # or it is kept: that was not heard

    def _over_new_login(self, step: str, until: float) -> tuple[Answer | None, str]:
        return self._steps.over_new_login(step, until, lambda answer: self.is_settled(step, answer))

    # what is known of the change

    def is_settled(self, step: str, answer: Answer) -> bool:
        """Whether there is no use in asking for a step again."""
        return answer['status'] in _SETTLED[step]

    def tried(self, answer: Answer) -> dict[str, Any]:
        """Return what the later steps are told besides, of a trial that has begun: a boot loses what the host noted."""
        return {}

    def settle(self, answer: Answer, settled: Answer) -> None:
        """Put what came of the trial into the answer to the first step."""
        answer.update({key: settled[key] for key in self.OF_THE_END if key in settled})

    def formed(self, answer: Answer) -> Answer:
        """Check an answer of the module. Raises Fault."""
        raise NotImplementedError

    def perhaps_begun(self, seconds: int) -> str:
        """Say what may be the case after an answer to the first step that did not come."""
        raise NotImplementedError

    def unheard(self, lost: str, reason: str, began: Answer) -> Answer:
        """Return what is known of a host that let us in, and did not answer, neither in the trial nor after it."""
        raise NotImplementedError

    def unreached(self, lost: str, reason: str, began: Answer) -> Answer:
        """Return what is known of a host that lets nobody in, also not after the trial."""
        raise NotImplementedError

    def unswept(self, lost: str, again: str, reason: str, began: Answer) -> Answer:
        """Return what is known of a host that does not say that all is as it was.

        :param again: that the way in is open again, if that is news.
        """
        raise NotImplementedError

    def reverted(self, lost: str, again: str, began: Answer, ended: Answer) -> str:
        """Say that all is as it was."""
        raise NotImplementedError

    def complete(self, answer: Answer) -> None:
        """Put into the last answer what is only known at the end."""
        raise NotImplementedError


def _ended(text: str) -> str:
    return text if text.endswith('.') else text + '.'
