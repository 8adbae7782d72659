# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports which hosts can reach what listens on others. The documentation is in plugins/modules/report_reach.py."""

import os
from collections.abc import Sequence
from dataclasses import replace

from ansible.errors import AnsibleActionFail
from ansible_collections.listening.ports.plugins.plugin_utils import _action, _listener
from ansible_collections.listening.ports.plugins.plugin_utils._facts import records
from ansible_collections.listening.ports.plugins.plugin_utils._policy.conditions import ports
from ansible_collections.listening.ports.plugins.plugin_utils._policy.conditions.ports import Item
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language.refusal import Refused
from ansible_collections.listening.ports.plugins.plugin_utils._probes import compare, plan, results
from ansible_collections.listening.ports.plugins.plugin_utils._reach import answer, probed
from ansible_collections.listening.ports.plugins.plugin_utils._report import model, reach as shared
from ansible_collections.listening.ports.plugins.plugin_utils._report.console import reach, screen
from ansible_collections.listening.ports.plugins.plugin_utils._report.naming import Naming
from ansible_collections.listening.ports.plugins.plugin_utils._shape import Facts

_MOST_CONTRADICTIONS = 1000     # in the result


class ActionModule(_action.Report):
    """Reads records and registered results; touches no host."""

    ARGUMENTS = {
        **screen.ARGUMENTS,
        **_action.SHARED,
        'targets': {'type': 'list', 'elements': 'str', 'required': True},
        'sources': {'type': 'list', 'elements': 'str', 'required': True},
        'ports': {'type': 'list', 'elements': 'str', 'default': []},
        'addresses': {'type': 'str', 'choices': ['host', 'all'], 'default': 'host'},
        'plan': {'type': 'bool', 'default': False},
        'probes': {'type': 'str'},
        'fail': {'type': 'bool', 'default': True},
        'fail_on': {'type': 'list', 'elements': 'str', 'choices': list(probed.KINDS),
                    'default': ['reached', 'not_reached']},
    }

    def work(self, options: _action.Options, task_vars: _action.Variables, result: _action.Result) -> None:
        """Return what is to be probed, or the answers."""
        width, run_id = self.width(options), _action.run_id(options, may_be_any=True)
        wanted = _wanted(options['ports'])
        for option in ('targets', 'sources'):
            if not options[option]:
                raise AnsibleActionFail('%s is empty: nobody would be asked' % option)
        names = _action.known_hosts([*options['targets'], *options['sources']], task_vars)
        self.warn_of_others(options['path'], options, result)

        known: dict[str, tuple[Facts | None, str | None]] = {}
        for host, record in model.read(os.path.abspath(options['path']), names, run_id, shared=options['shared']):
            facts = record['facts'] if record else None
            known[host.name] = facts, None if facts else _action.why_unknown(host, task_vars)
        targets = [plan.Target(name, *known[name], _addresses(name, options['addresses'], task_vars))
                   for name in dict.fromkeys(map(str, options['targets']))]
        sources = [answer.Source(name, *known[name]) for name in dict.fromkeys(map(str, options['sources']))]
        planned = plan.plan(replace(target, facts=_only(target.facts, wanted)) for target in targets)
        if options['plan']:
            result['endpoints'] = planned.endpoints
            return
        try:
            rows = answer.ask(planned, sources)
        except ValueError as exc:
            raise AnsibleActionFail('%s: name fewer targets, sources or ports' % exc) from exc
        found, vantages = [], []
        if options['probes']:
            vantages = [results.read(source.host, _action.registered(source.host, options['probes'], task_vars),
                                     planned.endpoints) for source in sources]
            found = probed.contradictions(planned, rows, sources, compare.cells(planned, vantages))
        missing = reach.troubles(targets, sources, vantages)
        lines = reach.lines(rows, targets, sources, missing, found, records.now(),
                            Naming(names, task_vars.get('groups') or {}), width)
        self.terminal.show(lines, options['color'])
        failing = [one for one in found if one['kind'] in options['fail_on']]
        counts = shared.counts(rows)
        result.update(
            answers=[shared.told(row, sources) for row in rows[:shared.MOST_TOLD]], answers_total=len(rows),
            contradictions=found[:_MOST_CONTRADICTIONS], contradictions_total=len(found),
            complete=not missing and not counts['unknown'], failing=bool(missing or failing or not rows),
            counts=counts, table=screen.capped(lines),
            msg=failing[0]['message'] if failing else 'Not everything is known: %s' % missing[0] if missing else
            lines[-1][0] if rows else 'Nothing that others could reach listens on these ports of these hosts.')
        if result['failing'] and options['fail']:
            result['failed'] = True
            del result['table']         # it was shown, and a callback prints all of what failed


def _addresses(name: str, addresses: str, task_vars: _action.Variables) -> list[str] | None:
    """Return the addresses at which a target is asked for; None for all that it reports.

    :param addresses: ``all``, or ``host`` for those that Ansible knows, where these are addresses: nobody can say of a
        name whom a firewall lets reach it.
    """
    if addresses == 'all':
        return None
    return [address for address in _action.addresses(name, task_vars) if plan.literal(address)] or None


def _wanted(texts: list[str]) -> list[Item]:
    """Return what is asked for, in the language of declarations; empty for all."""
    try:
        return ports.items(texts, 'ports', ('tcp',)) if texts else []
    except Refused as exc:
        raise AnsibleActionFail(str(exc)) from exc


def _only(facts: Facts | None, wanted: Sequence[Item]) -> Facts | None:
    """Return facts with what listens on these ports alone."""
    if facts is None or not wanted:
        return facts
    fewer = facts.copy()

    def is_wanted(listener: _listener.Listener) -> bool:
        return any(item.low <= listener['port'] <= item.high and item.protocol == listener['protocol']
                   for item in wanted)
    fewer['listeners'] = [listener for listener in facts['listeners'] if is_wanted(listener)]
    fewer['forwarded'] = [listener for listener in facts.get('forwarded', ()) if is_wanted(listener)]
    return fewer
