# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# What many write in their first hour with nftables: ports are open, and neighbour discovery, without which there is no IPv6, is not.

ip -6 neighbour flush all
nft -f - << 'END'
table inet first {
  chain input {
    type filter hook input priority filter; policy drop;
    iifname "lo" accept
    ct state established,related accept
    tcp dport { 22, 8001, 8013 } accept
    udp dport { 8001, 8013 } accept
  }
}
END
