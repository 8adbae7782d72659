#!/usr/bin/python
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The documentation is in apply_port_openings.yml: this file is sent to, and compiled on, every host at every run.

import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.listening.ports.plugins.module_utils import _connection
from ansible_collections.listening.ports.plugins.module_utils import _compile_once

_compile_once.install()

from ansible_collections.listening.ports.plugins.module_utils._openings import steps
from ansible_collections.listening.ports.plugins.module_utils._openings.arguments import ARGUMENTS, STEP


def main(make=steps.Host):
    module = AnsibleModule(argument_spec=dict(ARGUMENTS, **STEP), supports_check_mode=True)
    given = module.params
    host = make(module.run_command, os.geteuid() == 0, given['remote'],
                lambda: _connection.find(given['ssh_connection']), _connection.now)
    module.exit_json(**steps.run(host, given, module.check_mode))


if __name__ == '__main__':
    main()
