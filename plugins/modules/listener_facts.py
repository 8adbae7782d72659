#!/usr/bin/python
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The documentation is in listener_facts.yml: this file is sent to, and compiled on, every host at every run.

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.listening.ports.plugins.module_utils._facts import SUBSETS, collect, pack
from ansible_collections.listening.ports.plugins.module_utils._sockets._base import CollectorError


def main():
    module = AnsibleModule(
        argument_spec={
            'gather': {'type': 'list', 'elements': 'str', 'choices': list(SUBSETS), 'default': ['owners']},
            'collector': {'type': 'str', 'choices': ['auto', 'netlink', 'procfs', 'psutil'], 'default': 'auto'},
            'result': {'type': 'str', 'choices': ['facts', 'packed'], 'default': 'facts'},
            'max_sockets': {'type': 'int', 'default': 100000},
            'max_fds': {'type': 'int', 'default': 2000000},
            'diagnose': {'type': 'list', 'elements': 'str', 'default': []},
        },
        supports_check_mode=True,
    )
    wanted = dict(module.params)
    result = wanted.pop('result')
    for budget in ('max_sockets', 'max_fds'):
        if wanted[budget] < 1:
            module.fail_json(msg='%s must be at least 1, not %d' % (budget, wanted[budget]))
    try:
        facts = collect(run=module.run_command, **wanted)
    except CollectorError as exc:
        module.fail_json(msg='The listeners could not be gathered with the %s collector: %s' % (wanted['collector'], exc))
    if result == 'packed':
        module.exit_json(packed=pack(facts))
    module.exit_json(ansible_facts={'ansible_listening_ports': facts})


if __name__ == '__main__':
    main()
