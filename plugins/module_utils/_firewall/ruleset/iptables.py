# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What iptables-save and ip6tables-save print, as rules to be evaluated (iptables-extensions(8))."""

from ..._addresses import intervals as iv
from .fields import Unclear
from .iptables_matches import Matches
from .model import Chain, Rule
from .operations import (
    DROP, NOTRACK, PASSIVE, SNAT, VERDICTS, Dnat, Doubt, Goto, Jump, Redirect, SetConnectionMark, SetMark, SetZone,
    Tproxy, Undecided
)
from .saved import tables, words

PRIORITIES = {'raw': -300, 'mangle': -150, 'filter': 0, 'security': 50}
HOOKS = {
    'PREROUTING': 'prerouting',
    'INPUT': 'input',
    'FORWARD': 'forward',
    'OUTPUT': 'output',
    'POSTROUTING': 'postrouting',
}
# targets of xtables that let every packet go on unchanged
XT_HARMLESS = frozenset(
    (
        'LOG',
        'NFLOG',
        'ULOG',
        'AUDIT',
        'TRACE',
        'TCPMSS',
        'CHECKSUM',
        'CLASSIFY',
        'comment',
        'DSCP',
        'TOS',
        'TTL',
        'HL',
        'TCPOPTSTRIP',
        'SECMARK',
        'CONNSECMARK',
        'IDLETIMER',
        'RATEEST',
        'TEE',
        'LED',
    )
)
HARMLESS = XT_HARMLESS | {'ECN'}
# what becomes of packets with these targets, no ruleset says
UNCLEAR = {
    'CLUSTERIP': 'another node of the cluster may be responsible (CLUSTERIP)',
    'DNPT': 'translates to a network (DNPT)',
    'NETMAP': 'translates to a network (NETMAP)',
    'NFQUEUE': 'a program decides (NFQUEUE)',
    'QUEUE': 'a program decides (QUEUE)',
    'SNPT': 'translates to a network (SNPT)',
    'SYNPROXY': 'answered by SYNPROXY',
    'TPROXY': 'redirected to a proxy (TPROXY)',
}


def parts(tokens):
    """Part a rule into its modules: list of (name, [(option, negated, arguments)]).

    The module ``''`` has the general options, ``-j`` the target; the first option of it is ``-j`` or ``-g``, with the
    name of the target.
    """
    result, negate, opened, arguments = [('', [])], False, None, []
    for token in tokens:
        if opened:
            result.append((token, []) if opened == '-m' else ('-j', [(opened, False, [token])]))
            opened = None
        elif token == '!':
            negate = True
        elif token in ('-m', '-j', '-g'):
            opened, negate = token, False
        elif token.startswith('-') and token[1:2].isalpha() or token.startswith('--'):
            arguments = []
            (result[0] if token in GENERAL else result[-1])[1].append((token, negate, arguments))
            negate = False
        else:
            arguments.append(token)
    return result


GENERAL = frozenset(('-p', '-s', '-d', '-i', '-o', '-f'))


