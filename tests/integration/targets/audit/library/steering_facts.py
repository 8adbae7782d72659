#!/usr/bin/python
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of a host that would like to decide how it is audited."""

from ansible.module_utils.basic import AnsibleModule

module = AnsibleModule(argument_spec={'facts': {'type': 'dict'}}, supports_check_mode=True)
module.exit_json(ansible_facts=module.params['facts'])
