#!/bin/sh
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Runs a playbook out of the checkout, audit or the one that PLAYBOOK names, on this machine unless an inventory is given.
# Arguments are those of ansible-playbook: tools/audit.sh -i hosts.ini --limit web
# What is declared for this machine is read from group_vars and host_vars of the checkout.
set -eu

checkout=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd -P)
venv=$checkout/.venv
sh "$checkout/tools/setup.sh"

inventory=none
for argument; do
    case $argument in
        -i* | --inv*) inventory=given ;;
    esac
done
if [ "$inventory" = none ]; then
    # a file, because Ansible reads group_vars and host_vars beside one: here those of the checkout, if it has any
    if [ ! -s "$venv/this-machine/hosts" ]; then
        mkdir -p "$venv/this-machine"
        ln -sf ../../group_vars ../../host_vars "$venv/this-machine"
        echo localhost >"$venv/this-machine/hosts"
    fi
    set -- -i "$venv/this-machine/hosts" -c local "$@"
    python=$venv/bin/python # has psutil, which systems other than Linux need
    # the ansible-core that Python 3.10 gets does not itself quote a path with spaces
    [ ! -d "$venv/lib/python3.10" ] || python=$(printf "'%s'" "$python")
    export ANSIBLE_PYTHON_INTERPRETER="$python"
    # where .venv/this-machine leads; the path may have spaces
    [ "${PLAYBOOK:-audit}" != baseline ] || set -- -e "baseline_dest='$checkout'" "$@"
fi

# Ansible refuses to start in a locale that is not installed, as is common over SSH
[ "$(locale charmap 2>/dev/null)" = UTF-8 ] || export LC_ALL=C.UTF-8

others=${ANSIBLE_COLLECTIONS_PATH:-$HOME/.ansible/collections:/usr/share/ansible/collections}
export ANSIBLE_COLLECTIONS_PATH="$venv/tree:$others"
exec "$venv/bin/ansible-playbook" "listening.ports.${PLAYBOOK:-audit}" "$@"
