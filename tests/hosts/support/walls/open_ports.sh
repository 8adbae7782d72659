# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# A firewall that somebody opened port by port, and that drops or rejects the rest. $1: firewalld, ufw, nftables or none; then the
# ports, as 80/tcp.

tool=$1
shift
case $tool in
    firewalld)
        for port in "$@"; do
            firewall-offline-cmd --quiet --zone=public --add-port="$port"
        done
        systemctl start firewalld
        firewall-cmd --list-ports  # answered once it has flushed what iptables had, which an old one does after its start
        ;;
    ufw)
        for port in "$@"; do
            ufw allow "$port"
        done
        ufw --force enable
        ;;
    nftables)
        {
            echo 'flush ruleset'
            echo 'table inet filter {'
            echo '  chain input {'
            echo '    type filter hook input priority filter; policy drop;'
            echo '    ct state established,related accept'
            echo '    iifname "lo" accept'
            echo '    meta l4proto { icmp, ipv6-icmp } accept'
            for port in "$@"; do
                echo "    ${port#*/} dport ${port%/*} accept"
            done
            echo '  }'
            echo '}'
        } > /etc/nftables.conf
        systemctl start nftables
        ;;
    none) ;;
esac
