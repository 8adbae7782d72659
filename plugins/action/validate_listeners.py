# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks what is declared for hosts. The documentation is in plugins/modules/validate_listeners.py."""

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration.policy import Policy
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language.refusal import Refusals
from ansible_collections.listening.ports.plugins.plugin_utils._report.console import declarations, screen
from ansible_collections.listening.ports.plugins.plugin_utils._report.console.lines import counted
from ansible_collections.listening.ports.plugins.plugin_utils._variables import collect, origins, roles as _roles

_ARGUMENTS = {
    'hosts': {'type': 'list', 'elements': 'str'},
    'declarations_from': {'type': 'list', 'elements': 'str'},
    'fail': {'type': 'bool', 'default': True},
    'color': {'type': 'str', 'choices': ['auto', 'always', 'never'], 'default': 'auto'},
}
# What variables of a host may speak of, and hostvars does not have.
_OF_THE_PLAY = ('ansible_limit', 'omit', 'play_hosts')
# In the result, which a callback prints as a whole where the task fails.
_MOST_FAULTS = 100
_MOST_HOSTS = 20

display = Display()


class ActionModule(ActionBase):
    """Compiles the declarations of all hosts; touches none of them."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        del tmp
        dummy, options = self.validate_argument_spec(argument_spec=_ARGUMENTS)
        names = options['hosts']
        if names is None:
            names = task_vars['ansible_play_hosts_all']
        names = list(dict.fromkeys(str(name) for name in names))
        unknown = [name for name in names if name not in task_vars['hostvars']]
        if unknown:
            raise AnsibleActionFail('not in the inventory: %s' % counted(unknown))

        roles = _roles.declared(options['declarations_from'], self._loader, self._task.collections)
        mine = self._templar.available_variables
        try:
            checked = [self._check(name, task_vars, roles) for name in names]
        finally:
            self._templar.available_variables = mine
        lines = declarations.lines(checked)
        screen.show(display, lines, options['color'])
        result.update(changed=False, hosts=declarations.counts(checked), refused=_found(checked, 'faults'), warned=_found(checked, 'warnings'))
        why = _why_failed(checked)
        result['msg'] = why or lines[-1][0]
        if why and options['fail']:
            result['failed'] = True
        return result

    def _check(self, name, task_vars, roles):
        """The declaration of one host, in the context of its own variables."""
        of_all = task_vars['hostvars']
        try:
            variables = dict(of_all.raw_get(name), hostvars=of_all)
        except AnsibleError as exc:     # such as a file of variables that cannot be decrypted
            return declarations.Checked(name, faults=['its variables cannot be read: %s' % exc])
        for key, value in task_vars.items():
            if key.startswith('ansible_play_') or key in _OF_THE_PLAY:
                variables.setdefault(key, value)
        self._templar.available_variables = variables
        declared = collect.collect(self._task, variables, self._templar, {}, roles)
        found = declarations.Checked(name, bool(declared), warnings=declared.warnings)
        try:
            if declared or declared.refusals:
                found.warnings = Policy.of(declared).warnings
        except Refusals as exc:
            origins.locate(exc.items, {**variables, **roles.variables})
            found.faults = [str(fault) for fault in exc.items]
        return found


def _found(checked, attribute):
    return [{'message': text, 'hosts_total': len(names), 'hosts': names[:_MOST_HOSTS]}
            for text, names in declarations.grouped(checked, attribute)[:_MOST_FAULTS]]


def _why_failed(checked):
    """str: why the task fails; None where it does not."""
    refused = [one.host for one in checked if one.state == 'refused']
    if refused:
        return 'The declaration of %s is refused: %s' % (counted(refused), declarations.grouped(checked, 'faults')[0][0])
    if not any(one.declared for one in checked):
        return 'Nothing is declared for any of these hosts (%d), so nothing was checked' % len(checked)
    return None
