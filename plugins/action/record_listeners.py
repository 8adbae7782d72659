# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records what listens on a host. The documentation is in plugins/modules/record_listeners.py."""

import os

from ansible import constants as C
from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action import ActionBase
from ansible.release import __version__ as ansible_version
from ansible_collections.listening.ports.plugins.plugin_utils import _records
from ansible_collections.listening.ports.plugins.plugin_utils._packed import FactError, unpack
from ansible_collections.listening.ports.plugins.plugin_utils._visible import sentence

_ARGUMENTS = {
    'path': {'type': 'path', 'default': 'listening-ports-audit'},
    'gather': {'type': 'list', 'elements': 'str', 'default': ['owners'],
               'choices': ['owners', 'connections', 'namespaces', 'resources', 'command', 'raw']},
    'collector': {'type': 'str', 'choices': ['auto', 'netlink', 'procfs', 'psutil'], 'default': 'auto'},
    'max_sockets': {'type': 'int', 'default': 100000},
    'max_fds': {'type': 'int', 'default': 2000000},
    'facts': {'type': 'bool', 'default': False},
    'fail': {'type': 'bool', 'default': True},
    'run_id': {'type': 'str'},
}
_FOR_THE_MODULE = ('gather', 'collector', 'max_sockets', 'max_fds')
_MAX_GAPS = 50
_MAX_PRINTED = 300              # characters


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
        run_id = options['run_id'] or _records.run_id(C.DEFAULT_LOCAL_TMP)
        if run_id == _records.ANY_RUN or not _records.RUN_ID.fullmatch(run_id):
            raise AnsibleActionFail('run_id has to be 1 to 64 letters, digits, dots, dashes and underscores, '
                                    'and not "any"')

        status, message, facts = self._look(options, task_vars, result)
        entry = _records.record(
            str(task_vars['inventory_hostname']), run_id, ansible_version, status, message, facts, _declares(task_vars))
        try:
            path = _records.write(os.path.abspath(options['path']), entry)
        except _records.RecordError as exc:
            return dict(result, failed=True, msg='; '.join(filter(None, (str(exc), message))))
        result.update(changed=False, path=path, run_id=run_id, status=status, msg=message)
        if facts:
            result.update(
                msg=_in_words(facts),
                summary={'listeners': len(facts['listeners']), 'complete': facts['complete']},
                gaps=facts['gaps'][:_MAX_GAPS],
            )
            if options['facts']:
                result.setdefault('ansible_facts', {})['ansible_listening_ports'] = facts
        elif status == 'unreachable':
            # not by the exception: before 2.19 its message, the host's words in it, is registered as a template
            result['unreachable'] = True
        elif options['fail']:
            result['failed'] = True
        return result

    def _look(self, options, task_vars, result):
        """Run the module.

        :returns: tuple of status, message or None, facts or None; the message is harmless to print.
        """
        arguments = {name: options[name] for name in _FOR_THE_MODULE}
        try:
            answer = self._execute_module(module_name='listening.ports.listener_facts', task_vars=task_vars,
                                          module_args=dict(arguments, result='packed'))
        except AnsibleConnectionFailure as exc:
            return 'unreachable', sentence(str(exc)), None
        except AnsibleError as exc:         # such as a wrong password for become
            return 'failed', sentence(str(exc)), None
        if self._discovered_interpreter_key:
            result['ansible_facts'] = {self._discovered_interpreter_key: self._discovered_interpreter}
        warnings = [sentence(text) for text in answer.get('warnings') or () if isinstance(text, str)]
        if warnings:
            result['warnings'] = warnings
        if answer.get('unreachable'):
            return 'unreachable', _complaint(answer), None
        if answer.get('failed'):
            return 'failed', _complaint(answer), None
        try:
            return 'ok', None, unpack(answer.get('packed'))
        except FactError as exc:
            return 'failed', str(exc), None


def _complaint(answer):
    """str: what a module says that failed, and what it printed where it broke: all, or the last line of a traceback."""
    message = str(answer.get('msg') or _exception(answer.get('exception')) or 'the module failed without a word')
    printed = str(answer.get('module_stderr') or answer.get('module_stdout') or '').strip()
    if len(printed) > _MAX_PRINTED:
        printed = printed.splitlines()[-1]
    return sentence('%s: %s' % (message.rstrip('.'), printed) if printed else message)


def _exception(found):
    """str or None: an exception in the module, a traceback before ansible-core 2.19, and then an object."""
    if isinstance(found, str):
        return (found.strip().splitlines() or [None])[-1]
    return getattr(getattr(found, 'event', None), 'msg', None)


def _declares(task_vars):
    """Whether a variable declares what is expected to listen on the host."""
    return any(name == 'expected_listeners' or name.startswith('expected_listeners_')
               or name.endswith('_expected_listeners') for name in task_vars)


def _in_words(facts):
    count = len(facts['listeners'])
    parts = ['1 listener' if count == 1 else '%d listeners' % count]
    for gap in facts['gaps'][:_MAX_GAPS]:
        parts.append('%s not complete: %s' % (gap['aspect'], sentence(gap['message'], 300)))
        if gap['hint']:
            parts.append('hint: %s' % sentence(gap['hint'], 100))
    return '; '.join(parts)
