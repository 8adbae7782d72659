# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The matches of iptables rules, as operations (iptables-extensions(8), net/netfilter/xt_*.c)."""

from ..._addresses import intervals as iv, networks
from . import fields
from .fields import Unclear
from .limits import FEW, LITTLE, QUIET, is_slow
from .model import AnyBit, Masked, Names, Numbers
from .operations import Doubt, Either, Match, Quiet, Recall, Recent, Remember

_MULTICAST = networks.sets(networks.MULTICAST)[6]
# nothing but headers and protocols that packets of TCP and UDP do not have: negated or not, they match none of them
_OTHERS = frozenset(('ah', 'dst', 'esp', 'frag', 'hbh', 'icmp', 'ipcomp', 'mh', 'rt', 'srh'))
_TRANSPORT = frozenset(('tcp', 'udp', 'sctp', 'dccp', 'udplite'))
# of these the packet, the host or the moment tells what no ruleset does
UNKNOWN = {
    'bpf': 'what a program of BPF says',
    'cgroup': 'the control group of the program',
    'cluster': 'the node of the cluster that is responsible',
    'connbytes': 'how much a connection has carried',
    'connlabel': 'the labels of the connection',
    'cpu': 'the processor that handles the packet',
    'devgroup': 'the group of the device',
    'dscp': 'the DSCP of the packet',
    'ecn': 'the ECN bits of the packet',
    'eui64': 'the hardware address of the client',
    'ipv6header': 'the headers of the packet',
    'ipvs': 'what IPVS does with the packet',
    'length': 'the length of the packet',
    'mac': 'the hardware address of the client',
    'nfacct': 'the quota of an accounting object',
    'osf': 'the operating system of the client',
    'owner': 'the program that answers',
    'rateest': 'the rate of the traffic',
    'realm': 'the realm of the route',
    'socket': 'the socket that the packet is for',
    'statistic': 'which packets are chosen',
    'string': 'what is in the packet',
    'time': 'the time of the day',
    'tos': 'the TOS of the packet',
    'ttl': 'the TTL of the packet',
    'u32': 'what is in the packet',
}
# whose options make one match
_WHOLE = frozenset((
    'addrtype', 'connlimit', 'conntrack', 'hashlimit', 'limit', 'physdev', 'policy', 'quota', 'recent', 'rpfilter',
    'set'))


