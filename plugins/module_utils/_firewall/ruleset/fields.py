# Copyright (c) 2026, the listening.ports authors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and numbers of what rules look at, and how text becomes tests.

Numbers from include/uapi/linux/in.h, if_ether.h, netfilter/nf_conntrack_common.h and netfilter/nf_tables.h.
"""

from ..._addresses import intervals as iv
from . import wording

PROTOCOLS = {
    'icmp': 1,
    'igmp': 2,
    'ipencap': 4,
    'tcp': 6,
    'udp': 17,
    'dccp': 33,
    'gre': 47,
    'esp': 50,
    'ah': 51,
    'icmpv6': 58,
    'ipv6-icmp': 58,
    'sctp': 132,
    'udplite': 136,
}
STATES = {'invalid': 1, 'established': 2, 'related': 4, 'new': 8, 'untracked': 64,
          'INVALID': 1, 'ESTABLISHED': 2, 'RELATED': 4, 'NEW': 8, 'UNTRACKED': 64, 'SNAT': 128, 'DNAT': 256}
STATUS = {'expected': 1, 'seen-reply': 2, 'assured': 4, 'confirmed': 8, 'snat': 16, 'dnat': 32, 'dying': 512,
          'EXPECTED': 1, 'SEEN_REPLY': 2, 'ASSURED': 4, 'CONFIRMED': 8}
FLAGS = {'fin': 1, 'syn': 2, 'rst': 4, 'psh': 8, 'ack': 16, 'urg': 32, 'ecn': 64, 'cwr': 128}
FLAGS.update({name.upper(): FLAGS[name] for name in ('fin', 'syn', 'rst', 'psh', 'ack', 'urg')}, ALL=63, NONE=0)
NAMES = {
    'protocol': PROTOCOLS,
    'state': STATES,
    'status': STATUS,
    'flags': FLAGS,
    'direction': {'original': 0, 'reply': 1},
    'nfproto': {'ipv4': 4, 'ipv6': 6, 2: 4, 10: 6},
    'arp': {'request': 1, 'reply': 2, 'rrequest': 3, 'rreply': 4, 'inrequest': 8, 'inreply': 9, 'nak': 10},
    'ethertype': {'ip': 0x800, 'ip6': 0x86DD, 'arp': 0x806, 'vlan': 0x8100, '8021q': 0x8100, '8021ad': 0x88A8},
    'icmpv6': {
        'nd-router-solicit': 133,
        'nd-router-advert': 134,
        'nd-neighbor-solicit': 135,
        'nd-neighbor-advert': 136,
        'nd-redirect': 137,
        'echo-request': 128,
        'echo-reply': 129,
        'destination-unreachable': 1,
        'packet-too-big': 2,
        'time-exceeded': 3,
        'parameter-problem': 4,
        'mld-listener-query': 130,
        'mld-listener-report': 131,
        'mld-listener-done': 132,
        'mld-listener-reduction': 132,
        'router-renumbering': 138,
        'ind-neighbor-solicit': 141,
        'ind-neighbor-advert': 142,
        'mld2-listener-report': 143,
    },
}
# kinds whose values are text: a name (with ``*``) of a device, a word such as ``unicast``, what is never known
WORDS = ('name', 'word', 'any')
OTHER_NUMBER = 2 ** 40      # of a protocol or type that is none of those that are asked about: they are all in NAMES
_OPEN = ('protocol', 'icmpv6', 'ethertype')     # kinds of which tools print more names than NAMES has
TRANSPORTS = ('tcp', 'udp', 'sctp', 'dccp', 'udplite')

PAYLOAD = {
    ('ip', 'saddr'): ('saddr4', 'ip4'), ('ip', 'daddr'): ('daddr4', 'ip4'),
    ('ip6', 'saddr'): ('saddr6', 'ip6'), ('ip6', 'daddr'): ('daddr6', 'ip6'),
    ('ip', 'protocol'): ('l4proto4', 'protocol'), ('ip6', 'nexthdr'): ('l4proto6', 'protocol'),
    ('ip', 'version'): ('version4', 'number'), ('ip6', 'version'): ('version6', 'number'),
    ('ip', 'frag-off'): ('fragment', 'number'), ('tcp', 'flags'): ('flags', 'flags'),
    ('icmpv6', 'type'): ('icmpv6', 'icmpv6'), ('ip6', 'hoplimit'): ('hoplimit', 'number'),
    ('ether', 'type'): ('ethertype', 'ethertype'),
}
for _field in ('htype', 'ptype', 'hlen', 'plen'):
    PAYLOAD['arp', _field] = ('arp ' + _field, 'ethertype' if _field == 'ptype' else 'number')
for _field in ('saddr ip', 'daddr ip'):
    PAYLOAD['arp', _field] = ('arp ' + _field, 'ip4')
PAYLOAD['arp', 'operation'] = ('arp operation', 'arp')
for _protocol in TRANSPORTS + ('th',):
    for _port in ('sport', 'dport'):
        PAYLOAD[_protocol, _port] = (_protocol + _port, 'number')
META = {
    'iif': ('iifname', 'name'),
    'iifname': ('iifname', 'name'),
    'oif': ('oifname', 'name'),
    'oifname': ('oifname', 'name'),
    'nfproto': ('nfproto', 'nfproto'),
    'l4proto': ('l4proto', 'protocol'),
    'protocol': ('ethertype', 'ethertype'),
    'mark': ('mark', 'mark'),
    'pkttype': ('pkttype', 'word'),
}
CT = {
    ('state', None): ('ctstate', 'state'),
    ('status', None): ('ctstatus', 'status'),
    ('mark', None): ('ctmark', 'mark'),
    ('direction', None): ('ctdirection', 'direction'),
    ('l3proto', 'any'): ('ctl3proto', 'nfproto'),
    ('protocol', 'any'): ('ctprotocol', 'protocol'),
}
for _dir in ('original', 'reply'):
    for _key in ('saddr', 'daddr'):
        for _family in '4', '6':
            CT[('ip ' if _family == '4' else 'ip6 ') + _key, _dir] = (
                'ct%s%s%s' % (_dir, _key, _family),
                'ip' + _family,
            )
    CT['proto-src', _dir], CT['proto-dst', _dir] = ('ct%ssport' % _dir, 'number'), ('ct%sdport' % _dir, 'number')
    CT['protocol', _dir], CT['l3proto', _dir] = CT['protocol', 'any'], CT['l3proto', 'any']
CT['protocol', None], CT['l3proto', None] = CT['protocol', 'any'], CT['l3proto', 'any']


class Unclear(Exception):
    """A part of a rule that is not understood; the message says which."""


def plain(value, kind):
    """int or str: a single value of this kind; Unclear where it is none."""
    if isinstance(value, bool):
        return wording.value(value) if kind in WORDS else int(value)
    if kind in ('ip4', 'ip6'):
        try:
            if isinstance(value, str) and (':' in value) == (kind == 'ip6'):
                return iv.number(value)
        except ValueError:
            pass
    elif kind in WORDS:
        if isinstance(value, (str, int)):
            return str(value)
        if kind == 'any':
            return wording.value(value)
    else:
        names = NAMES.get(kind, {})
        try:
            if value in names:
                return names[value]
            return value if isinstance(value, int) else int(value, 0)
        except (TypeError, ValueError):
            if kind in _OPEN and isinstance(value, str):
                return OTHER_NUMBER
    raise Unclear('the value %s' % wording.value(value)[:80])


def bits(value, kind):
    """int: the union of a list of names, of a name, or of names joined by ``|``."""
    if isinstance(value, dict) and len(value) == 1 and '|' in value:
        value = value['|']
    if isinstance(value, list):
        result = 0
        for part in value:
            result |= bits(part, kind)
        return result
    return plain(value, kind)


def elements(values, kind):
    """list of (low, high), or of str for names: see ``element``; very many plain addresses take little time."""
    if kind in ('ip4', 'ip6'):
        try:
            numbers = iv.numbers([value for value in values if isinstance(value, str)], int(kind[2]))
            rest = [value for value in values if not isinstance(value, str)]
            return list(zip(numbers, numbers)) + [element(value, kind) for value in rest]
        except ValueError:
            pass            # and ``element`` says which of them it is
    return [element(value, kind) for value in values]


def element(value, kind):
    """(low, high), or str for names: a value, a range or a network."""
    if kind == 'any':
        return plain(value, kind)
    if isinstance(value, dict):
        if 'prefix' in value and kind in ('ip4', 'ip6'):
            try:
                return iv.prefix(value['prefix']['addr'], value['prefix']['len'], int(kind[2]))
            except (ValueError, TypeError, KeyError):
                raise Unclear('the network %s' % wording.value(value)[:80]) from None
        if 'prefix' in value and kind == 'mark':
            low, free = value['prefix']['addr'], (1 << 32 - value['prefix']['len']) - 1
            if not low & free:
                return low, low | free
            raise Unclear('the mark %s' % wording.value(value)[:80])
        if 'range' in value and kind not in WORDS:
            low, high = (plain(part, kind) for part in value['range'])
            if OTHER_NUMBER in (low, high):
                raise Unclear('the range %s' % wording.value(value)[:80])
            return low, high
        value = bits(value, kind)
    elif isinstance(value, list):
        value = bits(value, kind)
    value = plain(value, kind) if not isinstance(value, int) or kind == 'nfproto' else value
    if isinstance(value, str):
        if kind == 'name' and value.endswith('\\*'):
            return value[:-2] + '\\*'       # a name with an asterisk: no interface of ours
        return value
    return value, value
