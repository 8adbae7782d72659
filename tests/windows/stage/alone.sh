#!/bin/sh
# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# alone.sh COMMAND ...: runs a command with a network and processes of its own. All that it started ends with it, killed
# or not. The network has two devices, a way out of one of them, and nobody at the other end.
set -eu

if [ "${1:-}" != --inside ]; then
    exec unshare --net --pid --uts --ipc --fork --kill-child --mount-proc -- sh "$0" --inside "$@"
fi
shift
hostname windows-below-wine
ip link set lo up
for name in office lab; do
    ip link add "$name" type veth peer name "$name-end"
    ip link set "$name" up
    ip link set "$name-end" up
done
ip address add 192.0.2.10/24 dev office
ip address add 2001:db8:1::10/64 dev office nodad
ip address add 198.51.100.20/28 dev lab
ip route add default via 192.0.2.1
ip route add 203.0.113.0/24 via 198.51.100.17
ip -6 route add default via 2001:db8:1::1
# names are not asked for on a network on which nobody answers
mount -t tmpfs none /mnt
cat >/mnt/resolv.conf <<END
nameserver 192.0.2.53
nameserver 2001:db8:1::53
options timeout:1 attempts:1
END
cat >/mnt/hosts <<END
127.0.0.1 localhost $(hostname)
::1 localhost $(hostname)
END
for name in resolv.conf hosts; do
    mount --bind "/mnt/$name" "$(readlink -f "/etc/$name")"
done
umount -l /mnt
LISTENING_PORTS_ALONE=$$ exec "$@"
