#!/usr/bin/env bash
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

set -eux
. ../setup_listening_hosts/files/start.sh
state=${state:?} listener_port=${listener_port:?}
python=${ANSIBLE_TEST_PYTHON_INTERPRETER:-python}
export ANSIBLE_CACHE_PLUGIN=jsonfile ANSIBLE_CACHE_PLUGIN_CONNECTION=$state/cache

ansible-playbook -e "state=$state" record.yml "$@"

# lists the inventory after a configuration, which is given on standard input, as NAME.json
list() {
    cat >"$state/$1.listening_ports.yml"
    expect 0 ansible-inventory -i "${ANSIBLE_INVENTORY%%,*}" -i "${ANSIBLE_INVENTORY#*,}" \
        -i "$state/$1.listening_ports.yml" --list --output "$state/$1.json"
}
warns() { tr -s ' \n' ' ' <"$state/err" | grep -qE -e "$1" || { echo "no warning: $1" >&2; return 1; }; }

# records and the fact cache make the same groups, which are those that constructed makes of the facts
list records <<EOF
{plugin: listening.ports.listeners, path: records, groups_of: [listens, exposed, verdict, service, process]}
EOF
warns 'No groups for 2 hosts \(nopython, dead2\): nothing is known of what listens there'
"$python" files/compare.py safe - "$state/records.json"
list facts <<EOF
{plugin: listening.ports.listeners, source: facts, groups_of: [listens]}
EOF
warns 'No groups for 3 hosts \(nopython, dead, dead2\): nothing is known'
cat >"$state/constructed.yml" <<'EOF'
plugin: ansible.builtin.constructed
keyed_groups:
  - prefix: listens_tcp
    key: >-
      (ansible_listening_ports | default({'listeners': []})).listeners | selectattr('protocol', 'eq', 'tcp')
      | rejectattr('scope', 'eq', 'loopback') | selectattr('namespace', 'none') | map(attribute='port') | unique
      | map('string') | list
EOF
ansible-inventory -i "${ANSIBLE_INVENTORY%%,*}" -i "${ANSIBLE_INVENTORY#*,}" -i "$state/constructed.yml" \
    --list --output "$state/constructed.json"
"$python" files/compare.py same "$listener_port" "$state/constructed.json" "$state/records.json" "$state/facts.json"

# a play on one of these groups, and what the host wrote in a variable
cat >"$state/play.listening_ports.yml" <<'EOF'
plugin: listening.ports.listeners
path: records
compose:
  processes: listening_ports.listeners | map(attribute='owners') | map('map', attribute='process') | map('list') | sum(start=[])
EOF
expect 0 ansible-playbook -i "${ANSIBLE_INVENTORY%%,*}" -i "${ANSIBLE_INVENTORY#*,}" \
    -i "$state/play.listening_ports.yml" -e "listener_port=$listener_port" groups.yml "$@"
shows 'alpha is in verdict_listed'
shows 'beta is in verdict_violates'
hides 'testhost'
hides "$(printf '\033')"

# a host that was not reached is unknown, and nothing of it is listed
[ "$(ansible-inventory -i "${ANSIBLE_INVENTORY#*,}" -i "$state/play.listening_ports.yml" --graph verdict_unknown \
    2>/dev/null | grep -oE 'dead2*')" = dead ]

# where the records are not, nothing is made; where that is an error, Ansible ends if it was told to
list nowhere <<EOF
{plugin: listening.ports.listeners, path: nowhere}
EOF
warns 'No groups were made: there are no records in '
"$python" files/compare.py none - "$state/nowhere.json"
list strict <<EOF
{plugin: listening.ports.listeners, path: records, strict: true}
EOF
warns 'nothing is known of what listens there'
"$python" files/compare.py none - "$state/strict.json"
export ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED=true
expect 1 ansible-inventory -i "${ANSIBLE_INVENTORY#*,}" -i "$state/strict.listening_ports.yml" --list
unset ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED

# hosts of records alone, without the fact cache, and beside variables that would let hosts decide
unset ANSIBLE_CACHE_PLUGIN
mkdir "$state/group_vars"
echo 'expected_listeners: []' >"$state/group_vars/listens_tcp_$listener_port.yml"
echo '{plugin: listening.ports.listeners, path: records, add_hosts: true}' >"$state/alone.listening_ports.yml"
expect 0 ansible-inventory -i "$state/alone.listening_ports.yml" --list --output "$state/alone.json"
warns "group_vars/listens_tcp_$listener_port.yml: these variables belong to a group made of facts"
"$python" files/compare.py same "$listener_port" "$state/records.json" "$state/alone.json"
