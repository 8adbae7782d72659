#!/usr/bin/python
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The work is done by plugins/action/declare_listeners.py.

DOCUMENTATION = r"""
module: declare_listeners
short_description: Write the declaration that hosts satisfy today
version_added: 0.1.0
author: The listening.ports authors (@listening)
description:
  - Reads the records of M(listening.ports.record_listeners) or M(listening.ports.assert_listeners), and writes what
    listens on the hosts as a declaration, into new files of C(group_vars) and C(host_vars). What hosts of a group have
    in common is an entry of the group.
  - Only what is not declared yet is written. The first time that is all of it, and later what is new.
  - Before anything is written, each host is judged by what it has and by the new files. A host that would not be as
    declared is left out.
  - Hosts whose sockets and owners were not all observed are left out, each with the reason. It fails if no host is
    left.
  - It changes no file that is there. Nor does it make a directory C(group_vars/web) beside a file
    C(group_vars/web.yml), because Ansible would read that file no more. It says what is in its way, and writes
    nothing.
  - What is doubtful is only a comment in these files, and an audit still reports it. That is a listener whose
    executable was deleted, or lies in a directory for temporary files; one whose owner is not known although owners
    were observed; and one on a port for which an entry with a range, or that ignores it, lets somebody else listen.
notes:
  - Use C(run_once), because one host of a play writes for all.
  - It reads C(hostvars) for what is declared already. Variables of a play or a role are not among them, except those
    that O(declarations_from) names.
  - A group is used if at least half of its hosts, and two of them, were observed completely. The group
    C(listening_ports) and those below it, which are made of what hosts show, are never used, and neither are groups
    whose names are other than letters, digits and C(_.@+-).
  - An entry names the container engine, the systemd unit, the executable, or the process and its users, whichever says
    most. Entries of services, containers and the kernel are required, all others optional. UDP ports of the ephemeral
    range, and TCP ports in it that few hosts share, become an optional range.
  - The text goes to standard output through Ansible, or to standard error if the stdout callback writes JSON.
options:
  hosts:
    description:
      - The hosts to declare, by their names in the inventory. The default is all hosts of the play, as limited by
        C(--limit).
    type: list
    elements: str
  dest:
    description:
      - The directory in which C(group_vars) and C(host_vars) are. It has to be one of which Ansible reads them, or
        everything is written again the next time.
      - The default is the directory of the inventory.
    type: path
  loopback:
    description: Whether to declare what only the host itself can reach.
    type: bool
    default: true
  exposure:
    description:
      - Whether entries limit who may reach a listener with C(only_from) where the firewall of the host does. Networks
        are named if they are at most eight.
    type: bool
    default: true
  doubtful:
    description:
      - What becomes of doubtful listeners. V(comment) writes them as comments, and V(declare) as entries.
      - A listener on a port for which another entry is, is never declared.
    type: str
    choices: [comment, declare]
    default: comment
  clients:
    description:
      - From where C(only_from) of an entry comes. V(allowed) is whom the firewall of the host lets in today.
        V(observed) is who came - the networks that connections came from while somebody looked, which is with
        O(listening.ports.record_listeners#module:gather=connections).
      - With V(observed), an entry has the networks of all of its hosts, at most 16 of each family, and a comment beside
        it says who is let in today and would be cut off. An audit reports those as C(overexposed) until a firewall
        keeps them out.
      - An entry stays as with V(allowed) where who comes is not known well enough, or nobody came, and a comment says
        why. That is so for everything but TCP, for ports that are led elsewhere where the kernel does not show who
        comes to them, and where a host of its group was not observed.
    type: str
    choices: [allowed, observed]
    default: allowed
  clients_runs:
    description:
      - With O(clients=observed), in how many runs somebody has to have looked, of each listener of an entry. Looks that
        were not complete do not count.
    type: int
    default: 14
  clients_days:
    description: With O(clients=observed), on how many days, in UTC, somebody has to have looked.
    type: int
    default: 14
  declarations_from:
    description: See O(listening.ports.assert_listeners#module:declarations_from).
    type: list
    elements: str
extends_documentation_fragment:
  - listening.ports.attributes
  - listening.ports.attributes.controller
  - listening.ports.reporting
  - listening.ports.reporting.shared
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.actiongroups
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
attributes:
  diff_mode:
    support: full
requirements:
  - jmespath on the controller, for C(ensure) and C(where) in what is declared already
seealso:
  - module: listening.ports.record_listeners
  - module: listening.ports.assert_listeners
"""

