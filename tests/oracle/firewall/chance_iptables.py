# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rulesets of iptables by chance, for iptables-nft or iptables-legacy."""

from firewall import network
from firewall.chance_nft import NETWORKS, RANGES, REDIRECTS, SOURCES
from firewall.chance_sets import lengthened
from firewall.probes import PORTS

WIDE = {4: ['10.77.0.0/24', '10.77.0.0/25', '10.78.0.0/16', '172.16.0.0/12'],
        6: ['fd77::/64', 'fd77::/113', 'fd78::/64', 'fd16::/16']}
RARE = {'odd': 0.02, 'traffic': 0.05, 'seen': 0.06, 'limit': 0.12}     # conditions that leave much undecided
CHAINS = {
    'filter': ('INPUT', 'FORWARD', 'OUTPUT'),
    'mangle': ('PREROUTING', 'INPUT', 'FORWARD', 'OUTPUT', 'POSTROUTING'),
    'raw': ('PREROUTING', 'OUTPUT'),
    'nat': ('PREROUTING', 'INPUT', 'OUTPUT', 'POSTROUTING'),
    'security': ('INPUT', 'FORWARD', 'OUTPUT'),
}


def sets(chance):
    """Sets of ipset: str for ``ipset restore``. ``seen4`` and ``seen6`` are filled by rules."""
    lines = ['create ports bitmap:port range 0-65535']
    lines += ['add ports %d' % port for port in chance.sample(PORTS, 4)]
    for family, word in ((4, 'inet'), (6, 'inet6')):
        mask = chance.choice(('', ' netmask %d' % {4: 25, 6: 112}[family]))
        lines += ['create a%d hash:ip family %s%s counters' % (family, word, mask)]
        sources = lengthened(chance, family, chance.sample(SOURCES[family], 2))
        lines += ['add -exist a%d %s' % (family, source) for source in sources if '/' not in source]
        lines += ['create n%d hash:net family %s' % (family, word)]
        for network_text in lengthened(chance, family, chance.sample(WIDE[family], 2)):
            lines.append('add n%d %s' % (family, network_text))
        lines += ['add n%d %s nomatch' % (family, chance.choice(SOURCES[family]))]
        lines += ['create p%d hash:net,port family %s' % (family, word)]
        lines += ['add -exist p%d %s,%s:%d' % (family, chance.choice(WIDE[family]), protocol, port)
                  for protocol in ('tcp', 'udp') for port in chance.sample(PORTS, 3)]
        lines += ['create i%d hash:net,iface family %s' % (family, word)]
        lines += ['add i%d %s,h%d' % (family, chance.choice(WIDE[family]), number) for number in (0, 1)]
        lines += ['create seen%d hash:ip family %s' % (family, word)]
        lines += ['add seen%d %s' % (family, chance.choice(SOURCES[family]))]
    lines += ['create all list:set size 8'] + ['add all %s' % name for name in ('a4', 'n4', 'a6', 'n6')]
    return '\n'.join(lines) + '\n'


