#!/usr/bin/python
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The work is done by plugins/action/validate_listeners.py.

DOCUMENTATION = r"""
module: validate_listeners
short_description: Check the declarations of all hosts, without contacting any
version_added: 0.1.0
author: The listening.ports authors (@listening)
description:
  - Reads the declarations for M(listening.ports.assert_listeners) of all hosts of the play, and refuses what that would
    refuse. Hosts with the same mistake share a line.
  - It contacts no host. The hosts do not even have to exist.
  - It fails if a declaration is refused, and if there is none at all, because then nothing was checked.
notes:
  - Use C(run_once), because one host of a play checks the declarations of all.
  - It reads C(hostvars), which are the variables of the inventory, of files beside it and beside the playbook, cached
    facts, and extra variables. Variables of a play or a role are not among them, except those that
    O(declarations_from) names. O(listening.ports.assert_listeners#module:facts=none) checks these, for one host each.
  - The text goes to standard output through Ansible, or to standard error if the stdout callback writes JSON.
options:
  hosts:
    description:
      - The hosts whose declarations are checked, by their names in the inventory. The default is all hosts of the
        play, as limited by C(--limit).
    type: list
    elements: str
  declarations_from:
    description: See O(listening.ports.assert_listeners#module:declarations_from).
    type: list
    elements: str
  declaration:
    description:
      - Whether each host must have a declaration. An empty list is a declaration.
      - With V(optional), it fails only if no host has any.
    type: str
    choices: [required, optional]
    default: optional
  fail:
    description: Whether the task fails if a declaration is refused, or missing.
    type: bool
    default: true
  color:
    description: Whether the text has colours. V(auto) means if Ansible's own output has.
    type: str
    choices: [auto, always, never]
    default: auto
extends_documentation_fragment:
  - listening.ports.attributes
  - listening.ports.attributes.controller
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.actiongroups
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
requirements:
  - jmespath on the controller, for C(ensure) and C(where)
seealso:
  - module: listening.ports.assert_listeners
"""

EXAMPLES = r"""
- name: Set what is expected, as files of the inventory would
  ansible.builtin.set_fact:
    expected_listeners:
      - name: web
        port: 8080

- name: Check the declarations of all hosts of the play
  listening.ports.validate_listeners:
  run_once: true

- name: Check some hosts, and continue whatever the result
  listening.ports.validate_listeners:
    hosts: "{{ groups['web'] }}"
    fail: false
  run_once: true
  register: declarations

- name: Show what is refused
  ansible.builtin.debug:
    var: declarations.refused
  run_once: true
"""

RETURN = r"""
msg:
  description: Why it fails, or how many declarations are valid.
  type: str
  returned: success or failure
  sample: The declarations of all 500 hosts are in order.
hosts:
  description: The number of hosts in each state.
  type: dict
  returned: success or failure
  contains:
    in_order:
      description: They have a valid declaration.
      type: int
      returned: always
    refused:
      description: Their declaration is refused.
      type: int
      returned: always
    undeclared:
      description: They have no declaration.
      type: int
      returned: always
  sample: {in_order: 498, refused: 0, undeclared: 2}
refused:
  description: The mistakes in declarations, at most 100, those of most hosts first.
  type: list
  elements: dict
  returned: success or failure
  contains:
    message: {description: "The variable, the entry, the option, and what is wrong.", type: str, returned: always}
    hosts_total: {description: How many hosts have it., type: int, returned: always}
    hosts: {description: "The hosts that have it, at most 20 of them.", type: list, elements: str, returned: always}
warned:
  description: What is allowed in declarations but probably not intended, in the same form.
  type: list
  elements: dict
  returned: success or failure
  contains:
    message: {description: "The warning.", type: str, returned: always}
    hosts_total: {description: How many hosts it is about., type: int, returned: always}
    hosts: {description: "The hosts that it is about, at most 20 of them.", type: list, elements: str, returned: always}
"""
