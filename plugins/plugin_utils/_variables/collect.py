# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Ansible knows to be declared for a host, for the policy. Private to this collection."""

from ansible.utils.unsafe_proxy import wrap_var
from .._policy.declaration import merge
from .._policy.language.refusal import Refused

# Options of the task that take the place of variables.
_OPTIONS = {'expected': merge.ENTRIES, 'waivers': merge.WAIVERS}
_OMITTED = '__omit_place_holder__0'     # as before ansible-core 2.19


def collect(task, task_vars, templar, given, roles=None):
    """All that is declared.

    :param task: ansible.playbook.task.Task.
    :param task_vars: dict, the variables of the host.
    :param templar: ansible.template.Templar.
    :param given: dict, the options ``expected`` and ``waivers`` as far as the task has them, their templates evaluated.
    :param roles: roles.Declared or None, what roles declare that the play does not run.
    :returns: merge.Declared.
    """
    if not roles:
        return _collect(task, task_vars, templar, given)
    mine = templar.available_variables
    templar.available_variables, refusals = roles.over(task_vars, getattr(task.get_variable_manager(), 'extra_vars', {}))
    try:
        found = _collect(task, templar.available_variables, templar, given)
    finally:
        templar.available_variables = mine
    found.refusals[:0] = refusals
    return found


def _collect(task, task_vars, templar, given):
    replaced = {_OPTIONS[option] for option in given}
    variables = {name: value for name, value in _final(task, task_vars, templar).items()
                 if merge.kind(str(name)) not in replaced}
    found = merge.collect(variables, lambda value: _evaluated(templar, value), fact_names(task_vars))
    for option, value in given.items():
        _add(found, option, value)
    return found


def _evaluated(templar, value):
    """What a template says. Raises ValueError with the reason where it says nothing."""
    try:
        # 2.16 has a setting that leaves undefined variables as they are
        return _decrypted(templar.template(value, fail_on_undefined=True))
    except Exception as exc:        # pylint: disable=broad-except  # of any kind that a template may raise
        if type(exc).__name__ == 'AnsibleValueOmittedError':        # since 2.19, where all of a template is omit
            return _OMITTED
        reason = str(exc)
        first, dummy, second = reason.partition('. ')       # 2.16 says some things twice
        raise ValueError(first if first == second else reason) from exc


def _decrypted(value):
    """What was in a vault, as text, which templates yield since 2.19."""
    if hasattr(value, '__ENCRYPTED__'):
        return str(value)
    if isinstance(value, list):
        return [_decrypted(one) for one in value]
    return {key: _decrypted(one) for key, one in value.items()} if isinstance(value, dict) else value


def _add(found, option, value):
    """Add what an option of the task declares."""
    if value is None:
        found.refusals.append(Refused('has no value; leave it out, or use omit', None, option))
        found.variables.append(option)
        return
    alone = merge.collect({_OPTIONS[option]: value}, lambda evaluated: evaluated, ())
    for name in ('entries', 'waivers'):
        getattr(found, name).extend((option, index, one) for dummy, index, one in getattr(alone, name))
    for fault in alone.refusals:
        fault.variable = option
    found.refusals += alone.refusals
    found.variables.append(option)


def fact_names(task_vars):
    """The names under which a fact of the host can be a variable: set of str."""
    keys = {str(key) for key in task_vars.get('ansible_facts') or ()}
    return keys | {'ansible_' + key for key in keys}


def _final(task, task_vars, templar):
    """The variables, such that what set_fact has stored is not evaluated once more.

    Since ansible-core 2.19 text knows whether it may be evaluated. Before, what a playbook had read from a file and
    stored would be.
    """
    if hasattr(templar, 'evaluate_expression'):
        return task_vars
    manager = task.get_variable_manager()
    host = str(task_vars.get('inventory_hostname'))
    stored = getattr(manager, '_nonpersistent_fact_cache', {}).get(host, {})
    names = [name for name in stored
             if merge.kind(str(name)) and name in task_vars and task_vars[name] == stored[name]]
    return dict(task_vars, **{name: wrap_var(task_vars[name]) for name in names})
