#!/usr/bin/python
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# The work is done by plugins/action/report_listeners.py.

DOCUMENTATION = r"""
module: report_listeners
short_description: Report what listens on all hosts, and where that differs from their declarations, from their records
version_added: 0.1.0
author: The listening.ports authors (@listening)
description:
  - Reads the records that M(listening.ports.record_listeners) and M(listening.ports.assert_listeners) wrote and shows
    them as one report, or writes them as one file. It contacts no host, and judges nothing; judgements are in the
    records.
  - Each host that the report is about is in it. One without a record of this run counts as not observed, whatever an
    older record contains.
  - The first line counts listeners, those that anyone can reach, and findings by severity.
  - In the table the widest scopes come first. Hosts with the same listener share a line, and so do the addresses that
    one owner binds to. No line is wider than the terminal, but for an address that is. Below it are what could not be
    observed and the hosts that were not reached.
  - Then come the deviations, most severe first, and of these what most can reach. Hosts that have the same finding
    share it, whatever their pids and addresses are. What fails no host comes after that, with at most ten lines of a
    kind, and entries and waivers that matched nothing on any host, unless C(--limit) has left hosts out. The last
    line counts the hosts. Many hosts are named by the groups of the inventory that they are.
notes:
  - Use C(run_once), because one host of a play reports on all of them.
  - In a play with C(serial) each batch shows its own hosts, and the last one shows all. Files always cover all hosts;
    they are written by the first batch, by the last one, and by each with which an eighth, a quarter or a half of the
    hosts had their turn, and so on. Other batches do not read the records of earlier ones again. Their results count
    the hosts of the batch and those still to come.
  - If reading takes long, a line says how many records were read.
  - Names are escaped. Anything other than printable ASCII, or a letter, number or symbol written
    from left to right, appears as C(\x1b) or C(\u202e), and anything but a plain name is in double quotes.
  - The table goes to standard output through Ansible, or to standard error if the stdout callback writes JSON.
options:
  hosts:
    description:
      - The hosts that the report is about, by their names in the inventory. The default is all hosts of the play, as
        limited by C(--limit).
    type: list
    elements: str
  formats:
    description:
      - The formats to write. V(table) is shown. V(json), for programs, is written to C(report.json).
      - V(html) is C(report.html), a page for a browser.
      - V(junit) is C(report.junit.xml), for what shows tests; V(markdown) is C(report.md), for the summary of a job or
        a comment on a change; V(csv) is C(report.csv), for spreadsheets; V(prometheus) is C(report.prom), for the
        textfile collector of node_exporter; V(sarif) is C(report.sarif), for GitHub, GitLab, DefectDojo and what else
        shows findings of analyses.
      - A file is written whole or not at all. If one cannot be written, the task fails, the file that was there stays
        as it was, and the others are written.
    type: list
    elements: str
    choices: [table, csv, html, json, junit, markdown, prometheus, sarif]
    default: [table]
  dest:
    description: The directory for files. The default is that of O(path).
    type: path
  mode:
    description: The mode of files. Whoever may read them knows what listens on which host.
    type: str
    choices: ['0600', '0640', '0644']
    default: '0600'
  source_root:
    description:
      - The top of the files that hosts were judged by, of which the report names the commit, and whether files of
        that commit were changed since. Files that Git does not track do not count. The default is the top of
        the Git repository that the inventory is in, else of the one that the task runs in.
      - Paths in V(sarif) are relative to it.
    type: path
  example:
    description: Whether to end with an example of how to declare what is expected, if no host has a declaration.
    type: bool
    default: false
  stats:
    description:
      - Whether to set the statistic C(listening_ports), as C(ansible.builtin.set_stats) would, for later nodes of a
        workflow in AWX. It has RV(run_id), RV(complete), RV(hosts), RV(verdicts), RV(listeners), and C(findings), the
        number of different findings that fail hosts, by severity. No host is named, nor anything that listens.
      - C(ansible-playbook) shows it at its end if C(ANSIBLE_SHOW_CUSTOM_STATS=true).
    type: bool
    default: false
    version_added: 0.2.0
  reach:
    description:
      - Whether the report says which of its hosts reach what listens on the others. A host reaches what its own
        firewall lets it connect to, and the firewall of the other host lets in, at one of the addresses that this
        reports. For that, V(firewall) and V(outgoing) have to be gathered; of a host without them it is not known.
      - V(html), V(markdown) and V(json) have all of it, the table a line. A report answers a million questions, of one
        listener and one host each. If there are more, it says so, and M(listening.ports.report_reach) asks for some.
    type: bool
    default: false
    version_added: 0.2.0
extends_documentation_fragment:
  - listening.ports.reporting
  - listening.ports.reporting.shared
  - listening.ports.attributes
  - listening.ports.attributes.controller
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.actiongroups
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
attributes:
  check_mode:
    details: Files are written in check mode too. They are the purpose of the task.
seealso:
  - module: listening.ports.assert_listeners
  - module: listening.ports.listener_facts
  - module: listening.ports.record_listeners
  - module: listening.ports.report_reach
"""

