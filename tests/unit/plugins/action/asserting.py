# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""assert_listeners on a host that gives certain answers, by a clock that does not keep anybody waiting."""

import time
from unittest import mock

from ansible.parsing.dataloader import DataLoader
from ansible.playbook.task import Task
from ansible.template import Templar
from ansible_collections.listening.ports.plugins.action import assert_listeners
from ansible_collections.listening.ports.plugins.module_utils._wire import pack
from ansible_collections.listening.ports.plugins.plugin_utils._facts import recorded
from ansible_collections.listening.ports.tests.unit.plugins.plugin_utils.samples import facts


NOW = int(time.time())


class Clock:
    """A clock that time passes on while somebody sleeps, and a second with each look; the date stays what it is."""

    def __init__(self):
        self.now, self.slept = 1000.0, []

    def time(self):
        return NOW

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


class Action(assert_listeners.ActionModule):
    """The action with answers in place of a host: dicts, or exceptions to raise. The last one is given again."""

    def __init__(self, answers, clock, arguments, variables, keywords):
        task = Task()
        task.args = arguments
        for key, value in keywords.items():
            setattr(task, key, value)
        loader = DataLoader()
        super().__init__(
            task, mock.MagicMock(), mock.MagicMock(), loader, Templar(loader=loader, variables=variables), None
        )
        self._load_name = 'listening.ports.assert_listeners'
        self.answers, self.asked, self.clock = list(answers), [], clock

    def _execute_module(self, **options):
        self.asked.append(options)
        self.clock.now += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, BaseException):
            raise answer
        return answer


class Run:
    """Runs the action; what it asked the host, and how long it slept, can be looked at afterwards.

    :ivar discovered: the key and the path of an interpreter that the action discovers, if any.
    :ivar seconds_of_run: returns for how long the process runs that the worker is a child of.
    """

    def __init__(self):
        self.clock = Clock()
        self.asked = None
        self.discovered = ()
        self.seconds_of_run = recorded.seconds_of_run

    def __call__(self, *answers, variables=None, keywords=None, **arguments):
        """Answers are facts of the host, packed ones, or exceptions."""
        task_vars = dict({'inventory_hostname': 'web-1', 'ansible_facts': {}}, **(variables or {}))
        packed = [
            {'packed': pack(answer), 'changed': False} if isinstance(answer, dict) and 'listeners' in answer else answer
            for answer in answers
        ]
        action = Action(
            packed or [AssertionError('the host was contacted')], self.clock, arguments, task_vars, keywords or {}
        )
        self.asked = action.asked
        action.seconds_of_run = self.seconds_of_run
        if self.discovered:
            action._discovered_interpreter_key, action._discovered_interpreter = self.discovered
        return action.run(task_vars=task_vars)

    @property
    def looks(self):
        return len(self.asked)


def seen(*listeners, **other):
    """Facts of a host."""
    return facts(*listeners, **other)
