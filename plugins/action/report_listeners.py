# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports what was recorded of hosts. The documentation is in plugins/modules/report_listeners.py."""

import os
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.release import __version__ as ansible_version
from ansible_collections.listening.ports.plugins.plugin_utils import _action
from ansible_collections.listening.ports.plugins.plugin_utils._facts import records
from ansible_collections.listening.ports.plugins.plugin_utils._report import model
from ansible_collections.listening.ports.plugins.plugin_utils._report.console import screen, text
from ansible_collections.listening.ports.plugins.plugin_utils._report.formats import registry
from ansible_collections.listening.ports.plugins.plugin_utils._variables import host_facts


class ActionModule(_action.Report):
    """Merges the records of a directory; touches no host."""

    ARGUMENTS = {
        **screen.ARGUMENTS,
        **_action.SHARED,
        'hosts': {'type': 'list', 'elements': 'str'},
        'formats': {'type': 'list', 'elements': 'str', 'choices': registry.CHOICES, 'default': [registry.TABLE]},
        'dest': {'type': 'path'},
        'example': {'type': 'bool', 'default': False},
    }

    def work(self, options: _action.Options, task_vars: _action.Variables, result: _action.Result) -> None:
        """Read the records, write the files that are asked for, and show the table."""
        width, run_id = self.width(options), _action.run_id(options, may_be_any=True)
        path = os.path.abspath(options['path'])
        if not os.path.isdir(path):
            raise AnsibleActionFail('%s is not a directory: nothing was recorded there' % path)

        whole, shown = _reports(path, run_id, options, task_vars)
        for host in whole.hosts:
            if host.state == 'missing':     # an action that would have recorded it has refused that for the same reason
                host.reason = self._steering(host.name, task_vars) or host.reason
        self.warn_of_others(path, options, result)
        files = _write(whole, options['formats'], os.path.abspath(options['dest'] or path))
        lines = text.lines(shown, width, example=options['example'] and shown is whole, so_far=whole,
                           written=files.values())
        if registry.TABLE in options['formats']:
            self.terminal.show(lines, options['color'])
        result.update(
            run_id=run_id, complete=whole.sockets_complete, hosts=whole.counts, verdicts=whole.verdicts,
            listeners=sum(len(facts['listeners']) for host, facts in whole.observed), table=screen.capped(lines),
            dest=files)

    def _steering(self, host: str, task_vars: _action.Variables) -> str | None:
        """Return which facts of a host have kept it from being observed."""
        hostvars = task_vars.get('hostvars')
        if not hostvars or host not in hostvars:
            return None
        try:
            return host_facts.steering(self._task, hostvars.raw_get(host), self.PARAMETERS)
        except AnsibleError:        # such as a file of variables that cannot be decrypted
            return None


def _reports(path: str, run_id: str, options: dict[str, Any],
             task_vars: _action.Variables) -> tuple[model.Report, model.Report]:
    """Return the report of all hosts, and that of those to show: the batch of the play, as long as others follow."""
    names = options['hosts']
    if names is not None:
        whole = model.build(path, [str(name) for name in names], run_id, shared=options['shared'])
        return whole, whole
    batch = set(task_vars['ansible_play_batch'])
    pending = set(task_vars['ansible_play_hosts']) - batch
    whole = model.build(path, [str(name) for name in task_vars['ansible_play_hosts_all']], run_id, pending,
                        fleet=not task_vars.get('ansible_limit'), shared=options['shared'])
    return whole, whole.only(batch) if whole.counts['pending'] else whole


def _write(report: model.Report, formats: list[str], folder: str) -> dict[str, str]:
    """Write the files of a report, and return the path of each format."""
    files = {}
    for name in registry.FORMATS:
        if name in formats:
            made = registry.load(name)
            files[name] = os.path.join(folder, made.file)
            try:
                records.write_file(files[name], made.render(report, ansible_version))
            except records.RecordError as exc:
                raise AnsibleActionFail(str(exc)) from exc
    return files
