#!/usr/bin/env bash
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

set -eux
# Where nobody else listens, and others come from one network only.
if [ "${1:-}" != alone ]; then
    exec unshare --net --pid --fork --mount-proc --kill-child bash ./runme.sh alone "$@"
fi
shift
ip link add near type veth peer name far
ip address add 10.66.0.1/24 dev near
ip link set near up
ip link set far up
. ../setup_listening_hosts/files/start.sh
state=${state:?}
ready "$state"
export ANSIBLE_INVENTORY=$ANSIBLE_INVENTORY,$PWD/clients.yml
# facts of hosts are variables here: the worst that there can be
export ANSIBLE_INJECT_FACT_VARS=true ANSIBLE_DEPRECATION_WARNINGS=false

ansible-playbook test.yml -e "records=$state/records" "$@"
