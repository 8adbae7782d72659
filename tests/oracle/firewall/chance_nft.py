# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Native nftables rulesets by chance: a list of lines each, of which any rule can be left out."""

from firewall import network
from firewall.chance_sets import lengthened
from firewall.probes import PORTS

SOURCES = {family: [address for device in network.CLIENTS.values() for address in device[family]] for family in (4, 6)}
NETWORKS = {
    4: ['10.77.0.0/25', '10.77.0.0/24', '10.78.0.0/24', '172.16.0.0/12', '10.0.0.0/8', '10.77.0.2/31', '0.0.0.0/0'],
    6: ['fd77::/64', 'fd77::2/127', 'fd78::/64', 'fd16::/16', 'fd00::/8', 'fd16:9::/32'],
}
RANGES = {4: ['10.77.0.3-10.77.0.200', '10.77.0.2-10.78.0.2', '172.0.0.0-172.255.255.255'],
          6: ['fd77::3-fd77::8000', 'fd16::-fd77::3']}
IP = {4: 'ip', 6: 'ip6'}
REDIRECTS = {
    4: ['10.99.0.2', '10.99.0.2', '10.77.0.10', '192.0.2.1', '10.77.0.1'],
    6: ['fd99::2', 'fd99::2', 'fdc0::1', 'fd77::1'],
}
LIMIT = 'limit rate 900000/second burst 9000 packets'
PRIORITIES = {'prerouting': (-310, -300, -300, -150, -110, -90, 0), 'input': (-150, -10, 0, 0, 0, 10, 50, 110),
              'forward': (-150, 0, 0, 0, 10), 'output': (-300, -150, 0, 0, 50), 'postrouting': (-150, 0, 90, 110)}


