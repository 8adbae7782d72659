#!/usr/bin/python
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The work is done by plugins/action/port_filter.py.

DOCUMENTATION = r"""
module: port_filter
short_description: Filter who reaches the ports of a host, and lose no host by it
version_added: 0.1.0
author: The listening.ports authors (@listening)
description:
  - Has a table of its own in nftables, C(inet listening_ports), that lets only the named sources make new connections
    to ports. Rules of others, such as those of firewalld, ufw, containers and fail2ban, stay as they are and still
    count. What the table accepts, they may refuse.
  - New rules are on trial for some seconds, and go away by themselves, in the kernel, unless a new login keeps them.
    No process, timer, file or clock has a part in that. The old rules stay in the kernel meanwhile. The host itself
    makes sure that the login is newer than the rules.
  - Only rules that were kept are written to C(/etc/listening-ports/filter.nft), from where the unit
    C(listening-ports.service) loads them at boot. A drop-in for C(nftables.service) puts the table back whenever that
    service starts, reloads or stops, which removes all tables.
  - Connections that are open go on, and so does whatever the host itself begins. TCP is filtered by the first packet
    of a connection, the SYN, and UDP, SCTP and DCCP by new flows. Nothing else is filtered, such as ICMP and VRRP. A
    port that is refused answers as one on which nothing listens.
requirements:
  - Linux 4.18 or newer with nf_tables, 5.10 or newer to filter without connection tracking
  - nft 0.9.8 or newer
  - unshare and timeout, of util-linux and coreutils
notes:
  - C(systemctl stop listening-ports) at a console of the host takes the table away until the next boot, and
    C(systemctl disable --now listening-ports) for good.
  - Containers need the capabilities NET_ADMIN and SYS_ADMIN. Whatever is in the way, the host is left as it was, and
    RV(msg) says why.
  - Over a connection that is not renewed by a login, such as C(local) in a login by SSH, nobody can keep a trial. Set
    O(confirm=0) there.
options:
  state:
    description:
      - V(present) has exactly the rules in O(rules), whoever loaded others before.
      - V(absent) takes the table, its files and its unit away. It needs no trial, because it cuts off nobody.
    type: str
    choices: [present, absent]
    default: present
  rules:
    description:
      - Who may reach which ports. A source that is in one of several rules for a port may reach it. The order has no
        meaning.
      - It has to be given with O(state=present). An empty list filters nothing with O(others=accept), and everything
        with O(others=reject).
    type: list
    elements: dict
    suboptions:
      protocol:
        description: The protocol.
        type: str
        choices: [tcp, udp, sctp, dccp]
        default: tcp
      ports:
        description: Ports, and ranges of them as V(8000-8010).
        type: list
        elements: str
        required: true
      sources:
        description:
          - Addresses, networks and ranges of addresses that may reach the ports. An empty list is nobody, and no list
            everybody. The host itself, by its loopback device, always may.
        type: list
        elements: str
      comment:
        description: What the rule is for, at most 120 bytes, without quotation marks and backslashes.
        type: str
  others:
    description:
      - What becomes of ports that no rule names. With V(accept), the rules are a list of what is blocked. With
        V(reject), everything is that no rule allows.
      - Answers to the host's own DHCP always get in.
    type: str
    choices: [accept, reject]
    default: accept
  published:
    description:
      - Whether to apply the rules to ports that the host leads on to other addresses as well, such as the published
        ports of containers. They go by the port that the client addressed.
      - By default, that is so if anything on the host may translate addresses.
    type: bool
  confirm:
    description:
      - For how many seconds new rules are on trial, V(10) to V(3600).
      - V(0) loads them without a trial, unless it cannot be told whether a way back in remains.
      - Where no connection is in use that could be cut, such as with C(ansible-pull) started by cron, there is no trial
        either.
    type: int
    default: 60
  protected_sources:
    description:
      - Addresses and networks that must lose no port that they reach now, such as those of the monitoring. If they
        would, nothing is done.
    type: list
    elements: str
    default: []
  despite:
    description:
      - Codes of refusals, see RV(code), that are known and no reason to refuse, of V(protected_source), V(undecided),
        V(tunnel), V(kubelet), V(notrack) and V(tracking).
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
    details: It is refused, because a new login has to come while the rules are on trial.
  become:
    support: full
    details: It needs root.
  check_mode:
    details: The rules are looked at in a network namespace of their own, by the nft of the host.
  connection:
    support: full
  delegation:
    support: none
    details: C(delegate_to) and C(run_once) are refused.
  diff_mode:
    support: full
    details: Both sides are the table as the nft of the host lists it.
  platform:
    platforms: linux
seealso:
  - module: listening.ports.assert_listeners
  - module: listening.ports.listener_facts
"""

