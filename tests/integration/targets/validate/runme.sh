#!/usr/bin/env bash
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

set -eux
export ANSIBLE_INJECT_FACT_VARS=false ANSIBLE_NOCOLOR=true ANSIBLE_HASH_BEHAVIOUR=replace
state=$(mktemp -d)
out=$state/out
# shellcheck source=tests/ready/ready.sh
. "${ANSIBLE_COLLECTIONS_PATH%%:*}/ansible_collections/listening/ports/tests/ready/ready.sh"
trap 'ready_ends; rm -rf "$state"' EXIT
ready "$state"

# validate CODE ARGUMENT...: runs the playbook, keeps what it prints, and fails unless it exits with that code
validate() {
    local wanted=$1 code=0
    shift
    ansible-playbook listening.ports.validate "$@" >"$out" || code=$?
    cat "$out"
    [ "$code" = "$wanted" ] || { echo "exit code $code instead of $wanted" >&2; return 1; }
}
shows() { grep -qE -e "$1" "$out" || { echo "not in the output: $1" >&2; return 1; }; }
hides() { ! grep -E -e "$1" "$out" || { echo "in the output: $1" >&2; return 1; }; }

# a thousand hosts that do not exist, whose declarations are in order
validate 0 -i ghosts.yml -e target=web "$@"
shows '^The declarations of all 1000 hosts are in order\.$'
hides 'unreachable=[1-9]'

# a hundred of them are enough for what follows
few=$state/few.yml
sed 's/:1000\]/:0100]/' ghosts.yml >"$few"
grep -q 'ghost-\[0001:0100\]' "$few"

# hosts without a declaration are named, and fail nothing as long as there are others
validate 0 -i "$few" "$@"
shows '^Nothing is declared for 3 hosts \(monitor-1, monitor-2, bare-1\)\.$'
shows '^103 hosts: 100 in order, 3 without a declaration\.$'

# mistakes: grouped over hosts, each with variable, entry and option; all of them in one run
validate 2 -i "$few" -i mistakes.yml "$@"
shows '^  2 hosts \(ghost-0007, ghost-0008\): expected_listeners_odd, entry db, option sate: there is no such option; did you mean state\? \(/.*/mistakes\.yml, line [0-9]+\)$'
shows '^  2 hosts \(ghost-0007, ghost-0008\): expected_listeners_odd, entry all, option port: .*22-2'
shows '^  ghost-0009: expected_listeners_web, entry web: .*nobody_knows_this'
shows '^  ghost-0010: the variable expected_listener declares nothing; did you mean expected_listeners\?$'
shows '^103 hosts: 97 in order, 3 refused, 3 without a declaration\.$'
shows '"msg": "The declaration of 3 hosts \(ghost-0007, ghost-0008, ghost-0009\) is refused: '

# each host has to have one, where that is demanded
validate 2 -i "$few" -e audit_declaration=required "$@"
shows '"msg": "Nothing is declared for 3 hosts \(monitor-1, monitor-2, bare-1\), and a declaration is required"'
validate 0 -i "$few" -e target=web -e audit_declaration=required "$@"

# nobody is meant: the exit code of the error differs between versions of Ansible, and is never 0
nobody() {
    if ansible-playbook listening.ports.validate "$@" >"$out" 2>&1; then
        echo "nobody was checked with success" >&2
        return 1
    fi
}
nobody -i "$few" -e target=wbe "$@"
shows 'No host of the inventory matches wbe: nobody was checked\.'
nobody -i "$few" -e target=web --limit bare "$@"
shows 'No host of the inventory matches web within --limit bare: nobody was checked\.'
nobody -i /dev/null "$@"
shows 'The inventory has no host: nobody was checked\.'

# a part of them
validate 0 -i "$few" -i mistakes.yml --limit 'ghost-0001,ghost-0002' "$@"
shows '^The declarations of all 2 hosts are in order\.$'
validate 2 -i "$few" -i mistakes.yml -e target=ghost-0007 "$@"
shows '^The declaration of ghost-0007 is invalid\.$'

