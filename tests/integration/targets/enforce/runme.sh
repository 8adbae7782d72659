#!/usr/bin/env bash
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

set -eux
. ../setup_listening_hosts/files/start.sh
state=${state:?}
python=${ANSIBLE_TEST_PYTHON_INTERPRETER:-python}
targets=$PWD
export ANSIBLE_PIPELINING=false
cd "$state"

fresh() {
    rm -rf "$state/hosts"
    mkdir "$state/hosts"
    "$python" "$targets/files/make_hosts.py" "$state/hosts"
}
enforce() { ansible-playbook listening.ports.enforce "$@"; }
export ANSIBLE_INVENTORY=$state/hosts/inventory
ready "$state"
# what was asked of a host, and how often
acted() {
    local asked=$state/hosts/$1/asked
    [ -e "$asked" ] || asked=/dev/null
    grep -c '^apply_.* act$' "$asked" || true
}
untouched() { for host; do [ "$(acted "$host")" = 0 ]; done; }

# without a terminal nobody answers, and what is said beforehand has to be yes, as text
fresh
expect 2 enforce -e target=willing "$@" </dev/null
shows '^web-1 +tcp/0\.0\.0\.0:4444 +stop stray\.service +everybody +- +-$'
shows '^3 of 3 hosts would be changed: 3 to close\.$'
shows 'Nothing was changed, since the answer was not yes'
hides 'PLAY \[Make hosts as they are declared\]'
for answer in enforce_confirm=Yes 'enforce_confirm="yes "' '{"enforce_confirm": true}'; do
    expect 2 enforce -e target=willing -e "$answer" "$@"
    shows 'Nothing was changed, since the answer was not yes'
done
untouched web-1 web-2 web-3

# in check mode nobody is asked, all is shown, and nothing is done
expect 0 enforce -e target=willing --check --diff "$@"
shows '^3 hosts: 3 would be changed\. Nothing was changed\.$'
hides 'TASK \[Audit'
untouched web-1 web-2 web-3

# with yes it is done, host by host where that is asked for; then there is nothing to do, and nobody is asked
expect 0 enforce -e target=willing -e enforce_confirm=yes -e enforce_serial=1 "$@"
[ "$(grep -c '^PLAY \[Make hosts as they are declared\]' "$state/out")" = 3 ]
shows '^web-2 +tcp/0\.0\.0\.0:4444 +stop stray\.service +everybody +- +-$'
shows '^  3 hosts \(web-1, web-2, web-3\): 1 closed\. Audit: passes\.$'
shows '^3 hosts: 3 done\.$'
shows '^web-3 +: .* failed=0 '
[ "$(acted web-1)" = 1 ]
expect 0 enforce -e target=willing "$@" </dev/null
shows '^Nothing has to be done\.$'
shows '^3 hosts: 3 with nothing to do\.$'
hides 'TASK \[Close'
[ "$(acted web-1)" = 1 ]

# a host that fails ends it: those of later batches are as they were
fresh
expect 2 enforce -e '{"target": ["stubborn", "willing"], "enforce_serial": [1, 1, "100%"]}' -e enforce_confirm=yes "$@"
shows '^stuck +tcp/0\.0\.0\.0:4444 +still listens +- +- +survived$'
shows '^Nothing more is done to any host, since stuck failed: '
shows '^Left untouched, because another host failed:$'
shows '^  3 hosts \(web-1, web-2, web-3\)$'
shows '^stuck +: .* failed=1 '
shows '^web-3 +: .* failed=1 '
shows '^4 hosts: 1 failed, 3 left untouched, 4 not as declared\.$'
[ "$(acted stuck)" = 1 ]
untouched web-1 web-2 web-3

# nothing is done to hosts that are not known well enough; others go on, and each is named
fresh
expect 2 enforce -e 'target=unseen:web-1' -e enforce_confirm=yes "$@"
shows '^Not planned, and nothing is done to them:$'
shows '^  empty: .*it has no entry that applies to this host'
shows '^  gone: .*Connection refused'
shows '^  no-owners: .*not all of the owners could be observed: it did not look'
shows '^  no-sockets: .*not all of the sockets could be observed: it did not look'
shows '^1 of 5 hosts would be changed: 1 to close; 4 hosts could not be planned for\.$'
shows '^5 hosts: 1 done, 4 not planned'
shows '^empty +: .* failed=1 '
shows '^web-1 +: .* failed=0 '
untouched empty no-owners no-sockets
[ "$(acted web-1)" = 1 ]

# if there is a plan for nobody, that is a failure before anybody is asked
expect 2 enforce -e target=unseen -e enforce_confirm=yes "$@"
shows 'Nothing was changed, since no host could be planned for'
hides 'PLAY \[Audit again'
untouched empty no-owners no-sockets
if enforce -e target=nobody -e enforce_confirm=yes "$@" >"$state/out" 2>&1; then exit 1; fi
shows 'No host of the inventory matches nobody: nobody was planned for\.'

# names that hosts, and whoever is root on them, have made up steer nothing
fresh
expect 0 enforce -e 'target=hostile:willing' -e enforce_confirm=yes "$@"
cat "$state/out" "$state/err" | sed 's/^\(PLAY RECAP\|evil\).*//; /\x1b\[31m::error/d' | "$python" "$targets/../hostile_answers/files/harmless.py"
[ ! -e "$state/hosts/executed" ]
shows '^4 hosts: 4 done\.$'
[ "$(acted evil)" = 1 ]
fresh
expect 2 enforce -e 'target=hostile' "$@" </dev/null
untouched evil

# a fact that a host has left in a cache does not confirm anything
cached=(env ANSIBLE_CACHE_PLUGIN=jsonfile "ANSIBLE_CACHE_PLUGIN_CONNECTION=$state/cache" ANSIBLE_INJECT_FACT_VARS=true)
"${cached[@]}" ansible -m ansible.builtin.set_fact -a 'enforce_confirm=yes cacheable=true' web-2
expect 2 "${cached[@]}" ansible-playbook listening.ports.enforce -e target=willing "$@" </dev/null
shows 'web-2 has a fact named enforce_confirm: a host must not decide what is done'
untouched web-1 web-2 web-3
