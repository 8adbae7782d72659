# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# What Podman's netavark makes of -p 8090:80, -p 8092:81/udp and -p 10.90.0.2:8091:81, and a table of the administrator beside it.

nft -f - << 'END'
table inet netavark {
  chain INPUT {
    type filter hook input priority filter; policy accept;
    ip saddr 172.30.0.0/16 meta l4proto { tcp, udp } th dport 53 accept
  }
  chain FORWARD {
    type filter hook forward priority filter; policy accept;
    ct state invalid drop
    jump NETAVARK-ISOLATION-1
    ip daddr 172.30.0.0/16 ct state established,related accept
    ip saddr 172.30.0.0/16 accept
    ip6 daddr fd30::/64 ct state established,related accept
    ip6 saddr fd30::/64 accept
  }
  chain POSTROUTING {
    type nat hook postrouting priority srcnat; policy accept;
    meta mark & 0x2000 == 0x2000 masquerade
    ip saddr 172.30.0.0/16 jump nv_net
  }
  chain PREROUTING {
    type nat hook prerouting priority dstnat; policy accept;
    fib daddr type local jump NETAVARK-HOSTPORT-DNAT
  }
  chain OUTPUT {
    type nat hook output priority -100; policy accept;
    fib daddr type local jump NETAVARK-HOSTPORT-DNAT
  }
  chain NETAVARK-HOSTPORT-DNAT {
    tcp dport 8090 jump nv_box_dnat
    udp dport 8092 jump nv_box_dnat
    ip daddr 10.90.0.2 tcp dport 8091 jump nv_box_dnat
  }
  chain NETAVARK-HOSTPORT-SETMARK {
    meta mark set meta mark | 0x2000
  }
  chain NETAVARK-ISOLATION-1 { }
  chain nv_net {
    ip daddr 172.30.0.0/16 accept
    ip daddr != 224.0.0.0/4 masquerade
  }
  chain nv_box_dnat {
    ip saddr 172.30.0.0/16 tcp dport 8090 jump NETAVARK-HOSTPORT-SETMARK
    ip saddr 127.0.0.1 tcp dport 8090 jump NETAVARK-HOSTPORT-SETMARK
    tcp dport 8090 dnat ip to 172.30.0.2:80
    tcp dport 8090 dnat ip6 to [fd30::2]:80
    udp dport 8092 dnat ip to 172.30.0.2:81
    ip daddr 10.90.0.2 tcp dport 8091 dnat ip to 172.30.0.2:81
  }
}
table inet own {
  chain forward {
    type filter hook forward priority filter - 1; policy accept;
    iifname "host0" ip saddr 10.88.77.0/24 udp dport 81 drop
    iifname "lan0" ct original ip daddr 10.90.0.2 ip saddr 10.90.0.128/25 tcp dport 81 drop
  }
  chain input {
    type filter hook input priority filter; policy drop;
    ct state established,related accept
    meta l4proto ipv6-icmp accept
    tcp dport { 22, 8001 } accept
  }
}
END
