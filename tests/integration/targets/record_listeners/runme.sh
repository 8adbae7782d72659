#!/usr/bin/env bash
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

set -eux
. ../setup_listening_hosts/files/start.sh
state=${state:?} listener_port=${listener_port:?}
ready "$state"
variables=(-e "state=$state" -e "listener_pid=${listener_pid:?}" -e "listener_port=$listener_port")

ansible-playbook "${variables[@]}" test.yml "$@"
ansible-playbook "${variables[@]}" refused.yml "$@"

# one id for all tasks, hosts and batches of a run, another one for the next run
ansible-playbook "${variables[@]}" run_id.yml --forks 3 "$@"
first=$(cat "$state"/run_id/*/hosts/*.json | grep -o '"run_id":"[^"]*"' | sort -u)
[ "$(wc -l <<<"$first")" = 1 ]
ansible-playbook "${variables[@]}" run_id.yml "$@"
second=$(cat "$state"/run_id/*/hosts/*.json | grep -o '"run_id":"[^"]*"' | sort -u)
[ "$(wc -l <<<"$second")" = 1 ]
[ "$first" != "$second" ]
