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
