# Copyright (c) 2026, the listening.ports authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host with a bridge, and rulesets by chance that tell its addresses and devices apart."""

from functools import partial

from firewall import network
from firewall.probes import PORTS

CLIENTS = {'h0': network.CLIENTS['h0'], 'b1': network.CLIENTS['h1']}
FAR = {'h0': 'h0', 'b1': 'h1'}                  # the interface of ``probes`` whose clients come by this one
OWN = {4: ['10.77.0.1', '10.77.0.10', '192.0.2.1', '10.78.0.1', '10.99.0.1'],
       6: ['fd77::1', 'fdc0::1', 'fd78::1', 'fd99::1']}
WATCHED = (22, 53, 80, 8080)                    # ports on which something listens
_IP = {4: 'ip', 6: 'ip6'}
_PROTOCOLS = ('tcp', 'tcp', 'udp')


class Bridged(network.Network):
    """The network in which ``h1`` is a port of the bridge ``b1``, that has its addresses."""

    def __init__(self):
        super().__init__()
        with self.inside('host'):
            lines = [
                'link add b1 address %s type bridge' % network.MACS['h1'], 'address flush dev h1',
                'link set h1 master b1', 'link set b1 up', 'address add 10.78.0.1/24 dev b1',
                'address add fd78::1/64 dev b1 nodad']
            lines += ['neigh replace %s lladdr %s nud permanent dev b1' % (address, network.MACS['c1'])
                      for addresses in CLIENTS['b1'].values() for address in addresses]
            network.run('ip', '-batch', '-', text='\n'.join(lines) + '\n')


def ruleset(chance):
    """The text of a ruleset for nft."""
    family = chance.choice((4, 6))
    parts = [_input(chance)]
    if chance.random() < 0.5:
        parts.append(_translation(chance, family))
    for hook in ('ingress', 'egress'):
        if chance.random() < 0.45:
            parts.append(_device(chance, hook))
    if chance.random() < 0.3:
        parts.append(_bridge(chance))
    return '\n'.join(parts)


def _chain(table, head, rules):
    return 'table %s {\n chain c {\n  %s\n%s }\n}' % (table, head, ''.join('  %s\n' % rule for rule in rules))


def _port(chance, dummy=None, direction='dport'):
    ports = chance.choice((
        lambda: str(chance.choice(WATCHED)), lambda: '{ %s }' % ', '.join(map(str, chance.sample(PORTS, 3)))))()
    return '%s %s %s' % (chance.choice(_PROTOCOLS), direction, ports)


def _client(chance, family, word):
    interface = chance.choice(list(CLIENTS))
    return '%s %s %s' % (_IP[family], word, chance.choice(CLIENTS[interface][family]))


def _address(chance, family):
    """A condition that tells addresses of the host apart."""
    some = sorted(chance.sample(OWN[family], 2))
    return chance.choice((
        '%s daddr %s' % (_IP[family], some[0]),
        '%s daddr { %s }' % (_IP[family], ', '.join(some)),
        '%s daddr != %s' % (_IP[family], some[0]),
        'fib daddr . iif type local',
        'fib daddr . iif type != local',
    ))


def _conditions(chance, *makers):
    """Some conditions of one rule, which cannot be about both families."""
    family = chance.choice((4, 6))
    return ' '.join(maker(chance, family) for maker in makers if chance.random() < 0.6)


def _device_name(chance, dummy=None):
    return 'iifname "%s"' % chance.choice(('h0', 'b1', 'h1'))


def _input(chance):
    rules = ['%s %s' % (_conditions(chance, _device_name, _address, _port, partial(_client, word='saddr')),
                        chance.choice(('accept', 'accept', 'drop')))
             for dummy in range(chance.randint(2, 6))]
    if chance.random() < 0.8:
        rules.insert(0, 'ct state established,related accept')
    policy = chance.choice(('accept', 'drop', 'drop'))
    return _chain('inet t', 'type filter hook input priority 0; policy %s;' % policy, rules)


def _translation(chance, family):
    to = chance.choice(('redirect', 'redirect to :%d' % chance.choice(WATCHED),
                        'dnat to %s' % chance.choice(OWN[family])))
    rule = '%s %s %s' % (_device_name(chance) if chance.random() < 0.7 else '', _port(chance), to)
    return _chain('%s n' % _IP[family], 'type nat hook prerouting priority dstnat;', [rule])


def _device(chance, hook):
    device = chance.choice(('h0', 'h1', 'b1'))
    back = hook == 'egress'
    rules = ['%s %s' % (
        _conditions(chance, partial(_port, direction='sport' if back else 'dport'),
                    partial(_client, word='daddr' if back else 'saddr')) or _port(chance),
        chance.choice(('drop', 'accept'))) for dummy in range(chance.randint(1, 3))]
    head = 'type filter hook %s device "%s" priority 0; policy accept;' % (hook, device)
    return _chain('netdev %s' % hook, head, rules)


def _bridge(chance):
    hook = chance.choice(('prerouting', 'input', 'output', 'postrouting', 'forward'))
    back = hook in ('output', 'postrouting')
    rules = ['%s %s' % (_port(chance, direction='sport' if back else 'dport'), chance.choice(('drop', 'accept')))
             for dummy in range(chance.randint(1, 2))]
    return _chain('bridge b', 'type filter hook %s priority 0; policy accept;' % hook, rules)
