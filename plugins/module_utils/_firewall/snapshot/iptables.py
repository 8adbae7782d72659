# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What has to be looked at of a firewall only where iptables made some of it, or a rule translates.

Sources: iptables-save(8), ipset(8), proc(5).
"""

import json
import re

from ..._addresses import scopes
from . import raw_rules
from .commands import Unseen

_TABLES = frozenset(('filter', 'nat', 'mangle', 'raw', 'security'))
_COMMANDS = {'ip': 'iptables', 'ip6': 'ip6tables'}
_SETS = re.compile(r'-m set |--match-set |--(?:add|del|map)-set ')
_NATIVE_PORTS = (1, 8, 8)       # the first iptables that writes ports as nft does


def opaque(text):
    """set of str: the families in which nft has rules that it cannot show.

    :param text: str, what ``nft -j`` printed. Raises Unseen.
    """
    try:
        rules = [part['rule'] for part in json.loads(text)['nftables'] if 'rule' in part]
        return {rule['family'] for rule in rules if any('xt' in part for part in rule['expr'])}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as exc:
        raise Unseen('the output of nft could not be parsed') from exc


def instead_of_nft(tables, flags, tools):
    """set of str: the families whose tables of nftables iptables can show, where there is no nft. Raises Unseen.

    :param tables: list of [family, name], those in the kernel, at least one.
    :param flags: list of those that have flags, such as dormant, of which iptables knows nothing.
    """
    strange = [family for family, name in tables
               if family in ('inet', 'netdev') or (family in _COMMANDS and name not in _TABLES)]
    if flags or strange:
        raise Unseen('there are tables, but nft is not installed to read them; install nftables')
    strange, ports = raw_rules.foreign()
    if any(family in _COMMANDS for family, table, chain in strange):
        raise Unseen(
            'there are rules that iptables cannot show, but nft is not installed to read them; install nftables'
        )
    families = {family for family, name in tables if family in _COMMANDS}
    if ports and families:
        _require_native_ports(tools)
    return families


def _require_native_ports(tools):
    version_text = tools.output(find('ip', 'nft', tools), '--version')
    version = re.search(r' v(\d+)\.(\d+)\.(\d+)', version_text)
    if not version or tuple(int(number) for number in version.groups()) < _NATIVE_PORTS:
        raise Unseen(
            'there are rules that this iptables cannot show, but nft is not installed to read them; install nftables'
        )


def find(family, backend, tools):
    """str: the path of the iptables-save of a family and a back end. Raises Unseen."""
    named, plain = ('%s%s-save' % (_COMMANDS[family], middle) for middle in ('-' + backend, ''))
    path = tools.find(named)
    if not path:
        path = tools.find(plain)
        if not path or ('nf_tables' in tools.output(path, '--version')) != (backend == 'nft'):
            raise Unseen('it has rules, but %s is not installed to read them' % named)
    return path


def sets(saves, tools):
    """str: what ``ipset save`` prints; None where no rule names a set. Raises Unseen."""
    if not any(_SETS.search(text) for text in saves):
        return None
    path = tools.find('ipset')
    if not path:
        raise Unseen('rules use its sets, but ipset is not installed to read them')
    return tools.output(path, 'save')


def addresses(pid, proc):
    """list of str: the addresses in the network namespace of a process (proc(5), net/fib_trie and net/if_inet6)."""
    result, last = set(), ''
    try:
        with open('%s/%d/net/fib_trie' % (proc, pid)) as stream:
            for line in stream:
                if '/32 host LOCAL' in line:
                    result.add(last)
                last = line.strip(' |-\n')
        with open('%s/%d/net/if_inet6' % (proc, pid)) as stream:
            result.update(scopes.text(bytes.fromhex(line.split(None, 1)[0])) for line in stream)
    except (OSError, ValueError, IndexError):
        pass
    return sorted(result)
