#!/usr/bin/env bash
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

set -eux
# Where owners of others cannot all be seen, closing is not planned: so nobody else listens where these tests run.
if [ "${1:-}" != alone ]; then
    exec unshare --net --pid --fork --mount-proc --kill-child bash ./runme.sh alone "$@"
fi
shift
# somebody could reach it
ip link add near type veth peer name far
ip address add 203.0.113.1/24 dev near
ip link set near up
ip link set far up
. ../setup_listening_hosts/files/start.sh
state=${state:?}
ready "$state"

rules() { nft list ruleset 2>/dev/null | sed 's/ packets [0-9]* bytes [0-9]*//' || true; }
rules >"$state/before"

ansible-playbook test.yml "$@"
ansible-playbook test.yml --check --diff "$@"

# a plan changes nothing
rules >"$state/after"
! grep -q listening_ports "$state/after" || grep -q listening_ports "$state/before"
[ ! -e /etc/listening-ports/filter.nft.new ]
