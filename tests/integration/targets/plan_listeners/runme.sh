#!/usr/bin/env bash
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

set -eux
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
