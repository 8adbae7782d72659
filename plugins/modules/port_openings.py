#!/usr/bin/python
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The work is done by plugins/action/port_openings.py.

DOCUMENTATION = r"""
module: port_openings
short_description: Open ports in firewalld and ufw, and take back only what was added
version_added: 0.1.0
author: The listening.ports authors (@listening)
description:
  - Adds rules that let clients in to a firewalld or a ufw that runs on the host. It never enables a firewall, changes
    none of its defaults, removes no rule of others, and never reloads one.
  - What it added because it was not there is written down on the host, in C(/etc/listening-ports/openings.json). Only
    that is ever taken back.
  - An opening cuts nobody. To take one back might, so that an opening is left that is for the port of the connection in
    use, or by which one of O(protected_sources) may come. In firewalld, what is taken back is first taken at run time,
    then Ansible logs in anew, and only after that it is taken for good. If it cannot log in, it is put back.
  - M(listening.ports.plan_listeners) with O(listening.ports.plan_listeners#module:open=true) finds out which openings
    the clients of a declaration lack.
notes:
  - In firewalld, an opening is a rich rule in the zone of the interface, which is the default zone unless another one
    has it. Sources that are bound to a zone themselves are opened there, but not in a zone that drops or rejects by
    default.
  - In ufw, an opening is one rule for each source and at most 15 ports. Rules are for all interfaces. Sources of IPv6
    are left while C(/etc/default/ufw) has C(IPV6=no).
  - A rule of others that denies comes before what is opened. Who still does not get through is found out by another
    look.
options:
  state:
    description: V(absent) takes back all openings of its own. O(openings) and O(keep) do not count then.
    type: str
    choices: [present, absent]
    default: present
  openings:
    description: What is to be open. What is open already stays as it is.
    type: list
    elements: dict
    default: []
    suboptions:
      backend:
        description: The firewall that keeps the clients out. It has to run.
        type: str
        choices: [firewalld, ufw]
        required: true
      protocol:
        description: The protocol of the ports. ufw only knows V(tcp) and V(udp).
        type: str
        choices: [tcp, udp, sctp, dccp]
        default: tcp
      ports:
        description: Ports and ranges, such as V(443) and V(8000-8010).
        type: list
        elements: str
        required: true
      sources:
        description: The networks of the clients. Without it, everybody.
        type: list
        elements: str
      interface:
        description: By which interface the clients come, for the zone of firewalld. Without it, the default zone.
        type: str
      listener:
        description: The id of the listener that they do not reach, which is returned with what is left.
        type: str
  keep:
    description:
      - Who else may stay let in, by openings that were made earlier. Of these, what is neither in O(openings) nor here
        is taken back; an opening of which only a part is, is exchanged for that part.
      - Without it, nothing is taken back.
    type: list
    elements: dict
    suboptions:
      protocol:
        description: As in O(openings).
        type: str
        choices: [tcp, udp, sctp, dccp]
        default: tcp
      ports:
        description: As in O(openings).
        type: list
        elements: str
        required: true
      sources:
        description: As in O(openings).
        type: list
        elements: str
  confirm:
    description:
      - How many seconds to try to log in anew where something is taken back from firewalld, from 10 to 3600. V(0) takes
        it back without a new login.
    type: int
    default: 60
  protected_sources:
    description: Addresses and networks that lose nothing. Openings by which they may come are left.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - listening.ports.attributes
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.actiongroups
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
attributes:
  async:
    details: It is refused, because what is taken back has to be confirmed by a new login.
  become:
    support: full
    details: It has to be root on the host.
  connection:
    support: full
  delegation:
    support: none
    details: C(delegate_to) and C(run_once) are refused.
  diff_mode:
    support: full
    details: The openings that are taken back on one side, those that are added on the other.
  platform:
    platforms: linux
seealso:
  - module: listening.ports.plan_listeners
  - module: listening.ports.port_filter
"""

EXAMPLES = r"""
- name: Let a network in to the web servers, where firewalld runs
  listening.ports.port_openings:
    openings:
      - backend: firewalld
        ports: [443, 8000-8010]
        sources: [10.0.0.0/8, 'fd00::/8']
  become: true
  register: opened
  failed_when: opened is failed and opened.code not in ['no_firewalld', 'firewalld_not_running']

- name: Take back all that was opened, except for one network
  listening.ports.port_openings:
    keep:
      - ports: [443]
        sources: [10.1.0.0/16]
  become: true

- name: Take back all of it
  listening.ports.port_openings:
    state: absent
  become: true
"""

RETURN = r"""
status:
  description:
    - V(unchanged), V(planned) in check mode, or V(kept).
    - V(reverted) is a host that could not be logged in to without what was taken back, which is open again. V(refused)
      is a host that was left as it was, with the reason in RV(code). V(failed) is one on which a firewall did not do
      what it was told. These fail.
  type: str
  returned: always
  sample: kept
code:
  description:
    - With RV(status=refused), what is in the way. V(no_root), V(no_firewalld), V(firewalld_not_running),
      V(firewalld_fails), V(no_ufw), V(ufw_inactive), V(ufw_fails), or V(connection_hidden), if something has to be
      taken back and it is not known by what the connection in use comes.
  type: str
  returned: with RV(status=refused)
  sample: ufw_inactive
msg:
  description: What was opened, taken back and left, in words.
  type: str
  returned: always
  sample: "web-1: opened: tcp/443 for 10.0.0.0/8 in zone public of firewalld"
opened:
  description: What was added, or would be in check mode.
  type: list
  elements: dict
  returned: success
  contains:
    backend: {description: V(firewalld) or V(ufw)., type: str, returned: always, sample: firewalld}
    zone: {description: The zone of firewalld; null for ufw., type: str, returned: always, sample: public}
    protocol: {description: The protocol of the ports., type: str, returned: always, sample: tcp}
    ports: {description: Ports and ranges., type: list, elements: str, returned: always, sample: ['443', 8000-8010]}
    sources: {description: Networks; null for everybody., type: list, elements: str, returned: always,
              sample: [10.0.0.0/8]}
closed:
  description: What was taken back, in the same form.
  type: list
  elements: dict
  returned: success
left:
  description: What was not opened, or not taken back.
  type: list
  elements: dict
  returned: success
  contains:
    listener: {description: That of the opening., type: str, returned: always, sample: 'sctp/0.0.0.0:5060'}
    reason:
      description:
        - V(protocol), ufw has no rules for it. V(ipv6_off), ufw does not filter IPv6. V(source_zone), the sources are
          in a zone of firewalld for those who are kept out.
        - V(in_use), the connection in use or a protected source may need it. V(not_running), its firewall does not run.
          V(runtime), somebody else had opened it until firewalld is loaded again.
      type: str
      returned: always
      sample: in_use
    message: {description: The same in words., type: str, returned: always}
"""
