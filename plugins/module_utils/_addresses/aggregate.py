# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Few networks that cover many addresses, none of which is lost.

Networks are (number of the first address, length of the prefix), all of one family.
"""

import socket

BITS = {4: 32, 6: 128}
STEPS = {4: (24, 16, 8, 0), 6: (64, 48, 32, 0)}     # lengths of the networks that addresses become, one after the other
# addresses of one network of the first step that stay what they are; a host of IPv6 has several (RFC 8981)
FEW = {4: 8, 6: 4}
MOST = 64                                           # networks of a family


def of_address(raw):
    """(family, network) of an address in bytes."""
    family = 4 if len(raw) == 4 else 6
    return family, (int.from_bytes(raw, 'big'), BITS[family])


def text(network, family):
    """str: ``192.0.2.1/32``, ``2001:db8::/64``."""
    kind, size = (socket.AF_INET, 4) if family == 4 else (socket.AF_INET6, 16)
    return '%s/%d' % (socket.inet_ntop(kind, network[0].to_bytes(size, 'big')), network[1])


def of_text(value, family):
    """The network in a text such as ``text`` makes; ValueError for any other."""
    address, dummy, length = value.partition('/')
    try:
        raw = socket.inet_pton(socket.AF_INET if family == 4 else socket.AF_INET6, address)
    except (OSError, UnicodeError):
        raise ValueError('not an address of the family') from None
    network = int.from_bytes(raw, 'big'), int(length) if length.isdigit() and len(length) < 4 else -1
    if not 0 <= network[1] <= BITS[family] or str(network[1]) != length or within(*network, family=family) != network:
        raise ValueError('not a network')
    return network


def within(low, length, family):
    """The network of this length that an address is in."""
    shift = BITS[family] - length
    return low >> shift << shift, length


def covers(networks, family, most=MOST):
    """Find for each network the one that covers it: itself, or a wider one where there are many.

    More than FEW addresses of a network of the first step become that network. Where there are still more than
    ``most``, networks become wider, step after step, the fullest ones first. What comes of it covers itself.

    :returns: dict, network to network; no two that cover have an address in common, and there are ``most`` at most.
    """
    lengths = sorted({network[1] for network in networks})
    covered, kept = {}, set()
    for network in sorted(networks, key=lambda network: network[1]):
        wider = (within(network[0], length, family) for length in lengths if length < network[1])
        covered[network] = next((wide for wide in wider if wide in kept), network)
        kept.add(covered[network])
    moved = {}
    for length in STEPS[family]:
        limit = FEW[family] if length == STEPS[family][0] else len(kept)
        groups = {}
        for network in kept:
            if network[1] > length:
                groups.setdefault(within(network[0], length, family), []).append(network)
        for wide, inside in sorted(groups.items(), key=lambda group: (-len(group[1]), group[0])):
            if len(inside) < 2 or (len(inside) <= limit and len(kept) <= most):
                break
            kept.difference_update(inside)
            kept.add(wide)
            moved.update(dict.fromkeys(inside, wide))
    for network in covered:
        while covered[network] in moved:
            covered[network] = moved[covered[network]]
    return covered


def counted(counts, family, most=MOST):
    """Add up what is counted of networks in those that cover them: dict, network to int."""
    result = {}
    for network, cover in covers(counts, family, most).items():
        result[cover] = result.get(cover, 0) + counts[network]
    return result
