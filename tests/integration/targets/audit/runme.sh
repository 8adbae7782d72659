#!/usr/bin/env bash
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

set -eux
. ../setup_listening_hosts/files/start.sh
state=${state:?} listener_port=${listener_port:?}
ready "$state"

audit() { ansible-playbook -e "audit_output_dir=$state/audit" "$@"; }
planted="tcp +0\.0\.0\.0:$listener_port +- +\"\{\{ 7\*7 \}\}"

# hosts that can be looked at: the table, and exit code 0
expect 0 audit listening.ports.audit -e target=testhost,alpha,beta "$@"
shows "^ +3 +$planted.* all observed hosts$"
shows '^(All 3 hosts were observed completely|3 hosts: .*observed partly|3 hosts: .*partly)'
shows 'These hosts have no declaration, so nothing was judged'
shows '^  ansible-playbook listening\.ports\.baseline -i INVENTORY -b      \(in a clone: make baseline\)$'
hides 'Not observed'
[ -s "$state/audit/report.json" ]
[ "$(stat -c %a "$state/audit")" = 700 ]
[ "$(stat -c %a "$state/audit/report.json" "$state/audit/hosts/alpha.json" | sort -u)" = 600 ]

# one of them, by --limit: the others are not missed, whatever was recorded of them
expect 0 audit listening.ports.audit --limit alpha "$@"
shows "^$planted"
shows ' on alpha, '
hides 'beta'

# in check mode the same
rm -r "$state/audit"
expect 0 audit listening.ports.audit --check --diff -e target=alpha "$@"
shows "^$planted"
[ -s "$state/audit/hosts/alpha.json" ]

# hosts that cannot be looked at fail and are in the report, wherever they come in the order
expect 2 audit listening.ports.audit -e target=dead,alpha,nopython "$@"
shows "^ +1 +$planted.* alpha$"
shows '^  dead: unreachable: .*Connection refused'
shows '^  nopython: failed: .*/nonexistent/python'
shows '^3 hosts: 1 .*1 unreachable, 1 failed'
shows '"msg": "dead is unreachable: .*Connection refused'
shows '"msg": "nopython could not be judged: .*/nonexistent/python'
shows '^dead +: .*failed=1'
shows '^nopython +: .*failed=1'
shows '^alpha +: .*unreachable=0 +failed=0'
# the answer is the last thing above the recap
[ "$(grep -nE '^fatal: ' "$state/out" | tail -n 1 | cut -d: -f1)" -lt "$(grep -nE '^3 hosts: ' "$state/out" | cut -d: -f1)" ]
# also where the strategy would make a report for each host
ANSIBLE_STRATEGY=free expect 2 audit listening.ports.audit -e target=dead,alpha,nopython "$@"
[ "$(grep -cE '^3 hosts: ' "$state/out")" = 1 ]

# unless that was asked for
expect 0 audit listening.ports.audit -e target=dead,alpha,nopython -e audit_fail=false "$@"
shows '^3 hosts: 1 .*1 unreachable, 1 failed'

# not one host can be looked at: the report says so
expect 2 audit listening.ports.audit -e target=remote "$@"
shows 'No host could be observed: this says nothing about what listens'
shows '^  dead, dead2: unreachable: '
shows '^2 hosts: 2 unreachable'
hides 'Nothing listens'

# nobody at all: that is an error, whose exit code differs between versions of Ansible
nobody() {
    if ansible-playbook listening.ports.audit "$@" >"$state/out" 2>&1; then
        echo "nobody was audited with success" >&2
        return 1
    fi
}
nobody -e target=typo "$@"
shows 'No host of the inventory matches typo: nobody was audited\.'
nobody -e target=null --check "$@"
nobody -e target=alpha --limit beta "$@"
shows 'No host of the inventory matches alpha within --limit beta: nobody was audited\.'
ANSIBLE_INVENTORY=/dev/null nobody "$@"
shows 'The inventory has no host: nobody was audited\.'
nobody -e target= "$@"
shows 'No host is named: nobody was audited\.'

# tags of a larger playbook do not leave the audit out
expect 0 audit listening.ports.audit -e target=alpha --tags web "$@"
shows "^$planted"

