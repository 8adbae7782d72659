#!/usr/bin/env bash
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

set -eux
. ../setup_listening_hosts/files/start.sh
state=${state:?} listener_port=${listener_port:?}
variables=(-e "state=$state" -e "listener_port=$listener_port")
escape=$(printf '\033')

# through a pipe: no colours, as wide as it wants to be, the name of the process made harmless
expect 0 ansible-playbook "${variables[@]}" test.yml "$@"
shows "^ +[0-9]+ +tcp +0\.0\.0\.0:$listener_port +- +\"\{\{ 7\*7 \}\}\\\\x1b\[1m\\\\n\" \("
shows '^  dead: unreachable: .*Connection refused'
shows '^4 hosts: .*1 unreachable, 1 not recorded'
hides "$escape"

# colours on request, and never in the log
export ANSIBLE_LOG_PATH=$state/log
ANSIBLE_NOCOLOR=false ANSIBLE_FORCE_COLOR=true expect 0 ansible-playbook "${variables[@]}" show.yml "$@"
unset ANSIBLE_LOG_PATH
shows "$escape\[33m +2 +tcp"
grep -q '0.0.0.0:'"$listener_port" "$state/log"
if grep -q "$escape" "$state/log"; then exit 1; fi

# on a terminal: as wide as that is, with colours
expect 0 "${ANSIBLE_TEST_PYTHON_INTERPRETER:-python}" files/on_terminal.py 80 \
    env ANSIBLE_NOCOLOR=false ansible-playbook "${variables[@]}" show.yml "$@"
shows "$escape\[33m +2 +tcp +0\.0\.0\.0:$listener_port "
sed "s/$escape\[[0-9;]*m//g" "$state/out" | grep -E '^(HOSTS| +[0-9]+) ' > "$state/table"
grep -q '…' "$state/table"
[ "$(LC_ALL=C.UTF-8 wc -L < "$state/table")" -le 80 ]
