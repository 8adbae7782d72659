#!/usr/bin/env bash
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The exit codes that the guide for CI names: pinned, because jobs are built on them.

set -eux
. ../setup_listening_hosts/files/start.sh
state=${state:?} listener_port=${listener_port:?}
ready "$state"

audit() { ansible-playbook -e "audit_output_dir=$state/audit" -e '{"audit_formats": ["table", "junit"]}' "$@"; }
all='{"expected_listeners": [{"name": "all", "port": "any", "protocol": ["tcp", "udp", "udplite", "sctp", "dccp"], "state": "ignored"}]}'
none='{"expected_listeners": []}'
wrong='{"expected_listeners": [{"name": "x", "prot": 1}]}'

# 0: all are as declared, or nothing is declared for them
expect 0 audit listening.ports.audit -e target=alpha,beta -e "$all" "$@"
shows '^All 2 hosts are as declared\.$'
expect 0 audit listening.ports.audit -e target=alpha "$@"
# 2: a host violates, is unreachable, or its declaration is refused, each alone
expect 2 audit listening.ports.audit -e target=alpha -e "$none" "$@"
shows '^alpha is not as declared\.$'
expect 2 audit listening.ports.audit -e target=dead -e "$all" "$@"
shows 'dead: unreachable'
expect 2 audit listening.ports.audit -e target=alpha -e "$wrong" "$@"
shows 'The declaration is refused'
expect 2 audit listening.ports.audit -e target=nopython -e "$all" "$@"
# 0 all the same, and with the same files, where no host is to fail
for target in alpha dead; do
    rm -rf "$state/audit"
    expect 0 audit listening.ports.audit -e "target=$target" -e "$none" -e audit_fail=false "$@"
    [ -s "$state/audit/report.junit.xml" ]
done
# 1: Ansible itself finds nobody to audit, no playbook, or options that it does not know
expect 1 audit listening.ports.audit --limit wbe "$@"
expect 1 audit listening.ports.adit -e target=alpha "$@"
expect 1 env ANSIBLE_INVENTORY_UNPARSED_FAILED=true ansible-playbook listening.ports.audit -i "$state/nowhere.ini" "$@"
expect 2 audit listening.ports.audit --no-such-option "$@"
# nobody was audited: never 0. Ansible gives the error of a template another code since 2.19.
case $(ansible --version | head -n 1) in
    *core\ 2.1[678].*) nobody=1 ;;
    *) nobody=4 ;;
esac
for playbook in audit validate baseline; do
    expect "$nobody" ansible-playbook "listening.ports.$playbook" -e target=wbe "$@"
    expect "$nobody" env ANSIBLE_INVENTORY=/dev/null ansible-playbook "listening.ports.$playbook" "$@"
done

# the counts for later nodes of a workflow: numbers, and the name of no host
expect 2 env ANSIBLE_SHOW_CUSTOM_STATS=true ANSIBLE_STDOUT_CALLBACK=default ansible-playbook listening.ports.audit \
    -e "audit_output_dir=$state/audit" -e audit_stats=true -e target=alpha,beta,dead -e "$none" "$@"
sed -n '/^CUSTOM STATS/,$p' "$state/out" >"$state/stats"
tr -d ' \n' <"$state/stats" | grep -qE '"verdicts":\{"as_declared":0,"listed":0,"pending":0,"refused":0,"unknown":1,"violates":2\}'
! grep -E "alpha|beta|dead|$listener_port" "$state/stats"
