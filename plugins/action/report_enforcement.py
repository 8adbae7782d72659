# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows what is planned for hosts, and what came of it.

The documentation is in plugins/modules/report_enforcement.py.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ansible.errors import AnsibleActionFail
from ansible_collections.listening.ports.plugins.plugin_utils import _action, _task_result
from ansible_collections.listening.ports.plugins.plugin_utils._enforce import outcomes
from ansible_collections.listening.ports.plugins.plugin_utils._enforce.outcomes import Outcome, Registered
from ansible_collections.listening.ports.plugins.plugin_utils._harmless.terminal import visible
from ansible_collections.listening.ports.plugins.plugin_utils._report.console import enforcement, screen
from ansible_collections.listening.ports.plugins.plugin_utils._report.console.lines import BAD, counted
from ansible_collections.listening.ports.plugins.plugin_utils._variables import host_facts

_PLAN, _SO_FAR, _DONE = _STAGES = ('plan', 'so_far', 'done')
_PLAIN, _ODD = re.compile(r'[A-Za-z0-9_][A-Za-z0-9_.-]*'), re.compile(r'[^A-Za-z0-9_-]', re.DOTALL)
_RESULTS = ('planned', 'closed', 'again', 'filtered', 'opened', 'audited', 'failed')


class ActionModule(_action.Report):
    """Reads what tasks registered on all hosts of a play; touches no host."""

    PARAMETERS = host_facts.ENFORCE
    ARGUMENTS = {
        'stage': {'type': 'str', 'choices': list(_STAGES), 'required': True},
        'hosts': {'type': 'list', 'elements': 'str'},
        'planned': {'type': 'str', 'required': True},
        **{name: {'type': 'str'} for name in _RESULTS if name != 'planned'},
        'width': {'type': 'int'},
        **screen.COLOR,
    }

    def work(self, options: _action.Options, task_vars: _action.Variables, result: _action.Result) -> None:
        """Show the plan, or what came of it, or say whether a host has failed so far."""
        width = self.width(options)
        # not by a template, which would take names of hosts for templates
        hosts = options['hosts'] if options['hosts'] is not None else task_vars.get('ansible_play_hosts_all', [])
        names = _action.known_hosts(hosts, task_vars)
        if not names:
            raise AnsibleActionFail('hosts is empty: nobody would be acted on')
        registered = {name: self._registered(name, options, task_vars) for name in names}
        if options['stage'] == _PLAN:
            self._plan([outcomes.planned(name, registered[name]) for name in names], width, options, result)
        elif options['stage'] == _DONE:
            self._done([outcomes.done(name, registered[name]) for name in names], width, options, result)
        else:
            self._so_far(registered, options, result)

    def _plan(self, planned: Sequence[Outcome], width: int | None, options: _action.Options,
              result: _action.Result) -> None:
        """Show the plan; it fails where there is none for anybody."""
        lines, last = enforcement.plan_lines(planned, width)
        self.terminal.show(lines, options['color'])
        missing = [outcome for outcome in planned if outcome.state == outcomes.UNPLANNED]
        act = [outcome.name for outcome in planned if outcome.state == outcomes.ACTS]
        result.update(act=act, patterns=list(map(_pattern, act)),
                      unplanned=[outcome.name for outcome in missing], msg=last, table=screen.capped(lines))
        if len(missing) == len(planned):
            result.update(failed=True, msg='Nothing was changed, since no host could be planned for. %s: %s' % (
                _task_result.host_name(missing[0].name), missing[0].reason))
            del result['table']         # it was shown, and a callback prints all of what failed

    def _so_far(self, registered: dict[str, Registered], options: _action.Options, result: _action.Result) -> None:
        """Say whether acting on a host has failed."""
        failures = {name: each.failure for name, each in registered.items()}
        failing = [name for name, failure in failures.items() if failure is not None]
        result.update(stop=bool(failing), failed_hosts=failing, msg='No host has failed')
        if failing:
            result['msg'] = 'Nothing more is done to any host, since %s failed' % counted(failing)
            self.terminal.show([('%s: %s.' % (result['msg'], (failures[failing[0]] or '').rstrip('.')), BAD)],
                               options['color'])

    def _done(self, done: Sequence[Outcome], width: int | None, options: _action.Options,
              result: _action.Result) -> None:
        """Show what came of the plan, and say which hosts are not as they should be."""
        lines, last = enforcement.done_lines(done, width, self._task.check_mode)
        self.terminal.show(lines, options['color'])
        result.update(
            failing={outcome.name: reason for outcome in done for reason in [_fault(outcome)] if reason},
            states={outcome.name: outcome.state for outcome in done}, msg=last, table=screen.capped(lines))

    @staticmethod
    def _registered(name: str, options: _action.Options, task_vars: _action.Variables) -> Registered:
        """Return what tasks registered on a host. Raises AnsibleActionFail where the host has a say in it."""
        variables = task_vars['hostvars'].raw_get(name)
        wanted = {result: options[result] for result in _RESULTS if options[result]}
        facts = host_facts.names(variables)
        for variable in (*host_facts.ENFORCE, *wanted.values()):
            if variable in facts:
                raise AnsibleActionFail('%s has a fact named %s: a host must not decide what is done. Nothing was '
                                        'changed since; remove the fact, and clear the fact cache' % (
                                            _task_result.host_name(name), visible(variable, 200)))
        return Registered(**{result: variables.get(variable) for result, variable in wanted.items()})


def _pattern(name: str) -> str:
    """Return a pattern of hosts that matches this one: a name that would be several patterns, or a range, is none."""
    return name if _PLAIN.fullmatch(name) else '~^%s$' % _ODD.sub('.', name)


def _fault(outcome: Outcome) -> str | None:
    """Return what is wrong with a host at the end; None where nothing is."""
    name, reason = _task_result.host_name(outcome.name), outcome.audit if outcome.passes is False else None
    if outcome.state == outcomes.UNPLANNED:
        reason = 'nothing was done to it, as it could not be planned for: %s' % outcome.reason
    elif outcome.state == outcomes.WRONG:
        reason = outcome.reason
    elif outcome.state == outcomes.UNTOUCHED:
        reason = 'nothing was done to it, as another host failed'
    elif outcome.state == outcomes.PARTLY:
        reason = 'what had to be closed was, and nothing was filtered, as another host failed'
    return reason if reason is None or reason.startswith(name) else '%s: %s' % (name, reason)
