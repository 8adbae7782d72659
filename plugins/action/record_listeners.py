# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records what listens on a host. The documentation is in plugins/modules/record_listeners.py."""

import os

from ansible.release import __version__ as ansible_version
from ansible_collections.listening.ports.plugins.plugin_utils import _action
from ansible_collections.listening.ports.plugins.plugin_utils._facts import clients, live, records
from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration import merge


class ActionModule(_action.Action):
    """One module execution on the host, one file on the controller."""

    ARGUMENTS = {
        'path': {'type': 'path', 'default': 'listening-ports-audit'},
        **live.ARGUMENTS,
        **live.LIMIT,
        'return_facts': {'type': 'bool', 'default': False},
        'fail': {'type': 'bool', 'default': True},
        'run_id': {'type': 'str'},
        **_action.SHARED,
    }

    def work(self, options: _action.Options, task_vars: _action.Variables, result: _action.Result) -> None:
        """Observe the host, and write its record whatever came of it."""
        self.refuse_other_hosts(': its facts would be recorded for another host, or not for all hosts')
        _action.refuse_less(options, {'look_timeout': 0})
        run_id = _action.run_id(options)
        status, message, facts = live.look(self, options, task_vars, result)[:3]
        host, directory = str(task_vars['inventory_hostname']), os.path.abspath(options['path'])
        entry = records.record(host, run_id, ansible_version, status, message, facts, merge.declares(task_vars))
        try:
            path = records.write(directory, entry, options['shared'])
            clients.keep(directory, host, facts, run_id, options['shared'])
        except records.RecordError as exc:
            result.update(failed=True, msg='; '.join(filter(None, (str(exc), message))))
            return
        self.warn_of_others(options['path'], options, result)
        result.update(path=path, run_id=run_id, status=status, msg=message)
        if facts:
            result.update(msg=live.in_words(facts), summary=live.summary(facts), gaps=facts['gaps'][:live.MAX_GAPS])
            if options['return_facts']:
                result.setdefault('ansible_facts', {})['ansible_listening_ports'] = facts
        elif status == 'unreachable':
            # not by the exception: before 2.19 its message, the host's words in it, is registered as a template
            result['unreachable'] = True
        elif options['fail']:
            result['failed'] = True
