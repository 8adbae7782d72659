#!/usr/bin/python
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The work is done by plugins/action/assert_listeners.py.

DOCUMENTATION = r"""
module: assert_listeners
short_description: Fail where something listens that is not declared, or does not that is
version_added: 0.1.0
author: The listening.ports authors (@listening)
description:
  - Holds what listens on a host against what is declared for it. What nobody declared is a finding, as is what is declared and
    missing, held by somebody else, or bound elsewhere. What could not be observed is a finding too, and never taken for good.
  - The declaration is the variables of the host. All variables named C(expected_listeners), C(expected_listeners_<suffix>) and
    C(<role>_expected_listeners) count, and are merged in the order of their names. Each is a list of entries, see O(expected).
    Likewise C(listener_waivers), C(listener_waivers_<suffix>) and C(<role>_listener_waivers) are lists of waivers, see O(waivers).
  - A declaration with a mistake is refused before the host is contacted, with the variable, the entry and the option, and the file and
    the line where Ansible knows them.
  - The facts are those of M(listening.ports.listener_facts), gathered within the task. They do not become part of the play, unless
    O(return_facts=true).
notes:
  - Ansible takes one value of a variable that has several. Use a suffix of its own for each file that declares something; of two groups
    of a host that set the same variable, one replaces the other without a word.
  - Two entries of a host may not have the same name, unless one of them says C(override=true).
  - A variable of the declaration that is also the name of a fact of the host is refused, for facts come before what an inventory
    says, and the host would judge itself. What M(ansible.builtin.set_fact) has stored with C(cacheable=true) is a fact, too.
  - The variables of a role are there for tasks behind it in the same play where it is in C(roles), imported, or included with
    C(public=true). A role that is imported declares even where its tasks are skipped.
  - The variable C(listener_unexpected) says what listeners are worth that nobody declared, V(fail) (the default), V(warn) or V(ignore).
    C(listener_unexpected_loopback) says it of those that only the host itself can reach, and C(listener_unexpected_ephemeral_udp) of
    UDP sockets of the ephemeral range, which most clients have; the default of both is V(warn).
  - The variable C(listener_unknown) says what it is worth that something cannot be judged, V(fail) (the default) or V(warn). The findings
    that fail a host are those with at least the severity in C(listener_fail_severity), by default V(low); V(info) never fails. A waiver that
    expires within C(listener_waiver_warn_days), by default V(14), is a finding that does not fail.
  - C(clients), C(only_from) and C(via) of entries are judged by what the firewall of the host lets in, which takes root. Where facts do not say
    that, what they speak of is unknown, but for listeners that only the host itself can reach.
  - Templates in a declaration are evaluated where Ansible trusts their source. Other text that has C({{) in it, such as that of a file that
    was read, is refused.
options:
  entries:
    description:
      - Judge these entries alone, names or globs of names, and do not look for what nobody declared.
      - The rest of the declaration is still checked, and still counts for the listeners that these entries speak of.
    type: list
    elements: str
  declaration:
    description:
      - Whether anything has to be declared for the host. An empty list is a declaration, by which nothing may listen.
      - With V(optional), a host for which nothing is declared is looked at, and recorded with O(path), and not judged.
    type: str
    choices: [required, optional]
    default: required
  declarations_from:
    description:
      - Roles that declare something in a file C(vars/listeners.yml), for plays that do not run them. Names of roles, of collections too, or
        paths of their directories.
      - The variables of these files count as those of roles do, before all but extra variables. The other files of the role are not
        read. What has the name of a declaration and another value on the host is refused, and so is a role without such a file.
      - It does not go with O(expected).
    type: list
    elements: str
  gather:
    description:
      - See O(listening.ports.listener_facts#module:gather). By default the V(owners) are gathered, and the V(firewall) where an entry or a
        waiver speaks of who can reach something.
    type: list
    elements: str
    choices: [owners, firewall, connections, namespaces, resources, command, raw]
  facts:
    description:
      - What to judge. With V(live), the host is looked at within this task.
      - With V(cached), it is what an earlier task has gathered with M(listening.ports.listener_facts), or what the fact cache has.
      - With V(none), nothing is, and the declaration alone is checked.
      - Else this is the path of a directory to which M(listening.ports.record_listeners) or this module has written records, of the record
        of the host, or of a JSON file with the facts that M(listening.ports.listener_facts) returns. Relative paths begin where Ansible
        was started. The host is not contacted.
    type: path
    default: live
  max_age:
    description:
      - How old facts may be that are not gathered within the task, in seconds. V(0) takes facts of any age.
      - Records have the time of the controller that made them. Cached facts that are kept in memory are not older than the run.
      - What else is in a fact cache, and facts in a file that is no record, have no time but that of the host, whose clock can be
        wrong, or set. They are refused unless this is V(0).
    type: int
    default: 86400
  wait_for:
    description:
      - For how many seconds to look again, while the host is not as declared. Looks are made from the controller, 300 of them at the most.
      - A host that cannot be reached, or looked at, is not waited for.
    type: int
    default: 0
  poll:
    description: The seconds between two looks with O(wait_for).
    type: int
    default: 2
  diagnose:
    description:
      - Whether to say of what is missing, where its entry names a service, what state that is in and what it logged last.
      - With O(wait_for), this is a part of the last look alone.
    type: bool
    default: true
  fail:
    description:
      - Whether the task fails where the host is not as declared, cannot be looked at, or its declaration is refused. If not, RV(failing)
        says so.
      - An unreachable host is unreachable either way, unless the task has C(ignore_unreachable).
    type: bool
    default: true
  return_facts:
    description:
      - Whether the facts become part of the play, as those of M(listening.ports.listener_facts) do. They slow down its later tasks.
    type: bool
    default: false
  max_findings:
    description: How many findings RV(findings) and RV(msg) have at the most. RV(findings_total) and RV(counts) count all.
    type: int
    default: 50
  path:
    description:
      - A directory on the controller for the record of the host, as M(listening.ports.record_listeners) writes it, with the judgement in it.
        M(listening.ports.report_listeners) makes a report of those files.
    type: path
  run_id:
    description: See O(listening.ports.record_listeners#module:run_id).
    type: str
extends_documentation_fragment:
  - listening.ports.declaration
  - listening.ports.attributes
  - listening.ports.looking
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.actiongroups
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
attributes:
  become:
    support: full
    details: Without it, who holds the sockets of other users is not seen, and what names a holder cannot be judged.
  check_mode:
    details: It changes nothing either way. Records are written in check mode too.
  connection:
    support: full
  delegation:
    support: partial
    details: C(delegate_to) and C(run_once) are refused with O(facts=live). The facts would be those of another host than the declaration.
  diff_mode:
    support: full
    details: RV(diff) is what is declared, and what was found in its place. RV(msg) has the same.
requirements:
  - jmespath on the controller, for C(ensure) and C(where)
seealso:
  - module: listening.ports.listener_facts
  - module: listening.ports.record_listeners
  - module: listening.ports.report_listeners
"""

