# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every extension of iptables, as iptables-save prints it: understood, or unclear for a reason that names it."""

import pytest

from ansible_collections.listening.ports.plugins.module_utils._firewall.evaluate import evaluator as _evaluator
from ansible_collections.listening.ports.tests.unit.plugins.module_utils._firewall.build import NET, decide, evaluator

# What packages of iptables 1.8 have, but for ebtables and arptables
EXTENSIONS = """
AUDIT CHECKSUM CLASSIFY CLUSTERIP CONNMARK CONNSECMARK CT DNAT DNPT DSCP ECN HL HMARK IDLETIMER LED LOG MARK MASQUERADE
NETMAP NFLOG NFQUEUE NOTRACK RATEEST REDIRECT REJECT SECMARK SET SNAT SNPT SYNPROXY TCPMSS TCPOPTSTRIP TEE TOS TPROXY
TRACE TTL ULOG addrtype ah bpf cgroup cluster comment connbytes connlabel connlimit connmark conntrack cpu dccp devgroup
dscp dst ecn esp eui64 frag hashlimit hbh helper hl icmp icmp6 ipcomp iprange ipv6header ipvs length limit mac mark mh
multiport nfacct osf owner physdev pkttype policy quota rateest realm recent rpfilter rt sctp set socket srh standard
state statistic string tcp tcpmss time tos ttl u32 udp
""".split()
ALL_OF_4, ALL_OF_6 = '255.255.255.255', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'