# a declaration is demanded: a host without one is not looked at, and fails
expect 2 audit listening.ports.audit -e target=alpha -e audit_declaration=required "$@"
shows '^  alpha: This host has no declaration\. '
shows '"msg": "alpha: This host has no declaration\. '

# batches: each shows its own hosts, the last one all
expect 0 audit serial.yml -e audit_fail=false "$@"
[ "$(grep -cE "^$planted" "$state/out")" = 2 ]
shows "^ +2 +$planted.* all observed hosts$"
shows '^[0-9]+ listeners? on alpha, '
shows '^4 hosts: .*still to come'
shows '^[0-9]+ listeners? on 2 of 4 hosts'
shows '^4 hosts: 2 .*2 unreachable'

# the facts, for the tasks that follow; a declaration; other formats and subsets
expect 0 audit facts.yml -e "listener_port=$listener_port" "$@"
hides 'have no declaration'

# a declaration: what is not as declared is a finding, fails its host, and that host alone
name="\"\{\{ 7\*7 \}\}\\\\x1b\[1m\\\\n\""
finding="tcp 0\.0\.0\.0:$listener_port $name"
plain=$ANSIBLE_INVENTORY
export ANSIBLE_INVENTORY=$plain,$PWD/declared.yml
ready "$state"
expect 2 audit listening.ports.audit -e target=alpha,beta "$@"
shows "^  critical  alpha: $finding pid [0-9]+.* listens, but entry nobody of expected_listeners_alpha forbids it \(it has an odd name\)$"
shows '^            To do: stop '
shows '^2 hosts: 1 as declared, 1 violates\.$'
shows '^  info      The entry gone of expected_listeners_all matched nothing on any of the 2 hosts that were judged by it$'
shows '^  info      The waiver moving of listener_waivers_all waived nothing'
shows '^policy: 3 variables, 4 entries, 1 waiver, sha256 [0-9a-f]{12} on alpha$'
shows '"msg": "alpha is not as declared: 1 finding\. 1\. forbidden, critical: tcp 0\.0\.0\.0:'"$listener_port "'[^ ]*\{\{ 7\*7 \}\}'
shows '^alpha +: .*failed=1'
shows '^beta +: .*failed=0'
hides 'have no declaration'
hides "$(printf '\033')"
"${ANSIBLE_TEST_PYTHON_INTERPRETER:-python}" - "$state/audit/report.json" <<'CHECK'
import json
import sys
with open(sys.argv[1]) as stream:
    report = json.load(stream)
assert report['verdicts'] == {'as_declared': 1, 'violates': 1, 'unknown': 0, 'refused': 0, 'listed': 0, 'pending': 0}, report['verdicts']
assert sorted(one['kind'] for one in report['unused']) == ['entry_unused', 'waiver_unused']
alpha, beta = sorted(report['hosts'], key=lambda host: host['host'])
assert (alpha['verdict'], beta['verdict']) == ('violates', 'as_declared')
assert [one['kind'] for one in alpha['judgement']['findings']] == ['forbidden'] and not beta['judgement']['findings']
# where the entries are that findings name, and those of no use, by what grep says
with open('declared.yml') as stream:
    lines = [line.strip() for line in stream]
places = alpha['judgement']['places']
assert all(place['path'].endswith('declared.yml') for place in places.values()), places
found = {name: lines[line - 1] for place in places.values() for name, line in place['entries'].items()}
assert sorted(found) == ['gone', 'moving', 'nobody'], places
assert all(line.startswith('- {name: %s,' % name) for name, line in found.items()), found
assert lines[places['expected_listeners_alpha']['line'] - 1] == 'expected_listeners_alpha:'
CHECK

# all hosts fail: what they have in common is told once, and the report is there all the same
expect 2 audit listening.ports.audit -e target=alpha,beta \
    -e '{"expected_listeners_alpha": [], "expected_listeners_both": [{"port": 11, "name": "both"}]}' "$@"
shows '^  high      2 hosts \((alpha, beta|beta, alpha)\): [A-Z][a-z]+ has to listen on tcp/11 \(entry both of expected_listeners_both\), but nothing does'
shows '^2 hosts: 2 violate\.$'
shows '^alpha +: .*failed=1'
shows '^beta +: .*failed=1'