EXAMPLES = r"""
- name: Nothing listens but what is declared
  listening.ports.assert_listeners:
  become: true
  vars:   # of course these belong to the inventory, such as into group_vars/web/listeners.yml
    expected_listeners:
      - name: database
        port: 5432
        bind: loopback
    expected_listeners_web:
      - name: web
        port: 8080
      - name: secure web
        ports: [443/tcp, 443/udp]
        service: nginx
        state: optional
      - name: no telnet
        port: 23
        state: forbidden
        severity: critical

- name: Judge without variables, and go on whatever the judgement is
  listening.ports.assert_listeners:
    expected:
      - name: web
        ports: 8000-8999
    waivers:
      - ports: 5432
        reason: The database is being moved
        owner: platform
        expires: never
    fail: false
  become: true
  register: judged

- name: Show the judgement
  ansible.builtin.debug:
    var: judged.msg

- name: Wait until what was deployed listens, for half a minute at the most
  listening.ports.assert_listeners:
    expected:
      - name: web
        port: 8080
    entries: [web]
    wait_for: 30

- name: Record what listens
  listening.ports.record_listeners:
    path: /tmp/listening-ports-example

- name: Judge the record, without another look at the host
  listening.ports.assert_listeners:
    facts: /tmp/listening-ports-example
    max_age: 3600
    expected:
      - name: web
        port: 8080
      - name: database
        port: 5432
        bind: loopback

- name: Check the declaration alone
  listening.ports.assert_listeners:
    facts: none
    expected:
      - name: web
        port: 8080
"""

