# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What rules see of a packet at a point of its way through the kernel."""

from collections import namedtuple

from ..ruleset.fields import PROTOCOLS, TRANSPORTS
from ..ruleset.model import ABSENT, CLIENT, MAYBE, SOURCE, UNKNOWN, Bits, By, Some, Usual

# What can differ between clients, or change on the way. Addresses are numbers; all of it is about the server's end.
#   was, wasport    where the client sent it; address, port: where it goes after translation (None: not known)
#   mark, ctmark    of packet and connection, None where not known
#   track           none, new, established, untracked, invalid: what connection tracking says of this packet;
#                   template: nothing yet, but rules have said how it is to be tracked
#   connection      of the packets before: none, new, untracked, half (the answer was not tracked)
#   dnat, snat      whether the addresses of the connection were changed; done: a rule of NAT has been met
#   client          set of ports that the client may be using
#   busy            whether this happens to clients that send much only
#   memory          what the conversation has left in lists that rules change, see ``memory``
#   zone, home      zones of this packet and of the connection: (for packets to the server, for answers)
_State = namedtuple(
    'State', 'was wasport address port mark ctmark track connection dnat snat done client busy memory zone home')
ZONE = 0, 0
_State.__new__.__defaults__ = False, frozenset(), ZONE, ZONE


class State(_State):
    __slots__ = ()
    _at = {name: position for position, name in enumerate(_State._fields)}

    def _replace(self, **changes):
        """The same as of every namedtuple, in half the time: it is what is done most."""
        values = list(self)
        for name, value in changes.items():
            values[self._at[name]] = value
        return tuple.__new__(State, values)


FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
ECN = 64 | 128              # a client may offer congestion notification
_CT_STATE = {'none': 1, 'invalid': 1, 'new': 8, 'established': 2, 'untracked': 64, 'template': 8}
# headers that no packet has that is asked about
_NEVER = frozenset(('icmp', 'igmp', 'arp', 'esp', 'ah', 'comp', 'gre', 'gretap', 'vlan', 'vxlan', 'geneve'))
ODD = frozenset(('tcpmss', 'xtmss'))     # fields of which odd clients have odd values
NO_SEGMENT = -1             # xt_tcpmss.c: without that option no size is matched, hence every negated one
# RFC 9293: 536 where nothing is said, 1220 for IPv6; 65535 less the headers
_SEGMENTS = Usual(((536, 65495),), 'segment size, judged for a client with an usual one')
_OF_SOCKET = frozenset(('meta skuid', 'meta skgid', 'meta cgroup'))
_FAMILIES = {'ip': 4, 'ip6': 6}
_OF_XTABLES = frozenset(('ctx', 'ctz'))     # begin names of what -m conntrack asks for, ctz beside a state
_OWN = frozenset(('length', 'priority', 'cpu', 'random', 'time', 'hour', 'day', 'iifgroup', 'oifgroup', 'rtclassid'))
_LEADING = frozenset('fib daddr%s oif%s' % (iif, name) for iif in ('', ' iif') for name in ('', 'name'))
WHY = {
    'sport': 'a client may choose its port',
    'dport': 'a client may choose its port',
    'flags': 'TCP flags vary',
    'mark': 'the mark of the packet is unknown',
    'ctmark': 'the mark of the connection is unknown',
    'ctstatus': 'the state of the connection varies',
    'ctori': 'the connection that the packet belongs to is unknown',
    'ctrep': 'the connection that the packet belongs to is unknown',
    'hoplimit': 'the hop limit of the packet is unknown',
    'oifname': 'the outgoing interface is unknown',
    'fib': 'the routes do not show it',
    'numgen': 'chosen at random',
    'chance': 'chosen at random, or by a hash',
    'hash': 'chosen by a hash of the packet',
    'saddr': 'its addresses are unknown',
    'iifname': 'depends on the kernel',
    'physdev': 'the port of the bridge is unknown',
    'tcpmss': 'segment sizes vary',
    'xtmss': 'segment sizes vary',
}


