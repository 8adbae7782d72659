# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Ansible knows to be declared for a host, for the policy. Private to this collection."""

import dataclasses
import fnmatch

from ansible.utils.unsafe_proxy import wrap_var
from .._policy.declaration import merge
from .._policy.judgement import presence
from .._policy.language.refusal import Refusals, Refused, meant, shown

# Options of the task that take the place of variables.
_OPTIONS = {'expected': merge.ENTRIES, 'waivers': merge.WAIVERS}
_MOST_UNITS = 1000      # of which the module describes those that hold nothing
_OMITTED = '__omit_place_holder__0'     # as before ansible-core 2.19


def collect(task, task_vars, templar, given, roles=None):
    """All that is declared.

    :param task: ansible.playbook.task.Task.
    :param task_vars: dict, the variables of the host.
    :param templar: ansible.template.Templar.
    :param given: dict, the options ``expected`` and ``waivers`` as far as the task has them, their templates evaluated.
    :param roles: _roles.Declared or None, what roles declare that the play does not run.
    :returns: _merge.Declared.
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


def _fits(label, pattern):
    return label == pattern or fnmatch.fnmatchcase(label, pattern)


class Choice:
    """The entries that a task is about: all of a policy, or some of them.

    :ivar entries: list of Entry that hold for the host.
    :ivar whole: bool, whether that is all.
    """

    def __init__(self, policy, patterns):
        """:raises Refusals: a pattern fits no entry.

        :param policy: _policy.Policy.
        :param patterns: list of str, names or globs of names; None for all.
        """
        self.whole = patterns is None
        self.entries = policy.entries
        if self.whole:
            return
        labels = [entry.label for entry in policy.all_entries]
        unknown = [pattern for pattern in patterns if not any(_fits(label, pattern) for label in labels)]
        if unknown:
            raise Refusals([Refused('%s is the name of no entry of this host%s' % (shown(pattern), meant(pattern, labels)),
                                    None, 'entries') for pattern in unknown])
        self.entries = [entry for entry in policy.entries if any(_fits(entry.label, pattern) for pattern in patterns)]

    @property
    def services(self):
        """The units to ask about where they are missing: list of str."""
        found = {name for entry in self.entries if entry.state == 'required' for name in presence.services_of(entry)}
        return sorted(found)[:_MOST_UNITS]

    def narrowed(self, result):
        """What a Result says of these entries.

        The judgement is always that of the whole policy: an entry that is not asked about may be the one that lets a
        listener be.
        """
        if self.whole:
            return result
        labels = {entry.label for entry in self.entries}
        places = {(entry.variable, entry.label) for entry in self.entries}

        def is_about(found):
            return (found.declared_in, found.entry) in places or not labels.isdisjoint(found.about)

        return dataclasses.replace(
            result, findings=[found for found in result.findings if is_about(found)], second_look=False,
            waived=[(found, waiver) for found, waiver in result.waived if is_about(found)])