class Table:
    """One table being made."""

    def __init__(self, chance, family, name):
        self.chance, self.family, self.name = chance, family, name
        self.families = {'ip': (4,), 'ip6': (6,), 'inet': (4, 6)}[family]
        self.sets, self.chains = [], []     # chains: [name, head, rules]
        self._helpers, self._named = [], {}

    # what rules look at

    def addresses(self, family, single=False):
        chance = self.chance
        if single:
            return chance.choice(SOURCES[family])
        choices = chance.choice((SOURCES, NETWORKS, NETWORKS, RANGES))[family]
        return chance.choice(choices)

    def ports(self):
        chance = self.chance
        return chance.choice((
            lambda: str(chance.choice(PORTS)),
            lambda: '{ %s }' % ', '.join(map(str, chance.sample(PORTS, chance.randint(2, 4)))),
            lambda: '%d-%d' % tuple(sorted(chance.sample(PORTS, 2))),
            lambda: '{ %s, 5000-9999 }' % ', '.join(map(str, chance.sample(PORTS[:7], 2))),
            lambda: '!= %d' % chance.choice(PORTS),
            lambda: '!= { %s }' % ', '.join(map(str, chance.sample(PORTS, 3))),
            lambda: '< 1000',
        ))()

    def source(self, family, direction='saddr'):
        chance, word = self.chance, '%s %s' % (IP[family], direction)
        kind = chance.random()
        if kind < 0.45:
            return '%s %s%s' % (word, chance.choice(('', '', '!= ')), self.addresses(family))
        if kind < 0.75:
            some = sorted({self.addresses(family, True) for dummy in range(3)} | (
                {chance.choice(NETWORKS[family][2:4])} if chance.random() < 0.5 else set()))
            some = [address for address in some
                    if '/' in address or not any('/' in net and _inside(address, net) for net in some)]
            return '%s %s{ %s }' % (word, chance.choice(('', '!= ')), ', '.join(some))
        name = 's%d' % len(self.sets)
        some = lengthened(chance, family, sorted({self.addresses(family, True) for dummy in range(3)}))
        self.sets.append(
            'set %s { type ipv%d_addr; flags interval; elements = { %s }\n }' % (name, family, ', '.join(some))
        )
        return '%s %s@%s' % (word, chance.choice(('', '!= ')), name)

    def target(self, family):
        return '%s daddr %s' % (
            IP[family],
            self.chance.choice(network.TARGETS[family] + ['10.99.0.0/24' if family == 4 else 'fd99::/64']),
        )

    def condition(self, hook):
        """A condition on packets of clients, and rarely one that cannot be judged."""
        chance, family = self.chance, self.chance.choice(self.families)
        back = hook in ('output', 'postrouting')
        kind = chance.random()
        if kind < 0.28:
            return '%s %s %s' % (
                chance.choice(('tcp', 'tcp', 'udp')),
                'sport' if back and chance.random() < 0.96 else 'dport',
                self.ports(),
            )
        if kind < 0.33:
            return 'meta l4proto { tcp, udp } th %s %s' % ('sport' if back else 'dport', self.ports())
        if kind < 0.53:
            return self.source(family, 'daddr' if back else 'saddr')
        if kind < 0.58:
            return self.target(family)
        if kind < 0.64:
            return self.device(hook)
        if kind < 0.70:
            return 'ct state %s' % chance.choice(
                (
                    'new',
                    'established',
                    'established,related',
                    '!= new',
                    '{ new, established }',
                    'invalid',
                    'untracked',
                    'new,untracked',
                    '! established',
                    '! invalid',
                )
            )
        if kind < 0.74:
            return chance.choice(
                (
                    'meta l4proto tcp',
                    'meta l4proto != tcp',
                    'meta l4proto { tcp, sctp }',
                    'meta nfproto ipv4',
                    'meta nfproto ipv6',
                    'meta protocol ip',
                )
                if self.family == 'inet'
                else ('meta l4proto tcp', 'meta l4proto != udp')
            )
        if kind < 0.79:
            return chance.choice(
                (
                    'meta mark 0x1',
                    'meta mark 0',
                    'meta mark & 0x3 == 0x1',
                    'meta mark != 0x2',
                    'ct mark 0x1',
                    'ct mark != 0',
                    'meta mark { 0x1, 0x2 }',
                    'ct mark & 0x2 == 0x2',
                )
            )
        if kind < 0.82:
            return chance.choice(('ct direction original', 'ct direction reply', 'ct status dnat', 'ct status snat',
                                  'ct status seen-reply', 'ct status confirmed',
                                  'ct original %s daddr %s' % (IP[family], chance.choice(network.TARGETS[family])),
                                  'ct original %s saddr %s' % (IP[family], self.addresses(family, True))))
        if kind < 0.86:
            if hook in ('prerouting', 'input'):
                return chance.choice(
                    (
                        'fib daddr type local',
                        'fib daddr type != local',
                        'fib saddr . iif oif missing',
                        'fib saddr . iif oif exists',
                        'fib daddr . iif type local',
                        'fib saddr type unicast',
                        'fib saddr type local',
                        'fib saddr oif exists',
                    )
                )
            return 'meta l4proto tcp'
        if kind < 0.90:
            return chance.choice(
                (
                    'tcp flags syn / fin,syn,rst,ack',
                    'tcp flags & (syn|ack) == syn',
                    'tcp flags & (fin|syn) == fin|syn',
                    'tcp flags ack',
                    'tcp flags & (syn | rst) != 0',
                    'tcp flags & (fin|syn|rst|psh|ack|urg) == 0x0',
                )
            )
        if kind < 0.95:
            return self.joined(family, back)
        if kind < 0.955:
            return '%s %s @%s' % (IP[family], 'daddr' if back else 'saddr', self.dynamic(
                family, chance.choice(('filled', 'emptied'))))
        if kind < 0.965:
            limit = LIMIT.replace('rate', 'rate over')
            return '%s %s %s@%s' % (IP[family], 'daddr' if back else 'saddr', chance.choice(('', '!= ')), self.named(
                'limited%d' % family, 'set %%s { type ipv%d_addr; %s; elements = { %s %s }\n }' % (
                    family, limit, chance.choice(SOURCES[family]), limit)))
        if kind < 0.97:
            return chance.choice(('meta l4proto udp tcp option maxseg missing', 'exthdr frag missing') if (
                6 in self.families) else ('meta l4proto udp tcp option maxseg exists',))
        if kind < 0.997:
            return LIMIT
        return chance.choice(
            (
                'tcp sport 20000-50000',
                'udp sport 33000',
                'meta length > 45',
                'ip ttl > 60' if 4 in self.families else 'ip6 hoplimit > 60',
            )
        )

    def device(self, hook):
        chance = self.chance
        name = chance.choice(('h0', 'h1', 'h*', '{ "h0", "d0" }', '!= "h1"'))
        quoted = name if name[0] in '{!' else '"%s"' % name
        if hook in ('prerouting', 'input', 'ingress'):
            return 'iifname %s' % quoted
        if hook in ('output', 'postrouting'):
            return 'oifname %s' % quoted
        return chance.choice(('iifname %s', 'oifname %s', 'oifname "d0" iifname %s')) % quoted

    def joined(self, family, back):
        """A concatenation of several fields."""
        chance = self.chance
        words = ['%s %s' % (IP[family], 'daddr' if back else 'saddr'), 'tcp %s' % ('sport' if back else 'dport')]
        elements = {}
        for dummy in range(chance.randint(1, 5)):
            address = chance.choice((SOURCES, NETWORKS))[family][chance.randrange(4)]
            port = chance.choice(PORTS)
            elements['%s . %s' % (address, chance.choice((port, port, '%d-%d' % (port, port + 50))))] = address
        chosen, used = [], []
        for element, address in sorted(elements.items()):
            if not any(_touch(address, other) for other in used):
                chosen.append(element)
                used.append(address)
        return '%s %s{ %s }' % (' . '.join(words), chance.choice(('', '', '!= ')), ', '.join(chosen))

    # statements that need something to be in the packet, or end the rule

    def named(self, name, line):
        """The name of a set of this table that is made once."""
        if name not in self._named:
            self._named[name] = True
            self.sets.append(line % name)
        return name

    def dynamic(self, family, word='filled'):
        """The name of a set that rules add to, or only take from."""
        some = '' if word == 'filled' else ' elements = { %s }' % ', '.join(SOURCES[family][:3])
        return self.named('%s%d' % (word, family), 'set %%s { type ipv%d_addr; flags dynamic,timeout; size 60000;%s\n }'
                          % (family, some))

    def statement(self, hook):
        """What is done with packets on the way to a verdict."""
        chance, family = self.chance, self.chance.choice(self.families)
        back = hook in ('output', 'postrouting')
        address = '%s %s' % (IP[family], 'daddr' if back else 'saddr')
        port = '%s %s' % (chance.choice(('tcp', 'udp')), 'sport' if back else 'dport')
        kind = chance.random()
        if kind < 0.3:
            if chance.random() < 0.3:
                return 'delete @%s { %s }' % (self.dynamic(family, 'emptied'), address)
            return '%s @%s { %s%s }' % (chance.choice(('add', 'update')), self.dynamic(family), address, chance.choice(
                ('', ' timeout 90s')))
        if kind < 0.4:
            name = self.named('full%d' % family, 'set %%s { type ipv%d_addr; flags dynamic; size 2; elements = { %s }'
                              '\n }' % (family, ', '.join(chance.sample(SOURCES[family], 2))))
            return 'add @%s { %s }' % (name, address)
        if kind < 0.5:
            name = self.named('meter%d' % family, 'set %%s { type ipv%d_addr; flags dynamic; size 60000;\n }' % family)
            return 'update @%s { %s %s }' % (name, address, LIMIT)
        if kind < 0.7:
            key, keys = (address, SOURCES[family]) if chance.random() < 0.5 else (port, PORTS)
            return '%s mark set %s map { %s }' % (chance.choice(('meta', 'meta', 'ct')), key, ', '.join(
                '%s : 0x%d' % (value, chance.randint(1, 2)) for value in chance.sample(keys, chance.randint(1, 4))))
        if kind < 0.8:
            name = self.named('counted', 'counter %s {\n }')
            return 'counter name %s map { %s }' % (port, ', '.join(
                '%d : "%s"' % (number, name) for number in chance.sample(PORTS, chance.randint(1, 5))))
        return chance.choice(
            ('ip ttl set 64', 'ip dscp set cs1') if family == 4 else ('ip6 hoplimit set 60', 'ip6 dscp set cs1')
        ) if kind < 0.92 else 'tcp option maxseg size set 1400'

    # rules

    def verdict(self, hook, depth):
        chance = self.chance
        kind = chance.random()
        if kind < 0.36:
            return 'accept'
        if kind < 0.56:
            return 'drop'
        if kind < 0.68 and hook in ('input', 'forward', 'output'):
            return chance.choice(
                (
                    'reject',
                    'reject with icmpx admin-prohibited' if self.family == 'inet' else 'reject',
                    'reject with icmp host-unreachable'
                    if self.families == (4,)
                    else 'reject with icmpv6 no-route'
                    if self.families == (6,)
                    else 'reject with icmpx host-unreachable',
                )
            )
        if kind < 0.74 and depth:
            return 'return'
        if kind < 0.86 and depth < 3:
            return '%s %s' % (chance.choice(('jump', 'jump', 'goto')), self.helper(hook, depth + 1))
        if kind < 0.94:
            return chance.choice(
                (
                    'meta mark set 0x1',
                    'meta mark set 0x2',
                    'meta mark set meta mark | 0x2',
                    'ct mark set 0x1',
                    'ct mark set meta mark',
                    'meta mark set ct mark',
                    'meta mark set meta mark & 0xfffffffe',
                    'counter',
                )
            )
        return chance.choice(('counter accept', 'log prefix "x " drop', 'accept comment "a \'quoted\' text: drop"'))

    def helper(self, hook, depth):
        """The name of a chain to jump to."""
        if self._helpers and self.chance.random() < 0.3:
            known = [name for name, other, level in self._helpers if other == hook and level >= depth]
            if known:
                return self.chance.choice(known)
        name = 'c%d' % len(self._helpers)
        self._helpers.append((name, hook, depth))
        rules = [self.rule(hook, depth) for dummy in range(self.chance.randint(1, 4))]
        self.chains.append([name, '', rules])
        return name

    def rule(self, hook, depth=0):
        chance = self.chance
        if chance.random() < 0.1:
            return self.verdict_map(hook, depth)
        conditions = [
            self.condition(hook)
            for dummy in range(chance.choice((0, 1, 1, 1, 1, 2, 2, 3)) if depth else chance.choice((1, 1, 1, 2, 2, 3)))
        ]
        protocols = {word for condition in conditions for word in ('tcp', 'udp') if condition.startswith(word + ' ')}
        if len(protocols) > 1:          # nft refuses what cannot be
            conditions = [condition for condition in conditions if not condition.startswith('udp ')]
        seen, kept = set(), []
        for condition in conditions:
            if self._fits(condition, seen):
                kept.append(condition)
        verdict = self.verdict(hook, depth)
        if (
            verdict == 'reject'
            and not {'ip6', 'ipv6'} & set(' '.join(kept).split())
            and 4 in self.families
            and chance.random() < 0.3
        ):
            verdict = 'reject with icmp host-unreachable'  # which nft prints without its meta nfproto
        if (
            verdict == 'reject'
            and 'udp' not in ' '.join(kept)
            and 'l4proto' not in ' '.join(kept)
            and chance.random() < 0.3
        ):
            verdict = 'reject with tcp reset'
        if verdict.startswith(('reject with icmp ', 'reject with tcp ')):
            seen.add(('network', 'ip') if 'icmp' in verdict else ('transport', 'tcp'))
        if chance.random() < 0.15:
            statement = self.statement(hook)
            if self._fits(statement, seen):
                kept.append(statement)
        if chance.random() < 0.9 and verdict.split()[0] not in ('accept', 'counter', 'meta', 'ct'):
            # else what is stopped below a limit depends on the traffic
            kept = [condition.replace('rate 9', 'rate over 9') for condition in kept]
        return ' '.join([*kept, verdict])

    @staticmethod
    def _fits(condition, seen):
        """Whether nft takes a condition after those before it: not two network or transport protocols."""
        words = condition.replace('meta ', '').split()
        kinds = set()
        for word in words:
            if word in ('ip', 'ip6', 'ipv4', 'ipv6'):
                kinds.add(('network', word.replace('v4', '').replace('ip6', '6').replace('ipv6', '6')))
            if word == 'exthdr':
                kinds.add(('network', '6'))
            if word in ('tcp', 'udp', 'l4proto', 'th'):
                kinds.add(('transport', word))
        for kind, name in kinds:
            if any(
                other == kind and (was != name or kind == 'transport' and name in ('l4proto', 'th'))
                for other, was in seen
            ):
                return False
        seen |= kinds
        return True

    def verdict_map(self, hook, depth):
        chance, family = self.chance, self.chance.choice(self.families)
        verdicts = [self.verdict(hook, depth) for dummy in range(12)]
        verdicts = [
            verdict
            for verdict in verdicts
            if verdict.partition(' ')[0] in ('accept', 'drop', 'jump', 'goto') and 'comment' not in verdict
        ][:4]
        verdicts = verdicts or ['accept', 'drop']
        back = hook in ('output', 'postrouting')
        kind = chance.random()
        if kind < 0.3:
            keys, key = (
                [str(port) for port in chance.sample(PORTS, len(verdicts))],
                'tcp ' + ('sport' if back else 'dport'),
            )
            if chance.random() < 0.3:
                keys[0] = '*'
        elif kind < 0.6:
            keys, key = (
                chance.sample(SOURCES[family], len(verdicts)),
                '%s %s' % (IP[family], 'daddr' if back else 'saddr'),
            )
            if chance.random() < 0.3:
                keys[0] = '*'
        elif kind < 0.8:
            keys, key = ['new', 'established', 'invalid', 'untracked'], 'ct state'
        else:
            key = '%s . tcp %s' % ('%s %s' % (IP[family], 'daddr' if back else 'saddr'), 'sport' if back else 'dport')
            keys = [
                '%s . %d' % (address, chance.choice(PORTS)) for address in chance.sample(SOURCES[family], len(verdicts))
            ]
        pairs = ', '.join('%s : %s' % pair for pair in zip(keys, verdicts))
        if '*' in keys or chance.random() < 0.5 or kind >= 0.6:
            return '%s vmap { %s }' % (key, pairs)
        name = 'm%d' % len(self.sets)
        self.sets.append('map %s { type %s : verdict; elements = { %s }\n }' % (
            name, 'inet_service' if kind < 0.3 else 'ipv%d_addr' % family, pairs))
        return '%s vmap @%s' % (key, name)

    def base(self, name, hook, priority, policy, kind='filter', rules=()):
        self.chains.append(
            [name, 'type %s hook %s priority %d; policy %s;' % (kind, hook, priority, policy), list(rules)]
        )

    def translation(self):
        """A rule that translates destinations."""
        chance, family = self.chance, self.chance.choice(self.families)
        protocol, port = chance.choice(('tcp', 'tcp', 'udp')), chance.choice(PORTS)
        before = chance.choice(
            (
                '',
                '',
                self.source(family) + ' ',
                self.target(family) + ' ',
                self.device('prerouting') + ' ',
                'fib daddr type local ',
            )
        )
        if before.startswith(('ip ', 'ip6 ')) and IP[family] != before.split()[0]:
            before = ''
        match = '%s%s dport %s ' % (
            before,
            protocol,
            chance.choice((str(port), '{ %s }' % ', '.join(map(str, chance.sample(PORTS, 3))))),
        )
        if chance.random() < 0.3:
            if chance.random() < 0.3:
                return before + 'meta l4proto %s redirect to :%s dport map { %s }' % (
                    protocol, protocol, self.port_map(chance.sample(PORTS, 3)))
            return match + 'redirect%s' % chance.choice(('', ' to :%d' % chance.choice(PORTS)))
        word = 'dnat %s to ' % IP[family] if self.family == 'inet' else 'dnat to '
        if chance.random() < 0.1:       # in each of these networks somebody answers to what is left of a target
            return match + word.replace('to ', 'prefix to ') + {4: '10.99.0.0/30', 6: 'fd99::/126'}[family]
        address = chance.choice(REDIRECTS[family])
        if chance.random() < 0.1:
            ports = chance.sample(PORTS, 3)
            return '%smeta l4proto %s %s%s dport map { %s } : %s dport map { %s }' % (
                match.partition(protocol + ' dport')[0], protocol, word, protocol, ', '.join(
                    '%d : %s' % (number, chance.choice(REDIRECTS[family])) for number in ports),
                protocol, self.port_map(ports[chance.randint(0, 1):]))
        if chance.random() < 0.1:
            ports = chance.sample(PORTS, 2)
            return '%s%s%s dport map { %s }' % (match.partition(protocol + ' dport')[0], word, protocol, ', '.join(
                '%d : %s' % (number, address) for number in ports))
        if chance.random() < 0.15:
            return match + word + self.address_map(family)
        if chance.random() < 0.6:
            address = ('[%s]' if family == 6 else '%s') % address + ':%d' % chance.choice(PORTS)
        return match + word + address

    def port_map(self, ports):
        return ', '.join('%d : %d' % (port, self.chance.choice(PORTS)) for port in ports)

    def address_map(self, family):
        """Where to translate, by the client; of the others, none or all."""
        chance = self.chance
        clients = chance.sample(SOURCES[family], 2) + ['*'] * (chance.random() < 0.5)
        return '%s saddr map { %s }' % (IP[family], ', '.join(
            '%s : %s' % (client, chance.choice(REDIRECTS[family])) for client in clients))

    def lines(self):
        """list of (str, bool): the lines of the table, and whether one is a rule."""
        result = [('table %s %s {' % (self.family, self.name), False)]
        result += [(' ' + line, False) for line in self.sets]
        helpers = [chain for chain in self.chains if not chain[1]]
        for name, head, rules in helpers[::1] + [chain for chain in self.chains if chain[1]]:
            result.append((' chain %s {' % name, False))
            if head:
                result.append(('  ' + head, False))
            result += [('  ' + rule, True) for rule in rules]
            result.append((' }', False))
        return [*result, ('}', False)]


