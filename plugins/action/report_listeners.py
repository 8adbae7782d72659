# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports what was recorded of hosts. The documentation is in plugins/modules/report_listeners.py."""

import os
from collections import Counter
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.release import __version__ as ansible_version
from ansible_collections.listening.ports.plugins.plugin_utils import _action
from ansible_collections.listening.ports.plugins.plugin_utils._cycles import no_search_for_cycles
from ansible_collections.listening.ports.plugins.plugin_utils._facts import records
from ansible_collections.listening.ports.plugins.plugin_utils._harmless.terminal import visible
from ansible_collections.listening.ports.plugins.plugin_utils._policy.language.options import SEVERITIES
from ansible_collections.listening.ports.plugins.plugin_utils._report import (
    batches,
    evidence,
    files,
    model,
    progress,
    reach,
)
from ansible_collections.listening.ports.plugins.plugin_utils._report.console import screen, text
from ansible_collections.listening.ports.plugins.plugin_utils._report.formats import registry
from ansible_collections.listening.ports.plugins.plugin_utils._variables import host_facts, places


class ActionModule(_action.Report):
    """Merges the records of a directory; touches no host."""

    ARGUMENTS = {
        **screen.ARGUMENTS,
        **_action.SHARED,
        'hosts': {'type': 'list', 'elements': 'str'},
        'formats': {'type': 'list', 'elements': 'str', 'choices': registry.CHOICES, 'default': [registry.TABLE]},
        'dest': {'type': 'path'},
        'mode': {'type': 'str', 'choices': list(files.MODES), 'default': '0600'},
        'source_root': {'type': 'path'},
        'example': {'type': 'bool', 'default': False},
        'stats': {'type': 'bool', 'default': False},
        'reach': {'type': 'bool', 'default': False},
    }

    def work(self, options: _action.Options, task_vars: _action.Variables, result: _action.Result) -> None:
        """Read the records, write the files that are asked for, and show the table."""
        width, run_id = self.width(options), _action.run_id(options, may_be_any=True)
        path = os.path.abspath(options['path'])
        if not os.path.isdir(path):
            raise AnsibleActionFail('%s is not a directory: nothing was recorded there' % path)

        root = options['source_root']
        if root and not os.path.isdir(root):
            raise AnsibleActionFail('source_root: %s is not a directory' % visible(root, 500))
        self.warn_of_others(path, options, result)
        turn = _turn(path, run_id, options, task_vars)
        top, file = places.top(task_vars.get('inventory_dir')), task_vars.get('inventory_file')
        source = evidence.UNKNOWN
        if run_id != records.ANY_RUN:           # what was judged by is then not what is there now
            source = evidence.source(top, root)
        source = source._replace(top=top, inventory=os.path.realpath(file) if file else None)
        whole = model.Report(run_id, fleet=turn.fleet, ansible_core=ansible_version, source=source,
                             inventory=task_vars.get('groups') or {}, earlier=turn.earlier)
        shown = text.Text(turn.shown)
        pairs = self._pairs(model.read(path, turn.read, run_id, turn.pending, options['shared']), task_vars)
        formats = options['formats'] if turn.writes else []
        folder = os.path.abspath(options['dest'] or path)
        asked = [reach.Asked()] if options['reach'] else []
        with no_search_for_cycles():
            with files.begun(formats, folder, whole, files.MODES[options['mode']]) as made:
                model.gather(progress.told(pairs, len(turn.read), self.tell), [*made.values(), shown, *asked], whole)
                for each in asked:
                    whole.reach = each.section()
                for file in made.values():
                    file.finish(whole)
            faults = [file.fault for file in made.values() if file.fault]
            written = {name: file.path for name, file in made.items() if not file.fault}
            is_part = len(turn.shown) < len(whole.hosts)
            lines = shown.lines(whole.only(turn.shown) if is_part else whole, width, so_far=whole,
                                example=options['example'] and not is_part, written=written.values())
        if registry.TABLE in options['formats']:
            self.terminal.show(lines, options['color'])
        if faults:
            raise AnsibleActionFail('; '.join(faults))
        result.update(
            run_id=run_id, complete=whole.sockets_complete, hosts=whole.counts, verdicts=whole.verdicts,
            listeners=whole.listeners, table=screen.capped(lines), dest=written)
        if options['stats']:
            result['ansible_stats'] = _stats(whole)

    def _pairs(self, pairs: model.Pairs, task_vars: _action.Variables) -> model.Pairs:
        """Add what else is known of hosts without a record."""
        for host, record in pairs:
            if host.state == 'missing':     # an action that would have recorded it has refused that for the same reason
                host.reason = self._steering(host.name, task_vars) or host.reason
            yield host, record

    def _steering(self, host: str, task_vars: _action.Variables) -> str | None:
        """Return which facts of a host have kept it from being observed."""
        hostvars = task_vars.get('hostvars')
        if not hostvars or host not in hostvars:
            return None
        try:
            return host_facts.steering(self._task, hostvars.raw_get(host), self.PARAMETERS)
        except AnsibleError:        # such as a file of variables that cannot be decrypted
            return None


def _stats(report: model.Report) -> dict[str, Any]:
    """Return what Ansible hands to later nodes of a workflow: numbers alone, as set_stats would."""
    failing = Counter(group.severity for group in report.groups if group.fails)
    counts = {
        'run_id': report.run_id, 'complete': report.sockets_complete, 'hosts': report.counts,
        'verdicts': report.verdicts, 'listeners': report.listeners,
        'findings': {severity: failing[severity] for severity in SEVERITIES}}
    return {'data': {'listening_ports': counts}, 'per_host': False, 'aggregate': False}


def _turn(path: str, run_id: str, options: _action.Options, task_vars: _action.Variables) -> batches.Turn:
    """Decide what is done in this batch of the play, or for the hosts that are named."""
    names = options['hosts']
    if names is not None:
        hosts = [str(name) for name in names]
        return batches.Turn(hosts, set(hosts), set(), True, True)
    hosts, alive, batch = ([str(name) for name in task_vars[variable]] for variable in (
        'ansible_play_hosts_all', 'ansible_play_hosts', 'ansible_play_batch'))
    play = batches.Play(hosts, set(alive), set(batch), bool(task_vars.get('ansible_limit')))
    return batches.turn(path, run_id, play, options['shared'])
