#!/usr/bin/python
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The documentation is in apply_stop_listener.yml: this file is sent to, and compiled on, every host at every run.

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.listening.ports.plugins.module_utils import _compile_once

_compile_once.install()

from ansible_collections.listening.ports.plugins.module_utils._stop import steps
from ansible_collections.listening.ports.plugins.module_utils._stop.arguments import ARGUMENTS, STEP
from ansible_collections.listening.ports.plugins.module_utils._stop.host import Host


def main(make=Host):
    module = AnsibleModule(argument_spec=dict(ARGUMENTS, **STEP), supports_check_mode=True)
    answer = steps.run(make(module.run_command, module.get_bin_path), module.params, module.check_mode)
    for text in answer.pop('warnings'):
        module.warn(text)
    module.exit_json(**answer)


if __name__ == '__main__':
    main()
