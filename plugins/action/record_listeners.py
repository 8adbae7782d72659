# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records what listens on a host. The documentation is in plugins/modules/record_listeners.py."""

import os

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.release import __version__ as ansible_version
from ansible_collections.listening.ports.plugins.plugin_utils._facts import live, records
from ansible_collections.listening.ports.plugins.plugin_utils._policy.declaration import merge

_ARGUMENTS = {
    'path': {'type': 'path', 'default': 'listening-ports-audit'},
    **live.ARGUMENTS,
    'facts': {'type': 'bool', 'default': False},
    'fail': {'type': 'bool', 'default': True},
    'run_id': {'type': 'str'},
}


class ActionModule(ActionBase):
    """One module execution on the host, one file on the controller."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        del tmp
        dummy, options = self.validate_argument_spec(argument_spec=_ARGUMENTS)
        for name in ('delegate_to', 'run_once'):
            if getattr(self._task, name, None):
                raise AnsibleActionFail('record_listeners does not work with %s: what it finds would be recorded for '
                                        'another host than it was found on, or not for all hosts' % name)
        run_id = live.run_id(options['run_id'])

        looked = live.look(self, options, task_vars, result)
        status, message, facts = looked.status, looked.message, looked.facts
        entry = records.record(
            str(task_vars['inventory_hostname']), run_id, ansible_version, status, message, facts, merge.declares(task_vars))
        try:
            path = records.write(os.path.abspath(options['path']), entry)
        except records.RecordError as exc:
            return dict(result, failed=True, msg='; '.join(filter(None, (str(exc), message))))
        result.update(changed=False, path=path, run_id=run_id, status=status, msg=message)
        if facts:
            result.update(msg=live.in_words(facts), summary=live.summary(facts), gaps=facts['gaps'][:live.MAX_GAPS])
            if options['facts']:
                result.setdefault('ansible_facts', {})['ansible_listening_ports'] = facts
        elif status == 'unreachable':
            # not by the exception: before 2.19 its message, the host's words in it, is registered as a template
            result['unreachable'] = True
        elif options['fail']:
            result['failed'] = True
        return result
