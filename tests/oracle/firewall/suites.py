# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules from the tools' own test suites: ``tests/py`` in the source of nftables, ``extensions`` in that of iptables.

Each line becomes a ruleset of one rule. Its addresses, interfaces and ports become those of the test network where that
is possible, and a rule that only matches gets a verdict, so that packets can tell whether it matched.
"""

import os
import random
import re
import sys

from firewall import judge, network, probes, workers

FLOWS = 60          # per rule
TERMINAL = re.compile(r'\b(accept|drop|reject|queue|continue|return|jump|goto|vmap|masquerade|redirect|[ds]nat|tproxy|'
                      r'synproxy|notrack|fwd)\b')
# Nobody gets in: a copy to the host itself is copied again, and again
LOOPS = re.compile(r'\b(?:dup to|TEE)\b')
CHAINS_OF = {
    'filter': ('INPUT', 'FORWARD', 'OUTPUT'),
    'nat': ('PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'),
    'mangle': ('PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'),
    'raw': ('PREROUTING', 'OUTPUT'),
    'security': ('INPUT', 'FORWARD', 'OUTPUT'),
}
_IPV4 = re.compile(r'(?<![\w.:/])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])')
_IPV6 = re.compile(r'(?<![\w:.])(?=[0-9a-f:]*::)[0-9a-f:]*[0-9a-f][0-9a-f:]*(?![\w:.])')
_PORTS = re.compile(r'((?:[ds]port|--[ds]ports?|--ports|--to-ports)\s+(?:!=\s*)?)(\{[^{}]*\}|[\d,:-]+)')
_INTERFACE = re.compile(r'((?:[io]ifname|[io]if|device|\s-[io])\s+(?:!=\s*)?"?)(?!lo\b)([a-z]+\d+)\b')


class Line:
    """A rule of a test suite, as ``judge.Judge`` wants it.

    :ivar name: str, the file and the line.
    :ivar leads_away: bool, packets may be sent to where nobody serves; that they arrive there cannot be seen.
    """

    ipset, leads_away = '', True

    def __init__(self, name, nft='', saves=None):
        self.name, self._nft, self._saves = name, nft, saves or {}
        self.flows = probes.all_flows(random.Random(name), FLOWS)

    def texts(self, dummy=()):
        """(text for nft, {program: text})."""
        return self._nft, self._saves


def adapted(rule, chance):
    """Rule with addresses, ports and interfaces of the test network in place of its own."""
    known = {}

    def instead(text, pool):
        if text not in known:
            known[text] = chance.choice(sorted(pool)) if chance.random() < 0.75 else text
        return known[text]

    addresses = {
        family: {source for sources in network.CLIENTS.values() for source in sources[family]}
        | set(network.TARGETS[family]) for family in (4, 6)
    }
    rule = _IPV4.sub(lambda match: instead(match.group(), addresses[4])
                     if not match.group().startswith(('0.', '127.', '22', '23', '24', '25')) else match.group(), rule)
    rule = _IPV6.sub(lambda match: instead(match.group(), addresses[6])
                     if not match.group().startswith(('::', 'ff', 'fe80')) else match.group(), rule)
    rule = _INTERFACE.sub(lambda match: match.group(1) + instead(match.group(2), {'h0', 'h1', 'd0'}), rule)
    return _PORTS.sub(lambda match: match.group(1) + re.sub(
        r'\d+', lambda number: instead(number.group(), map(str, probes.PORTS)), match.group(2)), rule)


def of_nftables(folder):
    """Yield a Line for each rule that the files ``*/*.t`` below ``tests/py`` call good, in each of their tables.

    Tables of bridges and of ARP are left out, as the test network has neither.
    """
    for path in _files(folder):
        chains, tables = {}, []
        for text in _lines(path):
            if text[0] == ':':
                name, dummy, chains[name] = text[1:].partition(';')
            elif text[0] == '*':
                family, dummy, names = text[1:].split(';')[:3]
                tables.append((family, names.split(',')[0]))
            elif text[0] not in '!?%-' and text.split(';')[1:2] == ['ok'] and not LOOPS.search(text):
                rule = text.split(';')[0]
                for family, chain in tables:
                    if family not in ('bridge', 'arp') and chain in chains:
                        name = '%s %s: %s' % (os.path.basename(path), family, rule)
                        yield Line(name, _nft(name, family, chains[chain], rule))


def _nft(name, family, base, rule):
    chance = random.Random(name)
    opens = chance.random() < 0.5 and ' filter ' in ' %s ' % base and family != 'netdev'
    rule = adapted(rule, chance)
    if not TERMINAL.search(rule):
        rule += ' accept' if opens else ' drop'
    answers = 'ct state established,related accept\nmeta l4proto ipv6-icmp accept\n' if opens else ''
    base = base.rstrip(';').replace('device lo', 'device "h0"')
    return 'table %s t {\nchain c {\n%s; policy %s;\n%s%s\n}\n}\n' % (
        family, base, 'drop' if opens else 'accept', answers, rule)


def of_iptables(folder):
    """Yield a Line for each rule that the files ``*.t`` below ``extensions`` call good, but for ebtables."""
    for path in _files(folder):
        if os.path.basename(path).startswith(('libebt', 'libarp')):
            continue
        table, chains = 'filter', ()
        for text in _lines(path):
            if text[0] == ':':
                chains = text[1:].split(',')
            elif text[0] == '*':
                table = text[1:]
            elif text[0] not in '@%' and text.split(';')[-1] in ('OK', 'LEGACY', 'NFT') and not LOOPS.search(text):
                chain = next((name for name in ('INPUT', 'PREROUTING', 'FORWARD') if name in chains), None)
                if chain and table in CHAINS_OF:
                    name = '%s %s: %s' % (os.path.basename(path), chain, text.split(';')[0])
                    program = 'ip6tables' if os.path.basename(path).startswith('libip6t') else 'iptables'
                    backend = random.Random(name).choice(('nft', 'legacy'))
                    save = _save(name, table, chain, text.split(';')[0])
                    yield Line(name, saves={'%s-%s' % (program, backend): save})


def _save(name, table, chain, rule):
    chance = random.Random(name)
    opens = chance.random() < 0.5 and table == 'filter'
    rule = adapted(' ' + rule, chance).strip()
    if not re.search(r'(?:^| )-[jg] ', rule):
        rule += ' -j ACCEPT' if opens else ' -j DROP'
    heads = ''.join(':%s %s [0:0]\n' % (base, 'DROP' if opens and base == chain else 'ACCEPT')
                    for base in CHAINS_OF[table])
    answers = '-A %s -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n' % chain if opens else ''
    return '*%s\n%s%s-A %s %s\nCOMMIT\n' % (table, heads, answers, chain, rule)


def _files(folder):
    return sorted(os.path.join(place, name) for place, dummy, names in os.walk(folder) for name in names
                  if name.endswith('.t'))


def _lines(path):
    with open(path, encoding='utf-8', errors='replace') as stream:
        return [line.strip() for line in stream if line.strip() and not line.startswith('#')]


SUITES = {'nftables': of_nftables, 'iptables': of_iptables}


class Court:
    """Compares lines."""

    def __init__(self):
        self._judge = judge.Judge()

    def compare(self, line):
        """The same as ``judge.Judge.compare``; ``refused``: this kernel, or this version of the tool, has no such rule.

        What is wrong is asked once more, alone: rules such as ``masquerade to :1024`` serve one client at a time.
        """
        try:
            result = self._judge.compare(line)
        except RuntimeError as exc:
            return {'refused': str(exc), 'wrong': []}
        result['wrong'] = [pair for pair in result['wrong'] if self._judge.compare(line, flows=[pair[0]])['wrong']]
        return result


def _main(suite, folder, first, step):
    """Judge every ``step``-th line of a suite."""
    lines = list(SUITES[suite](folder))[int(first)::int(step)]
    workers.serve(Court().compare, [(line.name, line) for line in lines])


if __name__ == '__main__':
    _main(*sys.argv[1:])
