#!/usr/bin/env bash
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

set -eux
. ../setup_listening_hosts/files/start.sh
state=${state:?} listener_port=${listener_port:?}
export ANSIBLE_INVENTORY=$ANSIBLE_INVENTORY,$PWD/hosts.yml
variables=(-e "state=$state" -e "facts=$PWD/files/facts.json" -e "listener_pid=${listener_pid:?}" -e "listener_port=$listener_port")
escape=$(printf '\033')
ready "$state"

ansible-playbook "${variables[@]}" merging.yml "$@"
ansible-playbook "${variables[@]}" roles.yml "$@"
ansible-playbook "${variables[@]}" sources.yml "$@"
ansible-playbook "${variables[@]}" modes.yml "$@"
ansible-playbook "${variables[@]}" live.yml "$@"

# what a host says of itself is not what is declared for it, in whichever way facts become variables, and in later runs
for inject in true false; do
    export ANSIBLE_INJECT_FACT_VARS=$inject
    ANSIBLE_CACHE_PLUGIN=jsonfile ANSIBLE_CACHE_PLUGIN_CONNECTION=$state/cache.$inject ansible-playbook "${variables[@]}" trust.yml "$@"
    ANSIBLE_CACHE_PLUGIN=jsonfile ANSIBLE_CACHE_PLUGIN_CONNECTION=$state/cache.$inject ansible-playbook "${variables[@]}" trust_cache.yml "$@"
done

# facts in memory are of this run, those of a cache may be of any
ansible-playbook "${variables[@]}" -e cache=memory cached.yml "$@"
ANSIBLE_CACHE_PLUGIN=jsonfile ANSIBLE_CACHE_PLUGIN_CONNECTION=$state/cache ansible-playbook "${variables[@]}" -e cache=jsonfile cached.yml "$@"

# the message is to be read as it stands, also where it is printed as one line; no text of a host can do anything
ANSIBLE_CALLBACK_RESULT_FORMAT=yaml expect 2 ansible-playbook "${variables[@]}" output.yml --diff "$@"
shows '^ +msg: \|-$'
shows '^ +judged is not as declared: 2 findings, and 1 that does not fail it\.$'
shows '^ +1\. forbidden, critical: tcp 0\.0\.0\.0:111 "\{\{ 7\*7 \}\}\\x1b\[1m\\n::error::" pid 512 \(rpcbind\.service\) listens, but entry rpc of'
shows '^ +2\. missing, high: Process nginx .*tcp/443 \(entry web of expected_listeners\).* To do: '
shows '^ +3\. unexpected, low, does not fail: tcp 127\.0\.0\.1:5432 postgres pid 700 \(postgresql\.service\) listens, but nothing declares it'
shows '^ +--- declared for judged$'
shows '^ +\+\+\+ found on judged$'
shows '^ +-process nginx on tcp/443$'
shows '^ +policy: 1 variable, 3 entries, sha256 [0-9a-f]{12}$'
hides "$escape"
expect 2 ansible-playbook "${variables[@]}" output.yml "$@"
shows '^fatal: .*"msg": "judged is not as declared: 2 findings, and 1 that does not fail it\.\\n1\. forbidden, critical: .*sha256 [0-9a-f]{12}"'
hides "$escape|--- declared"
