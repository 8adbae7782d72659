# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# nftables as a file has it: sets with intervals and concatenations, maps of verdicts, marks, jumps, several chains on a hook, addresses and
# ports translated, and tables of one family beside the one of both.

cat > /etc/nftables.conf << 'END'
#!/usr/sbin/nft -f
flush ruleset
define NEAR = { 10.88.66.0/24, 10.90.0.0/25 }
table inet filter {
  set near4 { type ipv4_addr; flags interval; elements = $NEAR }
  set near6 { type ipv6_addr; flags interval; elements = { fd88::66:0/112, fd90::/121 } }
  set pairs { type ipv4_addr . inet_proto . inet_service; flags interval
    elements = { 10.88.77.0/24 . tcp . 8004-8006, 10.90.0.3 . udp . 8004 } }
  map by_port { type inet_service : verdict; flags interval; elements = { 8007 : accept, 8008-8009 : jump only_near, 8010 : drop } }
  map by_device { type ifname : verdict; elements = { "host0" : jump from_host, "lan0" : jump from_lan, "lo" : accept } }
  chain only_near {
    ip saddr @near4 accept
    ip6 saddr @near6 accept comment "not for all: 'near' { alone }"
  }
  chain from_host {
    tcp dport 8011 ip saddr != 10.88.77.0/24 accept
    udp dport { 8011, 8012 } ip6 saddr fd88::77:0/112 reject with icmpv6 type admin-prohibited
    udp dport 8012 accept
    meta l4proto { tcp, udp } th dport 8013 meta mark set 0x1
    meta mark & 0xf == 0x1 counter goto marked
    tcp dport 8018 ether saddr 02:00:00:00:77:77 accept
  }
  chain marked {
    ip saddr & 0.0.255.0 == 0.0.77.0 drop
    accept
  }
  chain from_lan {
    ip saddr 10.90.0.128/25 return
    ip6 saddr fd90::c8 tcp dport 8014-8016 accept
    tcp dport >= 8015 tcp dport <= 8016 accept
    fib daddr type local udp dport 8015 limit rate 100/second burst 50 packets accept
  }
  chain input {
    type filter hook input priority filter; policy drop;
    ct state vmap { established : accept, related : accept, invalid : drop }
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-solicit, nd-router-advert } accept
    meta l4proto { icmp, ipv6-icmp } limit rate 10/second accept
    ct status dnat tcp dport 8001 accept
    tcp dport 22 log prefix "ssh " accept
    tcp dport { 8001, 8002 } ip saddr @near4 counter accept
    tcp dport { 8001, 8002 } ip6 saddr @near6 accept
    udp dport 8001-8003 accept
    ip saddr . meta l4proto . th dport @pairs accept
    tcp dport vmap @by_port
    iifname vmap @by_device
    tcp dport 8017 reject with tcp reset
    meta nfproto ipv6 udp dport 8017 accept
    reject with icmpx type admin-prohibited
  }
  chain forward {
    type filter hook forward priority filter; policy drop;
    ct state established,related accept
    ct status dnat ip daddr 172.30.0.2 accept
    ip6 saddr @near6 ip6 daddr fd30::2 tcp dport 80 accept
  }
}
table ip early {
  chain late_wins {
    type filter hook input priority filter + 10; policy accept;
    udp dport 8003 ip saddr 10.88.77.0/24 drop
  }
}
table inet nat {
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    iifname "host0" tcp dport 8090 dnat ip to 172.30.0.2:80
    iifname "host0" tcp dport 8090 dnat ip6 to [fd30::2]:80
    tcp dport 8091 redirect to :8001
    ip saddr 10.88.77.0/24 udp dport 8092 dnat ip to 172.30.0.2:81
    ip saddr 10.88.77.0/24 tcp dport 8002 redirect to :8001
  }
}
table ip raw {
  chain prerouting {
    type filter hook prerouting priority raw; policy accept;
    udp dport 8019 notrack
    udp dport 8020 drop
  }
}
END
systemctl start nftables
