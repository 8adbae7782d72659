#!/usr/bin/python
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The documentation is in collect_for_plan.yml: this file is sent to, and compiled on, every host at every run.

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.listening.ports.plugins.module_utils import _compile_once

_compile_once.install()

from ansible_collections.listening.ports.plugins.module_utils._planning import ARGUMENTS, look


def main(observe=look):
    module = AnsibleModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    module.exit_json(**observe(module))


if __name__ == '__main__':
    main()
