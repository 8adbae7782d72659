# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Records what real tools make of rulesets, as root on Linux.

Run ``python record.py [scene ...]`` with the collection on the path.

Each scene is set up in a network namespace of its own, read by the code under test, and written to ``<scene>.json``.
Needed: ip, sysctl, nft, iptables-nft, iptables-legacy, ipset.
"""

import json
import os
import subprocess
import sys

from ansible_collections.listening.ports.plugins.module_utils._firewall.ruleset import load
from ansible_collections.listening.ports.plugins.module_utils._firewall.snapshot import take

HERE = os.path.dirname(os.path.abspath(__file__))
HOST = '''
ip link set lo up
ip link add eth0 type veth peer name peer0
sysctl -qw net.ipv6.conf.peer0.disable_ipv6=1
ip link set peer0 up
ip link set eth0 up
ip address add 192.0.2.10/24 dev eth0
ip address add 2001:db8::10/64 dev eth0 nodad
ip route add default via 192.0.2.1
ip route add default via 2001:db8::1
'''
BRIDGE = '''
sysctl -qw net.ipv4.ip_forward=1
ip link add %s type bridge
ip link set %s up
ip address add %s dev %s
'''
DOCKER = BRIDGE % ('docker0', 'docker0', '172.17.0.1/16', 'docker0') + '''
{0} -P FORWARD DROP
{0} -N DOCKER
{0} -N DOCKER-ISOLATION-STAGE-1
{0} -A FORWARD -j DOCKER-ISOLATION-STAGE-1
{0} -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
{0} -A FORWARD -o docker0 -j DOCKER
{0} -A FORWARD -i docker0 ! -o docker0 -j ACCEPT
{0} -A FORWARD -i docker0 -o docker0 -j ACCEPT
{0} -A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
{0} -A DOCKER-ISOLATION-STAGE-1 -j RETURN
{0} -t nat -N DOCKER
{0} -t nat -A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
{0} -t nat -A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
{0} -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
{0} -t nat -A DOCKER -i docker0 -j RETURN
{0} -t nat -A DOCKER ! -i docker0 -p tcp -m tcp --dport 8050 -j DNAT --to-destination 172.17.0.2:80
'''
INPUT = '''
{0} -P INPUT DROP
{0} -A INPUT -i lo -j ACCEPT
{0} -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
{0} -A INPUT -m conntrack --ctstate INVALID -j DROP
{0} -A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 22 -m comment --comment "a \\"quoted\\" comment" -j ACCEPT
{0} -A INPUT -p tcp -m multiport --dports 80,443,8000:8010 -j ACCEPT
{0} -A INPUT -p udp -m udp --dport 53 -j ACCEPT
{0} -A INPUT -p icmp -j ACCEPT
{0} -A INPUT -j REJECT --reject-with icmp-port-unreachable
'''
NATIVE = '''
table inet filter {
  set admins { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 198.51.100.7 } }
  map verdicts { type inet_service : verdict; elements = { 25 : drop, 80 : accept, 443 : accept } }
  chain services {
    tcp dport vmap @verdicts
    tcp dport { 8000-8010, 9000 } accept comment "xt: a comment"
    udp dport 53 limit rate 10/second accept
  }
  chain input {
    type filter hook input priority filter; policy drop;
    iifname "lo" accept
    ct state vmap { established : accept, related : accept, invalid : drop }
    ip saddr @admins tcp dport 22 accept
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept
    meta l4proto { icmp, ipv6-icmp } accept
    jump services
    reject with icmpx admin-prohibited
  }
}
'''
PODMAN = '''
table inet netavark {
  chain INPUT { type filter hook input priority filter; policy accept; }
  chain FORWARD {
    type filter hook forward priority filter; policy accept;
    ct state invalid drop
  }
  chain POSTROUTING { type nat hook postrouting priority srcnat; policy accept; }
  chain PREROUTING {
    type nat hook prerouting priority dstnat; policy accept;
    fib daddr type local jump NETAVARK-HOSTPORT-DNAT
  }
  chain NETAVARK-HOSTPORT-DNAT {
    tcp dport 8081 jump nv_2f259bab_10_88_0_0_nm16_dnat
    udp dport 5000-5003 jump nv_2f259bab_10_88_0_0_nm16_dnat
  }
  chain nv_2f259bab_10_88_0_0_nm16_dnat {
    tcp dport 8081 dnat ip to 10.88.0.2:80
    udp dport 5000-5003 dnat ip to 10.88.0.3
  }
}
'''
KUBE_NFT = '''
table ip kube-proxy {
  set nodeport-ips { type ipv4_addr; elements = { 192.0.2.10 } }
  map service-ips {
    type ipv4_addr . inet_proto . inet_service : verdict
    elements = { 10.96.0.10 . tcp . 80 : goto service-web }
  }
  map service-nodeports {
    type inet_proto . inet_service : verdict
    elements = { tcp . 30080 : goto external-web }
  }
  chain filter-forward { type filter hook forward priority -110; policy accept; }
  chain nat-prerouting { type nat hook prerouting priority dstnat; policy accept; jump services; }
  chain services {
    ip daddr . meta l4proto . th dport vmap @service-ips
    ip daddr @nodeport-ips meta l4proto . th dport vmap @service-nodeports
  }
  chain external-web {
    meta mark set meta mark or 0x4000
    goto service-web
  }
  chain service-web {
    numgen random mod 2 vmap { 0 : goto endpoint-1, 1 : goto endpoint-2 }
  }
  chain endpoint-1 {
    meta l4proto tcp dnat to 10.244.0.5:8080
  }
  chain endpoint-2 {
    meta l4proto tcp dnat to 10.244.0.6:8080
  }
}
'''
KUBE = (
    BRIDGE % ('cni0', 'cni0', '10.244.0.1/24', 'cni0')
    + '''
{0} -t nat -N KUBE-SERVICES
{0} -t nat -N KUBE-NODEPORTS
{0} -t nat -N KUBE-MARK-MASQ
{0} -t nat -N KUBE-EXT-WEB
{0} -t nat -N KUBE-SVC-WEB
{0} -t nat -N KUBE-SEP-1
{0} -t nat -N KUBE-SEP-2
{0} -t nat -A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
{0} -t nat -A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m comment --comment "default/web cluster IP" -m tcp --dport 80 \
 -j KUBE-SVC-WEB
{0} -t nat -A KUBE-SERVICES -m comment --comment "node ports" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
{0} -t nat -A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
{0} -t nat -A KUBE-NODEPORTS -p tcp -m comment --comment "default/web" -m tcp --dport 30080 -j KUBE-EXT-WEB
{0} -t nat -A KUBE-EXT-WEB -j KUBE-MARK-MASQ
{0} -t nat -A KUBE-EXT-WEB -j KUBE-SVC-WEB
{0} -t nat -A KUBE-SVC-WEB ! -s 10.244.0.0/16 -d 10.96.0.10/32 -p tcp -m tcp --dport 80 -j KUBE-MARK-MASQ
{0} -t nat -A KUBE-SVC-WEB -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-1
{0} -t nat -A KUBE-SVC-WEB -j KUBE-SEP-2
{0} -t nat -A KUBE-SEP-1 -s 10.244.0.5/32 -j KUBE-MARK-MASQ
{0} -t nat -A KUBE-SEP-1 -p tcp -m tcp -j DNAT --to-destination 10.244.0.5:8080
{0} -t nat -A KUBE-SEP-2 -s 10.244.0.6/32 -j KUBE-MARK-MASQ
{0} -t nat -A KUBE-SEP-2 -p tcp -m tcp -j DNAT --to-destination 10.244.0.6:8080
'''
)
UFW = '''
{0} -N ufw-before-input
{0} -N ufw-user-input
{0} -P INPUT DROP
{0} -A INPUT -j ufw-before-input
{0} -A ufw-before-input -i lo -j ACCEPT
{0} -A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
{0} -A ufw-before-input -j ufw-user-input
{0} -A ufw-user-input -p tcp -m multiport --dports 80,443 -m comment --comment "dapp_WWW%20Full" -j ACCEPT
'''
SET = '''
ipset create admins hash:net
ipset add admins 10.0.0.0/8
ipset add admins 198.51.100.7
{0} -P INPUT DROP
{0} -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
{0} -A INPUT -p tcp -m tcp --dport 22 -m set --match-set admins src -j ACCEPT
'''
STOLEN = '''
table inet nat {
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    iifname "eth0" tcp dport 2222 redirect to :22
    ip saddr 10.0.0.0/8 tcp dport 80 redirect to :8080
  }
}
'''
# name: commands, nftables (a file for nft), each of which may be empty
SCENES = {
    'open': ('', ''),
    'native': ('', NATIVE),
    'iptables_nft': (INPUT.format('iptables-nft'), ''),
    'iptables_legacy': (INPUT.format('iptables-legacy'), ''),
    'mixed': (
        INPUT.format('iptables-legacy') + 'iptables-nft -A INPUT -p tcp -m multiport --dports 80,81 -j DROP',
        NATIVE,
    ),
    'ipset_nft': (SET.format('iptables-nft'), ''),
    'ipset_legacy': (SET.format('iptables-legacy'), ''),
    'docker_nft': (DOCKER.format('iptables-nft'), ''),
    'docker_legacy': (DOCKER.format('iptables-legacy'), ''),
    'podman': (BRIDGE % ('podman0', 'podman0', '10.88.0.1/16', 'podman0'), PODMAN),
    'kube_iptables': (KUBE.format('iptables-nft'), ''),
    'kube_nft': (BRIDGE % ('cni0', 'cni0', '10.244.0.1/24', 'cni0'), KUBE_NFT),
    'ufw_like': (UFW.format('iptables-nft'), ''),
    'stolen': ('', STOLEN),
    'route_localnet': ('sysctl -qw net.ipv4.conf.eth0.route_localnet=1', NATIVE),
}


def run(words, environ_update=None, **dummy):
    """The part of AnsibleModule.run_command that is needed."""
    done = subprocess.run(
        words, env=dict(os.environ, **environ_update), stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False
    )
    return (
        done.returncode,
        done.stdout.decode('utf-8', 'surrogateescape'),
        done.stderr.decode('utf-8', 'surrogateescape'),
    )


def record(name):
    """Sets up a scene in this network namespace, which has to be a new one, and writes it down."""
    commands, rules = SCENES[name]
    subprocess.run(['sh', '-e'], input=(HOST + commands).encode(), check=True)
    if rules:
        subprocess.run(['nft', '-f', '-'], input=rules.encode(), check=True)
    taken = load.parsed(take.take(run))
    versions = {'nft': ['nft', '--version'], 'iptables': ['iptables', '--version'], 'ipset': ['ipset', '--version']}
    taken['recorded_with'] = {tool: run(words, environ_update={})[1].split('\n')[0] for tool, words in versions.items()}
    with open('%s/%s.json' % (HERE, name), 'w') as stream:
        json.dump(taken, stream, indent=1, sort_keys=True)
        stream.write('\n')


if __name__ == '__main__':
    if len(sys.argv) == 3 and sys.argv[1] == '--here':
        record(sys.argv[2])
    else:
        for scene in sys.argv[1:] or SCENES:
            subprocess.run(['unshare', '-n', sys.executable, __file__, '--here', scene], check=True)
