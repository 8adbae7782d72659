#!/usr/bin/python
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The documentation is in listener_facts.yml: this file is sent to, and compiled on, every host at every run.

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.listening.ports.plugins.module_utils import _compile_once

_compile_once.install()

from ansible_collections.listening.ports.plugins.module_utils._facts import collect
from ansible_collections.listening.ports.plugins.module_utils._module import ARGUMENTS, LIMIT, look


def judge(*observed, **asked):
    # imported here, because it takes far longer to compile than all else, and most runs do not need it
    from ansible_collections.listening.ports.plugins.module_utils._firewall.exposure.attach import attach
    return attach(*observed, **asked)


def main(gather=collect):
    module = AnsibleModule(argument_spec=dict(ARGUMENTS, **LIMIT), supports_check_mode=True)
    module.exit_json(ansible_facts={'ansible_listening_ports': look(module, gather, judge)})


if __name__ == '__main__':
    main()
