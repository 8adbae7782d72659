# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is declared for other hosts than the one that a task runs for, and which groups a declaration may be for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from ansible.playbook.task import Task
from ansible.template import Templar

from .._policy.declaration import merge
from . import collect, made_groups, roles

# What the variables of a host may refer to, and hostvars does not have.
_OF_THE_PLAY = ('ansible_limit', 'omit', 'play_hosts')
_UNGROUPED = 'ungrouped'


class OfHosts:
    """The variables of hosts, each in the context of its own."""

    def __init__(self, task: Task, task_vars: dict[str, Any], templar: Templar) -> None:
        """Take the task.

        :param task_vars: the variables of the host that the task runs for.
        """
        self._task, self._task_vars, self._templar = task, task_vars, templar

    @contextmanager
    def evaluated(self) -> Iterator[None]:
        """Leave the templar as it was, whichever hosts were asked about."""
        variables = self._templar.available_variables
        try:
            yield
        finally:
            self._templar.available_variables = variables

    def variables(self, host: str) -> dict[str, Any]:
        """Return the variables of a host, as they are written. Raises AnsibleError, as for a vault without password."""
        hostvars = self._task_vars['hostvars']
        variables = dict(hostvars.raw_get(host), hostvars=hostvars)
        for key, value in self._task_vars.items():
            if key.startswith('ansible_play_') or key in _OF_THE_PLAY:
                variables.setdefault(key, value)
        return variables

    def declared(self, variables: dict[str, Any], of_roles: roles.Declared) -> merge.Declared:
        """Collect what is declared for a host.

        :param variables: what ``variables`` returned.
        """
        self._templar.available_variables = variables
        return collect.collect(self._task, variables, self._templar, {}, of_roles)


def groups(task: Task, task_vars: Mapping[str, Any]) -> dict[str, Sequence[str]]:
    """List the groups of the inventory that a declaration may be for, with their hosts.

    A group that is made of what hosts show of themselves is none: a host would choose what is declared for it.
    """
    everything: Mapping[str, Sequence[str]] = task_vars.get('groups') or {}
    of_facts = made_groups.of_facts(task, everything)
    return {str(name): [str(host) for host in hosts] for name, hosts in everything.items()
            if hosts and name != _UNGROUPED and name not in of_facts}