EXAMPLES = r"""
- name: Let only the application servers reach the database, and leave all other ports alone
  listening.ports.port_filter:
    rules:
      - ports: [5432]
        sources: [10.1.0.0/16, 'fd00:1::/64']
        comment: application servers
  become: true

- name: Refuse everything but SSH, web and DNS
  listening.ports.port_filter:
    others: reject
    rules:
      - ports: [22]
        sources: [10.0.0.0/8]
      - ports: [80, 443]
      - protocol: udp
        ports: [53]
    protected_sources: [10.9.0.7]
    confirm: 120
  become: true

- name: See who would lose what if nobody could reach these ports any more
  listening.ports.port_filter:
    rules:
      - ports: [111, 8000-8010]
        sources: []
  become: true
  check_mode: true
  register: planned

- name: Show it
  ansible.builtin.debug:
    var: planned.effects

- name: Take the filter away
  listening.ports.port_filter:
    state: absent
  become: true
"""

RETURN = r"""
status:
  description:
    - V(unchanged); V(planned), in check mode; V(kept), the rules are changed, and will be the same after a reboot.
    - V(reverted), they were on trial, no new login kept them in time, and they have gone away by themselves.
    - V(refused), nothing was done, RV(code) and RV(msg) say why; V(busy), because another run is at work; V(failed),
      something does not work.
  type: str
  returned: always
  sample: kept
msg:
  description: What has happened, how the host is left, and what to do.
  type: str
  returned: always
code:
  description:
    - Why it was refused. V(own_connection), the connection in use could not be made again. V(protected_source), one of
      O(protected_sources) would lose a port. V(undecided), with O(confirm=0) it cannot be told whether there is a way
      back in. V(tunnel), the connection in use comes by a tunnel whose own port no rule allows. V(kubelet), Kubernetes
      opens ports that no rule names. V(notrack), answers to what is exempted from connection tracking would be cut.
      V(tracking), the open sockets would fill much of the table of connections.
    - V(no_root), V(not_permitted), V(no_nft), V(no_nf_tables), V(no_namespace), something is missing.
      V(guard_fails), a trial does not end by itself on this kernel. V(connection_hidden), the connection in use cannot
      be found. V(busy).
  type: str
  returned: when RV(status) is V(refused) or V(busy)
  sample: own_connection
diff:
  description: The table before and after (C(before) and C(after)), as nft lists it; empty where there is none.
  type: dict
  returned: when something changes, or would
  sample: {before: '', after: "table inet listening_ports {\n..."}
effects:
  description: Which listeners lose or gain clients.
  type: list
  elements: dict
  returned: always
  contains:
    listener: {description: Its ID., type: str, returned: always, sample: 'tcp/0.0.0.0:5432'}
    protocol: {description: Its protocol., type: str, returned: always, sample: tcp}
    port: {description: The port that clients address., type: int, returned: always, sample: 5432}
    published: {description: Whether the host leads it on to another address., type: bool, returned: always}
    loses: {description: Networks that no longer reach it., type: list, elements: str, returned: always}
    gains: {description: Networks that reach it from now on., type: list, elements: str, returned: always}
    unsure:
      description: Networks that may lose or gain it, because the rules of others leave open whom they let in.
      type: list
      elements: str
      returned: always
    ports: {description: The ports that clients address., type: str, returned: always, sample: '8080-8089'}
    to: {description: Where a published port leads., type: str, returned: always, sample: '10.0.0.7:80'}
    left_out:
      description:
        - Of lists that have too many networks, how many are left out. Such lists also may have some networks in them
          that reach it neither before nor after.
      type: dict
      returned: when a list is too long
      sample: {loses: 12}
    before: {description: Networks that reached it., type: list, elements: str, returned: always}
    after: {description: Networks that reach it., type: list, elements: str, returned: always}
    connections:
      description: How many connections are open, which stay open until they end; V(null) if that is unknown.
      type: int
      returned: always
connection:
  description:
    - The connection in use, as the host has found it, with its C(address) and C(port), the C(peer) and C(peer_port),
      the C(interface) by which answers leave, and C(how) it was found. V(null) if there is none, or none was looked
      for because nothing changes.
  type: dict
  returned: always
  sample: {address: 10.0.0.7, port: 22, peer: 192.0.2.9, peer_port: 51000, interface: eth0, how: ancestor}
persistent:
  description: Whether the rules are loaded at boot, which takes systemd.
  type: bool
  returned: always
  sample: true
"""
