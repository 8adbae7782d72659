# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judges recorded hosts before and after a change of the declaration. The documentation is in
plugins/modules/compare_declarations.py.
"""

from __future__ import annotations

import datetime
import os
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible_collections.listening.ports.plugins.plugin_utils import _action, _task_result
from ansible_collections.listening.ports.plugins.plugin_utils._facts import recorded, records
from ansible_collections.listening.ports.plugins.plugin_utils._facts.live import Looked
from ansible_collections.listening.ports.plugins.plugin_utils._harmless.terminal import sentence, visible
from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration.merge import Declared
from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration.policy import Policy
from ansible_collections.listening.ports.plugins.plugin_utils._policy.judgement import fleet, judge
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language.refusal import Refusals
from ansible_collections.listening.ports.plugins.plugin_utils._report import progress
from ansible_collections.listening.ports.plugins.plugin_utils._report.console import screen
from ansible_collections.listening.ports.plugins.plugin_utils._report.console.lines import fitting
from ansible_collections.listening.ports.plugins.plugin_utils._report.groups import Group
from ansible_collections.listening.ports.plugins.plugin_utils._report.host import Host
from ansible_collections.listening.ports.plugins.plugin_utils._report.impact import compare, markdown, text
from ansible_collections.listening.ports.plugins.plugin_utils._report.pool import Pool
from ansible_collections.listening.ports.plugins.plugin_utils._variables import host_facts, origins, places, roles
from ansible_collections.listening.ports.plugins.plugin_utils._variables.inventories import Inventory
from ansible_collections.listening.ports.plugins.plugin_utils._variables.of_hosts import OfHosts

# In the result, which a callback prints as a whole where the task fails.
_MOST_FINDINGS = 100
_MOST_HOSTS = 20


class Side(NamedTuple):
    """An inventory, and what it declares.

    :ivar top: what places of entries are relative to.
    """

    of_hosts: OfHosts
    of_roles: roles.Declared
    top: str


class ActionModule(_action.Report):
    """Reads the records of all hosts, and judges each by two declarations; touches no host."""

    ARGUMENTS = {
        **_action.SHARED,
        **screen.COLOR,
        'records': {'type': 'path', 'required': True},
        'base': {'type': 'path', 'required': True},
        'hosts': {'type': 'list', 'elements': 'str'},
        'max_age': {'type': 'int', 'default': 172800},
        'declarations_from': {'type': 'list', 'elements': 'str'},
        'markdown': {'type': 'path'},
        'fail': {'type': 'bool', 'default': True},
        'width': {'type': 'int'},
    }

    def work(self, options: _action.Options, task_vars: _action.Variables, result: _action.Result) -> None:
        """Judge, compare, and show what differs."""
        width = self.width(options)
        _action.refuse_less(options, {'max_age': 0})
        if not os.path.isdir(options['records']):
            raise AnsibleActionFail('%s is not a directory: nothing was recorded there'
                                    % visible(options['records'], 1000))
        self.warn_of_others(options['records'], options, result)
        named = options['hosts']
        names = _action.known_hosts(task_vars['ansible_play_hosts_all'] if named is None else named, task_vars)
        try:
            base = Inventory(options['base'], self._loader)
        except AnsibleError as exc:
            raise AnsibleActionFail('base: %s' % exc) from exc
        of_roles = roles.declared(options['declarations_from'], self._loader, self._task.collections)
        after = Side(OfHosts(self._task, task_vars, self._templar), of_roles,
                     places.top(task_vars.get('inventory_dir')))
        before = Side(OfHosts(self._task, {**task_vars, 'hostvars': base.hostvars}, self._templar), of_roles,
                      places.top(base.folder))
        known = set(base.hosts)
        pool, now = Pool(), datetime.datetime.now(datetime.timezone.utc)
        pairs: list[tuple[Host | None, Host]] = []
        with after.of_hosts.evaluated():
            for host in progress.told(names, len(names), self.tell):
                look = recorded.from_path(options['records'], host, options['max_age'], time.time, options['shared'])
                was = self._judged(host, look, before, now, pool) if host in known else None
                pairs.append((was, self._judged(host, look, after, now, pool)))
        removed = sorted(host for host in known if host not in task_vars['hostvars'])
        impact = compare.compare(pairs, removed, task_vars.get('groups'))
        self._show(impact, width, options, result)

    def _judged(self, name: str, look: Looked, side: Side, now: datetime.datetime, pool: Pool) -> Host:
        """Judge a host by what one side declares for it."""
        try:
            variables = side.of_hosts.variables(name)
            steering = host_facts.steering(self._task, variables, self.PARAMETERS)
            if steering:
                return self._refused(name, steering, ())
            declared = side.of_hosts.declared(variables, side.of_roles)
        except AnsibleError as exc:     # such as a file of variables that cannot be decrypted
            return self._refused(name, 'its variables cannot be read: %s' % sentence(str(exc), 500), ())
        try:
            policy = Policy.of(declared) if declared or declared.refusals else None
        except Refusals as exc:
            origins.locate(exc.items, {**variables, **side.of_roles.variables})
            return self._refused(name, _task_result.refusal(exc.items), list(declared.variables))
        facts = look.facts
        if facts is None:
            return Host(name, 'failed', look.message or 'no reason is known', recorded_at=look.recorded_at)
        judgement = None
        if policy:
            judgement = fleet.judgement(policy, judge.judge(facts, policy, now))
            judgement['places'] = self._places(policy, judgement, declared, variables, side)
        return Host(name, 'ok', recorded_at=look.recorded_at, declared=bool(declared),
                    judgement=pool.keep(judgement), complete=pool.keep(facts['complete']),
                    listeners=len(facts['listeners']))

    def _places(self, policy: Policy, judgement: dict[str, Any], declared: Declared, variables: dict[str, Any],
                side: Side) -> places.Places:
        """Find where the entries are that findings name."""
        extra = getattr(self._task.get_variable_manager(), 'extra_vars', {})
        named = [(condition.variable, condition.label, condition.index) for condition in fleet.named(policy, judgement)]
        return places.find({**variables, **side.of_roles.variables, **extra}, declared.variables, named, side.top)

    def _refused(self, name: str, reason: str, variables: Sequence[str]) -> Host:
        """Return a host that is not judged for what is declared for it."""
        return Host(name, 'failed', reason, declared=True, judgement=records.refused(reason, variables))

    def _show(self, impact: compare.Impact, width: int | None, options: _action.Options,
              result: _action.Result) -> None:
        """Show what differs, write it, and fail where hosts fail that did not before."""
        self.terminal.show(fitting(text.lines(impact), width), options['color'])
        if options['markdown']:
            fault = _action.write(options['markdown'], markdown.markdown(impact).encode('utf-8'))
            if fault:
                raise AnsibleActionFail('markdown: %s' % fault)
        result.update(
            msg=text.summary(impact), hosts={outcome: len(hosts) for outcome, hosts in impact.outcomes.items()},
            turned=[{'before': turn.before, 'after': turn.after, 'fails': turn.is_bad, **_some(turn.hosts)}
                    for turn in impact.turns],
            new=_listed(impact.new), gone=_listed(impact.gone), markdown=options['markdown'],
            unjudged=[{'reason': reason, **_some(hosts)} for reason, hosts in compare.reasons(impact)][:_MOST_FINDINGS])
        if options['fail'] and (impact.fails or not impact.judged):
            result['failed'] = True


def _some(hosts: Sequence[str]) -> dict[str, Any]:
    return {'hosts_total': len(hosts), 'hosts': list(hosts[:_MOST_HOSTS])}


def _listed(groups: Sequence[Group]) -> list[dict[str, Any]]:
    return [{'kind': group.kind, 'severity': group.severity, 'fails': group.fails, 'message': group.text,
             **_some(group.hosts)} for group in groups[:_MOST_FINDINGS]]
