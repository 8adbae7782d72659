# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Collects what Ansible knows to be declared for a host, for the policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.playbook.task import Task
from ansible.template import Templar
from ansible.utils.unsafe_proxy import wrap_var

from .._harmless.terminal import visible
from .._policy.conditions import named
from .._policy.declaration import merge, settings
from .._policy.language.options import SETTINGS, SWITCHES
from .._policy.language.refusal import Refused
from . import clients, host_facts, roles, written

# Options of the task that take the place of variables.
_OPTIONS = {'expected': merge.ENTRIES, 'waivers': merge.WAIVERS}
_OMITTED = '__omit_place_holder__0'     # as before ansible-core 2.19


def collect(task: Task, task_vars: dict[str, Any], templar: Templar, given: Mapping[str, Any],
            of_roles: roles.Declared | None = None) -> merge.Declared:
    """Collect all that is declared.

    :param task_vars: the variables of the host.
    :param given: the options ``expected`` and ``waivers`` as far as the task has them, their templates evaluated.
    :param of_roles: what roles declare that the play does not run.
    """
    if not of_roles:
        return _with_clients(_collect(task, task_vars, templar, given), task, task_vars, templar)
    own = templar.available_variables
    extra = getattr(task.get_variable_manager(), 'extra_vars', {})
    templar.available_variables, refusals = of_roles.over(task_vars, extra)
    try:
        declared = _collect(task, templar.available_variables, templar, given)
    finally:
        templar.available_variables = own
    declared.refusals[:0] = refusals
    return _with_clients(declared, task, task_vars, templar)


def _with_clients(declared: merge.Declared, task: Task, task_vars: dict[str, Any], templar: Templar) -> merge.Declared:
    """Add what the names stand for that the inventory has for clients."""
    wanted = named.wanted(entry for dummy, dummy_index, entry in declared.entries)
    if wanted:
        found_by = settings.read(declared.switches)[0]
        finder = clients.Finder(task, task_vars, templar, lambda value: _evaluated(templar, value), found_by)
        declared.named = finder.named(wanted)
    return declared


def _collect(task: Task, task_vars: dict[str, Any], templar: Templar, given: Mapping[str, Any]) -> merge.Declared:
    replaced = {_OPTIONS[option] for option in given}
    variables = {name: value for name, value in _final(task, task_vars, templar).items()
                 if merge.kind(str(name)) not in replaced}
    declared = merge.collect(variables, lambda value: _evaluated(templar, value), host_facts.names(task_vars))
    declared.refusals[:0] = _behind_facts(task, task_vars, variables)
    declared.refusals += _misread(variables)
    for option, value in given.items():
        _add(declared, option, value)
    declared.refusals += _misread({option: task.args.get(option) for option in given}, always=True)
    return declared


def _misread(variables: Mapping[Any, Any], always: bool = False) -> list[Refused]:
    """Refuse numbers that YAML has read as others than those that somebody wrote.

    :param always: whether these are options of the task, and all of them declare something.
    """
    lists = {str(name): value for name, value in variables.items()
             if isinstance(value, list) and (always or merge.kind(str(name)))}
    return [fault.at(name, merge.label(entry, index)) for name in sorted(lists)
            for index, entry in enumerate(lists[name]) for fault in written.misread(entry)]


def _behind_facts(task: Task, task_vars: dict[str, Any], variables: Mapping[str, Any]) -> list[Refused]:
    """Refuse what is declared by a template behind which there is a fact of the host, with a name of its own."""
    shadows = host_facts.shadowing(task, task_vars)
    refusals = []
    for name in sorted(str(name) for name in variables) if shadows else ():
        fact = host_facts.behind(variables[name], task_vars, shadows) if _decides(name) else None
        if fact:
            refusals.append(Refused(
                'refers to the variable %s, which is a fact of the host, and facts override your variables, so the '
                'host could judge itself. Remove the fact, and clear the fact cache; or write ansible_facts.%s, if the '
                'host is to decide' % (visible(fact, 100), visible(fact, 100)), None, name))
    return refusals


def _decides(name: str) -> bool:
    """Whether a variable declares something, or decides what comes of it."""
    return bool(merge.kind(name)) or name in SWITCHES or name in SETTINGS


def _evaluated(templar: Templar, value: Any) -> Any:
    """Evaluate a template. Raises ValueError with the reason where it yields nothing."""
    try:
        # 2.16 has a setting that leaves undefined variables as they are
        return _decrypted(templar.template(value, fail_on_undefined=True))
    except Exception as exc:        # of any kind that a template may raise
        if type(exc).__name__ == 'AnsibleValueOmittedError':        # since 2.19, where all of a template is omit
            return _OMITTED
        reason = str(exc)
        first, dummy, second = reason.partition('. ')       # 2.16 says some things twice
        raise ValueError(first if first == second else reason) from exc


def _decrypted(value: Any) -> Any:
    """Return what was in a vault, which templates yield since 2.19, as text."""
    if hasattr(value, '__ENCRYPTED__'):
        return str(value)
    if isinstance(value, list):
        return [_decrypted(element) for element in value]
    return {key: _decrypted(element) for key, element in value.items()} if isinstance(value, dict) else value


def _add(declared: merge.Declared, option: str, value: Any) -> None:
    """Add what an option of the task declares."""
    if value is None:
        declared.refusals.append(Refused('has no value; leave it out, or use omit', None, option))
        declared.variables.append(option)
        return
    alone = merge.collect({_OPTIONS[option]: value}, lambda evaluated: evaluated, ())
    for entries, of_option in ((declared.entries, alone.entries), (declared.waivers, alone.waivers)):
        entries.extend((option, index, entry) for dummy, index, entry in of_option)
    for fault in alone.refusals:
        fault.variable = option
    declared.refusals += alone.refusals
    declared.variables.append(option)


def _final(task: Task, task_vars: dict[str, Any], templar: Templar) -> dict[str, Any]:
    """Return the variables, such that what set_fact has stored is not evaluated once more.

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
