# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# Sourced by scripts that run many playbooks. See ready_ansible.py.
# shellcheck shell=bash

ready_program=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/ready_ansible.py
path_before_ready=$PATH

# ready FOLDER: from now on `ansible-playbook` runs in forks of a process that has loaded Ansible, with the variables of
# Ansible as they are now; where a script changes these for longer, it calls this again
ready() {
    ready_ends
    local folder
    folder=$(mktemp -d "$1/ready.XXXXXX")
    PATH=$path_before_ready
    "${ANSIBLE_TEST_PYTHON_INTERPRETER:-python}" -B "$ready_program" "$folder" </dev/null &
    ready_pid=$!
    until [ -e "$folder/socket" ]; do
        kill -0 "$ready_pid"
        sleep 0.05
    done
    PATH=$folder/programs:$PATH
}

# ready_ends: what ready started ends
ready_ends() {
    [ -z "${ready_pid:-}" ] || kill "$ready_pid"
    ready_pid=
}
