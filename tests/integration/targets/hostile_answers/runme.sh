#!/usr/bin/env bash
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

set -eux
. ../setup_listening_hosts/files/start.sh
state=${state:?}
python=${ANSIBLE_TEST_PYTHON_INTERPRETER:-python}
mkdir "$state/hosts"
"$python" files/make_hosts.py "$state/hosts"
export ANSIBLE_INVENTORY=$state/hosts/hosts.json
ready "$state"

# no text of a host steers the terminal or the CI system, whichever part of an answer it is in
harmless() {
    cat "$state/out" "$state/err" | "$python" files/harmless.py
    [ ! -e "$state/hosts/executed" ]
}
expect 0 ansible-playbook ask.yml --diff "$@"
harmless
expect 2 ansible-playbook listening.ports.audit -e target=answers -e "audit_output_dir=$state/audit" "$@"
harmless
shows '^  empty: failed: '
shows '^unreachable +: .*failed=1'
expect 2 ansible-playbook listening.ports.audit -e target=answers -e "audit_output_dir=$state/audit" \
    -e '{"expected_listeners": [{"name": "ssh", "port": 22}]}' "$@"
harmless

# a host that does not answer ends nothing but itself, and the report says why it is missing
started=$SECONDS
expect 2 ansible-playbook listening.ports.audit -e 'target=asleep,warnings' -e audit_look_timeout=3 -e "audit_output_dir=$state/audit" "$@"
[ $((SECONDS - started)) -lt 120 ]
shows '^  asleep: unreachable: no answer within 3 s$'
shows '"msg": "asleep is unreachable: no answer within 3 s'
shows '^2 hosts: .*1 unreachable'
shows '^warnings +: .*unreachable=0 +failed=0'
# also where the host was to be probed from, or asked for facts
expect 4 ansible asleep -m listening.ports.listener_facts -a look_timeout=2
shows 'no answer within 2 s'
# the keyword timeout counts where it is shorter, and the report says why all the same
expect 2 env ANSIBLE_TASK_TIMEOUT=6 ansible-playbook listening.ports.audit -e target=asleep -e "audit_output_dir=$state/audit" "$@"
shows '^  asleep: unreachable: no answer within [345][.0-9]* s$'
# nothing is left running
if pgrep -f "$state/hosts/python-asleep"; then exit 1; fi