EXAMPLES = r"""
- name: Record what listens
  listening.ports.record_listeners:
    path: /tmp/listening-ports-examples

- name: Show what would be declared, and write nothing
  listening.ports.declare_listeners:
    path: /tmp/listening-ports-examples
  run_once: true
  check_mode: true
  diff: true

- name: Write it beside the inventory
  listening.ports.declare_listeners:
    path: /tmp/listening-ports-examples
    loopback: false         # an audit warns of what only the host itself can reach
  run_once: true
  register: baseline

- name: Show who is left out, and why
  ansible.builtin.debug:
    var: baseline.left_out
  run_once: true
"""

RETURN = r"""
msg:
  description: How many entries there are for how many listeners, or why it fails.
  type: str
  returned: success or failure
  sample: 21 entries for 60 listeners of 12 hosts, written to 3 files.
run_id:
  description: The run whose records were used.
  type: str
  returned: success
  sample: 709cb9f2a1c4
entries:
  description: The number of entries, without those in comments.
  type: int
  returned: success
  sample: 21
files:
  description: The files that are written, or in check mode would be.
  type: list
  elements: dict
  returned: success
  contains:
    path: {description: "Its path.", type: str, returned: always}
    entries: {description: "The number of entries in it.", type: int, returned: always}
  sample: [{path: /srv/inventory/group_vars/all/listeners.yml, entries: 1}]
left_out:
  description: The hosts for which nothing was declared, and the reason for each.
  type: dict
  returned: success
  sample: {db-3: "unreachable: No route to host"}
limits:
  description: What became of entries that were to be limited to who came, at most 1000.
  type: list
  elements: dict
  returned: with O(clients=observed)
  contains:
    path: {description: "The file of the entry.", type: str, returned: always}
    entry: {description: "Its name.", type: str, returned: always}
    only_from: {description: "Who came; empty where the entry is not limited to that.", type: list, elements: str,
                returned: always}
    cuts: {description: "Networks that are let in today, of which others than these would be cut off.",
           type: list, elements: str, returned: always}
    reason: {description: "Why it is not limited to who came, or V(null).", type: str, returned: always}
    runs: {description: "In how many runs somebody looked, on each host at least.", type: int, returned: always}
    days: {description: "On how many days somebody looked, on each host at least.", type: int, returned: always}
  sample: [{path: /srv/inventory/group_vars/all/listeners.yml, entry: ssh, only_from: [10.20.0.5], cuts: [0.0.0.0/0],
            reason: null, runs: 15, days: 15}]
doubtful:
  description: What is not declared, because it is doubtful, at most 1000 listeners.
  type: list
  elements: dict
  returned: success
  contains:
    listener: {description: "The listener.", type: str, returned: always}
    reason: {description: "Why it is doubtful.", type: str, returned: always}
    hosts_total: {description: "The number of hosts that have it.", type: int, returned: always}
    hosts: {description: "The hosts that have it, at most 20 of them.", type: list, elements: str, returned: always}
diff:
  description: The text of each file, in diff mode.
  type: list
  elements: dict
  returned: in diff mode
  contains:
    before: {description: "An empty text.", type: str, returned: always}
    after: {description: "The text of the file.", type: str, returned: always}
    before_header: {description: "The path of the file, which is not there.", type: str, returned: always}
    after_header: {description: "The path of the file.", type: str, returned: always}
"""
