#!/usr/bin/python
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The work is done by plugins/action/compare_declarations.py.

DOCUMENTATION = r"""
module: compare_declarations
short_description: Show which hosts a change of the declaration would fail, without contacting any
version_added: 0.2.0
author: The listening.ports authors (@listening)
description:
  - Judges each host of the play twice, by the same record of what it showed. Once by the inventory of this run, and
    once by another inventory, as it was before a change. What differs is due to the declaration alone.
  - It shows which hosts turn, from as declared to violating and back, which findings are new, and which are gone. All
    of that can be written as Markdown, for a comment on the change.
  - It fails if an audit would fail a host for something for which it would not have failed it before. Hosts that
    deviate already, and just as much, do not count.
  - Hosts without a usable record are not judged. They are named with the reason, and do not fail, as no change of a
    declaration could help it. If no host could be judged, it fails.
notes:
  - Use C(run_once), because one host of a play compares all of them.
  - It reads C(hostvars) on both sides, which are the variables of the inventory, of files beside it, cached facts, and
    extra variables. Declarations of roles that O(declarations_from) names are those of this run on both sides.
  - Both sides are judged at this moment. A waiver that has expired since is expired on both.
  - The text goes to standard output through Ansible, or to standard error if the stdout callback writes JSON.
options:
  records:
    description:
      - The directory with records of M(listening.ports.record_listeners) or M(listening.ports.assert_listeners), which
        may have been made elsewhere.
    type: path
    required: true
  base:
    description:
      - The inventory before the change, a file or a directory, such as that of a Git worktree of the branch that the
        change is for. It is read with the passwords of vaults of this run.
    type: path
    required: true
  hosts:
    description:
      - The hosts to judge, by their names in the inventory. The default is all hosts of the play, as limited by
        C(--limit).
    type: list
    elements: str
  max_age:
    description: The greatest age of a record, in seconds. V(0) accepts any.
    type: int
    default: 172800
  declarations_from:
    description: See O(listening.ports.assert_listeners#module:declarations_from).
    type: list
    elements: str
  markdown:
    description: The file to write as Markdown. It is readable by its owner only, and at most 60,000 characters long.
    type: path
  fail:
    description: Whether the task fails for hosts that would fail, and if no host could be judged.
    type: bool
    default: true
  shared:
    description:
      - Whether others than the user who runs Ansible, and root, may own or write to O(records). Whoever may can forge
        what hosts are judged by.
    type: bool
    default: false
  color:
    description: Whether the text has colours. V(auto) means if Ansible's own output has.
    type: str
    choices: [auto, always, never]
    default: auto
  width:
    description: The width of lines. The default is that of the terminal; without a terminal there is no limit.
    type: int
extends_documentation_fragment:
  - listening.ports.attributes
  - listening.ports.attributes.controller
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.actiongroups
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
attributes:
  check_mode:
    details: The file is written in check mode too. It is the purpose of the task.
requirements:
  - jmespath on the controller, for C(ensure) and C(where)
seealso:
  - module: listening.ports.assert_listeners
  - module: listening.ports.validate_listeners
"""

EXAMPLES = r"""
- name: Record what listens, as a nightly job does
  listening.ports.record_listeners:
    path: /tmp/listening-ports-nightly
  become: true

- name: Show which hosts the inventory of this run fails, and the one before did not
  listening.ports.compare_declarations:
    records: /tmp/listening-ports-nightly
    base: "{{ inventory_file }}"    # the one before, such as ../base/inventory
    markdown: /tmp/listening-ports-impact.md
  run_once: true
  register: impact

- name: Show how many hosts would fail
  ansible.builtin.debug:
    var: impact.hosts.fails
  run_once: true
"""

RETURN = r"""
msg:
  description: What the change does, in one sentence.
  type: str
  returned: success or failure
  sample: "12 hosts: 3 would fail now, 9 judged as before."
hosts:
  description: The number of hosts by what becomes of them. Each host is counted once.
  type: dict
  returned: success or failure
  contains:
    fails: {description: They passed an audit and would fail one now., type: int, returned: always}
    more: {description: They failed and would fail for something else as well., type: int, returned: always}
    passes: {description: They failed and would pass now., type: int, returned: always}
    otherwise: {description: "Something else about them differs, such as a warning.", type: int, returned: always}
    same: {description: Nothing differs., type: int, returned: always}
    unjudged: {description: They have no usable record., type: int, returned: always}
  sample: {fails: 3, more: 0, passes: 0, otherwise: 0, same: 9, unjudged: 0}
turned:
  description: The hosts with another verdict than before, those that fail now first.
  type: list
  elements: dict
  returned: success or failure
  contains:
    before:
      description: A verdict, see RV(listening.ports.report_listeners#module:verdicts), or V(absent) from the inventory.
      type: str
      returned: always
    after: {description: The verdict now., type: str, returned: always}
    fails: {description: Whether an audit passed them and would fail them now., type: bool, returned: always}
    hosts_total: {description: How many hosts turn that way., type: int, returned: always}
    hosts: {description: "The hosts, at most 20 of them.", type: list, elements: str, returned: always}
new:
  description: Findings that hosts did not have before, at most 100, those that fail hosts first.
  type: list
  elements: dict
  returned: success or failure
  contains:
    kind: {description: "See RV(listening.ports.assert_listeners#module:findings).", type: str, returned: always}
    severity: {description: How severe it is., type: str, returned: always}
    fails: {description: Whether it fails its hosts., type: bool, returned: always}
    message: {description: What it says., type: str, returned: always}
    hosts_total: {description: How many hosts have it., type: int, returned: always}
    hosts: {description: "The hosts that have it, at most 20 of them.", type: list, elements: str, returned: always}
gone:
  description: Findings that hosts would not have any more, in the same form.
  type: list
  elements: dict
  returned: success or failure
unjudged:
  description: Why hosts were not judged, at most 100 reasons.
  type: list
  elements: dict
  returned: success or failure
  contains:
    reason: {description: Why., type: str, returned: always}
    hosts_total: {description: How many hosts it is about., type: int, returned: always}
    hosts: {description: "The hosts, at most 20 of them.", type: list, elements: str, returned: always}
markdown:
  description: The file that was written.
  type: str
  returned: success or failure
"""
