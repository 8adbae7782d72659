#!/usr/bin/python
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The work is done by plugins/action/assert_listeners.py.

DOCUMENTATION = r"""
module: assert_listeners
short_description: Fail a host whose listeners differ from its declaration
version_added: 0.1.0
author: The listening.ports authors (@listening)
description:
  - Checks what listens on a host against its declaration. Anything undeclared is a finding; so is a declared listener
    that is missing, owned by another process, or bound elsewhere. Anything that could not be observed is a finding
    too, and never assumed to be fine.
  - The declaration is in variables of the host. All variables named C(expected_listeners),
    C(expected_listeners_<suffix>) and C(<role>_expected_listeners) count, and are merged in the order of their names.
    Each is a list of entries, see O(expected). Likewise, C(listener_waivers), C(listener_waivers_<suffix>) and
    C(<role>_listener_waivers) are lists of waivers, see O(waivers).
  - A declaration with a mistake is refused before the host is contacted. The message names the variable, the entry
    and the option, and the file and the line if Ansible knows them.
  - The facts are those of M(listening.ports.listener_facts), gathered within the task. They do not become part of the
    play, unless O(return_facts=true).
notes:
  - If two groups of a host set the same variable, Ansible keeps one value and drops the other without a warning. Use
    a different suffix for each file with a declaration.
  - Two entries of a host may not have the same name, unless one of them has C(override=true).
  - A declaration variable that is also a fact name is refused, because facts override inventory variables, so the
    host could judge itself. What M(ansible.builtin.set_fact) has stored with C(cacheable=true) is a fact, too.
  - The variables of a role are visible to later tasks of the same play if the role is in C(roles), imported, or
    included with C(public=true). An imported role declares even if its tasks are skipped.
  - The variable C(listener_unexpected) decides how undeclared listeners are treated, V(fail) (the default), V(warn)
    or V(ignore). C(listener_unexpected_loopback) does the same for those that only the host itself can reach, and
    C(listener_unexpected_ephemeral_udp) for UDP sockets of the ephemeral range, which most clients have; the default
    of both is V(warn).
  - C(listener_unexpected_blocked) is about undeclared listeners that the rules of the host's firewall let nobody else
    reach, V(fail) (the default), V(warn) or V(ignore); it never makes more of them than C(listener_unexpected) does.
    With another value than the default the firewall is gathered, and if it could not be read completely, they are
    treated as any other. What an entry forbids is C(forbidden) all the same.
  - The variable C(listener_unknown) decides how to treat what cannot be judged, V(fail) (the default) or V(warn).
    Findings fail a host from the severity in C(listener_fail_severity) on, by default V(low); V(info) never fails. A
    waiver that expires within C(listener_waiver_warn_days), by default V(14), is a finding that does not fail.
  - C(clients), C(only_from) and C(via) of entries are judged by what the host's firewall lets in, which needs root.
    If the facts do not include that, the result is unknown, except for listeners that only the host itself can reach.
  - V(group:NAME) and V(host:NAME) in C(clients) and C(only_from) are the addresses of hosts of the inventory. Those of
    a host are in its variable C(listening_ports_addresses), a list of addresses and networks; without it, what it is
    reached by counts, C(ansible_host) or its name, if that is an address. Facts never count. With the variable
    C(listener_client_records) of the judged host, the path of a directory of records, the addresses that other hosts
    had by their records count too, if these are no older than C(listener_client_record_days), by default V(7), and the
    look was complete; a host with an address outside of C(listener_client_networks), by default V(private), is not
    believed. An entry with a host whose addresses are not known is unknown, and no filter is made of it.
  - Templates in a declaration are evaluated if Ansible trusts their source. Other text that contains C({{), such as
    that of a file that was read, is refused.
options:
  entries:
    description:
      - Judge only these entries, names or globs of names, and do not look for undeclared listeners.
      - The rest of the declaration is still checked, and still applies to the listeners that these entries match.
    type: list
    elements: str
  declaration:
    description:
      - Whether the host must have a declaration. An empty list is a declaration, by which nothing may listen.
      - With V(optional), a host without a declaration is observed, and recorded with O(path), but not judged.
    type: str
    choices: [required, optional]
    default: required
  declarations_from:
    description:
      - Roles with a declaration in their file C(vars/listeners.yml), for plays that do not run them. Names of roles,
        including those in collections, or paths of their directories.
      - The variables of these files rank like role variables, above all but extra variables. The other files of the
        role are not read. A declaration variable that has another value on the host is refused, and so is a role
        without such a file.
      - It cannot be combined with O(expected).
    type: list
    elements: str
  gather:
    description:
      - See O(listening.ports.listener_facts#module:gather). By default the V(owners) are gathered, and the
        V(firewall) if an entry or a waiver limits who can reach something, or if what is missing may be a port that
        the host forwards.
      - With V(connections) and O(path), who came is added to what is kept of earlier runs in C(clients) beside the
        records.
    type: list
    elements: str
    choices: [owners, firewall, outgoing, connections, namespaces, resources, command, raw]
  facts:
    description:
      - What to judge. With V(live), the facts are gathered within this task.
      - With V(cached), they are what an earlier task has gathered with M(listening.ports.listener_facts), or the
        content of the fact cache.
      - With V(none), only the declaration is checked.
      - 'Otherwise it is a path: a directory with records written by M(listening.ports.record_listeners) or this
        module, the record of the host, or a JSON file with facts as returned by M(listening.ports.listener_facts).
        Relative paths start where Ansible was started. The host is not contacted.'
    type: path
    default: live
  max_age:
    description:
      - The maximum age in seconds of facts that are not gathered within the task. V(0) accepts facts of any age.
      - Records carry the time of the controller that made them. Cached facts that are kept in memory are not older
        than the run.
      - Other facts in a fact cache, and facts in a file that is not a record, carry only the time of the host, whose
        clock can be wrong, or set. They are refused unless this is V(0).
    type: int
    default: 86400
  wait_for:
    description:
      - How long to keep checking in seconds, while the host deviates. The controller makes at most 300 checks.
      - It does not wait for a host that cannot be reached or observed.
    type: int
    default: 0
  poll:
    description: The seconds between two checks with O(wait_for).
    type: int
    default: 2
  diagnose:
    description:
      - 'For a missing listener whose entry names a service: include the service''s state and its last log lines.'
      - With O(wait_for), only the last check does that.
    type: bool
    default: true
  fail:
    description:
      - Whether the task fails if the host deviates, cannot be observed, or its declaration is refused. If not,
        RV(failing) is true.
      - An unreachable host is unreachable either way, unless the task has C(ignore_unreachable).
    type: bool
    default: true
  return_facts:
    description:
      - Whether the facts become part of the play, as those of M(listening.ports.listener_facts) do. That slows down
        its later tasks.
    type: bool
    default: false
  max_findings:
    description: The maximum number of findings in RV(findings) and RV(msg). RV(findings_total) and RV(counts) count
      all.
    type: int
    default: 50
  path:
    description:
      - A directory on the controller for the record of the host, as M(listening.ports.record_listeners) writes it,
        with the judgement in it. M(listening.ports.report_listeners) turns those files into a report.
    type: path
  run_id:
    description: See O(listening.ports.record_listeners#module:run_id).
    type: str
extends_documentation_fragment:
  - listening.ports.declaration
  - listening.ports.attributes
  - listening.ports.looking
  - listening.ports.looking.limit
  - listening.ports.reporting.shared
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.actiongroups
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
attributes:
  become:
    support: full
    details: Without it, the owners of other users' sockets are hidden, and entries that name an owner cannot be judged.
  check_mode:
    details: It changes nothing either way. Records are written in check mode too.
  connection:
    support: full
  delegation:
    support: partial
    details: C(run_once) is refused, because it would judge one host and pass all. C(delegate_to) is refused with
      O(facts=live), because the facts would be those of another host than the declaration.
  diff_mode:
    support: full
    details: RV(diff) shows what is declared, and what was observed instead. RV(msg) has the same.
requirements:
  - jmespath on the controller, for C(ensure) and C(where)
seealso:
  - module: listening.ports.listener_facts
  - module: listening.ports.record_listeners
  - module: listening.ports.report_listeners
"""

