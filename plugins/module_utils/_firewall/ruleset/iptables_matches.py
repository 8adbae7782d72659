# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The matches of iptables rules, as operations (iptables-extensions(8))."""

from ..._addresses import intervals as iv, networks
from . import fields
from .fields import Unclear
from .model import BIG, AnyBit, Big, Masked, Names, Numbers, Table
from .nftables import QUIET
from .operations import Doubt, Match, Quiet, Recent, Remember

_MULTICAST = networks.sets(networks.MULTICAST)[6]
_HEADERS = frozenset(('ah', 'dst', 'frag', 'hbh', 'rt'))      # of IPv6
_WHOLE = frozenset(('hashlimit', 'connlimit', 'recent', 'policy', 'addrtype', 'rpfilter', 'set'))


class Matches:
    """Turns what rules match into operations.

    :param family: 4 or 6.
    :param sets: {name: (kind, list of elements)} of ipset, or None where they are not known.
    """

    def __init__(self, family, ruleset, sets):
        self._family, self._ruleset, self._sets = family, ruleset, sets
        self._ip, self._tests = 'ip%d' % family, {}
        self._protocol = None

    def _module(self, name, options):
        if name == 'comment':
            return []
        if name in _HEADERS:            # negated or not, it finds nothing in a packet without that header
            return [Match(('exthdr',), False, Numbers(((1, 1),)))]
        function = getattr(self, '_m_' + name, None) if name else self._general
        if name in ('tcp', 'udp', 'sctp', 'dccp', 'udplite'):
            function = self._transport
        if function is None:
            return [Doubt('the result of the match %s cannot be known' % name[:30])]
        return [op for option in options for op in function(name, *option)] if name not in _WHOLE else function(options)

    # options: (name of the module, option, negated, arguments) -> operations

    def _general(self, dummy, option, negate, arguments):
        value = arguments[0] if arguments else ''
        if option == '-p':
            self._protocol = value
            return [] if value in ('all', '0') else [self._match('l4proto', negate, fields.element(value, 'protocol'))]
        if option in ('-s', '-d'):
            base, dummy2, length = value.partition('/')
            if length and not length.isdigit():
                raise Unclear('the mask %s' % length)
            span = iv.parse(value)[1][0]
            return [self._match(('saddr%d' if option == '-s' else 'daddr%d') % self._family, negate, span)]
        if option in ('-i', '-o'):
            name = value[:-1] + '*' if value.endswith('+') else value
            return [Match(('iifname' if option == '-i' else 'oifname',), negate, Names([name]))]
        if option == '-f':
            return [] if negate else [Match(('exthdr',), False, Numbers(((1, 1),)))]  # a fragment: conntrack joins them
        raise Unclear('the option %s' % option[:30])

    @staticmethod
    def _match(name, negate, span):
        return Match((name,), negate, Numbers((span,)))

    @staticmethod
    def _ports(text):
        first, colon, last = text.partition(':')
        return int(first or 0), int(last or 65535) if colon else int(first)

    def _transport(self, name, option, negate, arguments):
        if option in ('--dport', '--sport'):
            return [self._match(name + option[2:], negate, self._ports(arguments[0]))]
        if option == '--tcp-flags':
            mask, value = (fields.bits(part.split(','), 'flags') for part in arguments)
            return [Match(('flags',), negate, Masked(mask, ((value, value),)))]
        raise Unclear('the option %s' % option[:30])

    def _m_multiport(self, dummy, option, negate, arguments):
        if option not in ('--dports', '--sports'):
            raise Unclear('the option %s of multiport' % option[:30])
        name = {'--dports': 'thdport', '--sports': 'thsport'}[option]
        return [Match((name,), negate, Numbers(iv.merged(self._ports(part) for part in arguments[0].split(','))))]

    def _m_iprange(self, dummy, option, negate, arguments):
        name = {'--src-range': 'saddr%d', '--dst-range': 'daddr%d'}[option] % self._family
        return [self._match(name, negate, iv.parse(arguments[0])[1][0])]

    def _m_state(self, dummy, option, negate, arguments):
        return [Match(('ctxstate',), negate, AnyBit(fields.bits(arguments[0].split(','), 'state')))]

    def _m_conntrack(self, dummy, option, negate, arguments):
        value = arguments[0]
        if option == '--ctstate':
            return self._m_state(dummy, option, negate, arguments)
        if option == '--ctstatus':
            if value == 'NONE':
                return [Match(('ctxstatus',), negate, Masked(0xffffffff, ((0, 0),)))]
            return [Match(('ctxstatus',), negate, AnyBit(fields.bits(value.split(','), 'status')))]
        if option == '--ctdir':
            return [Match(('ctxdirection',), negate, Numbers(((int(value == 'REPLY'),) * 2,)))]
        if option == '--ctproto':
            return [self._match('ctxprotocol', negate, fields.element(value, 'protocol'))]
        name = {
            '--ctorigsrc': 'originalsaddr',
            '--ctorigdst': 'originaldaddr',
            '--ctreplsrc': 'replysaddr',
            '--ctrepldst': 'replydaddr',
        }.get(option)
        if name:
            return [self._match('ctx%s%d' % (name, self._family), negate, iv.parse(value)[1][0])]
        name = {'--ctorigdstport': 'originaldport', '--ctorigsrcport': 'originalsport', '--ctreplsrcport': 'replysport',
                '--ctrepldstport': 'replydport'}[option]
        return [self._match('ctx' + name, negate, self._ports(value))]

    def _m_mark(self, dummy, option, negate, arguments, field='mark'):
        value, dummy2, mask = arguments[0].partition('/')
        value = int(value, 0)
        return [Match((field,), negate, Masked(int(mask, 0) if mask else 0xffffffff, ((value, value),)))]

    def _m_connmark(self, dummy, option, negate, arguments):
        return self._m_mark(dummy, option, negate, arguments, 'ctmark')

    def _m_pkttype(self, dummy, option, negate, arguments):
        return [Match(('pkttype',), negate, Names([{'unicast': 'host'}.get(arguments[0], arguments[0])]))]

    def _m_limit(self, dummy, option, negate, arguments):
        return [Quiet(True, 'rate limit, %s' % QUIET)] if option == '--limit' else []

    # modules of which several options make one match: [(option, negated, arguments)] -> operations

    @staticmethod
    def _m_hashlimit(options):
        over = any(option == '--hashlimit-above' for option, dummy, dummy2 in options)
        return [Quiet(not over, 'rate limit, %s' % QUIET)]

    @staticmethod
    def _m_connlimit(options):
        matches = any(
            (option == '--connlimit-upto') != negate
            for option, negate, dummy in options
            if option in ('--connlimit-upto', '--connlimit-above')
        )
        return [Quiet(matches, 'limit of connections, %s' % QUIET)]

    def _m_recent(self, options):
        given = {option: (negate, arguments) for option, negate, arguments in options}
        if '--rttl' in given:
            raise Unclear('recent --rttl')
        name = 'recent', given.get('--name', (False, ['DEFAULT']))[1][0]
        field = '%s%d' % ('daddr' if '--rdest' in given else 'saddr', self._family)
        if '--set' in given:
            ops = [Remember(name, (field,), True)]
            return ops + [self._match('l4proto', False, (0, -1))] if given['--set'][0] else ops
        change = [option for option in ('--rcheck', '--update', '--remove') if option in given]
        if len(change) != 1:
            raise Unclear('recent')
        hits = 1 if change == ['--remove'] else int(given.get('--hitcount', (False, ['1']))[1][0])
        return [Recent(name, field, given[change[0]][0], {'--rcheck': None}.get(change[0], change[0][2:]), max(hits, 1),
                       'recent, judged for a client that was not seen before')]

    @staticmethod
    def _m_policy(options):
        given = {option: (negate, arguments) for option, negate, arguments in options}
        if '--pol' in given and not given['--pol'][0]:
            return [] if given['--pol'][1] == ['none'] else [Match(('exthdr',), False, Numbers(((1, 1),)))]
        raise Unclear('policy')

    def _m_addrtype(self, options):
        result, near = [], None
        for option, dummy, dummy2 in options:
            if option == '--limit-iface-in':
                near = 'iif '
            elif option == '--limit-iface-out':
                raise Unclear('addrtype --limit-iface-out')
        for option, negate, arguments in options:
            if option in ('--src-type', '--dst-type'):
                kinds = [kind.lower() for kind in arguments[0].split(',')]
                name = 'fib %s %stype' % ('saddr' if option == '--src-type' else 'daddr', near or '')
                if self._family == 6:
                    # net/netfilter/xt_addrtype.c: of IPv6 all kinds must hold, and a local address is unicast too
                    if near or kinds not in (['local'], ['unicast'], ['multicast']):
                        raise Unclear('addrtype with several kinds')
                    if kinds != ['local']:
                        spans = _MULTICAST if kinds == ['multicast'] else ((1, _MULTICAST[0][0] - 1),)
                        result.append(Match((name.split()[1] + '6',), negate, Numbers(spans)))
                        continue
                result.append(Match((name,), negate, Names(kinds)))
        return result

    @staticmethod
    def _m_rpfilter(options):
        given = {option for option, dummy, dummy2 in options}
        if given - {'--loose', '--validmark', '--invert'}:
            raise Unclear('rpfilter')
        return [
            Match(
                ('fib saddr oif' if '--loose' in given else 'fib saddr iif oif',),
                False,
                Numbers(((int('--invert' not in given),) * 2,)),
            )
        ]

    def _m_set(self, options):
        if len(options) != 1 or options[0][0] != '--match-set':
            raise Unclear('the options of set')
        dummy, negate, (name, directions) = options[0]
        key = name, directions
        if key not in self._tests:
            self._tests[key] = self._ipset(name, directions.split(','))
        return [Match(self._tests[key][0], negate, self._tests[key][1])]

    def _ipset(self, name, directions):
        if self._sets is None or name not in self._sets:
            raise Unclear('the set %s' % name[:40])
        kind, family, elements = self._sets[name]
        dims = kind.partition(':')[2].split(',')
        if (
            len(dims) != len(directions)
            or set(dims) - {'ip', 'net', 'port'}
            or any(option for dummy, option in elements)
        ):
            raise Unclear('the set %s of type %s' % (name[:40], kind))
        if family != self._family and kind != 'bitmap:port':
            return ('l4proto',), Numbers(iv.EMPTY)
        if len(dims) == 1 and dims[0] != 'port' and len(elements) > BIG:
            self._ruleset.big.append(name)
            return (('%saddr%d' % (directions[0][0], family)),), Big(len(self._ruleset.big) - 1)
        names = []
        for dim, direction in zip(dims, directions):
            names += (
                ['l4proto', 'th%sport' % direction[0]] if dim == 'port' else ['%saddr%d' % (direction[0], self._family)]
            )
        if kind == 'bitmap:port':
            return tuple(names[1:]), Numbers(iv.merged(self._dash(part) for part, dummy in elements))
        rows = [
            (tuple(test for dim, text in zip(dims, part.split(',')) for test in self._element(dim, text)), None)
            for part, dummy in elements
        ]
        if len(names) == 1:
            return tuple(names), Numbers(iv.merged(tests[0] for tests, dummy in rows))
        return tuple(names), Table(rows)

    @staticmethod
    def _dash(text):
        first, dummy, last = text.partition('-')
        return int(first), int(last or first)

    def _element(self, dim, text):
        if dim != 'port':
            return [iv.parse(text)[1][0]]
        protocol, colon, port = text.partition(':')
        return [fields.element(protocol if colon else 'tcp', 'protocol'), self._dash(port if colon else text)]
