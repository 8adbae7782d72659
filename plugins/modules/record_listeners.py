#!/usr/bin/python
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The work is done by plugins/action/record_listeners.py.

DOCUMENTATION = r"""
module: record_listeners
short_description: Record what listens on a host in a file on the controller
version_added: 0.1.0
author: The listening.ports authors (@listening)
description:
  - Gathers the facts of M(listening.ports.listener_facts), checks them, and writes one file for the host on the
    controller. M(listening.ports.report_listeners) turns those files into a report.
  - A host that is unreachable, or whose listeners cannot be gathered, gets a record of that.
  - The facts do not become part of the play, unless O(return_facts=true). Structured facts of many listeners slow down
    each later task of a play; one string on its way to a file does not.
notes:
  - The records are a map for an attacker. Files have the mode C(0600), and directories that this creates C(0700).
  - Records contain untrusted strings. Their form is checked when they are written and again when they are read, but
    somebody on the host has chosen the names of processes and files.
options:
  path:
    description:
      - The directory on the controller. It is created if it does not exist; relative to where Ansible was started.
      - The record of a host is C(hosts/NAME.json) in it, with the percent-encoded name of the host.
    type: path
    default: listening-ports-audit
  gather:
    description:
      - See O(listening.ports.listener_facts#module:gather). With V(connections), who came is added to what is kept of
        earlier runs in C(clients) beside the records.
    type: list
    elements: str
    choices: [owners, firewall, outgoing, connections, namespaces, resources, command, raw]
    default: [owners]
  return_facts:
    description: Whether to return the facts to the play as well, as M(listening.ports.listener_facts) does.
    type: bool
    default: false
  fail:
    description:
      - Whether the task fails if the listeners of a host cannot be gathered. If not, the failure is in the record
        and in RV(status) and RV(msg).
      - An unreachable host is unreachable either way, unless the task has C(ignore_unreachable).
    type: bool
    default: true
  run_id:
    description:
      - The name of this run, 1 to 64 letters, digits, dots, dashes and underscores, but not V(any). A report covers
        the records of one run.
      - By default all tasks of one C(ansible-playbook) share a name that no other run has. Set it if several
        runs make up one report, such as the slices of a job.
    type: str
extends_documentation_fragment:
  - listening.ports.attributes
  - listening.ports.looking
  - listening.ports.looking.limit
  - listening.ports.reporting.shared
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.actiongroups
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
attributes:
  become:
    support: full
    details: Without it, the owners of other users' sockets are hidden, and the record says so.
  check_mode:
    details: Records are written in check mode too. They are what the task is for, and nothing on the host changes.
  connection:
    support: full
  delegation:
    support: none
    details: C(delegate_to) and C(run_once) are refused. The facts would be those of another host than the record.
  diff_mode:
    support: N/A
seealso:
  - module: listening.ports.listener_facts
  - module: listening.ports.report_listeners
"""

EXAMPLES = r"""
- name: Record what listens, with all owners
  listening.ports.record_listeners:
  become: true

- name: Record connections too, and keep the facts for the tasks that follow
  listening.ports.record_listeners:
    path: /tmp/listening-ports-example
    gather: [owners, connections]
    return_facts: true
  become: true

- name: Use these facts
  ansible.builtin.debug:
    msg: "{{ ansible_facts['listening_ports'].listeners | map(attribute='id') | join(' ') }}"

- name: Continue if a host cannot be observed
  listening.ports.record_listeners:
    fail: false
  register: recorded
  ignore_unreachable: true

- name: Show whether something may be missing
  ansible.builtin.debug:
    var: recorded.msg
"""

RETURN = r"""
path:
  description: The file with the record.
  type: str
  returned: when it was written
  sample: /home/me/listening-ports-audit/hosts/web-1.json
run_id:
  description: The run that the record belongs to.
  type: str
  returned: when the record was written
  sample: 0c9d7e53b1aa
status:
  description: V(ok), V(failed) or V(unreachable).
  type: str
  returned: when the record was written
  sample: ok
msg:
  description: How many listeners there are, and what could not be observed; otherwise the reason why there are no
    facts.
  type: str
  returned: always
  sample: "9 listeners; owners not complete: the processes of other users are hidden; hint: become"
summary:
  description: How much was observed.
  type: dict
  returned: when RV(status=ok)
  contains:
    listeners:
      description: How many listeners there are.
      type: int
      returned: always
      sample: 9
    complete:
      description: See RV(listening.ports.listener_facts#module:ansible_facts.ansible_listening_ports.complete).
      type: dict
      returned: always
gaps:
  description: What could not be observed, at most 50 entries. See
    RV(listening.ports.listener_facts#module:ansible_facts.ansible_listening_ports.gaps).
  type: list
  elements: dict
  returned: when RV(status=ok)
ansible_facts:
  description: The facts, as M(listening.ports.listener_facts) returns them.
  type: dict
  returned: with O(return_facts=true)
"""