EXAMPLES = r"""
- name: Allow only declared listeners
  listening.ports.assert_listeners:
  become: true
  vars:   # these belong in the inventory, for example in group_vars/web/listeners.yml
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

- name: Judge without variables, and continue whatever the result
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

- name: Wait at most half a minute until the deployed service listens
  listening.ports.assert_listeners:
    expected:
      - name: web
        port: 8080
    entries: [web]
    wait_for: 30

- name: Record what listens
  listening.ports.record_listeners:
    path: /tmp/listening-ports-example

- name: Judge the record, without contacting the host again
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
    - The judgement, for people. Its first line names the host. Each finding has a line, and the last one names the
      declaration it was judged by. If nothing was judged, the reason.
  type: str
  returned: always
  sample: |-
    web-1 is not as declared: 1 finding.
    1. unexpected, high: tcp 0.0.0.0:111 rpcbind pid 512 (rpcbind.service) listens, but nothing declares it (user _rpc).
    To do: declare it in expected_listeners, or stop rpcbind.socket and rpcbind.service.
    policy: 3 variables, 14 entries, sha256 0123456789ab
status:
  description:
    - V(ok) if there are facts, whatever the judgement. V(refused) if the declaration is refused or missing. V(failed)
      or V(unreachable) if the host could not be observed, now or when it was recorded.
  type: str
  returned: always
  sample: ok
verdict:
  description:
    - V(as_declared), V(violates), V(unknown), V(refused) or V(listed), as M(listening.ports.report_listeners) counts
      hosts in RV(listening.ports.report_listeners#module:verdicts).
  type: str
  returned: unless O(facts=none)
  sample: violates
passes:
  description:
    - Whether the host passes an audit. That is so if RV(failing) is false and all its sockets were observed, with or
      without a declaration.
  type: bool
  returned: unless O(facts=none)
  sample: false
failing:
  description: Whether the host deviates, or could not be judged. The task has failed as well, unless O(fail=false).
  type: bool
  returned: always
  sample: true
findings:
  description: Deviations and unknowns, at most O(max_findings). Those that fail the host come first, then the most
    severe.
  type: list
  elements: dict
  returned: when the host was judged
  contains:
    kind:
      description:
        - V(unexpected), V(missing), V(forbidden), V(wrong_owner), V(wrong_bind), V(overexposed), V(unreachable),
          V(unhealthy), V(unknown) or V(waiver_expired).
      type: str
      returned: always
      sample: unexpected
    severity: {description: "V(critical), V(high), V(medium), V(low) or V(info).",
               type: str, returned: always, sample: high}
    fails: {description: Whether it fails the host., type: bool, returned: always, sample: true}
    entry: {description: "The name of the entry that it is about, or its number.",
            type: str, returned: always, sample: web}
    declared_in: {description: The variable that has the entry.,
                  type: str, returned: always, sample: expected_listeners}
    listener: {description: The listener that it is about., type: str, returned: always, sample: 'tcp/0.0.0.0:111'}
    expected: {description: What is declared., type: str, returned: always, sample: process nginx}
    found: {description: What was observed instead.,
            type: str, returned: always, sample: 'tcp 0.0.0.0:111 rpcbind pid 512'}
    message: {description: "All of it, for people.", type: str, returned: always}
    remedy: {description: What to do., type: str, returned: always, sample: stop rpcbind.socket and rpcbind.service}
    fingerprint:
      description: Identifies this finding in each run, for programs that compare runs.
      type: str
      returned: always
      sample: 38cec17817bfd0e1
findings_total:
  description: How many findings there are.
  type: int
  returned: when the host was judged
  sample: 1
counts:
  description: The number of findings of each kind that occurs.
  type: dict
  returned: when the host was judged
  sample: {unexpected: 1}
waived:
  description: How many findings are waived. They are not in RV(findings).
  type: int
  returned: when the host was judged
  sample: 0
policy:
  description: The declaration that the host was judged by.
  type: dict
  returned: when there is a valid declaration
  contains:
    summary: {description: One line.,
              type: str, returned: always, sample: 'policy: 3 variables, 14 entries, sha256 0123456789ab'}
    hash: {description: "The same for the same declaration, and different for another.", type: str, returned: always}
    variables: {description: The variables of the declaration.,
                type: list, elements: str, returned: always, sample: [expected_listeners]}
    entries: {description: How many entries apply to the host., type: int, returned: always, sample: 14}
    waivers: {description: How many waivers apply to the host., type: int, returned: always, sample: 0}
summary:
  description: See RV(listening.ports.record_listeners#module:summary).
  type: dict
  returned: when RV(status=ok), and not with O(facts=none)
diff:
  description: What is declared (C(before)) and what was observed instead (C(after)), a line for each finding.
  type: dict
  returned: when the host was judged in diff mode
attempts:
  description: How many times the host was checked.
  type: int
  returned: with O(wait_for)
  sample: 3
waited:
  description: The seconds from the beginning of the first check to the end of the last one.
  type: float
  returned: with O(wait_for)
  sample: 4.2
ansible_facts:
  description: The facts, as M(listening.ports.listener_facts) returns them.
  type: dict
  returned: with O(return_facts=true), if there are any
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