# (extension, family, what the rule says, what a packet to port 22 meets that only this rule lets in, or a reason)
MATCHES = [
    ('addrtype', 4, '-m addrtype --dst-type LOCAL', 'allowed'),
    ('addrtype', 4, '-m addrtype --src-type UNICAST --limit-iface-out', 'addrtype --limit-iface-out is not understood'),
    ('ah', 4, '-p ah -m ah --ahspi 1:3', 'blocked'),
    ('ah', 6, '-m ah --ahspi 5', 'blocked'),
    ('bpf', 4, '-m bpf --bytecode "4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0"',
     'what a program of BPF says cannot be known (-m bpf)'),
    ('cgroup', 4, '-m cgroup --cgroup 1', 'the control group of the program cannot be known (-m cgroup)'),
    ('cluster', 4, '-m cluster --cluster-local-nodemask 0x00000001 --cluster-total-nodes 2 '
     '--cluster-hash-seed 0xdeadbeef', 'the node of the cluster that is responsible cannot be known (-m cluster)'),
    ('comment', 4, '-m comment --comment "a b"', 'allowed'),
    ('connbytes', 4, '-m connbytes --connbytes 10:20 --connbytes-mode packets --connbytes-dir both',
     'how much a connection has carried cannot be known (-m connbytes)'),
    ('connlabel', 4, '-m connlabel --label "1"', 'the labels of the connection cannot be known (-m connlabel)'),
    ('connlimit', 4, '-m connlimit --connlimit-upto 3 --connlimit-mask 32 --connlimit-saddr', 'allowed'),
    ('connlimit', 4, '-m connlimit --connlimit-above 3 --connlimit-mask 32 --connlimit-saddr',
     'depends on the traffic (limit of connections)'),
    ('connlimit', 4, '-m connlimit --connlimit-above 0 --connlimit-mask 32 --connlimit-saddr', 'allowed'),
    ('connlimit', 4, '-m connlimit --connlimit-upto 0 --connlimit-mask 32 --connlimit-saddr', 'blocked'),
    ('connmark', 4, '-m connmark --mark 0x1/0x3', 'blocked'),
    ('connmark', 4, '-m connmark ! --mark 0x1', 'allowed'),
    ('conntrack', 4, '-m conntrack --ctproto 6 --ctorigdstport 22', 'allowed'),
    ('conntrack', 4, '-m conntrack --ctproto 47', 'blocked'),
    ('conntrack', 4, '-m conntrack ! --ctproto 47 --ctdir ORIGINAL', 'allowed'),
    ('conntrack', 4, '-m conntrack --ctexpire 5:6', 'conntrack --ctexpire is not understood'),
    ('conntrack', 4, '-m conntrack --ctstatus EXPECTED', 'blocked'),
    ('conntrack', 4, '-m conntrack --ctorigsrc 10.1.0.0/16 --ctrepldst 10.1.0.0/16', ['10.1.0.0/16']),
    ('cpu', 4, '-m cpu --cpu 0', 'the processor that handles the packet cannot be known (-m cpu)'),
    ('dccp', 4, '-p dccp -m dccp --dport 5 --dccp-types REQUEST', 'blocked'),
    ('devgroup', 4, '-m devgroup --src-group 0x1', 'the group of the device cannot be known (-m devgroup)'),
    ('dscp', 4, '-m dscp --dscp 0x04', 'the DSCP of the packet cannot be known (-m dscp)'),
    ('dst', 6, '-m dst --dst-len 5', 'blocked'),
    ('ecn', 4, '-p tcp -m ecn --ecn-tcp-ece', 'the ECN bits of the packet cannot be known (-m ecn)'),
    ('ecn', 4, '-p udp -m ecn --ecn-ip-ect 1', 'blocked'),
    ('esp', 4, '-p esp -m esp --espspi 1:3', 'blocked'),
    ('eui64', 6, '-m eui64', 'the hardware address of the client cannot be known (-m eui64)'),
    ('frag', 6, '-m frag --fragfirst', 'blocked'),
    ('frag', 4, '-f', 'blocked'),
    ('frag', 4, '! -f', 'allowed'),
    ('hashlimit', 4, '-m hashlimit --hashlimit-upto 3/min --hashlimit-burst 5 --hashlimit-name a', 'allowed'),
    ('hashlimit', 4, '-m hashlimit ! --hashlimit-upto 3/min --hashlimit-burst 5 --hashlimit-name a',
     'depends on the traffic (rate limit)'),
    ('hashlimit', 4, '-m hashlimit --hashlimit-above 3kb/s --hashlimit-name b', 'depends on the traffic (rate limit)'),
    ('hashlimit', 4, '-m hashlimit --hashlimit-above 3/s --hashlimit-name b --hashlimit-rate-match',
     'hashlimit --hashlimit-rate-match is not understood'),
    ('hbh', 6, '-m hbh ! --hbh-len 5', 'blocked'),
    ('helper', 4, '-m helper --helper ftp', 'blocked'),
    ('helper', 4, '-m helper ! --helper "ftp"', 'allowed'),
    ('hl', 6, '-m hl --hl-eq 255', 'the hop limit of the packet is unknown'),
    ('icmp', 4, '-p icmp -m icmp --icmp-type 8', 'blocked'),
    ('icmp6', 6, '-p ipv6-icmp -m icmp6 --icmpv6-type 135', 'blocked'),
    ('icmp6', 6, '-p ipv6-icmp -m icmp6 --icmpv6-type 1/4', 'blocked'),
    ('ipcomp', 4, '-p ipcomp -m ipcomp --ipcompspi 5', 'blocked'),
    ('iprange', 4, '-m iprange --src-range 10.0.0.4-10.0.0.7', ['10.0.0.4/30']),
    ('ipv6header', 6, '-m ipv6header --header ah --soft', 'the headers of the packet cannot be known (-m ipv6header)'),
    ('ipvs', 4, '-m ipvs --ipvs', 'what IPVS does with the packet cannot be known (-m ipvs)'),
    ('length', 4, '-m length --length 5:7', 'the length of the packet cannot be known (-m length)'),
    ('limit', 4, '-m limit --limit 3/min --limit-burst 9', 'allowed'),
    ('limit', 4, '-m limit --limit 1/min --limit-burst 1',
     'a burst of 1 at 1/min is about as much as any client sends'),
    ('limit', 4, '-m limit --limit 1/sec --limit-burst 1', 'allowed'),
    ('hashlimit', 4, '-m hashlimit --hashlimit-above 1/day --hashlimit-burst 1 --hashlimit-name a',
     'a burst of 1 at 1/day is about as much as any client sends'),
    ('quota', 4, '-m quota ! --quota 0', 'a quota of 0 bytes is about as much as any client sends'),
    ('mac', 4, '-m mac --mac-source 00:11:22:33:44:55', 'the hardware address of the client cannot be known (-m mac)'),
    ('mark', 4, '-m mark ! --mark 0x1/0x3', 'allowed'),
    ('mh', 6, '-p mobility-header -m mh --mh-type 1', 'blocked'),
    ('multiport', 4, '-p tcp -m multiport --dports 80,20:25', 'allowed'),
    ('multiport', 4, '-p tcp -m multiport --ports 22', 'allowed'),
    ('multiport', 4, '-p tcp -m multiport ! --ports 22', 'blocked'),
    ('multiport', 4, '-p tcp -m multiport ! --ports 80', 'allowed'),
    ('multiport', 4, '-p tcp -m multiport --ports 80,443', 'depends on the port that a client uses'),
    ('nfacct', 4, '-m nfacct --nfacct-name x', 'the quota of an accounting object cannot be known (-m nfacct)'),
    ('osf', 4, '-p tcp -m osf --genre Linux', 'the operating system of the client cannot be known (-m osf)'),
    ('owner', 4, '-m owner --uid-owner 5', 'the program that answers cannot be known (-m owner)'),
    ('physdev', 4, '-m physdev --physdev-in e+ --physdev-is-in', 'blocked'),
    ('physdev', 4, '-m physdev ! --physdev-is-bridged', 'allowed'),
    ('physdev', 4, '-m physdev ! --physdev-is-bridged --physdev-in e+', 'blocked'),
    ('pkttype', 4, '-m pkttype --pkt-type unicast', 'allowed'),
    ('pkttype', 4, '-m pkttype --pkt-type broadcast', 'blocked'),
    ('policy', 4, '-m policy --dir in --pol none', 'allowed'),
    ('policy', 4, '-m policy --dir in --pol ipsec --strict --reqid 5 --mode tunnel', 'blocked'),
    ('quota', 4, '-m quota --quota 55000', 'allowed'),
    ('quota', 4, '-m quota ! --quota 55000', 'depends on the traffic (quota)'),
    ('rateest', 4, '-m rateest --rateest x --rateest-lt --rateest-bps 0bit',
     'the rate of the traffic cannot be known (-m rateest)'),
    ('realm', 4, '-m realm --realm 0x5', 'the realm of the route cannot be known (-m realm)'),
    ('recent', 4, '-m recent --set --name DEFAULT --mask %s --rsource' % ALL_OF_4, 'allowed'),
    ('recent', 6, '-m recent ! --rcheck --seconds 5 --reap --name x --mask %s --rdest' % ALL_OF_6, 'allowed'),
    ('recent', 6, '-m recent --rcheck --rttl --name x --mask %s --rsource' % ALL_OF_6,
     'recent --rttl is not understood'),
    ('rpfilter', 4, '-m rpfilter --loose --validmark --accept-local --invert', 'rpfilter is not understood'),
    ('rt', 6, '-m rt --rt-type 0', 'blocked'),
    ('sctp', 4, '-p sctp -m sctp --dport 5 --chunk-types any INIT', 'blocked'),
    ('set', 4, '-m set --match-set s src', 'the set s is not understood'),
    ('socket', 4, '-m socket --transparent', 'the socket that the packet is for cannot be known (-m socket)'),
    ('srh', 6, '-m srh ! --srh-next-hdr 6', 'blocked'),
    ('state', 4, '-m state --state NEW,ESTABLISHED', 'allowed'),
    ('statistic', 4, '-m statistic --mode nth --every 5 --packet 0',
     'which packets are chosen cannot be known (-m statistic)'),
    ('string', 4, '-m string --string "x y" --algo bm', 'what is in the packet cannot be known (-m string)'),
    ('tcp', 4, '-p tcp -m tcp --dport 22 ! --sport 5', 'allowed'),
    ('tcp', 4, '-p tcp -m tcp ! --tcp-option 5', 'tcp --tcp-option is not understood'),
    ('tcpmss', 4, '-p tcp -m tcpmss --mss 5:6', 'depends on the traffic (segment size)'),
    ('tcpmss', 4, '-p tcp -m tcpmss --mss 500:65535', 'allowed'),
    ('tcpmss', 4, '-p tcp -m tcpmss ! --mss 536:65535', 'depends on the traffic (segment size)'),
    ('tcpmss', 4, '-p tcp -m tcpmss ! --mss 1:500', 'allowed'),
    ('tcpmss', 4, '-p udp -m tcpmss ! --mss 1:500', 'blocked'),
    ('time', 4, '-m time --timestart 05:00:00 --timestop 23:59:59 --datestop 2038-01-19T03:14:07',
     'the time of the day cannot be known (-m time)'),
    ('tos', 4, '-m tos --tos 0x10/0xff', 'the TOS of the packet cannot be known (-m tos)'),
    ('ttl', 4, '-m ttl --ttl-gt 5', 'the TTL of the packet cannot be known (-m ttl)'),
    ('u32', 4, '-m u32 --u32 "0x6&0xff=0x1"', 'what is in the packet cannot be known (-m u32)'),
    ('udp', 4, '-p udp -m udp --sport 5', 'blocked'),
    ('udp', 4, '-p udplite -m multiport --dports 22', 'blocked'),
    ('standard', 4, '-p vrrp', 'blocked'),
    ('standard', 4, '! -p eigrp', 'allowed'),
    ('standard', 4, '! -p 88', 'allowed'),
    ('standard', 4, '-p gre -m made-up --option 5', 'blocked'),
    ('standard', 4, '-m made-up --option 5', 'the result of the match made-up cannot be known'),
]
# (extension, family, table, chain, target, what becomes of packets to port 22 that all else lets in, or a reason)
TARGETS = [
    ('AUDIT', 4, 'mangle', 'PREROUTING', 'AUDIT --type accept', 'allowed'),
    ('CHECKSUM', 4, 'mangle', 'POSTROUTING', 'CHECKSUM --checksum-fill', 'allowed'),
    ('CLASSIFY', 4, 'mangle', 'POSTROUTING', 'CLASSIFY --set-class 0001:0005', 'allowed'),
    ('CLUSTERIP', 4, 'filter', 'INPUT', 'CLUSTERIP --hashmode sourceip --clustermac 01:00:5e:00:00:20 --total-nodes 2 '
     '--local-node 1 --hash-init 0', 'another node of the cluster may be responsible (CLUSTERIP)'),
    ('CONNMARK', 4, 'mangle', 'PREROUTING', 'CONNMARK --save-mark --nfmask 0xff --ctmask 0xff', 'allowed'),
    ('CONNMARK', 4, 'mangle', 'PREROUTING', 'CONNMARK --set-xmark 0x5/0x7 --left-shift-mark 3', 'allowed'),
    ('CONNSECMARK', 4, 'mangle', 'PREROUTING', 'CONNSECMARK --save', 'allowed'),
    ('CT', 4, 'raw', 'PREROUTING', 'CT --zone mark', 'allowed'),
    ('CT', 4, 'raw', 'PREROUTING', 'CT --notrack', 'allowed'),
    ('DNAT', 4, 'nat', 'PREROUTING', 'DNAT --to-destination 172.17.0.2:80', 'allowed'),
    ('DNAT', 4, 'nat', 'PREROUTING', 'DNAT --to-destination 172.17.0.2:1000-2000/22',
     'the range of ports 1000-2000/22 is not understood'),
    ('DNPT', 6, 'mangle', 'PREROUTING', 'DNPT --src-pfx fd00::/64 --dst-pfx fd01::/64',
     'translates to a network (DNPT)'),
    ('DSCP', 4, 'mangle', 'PREROUTING', 'DSCP --set-dscp 0x05', 'allowed'),
    ('ECN', 4, 'mangle', 'PREROUTING', 'ECN --ecn-tcp-remove', 'allowed'),
    ('HL', 6, 'mangle', 'PREROUTING', 'HL --hl-set 64', 'allowed'),
    ('HMARK', 4, 'mangle', 'PREROUTING', 'HMARK --hmark-src-prefix 32 --hmark-rnd 0x00000005 --hmark-mod 5', 'allowed'),
    ('IDLETIMER', 4, 'filter', 'INPUT', 'IDLETIMER --timeout 5 --label x', 'allowed'),
    ('LED', 4, 'filter', 'INPUT', 'LED --led-trigger-id "x"', 'allowed'),
    ('LOG', 4, 'filter', 'INPUT', 'LOG --log-prefix "a b"', 'allowed'),
    ('MARK', 4, 'mangle', 'INPUT', 'MARK --set-xmark 0x5/0x7', 'allowed'),
    ('MASQUERADE', 4, 'nat', 'POSTROUTING', 'MASQUERADE --random', 'allowed'),
    ('NETMAP', 4, 'nat', 'PREROUTING', 'NETMAP --to 10.1.0.0/16', 'translates to a network (NETMAP)'),
    ('NETMAP', 4, 'nat', 'POSTROUTING', 'NETMAP --to 10.1.0.0/16', 'allowed'),
    ('NFLOG', 4, 'filter', 'INPUT', 'NFLOG --nflog-group 5', 'allowed'),
    ('NFQUEUE', 4, 'filter', 'INPUT', 'NFQUEUE --queue-num 5 --queue-bypass', 'a program decides (NFQUEUE)'),
    ('NOTRACK', 4, 'raw', 'PREROUTING', 'NOTRACK', 'allowed'),
    ('RATEEST', 4, 'filter', 'INPUT', 'RATEEST --rateest-name x --rateest-interval 250.0ms', 'allowed'),
    ('REDIRECT', 4, 'nat', 'PREROUTING', 'REDIRECT --to-ports 5-7', 'allowed'),
    ('REJECT', 4, 'filter', 'INPUT', 'REJECT --reject-with icmp-port-unreachable', 'blocked'),
    ('SECMARK', 4, 'mangle', 'INPUT', 'SECMARK --selctx system_u:object_r:httpd_packet_t:s0', 'allowed'),
    ('SET', 4, 'filter', 'INPUT', 'SET --add-set s src --exist --timeout 5', 'allowed'),
    ('SET', 4, 'mangle', 'PREROUTING', 'SET --map-set s src --map-mark', 'allowed'),
    ('SNAT', 4, 'nat', 'POSTROUTING', 'SNAT --to-source 10.1.1.1', 'allowed'),
    ('SNPT', 6, 'mangle', 'POSTROUTING', 'SNPT --src-pfx fd00::/64 --dst-pfx fd01::/64',
     'translates to a network (SNPT)'),
    ('SYNPROXY', 4, 'filter', 'INPUT', 'SYNPROXY --mss 5', 'answered by SYNPROXY'),
    ('TCPMSS', 4, 'mangle', 'INPUT', 'TCPMSS --clamp-mss-to-pmtu', 'allowed'),
    ('TCPOPTSTRIP', 4, 'mangle', 'PREROUTING', 'TCPOPTSTRIP --strip-options 5', 'allowed'),
    ('TEE', 4, 'mangle', 'PREROUTING', 'TEE --gateway 10.1.1.1', 'allowed'),
    ('TOS', 4, 'mangle', 'PREROUTING', 'TOS --set-tos 0x05/0xff', 'allowed'),
    ('TPROXY', 4, 'mangle', 'PREROUTING', 'TPROXY --on-port 5 --on-ip 0.0.0.0 --tproxy-mark 0x0/0x0',
     'redirected to a proxy (TPROXY)'),
    ('TRACE', 4, 'raw', 'PREROUTING', 'TRACE', 'allowed'),
    ('TTL', 4, 'mangle', 'PREROUTING', 'TTL --ttl-set 5', 'allowed'),
    ('ULOG', 4, 'filter', 'INPUT', 'ULOG --ulog-nlgroup 1', 'allowed'),
    ('standard', 4, 'filter', 'INPUT', 'TARPIT --tarpit', 'the target TARPIT is not understood'),
    ('standard', 4, 'filter', 'INPUT', 'RETURN', 'allowed'),
]
EST = '-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n'
WORDS = ('allowed', 'blocked')


