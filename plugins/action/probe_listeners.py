# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Probes from a host, and passes on nothing but what came of it. The documentation is in probe_listeners.yml."""

from ansible_collections.listening.ports.plugins.module_utils._probe import arguments
from ansible_collections.listening.ports.plugins.plugin_utils import _action, _answer
from ansible_collections.listening.ports.plugins.plugin_utils._probes import results
from ansible_collections.listening.ports.plugins.plugin_utils._schema import Fault

_BESIDE = 60            # seconds for all that is not probing, such as to start Python


class ActionModule(_action.Action):
    """The module of the same name, whose answer is checked."""

    ARGUMENTS = arguments.ARGUMENTS

    def work(self, options: _action.Options, task_vars: _action.Variables, result: _action.Result) -> None:
        """Run the module, and check what it returns."""
        answer = self.ask('probe_listeners', options, task_vars, results.KEYS, options['total_timeout'] + _BESIDE)
        if self.discovered:
            result['ansible_facts'] = self.discovered
        if answer.get('failed') or answer.get('unreachable'):
            result.update(_answer.known(answer, ()))
            return
        try:
            result.update(results.formed(answer))
        except Fault as fault:
            result.update(failed=True, msg='the answer of the host is not valid: %s' % fault)
