#!/usr/bin/env bash
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

set -eux
. ../setup_listening_hosts/files/start.sh
state=${state:?} listener_port=${listener_port:?}

audit() { ansible-playbook -e "audit_output_dir=$state/audit" "$@"; }
planted="tcp +0\.0\.0\.0:$listener_port +- +\"\{\{ 7\*7 \}\}"

# hosts that can be looked at: the table, and exit code 0
expect 0 audit listening.ports.audit -e target=testhost,alpha,beta "$@"
shows "^testhost +$planted" && shows "^alpha +$planted" && shows "^beta +$planted"
shows '^(All 3 hosts were looked at completely|3 hosts: .*looked at partly|3 hosts: .*partly)'
shows 'Nothing is declared for these hosts, so nothing was judged'
hides 'Not looked at'
[ -s "$state/audit/report.json" ]
[ "$(stat -c %a "$state/audit")" = 700 ]
[ "$(stat -c %a "$state/audit/report.json" "$state/audit/hosts/alpha.json" | sort -u)" = 600 ]

# one of them, by --limit: the others are not missed, whatever was recorded of them
expect 0 audit listening.ports.audit --limit alpha "$@"
shows "^$planted" && shows ' on alpha, '
hides 'beta'

# in check mode the same
rm -r "$state/audit"
expect 0 audit listening.ports.audit --check --diff -e target=alpha "$@"
shows "^$planted"
[ -s "$state/audit/hosts/alpha.json" ]

# hosts that cannot be looked at fail and are in the report, wherever they come in the order
expect 2 audit listening.ports.audit -e target=dead,alpha,nopython "$@"
shows "^alpha +$planted"
shows '^  dead: unreachable: .*Connection refused' && shows '^  nopython: failed: .*/nonexistent/python'
shows '^3 hosts: 1 .*1 unreachable, 1 failed'
shows 'dead was not looked at completely: .*Connection refused' && shows 'nopython was not looked at completely'
shows '^dead +: .*failed=1' && shows '^nopython +: .*failed=1' && shows '^alpha +: .*unreachable=0 +failed=0'

# unless that was asked for
expect 0 audit listening.ports.audit -e target=dead,alpha,nopython -e audit_fail=false "$@"
shows '^3 hosts: 1 .*1 unreachable, 1 failed'

# not one host can be looked at: the report says so
expect 2 audit listening.ports.audit -e target=remote "$@"
shows 'No host could be looked at: this says nothing about what listens' && shows '^  dead, dead2: unreachable: '
shows '^2 hosts: 2 unreachable'
hides 'Nothing listens'

# batches: each shows its own hosts, the last one all
expect 0 audit serial.yml -e audit_fail=false "$@"
[ "$(grep -cE "^$planted" "$state/out")" = 2 ]
[ "$(grep -cE "^(alpha|beta) +$planted" "$state/out")" = 2 ]
shows '^[0-9]+ listeners? on alpha, ' && shows '^4 hosts: .*still to come'
shows '^[0-9]+ listeners? on 2 of 4 hosts' && shows '^4 hosts: 2 .*2 unreachable'

# the facts, for the tasks that follow; a declaration; other formats and subsets
expect 0 audit facts.yml -e "listener_port=$listener_port" "$@"
hides 'Nothing is declared'

# options that are wrong are refused before anything is done, and a wrong one does not make the audit pass
expect 2 audit listening.ports.audit -e target=alpha -e '{"audit_gather": ["ports"]}' "$@"
shows 'value of gather must be one or more of: owners, '
expect 2 audit listening.ports.audit -e target=dead -e audit_fail=flase "$@"
shows 'dead was not looked at completely'
