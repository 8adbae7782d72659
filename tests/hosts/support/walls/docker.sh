# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=sh

# What Docker makes of -p 8090:80, -p 10.90.0.2:8091:80, -p 8092:81/udp and their like for IPv6, beside an INPUT that drops.
# A program of the name of its proxy holds the first port. $1: nft or legacy.

cp "$(readlink -f "$(command -v python3)")" /usr/local/bin/docker-proxy
systemd-run --quiet --unit=docker-proxy docker-proxy /root/echoes.py proxy tcp:8090
for family in iptables ip6tables; do
    t=$family-$1
    case $family in
        iptables) net=172.30.0.0/16 box=172.30.0.2 to=172.30.0.2 lo=127.0.0.0/8 lan=10.90.0.2 far=10.88.77.0/24 ;;
        ip6tables) net=fd30::/64 box=fd30::2 to='[fd30::2]' lo=::1 lan=fd90::2 far=fd88::77:0/112 ;;
    esac
    $t -P INPUT DROP
    $t -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    [ $family = iptables ] || $t -A INPUT -p ipv6-icmp -j ACCEPT
    $t -A INPUT -p tcp --dport 22 -j ACCEPT
    $t -A INPUT -p tcp --dport 8001 -j ACCEPT
    $t -P FORWARD DROP
    for chain in DOCKER DOCKER-USER DOCKER-FORWARD DOCKER-CT DOCKER-BRIDGE DOCKER-ISOLATION-STAGE-1 DOCKER-ISOLATION-STAGE-2; do
        $t -N $chain
    done
    $t -A FORWARD -j DOCKER-USER
    $t -A FORWARD -j DOCKER-FORWARD
    $t -A DOCKER-USER -s "$far" -p udp -j DROP
    $t -A DOCKER-USER -j RETURN
    $t -A DOCKER-FORWARD -j DOCKER-CT
    $t -A DOCKER-FORWARD -j DOCKER-ISOLATION-STAGE-1
    $t -A DOCKER-FORWARD -j DOCKER-BRIDGE
    $t -A DOCKER-FORWARD -i box0 -j ACCEPT
    $t -A DOCKER-CT -o box0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    $t -A DOCKER-BRIDGE -o box0 -j DOCKER
    $t -A DOCKER-ISOLATION-STAGE-1 -i box0 ! -o box0 -j DOCKER-ISOLATION-STAGE-2
    $t -A DOCKER-ISOLATION-STAGE-2 -o box0 -j DROP
    $t -t nat -N DOCKER
    $t -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
    $t -t nat -A OUTPUT ! -d "$lo" -m addrtype --dst-type LOCAL -j DOCKER
    $t -t nat -A POSTROUTING -s "$net" ! -o box0 -j MASQUERADE
    publish() {  # the protocol, the port there, the port here, and what else there is to tell of the packets
        protocol=$1 there=$2 here=$3
        shift 3
        $t -t nat -A DOCKER "$@" ! -i box0 -p "$protocol" -m "$protocol" --dport "$here" -j DNAT --to-destination "$to:$there"
        $t -A DOCKER -d "$box" ! -i box0 -o box0 -p "$protocol" -m "$protocol" --dport "$there" -j ACCEPT
    }
    publish tcp 80 8090
    publish tcp 81 8091 -d "$lan"
    publish udp 81 8092
    $t -A DOCKER ! -i box0 -o box0 -j DROP
done
