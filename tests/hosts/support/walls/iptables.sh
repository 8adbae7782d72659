# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# iptables, ip6tables and ipset, as a script has them. $1: nft or legacy.

ipset create near hash:net
ipset add near 10.88.66.0/24
ipset add near 10.90.0.0/25
ipset create ports bitmap:port range 8000-8100
ipset add ports 8003
ipset add ports 8004
ipset create pairs hash:ip,port
ipset add pairs "10.88.77.$HERE,tcp:8013"
ipset add pairs "10.88.77.$HERE,udp:8014"
ipset create near6 hash:net family inet6
ipset add near6 fd88::66:0/112
for family in iptables ip6tables; do
    t=$family-$1
    case $family in
        iptables) set4=near far=10.88.77.0/24 lan=10.90.0.0/24 box=172.30.0.2 bracket=172.30.0.2 ;;
        ip6tables) set4=near6 far=fd88::77:0/112 lan=fd90::/64 box=fd30::2 bracket='[fd30::2]' ;;
    esac
    $t -P INPUT DROP
    $t -P FORWARD DROP
    $t -N LAN
    $t -N LOGGED
    $t -A INPUT -i lo -j ACCEPT
    $t -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    $t -A INPUT -m conntrack --ctstate INVALID -j DROP
    [ $family = iptables ] || $t -A INPUT -p ipv6-icmp -j ACCEPT
    $t -A INPUT -p tcp --dport 22 -j ACCEPT
    $t -A INPUT -p tcp -m set --match-set "$set4" src -m multiport --dports 8001,8002,8005:8006 -j ACCEPT
    $t -A INPUT -p udp --dport 8001:8002 ! -s "$far" -j ACCEPT
    [ $family = ip6tables ] || $t -A INPUT -m set --match-set ports dst -j ACCEPT
    [ $family = ip6tables ] || $t -A INPUT -m set --match-set pairs src,dst -j ACCEPT
    $t -A INPUT -s "$lan" -j LAN
    $t -A INPUT -p tcp --dport 8010 -m recent --name ten --set
    $t -A INPUT -p tcp --dport 8010 -m recent --name ten --update --seconds 30 --hitcount 8 -j DROP
    $t -A INPUT -p tcp --dport 8010 --syn -m limit --limit 100/sec --limit-burst 100 -j ACCEPT
    $t -A INPUT -p udp --dport 8011 -j LOGGED
    $t -A INPUT -p tcp --dport 8012 -m comment --comment 'with a "quote" and a \ in it' -j REJECT --reject-with tcp-reset
    $t -A INPUT -p tcp -m mark --mark 0x10/0x10 -j ACCEPT
    $t -A INPUT -p tcp --dport 8016 -m mac --mac-source 02:00:00:00:77:77 -j ACCEPT
    $t -A INPUT -p tcp --dport 8001 -m conntrack --ctstate DNAT -j ACCEPT
    $t -A INPUT -m addrtype --dst-type LOCAL -p udp --dport 8017 -j ACCEPT
    $t -A INPUT -p udp -j REJECT
    $t -A LAN -p tcp -m multiport ! --dports 8000:8006,8008:8100,9999 -j ACCEPT
    $t -A LAN -p tcp --dport 8008 -g LOGGED
    $t -A LAN -p udp --dport 8009 -m conntrack --ctstate NEW -j ACCEPT
    $t -A LOGGED -m limit --limit 3/min -j LOG --log-prefix "logged "
    $t -A LOGGED -j ACCEPT
    $t -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    $t -A FORWARD -d "$box" -p tcp --dport 80 -j ACCEPT
    $t -A FORWARD -d "$box" -p udp --dport 81 -i lan0 -j ACCEPT
    $t -t mangle -A PREROUTING -p tcp --dport 8015 -s "$far" -j MARK --set-xmark 0x10/0x10
    $t -t raw -A PREROUTING -p udp --dport 8017 -i lan0 -j DROP
    $t -t nat -A PREROUTING -p tcp --dport 8090 -j DNAT --to-destination "$bracket":80
    $t -t nat -A PREROUTING -p tcp --dport 8091 -j REDIRECT --to-ports 8001
    $t -t nat -A PREROUTING -p udp --dport 8092 -j DNAT --to-destination "$bracket":81
done