RETURN = r"""
msg:
  description:
    - The judgement, for people. Its first line names the host. Each finding has a line, and the last one says by which declaration it
      was judged. Without a judgement it is the reason.
  type: str
  returned: always
  sample: |-
    web-1 is not as declared: 1 finding.
    1. unexpected, high: tcp 0.0.0.0:111 rpcbind pid 512 (rpcbind.service) listens, and nothing declares it (user _rpc). To do: declare it in
    expected_listeners, or stop rpcbind.service.
    policy: 3 variables, 14 entries, sha256 0123456789ab
status:
  description:
    - V(ok) where there are facts, whatever they are worth. V(refused) where the declaration is, or is missing. V(failed) or V(unreachable) where
      the host could not be looked at, now or when it was recorded.
  type: str
  returned: always
  sample: ok
failing:
  description: Whether the host is not as declared, or that cannot be said. The task has failed as well, unless O(fail=false).
  type: bool
  returned: always
  sample: true
findings:
  description: What is not as declared or not known, at most O(max_findings). Those that fail the host come first, then the most severe.
  type: list
  elements: dict
  returned: when the host was judged
  contains:
    kind:
      description:
        - V(unexpected), V(missing), V(forbidden), V(wrong_owner), V(wrong_bind), V(overexposed), V(unreachable), V(unhealthy), V(unknown) or
          V(waiver_expired).
      type: str
      returned: always
      sample: unexpected
    severity: {description: "V(critical), V(high), V(medium), V(low) or V(info).", type: str, returned: always, sample: high}
    fails: {description: Whether it fails the host., type: bool, returned: always, sample: true}
    entry: {description: "The name of the entry that it is about, or its number.", type: str, returned: always, sample: web}
    declared_in: {description: The variable that has the entry., type: str, returned: always, sample: expected_listeners}
    listener: {description: The listener that it is about., type: str, returned: always, sample: 'tcp/0.0.0.0:111'}
    expected: {description: What is declared., type: str, returned: always, sample: process nginx}
    found: {description: What there is in its place., type: str, returned: always, sample: 'tcp 0.0.0.0:111 rpcbind pid 512'}
    message: {description: "All of it, for people.", type: str, returned: always}
    remedy: {description: What can be done., type: str, returned: always, sample: stop rpcbind.service}
    fingerprint:
      description: What is the same for this finding in each run, for programs that compare.
      type: str
      returned: always
      sample: 38cec17817bfd0e1
findings_total:
  description: How many findings there are.
  type: int
  returned: when the host was judged
  sample: 1
counts:
  description: How many findings there are of each kind that there is.
  type: dict
  returned: when the host was judged
  sample: {unexpected: 1}
waived:
  description: How many findings are waived. They are not in RV(findings).
  type: int
  returned: when the host was judged
  sample: 0
policy:
  description: By what the host was judged.
  type: dict
  returned: when something is declared, and it is in order
  contains:
    summary: {description: One line., type: str, returned: always, sample: 'policy: 3 variables, 14 entries, sha256 0123456789ab'}
    hash: {description: "The same for the same declaration, and another one for another.", type: str, returned: always}
    variables: {description: The variables that declare something., type: list, elements: str, returned: always, sample: [expected_listeners]}
    entries: {description: How many entries hold for the host., type: int, returned: always, sample: 14}
    waivers: {description: How many waivers hold for the host., type: int, returned: always, sample: 0}
summary:
  description: See RV(listening.ports.record_listeners#module:summary).
  type: dict
  returned: when RV(status=ok), and not with O(facts=none)
diff:
  description: What is declared (C(before)) and what was found in its place (C(after)), a line for each finding.
  type: dict
  returned: when the host was judged in diff mode
attempts:
  description: How many looks at the host were made.
  type: int
  returned: with O(wait_for)
  sample: 3
waited:
  description: The seconds from the beginning of the first look to the end of the last one.
  type: float
  returned: with O(wait_for)
  sample: 4.2
ansible_facts:
  description: The facts, as M(listening.ports.listener_facts) returns them.
  type: dict
  returned: with O(return_facts=true), where there are some
path:
  description: The file with the record.
  type: str
  returned: with O(path), when it was written
  sample: /home/me/listening-ports-audit/hosts/web-1.json
run_id:
  description: The run that the record belongs to.
  type: str
  returned: with O(path), when it was written
  sample: 0c9d7e53b1aa
"""
