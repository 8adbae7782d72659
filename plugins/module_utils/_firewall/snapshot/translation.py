# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a host translates addresses, asked without a look at its rules: it costs next to nothing.

Sources: include/uapi/linux/netfilter/nf_tables.h, net/ipv4/netfilter/ip_tables.c in the kernel.
"""

import contextlib
import struct

from ... import _netlink

_NETFILTER = 12                                         # NETLINK_NETFILTER
_GETCHAIN = 10 << 8 | 4                                 # NFNL_SUBSYS_NFTABLES, NFT_MSG_GETCHAIN
_HOOK, _TYPE, _NUMBER = 4, 7, 1                         # NFTA_CHAIN_HOOK, NFTA_CHAIN_TYPE, NFTA_HOOK_HOOKNUM
_PREROUTING = bytes(4)                                  # NF_INET_PRE_ROUTING


def translates(connect=_netlink.connect, proc='/proc'):
    """bool: what comes in may be led to another address or port: a chain is there for that. Raises OSError."""
    for family in ('ip', 'ip6'):
        with contextlib.suppress(FileNotFoundError):
            with open('%s/net/%s_tables_names' % (proc, family)) as stream:
                if 'nat' in stream.read().split():
                    return True
    with contextlib.closing(connect(_NETFILTER)) as link:
        # nlmsghdr with struct nfgenmsg
        question = struct.pack('=IHHIII', 20, _GETCHAIN, _netlink.REQUEST_DUMP, 1, 0, 0)
        return any(_is_for_it(data, start + 4, end) for data, start, end in _netlink.messages(link, question))


def _is_for_it(data, start, end):
    """bool: a chain is one that translates what comes in."""
    chain = {kind: (first, last) for kind, first, last in _netlink.attributes(data, start, end)}
    if _HOOK not in chain or _TYPE not in chain:
        return False
    first, last = chain[_TYPE]
    return bytes(data[first:last]).rstrip(b'\0') == b'nat' and _PREROUTING in [
        bytes(data[first:last]) for kind, first, last in _netlink.attributes(data, *chain[_HOOK]) if kind == _NUMBER]
