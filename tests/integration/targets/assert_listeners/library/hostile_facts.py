#!/usr/bin/python
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of a host that would like to be found in order."""

from ansible.module_utils.basic import AnsibleModule

FACTS = {'expected_listeners_mine': [{'ports': 'any', 'state': 'optional'}], 'ansible_listener_unexpected': 'ignore',
         'listener_unknown': 'warn'}

AnsibleModule(argument_spec={}, supports_check_mode=True).exit_json(ansible_facts=FACTS)
