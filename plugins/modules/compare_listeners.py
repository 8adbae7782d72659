#!/usr/bin/python
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The work is done by plugins/action/compare_listeners.py.

DOCUMENTATION = r"""
module: compare_listeners
short_description: Report what has changed since an earlier look
version_added: 0.1.0
author: The listening.ports authors (@listening)
description:
  - Reads the records of M(listening.ports.record_listeners) or M(listening.ports.assert_listeners), compares what
    listens on each host with an earlier look at it, and keeps what it saw for the next time. It contacts no host, and
    needs no declaration.
  - It fails if something was opened, changed or closed, if a host could not be observed, or if a host is gone from the
    inventory.
  - A change is another scope, device or family that something is bound to, another holder or user, an executable that
    was deleted, another firewall level or other networks that reach it, and another target of a published port.
  - Pids, start times, the number of workers, the addresses of the host, connections and backlogs are not. A holder that
    has only got another port of the ephemeral range has moved, and does not count.
  - Another view is not a change. Holders, users and executables are compared if both looks observed all owners, and who
    reaches a listener if both observed the firewall. If not, the result says what was not compared. What appears though
    the earlier look did not observe all sockets, or disappears when this one did not, is unknown.
  - Of each host one file is kept, with a line for each listener, in a directory for each run. Files are byte-identical
    if nothing has changed, so that C(diff) shows the drift.
notes:
  - Use C(run_once), because one host of a play compares all of them.
  - In a play with C(serial), all hosts are compared with the last batch.
  - In check mode no snapshot is written, and none is removed. Files of O(formats) are written.
  - Names are escaped. Anything other than printable ASCII, or a letter, number or symbol written
    from left to right, appears as C(\x1b) or C(\u202e), and anything but a plain name is in double quotes.
  - The table goes to standard output through Ansible, or to standard error if the stdout callback writes JSON.
options:
  hosts:
    description:
      - The hosts to compare, by their names in the inventory. The default is all hosts of the play, as limited by
        C(--limit). Hosts that are gone from the inventory are only looked for by default and without C(--limit).
    type: list
    elements: str
  snapshots:
    description:
      - The directory with the snapshots. It is made if it does not exist, and refused if others than the user who runs
        Ansible, and root, may write to it.
    type: path
    default: listening-ports-drift
  against:
    description:
      - What to compare with. V(last) is, for each host, the newest snapshot in which all was observed that is
        observed now, else the newest one in which the host was seen. A host without one is new, and all that listens
        on it is listed.
      - V(baseline) is what O(baseline) wrote, as the playbook C(listening.ports.baseline) does.
      - Anything else is the path of one snapshot, or of a directory with records.
    type: str
    default: last
  baseline:
    description: Whether to keep what was observed as the baseline, for the hosts that were, and compare nothing.
    type: bool
    default: false
  keep:
    description:
      - How many snapshots to keep. Older ones are removed after a new one was written, but for those in which a host of
        the inventory was seen for the last time, and the baseline.
    type: int
    default: 30
  fail:
    description: Whether the task fails if something is found that O(ignore) does not name.
    type: bool
    default: true
  ignore:
    description:
      - The kinds of findings that do not count.
      - V(unknown) are hosts that could not be observed, and listeners that may or may not have been opened or closed.
        V(new) are hosts without an earlier snapshot, V(gone) those that the inventory does not have any more.
        V(moved) are listeners on passing ports. V(not_compared) is what one of the two looks was blind to.
    type: list
    elements: str
    choices: [opened, changed, closed, unknown, gone, new, moved, not_compared]
    default: [moved, new, not_compared]
  formats:
    description:
      - The formats to write. V(table) is shown. V(json), for programs, is written to C(drift.json), V(junit) to
        C(drift.junit.xml), and V(markdown) to C(drift.md).
    type: list
    elements: str
    choices: [table, json, junit, markdown]
    default: [table]
  dest:
    description: The directory for files. The default is that of O(snapshots).
    type: path
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
    details: The lines of the snapshots that differ are shown before the table, of the first 100 hosts that have some.
seealso:
  - module: listening.ports.record_listeners
  - module: listening.ports.declare_listeners
  - plugin: listening.ports.listener_changes
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Record what listens
  listening.ports.record_listeners:
    path: /tmp/listening-ports-examples
    fail: false
  ignore_unreachable: true
  become: true

- name: Compare it with the last time, and keep it for the next
  listening.ports.compare_listeners:
    path: /tmp/listening-ports-examples
    snapshots: /tmp/listening-ports-examples-drift
  run_once: true

- name: Report what has changed, and go on
  listening.ports.compare_listeners:
    path: /tmp/listening-ports-examples
    snapshots: /tmp/listening-ports-examples-drift
    formats: [table, json, markdown, junit]
    fail: false
  run_once: true
  register: drift

- name: Show the answer
  ansible.builtin.debug:
    msg: "{{ drift.msg }}"
  run_once: true
"""

RETURN = r"""
msg:
  description: What was found, in one line.
  type: str
  returned: always
  sample: "5 changes on 4 of 12 hosts against their last snapshots: 1 opened, 4 changed."
run_id:
  description: The run whose records were compared.
  type: str
  returned: if it has compared, or kept the baseline
  sample: 709cb9f2a1c4
snapshot:
  description: The directory of the new snapshot; null if none was written.
  type: str
  returned: if it has compared, or kept the baseline
  sample: /srv/inventory/listening-ports-drift/20261128T220000Z-709cb9f2a1c4
failing:
  description: Whether something was found that O(ignore) does not name.
  type: bool
  returned: if it has compared
counts:
  description: The number of findings of each kind, each counted once for every host.
  type: dict
  returned: if it has compared
  sample: {opened: 1, changed: 4, closed: 0, unknown: 0, gone: 0, new: 0, moved: 0, not_compared: 0}
hosts:
  description: The number of hosts in each state, V(compared), V(new), V(unknown) or V(gone).
  type: dict
  returned: if it has compared
  sample: {compared: 12, new: 0, unknown: 0, gone: 0}
findings_total:
  description: The number of findings, each counted once for all of its hosts.
  type: int
  returned: if it has compared
findings:
  description: The first 1000 of them. The JSON has all.
  type: list
  elements: dict
  returned: if it has compared
  contains:
    kind: {description: "One of the choices of O(ignore).", type: str, returned: always}
    fails: {description: "Whether it counts.", type: bool, returned: always}
    text: {description: "All of it in one line, with names escaped.", type: str, returned: always}
    hosts: {description: "The hosts that have it.", type: list, elements: str, returned: always}
    listener:
      description: What it is about, as RV(listening.ports.listener_changes#filter:_value) has it.
      type: dict
      returned: if it is about a listener
table:
  description: What was shown, without colours, at most 64 KiB of it.
  type: str
  returned: if it has compared, and does not fail
dest:
  description:
    - The files that were written, by format.
    - The JSON has C(schema) (1), C(run_id), C(generated_at), C(collection), C(ansible_core), C(snapshot), C(against),
      C(summary), C(failing), C(ignored), C(counts), C(states) (RV(hosts)), C(hosts), and C(findings) (RV(findings)).
      Each of C(hosts) has its C(name), C(state), C(reason), the snapshot C(against) which it was compared, and the
      aspects C(blind) that were not.
  type: dict
  returned: if it has compared
  sample: {json: /srv/inventory/listening-ports-drift/drift.json}
"""
