# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The networks that have a name, as text of both families; ``scopes.scope`` names single addresses by the same."""

from . import intervals

FAMILIES = {4: 'ipv4', 6: 'ipv6'}
ANYONE = ('0.0.0.0/0', '::/0')
LOOPBACK = ('127.0.0.0/8', '::1/128')           # RFC 1122, RFC 4291
LINK = ('169.254.0.0/16', 'fe80::/10')          # RFC 3927, RFC 4291
MULTICAST = ('224.0.0.0/4', 'ff00::/8')         # RFC 5771, RFC 4291
# RFC 1918, RFC 6598 (carrier NAT), RFC 4193, and the site-local addresses that RFC 3879 deprecates
PRIVATE = ('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7', 'fec0::/10')
# no packet from outside has one of these as its source: the kernel drops it
IMPOSSIBLE = LOOPBACK + MULTICAST + ('0.0.0.0/8', '240.0.0.0/4', '::/128')
GLOBAL6 = ('2000::/3',)                         # of IPv6, what is allocated (RFC 4291)


def sets(*networks):
    """Turn named networks into dict, family to a set as in ``intervals``."""
    spans = {family: [] for family in FAMILIES}
    for text in [text for texts in networks for text in texts]:
        family, parsed = intervals.parse(text)
        spans[family].extend(parsed)
    return {family: intervals.merged(some) for family, some in spans.items()}
