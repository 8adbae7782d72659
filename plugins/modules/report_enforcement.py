#!/usr/bin/python
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The work is done by plugins/action/report_enforcement.py.

DOCUMENTATION = r"""
module: report_enforcement
short_description: Show what would be closed and filtered on all hosts, and what came of it
version_added: 0.1.0
author: The listening.ports authors (@listening)
description:
  - Reads what M(listening.ports.plan_listeners), M(listening.ports.stop_listener) and M(listening.ports.port_filter)
    registered on hosts of a play, and shows one table for all of them, which says for each listener what is done, who
    loses it, how many connections are open, and why it is left. It contacts no host, and changes nothing.
  - C(ansible-playbook listening.ports.enforce) uses it three times, as O(stage) has it.
  - On more than 20 hosts, those for which a line is the same share it. No line of the table is wider than the terminal.
notes:
  - Use C(run_once), because one host of a play reports for all of them.
  - A host whose cached facts have the name of a variable that this task reads is refused.
  - The table goes to standard output through Ansible, or to standard error if the stdout callback writes JSON.
options:
  stage:
    description:
      - V(plan) shows what would be done, and says to which hosts. It fails if no host could be planned for.
      - V(so_far) says whether acting on a host has failed.
      - V(done) shows what came of it, and says which hosts are not as they should be. It does not fail.
    type: str
    choices: [plan, so_far, done]
    required: true
  hosts:
    description: The hosts to report, by their names in the inventory. The default is all hosts of the play.
    type: list
    elements: str
  planned:
    description: The name of the variable in which the result of M(listening.ports.plan_listeners) was registered.
    type: str
    required: true
  closed:
    description: The name of the variable in which the result of M(listening.ports.stop_listener) was registered.
    type: str
  again:
    description: The name of the variable in which the result of M(listening.ports.plan_listeners) was registered that
      planned once more after that.
    type: str
  filtered:
    description: The name of the variable in which the result of M(listening.ports.port_filter) was registered.
    type: str
  opened:
    description: The name of the variable in which the result of M(listening.ports.port_openings) was registered.
    type: str
  audited:
    description: The name of the variable in which the result of M(listening.ports.assert_listeners) was registered.
    type: str
  failed:
    description: The name of a variable that hosts have on which something failed, with the reason.
    type: str
  width:
    description:
      - The width of the table in columns. Without it, as wide as the terminal, or where there is none, as its content.
    type: int
  color:
    description: Whether the table is shown in colours. With V(auto) Ansible decides.
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
seealso:
  - module: listening.ports.plan_listeners
  - module: listening.ports.stop_listener
  - module: listening.ports.port_filter
"""

EXAMPLES = r"""
- name: Plan what makes hosts as they are declared
  listening.ports.plan_listeners:
  become: true
  vars:   # these belong in the inventory, for example in group_vars/web/listeners.yml
    expected_listeners:
      - {name: ssh, port: 22, state: optional}
      - {name: web, port: 8080, only_from: private, state: optional}
  register: planned
  ignore_errors: true
  ignore_unreachable: true

- name: Show it for all of them
  listening.ports.report_enforcement:
    stage: plan
    planned: planned
  run_once: true
"""

RETURN = r"""
msg:
  description: The last line of the table, or why there is nothing to act on.
  type: str
  returned: always
  sample: '2 of 3 hosts would be changed: 4 to close, 1 to filter, 1 left.'
act:
  description: The hosts for which there is something to do.
  type: list
  elements: str
  returned: with O(stage=plan)
  sample: [web-1, web-2]
patterns:
  description: The same as patterns of hosts for a play. Of odd names they may match more hosts.
  type: list
  elements: str
  returned: with O(stage=plan)
  sample: [web-1, web-2]
unplanned:
  description: The hosts that could not be planned for. Nothing must be done to them.
  type: list
  elements: str
  returned: with O(stage=plan)
  sample: []
stop:
  description: Whether acting on a host has failed, so that nothing more should be done to any of them.
  type: bool
  returned: with O(stage=so_far)
  sample: false
failed_hosts:
  description: The hosts on which acting has failed.
  type: list
  elements: str
  returned: with O(stage=so_far)
  sample: []
failing:
  description: The hosts that are not as they should be, each with the reason.
  type: dict
  returned: with O(stage=done)
  sample: {web-2: 'web-2: nothing was done to it, as another host failed'}
states:
  description: "What became of each host: V(done), V(same) if nothing had to be done, V(failed), V(partly) if it was
    closed and not filtered, V(untouched), or V(unplanned)."
  type: dict
  returned: with O(stage=done)
  sample: {web-1: done, web-2: untouched}
table:
  description: What was shown, without colours, at most 64 KiB of it.
  type: str
  returned: with O(stage=plan) and O(stage=done), if the task does not fail
"""
