#!/usr/bin/python
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The work is done by plugins/action/report_probes.py.

DOCUMENTATION = r"""
module: report_probes
short_description: Plan probes of what listens, and compare the results with the firewalls of the hosts
version_added: 0.1.0
author: The listening.ports authors (@listening)
description:
  - Reads the records that M(listening.ports.record_listeners) and M(listening.ports.assert_listeners) wrote of target
    hosts. Without O(probes) it returns the endpoints where others can reach what listens there, for
    M(listening.ports.probe_listeners) to try from vantage hosts.
  - With O(probes) it shows the results, targets against vantage hosts, and reports where they contradict what the
    target claims about its own firewall. It contacts no host.
  - Listeners that are bound to loopback, link-local, in another network namespace, or UDP sockets of clients are not
    probed, and the table says so.
  - Listeners on all addresses are probed at O(addresses). Those on a single address are probed there.
  - A firewall that could not be read, or whose decision about the vantage host's address is unknown, contradicts
    nothing, and neither does a probe of the vantage host's own address.
  - C(ansible-playbook listening.ports.probe) does all of it.
notes:
  - Use C(run_once), because one host of a play plans and reports for all of them.
  - The two tasks must have the same O(path), O(run_id), O(targets) and O(addresses).
  - The address of a vantage host is the one that it uses locally. If it is translated on the way, the target sees
    another one, and an apparent contradiction may not be one.
  - At most 2000 endpoints of each target are tried.
  - The table goes to standard output through Ansible, or to standard error if the stdout callback writes JSON.
options:
  targets:
    description: The hosts whose listeners are probed, by their names in the inventory.
    type: list
    elements: str
    required: true
  vantages:
    description: The hosts that probed. With O(probes) there has to be at least one.
    type: list
    elements: str
    default: []
  probes:
    description: The name of the variable in which the result of M(listening.ports.probe_listeners) was registered on
      the vantage hosts.
    type: str
  addresses:
    description:
      - Where to probe listeners on all addresses of a target.
      - V(host) is the value of its variable C(probe_address), an address, a name, or a list of them, or
        C(ansible_host), or its name.
      - V(all) is every address that it reports, except loopback and link-local ones.
    type: str
    choices: [host, all]
    default: host
  fail:
    description:
      - Whether the task fails if RV(failing) is true.
    type: bool
    default: true
  fail_on:
    description:
      - The kinds of findings that fail the task.
      - 'V(contradiction): the firewall blocks the vantage host, but a connection is made. V(closed): the firewall
        allows it, but the connection is refused. V(filtered): the firewall allows it, but something on the way does
        not.'
    type: list
    elements: str
    choices: [contradiction, closed, filtered]
    default: [contradiction]
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
  - module: listening.ports.probe_listeners
  - module: listening.ports.record_listeners
"""

EXAMPLES = r"""
- name: Record what listens
  listening.ports.record_listeners:
  become: true

- name: Plan what to probe
  listening.ports.report_probes:
    targets: "{{ ansible_play_hosts_all }}"
  run_once: true
  register: plan

- name: Probe it from each host
  listening.ports.probe_listeners:
    endpoints: "{{ plan.endpoints }}"
    result: packed
  register: probed

- name: Show the results, and fail if a firewall claims otherwise
  listening.ports.report_probes:
    targets: "{{ ansible_play_hosts_all }}"
    vantages: "{{ ansible_play_hosts_all }}"
    probes: probed
  run_once: true
"""

RETURN = r"""
endpoints:
  description: The endpoints to probe, for O(listening.ports.probe_listeners#module:endpoints).
  type: list
  elements: dict
  returned: without O(probes)
  sample: [{address: 192.0.2.1, port: 5432, protocol: tcp}]
findings:
  description: Where probes contradict firewalls, at most 1000, most severe first. Several vantage hosts with the same
    finding share it.
  type: list
  elements: dict
  returned: with O(probes)
  contains:
    kind: {description: "See O(fail_on).", type: str, returned: always, sample: contradiction}
    severity: {description: "V(high), V(medium) or V(low).", type: str, returned: always, sample: high}
    fails: {description: Whether O(fail_on) includes it., type: bool, returned: always, sample: true}
    target: {description: The host that listens., type: str, returned: always, sample: db-1}
    listener: {description: What listens., type: str, returned: always, sample: 'tcp/0.0.0.0:5432'}
    endpoint: {description: What was tried., type: str, returned: always, sample: 'tcp/192.0.2.1:5432'}
    verdict: {description: "See RV(listening.ports.probe_listeners#module:probes[].verdict).",
              type: str, returned: always, sample: open}
    vantages: {description: The hosts that tried it., type: list, elements: str, returned: always, sample: [web-1]}
    sources: {description: The addresses that they tried it from.,
              type: list, elements: str, returned: always, sample: [192.0.2.7]}
    message: {description: The finding in words., type: str, returned: always}
    remedy: {description: What to do about it., type: str, returned: always}
findings_total:
  description: How many findings there are.
  type: int
  returned: with O(probes)
  sample: 1
failing:
  description: Whether a finding is of a kind that fails, or RV(complete) is false.
  type: bool
  returned: with O(probes)
  sample: false
complete:
  description: Whether all targets were observed, and every vantage host learned something.
  type: bool
  returned: with O(probes)
  sample: true
counts:
  description: The number of probes with each verdict.
  type: dict
  returned: with O(probes)
  sample: {open: 12, filtered: 3}
table:
  description: What was shown, without colours, at most 64 KiB of it.
  type: str
  returned: with O(probes), if the task does not fail
msg:
  description: The first finding that fails, or what is missing, or the last line of the table.
  type: str
  returned: with O(probes)
"""
