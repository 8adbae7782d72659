# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports what was recorded of hosts. The documentation is in plugins/modules/report_listeners.py."""

import os

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.release import __version__ as ansible_version
from ansible.utils.display import Display
from ansible_collections.listening.ports.plugins.plugin_utils._facts import records
from ansible_collections.listening.ports.plugins.plugin_utils._report import model
from ansible_collections.listening.ports.plugins.plugin_utils._report.console import screen, text
from ansible_collections.listening.ports.plugins.plugin_utils._report.formats import to_json

_ARGUMENTS = {
    **screen.ARGUMENTS,
    'hosts': {'type': 'list', 'elements': 'str'},
    'formats': {'type': 'list', 'elements': 'str', 'choices': ['table', 'json'], 'default': ['table']},
    'dest': {'type': 'path'},
    'example': {'type': 'bool', 'default': False},
}

display = Display()


class ActionModule(ActionBase):
    """Merges the records of a directory; touches no host."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        del tmp
        dummy, options = self.validate_argument_spec(argument_spec=_ARGUMENTS)
        run_id, width = screen.settings(options)
        path = os.path.abspath(options['path'])
        if not os.path.isdir(path):
            raise AnsibleActionFail('%s is no directory: nothing was recorded there' % path)

        batch, pending, fleet = set(), set(), True
        names = options['hosts']
        if names is None:
            names = task_vars['ansible_play_hosts_all']
            batch = set(task_vars['ansible_play_batch'])
            pending = set(task_vars['ansible_play_hosts']) - batch
            fleet = not task_vars.get('ansible_limit')
        whole = model.build(path, [str(name) for name in names], run_id, pending, fleet)
        shown = whole.only(batch) if whole.counts['pending'] else whole

        files = {}
        if 'json' in options['formats']:
            files['json'] = os.path.join(os.path.abspath(options['dest'] or path), 'report.json')
            try:
                records.write_file(files['json'], to_json.render(whole, ansible_version))
            except records.RecordError as exc:
                raise AnsibleActionFail(str(exc)) from exc
        lines = text.lines(shown, width, example=options['example'] and shown is whole,
                            so_far=whole, written=files.values())
        if 'table' in options['formats']:
            screen.show(display, lines, options['color'])
        result.update(
            changed=False, run_id=run_id, complete=whole.sockets_complete, hosts=whole.counts, verdicts=whole.verdicts,
            listeners=sum(len(host.facts['listeners']) for host in whole.seen), table=screen.capped(lines), dest=files,
        )
        return result
