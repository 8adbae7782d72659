#!/usr/bin/env bash
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

set -eux
. ../setup_listening_hosts/files/start.sh
state=${state:?}
ready "$state"
records=$state/records drift=$state/drift inventory=$state/inventory
make_records() {
    "${ANSIBLE_TEST_PYTHON_INTERPRETER:-python}" ../baseline/files/make_records.py "$records" "$@"
}
drift() {
    ansible-playbook listening.ports.drift -i "$inventory/hosts" -e "drift_records=$records drift_snapshots=$drift" "$@"
}
snapshots() { find "$drift" -mindepth 1 -maxdepth 1 -name '2*Z-*' | sort; }
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

# a host that cannot be observed is not unchanged; the others are new
expect 2 drift "$@"
shows '^  gone: unreachable: No route to \{\{ lookup\("pipe", "touch hostile"\) \}\}$'
shows '^new +.*tcp/22 +ssh\.service '
shows '^Nothing was compared with their last snapshots; 1 host unknown; 6 hosts new\.$'
first=$(snapshots)
[ "$(find "$first/hosts" -name '*.json' | wc -l)" = 6 ]
[ "$(find "$first" -type f ! -perm 0600)" = "" ]

# nothing has changed: that is said, and the files are the same, byte by byte
expect 0 drift --limit '!gone' "$@"
shows '^No change on 6 hosts against their last snapshots; not all could be compared on 1 host\.$'
diff -r "$first/hosts" "$(snapshots | tail -n 1)/hosts"

# in check mode what is new is found each time, and nothing is kept
make_records added
for _ in 1 2; do
    expect 2 drift --limit '!gone' --check --diff "$@"
    shows '^opened +web-1 +tcp/8080 +added\.service +any \(IPv4\), user root$'
    shows '^\+\{"protocol": "tcp", "port": 8080, "holder": \["service", "added\.service"\]'
done
[ "$(snapshots | wc -l)" = 2 ]

# else once; files are written all the same, and nothing of what hosts say is a template
expect 2 drift --limit '!gone' -e '{"drift_formats": ["table", "json", "junit", "markdown"]}' "$@"
shows '^1 change on 1 of 6 hosts against their last snapshots: 1 opened; not all could be compared on 1 host\.$'
for file in drift.json drift.junit.xml drift.md; do grep -q 'added\.service' "$drift/$file"; done
[ ! -e hostile ] && [ ! -e "$inventory/hostile" ]
expect 0 drift --limit '!gone' "$@"

# against one snapshot it is told each time; who does not want to fail does not
expect 0 drift --limit '!gone' -e "drift_against=$first" -e drift_fail=false "$@"
shows '^1 change on 1 of 6 hosts against .*: 1 opened;'
expect 0 drift --limit '!gone' -e "drift_against=$first" -e '{"drift_ignore": ["opened", "not_compared"]}' "$@"
expect 2 drift --limit '!gone' -e "drift_against=$records" "$@"
grep -q 'they would be compared with themselves' "$state/out" "$state/err"

# hosts that leave the inventory are told once
sed -i -e '/^db-2$/d' "$inventory/hosts"
expect 2 drift "$@"
shows '^  db-2: it is not in the inventory any more$'
expect 2 drift "$@"
hides 'db-2'
echo db-2 >>"$inventory/hosts"

# the baseline is what the playbook of that name has declared
expect 2 drift --limit '!gone' -e drift_against=baseline "$@"
grep -q 'there is no baseline in ' "$state/out" "$state/err"
expect 2 ansible-playbook listening.ports.baseline -i "$inventory/hosts" -e "baseline_records=$records" \
    -e "baseline_snapshots=$drift" "$@"
[ "$(find "$drift/baseline/hosts" -name '*.json' | wc -l)" = 5 ]
expect 0 drift --limit '!gone,!hidden' -e drift_against=baseline "$@"
shows '^No change on 5 hosts against the baseline\.$'
make_records other
expect 2 drift --limit web -e drift_against=baseline -e drift_keep=1 "$@"
shows '^changed +web-1 +tcp/8080 +other\.service +held by: added\.service → other\.service$'
[ -d "$drift/baseline" ]

# groups of hosts can be made of a snapshot
printf 'plugin: listening.ports.listeners\npath: %s\ngroups_of: [listens, service]\n' "$drift/baseline" \
    >"$inventory/x.listening_ports.yml"
expect 0 ansible-inventory -i "$inventory/hosts" -i "$inventory/x.listening_ports.yml" --graph
shows '@listens_tcp_873:' && shows '@service_nginx:'

# what others may write to is refused; nobody is no success
chmod 0777 "$drift"
expect 2 drift "$@"
grep -q 'is not safe from forgery' "$state/out" "$state/err"
chmod 0700 "$drift"
nobody() {
    if drift "$@" >"$state/out" 2>&1; then
        echo "nothing was compared with success" >&2
        return 1
    fi
}
nobody -e target=wbe "$@"
shows 'No host of the inventory matches wbe: nobody was compared\.'
nobody -e target=web --limit db "$@"

# hosts that are recorded by the playbook itself
cd "$state"
expect 2 ansible-playbook listening.ports.drift -e target=dead "$@"
shows '^  dead: unreachable: '
[ -s "$state/listening-ports-drift/hosts/dead.json" ]