class Matches:
    """Turns what rules match into operations.

    :param family: 4 or 6.
    :param sets: ``ipsets.Sets``.
    """

    def __init__(self, family, sets):
        self._family, self._sets = family, sets

    def _module(self, name, options):
        if name == 'comment':
            return []
        if name in _OTHERS:
            return [self._never()]
        if name in UNKNOWN:
            return [Doubt('%s cannot be known (-m %s)' % (UNKNOWN[name], name))]
        function = getattr(self, '_m_' + name, None) if name else self._general
        if name in _TRANSPORT:
            function = self._transport
        if function is None:
            return [Doubt('the result of the match %s cannot be known' % name[:30])]
        return [op for option in options for op in function(name, *option)] if name not in _WHOLE else function(options)

    @staticmethod
    def _never(negate=False):
        """An operation that no packet passes, or every one if negated."""
        return Match(('l4proto',), negate, Numbers(iv.EMPTY))

    # options: (name of the module, option, negated, arguments) -> operations

    def _general(self, dummy, option, negate, arguments):
        value = arguments[0] if arguments else ''
        if option == '-p':
            return [] if value in ('all', '0') else [Match(('l4proto',), negate, Numbers(_protocol(value)))]
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
            return [self._never(negate)]         # a fragment: conntrack joins them
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
        raise Unclear('%s %s' % (name, option[:30]))

    def _m_multiport(self, dummy, option, negate, arguments):
        spans = Numbers(iv.merged(self._ports(part) for part in arguments[0].split(',')))
        if option == '--ports':
            return [Either(('thsport', 'thdport'), negate, spans)]
        name = {'--dports': 'thdport', '--sports': 'thsport'}.get(option)
        if name is None:
            raise Unclear('multiport %s' % option[:30])
        return [Match((name,), negate, spans)]

    def _m_tcpmss(self, dummy, option, negate, arguments):
        return [self._match('xtmss', negate, self._ports(arguments[0]))]

    def _m_iprange(self, dummy, option, negate, arguments):
        name = {'--src-range': 'saddr%d', '--dst-range': 'daddr%d'}[option] % self._family
        return [self._match(name, negate, iv.parse(arguments[0])[1][0])]

    def _m_state(self, dummy, option, negate, arguments):
        return [Match(('ctxstate',), negate, AnyBit(fields.bits(arguments[0].split(','), 'state')))]

    def _m_conntrack(self, options):
        """xt_conntrack.c: of packets without a connection a state is all that matches, and all that is asked then."""
        has_state = any(option == '--ctstate' for option, dummy, dummy2 in options)
        prefix = 'ctz' if has_state and len(options) > 1 else 'ctx'
        return [self._of_connection(prefix, *option) for option in options]

    def _of_connection(self, prefix, option, negate, arguments):
        value = arguments[0]
        if option == '--ctstate':
            return self._m_state('', option, negate, arguments)[0]
        if option == '--ctstatus':
            if value == 'NONE':
                return Match((prefix + 'status',), negate, Masked(0xffffffff, ((0, 0),)))
            return Match((prefix + 'status',), negate, AnyBit(fields.bits(value.split(','), 'status')))
        if option == '--ctdir':
            return Match((prefix + 'direction',), negate, Numbers(((int(value == 'REPLY'),) * 2,)))
        if option == '--ctproto':
            return Match((prefix + 'protocol',), negate, Numbers(_protocol(value)))
        name = {
            '--ctorigsrc': 'originalsaddr',
            '--ctorigdst': 'originaldaddr',
            '--ctreplsrc': 'replysaddr',
            '--ctrepldst': 'replydaddr',
        }.get(option)
        if name:
            return self._match('%s%s%d' % (prefix, name, self._family), negate, iv.parse(value)[1][0])
        name = {'--ctorigdstport': 'originaldport', '--ctorigsrcport': 'originalsport', '--ctreplsrcport': 'replysport',
                '--ctrepldstport': 'replydport'}.get(option)
        if name is None:
            return Doubt('conntrack %s is not understood' % option[:30])
        return self._match(prefix + name, negate, self._ports(value))

    def _m_mark(self, dummy, option, negate, arguments, field='mark'):
        value, dummy2, mask = arguments[0].partition('/')
        value = int(value, 0)
        return [Match((field,), negate, Masked(int(mask, 0) if mask else 0xffffffff, ((value, value),)))]

    def _m_connmark(self, dummy, option, negate, arguments):
        return self._m_mark(dummy, option, negate, arguments, 'ctmark')

    def _m_pkttype(self, dummy, option, negate, arguments):
        return [Match(('pkttype',), negate, Names([{'unicast': 'host'}.get(arguments[0], arguments[0])]))]

    def _m_icmp6(self, dummy, option, negate, arguments):
        kind, slash, code = arguments[0].partition('/')
        number = fields.element(kind, 'icmpv6')
        return [Match(('icmpv6',), negate, Numbers((number,)))] + ([Doubt('the code %s' % code)] if slash else [])

    def _m_hl(self, dummy, option, negate, arguments):
        value = int(arguments[0])
        spans = {'--hl-eq': ((value, value),), '--hl-lt': ((0, value - 1),), '--hl-gt': ((value + 1, 255),)}[option]
        return [Match(('hoplimit',), negate, Numbers(spans if spans[0][0] <= spans[0][1] else iv.EMPTY))]

    def _m_helper(self, dummy, option, negate, arguments):
        return [self._never(negate)]            # xt_helper.c: of connections that another one has announced

    # modules of which several options make one match: [(option, negated, arguments)] -> operations

    @staticmethod
    def _rate(matches, rate, burst):
        """Operations of a limit, such as ``3/min``; its burst is in packets, or in bytes such as ``1mb``."""
        if burst.isdigit() and is_slow(int(burst), rate.partition('/')[2]):
            return [Doubt('a burst of %s at %s is about as much as any client sends' % (burst, rate[:30]))]
        return [Quiet(matches, 'rate limit, %s' % QUIET)]

    def _m_limit(self, options):
        given = {option: arguments[0] for option, dummy, arguments in options}
        return self._rate(True, given.get('--limit', ''), given.get('--limit-burst', str(FEW)))

    def _m_hashlimit(self, options):
        matches, rate, burst = None, '', str(FEW)
        for option, negate, arguments in options:
            if option in ('--hashlimit', '--hashlimit-upto', '--hashlimit-above'):
                matches, rate = (option != '--hashlimit-above') != negate, arguments[0]
            elif option == '--hashlimit-burst':
                burst = arguments[0]
            elif option == '--hashlimit-rate-match':
                raise Unclear('hashlimit %s' % option)
        if matches is None:
            raise Unclear('hashlimit')
        return self._rate(matches, rate, burst)

    def _m_connlimit(self, options):
        for option, negate, arguments in options:
            if option in ('--connlimit-upto', '--connlimit-above'):
                matches = (option == '--connlimit-upto') != negate
                if int(arguments[0]) < 1:       # there always is one, this one
                    return [self._never(not matches)]
                return [Quiet(matches, 'limit of connections, %s' % QUIET)]
        raise Unclear('connlimit')

    @staticmethod
    def _m_quota(options):
        (dummy, negate, arguments), = options
        if int(arguments[0]) < LITTLE:
            return [Doubt('a quota of %s bytes is about as much as any client sends' % arguments[0])]
        return [Quiet(not negate, 'quota, %s' % QUIET)]

    def _m_recent(self, options):
        given = {option: (negate, arguments) for option, negate, arguments in options}
        if '--rttl' in given:
            raise Unclear('recent --rttl')
        name = 'recent', given.get('--name', (False, ['DEFAULT']))[1][0]
        field = '%s%d' % ('daddr' if '--rdest' in given else 'saddr', self._family)
        if '--set' in given:
            ops = [Remember(name, (field,), True)]
            return ops + [self._never()] if given['--set'][0] else ops
        change = [option for option in ('--rcheck', '--update', '--remove') if option in given]
        if len(change) != 1:
            raise Unclear('recent')
        hits = 1 if change == ['--remove'] else int(given.get('--hitcount', (False, ['1']))[1][0])
        return [Recent(name, field, given[change[0]][0], {'--rcheck': None}.get(change[0], change[0][2:]), max(hits, 1),
                       'recent, judged for a client that was not seen before')]

    def _m_policy(self, options):
        given = {option: (negate, arguments) for option, negate, arguments in options}
        if '--pol' in given and not given['--pol'][0]:
            return [] if given['--pol'][1] == ['none'] else [self._never()]
        raise Unclear('policy')

    def _m_physdev(self, options):
        """xt_physdev.c: what came over no bridge port matches if all options are negated."""
        return [Match(('physdev',), all(negate for dummy, negate, dummy2 in options), Numbers(((1, 1),)))]

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
        given = {option: (negate, arguments) for option, negate, arguments in options}
        negate, (name, directions) = given.pop('--match-set')
        nomatch = given.pop('--return-nomatch', None) is not None
        for option in given:
            if option not in ('--update-counters', '--update-subcounters'):
                raise Unclear('set %s' % option[:30])
        names, test, snapshot, key = self._sets.match(name, self._family, directions.split(','), nomatch)
        if key is None:
            return [Match(names, negate, test)]
        caveat = 'rules change the set %s, judged for a client that was not seen before' % name[:40]
        return [Recall(key, names, negate, test, snapshot, caveat)]


def _protocol(text):
    """Set of numbers: those of a protocol, among those that packets are asked about; of any other, none."""
    number = fields.PROTOCOLS.get(text.lower())
    if number is None and text.isdigit():
        number = int(text)
    return iv.EMPTY if number is None else ((number, number),)