# the same, and nobody fails for it
expect 0 audit listening.ports.audit -e target=alpha,beta -e audit_fail=false "$@"
shows '^2 hosts: 1 as declared, 1 violates\.$'
shows '^alpha +: .*failed=0'

# a part of the hosts: the others are not missed, and nothing is said to be unused
expect 0 audit listening.ports.audit --limit beta "$@"
shows '^beta is as declared\.$'
hides 'matched nothing'

# refused, unreachable, not declared, as declared: each is counted as what it is, and each that fails says why
expect 2 audit listening.ports.audit -e target=beta,nopython,dead,testhost "$@"
shows '^  nopython: The declaration is refused for 2 reasons\.$'
shows '^    [12]\. expected_listeners_bad, entry oops, option prot: '
shows '^    [12]\. expected_listeners_bad, entry also, option port: 222222 is not a port'
hides 'nopython: failed'
hides '/nonexistent/python'
shows '^4 hosts: 1 as declared, 1 with an invalid declaration, 1 unreachable, 1 only listed \(no declaration\)\.$'
shows '"msg": "nopython: The declaration is refused for 2 reasons\. 1\. expected_listeners_bad'
shows '"msg": "dead is unreachable: '
shows '^nopython +: .*failed=1'
shows '^dead +: .*failed=1'
shows '^beta +: .*failed=0'
shows '^testhost +: .*failed=0'

# all hosts are unreachable, or refused
expect 2 audit listening.ports.audit -e target=dead,nopython "$@"
shows '^2 hosts: 1 with an invalid declaration, 1 unreachable\.$'
hides 'matched nothing'

# in batches: each has its own findings, and the last line counts all so far
expect 0 audit serial.yml -e audit_fail=false "$@"
[ "$(grep -cE "^  critical  (alpha: )?$finding" "$state/out")" = 2 ]
shows '^4 hosts: 1 violates, .*still to come\.$'
shows '^4 hosts: 1 as declared, 1 violates, 2 unreachable\.$'
[ "$(grep -c 'The entry gone' "$state/out")" = 1 ]

# in check mode the same
expect 2 audit listening.ports.audit --check --diff -e target=alpha "$@"
shows '^alpha is not as declared\.$'
export ANSIBLE_INVENTORY=$plain

# facts of a host do not decide how it is audited, by themselves or behind a variable, now or in a later run
for inject in true false; do
    cache=(env "ANSIBLE_CACHE_PLUGIN=jsonfile" "ANSIBLE_CACHE_PLUGIN_CONNECTION=$state/cache.$inject" "ANSIBLE_INJECT_FACT_VARS=$inject")
    rm -rf "$state/audit"
    expect 2 "${cache[@]}" ansible-playbook steering.yml -e "chosen=$state/audit" "$@"
    shows 'alpha: it has a fact named audit_fail, by which it would decide how it is audited: remove the fact, and clear the fact cache'
    shows '^  alpha: it has a fact named audit_fail, '
    shows '^beta +: .*failed=0'
    [ ! -e "$state/audit/elsewhere" ] && [ ! -e "$state/audit/hosts/alpha.json" ] && [ -s "$state/audit/hosts/beta.json" ]
    # in the fact cache
    expect 2 "${cache[@]}" ansible-playbook listening.ports.audit -e target=alpha,beta -e "audit_output_dir=$state/audit" "$@"
    shows '^  alpha: it has a fact named audit_fail, '
    expect 2 "${cache[@]}" ansible-playbook listening.ports.validate -e target=alpha,beta "$@"
    shows 'alpha: it has a fact named audit_fail, '
done
# behind a variable, which takes facts that are variables
expect 2 env ANSIBLE_INJECT_FACT_VARS=true ansible-playbook behind.yml "$@"
shows 'alpha: the variable audit_fail refers to hidden, which is a fact of it, by which it would decide how it is audited'
shows '^  beta: The declaration is refused: expected_listeners: refers to the variable hidden, which is a fact of the host'

# options that are wrong are refused before anything is done, and a wrong one does not make the audit pass
expect 2 audit listening.ports.audit -e target=alpha -e '{"audit_gather": ["ports"]}' "$@"
shows 'value of gather must be one or more of: owners, '
expect 2 audit listening.ports.audit -e target=dead -e audit_fail=flase "$@"
shows 'dead is unreachable'
