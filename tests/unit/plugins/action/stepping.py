# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that does the steps of a change, and new logins to it."""

import types
from unittest import mock

from ansible.errors import AnsibleConnectionFailure
from ansible.parsing.dataloader import DataLoader
from ansible.playbook.task import Task
from ansible_collections.listening.ports.tests.unit.plugins.clock import Clock

SAID = '10.0.0.1 40000 10.0.0.7 22'
WORKS = {'rc': 0, 'stdout': '', 'stderr': ''}
NO_ROUTE = AnsibleConnectionFailure('Failed to connect to the host via ssh: ssh: connect to host 10.0.0.7 port 22: '
                                    'No route to host')


class Host:
    """What a host does, as lists of what is returned or raised, the last of which goes on for ever.

    :param module: the name of the module that does the steps.
    :param answers: of the module, by the names of the steps.
    :param logins: what a bare command after a new login gives.
    :param said: the same for SSH_CONNECTION. :param takes: the seconds of each answer of the module.
    :ivar done: what was done with it, and after how many seconds: list of (text, number).
    """

    def __init__(self, module, answers, logins=(WORKS,), said=(SAID,), transport='ssh', takes=0):
        self._module = 'listening.ports.' + module
        self.answers = {step: list(results) for step, results in answers.items()}
        self.logins, self.said, self.takes = list(logins), list(said), takes
        self.clock, self.done, self.asked = Clock(), [], []
        self.connection = mock.MagicMock(transport=transport)
        self.connection.get_option.side_effect = KeyError
        self.connection.reset.side_effect = lambda: self.note('login')
        self.connection._shell.tmpdir = None

    def note(self, text):
        self.done.append((text, self.clock.passed))

    def module(self, module_name, module_args, task_vars):
        assert module_name == self._module
        self.note(module_args['step'])
        self.asked.append(module_args)
        self.clock.sleep(self.takes)
        return self.next(self.answers[module_args['step']])

    def command(self, command, sudoable=True):
        if not sudoable:
            assert command == 'echo "$SSH_CONNECTION"'
            self.note('SSH_CONNECTION')
            return dict(WORKS, stdout=self.next(self.said) + '\n')
        assert command == 'true'
        self.note('true')
        return self.next(self.logins)

    @staticmethod
    def next(results):
        result = results.pop(0) if len(results) > 1 else results[0]
        if isinstance(result, BaseException):
            raise result
        return dict(result) if isinstance(result, dict) else result

    @property
    def steps(self):
        """What was done, without the times and the logins."""
        return ' '.join(text for text, _after in self.done if text not in ('login', 'true'))


def act(action, host, options, keywords=(), variables=()):
    """The result of an action on that host.

    :param action: the module of Python that it is in.
    """
    task = Task()
    task.args = options
    for name, value in dict(keywords).items():
        setattr(task, name, value)
    made = action.ActionModule(task, host.connection, mock.MagicMock(), DataLoader(), None, None)
    made._load_name = 'listening.ports.' + action.__name__.rpartition('.')[2]
    made.clock = host.clock
    made._execute_module, made._low_level_execute_command = host.module, host.command
    return types.SimpleNamespace(**{'failed': False, 'unreachable': False, 'warnings': [], **made.run(
        task_vars={'inventory_hostname': 'web-1', **dict(variables)})})
