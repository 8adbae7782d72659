#!/usr/bin/env bash
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

set -eux
. ../setup_listening_hosts/files/start.sh
state=${state:?}
ready "$state"
records=$state/records inventory=$state/inventory
make_records() { "${ANSIBLE_TEST_PYTHON_INTERPRETER:-python}" files/make_records.py "$records" "$@"; }
baseline() {
    ansible-playbook listening.ports.baseline -i "$inventory/hosts" -e "baseline_records=$records" \
        -e "baseline_snapshots=$state/drift" "$@"
}
written() { (cd "$inventory" && find . -name '*.yml' | sort | xargs sha256sum); }
mkdir "$inventory"
cat >"$inventory/hosts" <<'HOSTS'
hidden
gone
hostile
[web]
web-1
web-2
[db]
db-1
db-2
HOSTS
make_records

# in check mode: all of it is shown, and nothing written
expect 2 baseline --check --diff "$@"
shows '^\+  - \{name: ssh, port: 22, service: ssh\}$'
shows 'would be written to 5 files\.'
[ ! -e "$inventory/group_vars" ] && [ ! -e "$inventory/host_vars" ]

# what hosts have in common is of their groups; who was not observed completely is left out, and fails
expect 2 baseline "$@"
shows '^  .*/group_vars/all/listeners\.yml: 1 entry$'
shows '^  .*/host_vars/db-1/listeners\.yml: 0 entries, 1 comment$'
shows '^  gone: unreachable: No route to \{\{ lookup\("pipe", "touch hostile"\) \}\}$'
shows '^  hidden: not all of its owners were observed: 1 listener has no visible owner; run with become \(-b\)$'
shows '^  db-1: tcp/0\.0\.0\.0:4444, its executable was deleted, or lies where everybody may write$'
shows '"msg": "hidden was left out: not all of its owners'
shows '^gone +: .*failed=1'
shows '^web-1 +: .*failed=0'
grep -qxF '  - {name: ssh, port: 22, service: ssh}' "$inventory/group_vars/all/listeners.yml"
grep -qxF '  - {name: nginx, port: 80, service: nginx}' "$inventory/group_vars/web/listeners.yml"
grep -qxF '  - {name: rsync, port: 873, service: rsync}' "$inventory/group_vars/db/listeners.yml"
grep -qE '^  # - \{name: nc, port: 4444, .*REVIEW: its executable was deleted' "$inventory/host_vars/db-1/listeners.yml"
[ "$(find "$inventory" -name '*.yml' | wc -l)" = 5 ]
[ ! -e hostile ] && [ ! -e "$inventory/hostile" ]
written >"$state/first"

# what Ansible reads makes them as they are declared, whatever their processes are called
expect 0 ansible-playbook judge.yml -i "$inventory/hosts" -e "records=$records" "$@"
[ ! -e hostile ]

# a second time there is nothing to write
expect 0 baseline --limit '!hidden,!gone' "$@"
shows '^Nothing to add for 5 hosts: all is declared but what is doubtful\. Nothing was written\.$'
shows '^web-1 +: ok=[0-9]+ +changed=0 '
written | diff "$state/first" -

# what is new goes into a new file, and those that are there stay
make_records added
expect 0 baseline -e target=web,db "$@"
shows '^1 entry for 1 listener of 4 hosts, written to 1 file\.$'
(cd "$inventory" && sha256sum -c "$state/first")
grep -rqF '{name: added, port: 8080, service: added}' "$inventory/host_vars/web-1"
expect 0 ansible-playbook judge.yml -i "$inventory/hosts" -e "records=$records" "$@"

# a file that would be read no more keeps all from being written
mv "$inventory" "$state/before"
mkdir -p "$inventory/group_vars"
cp "$state/before/hosts" "$inventory"
echo 'mine: 1' >"$inventory/group_vars/web.yml"
expect 2 baseline "$@"
grep -q 'group_vars/web\.yml would be read no more beside a directory web' "$state/out" "$state/err"
[ "$(find "$inventory" -type f | wc -l)" = 2 ]

# nobody could be observed, or nobody is meant: that is no success
expect 2 baseline -e target=hidden,gone "$@"
grep -q 'No host was observed completely, so nothing can be declared' "$state/out" "$state/err"
nobody() {
    if ansible-playbook listening.ports.baseline "$@" >"$state/out" 2>&1; then
        echo "nothing was declared with success" >&2
        return 1
    fi
}
nobody -i "$inventory/hosts" -e target=wbe "$@"
shows 'No host of the inventory matches wbe: nobody was declared\.'
nobody -i "$inventory/hosts" -e target=web --limit db "$@"
ANSIBLE_INVENTORY=/dev/null nobody "$@"
shows 'The inventory has no host: nobody was declared\.'

# entries are limited to who came, where enough looks say so; a comment says what that cuts off, or why one is not
rm -r "$inventory" "$records"
mkdir "$inventory"
printf '[web]\nweb-1\nweb-2\n' >"$inventory/hosts"
make_records --observed
expect 0 baseline -e baseline_clients=observed -e baseline_clients_runs=21 "$@" --check --diff
shows '^\+  # not limited to who came: looked for clients in 20 runs on 20 days so far, of 21 and 14 that are asked for$'
refuses() {
    expect 2 baseline "$@"
    [ ! -e "$inventory/group_vars" ]
}
refuses -e baseline_clients=everybody
refuses -e baseline_clients=observed -e baseline_clients_days=0
refuses -e baseline_clients=observed -e baseline_exposure=false
chmod 777 "$records/clients"
refuses -e baseline_clients=observed
chmod 700 "$records/clients"
expect 0 baseline -e baseline_clients=observed "$@"
shows '^1 entry is limited to who came\. An audit finds whoever else reaches it, until a firewall keeps them out\.$'
diff <(tail -n 6 "$inventory/group_vars/all/listeners.yml") - <<'ENTRIES'
  # limited to who came in 20 runs on 20 days; cuts off everybody else
  - {name: ssh, port: 22, service: ssh, only_from: [10.20.0.5, 10.20.0.6]}
  # not limited to who came: clients came from too many networks
  - {name: nginx, port: 80, service: nginx}
  # not limited to who came: nobody came but the host itself
  - {name: rsync, port: 873, service: rsync}
ENTRIES
written >"$state/first"
expect 0 baseline -e baseline_clients=observed "$@"
written | diff "$state/first" -

# hosts that are recorded by the playbook itself
cd "$state"
expect 2 ansible-playbook listening.ports.baseline -e target=dead "$@"
grep -q 'dead: unreachable: ' "$state/out" "$state/err"
[ -s "$state/listening-ports-baseline/hosts/dead.json" ]