def fixed(family, protocol, reply=False):
    """dict: the values that all packets of these have in common, by name of the field."""
    if protocol == 'arp':
        names = 'nfproto', 'l4proto', 'l4proto4', 'l4proto6', 'saddr4', 'saddr6', 'daddr4', 'daddr6'
        return dict.fromkeys(names, ABSENT)
    number = PROTOCOLS[protocol]
    values = {
        'nfproto': family, 'l4proto': number, 'ethertype': 0x800 if family == 4 else 0x86dd,
        'l4proto4': number if family == 4 else ABSENT, 'l4proto6': number if family == 6 else ABSENT,
        'version4': 4 if family == 4 else ABSENT, 'version6': 6 if family == 6 else ABSENT,
        'fragment': Bits(0, 0x4000) if family == 4 else ABSENT,
        'exthdr': 0 if family == 6 else ABSENT, 'exthdr field': ABSENT,
        'icmpv6': UNKNOWN if protocol == 'icmpv6' else ABSENT, 'hoplimit': UNKNOWN if family == 6 else ABSENT,
    }
    other = 10 - family
    for field in ('saddr%d', 'daddr%d'):
        values[field % other] = ABSENT
    for transport in TRANSPORTS:
        for port in ('sport', 'dport'):
            if transport != protocol:
                values[transport + port] = ABSENT
    for port in ('sport', 'dport'):
        if protocol not in TRANSPORTS:
            values['th' + port] = ABSENT
        elif (port == 'sport') != reply:
            values['th' + port] = values[protocol + port] = CLIENT
    if protocol != 'tcp':
        values['flags'] = values['tcpmss'] = values['xtmss'] = ABSENT
    return values