class Table:
    """One table being made."""

    def __init__(self, chance, family, name):
        self.chance, self.family, self.name = chance, family, name
        self.users, self._hooks = {}, {}
        self.rules = []

    def ports(self, back):
        chance = self.chance
        letter, word = ('s', 'sport') if back and chance.random() < 0.96 else ('d', 'dport')
        protocol = chance.choice(('tcp', 'tcp', 'udp'))
        return '-p %s %s' % (protocol, chance.choice((
            '-m %s --%s %d' % (protocol, word, chance.choice(PORTS)),
            '-m %s ! --%s %d' % (protocol, word, chance.choice(PORTS)),
            '-m %s --%s %d:%d' % (protocol, word, *sorted(chance.sample(PORTS, 2))),
            '-m multiport --%sports %s' % (letter, ','.join(map(str, chance.sample(PORTS, 3)))),
            '-m multiport ! --%sports %s,5000:9999' % (letter, chance.choice(PORTS[:6])),
            '-m multiport --ports %s' % ','.join(map(str, chance.sample(PORTS, 2))),
        )))

    def clients(self, back):
        chance, letter = self.chance, 'd' if back else 's'
        kind = chance.random()
        if kind < 0.7:
            return '%s-%s %s' % (
                chance.choice(('', '', '! ')),
                letter,
                chance.choice((SOURCES, NETWORKS))[self.family][chance.randrange(4)],
            )
        return '-m iprange %s--%s-range %s' % (
            chance.choice(('', '! ')),
            'dst' if back else 'src',
            chance.choice(RANGES[self.family]),
        )

    def device(self, chain):
        name = self.chance.choice(('h0', 'h1', 'h+'))
        negate = self.chance.choice(('', '', '! '))
        into, out = '%s-i %s' % (negate, name), '%s-o %s' % (negate, name)
        if chain in ('PREROUTING', 'INPUT'):
            return into
        return out if chain in ('OUTPUT', 'POSTROUTING') else self.chance.choice((into, out, into + ' -o d0'))

    def condition(self, chain, kinds):
        """One condition of a kind not used before in the rule."""
        chance, back = self.chance, chain in ('OUTPUT', 'POSTROUTING')
        kind = chance.choice(
            [
                kind
                for kind in (
                    'ports',
                    'ports',
                    'ports',
                    'clients',
                    'clients',
                    'device',
                    'state',
                    'mark',
                    'type',
                    'limit',
                    'flags',
                    'target',
                    'odd',
                    'connmark',
                    'comment',
                    'set',
                    'never',
                    'traffic',
                    'seen',
                )
                if kind not in kinds and chance.random() < RARE.get(kind, 1)
            ]
        )
        kinds.add(kind)
        if kind in ('ports', 'flags'):
            kinds.update(('ports', 'flags'))
        if kind == 'clients' and back or kind == 'target':
            kinds.update(('clients', 'target'))
        raw = self.name == 'raw'
        return {
            'ports': lambda: self.ports(back),
            'clients': lambda: self.clients(back),
            'device': lambda: self.device(chain),
            'state': lambda: (
                '-m conntrack %s'
                % chance.choice(
                    (
                        '--ctstate NEW',
                        '--ctstate RELATED,ESTABLISHED',
                        '! --ctstate NEW',
                        '--ctstate INVALID',
                        '--ctstate DNAT',
                        '! --ctstate DNAT',
                        '--ctstate UNTRACKED',
                        '--ctdir ORIGINAL',
                        '--ctstate NEW,UNTRACKED',
                        '--ctorigdst %s' % chance.choice(network.TARGETS[self.family]),
                        '--ctstatus SEEN_REPLY',
                    )
                )
                if not raw
                else '-m comment --comment "raw: \\"quoted\\" -j DROP"'
            ),
            'mark': lambda: (
                '-m mark %s--mark %s' % (chance.choice(('', '! ')), chance.choice(('0x1', '0x0', '0x1/0x1', '0x2/0x3')))
            ),
            'connmark': lambda: (
                '-m connmark %s--mark %s' % (chance.choice(('', '! ')), chance.choice(('0x1', '0x0', '0x2/0x2')))
            ),
            'type': lambda: (
                '-m addrtype %s'
                % (
                    chance.choice(
                        ('--dst-type LOCAL', '! --dst-type LOCAL', '--dst-type UNICAST', '--src-type UNICAST')
                    )
                    if not back
                    else '--src-type LOCAL'
                )
            ),
            'limit': lambda: '-m limit --limit 9000/sec --limit-burst 900',
            'flags': lambda: (
                '-p tcp -m tcp %s'
                % chance.choice(
                    (
                        '--tcp-flags FIN,SYN,RST,ACK SYN',
                        '! --tcp-flags FIN,SYN,RST,ACK SYN',
                        '--tcp-flags SYN,ACK SYN,ACK',
                        '--tcp-flags ACK ACK',
                    )
                )
            ),
            'target': lambda: (
                '%s-d %s' % (chance.choice(('', '! ')), chance.choice(network.TARGETS[self.family]))
                if not back
                else '-s %s' % chance.choice(network.TARGETS[self.family])
            ),
            'set': lambda: '-m set %s--match-set %s' % (chance.choice(('', '', '! ')), self.set_of(chain, back)),
            'never': lambda: self.never(chain) if not raw else '-m comment --comment never',
            'traffic': lambda: chance.choice((
                '-m connlimit --connlimit-above 500 --connlimit-mask 0 --connlimit-saddr',
                '-m connlimit --connlimit-upto 0 --connlimit-mask 0 --connlimit-saddr',
                '-m hashlimit --hashlimit-upto 1/hour --hashlimit-burst 2 --hashlimit-mode srcip --hashlimit-name h%d'
                % chance.randrange(10 ** 6),
                '-m hashlimit --hashlimit-above 1/hour --hashlimit-burst 2 --hashlimit-mode srcip --hashlimit-name h%d'
                % chance.randrange(10 ** 6),
                '-m quota --quota 1000000',
            )) if not raw else '-m comment --comment traffic',
            'seen': lambda: chance.choice((
                '-m set %s--match-set seen%d %s' % (chance.choice(('', '! ')), self.family, 'dst' if back else 'src'),
                '-m recent %s --name r %s' % (
                    chance.choice(('--rcheck', '--update', '! --rcheck', '--remove', '--rcheck --seconds 60',
                                   '--update --hitcount 5')), '--rdest' if back else '--rsource'),
            )),
            'odd': lambda: chance.choice(
                ('-m length --length 45:65535', '-m statistic --mode random --probability 0.5')
            ),
            'comment': lambda: '-m comment --comment "it\'s a \\\\ text; -j DROP"',
        }[kind]()

    def never(self, chain):
        """What is the same of all packets that are tried."""
        choices = ['-m helper --helper ftp', '-m helper ! --helper ftp']
        if chain in ('FORWARD', 'INPUT'):
            choices += ['-m physdev ! --physdev-is-bridged', '-m physdev --physdev-in h0']
        return self.chance.choice(choices)

    def set_of(self, chain, back):
        """A set, and the directions in which a rule of a chain asks for it."""
        client, server = ('dst', 'src') if back else ('src', 'dst')
        choices = ['a%d ' + client, 'n%d ' + client, 'p%%d %s,%s' % (client, server)]
        if chain in ('PREROUTING', 'INPUT', 'FORWARD'):
            choices.append('i%d src,src')
        name = self.chance.choice(choices)
        return self.chance.choice((name % self.family, name % self.family, 'all ' + client, 'ports ' + server))

    def leaves(self, chain):
        """What a rule can leave behind for later ones: a condition or an action."""
        back = chain in ('OUTPUT', 'POSTROUTING')
        client = 'dst' if back else 'src'
        return self.chance.choice((
            '-m recent --set --name r %s' % ('--rdest' if back else '--rsource'),
            '-j SET --add-set seen%d %s --exist' % (self.family, client),
            '-j SET --add-set seen%d %s --exist' % (self.family, client),
            '-j SET --del-set seen%d %s' % (self.family, client),
        ))

    def rule(self, chain, depth=0):
        chance, kinds = self.chance, set()
        hook = self._hooks.get(chain, chain)
        words = [
            self.condition(hook, kinds)
            for dummy in range(chance.choice((0, 1, 1, 2)) if depth else chance.choice((1, 1, 1, 2, 2, 3)))
        ]
        words.sort(key=lambda word: not word.startswith('-p'))
        return '-A %s %s' % (
            chain,
            ' '.join([*words, self.action(hook, depth, any(word.startswith('-p tcp') for word in words))]),
        )

    def action(self, hook, depth, tcp):
        chance = self.chance
        kind = chance.random()
        if self.name == 'mangle' and kind < 0.5:
            return chance.choice(
                (
                    '-j MARK --set-xmark 0x1/0xffffffff',
                    '-j MARK --set-xmark 0x2/0x2',
                    '-j CONNMARK --save-mark',
                    '-j CONNMARK --restore-mark',
                    '-j CONNMARK --set-xmark 0x1/0xffffffff',
                    '-j MARK --set-xmark 0x0/0x1',
                )
            )
        if self.name == 'raw' and kind < 0.5:
            return '-j CT ' + chance.choice(
                ('--notrack', '--notrack', '--zone 5', '--zone 6', '--zone-orig 5', '--zone-reply 5'))
        if chance.random() < 0.05:
            return self.leaves(hook)
        if kind < 0.65:
            return '-j %s' % chance.choice(('ACCEPT', 'ACCEPT', 'ACCEPT', 'DROP'))
        if kind < 0.75 and self.name == 'filter':
            return '-j REJECT --reject-with ' + (
                'tcp-reset'
                if tcp and chance.random() < 0.5
                else 'icmp-port-unreachable'
                if self.family == 4
                else 'icmp6-port-unreachable'
            )
        if kind < 0.85 and depth < 3:
            return '%s %s' % (chance.choice(('-j', '-j', '-g')), self.user(hook, depth + 1))
        if kind < 0.9 and depth:
            return '-j RETURN'
        return chance.choice(('-j LOG --log-prefix "a \\"b\\" "', '-j DROP', ''))

    def user(self, hook, depth):
        """The name of a chain to jump to."""
        name = 'u%d-%s' % (len(self.users), self.name)
        self.users[name] = []
        self._hooks[name] = hook
        self.users[name] = [self.rule(name, depth) for dummy in range(self.chance.randint(1, 4))]
        return name

    def translation(self):
        chance = self.chance
        kinds = {'ports', 'flags', 'mark', 'connmark', 'state', 'limit', 'odd', 'traffic', 'seen'}
        words = ['-p %s -m %s --dport %d' % (*[chance.choice(('tcp', 'tcp', 'udp'))] * 2, chance.choice(PORTS))]
        if chance.random() < 0.5:
            words.append(self.condition('PREROUTING', kinds))
        if chance.random() < 0.3:
            words.append('-j REDIRECT' + chance.choice(('', ' --to-ports %d' % chance.choice(PORTS))))
        else:
            address = chance.choice(REDIRECTS[self.family])
            if chance.random() < 0.6:
                address = ('[%s]' if self.family == 6 else '%s') % address + ':%d' % chance.choice(PORTS)
            words.append('-j DNAT --to-destination ' + address)
        return '-A PREROUTING ' + ' '.join(words)

    def lines(self, policies):
        result = [('*' + self.name, False)]
        result += [(':%s %s [0:0]' % (chain, policies.get(chain, 'ACCEPT')), False) for chain in CHAINS[self.name]]
        result += [(':%s - [0:0]' % chain, False) for chain in self.users]
        result += [(rule, True) for rules in self.users.values() for rule in rules]
        result += [(rule, True) for rule in self.rules]
        return [*result, ('COMMIT', False)]


