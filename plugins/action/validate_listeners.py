# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks what is declared for hosts. The documentation is in plugins/modules/validate_listeners.py."""

from collections.abc import Sequence
from typing import Any

from ansible.errors import AnsibleError
from ansible_collections.listening.ports.plugins.plugin_utils import _action
from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration.policy import Policy
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language.refusal import Refusals
from ansible_collections.listening.ports.plugins.plugin_utils._report.console import declarations, screen
from ansible_collections.listening.ports.plugins.plugin_utils._report.console.declarations import Checked
from ansible_collections.listening.ports.plugins.plugin_utils._report.console.lines import counted
from ansible_collections.listening.ports.plugins.plugin_utils._variables import host_facts, origins, roles
from ansible_collections.listening.ports.plugins.plugin_utils._variables.of_hosts import OfHosts

# In the result, which a callback prints as a whole where the task fails.
_MOST_FAULTS = 100
_MOST_HOSTS = 20


class ActionModule(_action.Report):
    """Compiles the declarations of all hosts; touches none of them."""

    ARGUMENTS = {
        'hosts': {'type': 'list', 'elements': 'str'},
        'declarations_from': {'type': 'list', 'elements': 'str'},
        'declaration': {'type': 'str', 'choices': ['required', 'optional'], 'default': 'optional'},
        'fail': {'type': 'bool', 'default': True},
        **screen.COLOR,
    }

    def work(self, options: _action.Options, task_vars: _action.Variables, result: _action.Result) -> None:
        """Check one host after the other, each in the context of its own variables."""
        named = options['hosts']
        hosts = _action.known_hosts(task_vars['ansible_play_hosts_all'] if named is None else named, task_vars)
        of_roles = roles.declared(options['declarations_from'], self._loader, self._task.collections)
        of_hosts = OfHosts(self._task, task_vars, self._templar)
        with of_hosts.evaluated():
            checked = [self._check(host, of_hosts, of_roles) for host in hosts]
        lines = declarations.lines(checked)
        self.terminal.show(lines, options['color'])
        reason = _why_failed(checked, options['declaration'] == 'required')
        result.update(
            hosts=declarations.counts(checked), refused=_listed(declarations.faults(checked)),
            warned=_listed(declarations.warnings(checked)), msg=reason or lines[-1][0])
        if reason and options['fail']:
            result['failed'] = True

    def _check(self, host: str, of_hosts: OfHosts, of_roles: roles.Declared) -> Checked:
        """Check the declaration of one host."""
        try:
            variables = of_hosts.variables(host)
        except AnsibleError as exc:     # such as a file of variables that cannot be decrypted
            return Checked(host, faults=['its variables cannot be read: %s' % exc])
        declared = of_hosts.declared(variables, of_roles)
        checked = Checked(host, bool(declared), warnings=declared.warnings)
        steering = host_facts.steering(self._task, variables, self.PARAMETERS)
        if steering:
            checked.faults = [steering]
            return checked
        try:
            if declared or declared.refusals:
                policy = Policy.of(declared)
                checked.warnings = [*policy.warnings, *policy.unknown_clients]
        except Refusals as exc:
            origins.locate(exc.items, {**variables, **of_roles.variables})
            checked.faults = [str(fault) for fault in exc.items]
        return checked


def _listed(groups: Sequence[declarations.Group]) -> list[dict[str, Any]]:
    return [{'message': text, 'hosts_total': len(hosts), 'hosts': hosts[:_MOST_HOSTS]}
            for text, hosts in groups[:_MOST_FAULTS]]


def _why_failed(declared: Sequence[Checked], each: bool) -> str | None:
    """Return why the task fails.

    :param each: whether each host has to have a declaration.
    """
    refused = [checked.host for checked in declared if checked.state == 'refused']
    if refused:
        return 'The declaration of %s is refused: %s' % (counted(refused), declarations.faults(declared)[0][0])
    if not any(checked.declared for checked in declared):
        return 'None of these hosts (%d) has a declaration, so nothing was checked' % len(declared)
    missing = [checked.host for checked in declared if not checked.declared]
    if each and missing:
        return 'Nothing is declared for %s, and a declaration is required' % counted(missing)
    return None