# in check mode, and with a variable of the command line
validate 2 -i "$few" --check --diff -e target=web -e '{"more": [{"name": "x"}]}' "$@"
shows '^  100 hosts \(ghost-0001, ghost-0002, ghost-0003, ghost-0004, ghost-0005, …\): more_expected_listeners, entry x, option port: '

# nothing is declared at all: then nothing was checked, and that is no success
validate 2 -i "$few" -e target=bare "$@"
shows 'None of these hosts \(1\) has a declaration, so nothing was checked'

# a change of the declaration: which hosts it would fail, judged by what was recorded before, on hosts nobody contacts
unset ANSIBLE_INVENTORY
mkdir -p "$state/base/group_vars"
cat >"$state/base/hosts.ini" <<INVENTORY
[web]
here ansible_connection=local ansible_python_interpreter=${ANSIBLE_TEST_PYTHON_INTERPRETER:-python}
there ansible_connection=local ansible_python_interpreter=${ANSIBLE_TEST_PYTHON_INTERPRETER:-python}
INVENTORY
echo 'expected_listeners: [{name: all, port: any, protocol: [tcp, udp, udplite, sctp, dccp], state: ignored}]' \
    >"$state/base/group_vars/all.yml"
ansible-playbook listening.ports.audit -i "$state/base/hosts.ini" -e "audit_output_dir=$state/records" >"$out"
# in the branch nobody could be contacted, and one host is new
cp -r "$state/base" "$state/branch"
printf 'new\n[web:vars]\nansible_connection=there_is_no.such.connection\n' >>"$state/branch/hosts.ini"
sed -i 's/ ansible_.*//' "$state/branch/hosts.ini"
sed -i 's/}]$/}, {name: gone, port: 9}]/' "$state/branch/group_vars/all.yml"
compare=(-e "validate_records=$state/records" -e "validate_base=$state/base/hosts.ini" -e "validate_markdown=$state/impact.md")
validate 2 -i "$state/branch/hosts.ini" "${compare[@]}" "$@"
shows '^  as declared → violates: 2 hosts \((here, there|there, here)\)$'
shows '^  high      2 hosts .*has to listen on tcp/9 \(entry gone of expected_listeners\), but nothing does \[.*group_vars/all\.yml:1\]$'
shows '^  new: there is no record of it in '
shows '^3 hosts: 2 would fail now, 1 could not be judged\.$'
grep -qF '## ◆ 3 hosts: 2 would fail now, 1 could not be judged.' "$state/impact.md"
validate 0 -i "$state/branch/hosts.ini" "${compare[@]}" -e validate_fail=false "$@"
# and back, in check mode
validate 0 -i "$state/base/hosts.ini" --check --diff -e "validate_records=$state/records" \
    -e "validate_base=$state/branch/hosts.ini" "$@"
shows '^  violates → as declared: 2 hosts '
shows '^No longer in the inventory: new$'
# the same on both sides, and an extra variable that counts on both
validate 0 -i "$state/base/hosts.ini" -e "validate_records=$state/records" -e "validate_base=$state/base/hosts.ini" "$@"
shows '^The change makes no difference to any of 2 hosts\.$'
validate 0 -i "$state/base/hosts.ini" -e "validate_records=$state/records" -e "validate_base=$state/base/hosts.ini" \
    -e '{"more_expected_listeners": [{"name": "gone", "port": 9}]}' "$@"
shows '^The change makes no difference to any of 2 hosts\.$'
# without one of the two, without records, and where nobody could be judged
validate 2 -i "$state/base/hosts.ini" -e "validate_base=$state/base/hosts.ini" "$@"
shows 'missing required arguments: records'
validate 2 -i "$state/base/hosts.ini" -e "validate_base=$state/base/hosts.ini" -e "validate_records=$state/nowhere" "$@"
shows 'is not a directory: nothing was recorded there'
validate 2 -i "$state/branch/hosts.ini" "${compare[@]}" --limit new "$@"
shows 'None of these hosts \(1\) could be judged: this says nothing about the change'
