# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# The bridge, the network namespace of the container, the cable between them, and the rules that publish its port.

mkdir -p "$(dirname "$NAMESPACE")"
touch "$NAMESPACE"
unshare --net="$NAMESPACE" ip link set lo up
ip link add docker0 type bridge
ip address add 172.17.0.1/16 dev docker0
ip link set docker0 up
ip link add veth0 master docker0 type veth peer name eth0 netns "$NAMESPACE"
ip link set veth0 up
nsenter --net="$NAMESPACE" sh -eu << 'END'
ip address add 172.17.0.2/16 dev eth0
ip link set eth0 up
ip route add default via 172.17.0.1
END
sysctl -q -w net.ipv4.ip_forward=1
iptables-restore --noflush /usr/local/lib/container/rules.iptables
