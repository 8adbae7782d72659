# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tells which variables come from facts of a host: it may have made them up, and they override those of an inventory.

A fact with a name of its own, ``app_ports``, becomes a variable that whoever wrote ``{{ app_ports }}`` may take for his
own. One that is called ``ansible_...``, or is read from ``ansible_facts``, is known for what it is by whoever refers to
it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible.playbook.task import Task
from jinja2 import Environment, TemplateError, nodes

from .._harmless.terminal import visible

# Variables that decide how an audit, or a probe, is done and what comes of it.
AUDIT = ('audit_collector', 'audit_declaration', 'audit_declarations_from', 'audit_dest', 'audit_fail',
         'audit_formats', 'audit_gather', 'audit_look_timeout', 'audit_mode', 'audit_output_dir', 'audit_reach',
         'audit_return_facts', 'audit_shared', 'audit_source_root', 'audit_stats')
PROBE = ('probe_addresses', 'probe_fail', 'probe_fail_on', 'probe_gather', 'probe_look_timeout',
         'probe_max_parallel', 'probe_records', 'probe_shared', 'probe_timeout', 'probe_total_timeout')
REACH = ('reach_addresses', 'reach_fail', 'reach_fail_on', 'reach_from', 'reach_look_timeout', 'reach_max_parallel',
         'reach_ports', 'reach_probe', 'reach_records', 'reach_shared', 'reach_timeout', 'reach_to',
         'reach_total_timeout')
# The same for the role firewall: they decide what is filtered, and what is open.
FIREWALL = ('firewall_confirm', 'firewall_despite', 'firewall_mode', 'firewall_open', 'firewall_plan',
            'firewall_protected_sources', 'firewall_state')
# And for the role close: they decide what is stopped.
CLOSE = ('close_confirm', 'close_despite', 'close_kinds', 'close_mask', 'close_plan', 'close_processes',
         'close_protected', 'close_windows')
# And for the playbook enforce: they decide whether anything is done at all.
ENFORCE = ('enforce_actions', 'enforce_confirm', 'enforce_serial')
# And for the playbook baseline: they decide what is declared, and where.
BASELINE = ('baseline_clients', 'baseline_clients_days', 'baseline_clients_runs', 'baseline_declarations_from',
            'baseline_dest', 'baseline_doubtful', 'baseline_exposure', 'baseline_gather', 'baseline_look_timeout',
            'baseline_loopback', 'baseline_records', 'baseline_shared', 'baseline_snapshots')
# And for the playbook validate, where it compares: they decide by what hosts are judged.
VALIDATE = ('validate_base', 'validate_fail', 'validate_markdown', 'validate_max_age', 'validate_records',
            'validate_shared')
# And for the playbook drift: they decide what is compared, and what counts.
DRIFT = ('drift_against', 'drift_dest', 'drift_fail', 'drift_formats', 'drift_gather', 'drift_ignore', 'drift_keep',
         'drift_look_timeout', 'drift_records', 'drift_shared', 'drift_snapshots')
_REMEDY = 'remove the fact, and clear the fact cache'
_PREFIX = 'ansible_'
_LOOKUPS = ('lookup', 'query', 'q')
_OF_VARIABLES = ('vars', 'hostvars')
_templates = Environment(extensions=['jinja2.ext.do', 'jinja2.ext.loopcontrols'])


def names(task_vars: Mapping[str, Any]) -> set[str]:
    """Return the names under which a fact of the host can be a variable."""
    keys = {str(key) for key in task_vars.get('ansible_facts') or ()}
    return keys | {_PREFIX + key for key in keys}


def steering(task: Task, task_vars: Mapping[str, Any], parameters: Iterable[str]) -> str | None:
    """Return why a host would decide how it is audited, filtered, or what is stopped on it; None if it would not.

    :param task_vars: the variables of the host, as they are written.
    :param parameters: variables that no fact may be, nor be behind.
    """
    known, parameters = names(task_vars), list(parameters)
    for name in parameters:
        if name in known:
            return 'it has a fact named %s, by which it would decide %s: %s' % (
                name, _decided(name), _REMEDY)
    shadows = shadowing(task, task_vars)
    for name in parameters if shadows else ():
        fact = behind(task_vars.get(name), task_vars, shadows)
        if fact:
            return ('the variable %s refers to %s, which is a fact of it, by which it would decide %s: '
                    '%s' % (name, visible(fact, 200), _decided(name), _REMEDY))
    return None


def _decided(name: str) -> str:
    if name in CLOSE:
        return 'what is stopped on it'
    if name in ENFORCE:
        return 'what is done to it'
    if name in BASELINE:
        return 'what is declared for it'
    if name in DRIFT:
        return 'what counts as a change of it'
    return 'how it is filtered' if name in FIREWALL else 'how it is audited'


def shadowing(task: Task, task_vars: Mapping[str, Any]) -> set[str]:
    """Return the variables with names of their own that are facts of the host."""
    kept = _kept(task, str(task_vars.get('inventory_hostname')))
    if kept is None:        # then all that is known is without prefix
        kept = {key: value for key, value in (task_vars.get('ansible_facts') or {}).items()
                if _PREFIX + str(key) not in task_vars}
    return {str(name) for name, value in kept.items()
            if not str(name).startswith(_PREFIX) and name in task_vars and task_vars[name] == value}


def _kept(task: Task, host: str) -> Mapping[str, Any] | None:
    """Return the facts of a host as Ansible keeps them, by their full names; None where they cannot be had."""
    cache = getattr(task.get_variable_manager(), '_fact_cache', None)
    if cache is None:
        return None
    try:
        kept = cache.get(host)
    except KeyError:
        return {}
    return kept if isinstance(kept, Mapping) else None if kept is not None else {}


def behind(value: object, variables: Mapping[str, Any], wanted: set[str]) -> str | None:
    """Return one of some variables that templates in a value refer to, be it through other variables; None without.

    :param variables: as they are written.
    :param wanted: their names.
    """
    pending, seen = [value], set(wanted)
    while pending:
        for name in _references(pending.pop()):
            if name in wanted:
                return name
            if name in variables and name not in seen:
                seen.add(name)
                pending.append(variables[name])
    return None


def _references(value: object) -> Iterator[str]:
    """Yield the names of variables in the templates of a value."""
    if isinstance(value, str):
        if '{{' in value or '{%' in value:
            yield from _of_template(value)
    elif isinstance(value, Mapping):
        for key, element in value.items():
            yield from _references(key)
            yield from _references(element)
    elif isinstance(value, (list, tuple)):
        for element in value:
            yield from _references(element)


def _of_template(text: str) -> Iterator[str]:
    try:
        tree = _templates.parse(text)
    except (TemplateError, RecursionError):     # who evaluates it will say so
        return
    for node in tree.find_all(nodes.Name):
        yield node.name
    for call in tree.find_all(nodes.Call):      # lookup('vars', 'name')
        if isinstance(call.node, nodes.Name) and call.node.name in _LOOKUPS:
            for constant in call.find_all(nodes.Const):
                yield str(constant.value)
    for access in tree.find_all((nodes.Getitem, nodes.Getattr)):        # vars['name'], hostvars[host].name
        root: nodes.Node = access
        while isinstance(root, (nodes.Getitem, nodes.Getattr)):
            root = root.node
        if isinstance(root, nodes.Name) and root.name in _OF_VARIABLES:
            if isinstance(access, nodes.Getattr):
                yield access.attr
            elif isinstance(access, nodes.Getitem) and isinstance(access.arg, nodes.Const):
                yield str(access.arg.value)
