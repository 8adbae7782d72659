#!/usr/bin/env bash
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

set -eux
. ../setup_listening_hosts/files/start.sh
state=${state:?}
targets=$PWD
ready "$state"
cd "$state"

# the one that is started for all targets takes no connections, so that after two of them it looks filtered
exec {served}> >(exec "${ANSIBLE_TEST_PYTHON_INTERPRETER:-python}" "$targets/files/serve.py" >"$state/port")
until [ -s "$state/port" ]; do sleep 0.1; done
read -r port <"$state/port"

ansible-playbook -e "served_port=$port" "$targets/test.yml" "$@"

# the playbook: a table of targets against vantage hosts, with the loopback for an address
probe() { ansible-playbook listening.ports.probe -e probe_address=127.0.0.1 -e probe_timeout=1 "$@"; }
planted="tcp +127\.0\.0\.1:$port +\"\{\{ 7\*7 \}\}\\\\x1b\[1m\\\\n\" +\S+ +"
open="$planted"'open \(itself\)'
expect 0 probe -e vantage=alpha,beta -e target=alpha "$@"
shows '^TARGET +PROTO +ADDRESS:PORT +PROCESS +LEVEL +alpha +beta$'
shows "^alpha +$open +open \(itself\)$"
shows '^\(itself\): the address belongs to the probing host'
shows '^[0-9]+ endpoints?: [0-9]+ open'
shows '^alpha +: ok=5 +changed=0 '
shows '^beta +: ok=1 +changed=0 '
hides 'Findings'
hides 'Missing:'
hides "$(printf '\033')"
[ "$(stat -c %a listening-ports-probe/hosts/alpha.json)" = 600 ]

# in check mode the same, by groups and patterns
expect 0 probe --check -e 'vantage=local:!nopython' -e target=alpha "$@"
shows "^alpha +$open +open \(itself\)$"

# from what was recorded before, without looking at the target
mv listening-ports-probe recorded
expect 0 probe -e vantage=beta -e target=alpha -e probe_records=recorded "$@"
shows "^alpha +$open$"
shows '^alpha +: ok=0 .*skipped=2'
[ ! -e listening-ports-probe ]

# vantage hosts that cannot probe, and targets that cannot be looked at, are told and fail it
expect 2 probe -e vantage=dead,beta,nopython -e target=alpha,dead2 "$@"
shows "^alpha +$planted- +open \(itself\) +-$"
shows '^  target dead2: unreachable: .*Connection refused'
shows '^  vantage host dead: unreachable: .*Connection refused'
shows '^  vantage host nopython: failed: '
shows '"msg": "Not everything could be probed: target dead2: unreachable: '
expect 0 probe -e vantage=dead,beta -e target=alpha,dead2 -e probe_fail=false "$@"
shows '^  target dead2: unreachable: '

# a limit leaves nobody out without a word
expect 2 probe -e vantage=alpha,beta -e target=alpha --limit alpha "$@"
shows "^alpha +$open +-$"
shows '^  vantage host beta: failed: it is not in this play \(is it excluded by --limit\?\)$'
expect 2 probe -e vantage=beta -e target=alpha --limit beta "$@"
shows '^  target alpha: not recorded in this run .*; it is not in this play \(is it excluded by --limit\?\)$'

# nobody, and a name that nobody knows, are no success
ANSIBLE_HOST_PATTERN_MISMATCH=warning expect 2 probe -e vantage=alpha -e target=nobody "$@"
shows 'Nothing would be probed\. Say which hosts .*: vantage is 1 of the hosts of the inventory, target is 0 of them'
expect 2 ansible-playbook listening.ports.probe -e vantage=beta -e target=alpha -e probe_address=nobody.invalid -e probe_total_timeout=4 "$@"
shows '^Unknown:'
shows '^  vantage host beta: it could not determine anything$'
if ansible-playbook listening.ports.probe -e vantage=nobody -e target=noone "$@" >"$state/out" 2>&1; then exit 1; fi
shows 'No host of the inventory matches nobody, noone: nobody was probed\.'
expect 2 probe -e target=alpha "$@"
shows 'Nothing would be probed\. .*vantage is 0 of the hosts of the inventory, target is 1 of them'

# a fact of a vantage host that an earlier run has left does not decide whether the probe fails
cached=(env ANSIBLE_CACHE_PLUGIN=jsonfile "ANSIBLE_CACHE_PLUGIN_CONNECTION=$state/cache" ANSIBLE_INJECT_FACT_VARS=true)
"${cached[@]}" ansible -m ansible.builtin.set_fact -a 'probe_fail=false cacheable=true' beta
expect 2 "${cached[@]}" ansible-playbook listening.ports.probe -e vantage=beta -e target=alpha -e probe_timeout=1 "$@"
shows 'beta: it has a fact named probe_fail, by which it would decide how it is audited'

exec {served}>&-
