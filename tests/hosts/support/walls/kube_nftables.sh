# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# What kube-proxy makes in its mode nftables of the services of kube.sh, with node ports on the first address alone; beside a table of the
# administrator that drops.

for family in ip ip6; do
    case $family in
        ip) type=ipv4_addr box=172.30.0.2 to=172.30.0.2 pods=172.30.0.0/16 web=10.96.0.10 two=10.96.0.11 dns=10.96.0.12 none=10.96.0.13 lb=10.90.0.2
            ranges='10.88.66.0/24, 10.90.0.0/25' node=$(ip -4 -o address show dev host0 | sed 's#.* inet \([^/]*\)/.*#\1#') ;;
        ip6) type=ipv6_addr box=fd30::2 to='[fd30::2]' pods=fd30::/64 web=fd96::10 two=fd96::11 dns=fd96::12 none=fd96::13 lb=fd90::2
            ranges='fd88::66:0/112, fd90::/121' node=$(ip -6 -o address show dev host0 scope global | sed 's#.* inet6 \([^/]*\)/.*#\1#') ;;
    esac
    nft -f - << END
table $family kube-proxy {
  set cluster-ips { type $type; elements = { $web, $two, $dns, $none } }
  set nodeport-ips { type $type; elements = { $node } }
  chain reject-chain { reject; }
  chain mark-for-masquerade { meta mark set meta mark | 0x4000; }
  chain masquerading {
    meta mark & 0x4000 == 0 return
    meta mark set meta mark ^ 0x4000
    masquerade fully-random
  }
  chain endpoint-80 {
    $family saddr $box jump mark-for-masquerade
    meta l4proto tcp dnat to $to:80
  }
  chain endpoint-81 {
    $family saddr $box jump mark-for-masquerade
    meta l4proto tcp dnat to $to:81
  }
  chain endpoint-dns {
    $family saddr $box jump mark-for-masquerade
    meta l4proto udp dnat to $to:81
  }
  chain service-web {
    $family daddr $web tcp dport 80 $family saddr != $pods jump mark-for-masquerade
    numgen random mod 1 vmap { 0 : goto endpoint-80 }
  }
  chain service-two {
    $family daddr $two tcp dport 80 $family saddr != $pods jump mark-for-masquerade
    numgen random mod 2 vmap { 0 : goto endpoint-80, 1 : goto endpoint-81 }
  }
  chain service-dns {
    $family daddr $dns udp dport 53 $family saddr != $pods jump mark-for-masquerade
    numgen random mod 1 vmap { 0 : goto endpoint-dns }
  }
  chain external-web {
    jump mark-for-masquerade
    goto service-web
  }
  chain external-two {
    jump mark-for-masquerade
    goto service-two
  }
  chain external-dns {
    $family saddr $pods goto service-dns
    fib saddr type local jump mark-for-masquerade
    fib saddr type local goto service-dns
    numgen random mod 1 vmap { 0 : goto endpoint-dns }
  }
  chain firewall-lb { $family saddr != { $ranges } drop; }
  map firewall-ips { type $type . inet_proto . inet_service : verdict; elements = { $lb . tcp . 8094 : goto firewall-lb } }
  map no-endpoint-services { type $type . inet_proto . inet_service : verdict; elements = { $none . tcp . 80 : goto reject-chain } }
  map no-endpoint-nodeports { type inet_proto . inet_service : verdict; elements = { tcp . 8093 : goto reject-chain } }
  map service-ips {
    type $type . inet_proto . inet_service : verdict
    elements = { $web . tcp . 80 : goto service-web, $two . tcp . 80 : goto service-two, $dns . udp . 53 : goto service-dns,
      $lb . tcp . 8094 : goto external-web }
  }
  map service-nodeports {
    type inet_proto . inet_service : verdict
    elements = { tcp . 8090 : goto external-web, tcp . 8091 : goto external-two, udp . 8092 : goto external-dns }
  }
  chain cluster-ips-check { $family daddr @cluster-ips reject; }
  chain firewall-check { $family daddr . meta l4proto . th dport vmap @firewall-ips; }
  chain nodeport-endpoints-check { $family daddr @nodeport-ips meta l4proto . th dport vmap @no-endpoint-nodeports; }
  chain service-endpoints-check { $family daddr . meta l4proto . th dport vmap @no-endpoint-services; }
  chain services {
    $family daddr . meta l4proto . th dport vmap @service-ips
    $family daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports
  }
  chain filter-prerouting {
    type filter hook prerouting priority -110; policy accept;
    ct state new jump firewall-check
  }
  chain filter-input {
    type filter hook input priority -110; policy accept;
    ct state new jump nodeport-endpoints-check
    ct state new jump service-endpoints-check
  }
  chain filter-forward {
    type filter hook forward priority -110; policy accept;
    ct state new jump service-endpoints-check
    ct state new jump cluster-ips-check
  }
  chain filter-output {
    type filter hook output priority -110; policy accept;
    ct state new jump service-endpoints-check
    ct state new jump firewall-check
  }
  chain filter-output-post-dnat {
    type filter hook output priority -90; policy accept;
    ct state new jump cluster-ips-check
  }
  chain nat-prerouting { type nat hook prerouting priority -100; policy accept; jump services; }
  chain nat-output { type nat hook output priority -100; policy accept; jump services; }
  chain nat-postrouting { type nat hook postrouting priority 100; policy accept; jump masquerading; }
}
END
done
nft -f - << 'END'
table inet own {
  chain input {
    type filter hook input priority 0; policy drop;
    ct state established,related accept
    meta l4proto ipv6-icmp accept
    tcp dport { 22, 8001 } accept
    iifname "lan0" tcp dport 8093 accept
  }
  chain forward {
    type filter hook forward priority 0; policy drop;
    ct state established,related accept
    meta mark & 0x4000 == 0x4000 accept
    ip saddr 10.88.66.0/24 udp dport 81 accept
    ip6 saddr fd88::66:0/112 udp dport 81 accept
  }
}
END
