#!/usr/bin/env bash
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

set -eux

# injected facts end in ansible-core 2.24
export ANSIBLE_INJECT_FACT_VARS=false
inventory=${INVENTORY_PATH:-../../inventory}
state=$(mktemp -d)

finish() {
    code=$?
    trap - EXIT
    ansible-playbook stop.yml -i "$inventory" -e "state_directory=$state" || code=1
    rm -rf "$state"
    exit "$code"
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

ansible-playbook start.yml -i "$inventory" -e "state_directory=$state" "$@"
ansible-playbook test.yml -i "$inventory" -e "@$state/planted.json" "$@"
ansible-playbook gather_stage.yml -i "$inventory" -e "@$state/planted.json" "$@"
