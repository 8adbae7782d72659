# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# What kube-proxy makes in its mode iptables of services with node ports: one with an end point, one with two, one whose traffic stays on the
# node, one without end points, and one of a load balancer with ranges of sources; beside an INPUT and a FORWARD that drop. $1: nft or legacy.

for family in iptables ip6tables; do
    t=$family-$1
    case $family in
        iptables) box=172.30.0.2 to=172.30.0.2 pods=172.30.0.0/16 web=10.96.0.10 two=10.96.0.11 dns=10.96.0.12
            lb=10.90.0.2 near=10.88.66.0/24 lan=10.90.0.0/25 ;;
        ip6tables) box=fd30::2 to='[fd30::2]' pods=fd30::/64 web=fd96::10 two=fd96::11 dns=fd96::12
            lb=fd90::2 near=fd88::66:0/112 lan=fd90::/121 ;;
    esac
    for chain in KUBE-EXTERNAL-SERVICES KUBE-FIREWALL KUBE-FORWARD KUBE-NODEPORTS KUBE-PROXY-FIREWALL KUBE-SERVICES; do
        $t -N $chain
    done
    $t -A INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
    $t -A INPUT -m comment --comment "kubernetes health check service ports" -j KUBE-NODEPORTS
    $t -A INPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
    $t -A INPUT -j KUBE-FIREWALL
    $t -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    [ $family = iptables ] || $t -A INPUT -p ipv6-icmp -j ACCEPT
    $t -A INPUT -p tcp -m multiport --dports 22,8001,8093 -j ACCEPT
    $t -P INPUT DROP
    $t -P FORWARD DROP
    $t -A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes load balancer firewall" -j KUBE-PROXY-FIREWALL
    $t -A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD
    $t -A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
    $t -A FORWARD -m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES
    $t -A FORWARD -s "$lan" -d "$pods" -p udp -m comment --comment "what does not come by the node" -j ACCEPT
    $t -A OUTPUT -m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
    $t -A OUTPUT -j KUBE-FIREWALL
    [ $family = ip6tables ] || $t -A KUBE-FIREWALL ! -s 127.0.0.0/8 -d 127.0.0.0/8 -m comment --comment "block incoming localnet connections" \
        -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP
    $t -A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
    $t -A KUBE-FORWARD -m comment --comment "kubernetes forwarding rules" -m mark --mark 0x4000/0x4000 -j ACCEPT
    $t -A KUBE-FORWARD -m comment --comment "kubernetes forwarding conntrack rule" -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    $t -A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment "default/none:http has no endpoints" -m addrtype --dst-type LOCAL --dport 8093 -j REJECT
    $t -A KUBE-PROXY-FIREWALL -d "$lb" -p tcp -m comment --comment "default/lb:http traffic not accepted by KUBE-FW-LB" --dport 8094 -j DROP

    for chain in MARK-MASQ NODEPORTS POSTROUTING PROXY-CANARY SERVICES EXT-WEB EXT-TWO EXT-DNS EXT-LB FW-LB SVC-WEB SVC-TWO SVC-DNS SVL-DNS SVC-LB \
            SEP-80 SEP-81 SEP-DNS; do
        $t -t nat -N KUBE-$chain
    done
    $t -t nat -A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
    $t -t nat -A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
    $t -t nat -A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
    $t -t nat -A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
    $t -t nat -A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
    $t -t nat -A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT" -j MASQUERADE --random-fully
    $t -t nat -A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
    $t -t nat -A KUBE-SERVICES -d "$web" -p tcp -m comment --comment "default/web:http cluster IP" --dport 80 -j KUBE-SVC-WEB
    $t -t nat -A KUBE-SERVICES -d "$two" -p tcp -m comment --comment "default/two:http cluster IP" --dport 80 -j KUBE-SVC-TWO
    $t -t nat -A KUBE-SERVICES -d "$dns" -p udp -m comment --comment "default/dns:dns cluster IP" --dport 53 -j KUBE-SVC-DNS
    $t -t nat -A KUBE-SERVICES -d "$lb" -p tcp -m comment --comment "default/lb:http loadbalancer IP" --dport 8094 -j KUBE-FW-LB
    $t -t nat -A KUBE-SERVICES -m comment --comment "kubernetes service nodeports; NOTE: this must be the last rule in this chain" \
        -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
    $t -t nat -A KUBE-NODEPORTS -p tcp -m comment --comment "default/web:http" --dport 8090 -j KUBE-EXT-WEB
    $t -t nat -A KUBE-NODEPORTS -p tcp -m comment --comment "default/two:http" --dport 8091 -j KUBE-EXT-TWO
    $t -t nat -A KUBE-NODEPORTS -p udp -m comment --comment "default/dns:dns" --dport 8092 -j KUBE-EXT-DNS
    for name in WEB TWO LB; do
        $t -t nat -A KUBE-EXT-$name -m comment --comment "masquerade traffic for external destinations" -j KUBE-MARK-MASQ
        $t -t nat -A KUBE-EXT-$name -j KUBE-SVC-$name
    done
    $t -t nat -A KUBE-EXT-DNS -s "$pods" -m comment --comment "pod traffic for default/dns:dns external destinations" -j KUBE-SVC-DNS
    $t -t nat -A KUBE-EXT-DNS -m comment --comment "masquerade LOCAL traffic" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ
    $t -t nat -A KUBE-EXT-DNS -m comment --comment "route LOCAL traffic" -m addrtype --src-type LOCAL -j KUBE-SVC-DNS
    $t -t nat -A KUBE-EXT-DNS -j KUBE-SVL-DNS
    $t -t nat -A KUBE-FW-LB -s "$near" -m comment --comment "default/lb:http loadbalancer IP" -j KUBE-EXT-LB
    $t -t nat -A KUBE-FW-LB -s "$lan" -m comment --comment "default/lb:http loadbalancer IP" -j KUBE-EXT-LB
    $t -t nat -A KUBE-FW-LB -m comment --comment "other traffic to default/lb:http will be dropped by KUBE-PROXY-FIREWALL"
    $t -t nat -A KUBE-SVC-WEB ! -s "$pods" -d "$web" -p tcp -m comment --comment "default/web:http cluster IP" --dport 80 -j KUBE-MARK-MASQ
    $t -t nat -A KUBE-SVC-WEB -m comment --comment "default/web:http -> $to:80" -j KUBE-SEP-80
    $t -t nat -A KUBE-SVC-TWO -m comment --comment "default/two:http -> $to:80" -m statistic --mode random --probability 0.5 -j KUBE-SEP-80
    $t -t nat -A KUBE-SVC-TWO -m comment --comment "default/two:http -> $to:81" -j KUBE-SEP-81
    $t -t nat -A KUBE-SVC-DNS -m comment --comment "default/dns:dns -> $to:81" -j KUBE-SEP-DNS
    $t -t nat -A KUBE-SVL-DNS -m comment --comment "default/dns:dns -> $to:81" -j KUBE-SEP-DNS
    $t -t nat -A KUBE-SVC-LB -m comment --comment "default/lb:http -> $to:80" -j KUBE-SEP-80
    for port in 80 81; do
        $t -t nat -A KUBE-SEP-$port -s "$box" -m comment --comment "default/web:http" -j KUBE-MARK-MASQ
        $t -t nat -A KUBE-SEP-$port -p tcp -m comment --comment "default/web:http" -m tcp -j DNAT --to-destination "$to:$port"
    done
    $t -t nat -A KUBE-SEP-DNS -s "$box" -m comment --comment "default/dns:dns" -j KUBE-MARK-MASQ
    $t -t nat -A KUBE-SEP-DNS -p udp -m comment --comment "default/dns:dns" -m udp -j DNAT --to-destination "$to:81"
done
