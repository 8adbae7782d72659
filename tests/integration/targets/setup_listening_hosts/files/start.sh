# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Sourced by the scripts of other targets: sets state, listener_pid and listener_port, and cleans up at the end.
# shellcheck shell=bash

# injected facts end in ansible-core 2.24
export ANSIBLE_INJECT_FACT_VARS=false
export ANSIBLE_HOST_KEY_CHECKING=false
export ANSIBLE_NOCOLOR=true
# shellcheck source=tests/ready/ready.sh
. "${ANSIBLE_COLLECTIONS_PATH%%:*}/ansible_collections/listening/ports/tests/ready/ready.sh"
helpers=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ANSIBLE_INVENTORY=$(realpath "${INVENTORY_PATH:-../../inventory}"),$helpers/hosts.yml
state=$(mktemp -d)
export ANSIBLE_INVENTORY state listener_pid listener_port

finish() {
    code=$?
    trap - EXIT
    [ -z "${listener_pid:-}" ] || kill "$listener_pid" || code=1
    ready_ends || code=1
    rm -rf "$state"
    exit "$code"
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

read -r listener_pid listener_port < <("${ANSIBLE_TEST_PYTHON_INTERPRETER:-python}" "$helpers/listen.py")

# expect CODE COMMAND...: runs it, keeps what it prints in $state/out, and fails unless it exits with that code
expect() {
    local wanted=$1 code=0
    shift
    "$@" >"$state/out" 2>"$state/err" || code=$?
    cat "$state/out" "$state/err"
    if [ "$code" != "$wanted" ]; then
        echo "exit code $code instead of $wanted: $*" >&2
        return 1
    fi
}

# shows PATTERN, hides PATTERN: what the last command printed on standard output
shows() { grep -qE -e "$1" "$state/out" || { echo "not in the output: $1" >&2; return 1; }; }
hides() { ! grep -E -e "$1" "$state/out" || { echo "in the output: $1" >&2; return 1; }; }
