#!/usr/bin/python
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The work is done by plugins/action/plan_listeners.py.

DOCUMENTATION = r"""
module: plan_listeners
short_description: Plan what is stopped and filtered on a host by its declaration, and say who would lose what
version_added: 0.1.0
author: The listening.ports authors (@listening)
description:
  - Compares what listens on a host with its declaration, as M(listening.ports.assert_listeners) does, and plans what to
    do about it. It changes nothing.
  - With O(actions=firewall), it plans rules for M(listening.ports.port_filter) by which nobody reaches what is not
    declared, what is forbidden, or more than is declared. RV(effects) says who would lose or gain access, and how many
    connections are open.
  - With O(actions=close), it plans which listeners M(listening.ports.stop_listener) closes. The host says which of them
    it can close, and how, when it is observed; it is asked once more, in check mode, if more or less has to be closed
    than ports tell. RV(stops) says it of each. With both, the rules are for what stays open.
  - RV(refusal) says why the host would refuse what is planned.
  - The plan is made as if the rules of M(listening.ports.port_filter) were not there. So it is the same after it was
    carried out.
  - What a waiver waives is not filtered. What rules for ports cannot do is in RV(plan.left), with the reason.
notes:
  - A plan is one run of a module on the host. What rules would do to it is worked out on the controller; that it takes
    rules is tried there, where nobody meets them, with some that have all forms of rules. The host is asked once more,
    in check mode and with the very rules, in diff mode, where rules are on trial or not those that a boot loads, where
    it does not take all forms, and where it cannot find the connection in use by itself.
  - With O(mode=block_unexpected) rules name only the ports that are to be closed, or open to some only. They are those
    of findings of the kinds C(unexpected), C(forbidden) and C(overexposed); the severity does not matter. A port on
    which another listener is as declared is left, unless its clients keep their access. So are listeners whose owners
    are unknown, and those of UDP in the ephemeral range, which wait for answers.
  - With O(mode=allow_expected) all ports are refused but those of entries with C(state=required) or C(state=optional),
    to their C(clients) or C(only_from). An entry that has neither, and C(bind) does not say that it is on loopback, is
    refused before the host is contacted. Of an entry for V(any) port the ports are let in that match now, but for UDP
    in the ephemeral range. Entries with C(state=ignored) let nobody in.
  - With O(actions=close), what an audit would fail for is closed, of the kinds in O(close_kinds). So nothing is that a
    waiver waives, nor anything of which a switch of the declaration says V(warn) or V(ignore), as they do of undeclared
    listeners on loopback. Whether a firewall keeps everybody from it does not matter. Listeners whose owners are
    unknown are left, and on a host where owners are hidden nothing is closed, since a unit may serve what stays.
  - A port that a host only forwards is no listener of it, and is not closed. O(actions=firewall) filters it.
  - A declaration without entries is refused. A host is left as it is, and the task fails, if its sockets could not be
    observed completely; nor, to filter, its firewall; nor, to close, the owners of all sockets.
  - Of a Windows host, what would be stopped is decided on the controller. With O(close_windows=never) it is in
    RV(plan.left) with the reason V(by_hand), and so is always what would be filtered, because nothing of a Windows
    firewall is ever written. C(command) is the PowerShell by which a person does it. There is none where rules would do
    nothing, as where Group Policy lets no local rule count, or could cut the connection in use. O(close_processes),
    O(close_mask), O(close_despite), O(confirm), O(open), O(protected_sources) and O(despite) mean nothing there.
  - What is filtered is still not declared. Set the variable C(listener_unexpected_blocked) to V(warn) or V(ignore), and
    an audit does not fail for it.
options:
  declarations_from:
    description: See O(listening.ports.assert_listeners#module:declarations_from).
    type: list
    elements: str
  actions:
    description:
      - What is planned. V(close) is what M(listening.ports.stop_listener) does, V(firewall) what
        M(listening.ports.port_filter) does. Without V(firewall), the firewall of the host is not looked at.
    type: list
    elements: str
    choices: [close, firewall]
    default: [firewall]
  close_kinds:
    description:
      - With O(actions=close), what is closed. V(unexpected) is what no entry is about, V(forbidden) what an entry with
        C(state=forbidden) is about.
    type: list
    elements: str
    choices: [unexpected, forbidden]
    default: [unexpected, forbidden]
  close_protected:
    description: With O(actions=close), see O(listening.ports.stop_listener#module:protected).
    type: list
    elements: str
    default: []
  close_processes:
    description: With O(actions=close), see O(listening.ports.stop_listener#module:processes).
    type: bool
    default: false
  close_mask:
    description: With O(actions=close), see O(listening.ports.stop_listener#module:mask).
    type: bool
    default: false
  close_despite:
    description: With O(actions=close), see O(listening.ports.stop_listener#module:despite).
    type: list
    elements: str
    choices: [protected, serves_others, bystanders, upheld, supervised]
    default: []
  close_windows:
    description:
      - With O(actions=close), what is planned to be stopped on a Windows host, see
        O(listening.ports.stop_listener#module:windows).
    type: str
    choices: [never, experimental]
    default: never
    version_added: 0.2.0
  within:
    description:
      - RV(plan) of an earlier result, which somebody has confirmed. Nothing is planned that it does not have. What
        appeared since is left, and RV(plan.left) says so. That something went away in the meantime is no error.
    type: dict
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
    description:
      - For how many seconds the rules would be tried, or units be stopped, until a new login keeps that. With V(0)
        there is no trial, and more is refused.
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
    details: Without it neither the firewall nor all owners can be read, and nothing is planned.
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
  - nft on the host, for O(actions=firewall)
seealso:
  - module: listening.ports.assert_listeners
  - module: listening.ports.stop_listener
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

- name: Plan what is to be stopped, and filter what stays
  listening.ports.plan_listeners:
    actions: [close, firewall]
    close_protected: [backup-*.service]
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
  register: confirmed

- name: Plan again, after a while, no more than that
  listening.ports.plan_listeners:
    actions: [close, firewall]
    within: "{{ confirmed.plan }}"
    expected:
      - name: ssh
        port: 22
        only_from: [10.0.0.0/8]
        state: optional
      - name: web
        port: 8080
        clients: anyone
        state: optional
  become: true

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
        and O(listening.ports.port_filter#module:published). None where nothing may be filtered, or is to be.
      type: dict
      returned: always
    left:
      description:
        - What is left as it is. Each has the C(action) that leaves it, C(listener), C(reason), C(message), and
          C(command), which helps, or null. What V(close) leaves may still be filtered.
        - Reasons are V(incomplete), V(shared_port), V(unknown_owner), V(ephemeral), V(loopback), V(namespace),
          V(protocol), V(interface), V(conflict), V(unreachable), V(unknown), V(name), V(appeared) and V(clients), on
          Windows also V(by_hand), V(let_in), V(off), V(policy) and V(in_use), and those of
          RV(listening.ports.stop_listener#module:listeners).
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
      description: The ids of the listeners that are to be closed, as O(listening.ports.stop_listener#module:listeners)
        takes them.
      type: list
      elements: str
      returned: always
      sample: [tcp/0.0.0.0:111]
    hash: {description: The same for plans by which the same is done., type: str, returned: always,
           sample: 38cec17817bfd0e1}
effects:
  description: Who would lose or gain access, as RV(listening.ports.port_filter#module:effects).
  type: list
  elements: dict
  returned: when the host was observed
stops:
  description: With O(actions=close), what the host says of each listener that it was asked to close, as
    RV(listening.ports.stop_listener#module:listeners). C(closed) means that it would be.
  type: list
  elements: dict
  returned: when the host was observed
refusal:
  description: Why the host would refuse what is planned, C(code) and C(message). None if it would not.
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
