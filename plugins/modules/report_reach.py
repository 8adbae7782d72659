#!/usr/bin/python
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The work is done by plugins/action/report_reach.py.

DOCUMENTATION = r"""
module: report_reach
short_description: Report which hosts can reach what listens on others
version_added: 0.2.0
author: The listening.ports authors (@listening)
description:
  - Reads the records that M(listening.ports.record_listeners) and M(listening.ports.assert_listeners) wrote, and
    answers for each listener of the O(targets) which of the O(sources) can reach it, by what the firewalls of both say.
    It contacts no host.
  - A source reaches a listener where its own firewall lets its programs connect to it, and the firewall of the target
    lets its address in. The first needs records with the subset V(outgoing) of
    O(listening.ports.record_listeners#module:gather); without that, a yes is not known, and a no of the target still is
    one.
  - With O(probes), answers are held against what probes from the sources have found, and contradictions are reported.
  - C(ansible-playbook listening.ports.reach) does all of it.
notes:
  - Use C(run_once), because one host of a play reports for all of them.
  - Both hosts speak for themselves. Networks and firewalls between them are not seen, so V(yes) means that neither of
    the two is in the way; a probe shows the rest.
  - A source sends from its address in the network of the target, else from any of its addresses that others than
    neighbours can answer. Where its addresses are treated differently, the answer is not known.
  - Listeners that are bound to loopback, link-local, in another network namespace, neither TCP nor UDP, or UDP sockets
    of clients are left out.
  - The text goes to standard output through Ansible, or to standard error if the stdout callback writes JSON.
options:
  targets:
    description: The hosts whose listeners are asked for, by their names in the inventory.
    type: list
    elements: str
    required: true
  sources:
    description: The hosts that may reach them.
    type: list
    elements: str
    required: true
  ports:
    description:
      - The ports to ask for, as declarations write them, such as V(5432), V(53/udp), V(8000-8010/tcp) or V(https); of
        TCP where they do not say which. The default is all on which something listens.
      - At most a million pairs of a source and an address that something listens on are answered for in one report.
    type: list
    elements: str
    default: []
  addresses:
    description:
      - At which addresses to ask for listeners that are bound to all addresses of a target.
      - V(host) is the value of its variable C(probe_address), an address or a list of them, or C(ansible_host), or all
        that it reports where these are names.
      - V(all) is every address that it reports, except loopback and link-local ones. Others may have no route to some
        of them, which no firewall says.
    type: str
    choices: [host, all]
    default: host
  plan:
    description:
      - Whether to return RV(endpoints) for M(listening.ports.probe_listeners) to try from the sources, and to answer
        nothing.
    type: bool
    default: false
  probes:
    description: The name of the variable in which the result of M(listening.ports.probe_listeners) was registered on
      the sources.
    type: str
  fail:
    description:
      - Whether the task fails if RV(failing) is true.
    type: bool
    default: true
  fail_on:
    description:
      - The kinds of contradictions that fail the task.
      - "V(reached): a source reached what the answer says it cannot. V(not_reached): it did not reach what the answer
        says it can, in a network of its own. V(lost_between): the same, through a router, which may have no way, or
        filter."
    type: list
    elements: str
    choices: [reached, not_reached, lost_between]
    default: [reached, not_reached]
extends_documentation_fragment:
  - listening.ports.reporting
  - listening.ports.reporting.shared
  - listening.ports.attributes
  - listening.ports.attributes.controller
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.actiongroups
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
seealso:
  - module: listening.ports.record_listeners
  - module: listening.ports.report_probes
"""

EXAMPLES = r"""
- name: Record what listens, and what the firewalls let in and out
  listening.ports.record_listeners:
    gather: [owners, outgoing]
  become: true

- name: Show who can reach what listens on these hosts
  listening.ports.report_reach:
    targets: "{{ ansible_play_hosts_all }}"
    sources: "{{ ansible_play_hosts_all }}"
    fail: false
  run_once: true
  register: reach

- name: Show which hosts reach each listener
  ansible.builtin.debug:
    msg: "{{ item.target }} {{ item.listener }}: {{ item.reached_by | join(', ') }}"
  loop: "{{ reach.answers }}"
  loop_control:
    label: "{{ item.listener }}"
  run_once: true
"""

RETURN = r"""
endpoints:
  description: The endpoints to probe, for O(listening.ports.probe_listeners#module:endpoints).
  type: list
  elements: dict
  returned: with O(plan=true)
  sample: [{address: 192.0.2.1, port: 5432, protocol: tcp}]
answers:
  description: An entry for each listener, at most 10000. A source that is the target itself is in none of the lists.
  type: list
  elements: dict
  returned: without O(plan=true)
  contains:
    target: {description: The host that listens., type: str, returned: always, sample: db-1}
    listener: {description: What listens., type: str, returned: always, sample: 'tcp/0.0.0.0:5432'}
    reached_by: {description: The sources that can reach it., type: list, elements: str, returned: always,
                 sample: [web-1]}
    not_reached_by:
      description: C(hosts) that cannot, with the reason in C(because).
      type: list
      elements: dict
      returned: always
      sample: [{hosts: [app-1], because: 'blocked by db-1 (nftables inet filter input: policy drop)'}]
    unknown:
      description: C(hosts) of which it is not known, with the reason in C(because).
      type: list
      elements: dict
      returned: always
      sample: [{hosts: [win-1], because: what it lets out was not gathered}]
answers_total:
  description: How many listeners there are.
  type: int
  returned: without O(plan=true)
  sample: 1
contradictions:
  description: Where O(probes) contradict answers, at most 1000, those that reached more than the firewalls say first.
  type: list
  elements: dict
  returned: without O(plan=true)
  contains:
    kind: {description: "See O(fail_on).", type: str, returned: always, sample: reached}
    source: {description: The host that probed., type: str, returned: always, sample: app-1}
    target: {description: The host that listens., type: str, returned: always, sample: db-1}
    listener: {description: What listens., type: str, returned: always, sample: 'tcp/0.0.0.0:5432'}
    endpoint: {description: What was tried., type: str, returned: always, sample: 'tcp/192.0.2.1:5432'}
    verdict: {description: "See RV(listening.ports.probe_listeners#module:probes[].verdict).",
              type: str, returned: always, sample: open}
    message: {description: The contradiction in words., type: str, returned: always}
contradictions_total:
  description: How many contradictions there are.
  type: int
  returned: without O(plan=true)
  sample: 0
counts:
  description: The number of pairs of a source and a listener with each answer, V(yes), V(no) and V(unknown).
  type: dict
  returned: without O(plan=true)
  sample: {'yes': 12, 'no': 3, unknown: 0}
complete:
  description: Whether every question has an answer.
  type: bool
  returned: without O(plan=true)
  sample: true
failing:
  description: Whether nothing is known of a host, O(fail_on) includes a contradiction, a source could not probe, or
    there is nothing that others could reach.
  type: bool
  returned: without O(plan=true)
  sample: false
table:
  description: What was shown, without colours, at most 64 KiB of it.
  type: str
  returned: without O(plan=true), if the task does not fail
msg:
  description: The first contradiction, or what is missing, or the last line of the text.
  type: str
  returned: without O(plan=true)
"""
