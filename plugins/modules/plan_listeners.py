#!/usr/bin/python
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The work is done by plugins/action/plan_listeners.py.

DOCUMENTATION = r"""
module: plan_listeners
short_description: Plan the firewall of a host from its declaration, and say who would lose what
version_added: 0.1.0
author: The listening.ports authors (@listening)
description:
  - Compares what listens on a host with its declaration, as M(listening.ports.assert_listeners) does, and plans rules
    for M(listening.ports.port_filter) by which nobody reaches what is not declared, what is forbidden, or more than is
    declared. It changes nothing.
  - The host is asked in check mode what these rules would do to it. RV(effects) says who would lose or gain access, and
    how many connections are open. RV(refusal) says why the host would refuse them.
  - The plan is made as if the rules of M(listening.ports.port_filter) were not there. So it is the same after it was
    carried out.
  - What a waiver waives is not filtered. What rules for ports cannot do is in RV(plan.left), with the reason.
notes:
  - With O(mode=block_unexpected) rules name only the ports that are to be closed, or open to some only. They are those
    of findings of the kinds C(unexpected), C(forbidden) and C(overexposed); the severity does not matter. A port on
    which another listener is as declared is left, unless its clients keep their access. So are listeners whose owners
    are unknown, and those of UDP in the ephemeral range, which wait for answers.
  - With O(mode=allow_expected) all ports are refused but those of entries with C(state=required) or C(state=optional),
    to their C(clients) or C(only_from). An entry that has neither, and C(bind) does not say that it is on loopback, is
    refused before the host is contacted. Of an entry for V(any) port the ports are let in that match now, but for UDP
    in the ephemeral range. Entries with C(state=ignored) let nobody in.
  - A declaration without entries is refused. A host whose sockets or firewall could not be observed completely is left
    as it is, and the task fails.
  - What is filtered is still not declared. Set the variable C(listener_unexpected_blocked) to V(warn) or V(ignore), and
    an audit does not fail for it.
options:
  declarations_from:
    description: See O(listening.ports.assert_listeners#module:declarations_from).
    type: list
    elements: str
  mode:
    description:
      - V(block_unexpected) closes what is not as declared. V(allow_expected) closes everything else, too.
    type: str
    choices: [block_unexpected, allow_expected]
    default: block_unexpected
  open:
    description:
      - Whether ports that firewalld or ufw keep from clients that an entry names are to be opened there. If not, the
        command is in RV(plan.left).
    type: bool
    default: false
  confirm:
    description: For how many seconds the rules would be tried. With V(0) there is no trial, and more is refused.
    type: int
    default: 60
  protected_sources:
    description: Addresses and networks that may not lose a port. RV(refusal) says if they would.
    type: list
    elements: str
    default: []
  despite:
    description: Codes of refusals that are known, and do not count.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - listening.ports.declaration
  - listening.ports.attributes
  - listening.ports.looking
  - listening.ports.looking.limit
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.actiongroups
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
attributes:
  become:
    support: full
    details: Without it the firewall cannot be read, and nothing is planned.
  check_mode:
    details: It changes nothing either way.
  connection:
    support: full
  delegation:
    support: none
    details: C(run_once) and C(delegate_to) are refused, because a plan is for the host of its declaration.
  diff_mode:
    support: full
    details: RV(diff) shows the table of rules as it is, and as it would be.
requirements:
  - jmespath on the controller, for C(ensure) and C(where)
  - nft on the host
seealso:
  - module: listening.ports.assert_listeners
  - module: listening.ports.port_filter
  - module: listening.ports.port_openings
"""

EXAMPLES = r"""
- name: Plan what closes everything that is not declared
  listening.ports.plan_listeners:
  become: true
  vars:   # these belong in the inventory, for example in group_vars/web/listeners.yml
    expected_listeners:
      - name: ssh
        port: 22
        only_from: [10.0.0.0/8]
        state: optional
      - name: web
        port: 8080
        clients: anyone
        state: optional
  register: planned

- name: Show it
  ansible.builtin.debug:
    var: planned.msg

- name: Plan to refuse everything that no entry lets in
  listening.ports.plan_listeners:
    mode: allow_expected
    protected_sources: [192.0.2.9]
    expected:
      - name: ssh
        port: 22
        only_from: [10.0.0.0/8, 192.0.2.9]
        state: optional
  become: true
"""

RETURN = r"""
msg:
  description: The plan, for people. Its first line names the host.
  type: str
  returned: always
  sample: |-
    web-1: block_unexpected, 1 rule.
    Changes:
      closes tcp/5432 to everybody (2 connections are open, and stay open until their ends).
    Left as it is:
      loopback: tcp 127.0.0.1:25 exim4 pid 512: the host itself reaches it, and that is not filtered.
status:
  description:
    - V(planned) if something would be changed, and V(unchanged) if nothing has to be done. V(incomplete) if not all of
      the host could be observed that has to be, V(refused) if the declaration is refused or missing, V(failed) or
      V(unreachable) if the host gave no answer; these fail the task.
  type: str
  returned: always
  sample: planned
plan:
  description: What is to be done.
  type: dict
  returned: when the host was observed
  contains:
    filter:
      description: The options O(listening.ports.port_filter#module:rules), O(listening.ports.port_filter#module:others)
        and O(listening.ports.port_filter#module:published). None where nothing may be filtered.
      type: dict
      returned: always
    left:
      description:
        - What is left as it is. Each has C(listener), C(reason), C(message) and C(command), which helps, or null.
        - Reasons are V(incomplete), V(shared_port), V(unknown_owner), V(ephemeral), V(loopback), V(namespace),
          V(protocol), V(interface), V(conflict), V(unreachable) and V(unknown).
      type: list
      elements: dict
      returned: always
    open:
      description: With O(open=true), what has to be opened in firewalld or ufw, as options of
        O(listening.ports.port_openings#module:openings).
      type: list
      elements: dict
      returned: always
    keep:
      description: With O(open=true), what may stay open of what was opened earlier, as options of
        O(listening.ports.port_openings#module:keep), so that it is taken back when nobody declares it any more.
      type: list
      elements: dict
      returned: always
    close:
      description: What would have to be stopped. Each has C(listener), the C(units), and the C(reason) where there are
        none. Nothing stops it.
      type: list
      elements: dict
      returned: always
    hash: {description: The same for plans by which the same is done., type: str, returned: always,
           sample: 38cec17817bfd0e1}
effects:
  description: Who would lose or gain access, as RV(listening.ports.port_filter#module:effects).
  type: list
  elements: dict
  returned: when the host was observed
refusal:
  description: Why the host would refuse the rules, C(code) and C(message). None if it would not.
  type: dict
  returned: when the host was observed
connection:
  description: The connection in use, as RV(listening.ports.port_filter#module:connection).
  type: dict
  returned: when the host was observed
policy:
  description: See RV(listening.ports.assert_listeners#module:policy).
  type: dict
  returned: when there is a valid declaration
diff:
  description: The table of rules as it is (C(before)), and as it would be (C(after)).
  type: dict
  returned: in diff mode, when the table would be another one
"""
