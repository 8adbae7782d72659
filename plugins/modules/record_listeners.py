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
  - Gathers what M(listening.ports.listener_facts) tells of the host, checks it, and writes one file for the host on the
    controller. M(listening.ports.report_listeners) makes a report of those files.
  - A host that is unreachable, or whose listeners cannot be gathered, gets a record that says so.
  - The facts do not become part of the play, unless O(facts=true). Structured facts of many listeners slow down each
    later task of a play; one string on its way to a file does not.
notes:
  - The records tell an attacker where to begin. Files have the mode C(0600), and directories that this creates C(0700).
  - Records hold one string of the host after the other. They are checked for form when they are written and again when
    they are read, but names of processes and files stay what somebody on the host has chosen.
options:
  path:
    description:
      - The directory on the controller. It is created where it does not exist; relative to where Ansible was started.
      - The record of a host is C(hosts/NAME.json) in it, with the name of the host percent-encoded.
    type: path
    default: listening-ports-audit
  gather:
    description: See O(listening.ports.listener_facts#module:gather).
    type: list
    elements: str
    choices: [owners, firewall, connections, namespaces, resources, command, raw]
    default: [owners]
  facts:
    description: Whether to return the facts to the play as well, as M(listening.ports.listener_facts) does.
    type: bool
    default: false
  fail:
    description:
      - Whether the task fails where the listeners of a host cannot be gathered. If not, the failure is in the record
        and in RV(status) and RV(msg).
      - An unreachable host is unreachable either way, unless the task has C(ignore_unreachable).
    type: bool
    default: true
  run_id:
    description:
      - What to call this run, 1 to 64 letters, digits, dots, dashes and underscores, but not V(any). A report is about
        the records of one run.
      - By default all tasks of one C(ansible-playbook) have the same, which no other run has. Give one where several
        runs are to be one report, such as the slices of a job.
    type: str
extends_documentation_fragment:
  - listening.ports.attributes
  - listening.ports.looking
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.actiongroups
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
attributes:
  become:
    support: full
    details: Without it, who holds the sockets of other users is not seen, and the record says so.
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
    facts: true
  become: true

- name: Use these facts
  ansible.builtin.debug:
    msg: "{{ ansible_facts['listening_ports'].listeners | map(attribute='id') | join(' ') }}"

- name: Go on where a host cannot be looked at
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
  description: How many listeners there are, and what could not be observed; else why there are no facts.
  type: str
  returned: always
  sample: "9 listeners; owners not complete: the processes of other users are hidden; hint: become"
summary:
  description: How much was seen.
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
  returned: with O(facts=true)
"""
