# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables that say whatever those of ``table`` can: an nft and a kernel that take them take all of these.

They are written down, since a host that is looked at has no use for what makes tables. Which words and kinds of values
there are, ``table`` decides.
"""

_SYN = 'tcp flags & (fin | syn | rst | ack) == syn'
_RULES = '''
    iif "lo" accept
    SYN tcp dport 1 accept comment "whatever rules can say"
    meta nfproto ipv4 SYN tcp dport { 3, 5 } ip saddr 192.0.2.7/32 accept
    meta nfproto ipv6 SYN tcp dport { 3, 5-6 } ip6 saddr 2001:db8::7/128 accept
    SYN tcp dport 7-8 ip saddr 192.0.2.0/24 accept
    SYN tcp dport 7-8 ip6 saddr 2001:db8::/48 accept
    SYN tcp dport 9 ip saddr 192.0.2.7-192.0.2.9 accept
    SYN tcp dport 9 ip6 saddr 2001:db8::7-2001:db8::9 accept
    SYN tcp dport 9 ip saddr { 192.0.2.7/32, 192.0.2.9/32 } accept
    SYN tcp dport 9 ip6 saddr { 2001:db8::7/128, 2001:db8::9/128 } accept
    SYN tcp dport 9 ip saddr { 192.0.2.7-192.0.2.9, 192.0.2.16/28 } accept
    SYN tcp dport 9 ip6 saddr { 2001:db8::7-2001:db8::9, 2001:db8:1::/48 } accept
    SYN counter reject with tcp reset
'''
_TRACKING = '''
    ct status & dnat == dnat goto published
    ct state established,related accept
    udp sport 67 udp dport 68 accept
    ip6 saddr fe80::/10 udp sport 547 udp dport 546 accept
    udp dport { 1, 3-4 } ct state new accept
    sctp dport 1-2 ct state new accept
    dccp dport 1 ct state new accept
    meta l4proto 17 ct state new counter reject with icmpx type port-unreachable
    meta l4proto 132 ct state new counter reject with icmpx type port-unreachable
    meta l4proto 33 ct state new counter reject with icmpx type port-unreachable
'''
_PUBLISHED = '''
  chain forward {
    type filter hook forward priority -10; policy accept;
    jump published
  }
  chain published {
    ct status & dnat != dnat return
    meta l4proto 6 ct original proto-dst 1 ct state new ip saddr 192.0.2.7/32 accept
    meta l4proto 6 ct original proto-dst 3-4 ct state new counter reject with tcp reset
  }
'''
_TABLE = '''
table inet listening_ports {
  chain input {
    type filter hook input priority -10; policy accept;
    jump decide
  }
  chain decide {%s  }%s}
'''
# of rules about TCP that ask for nothing of connections, and of all rules
PLAIN = (_TABLE % (_RULES, '\n')).replace('SYN', _SYN)
ALL = (_TABLE % (_RULES + _TRACKING, _PUBLISHED)).replace('SYN', _SYN)