EXAMPLES = r"""
- name: Record what listens
  listening.ports.record_listeners:
    fail: false
  ignore_unreachable: true
  become: true

- name: Show it as a table
  listening.ports.report_listeners:
  run_once: true

- name: Show it and write it to a file for programs
  listening.ports.report_listeners:
    formats: [table, json]
    dest: /tmp/listening-ports-report
    stats: true
  run_once: true
  register: report

- name: Stop if a listener may be missing
  ansible.builtin.assert:
    that: report.complete
    fail_msg: "A listener may be missing from the report: {{ report.hosts }}"
  run_once: true

- name: Show the newest records of all hosts, whenever they were made
  listening.ports.report_listeners:
    hosts: "{{ groups['all'] + ['localhost'] }}"
    run_id: any
  run_once: true
"""

RETURN = r"""
run_id:
  description: The run that was reported on.
  type: str
  returned: success
  sample: 0c9d7e53b1aa
complete:
  description:
    - Whether no listener can be missing, because all hosts were observed, with all of their sockets. Owners, and
      whatever else was requested, may still be missing, see RV(hosts).
  type: bool
  returned: success
  sample: true
hosts:
  description: The number of hosts in each state.
  type: dict
  returned: success
  contains:
    ok:
      description: They were observed completely.
      type: int
      returned: always
    partial:
      description: They were observed, but not completely.
      type: int
      returned: always
    unreachable:
      description: There was no connection.
      type: int
      returned: always
    failed:
      description: Nothing could be gathered there, or the record of the host is not valid.
      type: int
      returned: always
    missing:
      description: They have no record of the run.
      type: int
      returned: always
    pending:
      description: They are in a later batch of a play with C(serial).
      type: int
      returned: always
  sample: {ok: 498, partial: 2, unreachable: 3, failed: 1, missing: 0, pending: 0}
verdicts:
  description: The number of hosts with each verdict. Each host is counted once.
  type: dict
  returned: success
  contains:
    as_declared:
      description: Nothing fails them, and nothing about them is unknown.
      type: int
      returned: always
    violates:
      description: They deviate from their declaration.
      type: int
      returned: always
    unknown:
      description: They were not reached, not observed, or not completely enough to judge.
      type: int
      returned: always
    refused:
      description: Their declaration has a mistake, so they were not observed.
      type: int
      returned: always
    listed:
      description: All their sockets were observed, but they were not judged, mostly because they have no declaration.
      type: int
      returned: always
    pending:
      description: They are in a later batch of a play with C(serial).
      type: int
      returned: always
  sample: {as_declared: 494, violates: 3, unknown: 7, refused: 0, listed: 0, pending: 0}
listeners:
  description: How many listeners are known, on all hosts.
  type: int
  returned: success
  sample: 4711
table:
  description: What was shown, without colours, at most 64 KiB of it.
  type: str
  returned: success
dest:
  description:
    - The files that were written, by format.
    - The JSON has C(schema) (1), C(generated_at), C(run_id), the versions C(collection) and C(ansible_core),
      C(hosts), C(complete), C(counts) and C(verdicts) (RV(complete), RV(hosts) and RV(verdicts)), C(unused),
      C(evidence), and with O(reach) C(reach).
    - C(evidence) has the times of the C(oldest) and the C(newest) record, the versions that made them (C(collections),
      C(ansible_cores)), the files that hosts were judged by as far as Git knows them (C(source_root), C(revision),
      C(dirty)), C(policies) (hosts by the hash of what they were judged by), C(gaps) (C(aspect), C(code), C(hosts)),
      C(waivers) (those in force, with the number of C(findings) by host), C(fleet) (whether these are all hosts), and
      C(kind) (V(fleet), or another text for each other part of it).
    - C(reach) has C(counts) and C(answers) as RV(listening.ports.report_reach#module:counts) and
      RV(listening.ports.report_reach#module:answers), C(answers_total), and C(refused) (a string, if there were too
      many questions, and none was answered).
    - C(unused) lists findings of the kinds C(entry_unused) and C(waiver_unused), which are about all hosts together.
    - Each of C(hosts) has C(host), C(status) (a key of RV(hosts)), C(verdict) (a key of RV(verdicts)), C(reason) (a
      string, if there are no facts), C(last_seen) (the time of a record that is older than the run), and from its
      record C(recorded_at), C(run_id), C(collection), C(ansible_core), C(judgement) and C(facts)
      (RV(listening.ports.listener_facts#module:ansible_facts.ansible_listening_ports)). Unknown values are V(null).
    - C(judgement) has C(policy) (C(summary), C(hash), C(variables)), C(findings)
      (RV(listening.ports.assert_listeners#module:findings), at most 1000, each with C(parts), its content as data,
      and C(same), a key that the same finding has on other hosts; both are V(null) if an earlier version recorded it;
      C(ports) that are missing, as in C(tcp/22), and C(listeners), the ids of all that it is about if these are
      several, at most 100 each), C(findings_total), C(failing), C(refused) (a string, if the declaration is refused),
      C(waived) (the number of findings), C(waivers) (those that waive some of them), C(waived_findings) (what they
      waive, at most 1000), C(entries) (variable, name, state and outcome of each entry, at most 10000; the outcome is
      V(met), V(not_met) of what need not be there, V(failed), whether that fails the host or not, or V(unknown)),
      C(places) (by variable the C(path) and C(line) at which it is written, and C(entries), the lines of those that
      findings name), and C(met) and C(idle), the entries and waivers that matched something and those that did not, as
      pairs of variable and name. Records of earlier versions lack C(waived_findings), C(entries), C(places), C(ports)
      and C(listeners).
  type: dict
  returned: success
  sample: {json: /home/me/listening-ports-audit/report.json}
"""