def check(family, text, where, expected):
    judge = evaluator(saves={{4: 'ip/legacy', 6: 'ip6/legacy'}[family]: text}, net=dict(NET, links={}))
    if expected in WORDS or isinstance(expected, list):
        assert decide(judge, family=family) == expected
        return
    outcome = judge.decide(family, 'tcp', 'eth0', {4: '10.0.0.1', 6: 'fd00::1'}[family], 22)
    assert {reason.partition(': %s ' % where)[0] for dummy, reason in outcome.undecided} == {expected}
    assert not any(reason.startswith(_evaluator.DEFECT) for dummy, reason in outcome.undecided)


@pytest.mark.parametrize('family, rule, expected', [case[1:] for case in MATCHES], ids=[case[2] for case in MATCHES])
def test_matches(family, rule, expected):
    text = '*filter\n:INPUT DROP [0:0]\n%s-A INPUT %s -j ACCEPT\nCOMMIT\n' % (EST, rule)
    check(family, text, 'iptables' if family == 4 else 'ip6tables', expected)


@pytest.mark.parametrize('family, table, chain, target, expected', [case[1:] for case in TARGETS],
                         ids=[case[4] for case in TARGETS])
def test_targets(family, table, chain, target, expected):
    text = '*%s\n:%s ACCEPT [0:0]\n-A %s -p tcp -j %s\nCOMMIT\n' % (table, chain, chain, target)
    check(family, text, 'iptables' if family == 4 else 'ip6tables', expected)


def test_no_extension_is_lost():
    assert sorted({case[0] for case in MATCHES + TARGETS}) == sorted(EXTENSIONS)
