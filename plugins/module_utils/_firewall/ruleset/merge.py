# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Joins what nft shows with what the programs of iptables print.

nft shows parts of rules that iptables-nft made as opaque ``xt``. Such a rule is replaced by the line of the same
number in the same chain. Rules that nft shows whole are never replaced: iptables-save leaves out what it does not know.
"""

from . import ipsets, iptables, saved


def load(ruleset, loader, saves, ipset):
    """Completes a ruleset.

    :param loader: ``nftables.Loader`` or None.
    :param saves: dict of the text of ``ip/nft``, ``ip6/nft``, ``ip/legacy``, ``ip6/legacy``.
    :param ipset: str or None, what ``ipset save`` printed.
    """
    sets = ipsets.Sets(saved.ipsets(ipset) if ipset else None, ipsets.written(saves.values()), ruleset)
    if loader and loader.opaque:
        _replace(ruleset, loader, saves, sets)
    for family, key in ((4, 'ip/legacy'), (6, 'ip6/legacy')):
        if saves.get(key):
            iptables.legacy(ruleset, saves[key], family, sets)


def _replace(ruleset, loader, saves, sets):
    lines = {}
    for kind in ('ip', 'ip6'):
        for table, (dummy, listed) in saved.tables(saves.get(kind + '/nft') or '').items():
            for chain, line in listed:
                lines.setdefault((kind, table, chain), []).append(line)
    readers = {}
    for rule, index, chain in loader.opaque:
        key = chain.family, chain.table, chain.name
        listed = lines.get(key, ())
        if len(listed) != len(chain.rules):
            continue                # another list of rules: what nft hides stays unknown
        if key[:2] not in readers:
            readers[key[:2]] = iptables.Loader(4 if key[0] == 'ip' else 6, _finder(loader, key[:2]), sets)
        rule.ops = readers[key[:2]].ops(listed[index])
        rule.where = iptables.location(4 if key[0] == 'ip' else 6, key[1], key[2], index + 1)
        rule.source = listed[index]


def _finder(loader, table):
    return lambda name: loader.chains.get(table + (name,))