def make(chance, backend):
    """{program without its last word: list of (line, whether it is a rule)}."""
    result = {}
    for family, program in ((4, 'iptables'), (6, 'ip6tables')):
        lines = []
        table = Table(chance, family, 'filter')
        for chain in ('INPUT', 'FORWARD', 'OUTPUT'):
            if chance.random() < 0.75:
                table.rules.append('-A %s -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT' % chain)
            table.rules += [table.rule(chain) for dummy in range(chance.randint(1, 8 if chain == 'INPUT' else 3))]
        policies = {'INPUT': chance.choice(('ACCEPT', 'DROP')), 'FORWARD': chance.choice(('ACCEPT', 'DROP')),
                    'OUTPUT': chance.choice(('ACCEPT', 'ACCEPT', 'ACCEPT', 'DROP'))}
        lines += table.lines(policies)
        if chance.random() < 0.6:
            table = Table(chance, family, 'nat')
            table.rules = [table.translation() for dummy in range(chance.randint(1, 4))]
            if chance.random() < 0.3:
                table.rules.append('-A POSTROUTING -o d0 -j MASQUERADE')
            lines += table.lines({})
        if chance.random() < 0.35:
            table = Table(chance, family, 'mangle')
            for chain in chance.sample(CHAINS['mangle'], 2):
                table.rules += [table.rule(chain) for dummy in range(chance.randint(1, 3))]
            lines += table.lines({})
        if chance.random() < 0.2:
            table = Table(chance, family, 'raw')
            for chain in ('PREROUTING', 'OUTPUT'):
                table.rules += [table.rule(chain) for dummy in range(chance.randint(0, 2))]
            lines += table.lines({})
        result['%s-%s' % (program, backend)] = lines
    return result
