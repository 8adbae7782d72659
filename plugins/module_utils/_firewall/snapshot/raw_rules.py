# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules and chains of nftables as the kernel has them, where what tools print of them does not suffice.

Sources: include/uapi/linux/netfilter/nf_tables.h.
"""

import struct

from ... import _netlink
from . import kernel
from .kernel import IP_FAMILIES, parts_of, text_of

_GETCHAIN, _GETRULE = kernel.NFTABLES | 4, kernel.NFTABLES | 7
_INET, _NFPROTO = 1, 15                                 # NFPROTO_INET, NFT_META_NFPROTO
# what iptables writes into rules, and nothing that it could misread
_OF_IPTABLES = frozenset(
    (b'match', b'target', b'counter', b'immediate', b'meta', b'bitwise', b'log', b'limit', b'payload', b'cmp')
)


def devices(connect=_netlink.connect):
    """Find the devices that chains are for, which nft does not show before 1.0.9.

    :returns: list of [family, table, chain, names], of chains that are for devices; a name may end with ``*``.
    """
    result = []
    for data, start, end in kernel.dump(kernel.NETFILTER, _GETCHAIN, bytes(4), connect):
        chain = parts_of(data, start + 4, end)
        hook = chain.get(4, b'')                        # NFTA_CHAIN_HOOK
        about = parts_of(hook, 0, len(hook))
        names = [(1, about[3])] if 3 in about else []   # NFTA_HOOK_DEV; NFTA_HOOK_DEVS has them all
        if 4 in about:
            several = about[4]
            names = [(kind, several[first:last])
                     for kind, first, last in _netlink.attributes(several, 0, len(several))]
        if names:
            result.append([
                kernel.FAMILIES.get(data[start], ''), text_of(chain.get(1, b'')), text_of(chain.get(3, b'')),
                [text_of(raw) + '*' * (kind == 2) for kind, raw in names]])       # NFTA_DEVICE_PREFIX
    return result


def unshown(connect=_netlink.connect):
    """Find conditions that nft leaves out: of a rule that rejects with a TCP reset, the one about IPv4 or IPv6.

    nft 1.0.6 and 1.1.3 take it for one that only the answer needs, and print ``meta l4proto tcp reject with tcp reset``
    for all three (src/netlink_delinearize.c, stmt_reject_postprocess).

    :returns: list of [family, table, chain, handle, ``ipv4`` or ``ipv6``].
    """
    result = []
    for data, start, end in kernel.dump(kernel.NETFILTER, _GETRULE, bytes(4), connect):
        rule = parts_of(data, start + 4, end)
        if data[start] != _INET:
            continue
        asked = told = None
        for name, about in _expressions(rule):
            if name == b'cmp' and asked and about.get(2) == struct.pack('>I', 0):           # NFT_CMP_EQ
                told = IP_FAMILIES.get(parts_of(about.get(3, b'')).get(1, b'\0')[0])                # NFTA_DATA_VALUE
            asked = name == b'meta' and about.get(2) == struct.pack('>I', _NFPROTO)         # NFTA_META_KEY
            if told and name == b'reject' and about.get(1) == struct.pack('>I', 1):         # NFT_REJECT_TCP_RST
                handle, = struct.unpack('>Q', rule[3])
                result.append(['inet', text_of(rule[1]), text_of(rule[2]), handle, 'ipv%d' % told])
    return result


def _expressions(rule):
    """Yield (name, attributes) of the expressions of a rule."""
    raw = rule.get(4, b'')                              # NFTA_RULE_EXPRESSIONS
    for dummy, first, last in _netlink.attributes(raw, 0, len(raw)):
        expression = parts_of(raw, first, last)
        yield expression.get(1, b'').rstrip(b'\0'), parts_of(expression.get(2, b''))


def foreign(connect=_netlink.connect):
    """What ``iptables-nft-save`` may misread, as it leaves out what is not of iptables, without a word.

    :returns: tuple of set of (family, table, chain) with such rules, and bool, whether rules match ports natively, as
        iptables does since 1.8.8.
    """
    result, ports = set(), False
    for data, start, end in kernel.dump(kernel.NETFILTER, _GETRULE, bytes(4), connect):
        rule = parts_of(data, start + 4, end)
        transport = False
        for name, about in _expressions(rule):
            strange = name not in _OF_IPTABLES
            if name == b'payload':
                transport = about.get(2) == struct.pack('>I', 2)        # NFTA_PAYLOAD_BASE: of the transport header
                ports = ports or transport
                strange = not about.get(2)                              # it writes into the packet
            elif name == b'cmp' and not transport:
                strange = about.get(2) not in (struct.pack('>I', 0), struct.pack('>I', 1))      # neither == nor !=
            if strange:
                result.add((kernel.FAMILIES.get(data[start]), text_of(rule.get(1, b'')), text_of(rule.get(2, b''))))
    return result, ports