class View:
    """A point on the way: hook, direction, devices, and before or after which translation.

    :param reply: bool, the packet goes to the client.
    :param way: (in, out), names of interfaces; NOWHERE where there is none, or UNKNOWN, or By.
    :param early: bool, before the destination is translated; late: bool, after the source is.
    :param flags: Bits, of TCP; of ICMPv6, its type; of ARP, its operation.
    :param upper: str, what the packet is for, see ``links.Stage``.
    :param sends: bool, the host is the client: the address that is not its own is that of the server.
    :ivar inward: bool, the packet comes from the address that is not the host's own.
    :ivar fixed: dict, see ``fixed``; not to be changed.
    """

    def __init__(self, net, family, protocol, hook, reply, way, early, late, flags, upper='own', sends=False):
        self.net, self.family, self.protocol, self.hook, self.reply, self.way = net, family, protocol, hook, reply, way
        self.early, self.late, self.flags, self.upper, self.sends = early, late, flags, upper, sends
        self.inward = reply == sends
        self.memo = {}
        self.fixed = fixed(family, protocol, reply)
        self._values = values = dict(self.fixed)
        values['iifname'], values['oifname'] = way
        if protocol == 'tcp':
            values['flags'] = flags
            begins = isinstance(flags, Bits) and flags.value & SYN
            values['tcpmss'], values['xtmss'] = (_SEGMENTS, _SEGMENTS) if begins else (ABSENT, NO_SEGMENT)
        if protocol == 'icmpv6':
            values['icmpv6'], values['hoplimit'] = flags, 255

    def port(self, state):
        """int or None: the server's port as this packet has it."""
        if self.reply:
            return state.wasport if self.late and state.dnat else state.port       # it is translated back
        return state.wasport if self.early else state.port

    def address(self, state):
        """int or None, the same of the host's address."""
        if self.sends:
            return None if state.snat and (self.early if self.reply else self.late) else state.address
        if self.reply:
            return state.was if self.late and state.dnat else state.address
        return state.was if self.early else state.address

    def _other_end(self, state):
        """The address that is not the host's own, as this packet has it."""
        if self.sends:
            return SOURCE
        return UNKNOWN if state.snat and (self.early if self.reply else self.late) else SOURCE

    def value(self, name, state):
        """What a field holds; see ``model``."""
        try:
            return self._values[name]
        except KeyError:
            pass
        if self.protocol == 'arp':
            value = self._values[name] = self._of_arp(name)
            return value
        kind = name[:-1] if name[-1] in '46' else name
        if kind in ('saddr', 'daddr'):
            return self._other_end(state) if (kind == 'saddr') == self.inward else _known(self.address(state))
        if name.endswith(('sport', 'dport')) and not name.startswith('ct'):
            return _known(self.port(state))
        if name == 'mark':
            return _known(state.mark)
        if name.startswith('ct') and ' ' not in name:
            return self._tracked(name, kind, state)
        if name in (
            ('fib daddr type', 'fib daddr iif type') if self.inward else ('fib saddr type', 'fib saddr iif type')
        ):
            return self._kind(state, name)
        if not self.inward and name in ('fib saddr oif', 'fib saddr iif oif'):
            return self._routed(state)
        if self.inward and name.startswith('fib daddr '):
            return self._leading(name, state)
        if name == 'pkttype':
            return self._cast(state)
        value = self._values[name] = self._other(name, state)
        return value

    def _of_arp(self, name):
        """What a field of a packet of ARP holds; none of those of IP."""
        known = {'ethertype': 0x806, 'arp operation': self.flags, 'arp htype': 1, 'arp ptype': 0x800, 'arp hlen': 6,
                 'arp plen': 4}
        if name in known:
            return known[name]
        if name.startswith('other '):
            owner = name.split()[1]
            return MAYBE if owner[0] == '@' or owner in ('ether', 'arp') or owner == self.upper else \
                ABSENT if owner in PROTOCOLS or owner in _FAMILIES or owner in _NEVER else MAYBE
        if name.startswith(('fib ', 'ct', 'has ')) or name.endswith(('port', 'addr4', 'addr6')):
            return ABSENT
        return UNKNOWN if name.startswith('arp ') or name in ('mark', 'pkttype') else MAYBE

    def _tracked(self, name, kind, state):
        if self.hook.startswith('bridge '):
            return UNKNOWN                  # there is a module for that, which may not be loaded
        if name == 'ctstate':
            return _CT_STATE[state.track]
        if name[:3] in _OF_XTABLES:     # which has bits of its own
            if name == 'ctxstate':
                return _CT_STATE[state.track] if state.track not in ('new', 'established') else \
                    Bits(_CT_STATE[state.track] | (256 if state.dnat else 0), 128 if state.snat else 0)
            if name[2] == 'z' and state.track not in ('new', 'established'):
                return UNKNOWN          # where a state is asked for as well, that alone decides
            return self._tracked('ct' + name[3:], 'ct' + kind[3:], state)
        if state.track not in ('new', 'established'):
            return UNKNOWN if state.track == 'template' else ABSENT
        if name == 'ctmark':
            return _known(state.ctmark)
        if state.track == 'new' and self.reply:
            return UNKNOWN              # the answer began a connection of its own
        if name == 'ctdirection':
            return int(self.reply)
        if name == 'ctl3proto':
            return self.family
        if name == 'ctprotocol':
            return PROTOCOLS[self.protocol]
        if name == 'ctstatus':
            known = (32 if state.dnat else 0) | (8 | 2 if state.track == 'established' else 0)
            return Bits(known, 0xffffffff ^ 63 | (16 if state.snat else 0) | (4 if state.track == 'established' else 0))
        if kind != name and kind[-5:] in ('saddr', 'daddr') and int(name[-1]) != self.family:
            return ABSENT
        if self.sends:
            return {
                'ctoriginalsaddr': _known(state.address), 'ctoriginaldaddr': SOURCE,
                'ctoriginaldport': _known(state.port), 'ctreplysaddr': SOURCE, 'ctreplysport': _known(state.port),
                'ctreplydaddr': UNKNOWN if state.snat else _known(state.address),
            }.get(kind, UNKNOWN)
        return {
            'ctoriginalsaddr': SOURCE, 'ctoriginaldaddr': _known(state.was), 'ctoriginaldport': _known(state.wasport),
            'ctreplysaddr': _known(state.address), 'ctreplysport': _known(state.port),
            'ctreplydaddr': UNKNOWN if state.snat else SOURCE,
        }.get(kind, UNKNOWN)

    def _kind(self, state, name):
        address = self.address(state)
        if ' iif ' in name and not isinstance(self.way[0], str):
            return UNKNOWN
        kind = (
            'unicast'
            if address is None
            else self.net.kind(self.family, address, self.way[0] if ' iif ' in name else None)
        )
        if address is None or kind == 'unicast' and self.family == 6:
            return Some(('unicast', 'anycast', 'unreachable', 'prohibit', 'blackhole')) if address else UNKNOWN
        return kind

    def _routed(self, state):
        """1 where the answer comes in by the only way that leads to who sends it; else it is not known."""
        address = self.address(state)
        known = (
            address is not None
            and isinstance(self.way[0], str)
            and self.hook in ('ingress', 'prerouting')
            and self.way[0] != 'lo'
        )
        return 1 if known and self.net.outward(self.family, address) == [self.way[0]] else UNKNOWN

    def _leading(self, name, state):
        """Whether a route leads to the destination, or which device; none does to the host itself.

        net/ipv4/netfilter/nft_fib_ipv4.c: a route of the type local counts as none.
        """
        address, came = self.address(state), self.way[0]
        is_near, is_name = ' iif ' in name, name.endswith('oifname')
        if address is None or not isinstance(came, str) or came == 'lo' or self.net.in_vrf(came):
            return UNKNOWN
        kind = self.net.kind(self.family, address)
        if kind == 'local':
            return '' if is_name else 0
        ways = self.net.outward(self.family, address)
        if kind != 'unicast' or None in ways or len(ways) > 1 or name not in _LEADING:
            return UNKNOWN
        device = ways[0] if ways and (not is_near or ways[0] == came) else ''
        return device if is_name else int(device != '')

    def _cast(self, state):
        if self.hook not in ('ingress', 'prerouting', 'input', 'forward') or self.way[0] == 'lo' or not self.inward \
                or state.was is None or self.upper != 'own':
            return UNKNOWN
        kind = self.net.kind(self.family, state.was)
        return kind if kind in ('broadcast', 'multicast') else 'host'

    def _other(self, name, state):
        client = self.inward and not self.late
        if name.startswith('fib ') and self.net.in_vrf(self.way[0]):
            return UNKNOWN
        if name == 'fib daddr type' and not self.inward and (self.sends or not self.early) \
                and not self.net.is_unclear(self.family):
            return self.net.kinds(self.family)
        if name in ('fib saddr type', 'fib saddr iif type') and client:
            if ' iif ' in name and not isinstance(self.way[0], str):
                return UNKNOWN
            return (
                UNKNOWN
                if self.net.is_unclear(self.family)
                else self.net.kinds(self.family, self.way[0] if ' iif ' in name else None)
            )
        if (
            name in ('fib saddr oif', 'fib saddr iif oif')
            and client
            and isinstance(self.way[0], str)
            and self.way[0] != 'lo'
        ):
            return self.net.reverse(self.family, self.way[0] if ' iif ' in name else None)
        if name == 'fib saddr iif oifname' and client and isinstance(self.way[0], str) and self.way[0] != 'lo':
            is_back = self.net.reverse(self.family, self.way[0])
            return UNKNOWN if is_back is UNKNOWN else By(
                [(spans, self.way[0] if answer else '') for spans, answer in is_back.parts])
        if name.startswith(('numgen ', 'hash ')):
            count, first = name.split()[1:]
            return Some(range(int(first), int(first) + int(count)))
        if name == 'physdev':
            return self.net.came_over_bridge(self.way[0])
        if name.startswith('has '):
            return UNKNOWN if name.split()[1] == self.protocol else 0
        if name.startswith('arp '):
            return ABSENT
        if name.startswith('other '):
            return self._of_header(name.split()[1], name)
        if name == 'fib saddr oifname' and client:
            return self.net.back(self.family)
        if name in _OF_SOCKET and self.hook in ('ingress', 'prerouting', 'forward'):
            return ABSENT               # only later the kernel knows which socket a packet is for
        if name.startswith(('fib ', 'rt ')) or name == 'chance' or name[:5] == 'meta ' and name[5:] in _OWN:
            return UNKNOWN
        return MAYBE

    def _of_header(self, owner, name):
        """What is in a header of a packet, where rules may look at more than is known of it.

        :param owner: str, the protocol, or ``@nh``, ``@th`` or ``@ll``: whatever it is.
        """
        if owner in ('ether', '@ll') or owner == 'vlan' and self.upper == 'vlan':
            return ABSENT if self.hook in ('output', 'postrouting') or self.way[0] == 'lo' else MAYBE
        if owner in _NEVER or owner in PROTOCOLS and PROTOCOLS[owner] != PROTOCOLS[self.protocol]:
            return ABSENT
        if owner in _FAMILIES and _FAMILIES[owner] != self.family:
            return ABSENT
        is_whole = owner in _FAMILIES or owner in PROTOCOLS or owner in ('th', '@nh', '@th')
        return UNKNOWN if is_whole and ' option ' not in name and ' chunk ' not in name else MAYBE


def _known(value):
    return UNKNOWN if value is None else value


def why(name):
    """str: the reason why a field cannot be known."""
    if name[:3] in _OF_XTABLES:
        name = 'ct' + name[3:]
    for key in (name, name.partition(' ')[0], name[-5:], name[-6:-1], name[:5]):
        if key in WHY:
            return WHY[key]
    first, dummy, rest = name.partition(' ')
    return 'cannot be known from here (%s)' % (rest if first in ('other', 'has') else name)