class Loader(Matches):
    """Turns rules of one program into operations.

    :param family: 4 or 6.
    :param find: function, gives the Chain of a name in the table of the rule, or None.
    :param sets: ``ipsets.Sets``.
    """

    def __init__(self, family, find, sets):
        super().__init__(family, sets)
        self._chain = None              # of the rule
        self._find = find

    def ops(self, line):
        """list of operations of a line that begins with ``-A``."""
        result = []
        try:
            tokens = words(line)
            self._chain = tokens[1]
            modules = parts(tokens[2:])
        except (IndexError, ValueError, TypeError, UnboundLocalError):
            return [Undecided('the line could not be parsed')]
        for name, options in modules:
            try:
                result.extend(self._target(options) if name == '-j' else self._module(name, options))
            except Unclear as error:
                result.append((Undecided if name == '-j' else Doubt)('%s is not understood' % error))
            except (KeyError, ValueError, IndexError, TypeError):
                result.append((Undecided if name == '-j' else Doubt)('%s is not understood' % (name or 'a part')))
        while result and result[-1].kind in PASSIVE:      # they choose packets to which nothing is done
            result.pop()
        return result

    # targets

    def _target(self, options):
        option, name = options[0][0], options[0][2][0]
        given = {key: arguments for key, dummy, arguments in options[1:]}
        if option == '-g':
            chain = self._find(name)
            return [Goto(chain) if chain else Undecided('no chain %s' % name)]
        if name in ('ACCEPT', 'DROP', 'RETURN'):
            return [VERDICTS[name.lower()]]
        if name == 'REJECT':
            return [DROP]
        chain = self._find(name)
        if chain:
            return [Jump(chain)]
        if name in HARMLESS:
            return []
        if name in ('CT', 'NOTRACK'):
            return [NOTRACK if name == 'NOTRACK' or '--notrack' in given else self._zone(given)]
        if name == 'SET':
            return [op for option in options[1:] for op in self._set(*option)]
        if name == 'MARK':
            key, arguments = next(iter(given.items()))
            return [SetMark(_xmark('mark', key, arguments[0]), goes_on=True)]
        if name == 'HMARK':
            return [SetMark(None, goes_on=True)]
        if name == 'CONNMARK':
            return self._connmark(given)
        if name in ('SNAT', 'MASQUERADE') or name == 'NETMAP' and self._chain == 'POSTROUTING':
            return [SNAT]
        if name == 'REDIRECT':
            ports = given.get('--to-ports')
            return [Redirect(self._range(ports[0]) if ports else None)]
        if name == 'DNAT':
            return [self._dnat(given['--to-destination'][0])]
        if name == 'TPROXY':
            address, port = given.get('--on-ip'), given.get('--on-port')
            return [Tproxy(UNCLEAR[name], self._family, iv.number(address[0]) if address else 0,
                           int(port[0], 0) or None if port else None)]
        return [Undecided(UNCLEAR.get(name, 'the target %s is not understood' % name[:30]))]

    def _set(self, option, dummy, arguments):
        if option in ('--add-set', '--del-set'):
            return self._sets.changes(arguments[0], self._family, arguments[1].split(','), option == '--add-set')
        if option == '--map-mark':
            return [SetMark(None, goes_on=True)]        # where the set has a mark for the packet
        if option in ('--exist', '--timeout', '--map-set', '--map-prio', '--map-queue'):
            return []
        raise Unclear('SET %s' % option[:30])

    @staticmethod
    def _zone(given):
        zones = [(given.get(option) or given.get('--zone') or ['0'])[0] for option in ('--zone-orig', '--zone-reply')]
        return SetZone(*('mark' if zone == 'mark' else int(zone, 0) for zone in zones))

    @staticmethod
    def _connmark(given):
        if any('shift' in option for option in given):
            return [SetMark(None, goes_on=True) if '--restore-mark' in given else SetConnectionMark(None)]
        ctmask, nfmask = (int(given.get(key, ['0xffffffff'])[0], 0) for key in ('--ctmask', '--nfmask'))
        if '--save-mark' in given:
            return [SetConnectionMark(('^', ('&', 'ctmark', 0xffffffff ^ ctmask), ('&', 'mark', nfmask)))]
        if '--restore-mark' in given:
            expression = '^', ('&', 'mark', 0xffffffff ^ nfmask), ('&', 'ctmark', ctmask)
            return [SetMark(expression, goes_on=True)]
        key, arguments = next(iter(given.items()))
        return [SetConnectionMark(_xmark('ctmark', key, arguments[0]))]

    @staticmethod
    def _range(text):
        if not text.replace('-', '').isdigit():         # or shifted from a base, as 1000-2000/3000
            raise Unclear('the range of ports %s' % text[:30])
        first, dummy, last = text.partition('-')
        return int(first), int(last or first)

    def _dnat(self, text):
        port = None
        if self._family == 6:
            if text.startswith('['):
                text, dummy, port = text[1:].rpartition(']')
                port = port.lstrip(':') or None
        elif ':' in text:
            text, dummy, port = text.partition(':')
        addresses = None
        if text:
            addresses = iv.parse(text.replace(']-[', '-'))[1][0]
        return Dnat(self._family, addresses, self._range(port) if port else None)


def _xmark(name, option, text):
    """The new value of a mark, see ``operations.SetMark``."""
    value, slash, mask = text.partition('/')
    value, mask = int(value, 0), int(mask, 0) if slash else 0xffffffff
    if option == '--set-xmark':
        return '^', ('&', name, 0xffffffff ^ mask), value
    if option == '--set-mark':
        return '|', ('&', name, 0xffffffff ^ mask), value
    if option in ('--or-mark', '--and-mark', '--xor-mark'):
        return {'o': '|', 'a': '&', 'x': '^'}[option[2]], name, value
    return None


def legacy(ruleset, text, family, sets):
    """Adds the tables of iptables-legacy-save to a ruleset."""
    kind = 'ip' if family == 4 else 'ip6'
    for table, (policies, lines) in tables(text).items():
        chains = {}
        for name, policy in policies.items():
            hook = HOOKS.get(name)
            priority = PRIORITIES.get(table)
            if table == 'nat':
                priority = -100 if hook in ('prerouting', 'output') else 100
            chains[name] = Chain(
                kind, table, name, 'legacy', hook, 'nat' if table == 'nat' else 'filter', priority, policy.lower()
            )
            if hook and priority is not None:
                ruleset.bases.append(chains[name])
        loader = Loader(family, chains.get, sets)
        for chain, line in lines:
            rules = chains[chain].rules
            rules.append(Rule(location(family, table, chain, len(rules) + 1), line, loader.ops(line)))
            ruleset.count += 1


def location(family, table, chain, number):
    return '%s %s %s %d' % ('iptables' if family == 4 else 'ip6tables', table, chain, number)