def _inside(address, net):
    from ipaddress import ip_address, ip_network
    return ip_address(address) in ip_network(net)


def _touch(network, other):
    from ipaddress import ip_network
    return ip_network(network, strict=False).overlaps(ip_network(other, strict=False))


def make(chance):
    """A ruleset: list of (line, whether it is a rule)."""
    lines = []
    for number in range(chance.choice((1, 1, 1, 2, 2, 3))):
        table = Table(chance, chance.choice(('inet', 'inet', 'inet', 'ip', 'ip6')), 't%d' % number)
        for index in range(chance.choice((1, 1, 2))):
            rules = ['ct state established,related accept'] if chance.random() < 0.7 else []
            rules += [table.rule('input') for dummy in range(chance.randint(2, 9))]
            table.base(
                'input%d' % index,
                'input',
                chance.choice(PRIORITIES['input']),
                chance.choice(('accept', 'drop')),
                rules=rules,
            )
        if chance.random() < 0.5:
            rules = (
                [chance.choice(('ct state established,related accept', 'ct status dnat accept'))]
                if chance.random() < 0.8
                else []
            )
            rules += [table.rule('forward') for dummy in range(chance.randint(1, 5))]
            table.base(
                'forward',
                'forward',
                chance.choice(PRIORITIES['forward']),
                chance.choice(('accept', 'drop')),
                rules=rules,
            )
        if chance.random() < 0.35:
            rules = [table.rule('prerouting') for dummy in range(chance.randint(1, 3))]
            table.base('pre', 'prerouting', chance.choice(PRIORITIES['prerouting']), 'accept', rules=rules)
        if chance.random() < 0.15:
            rules = [
                '%s%s %s %s notrack'
                % (
                    chance.choice(('', '', 'meta mark != 1 ')),
                    chance.choice(('tcp', 'udp')),
                    'dport' if chance.random() < 0.95 else 'sport',
                    chance.choice(PORTS),
                )
                for dummy in range(2)
            ]
            table.base('raw', 'prerouting', -300, 'accept', rules=rules)
            if chance.random() < 0.5:
                rules = [
                    '%s sport %d notrack' % (chance.choice(('tcp', 'udp')), chance.choice(PORTS)) for dummy in range(2)
                ]
                table.base('rawout', 'output', -300, 'accept', rules=rules)
        if chance.random() < 0.3:
            rules = ['ct state established,related accept'] if chance.random() < 0.5 else []
            rules += [table.rule('output') for dummy in range(chance.randint(1, 3))]
            table.base(
                'output',
                'output',
                chance.choice(PRIORITIES['output']),
                chance.choice(('accept', 'accept', 'drop')),
                rules=rules,
            )
        if chance.random() < 0.1:
            rules = [table.rule('postrouting') for dummy in range(chance.randint(1, 2))]
            table.base('post', 'postrouting', chance.choice(PRIORITIES['postrouting']), 'accept', rules=rules)
        if chance.random() < 0.45:
            rules = [table.translation() for dummy in range(chance.randint(1, 4))]
            table.base('nat', 'prerouting', chance.choice((-100, -100, -110, -90, 0)), 'accept', 'nat', rules)
            if chance.random() < 0.2:
                table.base('nat2', 'prerouting', chance.choice((-100, -105)), 'accept', 'nat', [table.translation()])
            if chance.random() < 0.3:
                table.base('hide', 'postrouting', 100, 'accept', 'nat', ['oifname "d0" masquerade'])
        if chance.random() < 0.02 and table.family == 'inet':
            rules = [table.source(chance.choice((4, 6))) + ' drop', 'tcp dport %d drop' % chance.choice(PORTS)]
            table.chains.append(['ingress', 'type filter hook ingress device "h0" priority 0; policy accept;', rules])
        lines += table.lines()
    if chance.random() < 0.02:
        lines += [
            ('table netdev n {', False),
            (' chain i {', False),
            ('  type filter hook ingress device "h0" priority 0; policy accept;', False),
            ('  ip saddr %s udp dport %d drop' % (chance.choice(SOURCES[4]), chance.choice(PORTS)), True),
            ('  tcp dport { 22, %d } drop' % chance.choice(PORTS), True),
            (' }', False),
            ('}', False),
        ]
    return lines
